//! The comparison of a billed line with what was ordered and received.

use crate::number::{Money, Quantity};
use crate::tenant::BillTolerance;
use crate::text_enum;

text_enum! {
    /// The difference of a billed line from its order or receipt, beyond the tolerance.
    #[derive(PartialOrd, Ord)]
    pub enum Mismatch {
        /// More units are billed than were received.
        BilledMoreThanReceived,
        /// More units are billed than were ordered.
        BilledMoreThanOrdered,
        /// The price is above that of the order.
        PriceAboveOrder,
        /// The price is below that of the order.
        PriceBelowOrder,
        /// No purchase order has the goods, and the price is above the cost of the receipt.
        PriceAboveReceipt,
        /// No purchase order has the goods, and the price is below the cost of the receipt.
        PriceBelowReceipt,
    }
}

/// Figures with which a billed line is compared. All bills of the ordered or received line count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Stock units ordered; none if no purchase order has the goods.
    pub ordered: Option<Quantity>,
    /// Stock units received, less those that went back to the supplier.
    pub received: Quantity,
    /// Stock units billed, by this and other bills.
    pub billed: Quantity,
    /// The cost of the billed units of the line by the purchase order or, without one, by the receipt.
    pub expected_value: Money,
}

/// Returns the differences beyond the tolerance. `quantity` and `value` are those of the line, less its credit notes
/// and reversal. A line with nothing left has no difference.
pub fn judge(
    figures: &Figures,
    (quantity, value): (Quantity, Money),
    tolerance: &BillTolerance,
) -> Vec<Mismatch> {
    let mut reasons = Vec::new();
    if !quantity.is_positive() {
        return reasons;
    }
    let up_to = |most: Quantity| most + Quantity::rounded(tolerance.quantity_percent.of(most.get()));
    if figures.billed > up_to(figures.received) {
        reasons.push(Mismatch::BilledMoreThanReceived);
    }
    if figures.ordered.is_some_and(|ordered| figures.billed > up_to(ordered)) {
        reasons.push(Mismatch::BilledMoreThanOrdered);
    }
    let difference = value - figures.expected_value;
    let allowed = Money::rounded(tolerance.price_percent.of(figures.expected_value.get()));
    if difference.abs() > allowed.max(tolerance.amount) {
        reasons.push(match (figures.ordered.is_some(), difference.is_positive()) {
            (true, true) => Mismatch::PriceAboveOrder,
            (true, false) => Mismatch::PriceBelowOrder,
            (false, true) => Mismatch::PriceAboveReceipt,
            (false, false) => Mismatch::PriceBelowReceipt,
        });
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(text: &str) -> Quantity {
        text.parse().expect("a quantity")
    }

    fn money(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    fn figures(ordered: Option<&str>, received: &str, billed: &str, expected: &str) -> Figures {
        Figures {
            ordered: ordered.map(units),
            received: units(received),
            billed: units(billed),
            expected_value: money(expected),
        }
    }

    #[test]
    fn every_difference_is_named() {
        use Mismatch::{
            BilledMoreThanOrdered, BilledMoreThanReceived, PriceAboveOrder, PriceAboveReceipt,
            PriceBelowOrder,
        };
        let strict = BillTolerance::default();
        for (figures, value, expected) in [
            (figures(Some("10"), "10", "10", "40"), "40", vec![]),
            (figures(Some("10"), "8", "10", "40"), "40", vec![BilledMoreThanReceived]),
            (figures(Some("10"), "12", "12", "48"), "48", vec![BilledMoreThanOrdered]),
            (figures(Some("10"), "10", "10", "40"), "40.01", vec![PriceAboveOrder]),
            (figures(Some("10"), "10", "10", "40"), "39.99", vec![PriceBelowOrder]),
            (figures(None, "10", "10", "40"), "41", vec![PriceAboveReceipt]),
            (
                figures(Some("10"), "0", "11", "44"),
                "50",
                vec![BilledMoreThanReceived, BilledMoreThanOrdered, PriceAboveOrder],
            ),
        ] {
            assert_eq!(
                judge(&figures, (units("10"), money(value)), &strict),
                expected,
                "{figures:?} {value}"
            );
        }
    }

    #[test]
    fn a_difference_within_the_tolerance_is_none() {
        let tolerance = BillTolerance {
            quantity_percent: "10".parse().expect("a percentage"),
            price_percent: "5".parse().expect("a percentage"),
            amount: money("3"),
        };
        let within = |billed: &str, value: &str| {
            let figures = figures(Some("10"), "10", billed, "40");
            judge(&figures, (units("10"), money(value)), &tolerance)
        };
        assert!(within("11", "40").is_empty());
        assert_eq!(within("11.1", "40"), [Mismatch::BilledMoreThanReceived, Mismatch::BilledMoreThanOrdered]);
        // 5 % are 2.00, and 3.00 are allowed in any case.
        assert!(within("10", "43").is_empty());
        assert!(within("10", "37").is_empty());
        assert_eq!(within("10", "43.01"), [Mismatch::PriceAboveOrder]);
    }

    #[test]
    fn a_line_that_was_taken_back_has_no_difference() {
        let figures = figures(Some("10"), "0", "20", "40");
        assert!(judge(&figures, (Quantity::ZERO, Money::ZERO), &BillTolerance::default()).is_empty());
    }
}
