//! Closing a month: the checklist of what is open in the books, the move of the lock on closed periods, and its record.
//!
//! The checklist is computed whenever it is read, so a month can be watched from its first day on. Closing a month
//! moves the lock to its last day; open items then need a reason, which is stored. A document that is posted between
//! the checklist and the move of the lock is on the next checklist: the checklist is read before the lock, for which
//! postings wait.

mod checklist;

use chrono::{DateTime, Months, NaiveDate, Utc};
use domain::id::PeriodLockId;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use domain::text::Filled200;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

pub use self::checklist::{ChecklistItem, Item};
use crate::columns::Columns;
use crate::posting::setup;
use crate::rows::parsed;
use crate::{Error, Tx, period_lock};

/// Most records of a month that are shown.
const HISTORY_MAX: i64 = 20;
/// Most reasons of a close.
const REASONS_MAX: usize = 20;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: NaiveDate,
    /// The first day after it.
    after: NaiveDate,
}

impl Month {
    /// Reads a month such as `2026-03`. Nothing if the text has another form, or the calendar no such month.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let has_form = text.len() == 7 && [0, 1, 2, 3, 5, 6].into_iter().all(is_digit);
        let first: NaiveDate = format!("{text}-01").parse().ok().filter(|_| has_form)?;
        Some(Month { first, after: first.checked_add_months(Months::new(1))? })
    }

    fn text(self) -> String {
        self.first.format("%Y-%m").to_string()
    }
}

/// Whether a month is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseStatus {
    /// Entries of at least its last day can be posted in it.
    Open,
    /// The lock is at its last day, or later.
    Closed,
}

/// A month, with the checklist of its close as of now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Close {
    pub object: tag::Close,
    /// The month.
    #[schema(max_length = 7, pattern = r"^\d{4}-\d{2}$", example = "2026-03")]
    pub period: String,
    /// Whether it is closed.
    pub status: CloseStatus,
    /// First day of the month.
    #[schema(example = "2026-03-01")]
    pub from: NaiveDate,
    /// First day after the month.
    #[schema(example = "2026-04-01")]
    pub to: NaiveDate,
    /// Last closed day of the books. Null: every day is open.
    #[schema(example = "2026-02-28")]
    pub locked_through: Option<NaiveDate>,
    /// Instant of the checklist. It covers everything that was committed before.
    pub checked_at: DateTime<Utc>,
    /// Whether no item is open.
    #[schema(example = false)]
    pub is_ready: bool,
    /// The checklist.
    #[schema(max_items = 20)]
    pub items: Vec<ChecklistItem>,
    /// Closings and reopenings of the month, the newest first, at most 20.
    #[schema(max_items = 20)]
    pub history: Vec<CloseRecord>,
}

/// A closing or reopening of a month.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CloseKind {
    /// The month was closed.
    Closed,
    /// The month was opened again.
    Reopened,
}

/// A record of a closing or reopening. It never changes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CloseRecord {
    /// Id of the move of the lock: `GET /v1/period-locks/{id}`.
    pub id: PeriodLockId,
    pub object: tag::CloseRecord,
    /// The month.
    #[schema(max_length = 7, pattern = r"^\d{4}-\d{2}$", example = "2026-03")]
    pub period: String,
    /// Closed or reopened.
    pub kind: CloseKind,
    /// Last closed day after it. Null: every day is open.
    #[schema(example = "2026-03-31")]
    pub locked_through: Option<NaiveDate>,
    /// Reason of a reopening; for a closing, a text that names the month.
    #[schema(max_length = 200, example = "Close of 2026-03")]
    pub reason: String,
    /// Items that were open when the month was closed, each with its reason.
    #[schema(max_items = 20)]
    pub items: Vec<AcceptedItem>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

/// An item that was open when a month was closed.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CloseAcceptedItem)]
pub struct AcceptedItem {
    /// The item.
    pub item: Item,
    /// Number of open records.
    #[schema(minimum = 1, maximum = 9007199254740991_u64, example = 2)]
    pub count: i64,
    /// Reason for closing in spite of it.
    #[schema(max_length = 200, example = "Two tills are counted on Monday")]
    pub reason: String,
}

/// A month to close.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseInput {
    /// A reason for each open item of the checklist. Reasons of items that are not open are ignored.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub reasons: Vec<CloseReasonInput>,
}

/// The reason for closing in spite of an open item.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseReasonInput {
    /// The item.
    pub item: Item,
    /// Reason for closing in spite of it.
    pub reason: Filled200,
}

/// A month to open again.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CloseReopenInput)]
pub struct ReopenInput {
    /// Reason of the reopening.
    pub reason: Filled200,
}

/// Returns a month with its checklist. The month must have begun.
pub async fn get(tx: &Tx, month: Month) -> Result<Close, Error> {
    let today = setup::settings(tx).await?.day(tx.now);
    if month.first > today {
        let detail = format!("{} has not begun: today is {today}.", month.text());
        return Err(Refusal::new(Code::ValidationFailed, detail).into());
    }
    let items = checklist::read(tx, month.after).await?;
    let locked_through = period_lock::locked_through(tx).await?;
    Ok(Close {
        object: tag::Close,
        period: month.text(),
        status: if is_closed(month, locked_through) { CloseStatus::Closed } else { CloseStatus::Open },
        from: month.first,
        to: month.after,
        locked_through,
        checked_at: tx.now,
        is_ready: items.iter().all(|item| item.count == 0),
        items,
        history: history(tx, month).await?,
    })
}

/// Closes a month that is over, and with it every earlier one. Each open item needs a reason.
pub async fn close(tx: &Tx, month: Month, input: &CloseInput) -> Result<CloseRecord, Error> {
    check_reasons(input)?;
    let today = setup::settings(tx).await?.day(tx.now);
    if month.after > today {
        let detail = format!("{} is not over: it can be closed from {} on.", month.text(), month.after);
        return Err(Refusal::new(Code::ValidationFailed, detail).into());
    }
    check_open(month, period_lock::locked_through(tx).await?)?;
    tx.plan_as_report().await?;
    let items = accepted(&checklist::read(tx, month.after).await?, input)?;
    period_lock::hold(tx).await?;
    check_open(month, period_lock::locked_through(tx).await?)?;
    let last = month.after.pred_opt();
    let moved = period_lock::record(tx, last, &format!("Close of {}", month.text())).await?;
    keep(tx, month, CloseKind::Closed, (moved, items)).await
}

/// Opens a closed month again, and with it every later one.
pub async fn reopen(tx: &Tx, month: Month, input: &ReopenInput) -> Result<CloseRecord, Error> {
    let mut problems = Problems::default();
    period_lock::check_reason(&mut problems, "/reason", &input.reason);
    problems.check()?;
    period_lock::hold(tx).await?;
    if period_lock::locked_through(tx).await?.is_none_or(|last| last < month.first) {
        return Err(Refusal::state(format!("{} is open already.", month.text())).into());
    }
    let moved = period_lock::record(tx, month.first.pred_opt(), input.reason.as_str()).await?;
    keep(tx, month, CloseKind::Reopened, (moved, Vec::new())).await
}

fn is_closed(month: Month, locked_through: Option<NaiveDate>) -> bool {
    locked_through.and_then(|last| last.succ_opt()).is_some_and(|open| open >= month.after)
}

fn check_open(month: Month, locked_through: Option<NaiveDate>) -> Result<(), Refusal> {
    match locked_through {
        Some(last) if is_closed(month, locked_through) => {
            let detail = format!("{} is closed already: the books are closed through {last}.", month.text());
            Err(Refusal::state(detail))
        }
        _ => Ok(()),
    }
}

/// Checks the texts of the reasons, and that no item has two.
fn check_reasons(input: &CloseInput) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    if input.reasons.len() > REASONS_MAX {
        problems.invalid("/reasons", format!("Send at most {REASONS_MAX} reasons, one for each item."));
    }
    for (index, given) in input.reasons.iter().enumerate().take(REASONS_MAX) {
        period_lock::check_reason(&mut problems, &format!("/reasons/{index}/reason"), &given.reason);
        if input.reasons[..index].iter().any(|earlier| earlier.item == given.item) {
            let detail = format!("{} has a reason already: send one for each item.", given.item.word());
            problems.invalid(format!("/reasons/{index}/item"), detail);
        }
    }
    problems.check()
}

/// Returns the open items with their reasons. Rejects the close if one has none.
fn accepted(items: &[ChecklistItem], input: &CloseInput) -> Result<Vec<AcceptedItem>, Refusal> {
    let mut problems = Problems::default();
    let mut accepted = Vec::new();
    for open in items.iter().filter(|item| item.count > 0) {
        match input.reasons.iter().find(|given| given.item == open.item) {
            Some(given) => {
                let reason = given.reason.as_str().to_owned();
                accepted.push(AcceptedItem { item: open.item, count: open.count, reason });
            }
            None => {
                let (word, count, href) = (open.item.word(), open.count, &open.href);
                let detail =
                    format!("{word} is open ({count}): work it off ({href}), or send a reason for it.");
                problems.invalid("/reasons", detail);
            }
        }
    }
    problems.check()?;
    Ok(accepted)
}

/// Keeps a move of the lock as the close of a month.
async fn keep(
    tx: &Tx,
    month: Month,
    kind: CloseKind,
    (moved, items): (period_lock::PeriodLock, Vec<AcceptedItem>),
) -> Result<CloseRecord, Error> {
    let word: &str = kind.into();
    let kept = serde_json::to_string(&items).map_err(|error| Error::invariant(error.to_string()))?;
    let statement = Columns::of(
        "insert into period_close (tenant_id, id, month, kind, items, recorded_at, command_id) \
         values ($1, $2, $3, $4, $5::jsonb, $6, $7)",
    )
    .bind(tx.tenant_id.0)
    .value("id", moved.id.0)
    .value("month", month.first)
    .value("kind", word)
    .bind(kept)
    .value("recorded_at", tx.now)
    .value("command_id", tx.command_id().0);
    statement.execute(tx).await?;
    Ok(CloseRecord {
        id: moved.id,
        object: tag::CloseRecord,
        period: month.text(),
        kind,
        locked_through: moved.locked_through,
        reason: moved.reason,
        items,
        created_at: moved.created_at,
    })
}

const HISTORY: &str = "select c.id, c.kind, c.items::text as items, l.locked_through, l.reason, c.recorded_at \
     from period_close c join period_lock l on l.tenant_id = c.tenant_id and l.id = c.id \
     where c.tenant_id = $1 and c.month = $2 order by c.id desc limit $3";

async fn history(tx: &Tx, month: Month) -> Result<Vec<CloseRecord>, Error> {
    let query = sqlx::query(HISTORY).bind(tx.tenant_id.0).bind(month.first).bind(HISTORY_MAX);
    let read = |row: &PgRow| -> Result<CloseRecord, Error> {
        let items: String = row.try_get("items")?;
        Ok(CloseRecord {
            id: PeriodLockId(row.try_get("id")?),
            object: tag::CloseRecord,
            period: month.text(),
            kind: parsed(row.try_get("kind")?)?,
            locked_through: row.try_get("locked_through")?,
            reason: row.try_get("reason")?,
            items: serde_json::from_str(&items).map_err(|error| Error::invariant(error.to_string()))?,
            created_at: row.try_get("recorded_at")?,
        })
    };
    tx.rows(query).await?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_from_its_text() {
        let month = Month::parse("2026-12").expect("a month");
        assert_eq!(
            (month.first.to_string(), month.after.to_string()),
            ("2026-12-01".into(), "2027-01-01".into())
        );
        assert_eq!(month.text(), "2026-12");
        for text in [
            "",
            "2026",
            "2026-1",
            "2026-13",
            "2026-00",
            "26-01",
            "2026-01-01",
            "2026/01",
            "+026-01",
            "２026-01",
        ] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_is_closed_through_its_last_day() {
        let month = Month::parse("2026-02").expect("a month");
        let is_closed = |day: &str| is_closed(month, day.parse().ok());
        assert!(is_closed("2026-02-28") && is_closed("2026-03-15"));
        assert!(!is_closed("2026-02-27") && !is_closed("none"));
    }
}
