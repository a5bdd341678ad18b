//! What an order reserves: its goods, and its share of the customer's credit.

use super::{Order, OrderStatus, exposure, order_mut};
use crate::book::{Book, Demand};
use crate::hold::Hold;
use crate::id::OrderId;
use crate::number::Quantity;
use crate::refusal::Refusal;
use crate::stock::{LevelKey, Reservation, ReservationKind};

/// Refuses what is more than available; what `hold` keeps back is available to the order.
pub(super) fn check_stock(book: &Book, order: &Order, hold: Option<&Hold>) -> Result<(), Refusal> {
    let mut demand = Demand::default();
    if let Some(hold) = hold {
        demand.own(hold, book.now);
    }
    for line in order.lines.iter().filter(|line| line.line.stocked) {
        let key = LevelKey::untracked(order.location_id, line.line.product_id);
        demand.add(key, line.open(), format!("/lines/{}", line.line.input));
    }
    book.check_available(&demand)
}

pub(super) fn hold_reasons(book: &Book, order: &Order) -> Vec<String> {
    let more = order.open_total(book);
    let excess = book.customers.get(&order.customer_id).and_then(|customer| customer.over_limit(more));
    excess.map(|excess| format!("The credit limit is exceeded by {excess}.")).into_iter().collect()
}

pub(super) fn put_on_hold(book: &mut Book, id: OrderId, reasons: Vec<String>) {
    let order = order_mut(book, id);
    order.status = OrderStatus::OnHold;
    order.hold_reasons = reasons;
}

pub(super) fn reserve(book: &mut Book, id: OrderId) {
    let open = book.orders[&id].open_total(book);
    let order = order_mut(book, id);
    order.status = OrderStatus::Confirmed;
    order.hold_reasons.clear();
    let (location_id, customer_id) = (order.location_id, order.customer_id);
    let mut taken = Vec::with_capacity(order.lines.len());
    for line in order.lines.iter_mut().filter(|line| line.line.stocked) {
        line.reserved = line.open();
        taken.push((LevelKey::untracked(location_id, line.line.product_id), line.reserved));
    }
    for (key, quantity) in taken {
        book.level_mut(key).reserved += quantity;
    }
    exposure(book, customer_id).ordered += open;
}

pub(super) fn unreserve(book: &mut Book, id: OrderId) {
    let order = order_mut(book, id);
    let location_id = order.location_id;
    let mut given = Vec::with_capacity(order.lines.len());
    for line in order.lines.iter_mut().filter(|line| line.reserved.is_positive()) {
        given.push((LevelKey::untracked(location_id, line.line.product_id), line.reserved));
        line.reserved = Quantity::ZERO;
    }
    for (key, quantity) in given {
        book.level_mut(key).reserved -= quantity;
    }
}

pub(super) fn reservations(order: &Order) -> Vec<Reservation> {
    let stocked = order.lines.iter().filter(|line| line.line.stocked);
    stocked
        .map(|line| Reservation {
            document_id: order.id.0,
            line_no: line.line.line_no,
            kind: ReservationKind::Order,
            key: LevelKey::untracked(order.location_id, line.line.product_id),
            quantity: line.reserved,
            expires_at: None,
        })
        .collect()
}
