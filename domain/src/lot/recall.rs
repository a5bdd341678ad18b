//! Recalls: a lot is no longer sold, and its buyers are known.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Lot, LotStatus};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::hold::{self, Hold};
use crate::id::{CustomerId, LocationId, LotId, OrderId};
use crate::line_item::LINES_MAX;
use crate::location::LocationKind;
use crate::needs::Needs;
use crate::number::Quantity;
use crate::refusal::Refusal;
use crate::stock::LevelKey;
use crate::tenant::Channel;

/// A lot to recall.
#[derive(Debug, Clone)]
pub struct RecallLot {
    /// The lot.
    pub lot_id: LotId,
    /// The reason. A repeated recall keeps the first one.
    pub reason: String,
}

/// A recalled lot.
#[derive(Debug, Clone)]
pub struct Recall {
    /// The lot.
    pub lot: Lot,
    /// The reason.
    pub reason: String,
    /// The time of the recall.
    pub recalled_at: DateTime<Utc>,
    /// The quarantines on the lot, with those that this command placed.
    pub quarantined: Vec<Hold>,
    /// The documents and customers that it affects.
    pub affected: Affected,
    /// Whether this command began the recall.
    pub is_new: bool,
}

/// The documents and customers that a recall affects.
#[derive(Debug, Clone, Default)]
pub struct Affected {
    /// Reason and time of the recall, if the lot is recalled.
    pub recalled: Option<(String, DateTime<Utc>)>,
    /// The quarantines on the lot.
    pub quarantined: Vec<Hold>,
    /// The documents in which it was sold, the oldest first.
    pub parties: Vec<AffectedParty>,
    /// The orders for which some of it is reserved.
    pub waiting: Vec<OpenReservation>,
    /// Stock units in transit.
    pub in_transit: Quantity,
}

/// A till sale or a shipment that issued units of a lot.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = LotSale)]
pub struct AffectedParty {
    /// `sale` or `shipment`.
    #[schema(max_length = 32, example = "sale")]
    pub document_kind: String,
    /// Id of the document.
    #[schema(max_length = 36, example = "sal_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// Number of the document. For a till sale it contains the till.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    pub number: String,
    /// Number of the order.
    #[schema(max_length = 64, example = json!(null))]
    pub order_number: Option<String>,
    /// Code of the till.
    #[schema(max_length = 64, example = "T1")]
    pub register_code: Option<String>,
    /// The channel.
    pub channel: Channel,
    /// Location that the units left.
    pub location_id: LocationId,
    /// When the units left.
    pub occurred_at: DateTime<Utc>,
    /// Stock units that left.
    pub quantity: Quantity,
    /// Stock units of them that were returned.
    pub returned: Quantity,
    /// The customer. Null for a sale without a customer.
    pub customer: Option<AffectedCustomer>,
}

/// A customer who got units of a lot, or for whom some are reserved.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = LotCustomer)]
pub struct AffectedCustomer {
    /// Id of the customer.
    pub id: CustomerId,
    /// Customer number.
    #[schema(max_length = 64, example = "C-000123")]
    pub number: String,
    /// Name of the customer.
    #[schema(max_length = 200, example = "Nordwind Supply GmbH")]
    pub name: String,
    /// E-mail address of the customer.
    #[schema(max_length = 254, example = "invoices@nordwind.example")]
    pub email: Option<String>,
    /// Country of the customer.
    #[schema(max_length = 2, example = "DE")]
    pub country: String,
}

/// An order with a reservation of a lot.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = LotWaiting)]
pub struct OpenReservation {
    /// Id of the order.
    pub order_id: OrderId,
    /// Number of the order.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    pub number: String,
    /// Line of the order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// Location of the reserved units.
    pub location_id: LocationId,
    /// Reserved stock units.
    pub quantity: Quantity,
    /// Customer of the order.
    pub customer: AffectedCustomer,
}

impl Rule for RecallLot {
    fn name(&self) -> &'static str {
        "lot.recalled"
    }

    /// Returns the most lines of a document. The locations whose units go into quarantine are known only after they are loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.recalled.insert(self.lot_id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        recall(book, self).map(|(recall, posting)| (Outcome::Recall(Box::new(recall)), posting))
    }
}

/// Recalls a lot: it is no longer sold, and its available units go into quarantine at every location. Units
/// reserved for orders stay reserved, but are not shipped. Repeated, the command quarantines what has become
/// available since.
fn recall(book: &mut Book, command: &RecallLot) -> Result<(Recall, Posting), Refusal> {
    let lot = book.lots.get(command.lot_id).ok_or_else(|| Refusal::not_found("lot"))?.clone();

    // Nothing rejects the command from here on.
    let mut posting = Posting::default();
    let affected = book.lots.affected.get(&lot.id).cloned().unwrap_or_default();
    let (reason, recalled_at) =
        affected.recalled.clone().unwrap_or_else(|| (command.reason.clone(), book.now));
    let is_new = lot.status == LotStatus::Open;
    let lot = if is_new { Lot { status: LotStatus::Recalled, version: lot.version + 1, ..lot } } else { lot };
    if is_new {
        book.lots.insert(lot.clone());
        posting.lots.push(lot.clone());
    }
    let mut quarantined = affected.quarantined.clone();
    for (key, free) in free(book, lot.id) {
        let note = format!("Recall of lot {}: {reason}", lot.code);
        quarantined.push(hold::quarantine(book, (key, free), note, &mut posting));
    }
    let known = Affected {
        recalled: Some((reason.clone(), recalled_at)),
        quarantined: quarantined.clone(),
        ..affected.clone()
    };
    book.lots.affected.insert(lot.id, known);
    Ok((Recall { lot, reason, recalled_at, quarantined, affected, is_new }, posting))
}

/// Returns the available units by level. Units in transit are left out: they can be quarantined after their
/// receipt.
fn free(book: &Book, id: LotId) -> Vec<(LevelKey, Quantity)> {
    let is_kept = |location_id| {
        let location = book.setup.location(Some(location_id));
        location.is_some_and(|location| location.kind != LocationKind::Transit)
    };
    let of_lot = book.levels().iter().filter(|(key, _)| key.lot_id == id && is_kept(key.location_id));
    let free = of_lot.map(|(key, level)| (*key, level.available()));
    free.filter(|(_, quantity)| quantity.is_positive()).collect()
}
