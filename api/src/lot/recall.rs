//! Recalls: a lot is no longer sold, and the customers who got it are listed.

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

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(show);
}

/// The reason for a recall.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LotRecallCreate)]
struct RecallIn {
    /// Reason for the recall.
    reason: Filled200,
}

/// Recall of a lot: its units in quarantine, its reservations, and the customers to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotRecall)]
pub struct RecallOut<'a> {
    /// Id of the lot.
    id: LotId,
    object: tag::LotRecall,
    /// Code of the lot.
    #[schema(max_length = 64, example = "L-2026-117")]
    code: &'a str,
    /// The product.
    product_id: ProductId,
    /// Reason for the recall.
    #[schema(max_length = 200, example = "Glass in the jar")]
    reason: &'a str,
    /// When it was recalled.
    recalled_at: DateTime<Utc>,
    /// Units in quarantine, by location.
    #[schema(max_items = 10000)]
    quarantined: Vec<QuarantinedOut>,
    /// Stock units in transit. Repeat the recall when they have been received.
    in_transit: Quantity,
    /// Orders with a reservation of the lot. They ship other lots or are short.
    #[schema(max_items = 10000)]
    waiting: Vec<WaitingOut>,
    /// Customers to call, those with the most units first.
    #[schema(max_items = 10000)]
    customers: Vec<ToCall>,
    /// Sales without a customer.
    #[schema(max_items = 10000)]
    walk_ins: Vec<PartyOut>,
    /// Whether the lists are complete. At most 10,000 sales and shipments are read.
    #[schema(example = true)]
    complete: bool,
}

/// A customer to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotCustomerToCall)]
struct ToCall {
    /// The customer.
    customer: LotCustomer,
    /// Stock units that it got, less those that it returned.
    quantity: Quantity,
    /// Documents by which it got them, oldest first.
    #[schema(max_items = 10000)]
    documents: Vec<PartyOut>,
}

impl<'a> RecallOut<'a> {
    /// Returns the wire form of a recall, with the holds that keep the lot in quarantine.
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

/// Returns each customer once, with the documents by which it got the lot.
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
/// The lot is no longer sold or shipped, in either channel. Its available units go into quarantine at every location.
/// Units that are reserved for orders stay reserved and are not shipped. The response lists the customers to call.
///
/// If you repeat the recall, it also puts units that were returned or became available since into quarantine, and
/// returns the list as it is then.
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
/// Returns the recall of a lot as it is now: its units in quarantine, its reservations, and the customers to call.
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
