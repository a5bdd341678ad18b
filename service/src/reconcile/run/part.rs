//! The parts of the answer of a run: the first fix, ranked exceptions, flow maps and health.

use domain::id::ReconcileRunId;
use domain::tag;
use reconcile::answer::{Exception, FirstFix, FlowMap, Health, HealthWeek};
use reconcile::term::{Process, Trend};
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::level::{self, Line};
use super::{parsed, wanted};
use crate::{Error, Tx};

pub use reconcile::answer::EXCEPTIONS_MAX;

/// The first fix: the one change that removes most recurring work for its effort.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileFirstFix)]
pub struct FirstFixOfRun {
    /// Always `first_fix`.
    pub object: tag::ReconcileFirstFix,
    /// The run that found it.
    pub run_id: ReconcileRunId,
    /// The fix, or the reason why there is none.
    #[serde(flatten)]
    pub told: FirstFix,
}

/// Ranked groups of episodes with one cause.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileExceptions)]
pub struct Exceptions {
    /// Always `reconcile_exceptions`.
    pub object: tag::ReconcileExceptions,
    /// The run that ranked them.
    pub run_id: ReconcileRunId,
    /// The groups, the best fix first.
    #[schema(max_items = 1000)]
    pub data: Vec<Exception>,
    /// Number of groups that are listed, at most 1,000.
    #[schema(minimum = 0, maximum = 1000, example = 12)]
    pub total: usize,
}

/// The observed flow of one process.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileFlowMap)]
pub struct FlowMapOfRun {
    /// Always `flow_map`.
    pub object: tag::ReconcileFlowMap,
    /// The run that saw it.
    pub run_id: ReconcileRunId,
    /// The map.
    #[serde(flatten)]
    pub map: FlowMap,
}

/// Health over the weeks of the window.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileHealth)]
pub struct HealthOfRun {
    /// Always `reconcile_health`.
    pub object: tag::ReconcileHealth,
    /// The run that measured it.
    pub run_id: ReconcileRunId,
    /// Weeks, the earliest first.
    #[schema(max_items = 60)]
    pub weeks: Vec<HealthWeek>,
    /// Direction of exceptions per 1,000 movements.
    pub trend: Trend,
    /// The trend as a sentence.
    #[schema(
        max_length = 500,
        example = "Exceptions per 1,000 movements fell from 21.4 to 9.8 in seven weeks."
    )]
    pub trend_text: String,
}

/// Returns the first fix of a run, or of the latest.
pub async fn first_fix(tx: &Tx, run: Option<ReconcileRunId>) -> Result<FirstFixOfRun, Error> {
    let statement = "select first_fix as part from reconcile_run where tenant_id = $1 and id = $2";
    let (run_id, mut told): (_, FirstFix) = part(tx, run, statement).await?;
    let fixes = told.fix.iter_mut().chain(&mut told.next);
    level::add(tx, fixes.flat_map(|fix| Line::of_fix(run_id, fix)).collect()).await?;
    Ok(FirstFixOfRun { object: tag::ReconcileFirstFix, run_id, told })
}

/// Returns the ranked groups of a run, or of the latest.
pub async fn exceptions(tx: &Tx, run: Option<ReconcileRunId>) -> Result<Exceptions, Error> {
    let statement = "select exceptions as part from reconcile_run where tenant_id = $1 and id = $2";
    let (run_id, data): (_, Vec<Exception>) = part(tx, run, statement).await?;
    let total = data.len();
    Ok(Exceptions { object: tag::ReconcileExceptions, run_id, data, total })
}

/// Returns the flow of a process in a run, or in the latest. Without a process it is that of the first fix, or of sales.
pub async fn flow_map(
    tx: &Tx,
    run: Option<ReconcileRunId>,
    process: Option<Process>,
) -> Result<FlowMapOfRun, Error> {
    let statement = "select flow_map as part from reconcile_run where tenant_id = $1 and id = $2";
    let (run_id, maps): (_, Vec<FlowMap>) = part(tx, run, statement).await?;
    let process = match process {
        Some(process) => process,
        None => broken(&first_fix(tx, Some(run_id)).await?.told),
    };
    let map = maps.into_iter().find(|map| map.process == process).unwrap_or_else(|| empty(process));
    Ok(FlowMapOfRun { object: tag::ReconcileFlowMap, run_id, map })
}

/// Returns the process of a first fix.
fn broken(told: &FirstFix) -> Process {
    let event_type = told.fix.as_ref().and_then(|fix| fix.event_type);
    event_type.map_or(Process::Sale, |event_type| event_type.process())
}

/// Returns the map of a process of which no event was seen.
fn empty(process: Process) -> FlowMap {
    let mermaid = "flowchart LR\n".to_owned();
    FlowMap { process, nodes: Vec::new(), edges: Vec::new(), findings: Vec::new(), mermaid }
}

/// Returns the health of a run, or of the latest.
pub async fn health(tx: &Tx, run: Option<ReconcileRunId>) -> Result<HealthOfRun, Error> {
    let statement = "select health as part from reconcile_run where tenant_id = $1 and id = $2";
    let (run_id, Health { weeks, trend, trend_text }) = part(tx, run, statement).await?;
    Ok(HealthOfRun { object: tag::ReconcileHealth, run_id, weeks, trend, trend_text })
}

async fn part<T: DeserializeOwned>(
    tx: &Tx,
    run: Option<ReconcileRunId>,
    statement: &'static str,
) -> Result<(ReconcileRunId, T), Error> {
    let run_id = wanted(tx, run).await?;
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(run_id.0)).await?;
    let row = row.ok_or_else(|| Error::invariant("a run is never deleted"))?;
    Ok((run_id, parsed(row.try_get("part")?)?))
}
