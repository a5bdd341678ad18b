//! Stock that left below zero.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::id::{CommandId, CostId, LocationId, LotId, ProductId};
use domain::number::{Money, Quantity};
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use service::listing::Age;
use service::stock::oversold::{self, CostStatus, Filter};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::document::document_id;
use crate::list::{List, Page};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Units that left below zero. Their cost is provisional, the last known one, until as many are received. A difference
/// from the real cost is then posted to cost variance.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CostToSettle {
    /// Id of the cost to settle.
    id: CostId,
    object: tag::CostToSettle,
    /// Whether some of the cost is still provisional.
    status: CostStatus,
    /// Location that the units left.
    location_id: LocationId,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    uom: String,
    /// Kind of the document that issued them: `sale` or `adjustment`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Channel that sold them. Null for an adjustment.
    channel: Option<Channel>,
    /// Units that went below zero.
    quantity: Quantity,
    /// Units of them that were not received yet.
    open_quantity: Quantity,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// Provisional cost of the units.
    value: Money,
    /// Part of the cost that is still provisional.
    open_value: Money,
    /// Amount by which the received units cost more than that. Negative if they cost less.
    variance: Money,
    /// When the units left.
    occurred_at: DateTime<Utc>,
    /// When that was recorded.
    created_at: DateTime<Utc>,
    /// When the last of them was received. Null before.
    #[schema(example = json!(null))]
    settled_at: Option<DateTime<Utc>>,
    /// The command that issued them.
    command_id: CommandId,
}

impl From<oversold::CostToSettle> for CostToSettle {
    fn from(row: oversold::CostToSettle) -> Self {
        CostToSettle {
            id: row.id,
            object: tag::CostToSettle,
            status: row.status,
            location_id: row.location_id,
            product_id: row.product_id,
            sku: row.sku,
            lot_id: row.lot_id,
            uom: row.uom,
            document_id: document_id(&row.document_kind, row.document_id),
            document_kind: row.document_kind,
            line_no: row.line_no,
            channel: row.channel,
            quantity: row.quantity,
            open_quantity: row.open_quantity,
            currency: row.currency,
            value: row.value,
            open_value: row.open_value,
            variance: row.variance,
            occurred_at: row.occurred_at,
            created_at: row.recorded_at,
            settled_at: row.settled_at,
            command_id: row.command_id,
        }
    }
}

/// Which costs to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only open or only settled ones. Both if absent.
    status: Option<CostStatus>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    sort: Option<Age>,
}

/// List costs to settle
///
/// Returns one page of units that left below zero (`forced`), each with its cost to settle. While one is open, the
/// level is below zero, and its value is minus its open costs.
#[utoipa::path(
    operation_id = "stock_oversold_list",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(Filters),
    responses((status = 200, description = "One page of costs to settle.", body = Page<CostToSettle>))
)]
#[get("/v1/stock/oversold")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let Filters { status, location_id, product_id, sku, sort } = &list.filters;
    let filter =
        Filter { status: *status, location_id: *location_id, product_id: *product_id, sku: sku.clone() };
    let slice = list.slice(*sort)?;
    let read = async |tx: &service::Tx| oversold::list(tx, &filter, &slice).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows.into_iter().map(CostToSettle::from).collect(), |row| row.id.0)
}
