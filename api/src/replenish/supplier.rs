//! Settings of replenishment for suppliers.

use actix_web::{get, put};
use domain::id::SupplierId;
use serde::Deserialize;
use service::Tx;
use service::replenish::supplier::{self, SupplierSetting, SupplierSettingInput};
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
    /// Only those of this supplier.
    supplier_id: Option<SupplierId>,
}

/// List the settings of replenishment of suppliers
///
/// Returns one page of the settings as they were stated, by supplier.
#[utoipa::path(
    operation_id = "replenishment_supplier_settings_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of settings.", body = Page<SupplierSetting>))
)]
#[get("/v1/replenishment/supplier-settings")]
async fn list_settings(caller: Caller, list: List<Filters>) -> Answer {
    let supplier = list.filters.supplier_id;
    let read =
        async move |tx: &Tx, after: Option<Uuid>, rows: u64| supplier::list(tx, supplier, after, rows).await;
    list.serve(caller, read, SupplierSetting::position).await
}

/// State settings of replenishment of a supplier
///
/// Replaces all settings of the supplier that `supplier_id` names. They apply to the products whose preferred supplier it is, at locations
/// that no other location feeds. Each field comes from the narrowest settings that state it: product at a location, product, supplier,
/// category, location, tenant. A request with `supplier_id` alone removes the settings.
#[utoipa::path(
    operation_id = "replenishment_supplier_settings_put",
    security(("bearer" = ["stock:write"])),
    request_body = SupplierSettingInput,
    responses((status = 200, description = "The settings.", body = SupplierSetting))
)]
#[put("/v1/replenishment/supplier-settings")]
async fn set(write: Write, body: Body<SupplierSettingInput>) -> Answer {
    state(write, body, supplier::replace).await
}
