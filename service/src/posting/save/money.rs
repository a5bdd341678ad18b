//! Writes payments, till sessions, cash moves, and what customers owe.

use domain::book::Book;
use domain::customer::Exposure;
use domain::id::CustomerId;
use sea_orm::sqlx;

use super::documents::Documents;
use super::{column, word};
use crate::columns::Columns;
use crate::{Error, Tx};

pub(super) async fn write_payments(tx: &Tx, book: &Book, documents: &Documents<'_>) -> Result<(), Error> {
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
                                      occurred_at, command_id, recorded_at) \
                 select $1, v.*, $2 \
                 from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::numeric[], $8::numeric[], \
                             $9::text[], $10::timestamptz[], $11::uuid[]) as v \
                        (id, number, customer_id, method, amount, unapplied, reference, occurred_at, \
                         command_id) \
             ), part as ( \
                 insert into payment_allocation (tenant_id, payment_id, invoice_id, amount) \
                 select $1, v.* from unnest($12::uuid[], $13::uuid[], $14::numeric[]) as v \
                        (payment_id, invoice_id, amount)) \
             update invoice i set open = v.open, version = i.version + 1, updated_at = $2 \
             from (select distinct id, open from unnest($15::uuid[], $16::numeric[]) as given (id, open)) v \
             where i.tenant_id = $1 and i.id = v.id";
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
        .column("payment_id", &parts, |(id, _)| id.0)
        .column("invoice_id", &parts, |(_, part)| part.invoice_id.0)
        .column("amount", &parts, |(_, part)| part.amount.get())
        .column("id", &documents.paid, |id| id.0)
        .column("open", &documents.paid, |id| book.invoices[id].open.get());
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
                                    recorded_at) \
             select $1, v.*, $2 \
             from unnest($3::uuid[], $4::uuid[], $5::text[], $6::numeric[], $7::text[], $8::timestamptz[], \
                         $9::uuid[]) as v \
                        (id, session_id, kind, amount, reason, occurred_at, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("session_id", rows, |(row, _)| row.session_id.0)
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("amount", rows, |(row, _)| row.amount.get())
        .column("reason", rows, |(row, _)| row.reason.clone())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by);
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
