//! Writes what forced sales have that our rules would not have, and the cash of sales whose session was closed before.

use std::collections::BTreeMap;

use domain::id::{SaleId, SessionId};
use domain::number::Money;
use domain::pos::SaleException;
use sea_orm::sqlx;
use uuid::Uuid;

use super::word;
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes one row for each exception. Most batches have none, and cost no statement.
pub(super) async fn write_exceptions(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let rows: Vec<(Uuid, SaleId, &SaleException, Uuid)> = accepted
        .iter()
        .filter_map(|accepted| {
            let Outcome::Sale(sale) = &accepted.outcome else { return None };
            Some((sale.id, accepted))
        })
        .flat_map(|(sale_id, accepted)| {
            let by = accepted.command_id.0;
            accepted.posting.exceptions.iter().map(move |exception| (tx.next_id(), sale_id, exception, by))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into sale_exception (tenant_id, id, sale_id, reason, line_no, expected, stated, detail, \
                                                 command_id, recorded_at) \
         select $1, v.*, $2 \
         from unnest($3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::numeric[], $8::numeric[], $9::text[], $10::uuid[]) \
             as v (id, sale_id, reason, line_no, expected, stated, detail, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", &rows, |(id, ..)| *id)
        .column("sale_id", &rows, |(_, sale_id, ..)| sale_id.0)
        .column("reason", &rows, |(.., row, _)| word(row.reason))
        .column("line_no", &rows, |(.., row, _)| row.line_no)
        .column("expected", &rows, |(.., row, _)| row.expected.map(|amount| amount.get()))
        .column("stated", &rows, |(.., row, _)| row.stated.map(|amount| amount.get()))
        .column("detail", &rows, |(.., row, _)| row.detail.clone())
        .column("command_id", &rows, |(.., by)| *by);
    query.execute(tx).await?;
    Ok(())
}

/// Writes the sessions that are made for sales of tills that had none. A sale that another transaction wrote first may have made it.
pub(super) async fn write_sessions(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let statement = "insert into pos_session (tenant_id, id, register_id, status, opening_float, counted, expected, difference, \
                         opened_at, closed_at, command_id) \
                     values ($1, $2, $3, 'closed', 0, 0, 0, 0, $4, $4, $5) on conflict (tenant_id, id) do nothing";
    let made = |accepted: &'_ Accepted<'_>| {
        let session = accepted.posting.offline_session.as_ref()?;
        Some((session.id, session.register_id, session.opened_at, accepted.command_id))
    };
    for (id, register_id, opened_at, by) in accepted.iter().filter_map(made) {
        let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(register_id.0);
        tx.execute(query.bind(opened_at).bind(by.0)).await?;
    }
    Ok(())
}

/// Adds the cash of late sales to their closed sessions, in the order of their ids. Cash that was counted explains a part of what
/// was over. Cash of a sale after the closing is in the drawer besides what was counted.
pub(super) async fn write_cash(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let mut sessions: BTreeMap<SessionId, (Money, Money)> = BTreeMap::new();
    for late in accepted.iter().filter_map(|accepted| accepted.posting.late_cash.as_ref()) {
        let (counted, besides) = sessions.entry(late.session_id).or_default();
        *(if late.correction.is_some() { counted } else { besides }) += late.amount;
    }
    let statement = "update pos_session set expected = expected + $3 + $4, difference = difference - $3, \
                         counted = counted + $4, version = version + 1 \
                     where tenant_id = $1 and id = $2 and status = 'closed'";
    for (id, (counted, besides)) in sessions {
        let query =
            sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(counted.get()).bind(besides.get());
        tx.execute(query).await?;
    }
    Ok(())
}
