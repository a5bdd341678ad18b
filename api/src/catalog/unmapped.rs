//! Queue of SKUs of other systems that have no mapping.

use actix_web::get;
use serde::Deserialize;
use service::Tx;
use service::catalog::sku_map::{self, UnmappedFilter, UnmappedSku, UnmappedStatus};
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, Page};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Which unmapped SKUs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnmappedFilters {
    /// Only SKUs of this system.
    #[param(max_length = 100, example = "webshop")]
    system: Option<String>,
    /// `open`, or `mapped` for SKUs that have a mapping now. `open` if absent.
    #[param(inline)]
    status: Option<UnmappedStatus>,
    sort: Option<Age>,
}

/// List unmapped SKUs
///
/// Returns one page of the queue of SKUs without a mapping. A SKU is never dropped. It leaves the queue when a mapping
/// covers the latest instant that it was asked for. `status=mapped` then finds it.
#[utoipa::path(
    operation_id = "unmapped_skus_list",
    security(("bearer" = ["catalog:read"])),
    params(UnmappedFilters),
    responses((status = 200, description = "One page of unmapped SKUs.", body = Page<UnmappedSku>))
)]
#[get("/v1/unmapped-skus")]
async fn list(caller: Caller, list: List<UnmappedFilters>) -> Answer {
    let filters = &list.filters;
    let filter =
        UnmappedFilter { system: filters.system.clone(), status: filters.status.unwrap_or_default() };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| sku_map::list_unmapped(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |row: &UnmappedSku| row.id.0).await
}
