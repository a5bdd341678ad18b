//! The spread of an amount over parts, to the smallest unit of the currency.

use rust_decimal::Decimal;

use crate::number::{self, Money, Quantity};

/// Returns the share of each part of an amount, by the weights of the parts. `exponent` is the number of decimals of the
/// currency. The shares add up to the amount, and none is below zero.
///
/// First, each part gets its share, cut off after the decimals of the currency. The smallest units that are left go, one
/// each, to the parts of which most was cut off. Of equal ones, the lowest key comes first, so the order of the parts changes
/// nothing.
///
/// # Panics
///
/// If the amount or a weight is below zero, or if no weight is above zero.
pub(super) fn spread<K: Ord>(amount: Money, exponent: u32, parts: &[(K, Quantity)]) -> Vec<Money> {
    assert!(!amount.is_negative(), "an amount to spread is not below zero");
    assert!(parts.iter().all(|(_, weight)| !weight.is_negative()), "no weight is below zero");
    let whole: Quantity = parts.iter().map(|(_, weight)| *weight).sum();
    let exact = |weight: Quantity| Money::new(number::share(amount.get(), weight.get(), whole.get()));
    let exact: Vec<Money> = parts.iter().map(|(_, weight)| exact(*weight)).collect();
    let mut shares: Vec<Money> = exact.iter().map(|share| share.truncated(exponent)).collect();
    let cut_off: Vec<Money> = exact.iter().zip(&shares).map(|(exact, share)| *exact - *share).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|one, other| {
        cut_off[*other].cmp(&cut_off[*one]).then_with(|| parts[*one].0.cmp(&parts[*other].0))
    });
    let unit = Money::new(Decimal::new(1, exponent));
    let mut left = amount - shares.iter().copied().sum::<Money>();
    for at in order {
        if !left.is_positive() {
            break;
        }
        shares[at] += unit;
        left -= unit;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn money(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2))
    }

    fn weights(weights: &[i64]) -> Vec<(usize, Quantity)> {
        weights.iter().map(|weight| Quantity::new((*weight).into())).enumerate().collect()
    }

    fn shown(shares: &[Money]) -> Vec<String> {
        shares.iter().map(Money::to_string).collect()
    }

    #[test]
    fn the_largest_remainder_gets_the_cent_and_of_equal_ones_the_lowest_key() {
        // 10.00 over 3 equal parts, then over 1, 2 and 4 of 7: 1.428…, 2.857…, 5.714….
        assert_eq!(shown(&spread(money(1_000), 2, &weights(&[1, 1, 1]))), ["3.34", "3.33", "3.33"]);
        assert_eq!(shown(&spread(money(1_000), 2, &weights(&[1, 2, 4]))), ["1.43", "2.86", "5.71"]);
        assert_eq!(shown(&spread(money(1), 2, &weights(&[0, 5, 5]))), ["0.00", "0.01", "0.00"]);
        let yen = spread(Money::new(100.into()), 0, &weights(&[1, 1, 1]));
        assert_eq!(yen, [34, 33, 33].map(|amount: i64| Money::new(amount.into())));
    }

    #[test]
    #[should_panic(expected = "a whole has parts")]
    fn nothing_is_spread_over_nothing() {
        spread(money(1), 2, &weights(&[0, 0]));
    }

    proptest! {
        /// The shares add up to the amount, none is below zero, none is a cent or more away from its exact part, and the order
        /// of the parts changes nothing.
        #[test]
        fn shares_add_up_in_any_order(
            cents in 0..100_000_000_000_i64,
            parts in prop::collection::vec(0..1_000_000_000_000_i64, 1..40),
            turn in 0..40_usize,
        ) {
            prop_assume!(parts.iter().any(|weight| *weight > 0));
            let parts: Vec<(usize, Quantity)> =
                parts.iter().map(|micro| Quantity::new(Decimal::new(*micro, 6))).enumerate().collect();
            let shares = spread(money(cents), 2, &parts);
            prop_assert_eq!(shares.iter().copied().sum::<Money>(), money(cents));
            let whole: Quantity = parts.iter().map(|(_, weight)| *weight).sum();
            for (share, (_, weight)) in shares.iter().zip(&parts) {
                let exact = number::share(money(cents).get(), weight.get(), whole.get());
                prop_assert!(!share.is_negative());
                prop_assert!((share.get() - exact).abs() < Decimal::new(1, 2), "{share} for {exact}");
                prop_assert!(weight.is_positive() || share.is_zero());
            }
            let mut turned = parts.clone();
            turned.rotate_left(turn % parts.len());
            let again = spread(money(cents), 2, &turned);
            for ((key, _), share) in turned.iter().zip(&again) {
                prop_assert_eq!(*share, shares[*key]);
            }
        }
    }
}
