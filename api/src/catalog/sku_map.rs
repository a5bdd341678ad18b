//! What other systems call a product: mappings, and what a name stands for.

use actix_web::web::Data;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, Utc};
use domain::id::{ProductId, SkuMappingId};
use domain::number::Quantity;
use domain::product::ProductStatus;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::catalog::sku_map::{self, Filter, Match, Reference, ResolveInput, SkuMappingInput};
use service::page::Sort;
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

/// What a product is called in another system.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SkuMapping {
    /// The mapping's id.
    id: SkuMappingId,
    object: tag::SkuMapping,
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    system: String,
    /// What it calls the product.
    #[schema(max_length = 100, example = "4711-6PACK")]
    external_sku: String,
    /// Where it calls it so; null for everywhere that has no mapping of its own.
    #[schema(max_length = 100, example = "outlet-2")]
    external_location: Option<String>,
    /// The product.
    product_id: ProductId,
    /// Stock units per external unit.
    factor: Quantity,
    /// The first instant at which it applies; null for always.
    #[schema(example = "2026-11-22T00:00:00Z")]
    valid_from: Option<DateTime<Utc>>,
    /// The first instant at which it no longer applies; null for forever.
    #[schema(example = "2027-01-01T00:00:00Z")]
    valid_until: Option<DateTime<Utc>>,
    /// Counts the changes.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<entity::sku_mapping::Model> for SkuMapping {
    fn from(row: entity::sku_mapping::Model) -> Self {
        SkuMapping {
            id: row.id,
            object: tag::SkuMapping,
            system: row.system,
            external_sku: row.external_sku,
            external_location: (!row.external_location.is_empty()).then_some(row.external_location),
            product_id: row.product_id,
            factor: row.factor,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

record!(SkuMapping, SkuMappingId);

/// What names of other systems stand for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SkuResolution {
    object: tag::SkuResolution,
    /// How many stand for a product.
    #[schema(minimum = 0, maximum = 1000, example = 1)]
    mapped: usize,
    /// How many stand for nothing, and are kept in the queue of unmapped SKUs.
    #[schema(minimum = 0, maximum = 1000, example = 0)]
    unmapped: usize,
    /// One result per reference, in their order.
    #[schema(max_items = 1000)]
    results: Vec<SkuResult>,
}

/// What a name stands for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct SkuResult {
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    system: String,
    /// The name.
    #[schema(max_length = 100, example = "4711-6PACK")]
    external_sku: String,
    /// Where.
    #[schema(max_length = 100, example = "outlet-2")]
    external_location: Option<String>,
    /// What it stands for; null where no mapping says so.
    product: Option<ResolvedProduct>,
}

/// The product that a name stands for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ResolvedProduct {
    /// Its id.
    id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// Whether it may be sold.
    status: ProductStatus,
    /// Stock units per external unit.
    factor: Quantity,
    /// The mapping that says so.
    mapping_id: SkuMappingId,
}

impl SkuResult {
    fn of((reference, found): (&Reference, Option<Match>)) -> Self {
        let product = found.map(|found| ResolvedProduct {
            id: found.product_id,
            sku: found.sku,
            status: found.status,
            factor: found.factor,
            mapping_id: found.mapping_id,
        });
        SkuResult {
            system: reference.system.to_string(),
            external_sku: reference.external_sku.to_string(),
            external_location: reference.external_location.clone().map(String::from),
            product,
        }
    }
}

/// Which mappings to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Of this system.
    #[param(max_length = 100, example = "webshop")]
    system: Option<String>,
    /// Of this SKU there.
    #[param(max_length = 100, example = "4711-6PACK")]
    external_sku: Option<String>,
    /// To this product.
    product_id: Option<ProductId>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<DateTime<Utc>>,
}

/// List SKU mappings
///
/// One page of what products are called in other systems.
#[utoipa::path(
    operation_id = "sku_mappings_list",
    security(("bearer" = ["catalog:read"])),
    params(Filters),
    responses((status = 200, description = "One page of mappings.", body = Page<SkuMapping>))
)]
#[get("/v1/sku-mappings")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        system: filters.system.clone(),
        external_sku: filters.external_sku.clone(),
        product_id: filters.product_id,
    };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let page = sorted.page(&list)?;
    let rows = app.db.read(caller.tenant_id, async |tx| sku_map::list(tx, &filter, &page).await).await?;
    list.answer(rows.into_iter().map(SkuMapping::from).collect(), |row| {
        sorted.position(row.id.0, row.updated_at)
    })
}

/// Create a SKU mapping
///
/// Says what a SKU of another system stands for, everywhere or at one of its locations, always or for a time. Two
/// mappings of the same SKU and location never overlap in time.
#[utoipa::path(
    operation_id = "sku_mappings_create",
    security(("bearer" = ["catalog:write"])),
    request_body = SkuMappingInput,
    responses((status = 201, description = "The mapping.", body = SkuMapping))
)]
#[post("/v1/sku-mappings")]
async fn create(write: Write, body: Body<SkuMappingInput>) -> Answer {
    write.create("sku_mapping.created", body, SkuMapping::from, sku_map::create).await
}

/// Create many SKU mappings
///
/// Up to 500 in one request, one result each, in order: a refused mapping does not spoil the others.
#[utoipa::path(
    operation_id = "sku_mappings_create_batch",
    security(("bearer" = ["catalog:write"])),
    request_body = Batch<SkuMappingInput>,
    responses((status = 207, description = "One result per mapping.", body = Results<SkuMapping>))
)]
#[post("/v1/sku-mappings/batch")]
async fn create_batch(write: Write, body: BatchBody<Items>) -> Answer {
    write.batch("sku_mapping.batch_created", body, SkuMapping::from, sku_map::create_all).await
}

/// Resolve SKUs of other systems
///
/// What up to 1,000 SKUs stand for at an instant: the mapping of the location before the one for everywhere. What
/// stands for nothing is kept in the queue of unmapped SKUs and counted; `Prefer: dry-run` leaves the queue alone.
#[utoipa::path(
    operation_id = "sku_mappings_resolve",
    security(("bearer" = ["catalog:write"])),
    request_body = ResolveInput,
    responses((status = 200, description = "What they stand for.", body = SkuResolution))
)]
#[post("/v1/sku-mappings/resolve")]
async fn resolve(write: Write, body: Body<ResolveInput>) -> Answer {
    write
        .put("sku_mapping.resolved", body, async |tx, input: &ResolveInput| {
            let found = sku_map::resolve(tx, input).await?;
            let mapped = found.iter().flatten().count();
            let unmapped = found.len() - mapped;
            let results = input.references.iter().zip(found).map(SkuResult::of).collect();
            Ok((None, SkuResolution { object: tag::SkuResolution, mapped, unmapped, results }))
        })
        .await
}

/// Get a SKU mapping
///
/// One mapping.
#[utoipa::path(
    operation_id = "sku_mappings_get",
    security(("bearer" = ["catalog:read"])),
    params(("id" = SkuMappingId, Path, description = "The mapping's id."), ReadHeaders),
    responses((status = 200, description = "The mapping.", body = SkuMapping))
)]
#[get("/v1/sku-mappings/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<SkuMappingId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| sku_map::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, SkuMapping::from(row)))
}

/// Change a SKU mapping
///
/// A merge patch. To map a SKU to another product from a day on, end this mapping and create the next one.
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
        .patch("sku_mapping.updated", body, SkuMapping::from, async |tx, expected, change| {
            sku_map::update(tx, id.0, expected, change).await
        })
        .await
}

/// Delete a SKU mapping
///
/// For a mapping that was wrong from the start; one that has served is ended with `valid_until`, so that what was sold
/// under it is still understood. What it alone covered is back in the queue of unmapped SKUs.
#[utoipa::path(
    operation_id = "sku_mappings_delete",
    security(("bearer" = ["catalog:write"])),
    params(("id" = SkuMappingId, Path, description = "The mapping's id.")),
    responses((status = 204, description = "The mapping is gone."))
)]
#[delete("/v1/sku-mappings/{id}")]
async fn delete(write: Write, id: PathId<SkuMappingId>) -> Answer {
    write
        .delete("sku_mapping.deleted", Some(id.0.0), async |tx, expected| {
            sku_map::delete(tx, id.0, expected).await
        })
        .await
}
