//! The feed of events: what happened in a tenant. Its order never changes, and no event is inserted later.
//!
//! Neither ids nor clocks give such an order. A transaction that began first may commit last, so a reader that has
//! seen the second one would miss the first. The position of an event is therefore at least the id of the transaction
//! that wrote it. A reader stays below the oldest open transaction: everything below it is committed or will never
//! exist.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CommandId, EventId};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::listing::Listing;
use crate::{Error, Tx};

/// Most events that one page reads to find those that match.
pub const SCAN_MAX: i64 = 10_000;

/// Longest time after an expiry at which its change may still be reported to listeners.
const LATENESS_MAX: TimeDelta = TimeDelta::minutes(1);
/// Oldest expiry that is reported to a listener that reconnects.
const ENDED_MAX: TimeDelta = TimeDelta::days(1);

/// An event of a command.
#[derive(Debug, Clone)]
pub struct Event {
    pub id: EventId,
    pub place: FeedPosition,
    /// Such as `order.confirmed`.
    pub kind: String,
    pub command_id: CommandId,
    /// The kind of document or record.
    pub document_kind: String,
    pub document_id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

/// A place in a tenant's feed, after the event with this position, sequence in the log, and id. It reveals how much
/// all tenants write, so it is never sent in clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct FeedPosition(pub i64, pub i64, pub Uuid);

impl FeedPosition {
    /// Returns the place before all events at `position`.
    pub fn before(position: i64) -> Self {
        FeedPosition(position, 0, Uuid::nil())
    }

    /// Reads the place of the event in a row.
    pub(crate) fn read(row: &PgRow) -> Result<Self, Error> {
        Ok(FeedPosition(row.try_get("position")?, row.try_get("written")?, row.try_get("id")?))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Types, in which `*` matches any text; all types if empty.
    pub kinds: Vec<String>,
    pub document_id: Option<Uuid>,
}

impl Filter {
    /// Whether an event passes the filter.
    pub fn matches(&self, event: &Event) -> bool {
        let kind =
            self.kinds.is_empty() || self.kinds.iter().any(|pattern| matches_pattern(pattern, &event.kind));
        kind && self.document_id.is_none_or(|id| id == event.document_id)
    }
}

/// One page of the feed.
#[derive(Debug)]
pub struct Feed {
    /// Oldest first.
    pub events: Vec<Event>,
    /// Place from which to go on.
    pub end: FeedPosition,
    /// Whether more events can be read now.
    pub has_more: bool,
}

/// Selects the [`horizon`].
pub(crate) const HORIZON: &str =
    "select event_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

/// Returns the position below which the feed is complete: that of the oldest open transaction of any tenant.
pub async fn horizon(tx: &Tx) -> Result<i64, Error> {
    let row =
        tx.row(sqlx::query(HORIZON)).await?.ok_or_else(|| Error::invariant("a snapshot has a horizon"))?;
    Ok(row.try_get(0)?)
}

/// Most that the times of two neighbours in the feed may be out of order: longer than a file import.
const DISORDER_MAX: TimeDelta = TimeDelta::minutes(5);

/// Returns a place before `end` such that every event that was recorded at `since` or later comes after it. Events that were
/// recorded up to five minutes before may come after it too. The feed is nearly in the order of time, so some forty looks at
/// its index find the place.
pub(crate) async fn place_before(
    tx: &Tx,
    since: DateTime<Utc>,
    end: FeedPosition,
) -> Result<FeedPosition, Error> {
    let since = since - DISORDER_MAX;
    let (mut low, mut high) = (0, end.0);
    while low < high {
        let middle = low + (high - low) / 2;
        let query = "select position, occurred_at from event where tenant_id = $1 and (position, written, id) >= ($2, 0, $3) \
                     order by position, written, id limit 1";
        let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(middle).bind(Uuid::nil())).await?;
        let Some(row) = row else {
            high = middle;
            continue;
        };
        match row.try_get::<DateTime<Utc>, _>("occurred_at")? < since {
            true => low = row.try_get::<i64, _>("position")? + 1,
            false => high = middle,
        }
    }
    Ok(FeedPosition::before(low))
}

/// Whether any visible event was written at this position or later.
pub(crate) async fn has_events_from(tx: &Tx, position: i64) -> Result<bool, Error> {
    let query = sqlx::query("select 1 from event where tenant_id = $1 and position >= $2 limit 1");
    Ok(tx.row(query.bind(tx.tenant_id.0).bind(position)).await?.is_some())
}

/// Whether any event is about a document or record. It may not be in the feed yet.
pub async fn has_events_about(tx: &Tx, document_id: Uuid) -> Result<bool, Error> {
    let query = sqlx::query("select 1 from event where tenant_id = $1 and document_id = $2 limit 1");
    Ok(tx.row(query.bind(tx.tenant_id.0).bind(document_id)).await?.is_some())
}

/// Returns the instant from which expiries may not have been reported yet to a listener at `place`: shortly before
/// the last event it received, and at most one day ago.
pub(crate) async fn expiries_unsent_since(tx: &Tx, place: FeedPosition) -> Result<DateTime<Utc>, Error> {
    let query = sqlx::query(
        "select occurred_at from event where tenant_id = $1 and (position, written, id) <= ($2, $3, $4) \
         order by position desc, written desc, id desc limit 1",
    );
    let row = tx.row(query.bind(tx.tenant_id.0).bind(place.0).bind(place.1).bind(place.2)).await?;
    let earliest = tx.now - ENDED_MAX;
    let last: Option<DateTime<Utc>> = row.map(|row| row.try_get(0)).transpose()?;
    Ok(last.map_or(earliest, |last| (last - LATENESS_MAX).max(earliest)))
}

/// Returns at most `rows` events after `after`. A page that read [`SCAN_MAX`] events may be short or empty;
/// `has_more` is true then.
pub async fn list(tx: &Tx, filter: &Filter, after: FeedPosition, rows: usize) -> Result<Feed, Error> {
    let horizon = FeedPosition::before(horizon(tx).await?);
    let limit = match filter.kinds.is_empty() || filter.document_id.is_some() {
        true => None,
        false => find_scan_end(tx, after, horizon).await?,
    };
    let query = Listing::new(tx, SELECT).with("e.position < ", Some(horizon.0));
    let query = bind_place(query.sql(" and (e.position, e.written, e.id) > ("), after);
    let query = query.with("e.document_id = ", filter.document_id);
    let query = match limit {
        Some(end) => bind_place(query.sql(" and (e.position, e.written, e.id) <= ("), end),
        None => query,
    };
    let query = match filter.kinds.is_empty() {
        true => query,
        false => query.sql(" and e.kind like any(").bind(to_like_patterns(&filter.kinds)).sql(")"),
    };
    let query = query.sql(" order by e.position, e.written, e.id limit ").bind(rows as i64 + 1);
    let mut events = query.rows(tx).await?.iter().map(read_event).collect::<Result<Vec<Event>, Error>>()?;
    let is_full = events.len() > rows;
    events.truncate(rows);
    let end = match (events.last(), limit) {
        (Some(last), _) if is_full => last.place,
        (_, Some(end)) => end,
        // The horizon never falls, but the place may come from another server and lie beyond it.
        _ => horizon.max(after),
    };
    Ok(Feed { events, end, has_more: is_full || limit.is_some() })
}

/// Binds the values of a comparison with a place, and closes it.
fn bind_place(query: Listing, place: FeedPosition) -> Listing {
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

/// Returns the place of the last event that a page reads; none if it reaches the end of the feed.
async fn find_scan_end(
    tx: &Tx,
    after: FeedPosition,
    horizon: FeedPosition,
) -> Result<Option<FeedPosition>, Error> {
    let query = sqlx::query(
        "select position, written, id from event \
         where tenant_id = $1 and (position, written, id) > ($2, $3, $4) and position < $5 \
         order by position, written, id limit 1 offset $6",
    );
    let query = query.bind(tx.tenant_id.0).bind(after.0).bind(after.1).bind(after.2);
    let row = tx.row(query.bind(horizon.0).bind(SCAN_MAX - 1)).await?;
    row.as_ref().map(FeedPosition::read).transpose()
}

/// Turns patterns with `*` into SQL patterns.
fn to_like_patterns(patterns: &[String]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.replace('_', "\\_").replace('*', "%")).collect()
}

/// Whether an event may have a type that fits this pattern.
pub fn is_known(pattern: &str) -> bool {
    domain::event::types().any(|kind| matches_pattern(pattern, kind))
}

/// Whether a pattern with `*` matches all of `text`. Each part between two stars is found at its first place, and never moved again: if a
/// later place fits, the first one does too. So the work does not grow with the number of ways to divide the text.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let between = text.strip_prefix(start).and_then(|tail| tail.strip_suffix(end));
    let Some(mut tail) = between else { return false };
    for part in middle.split('*') {
        let Some((_, behind)) = tail.split_once(part) else { return false };
        tail = behind;
    }
    true
}

fn read_event(row: &PgRow) -> Result<Event, Error> {
    let id: Uuid = row.try_get("id")?;
    Ok(Event {
        id: EventId(id),
        place: FeedPosition::read(row)?,
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
    fn a_pattern_is_known_if_a_type_fits_it() {
        for known in ["*", "order.*", "order.confirmed", "*.deleted", "stock.oversold", "pos*"] {
            assert!(is_known(known), "{known}");
        }
        for unknown in ["nix", "", "nix.*", "orders.confirmed", "order", "posxsale.*", "*.nix"] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text) in [
            ("order.confirmed", "order.confirmed"),
            ("order.*", "order.confirmed"),
            ("*.deleted", "tax_rate.deleted"),
            ("*", "order.confirmed"),
            ("*order*", "order.confirmed"),
            ("o*.*ed", "order.confirmed"),
            ("order**confirmed*", "order.confirmed"),
            ("*e*e*e*", "order.confirmed.late"),
        ] {
            assert!(matches_pattern(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("order", "order.confirmed"),
            ("order.*", "orders.confirmed"),
            ("*.deleted", "a.deleted.b"),
            ("", "a"),
            ("order*order", "order"),
            ("*.*.*", "order.confirmed"),
        ] {
            assert!(!matches_pattern(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn an_underline_is_no_wildcard() {
        assert_eq!(to_like_patterns(&["pos_sale.*".to_owned()]), ["pos\\_sale.%"]);
    }
}
