//! Recalls: nobody gets more of a lot, and whoever has some of it is named.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use domain::hold::Hold;
use domain::id::{CustomerId, LotId, ProductId};
use domain::lot::{Affected, AffectedParty, Lot, RecallLot};
use domain::number::Quantity;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Filled200;
use serde::{Deserialize, Serialize};
use service::posting::Command;
use service::stock::{lot, recall};
use utoipa_actix_web::service_config::ServiceConfig;

use super::trace::{LotCustomer, PartyOut, QuarantinedOut, WaitingOut, quarantined};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The longest reason of a recall.
/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(show);
}

/// Why a lot is recalled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LotRecallCreate)]
struct RecallIn {
    /// Why.
    reason: Filled200,
}

/// The recall of a lot: what is kept back, who waits, and whom to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotRecall)]
pub struct RecallOut<'a> {
    /// The lot's id.
    id: LotId,
    object: tag::LotRecall,
    /// The lot's code.
    #[schema(max_length = 64, example = "L-2026-117")]
    code: &'a str,
    /// The product.
    product_id: ProductId,
    /// Why.
    #[schema(max_length = 200, example = "Glass in the jar")]
    reason: &'a str,
    /// Since when.
    recalled_at: DateTime<Utc>,
    /// What is in quarantine, location by location.
    #[schema(max_items = 10000)]
    quarantined: Vec<QuarantinedOut>,
    /// Stock units between two locations: repeat the recall when they have arrived.
    in_transit: Quantity,
    /// The orders that some of it is reserved for: they get other lots when they are shipped, or are short.
    #[schema(max_items = 10000)]
    waiting: Vec<WaitingOut>,
    /// Whom to call, those who have most first.
    #[schema(max_items = 10000)]
    customers: Vec<ToCall>,
    /// Sales to nobody who is known: ask at the till, hang a notice.
    #[schema(max_items = 10000)]
    walk_ins: Vec<PartyOut>,
    /// Whether nobody is left out: at most 10,000 sales and shipments are looked at.
    #[schema(example = true)]
    complete: bool,
}

/// A customer to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotCustomerToCall)]
struct ToCall {
    /// Who.
    customer: LotCustomer,
    /// Stock units that it still has, as far as we know.
    quantity: Quantity,
    /// What it got, oldest first.
    #[schema(max_items = 10000)]
    documents: Vec<PartyOut>,
}

impl<'a> RecallOut<'a> {
    /// The answer's form of a recall, with the holds that keep the lot in quarantine.
    pub fn new(
        lot: &'a Lot,
        reason: &'a str,
        recalled_at: DateTime<Utc>,
        holds: &'a [Hold],
        affected: &'a Affected,
    ) -> Self {
        let is_walk_in = |party: &&AffectedParty| party.customer.is_none();
        RecallOut {
            id: lot.id,
            object: tag::LotRecall,
            code: &lot.code,
            product_id: lot.product_id,
            reason,
            recalled_at,
            quarantined: quarantined(holds),
            in_transit: affected.in_transit,
            waiting: affected.waiting.iter().map(WaitingOut::from).collect(),
            customers: to_call(&affected.parties),
            walk_ins: affected.parties.iter().filter(is_walk_in).map(PartyOut::from).collect(),
            complete: affected.parties.len() < recall::PARTIES_MAX,
        }
    }
}

/// Each customer once, with everything it got.
fn to_call(parties: &[AffectedParty]) -> Vec<ToCall> {
    let mut customers: BTreeMap<CustomerId, ToCall> = BTreeMap::new();
    for party in parties {
        let Some(customer) = &party.customer else { continue };
        let entry = customers.entry(customer.id).or_insert_with(|| ToCall {
            customer: LotCustomer::from(customer),
            quantity: Quantity::ZERO,
            documents: Vec::new(),
        });
        entry.quantity += party.sold - party.returned;
        entry.documents.push(PartyOut::from(party));
    }
    let mut customers: Vec<ToCall> = customers.into_values().collect();
    customers.sort_by_key(|customer| std::cmp::Reverse(customer.quantity));
    customers
}

/// Recall a lot
///
/// It is not sold or shipped any more, in either channel; what is free of it goes into quarantine at every location; and
/// the answer names whom to call. What orders have reserved stays reserved, and is not shipped. Repeated later, it puts
/// into quarantine what has come back or become free since, and answers the list as it is then.
#[utoipa::path(
    operation_id = "lots_recall",
    security(("bearer" = ["stock:write", "customers:read"])),
    params(("id" = LotId, Path, description = "The lot.")),
    request_body = RecallIn,
    responses((status = 200, description = "The recall.", body = RecallOut))
)]
#[post("/v1/lots/{id}/recall")]
async fn create(post: Post, id: PathId<LotId>) -> Answer {
    post.send(|input: RecallIn, _| to_command(id.0, input.reason)).await
}

fn to_command(lot_id: LotId, reason: Filled200) -> Result<Command, ApiError> {
    let mut problems = Problems::default();
    if reason.trim().is_empty() {
        problems.invalid("/reason", "Say why the lot is recalled.");
    }
    let reason = reason.checked(&mut problems, "/reason");
    problems.check()?;
    Ok(Command::RecallLot(RecallLot { lot_id, reason }))
}

/// Get a recall
///
/// The recall of a lot as it is now: what is in quarantine, who waits, and whom to call.
#[utoipa::path(
    operation_id = "lots_recall_get",
    security(("bearer" = ["stock:read", "customers:read"])),
    params(("id" = LotId, Path, description = "The lot.")),
    responses((status = 200, description = "The recall.", body = RecallOut))
)]
#[get("/v1/lots/{id}/recall")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LotId>) -> Answer {
    let read = async |tx: &service::Tx| {
        let found = lot::get(tx, id.0).await?;
        Ok((found.lot, recall::find_affected(tx, id.0).await?))
    };
    let (lot, affected) = app.db.report(caller.tenant_id, read).await?;
    let (reason, since) =
        affected.recalled.as_ref().ok_or_else(|| Refusal::not_found("recall of this lot"))?;
    let shown = RecallOut::new(&lot, reason, *since, &affected.quarantined, &affected);
    Ok(HttpResponse::Ok().json(shown))
}
