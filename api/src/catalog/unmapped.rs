//! The queue of what other systems asked for and nobody mapped.

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

/// A name of another system that was asked for and stood for nothing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct UnmappedSku {
    /// Its id.
    id: UnmappedSkuId,
    object: tag::UnmappedSku,
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    system: String,
    /// The name.
    #[schema(max_length = 100, example = "4711-6PACK")]
    external_sku: String,
    /// Where.
    #[schema(max_length = 100, example = "outlet-2")]
    external_location: Option<String>,
    /// How often it was asked for in vain.
    #[schema(minimum = 1, example = 3)]
    misses: i64,
    /// When it was for the first time.
    first_missed_at: DateTime<Utc>,
    /// When it was for the last time.
    last_missed_at: DateTime<Utc>,
    /// The latest instant that it was asked for: a mapping has to cover it.
    #[schema(example = "2026-11-21T17:03:00Z")]
    missed_for: DateTime<Utc>,
    /// Since when a mapping covers that instant; null while none does.
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
    /// Of this system.
    #[param(max_length = 100, example = "webshop")]
    system: Option<String>,
    /// `open`, or `mapped` for those that somebody has mapped since: the open ones, if absent.
    #[param(inline)]
    status: Option<UnmappedStatus>,
    sort: Option<Age>,
}

/// List unmapped SKUs
///
/// The queue of what other systems asked for and nobody mapped: nothing is ever dropped from it. A SKU leaves it when a
/// mapping covers the latest instant that it was asked for, and is then found with `status=mapped`.
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
