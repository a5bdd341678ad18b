//! Acceptance of suggested transfers.

use actix_web::post;
use domain::id::{LocationId, ProductId, TransferId};
use domain::refusal::Problems;
use domain::text::{self, Reference200};
use domain::transfer::Dispatch;
use serde::Deserialize;
use service::posting::Command;
use service::replenish::accept::{self, Accepted};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::aside::aside;
use crate::idempotency::PostHeaders;
use crate::posting::Post;
use crate::stock::TransferOut;
use crate::{Answer, ApiError};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(accept_transfers);
}

/// Suggested transfers from one location to another.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplenishmentAccept {
    /// Location that gives the stock.
    from_location_id: LocationId,
    /// Location that needs it.
    to_location_id: LocationId,
    /// A remark.
    reference: Option<Reference200>,
    /// Suggestions to carry out, each of another product.
    #[schema(min_items = 1, max_items = 500)]
    lines: Vec<ReplenishmentAcceptLine>,
}

/// A suggestion to carry out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplenishmentAcceptLine {
    /// Product of the suggestion.
    product_id: ProductId,
    /// Fingerprint of the suggestion as you read it.
    #[schema(
        min_length = 32,
        max_length = 32,
        pattern = "^[0-9a-f]{32}$",
        example = "9f86d081884c7d659a2feaa0c55ad015"
    )]
    fingerprint: String,
}

/// Accept suggested transfers
///
/// Dispatches the suggested transfers of products from one location to another, as one transfer, in the suggested
/// quantities. The suggestions are computed again. If the numbers of one have changed, or if other units are available
/// at the giving location when the transfer is posted, nothing is dispatched (409), and `errors` names the line. So a
/// second acceptance of the same suggestion is rejected. A caller without `costs:read` accepts suggestions that were
/// read without `costs:read`.
///
/// The server chooses the serial numbers. It also chooses the lots if a lot would expire in transit. Lots and serial numbers
/// that expire first are dispatched first.
///
/// Only transfers are accepted here. `POST /v1/replenishment/orders` writes what is to be bought into drafts of purchase orders as
/// well. An order counts as supply once it is sent.
#[utoipa::path(
    operation_id = "replenishment_accept",
    security(("bearer" = ["stock:write"])),
    params(PostHeaders),
    request_body = ReplenishmentAccept,
    responses((status = 201, description = "The transfer.", body = TransferOut))
)]
#[post("/v1/replenishment/accept")]
async fn accept_transfers(post: Post) -> Answer {
    let (input, posting) = post.read::<ReplenishmentAccept>().await?;
    let accepted = accepted(input, posting.caller.sees_costs()).map_err(|error| posting.explain(error))?;
    let dispatch = if posting.is_repeated().await? {
        // The stored response is returned, also if the figures have changed since.
        nothing(&accepted)
    } else {
        posting.app.rates.admit_report(&posting.caller)?;
        let (db, tenant_id, wanted) = (posting.app.db.clone(), posting.caller.tenant_id, accepted.clone());
        let computed = aside(async move { accept::transfer(&db, tenant_id, &wanted).await });
        match computed.await? {
            Ok(dispatch) => dispatch,
            Err(error) => {
                if !posting.is_repeated().await? {
                    return Err(posting.explain(error.into()));
                }
                // The first of two equal requests was carried out meanwhile, which changed the figures.
                nothing(&accepted)
            }
        }
    };
    posting.create::<TransferId>("/v1/stock/transfers", Command::DispatchTransfer(dispatch)).await
}

fn accepted(input: ReplenishmentAccept, sees_costs: bool) -> Result<Accepted, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    for (index, line) in input.lines.iter().enumerate() {
        check_fingerprint(&mut problems, index, &line.fingerprint);
    }
    problems.check()?;
    Ok(Accepted {
        from: input.from_location_id,
        to: input.to_location_id,
        lines: input.lines.into_iter().map(|line| (line.product_id, line.fingerprint)).collect(),
        reference,
        sees_costs,
    })
}

/// Rejects a fingerprint of another form than those of suggestions.
pub(super) fn check_fingerprint(problems: &mut Problems, index: usize, text: &str) {
    let is_digit = |digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 32 || !text.bytes().all(is_digit) {
        let detail = "Send the fingerprint as the suggestion has it: 32 hexadecimal digits.";
        problems.invalid(format!("/lines/{index}/fingerprint"), detail);
    }
}

/// Returns a transfer without lines, which would be rejected if it were carried out.
fn nothing(accepted: &Accepted) -> Dispatch {
    Dispatch {
        id: None,
        from_location_id: Some(accepted.from),
        to_location_id: accepted.to,
        expected_on: None,
        reference: None,
        occurred_at: None,
        lines: Vec::new(),
        seen: Vec::new(),
    }
}
