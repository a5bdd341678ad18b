//! Runs of the reconciliation, and the lists of what they found.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use domain::id::{EpisodeId, ReconcileRunId};
use reconcile::answer::Discrepancy;
use reconcile::term::Class;
use serde::Deserialize;
use service::Tx;
use service::job::{Job, Kind};
use service::listing::{Age, Slice};
use service::reconcile::run::episode::{self, EpisodeRecord, Resolution};
use service::reconcile::run::list::{self as rows, Filter, Numbered, Place, RunPage, State};
use service::reconcile::run::{self, Computed, Run, RunInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::background::Progress;
use crate::body::Body;
use crate::list::{List, Page};
use crate::params::{PathId, listed};
use crate::problem::ApiError;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of runs, discrepancies and episodes.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create)
        .service(list_runs)
        .service(show)
        .service(discrepancies)
        .service(episodes)
        .service(show_episode)
        .service(resolve);
}

record!(Run, id: ReconcileRunId, created_at);

/// Make a run
///
/// Compares the inputs of the window and finds the first fix. Equal inputs and settings give equal results, in any order of files
/// and rows. A run takes at most 2,000,000 rows and 65 seconds, and you make one at a time. It costs as many points as a report: 10.
/// The worker makes a run when no new input has come for a minute. `Prefer: respond-async` returns a job (202) and makes the run
/// after the response.
#[utoipa::path(
    operation_id = "reconciliation_runs_create",
    security(("bearer" = ["reconciliation:write"])),
    request_body = RunInput,
    responses(
        (status = 201, description = "The run.", body = Run),
        (status = 202, description = "With `Prefer: respond-async`: the job that makes the run.", body = Job),
    )
)]
#[post("/v1/reconciliation/runs")]
async fn create(app: Data<App>, write: Write, body: Body<RunInput>) -> Answer {
    let input = body.read().await?;
    let work = async move |write: Write, _: Progress| {
        let caller = write.caller();
        let compute = async || -> Result<Computed, ApiError> {
            app.rates.admit_report(&caller)?;
            Ok(run::compute(&app.db, caller.tenant_id, &input.value).await?)
        };
        let store = async |tx: &Tx, computed: &Computed| run::store(tx, computed).await;
        write.taking_long().create_computed("reconcile_run.completed", &input.raw, compute, store).await
    };
    write.now_or_later(Kind::ReconciliationRun, work).await
}

/// Which runs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RunFilters {
    sort: Option<Age>,
}

/// List runs
///
/// Returns one page of runs, the newest first.
#[utoipa::path(
    operation_id = "reconciliation_runs_list",
    security(("bearer" = ["reconciliation:read"])),
    params(RunFilters),
    responses((status = 200, description = "One page of runs.", body = Page<Run>))
)]
#[get("/v1/reconciliation/runs")]
async fn list_runs(caller: Caller, list: List<RunFilters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| run::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |run: &Run| run.id.0).await
}

/// Get a run
///
/// Returns one run.
#[utoipa::path(
    operation_id = "reconciliation_runs_get",
    security(("bearer" = ["reconciliation:read"])),
    params(("id" = ReconcileRunId, Path, description = "The run."), ReadHeaders),
    responses((status = 200, description = "The run.", body = Run))
)]
#[get("/v1/reconciliation/runs/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ReconcileRunId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| run::get(tx, id.0).await;
    let run = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(run.version, run))
}

/// Which differences to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DiscrepancyFilters {
    /// The run. Absent: the latest.
    run: Option<ReconcileRunId>,
    /// Only this system, by its code.
    #[param(max_length = 64, example = "storefront")]
    system: Option<String>,
    /// Only this item.
    #[param(max_length = 200, example = "A-10010")]
    sku: Option<String>,
    /// Only this place.
    #[param(max_length = 200, example = "2020")]
    place: Option<String>,
    /// Only these classes of the first explanation, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 20)]
    class: Vec<Class>,
}

/// List discrepancies
///
/// Returns one page of the differences of a run: one row for each key and snapshot at which the difference changed, with its
/// causes and the events that prove them. The rows of the newest 10 runs are kept.
#[utoipa::path(
    operation_id = "reconciliation_discrepancies_list",
    security(("bearer" = ["reconciliation:read"])),
    params(DiscrepancyFilters),
    responses((status = 200, description = "One page of differences.", body = Page<Discrepancy>))
)]
#[get("/v1/reconciliation/discrepancies")]
async fn discrepancies(caller: Caller, list: List<DiscrepancyFilters>) -> Answer {
    let DiscrepancyFilters { run, system, sku, place, class } = &list.filters;
    let filter = Filter {
        system: system.clone(),
        sku: sku.clone(),
        place: place.clone(),
        classes: class.clone(),
        state: None,
    };
    let run = *run;
    let read = async move |tx: &Tx, after: Option<Place>, limit: u64| {
        let page = RunPage::of(tx, run, after, limit).await?;
        rows::discrepancies(tx, &filter, page).await
    };
    list.serve(caller, read, |row: &Numbered<Discrepancy>| row.place).await
}

/// Which episodes to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EpisodeFilters {
    /// The run. Absent: the latest.
    run: Option<ReconcileRunId>,
    /// Only this system, by its code.
    #[param(max_length = 64, example = "storefront")]
    system: Option<String>,
    /// Only this item.
    #[param(max_length = 200, example = "A-10010")]
    sku: Option<String>,
    /// Only this place.
    #[param(max_length = 200, example = "2020")]
    place: Option<String>,
    /// Only these classes, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 20)]
    class: Vec<Class>,
    /// Only open or only healed ones.
    #[param(inline)]
    state: Option<State>,
}

/// List episodes
///
/// Returns one page of the episodes of a run. A difference that stays the same over many snapshots is one episode. The rows of the
/// newest 10 runs are kept.
#[utoipa::path(
    operation_id = "reconciliation_episodes_list",
    security(("bearer" = ["reconciliation:read"])),
    params(EpisodeFilters),
    responses((status = 200, description = "One page of episodes.", body = Page<EpisodeRecord>))
)]
#[get("/v1/reconciliation/episodes")]
async fn episodes(caller: Caller, list: List<EpisodeFilters>) -> Answer {
    let EpisodeFilters { run, system, sku, place, class, state } = &list.filters;
    let filter = Filter {
        system: system.clone(),
        sku: sku.clone(),
        place: place.clone(),
        classes: class.clone(),
        state: *state,
    };
    let run = *run;
    let read = async move |tx: &Tx, after: Option<Place>, limit: u64| {
        let page = RunPage::of(tx, run, after, limit).await?;
        episode::list(tx, &filter, page).await
    };
    list.serve(caller, read, |row: &Numbered<EpisodeRecord>| row.place).await
}

/// Get an episode
///
/// Returns an episode as the latest run found it, of the newest 10 runs.
#[utoipa::path(
    operation_id = "reconciliation_episodes_get",
    security(("bearer" = ["reconciliation:read"])),
    params(("id" = EpisodeId, Path, description = "The episode.")),
    responses((status = 200, description = "The episode.", body = EpisodeRecord))
)]
#[get("/v1/reconciliation/episodes/{id}")]
async fn show_episode(app: Data<App>, caller: Caller, id: PathId<EpisodeId>) -> Answer {
    let read = async |tx: &Tx| episode::get(tx, id.0).await;
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, read).await?))
}

/// Resolve an episode
///
/// Confirms or corrects the class of an episode. Later runs trust a class of a system more, the more often it was confirmed, and
/// less, the more often it was corrected. The order in which causes are tested stays. The newest decision on an episode holds.
#[utoipa::path(
    operation_id = "reconciliation_episodes_resolve",
    security(("bearer" = ["reconciliation:write"])),
    params(("id" = EpisodeId, Path, description = "The episode.")),
    request_body = Resolution,
    responses((status = 200, description = "The episode with the decision.", body = EpisodeRecord))
)]
#[post("/v1/reconciliation/episodes/{id}/resolve")]
async fn resolve(write: Write, id: PathId<EpisodeId>, body: Body<Resolution>) -> Answer {
    let work =
        async |tx: &Tx, input: &Resolution| Ok((Some(id.0.0), episode::resolve(tx, id.0, input).await?));
    write.step("reconcile_episode.resolved", body, work).await
}
