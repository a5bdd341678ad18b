//! Goods that left before the record had them, to read.

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

/// Goods that left although the record had none. Their cost is provisional, the last known one, until as many come in;
/// what these cost more (or less) is posted to cost variance with them.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CostToSettle {
    /// Its id.
    id: CostId,
    object: tag::CostToSettle,
    /// Whether some of the cost is still provisional.
    status: CostStatus,
    /// Where the goods left.
    location_id: LocationId,
    /// The product.
    product_id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// The lot, where the product is tracked by lot.
    lot_id: Option<LotId>,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    uom: String,
    /// What kind of document they left with: `sale` or `adjustment`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// The id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Its line.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The channel that sold them; null for adjustments.
    channel: Option<Channel>,
    /// How many went below zero.
    quantity: Quantity,
    /// How many of them have not come in.
    open_quantity: Quantity,
    /// The currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// What they were provisionally said to cost.
    value: Money,
    /// What of it is still provisional.
    open_value: Money,
    /// By how much the ones that came in cost more; negative where they cost less.
    variance: Money,
    /// When they left.
    occurred_at: DateTime<Utc>,
    /// When that was written down here.
    created_at: DateTime<Utc>,
    /// When the last of them came in.
    #[schema(example = json!(null))]
    settled_at: Option<DateTime<Utc>>,
    /// The command that let them go.
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
    /// Open ones or settled ones; both, if absent.
    status: Option<CostStatus>,
    /// At this location.
    location_id: Option<LocationId>,
    /// Of this product.
    product_id: Option<ProductId>,
    /// Of the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    sort: Option<Age>,
}

/// List oversold goods
///
/// One page of goods that left although the record had none (`forced`), each with its cost to settle. While one is
/// open, the level is below zero and worth what its open costs say, with the other sign.
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
