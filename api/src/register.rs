//! Tills: list, create, get, change.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::{LocationId, RegisterId};
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::page::{self, Sort};
use service::register::{self, Filter, Register, RegisterChange, RegisterInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update);
}

record!(Register, RegisterId);

/// Which tills to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 12, example = "TILL1")]
    code: Option<String>,
    /// Only this location.
    location_id: Option<LocationId>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List tills
///
/// Returns one page of tills.
#[utoipa::path(
    operation_id = "registers_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of tills.", body = Page<Register>))
)]
#[get("/v1/registers")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter { code: filters.code.clone(), location_id: filters.location_id };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| register::list(tx, &filter, page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a till
///
/// Creates a till at a store or a warehouse.
#[utoipa::path(
    operation_id = "registers_create",
    security(("bearer" = ["pos:manage"])),
    request_body = RegisterInput,
    responses((status = 201, description = "The till.", body = Register))
)]
#[post("/v1/registers")]
async fn create(write: Write, body: Body<RegisterInput>) -> Answer {
    let caller = write.caller();
    let make = async |tx: &Tx, input: &RegisterInput| {
        caller.limits.require_location(input.location_id, "/location_id")?;
        register::create(tx, input).await
    };
    write.changing_setup().create("register.created", body, make).await
}

/// Get a till
///
/// Returns one till.
#[utoipa::path(
    operation_id = "registers_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = RegisterId, Path, description = "The till's id."), ReadHeaders),
    responses((status = 200, description = "The till.", body = Register))
)]
#[get("/v1/registers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<RegisterId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| register::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a till
///
/// Takes a merge patch with a name, a rounding of cash or a largest discount. Code and location stay. A caller sets no largest
/// discount above its own; without one, 100 % counts. Other servers follow within seconds.
#[utoipa::path(
    operation_id = "registers_update",
    security(("bearer" = ["pos:manage"])),
    params(("id" = RegisterId, Path, description = "The till's id.")),
    request_body = Patch<RegisterChange>,
    responses((status = 200, description = "The till as it is now.", body = Register))
)]
#[patch("/v1/registers/{id}")]
async fn update(write: Write, id: PathId<RegisterId>, body: Body<MergePatch>) -> Answer {
    let caller = write.caller();
    write
        .changing_setup()
        .patch("register.updated", body, async |tx, expected, change| {
            register::update(tx, (id.0, &caller), expected, change).await
        })
        .await
}
