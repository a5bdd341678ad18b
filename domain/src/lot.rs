//! Lots: goods of one making, followed from the supplier to every customer. A serial number is a lot of one unit.
//!
//! Goods of a tracked product always lie in a lot, and whatever moves or reserves them says in which: there is no stock
//! of such a product outside its lots. A caller names lots, or gets those that expire first.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

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
mod forced;
mod held;
mod pick;
mod recall;
mod serial;
mod waiting;

pub use back::SoldLot;
pub(crate) use back::{named_back, shares_back};
pub(crate) use forced::is_unsellable;
pub(crate) use held::held_lines;
pub(crate) use pick::{LineRequest, PickRule, Purpose};
pub use recall::{Affected, AffectedCustomer, AffectedParty, OpenReservation, Recall, RecallLot};
use serial::check_serial;
pub(crate) use serial::{check_gone, on_hand};
pub(crate) use waiting::{free_at, joined};

/// Whether goods of a lot may be sold, as far as that is a decision of somebody.
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
    /// They may, until they expire.
    Open,
    /// They may not: whoever has some is called.
    Recalled,
}

/// Goods of one making.
#[derive(Debug, Clone)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// What it is a lot of.
    pub product_id: ProductId,
    /// What is printed on the goods, unique per product.
    pub code: String,
    /// The last day on which they may be sold.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// Who sent it.
    pub received_from: Option<String>,
    /// When the first goods of it came.
    pub received_at: DateTime<Utc>,
    /// Whether it may be sold.
    pub status: LotStatus,
    /// Grows with each change.
    pub version: i32,
}

impl Lot {
    /// Whether it may be sold on a day to somebody who needs it to last so many days more.
    pub fn is_sellable(&self, on: NaiveDate, life_days: u32) -> bool {
        let last = on.checked_add_days(chrono::Days::new(life_days.into())).unwrap_or(NaiveDate::MAX);
        self.status == LotStatus::Open && self.expires_on.is_none_or(|end| end >= last)
    }

    /// What is sold first: what expires first, then what came first. Goods without an end come last.
    fn rank(&self) -> (NaiveDate, DateTime<Utc>, &str) {
        (self.expires_on.unwrap_or(NaiveDate::MAX), self.received_at, &self.code)
    }
}

/// A lot as a caller names it on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLot {
    /// Its code.
    pub code: String,
    /// Stock units of it; the whole line, or one piece of a serial, where none are named.
    pub quantity: Option<Quantity>,
    /// What a receipt says of it.
    pub details: LotDetails,
}

/// What a receipt says of a lot. A later receipt says the same or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LotDetails {
    /// The last day on which it may be sold.
    pub expires_on: Option<NaiveDate>,
    /// The supplier's own code for it.
    pub supplier_lot: Option<String>,
    /// Who sent it.
    pub received_from: Option<String>,
}

/// The part of a line that is of one lot. Signs are those of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LotShare {
    /// The lot.
    pub lot_id: LotId,
    /// Its code.
    pub code: String,
    /// Stock units.
    pub quantity: Quantity,
    /// What they cost, once they have moved.
    pub cost: Money,
}

/// The lots that a batch of commands touches.
#[derive(Debug, Default)]
pub struct Lots {
    by_id: HashMap<LotId, Lot>,
    by_code: HashMap<(ProductId, String), LotId>,
    /// Who has goods of the lots that are recalled.
    pub affected: HashMap<LotId, Affected>,
}

impl Lots {
    /// Adds a lot, or states it anew.
    pub fn insert(&mut self, lot: Lot) {
        self.by_code.insert((lot.product_id, lot.code.clone()), lot.id);
        self.by_id.insert(lot.id, lot);
    }

    /// The lot with this id.
    pub fn get(&self, id: LotId) -> Option<&Lot> {
        self.by_id.get(&id)
    }

    /// The lot of a product with this code.
    pub fn find(&self, product_id: ProductId, code: &str) -> Option<&Lot> {
        self.by_code.get(&(product_id, code.to_owned())).and_then(|id| self.by_id.get(id))
    }

    /// Every lot.
    pub fn iter(&self) -> impl Iterator<Item = &Lot> {
        self.by_id.values()
    }
}

/// Refuses a document that has too many lines once each is of one lot.
pub(crate) fn check_line_count(lines: usize) -> Result<(), Refusal> {
    if lines > LINES_MAX {
        let detail = format!("With a line for each lot the document has more than {LINES_MAX} lines.");
        return Err(Refusal::invalid("/lines", detail));
    }
    Ok(())
}

/// The levels that a line moves, each with its quantity and cost: one per lot, or the one of goods without lots.
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

/// Takes shares of lots out of stock for a line, when it left, and notes what each cost; answers the sum.
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

/// How many stock units of each named lot a line is of. Refuses lots of goods that are not tracked, and quantities that
/// do not make up the line.
fn divided(
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
                return refuse(format!("lots/{index}/quantity"), "Say how many are of each lot.".to_owned());
            }
        };
        if !part.is_positive() {
            return refuse(format!("lots/{index}/quantity"), "The quantity must be above zero.".to_owned());
        }
        if is_serial && part != Quantity::ONE {
            let detail = format!("{} is one piece: name each serial number of {sku} by itself.", lot.code);
            return refuse(format!("lots/{index}/quantity"), detail);
        }
        if named[..index].iter().any(|earlier| earlier.code == lot.code) {
            return refuse(format!("lots/{index}/code"), format!("{} is named twice.", lot.code));
        }
        parts.push(part);
    }
    let sum: Quantity = parts.iter().copied().sum();
    if sum != quantity {
        let detail = format!("The lots make up {sum} {} of {sku}, the line {quantity}.", product.stock_uom);
        return refuse("lots".to_owned(), detail);
    }
    Ok(parts)
}

/// A line of tracked goods without lots.
fn unnamed(product: &Product, pointer: &str) -> Problem {
    let what = match product.tracking {
        Tracking::Serial => "by serial number: name each piece",
        Tracking::Lot | Tracking::None => "by lot: say which",
    };
    invalid(product, format!("{pointer}/lots"), format!("{} is tracked {what} in lots.", product.sku))
}

fn problem(product: &Product, pointer: String, code: Code, detail: String) -> Problem {
    Problem { pointer, code, detail, params: vec![("sku", product.sku.clone())] }
}

fn unknown(product: &Product, code: &str, pointer: &str) -> Problem {
    let detail = format!("There is no lot {code} of {}.", product.sku);
    problem(product, format!("{pointer}/code"), Code::NotFound, detail)
}

/// The part of a receipt's line that is of one lot.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    code: String,
    pub(crate) quantity: Quantity,
    details: LotDetails,
}

impl Arrival {
    /// Goods that were found in a lot of which no more is known than what is printed on them.
    pub(crate) fn found(code: String, expires_on: Option<NaiveDate>) -> Self {
        let details = LotDetails { expires_on, ..LotDetails::default() };
        Arrival { code, quantity: Quantity::ZERO, details }
    }
}

/// The lots that the lines of a document have brought in so far.
#[derive(Debug, Default)]
pub(crate) struct Incoming(HashMap<(ProductId, String), LotDetails>);

impl Incoming {
    /// The lots that a line brings in; none for goods that are not tracked. What it says of a lot must agree with what is
    /// known, and a serial number must not be here already; unless it `may_return`, it must never have been.
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
                    (known, earlier.is_some() || (known.is_some() && !may_return)),
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

/// What a later receipt says of a lot must be what the first one said.
fn check_agrees(product: &Product, known: &LotDetails, lot: &NamedLot, pointer: &str) -> Result<(), Problem> {
    let said = &lot.details;
    let shown = |day: Option<NaiveDate>| day.map_or("never".to_owned(), |day| format!("on {day}"));
    if said.expires_on.is_some() && said.expires_on != known.expires_on {
        let detail = format!(
            "Lot {} expires {}, not {}: put the lot right with PATCH /v1/lots, or the receipt.",
            lot.code,
            shown(known.expires_on),
            shown(said.expires_on)
        );
        return Err(invalid(product, format!("{pointer}/expires_on"), detail));
    }
    if said.supplier_lot.is_some() && said.supplier_lot != known.supplier_lot {
        let detail = format!(
            "Lot {} has another supplier_lot: put the lot right with PATCH /v1/lots, or the receipt.",
            lot.code
        );
        return Err(invalid(product, format!("{pointer}/supplier_lot"), detail));
    }
    Ok(())
}

/// The lot that an arrival is of; made here if it is the first of it. Called only when nothing can refuse the document.
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
