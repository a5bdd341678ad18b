//! What is owed before it is there: the lines of confirmed orders that wait for goods, in the order in which they get
//! them, and the days for which they are promised.
//!
//! Whatever becomes free on a level where lines wait goes to them before anybody else sees it: the higher priority
//! first, then the one that has waited longer. So no level has both something free and somebody who waits for it, and
//! what waits has first claim on whatever comes. What becomes free by itself, when a hold expires, is theirs too: it is
//! given to them before the next command on the level is decided.

use std::cmp::Reverse;

use chrono::{DateTime, NaiveDate, Utc};

use crate::book::{Book, Posting};
use crate::id::OrderId;
use crate::number::Quantity;
use crate::order::Order;
use crate::stock::{LevelKey, Reservation, ReservationKind};
use crate::supply::{self, Supply};

/// The highest priority of an order; 0 is the lowest.
pub const PRIORITY_MAX: i16 = 9;

/// A line of a confirmed order that waits for goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl Waiting {
    /// Who is served first.
    fn rank(&self) -> (Reverse<i16>, DateTime<Utc>, OrderId, i32) {
        (Reverse(self.priority), self.since, self.order_id, self.line_no)
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
    let keys: Vec<LevelKey> = book.waiting.keys().copied().collect();
    for key in keys {
        let mut free = book.level(&key).available();
        let mut queue = book.waiting.remove(&key).unwrap_or_default();
        for waiting in &mut queue {
            let taken = free.min(waiting.backordered);
            if !taken.is_positive() {
                break;
            }
            free -= taken;
            give(book, (key, taken), waiting, posting);
        }
        queue.retain(|waiting| waiting.backordered.is_positive());
        if !queue.is_empty() {
            book.waiting.insert(key, queue);
        }
    }
}

/// Reserves `taken` for a line that waited for it.
fn give(book: &mut Book, (key, taken): (LevelKey, Quantity), waiting: &mut Waiting, posting: &mut Posting) {
    let level = book.level_mut(key);
    level.reserved += taken;
    level.backordered -= taken;
    let order = book.orders.get_mut(&waiting.order_id);
    let line =
        order.and_then(|order| order.lines.iter_mut().find(|line| line.line.line_no == waiting.line_no));
    waiting.backordered -= taken;
    // An order of the book may have been shipped from since its line was read.
    waiting.reserved = line.as_ref().map_or(waiting.reserved, |line| line.reserved) + taken;
    if let Some(line) = line {
        line.reserved = waiting.reserved;
        line.backordered = waiting.backordered;
    }
    posting.reservations.push(Reservation {
        document_id: waiting.order_id.0,
        line_no: waiting.line_no,
        kind: ReservationKind::Order,
        key,
        quantity: waiting.reserved,
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

/// The day for which `wanted` units can be promised behind the `ahead` that have first claim, and the supplies that they
/// come from.
fn promised(book: &Book, key: &LevelKey, ahead: Quantity, wanted: Quantity) -> (Option<NaiveDate>, Vec<Peg>) {
    let (today, free) = (book.setup.settings.day(book.now), book.level(key).available());
    let supplies = book.supplies_at(key);
    match supply::promise((free, ahead), today, supplies, wanted) {
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

/// When each line of a queue will get its goods, on the supplies as they are now: none while too little is on its way.
pub fn due(
    free: Quantity,
    today: NaiveDate,
    supplies: &[Supply],
    queue: &[Waiting],
) -> Vec<Option<NaiveDate>> {
    let mut ahead = Quantity::ZERO;
    let of = |waiting: &Waiting| {
        let day = supply::promise((free, ahead), today, supplies, waiting.backordered);
        ahead += waiting.backordered;
        day
    };
    queue.iter().map(of).collect()
}

/// Whether a promise holds where the goods are due on another day, or on none.
pub fn holds(promised_on: Option<NaiveDate>, due: Option<NaiveDate>) -> bool {
    promised_on.is_none_or(|promised_on| due.is_some_and(|due| due <= promised_on))
}

/// The orders with a line on the levels of the book whose promise does not hold.
pub fn broken(book: &Book) -> std::collections::BTreeSet<OrderId> {
    let today = book.setup.settings.day(book.now);
    let of_level = |(key, queue): (&LevelKey, &Vec<Waiting>)| {
        let due = due(book.level(key).available(), today, book.supplies_at(key), queue);
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
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::id::ExpectedReceiptId;
    use crate::supply::Source;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, 1).expect("a day") + chrono::Days::new(number)
    }

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    fn supplies(days: &[(u64, i64)]) -> Vec<Supply> {
        let supply = |(line_no, (on, quantity)): (i32, &(u64, i64))| Supply {
            source: Source::Expected(ExpectedReceiptId::default(), line_no),
            on: day(*on),
            quantity: units(*quantity),
        };
        let mut supplies: Vec<Supply> = (1..).zip(days).map(supply).collect();
        supplies.sort_by_key(|supply| (supply.on, supply.source));
        supplies
    }

    fn queue(wanted: &[i64]) -> Vec<Waiting> {
        let waiting = |(number, quantity): (u128, &i64)| Waiting {
            order_id: OrderId(Uuid::from_u128(number)),
            line_no: 1,
            priority: 0,
            since: DateTime::UNIX_EPOCH,
            reserved: Quantity::ZERO,
            backordered: units(*quantity),
            promised_on: None,
        };
        (1..).zip(wanted).map(waiting).collect()
    }

    #[test]
    fn the_higher_priority_goes_first_and_then_the_older() {
        let [early, late] = [0, 60].map(|seconds| DateTime::from_timestamp(seconds, 0).expect("an instant"));
        let waiting = |priority, since| Waiting { priority, since, ..queue(&[1])[0] };
        let mut order = [waiting(0, early), waiting(3, late), waiting(0, late), waiting(3, early)];
        order.sort_by_key(Waiting::rank);
        let ranks = order.map(|waiting| (waiting.priority, waiting.since));
        assert_eq!(ranks, [(3, early), (3, late), (0, early), (0, late)]);
    }

    #[test]
    fn a_promise_that_was_never_made_is_not_broken() {
        assert!(holds(None, None) && holds(Some(day(3)), Some(day(3))) && holds(Some(day(3)), Some(day(1))));
        assert!(!holds(Some(day(3)), Some(day(4))) && !holds(Some(day(3)), None));
    }

    proptest! {
        /// Served in their order as the supplies come, the lines that wait get their goods on the days that they are
        /// due, and each promise stands on supplies that nobody before it takes.
        #[test]
        fn what_is_due_is_what_will_happen(
            free in 0..20_i64,
            days in prop::collection::vec((0..10_u64, 1..30_i64), 0..8),
            wanted in prop::collection::vec(1..20_i64, 1..8),
        ) {
            let (supplies, queue) = (supplies(&days), queue(&wanted));
            let due = due(units(free), day(0), &supplies, &queue);
            let (mut left, mut served) = (units(free), vec![None; queue.len()]);
            let mut open: Vec<Quantity> = queue.iter().map(|waiting| waiting.backordered).collect();
            for number in 0..10 {
                let today = supplies.iter().filter(|supply| supply.on == day(number));
                left += today.map(|supply| supply.quantity).sum();
                for (open, served) in open.iter_mut().zip(&mut served) {
                    let given = left.min(*open);
                    left -= given;
                    *open -= given;
                    if open.is_zero() && served.is_none() {
                        *served = Some(day(number));
                    }
                }
            }
            prop_assert_eq!(&due, &served);
            let mut ahead = Quantity::ZERO;
            let mut used: std::collections::BTreeMap<Source, Quantity> = Default::default();
            for (waiting, due) in queue.iter().zip(due) {
                if let Some(due) = due {
                    let pegs = pegs((units(free), ahead), day(0), &supplies, waiting.backordered);
                    prop_assert!(pegs.iter().all(|peg| peg.supply.on <= due));
                    for peg in pegs {
                        *used.entry(peg.supply.source).or_default() += peg.quantity;
                        prop_assert!(used[&peg.supply.source] <= peg.supply.quantity);
                    }
                }
                ahead += waiting.backordered;
            }
        }
    }
}
