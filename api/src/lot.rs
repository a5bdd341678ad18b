//! Lots and serial numbers: quantities, trace and recall.

pub mod line;
mod recall;
mod trace;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{LocationId, LotId, ProductId};
use domain::lot::LotStatus;
use domain::number::Quantity;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::listing::Age;
use service::stock::lot::{self, Filter, LotDetail, LotInput, LotLevel};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::patch::Patch;
use crate::record::record;
use crate::version::tag;
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

pub use recall::RecallOut;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show).service(update).configure(trace::routes).configure(recall::routes);
}

/// A lot, or a serial number, which is a lot of one unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Lot)]
struct LotOut {
    /// Id of the lot.
    id: LotId,
    object: tag::Lot,
    /// Code on the label, unique per product.
    #[schema(max_length = 64, example = "L-2026-117")]
    code: String,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// Last day on which it may be sold.
    #[schema(example = "2027-03-31")]
    expires_on: Option<NaiveDate>,
    /// Supplier's own code of the lot.
    #[schema(max_length = 64, example = "BATCH-7781")]
    supplier_lot: Option<String>,
    /// Name of the supplier.
    #[schema(max_length = 200, example = "Hansa Foods")]
    received_from: Option<String>,
    /// When the first stock of it was received.
    received_at: DateTime<Utc>,
    /// Status that was set for the lot. It does not reflect expiry.
    status: LotStatus,
    /// Whether it may be sold today: it is open and has not expired.
    #[schema(example = true)]
    sellable: bool,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    uom: String,
    /// Stock units on hand at all locations, including in transit.
    on_hand: Quantity,
    /// Stock units of them that are reserved.
    reserved: Quantity,
    /// Quantities by location. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    levels: Option<Vec<LotLevelOut>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// Quantities of a lot at a location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotLevel)]
struct LotLevelOut {
    /// The location.
    location_id: LocationId,
    /// Code of the location.
    #[schema(max_length = 64, example = "MAIN")]
    location_code: String,
    /// Whether the units are in transit between two locations.
    #[schema(example = false)]
    in_transit: bool,
    /// Units on hand.
    on_hand: Quantity,
    /// Units reserved for orders and holds.
    reserved: Quantity,
}

impl From<LotLevel> for LotLevelOut {
    fn from(level: LotLevel) -> Self {
        LotLevelOut {
            location_id: level.location_id,
            location_code: level.location_code,
            in_transit: level.is_transit,
            on_hand: level.on_hand,
            reserved: level.reserved,
        }
    }
}

impl From<LotDetail> for LotOut {
    fn from(found: LotDetail) -> Self {
        let LotDetail { lot, sku, uom, on_hand, reserved, is_sellable, updated_at } = found;
        LotOut {
            id: lot.id,
            object: tag::Lot,
            code: lot.code,
            product_id: lot.product_id,
            sku,
            expires_on: lot.expires_on,
            supplier_lot: lot.supplier_lot,
            received_from: lot.received_from,
            received_at: lot.received_at,
            status: lot.status,
            sellable: is_sellable,
            uom,
            on_hand,
            reserved,
            levels: None,
            version: lot.version,
            updated_at,
        }
    }
}

record!(LotOut, LotId);

/// Which lots to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Only this code.
    #[param(max_length = 64, example = "L-2026-117")]
    code: Option<String>,
    /// Only this status.
    status: Option<LotStatus>,
    /// Only lots with stock at this location.
    location_id: Option<LocationId>,
    /// Only lots that expire before this day.
    #[serde(rename = "expires_on[lt]")]
    #[param(example = "2027-01-01")]
    expires_before: Option<NaiveDate>,
    sort: Option<Age>,
}

/// List lots
///
/// Returns one page of lots with their quantities.
#[utoipa::path(
    operation_id = "lots_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of lots.", body = Page<LotOut>))
)]
#[get("/v1/lots")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        product_id: filters.product_id,
        sku: filters.sku.clone(),
        code: filters.code.clone(),
        status: filters.status,
        location_id: filters.location_id,
        expires_before: filters.expires_before,
    };
    let slice = list.slice(filters.sort)?;
    let read = async |tx: &service::Tx| lot::list(tx, &filter, &slice).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows.into_iter().map(LotOut::from).collect(), |lot| lot.id.0)
}

/// Get a lot
///
/// Returns the lot with its quantities by location.
#[utoipa::path(
    operation_id = "lots_get",
    security(("bearer" = ["stock:read"])),
    params(("id" = LotId, Path, description = "The lot's id.")),
    responses((status = 200, description = "The lot.", body = LotOut,
        headers(("ETag" = String, description = "Its version."))))
)]
#[get("/v1/lots/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LotId>) -> Answer {
    let read = async |tx: &service::Tx| {
        let found = lot::get(tx, id.0).await?;
        let levels = lot::levels(tx, &found.lot).await?;
        Ok((found, levels))
    };
    let (found, levels) = app.db.read(caller.tenant_id, read).await?;
    let levels = levels.into_iter().map(LotLevelOut::from).collect();
    let version = found.lot.version;
    // Never 304: the stock of a lot can change without its version.
    let mut response = HttpResponse::Ok().json(LotOut { levels: Some(levels), ..LotOut::from(found) });
    tag(&mut response, version);
    Ok(response)
}

/// Correct a lot
///
/// Takes a merge patch of wrong data. Sales that were made with the old data stay.
#[utoipa::path(
    operation_id = "lots_update",
    security(("bearer" = ["stock:write"])),
    params(("id" = LotId, Path, description = "The lot's id.")),
    request_body = Patch<LotInput>,
    responses((status = 200, description = "The lot as it is now.", body = LotOut))
)]
#[patch("/v1/lots/{id}")]
async fn update(write: Write, id: PathId<LotId>, body: Body<MergePatch>) -> Answer {
    write
        .patch("lot.updated", body, LotOut::from, async |tx, expected, change| {
            lot::update(tx, id.0, expected, change).await
        })
        .await
}
