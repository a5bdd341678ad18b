//! Lead times of a supplier: the days that it states, and those that its goods took.

use domain::id::SupplierId;
use domain::number::Quantity;
use domain::refusal::Refusal;
use domain::replenish::{MeasuredTime, Micro};
use domain::tag;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::{Error, Tx};

/// Most lines of purchase orders that count, the latest ones.
const LINES_MAX: i64 = 200;

/// The lead time of a supplier, as stated and as measured.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SupplierLeadTime {
    /// The supplier.
    pub supplier_id: SupplierId,
    pub object: tag::SupplierLeadTime,
    /// Days that the supplier states. Null if it states none.
    #[schema(minimum = 0, maximum = 730, example = 14)]
    pub stated_days: Option<i32>,
    /// Number of measured lines: the latest 200 lines of purchase orders that have a receipt, and of which no unit is still to come.
    #[schema(minimum = 0, maximum = 200, example = 3)]
    pub receipts: u32,
    /// Mean number of days from the sending of an order to the last receipt of a line. Null without receipts.
    #[schema(value_type = Option<Quantity>)]
    pub days: Option<Micro>,
    /// Standard deviation of these days; 0 for a single receipt. Null without receipts.
    #[schema(value_type = Option<Quantity>)]
    pub deviation: Option<Micro>,
    /// Fewest days of a line. Null without receipts.
    #[schema(minimum = 0, example = 14)]
    pub shortest: Option<u16>,
    /// Most days of a line. Null without receipts.
    #[schema(minimum = 0, example = 19)]
    pub longest: Option<u16>,
}

/// The days that lines of a supplier (`$2`) took.
const DAYS: &str = "select (max(s.occurred_at) at time zone t.time_zone)::date - (d.sent_at at time zone t.time_zone)::date as days \
     from purchase_order d \
     join tenant t on t.tenant_id = $1 \
     join purchase_order_line l on l.tenant_id = $1 and l.purchase_order_id = d.id \
     join purchase_receipt_line r on r.tenant_id = $1 and r.purchase_order_id = d.id and r.line_no = l.line_no \
     join stock_document s on s.tenant_id = $1 and s.id = r.stock_document_id \
     where d.tenant_id = $1 and d.supplier_id = $2 and d.sent_at is not null and l.received + l.cancelled >= l.quantity \
     group by d.id, l.line_no, d.sent_at, t.time_zone \
     order by max(s.occurred_at) desc, d.id, l.line_no limit $3";

/// Returns the lead time of a supplier.
pub async fn get(tx: &Tx, id: SupplierId) -> Result<SupplierLeadTime, Error> {
    let select = "select lead_time_days from supplier where tenant_id = $1 and id = $2";
    let row = tx.row(sqlx::query(select).bind(tx.tenant_id.0).bind(id.0)).await?;
    let stated_days = row.ok_or_else(|| Refusal::not_found("supplier"))?.try_get("lead_time_days")?;
    let rows = tx.rows(sqlx::query(DAYS).bind(tx.tenant_id.0).bind(id.0).bind(LINES_MAX)).await?;
    let mut days = Vec::with_capacity(rows.len());
    for row in &rows {
        days.push(u16::try_from(row.try_get::<i32, _>("days")?).unwrap_or_default());
    }
    let measured = MeasuredTime::of(&days).map_err(|error| Error::invariant(error.to_string()))?;
    Ok(SupplierLeadTime {
        supplier_id: id,
        object: tag::SupplierLeadTime,
        stated_days,
        receipts: measured.map_or(0, |measured| measured.receipts),
        days: measured.map(|measured| measured.days),
        deviation: measured.map(|measured| measured.deviation),
        shortest: days.iter().min().copied(),
        longest: days.iter().max().copied(),
    })
}
