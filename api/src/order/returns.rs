//! Wholesale goods that come back.

use actix_web::post;
use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, LocationId};
use domain::number::Quantity;
use domain::order::{self, Condition};
use domain::refusal::Problems;
use domain::text::{self, Text200};
use serde::Deserialize;
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use super::InvoiceOut;
use crate::line::{self, LineIn, country_code};
use crate::lot::line::{self as lots, LotIn};
use crate::posting::{BatchIn, BatchOut, Post, overrider};
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(create_batch);
}

const RETURNS: &str = "/v1/returns";

/// A return. Name `original_id` and its lines, or `lines` without an original.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnIn {
    /// Your own id of the credit note; ours where absent.
    id: Option<InvoiceId>,
    /// Who gives back.
    customer_id: CustomerId,
    /// The invoice that is taken back, if it is known.
    original_id: Option<InvoiceId>,
    /// Its lines; everything that is still out where empty.
    #[serde(default)]
    #[schema(max_items = 2000)]
    original_lines: Vec<ReturnLineIn>,
    /// Without an original: what comes back, at today's price or the one named.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lines: Vec<LineIn>,
    /// Where the goods go; where they came from, or the oldest warehouse, where absent.
    location_id: Option<LocationId>,
    /// The country of the sale; the customer's where absent.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    country: Option<String>,
    /// `resellable` goes back into stock, `damaged` is written off.
    #[serde(default)]
    condition: Condition,
    /// Why.
    reason: Option<Text200>,
    /// When; now where absent.
    occurred_at: Option<DateTime<Utc>>,
}

/// A line of the original invoice that comes back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnLineIn {
    /// Its number in the invoice.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    line_no: i32,
    /// Stock units; all that are still out where absent.
    quantity: Option<Quantity>,
    /// The lots that come back, where the product is tracked by lot or serial number. They may be left out where the line
    /// went out in one lot, or where everything that is out comes back.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lots: Vec<LotIn>,
}

/// Take goods back
///
/// Restocks them (or writes them off) and credits the customer, in one transaction: against an invoice at the price
/// charged and the cost they left with, without one at today's price and the current cost.
#[utoipa::path(
    operation_id = "returns_create",
    security(("bearer" = ["orders:write"])),
    request_body = ReturnIn,
    responses((status = 201, description = "The credit note; its amounts are negative.", body = InvoiceOut))
)]
#[post("/v1/returns")]
async fn create(post: Post) -> Answer {
    post.create::<InvoiceId, _>("/v1/invoices", to_command).await
}

/// Take goods back, many at once
///
/// Up to 500 returns in one request; each stands alone.
#[utoipa::path(
    operation_id = "returns_create_batch",
    security(("bearer" = ["orders:write"])),
    request_body = BatchIn,
    responses((status = 207, description = "One result per return, in order.", body = BatchOut))
)]
#[post("/v1/returns/batch")]
async fn create_batch(post: Post) -> Answer {
    post.batch(RETURNS, to_command).await
}

fn to_command(input: ReturnIn, caller: &Caller) -> Result<Command, ApiError> {
    let mut problems = Problems::default();
    let reason = text::checked(&mut problems, "/reason", input.reason);
    country_code(&mut problems, "/country", input.country.as_deref());
    let mut original_lines = Vec::with_capacity(input.original_lines.len());
    for (index, line) in input.original_lines.into_iter().enumerate() {
        let lots = lots::named(&mut problems, &format!("/original_lines/{index}"), line.lots);
        original_lines.push(order::ReturnLine { line_no: line.line_no, quantity: line.quantity, lots });
    }
    problems.check()?;
    Ok(Command::Return(order::Return {
        id: input.id,
        customer_id: input.customer_id,
        original_id: input.original_id,
        original_lines,
        lines: line::lines(input.lines)?,
        location_id: input.location_id,
        country: input.country,
        condition: input.condition,
        reason,
        occurred_at: input.occurred_at,
        overrider: overrider(caller),
    }))
}
