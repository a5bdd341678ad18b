//! SKU mappings, and the resolution of other systems' SKUs.

use actix_web::web::Data;
use actix_web::{delete, get, patch, post};
use domain::id::{ProductId, SkuMappingId};
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::catalog::sku_map::{self, Filter, ResolveInput, SkuMapping, SkuMappingInput, SkuResolution};
use service::page::{self, Sort};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::batch::{Batch, Items, Results};
use crate::body::{BatchBody, Body};
use crate::list::{List, Page, Sorted};
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
        .service(create_batch)
        .service(resolve)
        .service(get)
        .service(update)
        .service(delete);
}

record!(SkuMapping, SkuMappingId);

/// Which mappings to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only mappings of this system.
    #[param(max_length = 100, example = "webshop")]
    system: Option<String>,
    /// Only mappings of this SKU in that system.
    #[param(max_length = 100, example = "4711-6PACK")]
    external_sku: Option<String>,
    /// Only mappings to this product.
    product_id: Option<ProductId>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List SKU mappings
///
/// Returns one page of mappings from SKUs of other systems to products.
#[utoipa::path(
    operation_id = "sku_mappings_list",
    security(("bearer" = ["catalog:read"])),
    params(Filters),
    responses((status = 200, description = "One page of mappings.", body = Page<SkuMapping>))
)]
#[get("/v1/sku-mappings")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        system: filters.system.clone(),
        external_sku: filters.external_sku.clone(),
        product_id: filters.product_id,
    };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| sku_map::list(tx, &filter, page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a SKU mapping
///
/// Maps a SKU of another system to a product: at all its locations or at one, always or for a period. Two mappings of
/// the same SKU and location never overlap in time.
#[utoipa::path(
    operation_id = "sku_mappings_create",
    security(("bearer" = ["catalog:write"])),
    request_body = SkuMappingInput,
    responses((status = 201, description = "The mapping.", body = SkuMapping))
)]
#[post("/v1/sku-mappings")]
async fn create(write: Write, body: Body<SkuMappingInput>) -> Answer {
    write.create("sku_mapping.created", body, sku_map::create).await
}

/// Create many SKU mappings
///
/// Takes up to 500 mappings and returns one result each, in order. A rejected mapping does not affect the others.
#[utoipa::path(
    operation_id = "sku_mappings_create_batch",
    security(("bearer" = ["catalog:write"])),
    request_body = Batch<SkuMappingInput>,
    responses((status = 207, description = "One result per mapping.", body = Results<SkuMapping>))
)]
#[post("/v1/sku-mappings/batch")]
async fn create_batch(write: Write, body: BatchBody<Items>) -> Answer {
    write.batch("sku_mapping.batch_created", body, sku_map::create_all).await
}

/// Resolve SKUs of other systems
///
/// Returns the products that up to 1,000 SKUs stand for at an instant. A mapping of the location goes before one of all
/// locations. A SKU without a mapping is counted and kept in the queue of unmapped SKUs. `Prefer: dry-run` does not
/// change the queue.
#[utoipa::path(
    operation_id = "sku_mappings_resolve",
    security(("bearer" = ["catalog:write"])),
    request_body = ResolveInput,
    responses((status = 200, description = "One result per SKU.", body = SkuResolution))
)]
#[post("/v1/sku-mappings/resolve")]
async fn resolve(write: Write, body: Body<ResolveInput>) -> Answer {
    write
        .step("sku_mapping.resolved", body, async |tx, input| Ok((None, sku_map::resolve(tx, input).await?)))
        .await
}

/// Get a SKU mapping
///
/// Returns one mapping.
#[utoipa::path(
    operation_id = "sku_mappings_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = SkuMappingId, Path, description = "The mapping's id."), ReadHeaders),
    responses((status = 200, description = "The mapping.", body = SkuMapping))
)]
#[get("/v1/sku-mappings/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<SkuMappingId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| sku_map::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a SKU mapping
///
/// Takes a merge patch. To map a SKU to another product from a day on, end this mapping and create the next one.
#[utoipa::path(
    operation_id = "sku_mappings_update",
    security(("bearer" = ["catalog:write"])),
    params(("id" = SkuMappingId, Path, description = "The mapping's id.")),
    request_body = Patch<SkuMappingInput>,
    responses((status = 200, description = "The mapping as it is now.", body = SkuMapping))
)]
#[patch("/v1/sku-mappings/{id}")]
async fn update(write: Write, id: PathId<SkuMappingId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("sku_mapping.updated", body, async |tx, expected, change| {
            sku_map::update(tx, id.0, expected, change).await
        })
        .await
}

/// Delete a SKU mapping
///
/// Delete a mapping only if it was wrong from the start. End one that was used with `valid_until`, so that past sales
/// can still be resolved. A SKU that only this mapping covered returns to the queue of unmapped SKUs.
#[utoipa::path(
    operation_id = "sku_mappings_delete",
    security(("bearer" = ["catalog:write"])),
    params(("id" = SkuMappingId, Path, description = "The mapping's id.")),
    responses((status = 204, description = "The mapping is deleted."))
)]
#[delete("/v1/sku-mappings/{id}")]
async fn delete(write: Write, id: PathId<SkuMappingId>) -> Answer {
    write
        .delete("sku_mapping.deleted", Some(id.0.0), async |tx, expected| {
            sku_map::delete(tx, id.0, expected).await
        })
        .await
}
