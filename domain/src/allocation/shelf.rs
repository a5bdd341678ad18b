//! Available stock for the waiting order lines, and which of them get it.
//!
//! Units of a product without lots are all the same. Of a tracked product, each line gets the lots that
//! expire first and have enough remaining life for its customer. A lot that expires too early for the first
//! line may suit the next one.

use chrono::{Days, NaiveDate};

use super::pick::levels_of;
use crate::book::Book;
use crate::lot::{Lot, LotStatus};
use crate::number::Quantity;
use crate::promise::Waiting;
use crate::stock::LevelKey;

/// Available units of a level; below zero if more is reserved than is on hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    /// The level.
    pub key: LevelKey,
    /// Stock units.
    pub quantity: Quantity,
    /// The last day on which they may be sold.
    pub expires_on: Option<NaiveDate>,
}

impl Free {
    /// Returns whether its units may still be sold `life_days` after today.
    pub(crate) fn lasts(&self, today: NaiveDate, life_days: u32) -> bool {
        let last = today.checked_add_days(Days::new(life_days.into())).unwrap_or(NaiveDate::MAX);
        self.expires_on.is_none_or(|end| end >= last)
    }
}

/// Units of a level that a waiting line gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// The line's place in the queue, from 0.
    pub at: usize,
    /// The level.
    pub key: LevelKey,
    /// Stock units, above zero.
    pub quantity: Quantity,
}

/// Divides `free` among the lines of a queue. Both are in order: the first line gets everything that suits
/// it, then the next one.
pub fn allot(today: NaiveDate, free: &[Free], queue: &[Waiting]) -> Vec<Given> {
    let mut left: Vec<Quantity> = free.iter().map(|free| free.quantity).collect();
    // Units that one lot has below zero came out of another lot, so all lots together have less than the
    // others show.
    let mut most: Quantity = free.iter().filter(|free| free.lasts(today, 0)).map(|free| free.quantity).sum();
    let mut given = Vec::new();
    for (at, waiting) in queue.iter().enumerate() {
        let mut wanted = waiting.backordered;
        let fit = free.iter().zip(&mut left).filter(|(free, _)| free.lasts(today, waiting.life_days));
        for (free, left) in fit {
            let quantity = wanted.min(*left).min(most);
            if quantity.is_positive() {
                wanted -= quantity;
                *left -= quantity;
                most -= quantity;
                given.push(Given { at, key: free.key, quantity });
            }
        }
    }
    given
}

/// Returns the available units of a product at the location of `level`, for each lot that is not recalled, in
/// the order in which lots are taken.
pub(super) fn free_lots(book: &Book, level: &LevelKey) -> Vec<Free> {
    let lots = levels_of(book, level.location_id, level.product_id)
        .filter_map(|(key, of_lot)| Some((book.lots.get(key.lot_id)?, *key, of_lot.available())));
    let mut lots: Vec<(&Lot, LevelKey, Quantity)> =
        lots.filter(|(lot, ..)| lot.status == LotStatus::Open).collect();
    lots.sort_by(|(one, ..), (other, ..)| one.rank().cmp(&other.rank()));
    lots.into_iter().map(|(lot, key, quantity)| Free { key, quantity, expires_on: lot.expires_on }).collect()
}

/// Returns what is reserved beyond the stock on hand, as a quantity of zero or less. The next supplies cover
/// it first.
pub(crate) fn lacking(free: &[Free]) -> Quantity {
    free.iter().map(|free| free.quantity.min(Quantity::ZERO)).sum()
}

impl Book {
    /// Returns the available units for the queue of a level; lot by lot for a tracked product.
    pub(crate) fn free_at(&self, key: &LevelKey) -> Vec<Free> {
        if self.is_tracked(key.product_id) {
            return free_lots(self, key);
        }
        vec![Free { key: *key, quantity: self.level(key).available(), expires_on: None }]
    }

    /// Returns the available units that count for a line that still waits after it took what suits it. The
    /// available lots of a tracked product do not suit the line, so only what is reserved beyond the stock on
    /// hand counts.
    pub(crate) fn free_beside(&self, key: &LevelKey) -> Quantity {
        if self.is_tracked(key.product_id) {
            lacking(&self.free_at(key))
        } else {
            self.level(key).available()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::id::LotId;
    use crate::promise::tests::{day, queue, units};

    fn lots(lots: &[(Option<u64>, i64)]) -> Vec<Free> {
        let free = |(number, (end, quantity)): (u128, &(Option<u64>, i64))| Free {
            key: LevelKey {
                lot_id: LotId(Uuid::from_u128(number)),
                ..LevelKey::untracked(Default::default(), Default::default())
            },
            quantity: units(*quantity),
            expires_on: end.map(day),
        };
        let mut lots: Vec<Free> = (1..).zip(lots).map(free).collect();
        lots.sort_by_key(|free| free.expires_on.unwrap_or(NaiveDate::MAX));
        lots
    }

    #[test]
    fn what_is_too_short_for_the_first_does_for_the_next() {
        let mut queue = queue(&[5, 5]);
        queue[0].life_days = 10;
        let given = allot(day(0), &lots(&[(Some(3), 4), (Some(20), 6)]), &queue);
        let given: Vec<_> = given.iter().map(|given| (given.at, given.quantity)).collect();
        assert_eq!(given, [(0, units(5)), (1, units(4)), (1, units(1))]);
    }

    proptest! {
        /// Every line gets only lots with enough remaining life. No lot is allocated beyond its units, nor
        /// all lots together. A line waits only if nothing that suits it is left. Later lines take nothing
        /// from earlier ones.
        #[test]
        fn each_line_gets_all_that_will_do_for_it(
            goods in prop::collection::vec((prop::option::of(0..30_u64), -5..20_i64), 0..8),
            lines in prop::collection::vec((1..20_i64, 0..30_u32), 0..8),
        ) {
            let free = lots(&goods);
            let mut queue = queue(&lines.iter().map(|(wanted, _)| *wanted).collect::<Vec<_>>());
            for (waiting, (_, life_days)) in queue.iter_mut().zip(&lines) {
                waiting.life_days = *life_days;
            }
            let given = allot(day(0), &free, &queue);
            let of = |key: LevelKey| given.iter().filter(move |given| given.key == key);
            for lot in &free {
                let taken: Quantity = of(lot.key).map(|given| given.quantity).sum();
                prop_assert!(taken <= lot.quantity.max(Quantity::ZERO));
            }
            for (at, waiting) in queue.iter().enumerate() {
                let got: Quantity = given.iter().filter(|given| given.at == at).map(|given| given.quantity).sum();
                prop_assert!(got <= waiting.backordered);
                let fits = |lot: &&Free| lot.expires_on.is_none_or(|end| end >= day(waiting.life_days.into()));
                let mut before = Quantity::ZERO;
                for lot in free.iter().filter(fits) {
                    let first: Quantity = of(lot.key).filter(|given| given.at <= at).map(|given| given.quantity).sum();
                    before += (lot.quantity - first).max(Quantity::ZERO);
                }
                let all: Quantity = free.iter().map(|lot| lot.quantity).sum();
                let gone: Quantity = given.iter().filter(|given| given.at <= at).map(|given| given.quantity).sum();
                prop_assert!(gone <= all.max(Quantity::ZERO));
                prop_assert!(got == waiting.backordered || before.is_zero() || gone == all.max(Quantity::ZERO));
                let mut its_own = given.iter().filter(|given| given.at == at);
                let lasts = its_own.all(|given| free.iter().filter(fits).any(|lot| lot.key == given.key));
                prop_assert!(lasts);
                let alone = allot(day(0), &free, &queue[..=at]);
                prop_assert_eq!(&given[..alone.len()], &alone[..]);
            }
        }
    }
}
