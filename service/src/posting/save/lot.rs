//! Writes lots and recalls. Runs no statement if the batch touches none.

use std::collections::BTreeMap;

use domain::id::LotId;
use domain::lot::{Lot, Recall};
use sea_orm::sqlx;
use uuid::Uuid;

use super::{column, word};
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes the lots that a batch made, recalled, or learned an earlier receipt of.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    // The last state of each lot, whether the batch made it, and the last command on it.
    let mut lots: BTreeMap<LotId, (&Lot, bool, Uuid)> = BTreeMap::new();
    for accepted in accepted {
        for lot in &accepted.posting.lots {
            let is_new = lot.version == 1 || lots.get(&lot.id).is_some_and(|(_, is_new, _)| *is_new);
            lots.insert(lot.id, (lot, is_new, accepted.command_id.0));
        }
    }
    let (mut fresh, known): (Vec<_>, Vec<_>) = lots.into_values().partition(|(_, is_new, _)| *is_new);
    // Sorted, so that two batches that make the same lots can't deadlock.
    fresh.sort_by_key(|(lot, ..)| (lot.product_id, lot.code.clone()));
    insert(tx, &fresh).await?;
    update(tx, &known).await?;
    write_recalls(tx, accepted).await
}

async fn insert(tx: &Tx, rows: &[(&Lot, bool, Uuid)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into lot (tenant_id, id, product_id, code, expires_on, supplier_lot, received_from, received_at, \
                              status, version, command_id, updated_at) \
             select $1, v.*, $2 \
             from unnest($3::uuid[], $4::uuid[], $5::text[], $6::date[], $7::text[], $8::text[], $9::timestamptz[], \
                         $10::text[], $11::int[], $12::uuid[]) as v \
                        (id, product_id, code, expires_on, supplier_lot, received_from, received_at, \
                         status, version, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, ..)| row.id.0)
        .column("product_id", rows, |(row, ..)| row.product_id.0)
        .column("code", rows, |(row, ..)| row.code.clone())
        .column("expires_on", rows, |(row, ..)| row.expires_on)
        .column("supplier_lot", rows, |(row, ..)| row.supplier_lot.clone())
        .column("received_from", rows, |(row, ..)| row.received_from.clone())
        .column("received_at", rows, |(row, ..)| row.received_at)
        .column("status", rows, |(row, ..)| word(row.status))
        .column("version", rows, |(row, ..)| row.version)
        .column("command_id", rows, |(.., by)| *by);
    query.execute(tx).await?;
    Ok(())
}

/// Updates the status and the time of the first receipt. Nothing else of a known lot changes here.
async fn update(tx: &Tx, rows: &[(&Lot, bool, Uuid)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "update lot t set status = v.status, received_at = v.received_at, version = v.version, updated_at = $2 \
             from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::int[]) as v (id, status, received_at, version) \
             where t.tenant_id = $1 and t.id = v.id",
        )
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(column(rows, |(row, ..)| row.id.0))
        .bind(column(rows, |(row, ..)| word(row.status)))
        .bind(column(rows, |(row, ..)| row.received_at))
        .bind(column(rows, |(row, ..)| row.version)),
    )
    .await?;
    Ok(())
}

async fn write_recalls(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let rows: Vec<(&Recall, Uuid)> = accepted
        .iter()
        .filter_map(|accepted| {
            let Outcome::Recall(recall) = &accepted.outcome else { return None };
            recall.is_new.then_some((recall.as_ref(), accepted.command_id.0))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "insert into lot_recall (tenant_id, lot_id, reason, recalled_at, command_id) \
             select $1, v.* from unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::uuid[]) as v",
        )
        .bind(tx.tenant_id.0)
        .bind(column(&rows, |(row, _)| row.lot.id.0))
        .bind(column(&rows, |(row, _)| row.reason.clone()))
        .bind(column(&rows, |(row, _)| row.recalled_at))
        .bind(column(&rows, |(_, by)| *by)),
    )
    .await?;
    Ok(())
}
