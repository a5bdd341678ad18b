//! Locks and reads the holds, transfers and expected receipts that commands name. Releases expired reservations.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::expected_receipt::{ExpectedLine, ExpectedReceipt};
use domain::hold::{HeldLine, Hold, HoldKind, HoldStatus};
use domain::id::{
    CostLayerId, CustomerId, ExpectedReceiptId, HoldId, LocationId, LotId, ProductId, TransferId,
};
use domain::landed_cost::{LandedCost, LandedLine};
use domain::number::{Money, Quantity};
use domain::purchase_order::{PurchaseLine, PurchaseOrder};
use domain::stock::{LayerUse, Source};
use domain::transfer::{Transfer, TransferLine};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::types::Json;
use sea_orm::sqlx::{self, Row};
use serde::Deserialize;
use uuid::Uuid;

use super::allotments::owner;
use crate::listing::number;
use crate::rows::{parsed, uuids};
use crate::{Error, Tx};
use domain::needs::Needs;

/// The holds, transfers and expected receipts of a batch.
pub(super) struct GoodsDocuments {
    pub(super) holds: HashMap<HoldId, Hold>,
    pub(super) transfers: HashMap<TransferId, Transfer>,
    pub(super) expected: HashMap<ExpectedReceiptId, ExpectedReceipt>,
}

/// Locks and reads the documents. Runs no statement for a kind that no command names.
pub(super) async fn load(tx: &Tx, needs: &Needs) -> Result<GoodsDocuments, Error> {
    let mut documents =
        GoodsDocuments { holds: HashMap::new(), transfers: HashMap::new(), expected: HashMap::new() };
    if !needs.hold_ids.is_empty() || !needs.hold_references.is_empty() {
        let references: Vec<&str> = needs.hold_references.iter().map(String::as_str).collect();
        lock_references(tx, &references).await?;
        let statement = "select id, kind, reference, location_id, customer_id, note, status, expires_at, placed_at, version, \
                                register_id, channel \
                         from hold where tenant_id = $1 and (id = any($2) or (status = 'open' and reference = any($3))) \
                         order by id for update";
        let ids = uuids(&needs.hold_ids, |id| id.0);
        let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(references)).await?;
        documents.holds = with_lines(tx, &rows, hold, held_lines).await?;
    }
    if !needs.transfer_ids.is_empty() {
        let statement = "select id, number, from_location_id, to_location_id, status, expected_on, reference, occurred_at, \
                                version \
                         from transfer where tenant_id = $1 and id = any($2) order by id for update";
        let ids = uuids(&needs.transfer_ids, |id| id.0);
        let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
        documents.transfers = with_lines(tx, &rows, transfer, transfer_lines).await?;
    }
    if !needs.expected_ids.is_empty() {
        let statement = "select id, number, location_id, expected_on, reference, status, recorded_at, version \
                         from expected_receipt where tenant_id = $1 and id = any($2) order by id for update";
        let ids = uuids(&needs.expected_ids, |id| id.0);
        let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
        documents.expected = with_lines(tx, &rows, expected, expected_lines).await?;
    }
    Ok(documents)
}

impl GoodsDocuments {
    /// Adds the products and locations of the documents to the needs.
    pub(super) fn need(&self, needs: &mut Needs) {
        for hold in self.holds.values() {
            needs.location_ids.insert(hold.location_id);
            needs.product_ids.extend(hold.lines.iter().map(|line| line.product_id));
        }
        for transfer in self.transfers.values() {
            needs.location_ids.insert(transfer.to_location_id);
            if needs.returning.contains(&transfer.id) {
                needs.location_ids.insert(transfer.from_location_id);
            }
            needs.product_ids.extend(transfer.lines.iter().map(|line| line.product_id));
        }
        for expected in self.expected.values() {
            needs.location_ids.insert(expected.location_id);
            needs.product_ids.extend(expected.lines.iter().map(|line| line.product_id));
        }
    }
}

/// Locks the references under which holds are placed, in their order. The next statement then sees a hold that another
/// batch has just placed under one of them.
async fn lock_references(tx: &Tx, references: &[&str]) -> Result<(), Error> {
    if references.is_empty() {
        return Ok(());
    }
    let statement = "insert into hold_reference (tenant_id, reference, placed_at) \
                     select $1, v.reference, $2 from unnest($3::text[]) as v (reference) order by v.reference \
                     on conflict (tenant_id, reference) do update set placed_at = excluded.placed_at";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(tx.now).bind(references)).await?;
    Ok(())
}

/// Reads what the open holds still reserve, and marks those of which another transaction has ended reservations,
/// because its clock was ahead. Must run after the levels of the holds are locked: from then on no other transaction
/// can end them.
pub(super) async fn read_left(tx: &Tx, holds: &mut HashMap<HoldId, Hold>) -> Result<(), Error> {
    // What is left of a till or channel allotment is read with the levels.
    let open = holds.values().filter(|hold| hold.status == HoldStatus::Open && hold.kind == HoldKind::Hold);
    let ids: Vec<Uuid> = open.map(|hold| hold.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let statement = "select document_id, line_no, quantity from reservation where tenant_id = $1 and document_id = any($2)";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await?;
    let line = |row: &PgRow| -> Result<((Uuid, i32), Quantity), Error> {
        Ok(((row.try_get("document_id")?, row.try_get("line_no")?), number(row, "quantity")?))
    };
    let left: HashMap<(Uuid, i32), Quantity> = rows.iter().map(line).collect::<Result<_, _>>()?;
    for id in ids {
        if let Some(hold) = holds.get_mut(&HoldId(id)) {
            for line in &mut hold.lines {
                line.left = left.get(&(id, line.line_no)).copied().unwrap_or(Quantity::ZERO);
            }
            hold.is_swept = hold.lines.iter().any(|line| line.left < line.quantity);
        }
    }
    Ok(())
}

/// A document that is read in two parts: its header, and its lines.
pub(crate) trait HasLines {
    /// Type of a line.
    type Line;
    /// Returns the lines.
    fn lines(&mut self) -> &mut Vec<Self::Line>;
}

macro_rules! has_lines {
    ($($document:ty => $line:ty),+) => {
        $(impl HasLines for $document {
            type Line = $line;
            fn lines(&mut self) -> &mut Vec<$line> {
                &mut self.lines
            }
        })+
    };
}
has_lines!(
    Hold => HeldLine,
    Transfer => TransferLine,
    ExpectedReceipt => ExpectedLine,
    PurchaseOrder => PurchaseLine,
    LandedCost => LandedLine
);

/// Returns documents by id, made from the rows of their headers and their lines.
pub(crate) async fn with_lines<I, D>(
    tx: &Tx,
    rows: &[PgRow],
    head: fn(&PgRow) -> Result<(I, D), Error>,
    lines: impl AsyncFn(&Tx, &[Uuid]) -> Result<Vec<(I, D::Line)>, Error>,
) -> Result<HashMap<I, D>, Error>
where
    I: Eq + std::hash::Hash,
    D: HasLines,
{
    let mut documents: HashMap<I, D> = rows.iter().map(head).collect::<Result<_, _>>()?;
    if documents.is_empty() {
        return Ok(documents);
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    for (id, line) in lines(tx, &ids).await? {
        if let Some(document) = documents.get_mut(&id) {
            document.lines().push(line);
        }
    }
    Ok(documents)
}

/// Reads a hold without its lines.
pub(crate) fn hold(row: &PgRow) -> Result<(HoldId, Hold), Error> {
    let id = HoldId(row.try_get("id")?);
    let hold = Hold {
        id,
        kind: parsed(row.try_get("kind")?)?,
        reference: row.try_get("reference")?,
        location_id: LocationId(row.try_get("location_id")?),
        customer_id: row.try_get::<Option<Uuid>, _>("customer_id")?.map(CustomerId),
        owner: owner(row.try_get("register_id")?, row.try_get("channel")?)?,
        note: row.try_get("note")?,
        status: parsed(row.try_get("status")?)?,
        expires_at: row.try_get("expires_at")?,
        placed_at: row.try_get("placed_at")?,
        version: row.try_get("version")?,
        is_swept: false,
        lines: Vec::new(),
    };
    Ok((id, hold))
}

/// Returns the lines of holds.
pub(crate) async fn held_lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(HoldId, HeldLine)>, Error> {
    let statement = "select l.hold_id, l.line_no, l.product_id, l.quantity, \
                coalesce((select sum(r.quantity) from reservation r \
                          where r.tenant_id = l.tenant_id and r.document_id = l.hold_id and r.line_no = l.line_no), 0) as left, \
                l.lot_id \
         from hold_line l \
         where l.tenant_id = $1 and l.hold_id = any($2) order by l.hold_id, l.line_no";
    let line = |row: &PgRow| -> Result<(HoldId, HeldLine), Error> {
        let line = HeldLine {
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            quantity: number(row, "quantity")?,
            left: number(row, "left")?,
            lot_id: LotId(row.try_get("lot_id")?),
        };
        Ok((HoldId(row.try_get("hold_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

/// Reads a transfer without its lines.
pub(crate) fn transfer(row: &PgRow) -> Result<(TransferId, Transfer), Error> {
    let id = TransferId(row.try_get("id")?);
    let transfer = Transfer {
        id,
        number: row.try_get("number")?,
        from_location_id: LocationId(row.try_get("from_location_id")?),
        to_location_id: LocationId(row.try_get("to_location_id")?),
        status: parsed(row.try_get("status")?)?,
        expected_on: row.try_get("expected_on")?,
        reference: row.try_get("reference")?,
        occurred_at: row.try_get("occurred_at")?,
        version: row.try_get("version")?,
        lines: Vec::new(),
    };
    Ok((id, transfer))
}

/// Returns the lines of transfers.
pub(crate) async fn transfer_lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(TransferId, TransferLine)>, Error> {
    let statement = "select l.transfer_id, l.line_no, l.product_id, l.quantity, l.received, l.missing, l.returned, l.value, \
                l.open_value, l.lot_id, u.layers \
         from transfer_line l \
         join transfer t on t.tenant_id = l.tenant_id and t.id = l.transfer_id \
         left join lateral ( \
             select json_agg(json_build_object('layer_id', u.layer_id, 'quantity', u.quantity::text, 'value', u.value::text, \
                 'document_kind', u.document_kind, 'document_id', u.document_id, 'line_no', u.line_no, \
                 'received_at', u.received_at) order by u.received_at, u.layer_id) as layers \
             from stock_movement m \
             join layer_use u on u.tenant_id = l.tenant_id and u.movement_id = m.id \
             where m.tenant_id = l.tenant_id and m.document_kind = 'transfer' and m.document_id = l.transfer_id \
                 and m.line_no = l.line_no and m.location_id = t.from_location_id) u on true \
         where l.tenant_id = $1 and l.transfer_id = any($2) order by l.transfer_id, l.line_no";
    let line = |row: &PgRow| -> Result<(TransferId, TransferLine), Error> {
        let line = TransferLine {
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            quantity: number(row, "quantity")?,
            received: number(row, "received")?,
            missing: number(row, "missing")?,
            returned: number(row, "returned")?,
            value: number(row, "value")?,
            open_value: number(row, "open_value")?,
            layer_uses: layer_uses(row)?,
            lot_id: LotId(row.try_get("lot_id")?),
        };
        Ok((TransferId(row.try_get("transfer_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

/// A part of a cost layer that a dispatch took, as JSON of the database.
#[derive(Deserialize)]
struct StoredUse {
    layer_id: Uuid,
    quantity: Quantity,
    value: Money,
    document_kind: String,
    document_id: Uuid,
    line_no: i32,
    received_at: DateTime<Utc>,
}

fn layer_uses(row: &PgRow) -> Result<Vec<LayerUse>, Error> {
    let stored: Option<Json<Vec<StoredUse>>> = row.try_get("layers")?;
    let layer_use = |stored: StoredUse| {
        let source = Source {
            document_kind: parsed(stored.document_kind)?,
            document_id: stored.document_id,
            line_no: stored.line_no,
            occurred_at: stored.received_at,
        };
        let StoredUse { layer_id, quantity, value, .. } = stored;
        Ok(LayerUse { layer_id: CostLayerId(layer_id), quantity, value, source })
    };
    stored.into_iter().flat_map(|stored| stored.0).map(layer_use).collect()
}

/// Reads an expected receipt without its lines.
pub(crate) fn expected(row: &PgRow) -> Result<(ExpectedReceiptId, ExpectedReceipt), Error> {
    let id = ExpectedReceiptId(row.try_get("id")?);
    let expected = ExpectedReceipt {
        id,
        number: row.try_get("number")?,
        location_id: LocationId(row.try_get("location_id")?),
        expected_on: row.try_get("expected_on")?,
        reference: row.try_get("reference")?,
        status: parsed(row.try_get("status")?)?,
        recorded_at: row.try_get("recorded_at")?,
        version: row.try_get("version")?,
        lines: Vec::new(),
    };
    Ok((id, expected))
}

/// Returns the lines of expected receipts.
pub(crate) async fn expected_lines(
    tx: &Tx,
    ids: &[Uuid],
) -> Result<Vec<(ExpectedReceiptId, ExpectedLine)>, Error> {
    let statement = "select expected_receipt_id, line_no, product_id, quantity, received from expected_receipt_line \
                     where tenant_id = $1 and expected_receipt_id = any($2) order by expected_receipt_id, line_no";
    let line = |row: &PgRow| -> Result<(ExpectedReceiptId, ExpectedLine), Error> {
        let line = ExpectedLine {
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            quantity: number(row, "quantity")?,
            received: number(row, "received")?,
        };
        Ok((ExpectedReceiptId(row.try_get("expected_receipt_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

/// Releases the expired reservations on locked levels. The first batch that locks a level after the expiry does this,
/// so an expired hold never blocks a command.
pub(super) async fn sweep(tx: &Tx, locations: &[Uuid], products: &[Uuid]) -> Result<(), Error> {
    let statement = "with gone as ( \
             delete from reservation r \
             using unnest($3::uuid[], $4::uuid[]) as v (location_id, product_id) \
             where r.tenant_id = $1 and r.location_id = v.location_id and r.product_id = v.product_id \
               and r.expires_at <= $2 \
             returning r.location_id, r.product_id, r.lot_id, r.quantity) \
         update stock_level l \
         set reserved = l.reserved - coalesce(( \
                 select sum(g.quantity) from gone g \
                 where g.location_id = l.location_id and g.product_id = l.product_id and g.lot_id = l.lot_id), 0), \
             forced = l.forced and (l.on_hand < 0 or l.reserved - coalesce(( \
                 select sum(g.quantity) from gone g \
                 where g.location_id = l.location_id and g.product_id = l.product_id and g.lot_id = l.lot_id), 0) \
                 > l.on_hand), \
             next_expiry = ( \
                 select min(r.expires_at) from reservation r \
                 where r.tenant_id = $1 and r.location_id = l.location_id and r.product_id = l.product_id \
                   and r.lot_id = l.lot_id and r.expires_at > $2), \
             allotted = l.allotted and exists ( \
                 select 1 from reservation r \
                 where r.tenant_id = $1 and r.location_id = l.location_id and r.product_id = l.product_id \
                   and r.lot_id = l.lot_id and r.kind in ('till_allotment', 'channel_allotment') and r.expires_at > $2) \
         from unnest($3::uuid[], $4::uuid[]) as v (location_id, product_id) \
         where l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id \
           and l.next_expiry <= $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(tx.now).bind(locations).bind(products);
    tx.execute(query).await?;
    Ok(())
}
