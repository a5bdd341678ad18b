//! Returns of wholesale customers.

use actix_web::post;
use domain::id::{CustomerId, InvoiceId, LocationId};
use domain::moment::Instant;
use domain::order::{self, Condition};
use domain::refusal::Problems;
use domain::text::{self, Note200};
use serde::Deserialize;
use service::posting::{Command, Stated};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use super::InvoiceOut;
use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::line::{self, LineIn, OriginalLineIn, country_code};
use crate::posting::{BatchIn, BatchOut, Post, check_overrides, overrider};
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(create_batch);
}

const RETURNS: &str = "/v1/returns";

/// A return. Send `original_id` and its lines, or `lines` without an original.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnIn {
    /// Your own id of the credit note. The server chooses one if absent.
    id: Option<InvoiceId>,
    /// Customer who returns.
    customer_id: CustomerId,
    /// Invoice of what is returned, if it is known.
    original_id: Option<InvoiceId>,
    /// Lines of the invoice. If empty, all that was not returned yet.
    #[serde(default)]
    #[schema(max_items = 2000)]
    original_lines: Vec<OriginalLineIn>,
    /// Without an original (scope `pos:blind_refund`): the lines that are returned, at today's price or the one named.
    #[serde(default)]
    #[schema(max_items = 2000)]
    lines: Vec<LineIn>,
    /// Location that receives the stock. If absent, the one that shipped it, or the oldest warehouse.
    location_id: Option<LocationId>,
    /// Country of the sale. If absent, that of the invoice, else the customer's. A country that is not that of the invoice is rejected.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "GB")]
    country: Option<String>,
    /// `resellable`: goes back into stock. `damaged`: is written off.
    #[serde(default)]
    condition: Condition,
    /// Reason of the return, in one line.
    reason: Option<Note200>,
    /// When it happened, not before the original. Now if absent.
    occurred_at: Option<Instant>,
}

/// Record a return
///
/// Restocks what comes back, or writes it off, and credits the customer, in one transaction. With an invoice: at the
/// price charged and the cost at which it left; with first in, first out, the units that left last come back first, into
/// their cost layers. Without one: at today's price and the current cost.
#[utoipa::path(
    operation_id = "returns_create",
    security(("bearer" = ["orders:write"])),
    params(PostHeaders),
    request_body = ReturnIn,
    responses((status = 201, description = "The credit note; its amounts are negative.", body = InvoiceOut))
)]
#[post("/v1/returns")]
async fn create(post: Post) -> Answer {
    post.create::<InvoiceId, _, _>("/v1/invoices", to_command).await
}

/// Record many returns
///
/// Takes up to 500 returns. Each is carried out on its own: a rejected return does not affect the others.
#[utoipa::path(
    operation_id = "returns_create_batch",
    security(("bearer" = ["orders:write"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per return, in order.", body = BatchOut))
)]
#[post("/v1/returns/batch")]
async fn create_batch(post: Post) -> Answer {
    post.batch(RETURNS, to_command).await
}

fn to_command(input: ReturnIn, caller: &Caller) -> Result<Stated, ApiError> {
    if input.original_id.is_none() {
        caller.require(Scope::PosBlindRefund)?;
    }
    let mut problems = Problems::default();
    let reason = text::checked(&mut problems, "/reason", input.reason);
    country_code(&mut problems, "/country", input.country.as_deref());
    let original_lines = line::original_lines(&mut problems, input.original_lines);
    let lines = line::lines(&mut problems, input.lines);
    check_overrides(&mut problems, caller, &lines);
    let command = Command::Return(order::Return {
        id: input.id,
        customer_id: input.customer_id,
        original_id: input.original_id,
        original_lines,
        lines,
        location_id: input.location_id,
        country: input.country,
        condition: input.condition,
        reason,
        occurred_at: input.occurred_at.map(Instant::get),
        overrider: overrider(caller),
    });
    Ok(Stated { command, wrong: problems })
}
