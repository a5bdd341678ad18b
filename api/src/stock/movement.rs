//! Stock movements.

use actix_web::get;
use actix_web::web::Data;
use chrono::{DateTime, Utc};
use domain::id::{CommandId, LocationId, LotId, MovementId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::stock::MovementKind;
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use service::listing::{Age, Period};
use service::stock::movement::{self, Filter, Movement};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::document::{document_id, parse_document_id};
use crate::list::{List, Page};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// A movement. It never changes. Quantity and value are positive for a receipt and negative for an issue.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StockMovement {
    /// Id of the movement.
    id: MovementId,
    object: tag::StockMovement,
    /// Kind of the movement.
    kind: MovementKind,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: String,
    /// Location of the level.
    location_id: LocationId,
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
    /// The unit of the quantity.
    #[schema(max_length = 8, example = "C62")]
    uom: String,
    /// Quantity in stock units.
    quantity: Quantity,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// Cost of the units.
    value: Money,
    /// Cost of one stock unit.
    unit_cost: Price,
    /// Kind of the document that caused it: `sale`, `refund`, `shipment`, `credit_note`, `receipt`, `opening` or
    /// `adjustment`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Channel, if a customer is involved.
    channel: Option<Channel>,
    /// The reason code of an adjustment.
    #[schema(max_length = 64, example = json!(null))]
    reason: Option<String>,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// The command that wrote it.
    command_id: CommandId,
}

impl From<Movement> for StockMovement {
    fn from(row: Movement) -> Self {
        StockMovement {
            id: row.id,
            object: tag::StockMovement,
            kind: row.kind,
            product_id: row.product_id,
            sku: row.sku,
            location_id: row.location_id,
            lot_id: row.lot_id,
            uom: row.uom,
            quantity: row.quantity,
            currency: row.currency,
            value: row.value,
            unit_cost: row.unit_cost,
            document_id: document_id(&row.document_kind, row.document_id),
            document_kind: row.document_kind,
            line_no: row.line_no,
            channel: row.channel,
            reason: row.reason,
            occurred_at: row.occurred_at,
            created_at: row.recorded_at,
            command_id: row.command_id,
        }
    }
}

/// Which movements to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this product.
    product_id: Option<ProductId>,
    /// Only the product with this SKU.
    #[param(max_length = 64, example = "BOLT-M8")]
    sku: Option<String>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Only this sale, refund, shipment, credit note or stock document.
    #[param(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Only this kind.
    kind: Option<MovementKind>,
    /// Happened at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<DateTime<Utc>>,
    /// Happened before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<DateTime<Utc>>,
    sort: Option<Age>,
}

/// List stock movements
///
/// Returns one page of all movements, in the order of recording.
#[utoipa::path(
    operation_id = "stock_movements_list",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(Filters),
    responses((status = 200, description = "One page of movements.", body = Page<StockMovement>))
)]
#[get("/v1/stock/movements")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let document_id = filters.document_id.as_deref();
    let document_id = document_id.map(|id| parse_document_id(id, "document_id")).transpose()?;
    let filter = Filter {
        product_id: filters.product_id,
        sku: filters.sku.clone(),
        location_id: filters.location_id,
        document_id,
        kind: filters.kind,
        occurred: Period { from: filters.occurred_from, to: filters.occurred_to },
    };
    let slice = list.slice(filters.sort)?;
    let read = async |tx: &service::Tx| movement::list(tx, &filter, &slice).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows.into_iter().map(StockMovement::from).collect(), |row| row.id.0)
}
