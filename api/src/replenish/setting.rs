//! Settings of replenishment.

use actix_web::{get, put};
use domain::id::{LocationId, ProductId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::replenish::setting::{self, Filter, Position, Setting, SettingInput};
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;

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
    /// Only those of this product.
    product_id: Option<ProductId>,
    /// Only those of this location.
    location_id: Option<LocationId>,
}

/// List the settings of replenishment
///
/// Returns one page of the settings as they were stated: of the tenant first, then of locations, products, and products at
/// locations.
#[utoipa::path(
    operation_id = "replenishment_settings_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of settings.", body = Page<Setting>))
)]
#[get("/v1/replenishment/settings")]
async fn list_settings(caller: Caller, list: List<Filters>) -> Answer {
    let filter = Filter { product_id: list.filters.product_id, location_id: list.filters.location_id };
    let read =
        async move |tx: &Tx, after: Option<Position>, rows: u64| setting::list(tx, filter, after, rows).await;
    list.serve(caller, read, Setting::position).await
}

/// State settings of replenishment
///
/// Replaces all settings of what `product_id` and `location_id` name: the tenant if both are absent, a location, a product, or a
/// product at a location. A field that is absent comes from the wider settings: those of the product, then of its category and
/// of those above it (`/v1/replenishment/category-settings`), then of the location, then of the tenant. A request without any other
/// field removes the settings.
#[utoipa::path(
    operation_id = "replenishment_settings_put",
    security(("bearer" = ["stock:write"])),
    request_body = SettingInput,
    responses((status = 200, description = "The settings.", body = Setting))
)]
#[put("/v1/replenishment/settings")]
async fn set(write: Write, body: Body<SettingInput>) -> Answer {
    state(write, body, setting::replace).await
}

/// States settings of replenishment of any kind, by the function that replaces them. They are settings of the tenant.
pub(super) async fn state<I: DeserializeOwned + Send + 'static, T: Serialize>(
    write: Write,
    body: Body<I>,
    replace: impl AsyncFn(&Tx, &I) -> Result<T, Error>,
) -> Answer {
    let stated = async |tx: &Tx, input: &I| Ok((Some(tx.tenant_id.0), replace(tx, input).await?));
    write.step("settings.replenishment_stated", body, stated).await
}
