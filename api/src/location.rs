//! Locations, and reason codes of adjustments.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use chrono::{DateTime, Utc};
use domain::id::LocationId;
use domain::location::LocationKind;
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use service::location::{self, Filter, LocationInput, ReasonCodeInput};
use service::page::Sort;
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

/// A place where stock is kept.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Location {
    /// Id of the location.
    id: LocationId,
    object: tag::Location,
    /// Your code for it.
    #[schema(max_length = 64, example = "MAIN")]
    code: String,
    /// The name.
    #[schema(max_length = 200, example = "Main warehouse")]
    name: String,
    /// Kind of the location.
    kind: LocationKind,
    /// Channels that may take stock from it.
    #[schema(max_items = 2)]
    channels: Vec<Channel>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<entity::location::Model> for Location {
    fn from(row: entity::location::Model) -> Self {
        Location {
            id: row.id,
            object: tag::Location,
            channels: location::channels_of(&row),
            code: row.code,
            name: row.name,
            kind: row.kind,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

record!(Location, LocationId);

/// A reason for adjustments, with the account that they are posted to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReasonCode {
    /// The code.
    #[schema(max_length = 64, example = "damage")]
    id: String,
    object: tag::ReasonCode,
    /// The code.
    #[schema(max_length = 64, example = "damage")]
    code: String,
    /// Meaning of the code.
    #[schema(max_length = 200, example = "Damaged in the warehouse")]
    name: String,
    /// Code of the account that the adjustments are posted to.
    #[schema(max_length = 64, example = "5100")]
    account_code: String,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, example = 1)]
    version: i32,
}

impl From<entity::reason_code::Model> for ReasonCode {
    fn from(row: entity::reason_code::Model) -> Self {
        let (name, account_code) = (row.name, row.account_code);
        ReasonCode {
            id: row.code.clone(),
            object: tag::ReasonCode,
            code: row.code,
            name,
            account_code,
            version: 1,
        }
    }
}

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
    updated_since: Option<DateTime<Utc>>,
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
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter { code: filters.code.clone(), kind: filters.kind };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let page = sorted.page(&list)?;
    let rows = app.db.read(caller.tenant_id, async |tx| location::list(tx, &filter, &page).await).await?;
    list.answer(rows.into_iter().map(Location::from).collect(), |row| {
        sorted.position(row.id.0, row.updated_at)
    })
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
    write.changing_setup().create("location.created", body, Location::from, location::create).await
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
    Ok(seen.answer(row.version, Location::from(row)))
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
        .patch("location.updated", body, Location::from, async |tx, expected, change| {
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
async fn list_reasons(app: Data<App>, caller: Caller, page: List<NoFilters>) -> Answer {
    let after: Option<String> = page.after()?;
    let read = async |tx: &service::Tx| location::list_reasons(tx, after.as_deref(), page.fetch()).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    page.answer(rows.into_iter().map(ReasonCode::from).collect(), |row| row.code.clone())
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
    write
        .changing_setup()
        .create_unaddressed("reason_code.created", body, ReasonCode::from, location::create_reason)
        .await
}
