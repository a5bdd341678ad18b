//! Writes what a batch decided: one statement for stock, ledger, till sales, sales lines, events and commands, and more
//! only for other documents. No other code writes these tables.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::book::{Book, Posting};
use domain::stock::{Layers, Level, LevelKey};
use domain::tenant::Channel;

use super::{Accepted, Outcome, Recorded, queue_levels};
use crate::columns::Columns;
use crate::{Error, Tx};

mod amendment;
mod batch;
mod bill;
mod clock;
mod count;
mod documents;
mod external_ref;
mod foreign;
mod intent;
mod landed;
mod late;
mod layer;
mod lot;
mod money;
mod negative_stock;
mod order;
mod promise;
mod purchase;
mod stock;
mod tax;
mod voucher;
mod wholesale;

/// Levels and cost layers before the first command, and what was done before it.
pub(super) struct Before {
    levels: BTreeMap<LevelKey, Level>,
    layers: BTreeMap<LevelKey, Layers>,
    /// Allocations of the stock that expired holds released.
    pub(super) served: Posting,
}

impl Before {
    /// Allocates the stock that expired holds released to waiting orders, so that no command of the batch can take it.
    /// It is written with the batch, even if every command is rejected.
    pub(super) fn serve(book: &mut Book) -> Self {
        let (levels, layers) = (book.levels().clone(), book.layers().clone());
        Before { levels, layers, served: domain::promise::allocate_first(book) }
    }
}

/// Returns one column of rows, as an array to bind.
fn column<T, U>(rows: &[T], value: impl Fn(&T) -> U) -> Vec<U> {
    rows.iter().map(value).collect()
}

fn word<T: Into<&'static str>>(value: T) -> &'static str {
    value.into()
}

fn channel(channel: Option<Channel>) -> Option<&'static str> {
    channel.map(word)
}

/// Writes the accepted commands and all command rows. Returns the number of command rows written. If it is lower than
/// the number given, another process finished one of the requests first.
pub(super) async fn write(
    tx: &Tx,
    book: &Book,
    accepted: &[Accepted<'_>],
    recorded: &[Recorded<'_>],
    before: &Before,
) -> Result<i64, Error> {
    let changed: Vec<(LevelKey, Level)> = book
        .levels()
        .iter()
        .filter(|(key, level)| before.levels.get(key).is_some_and(|old| old != *level))
        .map(pair)
        .collect();
    let mut fresh: Vec<(LevelKey, Level)> =
        book.levels().iter().filter(|(key, _)| !before.levels.contains_key(key)).map(pair).collect();
    let written: Vec<(LevelKey, Level)> = fresh.iter().chain(&changed).copied().collect();
    fresh.extend(queue_levels::missing(&before.levels, &written));
    fresh.sort_unstable_by_key(|(key, _)| *key);
    let short = negative_stock::short(book, accepted);
    open_levels(tx, &fresh, (&short, &latest(accepted))).await?;
    negative_stock::allow(tx, &short).await?;
    layer::write(tx, &before.layers, book.layers(), accepted).await?;
    if !before.served.allocations.is_empty() || !accepted.iter().all(is_plain_sale) {
        wholesale::write(tx, book, accepted).await?;
        voucher::write(tx, book, accepted).await?;
        stock::write(tx, accepted, &before.served).await?;
        purchase::write(tx, accepted).await?;
        landed::write(tx, accepted).await?;
        bill::write(tx, accepted).await?;
        lot::write(tx, accepted).await?;
        negative_stock::write(tx, accepted).await?;
        count::write(tx, accepted).await?;
        promise::write(tx, book, accepted, before).await?;
        late::write_sessions(tx, accepted).await?;
        late::write_cash(tx, accepted).await?;
    }
    let rows = batch::Rows::new(tx, book, (accepted, recorded), (&changed, &before.served));
    let commands = rows.save(tx).await?;
    clock::write(tx, accepted).await?;
    external_ref::write(tx, accepted).await?;
    intent::write(tx, accepted).await?;
    tax::write(tx, accepted).await?;
    late::write_exceptions(tx, accepted).await?;
    Ok(commands)
}

/// Whether `post_batch_2` alone writes everything of a sale.
fn is_plain_sale(accepted: &Accepted<'_>) -> bool {
    let is_sale = matches!(&accepted.outcome, Outcome::Sale(sale) if sale.original_id.is_none());
    let posting = &accepted.posting;
    is_sale
        && posting.holds.is_empty()
        && posting.reservations.is_empty()
        && posting.oversold.is_empty()
        && posting.settled.is_empty()
        && posting.voucher_moves.is_empty()
        && posting.late_cash.is_none()
        && posting.offline_session.is_none()
}

fn pair((key, level): (&LevelKey, &Level)) -> (LevelKey, Level) {
    (*key, *level)
}

/// Returns when the latest movement of each level happened.
fn latest(accepted: &[Accepted<'_>]) -> BTreeMap<LevelKey, DateTime<Utc>> {
    let mut latest = BTreeMap::new();
    for row in accepted.iter().flat_map(|accepted| &accepted.posting.movements) {
        let at = latest.entry(row.key).or_insert(row.occurred_at);
        *at = row.occurred_at.max(*at);
    }
    latest
}

/// Creates levels of products that were never at a location before. If another process creates one of them meanwhile,
/// the batch was decided on a wrong level: it is tried again.
async fn open_levels(
    tx: &Tx,
    fresh: &[(LevelKey, Level)],
    (short, latest): (&BTreeSet<LevelKey>, &BTreeMap<LevelKey, DateTime<Utc>>),
) -> Result<(), Error> {
    if fresh.is_empty() {
        return Ok(());
    }
    let statement = "insert into stock_level (tenant_id, location_id, product_id, lot_id, on_hand, reserved, value, \
                         last_cost, layered, forced, latest_at, moved_at) \
         select $1, v.*, $2 \
         from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], \
                     $10::boolean[], $11::boolean[], $12::timestamptz[]) \
             as v (location_id, product_id, lot_id, on_hand, reserved, value, last_cost, layered, forced, latest_at)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("location_id", fresh, |(key, _)| key.location_id.0)
        .column("product_id", fresh, |(key, _)| key.product_id.0)
        .column("lot_id", fresh, |(key, _)| key.lot_id.0)
        .column("on_hand", fresh, |(_, level)| level.on_hand().get())
        .column("reserved", fresh, |(_, level)| level.reserved().get())
        .column("value", fresh, |(_, level)| level.value().get())
        .column("last_cost", fresh, |(_, level)| level.last_cost().get())
        .column("layered", fresh, |(_, level)| level.is_layered())
        .column("forced", fresh, |(key, _)| short.contains(key))
        .column("latest_at", fresh, |(key, _)| latest.get(key).copied().unwrap_or(DateTime::UNIX_EPOCH));
    query.execute(tx).await?;
    Ok(())
}
