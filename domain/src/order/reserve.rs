//! Reservation of an order's stock, and of its part of the customer's credit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::{Order, OrderLine, OrderStatus, exposure, order_mut};
use crate::allocation::{self, Demand, LineRequest, PickRule, Purpose, Requester};
use crate::book::{Book, Posting};
use crate::hold::Hold;
use crate::id::{LocationId, LotId, OrderId};
use crate::lot::LotShare;
use crate::number::{Money, Quantity};
use crate::promise;
use crate::refusal::{Problems, Refusal};
use crate::sales::{self, Line, LineInput};
use crate::stock::{LevelKey, Reservation, ReservationKind};
use crate::text_enum;

text_enum! {
    /// The policy for an order that asks for more than is available.
    #[derive(Default)]
    pub enum Policy {
        /// It is rejected: all is reserved, or nothing.
        #[default]
        ShipComplete,
        /// It gets what is available, and the rest is cancelled. A bundle with a short component is cancelled
        /// whole.
        Partial,
        /// It gets what is available, and the rest is backordered.
        Backorder,
    }
}

/// The stock that an order gets, line by line.
pub(super) struct Plan {
    /// Stock units. The rest of a line is cancelled or backordered, by the order's policy.
    taken: Vec<Quantity>,
    /// Their lots; none for a product that is not tracked.
    lots: Vec<Vec<LotShare>>,
}

impl Plan {
    /// Returns whether a confirmed order with the lines of the plan has the stock that the plan takes, and the rest is backordered or
    /// cancelled as by its policy.
    pub(super) fn is_reserved_for(&self, order: &Order) -> bool {
        let takes = self.taken.iter().zip(&self.lots);
        order.lines.iter().zip(takes).all(|(line, (taken, lots))| {
            let rest = line.line.quantity - *taken;
            let (cancelled, backordered) = match order.policy {
                Policy::Partial => (rest, Quantity::ZERO),
                Policy::ShipComplete | Policy::Backorder => (Quantity::ZERO, rest),
            };
            let reserved = if line.line.stocked { *taken } else { Quantity::ZERO };
            (line.reserved, line.backordered, line.cancelled) == (reserved, backordered, cancelled)
                && by_lot(&line.line.lots) == by_lot(lots)
        })
    }
}

/// Returns the units of each lot, without lots that give none.
fn by_lot(shares: &[LotShare]) -> BTreeMap<LotId, Quantity> {
    let mut units: BTreeMap<LotId, Quantity> = BTreeMap::new();
    for share in shares.iter().filter(|share| share.quantity.is_positive()) {
        *units.entry(share.lot_id).or_default() += share.quantity;
    }
    units
}

/// Plans what an order gets. The units of `hold` are available to it. Rejects an order that must be complete
/// and is short, and one that would get nothing and wait for nothing. A tracked product gets the lots that
/// `inputs` name, else those that expire first and have enough remaining life for the customer `at` the
/// instant.
pub(super) fn plan(
    book: &Book,
    order: &Order,
    at: DateTime<Utc>,
    (hold, inputs): (Option<&Hold>, &[LineInput]),
) -> Result<Plan, Refusal> {
    let mut demand = Demand::of(Requester::ORDER);
    if let Some(hold) = hold {
        demand.own(book, hold);
    }
    plan_demand(book, order, at, (demand, inputs))
}

/// Plans what an order gets with the lines of `amended`. The units that are reserved for it are available to it, also on a level that has
/// less on hand than is reserved.
pub(super) fn plan_again(
    book: &Book,
    (order, amended): (&Order, &Order),
    inputs: &[LineInput],
) -> Result<Plan, Refusal> {
    let mut demand = Demand::of(Requester::ORDER);
    for (key, reserved) in reserved_units(order) {
        demand.kept(book, key, reserved);
    }
    plan_demand(book, amended, book.now, (demand, inputs))
}

fn plan_demand(
    book: &Book,
    order: &Order,
    at: DateTime<Utc>,
    (mut demand, inputs): (Demand, &[LineInput]),
) -> Result<Plan, Refusal> {
    check_named(order.policy, inputs)?;
    let rule = pick_rule(book, order, at);
    let there = (order.policy != Policy::ShipComplete).then(|| fill(book, order, &rule, demand.clone()));
    let mut lines: Vec<Line> =
        order.lines.iter().map(|line| Line { quantity: line.open(), ..line.line.clone() }).collect();
    sales::allot(book, &mut lines, inputs, &mut demand, &rule)?;
    match there {
        // An order that waits may get nothing now; one that cancels the rest must get something.
        Some(plan) if order.policy == Policy::Backorder || gets_goods(order, &plan) => Ok(plan),
        _ => {
            book.check_available(&demand)?;
            let taken = order.lines.iter().map(OrderLine::open).collect();
            Ok(Plan { taken, lots: lines.into_iter().map(|line| line.lots).collect() })
        }
    }
}

/// Returns whether an order gets some of its goods. A service beside them, such as the postage, is no reason to confirm it. An order without
/// goods gets its services.
fn gets_goods(order: &Order, plan: &Plan) -> bool {
    let goods = || order.lines.iter().zip(&plan.taken).filter(|(line, _)| line.line.stocked);
    goods().next().is_none() || goods().any(|(_, taken)| taken.is_positive())
}

/// Rejects named lots unless the policy is `ship_complete`: the lots of later stock are not known yet.
pub(super) fn check_named(policy: Policy, inputs: &[LineInput]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let may_name = policy == Policy::ShipComplete;
    for (index, _) in inputs.iter().enumerate().filter(|(_, line)| !may_name && !line.lots.is_empty()) {
        let detail = "Only an order with the policy ship_complete can name lots: leave them out to get those that expire first.";
        problems.invalid(format!("/lines/{index}/lots"), detail);
    }
    problems.check()
}

/// Returns the rule by which an order takes lots on the day of an instant.
pub(super) fn pick_rule(book: &Book, order: &Order, at: DateTime<Utc>) -> PickRule {
    let customer = book.customers.get(&order.customer_id);
    let purpose = Purpose::Sale {
        on: book.setup.settings.day(at),
        life_days: customer.map_or(0, |customer| customer.min_remaining_life_days),
        at_hand: false,
    };
    PickRule { location_id: order.location_id, purpose, left: None }
}

/// Plans what is available for each line, in order. If the policy is `partial`, a bundle gets all or nothing.
fn fill(book: &Book, order: &Order, rule: &PickRule, mut demand: Demand) -> Plan {
    let whole = order.policy == Policy::Partial;
    let mut plan = Plan { taken: Vec::new(), lots: Vec::new() };
    for group in split_bundles(&order.lines) {
        let before = (whole && group[0].line.bundle_id.is_some()).then(|| demand.clone());
        let takes = group.iter().map(|line| pick_available(book, line, rule, &mut demand));
        let mut takes: Vec<(Quantity, Vec<LotShare>)> = takes.collect();
        let is_short = group.iter().zip(&takes).any(|(line, (taken, _))| *taken < line.open());
        if let Some(before) = before.filter(|_| is_short) {
            takes.fill((Quantity::ZERO, Vec::new()));
            demand = before;
        }
        for (taken, lots) in takes {
            plan.taken.push(taken);
            plan.lots.push(lots);
        }
    }
    plan
}

/// Splits the lines of an order: those of one bundle stay together, every other line is alone. The lines of a bundle follow each other,
/// and each is of another component.
pub(super) fn split_bundles(lines: &[OrderLine]) -> Vec<&[OrderLine]> {
    let mut products = BTreeSet::new();
    let of_one_bundle = |one: &OrderLine, next: &OrderLine| {
        let (one, next) = (&one.line, &next.line);
        products.insert(one.product_id);
        let is_part = one.bundle_id.is_some()
            && one.bundle_id == next.bundle_id
            && one.line_no + 1 == next.line_no
            && !products.contains(&next.product_id);
        if !is_part {
            products.clear();
        }
        is_part
    };
    lines.chunk_by(of_one_bundle).collect()
}

/// Returns the units available for a line, and their lots.
fn pick_available(
    book: &Book,
    line: &OrderLine,
    rule: &PickRule,
    demand: &mut Demand,
) -> (Quantity, Vec<LotShare>) {
    if !line.line.stocked {
        return (line.open(), Vec::new());
    }
    let request = LineRequest {
        product: &book.products[&line.line.product_id],
        quantity: line.open(),
        named: &[],
        covered: Quantity::ZERO,
        pointer: "",
    };
    demand.allocate_available(book, rule, &request)
}

/// Cancels what a `partial` order does not get.
fn give_up(order: &mut Order, plan: &Plan) {
    if order.policy == Policy::Partial {
        for (line, taken) in order.lines.iter_mut().zip(&plan.taken) {
            line.cancelled += line.open() - *taken;
        }
    }
}

pub(super) fn hold_reasons(book: &Book, order: &Order, plan: &Plan) -> Vec<String> {
    credit_reason(book, order, planned_total(book, order, plan)).into_iter().collect()
}

/// Returns net and tax of what an order has to ship once it got what the plan takes.
pub(super) fn planned_total(book: &Book, order: &Order, plan: &Plan) -> Money {
    let mut order = order.clone();
    give_up(&mut order, plan);
    order.open_total(book)
}

/// Returns the reason for a credit hold if the order adds `more` to the exposure. Returns nothing if no hold is needed.
pub(super) fn credit_reason(book: &Book, order: &Order, more: Money) -> Option<String> {
    let customer = book.customers.get(&order.customer_id)?;
    customer.hold_reason(more, book.setup.settings.hold_unpaid)
}

pub(super) fn put_on_hold(book: &mut Book, id: OrderId, reasons: Vec<String>) {
    let order = order_mut(book, id);
    order.status = OrderStatus::OnHold;
    order.hold_reasons = reasons;
}

/// Returns the units that are reserved for an order, by level.
pub(super) fn reserved_units(order: &Order) -> BTreeMap<LevelKey, Quantity> {
    let mut units: BTreeMap<LevelKey, Quantity> = BTreeMap::new();
    for line in order.lines.iter().filter(|line| line.reserved.is_positive()) {
        for (key, reserved) in line.reservations(order.location_id) {
            *units.entry(key).or_default() += reserved;
        }
    }
    units
}

/// Reserves what the plan takes. The rest is cancelled or backordered.
pub(super) fn reserve(book: &mut Book, id: OrderId, plan: &Plan, posting: &mut Posting) {
    reserve_again(book, id, (plan, BTreeMap::new()), posting);
}

/// Reserves what the plan takes. The `own` units were reserved for the order before and have been released. They lower no allotment, also
/// on a level that has less on hand than is reserved.
pub(super) fn reserve_again(
    book: &mut Book,
    id: OrderId,
    (plan, mut own): (&Plan, BTreeMap<LevelKey, Quantity>),
    posting: &mut Posting,
) {
    let order = order_mut(book, id);
    order.status = OrderStatus::Confirmed;
    order.hold_reasons.clear();
    give_up(order, plan);
    let (location_id, customer_id) = (order.location_id, order.customer_id);
    let mut reserved = Vec::with_capacity(order.lines.len());
    let takes = plan.taken.iter().zip(&plan.lots);
    for (line, (taken, lots)) in order.lines.iter_mut().zip(takes).filter(|(line, _)| line.line.stocked) {
        line.reserved = *taken;
        line.backordered = line.open() - *taken;
        line.line.lots.clone_from(lots);
        reserved.extend(line.reservations(location_id));
    }
    for (key, quantity) in reserved.into_iter().filter(|(_, quantity)| quantity.is_positive()) {
        let own = own.entry(key).or_default();
        let kept = quantity.min(*own);
        *own -= kept;
        book.level_mut(key).reserve(kept);
        let more = quantity - kept;
        let consumed = allocation::consume(book, key, more, Requester::ORDER, false, posting);
        book.level_mut(key).reserve(more);
        allocation::rebalance(book, &consumed, posting);
    }
    promise::add_backorders(book, id, posting);
    let open = book.orders[&id].open_total(book);
    exposure(book, customer_id).ordered += open;
}

/// Releases what is reserved for an order, and ends its backorders.
pub(super) fn unreserve(book: &mut Book, id: OrderId) {
    promise::end_backorders(book, id);
    let order = order_mut(book, id);
    let location_id = order.location_id;
    let mut given = Vec::with_capacity(order.lines.len());
    for line in order.lines.iter_mut().filter(|line| line.reserved.is_positive()) {
        given.extend(line.reservations(location_id));
        line.reserved = Quantity::ZERO;
        line.line.lots.iter_mut().for_each(|share| share.quantity = Quantity::ZERO);
    }
    for (key, quantity) in given {
        book.level_mut(key).release(quantity);
    }
}

impl OrderLine {
    /// Returns what is reserved for it, level by level. A lot that was reserved before is listed with zero.
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
