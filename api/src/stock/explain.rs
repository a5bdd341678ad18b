//! "Why is this number 47?": a level's history with who and why, and what of it is kept for whom.

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::{DateTime, Utc};
use domain::id::{CommandId, LocationId, LotId, MovementId, OrderId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::refusal::Code;
use domain::stock::MovementKind;
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use service::listing::Period;
use service::stock::explain::{self, Balance, BelowZero, Cause, Explanation, Line, Promise, Request};
use service::stock::level::StockLevel;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::layer::LayerUse;
use super::level::key;
use crate::audit::actor_id;
use crate::document::document_id;
use crate::list::{List, Page, PageInfo};
use crate::problem::ApiError;
use crate::{Answer, App, Caller};

/// The most reservations that stand beside the history; all of them have a list of their own.
const RESERVED_MAX: u64 = 200;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(reservations);
}

/// Why a level is what it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StockExplanation {
    object: tag::StockExplanation,
    /// The level as it is now.
    level: StockLevel,
    /// What there was before the first movement of this page.
    opening: Balance,
    /// The movements of this page in the order in which they were written, each with what it left.
    #[schema(max_items = 200)]
    data: Vec<ExplainedMovement>,
    /// What there was at the end of the span that was asked for: without `to`, what the level says now. It is the
    /// balance of the last movement of the last page.
    closing: Balance,
    /// Where the page stands in the history.
    page: PageInfo,
    /// What of the level is kept for somebody.
    reserved: ReservedPart,
}

/// What of a level is kept for somebody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReservedPart {
    /// Stock units that are kept, as the level says.
    quantity: Quantity,
    /// The reservations, oldest first.
    #[schema(max_items = 200)]
    data: Vec<StockReservation>,
    /// Whether there are more than these: `GET /v1/stock/levels/{location_id}/{product_id}/reservations` has all.
    #[schema(example = false)]
    has_more: bool,
}

/// A movement, what it left, and who wrote it why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ExplainedMovement {
    /// Its id.
    id: MovementId,
    /// Why goods moved.
    kind: MovementKind,
    /// Stock units: positive in, negative out.
    quantity: Quantity,
    /// Their cost, of the same sign.
    value: Money,
    /// Cost of one.
    unit_cost: Price,
    /// What there was after it.
    balance: Balance,
    /// What kind of document moved them. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// The id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// The number of that document.
    #[schema(max_length = 64, example = "PS-2026-000123")]
    document_number: Option<String>,
    /// Its line.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The channel, where a customer is involved.
    channel: Option<Channel>,
    /// The reason code of an adjustment.
    #[schema(max_length = 64, example = json!(null))]
    reason: Option<String>,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// When we learnt of it and the level changed.
    recorded_at: DateTime<Utc>,
    /// What goods that left were taken from, the oldest first, where the level is valued first in, first out: the parts
    /// add up to what the movement took of what was there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10000)]
    layers: Vec<LayerUse>,
    /// What of the movement left although the record had none; what comes in next settles its cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    below_zero: Option<BelowZero>,
    /// The command that wrote it, and who asked for it.
    caused_by: Option<CausedBy>,
}

/// A part of a level that is kept for somebody.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StockReservation {
    /// Why it is kept: `order`, `hold` and others. New values may appear.
    #[schema(max_length = 32, example = "order")]
    kind: String,
    /// Stock units.
    quantity: Quantity,
    /// The id of the document that it is kept for.
    #[schema(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// The number of that document.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    document_number: Option<String>,
    /// Its line.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// When it ends by itself; null where it does not.
    #[schema(example = json!(null))]
    expires_at: Option<DateTime<Utc>>,
    /// Since when it is kept.
    created_at: DateTime<Utc>,
    /// The command that keeps it, and who asked for it.
    caused_by: Option<CausedBy>,
    #[serde(skip)]
    position: explain::PromisePosition,
}

/// A command and who asked for it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CausedBy {
    /// The command (`GET /v1/commands/{id}`).
    command_id: CommandId,
    /// What it did. New values may appear.
    #[schema(max_length = 64, example = "pos_sale.sold")]
    command: String,
    /// `api_key`, `user`, `operator` or `worker`.
    #[schema(max_length = 16, example = "api_key")]
    actor_kind: String,
    /// The key or the user.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: String,
    /// The name of the key or the user, as it is now.
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
            recorded_at: line.recorded_at,
            layers: line.layers.into_iter().map(LayerUse::from).collect(),
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

/// Which part of the history.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// The lot; none where the product is not tracked by lot.
    lot_id: Option<LotId>,
    /// Only what was written down at this instant or later; cut to whole milliseconds.
    #[param(example = "2026-11-01T00:00:00Z")]
    from: Option<DateTime<Utc>>,
    /// Only what was written down before this instant; cut to whole milliseconds.
    #[param(example = "2026-12-01T00:00:00Z")]
    to: Option<DateTime<Utc>>,
}

/// Which lot.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfLot {
    /// The lot; none where the product is not tracked by lot.
    lot_id: Option<LotId>,
}

/// Explain a stock level
///
/// Why the number is what it is: the opening balance, then everything that changed it, oldest first, each with its
/// document, who asked for it, when it happened, when we learnt of it, and what it left; and what of the level is kept
/// for whom. A document that came in late stands where it changed the figure. Goods that left name the cost layers they
/// were taken from, and what of them went below zero. What a hold kept is free again the moment it ends, without a
/// movement: it is gone from `reserved`, and `GET /v1/stock/holds/{id}` tells that it has expired.
#[utoipa::path(
    operation_id = "stock_levels_explain",
    security(("bearer" = ["stock:read", "reports:read"])),
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
    let wanted = Request { key, recorded: Period { from, to }, after, rows: list.fetch() };
    let read = async |tx: &service::Tx| {
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
/// One page of what of the level is kept for whom, oldest first.
#[utoipa::path(
    operation_id = "stock_level_reservations_list",
    security(("bearer" = ["stock:read"])),
    params(("location_id" = LocationId, Path, description = "The location."),
        ("product_id" = ProductId, Path, description = "The product."),
        OfLot),
    responses((status = 200, description = "One page of reservations.", body = Page<StockReservation>))
)]
#[get("/v1/stock/levels/{location_id}/{product_id}/reservations")]
async fn reservations(
    app: Data<App>,
    caller: Caller,
    path: Path<(String, String)>,
    list: List<OfLot>,
) -> Answer {
    let key = key(&path, list.filters.lot_id)?;
    let after: Option<explain::PromisePosition> = list.after()?;
    let read = async |tx: &service::Tx| {
        explain::get_level(tx, key).await?;
        explain::list_reservations(tx, key, after, list.fetch()).await
    };
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows.into_iter().map(StockReservation::from).collect(), |row| row.position)
}
