//! Roll-ups: sums of sales lines by time, place, category, product and customer, so that a report need not read every line.
//!
//! A roll-up has exactly the lines below a position (`sales_rollup.position`). The position of a line is the id of the
//! transaction that wrote it. A fold adds the lines between the old position and a new one, and moves the position, in one
//! transaction. The new position is never above the oldest open transaction, so no line can appear below it later. A report
//! reads the roll-up and the lines from its position on, in one snapshot: that is every line, once, at every instant.
//! See `docs/adr/0029-fold-sales-into-rollups.md`.
//!
//! Days and months of the roll-ups are those of one time zone. If the tenant gets another, they are built again. So they are
//! if a new version has another list of tables ([`LAYOUT`]).
//!
//! The journal has a roll-up of its own ([`ledger`]), by the same positions.
//!
//! The sums are integers. If one does not fit, no more lines are folded (`too_large`), and reports read those from
//! the position on. A rebuild goes on all the same, and ends this state if its own sums fit.

pub mod ledger;
mod statement;
mod table;

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Utc};
use domain::id::TenantId;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

pub(crate) use self::statement::COMPARISON;
use self::statement::{DELETE_OLD, FOLD};
use self::table::LAYOUT_READ;
pub use self::table::{LAYOUT, Merge, NONE, Sum, TABLES, Table, Time, Unit};
use crate::{Db, Error, Tx};

/// Most lines of one step of a fold, plus those of its last transaction.
const FOLDED_AT_ONCE: i64 = 50_000;
/// Most lines of one step of a rebuild, plus those of its last document.
const REBUILT_AT_ONCE: i64 = 20_000;

/// Most rows of old generations of a table that one call deletes.
const DELETED_AT_ONCE: i64 = 20_000;

/// The roll-ups that a reader of one snapshot may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollup {
    /// The rows that count.
    pub generation: i32,
    /// The version of the list of tables that have them.
    pub layout: i32,
    /// The rows have the lines below this position, and no other.
    pub position: i64,
    /// IANA name of the time zone of days and months.
    pub time_zone: String,
    /// When the first and the last line of the rows happened; nothing if there is none.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// A period in a time zone, and the roll-ups of the same snapshot.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// IANA name of the time zone.
    pub time_zone: String,
    /// The first instant of the period; nothing if it has no beginning.
    pub from: Option<Beginning>,
    /// The first instant after the period; nothing if it has no end.
    pub to: Option<End>,
    /// Nothing before the first fold.
    pub rollup: Option<Rollup>,
}

/// The first instant of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    pub at: DateTime<Utc>,
    pub local: Local,
    /// Begin of its calendar month.
    pub month: Midnight,
    /// Begin of the calendar month after it.
    pub next_month: Midnight,
}

/// The first instant after a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub at: DateTime<Utc>,
    pub local: Local,
    /// Begin of its calendar month.
    pub month: Midnight,
}

/// An instant in a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local {
    /// The time that a clock shows.
    pub clock: NaiveDateTime,
    /// The day that begins at the instant, if one does.
    pub day: Option<NaiveDate>,
}

/// The begin of a day in a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Midnight {
    pub at: DateTime<Utc>,
    pub day: NaiveDate,
}

impl Midnight {
    /// Whether this begin of a month is the begin of a year, and the instant is the same.
    pub fn begins_year(self, at: DateTime<Utc>) -> bool {
        self.at == at && self.day.month() == 1
    }
}

/// A bound of a period: an instant, or a midnight of the time zone, or nothing.
pub type Bound = (Option<DateTime<Utc>>, Option<NaiveDateTime>);

/// Work that a call has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// Sales lines that were added to rows.
    pub lines: i64,
    /// Whether another call has something to do at once.
    pub unfinished: bool,
}

/// Folds sales lines and journal lines of a tenant, at most one step of each. Begins the roll-ups if there are none, and again
/// if the tenant has got another time zone, or if they lack tables. Deletes some of the rows that a rebuild has replaced.
pub async fn run(db: &Db, tenant_id: TenantId) -> Result<Run, Error> {
    // A step of one that fails does not keep the other from its own.
    let sales = run_sales(db, tenant_id).await;
    let is_unfinished = ledger::run(db, tenant_id).await?;
    let sales = sales?;
    Ok(Run { unfinished: sales.unfinished || is_unfinished, ..sales })
}

async fn run_sales(db: &Db, tenant_id: TenantId) -> Result<Run, Error> {
    let is_folded = AtomicBool::new(false);
    match run_step(db, tenant_id, &is_folded).await {
        // The database rejects only a number that does not fit into its column.
        Err(Error::Refused(_)) if is_folded.load(Ordering::Relaxed) => give_up(db, tenant_id).await,
        Err(Error::Refused(_)) => stop(db, tenant_id).await,
        other => other,
    }
}

/// Does one step, and tells when its fold has succeeded.
async fn run_step(db: &Db, tenant_id: TenantId, is_folded: &AtomicBool) -> Result<Run, Error> {
    db.job(tenant_id, async |tx| {
        is_folded.store(false, Ordering::Relaxed);
        let state = State::lock(tx).await?;
        let folded = if state.too_large { Run::default() } else { fold(tx, &state).await? };
        is_folded.store(true, Ordering::Relaxed);
        let rebuilt = match &state.next {
            Some(next) if next.layout > LAYOUT || next.is_given_up() => Run::default(),
            Some(next) if next.layout == LAYOUT && next.time_zone == state.tenant_time_zone => {
                rebuild_some(tx, next).await?
            }
            Some(_) => begin_rebuild(tx).await?,
            None if state.too_large => Run::default(),
            None if state.needs_rebuild() => begin_rebuild(tx).await?,
            None => delete_old(tx, &state).await?,
        };
        Ok(Run { lines: folded.lines + rebuilt.lines, unfinished: folded.unfinished || rebuilt.unfinished })
    })
    .await
}

/// Makes later calls fold no line of a tenant, because a sum does not fit. The rows stay as they are, so reports stay exact. A
/// rebuild that is under way goes on.
async fn stop(db: &Db, tenant_id: TenantId) -> Result<Run, Error> {
    tracing::warn!(%tenant_id, "a sum of sales lines is too large for the roll-ups: no more lines are folded");
    db.job(tenant_id, async |tx| {
        let state = State::lock(tx).await?;
        let update = "update sales_rollup set too_large = true where tenant_id = $1";
        tx.execute(sqlx::query(update).bind(tx.tenant_id.0)).await?;
        Ok(Run { lines: 0, unfinished: state.next.is_some() })
    })
    .await
}

/// Makes later calls leave a rebuild alone, because one of its sums does not fit. Its generation stays taken.
async fn give_up(db: &Db, tenant_id: TenantId) -> Result<Run, Error> {
    tracing::warn!(%tenant_id, "a sum of sales lines is too large for the roll-ups: they are not built again");
    db.job(tenant_id, async |tx| {
        State::lock(tx).await?;
        let update = "update sales_rollup set too_large = true, next_after = $2 where tenant_id = $1";
        tx.execute(sqlx::query(update).bind(tx.tenant_id.0).bind(Uuid::max())).await?;
        Ok(Run::default())
    })
    .await
}

/// Folds every line of a tenant that can be folded now. Returns the number of sales lines.
pub async fn run_all(db: &Db, tenant_id: TenantId) -> Result<i64, Error> {
    let mut lines = 0;
    loop {
        let run = run(db, tenant_id).await?;
        lines += run.lines;
        if !run.unfinished {
            return Ok(lines);
        }
    }
}

/// Makes the next calls of [`run`] build the roll-ups again, from the lines. Until they are complete, reports read the old ones.
pub async fn request_rebuild(db: &Db, tenant_id: TenantId) -> Result<(), Error> {
    db.job(tenant_id, async |tx| {
        State::lock(tx).await?;
        begin_rebuild(tx).await?;
        ledger::request_rebuild(tx).await
    })
    .await
}

/// Reads a period in a time zone, the tenant's if it is absent, and the roll-ups. The open transaction must read one snapshot.
pub async fn calendar(
    tx: &Tx,
    time_zone: Option<&str>,
    (from_at, from_day): Bound,
    (to_at, to_day): Bound,
) -> Result<Calendar, Error> {
    let query = sqlx::query(CALENDAR).bind(tx.tenant_id.0).bind(time_zone);
    let query = query.bind(from_at).bind(from_day).bind(to_at).bind(to_day);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a tenant without a row"))?;
    let generation: Option<i32> = row.try_get("generation")?;
    Ok(Calendar {
        time_zone: row.try_get("zone")?,
        from: read_beginning(&row)?,
        to: read_end(&row)?,
        rollup: generation
            .map(|generation| read_rollup(&row, generation))
            .transpose()?
            // A later list has the tables of this one too, and an earlier one some of them.
            .filter(|rollup| rollup.layout >= LAYOUT_READ),
    })
}

fn read_beginning(row: &PgRow) -> Result<Option<Beginning>, Error> {
    let Some(at) = row.try_get("from_at")? else { return Ok(None) };
    let month = Midnight { at: row.try_get("from_month_at")?, day: row.try_get("from_month")? };
    let next_month =
        Midnight { at: row.try_get("from_next_month_at")?, day: row.try_get("from_next_month")? };
    let local = Local { clock: row.try_get("from_clock")?, day: row.try_get("from_day")? };
    Ok(Some(Beginning { at, local, month, next_month }))
}

fn read_end(row: &PgRow) -> Result<Option<End>, Error> {
    let Some(at) = row.try_get("to_at")? else { return Ok(None) };
    let local = Local { clock: row.try_get("to_clock")?, day: row.try_get("to_day")? };
    let month = Midnight { at: row.try_get("to_month_at")?, day: row.try_get("to_month")? };
    Ok(Some(End { at, local, month }))
}

const CALENDAR: &str = "
    select month.*, day_begin(from_month, zone) as from_month_at, day_begin(from_next_month, zone) as from_next_month_at,
        day_begin(to_month, zone) as to_month_at, f.generation, f.layout, f.position, f.time_zone, f.earliest_at,
        f.latest_at
    from (
        select *, from_at at time zone zone as from_clock, to_at at time zone zone as to_clock,
            case when from_at = day_begin((from_at at time zone zone)::date, zone) then (from_at at time zone zone)::date end
                as from_day,
            case when to_at = day_begin((to_at at time zone zone)::date, zone) then (to_at at time zone zone)::date end
                as to_day,
            date_trunc('month', from_at at time zone zone)::date as from_month,
            (date_trunc('month', from_at at time zone zone) + interval '1 month')::date as from_next_month,
            date_trunc('month', to_at at time zone zone)::date as to_month
        from (
            select coalesce($2, time_zone) as zone,
                coalesce($3::timestamptz, day_begin($4, coalesce($2, time_zone))) as from_at,
                coalesce($5::timestamptz, day_begin($6, coalesce($2, time_zone))) as to_at
            from tenant where tenant_id = $1
        ) period
    ) month
    left join sales_rollup f on f.tenant_id = $1";

/// The state of a tenant's roll-ups, locked until the transaction ends.
struct State {
    current: Option<Rollup>,
    next: Option<Next>,
    tenant_time_zone: String,
    /// Whether a sum does not fit into its column. A rebuild whose sums fit ends it.
    too_large: bool,
    /// No line can appear below this position any more.
    horizon: i64,
}

/// A rebuild that is under way.
struct Next {
    generation: i32,
    layout: i32,
    position: i64,
    time_zone: String,
    after: Uuid,
}

impl Next {
    /// Whether one of its sums does not fit. [`give_up`] puts it after the last document. A rebuild that fits becomes the current
    /// generation when it gets there, so it is never found there.
    fn is_given_up(&self) -> bool {
        self.after == Uuid::max()
    }
}

impl State {
    async fn lock(tx: &Tx) -> Result<Self, Error> {
        let insert = "insert into sales_rollup (tenant_id) values ($1) on conflict do nothing";
        tx.execute(sqlx::query(insert).bind(tx.tenant_id.0)).await?;
        let select = "select f.*, t.time_zone as tenant_time_zone, \
                          event_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon \
                      from sales_rollup f join tenant t on t.tenant_id = f.tenant_id \
                      where f.tenant_id = $1 for update of f";
        let row = tx.row(sqlx::query(select).bind(tx.tenant_id.0)).await?;
        let row = row.ok_or_else(|| Error::invariant("a tenant without roll-ups"))?;
        let generation: Option<i32> = row.try_get("generation")?;
        let next_generation: Option<i32> = row.try_get("next_generation")?;
        let next = |generation| -> Result<Next, Error> {
            Ok(Next {
                generation,
                layout: row.try_get("next_layout")?,
                position: row.try_get("next_position")?,
                time_zone: row.try_get("next_time_zone")?,
                after: row.try_get("next_after")?,
            })
        };
        Ok(State {
            current: generation.map(|generation| read_rollup(&row, generation)).transpose()?,
            next: next_generation.map(next).transpose()?,
            tenant_time_zone: row.try_get("tenant_time_zone")?,
            too_large: row.try_get("too_large")?,
            horizon: row.try_get("horizon")?,
        })
    }

    fn needs_rebuild(&self) -> bool {
        self.current.as_ref().is_none_or(|current| {
            current.layout < LAYOUT || current.layout == LAYOUT && current.time_zone != self.tenant_time_zone
        })
    }
}

fn read_rollup(row: &PgRow, generation: i32) -> Result<Rollup, Error> {
    let span: (Option<_>, Option<_>) = (row.try_get("earliest_at")?, row.try_get("latest_at")?);
    Ok(Rollup {
        generation,
        layout: row.try_get("layout")?,
        position: row.try_get("position")?,
        time_zone: row.try_get("time_zone")?,
        span: span.0.zip(span.1),
    })
}

/// Adds the lines from the position of the current rows up to the horizon, and moves the position. Rows of another layout are
/// left to the servers that know all of its tables.
async fn fold(tx: &Tx, state: &State) -> Result<Run, Error> {
    let is_due = |current: &&Rollup| current.layout == LAYOUT && current.position < state.horizon;
    let Some(current) = state.current.as_ref().filter(is_due) else {
        return Ok(Run::default());
    };
    // All lines of a transaction have one position.
    let select = "select position from sales_line where tenant_id = $1 and position >= $2 and position < $3 \
                  order by position offset $4 limit 1";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(current.position).bind(state.horizon);
    let last: Option<i64> =
        tx.row(query.bind(FOLDED_AT_ONCE)).await?.map(|row| row.try_get("position")).transpose()?;
    let until = last.map_or(state.horizon, |last| last + 1);
    let documents = (Uuid::nil(), Uuid::max());
    let added = add(tx, current.generation, (current.position, until), documents, &current.time_zone).await?;
    let update = "update sales_rollup set position = $2, earliest_at = least(earliest_at, $3), \
                      latest_at = greatest(latest_at, $4) where tenant_id = $1";
    let query = sqlx::query(update).bind(tx.tenant_id.0).bind(until);
    tx.execute(query.bind(added.earliest_at).bind(added.latest_at)).await?;
    Ok(Run { lines: added.lines, unfinished: last.is_some() })
}

async fn begin_rebuild(tx: &Tx) -> Result<Run, Error> {
    let update = "update sales_rollup f set \
                      next_generation = 1 + coalesce(greatest(f.generation, f.next_generation), 0), \
                      next_layout = $3, \
                      next_position = event_base() + pg_snapshot_xmin(pg_current_snapshot())::text::bigint, \
                      next_time_zone = t.time_zone, next_after = $2, next_earliest_at = null, next_latest_at = null \
                  from tenant t where t.tenant_id = f.tenant_id and f.tenant_id = $1";
    tx.execute(sqlx::query(update).bind(tx.tenant_id.0).bind(Uuid::nil()).bind(LAYOUT)).await?;
    Ok(Run { lines: 0, unfinished: true })
}

/// Adds the lines of the next documents to the rows of a rebuild. After the last document, these rows are the current ones.
async fn rebuild_some(tx: &Tx, next: &Next) -> Result<Run, Error> {
    let select = "select document_id from sales_line where tenant_id = $1 and document_id > $2 \
                  order by document_id offset $3 limit 1";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(next.after).bind(REBUILT_AT_ONCE);
    let through: Option<Uuid> = tx.row(query).await?.map(|row| row.try_get("document_id")).transpose()?;
    let documents = (next.after, through.unwrap_or(Uuid::max()));
    let added = add(tx, next.generation, (0, next.position), documents, &next.time_zone).await?;
    let update = "update sales_rollup set next_after = $2, next_earliest_at = least(next_earliest_at, $3), \
                      next_latest_at = greatest(next_latest_at, $4) where tenant_id = $1";
    let query = sqlx::query(update).bind(tx.tenant_id.0).bind(documents.1);
    tx.execute(query.bind(added.earliest_at).bind(added.latest_at)).await?;
    if through.is_none() {
        end_rebuild(tx).await?;
    }
    Ok(Run { lines: added.lines, unfinished: true })
}

async fn end_rebuild(tx: &Tx) -> Result<(), Error> {
    let update = "update sales_rollup set too_large = false, generation = next_generation, layout = next_layout, position = next_position, \
                      time_zone = next_time_zone, earliest_at = next_earliest_at, latest_at = next_latest_at, \
                      next_generation = null, next_layout = null, next_position = null, next_time_zone = null, next_after = null, \
                      next_earliest_at = null, next_latest_at = null \
                  where tenant_id = $1";
    tx.execute(sqlx::query(update).bind(tx.tenant_id.0)).await.map(drop)
}

/// Deletes rows of generations before the current one, some of each table.
async fn delete_old(tx: &Tx, state: &State) -> Result<Run, Error> {
    // The first generation follows none.
    let Some(generation) = state.current.as_ref().map(|current| current.generation).filter(|it| *it > 1)
    else {
        return Ok(Run::default());
    };
    let query = sqlx::query(DELETE_OLD.as_str()).bind(tx.tenant_id.0).bind(generation).bind(DELETED_AT_ONCE);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a count without a row"))?;
    let deleted: i64 = row.try_get("deleted")?;
    Ok(Run { lines: 0, unfinished: deleted > 0 })
}

/// Lines that were added.
struct Added {
    lines: i64,
    earliest_at: Option<DateTime<Utc>>,
    latest_at: Option<DateTime<Utc>>,
}

/// Adds the lines of some positions and documents to the rows of a generation.
async fn add(
    tx: &Tx,
    generation: i32,
    (from, until): (i64, i64),
    (after, through): (Uuid, Uuid),
    time_zone: &str,
) -> Result<Added, Error> {
    let query = sqlx::query(FOLD.as_str())
        .bind(tx.tenant_id.0)
        .bind(generation)
        .bind(from)
        .bind(until)
        .bind(after)
        .bind(through)
        .bind(time_zone);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a count without a row"))?;
    Ok(Added {
        lines: row.try_get("lines")?,
        earliest_at: row.try_get("earliest_at")?,
        latest_at: row.try_get("latest_at")?,
    })
}
