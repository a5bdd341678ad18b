//! Lots and serial numbers: quantities, trace and recall.

pub mod line;
mod recall;
mod trace;

use actix_web::web::Data;
use actix_web::{get, patch};
use chrono::NaiveDate;
use domain::id::{LocationId, LotId, ProductId};
use domain::lot::LotStatus;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::stock::lot::{self, Filter, LotDetail, LotInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show).service(update).configure(trace::routes).configure(recall::routes);
}

record!(LotDetail, LotId);

/// Which lots to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Only this code.
    #[param(max_length = 64, example = "L-2026-117")]
    code: Option<String>,
    /// Only this status.
    status: Option<LotStatus>,
    /// Only lots with stock at this location.
    location_id: Option<LocationId>,
    /// Only lots that expire before this day.
    #[serde(rename = "expires_on[lt]")]
    #[param(example = "2027-01-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expires_before: Option<NaiveDate>,
    sort: Option<Age>,
}

/// List lots
///
/// Returns one page of lots with their quantities.
#[utoipa::path(
    operation_id = "lots_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of lots.", body = Page<LotDetail>))
)]
#[get("/v1/lots")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        product_id: filters.product_id,
        sku: filters.sku.clone(),
        code: filters.code.clone(),
        status: filters.status,
        location_id: filters.location_id,
        expires_before: filters.expires_before,
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| lot::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |lot: &LotDetail| lot.id.0).await
}

/// Get a lot
///
/// Returns the lot with its quantities by location.
#[utoipa::path(
    operation_id = "lots_get",
    security(("bearer" = ["stock:read"])),
    params(("id" = LotId, Path, description = "The lot's id."), ReadHeaders),
    responses((status = 200, description = "The lot.", body = LotDetail))
)]
#[get("/v1/lots/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LotId>, seen: IfNoneMatch) -> Answer {
    let lot = app.db.read(caller.tenant_id, async |tx| lot::get(tx, id.0).await).await?;
    // The stock of a lot can change without its version.
    seen.answer_content(lot.version, &lot)
}

/// Correct a lot
///
/// Takes a merge patch of wrong data. Sales that were made with the old data stay. A key that is bound to locations corrects
/// only lots whose stock lies at these locations alone.
#[utoipa::path(
    operation_id = "lots_update",
    security(("bearer" = ["stock:write"])),
    params(("id" = LotId, Path, description = "The lot's id.")),
    request_body = Patch<LotInput>,
    responses((status = 200, description = "The lot as it is now.", body = LotDetail))
)]
#[patch("/v1/lots/{id}")]
async fn update(write: Write, id: PathId<LotId>, body: Body<MergePatch>) -> Answer {
    let caller = write.caller();
    write
        .patch("lot.updated", body, async |tx, expected, change| {
            lot::update(tx, (id.0, &caller.limits), expected, change).await
        })
        .await
}
