//! Acceptance of suggestions with all their steps.

use actix_web::post;
use domain::id::{LocationId, ProductId};
use domain::refusal::Problems;
use domain::text::{self, Reference200};
use serde::Deserialize;
use service::posting::Command;
use service::replenish::order::{self, Accepted, AcceptedLine, Plan};
use utoipa_actix_web::service_config::ServiceConfig;

use super::accept::check_fingerprint;
use crate::aside::aside;
use crate::idempotency::PostHeaders;
use crate::posting::{BatchOut, Post};
use crate::{Answer, ApiError};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(order_suggested);
}

/// Suggestions to carry out with all their steps.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplenishmentOrder {
    /// A remark for each document.
    reference: Option<Reference200>,
    /// Suggestions to carry out, each of another product or location.
    #[schema(min_items = 1, max_items = 500)]
    lines: Vec<ReplenishmentOrderLine>,
}

/// A suggestion to carry out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReplenishmentOrderLine {
    /// Product of the suggestion.
    product_id: ProductId,
    /// Location that needs the stock.
    location_id: LocationId,
    /// Fingerprint of the suggestion as you read it.
    #[schema(
        min_length = 32,
        max_length = 32,
        pattern = "^[0-9a-f]{32}$",
        example = "9f86d081884c7d659a2feaa0c55ad015"
    )]
    fingerprint: String,
}

/// Order what is suggested
///
/// Carries suggestions out: dispatches their transfers, one for each pair of locations, and writes what they buy into drafts of
/// purchase orders, one for each preferred supplier and location, at the supplier's prices of the day for the quantities. Minimum and
/// pack are those of the suggestion. Steps that ask for an earlier delivery are left to you.
///
/// The suggestions are computed again. If the numbers of one have changed, nothing is written (409), and `errors` names
/// it. Then each document is posted on its own: `results` has the transfers first, then the purchase orders. A rejected
/// one does not affect the others. A product at a location is ordered once, because units in drafts are among the
/// numbers. Of two acceptances at once, one is rejected. A repeat with the same idempotency key has the same results.
/// It also writes the documents that the first request could not write, unless another acceptance has ordered one of
/// their products since (409).
#[utoipa::path(
    operation_id = "replenishment_order",
    security(("bearer" = ["stock:write", "purchasing:write"])),
    params(PostHeaders),
    request_body = ReplenishmentOrder,
    responses((status = 207, description = "One result per document: transfers first, then purchase orders.", body = BatchOut))
)]
#[post("/v1/replenishment/orders")]
async fn order_suggested(post: Post) -> Answer {
    let (input, posting) = post.read::<ReplenishmentOrder>().await?;
    let accepted = accepted(input, posting.caller.sees_costs()).map_err(|error| posting.explain(error))?;
    // Nothing is claimed for documents that the bounds would reject.
    for (index, line) in accepted.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}/location_id");
        posting.caller.limits.require_location(line.location_id, &pointer)?;
    }
    let plan = if posting.is_repeated().await? {
        // The stored plan is carried out, also if the figures have changed since.
        Plan::default()
    } else {
        posting.app.rates.admit_report(&posting.caller)?;
        let (db, tenant_id) = (posting.app.db.clone(), posting.caller.tenant_id);
        let computed = aside(async move { order::plan(&db, tenant_id, &accepted).await });
        match computed.await? {
            Ok(plan) => plan,
            Err(error) => {
                if !posting.is_repeated().await? {
                    return Err(posting.explain(error.into()));
                }
                // The first of two equal requests was carried out meanwhile, which changed the figures.
                Plan::default()
            }
        }
    };
    let claim = async |tx: &service::Tx, plan: &Plan| order::claim(tx, plan).await;
    let (db, caller) = (posting.app.db.clone(), posting.caller.0.clone());
    let renew = async |commands: &[Command]| order::renew(&db, &caller, commands).await;
    posting.plan("replenishment.accepted", &plan, claim, Plan::commands, renew).await
}

fn accepted(input: ReplenishmentOrder, sees_costs: bool) -> Result<Accepted, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    for (index, line) in input.lines.iter().enumerate() {
        check_fingerprint(&mut problems, index, &line.fingerprint);
    }
    problems.check()?;
    let line = |line: ReplenishmentOrderLine| AcceptedLine {
        product_id: line.product_id,
        location_id: line.location_id,
        fingerprint: line.fingerprint,
    };
    Ok(Accepted { lines: input.lines.into_iter().map(line).collect(), reference, sees_costs })
}
