//! Expected receipts: supply that promises for later days stand on.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::NaiveDate;
use domain::expected_receipt::{self, ExpectedReceipt, ExpectedStatus};
use domain::id::{ExpectedReceiptId, LocationId, ProductId};
use domain::number::Quantity;
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Reference200};
use serde::{Deserialize, Serialize, Serializer};
use service::Tx;
use service::listing::{Age, Slice};
use service::posting::{Command, Stated};
use service::stock::expected::{Filter, get, list};
use utoipa_actix_web::service_config::ServiceConfig;

use super::goods::{GoodsLineIn, goods};
use crate::body::Nothing;
use crate::idempotency::PostHeaders;
use crate::line::{Skus, skus_in};
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(expect).service(list_expected).service(show).service(reschedule).service(cancel);
}

const EXPECTED: &str = "/v1/stock/expected-receipts";

/// An expected receipt to record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ExpectedReceiptIn {
    /// Your own id of the document. The server chooses one if absent.
    id: Option<ExpectedReceiptId>,
    /// Location that receives it. The oldest warehouse if absent.
    location_id: Option<LocationId>,
    /// Day on which it is expected, today or later.
    #[schema(example = "2026-12-02")]
    #[serde(deserialize_with = "domain::day::required")]
    expected_on: NaiveDate,
    /// Supplier's confirmation or remark.
    reference: Option<Reference200>,
    /// Lines of the document.
    #[schema(min_items = 1, max_items = 2000)]
    lines: Vec<GoodsLineIn>,
}

/// Another day for an expected receipt.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RescheduleIn {
    /// Day on which it is expected, today or later.
    #[schema(example = "2026-12-09")]
    #[serde(deserialize_with = "domain::day::required")]
    expected_on: NaiveDate,
}

/// Stock that a supplier is to deliver.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExpectedReceiptOut<'a> {
    /// Id of the expected receipt.
    id: ExpectedReceiptId,
    object: tag::ExpectedReceipt,
    /// Number of the expected receipt.
    #[schema(max_length = 64, example = "ER-2026-000123")]
    number: &'a str,
    /// Location that receives it.
    location_id: LocationId,
    /// Day on which it is expected.
    #[schema(example = "2026-12-02")]
    expected_on: NaiveDate,
    /// A remark.
    #[schema(max_length = 200, example = "Confirmation 8812")]
    reference: Option<&'a str>,
    /// Status.
    status: ExpectedStatus,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Lines of the document. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 2000)]
    lines: Option<Vec<ExpectedLineOut<'a>>>,
}

/// A line of an expected receipt. Quantities are stock units.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ExpectedLineOut<'a> {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// The product.
    product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    sku: &'a str,
    /// Quantity that is expected.
    quantity: Quantity,
    /// Quantity that was received. It can exceed the expected quantity.
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

/// Record an expected receipt
///
/// Stock can be promised from its day on: a rejection with `insufficient_stock` names the first day with enough. When
/// the stock is delivered, post a receipt that names `expected_receipt_id`.
#[utoipa::path(
    operation_id = "expected_receipts_create",
    security(("bearer" = ["stock:write"])),
    params(PostHeaders),
    request_body = ExpectedReceiptIn,
    responses((status = 201, description = "The expected receipt.", body = ExpectedReceiptOut))
)]
#[post("/v1/stock/expected-receipts")]
async fn expect(post: Post) -> Answer {
    post.create::<ExpectedReceiptId, _, _>(EXPECTED, to_command).await
}

fn to_command(input: ExpectedReceiptIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let lines = goods(&mut problems, input.lines);
    let command = Command::ExpectReceipt(expected_receipt::Expect {
        id: input.id,
        location_id: input.location_id,
        expected_on: input.expected_on,
        reference,
        lines,
    });
    Ok(Stated { command, wrong: problems })
}

/// Reschedule an expected receipt
///
/// New promises are made by the new day. `GET /v1/stock/expected-receipts/{id}/broken-promises` lists the promises made
/// on it that no longer hold. Each of their orders gets an event `order.promise_broken`.
#[utoipa::path(
    operation_id = "expected_receipts_reschedule",
    security(("bearer" = ["stock:write"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt."), PostHeaders),
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
/// Stock that was not received is no longer expected. Promises that were made on it are broken, as when its day moves.
#[utoipa::path(
    operation_id = "expected_receipts_cancel",
    security(("bearer" = ["stock:write"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt."), PostHeaders),
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
    /// Only this status.
    status: Option<ExpectedStatus>,
    /// Only this location.
    location_id: Option<LocationId>,
    /// Expected before this day.
    #[serde(rename = "expected_on[lt]")]
    #[param(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    before: Option<NaiveDate>,
    /// Only this number.
    #[param(max_length = 64, example = "ER-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 100, example = "order 4711 at the supplier")]
    reference: Option<String>,
    sort: Option<Age>,
}

/// List expected receipts
///
/// Returns one page of expected receipts, without their lines.
#[utoipa::path(
    operation_id = "expected_receipts_list",
    security(("bearer" = ["stock:read"])),
    params(Filters),
    responses((status = 200, description = "One page of expected receipts.", body = Page<ExpectedReceiptOut>))
)]
#[get("/v1/stock/expected-receipts")]
async fn list_expected(caller: Caller, page: List<Filters>) -> Answer {
    let filters = &page.filters;
    let filter = Filter {
        status: filters.status,
        location_id: filters.location_id,
        before: filters.before,
        number: filters.number.clone(),
        reference: filters.reference.clone(),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| {
        Ok(list(tx, &filter, slice).await?.into_iter().map(Listed).collect::<Vec<_>>())
    };
    page.serve_documents(caller, sort, read, |listed: &Listed| listed.0.id.0).await
}

/// An expected receipt in a list.
struct Listed(ExpectedReceipt);

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ExpectedReceiptOut::new(&self.0).serialize(serializer)
    }
}

/// Get an expected receipt
///
/// Returns the expected receipt with its lines.
#[utoipa::path(
    operation_id = "expected_receipts_get",
    security(("bearer" = ["stock:read"])),
    params(("id" = ExpectedReceiptId, Path, description = "The expected receipt's id."), ReadHeaders),
    responses((status = 200, description = "The expected receipt.", body = ExpectedReceiptOut))
)]
#[get("/v1/stock/expected-receipts/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ExpectedReceiptId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| get(tx, id.0).await;
    let (expected, skus) = app.db.read(caller.tenant_id, read).await?;
    seen.answer_content(expected.version, ExpectedReceiptOut::with_lines(&expected, &skus_in(&skus)))
}
