//! The count plan.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::id::{CategoryId, LocationId};
use domain::refusal::Refusal;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::count::plan::{PlannedCount, plan};
use service::count::resolve_location;
use service::known;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, invalid_limit};
use crate::params::Params;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Parameters of the plan.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Location. The oldest warehouse if absent.
    location_id: Option<LocationId>,
    /// Only this category and those below it.
    category_id: Option<CategoryId>,
    /// Most products to return.
    #[param(minimum = 1, maximum = 200, default = 50, example = 50)]
    limit: Option<u32>,
}

/// Products to count next at a location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CountPlan {
    object: tag::CountPlan,
    /// The location.
    location_id: LocationId,
    /// The products, the most urgent first.
    #[schema(max_items = 200)]
    data: Vec<PlannedCount>,
}

/// Plan counts
///
/// Returns the products to count next, ranked by risk: value × (1 + velocity) × (1 + past variance) × (1 + unexplained
/// difference) × days since the last count. Each product has every factor. An unexplained difference is one from another system for which
/// the latest run of the reconciliation found no cause. `POST /v1/counts` with `plan` opens a count sheet for the first products.
#[utoipa::path(
    operation_id = "counts_plan",
    security(("bearer" = ["counts:read", "reports:read", "costs:read"])),
    params(Wanted),
    responses((status = 200, description = "The plan.", body = CountPlan))
)]
#[get("/v1/counts/plan")]
async fn show(app: Data<App>, caller: Caller, wanted: Params<Wanted>) -> Answer {
    let rows = wanted.limit.unwrap_or(LIMIT_DEFAULT);
    if !(1..=LIMIT_MAX).contains(&rows) {
        return Err(invalid_limit());
    }
    let read = async |tx: &service::Tx| {
        let location_id = resolve_location(tx, wanted.location_id).await?;
        let location_id = location_id.ok_or_else(|| Refusal::not_found("location"))?;
        known::check_id(tx, "category_id", wanted.category_id.map(|id| id.to_string())).await?;
        Ok((location_id, plan(tx, location_id, wanted.category_id, rows).await?))
    };
    let read = app.db.read(caller.tenant_id, read).await;
    let (location_id, data) = read.map_err(|error| ApiError::from(error).in_query())?;
    Ok(HttpResponse::Ok().json(CountPlan { object: tag::CountPlan, location_id, data }))
}
