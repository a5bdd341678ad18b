//! Writes stock documents, holds, transfers, expected receipts and reservations: one statement per table, none for a
//! table that the batch does not touch.

use std::collections::{BTreeMap, BTreeSet};

use domain::allocation::Owner;
use domain::book::Posting;
use domain::expected_receipt::ExpectedReceipt;
use domain::hold::Hold;
use domain::stock::{LevelKey, Reservation};
use domain::stock_document::StockDocument;
use domain::transfer::Transfer;
use sea_orm::sqlx;
use uuid::Uuid;

use super::{column, word};
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// The last state of each document in a batch, with the command that wrote it.
pub(super) struct Latest<'a, D> {
    documents: BTreeMap<Uuid, (&'a D, Uuid)>,
    /// Documents that the batch made.
    fresh: BTreeSet<Uuid>,
}

impl<D> Default for Latest<'_, D> {
    fn default() -> Self {
        Latest { documents: BTreeMap::new(), fresh: BTreeSet::new() }
    }
}

/// A document and the command that changed it.
pub(super) type Row<'a, D> = (&'a D, Uuid);

impl<'a, D> Latest<'a, D> {
    pub(super) fn add(&mut self, id: Uuid, version: i32, document: &'a D, by: Uuid) {
        if version == 1 {
            self.fresh.insert(id);
        }
        self.documents.insert(id, (document, by));
    }

    /// Returns the new documents and the known ones.
    pub(super) fn parted(&self) -> (Vec<Row<'a, D>>, Vec<Row<'a, D>>) {
        let (fresh, known): (Vec<_>, Vec<_>) =
            self.documents.iter().partition(|(id, _)| self.fresh.contains(*id));
        let rows =
            |documents: Vec<(&Uuid, &Row<'a, D>)>| documents.into_iter().map(|(_, row)| *row).collect();
        (rows(fresh), rows(known))
    }
}

#[derive(Default)]
struct Documents<'a> {
    stock: Vec<Row<'a, StockDocument>>,
    holds: Latest<'a, Hold>,
    transfers: Latest<'a, Transfer>,
    expected: Latest<'a, ExpectedReceipt>,
    reservations: BTreeMap<(Uuid, i32, LevelKey), &'a Reservation>,
}

/// Writes what a batch did to stock besides levels and movements. `served` was done first.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>], served: &Posting) -> Result<(), Error> {
    let postings = std::iter::once(served).chain(accepted.iter().map(|accepted| &accepted.posting));
    let reservations = postings.flat_map(|posting| &posting.reservations);
    let reservations = reservations.map(|row| ((row.document_id, row.line_no, row.key), row)).collect();
    let mut documents = Documents { reservations, ..Documents::default() };
    for accepted in accepted {
        let by = accepted.command_id.0;
        for hold in &accepted.posting.holds {
            documents.holds.add(hold.id.0, hold.version, hold, by);
        }
        for expected in &accepted.posting.expected {
            documents.expected.add(expected.id.0, expected.version, expected, by);
        }
        if let Outcome::Transfer(transfer) = &accepted.outcome {
            documents.transfers.add(transfer.id.0, transfer.version, transfer, by);
        }
        if let Outcome::StockDocument(document) | Outcome::Count(_, Some(document)) = &accepted.outcome {
            documents.stock.push((document, by));
        }
        if let Outcome::PurchaseOrder(_, Some(goods)) = &accepted.outcome {
            documents.stock.push((goods.document(), by));
        }
    }
    write_holds(tx, &documents.holds).await?;
    write_transfers(tx, &documents.transfers).await?;
    write_expected(tx, &documents.expected).await?;
    write_reservations(tx, documents.reservations.into_values().collect()).await?;
    write_stock_documents(tx, &documents.stock).await
}

async fn write_holds(tx: &Tx, holds: &Latest<'_, Hold>) -> Result<(), Error> {
    // Known holds are written first: a new hold may take over the reference of one that ends.
    let (fresh, known) = holds.parted();
    if !known.is_empty() {
        tx.execute(
            sqlx::query(
                "update hold h set status = v.status, expires_at = v.expires_at, version = v.version, updated_at = $2 \
                 from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::int[]) as v (id, status, expires_at, version) \
                 where h.tenant_id = $1 and h.id = v.id",
            )
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .bind(column(&known, |(row, _)| row.id.0))
            .bind(column(&known, |(row, _)| word(row.status)))
            .bind(column(&known, |(row, _)| row.expires_at))
            .bind(column(&known, |(row, _)| row.version)),
        )
        .await?;
    }
    if fresh.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> =
        fresh.iter().flat_map(|(row, _)| row.lines.iter().map(|line| (row.id, line))).collect();
    let statement = "with head as ( \
                 insert into hold (tenant_id, id, kind, reference, location_id, customer_id, note, status, expires_at, \
                                   placed_at, version, command_id, register_id, channel, updated_at) \
                 select $1, v.*, $2 \
                 from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], \
                             $10::timestamptz[], $11::timestamptz[], $12::int[], $13::uuid[], $18::uuid[], \
                             $19::text[]) as v \
                        (id, kind, reference, location_id, customer_id, note, status, expires_at, \
                         placed_at, version, command_id, register_id, channel)) \
             insert into hold_line (tenant_id, hold_id, line_no, product_id, quantity, lot_id) \
             select $1, v.* from unnest($14::uuid[], $15::int[], $16::uuid[], $17::numeric[], $20::uuid[]) as v \
                        (hold_id, line_no, product_id, quantity, lot_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", &fresh, |(row, _)| row.id.0)
        .column("kind", &fresh, |(row, _)| word(row.kind))
        .column("reference", &fresh, |(row, _)| row.reference.clone())
        .column("location_id", &fresh, |(row, _)| row.location_id.0)
        .column("customer_id", &fresh, |(row, _)| row.customer_id.map(|id| id.0))
        .column("note", &fresh, |(row, _)| row.note.clone())
        .column("status", &fresh, |(row, _)| word(row.status))
        .column("expires_at", &fresh, |(row, _)| row.expires_at)
        .column("placed_at", &fresh, |(row, _)| row.placed_at)
        .column("version", &fresh, |(row, _)| row.version)
        .column("command_id", &fresh, |(_, by)| *by)
        .column("hold_id", &lines, |(id, _)| id.0)
        .column("line_no", &lines, |(_, line)| line.line_no)
        .column("product_id", &lines, |(_, line)| line.product_id.0)
        .column("quantity", &lines, |(_, line)| line.quantity.get())
        .column("register_id", &fresh, |(row, _)| match row.owner {
            Some(Owner::Till(id)) => Some(id.0),
            _ => None,
        })
        .column("channel", &fresh, |(row, _)| match row.owner {
            Some(Owner::Channel(channel)) => Some(word(channel)),
            _ => None,
        })
        .column("lot_id", &lines, |(_, line)| line.lot_id.0);
    query.execute(tx).await?;
    Ok(())
}

async fn write_transfers(tx: &Tx, transfers: &Latest<'_, Transfer>) -> Result<(), Error> {
    let (fresh, known) = transfers.parted();
    if !known.is_empty() {
        tx.execute(
            sqlx::query(
                "update transfer t set status = v.status, version = v.version, updated_at = $2 \
                 from unnest($3::uuid[], $4::text[], $5::int[]) as v (id, status, version) \
                 where t.tenant_id = $1 and t.id = v.id",
            )
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .bind(column(&known, |(row, _)| row.id.0))
            .bind(column(&known, |(row, _)| word(row.status)))
            .bind(column(&known, |(row, _)| row.version)),
        )
        .await?;
    }
    if !fresh.is_empty() {
        let statement = "insert into transfer (tenant_id, id, number, from_location_id, to_location_id, status, expected_on, \
                                       reference, occurred_at, version, command_id, recorded_at, updated_at) \
                 select $1, v.*, $2, $2 \
                 from unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::text[], $8::date[], $9::text[], \
                             $10::timestamptz[], $11::int[], $12::uuid[]) as v \
                        (id, number, from_location_id, to_location_id, status, expected_on, reference, \
                         occurred_at, version, command_id)";
        let query = Columns::of(statement)
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .column("id", &fresh, |(row, _)| row.id.0)
            .column("number", &fresh, |(row, _)| row.number.clone())
            .column("from_location_id", &fresh, |(row, _)| row.from_location_id.0)
            .column("to_location_id", &fresh, |(row, _)| row.to_location_id.0)
            .column("status", &fresh, |(row, _)| word(row.status))
            .column("expected_on", &fresh, |(row, _)| row.expected_on)
            .column("reference", &fresh, |(row, _)| row.reference.clone())
            .column("occurred_at", &fresh, |(row, _)| row.occurred_at)
            .column("version", &fresh, |(row, _)| row.version)
            .column("command_id", &fresh, |(_, by)| *by);
        query.execute(tx).await?;
    }
    let rows = transfers.documents.values();
    let lines: Vec<_> = rows.flat_map(|(row, _)| row.lines.iter().map(|line| (row.id, line))).collect();
    if lines.is_empty() {
        return Ok(());
    }
    let statement = "insert into transfer_line (tenant_id, transfer_id, line_no, product_id, quantity, received, missing, \
                                        value, open_value, lot_id, returned) \
             select $1, v.* \
             from unnest($2::uuid[], $3::int[], $4::uuid[], $5::numeric[], $6::numeric[], $7::numeric[], \
                         $8::numeric[], $9::numeric[], $10::uuid[], $11::numeric[]) as v \
                        (transfer_id, line_no, product_id, quantity, received, missing, value, \
                         open_value, lot_id, returned) \
             on conflict (tenant_id, transfer_id, line_no) do update \
             set received = excluded.received, missing = excluded.missing, returned = excluded.returned, \
                 open_value = excluded.open_value";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("transfer_id", &lines, |(id, _)| id.0)
        .column("line_no", &lines, |(_, line)| line.line_no)
        .column("product_id", &lines, |(_, line)| line.product_id.0)
        .column("quantity", &lines, |(_, line)| line.quantity.get())
        .column("received", &lines, |(_, line)| line.received.get())
        .column("missing", &lines, |(_, line)| line.missing.get())
        .column("value", &lines, |(_, line)| line.value.get())
        .column("open_value", &lines, |(_, line)| line.open_value.get())
        .column("lot_id", &lines, |(_, line)| line.lot_id.0)
        .column("returned", &lines, |(_, line)| line.returned.get());
    query.execute(tx).await?;
    Ok(())
}

async fn write_expected(tx: &Tx, expected: &Latest<'_, ExpectedReceipt>) -> Result<(), Error> {
    let (fresh, known) = expected.parted();
    if !known.is_empty() {
        tx.execute(
            sqlx::query(
                "update expected_receipt d \
                 set expected_on = v.expected_on, status = v.status, version = v.version, updated_at = $2 \
                 from unnest($3::uuid[], $4::date[], $5::text[], $6::int[]) as v (id, expected_on, status, version) \
                 where d.tenant_id = $1 and d.id = v.id",
            )
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .bind(column(&known, |(row, _)| row.id.0))
            .bind(column(&known, |(row, _)| row.expected_on))
            .bind(column(&known, |(row, _)| word(row.status)))
            .bind(column(&known, |(row, _)| row.version)),
        )
        .await?;
    }
    if !fresh.is_empty() {
        let statement = "insert into expected_receipt (tenant_id, id, number, location_id, expected_on, reference, status, \
                                               version, command_id, recorded_at, updated_at) \
                 select $1, v.*, $2, $2 \
                 from unnest($3::uuid[], $4::text[], $5::uuid[], $6::date[], $7::text[], $8::text[], $9::int[], \
                             $10::uuid[]) as v \
                        (id, number, location_id, expected_on, reference, status, version, command_id)";
        let query = Columns::of(statement)
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .column("id", &fresh, |(row, _)| row.id.0)
            .column("number", &fresh, |(row, _)| row.number.clone())
            .column("location_id", &fresh, |(row, _)| row.location_id.0)
            .column("expected_on", &fresh, |(row, _)| row.expected_on)
            .column("reference", &fresh, |(row, _)| row.reference.clone())
            .column("status", &fresh, |(row, _)| word(row.status))
            .column("version", &fresh, |(row, _)| row.version)
            .column("command_id", &fresh, |(_, by)| *by);
        query.execute(tx).await?;
    }
    let rows = expected.documents.values();
    let lines: Vec<_> = rows.flat_map(|(row, _)| row.lines.iter().map(|line| (row.id, line))).collect();
    if lines.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "insert into expected_receipt_line (tenant_id, expected_receipt_id, line_no, product_id, quantity, received) \
             select $1, v.* \
             from unnest($2::uuid[], $3::int[], $4::uuid[], $5::numeric[], $6::numeric[]) as v \
             on conflict (tenant_id, expected_receipt_id, line_no) do update set received = excluded.received",
        )
        .bind(tx.tenant_id.0)
        .bind(column(&lines, |(id, _)| id.0))
        .bind(column(&lines, |(_, line)| line.line_no))
        .bind(column(&lines, |(_, line)| line.product_id.0))
        .bind(column(&lines, |(_, line)| line.quantity.get()))
        .bind(column(&lines, |(_, line)| line.received.get())),
    )
    .await?;
    Ok(())
}

async fn write_reservations(tx: &Tx, reservations: Vec<&Reservation>) -> Result<(), Error> {
    let timed: Vec<&Reservation> =
        reservations.iter().copied().filter(|row| row.expires_at.is_some()).collect();
    let (open, ended): (Vec<&Reservation>, Vec<&Reservation>) =
        reservations.into_iter().partition(|reservation| reservation.quantity.is_positive());
    if !ended.is_empty() {
        tx.execute(
            sqlx::query(
                "delete from reservation r \
                 using unnest($2::uuid[], $3::int[], $4::uuid[]) as v (document_id, line_no, lot_id) \
                 where r.tenant_id = $1 and r.document_id = v.document_id and r.line_no = v.line_no \
                   and r.lot_id = v.lot_id",
            )
            .bind(tx.tenant_id.0)
            .bind(column(&ended, |row| row.document_id))
            .bind(column(&ended, |row| row.line_no))
            .bind(column(&ended, |row| row.key.lot_id.0)),
        )
        .await?;
    }
    if !open.is_empty() {
        let statement = "insert into reservation (tenant_id, document_id, line_no, location_id, product_id, lot_id, kind, \
                                          quantity, expires_at, created_at) \
                 select $1, v.*, $2 \
                 from unnest($3::uuid[], $4::int[], $5::uuid[], $6::uuid[], $7::uuid[], $8::text[], $9::numeric[], \
                             $10::timestamptz[]) as v \
                        (document_id, line_no, location_id, product_id, lot_id, kind, quantity, \
                         expires_at) \
                 on conflict (tenant_id, document_id, line_no, location_id, lot_id) do update \
                 set quantity = excluded.quantity, expires_at = excluded.expires_at";
        let query = Columns::of(statement)
            .bind(tx.tenant_id.0)
            .bind(tx.now)
            .column("document_id", &open, |row| row.document_id)
            .column("line_no", &open, |row| row.line_no)
            .column("location_id", &open, |row| row.key.location_id.0)
            .column("product_id", &open, |row| row.key.product_id.0)
            .column("lot_id", &open, |row| row.key.lot_id.0)
            .column("kind", &open, |row| word(row.kind))
            .column("quantity", &open, |row| row.quantity.get())
            .column("expires_at", &open, |row| row.expires_at);
        query.execute(tx).await?;
    }
    note_expiries(tx, &timed).await
}

/// Notes on each level when its next reservation expires, and whether it has allotments.
async fn note_expiries(tx: &Tx, timed: &[&Reservation]) -> Result<(), Error> {
    if timed.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "update stock_level l \
             set next_expiry = ( \
                 select min(r.expires_at) from reservation r \
                 where r.tenant_id = $1 and r.location_id = l.location_id and r.product_id = l.product_id \
                   and r.lot_id = l.lot_id), \
                 allotted = exists ( \
                 select from reservation r \
                 where r.tenant_id = $1 and r.location_id = l.location_id and r.product_id = l.product_id \
                   and r.lot_id = l.lot_id and r.kind in ('till_allotment', 'channel_allotment')) \
             from (select distinct * from unnest($2::uuid[], $3::uuid[], $4::uuid[])) \
                 as v (location_id, product_id, lot_id) \
             where l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id \
               and l.lot_id = v.lot_id",
        )
        .bind(tx.tenant_id.0)
        .bind(column(timed, |row| row.key.location_id.0))
        .bind(column(timed, |row| row.key.product_id.0))
        .bind(column(timed, |row| row.key.lot_id.0)),
    )
    .await?;
    Ok(())
}

async fn write_stock_documents(tx: &Tx, rows: &[Row<'_, StockDocument>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into stock_document (tenant_id, id, number, kind, location_id, reason, reference, value, \
                                         occurred_at, command_id, recorded_at) \
             select $1, v.*, $2 \
             from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::numeric[], \
                         $10::timestamptz[], $11::uuid[]) as v \
                        (id, number, kind, location_id, reason, reference, value, occurred_at, \
                         command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("location_id", rows, |(row, _)| row.location_id.0)
        .column("reason", rows, |(row, _)| row.reason.clone())
        .column("reference", rows, |(row, _)| row.reference.clone())
        .column("value", rows, |(row, _)| row.value.get())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by);
    query.execute(tx).await?;
    Ok(())
}
