//! Kinds of documents and records, and the facts about each kind on which the layers must agree.
//!
//! A new kind is one variant and one line in `DocumentKind::facts`. Ids, events, the audit log, the ledger,
//! number series and the texts of constraints follow from it.

use chrono::{DateTime, Datelike, Utc};
use strum::VariantArray;
use uuid::Uuid;

use crate::id::{
    self, ApiKeyId, ApplicationId, AttachmentId, BiLoginId, BillId, CashMoveId, CategoryId, CommandId,
    CountId, CustomRoleId, CustomerId, CustomerSessionId, EntryId, EpisodeId, ExchangeRateId,
    ExpectedReceiptId, FixId, HoldId, IdentityProviderId, InvitationId, InvoiceId, LandedCostId, LocationId,
    LotId, OrderId, PaymentId, PaymentIntentId, PaymentProviderId, PeriodLockId, PriceListId, PriceRuleId,
    PriceTierId, ProductGroupId, ProductId, PurchaseOrderId, ReconcileRunId, RecurringEntryId, RegisterId,
    SaleExceptionId, SaleId, SessionId, ShipmentId, SkuMappingId, StockDocumentId, SupplierId,
    SupplierPaymentId, SystemId, TaxClassId, TaxRateId, TenantId, TransferId, UserId, VoucherId,
    WebhookDeliveryId, WebhookEndpointId,
};

/// The kind of a document or record. Its word, such as `credit_note`, is stored in the ledger, in movements
/// and in events.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants are the words of the glossary")]
pub enum DocumentKind {
    Sale,
    Refund,
    Session,
    SaleException,
    CashMove,
    Order,
    Shipment,
    Invoice,
    CreditNote,
    Payment,
    PaymentReversal,
    Payout,
    Application,
    Voucher,
    Receipt,
    Opening,
    Adjustment,
    Revaluation,
    SupplierReturn,
    Hold,
    Transfer,
    ExpectedReceipt,
    PurchaseOrder,
    LandedCost,
    Bill,
    BillCredit,
    BillReversal,
    SupplierPayment,
    SupplierPaymentReversal,
    Lot,
    Count,
    JournalEntry,
    /// The document of a journal entry posted by hand: the entry itself. That of a reversal is the reversed entry.
    Manual,
    /// The document of the entry of opening balances: the entry itself.
    OpeningBalances,
    /// The document of the entry that closes a year: the entry itself.
    YearClose,
    /// The document of a cost layer that holds stock from before its level had layers.
    EarlierStock,
    Product,
    Bundle,
    ProductGroup,
    SkuMapping,
    Category,
    TaxClass,
    TaxRate,
    Customer,
    Supplier,
    PriceList,
    PriceRule,
    PriceTier,
    ChannelPriceList,
    Location,
    Register,
    ApiKey,
    CustomerSession,
    BiLogin,
    WebhookEndpoint,
    WebhookDelivery,
    User,
    CustomRole,
    Invitation,
    IdentityProvider,
    Attachment,
    PaymentProvider,
    PaymentIntent,
    Tenant,
    PeriodLock,
    RecurringEntry,
    ExchangeRate,
    ReconcileSystem,
    ReconcileRun,
    ReconcileEpisode,
    ReconcileFix,
    Settings,
    CountSettings,
    AccountMapping,
    /// The command itself, if it made no document or several.
    Command,
}

/// The place of a document in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At this path, followed by its id.
    Below(&'static str),
    /// At this path alone: a tenant has one.
    At(&'static str),
    /// Only within another document.
    Nowhere,
}

/// The facts about a kind on which the layers must agree.
struct Facts {
    /// The prefix of its ids.
    prefix: &'static str,
    /// Its name in the API, the value of `object`.
    object: &'static str,
    place: Place,
    /// The table of its header.
    table: &'static str,
    /// The prefix of its numbers, such as `SO`. Absent if it has no numbers, or the numbers of its till.
    series: Option<&'static str>,
}

const fn facts(prefix: &'static str, object: &'static str, place: Place, table: &'static str) -> Facts {
    Facts { prefix, object, place, table, series: None }
}

impl Facts {
    const fn numbered(self, series: &'static str) -> Self {
        Facts { series: Some(series), ..self }
    }
}

impl DocumentKind {
    #[rustfmt::skip]
    #[expect(clippy::too_many_lines, reason = "one exhaustive match")]
    const fn facts(self) -> Facts {
        use Place::{At, Below, Nowhere};
        const fn stock(series: &'static str) -> Facts {
            facts(StockDocumentId::PREFIX, "stock_document", Below("/v1/stock/documents"), "stock_document").numbered(series)
        }
        match self {
            Self::Sale | Self::Refund => facts(SaleId::PREFIX, "pos_sale", Below("/v1/pos/sales"), "pos_sale"),
            Self::Session => facts(SessionId::PREFIX, "pos_session", Below("/v1/pos/sessions"), "pos_session"),
            Self::SaleException => {
                facts(SaleExceptionId::PREFIX, "sale_exception", Below("/v1/pos/exceptions"), "sale_exception")
            }
            Self::CashMove => facts(CashMoveId::PREFIX, "cash_move", Nowhere, "cash_move"),
            Self::Order => facts(OrderId::PREFIX, "order", Below("/v1/orders"), "sales_order").numbered("SO"),
            Self::Shipment => facts(ShipmentId::PREFIX, "shipment", Below("/v1/shipments"), "shipment").numbered("SH"),
            Self::Invoice => facts(InvoiceId::PREFIX, "invoice", Below("/v1/invoices"), "invoice").numbered("INV"),
            Self::CreditNote => facts(InvoiceId::PREFIX, "credit_note", Below("/v1/invoices"), "invoice").numbered("CN"),
            Self::Payment => facts(PaymentId::PREFIX, "payment", Below("/v1/payments"), "payment").numbered("PAY"),
            Self::PaymentReversal => {
                facts(PaymentId::PREFIX, "payment", Below("/v1/payments"), "payment").numbered("PR")
            }
            Self::Payout => facts(PaymentId::PREFIX, "payment", Below("/v1/payments"), "payment").numbered("PX"),
            Self::Application => {
                facts(ApplicationId::PREFIX, "application", Below("/v1/applications"), "application").numbered("AP")
            }
            Self::Voucher => facts(VoucherId::PREFIX, "voucher", Below("/v1/vouchers"), "voucher"),
            Self::Receipt => stock("GR"),
            Self::Opening => stock("OP"),
            Self::Adjustment => stock("ADJ"),
            Self::Revaluation => stock("RV"),
            Self::SupplierReturn => stock("SR"),
            Self::Hold => facts(HoldId::PREFIX, "hold", Below("/v1/stock/holds"), "hold"),
            Self::Transfer => facts(TransferId::PREFIX, "transfer", Below("/v1/stock/transfers"), "transfer").numbered("TR"),
            Self::ExpectedReceipt => facts(
                ExpectedReceiptId::PREFIX, "expected_receipt", Below("/v1/stock/expected-receipts"), "expected_receipt",
            ).numbered("ER"),
            Self::PurchaseOrder => facts(
                PurchaseOrderId::PREFIX, "purchase_order", Below("/v1/purchase-orders"), "purchase_order",
            ).numbered("PO"),
            Self::LandedCost => {
                facts(LandedCostId::PREFIX, "landed_cost", Below("/v1/landed-costs"), "landed_cost").numbered("LC")
            }
            Self::Bill => facts(BillId::PREFIX, "bill", Below("/v1/bills"), "bill").numbered("BL"),
            Self::BillCredit => facts(BillId::PREFIX, "bill", Below("/v1/bills"), "bill").numbered("BC"),
            Self::BillReversal => facts(BillId::PREFIX, "bill", Below("/v1/bills"), "bill").numbered("BR"),
            Self::SupplierPayment => facts(
                SupplierPaymentId::PREFIX, "supplier_payment", Below("/v1/supplier-payments"), "supplier_payment",
            ).numbered("SP"),
            Self::SupplierPaymentReversal => facts(
                SupplierPaymentId::PREFIX, "supplier_payment", Below("/v1/supplier-payments"), "supplier_payment",
            ).numbered("SX"),
            Self::Lot => facts(LotId::PREFIX, "lot", Below("/v1/lots"), "lot"),
            Self::Count => facts(CountId::PREFIX, "count", Below("/v1/counts"), "stock_count").numbered("CT"),
            Self::JournalEntry | Self::Manual | Self::OpeningBalances | Self::YearClose => {
                facts(EntryId::PREFIX, "journal_entry", Below("/v1/journal-entries"), "journal_entry")
            }
            Self::EarlierStock => facts(StockDocumentId::PREFIX, "earlier_stock", Nowhere, "cost_layer"),
            Self::Product | Self::Bundle => facts(ProductId::PREFIX, "product", Below("/v1/products"), "product"),
            Self::ProductGroup => facts(ProductGroupId::PREFIX, "product_group", Below("/v1/product-groups"), "product_group"),
            Self::SkuMapping => facts(SkuMappingId::PREFIX, "sku_mapping", Below("/v1/sku-mappings"), "sku_mapping"),
            Self::Category => facts(CategoryId::PREFIX, "category", Below("/v1/categories"), "category"),
            Self::TaxClass => facts(TaxClassId::PREFIX, "tax_class", Below("/v1/tax-classes"), "tax_class"),
            Self::TaxRate => facts(TaxRateId::PREFIX, "tax_rate", Below("/v1/tax-rates"), "tax_rate"),
            Self::Customer => facts(CustomerId::PREFIX, "customer", Below("/v1/customers"), "customer"),
            Self::Supplier => facts(SupplierId::PREFIX, "supplier", Below("/v1/suppliers"), "supplier"),
            Self::PriceList => facts(PriceListId::PREFIX, "price_list", Below("/v1/price-lists"), "price_list"),
            Self::PriceRule => facts(PriceRuleId::PREFIX, "price_rule", Nowhere, "price_rule"),
            Self::PriceTier => facts(PriceTierId::PREFIX, "price_tier", Below("/v1/price-tiers"), "price_tier"),
            Self::ChannelPriceList => {
                facts(PriceListId::PREFIX, "channel_price_list", Below("/v1/price-lists"), "channel_price_list")
            }
            Self::Location => facts(LocationId::PREFIX, "location", Below("/v1/locations"), "location"),
            Self::Register => facts(RegisterId::PREFIX, "register", Below("/v1/registers"), "register"),
            Self::ApiKey => facts(ApiKeyId::PREFIX, "api_key", Below("/v1/api-keys"), "api_key"),
            Self::CustomerSession => facts(
                CustomerSessionId::PREFIX, "customer_session", Below("/v1/customer-sessions"), "customer_session",
            ),
            Self::BiLogin => facts(BiLoginId::PREFIX, "bi_login", Below("/v1/bi-logins"), "bi_login"),
            Self::WebhookEndpoint => facts(
                WebhookEndpointId::PREFIX, "webhook_endpoint", Below("/v1/webhook-endpoints"), "webhook_endpoint",
            ),
            Self::WebhookDelivery => facts(
                WebhookDeliveryId::PREFIX, "webhook_delivery", Below("/v1/webhook-deliveries"), "webhook_delivery",
            ),
            Self::User => facts(UserId::PREFIX, "user", Below("/v1/users"), "app_user"),
            Self::CustomRole => facts(CustomRoleId::PREFIX, "custom_role", Below("/v1/custom-roles"), "custom_role"),
            Self::Invitation => facts(InvitationId::PREFIX, "invitation", Below("/v1/invitations"), "invitation"),
            Self::IdentityProvider => facts(
                IdentityProviderId::PREFIX, "identity_provider", Below("/v1/identity-providers"), "identity_provider",
            ),
            Self::Attachment => facts(AttachmentId::PREFIX, "attachment", Below("/v1/attachments"), "attachment"),
            Self::PaymentProvider => facts(
                PaymentProviderId::PREFIX, "payment_provider", Below("/v1/payment-providers"), "payment_provider",
            ),
            Self::PaymentIntent => {
                facts(PaymentIntentId::PREFIX, "payment_intent", Below("/v1/payment-intents"), "payment_intent")
            }
            Self::Tenant => facts(TenantId::PREFIX, "tenant", Nowhere, "tenant"),
            Self::PeriodLock => facts(PeriodLockId::PREFIX, "period_lock", Below("/v1/period-locks"), "period_lock"),
            Self::RecurringEntry => {
                facts(RecurringEntryId::PREFIX, "recurring_entry", Below("/v1/recurring-entries"), "recurring_entry")
            }
            Self::ExchangeRate => {
                facts(ExchangeRateId::PREFIX, "exchange_rate", Below("/v1/exchange-rates"), "exchange_rate")
            }
            Self::ReconcileSystem => {
                facts(SystemId::PREFIX, "reconcile_system", Below("/v1/reconciliation/systems"), "reconcile_system")
            }
            Self::ReconcileRun => {
                facts(ReconcileRunId::PREFIX, "reconcile_run", Below("/v1/reconciliation/runs"), "reconcile_run")
            }
            Self::ReconcileEpisode => {
                facts(EpisodeId::PREFIX, "reconcile_episode", Below("/v1/reconciliation/episodes"), "reconcile_episode")
            }
            Self::ReconcileFix => {
                facts(FixId::PREFIX, "reconcile_fix", Below("/v1/reconciliation/fixes"), "reconcile_fix")
            }
            Self::Settings => facts(TenantId::PREFIX, "settings", At("/v1/settings"), "tenant"),
            Self::CountSettings => facts(TenantId::PREFIX, "count_settings", At("/v1/counts/settings"), "count_setting"),
            Self::AccountMapping => {
                facts(TenantId::PREFIX, "account_mapping", At("/v1/account-mapping"), "account_mapping")
            }
            Self::Command => facts(CommandId::PREFIX, "command", Below("/v1/commands"), "command"),
        }
    }

    /// Returns its word, such as `credit_note`.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Returns its name in the API, the value of `object`.
    pub fn object(self) -> &'static str {
        self.facts().object
    }

    /// Returns the name of the constraint that keeps its ids unique.
    pub fn primary_key(self) -> String {
        format!("{}_pkey", self.facts().table)
    }

    /// Returns the prefix of its ids, such as `ord`.
    pub fn prefix(self) -> &'static str {
        self.facts().prefix
    }

    /// Returns the id of a document as the API writes it.
    pub fn encode(self, id: Uuid) -> String {
        id::encode(self.facts().prefix, id)
    }

    /// Returns the path at which the API shows a document. Nothing if the API shows it only within another
    /// one.
    pub fn path(self, id: Uuid) -> Option<String> {
        match self.facts().place {
            Place::Below(path) => Some(format!("{path}/{}", self.encode(id))),
            Place::At(path) => Some(path.to_owned()),
            Place::Nowhere => None,
        }
    }

    /// Returns the path of its list, if the list can be read by the time of the last change.
    pub fn synced_list(self) -> Option<&'static str> {
        let is_synced = matches!(
            self,
            Self::Product
                | Self::ProductGroup
                | Self::Category
                | Self::SkuMapping
                | Self::Customer
                | Self::Supplier
                | Self::PriceList
                | Self::PriceTier
                | Self::TaxClass
                | Self::TaxRate
                | Self::Location
                | Self::Register
        );
        match self.facts().place {
            Place::Below(path) if is_synced => Some(path),
            Place::Below(_) | Place::At(_) | Place::Nowhere => None,
        }
    }

    /// Returns the UUID in an id of any kind, as the API writes it.
    pub fn decode(text: &str) -> Option<Uuid> {
        Self::VARIANTS.iter().find_map(|kind| id::decode(kind.facts().prefix, text).ok())
    }

    /// Returns the kind that a command makes or changes, by the command's name, such as `order.confirmed`.
    pub fn of_command(name: &str) -> Option<Self> {
        match name.split_once('.')? {
            ("pos_session", "cash_moved") => Some(Self::CashMove),
            ("pos_session", _) => Some(Self::Session),
            ("pos_sale", _) => Some(Self::Sale),
            ("return", _) => Some(Self::CreditNote),
            // Receipts, openings, adjustments, revaluations and returns to suppliers have ids of one kind.
            ("stock", _) => Some(Self::Adjustment),
            (word, _) => word.parse().ok(),
        }
    }

    /// Returns the name of the series that numbers it in the year of `now`, such as `SO-2026`. Nothing if it
    /// has no numbers, or the numbers of its till.
    pub fn series(self, now: DateTime<Utc>) -> Option<String> {
        self.facts().series.map(|prefix| series(prefix, now))
    }
}

/// Returns the id of a document as the API writes it. Returns the plain UUID if this version does not know the
/// kind.
pub fn document_id(kind: &str, id: Uuid) -> String {
    kind.parse::<DocumentKind>().map_or_else(|_| id.to_string(), |kind| kind.encode(id))
}

/// Returns the name of a series in the year of `now`, such as `T1-2026`.
pub fn series(prefix: &str, now: DateTime<Utc>) -> String {
    format!("{prefix}-{}", now.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_every_kind_comes_back_as_it_was() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        for kind in DocumentKind::VARIANTS {
            assert_eq!(DocumentKind::decode(&kind.encode(id)), Some(id), "{kind:?}");
            assert_eq!(kind.word().parse(), Ok(*kind));
        }
        assert_eq!(DocumentKind::decode("xyz_01h455vb4pex5vsknk084sn02q"), None);
    }

    #[test]
    fn a_series_numbers_one_kind() {
        let now = DateTime::UNIX_EPOCH;
        let mut series: Vec<String> =
            DocumentKind::VARIANTS.iter().filter_map(|kind| kind.series(now)).collect();
        let named = series.len();
        series.sort();
        series.dedup();
        assert_eq!(series.len(), named);
    }
}
