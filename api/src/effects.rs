//! What a dry run shows: the document as it would be, and everything that would be written.

use domain::ledger::EntryLine;
use domain::number::{Money, Quantity};
use serde_json::{Value, json};
use service::posting::{DryRun, Outcome};

/// What kind of document, its id and its number.
pub fn identity(outcome: &Outcome) -> (&'static str, String, Option<String>) {
    match outcome {
        Outcome::Sale(sale) => ("pos_sale", sale.id.to_string(), Some(sale.number.clone())),
        Outcome::Session(session, _) => ("pos_session", session.id.to_string(), None),
        Outcome::CashMove(change) => ("cash_move", change.id.to_string(), None),
        Outcome::Order(ordered) => {
            ("order", ordered.order.id.to_string(), Some(ordered.order.number.clone()))
        }
        Outcome::CreditNote(note) => ("credit_note", note.id.to_string(), Some(note.number.clone())),
        Outcome::Payment(payment) => ("payment", payment.id.to_string(), Some(payment.number.clone())),
        Outcome::StockDocument(document) => {
            ("stock_document", document.id.to_string(), Some(document.number.clone()))
        }
        Outcome::Hold(hold) => ("hold", hold.id.to_string(), None),
        Outcome::Transfer(transfer) => ("transfer", transfer.id.to_string(), Some(transfer.number.clone())),
        Outcome::Expected(expected) => {
            ("expected_receipt", expected.id.to_string(), Some(expected.number.clone()))
        }
        Outcome::Recall(recall) => ("lot", recall.lot.id.to_string(), Some(recall.lot.code.clone())),
        Outcome::Count(count, _) => ("count", count.id.to_string(), Some(count.number.clone())),
        Outcome::Entry(entry) => ("journal_entry", entry.id.to_string(), None),
    }
}

/// How many lines the document has.
pub fn line_count(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Sale(sale) => sale.lines.len(),
        Outcome::Order(ordered) => ordered.order.lines.len(),
        Outcome::CreditNote(note) => note.lines.len(),
        Outcome::StockDocument(document) => document.lines.len(),
        Outcome::Hold(hold) => hold.lines.len(),
        Outcome::Transfer(transfer) => transfer.lines.len(),
        Outcome::Expected(expected) => expected.lines.len(),
        Outcome::Count(count, _) => count.lines.len(),
        Outcome::Entry(entry) => entry.lines.len(),
        Outcome::Session(..) | Outcome::CashMove(_) | Outcome::Payment(_) | Outcome::Recall(_) => 0,
    }
}

/// The answer to a dry run: `document` as the write would answer it, and its `effects`.
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
    let (kind, id, _) = identity(&dry_run.outcome);
    json!({
        "object": "dry_run",
        "document": serde_json::from_str::<Value>(&dry_run.body).unwrap_or_default(),
        "effects": {
            "stock": stock,
            "reservations": posting.reservations.iter().map(reserved).collect::<Vec<_>>(),
            "prices": traces,
            "journal": journal,
            "events": [{ "object": kind, "id": id }],
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
