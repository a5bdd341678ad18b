//! Writes payments, applications, till sessions, cash moves, and what customers owe.

use std::collections::HashMap;

use domain::book::Book;
use domain::customer::Exposure;
use domain::exchange::Open;
use domain::id::{CustomerId, InvoiceId};
use domain::number::Money;
use domain::open_item::{CreditRef, OpenInvoice};
use domain::payment::{ForeignPayment, Payment};
use sea_orm::sqlx;
use uuid::Uuid;

use super::documents::Documents;
use super::{column, word};
use crate::columns::Columns;
use crate::{Error, Tx};

pub(super) async fn write_payments(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let rows = &documents.payments;
    if rows.is_empty() {
        return Ok(());
    }
    let parts: Vec<_> = rows
        .iter()
        .flat_map(|(payment, _)| payment.allocations.iter().map(|part| (payment.id, part)))
        .collect();
    let statement = "with head as ( \
                 insert into payment (tenant_id, id, number, customer_id, method, amount, unapplied, reference, \
                                      occurred_at, command_id, kind, original_id, reason, session_id, foreign_currency, \
                                      exchange_rate, foreign_amount, foreign_unapplied, recorded_at) \
                 select $1, v.*, $2 \
                 from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::numeric[], $8::numeric[], \
                             $9::text[], $10::timestamptz[], $11::uuid[], $12::text[], $13::uuid[], $14::text[], \
                             $15::uuid[], $16::text[], $17::numeric[], $18::numeric[], $19::numeric[]) as v \
                        (id, number, customer_id, method, amount, unapplied, reference, occurred_at, \
                         command_id, kind, original_id, reason, session_id, foreign_currency, exchange_rate, \
                         foreign_amount, foreign_unapplied)) \
             insert into payment_allocation (tenant_id, payment_id, invoice_id, amount, difference, foreign_amount) \
             select $1, v.* from unnest($20::uuid[], $21::uuid[], $22::numeric[], $23::numeric[], $24::numeric[]) as v \
                    (payment_id, invoice_id, amount, difference, foreign_amount)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("customer_id", rows, |(row, _)| row.customer_id.0)
        .column("method", rows, |(row, _)| word(row.method))
        .column("amount", rows, |(row, _)| row.amount.get())
        .column("unapplied", rows, |(row, _)| row.unapplied.get())
        .column("reference", rows, |(row, _)| row.reference.clone())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by)
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("original_id", rows, |(row, _)| row.original_id.map(|id| id.0))
        .column("reason", rows, |(row, _)| row.reason.clone())
        .column("session_id", rows, |(row, _)| row.session_id.map(|id| id.0))
        .column("foreign_currency", rows, |(row, _)| {
            foreign(row).map(|foreign| foreign.quote.currency.clone())
        })
        .column("exchange_rate", rows, |(row, _)| foreign(row).map(|foreign| foreign.quote.rate.get()))
        .column("foreign_amount", rows, |(row, _)| foreign(row).map(|foreign| foreign.amount.get()))
        .column("foreign_unapplied", rows, |(row, _)| foreign(row).map(|foreign| foreign.unapplied.get()))
        .column("payment_id", &parts, |(id, _)| id.0)
        .column("invoice_id", &parts, |(_, part)| part.invoice_id.0)
        .column("amount", &parts, |(_, part)| part.used.amount.get())
        .column("difference", &parts, |(_, part)| part.used.difference.get())
        .column("foreign_amount", &parts, |(_, part)| part.used.foreign.map(Money::get));
    query.execute(tx).await?;
    Ok(())
}

/// Returns the amounts of a payment in its own currency; none if that is the tenant's.
fn foreign(payment: &Payment) -> Option<&ForeignPayment> {
    payment.foreign.as_ref()
}

/// Writes applications, and every change of what is applied with its document.
pub(super) async fn write_applications(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let (rows, lines) = (&documents.applications, &documents.applied);
    if lines.is_empty() {
        return Ok(());
    }
    let mut numbers: HashMap<Uuid, i32> = HashMap::new();
    let numbered: Vec<_> = lines
        .iter()
        .map(|(document, line)| {
            let line_no = numbers.entry(*document).or_default();
            *line_no += 1;
            (*document, *line_no, *line)
        })
        .collect();
    let statement = "with head as ( \
                 insert into application (tenant_id, id, number, kind, customer_id, amount, occurred_at, command_id, \
                                          recorded_at) \
                 select $1, v.*, $2 \
                 from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::numeric[], $8::timestamptz[], \
                             $9::uuid[]) as v (id, number, kind, customer_id, amount, occurred_at, command_id)) \
             insert into application_line (tenant_id, document_id, line_no, payment_id, credit_note_id, invoice_id, amount, \
                                           difference, foreign_amount) \
             select $1, v.* from unnest($10::uuid[], $11::int[], $12::uuid[], $13::uuid[], $14::uuid[], $15::numeric[], \
                                        $16::numeric[], $17::numeric[]) \
                 as v (document_id, line_no, payment_id, credit_note_id, invoice_id, amount, difference, foreign_amount)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("customer_id", rows, |(row, _)| row.customer_id.0)
        .column("amount", rows, |(row, _)| row.amount().get())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by)
        .column("document_id", &numbered, |(document, ..)| *document)
        .column("line_no", &numbered, |(_, line_no, _)| *line_no)
        .column("payment_id", &numbered, |(.., line)| line.credit.payment_id().map(|id| id.0))
        .column("credit_note_id", &numbered, |(.., line)| line.credit.credit_note_id().map(|id| id.0))
        .column("invoice_id", &numbered, |(.., line)| line.invoice_id.map(|id| id.0))
        .column("amount", &numbered, |(.., line)| line.amount.get())
        .column("difference", &numbered, |(.., line)| line.difference.get())
        .column("foreign_amount", &numbered, |(.., line)| line.foreign.map(Money::get));
    query.execute(tx).await?;
    Ok(())
}

/// Writes the open amounts of the invoices, credit notes and payments that were settled.
pub(super) async fn write_open(tx: &Tx, book: &Book, documents: &Documents<'_>) -> Result<(), Error> {
    let open = |known: &OpenInvoice| Open {
        base: known.open,
        foreign: known.foreign.as_ref().map(|foreign| foreign.open),
    };
    let invoice = |id: &InvoiceId| book.invoices.get(id).map(|known| (id.0, open(known)));
    let mut invoices: Vec<(Uuid, Open)> = documents.settled.iter().filter_map(invoice).collect();
    let mut payments: Vec<(Uuid, Open)> = Vec::new();
    for (credit, known) in documents.credits.iter().filter_map(|id| Some((id, book.credits.get(id)?))) {
        let foreign = known.foreign.as_ref().map(|foreign| foreign.left);
        match credit {
            CreditRef::Payment(id) => payments.push((id.0, Open { base: known.left, foreign })),
            CreditRef::CreditNote(id) => {
                invoices.push((id.0, Open { base: -known.left, foreign: foreign.map(|left| -left) }));
            }
        }
    }
    if invoices.is_empty() && payments.is_empty() {
        return Ok(());
    }
    let statement = "with paid as ( \
                 update payment p set unapplied = v.unapplied, foreign_unapplied = v.foreign_unapplied \
                 from unnest($3::uuid[], $4::numeric[], $5::numeric[]) as v (id, unapplied, foreign_unapplied) \
                 where p.tenant_id = $1 and p.id = v.id) \
             update invoice i set open = v.open, foreign_open = v.foreign_open, version = i.version + 1, updated_at = $2 \
             from unnest($6::uuid[], $7::numeric[], $8::numeric[]) as v (id, open, foreign_open) \
             where i.tenant_id = $1 and i.id = v.id";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", &payments, |(id, _)| *id)
        .column("unapplied", &payments, |(_, left)| left.base.get())
        .column("foreign_unapplied", &payments, |(_, left)| left.foreign.map(Money::get))
        .column("id", &invoices, |(id, _)| *id)
        .column("open", &invoices, |(_, open)| open.base.get())
        .column("foreign_open", &invoices, |(_, open)| open.foreign.map(Money::get));
    query.execute(tx).await?;
    Ok(())
}

/// Opens and closes sessions. A batch may open one and close it again: each is written in order.
pub(super) async fn write_sessions(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    for (session, by) in &documents.sessions {
        let statement = "insert into pos_session (tenant_id, id, register_id, status, opening_float, counted, \
                             expected, difference, opened_at, closed_at, command_id) \
             values ($1, $2, $3, case when $9::timestamptz is null then 'open' else 'closed' end, $4, $5, $6, $7, \
                     $8, $9, $10) \
             on conflict (tenant_id, id) do update \
             set status = excluded.status, counted = excluded.counted, expected = excluded.expected, \
                 difference = excluded.difference, closed_at = excluded.closed_at, \
                 version = pos_session.version + 1";
        let query = Columns::of(statement)
            .value("tenant_id", tx.tenant_id.0)
            .value("id", session.id.0)
            .value("register_id", session.register_id.0)
            .value("opening_float", session.opening_float.get())
            .value("counted", session.counted.map(|amount| amount.get()))
            .value("expected", session.expected.map(|amount| amount.get()))
            .value("difference", session.difference.map(|amount| amount.get()))
            .value("opened_at", session.opened_at)
            .value("closed_at", session.closed_at)
            .value("command_id", by);
        query.execute(tx).await?;
    }
    Ok(())
}

pub(super) async fn write_cash_moves(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let rows = &documents.cash;
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into cash_move (tenant_id, id, session_id, kind, amount, reason, occurred_at, command_id, \
                                    document_kind, document_id, recorded_at) \
             select $1, v.*, $2 \
             from unnest($3::uuid[], $4::uuid[], $5::text[], $6::numeric[], $7::text[], $8::timestamptz[], \
                         $9::uuid[], $10::text[], $11::uuid[]) as v \
                        (id, session_id, kind, amount, reason, occurred_at, command_id, document_kind, document_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("session_id", rows, |(row, _)| row.session_id.0)
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("amount", rows, |(row, _)| row.amount.get())
        .column("reason", rows, |(row, _)| row.reason.clone())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by)
        .column("document_kind", rows, |(row, _)| row.document.map(|(kind, _)| kind.word()))
        .column("document_id", rows, |(row, _)| row.document.map(|(_, id)| id));
    query.execute(tx).await?;
    Ok(())
}

pub(super) async fn write_exposures(tx: &Tx, book: &Book, customers: &[CustomerId]) -> Result<(), Error> {
    let rows: Vec<(CustomerId, Exposure)> =
        customers.iter().filter_map(|id| book.customers.get(id)).map(|row| (row.id, row.exposure)).collect();
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "update customer_account a \
             set receivable = v.receivable, ordered = v.ordered, shipped = v.shipped, unapplied = v.unapplied \
             from unnest($2::uuid[], $3::numeric[], $4::numeric[], $5::numeric[], $6::numeric[]) \
                 as v (customer_id, receivable, ordered, shipped, unapplied) \
             where a.tenant_id = $1 and a.customer_id = v.customer_id",
        )
        .bind(tx.tenant_id.0)
        .bind(column(&rows, |(id, _)| id.0))
        .bind(column(&rows, |(_, row)| row.receivable.get()))
        .bind(column(&rows, |(_, row)| row.ordered.get()))
        .bind(column(&rows, |(_, row)| row.shipped.get()))
        .bind(column(&rows, |(_, row)| row.unapplied.get())),
    )
    .await?;
    Ok(())
}
