//! Writes costs to settle of stock below zero, and their settlements.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::Book;
use domain::negative_stock::{OpenCost, Oversold, SettledCost};
use domain::stock::LevelKey;
use sea_orm::sqlx;
use uuid::Uuid;

use super::{channel, column};
use crate::columns::Columns;
use crate::posting::Accepted;
use crate::{Error, Tx};

/// Returns the levels from which a batch took more than was available, and that it leaves so: below zero, or with more
/// reserved than is on hand. A level that recovered within the batch keeps its constraints.
pub(super) fn short(book: &Book, accepted: &[Accepted<'_>]) -> BTreeSet<LevelKey> {
    let taken = accepted.iter().flat_map(|accepted| accepted.posting.short.iter().copied());
    taken.filter(|key| book.level(key).is_short()).collect()
}

/// Allows known levels to fall below zero. Must run before they do.
pub(super) async fn allow(tx: &Tx, short: &BTreeSet<LevelKey>) -> Result<(), Error> {
    if short.is_empty() {
        return Ok(());
    }
    let keys: Vec<&LevelKey> = short.iter().collect();
    let statement = "update stock_level l set forced = true \
         from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as v (location_id, product_id, lot_id) \
         where l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id \
           and l.lot_id = v.lot_id and not l.forced";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(column(&keys, |key| key.location_id.0))
        .bind(column(&keys, |key| key.product_id.0))
        .bind(column(&keys, |key| key.lot_id.0));
    tx.execute(query).await?;
    Ok(())
}

/// Writes the costs to settle that a batch opened, and its settlements of these and of earlier ones.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let opened: Vec<(&Oversold, Uuid)> = accepted
        .iter()
        .flat_map(|accepted| accepted.posting.oversold.iter().map(|row| (row, accepted.command_id.0)))
        .collect();
    insert(tx, &opened).await?;
    let settled = accepted.iter().flat_map(|accepted| &accepted.posting.settled);
    // The last state of each cost in the batch.
    let settled: BTreeMap<Uuid, &OpenCost> = settled.map(|cost| (cost.id.0, cost)).collect();
    update(tx, &settled.into_values().collect::<Vec<_>>()).await?;
    let taken_back = accepted.iter().flat_map(|accepted| &accepted.posting.taken_back);
    let taken_back: BTreeMap<Uuid, &SettledCost> = taken_back.map(|cost| (cost.id.0, cost)).collect();
    take_back(tx, &taken_back.into_values().collect::<Vec<_>>()).await
}

async fn take_back(tx: &Tx, rows: &[&SettledCost]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update cost_to_settle c set taken_back = v.taken_back \
         from unnest($2::uuid[], $3::numeric[]) as v (id, taken_back) where c.tenant_id = $1 and c.id = v.id";
    let query = Columns::of(statement).bind(tx.tenant_id.0).column("id", rows, |row| row.id.0).column(
        "taken_back",
        rows,
        |row| row.taken_back.get(),
    );
    query.execute(tx).await?;
    Ok(())
}

async fn insert(tx: &Tx, rows: &[(&Oversold, Uuid)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into cost_to_settle (tenant_id, id, location_id, product_id, lot_id, document_kind, \
                         document_id, line_no, channel, quantity, value, open_quantity, open_value, occurred_at, \
                         command_id, recorded_at) \
         select $1, id, location_id, product_id, lot_id, document_kind, document_id, line_no, channel, quantity, \
                value, quantity, value, occurred_at, command_id, $2 \
         from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::uuid[], $9::int[], \
                     $10::text[], $11::numeric[], $12::numeric[], $13::timestamptz[], $14::uuid[]) \
             as v (id, location_id, product_id, lot_id, document_kind, document_id, line_no, channel, quantity, \
                   value, occurred_at, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.cost.id.0)
        .column("location_id", rows, |(row, _)| row.cost.key.location_id.0)
        .column("product_id", rows, |(row, _)| row.cost.key.product_id.0)
        .column("lot_id", rows, |(row, _)| row.cost.key.lot_id.0)
        .column("document_kind", rows, |(row, _)| row.document_kind.word())
        .column("document_id", rows, |(row, _)| row.document_id)
        .column("line_no", rows, |(row, _)| row.line_no)
        .column("channel", rows, |(row, _)| channel(row.cost.channel))
        .column("quantity", rows, |(row, _)| row.cost.quantity.get())
        .column("value", rows, |(row, _)| row.cost.value.get())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by);
    query.execute(tx).await?;
    Ok(())
}

async fn update(tx: &Tx, rows: &[&OpenCost]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update cost_to_settle c \
         set open_quantity = v.open_quantity, open_value = v.open_value, variance = v.variance, \
             settled_at = case when v.open_quantity = 0 then $2 end \
         from unnest($3::uuid[], $4::numeric[], $5::numeric[], $6::numeric[]) \
             as v (id, open_quantity, open_value, variance) \
         where c.tenant_id = $1 and c.id = v.id";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(column(rows, |row| row.id.0))
        .bind(column(rows, |row| row.quantity.get()))
        .bind(column(rows, |row| row.value.get()))
        .bind(column(rows, |row| row.variance.get()));
    if tx.execute(query).await? < rows.len() as u64 {
        return Err(Error::invariant("a cost to settle of a locked level has vanished"));
    }
    Ok(())
}
