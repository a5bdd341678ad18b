//! Jobs: requests whose work goes on after the response.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::id::JobId;
use serde::Deserialize;
use service::Tx;
use service::job::{self, Job, Kind};
use service::listing::{Age, Slice};
use strum::VariantArray;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, Page};
use crate::params::PathId;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// Which jobs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only jobs of this kind.
    #[param(inline)]
    kind: Option<Kind>,
    sort: Option<Age>,
}

/// Returns the kinds of jobs that a caller may see: at least one, or the route rejects the caller.
fn kinds(caller: &Caller) -> Vec<Kind> {
    Kind::VARIANTS.iter().copied().filter(|kind| caller.scopes.contains(kind.scope())).collect()
}

/// List jobs
///
/// Returns one page of jobs, of the kinds that the caller may read: imports of products with `catalog:read`, runs of the reconciliation
/// with `reconciliation:read`. `result` and `problem` are null here: `GET /v1/jobs/{id}` has them. A job is kept for 7 days after its end. A
/// tenant keeps its newest 1,000 jobs.
#[utoipa::path(
    operation_id = "jobs_list",
    security(("bearer" = ["catalog:read"]), ("bearer" = ["reconciliation:read"])),
    params(Filters),
    responses((status = 200, description = "One page of jobs.", body = Page<Job>))
)]
#[get("/v1/jobs")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let (wanted, sort) = (list.filters.kind, list.filters.sort);
    if let Some(kind) = wanted {
        caller.require(kind.scope())?;
    }
    let kinds = wanted.map_or_else(|| kinds(&caller), |kind| vec![kind]);
    let read = async move |tx: &Tx, slice: &Slice| job::list(tx, &kinds, slice).await;
    list.serve_documents(caller, sort, read, |job: &Job| job.id.0).await
}

/// Get a job
///
/// Returns the progress of a request that was sent with `Prefer: respond-async`. The progress is updated every second. When the job has
/// ended, `result` has the response of the request, or `problem` the reason for which the request was rejected.
#[utoipa::path(
    operation_id = "jobs_get",
    security(("bearer" = ["catalog:read"]), ("bearer" = ["reconciliation:read"])),
    params(("id" = JobId, Path, description = "The job.")),
    responses((status = 200, description = "The job.", body = Job))
)]
#[get("/v1/jobs/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<JobId>) -> Answer {
    let kinds = kinds(&caller);
    let read = async |tx: &Tx| job::get(tx, id.0, &kinds).await;
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, read).await?))
}
