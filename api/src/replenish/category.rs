//! Settings of replenishment for categories.

use actix_web::{get, put};
use domain::id::CategoryId;
use serde::Deserialize;
use service::Tx;
use service::replenish::category::{self, CategorySetting, CategorySettingInput};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::setting::state;
use crate::body::Body;
use crate::list::{List, Page};
use crate::write::Write;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list_settings).service(set);
}

/// Which settings to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of this category, without those of the categories above it.
    category_id: Option<CategoryId>,
}

/// List the settings of replenishment of categories
///
/// Returns one page of the settings as they were stated, by category.
#[utoipa::path(
    operation_id = "replenishment_category_settings_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of settings.", body = Page<CategorySetting>))
)]
#[get("/v1/replenishment/category-settings")]
async fn list_settings(caller: Caller, list: List<Filters>) -> Answer {
    let category = list.filters.category_id;
    let read =
        async move |tx: &Tx, after: Option<Uuid>, rows: u64| category::list(tx, category, after, rows).await;
    list.serve(caller, read, CategorySetting::position).await
}

/// State settings of replenishment of a category
///
/// Replaces all settings of the category that `category_id` names. They hold for its products and for those of the categories below it.
/// Settings of the product, and of the product at a location, come before them; those of the location and of the tenant come after
/// them. Each field comes from the nearest category that states it. A request without any other field removes the settings.
#[utoipa::path(
    operation_id = "replenishment_category_settings_put",
    security(("bearer" = ["stock:write"])),
    request_body = CategorySettingInput,
    responses((status = 200, description = "The settings.", body = CategorySetting))
)]
#[put("/v1/replenishment/category-settings")]
async fn set(write: Write, body: Body<CategorySettingInput>) -> Answer {
    state(write, body, category::replace).await
}
