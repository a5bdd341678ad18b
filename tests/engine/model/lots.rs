//! Lots of the model: which are taken first, and which are not taken any more.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Place;
use super::level::{Level, cents};

/// Tracked products: by lot, and by serial number.
pub const TRACKED: [&str; 2] = ["L", "S"];

/// Quantities by lot.
pub type Parts = BTreeMap<String, Decimal>;

/// A lot or a serial number. No code is used twice.
pub struct Lot {
    pub sku: &'static str,
    /// Days from the begin of the sequence until it expires; negative if it has expired.
    pub expires_in: Option<i64>,
    /// Number of the receipt that brought it.
    pub came: u64,
}

/// Product, quantity and perhaps lot of a line.
pub struct Wish {
    pub sku: &'static str,
    pub quantity: Decimal,
    /// The lot that the line names.
    pub code: Option<String>,
}

/// The purpose for which units are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// For a customer: expired lots don't count.
    Somebody,
    /// For another location: an expired lot counts only if it is named.
    Elsewhere,
    /// For no customer: expired lots count.
    Nobody,
}

/// Stock that a document holds or has in transit, by line.
pub struct Kept {
    pub id: String,
    pub place: Place,
    pub lines: Vec<(&'static str, Parts)>,
    /// For a transfer or a sale: lot, quantity and value of each part of a line.
    pub values: Vec<(String, Decimal, Decimal)>,
}

#[derive(Default)]
pub struct Lots {
    pub known: BTreeMap<String, Lot>,
    pub levels: BTreeMap<(Place, String), Level>,
    pub orders: Vec<Kept>,
    pub holds: Vec<Kept>,
    pub transfers: Vec<Kept>,
    pub sales: Vec<Kept>,
    pub receipts: u64,
}

impl Lots {
    pub fn at(&mut self, place: Place, code: &str) -> &mut Level {
        self.levels.entry((place, code.to_owned())).or_default()
    }

    fn free(&self, place: Place, code: &str) -> Decimal {
        let level = self.levels.get(&(place, code.to_owned()));
        level.map_or(Decimal::ZERO, |level| level.on_hand - level.reserved)
    }

    /// Whether a unit is at a location or in transit.
    pub fn is_anywhere(&self, code: &str) -> bool {
        let is_there =
            |place| self.levels.get(&(place, code.to_owned())).is_some_and(|level| !level.on_hand.is_zero());
        let is_coming = |transfer: &Kept| transfer.values.iter().any(|(known, ..)| known == code);
        [0, 1].into_iter().any(is_there) || self.transfers.iter().any(is_coming)
    }

    /// Returns the codes of a product's lots, first expired first.
    fn in_turn(&self, sku: &str) -> Vec<&String> {
        let of = self.known.iter().filter(|(_, lot)| lot.sku == sku);
        let mut codes: Vec<(&String, &Lot)> = of.collect();
        codes.sort_by_key(|(code, lot)| (lot.expires_in.unwrap_or(i64::MAX), lot.came, *code));
        codes.into_iter().map(|(code, _)| code).collect()
    }

    pub fn has_expired(&self, code: &str) -> bool {
        self.known[code].expires_in.is_some_and(|days| days < 0)
    }

    /// Returns the lots of a line, beside what earlier lines have taken, or the reason of the rejection.
    fn drawn(
        &self,
        (place, wish): (Place, &Wish),
        purpose: Use,
        taken: &mut Parts,
    ) -> Result<Parts, &'static str> {
        let mut left = wish.quantity;
        let mut parts = Parts::new();
        let codes = match &wish.code {
            Some(code) if purpose == Use::Somebody && self.has_expired(code) => return Err("lot_expired"),
            Some(code) => vec![code],
            None => self.in_turn(wish.sku),
        };
        for code in codes {
            if wish.code.is_none() && purpose != Use::Nobody && self.has_expired(code) {
                continue;
            }
            let before = taken.entry(code.clone()).or_default();
            let part = left.min(self.free(place, code) - *before);
            if part > Decimal::ZERO {
                *before += part;
                left -= part;
                parts.insert(code.clone(), part);
            }
        }
        if left.is_zero() { Ok(parts) } else { Err("insufficient_stock") }
    }

    /// Returns the lots of each line of a document, or the reason of the rejection.
    pub fn draw(&self, place: Place, wishes: &[Wish], purpose: Use) -> Result<Vec<Parts>, &'static str> {
        let mut taken = Parts::new();
        wishes.iter().map(|wish| self.drawn((place, wish), purpose, &mut taken)).collect()
    }

    /// Returns the lots that an order ships: what is reserved for each line and has not expired, and other available
    /// lots in place of the rest.
    pub fn picked(&self, order: &Kept) -> Result<Vec<Parts>, &'static str> {
        let mut taken = Parts::new();
        let mut picked = Vec::new();
        for (sku, reserved) in &order.lines {
            let (fit, unfit): (Parts, Parts) =
                reserved.clone().into_iter().partition(|(code, _)| !self.has_expired(code));
            let mut parts = fit;
            let wish = Wish { sku, quantity: unfit.values().sum(), code: None };
            if !wish.quantity.is_zero() {
                for (code, quantity) in self.drawn((order.place, &wish), Use::Somebody, &mut taken)? {
                    *parts.entry(code).or_default() += quantity;
                }
            }
            picked.push(parts);
        }
        Ok(picked)
    }

    pub fn reserve(&mut self, place: Place, lines: &[(&'static str, Parts)], sign: Decimal) {
        for (code, quantity) in lines.iter().flat_map(|(_, parts)| parts) {
            self.at(place, code).reserved += sign * quantity;
        }
    }

    /// Issues lots, line by line. Returns the value of each.
    pub fn go(&mut self, place: Place, lines: &[Parts]) -> Vec<(String, Decimal, Decimal)> {
        let mut values = Vec::new();
        for (code, quantity) in lines.iter().flatten() {
            values.push((code.clone(), *quantity, self.at(place, code).go(*quantity)));
        }
        values
    }
}

/// Returns the values of the parts of a line, so that they add up to the line.
pub fn divided(value: Decimal, parts: &[Decimal]) -> Vec<Decimal> {
    let whole: Decimal = parts.iter().sum();
    let mut passed = Decimal::ZERO;
    let share = |part: &Decimal| {
        let before = cents(value * passed / whole);
        passed += part;
        cents(value * passed / whole) - before
    };
    parts.iter().map(share).collect()
}
