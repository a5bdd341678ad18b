//! Locks and reads the landed costs that commands reverse, and reads the receipts over which charges are spread.

use std::collections::{BTreeSet, HashMap};

use domain::book::Book;
use domain::id::{LandedCostId, LocationId, LotId, MovementId, ProductId, StockDocumentId};
use domain::landed_cost::{Charge, LandedCost, LandedLine, Receipt, ReceivedGoods, ReturnedGoods};
use domain::needs::Needs;
use domain::number::Quantity;
use domain::stock::LevelKey;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::types::Json;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::places::places;
use super::stock_documents::with_lines;
use crate::columns::Columns;
use crate::listing::{number, optional_number, word};
use crate::rows::uuids;
use crate::stock::movement::first_of;
use crate::{Error, Tx};

/// Locks and reads the landed costs, reads the receipts, and adds their products and locations to the needs. Runs no
/// statement if no command names one.
pub(super) async fn load(tx: &Tx, needs: &mut Needs, book: &mut Book) -> Result<(), Error> {
    if !needs.landed_ids.is_empty() {
        let statement = "select id, number, spread_by, reference, reason, value, charges, original_id, reversed_by_id, \
                                occurred_at, recorded_at, version \
                         from landed_cost where tenant_id = $1 and id = any($2) order by id for update";
        let ids = uuids(&needs.landed_ids, |id| id.0);
        let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
        book.landed = with_lines(tx, &rows, head, lines).await?;
        let of_landed = book.landed.values().flat_map(|landed| &landed.lines);
        needs.charged_ids.extend(of_landed.map(|line| line.stock_document_id));
    }
    if needs.charged_ids.is_empty() {
        return Ok(());
    }
    book.receipts = receipts(tx, &needs.charged_ids).await?;
    for goods in book.receipts.values().flat_map(|receipt| &receipt.lines) {
        needs.product_ids.insert(goods.key.product_id);
        needs.location_ids.insert(goods.key.location_id);
    }
    let layered = layered_at(tx, needs, book).await?;
    needs.location_ids.extend(layered);
    Ok(())
}

/// Reads what changes only under the locks of the levels: what went back of the receipts, and what came after them. Must run after
/// the levels are locked. If units have arrived meanwhile at a location whose levels are not locked, another attempt locks them.
pub(super) async fn complete(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    if needs.charged_ids.is_empty() {
        return Ok(());
    }
    let locked = places(needs, &book.setup);
    if layered_at(tx, needs, book).await?.iter().any(|id| !locked.contains(id)) {
        return Err(Error::LockTimeout);
    }
    take_returned(tx, &needs.charged_ids, book).await?;
    read_later(tx, book).await
}

/// Reads a landed cost without its lines.
pub(crate) fn head(row: &PgRow) -> Result<(LandedCostId, LandedCost), Error> {
    let id = LandedCostId(row.try_get("id")?);
    let other = |column: &str| Ok::<_, Error>(row.try_get::<Option<Uuid>, _>(column)?.map(LandedCostId));
    let landed = LandedCost {
        id,
        number: row.try_get("number")?,
        spread_by: word(row, "spread_by")?,
        reference: row.try_get("reference")?,
        reason: row.try_get("reason")?,
        value: number(row, "value")?,
        original_id: other("original_id")?,
        reversed_by: other("reversed_by_id")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        version: row.try_get("version")?,
        charges: row.try_get::<Json<Vec<Charge>>, _>("charges")?.0,
        lines: Vec::new(),
    };
    Ok((id, landed))
}

/// Returns the lines of landed costs.
pub(crate) async fn lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(LandedCostId, LandedLine)>, Error> {
    let statement = "select landed_cost_id, line_no, stock_document_id, receipt_line_no, product_id, lot_id, location_id, \
                            quantity, basis, value, held, held_value \
                     from landed_cost_line \
                     where tenant_id = $1 and landed_cost_id = any($2) order by landed_cost_id, line_no";
    let line = |row: &PgRow| -> Result<(LandedCostId, LandedLine), Error> {
        let line = LandedLine {
            line_no: row.try_get("line_no")?,
            stock_document_id: StockDocumentId(row.try_get("stock_document_id")?),
            receipt_line_no: row.try_get("receipt_line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
            location_id: LocationId(row.try_get("location_id")?),
            quantity: number(row, "quantity")?,
            basis: number(row, "basis")?,
            value: number(row, "value")?,
            held: number(row, "held")?,
            held_value: number(row, "held_value")?,
        };
        Ok((LandedCostId(row.try_get("landed_cost_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

/// Returns stock documents with the lines that received goods. They never change, so they are not locked.
async fn receipts(
    tx: &Tx,
    ids: &BTreeSet<StockDocumentId>,
) -> Result<HashMap<StockDocumentId, Receipt>, Error> {
    let ids = uuids(ids, |id| id.0);
    let statement =
        "select id, number, kind, occurred_at from stock_document where tenant_id = $1 and id = any($2)";
    let mut receipts = HashMap::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await? {
        let receipt = Receipt {
            number: row.try_get("number")?,
            kind: word(&row, "kind")?,
            occurred_at: row.try_get("occurred_at")?,
            lines: Vec::new(),
        };
        receipts.insert(StockDocumentId(row.try_get("id")?), receipt);
    }
    // The condition of the index stock_movement_by_document holds for a receipt.
    let statement = "select document_id, line_no, id, location_id, product_id, lot_id, quantity, value \
                     from stock_movement \
                     where tenant_id = $1 and document_id = any($2) and document_kind = 'receipt' and kind = 'receipt' \
                     order by document_id, line_no";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        let goods = goods(&row)?;
        if let Some(receipt) = receipts.get_mut(&goods.document_id) {
            receipt.lines.push(goods);
        }
    }
    Ok(receipts)
}

/// Reads the units that went back of each line of a receipt, and of each lot of a tracked product. A return that was taken back does not count. The
/// condition on document_kind is that of the index stock_movement_by_supplier_return.
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

/// Takes off what went back to the suppliers.
async fn take_returned(tx: &Tx, ids: &BTreeSet<StockDocumentId>, book: &mut Book) -> Result<(), Error> {
    let query = sqlx::query(RETURNED).bind(tx.tenant_id.0).bind(uuids(ids, |id| id.0));
    let mut returned: HashMap<StockDocumentId, Vec<ReturnedGoods>> = HashMap::new();
    for row in tx.rows(query).await? {
        let received = optional_number(&row, "received")?.zip(optional_number(&row, "value")?);
        returned.entry(StockDocumentId(row.try_get("receipt_id")?)).or_default().push(ReturnedGoods {
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
            quantity: number(&row, "returned")?,
            received,
        });
    }
    for (id, returned) in returned {
        if let Some(receipt) = book.receipts.get_mut(&id) {
            receipt.take_returned(&returned, &book.setup.settings);
        }
    }
    Ok(())
}

fn goods(row: &PgRow) -> Result<ReceivedGoods, Error> {
    Ok(ReceivedGoods {
        document_id: StockDocumentId(row.try_get("document_id")?),
        line_no: row.try_get("line_no")?,
        movement_id: MovementId(row.try_get("id")?),
        key: LevelKey {
            location_id: LocationId(row.try_get("location_id")?),
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
        },
        quantity: number(row, "quantity")?,
        value: number(row, "value")?,
        later: Quantity::ZERO,
    })
}

/// Returns the locations with cost layers of the receipts: their units may have been transferred. The index begins with location
/// and product, so other layers are not read.
async fn layered_at(tx: &Tx, needs: &Needs, book: &Book) -> Result<Vec<LocationId>, Error> {
    let statement = "select distinct c.location_id \
                     from unnest($2::uuid[]) as l (id) cross join unnest($3::uuid[]) as p (id) \
                     join cost_layer c on c.location_id = l.id and c.product_id = p.id \
                     where c.tenant_id = $1 and c.document_kind = 'receipt' and c.document_id = any($4)";
    let goods = book.receipts.values().flat_map(|receipt| &receipt.lines);
    let products: BTreeSet<ProductId> = goods.map(|goods| goods.key.product_id).collect();
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(book.setup.locations.iter().map(|location| location.id.0).collect::<Vec<Uuid>>())
        .bind(uuids(&products, |id| id.0))
        .bind(uuids(&needs.charged_ids, |id| id.0));
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(LocationId(row.try_get("location_id")?))).collect()
}

/// The primary key of movements finds those of a level from an id on. No movement is recorded before it happens, so `first_id`
/// is the least id of a later one. What went back of a later receipt, from any location, is not among the units that came last. The
/// condition on document_kind is that of the index stock_movement_by_supplier_return.
const LATER: &str = "
    with came as materialized (
        select v.document_id, v.line_no, v.product_id, v.lot_id, m.kind, m.document_id as source_id, m.quantity
        from unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::uuid[], $7::timestamptz[], $8::uuid[], $9::uuid[])
            as v (document_id, line_no, location_id, product_id, lot_id, occurred_at, movement_id, first_id)
        join stock_movement m on m.tenant_id = $1 and m.product_id = v.product_id and m.location_id = v.location_id
            and m.lot_id = v.lot_id and m.id >= v.first_id
        where m.kind in ('receipt', 'opening', 'transfer_in') and m.quantity > 0 and m.document_id <> v.document_id
          and (m.occurred_at, m.id) > (v.occurred_at, v.movement_id)
    ), back as (
        select distinct c.document_id, c.line_no, c.product_id, c.lot_id, b.stock_document_id
        from came c
        join supplier_return_line b on b.tenant_id = $1 and b.receipt_id = c.source_id and b.reversal_id is null
        where c.kind = 'receipt'
    ), changes as (
        select c.document_id, c.line_no, c.quantity from came c
        union all
        select b.document_id, b.line_no, m.quantity
        from back b
        join stock_movement m on m.tenant_id = $1 and m.document_id = b.stock_document_id and m.document_kind = 'supplier_return'
            and m.kind = 'supplier_return' and m.product_id = b.product_id and m.lot_id = b.lot_id
    )
    select document_id, line_no, sum(quantity) as later from changes group by document_id, line_no";

/// Reads how many units the levels without cost layers got after each line of the receipts. Lines of one receipt come in their
/// order, less what went back of them.
async fn read_later(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let (mut asked, mut found) = (Vec::new(), HashMap::new());
    for receipt in book.receipts.values() {
        let mut after: HashMap<LevelKey, Quantity> = HashMap::new();
        for goods in receipt.lines.iter().rev() {
            let later = after.entry(goods.key).or_default();
            let level = book.level(&goods.key);
            if !level.is_layered() && level.on_hand().is_positive() {
                asked.push((*goods, receipt.occurred_at));
                found.insert((goods.document_id, goods.line_no), *later);
            }
            *later += goods.quantity;
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let query = Columns::of(LATER)
        .bind(tx.tenant_id.0)
        .column("document_id", &asked, |(goods, _)| goods.document_id.0)
        .column("line_no", &asked, |(goods, _)| goods.line_no)
        .column("location_id", &asked, |(goods, _)| goods.key.location_id.0)
        .column("product_id", &asked, |(goods, _)| goods.key.product_id.0)
        .column("lot_id", &asked, |(goods, _)| goods.key.lot_id.0)
        .column("occurred_at", &asked, |(_, at)| *at)
        .column("movement_id", &asked, |(goods, _)| goods.movement_id.0)
        .column("first_id", &asked, |(_, at)| first_of(*at));
    for row in query.rows(tx).await? {
        let line = (StockDocumentId(row.try_get("document_id")?), row.try_get("line_no")?);
        let later: Quantity = number(&row, "later")?;
        *found.entry(line).or_default() += later;
    }
    for goods in book.receipts.values_mut().flat_map(|receipt| &mut receipt.lines) {
        goods.later = found.remove(&(goods.document_id, goods.line_no)).unwrap_or_default();
    }
    Ok(())
}
