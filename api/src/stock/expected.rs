//! Expected receipts: goods that are on their way, which promises beyond today stand on.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use domain::expected_receipt::{self, ExpectedReceipt, ExpectedStatus};
use domain::id::{ExpectedReceiptId, LocationId, ProductId};
use domain::number::Quantity;
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Text200};
use serde::{Deserialize, Serialize};
use service::listing::Age;
use service::posting::Command;
use service::stock::expected::{Filter, get, list};
use utoipa_actix_web::service_config::ServiceConfig;

use super::goods::{GoodsLineIn, goods};
use crate::body::Nothing;
use crate::line::{Skus, skus_in};
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(expect).service(list_expected).service(show).service(reschedule).service(cancel);
}

const EXPECTED: &str = "/v1/stock/expected-receipts";

/// Goods to expect.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpectedReceiptIn {
    /// Your own id of the document; ours where absent.
    id: Option<ExpectedReceiptId>,
    /// Where they will come in; the oldest warehouse where absent.
    location_id: Option<LocationId>,
    /// On which day, today or later.
    #[schema(example = "2026-12-02")]
    expected_on: NaiveDate,
    /// A supplier's confirmation, a remark.
    reference: Option<Text200>,
    /// What.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<GoodsLineIn>,
}

/// Another day.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RescheduleIn {
    /// On which day, today or later.
    #[schema(example = "2026-12-09")]
    expected_on: NaiveDate,
}

/// Goods that are expected.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExpectedReceiptOut<'a> {
    /// Its id.
    id: ExpectedReceiptId,
    object: tag::ExpectedReceipt,
    /// Its number.
    #[schema(max_length = 64, example = "ER-2026-000123")]
    number: &'a str,
    /// Where they will come in.
    location_id: LocationId,
    /// On which day.
    #[schema(example = "2026-12-02")]
    expected_on: NaiveDate,
    /// A remark.
    #[schema(max_length = 200, example = "Confirmation 8812")]
    reference: Option<&'a str>,
    /// Where it stands.
    status: ExpectedStatus,
    /// Grows with each change.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// What; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<ExpectedLineOut<'a>>>,
}

/// A line of an expected receipt. Quantities are stock units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ExpectedLineOut<'a> {
    /// From 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// Its SKU.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// What is expected.
    quantity: Quantity,
    /// What has come; more than expected where more was sent.
    received: Quantity,
}

impl<'a> ExpectedReceiptOut<'a> {
    pub(crate) fn new(expected: &'a ExpectedReceipt) -> Self {
        ExpectedReceiptOut {
            id: expected.id,
            object: tag::ExpectedReceipt,
            number: &expected.number,
            location_id: expected.location_id,
            expected_on: expected.expected_on,
            reference: expected.reference.as_deref(),
            status: expected.status,
            version: expected.version,
            lines: None,
        }
    }

    pub(crate) fn with_lines(expected: &'a ExpectedReceipt, skus: Skus<'_, 'a>) -> Self {
        let line = |line: &expected_receipt::ExpectedLine| ExpectedLineOut {
            line_no: line.line_no,
            product_id: line.product_id,
            sku: skus(line.product_id),
            quantity: line.quantity,
            received: line.received,
        };
        let lines = Some(expected.lines.iter().map(line).collect());
        ExpectedReceiptOut { lines, ..ExpectedReceiptOut::new(expected) }
    }
}

/// Expect goods
///
/// From that day on they may be promised: a refusal for want of stock names the first day on which there is enough.
/// When they come, post a receipt that names `expected_receipt_id`.
#[utoipa::path(
    operation_id = "expected_receipts_create",
    security(("bearer" = ["stock:write"])),
    request_body = ExpectedReceiptIn,
    responses((status = 201, description = "The expected receipt.", body = ExpectedReceiptOut))
)]
#[post("/v1/stock/expected-receipts")]
async fn expect(post: Post) -> Answer {
    post.create::<ExpectedReceiptId, _>(EXPECTED, to_command).await
}

fn to_command(input: ExpectedReceiptIn, _: &Caller) -> Result<Command, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let lines = goods(&mut problems, input.lines);
    problems.check()?;
    Ok(Command::ExpectReceipt(expected_receipt::Expect {
        id: input.id,
        location_id: input.location_id,
        expected_on: input.expected_on,
        reference,
        lines,
    }))
}

/// Move the day of an expected receipt
///
/// What is promised from now on moves with it. Promises that were made on it and no longer hold are listed by
/// `GET /v1/stock/expected-receipts/{id}/broken-promises`; each of their orders has an event `order.promise_broken`.
#[utoipa::path(
    operation_id = "expected_receipts_reschedule",
    security(("bearer" = ["stock:write"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt.")),
    request_body = RescheduleIn,
    responses((status = 200, description = "The expected receipt.", body = ExpectedReceiptOut))
)]
#[post("/v1/stock/expected-receipts/{id}/reschedule")]
async fn reschedule(post: Post, id: PathId<ExpectedReceiptId>) -> Answer {
    let command = |RescheduleIn { expected_on }, _: &Caller| {
        Ok(Command::RescheduleReceipt(expected_receipt::Reschedule { id: id.0, expected_on }))
    };
    post.send(command).await
}

/// Cancel an expected receipt
///
/// What has not come is expected no longer. Promises that were made on it are broken, as when its day moves.
#[utoipa::path(
    operation_id = "expected_receipts_cancel",
    security(("bearer" = ["stock:write"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt.")),
    request_body = Nothing,
    responses((status = 200, description = "The expected receipt.", body = ExpectedReceiptOut))
)]
#[post("/v1/stock/expected-receipts/{id}/cancel")]
async fn cancel(post: Post, id: PathId<ExpectedReceiptId>) -> Answer {
    post.empty(Command::CancelExpectedReceipt(expected_receipt::Cancel(id.0))).await
}

/// Which expected receipts to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Where they stand.
    status: Option<ExpectedStatus>,
    /// At this location.
    location_id: Option<LocationId>,
    /// Expected before this day.
    #[serde(rename = "expected_on[lt]")]
    #[param(example = "2026-12-01")]
    before: Option<NaiveDate>,
    sort: Option<Age>,
}

/// List expected receipts
///
/// One page of expected receipts, without their lines.
#[utoipa::path(
    operation_id = "expected_receipts_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of expected receipts.", body = Page<ExpectedReceiptOut>))
)]
#[get("/v1/stock/expected-receipts")]
async fn list_expected(app: Data<App>, caller: Caller, page: List<Filters>) -> Answer {
    let Filters { status, location_id, before, sort } = page.filters;
    let filter = Filter { status, location_id, before };
    let slice = page.slice(sort)?;
    let read = async |tx: &service::Tx| list(tx, &filter, &slice).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    page.answer(rows.iter().map(ExpectedReceiptOut::new).collect(), |expected| expected.id.0)
}

/// Get an expected receipt
///
/// The expected receipt with its lines.
#[utoipa::path(
    operation_id = "expected_receipts_get",
    security(("bearer" = ["stock:read"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt's id.")),
    responses((status = 200, description = "The expected receipt.", body = ExpectedReceiptOut))
)]
#[get("/v1/stock/expected-receipts/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ExpectedReceiptId>) -> Answer {
    let read = async |tx: &service::Tx| get(tx, id.0).await;
    let (expected, skus) = app.db.read(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(ExpectedReceiptOut::with_lines(&expected, &skus_in(&skus))))
}
