//! The feed of events: what happened in a tenant, in an order that never changes, and that nothing joins later.
//!
//! Ids and clocks can't order it: a transaction that began first may commit last, and a reader who has seen the second
//! would never see the first. An event's position is no lower than the id of the transaction that wrote it, and a reader
//! stays below the oldest transaction that is still open: everything below is there, or will never be.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CommandId, EventId};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::listing::Listing;
use crate::{Error, Tx};

/// How many events one page looks through for those that are wanted.
pub const SCAN_MAX: i64 = 10_000;

/// How long after it ended something may be told to those who listen.
const LATENESS_MAX: TimeDelta = TimeDelta::minutes(1);
/// How far back what ended by itself is told to who comes back.
const ENDED_MAX: TimeDelta = TimeDelta::days(1);

/// What a command did.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Where it stands in the feed.
    pub place: Place,
    /// What happened, such as `order.confirmed`.
    pub kind: String,
    /// The command that did it.
    pub command_id: CommandId,
    /// The kind of document or record that it is about.
    pub document_kind: String,
    /// That document or record.
    pub document_id: Uuid,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
}

/// A place in the feed of a tenant: behind the event with this position, place in the log, and id. It tells how much all
/// tenants write, so it never leaves the house in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Place(pub i64, pub i64, pub Uuid);

impl Place {
    /// Before everything at `position`.
    pub fn before(position: i64) -> Self {
        Place(position, 0, Uuid::nil())
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of one of these types, in which `*` stands for anything; of every type, if there are none.
    pub kinds: Vec<String>,
    /// About this document or record.
    pub document_id: Option<Uuid>,
}

impl Filter {
    /// Whether an event is wanted.
    pub fn matches(&self, event: &Event) -> bool {
        let kind = self.kinds.is_empty() || self.kinds.iter().any(|pattern| fits(pattern, &event.kind));
        kind && self.document_id.is_none_or(|id| id == event.document_id)
    }
}

/// One page of the feed.
#[derive(Debug)]
pub struct Feed {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// Where to go on.
    pub end: Place,
    /// Whether there is more to read right now.
    pub has_more: bool,
}

/// Below which position the feed is complete, as [`horizon`] says.
pub(crate) const HORIZON: &str =
    "select event_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// Below which position the feed is complete: that of the oldest transaction that is still open, in any tenant.
pub async fn horizon(tx: &Tx) -> Result<i64, Error> {
    let row =
        tx.row(sqlx::query(HORIZON)).await?.ok_or_else(|| Error::invariant("a snapshot has a horizon"))?;
    Ok(row.try_get(0)?)
}

/// Whether anything that can be seen was written at this position or later.
pub(crate) async fn any_from(tx: &Tx, position: i64) -> Result<bool, Error> {
    let query = sqlx::query("select 1 from event where tenant_id = $1 and position >= $2 limit 1");
    Ok(tx.row(query.bind(tx.tenant_id.0).bind(position)).await?.is_some())
}

/// Since when a listener who has heard everything up to `place` may not have been told what ends by itself: a while
/// before the last event that it heard, and no longer ago than a day.
pub(crate) async fn told_by(tx: &Tx, place: Place) -> Result<DateTime<Utc>, Error> {
    let query = sqlx::query(
        "select occurred_at from event where tenant_id = $1 and (position, written, id) <= ($2, $3, $4) \
         order by position desc, written desc, id desc limit 1",
    );
    let row = tx.row(query.bind(tx.tenant_id.0).bind(place.0).bind(place.1).bind(place.2)).await?;
    let earliest = tx.now - ENDED_MAX;
    let last: Option<DateTime<Utc>> = row.map(|row| row.try_get(0)).transpose()?;
    Ok(last.map_or(earliest, |last| (last - LATENESS_MAX).max(earliest)))
}

/// The events behind `after`, at most `rows` of them. A page that looked through [`SCAN_MAX`] events has fewer, perhaps
/// none, and says that there is more.
pub async fn list(tx: &Tx, filter: &Filter, after: Place, rows: usize) -> Result<Feed, Error> {
    let horizon = Place::before(horizon(tx).await?);
    let limit = match filter.kinds.is_empty() || filter.document_id.is_some() {
        true => None,
        false => scanned_to(tx, after, horizon).await?,
    };
    let query = Listing::new(tx, SELECT).with("e.position < ", Some(horizon.0));
    let query = place(query.sql(" and (e.position, e.written, e.id) > ("), after);
    let query = query.with("e.document_id = ", filter.document_id);
    let query = match limit {
        Some(end) => place(query.sql(" and (e.position, e.written, e.id) <= ("), end),
        None => query,
    };
    let query = match filter.kinds.is_empty() {
        true => query,
        false => query.sql(" and e.kind like any(").bind(like(&filter.kinds)).sql(")"),
    };
    let query = query.sql(" order by e.position, e.written, e.id limit ").bind(rows as i64 + 1);
    let mut events = query.rows(tx).await?.iter().map(event).collect::<Result<Vec<Event>, Error>>()?;
    let is_full = events.len() > rows;
    events.truncate(rows);
    let end = match (events.last(), limit) {
        (Some(last), _) if is_full => last.place,
        (_, Some(end)) => end,
        // A horizon never falls, but a place of another server may lie beyond it.
        _ => horizon.max(after),
    };
    Ok(Feed { events, end, has_more: is_full || limit.is_some() })
}

/// The values of a comparison with a place, and its end.
fn place(query: Listing, place: Place) -> Listing {
    query.bind(place.0).sql(", ").bind(place.1).sql(", ").bind(place.2).sql(")")
}

const SELECT: &str = "select e.position, e.written, e.id, e.kind, e.command_id, e.document_kind, e.document_id, \
        coalesce(s.occurred_at, d.occurred_at, p.occurred_at, e.occurred_at) as occurred_at, \
        e.occurred_at as recorded_at \
     from event e \
     left join pos_sale s on s.tenant_id = e.tenant_id and s.id = e.document_id \
     left join stock_document d on d.tenant_id = e.tenant_id and d.id = e.document_id \
     left join payment p on p.tenant_id = e.tenant_id and p.id = e.document_id \
     where e.tenant_id = ";

/// The place of the last event that a page looks at; none where it gets to the end of the feed.
async fn scanned_to(tx: &Tx, after: Place, horizon: Place) -> Result<Option<Place>, Error> {
    let query = sqlx::query(
        "select position, written, id from event \
         where tenant_id = $1 and (position, written, id) > ($2, $3, $4) and position < $5 \
         order by position, written, id limit 1 offset $6",
    );
    let query = query.bind(tx.tenant_id.0).bind(after.0).bind(after.1).bind(after.2);
    let row = tx.row(query.bind(horizon.0).bind(SCAN_MAX - 1)).await?;
    row.map(|row| Ok(Place(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).transpose()
}

/// Patterns with `*` as patterns of SQL.
fn like(patterns: &[String]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.replace('_', "\\_").replace('*', "%")).collect()
}

/// Whether a pattern with `*` fits all of `text`.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|at| tail.is_char_boundary(at) && fits(rest, &tail[at..]))
        }),
    }
}

fn event(row: &PgRow) -> Result<Event, Error> {
    let id: Uuid = row.try_get("id")?;
    Ok(Event {
        id: EventId(id),
        place: Place(row.try_get("position")?, row.try_get("written")?, id),
        kind: row.try_get("kind")?,
        command_id: CommandId(row.try_get("command_id")?),
        document_kind: row.try_get("document_kind")?,
        document_id: row.try_get("document_id")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in [
            ("order.confirmed", "order.confirmed"),
            ("order.*", "order.confirmed"),
            ("*.deleted", "tax_rate.deleted"),
            ("*", "order.confirmed"),
            ("*order*", "order.confirmed"),
            ("o*.*ed", "order.confirmed"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("order", "order.confirmed"),
            ("order.*", "orders.confirmed"),
            ("*.deleted", "a.deleted.b"),
            ("", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn an_underline_is_no_wildcard() {
        assert_eq!(like(&["pos_sale.*".to_owned()]), ["pos\\_sale.%"]);
    }
}
