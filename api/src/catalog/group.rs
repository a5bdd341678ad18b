//! Product groups: list, create, get, change, and create missing variants.

use actix_web::web::Data;
use actix_web::{get, patch, post};
use domain::id::ProductGroupId;
use domain::moment::Instant;
use domain::product::ProductStatus;
use serde::Deserialize;
use service::Tx;
use service::catalog::group::{self, CreatedVariants, GroupInput, ProductGroup, VariantsInput};
use service::page::{self, Sort};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::patch::Patch;
use crate::publishable::Seen;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(update).service(create_variants);
}

record!(ProductGroup, ProductGroupId);

/// Which groups to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 64, example = "SHIRT")]
    code: Option<String>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List product groups
///
/// Returns one page of groups without their variants. To list variants, filter products by `group_id`.
#[utoipa::path(
    operation_id = "product_groups_list",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(Filters),
    responses((status = 200, description = "One page of groups.", body = Page<ProductGroup>))
)]
#[get("/v1/product-groups")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let code = filters.code.clone();
    let read = async move |tx: &Tx, page: &page::Page| group::list(tx, code.as_deref(), page).await;
    sorted.serve_records(list, caller, read).await
}

/// Create a product group
///
/// Creates a group with the options that its variants differ in. A product becomes a variant by its `group_id` and
/// `options`.
#[utoipa::path(
    operation_id = "product_groups_create",
    security(("bearer" = ["catalog:write"])),
    request_body = GroupInput,
    responses((status = 201, description = "The group.", body = ProductGroup))
)]
#[post("/v1/product-groups")]
async fn create(write: Write, body: Body<GroupInput>) -> Answer {
    write.create("product_group.created", body, group::create).await
}

/// Get a product group
///
/// Returns the group with its variants.
#[utoipa::path(
    operation_id = "product_groups_get",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(("id" = ProductGroupId, Path, description = "The group's id."), ReadHeaders),
    responses((status = 200, description = "The group.", body = ProductGroup))
)]
#[get("/v1/product-groups/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<ProductGroupId>, seen: IfNoneMatch) -> Answer {
    let group = app.db.read(caller.tenant_id, async |tx| group::get(tx, id.0).await).await?;
    let version = group.version;
    let mut group = group;
    if let Some(variants) = group.variants.as_mut().filter(|_| caller.is_publishable()) {
        variants.retain(|variant| variant.status == ProductStatus::Active);
    }
    // A variant can change without the version of the group.
    seen.answer_content(version, Seen::by(&caller, group))
}

/// Change a product group
///
/// Takes a merge patch. `options` is replaced as a whole. Values may be added. A value can be removed if no variant has
/// it.
#[utoipa::path(
    operation_id = "product_groups_update",
    security(("bearer" = ["catalog:write"])),
    params(("id" = ProductGroupId, Path, description = "The group's id.")),
    request_body = Patch<GroupInput>,
    responses((status = 200, description = "The group as it is now.", body = ProductGroup))
)]
#[patch("/v1/product-groups/{id}")]
async fn update(write: Write, id: PathId<ProductGroupId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("product_group.updated", body, async |tx, expected, change| {
            group::update(tx, id.0, expected, change).await
        })
        .await
}

/// Create the missing variants of a product group
///
/// Creates a product for every combination of option values that has none. It creates all of them or, on an error,
/// none. A second request creates nothing. `Prefer: dry-run` shows what would be created.
#[utoipa::path(
    operation_id = "product_groups_create_variants",
    security(("bearer" = ["catalog:write"])),
    params(("id" = ProductGroupId, Path, description = "The group's id.")),
    request_body = VariantsInput,
    responses((status = 200, description = "The variants that were created.", body = CreatedVariants))
)]
#[post("/v1/product-groups/{id}/variants")]
async fn create_variants(write: Write, id: PathId<ProductGroupId>, body: Body<VariantsInput>) -> Answer {
    write
        .step("product_group.variants_created", body, async |tx, input| {
            Ok((Some(id.0.0), group::create_missing(tx, id.0, input).await?))
        })
        .await
}
