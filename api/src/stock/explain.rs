//! Explanations of a level: its movements with their causes, and its reservations.

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use domain::id::{CommandId, LocationId, LotId, MovementId, OrderId, ProductId};
use domain::moment::Instant;
use domain::number::{Money, Price, Quantity};
use domain::refusal::Code;
use domain::stock::MovementKind;
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::Period;
use service::stock::explain::{self, Balance, BelowZero, Cause, Explanation, Line, Promise, Request};
use service::stock::layer::LayerUse;
use service::stock::level::{self, StockLevel};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::level::{OfLot, key};
use crate::audit::actor_id;
use crate::document::document_id;
use crate::list::{List, Page, PageInfo};
use crate::problem::ApiError;
use crate::{Answer, App, Caller};

/// Most reservations in an explanation. A list of their own has all of them.
const RESERVED_MAX: u64 = 200;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(reservations);
}

/// Explanation of a level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StockExplanation {
    object: tag::StockExplanation,
    /// The level as it is now.
    level: StockLevel,
    /// Balance before the first movement of this page.
    opening: Balance,
    /// Movements of this page in the order of recording, each with the balance after it.
    #[schema(max_items = 200)]
    data: Vec<ExplainedMovement>,
    /// Balance at the end of the requested span. Without `to`, it is the level as it is now. It equals the balance
    /// after the last movement of the last page.
    closing: Balance,
    /// Position of the page in the history.
    page: PageInfo,
    /// Reservations of the level.
    reserved: ReservedPart,
}

/// Reservations of a level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReservedPart {
    /// Reserved stock units, as the level says.
    quantity: Quantity,
    /// Reservations, oldest first.
    #[schema(max_items = 200)]
    data: Vec<StockReservation>,
    /// Whether there are more: `GET /v1/stock/levels/{location_id}/{product_id}/reservations` returns all.
    #[schema(example = false)]
    has_more: bool,
}

/// A movement with the balance after it and its cause.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ExplainedMovement {
    /// Id of the movement.
    id: MovementId,
    /// Kind of the movement.
    kind: MovementKind,
    /// Stock units, positive for a receipt, negative for an issue.
    quantity: Quantity,
    /// Cost of the units, with the same sign.
    value: Money,
    /// Cost of one stock unit.
    unit_cost: Price,
    /// Balance after the movement.
    balance: Balance,
    /// Kind of the document that caused it. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Number of that document.
    #[schema(max_length = 64, example = "PS-2026-000123")]
    document_number: Option<String>,
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
    /// When it was recorded and the level changed.
    created_at: DateTime<Utc>,
    /// Same as `created_at`. New programs read that.
    recorded_at: DateTime<Utc>,
    /// Cost layers that an issue used, oldest first, if the level is valued first in, first out. They add up to the
    /// units that the movement took from stock on hand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10000)]
    layers: Vec<LayerUse>,
    /// Part of the movement that left below zero. The next receipt settles its cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    below_zero: Option<BelowZero>,
    /// The command that wrote it, with its caller.
    caused_by: Option<CausedBy>,
}

/// A reservation of a level.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StockReservation {
    /// Kind of the reservation: `order`, `hold` and others. New values may appear.
    #[schema(max_length = 32, example = "order")]
    kind: String,
    /// Reserved stock units.
    quantity: Quantity,
    /// Id of the document that it is for.
    #[schema(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Number of that document.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    document_number: Option<String>,
    /// Line of that document.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// When it expires. Null: it does not.
    #[schema(example = json!(null))]
    expires_at: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// The command that made it, with its caller.
    caused_by: Option<CausedBy>,
    #[serde(skip)]
    position: explain::PromisePosition,
}

/// A command with its caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CausedBy {
    /// The command (`GET /v1/commands/{id}`).
    command_id: CommandId,
    /// Name of the command. New values may appear.
    #[schema(max_length = 64, example = "pos_sale.completed")]
    command: String,
    /// `api_key`, `user`, `customer`, `operator` or `worker`.
    #[schema(max_length = 16, example = "api_key")]
    actor_kind: String,
    /// Id of the API key, user or customer session.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: String,
    /// Current name of the API key or user.
    #[schema(max_length = 200, example = "Till in the shop")]
    actor_name: Option<String>,
}

impl From<Cause> for CausedBy {
    fn from(cause: Cause) -> Self {
        CausedBy {
            command_id: cause.command_id,
            command: cause.command,
            actor_id: actor_id(&cause.actor_kind, cause.actor_id),
            actor_kind: cause.actor_kind,
            actor_name: cause.actor_name,
        }
    }
}

impl From<Line> for ExplainedMovement {
    fn from(line: Line) -> Self {
        ExplainedMovement {
            id: line.id,
            kind: line.kind,
            quantity: line.quantity,
            value: line.value,
            unit_cost: line.unit_cost,
            balance: line.balance,
            document_id: document_id(&line.document_kind, line.document_id),
            document_kind: line.document_kind,
            document_number: line.document_number,
            line_no: line.line_no,
            channel: line.channel,
            reason: line.reason,
            occurred_at: line.occurred_at,
            created_at: line.recorded_at,
            recorded_at: line.recorded_at,
            layers: line.layers,
            below_zero: line.oversold,
            caused_by: line.cause.map(CausedBy::from),
        }
    }
}

impl From<Promise> for StockReservation {
    fn from(promise: Promise) -> Self {
        let position = promise.position();
        StockReservation {
            quantity: promise.quantity,
            document_id: match promise.kind.as_str() {
                "order" => OrderId(promise.document_id).to_string(),
                kind => document_id(kind, promise.document_id),
            },
            kind: promise.kind,
            document_number: promise.document_number,
            line_no: promise.line_no,
            expires_at: promise.expires_at,
            created_at: promise.created_at,
            caused_by: promise.cause.map(CausedBy::from),
            position,
        }
    }
}

/// Part of the history.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
    /// Recorded at this instant or later. The instant is cut to whole milliseconds.
    #[param(example = "2026-11-01T00:00:00Z")]
    from: Option<Instant>,
    /// Recorded before this instant. The instant is cut to whole milliseconds.
    #[param(example = "2026-12-01T00:00:00Z")]
    to: Option<Instant>,
}

/// Explain a stock level
///
/// Returns the opening balance, then every movement, oldest first. Each movement has its document, its caller, when it
/// happened, when it was recorded, and the balance after it. A late document stands where it changed the balance. An
/// issue has the cost layers that it used, and the part that left below zero.
///
/// The response also has the reservations of the level. When a hold expires, its stock is available at once, without a
/// movement: the hold leaves `reserved`, and `GET /v1/stock/holds/{id}` shows that it has expired.
#[utoipa::path(
    operation_id = "stock_levels_explain",
    security(("bearer" = ["stock:read", "reports:read", "costs:read"])),
    params(("location_id" = LocationId, Path, description = "The location."),
        ("product_id" = ProductId, Path, description = "The product."),
        Span),
    responses((status = 200, description = "One page of the history.", body = StockExplanation))
)]
#[get("/v1/stock/levels/{location_id}/{product_id}/explain")]
async fn show(app: Data<App>, caller: Caller, path: Path<(String, String)>, list: List<Span>) -> Answer {
    let Span { lot_id, from, to } = list.filters;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        let detail = "The span ends before it begins.";
        return Err(ApiError::new(Code::ValidationFailed, detail).at_parameter("to"));
    }
    let key = key(&path, lot_id)?;
    let after: Option<Uuid> = list.after()?;
    let wanted = Request { key, recorded: Period::new(from, to), after, rows: list.fetch() };
    let read = async |tx: &Tx| {
        let explanation = explain::explain(tx, &wanted).await?;
        Ok((explanation, explain::list_reservations(tx, key, None, RESERVED_MAX + 1).await?))
    };
    let (Explanation { level, opening, lines, closing }, mut kept) =
        app.db.read(caller.tenant_id, read).await?;
    let has_more = kept.len() as u64 > RESERVED_MAX;
    kept.truncate(RESERVED_MAX as usize);
    let reserved = ReservedPart {
        quantity: level.reserved,
        data: kept.into_iter().map(StockReservation::from).collect(),
        has_more,
    };
    let lines: Vec<ExplainedMovement> = lines.into_iter().map(ExplainedMovement::from).collect();
    list.answer_with(
        lines,
        |line| line.id.0,
        |data, page| StockExplanation {
            object: tag::StockExplanation,
            level,
            opening,
            data,
            closing,
            page,
            reserved,
        },
    )
}

/// List the reservations of a stock level
///
/// Returns one page of the reservations of the level, oldest first.
#[utoipa::path(
    operation_id = "stock_level_reservations_list",
    security(("bearer" = ["stock:read"])),
    params(("location_id" = LocationId, Path, description = "The location."),
        ("product_id" = ProductId, Path, description = "The product."),
        OfLot),
    responses((status = 200, description = "One page of reservations.", body = Page<StockReservation>))
)]
#[get("/v1/stock/levels/{location_id}/{product_id}/reservations")]
async fn reservations(caller: Caller, path: Path<(String, String)>, list: List<OfLot>) -> Answer {
    let key = key(&path, list.filters.lot_id)?;
    let read = async move |tx: &Tx, after: Option<explain::PromisePosition>, rows: u64| {
        level::get(tx, key).await?;
        let kept = explain::list_reservations(tx, key, after, rows).await?;
        Ok(kept.into_iter().map(StockReservation::from).collect::<Vec<_>>())
    };
    list.serve(caller, read, |row: &StockReservation| row.position).await
}
