//! The answer of a run: the first fix, ranked exceptions, flow maps and health; and whether an applied fix worked.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use domain::id::{FixId, ReconcileRunId};
use reconcile::term::Process;
use serde::{Deserialize, Serialize};
use service::listing::Age;
use service::page::{Page as Part, Placed, Position};
use service::reconcile::run::fix::{self, AppliedInput, FixRecord, FixSummary};
use service::reconcile::run::part::{self, Exceptions, FirstFixOfRun, FlowMapOfRun, HealthOfRun};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of the answer and of fixes.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(first_fix)
        .service(exceptions)
        .service(flow_map)
        .service(health)
        .service(list_fixes)
        .service(show_fix)
        .service(apply);
}

/// Returns one record of a run.
async fn respond<T: Serialize>(
    app: &App,
    caller: &Caller,
    read: impl AsyncFnOnce(&Tx) -> Result<T, Error>,
) -> Answer {
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, read).await?))
}

/// The run to read.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfRun {
    /// The run. Absent: the latest.
    run: Option<ReconcileRunId>,
}

/// Get the first fix
///
/// Returns the one change that removes most recurring work for its effort, with its evidence and the next four. `verdict` is
/// `none` if no cause recurs, and `not_enough_data` if an export is missing: `settle_with` names it. A tenant without a run gets
/// 404.
#[utoipa::path(
    operation_id = "reconciliation_first_fix_get",
    security(("bearer" = ["reconciliation:read"])),
    params(OfRun),
    responses((status = 200, description = "The first fix, or the reason why there is none.", body = FirstFixOfRun))
)]
#[get("/v1/reconciliation/first-fix")]
async fn first_fix(app: Data<App>, caller: Caller, of: Params<OfRun>) -> Answer {
    respond(&app, &caller, async |tx| part::first_fix(tx, of.run).await).await
}

/// Get the ranked exceptions
///
/// Returns groups of episodes with one cause, the best fix first, at most 1,000. A group that recurs too seldom to be a fix says
/// why.
#[utoipa::path(
    operation_id = "reconciliation_exceptions_get",
    security(("bearer" = ["reconciliation:read"])),
    params(OfRun),
    responses((status = 200, description = "The groups.", body = Exceptions))
)]
#[get("/v1/reconciliation/exceptions")]
async fn exceptions(app: Data<App>, caller: Caller, of: Params<OfRun>) -> Answer {
    respond(&app, &caller, async |tx| part::exceptions(tx, of.run).await).await
}

/// The flow to read.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfProcess {
    /// The run. Absent: the latest.
    run: Option<ReconcileRunId>,
    /// The process. Absent: that of the first fix, otherwise sales.
    process: Option<Process>,
}

/// Get the flow map
///
/// Returns how the events of a process flow from system to system: latency, loss, duplicates and manual work of each edge, and
/// where that differs from what the owners declare. A process without events has an empty map.
#[utoipa::path(
    operation_id = "reconciliation_flow_map_get",
    security(("bearer" = ["reconciliation:read"])),
    params(OfProcess),
    responses((status = 200, description = "The map.", body = FlowMapOfRun))
)]
#[get("/v1/reconciliation/flow-map")]
async fn flow_map(app: Data<App>, caller: Caller, of: Params<OfProcess>) -> Answer {
    respond(&app, &caller, async |tx| part::flow_map(tx, of.run, of.process).await).await
}

/// Get the health
///
/// Returns exceptions per 1,000 movements, manual work and open differences, week by week, and their trend.
#[utoipa::path(
    operation_id = "reconciliation_health_get",
    security(("bearer" = ["reconciliation:read"])),
    params(OfRun),
    responses((status = 200, description = "The weeks.", body = HealthOfRun))
)]
#[get("/v1/reconciliation/health")]
async fn health(app: Data<App>, caller: Caller, of: Params<OfRun>) -> Answer {
    respond(&app, &caller, async |tx| part::health(tx, of.run).await).await
}

/// Which fixes to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FixFilters {
    /// `true`: only fixes that are applied. `false`: only those that are not.
    #[param(example = true)]
    applied: Option<bool>,
    sort: Option<Age>,
}

/// List fixes
///
/// Returns one page of the fixes that runs have proposed, the newest first. One that was applied has the verdict of the latest run,
/// with its counts before and after.
#[utoipa::path(
    operation_id = "reconciliation_fixes_list",
    security(("bearer" = ["reconciliation:read"])),
    params(FixFilters),
    responses((status = 200, description = "One page of fixes.", body = Page<FixSummary>))
)]
#[get("/v1/reconciliation/fixes")]
async fn list_fixes(caller: Caller, list: List<FixFilters>) -> Answer {
    let FixFilters { applied, sort } = list.filters;
    let (order, updated_since) = (fix::order_by(sort.unwrap_or_default()), list.since);
    let read = async move |tx: &Tx, after: Option<Position>, rows: u64| {
        let page = Part { order, after, rows, updated_since };
        fix::list(tx, applied, &page).await
    };
    list.serve(caller, read, |row: &Placed<FixSummary>| row.position.clone()).await
}

/// Get a fix
///
/// Returns a fix as a run first proposed it. If it was applied, each later run counts its episodes and movements before and after,
/// and reaches a verdict.
#[utoipa::path(
    operation_id = "reconciliation_fixes_get",
    security(("bearer" = ["reconciliation:read"])),
    params(("id" = FixId, Path, description = "The fix.")),
    responses((status = 200, description = "The fix.", body = FixRecord))
)]
#[get("/v1/reconciliation/fixes/{id}")]
async fn show_fix(app: Data<App>, caller: Caller, id: PathId<FixId>) -> Answer {
    respond(&app, &caller, async |tx| fix::get(tx, id.0).await).await
}

/// Note that a fix is applied
///
/// Notes the instant from which a fix holds. The verdict is `too_early` until a later run has counted enough. A further note
/// replaces the instant.
#[utoipa::path(
    operation_id = "reconciliation_fixes_apply",
    security(("bearer" = ["reconciliation:write"])),
    params(("id" = FixId, Path, description = "The fix.")),
    request_body = AppliedInput,
    responses((status = 200, description = "The fix as it is now.", body = FixRecord))
)]
#[post("/v1/reconciliation/fixes/{id}/applied")]
async fn apply(write: Write, id: PathId<FixId>, body: Body<AppliedInput>) -> Answer {
    let work = async |tx: &Tx, input: &AppliedInput| Ok((Some(id.0.0), fix::apply(tx, id.0, input).await?));
    write.step("reconcile_fix.applied", body, work).await
}
