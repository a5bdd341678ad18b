//! Lots of an order line to ship: the named ones, else those reserved for it.
//!
//! A reserved lot that may no longer be sold stays. Available units of other lots are shipped in its place,
//! and as much of its reservation ends. So a line never takes what is reserved for another.

use super::reserve::pick_rule;
use super::{Order, OrderLine};
use crate::allocation::{Demand, LineRequest, PickRule};
use crate::book::Book;
use crate::lot::{LotShare, NamedLot};
use crate::number::{Money, Quantity};
use crate::refusal::Problem;
use crate::stock::LevelKey;
use chrono::{DateTime, Utc};

/// The units of a line to ship.
#[derive(Debug, Clone)]
pub(super) struct Picked {
    /// The line's place in the order.
    pub(super) at: usize,
    /// Stock units.
    pub(super) quantity: Quantity,
    /// The lots to ship; none if the product is not tracked.
    pub(super) lots: Vec<LotShare>,
    /// The lots that stay reserved for the line.
    pub(super) kept: Vec<LotShare>,
}

impl Picked {
    /// Returns the levels to issue from, each with its stock units.
    pub(super) fn levels(&self, order: &Order) -> Vec<(LevelKey, Quantity)> {
        let (location_id, product_id) = (order.location_id, order.lines[self.at].line.product_id);
        if self.lots.is_empty() {
            return vec![(LevelKey::untracked(location_id, product_id), self.quantity)];
        }
        let key = |lot_id| LevelKey { location_id, product_id, lot_id };
        self.lots.iter().map(|share| (key(share.lot_id), share.quantity)).collect()
    }
}

/// The request for one line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) at: usize,
    pub(super) quantity: Quantity,
    pub(super) named: &'a [NamedLot],
    pub(super) pointer: &'a str,
}

/// Picks the lots of a line to ship at an instant. Adds what it takes besides its own reservation to the
/// demand.
pub(super) fn pick(
    book: &Book,
    (order, at): (&Order, DateTime<Utc>),
    wanted: Wanted<'_>,
    demand: &mut Demand,
) -> Result<Picked, Problem> {
    let line = &order.lines[wanted.at];
    if line.line.lots.is_empty() && wanted.named.is_empty() {
        return Ok(Picked { at: wanted.at, quantity: wanted.quantity, lots: Vec::new(), kept: Vec::new() });
    }
    let rule = pick_rule(book, order, at);
    let mut kept = line.line.lots.clone();
    let lots = if wanted.named.is_empty() {
        own_first(book, (line, &rule), &wanted, &mut kept, demand)?
    } else {
        as_named(book, (line, &rule), &wanted, &mut kept, demand)?
    };
    Ok(Picked { at: wanted.at, quantity: wanted.quantity, lots, kept })
}

/// Takes up to `quantity` off the reservation of a lot, and returns how much it took.
fn take(kept: &mut LotShare, quantity: Quantity) -> Quantity {
    let part = quantity.min(kept.quantity);
    kept.quantity -= part;
    part
}

fn own_first(
    book: &Book,
    (line, rule): (&OrderLine, &PickRule),
    wanted: &Wanted<'_>,
    kept: &mut [LotShare],
    demand: &mut Demand,
) -> Result<Vec<LotShare>, Problem> {
    let product = &book.products[&line.line.product_id];
    let mut left = wanted.quantity;
    let mut lots: Vec<LotShare> = Vec::new();
    for own in kept.iter_mut() {
        let is_fit = |lot| rule.purpose.check(product, lot, wanted.pointer).is_ok();
        if !book.lots.get(own.lot_id).is_some_and(is_fit) {
            continue;
        }
        let part = take(own, left);
        if part.is_positive() {
            lots.push(LotShare { quantity: part, cost: Money::ZERO, ..own.clone() });
            left -= part;
        }
    }
    if left.is_positive() {
        let covered = wanted.quantity - left;
        let request = LineRequest { product, quantity: left, named: &[], covered, pointer: wanted.pointer };
        for share in demand.allocate(book, rule, &request)? {
            merge(&mut lots, share);
        }
        give_up(kept, left);
    }
    Ok(lots)
}

fn as_named(
    book: &Book,
    (line, rule): (&OrderLine, &PickRule),
    wanted: &Wanted<'_>,
    kept: &mut [LotShare],
    demand: &mut Demand,
) -> Result<Vec<LotShare>, Problem> {
    let product = &book.products[&line.line.product_id];
    let covered = Quantity::ZERO;
    let request = LineRequest {
        product,
        quantity: wanted.quantity,
        named: wanted.named,
        covered,
        pointer: wanted.pointer,
    };
    // Only units that are not reserved for the line must be available.
    let named = Demand::default().allocate(book, rule, &request)?;
    let mut swapped = Quantity::ZERO;
    for share in &named {
        let own = kept.iter_mut().find(|own| own.lot_id == share.lot_id);
        let part = own.map_or(Quantity::ZERO, |own| take(own, share.quantity));
        let more = share.quantity - part;
        if more.is_positive() {
            let index = wanted.named.iter().position(|lot| lot.code == share.code).unwrap_or_default();
            let pointer = format!("{}/lots/{index}", wanted.pointer);
            demand.add(rule.key(line.line.product_id, share.lot_id), more, pointer);
            swapped += more;
        }
    }
    give_up(kept, swapped);
    Ok(named)
}

/// Ends the reservation of as many units as other lots replace, first in the lots that expire last.
fn give_up(kept: &mut [LotShare], mut quantity: Quantity) {
    for own in kept.iter_mut().rev() {
        quantity -= take(own, quantity);
    }
}

fn merge(lots: &mut Vec<LotShare>, share: LotShare) {
    match lots.iter_mut().find(|known| known.lot_id == share.lot_id) {
        Some(known) => known.quantity += share.quantity,
        None => lots.push(share),
    }
}
