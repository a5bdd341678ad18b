//! Lots: units of one product that were made or received together, and are traced from the supplier to every
//! customer. A serial number is a lot of one unit.
//!
//! All stock of a tracked product lies in lots, and each movement or reservation of it names the lot. A
//! caller names lots, or gets those that expire first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::allocation::check_serial;
use crate::book::{Book, Posting};
use crate::id::{LocationId, LotId, ProductId};
use crate::line_item::{LINES_MAX, invalid};
use crate::negative_stock::Issue;
use crate::number::{Money, Quantity};
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Problem, Refusal};
use crate::sales::Line;
use crate::stock::LevelKey;

mod back;
mod recall;

pub use back::SoldLot;
pub(crate) use back::{named_back, shares_back};
pub use recall::{Affected, AffectedCustomer, AffectedParty, OpenReservation, Recall, RecallLot};

/// The status of a lot.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LotStatus {
    /// It may be sold until it expires.
    Open,
    /// It must not be sold.
    Recalled,
}

/// Units of one product that were made or received together.
#[derive(Debug, Clone)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// Its product.
    pub product_id: ProductId,
    /// The code printed on the units, unique per product.
    pub code: String,
    /// The last day on which it may be sold; none if it does not expire.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// The name of the sender.
    pub received_from: Option<String>,
    /// The time of its first receipt.
    pub received_at: DateTime<Utc>,
    /// Its status.
    pub status: LotStatus,
    /// The version. It grows with each change.
    pub version: i32,
}

impl Lot {
    /// Returns whether it may be sold on a day to a customer that requires `life_days` of remaining life.
    pub fn is_sellable(&self, on: NaiveDate, life_days: u32) -> bool {
        let last = on.checked_add_days(chrono::Days::new(life_days.into())).unwrap_or(NaiveDate::MAX);
        self.status == LotStatus::Open && self.expires_on.is_none_or(|end| end >= last)
    }

    /// Returns the sort key of first expired, first out; for equal days, first received, first out. A lot
    /// that does not expire comes last.
    pub(crate) fn rank(&self) -> (NaiveDate, DateTime<Utc>, &str) {
        (self.expires_on.unwrap_or(NaiveDate::MAX), self.received_at, &self.code)
    }
}

/// A lot as a caller names it on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLot {
    /// Its code.
    pub code: String,
    /// Stock units of it. If absent: one unit of a serial number, else the whole line.
    pub quantity: Option<Quantity>,
    /// The details that a receipt states.
    pub details: LotDetails,
}

/// The details of a lot that a receipt states. A later receipt must state the same or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LotDetails {
    /// The last day on which it may be sold.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// The name of the sender.
    pub received_from: Option<String>,
}

/// The part of a line in one lot. Quantity and cost have the sign of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotShare {
    /// The lot.
    pub lot_id: LotId,
    /// Its code.
    pub code: String,
    /// Stock units.
    pub quantity: Quantity,
    /// Their cost; zero before they are issued.
    pub cost: Money,
}

/// The lots that a batch of commands touches.
#[derive(Debug, Default)]
pub struct Lots {
    by_id: HashMap<LotId, Lot>,
    by_code: HashMap<(ProductId, String), LotId>,
    /// Documents and customers that a recall affects, by lot.
    pub affected: HashMap<LotId, Affected>,
}

impl Lots {
    /// Adds a lot, or replaces it.
    pub fn insert(&mut self, lot: Lot) {
        self.by_code.insert((lot.product_id, lot.code.clone()), lot.id);
        self.by_id.insert(lot.id, lot);
    }

    /// Returns the lot with this id.
    pub fn get(&self, id: LotId) -> Option<&Lot> {
        self.by_id.get(&id)
    }

    /// Returns the lot of a product with this code.
    pub fn find(&self, product_id: ProductId, code: &str) -> Option<&Lot> {
        self.by_code.get(&(product_id, code.to_owned())).and_then(|id| self.by_id.get(id))
    }

    /// Iterates over all lots, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.by_id.values()
    }
}

/// Rejects a document that has too many lines after they were split by lot.
pub(crate) fn check_line_count(lines: usize) -> Result<(), Refusal> {
    if lines > LINES_MAX {
        let detail = format!("Split by lot, the document has more than {LINES_MAX} lines.");
        return Err(Refusal::invalid("/lines", detail));
    }
    Ok(())
}

/// Returns the levels that a line moves, each with quantity and cost: one per lot, or that of the product
/// without lots. Nothing for a line without stock.
pub(crate) fn moves(location_id: LocationId, line: &Line, cost: Money) -> Vec<(LevelKey, Quantity, Money)> {
    if !line.stocked {
        return Vec::new();
    }
    if line.lots.is_empty() {
        return vec![(LevelKey::untracked(location_id, line.product_id), line.quantity, cost)];
    }
    let product_id = line.product_id;
    let key = |lot_id| LevelKey { location_id, product_id, lot_id };
    line.lots.iter().map(|share| (key(share.lot_id), share.quantity, share.cost)).collect()
}

/// Issues the lots of a line, notes the cost of each, and returns the sum.
pub(crate) fn issue(
    book: &mut Book,
    (location_id, product_id): (LocationId, ProductId),
    shares: &mut [LotShare],
    (line_no, occurred_at, forced): (i32, DateTime<Utc>, bool),
) -> Money {
    for share in shares.iter_mut() {
        let key = LevelKey { location_id, product_id, lot_id: share.lot_id };
        share.cost = book.issue(&Issue { key, quantity: share.quantity, line_no, occurred_at, forced });
    }
    shares.iter().map(|share| share.cost).sum()
}

/// Returns the shares of a line with `quantity` more of a lot, those first that expire first.
pub(crate) fn joined(lots: &Lots, shares: &[LotShare], lot_id: LotId, quantity: Quantity) -> Vec<LotShare> {
    let mut shares = shares.to_vec();
    match shares.iter_mut().find(|share| share.lot_id == lot_id) {
        Some(share) => share.quantity += quantity,
        None => {
            let code = lots.get(lot_id).map(|lot| lot.code.clone()).unwrap_or_default();
            shares.push(LotShare { lot_id, code, quantity, cost: Money::ZERO });
        }
    }
    shares.sort_by_key(|share| lots.get(share.lot_id).map(|lot| lot.rank()));
    shares
}

/// Returns the stock units of each named lot of a line. Rejects lots of a product that is not tracked, and
/// quantities that do not add up to the line.
pub(crate) fn divided(
    product: &Product,
    quantity: Quantity,
    named: &[NamedLot],
    pointer: &str,
) -> Result<Vec<Quantity>, Problem> {
    let refuse = |field: String, detail: String| Err(invalid(product, format!("{pointer}/{field}"), detail));
    let sku = &product.sku;
    if !product.is_tracked() {
        return refuse("lots".to_owned(), format!("{sku} is not tracked by lot: leave lots out."));
    }
    let is_serial = product.tracking == Tracking::Serial;
    let mut parts: Vec<Quantity> = Vec::with_capacity(named.len());
    for (index, lot) in named.iter().enumerate() {
        let part = match lot.quantity {
            Some(part) => part,
            None if is_serial => Quantity::ONE,
            None if named.len() == 1 => quantity,
            None => {
                return refuse(
                    format!("lots/{index}/quantity"),
                    "State the quantity of each lot.".to_owned(),
                );
            }
        };
        if !part.is_positive() {
            return refuse(format!("lots/{index}/quantity"), "The quantity must be above zero.".to_owned());
        }
        if is_serial && part != Quantity::ONE {
            let detail = format!("{} is one unit: name each serial number of {sku} separately.", lot.code);
            return refuse(format!("lots/{index}/quantity"), detail);
        }
        if named[..index].iter().any(|earlier| earlier.code == lot.code) {
            return refuse(format!("lots/{index}/code"), format!("{} is named twice.", lot.code));
        }
        parts.push(part);
    }
    let sum: Quantity = parts.iter().copied().sum();
    if sum != quantity {
        let detail =
            format!("The lots add up to {sum} {} of {sku}, but the line has {quantity}.", product.stock_uom);
        return refuse("lots".to_owned(), detail);
    }
    Ok(parts)
}

/// Returns the problem of a line that names no lots of a tracked product.
pub(crate) fn unnamed(product: &Product, pointer: &str) -> Problem {
    let what = match product.tracking {
        Tracking::Serial => "by serial number: name each one",
        Tracking::Lot | Tracking::None => "by lot: name them",
    };
    invalid(product, format!("{pointer}/lots"), format!("{} is tracked {what} in lots.", product.sku))
}

pub(crate) fn problem(product: &Product, pointer: String, code: Code, detail: String) -> Problem {
    Problem { pointer, code, detail, params: vec![("sku", product.sku.clone())] }
}

pub(crate) fn unknown(product: &Product, code: &str, pointer: &str) -> Problem {
    let detail = format!("There is no lot {code} of {}.", product.sku);
    problem(product, format!("{pointer}/code"), Code::NotFound, detail)
}

/// The part of a received line in one lot.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    code: String,
    pub(crate) quantity: Quantity,
    details: LotDetails,
}

impl Arrival {
    /// Makes the arrival of units that a count found, in a lot of which only code and expiry date are known.
    pub(crate) fn found(code: String, expires_on: Option<NaiveDate>) -> Self {
        let details = LotDetails { expires_on, ..LotDetails::default() };
        Arrival { code, quantity: Quantity::ZERO, details }
    }
}

/// The lots that the lines of a document have received so far.
#[derive(Debug, Default)]
pub(crate) struct Incoming(HashMap<(ProductId, String), LotDetails>);

impl Incoming {
    /// Returns the lots that a line receives; none for a product that is not tracked. Rejects details that
    /// contradict those of the lot, and a serial number that is in stock. Unless it `may_return`, also
    /// rejects a serial number that was received before.
    pub(crate) fn add(
        &mut self,
        book: &Book,
        (product, quantity): (&Product, Quantity),
        named: &[NamedLot],
        (may_return, pointer): (bool, &str),
    ) -> Result<Vec<Arrival>, Problem> {
        if named.is_empty() {
            return if !product.is_tracked() { Ok(Vec::new()) } else { Err(unnamed(product, pointer)) };
        }
        let parts = divided(product, quantity, named, pointer)?;
        let mut arrivals = Vec::with_capacity(named.len());
        for (index, (lot, quantity)) in named.iter().zip(parts).enumerate() {
            let pointer = format!("{pointer}/lots/{index}");
            let known = book.lots.find(product.id, &lot.code);
            let earlier = self.0.get(&(product.id, lot.code.clone()));
            if product.tracking == Tracking::Serial {
                check_serial(
                    book,
                    product,
                    known,
                    earlier.is_some() || (known.is_some() && !may_return),
                    &lot.code,
                    &pointer,
                )?;
            }
            if let Some(known) = known.map(Lot::details).as_ref().or(earlier) {
                check_agrees(product, known, lot, &pointer)?;
            }
            self.0.entry((product.id, lot.code.clone())).or_insert_with(|| lot.details.clone());
            arrivals.push(Arrival { code: lot.code.clone(), quantity, details: lot.details.clone() });
        }
        Ok(arrivals)
    }
}

impl Lot {
    fn details(&self) -> LotDetails {
        LotDetails {
            expires_on: self.expires_on,
            supplier_lot: self.supplier_lot.clone(),
            received_from: self.received_from.clone(),
        }
    }
}

/// Rejects details that differ from those of the first receipt of the lot.
fn check_agrees(product: &Product, known: &LotDetails, lot: &NamedLot, pointer: &str) -> Result<(), Problem> {
    let said = &lot.details;
    let shown = |day: Option<NaiveDate>| day.map_or("never".to_owned(), |day| format!("on {day}"));
    if said.expires_on.is_some() && said.expires_on != known.expires_on {
        let detail = format!(
            "Lot {} expires {}, not {}: correct the receipt, or the lot with PATCH /v1/lots.",
            lot.code,
            shown(known.expires_on),
            shown(said.expires_on)
        );
        return Err(invalid(product, format!("{pointer}/expires_on"), detail));
    }
    if said.supplier_lot.is_some() && said.supplier_lot != known.supplier_lot {
        let detail = format!(
            "Lot {} has another supplier_lot: correct the receipt, or the lot with PATCH /v1/lots.",
            lot.code
        );
        return Err(invalid(product, format!("{pointer}/supplier_lot"), detail));
    }
    Ok(())
}

/// Returns the lot of an arrival, and makes it if it is new. Call it after the last check of a command.
pub(crate) fn enter(
    book: &mut Book,
    product_id: ProductId,
    arrival: &Arrival,
    at: DateTime<Utc>,
    posting: &mut Posting,
) -> LotId {
    if let Some(known) = book.lots.find(product_id, &arrival.code) {
        return known.id;
    }
    let LotDetails { expires_on, supplier_lot, received_from } = arrival.details.clone();
    let lot = Lot {
        id: LotId(book.ids.next_id()),
        product_id,
        code: arrival.code.clone(),
        expires_on,
        supplier_lot,
        received_from,
        received_at: at,
        status: LotStatus::Open,
        version: 1,
    };
    book.lots.insert(lot.clone());
    posting.lots.push(lot.clone());
    lot.id
}

#[cfg(test)]
pub(crate) mod tests;
