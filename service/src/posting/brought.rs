//! Reads the lines of receipts as their movements have them, and what became of their units, for costs that come after the goods:
//! bills and landed costs.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::book::Book;
use domain::id::{LocationId, LotId, ProductId, StockDocumentId};
use domain::number::{Money, Quantity};
use domain::stock::{LevelKey, ReturnedGoods};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::columns::Columns;
use crate::listing::{number, optional_number};
use crate::stock::movement::first_of;
use crate::{Error, Tx};

/// A line of a receipt.
pub(super) struct Came {
    pub(super) line_no: i32,
    pub(super) quantity: Quantity,
    pub(super) value: Money,
    pub(super) brought: Brought,
}

/// A movement that brought units to a level.
#[derive(Clone, Copy)]
pub(super) struct Brought {
    pub(super) document_id: StockDocumentId,
    pub(super) movement_id: Uuid,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) key: LevelKey,
    /// Stock units of it that did not go back to the supplier.
    pub(super) kept: Quantity,
}

/// Returns the lines of receipts.
pub(super) async fn lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Came>, Error> {
    // The condition on `document_kind` is one of the index stock_movement_by_document.
    let statement = "select id, occurred_at, document_id, line_no, location_id, product_id, lot_id, quantity, value \
                     from stock_movement \
                     where tenant_id = $1 and document_id = any($2) and document_kind = 'receipt' and kind = 'receipt' \
                     order by document_id, line_no";
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(came).collect()
}

fn came(row: &PgRow) -> Result<Came, Error> {
    let key = LevelKey {
        location_id: LocationId(row.try_get("location_id")?),
        product_id: ProductId(row.try_get("product_id")?),
        lot_id: LotId(row.try_get("lot_id")?),
    };
    let quantity = number(row, "quantity")?;
    let brought = Brought {
        document_id: StockDocumentId(row.try_get("document_id")?),
        movement_id: row.try_get("id")?,
        occurred_at: row.try_get("occurred_at")?,
        key,
        kept: quantity,
    };
    Ok(Came { line_no: row.try_get("line_no")?, quantity, value: number(row, "value")?, brought })
}

/// Reads the units that went back of each line of a receipt, and of each lot of a tracked product. A return that was taken back does
/// not count. The condition on document_kind is that of the index stock_movement_by_supplier_return.
const RETURNED: &str = "
    with back as (
        select b.receipt_id, b.purchase_order_id, b.line_no, b.stock_document_id, b.quantity, l.product_id
        from supplier_return_line b
        join purchase_order_line l on l.tenant_id = $1 and l.purchase_order_id = b.purchase_order_id and l.line_no = b.line_no
        where b.tenant_id = $1 and b.receipt_id = any($2) and b.reversal_id is null
    ), moved as (
        select d.receipt_id, d.id, m.product_id, m.lot_id, sum(m.quantity) as quantity
        from (select distinct receipt_id, stock_document_id as id from back) d
        join stock_movement m on m.tenant_id = $1 and m.document_id = d.id and m.document_kind = 'supplier_return'
            and m.kind = 'supplier_return'
        group by d.receipt_id, d.id, m.product_id, m.lot_id
    )
    select b.receipt_id, b.product_id, '00000000-0000-0000-0000-000000000000'::uuid as lot_id, sum(b.quantity) as returned,
           r.quantity as received, r.value
    from back b
    join purchase_receipt_line r on r.tenant_id = $1 and r.purchase_order_id = b.purchase_order_id
        and r.stock_document_id = b.receipt_id and r.line_no = b.line_no
    where exists (select 1 from moved m where m.id = b.stock_document_id and m.product_id = b.product_id
                  and m.lot_id = '00000000-0000-0000-0000-000000000000')
    group by b.receipt_id, b.product_id, b.line_no, r.quantity, r.value
    union all
    select receipt_id, product_id, lot_id, -sum(quantity), null, null
    from moved where lot_id <> '00000000-0000-0000-0000-000000000000'
    group by receipt_id, product_id, lot_id";

/// Returns what of receipts went back to the suppliers, by receipt. The levels are locked.
pub(super) async fn returned(
    tx: &Tx,
    ids: &[Uuid],
) -> Result<HashMap<StockDocumentId, Vec<ReturnedGoods>>, Error> {
    let mut returned: HashMap<StockDocumentId, Vec<ReturnedGoods>> = HashMap::new();
    for row in tx.rows(sqlx::query(RETURNED).bind(tx.tenant_id.0).bind(ids)).await? {
        let received = optional_number(&row, "received")?.zip(optional_number(&row, "value")?);
        returned.entry(StockDocumentId(row.try_get("receipt_id")?)).or_default().push(ReturnedGoods {
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
            quantity: number(&row, "returned")?,
            received,
        });
    }
    Ok(returned)
}

/// Units that came into a level without cost layers after a movement, by other documents. The primary key of movements finds those
/// of a level from an id on. No movement is recorded before it happens, so `first_id` is the least id of a later one. What went back
/// of a later receipt, from any location, is not among the units that came last. The condition on document_kind is that of the
/// index stock_movement_by_supplier_return.
const LATER: &str = "
    with came as materialized (
        select v.movement_id, v.product_id, v.lot_id, m.kind, m.document_id as source_id, m.quantity
        from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::uuid[])
            as v (movement_id, document_id, location_id, product_id, lot_id, occurred_at, first_id)
        join stock_movement m on m.tenant_id = $1 and m.product_id = v.product_id and m.location_id = v.location_id
            and m.lot_id = v.lot_id and m.id >= v.first_id
        where m.kind in ('receipt', 'opening', 'transfer_in') and m.quantity > 0 and m.document_id <> v.document_id
          and (m.occurred_at, m.id) > (v.occurred_at, v.movement_id)
    ), back as (
        select distinct c.movement_id, c.product_id, c.lot_id, b.stock_document_id
        from came c
        join supplier_return_line b on b.tenant_id = $1 and b.receipt_id = c.source_id and b.reversal_id is null
        where c.kind = 'receipt'
    ), changes as (
        select c.movement_id, c.quantity from came c
        union all
        select b.movement_id, m.quantity
        from back b
        join stock_movement m on m.tenant_id = $1 and m.document_id = b.stock_document_id and m.document_kind = 'supplier_return'
            and m.kind = 'supplier_return' and m.product_id = b.product_id and m.lot_id = b.lot_id
    )
    select movement_id, sum(quantity) as later from changes group by movement_id";

/// Returns how many units the levels without cost layers got after each movement, by its id. The movements of a receipt are in the
/// order of its lines: a later line came after an earlier one, less what went back of it. The levels are locked.
pub(super) async fn later(
    tx: &Tx,
    brought: &[Brought],
    book: &Book,
) -> Result<HashMap<Uuid, Quantity>, Error> {
    let (mut asked, mut found) = (Vec::new(), HashMap::new());
    let mut after: HashMap<(StockDocumentId, LevelKey), Quantity> = HashMap::new();
    for line in brought.iter().rev() {
        let later = after.entry((line.document_id, line.key)).or_default();
        let level = book.level(&line.key);
        if !level.is_layered() && level.on_hand().is_positive() {
            asked.push(*line);
            found.insert(line.movement_id, *later);
        }
        *later += line.kept;
    }
    if asked.is_empty() {
        return Ok(found);
    }
    let query = Columns::of(LATER)
        .bind(tx.tenant_id.0)
        .column("movement_id", &asked, |line| line.movement_id)
        .column("document_id", &asked, |line| line.document_id.0)
        .column("location_id", &asked, |line| line.key.location_id.0)
        .column("product_id", &asked, |line| line.key.product_id.0)
        .column("lot_id", &asked, |line| line.key.lot_id.0)
        .column("occurred_at", &asked, |line| line.occurred_at)
        .column("first_id", &asked, |line| first_of(line.occurred_at));
    for row in query.rows(tx).await? {
        let later: Quantity = number(&row, "later")?;
        *found.entry(row.try_get("movement_id")?).or_default() += later;
    }
    Ok(found)
}
