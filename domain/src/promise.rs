//! Backorders: the lines of confirmed orders that wait for stock, in the order of the queue, and the days for
//! which they are promised.
//!
//! Stock that becomes available on a level is allocated to its waiting lines before the next command sees it:
//! the higher priority first, then the line that has waited longer. So no stock is available that would suit
//! a waiting line. Stock of an expired hold is allocated too, before the next command on the level is
//! decided.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::allocation::{Free, Given, allot, lacking};
use crate::book::{Book, Posting};
use crate::expected_receipt::{self, Supply};
use crate::id::{LotId, OrderId};
use crate::lot::{self, LotShare};
use crate::number::Quantity;
use crate::order::{Order, OrderLine};
use crate::stock::{LevelKey, Reservation, ReservationKind};

/// The highest priority of an order; 0 is the lowest.
pub const PRIORITY_MAX: i16 = 9;

/// A line of a confirmed order that waits for stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The order.
    pub order_id: OrderId,
    /// The line of the order.
    pub line_no: i32,
    /// The order's priority.
    pub priority: i16,
    /// The time since when it waits.
    pub since: DateTime<Utc>,
    /// Stock units of the line that are reserved.
    pub reserved: Quantity,
    /// Stock units backordered.
    pub backordered: Quantity,
    /// The day for which they are promised, if any.
    pub promised_on: Option<NaiveDate>,
    /// Days of remaining life that its customer requires of a lot.
    pub life_days: u32,
    /// The lots reserved for it, read only if a command may allocate more to it.
    pub lots: Vec<LotShare>,
}

impl Waiting {
    /// Returns the sort key of the queue.
    fn rank(&self) -> (Reverse<i16>, DateTime<Utc>, OrderId, i32) {
        (Reverse(self.priority), self.since, self.order_id, self.line_no)
    }

    /// Returns the units of a lot that are reserved for it.
    fn of_lot(&self, lot_id: LotId) -> Quantity {
        self.lots.iter().filter(|share| share.lot_id == lot_id).map(|share| share.quantity).sum()
    }
}

/// The new quantities of a line to which stock was allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The order.
    pub order_id: OrderId,
    /// The line of the order.
    pub line_no: i32,
    /// Stock units reserved now.
    pub reserved: Quantity,
    /// Stock units still backordered.
    pub backordered: Quantity,
}

/// A part of a promise: a supply, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peg {
    /// The supply, with the day on which it was expected at the time.
    pub supply: Supply,
    /// Stock units of it.
    pub quantity: Quantity,
}

/// The pegs of an order line.
#[derive(Debug, Clone)]
pub struct Pegged {
    /// The order.
    pub order_id: OrderId,
    /// The line of the order.
    pub line_no: i32,
    /// The pegs of its promise. Empty if none could be made.
    pub pegs: Vec<Peg>,
}

/// Allocates the stock of expired holds to waiting lines, before the first command is decided.
pub fn allocate_first(book: &mut Book) -> Posting {
    let mut posting = Posting::default();
    allocate(book, &mut posting);
    book.served_first = posting.allocations.iter().map(|allocation| allocation.order_id).collect();
    posting
}

/// Allocates available stock to the waiting lines on the levels of the book.
pub fn allocate(book: &mut Book, posting: &mut Posting) {
    let today = book.setup.settings.day(book.now);
    let keys: Vec<LevelKey> = book.waiting.keys().copied().collect();
    for key in keys {
        let free = book.free_at(&key);
        let mut queue = book.waiting.remove(&key).unwrap_or_default();
        for given in allot(today, &free, &queue) {
            book.level_mut(key).end_backorder(given.quantity);
            give(book, &given, &mut queue[given.at], posting);
        }
        queue.retain(|waiting| waiting.backordered.is_positive());
        if !queue.is_empty() {
            book.waiting.insert(key, queue);
        }
    }
}

/// Reserves the units that a waiting line gets.
fn give(book: &mut Book, given: &Given, waiting: &mut Waiting, posting: &mut Posting) {
    let (key, taken) = (given.key, given.quantity);
    book.level_mut(key).reserve(taken);
    let order = book.orders.get_mut(&waiting.order_id);
    let line =
        order.and_then(|order| order.lines.iter_mut().find(|line| line.line.line_no == waiting.line_no));
    // The order may have been shipped in part since its waiting line was read.
    if let Some(line) = &line {
        waiting.reserved = line.reserved;
        waiting.lots.clone_from(&line.line.lots);
    }
    waiting.backordered -= taken;
    waiting.reserved += taken;
    let mut quantity = waiting.reserved;
    if key.is_of_lot() {
        waiting.lots = lot::joined(&book.lots, &waiting.lots, key.lot_id, taken);
        quantity = waiting.of_lot(key.lot_id);
    }
    if let Some(line) = line {
        line.reserved = waiting.reserved;
        line.backordered = waiting.backordered;
        line.promised_on = line.promised_on.filter(|_| line.backordered.is_positive());
        line.line.lots.clone_from(&waiting.lots);
    }
    posting.reservations.push(Reservation {
        document_id: waiting.order_id.0,
        line_no: waiting.line_no,
        kind: ReservationKind::Order,
        key,
        quantity,
        expires_at: None,
    });
    book.served.insert(waiting.order_id);
    posting.allocations.push(Allocation {
        order_id: waiting.order_id,
        line_no: waiting.line_no,
        reserved: waiting.reserved,
        backordered: waiting.backordered,
    });
}

/// Adds the short lines of a confirmed order to the queues of their levels, each with the day for which it
/// can be promised and the pegs of that promise.
pub(crate) fn add_backorders(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let Some(order) = book.orders.get(&id).cloned() else { return };
    let customer = book.customers.get(&order.customer_id);
    let life_days = customer.map_or(0, |customer| customer.min_remaining_life_days);
    for (at, line) in order.lines.iter().enumerate().filter(|(_, line)| line.backordered.is_positive()) {
        let key = LevelKey::untracked(order.location_id, line.line.product_id);
        let queue = book.waiting.get(&key).map_or(&[][..], Vec::as_slice);
        let before = queue.iter().filter(|other| other.priority >= order.priority);
        let ahead: Quantity = before.map(|other| other.backordered).sum();
        let (promised_on, pegs) = find_promise(book, &key, ahead, line.backordered);
        let waiting = Waiting {
            order_id: id,
            line_no: line.line.line_no,
            priority: order.priority,
            since: book.now,
            reserved: line.reserved,
            backordered: line.backordered,
            promised_on,
            life_days,
            lots: line.line.lots.clone(),
        };
        book.level_mut(key).backorder(line.backordered);
        let queue = book.waiting.entry(key).or_default();
        queue.push(waiting);
        queue.sort_by_key(Waiting::rank);
        if let Some(order) = book.orders.get_mut(&id) {
            order.lines[at].promised_on = promised_on;
        }
        posting.pegs.push(Pegged { order_id: id, line_no: line.line.line_no, pegs });
    }
}

/// Makes new promises for the backordered lines of an order.
pub(crate) fn renew(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let Some(order) = book.orders.get(&id).cloned() else { return };
    for (at, line) in order.lines.iter().enumerate().filter(|(_, line)| line.backordered.is_positive()) {
        let (key, line_no) =
            (LevelKey::untracked(order.location_id, line.line.product_id), line.line.line_no);
        let queue = book.waiting.get(&key).map_or(&[][..], Vec::as_slice);
        let is_it = |waiting: &Waiting| (waiting.order_id, waiting.line_no) == (id, line_no);
        let before = queue.iter().take_while(|waiting| !is_it(waiting));
        let ahead = before.map(|waiting| waiting.backordered).sum();
        let (promised_on, pegs) = find_promise(book, &key, ahead, line.backordered);
        let waiting = book.waiting.get_mut(&key).and_then(|queue| queue.iter_mut().find(|one| is_it(one)));
        if let Some(waiting) = waiting {
            waiting.promised_on = promised_on;
        }
        if let Some(order) = book.orders.get_mut(&id) {
            order.lines[at].promised_on = promised_on;
        }
        posting.pegs.push(Pegged { order_id: id, line_no, pegs });
    }
}

/// Returns since when each line of an order waits, by its number.
pub(crate) fn waiting_since(book: &Book, id: OrderId) -> BTreeMap<i32, DateTime<Utc>> {
    let of_order = book.waiting.values().flatten().filter(|waiting| waiting.order_id == id);
    of_order.map(|waiting| (waiting.line_no, waiting.since)).collect()
}

/// Gives waiting lines of an order the places back that they had in their queues, and makes new promises for the order.
pub(crate) fn restore_places(
    book: &mut Book,
    id: OrderId,
    since: &BTreeMap<i32, DateTime<Utc>>,
    posting: &mut Posting,
) {
    if since.is_empty() {
        return;
    }
    for queue in book.waiting.values_mut() {
        for waiting in queue.iter_mut().filter(|waiting| waiting.order_id == id) {
            if let Some(since) = since.get(&waiting.line_no) {
                waiting.since = *since;
            }
        }
        queue.sort_by_key(Waiting::rank);
    }
    renew(book, id, posting);
}

/// Returns the day for which `wanted` units can be promised after the `ahead` units of earlier lines, and the
/// pegs of that promise.
fn find_promise(
    book: &Book,
    key: &LevelKey,
    ahead: Quantity,
    wanted: Quantity,
) -> (Option<NaiveDate>, Vec<Peg>) {
    let (today, free) = (book.setup.settings.day(book.now), book.free_beside(key));
    let supplies = book.supplies_at(key);
    match expected_receipt::promise((free, ahead), today, supplies, wanted) {
        Some(day) => (Some(day), pegs((free, ahead), today, supplies, wanted)),
        None => (None, Vec::new()),
    }
}

/// Returns the supplies that `wanted` units come from. The `ahead` units get the available stock and the
/// supplies first.
fn pegs(
    (free, ahead): (Quantity, Quantity),
    today: NaiveDate,
    supplies: &[Supply],
    wanted: Quantity,
) -> Vec<Peg> {
    let mut others = (ahead - free).max(Quantity::ZERO);
    let mut left = wanted - (free - ahead).max(Quantity::ZERO);
    let mut pegs = Vec::new();
    for supply in supplies.iter().filter(|supply| supply.on >= today) {
        let passed = others.min(supply.quantity);
        others -= passed;
        let quantity = left.min(supply.quantity - passed);
        if quantity.is_positive() {
            pegs.push(Peg { supply: *supply, quantity });
            left -= quantity;
        }
    }
    pegs
}

/// Adds to the posting that no line of an order stands on a supply any more.
pub(crate) fn unpeg(order: &Order, posting: &mut Posting) {
    let waiting = order.lines.iter().filter(|line| line.backordered.is_positive());
    let pegs = |line: &OrderLine| Pegged { order_id: order.id, line_no: line.line.line_no, pegs: Vec::new() };
    posting.pegs.extend(waiting.map(pegs));
}

/// Ends the backorders of an order and their promises, and removes its lines from the queues.
pub(crate) fn end_backorders(book: &mut Book, id: OrderId) {
    let Some(order) = book.orders.get_mut(&id) else { return };
    let location_id = order.location_id;
    let mut waived = Vec::new();
    for line in order.lines.iter_mut().filter(|line| line.backordered.is_positive()) {
        waived.push((LevelKey::untracked(location_id, line.line.product_id), line.backordered));
        line.backordered = Quantity::ZERO;
        line.promised_on = None;
    }
    for (key, backordered) in waived {
        book.level_mut(key).end_backorder(backordered);
        if let Some(queue) = book.waiting.get_mut(&key) {
            queue.retain(|waiting| waiting.order_id != id);
        }
    }
}

/// Returns the day on which each line of a queue will be filled, from the available stock and the supplies as
/// they are now; nothing for a line if too little is expected. A supply suits every line, because its lots
/// are not known yet.
pub fn due(
    free: &[Free],
    today: NaiveDate,
    supplies: &[Supply],
    queue: &[Waiting],
) -> Vec<Option<NaiveDate>> {
    let mut left: Vec<Quantity> = queue.iter().map(|waiting| waiting.backordered).collect();
    for given in allot(today, free, queue) {
        left[given.at] -= given.quantity;
    }
    let mut ahead = Quantity::ZERO;
    let of = |left: Quantity| {
        let day = if left.is_zero() {
            Some(today)
        } else {
            expected_receipt::promise((lacking(free), ahead), today, supplies, left)
        };
        ahead += left;
        day
    };
    left.into_iter().map(of).collect()
}

/// Returns whether a promise holds if the line is filled on `due`. None means that it is never filled.
pub fn holds(promised_on: Option<NaiveDate>, due: Option<NaiveDate>) -> bool {
    promised_on.is_none_or(|promised_on| due.is_some_and(|due| due <= promised_on))
}

/// Returns the orders with a line on the levels of the book whose promise does not hold.
pub fn find_broken(book: &Book) -> std::collections::BTreeSet<OrderId> {
    let today = book.setup.settings.day(book.now);
    let of_level = |(key, queue): (&LevelKey, &Vec<Waiting>)| {
        let due = due(&book.free_at(key), today, book.supplies_at(key), queue);
        let lines = queue.iter().zip(due).filter(|(waiting, due)| !holds(waiting.promised_on, *due));
        lines.map(|(waiting, _)| waiting.order_id).collect::<Vec<_>>()
    };
    book.waiting.iter().flat_map(of_level).collect()
}

/// Returns whether a line of the order is backordered.
pub(crate) fn waits(order: &Order) -> bool {
    order.lines.iter().any(|line| line.backordered.is_positive())
}

#[cfg(test)]
pub(crate) mod tests;
