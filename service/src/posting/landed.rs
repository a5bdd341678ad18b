//! Locks and reads the landed costs that commands reverse, and reads the receipts over which charges are spread.

use std::collections::{BTreeSet, HashMap};

use domain::book::Book;
use domain::id::{LandedCostId, LocationId, LotId, MovementId, ProductId, StockDocumentId};
use domain::landed_cost::{Charge, LandedCost, LandedLine, Receipt, ReceivedGoods};
use domain::needs::Needs;
use domain::number::Quantity;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::types::Json;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::brought::{self, Brought, Came};
use super::places::places;
use super::stock_documents::with_lines;
use crate::listing::{number, word};
use crate::rows::uuids;
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
    for came in brought::lines(tx, &ids).await? {
        let goods = goods(&came);
        if let Some(receipt) = receipts.get_mut(&goods.document_id) {
            receipt.lines.push(goods);
        }
    }
    Ok(receipts)
}

/// Takes off what went back to the suppliers.
async fn take_returned(tx: &Tx, ids: &BTreeSet<StockDocumentId>, book: &mut Book) -> Result<(), Error> {
    for (id, returned) in brought::returned(tx, &uuids(ids, |id| id.0)).await? {
        if let Some(receipt) = book.receipts.get_mut(&id) {
            receipt.take_returned(&returned, &book.setup.settings);
        }
    }
    Ok(())
}

fn goods(came: &Came) -> ReceivedGoods {
    ReceivedGoods {
        document_id: came.brought.document_id,
        line_no: came.line_no,
        movement_id: MovementId(came.brought.movement_id),
        key: came.brought.key,
        quantity: came.quantity,
        value: came.value,
        later: Quantity::ZERO,
    }
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

/// Reads how many units the levels without cost layers got after each line of the receipts.
async fn read_later(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let of_receipt = |receipt: &Receipt| {
        let occurred_at = receipt.occurred_at;
        let brought = |goods: &ReceivedGoods| Brought {
            document_id: goods.document_id,
            movement_id: goods.movement_id.0,
            occurred_at,
            key: goods.key,
            kept: goods.quantity,
        };
        receipt.lines.iter().map(brought).collect::<Vec<_>>()
    };
    let brought: Vec<Brought> = book.receipts.values().flat_map(of_receipt).collect();
    let later = brought::later(tx, &brought, book).await?;
    for goods in book.receipts.values_mut().flat_map(|receipt| &mut receipt.lines) {
        goods.later = later.get(&goods.movement_id.0).copied().unwrap_or_default();
    }
    Ok(())
}
