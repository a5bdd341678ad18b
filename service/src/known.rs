//! Records that the filters of a list name. A list without rows does not say whether there are none or the record does not
//! exist, so a filter that names an unknown record is rejected.

use domain::id::{
    self, ApiKeyId, ApplicationId, AttachmentId, BiLoginId, BillId, CashMoveId, CategoryId, CommandId,
    CountId, CustomRoleId, CustomerId, CustomerSessionId, EntryId, EpisodeId, ExchangeRateId,
    ExpectedReceiptId, FixId, HoldId, IdentityProviderId, InvitationId, InvoiceId, LandedCostId, LocationId,
    LotId, OrderId, PaymentId, PaymentIntentId, PaymentProviderId, PeriodLockId, PriceListId, PriceRuleId,
    PriceTierId, ProductGroupId, ProductId, PurchaseOrderId, ReconcileRunId, RecurringEntryId, RegisterId,
    SaleExceptionId, SaleId, SessionId, ShipmentId, SkuMappingId, StockDocumentId, SupplierId,
    SupplierPaymentId, SystemId, TaxClassId, TaxRateId, TransferId, UserId, VoucherId, WebhookDeliveryId,
    WebhookEndpointId,
};
use domain::refusal::{Code, Problems};
use domain::text::one_form;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Error, Tx};

/// A value of a filter, with the parameter that sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Name of the parameter.
    pub parameter: String,
    /// The value as it was sent.
    pub value: String,
    /// The kind of the record that it names.
    pub kind: Kind,
}

/// The kind of a named record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any record, by its id.
    ById,
    /// A product, by its SKU.
    Sku,
    /// A reason, by its code.
    Reason,
    /// An account of the ledger, by its code.
    Account,
    /// A system of the reconciliation, by its code. The own ledger is always one.
    System,
}

/// Rejects the filters that name no record of the tenant.
pub async fn check(tx: &Tx, named: &[Named]) -> Result<(), Error> {
    let mut problems = Problems::default();
    for Named { parameter, value, kind } in named {
        let (name, query) = match kind {
            Kind::ById => {
                // The type of the parameter has rejected other texts.
                let Some((name, statement, id)) = find_kind(value) else { continue };
                (name, sqlx::query(statement).bind(tx.tenant_id.0).bind(id))
            }
            Kind::Sku => {
                let statement = "select from product where tenant_id = $1 and sku = $2";
                ("product", sqlx::query(statement).bind(tx.tenant_id.0).bind(one_form(value).into_owned()))
            }
            Kind::Reason => {
                let statement = "select from reason_code where tenant_id = $1 and code = $2";
                ("reason", sqlx::query(statement).bind(tx.tenant_id.0).bind(value.as_str()))
            }
            Kind::Account => {
                let statement = "select from account where tenant_id = $1 and code = $2";
                ("account", sqlx::query(statement).bind(tx.tenant_id.0).bind(value.as_str()))
            }
            Kind::System => {
                let statement = "select where $2 = 'stockwell' \
                     or exists (select from reconcile_system where tenant_id = $1 and code = $2)";
                ("system", sqlx::query(statement).bind(tx.tenant_id.0).bind(value.as_str()))
            }
        };
        if tx.row(query).await?.is_none() {
            let detail = format!("There is no {name} {value}.");
            problems.add(format!("/{parameter}"), Code::NotFound, detail);
        }
    }
    Ok(problems.check()?)
}

/// Rejects an id that a parameter sent and that names no record of the tenant.
pub async fn check_id(tx: &Tx, parameter: &str, id: Option<String>) -> Result<(), Error> {
    let named = id.map(|value| Named { parameter: parameter.to_owned(), value, kind: Kind::ById });
    check(tx, named.as_slice()).await
}

/// Rejects products and locations, which the parameters `product_id` and `location_id` sent, that the tenant does not have.
pub async fn check_stock(tx: &Tx, products: &[ProductId], locations: &[LocationId]) -> Result<(), Error> {
    let mut problems = Problems::default();
    if !products.is_empty() {
        let statement = "select r.id from unnest($2::uuid[]) r (id) \
             where not exists (select from product p where p.tenant_id = $1 and p.id = r.id)";
        let ids: Vec<Uuid> = products.iter().map(|id| id.0).collect();
        for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
            let detail = format!("There is no product {}.", ProductId(row.try_get("id")?));
            problems.add("/product_id", Code::NotFound, detail);
        }
    }
    if !locations.is_empty() {
        let statement = "select r.id from unnest($2::uuid[]) r (id) \
             where not exists (select from location l where l.tenant_id = $1 and l.id = r.id)";
        let ids: Vec<Uuid> = locations.iter().map(|id| id.0).collect();
        for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
            let detail = format!("There is no location {}.", LocationId(row.try_get("id")?));
            problems.add("/location_id", Code::NotFound, detail);
        }
    }
    Ok(problems.check()?)
}

/// Returns the name of the kind of an id, the statement that finds its record, and the UUID.
fn find_kind(text: &str) -> Option<(&'static str, &'static str, Uuid)> {
    KINDS
        .iter()
        .find_map(|(prefix, name, statement)| Some((*name, *statement, id::decode(prefix, text).ok()?)))
}

macro_rules! in_table {
    ($table:literal) => {
        concat!("select from ", $table, " where tenant_id = $1 and id = $2")
    };
}

/// Prefix of the ids, name of the kind, and the statement that finds a record.
const KINDS: &[(&str, &str, &str)] = &[
    (ApiKeyId::PREFIX, "API key", in_table!("api_key")),
    (ApplicationId::PREFIX, "application", in_table!("application")),
    (AttachmentId::PREFIX, "attachment", in_table!("attachment")),
    (BiLoginId::PREFIX, "BI login", in_table!("bi_login")),
    (BillId::PREFIX, "bill", in_table!("bill")),
    (CashMoveId::PREFIX, "cash move", in_table!("cash_move")),
    (CategoryId::PREFIX, "category", in_table!("category")),
    (CommandId::PREFIX, "command", in_table!("command")),
    (CountId::PREFIX, "count sheet", in_table!("stock_count")),
    (CustomRoleId::PREFIX, "custom role", in_table!("custom_role")),
    (CustomerId::PREFIX, "customer", in_table!("customer")),
    (CustomerSessionId::PREFIX, "customer session", in_table!("customer_session")),
    (EntryId::PREFIX, "journal entry", in_table!("journal_entry")),
    (EpisodeId::PREFIX, "episode", in_table!("reconcile_episode")),
    (ExchangeRateId::PREFIX, "exchange rate", in_table!("exchange_rate")),
    (ExpectedReceiptId::PREFIX, "expected receipt", in_table!("expected_receipt")),
    (FixId::PREFIX, "fix", in_table!("reconcile_fix")),
    (HoldId::PREFIX, "hold", in_table!("hold")),
    (IdentityProviderId::PREFIX, "identity provider", in_table!("identity_provider")),
    (InvitationId::PREFIX, "invitation", in_table!("invitation")),
    (InvoiceId::PREFIX, "invoice", in_table!("invoice")),
    (LandedCostId::PREFIX, "landed cost", in_table!("landed_cost")),
    (LocationId::PREFIX, "location", in_table!("location")),
    (LotId::PREFIX, "lot", in_table!("lot")),
    (OrderId::PREFIX, "order", in_table!("sales_order")),
    (PaymentId::PREFIX, "payment", in_table!("payment")),
    (PaymentIntentId::PREFIX, "payment intent", in_table!("payment_intent")),
    (PaymentProviderId::PREFIX, "payment provider", in_table!("payment_provider")),
    (PeriodLockId::PREFIX, "lock", in_table!("period_lock")),
    (PriceListId::PREFIX, "price list", in_table!("price_list")),
    (PriceRuleId::PREFIX, "price rule", in_table!("price_rule")),
    (PriceTierId::PREFIX, "price tier", in_table!("price_tier")),
    (ProductGroupId::PREFIX, "product group", in_table!("product_group")),
    (ProductId::PREFIX, "product", in_table!("product")),
    (PurchaseOrderId::PREFIX, "purchase order", in_table!("purchase_order")),
    (ReconcileRunId::PREFIX, "run", in_table!("reconcile_run")),
    (RecurringEntryId::PREFIX, "recurring entry", in_table!("recurring_entry")),
    (RegisterId::PREFIX, "till", in_table!("register")),
    (SaleExceptionId::PREFIX, "exception", in_table!("sale_exception")),
    (SaleId::PREFIX, "sale", in_table!("pos_sale")),
    (SessionId::PREFIX, "till session", in_table!("pos_session")),
    (ShipmentId::PREFIX, "shipment", in_table!("shipment")),
    (SkuMappingId::PREFIX, "SKU mapping", in_table!("sku_mapping")),
    (StockDocumentId::PREFIX, "stock document", in_table!("stock_document")),
    (SupplierId::PREFIX, "supplier", in_table!("supplier")),
    (SupplierPaymentId::PREFIX, "payment", in_table!("supplier_payment")),
    (SystemId::PREFIX, "system", in_table!("reconcile_system")),
    (TaxClassId::PREFIX, "tax class", in_table!("tax_class")),
    (TaxRateId::PREFIX, "tax rate", in_table!("tax_rate")),
    (TransferId::PREFIX, "transfer", in_table!("transfer")),
    (UserId::PREFIX, "user", in_table!("app_user")),
    (VoucherId::PREFIX, "voucher", in_table!("voucher")),
    (WebhookDeliveryId::PREFIX, "webhook delivery", in_table!("webhook_delivery")),
    (WebhookEndpointId::PREFIX, "webhook endpoint", in_table!("webhook_endpoint")),
];

#[cfg(test)]
mod tests {
    use domain::document::DocumentKind;
    use domain::id::TenantId;
    use strum::VariantArray;
    use uuid::Uuid;

    use super::find_kind;

    #[test]
    fn a_filter_finds_the_records_of_every_kind() {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
        // No filter names a tenant.
        for kind in DocumentKind::VARIANTS.iter().filter(|kind| kind.prefix() != TenantId::PREFIX) {
            let Some((_, statement, found)) = find_kind(&kind.encode(id)) else {
                panic!("the list of kinds lacks {kind:?}")
            };
            assert_eq!(found, id, "{kind:?}");
            // These have the ids of other records.
            if !matches!(kind, DocumentKind::EarlierStock | DocumentKind::ChannelPriceList) {
                let key = kind.primary_key();
                let table = key.trim_end_matches("_pkey");
                assert!(statement.contains(&format!(" from {table} where ")), "{kind:?}: {statement}");
            }
        }
    }
}
