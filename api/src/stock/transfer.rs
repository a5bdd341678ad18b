//! Transfers: stock sent from one location and received at another.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{LocationId, LotId, ProductId, TransferId};
use domain::moment::Instant;
use domain::number::{Money, Quantity};
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Reference200};
use domain::transfer::{self, Transfer, TransferStatus};
use serde::{Deserialize, Serialize, Serializer};
use service::Tx;
use service::listing::{Age, Slice};
use service::posting::{Command, Stated};
use service::stock::transfer::{Filter, get, list};
use utoipa_actix_web::service_config::ServiceConfig;

use super::goods::{GoodsLineIn, goods};
use crate::costs::Shown;
use crate::idempotency::PostHeaders;
use crate::line::{Skus, skus_in};
use crate::list::{List, Page};
use crate::lot::line::{Codes, codes_in, known};
use crate::params::PathId;
use crate::posting::Post;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(dispatch).service(list_transfers).service(show).service(receive).service(cancel);
}

const TRANSFERS: &str = "/v1/stock/transfers";

/// A transfer to dispatch.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferIn {
    /// Your own id of the transfer. The server chooses one if absent.
    id: Option<TransferId>,
    /// Location that sends. The oldest warehouse if absent.
    from_location_id: Option<LocationId>,
    /// Location that receives.
    to_location_id: LocationId,
    /// Day on which it should be received. The receiving location can promise the stock from that day on.
    #[schema(example = "2026-11-25")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    expected_on: Option<NaiveDate>,
    /// A remark.
    reference: Option<Reference200>,
    /// When it left. Now if absent. Never in the future.
    occurred_at: Option<Instant>,
    /// Lines of the transfer.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<GoodsLineIn>,
}

/// The receipt of a transfer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ArrivalIn {
    /// Quantities received. If absent, everything in transit.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lines: Vec<ArrivalLineIn>,
    /// Reason code (`GET /v1/reason-codes`) with which the rest is written off. Without it the rest stays in transit.
    #[schema(max_length = 64, example = "damage")]
    missing_reason: Option<String>,
    /// When it was received, not before the dispatch. Now if absent. Never in the future.
    #[schema(example = "2026-11-23T09:00:00Z")]
    occurred_at: Option<Instant>,
}

/// A line that was received.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ArrivalLineIn {
    /// Line of the transfer.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Stock units. Zero if nothing of it was received.
    quantity: Quantity,
}

/// A transfer of stock from one location to another.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TransferOut<'a> {
    /// Id of the transfer.
    id: TransferId,
    object: tag::Transfer,
    /// Number of the transfer.
    #[schema(max_length = 64, example = "TR-2026-000123")]
    number: &'a str,
    /// Location that sends.
    from_location_id: LocationId,
    /// Location that receives.
    to_location_id: LocationId,
    /// Status.
    status: TransferStatus,
    /// Day on which it should be received.
    #[schema(example = "2026-11-25")]
    expected_on: Option<NaiveDate>,
    /// A remark.
    #[schema(max_length = 200, example = "Van 2")]
    reference: Option<&'a str>,
    /// When it left.
    occurred_at: DateTime<Utc>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Lines of the transfer. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<TransferLineOut<'a>>>,
}

/// A line of a transfer. Quantities are stock units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TransferLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Lot of a tracked product.
    lot_id: Option<LotId>,
    /// Lot code or serial number.
    #[schema(max_length = 64, example = json!(null))]
    lot_code: Option<&'a str>,
    /// Quantity sent.
    quantity: Quantity,
    /// Quantity received.
    received: Quantity,
    /// Quantity written off.
    missing: Quantity,
    /// Quantity that came back to the sending location, because the transfer was cancelled.
    returned: Quantity,
    /// Quantity in transit.
    in_transit: Quantity,
    /// Cost of the quantity sent. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    value: Money,
}

impl<'a> TransferOut<'a> {
    pub(crate) fn new(transfer: &'a Transfer) -> Self {
        TransferOut {
            id: transfer.id,
            object: tag::Transfer,
            number: &transfer.number,
            from_location_id: transfer.from_location_id,
            to_location_id: transfer.to_location_id,
            status: transfer.status,
            expected_on: transfer.expected_on,
            reference: transfer.reference.as_deref(),
            occurred_at: transfer.occurred_at,
            version: transfer.version,
            lines: None,
        }
    }

    pub(crate) fn with_lines(transfer: &'a Transfer, skus: Skus<'_, 'a>, codes: Codes<'_, 'a>) -> Self {
        let line = |line: &transfer::TransferLine| TransferLineOut {
            line_no: line.line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            lot_id: known(line.lot_id),
            lot_code: codes(line.lot_id),
            quantity: line.quantity,
            received: line.received,
            missing: line.missing,
            returned: line.returned,
            in_transit: line.open(),
            value: line.value,
        };
        TransferOut { lines: Some(transfer.lines.iter().map(line).collect()), ..TransferOut::new(transfer) }
    }
}

/// Dispatch a transfer
///
/// Issues the stock at its cost. It can't be sold until it is received. More than is available is rejected.
#[utoipa::path(
    operation_id = "transfers_create",
    security(("bearer" = ["stock:write"])),
    params(PostHeaders),
    request_body = TransferIn,
    responses((status = 201, description = "The transfer.", body = TransferOut))
)]
#[post("/v1/stock/transfers")]
async fn dispatch(post: Post) -> Answer {
    post.create::<TransferId, _, _>(TRANSFERS, to_command).await
}

fn to_command(input: TransferIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let lines = goods(&mut problems, input.lines);
    let command = Command::DispatchTransfer(transfer::Dispatch {
        id: input.id,
        from_location_id: input.from_location_id,
        to_location_id: input.to_location_id,
        expected_on: input.expected_on,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
        lines,
        seen: Vec::new(),
    });
    Ok(Stated { command, wrong: problems })
}

/// Receive a transfer
///
/// Receives a transfer in full or in part, never more than is in transit. `missing_reason` writes off the rest.
#[utoipa::path(
    operation_id = "transfers_receive",
    security(("bearer" = ["stock:write"])),
    params(("id" = TransferId, Path, description = "The transfer."), PostHeaders),
    request_body = ArrivalIn,
    responses((status = 200, description = "The transfer.", body = TransferOut))
)]
#[post("/v1/stock/transfers/{id}/receive")]
async fn receive(post: Post, id: PathId<TransferId>) -> Answer {
    let line = |line: ArrivalLineIn| transfer::ArrivedLine { line_no: line.line_no, quantity: line.quantity };
    let command = |input: ArrivalIn, _: &Caller| {
        Ok(Command::ReceiveTransfer(transfer::Arrive {
            transfer_id: id.0,
            lines: input.lines.into_iter().map(line).collect(),
            missing_reason: input.missing_reason,
            occurred_at: input.occurred_at.map(Instant::get),
        }))
    };
    post.send(command).await
}

/// The cancellation of a transfer.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferCancelIn {
    /// When the stock came back, not before the dispatch. Now if absent. Never in the future.
    #[schema(example = "2026-11-23T09:00:00Z")]
    occurred_at: Option<Instant>,
}

/// Cancel a transfer
///
/// Takes everything in transit back to the sending location, at the cost with which it left. What was received stays where it is.
/// A transfer of which nothing is in transit can't be cancelled: send the stock back with a transfer of its own.
#[utoipa::path(
    operation_id = "transfers_cancel",
    security(("bearer" = ["stock:write"])),
    params(("id" = TransferId, Path, description = "The transfer."), PostHeaders),
    request_body = TransferCancelIn,
    responses((status = 200, description = "The transfer.", body = TransferOut))
)]
#[post("/v1/stock/transfers/{id}/cancel")]
async fn cancel(post: Post, id: PathId<TransferId>) -> Answer {
    let command = |input: TransferCancelIn, _: &Caller| {
        let occurred_at = input.occurred_at.map(Instant::get);
        Ok(Command::CancelTransfer(transfer::Cancel { transfer_id: id.0, occurred_at }))
    };
    post.send(command).await
}

/// Which transfers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this status.
    status: Option<TransferStatus>,
    /// Only from this location.
    from_location_id: Option<LocationId>,
    /// Only to this location.
    to_location_id: Option<LocationId>,
    /// Only this number.
    #[param(max_length = 64, example = "TR-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 100, example = "tour 7")]
    reference: Option<String>,
    sort: Option<Age>,
}

/// List transfers
///
/// Returns one page of transfers, without their lines.
#[utoipa::path(
    operation_id = "transfers_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of transfers.", body = Page<TransferOut>))
)]
#[get("/v1/stock/transfers")]
async fn list_transfers(caller: Caller, page: List<Filters>) -> Answer {
    let filters = &page.filters;
    let filter = Filter {
        status: filters.status,
        from_location_id: filters.from_location_id,
        to_location_id: filters.to_location_id,
        number: filters.number.clone(),
        reference: filters.reference.clone(),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| {
        Ok(list(tx, &filter, slice).await?.into_iter().map(Listed).collect::<Vec<_>>())
    };
    page.serve_documents(caller, sort, read, |listed: &Listed| listed.0.id.0).await
}

/// A transfer in a list.
struct Listed(Transfer);

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        TransferOut::new(&self.0).serialize(serializer)
    }
}

/// Get a transfer
///
/// Returns the transfer with its lines.
#[utoipa::path(
    operation_id = "transfers_get",
    security(("bearer" = ["stock:read", "reports:read"])),
    params(("id" = TransferId, Path, description = "The transfer's id."), ReadHeaders),
    responses((status = 200, description = "The transfer.", body = TransferOut))
)]
#[get("/v1/stock/transfers/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<TransferId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| get(tx, id.0).await;
    let (transfer, names) = app.db.read(caller.tenant_id, read).await?;
    let (skus, codes) = (skus_in(&names.skus), codes_in(&names.lots));
    let shown = Shown::to(&caller, TransferOut::with_lines(&transfer, &skus, &codes));
    seen.answer_content(transfer.version, shown)
}
