//! Locations, and reason codes of adjustments.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::LocationId;
use domain::location::LocationKind;
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::location::{self, Filter, Location, LocationInput, ReasonCode, ReasonCodeInput};
use service::page::{self, Sort};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, NoFilters, Page, Sorted};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list)
        .service(create)
        .service(get)
        .service(update)
        .service(list_reasons)
        .service(create_reason);
}

record!(Location, LocationId);

/// Which locations to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 64, example = "MAIN")]
    code: Option<String>,
    /// Only this kind.
    kind: Option<LocationKind>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List locations
///
/// Returns one page of locations.
#[utoipa::path(
    operation_id = "locations_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of locations.", body = Page<Location>))
)]
#[get("/v1/locations")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter { code: filters.code.clone(), kind: filters.kind };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| location::list(tx, &filter, page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a location
///
/// Creates a warehouse, a store, a transit location or a quarantine.
#[utoipa::path(
    operation_id = "locations_create",
    security(("bearer" = ["stock:write"])),
    request_body = LocationInput,
    responses((status = 201, description = "The location.", body = Location))
)]
#[post("/v1/locations")]
async fn create(write: Write, body: Body<LocationInput>) -> Answer {
    write.changing_setup().create("location.created", body, location::create).await
}

/// Get a location
///
/// Returns one location.
#[utoipa::path(
    operation_id = "locations_get",
    security(("bearer" = ["stock:read"])),
    params(("id" = LocationId, Path, description = "The location's id."), ReadHeaders),
    responses((status = 200, description = "The location.", body = Location))
)]
#[get("/v1/locations/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<LocationId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| location::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a location
///
/// Takes a merge patch. The kind of a location can't change.
#[utoipa::path(
    operation_id = "locations_update",
    security(("bearer" = ["stock:write"])),
    params(("id" = LocationId, Path, description = "The location's id.")),
    request_body = Patch<LocationInput>,
    responses((status = 200, description = "The location as it is now.", body = Location))
)]
#[patch("/v1/locations/{id}")]
async fn update(write: Write, id: PathId<LocationId>, body: Body<MergePatch>) -> Answer {
    write.caller().limits.require_location(id.0, "")?;
    write
        .changing_setup()
        .patch("location.updated", body, async |tx, expected, change| {
            location::update(tx, id.0, expected, change).await
        })
        .await
}

/// List reason codes
///
/// Returns one page of the reasons for adjustments, by code.
#[utoipa::path(
    operation_id = "reason_codes_list",
    security(("bearer" = ["stock:read"])),
    responses((status = 200, description = "One page of reason codes.", body = Page<ReasonCode>))
)]
#[get("/v1/reason-codes")]
async fn list_reasons(caller: Caller, page: List<NoFilters>) -> Answer {
    let read = async |tx: &Tx, after: Option<String>, rows: u64| {
        location::list_reasons(tx, after.as_deref(), rows).await
    };
    page.serve(caller, read, |reason: &ReasonCode| reason.code.clone()).await
}

/// Create a reason code
///
/// Creates a reason for adjustments, with the account that they are posted to.
#[utoipa::path(
    operation_id = "reason_codes_create",
    security(("bearer" = ["stock:write"])),
    request_body = ReasonCodeInput,
    responses((status = 201, description = "The reason code.", body = ReasonCode))
)]
#[post("/v1/reason-codes")]
async fn create_reason(write: Write, body: Body<ReasonCodeInput>) -> Answer {
    write.changing_setup().create_unaddressed("reason_code.created", body, location::create_reason).await
}
