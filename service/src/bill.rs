//! Bills of suppliers, their credit notes and reversals, for reading.

use chrono::NaiveDate;
use domain::bill::{Bill, BillKind, BillLine, BillStatus, Figures};
use domain::id::{BillId, PurchaseOrderId, SupplierId};
use domain::number::{Money, Quantity};
use domain::refusal::Refusal;
use domain::tenant::Settings;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{self, Columns, Listing, number, optional_number};
use crate::page::{Page, Placed};
use crate::posting::{bills, setup};
use crate::sales_lines::{self, Skus};
use crate::{Error, Tx};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<BillKind>,
    pub status: Option<BillStatus>,
    /// Whether a line differs from what was ordered and received.
    pub mismatched: Option<bool>,
    /// Whether units are billed that have not come, or that went back to the supplier.
    pub unreceived: Option<bool>,
    pub supplier_id: Option<SupplierId>,
    pub supplier_number: Option<String>,
    pub number: Option<String>,
    /// Bills with a line of this purchase order.
    pub purchase_order_id: Option<PurchaseOrderId>,
    /// Dated before this day.
    pub dated_before: Option<NaiveDate>,
    /// Due on this day or later.
    pub due_from: Option<NaiveDate>,
    /// Due before this day.
    pub due_before: Option<NaiveDate>,
}

/// Column of the day on which a bill is due, in the list.
pub const DUE_ON: &str = "b.due_on";
/// Columns of the list's order.
const ORDERED: Columns = Columns { id: "b.id", updated_at: "b.updated_at" };

/// A bill in a list, without its lines.
#[derive(Debug)]
pub struct BillSummary {
    pub bill: Bill,
    /// Whether a line differs from what was ordered and received.
    pub is_mismatched: bool,
    /// Currency of every amount.
    pub currency: String,
}

const SELECT: &str = "select b.id, b.number, b.kind, b.supplier_id, b.supplier_number, b.dated, b.due_on, b.discounts, \
                             b.value, b.tax, \
                             b.open, b.reference, b.original_id, b.reversed_by, b.recorded_at, b.version, b.foreign_currency, \
                             b.exchange_rate, b.foreign_value, b.foreign_tax, b.foreign_open, \
                             exists (select from bill_line l where l.tenant_id = b.tenant_id and l.bill_id = b.id \
                                       and l.reasons <> '{}') as is_mismatched, \
                             t.currency \
                      from bill b join tenant t on t.tenant_id = b.tenant_id where b.tenant_id = ";

/// A bill has units that no receipt brought.
const UNRECEIVED: &str = "b.kind = 'bill' and b.reversed_by is null and exists ( \
        select from bill_line l \
        where l.tenant_id = b.tenant_id and l.bill_id = b.id and l.account_code is null \
          and (select sum(x.quantity) from bill_line x \
               where x.tenant_id = l.tenant_id and x.original_id = l.bill_id \
                 and coalesce(x.original_line_no, x.line_no) = l.line_no) \
              > coalesce((select sum(m.quantity) from bill_match m \
                          where m.tenant_id = l.tenant_id and m.bill_id = l.bill_id and m.line_no = l.line_no), 0))";

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Placed<BillSummary>>, Error> {
    let status = match filter.status {
        Some(BillStatus::Open) => " and (b.open <> 0 or b.foreign_open <> 0)",
        Some(BillStatus::Settled) => {
            " and b.open = 0 and coalesce(b.foreign_open, 0) = 0 and b.reversed_by is null"
        }
        Some(BillStatus::Reversed) => " and b.reversed_by is not null",
        None => "",
    };
    let different = "exists (select from bill_line l where l.tenant_id = b.tenant_id and l.bill_id = b.id \
                               and l.reasons <> '{}')";
    let query = Listing::new(tx, SELECT)
        .among("b.kind", filter.kind.as_slice())
        .with("b.supplier_id = ", filter.supplier_id.map(|id| id.0))
        .with("b.supplier_number = ", filter.supplier_number.as_ref())
        .with("b.number = ", filter.number.as_ref())
        .with("b.dated < ", filter.dated_before)
        .with("b.due_on >= ", filter.due_from)
        .with("b.due_on < ", filter.due_before)
        .sql(status);
    let query = either(query, filter.mismatched, different);
    let query = either(query, filter.unreceived, UNRECEIVED);
    let query = match filter.purchase_order_id {
        Some(id) => query
            .sql(" and exists (select from bill_line l where l.tenant_id = b.tenant_id and l.bill_id = b.id")
            .with("l.purchase_order_id = ", Some(id.0))
            .sql(")"),
        None => query,
    };
    let rows = query.paged(&ORDERED, page).rows(tx).await?;
    let summary = |row: &PgRow| -> Result<Placed<BillSummary>, Error> {
        let record = BillSummary {
            bill: bills::head(row)?,
            is_mismatched: row.try_get("is_mismatched")?,
            currency: row.try_get("currency")?,
        };
        Ok(Placed { record, position: listing::position(row, page.order)? })
    };
    rows.iter().map(summary).collect()
}

/// Adds a condition or its contrary, if one of them is wanted.
fn either(query: Listing, wanted: Option<bool>, condition: &'static str) -> Listing {
    match wanted {
        Some(true) => query.sql(" and ").sql(condition),
        Some(false) => query.sql(" and not (").sql(condition).sql(")"),
        None => query,
    }
}

/// Returns a bill with its lines, the currency of its amounts, and the SKUs of its products.
pub async fn get(tx: &Tx, id: BillId) -> Result<(Bill, String, Skus), Error> {
    let rows = Listing::new(tx, SELECT).with("b.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("bill"))?;
    let mut bill = bills::head(row)?;
    bill.lines = bills::lines(tx, &[id.0]).await?.into_iter().map(|(_, line)| line).collect();
    let settings = setup::settings(tx).await?;
    if bill.kind == BillKind::Bill {
        compare(tx, &settings, id.0, &mut bill.lines).await?;
    }
    let products = bill.lines.iter().filter_map(|line| line.product_id);
    let skus = sales_lines::skus_at(tx, products, bill.recorded_at).await?;
    Ok((bill, settings.currency, skus))
}

/// The figures with which the lines of a bill (`$2`) are compared, as of now.
const FIGURES: &str = "select l.line_no, o.quantity as ordered, \
        coalesce(o.received - coalesce(k.quantity, 0), r.quantity) as received, \
        (select sum(x.quantity) from bill_line x \
         where x.tenant_id = l.tenant_id \
           and (x.purchase_order_id = l.purchase_order_id and x.order_line_no = l.order_line_no \
                or x.receipt_id = l.receipt_id and x.receipt_line_no = l.receipt_line_no)) as billed, \
        (select sum(x.quantity) from bill_line x \
         where x.tenant_id = l.tenant_id and x.original_id = l.bill_id \
           and coalesce(x.original_line_no, x.line_no) = l.line_no) as remaining, \
        coalesce(o.quantity, r.quantity) as whole, coalesce(o.value, r.value) as whole_value \
     from bill_line l \
     left join purchase_order_line o on o.tenant_id = l.tenant_id and o.purchase_order_id = l.purchase_order_id \
      and o.line_no = l.order_line_no \
     left join (select b.purchase_order_id, b.line_no, sum(b.quantity) as quantity from supplier_return_line b \
                where b.tenant_id = $1 and not b.replaces and b.reversal_id is null and b.purchase_order_id in ( \
                    select x.purchase_order_id from bill_line x where x.tenant_id = $1 and x.bill_id = $2) \
                group by 1, 2) k on k.purchase_order_id = o.purchase_order_id and k.line_no = o.line_no \
     left join stock_movement r on r.tenant_id = l.tenant_id and r.document_id = l.receipt_id \
      and r.line_no = l.receipt_line_no and r.document_kind = 'receipt' and r.kind = 'receipt' \
     where l.tenant_id = $1 and l.bill_id = $2 and l.account_code is null";

async fn compare(tx: &Tx, settings: &Settings, id: Uuid, lines: &mut [BillLine]) -> Result<(), Error> {
    for row in tx.rows(sqlx::query(FIGURES).bind(tx.tenant_id.0).bind(id)).await? {
        let line_no: i32 = row.try_get("line_no")?;
        let remaining: Quantity = number(&row, "remaining")?;
        let whole: Quantity = optional_number(&row, "whole")?.unwrap_or_default();
        let value: Money = optional_number(&row, "whole_value")?.unwrap_or_default();
        let figures = Figures {
            ordered: optional_number(&row, "ordered")?,
            received: optional_number(&row, "received")?.unwrap_or_default(),
            billed: number(&row, "billed")?,
            expected_value: match whole.is_positive() {
                true => settings.share(value, remaining, whole),
                false => Money::ZERO,
            },
        };
        if let Some(line) = lines.iter_mut().find(|line| line.line_no == line_no) {
            line.figures = figures;
        }
    }
    Ok(())
}
