//! Queue of SKUs of other systems that have no mapping.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::id::UnmappedSkuId;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::catalog::sku_map::{self, UnmappedFilter, UnmappedStatus};
use service::listing::Age;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::list::{List, Page};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// A SKU of another system that was asked for and had no mapping.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct UnmappedSku {
    /// Id of the unmapped SKU.
    id: UnmappedSkuId,
    object: tag::UnmappedSku,
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    system: String,
    /// SKU in that system.
    #[schema(max_length = 100, example = "4711-6PACK")]
    external_sku: String,
    /// Location in that system.
    #[schema(max_length = 100, example = "outlet-2")]
    external_location: Option<String>,
    /// Number of times that it was asked for without a mapping.
    #[schema(minimum = 1, example = 3)]
    misses: i64,
    /// When it was first asked for without a mapping.
    first_missed_at: DateTime<Utc>,
    /// When it was last asked for without a mapping.
    last_missed_at: DateTime<Utc>,
    /// Latest instant that it was asked for. A mapping must cover it.
    #[schema(example = "2026-11-21T17:03:00Z")]
    missed_for: DateTime<Utc>,
    /// Since when a mapping covers that instant. Null: none does.
    #[schema(example = "2026-11-22T08:00:00Z")]
    mapped_at: Option<DateTime<Utc>>,
}

impl From<sku_map::Unmapped> for UnmappedSku {
    fn from(unmapped: sku_map::Unmapped) -> Self {
        UnmappedSku {
            id: unmapped.id,
            object: tag::UnmappedSku,
            system: unmapped.reference.system.into(),
            external_sku: unmapped.reference.external_sku.into(),
            external_location: unmapped.reference.external_location.map(String::from),
            misses: unmapped.misses,
            first_missed_at: unmapped.first_missed_at,
            last_missed_at: unmapped.last_missed_at,
            missed_for: unmapped.missed_for,
            mapped_at: unmapped.mapped_at,
        }
    }
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
async fn list(app: Data<App>, caller: Caller, list: List<UnmappedFilters>) -> Answer {
    let filters = &list.filters;
    let filter =
        UnmappedFilter { system: filters.system.clone(), status: filters.status.unwrap_or_default() };
    let slice = list.slice(filters.sort)?;
    let rows =
        app.db.read(caller.tenant_id, async |tx| sku_map::list_unmapped(tx, &filter, &slice).await).await?;
    list.answer(rows.into_iter().map(UnmappedSku::from).collect(), |row| row.id.0)
}
