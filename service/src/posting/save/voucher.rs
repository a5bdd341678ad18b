//! Writes vouchers and the changes of their balances.

use std::collections::{BTreeMap, HashMap};

use domain::book::Book;
use domain::id::VoucherId;
use domain::voucher::Voucher;

use super::word;
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes the vouchers that a batch issued, redeemed or gave back into, each in its last state.
pub(super) async fn write(tx: &Tx, book: &Book, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let moves: Vec<_> = accepted
        .iter()
        .flat_map(|accepted| {
            accepted.posting.voucher_moves.iter().map(|change| (change, accepted.command_id.0))
        })
        .collect();
    if moves.is_empty() {
        return Ok(());
    }
    let methods: HashMap<VoucherId, &'static str> = accepted.iter().filter_map(method).collect();
    let known: BTreeMap<VoucherId, &Voucher> =
        book.vouchers.values().map(|voucher| (voucher.id, voucher)).collect();
    let mut rows: Vec<&Voucher> =
        moves.iter().filter_map(|(change, _)| known.get(&change.voucher_id)).copied().collect();
    rows.sort_unstable_by_key(|voucher| voucher.id);
    rows.dedup_by_key(|voucher| voucher.id);
    let statement = "with head as ( \
                 insert into voucher (tenant_id, id, code, status, customer_id, method, issued, redeemed, balance, \
                                      expires_on, forced, version, recorded_at, updated_at) \
                 select $1, v.id, v.code, v.status, v.customer_id, v.method, v.issued, v.redeemed, \
                        v.issued - v.redeemed, v.expires_on, v.forced, v.version, $2, $2 \
                 from unnest($3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::numeric[], $9::numeric[], \
                             $10::date[], $11::boolean[], $12::integer[]) as v \
                        (id, code, status, customer_id, method, issued, redeemed, expires_on, forced, version) \
                 on conflict (tenant_id, id) do update \
                 set customer_id = excluded.customer_id, method = coalesce(excluded.method, voucher.method), \
                     issued = excluded.issued, redeemed = excluded.redeemed, balance = excluded.balance, \
                     expires_on = excluded.expires_on, forced = excluded.forced, version = excluded.version, \
                     updated_at = excluded.updated_at) \
             insert into voucher_move (tenant_id, voucher_id, document_id, document_kind, amount, occurred_at, \
                                       command_id, recorded_at) \
             select $1, v.*, $2 \
             from unnest($13::uuid[], $14::uuid[], $15::text[], $16::numeric[], $17::timestamptz[], $18::uuid[]) as v \
                    (voucher_id, document_id, document_kind, amount, occurred_at, command_id)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", &rows, |row| row.id.0)
        .column("code", &rows, |row| row.code.clone())
        .column("status", &rows, |row| word(row.status))
        .column("customer_id", &rows, |row| row.customer_id.map(|id| id.0))
        .column("method", &rows, |row| methods.get(&row.id).copied())
        .column("issued", &rows, |row| row.issued.get())
        .column("redeemed", &rows, |row| row.redeemed.get())
        .column("expires_on", &rows, |row| row.expires_on)
        .column("forced", &rows, |row| row.forced)
        .column("version", &rows, |row| row.version)
        .column("voucher_id", &moves, |(change, _)| change.voucher_id.0)
        .column("document_id", &moves, |(change, _)| change.document.1)
        .column("document_kind", &moves, |(change, _)| change.document.0.word())
        .column("amount", &moves, |(change, _)| change.amount.get())
        .column("occurred_at", &moves, |(change, _)| change.occurred_at)
        .column("command_id", &moves, |(_, by)| *by);
    query.execute(tx).await?;
    Ok(())
}

fn method(accepted: &Accepted<'_>) -> Option<(VoucherId, &'static str)> {
    let Outcome::Voucher(issued) = &accepted.outcome else { return None };
    Some((issued.voucher.id, word(issued.method?)))
}
