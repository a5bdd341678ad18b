//! The products that had a SKU one after the other. A sale that has happened names the one of its time.

use chrono::{DateTime, Utc};

use crate::id::ProductId;

/// A product, and the time for which it had a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkuHolder {
    /// The product.
    pub product_id: ProductId,
    /// The instant from which it had the SKU. None if it was made with it, and none had it before. A later holder whose instant
    /// is not known has it from when it was made.
    pub since: Option<DateTime<Utc>>,
    /// The instant at which the SKU was replaced. None if the product has it now.
    pub until: Option<DateTime<Utc>>,
}

impl SkuHolder {
    pub(super) fn had_it_at(&self, at: DateTime<Utc>) -> bool {
        self.since.is_none_or(|since| since <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Returns the product that had the SKU at an instant. `holders` are in the order of their times. If none had it, the till
/// may not have known of a change yet: then it is the last one that had had it, else the first one that got it.
pub(crate) fn holder_at(holders: &[SkuHolder], at: DateTime<Utc>) -> Option<ProductId> {
    place_at(holders, at).map(|place| holders[place].product_id)
}

/// Returns the place of the holder that [`holder_at`] names.
pub(super) fn place_at(holders: &[SkuHolder], at: DateTime<Utc>) -> Option<usize> {
    let then = holders.iter().position(|holder| holder.had_it_at(at));
    let before = || holders.iter().rposition(|holder| holder.until.is_some_and(|until| until <= at));
    then.or_else(before).or_else(|| (!holders.is_empty()).then_some(0))
}

/// Returns whether the SKU was that of no product at an instant and before, and a product got it later.
pub(crate) fn is_got_later(holders: &[SkuHolder], at: DateTime<Utc>) -> bool {
    !holders.is_empty() && holders.iter().all(|holder| holder.since.is_some_and(|since| since > at))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn minute(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Duration::minutes(minute)
    }

    fn holder(number: u128, since: Option<i64>, until: Option<i64>) -> SkuHolder {
        let product_id = ProductId(Uuid::from_u128(number));
        SkuHolder { product_id, since: since.map(minute), until: until.map(minute) }
    }

    fn at(holders: &[SkuHolder], at: i64) -> Option<u128> {
        holder_at(holders, minute(at)).map(|id| id.0.as_u128())
    }

    #[test]
    fn a_sku_names_the_holder_of_its_time_and_else_the_one_before() {
        let holders =
            [holder(1, Some(10), Some(20)), holder(2, Some(30), Some(40)), holder(3, Some(40), None)];
        let expected = [(10, 1), (19, 1), (20, 1), (29, 1), (30, 2), (39, 2), (40, 3), (99, 3)];
        for (minute, product) in expected {
            assert_eq!(at(&holders, minute), Some(product), "at {minute}");
        }
    }

    #[test]
    fn before_all_holders_a_sku_names_the_first_one() {
        let holders = [holder(1, Some(10), Some(20)), holder(2, Some(20), None)];
        assert_eq!(at(&holders, 9), Some(1));
        assert!(is_got_later(&holders, minute(9)) && !is_got_later(&holders, minute(10)));
        assert!(!is_got_later(&holders[..0], minute(9)), "no product has it");
    }

    #[test]
    fn after_the_last_holder_a_sku_names_that_one() {
        let holders = [holder(1, None, Some(20)), holder(2, Some(20), Some(30))];
        assert_eq!((at(&holders, 0), at(&holders, 30)), (Some(1), Some(2)));
        assert!(!is_got_later(&holders, minute(99)), "they had it before");
    }

    #[test]
    fn a_holder_without_a_begin_has_the_sku_from_the_end_of_the_one_before() {
        let holders = [holder(1, None, Some(20)), holder(2, None, Some(30)), holder(3, Some(25), None)];
        assert_eq!([19, 20, 29, 30].map(|minute| at(&holders, minute)), [1, 2, 2, 3].map(Some));
    }
}
