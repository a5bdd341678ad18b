//! The undoing of a shipment that did not leave.

use chrono::{DateTime, Utc};

use super::ship::{Shipment, ShipmentLine};
use super::{Order, OrderStatus, Ordered, exposure, find, finish, order_mut};
use crate::allocation;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{LocationId, MovementId, ShipmentId};
use crate::ledger::{Dimensions, Lines, account};
use crate::lot::{self, LotShare};
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::product::Tracking;
use crate::refusal::Refusal;
use crate::stock::{self, LevelKey, Movement, MovementKind, Source};
use crate::tenant::Channel;

/// A shipment to undo.
#[derive(Debug, Clone, Copy)]
pub struct UndoShipment {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// The time at which the stock was put back; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

impl Rule for UndoShipment {
    fn name(&self) -> &'static str {
        "order.shipment_undone"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.shipment_ids.insert(self.shipment_id);
        needs.coming_in = true;
        needs.add_time(self.occurred_at);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        undo(book, self).map(|(ordered, posting)| (Outcome::Order(Box::new(ordered)), posting))
    }
}

/// Takes a shipment back before it is invoiced: its stock is on hand and reserved for the order again, at the cost and in
/// the cost layers with which it left.
fn undo(book: &mut Book, command: &UndoShipment) -> Result<(Ordered, Posting), Refusal> {
    let known = book.shipments.get(&command.shipment_id);
    let order_id = known.copied().ok_or_else(|| Refusal::not_found("shipment"))?;
    let order = find(book, order_id)?;
    let known = order.shipments.iter().find(|shipment| shipment.id == command.shipment_id);
    let Some(shipment) = known.filter(|shipment| shipment.is_open()).cloned() else {
        return Err(closed(book, command.shipment_id, known));
    };
    let occurred_at = book.occurred_after(command.occurred_at, ("the shipment", shipment.occurred_at))?;
    check_pieces(book, order.location_id, &shipment)?;

    // Nothing rejects the command from here on.
    let mut posting = Posting::default();
    let mut order = order.clone();
    let settings = book.setup.settings.clone();
    let mut billable = Money::ZERO;
    for line in &shipment.lines {
        let Some(at) = order.lines.iter().position(|known| known.line.line_no == line.order_line_no) else {
            continue;
        };
        let ordered = &mut order.lines[at];
        ordered.shipped -= line.quantity;
        billable += ordered.line.part(ordered.shipped, line.quantity, &settings).total();
        if ordered.line.stocked {
            ordered.reserved += line.quantity;
            for (key, share) in shares(order.location_id, line) {
                let source = Source::new(DocumentKind::Shipment, shipment.id.0, line.line_no, occurred_at);
                put_back(book, (key, &share), &source, &mut posting);
                if key.lot_id != LevelKey::untracked(order.location_id, line.product_id).lot_id {
                    let ordered = &mut order.lines[at];
                    ordered.line.lots =
                        lot::joined(&book.lots, &ordered.line.lots, key.lot_id, share.quantity);
                }
                posting.movements.push(movement(book, (key, &share), &source));
            }
        }
    }
    let has_left = order.lines.iter().any(|line| line.shipped.is_positive());
    order.status = if has_left { OrderStatus::PartiallyShipped } else { OrderStatus::Confirmed };
    for known in order.shipments.iter_mut().filter(|known| known.id == shipment.id) {
        known.undone_at = Some(occurred_at);
        known.version += 1;
    }
    post_cost(book, &order, (&shipment, occurred_at), &mut posting);
    let exposure = exposure(book, order.customer_id);
    exposure.shipped -= billable;
    exposure.ordered += billable;
    *order_mut(book, order_id) = order;
    Ok(finish(book, order_id, posting))
}

/// Rejects a shipment that is not open. One that was closed before this batch is not among those of its order.
fn closed(book: &Book, id: ShipmentId, known: Option<&Shipment>) -> Refusal {
    let is_undone =
        known.map_or_else(|| book.undone.shipments.contains(&id), |shipment| shipment.undone_at.is_some());
    Refusal::state(if is_undone {
        "The shipment is undone already: its stock was put back."
    } else {
        "The shipment is invoiced: take it back with POST /v1/returns."
    })
}

/// Rejects a shipment with a serial number that is in stock again: one unit can't be in two places.
fn check_pieces(book: &Book, location_id: LocationId, shipment: &Shipment) -> Result<(), Refusal> {
    for line in &shipment.lines {
        let product = &book.products[&line.product_id];
        let is_serial = product.tracking == Tracking::Serial;
        for (key, share) in shares(location_id, line).into_iter().filter(|_| is_serial) {
            if allocation::on_hand(book, key.lot_id) + share.quantity > Quantity::ONE {
                return Err(Refusal::state(format!(
                    "Serial number {} of {} is in stock already: if it never left, post an adjustment that takes it off \
                     there.",
                    share.code, product.sku
                )));
            }
        }
    }
    Ok(())
}

/// Returns the levels that a line of a shipment left, with quantity and cost.
fn shares(location_id: LocationId, line: &ShipmentLine) -> Vec<(LevelKey, LotShare)> {
    let untracked = LevelKey::untracked(location_id, line.product_id);
    if line.lots.is_empty() {
        let whole = LotShare {
            lot_id: untracked.lot_id,
            code: String::new(),
            quantity: line.quantity,
            cost: line.cost,
        };
        return vec![(untracked, whole)];
    }
    let key = |share: &LotShare| LevelKey { lot_id: share.lot_id, ..untracked };
    line.lots.iter().map(|share| (key(share), share.clone())).collect()
}

/// Receives the units into the cost layers that they left, and reserves them. If units of the level left meanwhile that the record
/// did not have, more is reserved than is on hand, and `stock.oversold` says so.
fn put_back(book: &mut Book, (key, share): (LevelKey, &LotShare), source: &Source, posting: &mut Posting) {
    let issued = (source.document_id, source.line_no);
    book.receive_back(issued, (key, share.quantity, share.cost), source);
    book.level_mut(key).reserve(share.quantity);
    if book.level(&key).is_short() {
        posting.short.push(key);
    }
}

fn movement(book: &mut Book, (key, share): (LevelKey, &LotShare), source: &Source) -> Movement {
    Movement {
        id: MovementId(book.ids.next_id()),
        kind: MovementKind::Sale,
        key,
        quantity: share.quantity,
        value: share.cost,
        unit_cost: stock::unit_cost(share.cost, share.quantity),
        document_kind: DocumentKind::Shipment,
        document_id: source.document_id,
        line_no: source.line_no,
        channel: Some(Channel::Wholesale),
        reason: None,
        occurred_at: source.occurred_at,
    }
}

/// Posts the cost back from stock that is shipped and not invoiced to inventory.
fn post_cost(
    book: &mut Book,
    order: &Order,
    (shipment, occurred_at): (&Shipment, DateTime<Utc>),
    posting: &mut Posting,
) {
    let mut entry = Lines::default();
    let place = Dimensions { location_id: Some(order.location_id), ..Dimensions::default() };
    entry.debit(account::INVENTORY, shipment.cost(), place);
    entry.credit(account::SHIPPED_NOT_INVOICED, shipment.cost(), place);
    let head = book.entry_head(DocumentKind::Shipment, shipment.id.0, occurred_at);
    posting.entries.extend(entry.into_entry(head).expect("both sides are the same amount"));
}
