//! The demand of a document on each level, and whether that much is available to it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Requester;
use super::allotment;
use crate::book::Book;
use crate::expected_receipt;
use crate::hold::Hold;
use crate::number::Quantity;
use crate::refusal::{Code, Problem, Problems, Refusal};
use crate::stock::LevelKey;

/// The quantities that a document asks of each level, summed over its lines.
#[derive(Debug, Clone, Default)]
pub struct Demand {
    pub(super) wanted: BTreeMap<LevelKey, Wanted>,
    /// Units reserved for the document itself.
    pub(super) own: BTreeMap<LevelKey, Quantity>,
    /// Units of these that a level has not on hand. The document keeps them, and other lots give it no more for them.
    pub(super) lacking: BTreeMap<LevelKey, Quantity>,
    /// Units that left already, by level. They are never rejected.
    pub(super) gone: BTreeMap<LevelKey, Quantity>,
    /// Shortages of lines for which the suitable lots have too little.
    pub(super) short: Vec<Problem>,
    /// The till or order that asks, if it may use allotments.
    pub(super) requester: Option<Requester>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    pub(super) total: Quantity,
    pointers: Vec<String>,
}

impl Demand {
    /// Starts the demand of a requester that may use allotments.
    pub fn of(requester: Requester) -> Self {
        Demand { requester: Some(requester), ..Demand::default() }
    }

    /// Adds the quantity that the line at `pointer` asks of a level.
    pub fn add(&mut self, key: LevelKey, quantity: Quantity, pointer: String) {
        let wanted = self.wanted.entry(key).or_default();
        wanted.total += quantity;
        if wanted.pointers.last() != Some(&pointer) {
            wanted.pointers.push(pointer);
        }
    }

    /// Makes the units that are `reserved` for the document on a level available to it.
    pub fn promised(&mut self, key: LevelKey, reserved: Quantity) {
        self.own.insert(key, reserved);
    }

    /// Makes the units that are `reserved` for the document on a level available to it, also if the level has less on hand.
    pub(crate) fn kept(&mut self, book: &Book, key: LevelKey, reserved: Quantity) {
        let allotted = self.requester.map_or(Quantity::ZERO, |requester| book.allotted_to(&key, requester));
        let lacking = -(book.level(&key).available() + allotted).min(Quantity::ZERO);
        self.own.insert(key, reserved + lacking);
        self.lacking.insert(key, lacking);
    }

    /// Makes the units of an open hold available to the document that takes its place.
    pub fn own(&mut self, book: &Book, hold: &Hold) {
        for (key, _, quantity) in allotment::held(book, hold) {
            *self.own.entry(key).or_default() += quantity;
        }
    }
}

impl Book {
    /// Rejects a demand that exceeds what is available, with a problem for every short line.
    pub fn check_available(&self, demand: &Demand) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        demand.short.iter().for_each(|short| problems.push(short.clone()));
        for (key, wanted) in &demand.wanted {
            let left = self.left(key, demand);
            let available = left.max(Quantity::ZERO);
            if wanted.total <= available {
                continue;
            }
            for pointer in &wanted.pointers {
                problems.push(self.shortage(key, wanted.total, left, pointer));
            }
        }
        problems.check()
    }

    /// Returns the problem of the line at `pointer`, which asks for more than is left. `left` may be below
    /// zero.
    pub(super) fn shortage(
        &self,
        key: &LevelKey,
        wanted: Quantity,
        left: Quantity,
        pointer: &str,
    ) -> Problem {
        let available = left.max(Quantity::ZERO);
        let product = self.products.get(&key.product_id);
        let sku = product.map_or_else(|| key.product_id.to_string(), |product| product.sku.clone());
        let uom = product.map_or_else(String::new, |product| product.stock_uom.clone());
        let next = self.next_available_on(key, left, wanted);
        let when = match next {
            Some(day) => format!("it can be promised for {day}"),
            None if !self.supplies_at(key).is_empty() => "not enough is expected".to_owned(),
            None => "no more is expected".to_owned(),
        };
        let detail = format!("Requested {wanted} of {sku}, available {available}; {when}.");
        let mut params = vec![
            ("sku", sku),
            ("requested", wanted.to_string()),
            ("available", available.to_string()),
            ("uom", uom),
        ];
        params.extend(next.map(|day| ("next_available_on", day.to_string())));
        Problem { pointer: format!("{pointer}/quantity"), code: Code::InsufficientStock, detail, params }
    }

    /// Returns what a document may take of a level: available units, units reserved for the document, and the
    /// allotments of its till and channel. Below zero if more is reserved than is on hand.
    pub(super) fn left(&self, key: &LevelKey, demand: &Demand) -> Quantity {
        let own = demand.own.get(key).copied().unwrap_or_default();
        let allotted = demand.requester.map_or(Quantity::ZERO, |requester| self.allotted_to(key, requester));
        self.level(key).available() + own + allotted
    }

    /// Returns the first day for which `wanted` can be promised at a level that has too little now. The lots
    /// of a tracked product that are still available do not suit the waiting orders, so this line may have
    /// them first.
    fn next_available_on(&self, key: &LevelKey, available: Quantity, wanted: Quantity) -> Option<NaiveDate> {
        let (today, owed) = (self.setup.settings.day(self.now), self.level(&key.without_lot()).backordered());
        let (free, wanted) = if self.is_tracked(key.product_id) {
            (Quantity::ZERO, wanted - available)
        } else {
            (available, wanted)
        };
        expected_receipt::promise((free, owed), today, self.supplies_at(key), wanted)
    }
}
