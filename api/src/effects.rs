//! Response to a dry run: the document as it would be, and everything that would be written.

use domain::ledger::EntryLine;
use domain::number::{Money, Quantity};
use serde_json::{Value, json};
use service::posting::DryRun;

use crate::costs;

/// Returns the response to a dry run: `document` as the command would return it, and its `effects`. A caller who may not
/// see costs gets neither the values of stock nor the journal, whose lines state them.
pub fn of(dry_run: &DryRun, sees_costs: bool) -> Value {
    let posting = &dry_run.posting;
    let stock: Vec<Value> = posting
        .movements
        .iter()
        .map(|movement| {
            json!({
                "location_id": movement.key.location_id,
                "product_id": movement.key.product_id,
                "quantity": movement.quantity,
                "value": sees_costs.then_some(movement.value),
            })
        })
        .collect();
    let reserved = |reservation: &domain::stock::Reservation| {
        json!({
            "location_id": reservation.key.location_id,
            "product_id": reservation.key.product_id,
            "line_no": reservation.line_no,
            "quantity": reservation.quantity,
        })
    };
    let traces: Vec<Value> = posting
        .sales_lines
        .iter()
        .map(|line| json!({ "line_no": line.line.line_no, "source": line.line.source, "trace": line.line.trace }))
        .collect();
    let journal: Vec<Value> =
        posting.entries.iter().flat_map(|entry| entry.lines.iter()).map(journal_line).collect();
    let (kind, id) = dry_run.outcome.document();
    let changed =
        (!dry_run.outcome.is_unchanged()).then(|| json!({ "object": kind.object(), "id": kind.encode(id) }));
    let events: Vec<Value> = changed.into_iter().collect();
    let mut document = serde_json::from_str::<Value>(&dry_run.body).unwrap_or_default();
    if !sees_costs && costs::has(&dry_run.body) {
        costs::hide(&mut document);
    }
    json!({
        "object": "dry_run",
        "document": document,
        "effects": {
            "stock": stock,
            "reservations": posting.reservations.iter().map(reserved).collect::<Vec<_>>(),
            "prices": traces,
            "journal": sees_costs.then_some(journal),
            "events": events,
            "totals": {
                "stock_quantity": posting.movements.iter().map(|movement| movement.quantity).sum::<Quantity>(),
                "stock_value": sees_costs.then(|| posting.movements.iter().map(|movement| movement.value).sum::<Money>()),
            },
        },
    })
}

fn journal_line(line: &EntryLine) -> Value {
    json!({
        "account": line.account,
        "debit": line.debit(),
        "credit": line.credit(),
        "channel": line.dimensions.channel,
        "location_id": line.dimensions.location_id,
    })
}
