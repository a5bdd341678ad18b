//! Fixes that runs have proposed, when they were applied, and whether they worked.

use chrono::{DateTime, Utc};
use domain::id::{FixId, ReconcileRunId};
use domain::moment::Instant;
use domain::refusal::Refusal;
use domain::tag;
use reconcile::answer::{Fix, Proof};
use reconcile::input::Applied;
use reconcile::term::ProofVerdict;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::level::{self, Line};
use super::parsed;
use crate::listing::{Age, Columns, Listing};
use crate::page::{Key, Ordering, Page, Placed};
use crate::{Error, Tx};

/// The instant at which a person applied a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileFixApply)]
pub struct AppliedInput {
    /// Instant from which the fix holds. It must not lie in the future. Absent: now.
    #[serde(default)]
    #[schema(example = "2026-02-03T08:00:00Z")]
    pub applied_at: Option<Instant>,
}

/// A fix that a run has proposed, and whether it worked.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileFixSummary)]
pub struct FixSummary {
    /// Always `reconcile_fix`.
    pub object: tag::ReconcileFix,
    /// The first run that proposed it.
    pub run_id: ReconcileRunId,
    /// The fix as that run proposed it.
    #[serde(flatten)]
    pub fix: Fix,
    /// Instant from which it holds. Null: no person has said that it is applied.
    #[schema(example = json!(null))]
    pub applied_at: Option<DateTime<Utc>>,
    /// Verdict of the latest run. Null while it is not applied.
    pub verdict: Option<ProofVerdict>,
    /// Counts before and after it, of the latest run. Null until a run has counted.
    pub proof: Option<Proof>,
    /// When it was first proposed.
    pub created_at: DateTime<Utc>,
}

/// A fix that a run has proposed, and whether it worked, week by week.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileFix)]
pub struct FixRecord {
    /// The fix.
    #[serde(flatten)]
    pub summary: FixSummary,
    /// The first verdict of each week after it.
    #[schema(max_items = 520)]
    pub week_verdicts: Vec<WeekVerdict>,
}

/// The verdict on a fix in one week after it was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileWeekVerdict)]
pub struct WeekVerdict {
    /// Whole weeks between the fix and the end of the run's window.
    #[schema(minimum = 0, example = 1)]
    pub week: i32,
    /// The run that reached it.
    pub run_id: ReconcileRunId,
    /// Counts before and after the fix, and the verdict.
    #[serde(flatten)]
    pub proof: Proof,
    /// When the run was made.
    pub created_at: DateTime<Utc>,
}

/// Most weeks of verdicts that are shown.
const WEEKS_MAX: i64 = 520;
/// Most applied fixes that a run counts: those that were applied last.
const APPLIED_MAX: i64 = 200;

/// A fix, with the latest note and the latest verdict since.
const SELECT: &str = "select f.id, f.run_id, f.content, f.recorded_at, a.applied_at, v.content as proof from reconcile_fix f \
     left join lateral (select a.applied_at from reconcile_fix_applied a where a.tenant_id = $1 and a.fix_id = f.id \
                        order by a.id desc limit 1) a on true \
     left join lateral (select v.content from reconcile_verdict v where v.tenant_id = $1 and v.fix_id = f.id \
                          and v.applied_at = a.applied_at order by v.run_id desc limit 1) v on true \
     where f.tenant_id = ";

/// Returns the order of a list of fixes. Their ids follow from their content and have no order.
pub fn order_by(age: Age) -> Ordering {
    match age {
        Age::NewestFirst => Ordering::descending(Key::Updated),
        Age::OldestFirst => Ordering::ascending(Key::Updated),
    }
}

/// Lists fixes by the time at which they were first proposed: all, those that are applied, or those that are not.
pub async fn list(tx: &Tx, is_applied: Option<bool>, page: &Page) -> Result<Vec<Placed<FixSummary>>, Error> {
    let columns = Columns { id: "f.id", updated_at: "f.recorded_at" };
    let listing = Listing::new(tx, SELECT).sql(match is_applied {
        Some(true) => " and a.applied_at is not null",
        Some(false) => " and a.applied_at is null",
        None => "",
    });
    let placed = |row: &PgRow| -> Result<Placed<FixSummary>, Error> {
        let position = page.order.position(row.try_get("id")?, row.try_get("recorded_at")?);
        Ok(Placed { record: read(row)?, position })
    };
    let rows = listing.paged(&columns, page).rows(tx).await?;
    let mut found: Vec<Placed<FixSummary>> = rows.iter().map(placed).collect::<Result<_, _>>()?;
    let lines = found.iter_mut().flat_map(|row| Line::of_fix(row.record.run_id, &mut row.record.fix));
    level::add(tx, lines.collect()).await?;
    Ok(found)
}

/// Returns a fix.
pub async fn get(tx: &Tx, id: FixId) -> Result<FixRecord, Error> {
    let rows = Listing::new(tx, SELECT).with("f.id = ", Some(id.0)).rows(tx).await?;
    let mut summary = read(rows.first().ok_or_else(|| Refusal::not_found("fix"))?)?;
    level::add(tx, Line::of_fix(summary.run_id, &mut summary.fix).collect()).await?;
    let week_verdicts = match summary.applied_at {
        Some(applied_at) => week_verdicts(tx, id, applied_at).await?,
        None => Vec::new(),
    };
    Ok(FixRecord { summary, week_verdicts })
}

fn read(row: &PgRow) -> Result<FixSummary, Error> {
    let applied_at: Option<DateTime<Utc>> = row.try_get("applied_at")?;
    let proof: Option<Proof> = row.try_get::<Option<Value>, _>("proof")?.map(parsed).transpose()?;
    Ok(FixSummary {
        object: tag::ReconcileFix,
        run_id: ReconcileRunId(row.try_get("run_id")?),
        fix: parsed(row.try_get("content")?)?,
        applied_at,
        verdict: applied_at.map(|_| proof.as_ref().map_or(ProofVerdict::TooEarly, |proof| proof.verdict)),
        proof,
        created_at: row.try_get("recorded_at")?,
    })
}

/// Notes when a fix was applied. The last note holds.
pub async fn apply(tx: &Tx, id: FixId, input: &AppliedInput) -> Result<FixRecord, Error> {
    let applied_at = input.applied_at.map_or(tx.now, Instant::get);
    if applied_at > tx.now {
        let detail = "The fix can't be applied in the future: send the instant from which it holds.";
        return Err(Refusal::invalid("/applied_at", detail).into());
    }
    get(tx, id).await?;
    let statement = "insert into reconcile_fix_applied (tenant_id, id, fix_id, applied_at, recorded_at, command_id) \
                     values ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(tx.next_id()).bind(id.0).bind(applied_at);
    tx.execute(query.bind(tx.now).bind(tx.next_command_id().0)).await?;
    get(tx, id).await
}

async fn week_verdicts(tx: &Tx, id: FixId, applied_at: DateTime<Utc>) -> Result<Vec<WeekVerdict>, Error> {
    let statement = "select distinct on (week) week, run_id, content, recorded_at from reconcile_verdict \
                     where tenant_id = $1 and fix_id = $2 and applied_at = $3 order by week, run_id limit $4";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(applied_at).bind(WEEKS_MAX);
    let week = |row: &PgRow| -> Result<WeekVerdict, Error> {
        Ok(WeekVerdict {
            week: row.try_get("week")?,
            run_id: ReconcileRunId(row.try_get("run_id")?),
            proof: parsed(row.try_get("content")?)?,
            created_at: row.try_get("recorded_at")?,
        })
    };
    tx.rows(query).await?.iter().map(week).collect()
}

/// Returns the fixes that were applied, for the engine to count before and after.
pub(super) async fn applied(tx: &Tx) -> Result<Vec<Applied>, Error> {
    let statement = "select f.id, f.content, a.applied_at from ( \
             select distinct on (fix_id) id, fix_id, applied_at from reconcile_fix_applied where tenant_id = $1 \
             order by fix_id, id desc) a \
         join reconcile_fix f on f.tenant_id = $1 and f.id = a.fix_id \
         order by a.id desc limit $2";
    let applied = |row: &PgRow| -> Result<Applied, Error> {
        let Fix { class, event_type, edge, scope, .. } = parsed(row.try_get("content")?)?;
        let id = FixId(row.try_get::<Uuid, _>("id")?).to_string();
        Ok(Applied { id, class, event_type, edge, scope, applied_at: row.try_get("applied_at")? })
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(APPLIED_MAX))
        .await?
        .iter()
        .map(applied)
        .collect()
}
