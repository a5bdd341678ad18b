//! Entries of count sheets, for reading: each figure with the caller that entered it.

use chrono::{DateTime, Utc};
use domain::id::{CountId, ProductId};
use domain::number::Quantity;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::listing::{Listing, number};
use crate::sales_lines::{self, Skus};
use crate::stock::explain::{Cause, read_cause};
use crate::{Error, Tx};

/// A figure entered on a count sheet.
#[derive(Debug)]
pub struct EnteredFigure {
    /// Ids are in the order of entry.
    pub id: Uuid,
    pub line_no: i32,
    pub product_id: ProductId,
    pub sku: String,
    /// Lot code or serial number, if the product is tracked.
    pub lot_code: Option<String>,
    pub round: i32,
    pub uom: String,
    /// Quantity in `uom`.
    pub entered: Quantity,
    /// Stock units per `uom`.
    pub factor: Quantity,
    /// Stock units.
    pub quantity: Quantity,
    /// Whether it replaced the earlier entries of the line in the same round.
    pub replaces: bool,
    pub counted_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
    /// The command that entered it, and its caller.
    pub cause: Option<Cause>,
}

#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub count_id: CountId,
    pub line_no: Option<i32>,
    pub round: Option<i32>,
}

const SELECT: &str = "select e.id, e.line_no, l.product_id, l.lot_code, e.round, e.uom, e.entered, e.factor, e.quantity, \
        e.replaces, e.counted_at, e.recorded_at, c.id as command_id, c.name as command, c.actor_kind, c.actor_id, \
        coalesce(k.name, u.name) as actor_name \
     from (select * from stock_count_entry m where m.tenant_id = ";
const NAMES: &str = ") e \
     join stock_count_line l on l.tenant_id = e.tenant_id and l.count_id = e.count_id and l.line_no = e.line_no \
     left join command c on c.tenant_id = e.tenant_id and c.id = e.command_id \
     left join api_key k on k.tenant_id = c.tenant_id and k.id = c.actor_id \
     left join app_user u on u.tenant_id = c.tenant_id and u.id = c.actor_id \
     order by e.id";

/// Returns one page of the entries of a sheet, in the order of entry. They never show expected quantities, and
/// have the SKUs that the sheet shows.
pub async fn list(
    tx: &Tx,
    filter: &Filter,
    after: Option<Uuid>,
    rows: u64,
) -> Result<Vec<EnteredFigure>, Error> {
    let printed_at = super::printed_at(tx, filter.count_id).await?;
    let rows = Listing::new(tx, SELECT)
        .with("m.count_id = ", Some(filter.count_id.0))
        .with("m.line_no = ", filter.line_no)
        .with("m.round = ", filter.round)
        .with("m.id > ", after)
        .sql(" order by m.id limit ")
        .bind(rows.cast_signed())
        .sql(NAMES)
        .rows(tx)
        .await?;
    let product = |row: &PgRow| -> Result<ProductId, Error> { Ok(ProductId(row.try_get("product_id")?)) };
    let products: Vec<ProductId> = rows.iter().map(product).collect::<Result<_, Error>>()?;
    let skus = sales_lines::skus_at(tx, products.into_iter(), printed_at).await?;
    rows.iter().map(|row| read_entry(row, &skus)).collect()
}

fn read_entry(row: &PgRow, skus: &Skus) -> Result<EnteredFigure, Error> {
    let product_id = ProductId(row.try_get("product_id")?);
    Ok(EnteredFigure {
        id: row.try_get("id")?,
        line_no: row.try_get("line_no")?,
        product_id,
        sku: skus.get(&product_id).cloned().unwrap_or_default(),
        lot_code: row.try_get("lot_code")?,
        round: row.try_get("round")?,
        uom: row.try_get("uom")?,
        entered: number(row, "entered")?,
        factor: number(row, "factor")?,
        quantity: number(row, "quantity")?,
        replaces: row.try_get("replaces")?,
        counted_at: row.try_get("counted_at")?,
        recorded_at: row.try_get("recorded_at")?,
        cause: read_cause(row)?,
    })
}
