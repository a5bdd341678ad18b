//! What is owed before it is there: the lines of confirmed orders that wait for goods, in the order in which they get
//! them, and the days for which they are promised.
//!
//! Whatever becomes free on a level where lines wait goes to them before anybody else sees it: the higher priority
//! first, then the one that has waited longer. So no level has both something free and somebody who waits for it, and
//! what waits has first allotment on whatever comes. What becomes free by itself, when a hold expires, is theirs too: it is
//! given to them before the next command on the level is decided.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};

use crate::book::{Book, Posting};
use crate::expected_receipt::{self, Supply};
use crate::id::{LotId, OrderId};
use crate::lot::{self, LotShare};
use crate::number::Quantity;
use crate::order::Order;
use crate::stock::{LevelKey, Reservation, ReservationKind};

mod free;

use free::lacking;
pub use free::{Free, Given, allot};

/// The highest priority of an order; 0 is the lowest.
pub const PRIORITY_MAX: i16 = 9;

/// A line of a confirmed order that waits for goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The order.
    pub order_id: OrderId,
    /// Its line.
    pub line_no: i32,
    /// The order's priority.
    pub priority: i16,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Stock units of the line that are reserved.
    pub reserved: Quantity,
    /// Stock units that it waits for.
    pub backordered: Quantity,
    /// The day for which they are promised.
    pub promised_on: Option<NaiveDate>,
    /// How many days more than today goods in lots must last for its customer.
    pub life_days: u32,
    /// What is reserved for it of goods in lots, where a command may give it more.
    pub lots: Vec<LotShare>,
}

impl Waiting {
    /// Who is served first.
    fn rank(&self) -> (Reverse<i16>, DateTime<Utc>, OrderId, i32) {
        (Reverse(self.priority), self.since, self.order_id, self.line_no)
    }

    /// What is reserved for it of a lot.
    fn of_lot(&self, lot_id: LotId) -> Quantity {
        self.lots.iter().filter(|share| share.lot_id == lot_id).map(|share| share.quantity).sum()
    }
}

/// The new quantities of a line that waited and got goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// The order.
    pub order_id: OrderId,
    /// Its line.
    pub line_no: i32,
    /// Stock units that are reserved now.
    pub reserved: Quantity,
    /// Stock units that it still waits for.
    pub backordered: Quantity,
}

/// A part of a promise: so much of a supply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peg {
    /// What it stands on, with the day on which it was expected at the time.
    pub supply: Supply,
    /// Stock units of it.
    pub quantity: Quantity,
}

/// The pegs of an order's line.
#[derive(Debug, Clone)]
pub struct Pegged {
    /// The order.
    pub order_id: OrderId,
    /// Its line.
    pub line_no: i32,
    /// What its promise stands on; nothing where none could be made.
    pub pegs: Vec<Peg>,
}

/// Serves the lines that wait with what became free by itself, before the first command is decided.
pub fn serve_first(book: &mut Book) -> Posting {
    let mut posting = Posting::default();
    serve(book, &mut posting);
    book.served_first = posting.allocations.iter().map(|allocation| allocation.order_id).collect();
    posting
}

/// Serves the lines that wait on the levels of the book with what is free there.
pub fn serve(book: &mut Book, posting: &mut Posting) {
    let today = book.setup.settings.day(book.now);
    let keys: Vec<LevelKey> = book.waiting.keys().copied().collect();
    for key in keys {
        let free = book.free_at(&key);
        let mut queue = book.waiting.remove(&key).unwrap_or_default();
        for given in allot(today, &free, &queue) {
            book.level_mut(key).backordered -= given.quantity;
            give(book, (given.key, given.quantity), &mut queue[given.at], posting);
        }
        queue.retain(|waiting| waiting.backordered.is_positive());
        if !queue.is_empty() {
            book.waiting.insert(key, queue);
        }
    }
}

/// Reserves `taken` of a level for a line that waited for it.
fn give(book: &mut Book, (key, taken): (LevelKey, Quantity), waiting: &mut Waiting, posting: &mut Posting) {
    book.level_mut(key).reserved += taken;
    let order = book.orders.get_mut(&waiting.order_id);
    let line =
        order.and_then(|order| order.lines.iter_mut().find(|line| line.line.line_no == waiting.line_no));
    // An order of the book may have been shipped from since its line was read.
    if let Some(line) = &line {
        waiting.reserved = line.reserved;
        waiting.lots.clone_from(&line.line.lots);
    }
    waiting.backordered -= taken;
    waiting.reserved += taken;
    let mut quantity = waiting.reserved;
    if key.is_of_lot() {
        waiting.lots = lot::joined(&book.lots, &waiting.lots, (key.lot_id, taken));
        quantity = waiting.of_lot(key.lot_id);
    }
    if let Some(line) = line {
        line.reserved = waiting.reserved;
        line.backordered = waiting.backordered;
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
    posting.allocations.push(Allocation {
        order_id: waiting.order_id,
        line_no: waiting.line_no,
        reserved: waiting.reserved,
        backordered: waiting.backordered,
    });
}

/// Puts the lines of a confirmed order that are short in the queues of their levels, each with the day for which it can
/// be promised and the supplies that the promise stands on.
pub(crate) fn owe(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let Some(order) = book.orders.get(&id).cloned() else { return };
    let customer = book.customers.get(&order.customer_id);
    let life_days = customer.map_or(0, |customer| customer.min_remaining_life_days);
    for (at, line) in order.lines.iter().enumerate().filter(|(_, line)| line.backordered.is_positive()) {
        let key = LevelKey::untracked(order.location_id, line.line.product_id);
        let queue = book.waiting.get(&key).map_or(&[][..], Vec::as_slice);
        let before = queue.iter().filter(|other| other.priority >= order.priority);
        let ahead: Quantity = before.map(|other| other.backordered).sum();
        let (promised_on, pegs) = promised(book, &key, ahead, line.backordered);
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
        book.level_mut(key).backordered += line.backordered;
        let queue = book.waiting.entry(key).or_default();
        queue.push(waiting);
        queue.sort_by_key(Waiting::rank);
        if let Some(order) = book.orders.get_mut(&id) {
            order.lines[at].promised_on = promised_on;
        }
        posting.pegs.push(Pegged { order_id: id, line_no: line.line.line_no, pegs });
    }
}

/// Makes new promises for the lines of an order that wait.
pub(crate) fn renew(book: &mut Book, id: OrderId, posting: &mut Posting) {
    let Some(order) = book.orders.get(&id).cloned() else { return };
    for (at, line) in order.lines.iter().enumerate().filter(|(_, line)| line.backordered.is_positive()) {
        let (key, line_no) =
            (LevelKey::untracked(order.location_id, line.line.product_id), line.line.line_no);
        let queue = book.waiting.get(&key).map_or(&[][..], Vec::as_slice);
        let is_it = |waiting: &Waiting| (waiting.order_id, waiting.line_no) == (id, line_no);
        let before = queue.iter().take_while(|waiting| !is_it(waiting));
        let ahead = before.map(|waiting| waiting.backordered).sum();
        let (promised_on, pegs) = promised(book, &key, ahead, line.backordered);
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

/// The day for which `wanted` units can be promised behind the `ahead` that have first allotment, and the supplies that they
/// come from.
fn promised(book: &Book, key: &LevelKey, ahead: Quantity, wanted: Quantity) -> (Option<NaiveDate>, Vec<Peg>) {
    let (today, free) = (book.setup.settings.day(book.now), book.free_beside(key));
    let supplies = book.supplies_at(key);
    match expected_receipt::promise((free, ahead), today, supplies, wanted) {
        Some(day) => (Some(day), pegs((free, ahead), today, supplies, wanted)),
        None => (None, Vec::new()),
    }
}

/// Which supplies `wanted` units stand on: what is free, and then the supplies, go to the `ahead` units before them.
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

/// Takes the lines of an order out of the queues: nothing is owed to it any more.
pub(crate) fn waive(book: &mut Book, id: OrderId) {
    let Some(order) = book.orders.get_mut(&id) else { return };
    let location_id = order.location_id;
    let mut waived = Vec::new();
    for line in order.lines.iter_mut().filter(|line| line.backordered.is_positive()) {
        waived.push((LevelKey::untracked(location_id, line.line.product_id), line.backordered));
        line.backordered = Quantity::ZERO;
    }
    for (key, backordered) in waived {
        book.level_mut(key).backordered -= backordered;
        if let Some(queue) = book.waiting.get_mut(&key) {
            queue.retain(|waiting| waiting.order_id != id);
        }
    }
}

/// When each line of a queue will get its goods, on what is free and on the supplies as they are now: none while too
/// little is on its way. Of what comes nobody knows the lot yet: it counts for everybody.
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

/// Whether a promise holds where the goods are due on another day, or on none.
pub fn holds(promised_on: Option<NaiveDate>, due: Option<NaiveDate>) -> bool {
    promised_on.is_none_or(|promised_on| due.is_some_and(|due| due <= promised_on))
}

/// The orders with a line on the levels of the book whose promise does not hold.
pub fn broken(book: &Book) -> std::collections::BTreeSet<OrderId> {
    let today = book.setup.settings.day(book.now);
    let of_level = |(key, queue): (&LevelKey, &Vec<Waiting>)| {
        let due = due(&book.free_at(key), today, book.supplies_at(key), queue);
        let lines = queue.iter().zip(due).filter(|(waiting, due)| !holds(waiting.promised_on, *due));
        lines.map(|(waiting, _)| waiting.order_id).collect::<Vec<_>>()
    };
    book.waiting.iter().flat_map(of_level).collect()
}

/// Whether a line of the order waits for goods.
pub(crate) fn waits(order: &Order) -> bool {
    order.lines.iter().any(|line| line.backordered.is_positive())
}

#[cfg(test)]
mod tests;
