//! Categories: list, tree, create, get, change.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post};
use domain::id::CategoryId;
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::catalog::category::{self, Category, CategoryInput, CategoryTree, Filter};
use service::page::{self, Sort};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page, Sorted};
use crate::params::{Params, PathId};
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(tree).service(create).service(get).service(update);
}

record!(Category, CategoryId);

/// The part of the tree to return.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TreeParams {
    /// Only this category and those below it.
    root_id: Option<CategoryId>,
}

/// Which categories to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 64, example = "fasteners")]
    code: Option<String>,
    /// Only categories directly below this one.
    parent_id: Option<CategoryId>,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<Instant>,
}

/// List categories
///
/// Returns one page of categories. `lineage` is the path from each one to its root.
#[utoipa::path(
    operation_id = "categories_list",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(Filters),
    responses((status = 200, description = "One page of categories.", body = Page<Category>))
)]
#[get("/v1/categories")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter { code: filters.code.clone(), parent_id: filters.parent_id };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| category::list(tx, &filter, page).await;
    sorted.serve_records(list, caller, read).await
}

/// Get the tree of categories
///
/// Returns every category with the categories below it and its number of products. The tree has at most 5,000
/// categories.
#[utoipa::path(
    operation_id = "categories_tree",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(TreeParams),
    responses((status = 200, description = "The tree.", body = CategoryTree))
)]
#[get("/v1/categories/tree")]
async fn tree(app: Data<App>, caller: Caller, params: Params<TreeParams>) -> Answer {
    let root_id = params.root_id;
    let tree = app.db.read(caller.tenant_id, async |tx| category::tree(tx, root_id).await).await?;
    Ok(HttpResponse::Ok().json(tree))
}

/// Create a category
///
/// Creates a category at the root or below another one. The tree has at most 10 levels.
#[utoipa::path(
    operation_id = "categories_create",
    security(("bearer" = ["catalog:write"])),
    request_body = CategoryInput,
    responses((status = 201, description = "The category.", body = Category))
)]
#[post("/v1/categories")]
async fn create(write: Write, body: Body<CategoryInput>) -> Answer {
    // Rules of the account mapping cover the categories below theirs.
    write.changing_setup().create("category.created", body, category::create).await
}

/// Get a category
///
/// Returns one category.
#[utoipa::path(
    operation_id = "categories_get",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = ["catalog:read"])),
    params(("id" = CategoryId, Path, description = "The category's id."), ReadHeaders),
    responses((status = 200, description = "The category.", body = Category))
)]
#[get("/v1/categories/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<CategoryId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| category::get(tx, id.0).await).await?;
    Ok(seen.answer(row.version, row))
}

/// Change a category
///
/// Takes a merge patch. The categories below a category move with it. A category can't move below itself.
#[utoipa::path(
    operation_id = "categories_update",
    security(("bearer" = ["catalog:write"])),
    params(("id" = CategoryId, Path, description = "The category's id.")),
    request_body = Patch<CategoryInput>,
    responses((status = 200, description = "The category as it is now.", body = Category))
)]
#[patch("/v1/categories/{id}")]
async fn update(write: Write, id: PathId<CategoryId>, body: Body<MergePatch>) -> Answer {
    write
        .changing_setup()
        .patch("category.updated", body, async |tx, expected, change| {
            category::update(tx, id.0, expected, change).await
        })
        .await
}
