//! Recurring entries: templates of entries by hand, which the worker posts on their days.
//!
//! The id of an entry follows from its template and its day, so two workers post it once. An entry that is rejected, because an account
//! is gone, is tried again on the next day, and the template says why.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{RecurringEntryId, TenantId};
use domain::journal::recurring::{self, Rhythm};
use domain::journal::{Post, PostLine};
use domain::number::Money;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use domain::text::{Filled500, is_blank};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caller::{ActorKind, EntryMode, Limits};
use crate::columns::Columns;
use crate::listing::{Listing, Slice, word};
use crate::posting::{Command, Poster, Request, setup};
use crate::scope::{Scope, Scopes};
use crate::{Caller, Db, Error, Tx, room};

/// Most templates of a tenant that have not ended.
const OPEN_MAX: usize = 200;
/// Most entries that one run posts for a tenant. The next run goes on.
const POSTED_MAX: i64 = 100;
/// Most characters of the reason why an entry was rejected.
const PROBLEM_LENGTH_MAX: usize = 2_000;

/// A template to create.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecurringEntryCreate)]
pub struct RecurringEntryInput {
    /// Purpose of the entries.
    pub memo: Filled500,
    /// Lines of each entry. Their debits equal their credits.
    #[schema(min_items = 2, max_items = 200)]
    pub lines: Vec<RecurringLine>,
    /// Time between two entries.
    pub rhythm: Rhythm,
    /// Day of the first entry, today or later, in the tenant's time zone.
    #[schema(example = "2027-01-31")]
    #[serde(deserialize_with = "domain::day::required")]
    pub starts_on: NaiveDate,
    /// Last day on which an entry may be posted. Without it the template goes on until it is ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-12-31")]
    #[serde(deserialize_with = "domain::day::optional")]
    pub ends_on: Option<NaiveDate>,
}

/// A line of each entry: either a debit or a credit.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecurringEntryLine)]
pub struct RecurringLine {
    /// Code of the account. A control account that documents alone keep is rejected.
    #[schema(min_length = 1, max_length = 32, example = "6100")]
    pub account: String,
    /// The debit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debit: Option<Money>,
    /// The credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<Money>,
    /// Channel of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// A template of an entry by hand. The worker posts its entries on their days.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct RecurringEntry {
    /// Id of the template.
    pub id: RecurringEntryId,
    pub object: tag::RecurringEntry,
    /// Purpose of the entries.
    #[schema(max_length = 500, example = "Rent")]
    pub memo: String,
    /// Lines of each entry.
    #[schema(max_items = 200)]
    pub lines: Vec<RecurringLine>,
    /// Time between two entries.
    pub rhythm: Rhythm,
    /// Day of the first entry.
    #[schema(example = "2027-01-31")]
    pub starts_on: NaiveDate,
    /// Last day on which an entry may be posted. Null if the template has no end.
    #[schema(example = "2027-12-31")]
    pub ends_on: Option<NaiveDate>,
    /// Number of entries that were posted.
    #[schema(minimum = 0, example = 0)]
    pub posted: i32,
    /// Day of the next entry. Null if the template has ended.
    #[schema(example = "2027-01-31")]
    pub next_on: Option<NaiveDate>,
    /// Reason why the next entry was rejected when it was last tried. It is tried again each day. Null if it was not rejected.
    #[schema(max_length = 2000, example = json!(null))]
    pub problem: Option<String>,
    /// When the template ended. Null if it has not.
    #[schema(example = json!(null))]
    pub ended_at: Option<DateTime<Utc>>,
    /// Rises with every change.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed, also by an entry that was posted.
    pub updated_at: DateTime<Utc>,
}

/// Creates a template. Checks its lines as those of an entry by hand, and their debits with the bounds of the credential, because the
/// worker that posts the entries has none.
pub async fn create(tx: &Tx, limits: &Limits, input: &RecurringEntryInput) -> Result<RecurringEntry, Error> {
    let mut problems = Problems::default();
    input.memo.check(&mut problems, "/memo");
    if is_blank(&input.memo) {
        problems.invalid("/memo", "An entry needs a memo: send its purpose.");
    }
    let setup = setup::read(tx).await?;
    let today = setup.settings.day(tx.now);
    if input.starts_on < today {
        problems.invalid("/starts_on", format!("The first entry is of today, {today}, or later."));
    }
    if input.ends_on.is_some_and(|last| last < input.starts_on) {
        problems.invalid("/ends_on", "The last day is not before the first one.");
    }
    recurring::check(&setup, &post_lines(&input.lines), &mut problems);
    problems.check()?;
    limits.require_endless()?;
    limits.bounds.check_sum("/lines", input.lines.iter().filter_map(|line| line.debit).sum())?;
    check_room(tx).await?;
    let made = RecurringEntry {
        id: RecurringEntryId(tx.next_id()),
        object: tag::RecurringEntry,
        memo: input.memo.as_str().to_owned(),
        lines: input.lines.clone(),
        rhythm: input.rhythm,
        starts_on: input.starts_on,
        ends_on: input.ends_on,
        posted: 0,
        next_on: Some(input.starts_on),
        problem: None,
        ended_at: None,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert(tx, &made).await?;
    Ok(made)
}

/// Rejects a template if the tenant has as many as it may have.
async fn check_room(tx: &Tx) -> Result<(), Error> {
    let count =
        "select count(*) as records from recurring_entry where tenant_id = $1 and next_on is not null";
    let detail = format!("A tenant has at most {OPEN_MAX} recurring entries: end one first.");
    room::check_room(tx, "recurring_entry", count, OPEN_MAX, detail).await
}

async fn insert(tx: &Tx, made: &RecurringEntry) -> Result<(), Error> {
    let lines = serde_json::to_string(&made.lines).map_err(|error| Error::invariant(error.to_string()))?;
    let rhythm: &str = made.rhythm.into();
    let statement = Columns::of(
        "insert into recurring_entry (tenant_id, id, memo, lines, rhythm, starts_on, ends_on, next_on, created_at, \
             updated_at, posted, version) \
         values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9, $10, 0, 1)",
    )
    .bind(tx.tenant_id.0)
    .value("id", made.id.0)
    .value("memo", made.memo.as_str())
    .bind(lines)
    .value("rhythm", rhythm)
    .value("starts_on", made.starts_on)
    .value("ends_on", made.ends_on)
    .value("next_on", made.next_on)
    .value("created_at", made.created_at)
    .value("updated_at", made.updated_at);
    statement.execute(tx).await.map(drop)
}

const SELECT: &str = "select id, memo, lines::text as lines, rhythm, starts_on, ends_on, posted, next_on, problem, ended_at, version, \
                             created_at, updated_at from recurring_entry where tenant_id = ";

/// Returns one page of templates: all, or those with a next entry before a day.
pub async fn list(
    tx: &Tx,
    next_before: Option<NaiveDate>,
    slice: &Slice,
) -> Result<Vec<RecurringEntry>, Error> {
    let listing = Listing::new(tx, SELECT).with("next_on < ", next_before);
    listing.page(tx, "id", slice).await?.iter().map(read).collect()
}

/// Returns a template.
pub async fn get(tx: &Tx, id: RecurringEntryId) -> Result<RecurringEntry, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("recurring entry"))?)
}

/// Ends a template: no later entry is posted. Those that were posted stay.
pub async fn end(tx: &Tx, id: RecurringEntryId) -> Result<RecurringEntry, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).sql(" for update").rows(tx).await?;
    let found = read(rows.first().ok_or_else(|| Refusal::not_found("recurring entry"))?)?;
    if found.next_on.is_none() {
        return Err(Refusal::state("The recurring entry has ended already.").into());
    }
    let statement = "update recurring_entry set next_on = null, ended_at = $3, version = version + 1, updated_at = $3 \
                     where tenant_id = $1 and id = $2";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    Ok(RecurringEntry {
        next_on: None,
        ended_at: Some(tx.now),
        version: found.version + 1,
        updated_at: tx.now,
        ..found
    })
}

/// Posts the entries of a tenant that are due, as the worker: at most 100, the earliest first. Returns how many were posted.
pub async fn post_due(db: &Db, poster: &Poster, tenant_id: TenantId) -> Result<u32, Error> {
    let mut posted = 0;
    for _ in 0..POSTED_MAX {
        let Some(due) = db.read(tenant_id, async |tx| next_due(tx).await).await? else { break };
        let Some(day) = due.next_on else { break };
        let problem = post(poster, tenant_id, &due, day).await?;
        posted += u32::from(problem.is_none());
        db.job(tenant_id, async |tx| note(tx, &due, problem.as_deref()).await).await?;
    }
    Ok(posted)
}

/// Returns the template whose entry is due, and was not tried today.
async fn next_due(tx: &Tx) -> Result<Option<RecurringEntry>, Error> {
    let today = setup::settings(tx).await?.day(tx.now);
    let rows = Listing::new(tx, SELECT)
        .with("next_on <= ", Some(today))
        .with("coalesce(tried_on, '-infinity') < ", Some(today))
        .sql(" order by next_on, id limit 1")
        .rows(tx)
        .await?;
    rows.first().map(read).transpose()
}

/// Posts the entry of a day. Returns the reason of a rejection, and nothing if this or another worker posted the entry.
async fn post(
    poster: &Poster,
    tenant_id: TenantId,
    due: &RecurringEntry,
    day: NaiveDate,
) -> Result<Option<String>, Error> {
    let scopes: Scopes = [Scope::LedgerWrite].into_iter().collect();
    let command = Command::PostEntry(Post {
        id: Some(recurring::entry_id(due.id, day)),
        occurred_on: Some(day),
        memo: due.memo.clone(),
        lines: post_lines(&due.lines),
    });
    let request = Request {
        caller: Caller::new(tenant_id, ActorKind::Worker, Uuid::nil(), scopes),
        command,
        wrong: Problems::default(),
        idempotency: None,
        entry_mode: EntryMode::Console,
        render: |_, outcome| match outcome {
            Ok(_) => (201, String::new()),
            Err(refusal) => (422, reason(refusal)),
        },
    };
    match poster.post(request).await {
        Ok(answer) if answer.status == 201 => Ok(None),
        Ok(answer) => Ok(Some(answer.body)),
        Err(Error::Refused(refusal)) if refusal.code == Code::AlreadyExists => Ok(None),
        Err(Error::Refused(refusal)) => Ok(Some(reason(&refusal))),
        Err(error) => Err(error),
    }
}

/// Returns all reasons of a rejection. The detail of one with several says only how many there are.
fn reason(refusal: &Refusal) -> String {
    let reasons: Vec<&str> = match refusal.problems.as_slice() {
        [] => vec![refusal.detail.as_str()],
        problems => problems.iter().map(|problem| problem.detail.as_str()).collect(),
    };
    reasons.join(" ").chars().take(PROBLEM_LENGTH_MAX).collect()
}

/// Notes that the entry was posted, or why it was rejected. Does nothing if another worker has noted it, or if the template ended.
async fn note(tx: &Tx, due: &RecurringEntry, problem: Option<&str>) -> Result<(), Error> {
    let statement = match problem {
        Some(_) => {
            "update recurring_entry set problem = $4, tried_on = $5, version = version + 1, updated_at = $6 \
             where tenant_id = $1 and id = $2 and posted = $3 and next_on is not null"
        }
        None => {
            "update recurring_entry set posted = posted + 1, problem = $4, tried_on = null, next_on = $5, \
                 ended_at = case when $5::date is null then $6::timestamptz end, version = version + 1, updated_at = $6 \
             where tenant_id = $1 and id = $2 and posted = $3 and next_on is not null"
        }
    };
    let day = match problem {
        Some(_) => Some(setup::settings(tx).await?.day(tx.now)),
        None => following(due),
    };
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(due.id.0)
        .bind(due.posted)
        .bind(problem)
        .bind(day)
        .bind(tx.now);
    tx.execute(query).await.map(drop)
}

/// Returns the day of the entry after the next one. Nothing if the template ends before it.
fn following(due: &RecurringEntry) -> Option<NaiveDate> {
    let number = u32::try_from(due.posted).ok()?.checked_add(1)?;
    let day = due.rhythm.day(due.starts_on, number)?;
    Some(day).filter(|day| due.ends_on.is_none_or(|last| *day <= last))
}

fn post_lines(lines: &[RecurringLine]) -> Vec<PostLine> {
    let line = |line: &RecurringLine| PostLine {
        account: line.account.clone(),
        debit: line.debit,
        credit: line.credit,
        channel: line.channel,
        customer_id: None,
    };
    lines.iter().map(line).collect()
}

fn read(row: &PgRow) -> Result<RecurringEntry, Error> {
    let lines: String = row.try_get("lines")?;
    Ok(RecurringEntry {
        id: RecurringEntryId(row.try_get("id")?),
        object: tag::RecurringEntry,
        memo: row.try_get("memo")?,
        lines: serde_json::from_str(&lines).map_err(|error| Error::invariant(error.to_string()))?,
        rhythm: word(row, "rhythm")?,
        starts_on: row.try_get("starts_on")?,
        ends_on: row.try_get("ends_on")?,
        posted: row.try_get("posted")?,
        next_on: row.try_get("next_on")?,
        problem: row.try_get("problem")?,
        ended_at: row.try_get("ended_at")?,
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
