//! What an order reserves: its goods, and its share of the customer's credit.

use chrono::{DateTime, Utc};

use super::{Order, OrderLine, OrderStatus, exposure, order_mut};
use crate::book::{Book, Demand};
use crate::hold::Hold;
use crate::id::{LocationId, OrderId};
use crate::lot::{Draw, LotShare, Purpose};
use crate::number::Quantity;
use crate::refusal::Refusal;
use crate::sales::{self, Line, LineInput};
use crate::stock::{LevelKey, Reservation, ReservationKind};

/// The lots that an order's lines are to have reserved, line by line.
pub(super) type Allotted = Vec<Vec<LotShare>>;

/// Refuses what is more than available; what `hold` keeps back is available to the order. Answers the lots that its
/// lines get: those that `inputs` name, else those that expire first and last long enough for the customer `at` the
/// instant.
pub(super) fn check_stock(
    book: &Book,
    order: &Order,
    at: DateTime<Utc>,
    (hold, inputs): (Option<&Hold>, &[LineInput]),
) -> Result<Allotted, Refusal> {
    let mut demand = Demand::default();
    if let Some(hold) = hold {
        demand.own(hold, book.now);
    }
    let draw = draw(book, order, at);
    let mut lines: Vec<Line> =
        order.lines.iter().map(|line| Line { quantity: line.open(), ..line.line.clone() }).collect();
    sales::allot(book, &mut lines, inputs, (&mut demand, &draw))?;
    book.check_available(&demand)?;
    Ok(lines.into_iter().map(|line| line.lots).collect())
}

/// Where an order's goods come from, and which lots will do on the day that they are taken.
pub(super) fn draw(book: &Book, order: &Order, at: DateTime<Utc>) -> Draw {
    let customer = book.customers.get(&order.customer_id);
    let purpose = Purpose::Sale {
        on: book.setup.settings.day(at),
        life_days: customer.map_or(0, |customer| customer.min_remaining_life_days),
        at_hand: false,
    };
    Draw { location_id: order.location_id, purpose, went: None }
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

pub(super) fn reserve(book: &mut Book, id: OrderId, lots: Allotted) {
    let open = book.orders[&id].open_total(book);
    let order = order_mut(book, id);
    order.status = OrderStatus::Confirmed;
    order.hold_reasons.clear();
    let (location_id, customer_id) = (order.location_id, order.customer_id);
    let mut taken = Vec::with_capacity(order.lines.len());
    for (line, lots) in order.lines.iter_mut().zip(lots).filter(|(line, _)| line.line.stocked) {
        line.reserved = line.open();
        line.line.lots = lots;
        taken.extend(line.reservations(location_id));
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
        given.extend(line.reservations(location_id));
        line.reserved = Quantity::ZERO;
        line.line.lots.iter_mut().for_each(|share| share.quantity = Quantity::ZERO);
    }
    for (key, quantity) in given {
        book.level_mut(key).reserved -= quantity;
    }
}

impl OrderLine {
    /// What is reserved for it, level by level. A lot that was reserved before is there with zero.
    fn reservations(&self, location_id: LocationId) -> Vec<(LevelKey, Quantity)> {
        let product_id = self.line.product_id;
        if self.line.lots.is_empty() {
            return vec![(LevelKey::untracked(location_id, product_id), self.reserved)];
        }
        let key = |share: &LotShare| LevelKey { location_id, product_id, lot_id: share.lot_id };
        self.line.lots.iter().map(|share| (key(share), share.quantity)).collect()
    }
}

pub(super) fn reservations(order: &Order) -> Vec<Reservation> {
    let stocked = order.lines.iter().filter(|line| line.line.stocked);
    stocked
        .flat_map(|line| {
            line.reservations(order.location_id).into_iter().map(|(key, quantity)| Reservation {
                document_id: order.id.0,
                line_no: line.line.line_no,
                kind: ReservationKind::Order,
                key,
                quantity,
                expires_at: None,
            })
        })
        .collect()
}
