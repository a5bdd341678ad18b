//! Tills: list, create, get.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use domain::id::{LocationId, RegisterId};
use domain::number::Money;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::page::Sort;
use service::register::{self, Filter, RegisterInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get);
}

/// A till.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Register {
    /// Id of the till.
    id: RegisterId,
    object: tag::Register,
    /// Your code for it, part of the numbers of its sales.
    #[schema(max_length = 12, example = "TILL1")]
    code: String,
    /// The name.
    #[schema(max_length = 200, example = "Till at the entrance")]
    name: String,
    /// Store or warehouse that its sales take stock from.
    location_id: LocationId,
    /// Smallest cash amount that can be paid. Zero: any amount can.
    cash_rounding: Money,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<entity::register::Model> for Register {
    fn from(row: entity::register::Model) -> Self {
        Register {
            id: row.id,
            object: tag::Register,
            code: row.code,
            name: row.name,
            location_id: row.location_id,
            cash_rounding: row.cash_rounding,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
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
    updated_since: Option<DateTime<Utc>>,
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
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter { code: filters.code.clone(), location_id: filters.location_id };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let page = sorted.page(&list)?;
    let rows = app.db.read(caller.tenant_id, async |tx| register::list(tx, &filter, &page).await).await?;
    list.answer(rows.into_iter().map(Register::from).collect(), |row| {
        sorted.position(row.id.0, row.updated_at)
    })
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
    let make = async |tx: &service::Tx, input: &RegisterInput| {
        caller.limits.require_location(input.location_id, "/location_id")?;
        register::create(tx, input).await
    };
    write.changing_setup().create("register.created", body, Register::from, make).await
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
    Ok(seen.answer(row.version, Register::from(row)))
}
