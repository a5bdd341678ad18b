//! Forced issues of tracked products: the lots from which units that left already are taken.
//!
//! A named lot is taken as named. Otherwise available units of sellable lots are taken first, from the lot
//! that expires first, as a till would; then units on hand of these lots that are reserved. The rest is taken
//! from the lot that was received last, because a delivery of it is most likely not recorded yet. That lot
//! goes below zero, at its last known cost, until its next receipt, a count or an adjustment. Expired and
//! recalled lots are taken only if the caller names them, or if there is no other lot.

use chrono::NaiveDate;

use super::pick::{Picked, key};
use super::{Demand, LineRequest, PickRule};
use crate::book::Book;
use crate::id::{LocationId, ProductId};
use crate::line_item::invalid;
use crate::lot::{Lot, problem};
use crate::number::Quantity;
use crate::refusal::{Code, Problem};
use crate::sales::Line;
use crate::stock::LevelKey;

impl Demand {
    /// Spreads the `left` units of a line that are not available over lots: first over the sellable ones in
    /// `picked`, then over the lot received last. Rejects a product that has no lot.
    pub(super) fn allocate_forced<'a>(
        &mut self,
        book: &'a Book,
        rule: &PickRule,
        request: &LineRequest<'_>,
        picked: Picked<'_, 'a>,
        mut left: Quantity,
    ) -> Result<(), Problem> {
        let Picked { lots, taken } = picked;
        for (at, lot) in lots.iter().enumerate() {
            let key = key(rule.location_id, lot);
            let part = left.min(book.level(&key).on_hand() - self.taken(&key));
            if part.is_positive() {
                self.want(book, rule, key, part, request.pointer);
                *taken.entry(at).or_default() += part;
                left -= part;
            }
        }
        if left.is_zero() {
            return Ok(());
        }
        let on = book.setup.settings.day(rule.left.map_or(book.now, |left| left.occurred_at));
        let Some(last) = last_received(book, rule.location_id, request.product.id, on) else {
            let detail = format!(
                "{} has no lot, because none was ever received: record its receipt, then send this again.",
                request.product.sku
            );
            return Err(invalid(request.product, format!("{}/lots", request.pointer), detail));
        };
        let at = lots.iter().position(|lot| lot.id == last.id).unwrap_or_else(|| {
            lots.push(last);
            lots.len() - 1
        });
        self.want(book, rule, key(rule.location_id, last), left, request.pointer);
        *taken.entry(at).or_default() += left;
        Ok(())
    }

    /// Rejects a serial number that is not at the location, even if the issue is forced: then the number or
    /// the location is wrong, not the stock. So a serial number never leaves twice, and its level never goes
    /// below zero.
    pub(super) fn check_piece(
        &self,
        book: &Book,
        request: &LineRequest<'_>,
        lot: &Lot,
        key: &LevelKey,
        pointer: &str,
    ) -> Result<(), Problem> {
        if book.level(key).on_hand() - self.taken(key) >= Quantity::ONE {
            return Ok(());
        }
        let detail = format!(
            "Serial number {} of {} is not at this location: name the number on the unit, or record first how it \
             came here.",
            lot.code, request.product.sku
        );
        Err(problem(request.product, format!("{pointer}/code"), Code::ValidationFailed, detail))
    }
}

/// Returns the lot of a product that was received last, preferring lots at the location, then lots that are
/// sellable on the day. The service loads the same lot.
pub(crate) fn last_received(
    book: &Book,
    location_id: LocationId,
    product_id: ProductId,
    on: NaiveDate,
) -> Option<&Lot> {
    let lots = book.lots.iter().filter(|lot| lot.product_id == product_id);
    lots.max_by_key(|lot| {
        let was_here = book.levels().contains_key(&key(location_id, lot));
        (was_here, lot.is_sellable(on, 0), lot.received_at, lot.id)
    })
}

/// Returns whether a line has a lot that was not sellable on the day.
pub(crate) fn is_unsellable<'a>(book: &Book, lines: impl Iterator<Item = &'a Line>, on: NaiveDate) -> bool {
    let mut lots = lines.flat_map(|line| &line.lots).filter_map(|share| book.lots.get(share.lot_id));
    lots.any(|lot| !lot.is_sellable(on, 0))
}
