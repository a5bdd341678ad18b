//! The lots that come in: of a receipt, a return, or goods that were found.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Lot, LotDetails, LotStatus, NamedLot, NamedLots, divided, unnamed};
use crate::allocation::check_serial;
use crate::book::{Book, Posting};
use crate::id::{LotId, ProductId};
use crate::line_item::invalid;
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::Problem;

/// The part of a receipt's line that is of one lot.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(super) code: String,
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
pub(crate) struct Incoming {
    known: HashMap<(ProductId, String), LotDetails>,
    /// Whether a serial number may come in that was here before.
    may_return: bool,
}

impl Incoming {
    /// Lots of a document that takes goods back, or finds them.
    pub(crate) fn returning() -> Self {
        Incoming { may_return: true, ..Incoming::default() }
    }

    /// The lots that a line brings in; none for goods that are not tracked. What it says of a lot must agree with what is
    /// known. A serial number must not be in stock and, unless goods may return, must never have been.
    pub(crate) fn add(&mut self, book: &Book, line: &NamedLots<'_>) -> Result<Vec<Arrival>, Problem> {
        let NamedLots { product, quantity, named, pointer } = *line;
        if named.is_empty() {
            return if !product.is_tracked() { Ok(Vec::new()) } else { Err(unnamed(product, pointer)) };
        }
        let parts = divided(product, quantity, named, pointer)?;
        let mut arrivals = Vec::with_capacity(named.len());
        for (index, (lot, quantity)) in named.iter().zip(parts).enumerate() {
            let pointer = format!("{pointer}/lots/{index}");
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
