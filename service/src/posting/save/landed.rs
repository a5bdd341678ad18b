//! Writes landed costs and their lines, and notes reversals: one statement per table, none if the batch has no landed cost.

use domain::id::LandedCostId;
use domain::landed_cost::{LandedCost, LandedLine};
use serde_json::json;
use uuid::Uuid;

use super::word;
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let mut rows: Vec<(&LandedCost, Uuid)> = Vec::new();
    for accepted in accepted {
        if let Outcome::LandedCost(landed) = &accepted.outcome {
            rows.push((landed.as_ref(), accepted.command_id.0));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into landed_cost (tenant_id, id, number, spread_by, reference, reason, value, charges, original_id, \
                                      occurred_at, command_id, recorded_at, updated_at, version) \
             select $1, v.*, $2, $2, 1 \
             from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::jsonb[], \
                         $10::uuid[], $11::timestamptz[], $12::uuid[]) as v \
                        (id, number, spread_by, reference, reason, value, charges, original_id, occurred_at, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", &rows, |(row, _)| row.id.0)
        .column("number", &rows, |(row, _)| row.number.clone())
        .column("spread_by", &rows, |(row, _)| word(row.spread_by))
        .column("reference", &rows, |(row, _)| row.reference.clone())
        .column("reason", &rows, |(row, _)| row.reason.clone())
        .column("value", &rows, |(row, _)| row.value.get())
        .column("charges", &rows, |(row, _)| json!(row.charges))
        .column("original_id", &rows, |(row, _)| row.original_id.map(|id| id.0))
        .column("occurred_at", &rows, |(row, _)| row.occurred_at)
        .column("command_id", &rows, |(_, by)| *by);
    query.execute(tx).await?;
    let lines: Vec<(LandedCostId, &LandedLine)> =
        rows.iter().flat_map(|(row, _)| row.lines.iter().map(|line| (row.id, line))).collect();
    write_lines(tx, &lines).await?;
    let reversals: Vec<(LandedCostId, LandedCostId)> =
        rows.iter().filter_map(|(row, _)| Some((row.original_id?, row.id))).collect();
    note_reversals(tx, &reversals).await
}

async fn write_lines(tx: &Tx, rows: &[(LandedCostId, &LandedLine)]) -> Result<(), Error> {
    let statement = "insert into landed_cost_line (tenant_id, landed_cost_id, line_no, stock_document_id, receipt_line_no, \
                                           product_id, lot_id, location_id, quantity, basis, value, held, held_value) \
             select $1, v.* \
             from unnest($2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::uuid[], $7::uuid[], $8::uuid[], $9::numeric[], \
                         $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[]) as v \
                        (landed_cost_id, line_no, stock_document_id, receipt_line_no, product_id, lot_id, location_id, \
                         quantity, basis, value, held, held_value)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("landed_cost_id", rows, |(id, _)| id.0)
        .column("line_no", rows, |(_, line)| line.line_no)
        .column("stock_document_id", rows, |(_, line)| line.stock_document_id.0)
        .column("receipt_line_no", rows, |(_, line)| line.receipt_line_no)
        .column("product_id", rows, |(_, line)| line.product_id.0)
        .column("lot_id", rows, |(_, line)| line.lot_id.0)
        .column("location_id", rows, |(_, line)| line.location_id.0)
        .column("quantity", rows, |(_, line)| line.quantity.get())
        .column("basis", rows, |(_, line)| line.basis.get())
        .column("value", rows, |(_, line)| line.value.get())
        .column("held", rows, |(_, line)| line.held.get())
        .column("held_value", rows, |(_, line)| line.held_value.get());
    query.execute(tx).await?;
    Ok(())
}

/// Notes which landed costs were reversed, each with its reversal.
async fn note_reversals(tx: &Tx, rows: &[(LandedCostId, LandedCostId)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update landed_cost d \
             set reversed_by_id = v.reversed_by_id, version = d.version + 1, updated_at = $2 \
             from unnest($3::uuid[], $4::uuid[]) as v (id, reversed_by_id) \
             where d.tenant_id = $1 and d.id = v.id";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(id, _)| id.0)
        .column("reversed_by_id", rows, |(_, by)| by.0);
    query.execute(tx).await?;
    Ok(())
}
