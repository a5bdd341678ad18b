//! Writes backorders: what waits on the levels, allocations to lines, and the pegs of promises. Each costs one
//! statement, or none if nothing changed.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::{Book, Posting};
use domain::expected_receipt::Source;
use domain::id::OrderId;
use domain::number::Quantity;
use domain::order::{Change, OrderLine};
use domain::promise::{Allocation, Peg, Pegged};
use domain::stock::{Level, LevelKey};
use sea_orm::sqlx;
use uuid::Uuid;

use super::{Before, column};
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes all of it. The orders, levels and supplies that it names are written before.
pub(super) async fn write(
    tx: &Tx,
    book: &Book,
    accepted: &[Accepted<'_>],
    before: &Before,
) -> Result<(), Error> {
    write_waiting(tx, book, &before.levels).await?;
    write_allocations(tx, &allocations(&before.served, accepted)).await?;
    let pegged: Vec<&Pegged> = accepted.iter().flat_map(|accepted| &accepted.posting.pegs).collect();
    let pegged = last_of_each(pegged);
    unpeg(tx, &unpegged(&pegged, &before.served, accepted)).await?;
    // A later command of the batch may have filled or removed the line.
    let waits = |line: &&&Pegged| {
        let order = book.orders.get(&line.order_id);
        order.is_some_and(|order| {
            let is_it = |row: &&OrderLine| row.line.line_no == line.line_no;
            order.lines.iter().find(is_it).is_some_and(|row| row.backordered.is_positive())
        })
    };
    let pegs: Vec<(&Pegged, i32, &Peg)> = pegged
        .iter()
        .filter(waits)
        .flat_map(|line| line.pegs.iter().zip(1..).map(move |(peg, peg_no)| (*line, peg_no, peg)))
        .collect();
    write_pegs(tx, &pegs).await
}

/// Returns the events of orders other than the command's own document: stock was allocated to them, or their promise
/// broke.
pub(super) fn events(posting: &Posting, own: Option<Uuid>) -> Vec<(&'static str, Uuid)> {
    let served: BTreeSet<Uuid> = posting.allocations.iter().map(|row| row.order_id.0).collect();
    let served = served.into_iter().map(|id| ("order.allocated", id));
    let broken = posting.broken.iter().map(|id| ("order.promise_broken", id.0));
    served.chain(broken).filter(|(_, id)| Some(*id) != own).collect()
}

/// Returns the events of what was done to orders before the first command, except those that a command writes itself.
pub(super) fn first_events(served: &Posting, accepted: &[Accepted<'_>]) -> Vec<(&'static str, Uuid)> {
    let tells = |accepted: &Accepted<'_>, (name, id): (&str, Uuid)| {
        accepted.request.command.name() == name && accepted.outcome.document().1 == id
    };
    let mut events = events(served, None);
    events.retain(|event| !accepted.iter().any(|accepted| tells(accepted, *event)));
    events
}

async fn write_waiting(tx: &Tx, book: &Book, before: &BTreeMap<LevelKey, Level>) -> Result<(), Error> {
    let was = |key: &LevelKey| before.get(key).map_or(Quantity::ZERO, |level| level.backordered());
    let rows: Vec<(LevelKey, Quantity)> = book
        .levels()
        .iter()
        .filter(|(key, level)| was(key) != level.backordered())
        .map(|(key, level)| (*key, level.backordered()))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "update stock_level l set backordered = v.backordered \
             from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::numeric[]) \
                 as v (location_id, product_id, lot_id, backordered) \
             where l.tenant_id = $1 and l.location_id = v.location_id and l.product_id = v.product_id \
               and l.lot_id = v.lot_id",
        )
        .bind(tx.tenant_id.0)
        .bind(column(&rows, |(key, _)| key.location_id.0))
        .bind(column(&rows, |(key, _)| key.product_id.0))
        .bind(column(&rows, |(key, _)| key.lot_id.0))
        .bind(column(&rows, |(_, backordered)| backordered.get())),
    )
    .await?;
    Ok(())
}

/// Returns the last allocation of the batch to each line. Orders that a later command of the batch changed have been
/// written with all of their lines.
fn allocations<'a>(served: &'a Posting, accepted: &'a [Accepted<'a>]) -> Vec<&'a Allocation> {
    let at = |allocation: &'a Allocation| ((allocation.order_id, allocation.line_no), allocation);
    let mut last: BTreeMap<(OrderId, i32), &Allocation> = served.allocations.iter().map(at).collect();
    for accepted in accepted {
        last.extend(accepted.posting.allocations.iter().map(at));
        if let Outcome::Order(ordered) = &accepted.outcome
            && ordered.change != Change::Unchanged
        {
            last.retain(|(id, _), _| *id != ordered.order.id);
        }
    }
    last.into_values().collect()
}

/// Writes allocations to lines, and deletes the pegs of those that are filled.
async fn write_allocations(tx: &Tx, rows: &[&Allocation]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "with filled as ( \
                 delete from peg p using unnest($2::uuid[], $3::int[], $5::numeric[]) as v (order_id, line_no, backordered) \
                 where p.tenant_id = $1 and p.order_id = v.order_id and p.line_no = v.line_no and v.backordered = 0) \
             update sales_order_line l \
             set reserved = v.reserved, backordered = v.backordered, \
                 backordered_at = case when v.backordered > 0 then l.backordered_at end, \
                 promised_on = case when v.backordered > 0 then l.promised_on end \
             from unnest($2::uuid[], $3::int[], $4::numeric[], $5::numeric[]) \
                 as v (order_id, line_no, reserved, backordered) \
             where l.tenant_id = $1 and l.order_id = v.order_id and l.line_no = v.line_no",
        )
        .bind(tx.tenant_id.0)
        .bind(column(rows, |row| row.order_id.0))
        .bind(column(rows, |row| row.line_no))
        .bind(column(rows, |row| row.reserved.get()))
        .bind(column(rows, |row| row.backordered.get())),
    )
    .await?;
    // Orders are locked before levels. A transaction that holds one of these orders now waits for a level of this
    // batch, and will increase the order's version itself. So locked orders are skipped.
    tx.execute(
        sqlx::query(
            "update sales_order set version = version + 1, updated_at = $2 \
             where tenant_id = $1 and id in ( \
                 select id from sales_order where tenant_id = $1 and id = any($3) order by id for update skip locked)",
        )
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(column(rows, |row| row.order_id.0)),
    )
    .await?;
    Ok(())
}

/// Returns the last promise of the batch for each line.
fn last_of_each(pegged: Vec<&Pegged>) -> Vec<&Pegged> {
    let last: BTreeMap<(OrderId, i32), &Pegged> =
        pegged.into_iter().map(|line| ((line.order_id, line.line_no), line)).collect();
    last.into_values().collect()
}

/// Returns the lines whose earlier pegs end: those with a new promise, and those that the batch filled of orders that it changed. A line
/// of another order loses its pegs when its allocation is written.
fn unpegged(pegged: &[&Pegged], served: &Posting, accepted: &[Accepted<'_>]) -> Vec<(OrderId, i32)> {
    let changed = |accepted: &Accepted<'_>| {
        if let Outcome::Order(ordered) = &accepted.outcome
            && ordered.change != Change::Unchanged
        {
            Some(ordered.order.id)
        } else {
            None
        }
    };
    let changed: BTreeSet<OrderId> = accepted.iter().filter_map(changed).collect();
    let given = accepted.iter().flat_map(|accepted| &accepted.posting.allocations);
    let filled = served
        .allocations
        .iter()
        .chain(given)
        .filter(|row| row.backordered.is_zero() && changed.contains(&row.order_id))
        .map(|row| (row.order_id, row.line_no));
    let promised = pegged.iter().map(|line| (line.order_id, line.line_no));
    promised.chain(filled).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Deletes the pegs of earlier promises.
async fn unpeg(tx: &Tx, rows: &[(OrderId, i32)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "delete from peg p using unnest($2::uuid[], $3::int[]) as v (order_id, line_no) \
                     where p.tenant_id = $1 and p.order_id = v.order_id and p.line_no = v.line_no";
    let query = sqlx::query(statement).bind(tx.tenant_id.0);
    let query = query.bind(column(rows, |(id, _)| id.0)).bind(column(rows, |(_, line_no)| *line_no));
    tx.execute(query).await?;
    Ok(())
}

async fn write_pegs(tx: &Tx, rows: &[(&Pegged, i32, &Peg)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let expected = |peg: &Peg| match peg.supply.source {
        Source::Expected(id, _) => Some(id.0),
        Source::Transfer(..) | Source::Purchase(..) => None,
    };
    let transfer = |peg: &Peg| match peg.supply.source {
        Source::Transfer(id, _) => Some(id.0),
        Source::Expected(..) | Source::Purchase(..) => None,
    };
    let purchase = |peg: &Peg| match peg.supply.source {
        Source::Purchase(id, _) => Some(id.0),
        Source::Expected(..) | Source::Transfer(..) => None,
    };
    let line_no = |peg: &Peg| match peg.supply.source {
        Source::Expected(_, line_no) | Source::Transfer(_, line_no) | Source::Purchase(_, line_no) => line_no,
    };
    let statement = "insert into peg (tenant_id, order_id, line_no, peg_no, expected_receipt_id, transfer_id, \
                              purchase_order_id, supply_line_no, quantity, expected_on) \
             select $1, v.* \
             from unnest($2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int[], \
                         $9::numeric[], $10::date[]) as v \
                        (order_id, line_no, peg_no, expected_receipt_id, transfer_id, purchase_order_id, \
                         supply_line_no, quantity, expected_on)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("order_id", rows, |(line, ..)| line.order_id.0)
        .column("line_no", rows, |(line, ..)| line.line_no)
        .column("peg_no", rows, |(_, peg_no, _)| *peg_no)
        .column("expected_receipt_id", rows, |(.., peg)| expected(peg))
        .column("transfer_id", rows, |(.., peg)| transfer(peg))
        .column("purchase_order_id", rows, |(.., peg)| purchase(peg))
        .column("supply_line_no", rows, |(.., peg)| line_no(peg))
        .column("quantity", rows, |(.., peg)| peg.quantity.get())
        .column("expected_on", rows, |(.., peg)| peg.supply.on);
    query.execute(tx).await?;
    Ok(())
}
