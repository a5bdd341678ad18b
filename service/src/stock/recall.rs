//! Recalls, for reading: a lot that is no longer sold, with its units in quarantine and the customers to call.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::hold::Hold;
use domain::id::{CustomerId, HoldId, LocationId, LotId, ProductId};
use domain::lot::{Affected, AffectedCustomer, AffectedParty, Lot, OpenReservation, Recall};
use domain::number::Quantity;
use domain::refusal::Refusal;
use domain::tag;
use serde::Serialize;

use super::affected::{PARTIES_MAX, find_affected};
use super::lot;
use crate::{Error, Tx};

/// Recall of a lot: its units in quarantine, its reservations, and the customers to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LotRecall {
    /// Id of the lot.
    pub id: LotId,
    pub object: tag::LotRecall,
    /// Code of the lot.
    #[schema(max_length = 64, example = "L-2026-117")]
    pub code: String,
    /// The product.
    pub product_id: ProductId,
    /// Reason for the recall.
    #[schema(max_length = 200, example = "Glass in the jar")]
    pub reason: String,
    /// When it was recalled.
    pub recalled_at: DateTime<Utc>,
    /// Units in quarantine, by location.
    #[schema(max_items = 10000)]
    pub quarantined: Vec<Quarantined>,
    /// Stock units in transit. Repeat the recall when they have been received.
    pub in_transit: Quantity,
    /// Orders with a reservation of the lot. They ship other lots or are short.
    #[schema(max_items = 10000)]
    pub waiting: Vec<OpenReservation>,
    /// Customers to call, those with the most units first.
    #[schema(max_items = 10000)]
    pub customers: Vec<ToCall>,
    /// Sales without a customer.
    #[schema(max_items = 10000)]
    pub walk_ins: Vec<AffectedParty>,
    /// Whether the lists are complete. At most 10,000 sales and shipments are read.
    #[schema(example = true)]
    pub complete: bool,
}

/// A customer to call.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotCustomerToCall)]
pub struct ToCall {
    /// The customer.
    pub customer: AffectedCustomer,
    /// Stock units that it got, less those that it returned.
    pub quantity: Quantity,
    /// Documents by which it got them, oldest first.
    #[schema(max_items = 10000)]
    pub documents: Vec<AffectedParty>,
}

/// Units of a lot in quarantine.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LotQuarantined)]
pub struct Quarantined {
    /// Hold that keeps them in quarantine. Its release ends the quarantine.
    pub hold_id: HoldId,
    /// Location of the units.
    pub location_id: LocationId,
    /// Stock units.
    pub quantity: Quantity,
    /// Note of the hold.
    #[schema(max_length = 500, example = "Recall of lot L-2026-117: glass in the jar")]
    pub note: Option<String>,
}

impl From<&Hold> for Quarantined {
    fn from(hold: &Hold) -> Self {
        Quarantined {
            hold_id: hold.id,
            location_id: hold.location_id,
            quantity: hold.lines.iter().map(|line| line.quantity).sum(),
            note: hold.note.clone(),
        }
    }
}

impl LotRecall {
    /// Returns the recall that a command began or repeated.
    pub fn of(recall: &Recall) -> Self {
        let Recall { lot, reason, recalled_at, quarantined, affected, .. } = recall;
        LotRecall::new(lot, reason.clone(), *recalled_at, quarantined, affected.clone())
    }

    fn new(
        lot: &Lot,
        reason: String,
        recalled_at: DateTime<Utc>,
        quarantined: &[Hold],
        affected: Affected,
    ) -> Self {
        LotRecall {
            id: lot.id,
            object: tag::LotRecall,
            code: lot.code.clone(),
            product_id: lot.product_id,
            reason,
            recalled_at,
            quarantined: quarantined.iter().map(Quarantined::from).collect(),
            in_transit: affected.in_transit,
            waiting: affected.waiting,
            customers: to_call(&affected.parties),
            complete: affected.parties.len() < PARTIES_MAX,
            walk_ins: affected.parties.into_iter().filter(|party| party.customer.is_none()).collect(),
        }
    }
}

/// Returns each customer once, with the documents by which it got the lot.
fn to_call(parties: &[AffectedParty]) -> Vec<ToCall> {
    let mut customers: BTreeMap<CustomerId, ToCall> = BTreeMap::new();
    for party in parties {
        let Some(customer) = &party.customer else { continue };
        let entry = customers.entry(customer.id).or_insert_with(|| ToCall {
            customer: customer.clone(),
            quantity: Quantity::ZERO,
            documents: Vec::new(),
        });
        entry.quantity += party.quantity - party.returned;
        entry.documents.push(party.clone());
    }
    let mut customers: Vec<ToCall> = customers.into_values().collect();
    customers.sort_by_key(|customer| std::cmp::Reverse(customer.quantity));
    customers
}

/// Returns the recall of a lot as it is now.
pub async fn get(tx: &Tx, id: LotId) -> Result<LotRecall, Error> {
    let lot = lot::find(tx, id, "").await?;
    let mut affected = find_affected(tx, id).await?;
    let recalled = affected.recalled.take().ok_or_else(|| Refusal::not_found("recall of this lot"))?;
    let (reason, recalled_at) = recalled;
    let quarantined = std::mem::take(&mut affected.quarantined);
    Ok(LotRecall::new(&lot, reason, recalled_at, &quarantined, affected))
}
