//! Goods in lots that have left already, whatever the record says: the lots that they are taken off.
//!
//! A named lot is taken as named. Otherwise the lots are those that a till would have sold: first what is free of the lots
//! that may be sold, from the one that expires first; then what is on hand of them although it is reserved. What is still
//! missing is taken off the lot that came last: a delivery of it is most likely not recorded yet. That lot goes below
//! zero, at its last known cost, until its next receipt, a count or an adjustment gives the real figure. Expired and
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
    /// Spreads the `left` units of a line that are not free over lots: first over those `picked` from, which may be sold.
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
                "Nothing of {} ever came in, so it has no lot: record its receipt, then send this again.",
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

    /// Rejects a serial number of which the record has no piece at the place, even if it is forced: then the number or the
    /// place is wrong, not the stock. So a piece never leaves twice, and its level never goes below zero.
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
            "The record has no {} of {} here: name the number that is on the goods, or record first how the piece came \
             here.",
            lot.code, request.product.sku
        );
        Err(problem(request.product, format!("{pointer}/code"), Code::ValidationFailed, detail))
    }
}

/// Returns the lot of a product that came last: to the location if any did, and first one that may be sold on the day.
/// The service reads the same lot beforehand.
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

/// Whether goods were sold on a day on which their lot was not to be sold.
pub(crate) fn is_unsellable<'a>(book: &Book, lines: impl Iterator<Item = &'a Line>, on: NaiveDate) -> bool {
    let mut lots = lines.flat_map(|line| &line.lots).filter_map(|share| book.lots.get(share.lot_id));
    lots.any(|lot| !lot.is_sellable(on, 0))
}
