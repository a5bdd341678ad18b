//! Goods in lots, as the model keeps them: what is taken first, and what nobody gets any more.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::Place;
use super::level::{Level, cents};

/// The goods that are tracked: by lot, and piece by piece.
pub const TRACKED: [&str; 2] = ["L", "S"];

/// Quantities by lot.
pub type Parts = BTreeMap<String, Decimal>;

/// A lot, or a serial number. Codes are never used twice.
pub struct Lot {
    pub sku: &'static str,
    /// In how many days from today; below zero where it has expired.
    pub expires_in: Option<i64>,
    /// The receipt that brought it.
    pub came: u64,
}

/// What a line of a document wants.
pub struct Wish {
    pub sku: &'static str,
    pub quantity: Decimal,
    /// The lot that it names.
    pub code: Option<String>,
}

/// What goods are taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// For somebody: what has expired is no good.
    Somebody,
    /// For another place: what has expired goes only where it is named.
    Elsewhere,
    /// For nobody.
    Nobody,
}

/// What a document keeps back or has on its way, line by line.
pub struct Kept {
    pub id: String,
    pub place: Place,
    pub lines: Vec<(&'static str, Parts)>,
    /// Of a transfer or a sale: what the part of a line in a lot is worth.
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

    /// Whether a piece is somewhere, or on its way.
    pub fn is_anywhere(&self, code: &str) -> bool {
        let is_there =
            |place| self.levels.get(&(place, code.to_owned())).is_some_and(|level| !level.on_hand.is_zero());
        let is_coming = |transfer: &Kept| transfer.values.iter().any(|(known, ..)| known == code);
        [0, 1].into_iter().any(is_there) || self.transfers.iter().any(is_coming)
    }

    /// The codes of one of the goods, what expires first first.
    fn in_turn(&self, sku: &str) -> Vec<&String> {
        let of = self.known.iter().filter(|(_, lot)| lot.sku == sku);
        let mut codes: Vec<(&String, &Lot)> = of.collect();
        codes.sort_by_key(|(code, lot)| (lot.expires_in.unwrap_or(i64::MAX), lot.came, *code));
        codes.into_iter().map(|(code, _)| code).collect()
    }

    pub fn has_expired(&self, code: &str) -> bool {
        self.known[code].expires_in.is_some_and(|days| days < 0)
    }

    /// The lots of a line beside what the lines before it have taken, or why it is refused.
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

    /// The lots of each line of a document, or why it is refused.
    pub fn draw(&self, place: Place, wishes: &[Wish], purpose: Use) -> Result<Vec<Parts>, &'static str> {
        let mut taken = Parts::new();
        wishes.iter().map(|wish| self.drawn((place, wish), purpose, &mut taken)).collect()
    }

    /// What leaves of an order: what is reserved for each line and has not expired, and what has not been promised to
    /// anybody in the place of the rest.
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

    /// Takes lots out, line by line; answers what each was worth.
    pub fn go(&mut self, place: Place, lines: &[Parts]) -> Vec<(String, Decimal, Decimal)> {
        let mut values = Vec::new();
        for (code, quantity) in lines.iter().flatten() {
            values.push((code.clone(), *quantity, self.at(place, code).go(*quantity)));
        }
        values
    }
}

/// What the parts of a line are worth, so that they add up to the line.
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
