//! A recall: nobody gets more of a lot, and everybody who has some of it is known.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Lot, LotStatus};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::hold::{self, Hold};
use crate::id::{CustomerId, LocationId, LotId, OrderId};
use crate::location::LocationKind;
use crate::needs::Needs;
use crate::number::Quantity;
use crate::refusal::Refusal;
use crate::stock::LevelKey;
use crate::tenant::Channel;

/// A lot to recall.
#[derive(Debug, Clone)]
pub struct RecallLot {
    /// Which.
    pub lot_id: LotId,
    /// Why.
    pub reason: String,
}

/// A lot that is recalled.
#[derive(Debug, Clone)]
pub struct Recall {
    /// The lot.
    pub lot: Lot,
    /// Why.
    pub reason: String,
    /// Since when.
    pub recalled_at: DateTime<Utc>,
    /// What is in quarantine, with what this command put there.
    pub quarantined: Vec<Hold>,
    /// Who has goods of it, and who waits for some.
    pub affected: Affected,
    /// Whether the command began the recall.
    pub is_new: bool,
}

/// Who has goods of a lot, and who waits for some.
#[derive(Debug, Clone, Default)]
pub struct Affected {
    /// Why and since when it is recalled, if it is.
    pub recalled: Option<(String, DateTime<Utc>)>,
    /// What is in quarantine.
    pub quarantined: Vec<Hold>,
    /// The documents in which it was sold, oldest first.
    pub parties: Vec<AffectedParty>,
    /// The orders that wait for some of it.
    pub waiting: Vec<OpenReservation>,
    /// Stock units between two locations.
    pub in_transit: Quantity,
}

/// A sale or a shipment that took goods of a lot.
#[derive(Debug, Clone)]
pub struct AffectedParty {
    /// `sale` or `shipment`.
    pub document_kind: String,
    /// The document.
    pub document_id: Uuid,
    /// Its number.
    pub number: String,
    /// The number of its order.
    pub order_number: Option<String>,
    /// The code of the till.
    pub register_code: Option<String>,
    /// The channel.
    pub channel: Channel,
    /// Where the goods came from.
    pub location_id: LocationId,
    /// When they left.
    pub occurred_at: DateTime<Utc>,
    /// Stock units that left.
    pub sold: Quantity,
    /// Stock units of them that came back.
    pub returned: Quantity,
    /// Who got them; nobody who is known, where it was a walk-in sale.
    pub customer: Option<AffectedCustomer>,
}

/// A customer to call.
#[derive(Debug, Clone)]
pub struct AffectedCustomer {
    /// Its id.
    pub id: CustomerId,
    /// Its number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Where it is written to.
    pub email: Option<String>,
    /// Its country.
    pub country: String,
}

/// Goods of a lot that are reserved for an order.
#[derive(Debug, Clone)]
pub struct OpenReservation {
    /// The order.
    pub order_id: OrderId,
    /// Its number.
    pub number: String,
    /// Its line.
    pub line_no: i32,
    /// Where.
    pub location_id: LocationId,
    /// Stock units.
    pub quantity: Quantity,
    /// Who waits.
    pub customer: AffectedCustomer,
}
impl Rule for RecallLot {
    fn name(&self) -> &'static str {
        "lot.recalled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.recalled.insert(self.lot_id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        recall(book, self).map(|(recall, posting)| (Outcome::Recall(Box::new(recall)), posting))
    }
}

/// Recalls a lot: it is not sold any more, and what is free of it goes into quarantine at every location. What orders
/// have reserved stays theirs, but is not shipped. Repeated, it puts into quarantine what has come free since.
fn recall(book: &mut Book, command: &RecallLot) -> Result<(Recall, Posting), Refusal> {
    let lot = book.lots.get(command.lot_id).ok_or_else(|| Refusal::not_found("lot"))?.clone();

    // Nothing can refuse it any more.
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

/// What nobody has reserved, by level. What is on its way can't be held: it is when it has arrived.
fn free(book: &Book, id: LotId) -> Vec<(LevelKey, Quantity)> {
    let is_kept = |location_id| {
        let location = book.setup.location(Some(location_id));
        location.is_some_and(|location| location.kind != LocationKind::Transit)
    };
    let of_lot = book.levels().iter().filter(|(key, _)| key.lot_id == id && is_kept(key.location_id));
    let free = of_lot.map(|(key, level)| (*key, level.available()));
    free.filter(|(_, quantity)| quantity.is_positive()).collect()
}
