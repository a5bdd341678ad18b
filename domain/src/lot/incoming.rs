//! The lots that a document receives.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Lot, LotDetails, LotStatus, NamedLot, NamedLots, divided, of_other_product, unnamed};
use crate::allocation::check_serial;
use crate::book::{Book, Posting};
use crate::id::{LotId, ProductId};
use crate::line_item::invalid;
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::Problem;

/// The part of a received line in one lot.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(super) code: String,
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
pub(crate) struct Incoming {
    known: HashMap<(ProductId, String), LotDetails>,
    /// Units that came back, by lot.
    pub(super) back: HashMap<LotId, Quantity>,
    /// Whether a serial number may be received that was received before.
    may_return: bool,
}

impl Incoming {
    /// Starts a document that takes returns, or finds units.
    pub(crate) fn returning() -> Self {
        Incoming { may_return: true, ..Incoming::default() }
    }

    /// Returns the lots that a line receives; none for a product that is not tracked. Rejects details that
    /// contradict those of the lot, and a serial number that is in stock. Unless units may return, also
    /// rejects a serial number that was received before.
    pub(crate) fn add(&mut self, book: &Book, line: &NamedLots<'_>) -> Result<Vec<Arrival>, Problem> {
        let NamedLots { product, quantity, named, pointer } = *line;
        if named.is_empty() {
            return if !product.is_tracked() { Ok(Vec::new()) } else { Err(unnamed(product, pointer)) };
        }
        let parts = divided(product, quantity, named, pointer)?;
        let mut arrivals = Vec::with_capacity(named.len());
        for (index, (lot, quantity)) in named.iter().zip(parts).enumerate() {
            let pointer = format!("{pointer}/lots/{index}");
            if self.may_return
                && let Some(other) = book.lots.other_product(product.id, &lot.code)
            {
                let detail = of_other_product(product, &lot.code, other);
                return Err(invalid(product, format!("{pointer}/code"), detail));
            }
            let known = book.lots.find(product.id, &lot.code);
            let earlier = self.known.get(&(product.id, lot.code.clone()));
            if product.tracking == Tracking::Serial {
                let came_before = earlier.is_some() || (known.is_some() && !self.may_return);
                check_serial(book, product, known, came_before, &lot.code, &pointer)?;
            }
            if let Some(known) = known.map(Lot::details).as_ref().or(earlier) {
                check_agrees(product, known, lot, &pointer)?;
            }
            self.known.entry((product.id, lot.code.clone())).or_insert_with(|| lot.details.clone());
            arrivals.push(Arrival { code: lot.code.clone(), quantity, details: lot.details.clone() });
        }
        Ok(arrivals)
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

/// Returns the lot of an arrival, and makes it if it is new. A lot that was received earlier than was known is older from
/// then on. Call it after the last check of a command.
pub(crate) fn enter(
    book: &mut Book,
    product_id: ProductId,
    arrival: &Arrival,
    at: DateTime<Utc>,
    posting: &mut Posting,
) -> LotId {
    if let Some(known) = book.lots.find(product_id, &arrival.code).cloned() {
        if at < known.received_at {
            let older = Lot { received_at: at, version: known.version + 1, ..known.clone() };
            book.lots.insert(older.clone());
            posting.lots.push(older);
        }
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
