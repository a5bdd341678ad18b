//! The checklist of a close: the open items of the books, each with the list that shows its records.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::moment;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;

use crate::ledger::control;
use crate::{Error, Tx, foreign_valuation};

/// An item of the checklist.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = CloseItemName)]
pub enum Item {
    /// Sessions of tills that were opened before the end of the month and are not closed: their cash is not counted.
    OpenSessions,
    /// Exceptions of sales of the month or earlier that no person has resolved.
    SaleExceptions,
    /// Levels that are below zero, or have more reserved than on hand. As of now.
    ForcedLevels,
    /// Units that left below zero in the month or earlier, and whose cost is provisional.
    CostsToSettle,
    /// Count sheets that were opened in the month or earlier and are not posted.
    CountsNotPosted,
    /// Orders of the month or earlier that are drafts or on hold.
    DraftOrders,
    /// Orders of the month or earlier with a shipment that is not invoiced.
    UninvoicedOrders,
    /// Payments of the month or earlier with a part that is not applied to an invoice.
    UnappliedPayments,
    /// Bills of the month or earlier with goods that have not come, or that went back to the supplier.
    BillsWithoutReceipts,
    /// Purchase orders with goods that came in the month or earlier, did not go back, and that no bill has.
    UnmatchedReceipts,
    /// Bills, invoices, credit notes and unapplied payments in other currencies whose value in the books differs from that at the rate of
    /// the last day of the month, or that have no rate. The day is not valued.
    ForeignItemsNotValued,
    /// Payments on card terminals of the month or earlier whose money was taken, and that no sale names.
    CardMoneyWithoutSale,
    /// Payments on card terminals of the month or earlier that a sale names, and whose money does not come, or with another amount.
    CardSalesWithoutMoney,
    /// Payments on card terminals of the month or earlier whose hold is more than a day old and not captured.
    CardHoldsNotCaptured,
    /// Recurring entries with a next entry of the month or earlier, which is not posted.
    EntriesAwaiting,
    /// SKUs of other systems without a mapping. As of now.
    UnmappedSkus,
    /// Control accounts that differ from their sub-ledger. As of now.
    TieOuts,
}

/// An item of the checklist, with the number of its open records.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CloseItem)]
pub struct ChecklistItem {
    /// The item.
    pub item: Item,
    /// Number of open records. Zero: nothing is open.
    #[schema(minimum = 0, maximum = 9007199254740991_u64, example = 0)]
    pub count: i64,
    /// Path of the list or report in this API that shows these records.
    #[schema(
        max_length = 200,
        example = "/v1/pos/sessions?open=true&opened_at%5Blt%5D=2026-04-01T00:00:00Z"
    )]
    pub href: String,
}

impl Item {
    /// Returns its name in the API.
    pub fn word(self) -> &'static str {
        self.into()
    }

    /// Returns the list that shows its records up to an instant, which begins the day `before`. Its filters are the conditions of
    /// [`COUNTS`].
    fn href(self, until: &str, before: NaiveDate) -> String {
        let (list, bound) = match self {
            Item::OpenSessions => ("/v1/pos/sessions?open=true", "opened_at"),
            Item::SaleExceptions => ("/v1/pos/exceptions?status=open", "occurred_at"),
            Item::ForcedLevels => return "/v1/stock/levels?forced=true".to_owned(),
            Item::CostsToSettle => ("/v1/stock/oversold?status=open", "occurred_at"),
            Item::CountsNotPosted => ("/v1/counts?status=counting,recount,counted", "created_at"),
            Item::DraftOrders => ("/v1/orders?status=draft,on_hold", "occurred_at"),
            Item::UninvoicedOrders => ("/v1/orders?uninvoiced=true", "occurred_at"),
            Item::UnappliedPayments => ("/v1/payments?unapplied=true", "occurred_at"),
            Item::BillsWithoutReceipts => return format!("/v1/bills?unreceived=true&dated%5Blt%5D={before}"),
            Item::UnmatchedReceipts => ("/v1/purchase-orders?unbilled=true", "received_at"),
            Item::ForeignItemsNotValued => {
                return format!("/v1/foreign-valuations/{}", before.pred_opt().unwrap_or(before));
            }
            Item::CardMoneyWithoutSale => ("/v1/payment-intents?status=captured&used=false", "created_at"),
            Item::CardSalesWithoutMoney => ("/v1/payment-intents?differs=true", "created_at"),
            Item::CardHoldsNotCaptured => ("/v1/payment-intents?overdue=true", "created_at"),
            Item::EntriesAwaiting => return format!("/v1/recurring-entries?next_on%5Blt%5D={before}"),
            Item::UnmappedSkus => return "/v1/unmapped-skus?status=open".to_owned(),
            Item::TieOuts => return "/v1/reports/tie_out".to_owned(),
        };
        format!("{list}&{bound}%5Blt%5D={until}")
    }
}

/// The number of open records of each item but the valuation and the tie-outs: of a tenant (`$1`), before an instant (`$2`), which begins
/// the day `$3`.
const COUNTS: &str = "
    select 'open_sessions' as item, count(*) as open from pos_session
    where tenant_id = $1 and status = 'open' and opened_at < $2
    union all
    select 'sale_exceptions', count(*)
    from sale_exception e join pos_sale s on s.tenant_id = $1 and s.id = e.sale_id
    where e.tenant_id = $1 and e.resolved_at is null and s.occurred_at < $2
    union all
    select 'forced_levels', count(*)
    from bi.stock_level l
    join product p on p.tenant_id = $1 and p.id = l.product_id and (p.tracking = 'none' or l.lot_code is not null)
    where l.tenant_id = $1 and (l.on_hand < 0 or l.reserved > l.on_hand)
    union all
    select 'costs_to_settle', count(*) from cost_to_settle
    where tenant_id = $1 and settled_at is null and occurred_at < $2
    union all
    select 'counts_not_posted', count(*) from stock_count
    where tenant_id = $1 and status in ('counting', 'recount', 'counted') and recorded_at < $2
    union all
    select 'draft_orders', count(*) from sales_order
    where tenant_id = $1 and status in ('draft', 'on_hold') and occurred_at < $2
    union all
    select 'uninvoiced_orders', count(*) from sales_order o
    where o.tenant_id = $1 and o.occurred_at < $2 and exists (
        select from shipment s
        where s.tenant_id = $1 and s.order_id = o.id and s.invoice_id is null and s.undone_at is null)
    union all
    select 'unapplied_payments', count(*) from payment
    where tenant_id = $1 and (unapplied > 0 or foreign_unapplied > 0) and occurred_at < $2
    union all
    select 'bills_without_receipts', count(*) from bill b
    where b.tenant_id = $1 and b.kind = 'bill' and b.reversed_by is null and b.dated < $3 and exists (
        select from bill_line l
        where l.tenant_id = $1 and l.bill_id = b.id and l.account_code is null
            and (select sum(x.quantity) from bill_line x
                 where x.tenant_id = $1 and x.original_id = l.bill_id
                     and coalesce(x.original_line_no, x.line_no) = l.line_no)
                > coalesce((select sum(m.quantity) from bill_match m
                            where m.tenant_id = $1 and m.bill_id = l.bill_id and m.line_no = l.line_no), 0))
    union all
    select 'card_money_without_sale', count(*) from payment_intent i
    where i.tenant_id = $1 and i.status = 'captured' and i.created_at < $2 and not exists (
        select from tender_payment_intent t where t.tenant_id = $1 and t.payment_intent_id = i.id)
    union all
    select 'card_sales_without_money', count(*)
    from payment_intent i
    join tender_payment_intent t on t.tenant_id = $1 and t.payment_intent_id = i.id
    join tender d on d.tenant_id = $1 and d.sale_id = t.sale_id and d.line_no = t.line_no
    where i.tenant_id = $1 and i.created_at < $2 and (
        i.status in ('cancelled', 'failed', 'expired') or i.status = 'captured' and i.captured_amount <> abs(d.amount))
    union all
    select 'card_holds_not_captured', count(*) from payment_intent
    where tenant_id = $1 and status = 'authorised' and authorised_at < now() - interval '1 day' and created_at < $2
    union all
    select 'entries_awaiting', count(*) from recurring_entry
    where tenant_id = $1 and next_on < $3
    union all
    select 'unmapped_skus', count(*) from unmapped_sku
    where tenant_id = $1 and mapped_at is null
    union all
    select 'unmatched_receipts', count(distinct r.purchase_order_id)
    from purchase_receipt_line r
    join stock_document s on s.tenant_id = $1 and s.id = r.stock_document_id
    where r.tenant_id = $1 and s.occurred_at < $2
        and r.quantity - coalesce((
            select sum(b.quantity) from supplier_return_line b
            where b.tenant_id = $1 and b.receipt_id = r.stock_document_id and b.line_no = r.line_no
                and b.purchase_order_id = r.purchase_order_id and b.reversal_id is null), 0) > coalesce((
            select sum(m.quantity) from bill_match m
            join bill_line l on l.tenant_id = $1 and l.bill_id = m.bill_id and l.line_no = m.line_no
            where m.tenant_id = $1 and m.stock_document_id = r.stock_document_id
                and l.purchase_order_id = r.purchase_order_id and l.order_line_no = r.line_no), 0)";

/// Reads the checklist of what is open before a day.
pub(super) async fn read(tx: &Tx, before: NaiveDate) -> Result<Vec<ChecklistItem>, Error> {
    let begin = "select day_begin($2, time_zone) as until from tenant where tenant_id = $1";
    let query = sqlx::query(begin).bind(tx.tenant_id.0).bind(before.and_time(NaiveTime::MIN));
    let row = tx.row(query).await?;
    let row = row.ok_or_else(|| Error::invariant("a tenant without a row"))?;
    let until: DateTime<Utc> = row.try_get("until")?;
    let mut counts: HashMap<String, i64> = HashMap::new();
    for row in tx.rows(sqlx::query(COUNTS).bind(tx.tenant_id.0).bind(until).bind(before)).await? {
        counts.insert(row.try_get("item")?, row.try_get("open")?);
    }
    let last = before.pred_opt().unwrap_or(before);
    let not_valued = foreign_valuation::count_open(tx, last).await?;
    counts.insert(Item::ForeignItemsNotValued.word().to_owned(), not_valued);
    counts.insert(Item::TieOuts.word().to_owned(), control::differences(tx).await?);
    let until = moment::text(until);
    let item = |item: Item| -> Result<ChecklistItem, Error> {
        let count = counts.get(item.word()).copied();
        let count = count.ok_or_else(|| Error::invariant(format!("{} is not counted", item.word())))?;
        Ok(ChecklistItem { item, count, href: item.href(&until, before) })
    };
    Item::iter().map(item).collect()
}
