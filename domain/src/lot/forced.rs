//! Goods in lots that have left already, whatever the record says: which lots they are taken off.
//!
//! A lot that is named is the one. Otherwise it is what a till would have sold: what is free of the lots that may be sold,
//! those first that expire first; then what is there of them although it is promised; and what is missing still is taken
//! off the lot that came last, as the one of which a delivery is most likely not recorded yet. That one goes below zero, at
//! its last known cost, until the next goods of it, a count or an adjustment say what it really was. Nobody is told to
//! have got goods that were expired or recalled unless somebody names them, or there is nothing else.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::pick::key;
use super::{LineRequest, Lot, PickRule, problem};
use crate::book::{Book, Demand};
use crate::id::{LocationId, ProductId};
use crate::line_item::invalid;
use crate::number::Quantity;
use crate::refusal::{Code, Problem};
use crate::sales::Line;
use crate::stock::LevelKey;

impl Demand {
    /// Spreads the `left` units of a line that are not free over lots: `lots` are those that may be sold where the goods
    /// were, `taken` what the line takes of each.
    pub(super) fn allocate_forced<'a>(
        &mut self,
        book: &'a Book,
        (rule, request): (&PickRule, &LineRequest<'_>),
        (lots, taken): (&mut Vec<&'a Lot>, &mut BTreeMap<usize, Quantity>),
        mut left: Quantity,
    ) -> Result<(), Problem> {
        for (at, lot) in lots.iter().enumerate() {
            let key = key(rule.location_id, lot);
            let part = left.min(book.level(&key).on_hand - self.taken(&key));
            if part.is_positive() {
                self.want(book, rule, (key, part), request.pointer);
                *taken.entry(at).or_default() += part;
                left -= part;
            }
        }
        if left.is_zero() {
            return Ok(());
        }
        let on = book.setup.settings.day(rule.went.map_or(book.now, |(at, _)| at));
        let Some(last) = last_received(book, (rule.location_id, request.product.id), on) else {
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
        self.want(book, rule, (key(rule.location_id, last), left), request.pointer);
        *taken.entry(at).or_default() += left;
        Ok(())
    }

    /// Refuses a serial number of which the record has no piece at the place, however it left: not the stock is wrong
    /// then, but the number or the place. So a piece never leaves twice, and its level never goes below zero.
    pub(super) fn check_piece(
        &self,
        book: &Book,
        (request, lot): (&LineRequest<'_>, &Lot),
        (key, pointer): (&LevelKey, &str),
    ) -> Result<(), Problem> {
        if book.level(key).on_hand - self.taken(key) >= Quantity::ONE {
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

/// The lot of a product that came last: to the location, if any ever did, and rather one that might be sold on the day. The
/// service reads the same one beforehand.
pub(super) fn last_received(
    book: &Book,
    (location_id, product_id): (LocationId, ProductId),
    on: NaiveDate,
) -> Option<&Lot> {
    let lots = book.lots.iter().filter(|lot| lot.product_id == product_id);
    lots.max_by_key(|lot| {
        let was_here = book.levels.contains_key(&key(location_id, lot));
        (was_here, lot.is_sellable(on, 0), lot.received_at, lot.id)
    })
}

/// Whether goods were sold on a day on which their lot was not to be sold.
pub(crate) fn is_unsellable<'a>(book: &Book, lines: impl Iterator<Item = &'a Line>, on: NaiveDate) -> bool {
    let mut lots = lines.flat_map(|line| &line.lots).filter_map(|share| book.lots.get(share.lot_id));
    lots.any(|lot| !lot.is_sellable(on, 0))
}
