//! Price lists: list, create, get, change.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::PriceListId;
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::page::{self, Sort};
use service::pricing::list::{self as lists, PriceList, PriceListInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{GuardedHeaders, IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update);
}

record!(PriceList, PriceListId);

/// Which price lists to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 64, example = "dealers")]
    code: Option<String>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List price lists
///
/// Returns one page of price lists.
#[utoipa::path(
    operation_id = "price_lists_list",
    security(("bearer" = ["prices:read"])),
    params(Filters),
    responses((status = 200, description = "One page of price lists.", body = Page<PriceList>))
)]
#[get("/v1/price-lists")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let code = filters.code.clone();
    let read = async move |tx: &Tx, page: &page::Page| lists::list(tx, code.as_deref(), page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a price list
///
/// Creates an empty list. Add its rules next.
#[utoipa::path(
    operation_id = "price_lists_create",
    security(("bearer" = ["prices:write"])),
    request_body = PriceListInput,
    responses((status = 201, description = "The price list.", body = PriceList))
)]
#[post("/v1/price-lists")]
async fn create(write: Write, body: Body<PriceListInput>) -> Answer {
    write.create("price_list.created", body, lists::create).await
}

/// Get a price list
///
/// Returns one price list.
#[utoipa::path(
    operation_id = "price_lists_get",
    security(("bearer" = ["prices:read"])),
    params(("id" = PriceListId, Path, description = "The price list's id."), ReadHeaders),
    responses((status = 200, description = "The price list.", body = PriceList))
)]
#[get("/v1/price-lists/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<PriceListId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| lists::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a price list
///
/// Takes a merge patch. A change of a rule also changes the version of its list.
#[utoipa::path(
    operation_id = "price_lists_update",
    security(("bearer" = ["prices:write"])),
    params(("id" = PriceListId, Path, description = "The price list's id."), GuardedHeaders),
    request_body = Patch<PriceListInput>,
    responses((status = 200, description = "The price list as it is now.", body = PriceList))
)]
#[patch("/v1/price-lists/{id}")]
async fn update(write: Write, id: PathId<PriceListId>, body: Body<MergePatch>) -> Answer {
    write
        .requiring_if_match()?
        .patch("price_list.updated", body, async |tx, expected, change| {
            lists::update(tx, id.0, expected, change).await
        })
        .await
}
