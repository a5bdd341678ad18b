//! Cost layers of a stock level.

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use domain::id::{CostLayerId, LocationId, LotId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::tag;
use serde::{Deserialize, Serialize};
use service::stock::explain;
use service::stock::layer::{self, ListedLayer, Position, UsedLayer};
use utoipa_actix_web::service_config::ServiceConfig;

use super::level::key;
use crate::document::document_id;
use crate::list::{List, Page};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// A cost layer: what is left of one receipt, at its own cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CostLayer {
    /// Id of the cost layer.
    id: CostLayerId,
    object: tag::CostLayer,
    /// When it was received. The oldest is used first.
    received_at: DateTime<Utc>,
    /// Stock units that are left.
    quantity: Quantity,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// Cost of the units that are left.
    value: Money,
    /// Cost of one stock unit.
    unit_cost: Price,
    /// Kind of the document that brought it: `receipt`, `transfer`, `refund` and others. `earlier_stock`: stock from
    /// before the level had layers. New values may appear.
    #[schema(max_length = 32, example = "receipt")]
    document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "std_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Number of that document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    document_number: Option<String>,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: Option<i32>,
}

impl From<ListedLayer> for CostLayer {
    fn from(layer: ListedLayer) -> Self {
        CostLayer {
            id: layer.id,
            object: tag::CostLayer,
            received_at: layer.received_at,
            quantity: layer.quantity,
            currency: layer.currency,
            value: layer.value,
            unit_cost: layer.unit_cost,
            document_id: layer.document_id.map(|id| document_id(&layer.document_kind, id)),
            document_kind: layer.document_kind,
            document_number: layer.document_number,
            line_no: layer.line_no,
        }
    }
}

/// Part of a cost layer that a movement used.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct LayerUse {
    /// Cost layer. The list of layers no longer has it once it is used up.
    layer_id: CostLayerId,
    /// Stock units that were used.
    quantity: Quantity,
    /// Cost of the units that were used.
    value: Money,
    /// Cost of one stock unit.
    unit_cost: Price,
    /// Kind of the document that brought it: `receipt`, `transfer`, `refund` and others. `earlier_stock`: stock from
    /// before the level had layers. New values may appear.
    #[schema(max_length = 32, example = "receipt")]
    document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "std_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Number of that document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    document_number: Option<String>,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: Option<i32>,
    /// When it was received.
    received_at: DateTime<Utc>,
}

impl From<UsedLayer> for LayerUse {
    fn from(drawn: UsedLayer) -> Self {
        LayerUse {
            layer_id: drawn.layer_id,
            quantity: drawn.quantity,
            value: drawn.value,
            unit_cost: domain::stock::unit_cost(drawn.value, drawn.quantity),
            document_id: drawn.document_id.map(|id| document_id(&drawn.document_kind, id)),
            document_kind: drawn.document_kind,
            document_number: drawn.document_number,
            line_no: drawn.line_no,
            received_at: drawn.received_at,
        }
    }
}

/// Lot of a level.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfLot {
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
}

/// List the cost layers of a stock level
///
/// Returns one page of the level's cost layers in the order of their use: first in, first out. They add up to its on
/// hand and its value. A level that is valued at a moving average has none.
#[utoipa::path(
    operation_id = "stock_level_layers_list",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(("location_id" = LocationId, Path, description = "The location."),
        ("product_id" = ProductId, Path, description = "The product."),
        OfLot),
    responses((status = 200, description = "One page of layers.", body = Page<CostLayer>))
)]
#[get("/v1/stock/levels/{location_id}/{product_id}/layers")]
async fn list(app: Data<App>, caller: Caller, path: Path<(String, String)>, list: List<OfLot>) -> Answer {
    let key = key(&path, list.filters.lot_id)?;
    let after: Option<Position> = list.after()?;
    let read = async |tx: &service::Tx| {
        explain::get_level(tx, key).await?;
        layer::list(tx, key, after, list.fetch()).await
    };
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows.into_iter().map(CostLayer::from).collect(), |row| (row.received_at, row.id.0))
}
