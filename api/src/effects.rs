//! Response to a dry run: the document as it would be, and everything that would be written.

use domain::ledger::EntryLine;
use domain::number::{Money, Quantity};
use serde_json::{Value, json};
use service::posting::DryRun;

/// Returns the response to a dry run: `document` as the command would return it, and its `effects`.
pub fn of(dry_run: &DryRun) -> Value {
    let posting = &dry_run.posting;
    let stock: Vec<Value> = posting
        .movements
        .iter()
        .map(|movement| {
            json!({
                "location_id": movement.key.location_id,
                "product_id": movement.key.product_id,
                "quantity": movement.quantity,
                "value": movement.value,
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
    json!({
        "object": "dry_run",
        "document": serde_json::from_str::<Value>(&dry_run.body).unwrap_or_default(),
        "effects": {
            "stock": stock,
            "reservations": posting.reservations.iter().map(reserved).collect::<Vec<_>>(),
            "prices": traces,
            "journal": journal,
            "events": [{ "object": kind.object(), "id": kind.encode(id) }],
            "totals": {
                "stock_quantity": posting.movements.iter().map(|movement| movement.quantity).sum::<Quantity>(),
                "stock_value": posting.movements.iter().map(|movement| movement.value).sum::<Money>(),
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
