//! Writes what a batch decided: one statement for stock, ledger, till sales, facts, events and commands, and one per
//! kind of wholesale document that the batch made. The only code that writes these tables.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::{Book, Posting};
use domain::ledger::{Entry, EntryLine};
use domain::pos::{Sale, Tender};
use domain::refusal::{Code, Refusal};
use domain::sales::SalesLine;
use domain::stock::{Layers, Level, LevelKey, Movement};
use domain::tenant::Channel;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres, Row};
use uuid::Uuid;

use super::{Accepted, Outcome, Recorded, queue_levels};
use crate::{Error, Tx};

mod count;
mod layer;
mod lot;
mod money;
mod negative_stock;
mod order;
mod promise;
mod stock;
mod wholesale;

/// What a book held before anything was decided on it, and what was done before that.
pub(super) struct Before {
    levels: BTreeMap<LevelKey, Level>,
    layers: BTreeMap<LevelKey, Layers>,
    /// What holds that ended by themselves left free, and orders that waited got.
    pub(super) served: Posting,
}

impl Before {
    /// Serves the orders that wait with what was swept, so that whatever is decided next finds their goods taken. It is
    /// written with the batch, also where nothing of that is accepted.
    pub(super) fn serve(book: &mut Book) -> Self {
        let (levels, layers) = (book.levels.clone(), book.layers.clone());
        Before { levels, layers, served: domain::promise::serve_first(book) }
    }
}

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// One column of rows, as an array to bind.
fn column<T, U>(rows: &[T], value: impl Fn(&T) -> U) -> Vec<U> {
    rows.iter().map(value).collect()
}

fn word<T: Into<&'static str>>(value: T) -> &'static str {
    value.into()
}

fn channel(channel: Option<Channel>) -> Option<&'static str> {
    channel.map(word)
}

/// Writes what was accepted and what was answered; answers how many command rows were written. Fewer than were given
/// means that another process finished one of the requests first.
pub(super) async fn write(
    tx: &Tx,
    book: &Book,
    accepted: &[Accepted<'_>],
    recorded: &[Recorded<'_>],
    before: &Before,
) -> Result<i64, Error> {
    let changed: Vec<(LevelKey, Level)> = book
        .levels
        .iter()
        .filter(|(key, level)| before.levels.get(key).is_some_and(|old| old != *level))
        .map(pair)
        .collect();
    let mut fresh: Vec<(LevelKey, Level)> =
        book.levels.iter().filter(|(key, _)| !before.levels.contains_key(key)).map(pair).collect();
    let written: Vec<(LevelKey, Level)> = fresh.iter().chain(&changed).copied().collect();
    fresh.extend(queue_levels::missing(&before.levels, &written));
    fresh.sort_unstable_by_key(|(key, _)| *key);
    let short = negative_stock::short(accepted);
    open_levels(tx, &fresh, &short).await?;
    negative_stock::allow(tx, &short).await?;
    layer::write(tx, &before.layers, &book.layers, accepted).await?;
    if !before.served.allocations.is_empty() || !accepted.iter().all(is_plain_sale) {
        wholesale::write(tx, book, accepted).await?;
        stock::write(tx, accepted, &before.served).await?;
        lot::write(tx, accepted).await?;
        negative_stock::write(tx, accepted).await?;
        count::write(tx, accepted).await?;
        promise::write(tx, book, accepted, before).await?;
    }
    let sales: Vec<(&Sale, Uuid)> = accepted
        .iter()
        .filter_map(|accepted| match &accepted.outcome {
            Outcome::Sale(sale) => Some((sale, accepted.command_id.0)),
            _ => None,
        })
        .collect();
    let facts: Vec<&SalesLine> = accepted.iter().flat_map(|accepted| &accepted.posting.sales_lines).collect();
    let statement = sqlx::query(include_str!("save.sql")).bind(tx.tenant_id.0).bind(tx.now);
    let statement = bind_levels(statement, &changed);
    let statement = bind_series(statement, book);
    let statement = bind_movements(statement, accepted);
    let statement = bind_sales(statement, &sales).bind(&book.setup.settings.currency);
    let statement = bind_tenders(statement, &sales);
    let statement = bind_sales_lines(statement, &facts);
    let statement = bind_entries(statement, accepted);
    let statement = bind_events(statement, tx, (accepted, recorded), &before.served);
    let statement = bind_commands(statement, recorded);
    let statement = statement.bind(column(&facts, |row| row.line.bundle_id.map(|id| id.0)));
    let statement = statement.bind(column(&changed, |(_, level)| level.layered));
    let row = tx.row(statement).await.map_err(key_held)?;
    let row = row.ok_or_else(|| Error::invariant("the save statement answers one row"))?;
    let (commands, levels): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    if levels != changed.len() as i64 {
        return Err(Error::invariant("a locked stock level has vanished"));
    }
    Ok(commands)
}

/// The save statement waits for nobody but another process that is just answering a request with the same key.
fn key_held(error: Error) -> Error {
    if !matches!(error, Error::LockTimeout) {
        return error;
    }
    let detail = "The first request with this Idempotency-Key has not finished yet.";
    Refusal::new(Code::IdempotencyInProgress, detail).into()
}

/// A sale of which the one statement for sales writes everything.
fn is_plain_sale(accepted: &Accepted<'_>) -> bool {
    let is_sale = matches!(&accepted.outcome, Outcome::Sale(sale) if sale.original_id.is_none());
    let posting = &accepted.posting;
    is_sale
        && posting.holds.is_empty()
        && posting.reservations.is_empty()
        && posting.oversold.is_empty()
        && posting.settled.is_empty()
}

fn pair((key, level): (&LevelKey, &Level)) -> (LevelKey, Level) {
    (*key, *level)
}

/// Writes levels of products that were never at a location before. If another process opened one of them meanwhile,
/// what was decided rests on a wrong level: the batch is tried again.
async fn open_levels(tx: &Tx, fresh: &[(LevelKey, Level)], short: &BTreeSet<LevelKey>) -> Result<(), Error> {
    if fresh.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "insert into stock_level (tenant_id, location_id, product_id, lot_id, on_hand, reserved, value, \
                                      last_cost, layered, forced, moved_at) \
             select $1, v.*, $2 \
             from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::numeric[], $7::numeric[], $8::numeric[], \
                         $9::numeric[], $10::boolean[], $11::boolean[]) as v",
        )
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(column(fresh, |(key, _)| key.location_id.0))
        .bind(column(fresh, |(key, _)| key.product_id.0))
        .bind(column(fresh, |(key, _)| key.lot_id.0))
        .bind(column(fresh, |(_, level)| level.on_hand.get()))
        .bind(column(fresh, |(_, level)| level.reserved.get()))
        .bind(column(fresh, |(_, level)| level.value.get()))
        .bind(column(fresh, |(_, level)| level.last_cost.get()))
        .bind(column(fresh, |(_, level)| level.layered))
        .bind(column(fresh, |(key, _)| short.contains(key))),
    )
    .await?;
    Ok(())
}

fn bind_levels<'q>(statement: Statement<'q>, levels: &[(LevelKey, Level)]) -> Statement<'q> {
    statement
        .bind(column(levels, |(key, _)| key.location_id.0))
        .bind(column(levels, |(key, _)| key.product_id.0))
        .bind(column(levels, |(key, _)| key.lot_id.0))
        .bind(column(levels, |(_, level)| level.on_hand.get()))
        .bind(column(levels, |(_, level)| level.reserved.get()))
        .bind(column(levels, |(_, level)| level.value.get()))
        .bind(column(levels, |(_, level)| level.last_cost.get()))
}

fn bind_series<'q>(statement: Statement<'q>, book: &Book) -> Statement<'q> {
    let series: Vec<(&String, &i64)> = book.series.iter().collect();
    statement.bind(column(&series, |(name, _)| (*name).clone())).bind(column(&series, |(_, next)| **next))
}

fn bind_movements<'q>(statement: Statement<'q>, accepted: &[Accepted<'_>]) -> Statement<'q> {
    let rows: Vec<(&Movement, &Accepted<'_>)> = accepted
        .iter()
        .flat_map(|accepted| accepted.posting.movements.iter().map(move |movement| (movement, accepted)))
        .collect();
    statement
        .bind(column(&rows, |(row, _)| row.key.product_id.0))
        .bind(column(&rows, |(row, _)| row.key.location_id.0))
        .bind(column(&rows, |(row, _)| row.key.lot_id.0))
        .bind(column(&rows, |(row, _)| row.id.0))
        .bind(column(&rows, |(row, _)| word(row.kind)))
        .bind(column(&rows, |(row, _)| row.quantity.get()))
        .bind(column(&rows, |(row, _)| row.value.get()))
        .bind(column(&rows, |(row, _)| row.unit_cost.get()))
        .bind(column(&rows, |(row, _)| row.document_kind))
        .bind(column(&rows, |(row, _)| row.document_id))
        .bind(column(&rows, |(row, _)| row.line_no))
        .bind(column(&rows, |(row, _)| channel(row.channel)))
        .bind(column(&rows, |(row, _)| row.reason.clone()))
        .bind(column(&rows, |(row, _)| row.occurred_at))
        .bind(column(&rows, |(_, accepted)| word(accepted.request.entry_mode)))
        .bind(column(&rows, |(_, accepted)| accepted.command_id.0))
}

fn bind_sales<'q>(statement: Statement<'q>, rows: &[(&Sale, Uuid)]) -> Statement<'q> {
    statement
        .bind(column(rows, |(row, _)| row.id.0))
        .bind(column(rows, |(row, _)| row.number.clone()))
        .bind(column(rows, |(row, _)| word(row.kind)))
        .bind(column(rows, |(row, _)| row.register_id.0))
        .bind(column(rows, |(row, _)| row.session_id.0))
        .bind(column(rows, |(row, _)| row.location_id.0))
        .bind(column(rows, |(row, _)| row.customer_id.map(|id| id.0)))
        .bind(column(rows, |(row, _)| row.original_id.map(|id| id.0)))
        .bind(column(rows, |(row, _)| row.country.clone()))
        .bind(column(rows, |(row, _)| row.totals.gross.get()))
        .bind(column(rows, |(row, _)| row.totals.discount.get()))
        .bind(column(rows, |(row, _)| row.totals.net.get()))
        .bind(column(rows, |(row, _)| row.totals.tax.get()))
        .bind(column(rows, |(row, _)| row.rounding.get()))
        .bind(column(rows, |(row, _)| row.total().get()))
        .bind(column(rows, |(row, _)| row.cost().get()))
        .bind(column(rows, |(row, _)| row.business_date))
        .bind(column(rows, |(row, _)| row.occurred_at))
        .bind(column(rows, |(_, command_id)| *command_id))
}

fn bind_tenders<'q>(statement: Statement<'q>, sales: &[(&Sale, Uuid)]) -> Statement<'q> {
    let rows: Vec<(Uuid, i32, &Tender)> = sales
        .iter()
        .flat_map(|(sale, _)| {
            sale.tenders.iter().zip(1..).map(|(tender, line_no)| (sale.id.0, line_no, tender))
        })
        .collect();
    statement
        .bind(column(&rows, |(sale_id, ..)| *sale_id))
        .bind(column(&rows, |(_, line_no, _)| *line_no))
        .bind(column(&rows, |(.., row)| word(row.kind)))
        .bind(column(&rows, |(.., row)| row.amount.get()))
        .bind(column(&rows, |(.., row)| row.tendered.map(|amount| amount.get())))
        .bind(column(&rows, |(.., row)| row.change.map(|amount| amount.get())))
        .bind(column(&rows, |(.., row)| row.reference.clone()))
}

fn bind_sales_lines<'q>(statement: Statement<'q>, rows: &[&SalesLine]) -> Statement<'q> {
    statement
        .bind(column(rows, |row| row.document_id))
        .bind(column(rows, |row| row.line.line_no))
        .bind(column(rows, |row| row.document_kind))
        .bind(column(rows, |row| word(row.channel)))
        .bind(column(rows, |row| row.location_id.0))
        .bind(column(rows, |row| row.customer_id.map(|id| id.0)))
        .bind(column(rows, |row| row.country.clone()))
        .bind(column(rows, |row| row.line.product_id.0))
        .bind(column(rows, |row| row.line.category_id.map(|id| id.0)))
        .bind(column(rows, |row| row.line.description.clone()))
        .bind(column(rows, |row| row.line.uom.clone()))
        .bind(column(rows, |row| row.line.factor.get()))
        .bind(column(rows, |row| row.line.entered.get()))
        .bind(column(rows, |row| row.line.quantity.get()))
        .bind(column(rows, |row| row.line.unit_price.get()))
        .bind(column(rows, |row| row.line.list_price.map(|price| price.get())))
        .bind(column(rows, |row| word(row.line.source)))
        .bind(column(rows, |row| row.line.rule_id.map(|id| id.0)))
        .bind(column(rows, |row| row.line.trace.clone()))
        .bind(column(rows, |row| row.line.gross.get()))
        .bind(column(rows, |row| row.line.discount.get()))
        .bind(column(rows, |row| row.line.net.get()))
        .bind(column(rows, |row| row.line.tax_rate.get()))
        .bind(column(rows, |row| row.line.tax.get()))
        .bind(column(rows, |row| row.cost.get()))
        .bind(column(rows, |row| row.order_id.map(|id| id.0)))
        .bind(column(rows, |row| row.original.map(|(id, _)| id)))
        .bind(column(rows, |row| row.original.map(|(_, line_no)| line_no)))
        .bind(column(rows, |row| row.occurred_at))
}

fn bind_entries<'q>(statement: Statement<'q>, accepted: &[Accepted<'_>]) -> Statement<'q> {
    let entries: Vec<(&Entry, Uuid)> = accepted
        .iter()
        .flat_map(|accepted| accepted.posting.entries.iter().map(|entry| (entry, accepted.command_id.0)))
        .collect();
    let lines: Vec<(&Entry, i32, &EntryLine)> = entries
        .iter()
        .flat_map(|(entry, _)| entry.lines.iter().zip(1..).map(|(line, line_no)| (*entry, line_no, line)))
        .collect();
    statement
        .bind(column(&entries, |(entry, _)| entry.id.0))
        .bind(column(&entries, |(entry, _)| entry.document_kind))
        .bind(column(&entries, |(entry, _)| entry.document_id))
        .bind(column(&entries, |(entry, _)| entry.memo.clone()))
        .bind(column(&entries, |(entry, _)| entry.total.get()))
        .bind(column(&entries, |(entry, _)| entry.occurred_on))
        .bind(column(&entries, |(_, command_id)| *command_id))
        .bind(column(&lines, |(entry, ..)| entry.id.0))
        .bind(column(&lines, |(_, line_no, _)| *line_no))
        .bind(column(&lines, |(.., line)| line.account.clone().into_owned()))
        .bind(column(&lines, |(.., line)| line.debit().get()))
        .bind(column(&lines, |(.., line)| line.credit().get()))
        .bind(column(&lines, |(.., line)| channel(line.dimensions.channel)))
        .bind(column(&lines, |(.., line)| line.dimensions.location_id.map(|id| id.0)))
        .bind(column(&lines, |(.., line)| line.dimensions.party_id))
        .bind(column(&lines, |(entry, ..)| entry.occurred_on))
}

/// One event per accepted command, and one more each where it took goods that were not there, or sold what was not to be
/// sold; finer ones are derived from what it wrote. What a command did to the orders of others is an event of each of these
/// orders; what the batch did before its first command counts as that one's doing.
fn bind_events<'q>(
    statement: Statement<'q>,
    tx: &Tx,
    (accepted, recorded): (&[Accepted<'_>], &[Recorded<'_>]),
    served: &Posting,
) -> Statement<'q> {
    // A dry run records no command, and keeps none of this.
    let first = recorded.first().map_or_else(|| tx.command_id(), |recorded| recorded.command_id);
    let served = promise::first_events(served, accepted).into_iter();
    let served = served.map(|(name, id)| (first.0, name, "order", id));
    let of = |accepted: &Accepted<'_>| {
        let (kind, id) = accepted.outcome.document();
        let (by, name) = (accepted.command_id.0, accepted.request.command.name());
        let short = !accepted.posting.short.is_empty();
        let short = short.then_some((by, "stock.oversold", kind, id));
        let unsellable = accepted.posting.unsellable.then_some((by, "stock.unsellable_sold", kind, id));
        let orders = promise::events(&accepted.posting, Some(id));
        let orders = orders.into_iter().map(move |(name, id)| (by, name, "order", id));
        std::iter::once((by, name, kind, id)).chain(short).chain(unsellable).chain(orders)
    };
    let rows: Vec<(Uuid, &str, &str, Uuid)> = served.chain(accepted.iter().flat_map(of)).collect();
    statement
        .bind(column(&rows, |_| tx.next_id()))
        .bind(column(&rows, |(_, name, ..)| *name))
        .bind(column(&rows, |(by, ..)| *by))
        .bind(column(&rows, |(.., kind, _)| *kind))
        .bind(column(&rows, |(.., id)| *id))
}

fn bind_commands<'q>(statement: Statement<'q>, rows: &[Recorded<'_>]) -> Statement<'q> {
    let key = |row: &Recorded<'_>| row.request.idempotency.clone().filter(|_| row.kept);
    statement
        .bind(column(rows, |row| row.command_id.0))
        .bind(column(rows, |row| row.request.command.name()))
        .bind(column(rows, |row| word(row.request.caller.actor_kind)))
        .bind(column(rows, |row| row.request.caller.actor_id))
        .bind(column(rows, |row| key(row).map(|idempotency| idempotency.key)))
        .bind(column(rows, |row| key(row).map(|idempotency| idempotency.fingerprint.to_vec())))
        .bind(column(rows, |row| row.answer.status as i16))
        .bind(column(rows, |row| row.answer.document_id))
        .bind(column(rows, |row| key(row).map(|_| row.answer.body.clone())))
}
