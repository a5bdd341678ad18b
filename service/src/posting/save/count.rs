//! Writes count sheets, their lines and entries, and when levels were counted.

use std::collections::BTreeMap;

use domain::count::{Count, CountEntry, CountLine};
use domain::stock::LevelKey;
use sea_orm::sqlx;
use uuid::Uuid;

use super::stock::{Latest, Row};
use super::{column, word};
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes the sheets of a batch. The stock documents that they name are written before.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let mut counts: Latest<'_, Count> = Latest::default();
    let mut lines: BTreeMap<(Uuid, i32), &CountLine> = BTreeMap::new();
    let mut entries: Vec<(&CountEntry, Uuid)> = Vec::new();
    for accepted in accepted {
        let by = accepted.command_id.0;
        if let Outcome::Count(count, _) = &accepted.outcome {
            counts.add(count.id.0, count.version, count, by);
        }
        let changed = accepted.posting.count_lines.iter();
        lines.extend(changed.map(|(id, line)| ((id.0, line.line_no), line)));
        entries.extend(accepted.posting.count_entries.iter().map(|entry| (entry, by)));
    }
    let (fresh, known) = counts.parted();
    update(tx, &known).await?;
    insert(tx, &fresh).await?;
    write_lines(tx, &lines.into_iter().collect::<Vec<_>>()).await?;
    write_entries(tx, &entries).await?;
    let anchors = accepted.iter().flat_map(|accepted| accepted.posting.anchors.iter().copied());
    write_anchors(tx, &anchors.collect::<BTreeMap<_, _>>().into_iter().collect::<Vec<_>>()).await
}

async fn update(tx: &Tx, rows: &[Row<'_, Count>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update stock_count c \
         set status = v.status, round = v.round, version = v.version, document_id = v.document_id, \
             reversal_id = v.reversal_id, updated_at = $2 \
         from unnest($3::uuid[], $4::text[], $5::int[], $6::int[], $7::uuid[], $8::uuid[]) \
             as v (id, status, round, version, document_id, reversal_id) \
         where c.tenant_id = $1 and c.id = v.id";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("status", rows, |(row, _)| word(row.status))
        .column("round", rows, |(row, _)| row.round)
        .column("version", rows, |(row, _)| row.version)
        .column("document_id", rows, |(row, _)| row.document_id.map(|id| id.0))
        .column("reversal_id", rows, |(row, _)| row.reversal_id.map(|id| id.0));
    query.execute(tx).await?;
    Ok(())
}

async fn insert(tx: &Tx, rows: &[Row<'_, Count>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into stock_count (tenant_id, id, number, location_id, status, blind, tolerance_percent, \
                         tolerance_value, reference, document_id, round, version, command_id, recorded_at, updated_at) \
         select $1, v.*, $2, $2 \
         from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::boolean[], $8::numeric[], $9::numeric[], \
                     $10::text[], $11::uuid[], $12::int[], $13::int[], $14::uuid[]) as v \
                    (id, number, location_id, status, blind, tolerance_percent, tolerance_value, \
                     reference, document_id, round, version, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("location_id", rows, |(row, _)| row.location_id.0)
        .column("status", rows, |(row, _)| word(row.status))
        .column("blind", rows, |(row, _)| row.blind)
        .column("tolerance_percent", rows, |(row, _)| row.tolerance_percent.map(|percent| percent.get()))
        .column("tolerance_value", rows, |(row, _)| row.tolerance_value.map(|value| value.get()))
        .column("reference", rows, |(row, _)| row.reference.clone())
        .column("document_id", rows, |(row, _)| row.document_id.map(|id| id.0))
        .column("round", rows, |(row, _)| row.round)
        .column("version", rows, |(row, _)| row.version)
        .column("command_id", rows, |(_, by)| *by);
    query.execute(tx).await?;
    Ok(())
}

async fn write_lines(tx: &Tx, rows: &[((Uuid, i32), &CountLine)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into stock_count_line (tenant_id, count_id, line_no, product_id, round, recount, counted, \
                         counted_at, expected, posted_quantity, posted_value, superseded, lot_code, expires_on, \
                         stands, earlier_counted_at, taken_off_quantity, taken_off_value) \
         select $1, v.* \
         from unnest($2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::boolean[], $7::numeric[], $8::timestamptz[], \
                     $9::numeric[], $10::numeric[], $11::numeric[], $12::boolean[], $13::text[], $14::date[], \
                     $15::boolean[], $16::timestamptz[], $17::numeric[], $18::numeric[]) as v \
                    (count_id, line_no, product_id, round, recount, counted, counted_at, expected, \
                     posted_quantity, posted_value, superseded, lot_code, expires_on, stands, earlier_counted_at, \
                     taken_off_quantity, taken_off_value) \
         on conflict (tenant_id, count_id, line_no) do update \
         set round = excluded.round, recount = excluded.recount, counted = excluded.counted, \
             counted_at = excluded.counted_at, expected = excluded.expected, \
             posted_quantity = excluded.posted_quantity, posted_value = excluded.posted_value, \
             superseded = excluded.superseded, expires_on = excluded.expires_on, stands = excluded.stands, \
             earlier_counted_at = excluded.earlier_counted_at, \
             taken_off_quantity = excluded.taken_off_quantity, taken_off_value = excluded.taken_off_value";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("count_id", rows, |((id, _), _)| *id)
        .column("line_no", rows, |(_, row)| row.line_no)
        .column("product_id", rows, |(_, row)| row.product_id.0)
        .column("round", rows, |(_, row)| row.round)
        .column("recount", rows, |(_, row)| row.recount)
        .column("counted", rows, |(_, row)| row.counted.map(|quantity| quantity.get()))
        .column("counted_at", rows, |(_, row)| row.counted_at)
        .column("expected", rows, |(_, row)| row.expected.map(|quantity| quantity.get()))
        .column("posted_quantity", rows, |(_, row)| row.posted.map(|(quantity, _)| quantity.get()))
        .column("posted_value", rows, |(_, row)| row.posted.map(|(_, value)| value.get()))
        .column("superseded", rows, |(_, row)| row.superseded)
        .column("lot_code", rows, |(_, row)| row.lot.as_ref().map(|lot| lot.code.clone()))
        .column("expires_on", rows, |(_, row)| row.lot.as_ref().and_then(|lot| lot.expires_on))
        .column("stands", rows, |(_, row)| row.anchor.map(|anchor| anchor.stands))
        .column("earlier_counted_at", rows, |(_, row)| row.anchor.and_then(|anchor| anchor.earlier))
        .column("taken_off_quantity", rows, |(_, row)| row.anchor.map(|anchor| anchor.taken_off.0.get()))
        .column("taken_off_value", rows, |(_, row)| row.anchor.map(|anchor| anchor.taken_off.1.get()));
    query.execute(tx).await?;
    Ok(())
}

async fn write_entries(tx: &Tx, rows: &[(&CountEntry, Uuid)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into stock_count_entry (tenant_id, id, count_id, line_no, round, uom, entered, factor, \
                         quantity, replaces, counted_at, command_id, recorded_at) \
         select $1, v.*, $2 \
         from unnest($3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::text[], $8::numeric[], $9::numeric[], \
                     $10::numeric[], $11::boolean[], $12::timestamptz[], $13::uuid[]) as v \
                    (id, count_id, line_no, round, uom, entered, factor, quantity, replaces, counted_at, \
                     command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |_| tx.next_id())
        .column("count_id", rows, |(row, _)| row.count_id.0)
        .column("line_no", rows, |(row, _)| row.line_no)
        .column("round", rows, |(row, _)| row.round)
        .column("uom", rows, |(row, _)| row.uom.clone())
        .column("entered", rows, |(row, _)| row.entered.get())
        .column("factor", rows, |(row, _)| row.factor.get())
        .column("quantity", rows, |(row, _)| row.quantity.get())
        .column("replaces", rows, |(row, _)| row.replaces)
        .column("counted_at", rows, |(row, _)| row.counted_at)
        .column("command_id", rows, |(_, by)| *by);
    query.execute(tx).await?;
    Ok(())
}

async fn write_anchors(
    tx: &Tx,
    rows: &[(LevelKey, Option<chrono::DateTime<chrono::Utc>>)],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update stock_level l set counted_at = v.counted_at \
         from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) \
             as v (location_id, product_id, lot_id, counted_at) \
         where l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id \
           and l.lot_id = v.lot_id";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(column(rows, |(key, _)| key.location_id.0))
        .bind(column(rows, |(key, _)| key.product_id.0))
        .bind(column(rows, |(key, _)| key.lot_id.0))
        .bind(column(rows, |(_, at)| *at));
    if tx.execute(query).await? < rows.len() as u64 {
        return Err(Error::invariant("a counted level has vanished"));
    }
    Ok(())
}
