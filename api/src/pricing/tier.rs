//! Price tiers: list, create, get, change.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::PriceTierId;
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::page::{self, Sort};
use service::pricing::tier::{self, PriceTier, PriceTierInput};
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

record!(PriceTier, PriceTierId);

/// Which price tiers to list.
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

/// List price tiers
///
/// Returns one page of price tiers.
#[utoipa::path(
    operation_id = "price_tiers_list",
    security(("bearer" = ["prices:read"])),
    params(Filters),
    responses((status = 200, description = "One page of price tiers.", body = Page<PriceTier>))
)]
#[get("/v1/price-tiers")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let code = filters.code.clone();
    let read = async move |tx: &Tx, page: &page::Page| tier::list(tx, code.as_deref(), page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a price tier
///
/// Creates a tier. Its customers buy at its price list.
#[utoipa::path(
    operation_id = "price_tiers_create",
    security(("bearer" = ["prices:write"])),
    request_body = PriceTierInput,
    responses((status = 201, description = "The price tier.", body = PriceTier))
)]
#[post("/v1/price-tiers")]
async fn create(write: Write, body: Body<PriceTierInput>) -> Answer {
    write.create("price_tier.created", body, tier::create).await
}

/// Get a price tier
///
/// Returns one price tier.
#[utoipa::path(
    operation_id = "price_tiers_get",
    security(("bearer" = ["prices:read"])),
    params(("id" = PriceTierId, Path, description = "The price tier's id."), ReadHeaders),
    responses((status = 200, description = "The price tier.", body = PriceTier))
)]
#[get("/v1/price-tiers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<PriceTierId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| tier::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a price tier
///
/// Takes a merge patch.
#[utoipa::path(
    operation_id = "price_tiers_update",
    security(("bearer" = ["prices:write"])),
    params(("id" = PriceTierId, Path, description = "The price tier's id.")),
    request_body = Patch<PriceTierInput>,
    responses((status = 200, description = "The price tier as it is now.", body = PriceTier))
)]
#[patch("/v1/price-tiers/{id}")]
async fn update(write: Write, id: PathId<PriceTierId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("price_tier.updated", body, async |tx, expected, change| {
            tier::update(tx, id.0, expected, change).await
        })
        .await
}
