//! Products: list, create one or many, get, change; import and export have a file each.

mod barcode;
mod cell;
mod column;
mod export;
pub mod import;
mod sheet;
mod stated;

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::{CategoryId, ProductGroupId, ProductId};
use domain::moment::Instant;
use domain::product::ProductStatus;
use domain::refusal::Refusal;
use serde::Deserialize;
use service::Tx;
use service::catalog::product::{self, Filter, Product, ProductInput, ProductSort};
use service::page::{self, Placed};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::batch::{Batch, Items, Results};
use crate::body::{BatchBody, Body};
use crate::list::{List, Page, Sorted, search, sort};
use crate::params::PathId;
use crate::patch::Patch;
use crate::problem::{ApiError, ErrorCode};
use crate::publishable::Seen;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list)
        .service(create)
        .service(create_batch)
        .configure(import::routes)
        .configure(export::routes)
        .service(get)
        .service(update);
}

record!(Product, ProductId);

/// Which products to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Words that are in the SKU or in the name, in upper or lower case and in any order. A word of two characters is found
    /// where a word begins, a single character only at the beginning. Finds at most the 10,000 best matches.
    #[param(min_length = 1, max_length = 200, example = "bolt")]
    q: Option<String>,
    /// `false`: the SKU or the name begins with `q`.
    #[serde(default = "anywhere")]
    #[param(default = true, example = true)]
    within: bool,
    /// Only products directly in this category.
    category_id: Option<CategoryId>,
    /// Only this status.
    status: Option<ProductStatus>,
    /// Only this external reference.
    #[param(max_length = 200, example = "erp-4711")]
    external_ref: Option<String>,
    /// Only variants of this group.
    group_id: Option<ProductGroupId>,
    /// Only products with this tag.
    #[param(max_length = 40, example = "new")]
    tag: Option<String>,
    /// Order of the list. Without it, the best match of `q` comes first: the SKU itself, then what begins with it, then words
    /// that begin with it. Without `q`, the newest comes first.
    #[param(inline)]
    sort: Option<ProductSort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

fn anywhere() -> bool {
    true
}

/// List products
///
/// Returns one page of products. To synchronise, send `sort=updated_at` and `updated_at[gte]`.
#[utoipa::path(
    operation_id = "products_list",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(Filters),
    responses((status = 200, description = "One page of products.", body = Page<Product>))
)]
#[get("/v1/products")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    // The tenant's own names, tags and metadata of products are not for visitors, and what is archived is not sold to them.
    for (parameter, is_named) in [
        ("external_ref", filters.external_ref.is_some()),
        ("tag", filters.tag.is_some()),
        ("status", filters.status.is_some_and(|status| status != ProductStatus::Active)),
        ("metadata", !list.metadata.is_empty()),
    ] {
        if caller.is_publishable() && is_named {
            return Err(ApiError::of(ErrorCode::NotPublishable).at_parameter(parameter));
        }
    }
    let filter = Filter {
        sku: filters.sku.clone(),
        search: search(filters.q.as_deref(), filters.within)?,
        category_id: filters.category_id,
        status: if caller.is_publishable() { Some(ProductStatus::Active) } else { filters.status },
        external_ref: filters.external_ref.clone(),
        group_id: filters.group_id,
        tag: filters.tag.clone(),
        metadata: list.metadata.clone().into(),
    };
    let (relevance, usual) = (ProductSort::Relevance, ProductSort::CreatedDescending);
    let sort = sort(filters.sort, filter.search.is_some(), relevance, usual)?;
    let (sorted, viewer) = (Sorted::by(sort, filters.updated_since), caller.clone());
    let read = async move |tx: &Tx, page: &page::Page| {
        let rows = product::list(tx, &filter, page).await?;
        Ok(rows.into_iter().map(|row| row.map(|record| Seen::by(&viewer, record))).collect::<Vec<_>>())
    };
    sorted.serve(list, caller, read, |row: &Placed<Seen<Product>>| row.position.clone()).await
}

/// Create a product
///
/// Creates a product with its units and barcodes. The check digits of GTINs are verified.
#[utoipa::path(
    operation_id = "products_create",
    security(("bearer" = ["catalog:write"])),
    request_body = ProductInput,
    responses((status = 201, description = "The product.", body = Product))
)]
#[post("/v1/products")]
async fn create(write: Write, body: Body<ProductInput>) -> Answer {
    write.create("product.created", body, product::create).await
}

/// Create many products
///
/// Takes up to 500 products and returns one result each, in order. A rejected product does not affect the others.
#[utoipa::path(
    operation_id = "products_create_batch",
    security(("bearer" = ["catalog:write"])),
    request_body = Batch<ProductInput>,
    responses((status = 207, description = "One result per product.", body = Results<Product>))
)]
#[post("/v1/products/batch")]
async fn create_batch(write: Write, body: BatchBody<Items>) -> Answer {
    write.batch("product.batch_created", body, product::create_all).await
}

/// Get a product
///
/// Returns the product with its units and barcodes.
#[utoipa::path(
    operation_id = "products_get",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(("id" = ProductId, Path, description = "The product's id."), ReadHeaders),
    responses((status = 200, description = "The product.", body = Product))
)]
#[get("/v1/products/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<ProductId>, seen: IfNoneMatch) -> Answer {
    let product = app.db.read(caller.tenant_id, async |tx| product::get(tx, id.0).await).await?;
    if caller.is_publishable() && product.status == ProductStatus::Archived {
        return Err(Refusal::not_found("product").into());
    }
    Ok(seen.answer(product.version, Seen::by(&caller, product)))
}

/// Change a product
///
/// Takes a merge patch. `units` and `barcodes` are replaced as a whole. To archive a product, set its `status`.
#[utoipa::path(
    operation_id = "products_update",
    security(("bearer" = ["catalog:write"])),
    params(("id" = ProductId, Path, description = "The product's id.")),
    request_body = Patch<ProductInput>,
    responses((status = 200, description = "The product as it is now.", body = Product))
)]
#[patch("/v1/products/{id}")]
async fn update(write: Write, id: PathId<ProductId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("product.updated", body, async |tx, expected, change| {
            product::update(tx, id.0, expected, change).await
        })
        .await
}
