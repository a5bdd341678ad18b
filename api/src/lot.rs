//! Lots and serial numbers: what there is of each, where it came from and went to, and its recall.

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

/// Goods of one making, or one piece with a serial number.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Lot)]
struct LotOut {
    /// Its id.
    id: LotId,
    object: tag::Lot,
    /// What is printed on the goods, unique per product.
    #[schema(max_length = 64, example = "L-2026-117")]
    code: String,
    /// The product.
    product_id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// The last day on which it may be sold.
    #[schema(example = "2027-03-31")]
    expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    #[schema(max_length = 64, example = "BATCH-7781")]
    supplier_lot: Option<String>,
    /// Who sent it.
    #[schema(max_length = 200, example = "Hansa Foods")]
    received_from: Option<String>,
    /// When the first goods of it came.
    received_at: DateTime<Utc>,
    /// Whether it may be sold, as far as somebody has decided about it.
    status: LotStatus,
    /// Whether it may be sold today: it is open and has not expired.
    #[schema(example = true)]
    sellable: bool,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    uom: String,
    /// Stock units at every location, those in transit among them.
    on_hand: Quantity,
    /// What is promised of them.
    reserved: Quantity,
    /// Where they are; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    levels: Option<Vec<LotLevelOut>>,
    /// Grows with each change.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// What there is of a lot at a location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotLevel)]
struct LotLevelOut {
    /// The location.
    location_id: LocationId,
    /// Its code.
    #[schema(max_length = 64, example = "MAIN")]
    location_code: String,
    /// Whether the goods are on their way between two locations.
    #[schema(example = false)]
    in_transit: bool,
    /// Physically there.
    on_hand: Quantity,
    /// Promised to orders, or held back.
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
    /// Of this product.
    product_id: Option<ProductId>,
    /// Of the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// With this code.
    #[param(max_length = 64, example = "L-2026-117")]
    code: Option<String>,
    /// With this status.
    status: Option<LotStatus>,
    /// Of which there is something at this location.
    location_id: Option<LocationId>,
    /// Which expire before this day.
    #[serde(rename = "expires_on[lt]")]
    #[param(example = "2027-01-01")]
    expires_before: Option<NaiveDate>,
    sort: Option<Age>,
}

/// List lots
///
/// One page of lots with what there is of each.
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
/// The lot with what there is of it, location by location.
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
    // Its version tells its own changes apart, not those of its stock: it is no reason to say that nothing changed.
    let mut response = HttpResponse::Ok().json(LotOut { levels: Some(levels), ..LotOut::from(found) });
    tag(&mut response, version);
    Ok(response)
}

/// Put a lot right
///
/// A merge patch of what was written down wrong. What was sold by the old day stays sold.
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
