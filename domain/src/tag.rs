//! The names of the API's objects: a type of each, which is written as its name and knows its schema.

use serde::{Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

macro_rules! tags {
    ($($tag:ident = $name:literal,)*) => {$(
        #[doc = concat!("The name `", $name, "`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $tag;

        impl Serialize for $tag {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($name)
            }
        }

        impl utoipa::PartialSchema for $tag {
            fn schema() -> RefOr<Schema> {
                schema($name)
            }
        }

        impl utoipa::ToSchema for $tag {
            /// The description of the API puts the schema in the place of the name.
            fn name() -> std::borrow::Cow<'static, str> {
                concat!("Tag_", $name).into()
            }
        }
    )*};
}

tags! {
    AccessRefusal = "access_refusal",
    Account = "account",
    AccountMapping = "account_mapping",
    ApiKey = "api_key",
    Application = "application",
    Attachment = "attachment",
    Availability = "availability",
    BankLine = "bank_line",
    BankLineMatch = "bank_line_match",
    BankStatement = "bank_statement",
    Barcode = "barcode",
    Batch = "batch",
    BiLogin = "bi_login",
    Bill = "bill",
    BrokenPromise = "broken_promise",
    Bundle = "bundle",
    CashMove = "cash_move",
    Category = "category",
    CategoryTree = "category_tree",
    ChannelPriceList = "channel_price_list",
    ChartImport = "chart_import",
    Close = "close",
    CloseRecord = "close_record",
    Command = "command",
    CostLayer = "cost_layer",
    CostToSettle = "cost_to_settle",
    Count = "count",
    CountEntry = "count_entry",
    CountPlan = "count_plan",
    CountSettings = "count_settings",
    CreatedVariants = "created_variants",
    CustomRole = "custom_role",
    Customer = "customer",
    CustomerAccount = "customer_account",
    CustomerSession = "customer_session",
    Event = "event",
    ExchangeRate = "exchange_rate",
    ExchangeRateImport = "exchange_rate_import",
    ExpectedReceipt = "expected_receipt",
    ForeignValuation = "foreign_valuation",
    Hold = "hold",
    IdentityProvider = "identity_provider",
    Ingest = "ingest",
    Integrity = "integrity",
    Invitation = "invitation",
    Job = "job",
    JournalEntry = "journal_entry",
    LandedCost = "landed_cost",
    Limits = "limits",
    List = "list",
    Location = "location",
    LoggedRequest = "logged_request",
    Lot = "lot",
    LotRecall = "lot_recall",
    LotTrace = "lot_trace",
    Me = "me",
    Order = "order",
    PasswordLink = "password_link",
    Payment = "payment",
    PaymentIntent = "payment_intent",
    PaymentProvider = "payment_provider",
    SaleException = "sale_exception",
    PeriodLock = "period_lock",
    PosSale = "pos_sale",
    PosSession = "pos_session",
    PriceList = "price_list",
    PriceRule = "price_rule",
    PriceTier = "price_tier",
    Prices = "prices",
    Product = "product",
    ProductGroup = "product_group",
    ProductImport = "product_import",
    PurchaseOrder = "purchase_order",
    PurchaseReceiptLine = "purchase_receipt_line",
    ReasonCode = "reason_code",
    ReconcileEpisode = "reconcile_episode",
    ReconcileExceptions = "reconcile_exceptions",
    ReconcileFirstFix = "first_fix",
    ReconcileFix = "reconcile_fix",
    ReconcileFlowMap = "flow_map",
    ReconcileHealth = "reconcile_health",
    ReconcileLocationMapping = "reconcile_location_mapping",
    ReconcileOwnership = "reconcile_ownership",
    ReconcileRun = "reconcile_run",
    ReconcileSettings = "reconcile_settings",
    ReconcileSkuMapping = "reconcile_sku_mapping",
    ReconcileSystem = "reconcile_system",
    RecurringEntry = "recurring_entry",
    Register = "register",
    ReorderSettings = "reorder_settings",
    ReplenishmentBacktest = "replenishment_backtest",
    ReplenishmentCategorySettings = "replenishment_category_settings",
    ReplenishmentProduct = "replenishment_product",
    ReplenishmentSettings = "replenishment_settings",
    ReplenishmentSuggestion = "replenishment_suggestion",
    ReplenishmentSupplierSettings = "replenishment_supplier_settings",
    ResolvedAccount = "resolved_account",
    Role = "role",
    SecondFactor = "second_factor",
    Settings = "settings",
    Shipment = "shipment",
    SkuMapping = "sku_mapping",
    SkuResolution = "sku_resolution",
    StockDocument = "stock_document",
    StockExplanation = "stock_explanation",
    StockLevel = "stock_level",
    StockMovement = "stock_movement",
    StreamTicket = "stream_ticket",
    Supplier = "supplier",
    SupplierLeadTime = "supplier_lead_time",
    SupplierPayment = "supplier_payment",
    SupplierPriceImport = "supplier_price_import",
    SupplierProduct = "supplier_product",
    SupplierReturnLine = "supplier_return_line",
    TaxClass = "tax_class",
    TaxRate = "tax_rate",
    Transfer = "transfer",
    TrialBalance = "trial_balance",
    UnmappedSku = "unmapped_sku",
    User = "user",
    UserSession = "user_session",
    Voucher = "voucher",
    WebhookDelivery = "webhook_delivery",
    WebhookEndpoint = "webhook_endpoint",
}

fn schema(name: &str) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([name])).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_its_name() {
        let value = |value| serde_json::to_value(value).expect("JSON");
        assert_eq!(value(PosSale), "pos_sale");
        let schema = serde_json::to_value(<PosSale as utoipa::PartialSchema>::schema()).expect("JSON");
        assert_eq!(schema, serde_json::json!({ "type": "string", "enum": ["pos_sale"] }));
    }
}
