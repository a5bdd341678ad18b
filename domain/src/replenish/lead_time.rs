//! Lead times: days from an order to its receipt, from receipts and the time that the supplier states.

use super::micro::{Micro, Overflow, add, mul, sub};

/// Receipts that count, the latest ones.
pub const RECEIPTS_MAX: usize = 20;

/// Receipts of a product below which those of its supplier count.
pub const RECEIPTS_MIN: usize = 3;

/// Days that are assumed if a supplier states none and there is no receipt.
pub const ASSUMED_DAYS: u32 = 14;

/// Days that a transfer between two locations is assumed to take.
pub const TRANSFER_DAYS: u32 = 1;

/// Receipts that the stated time stands for.
const STATED_WEIGHT: i128 = 2;

/// Part of the stated time that is its deviation: a quarter.
const STATED_DEVIATION: i128 = 4;

/// The lead time of a product from a supplier, or of transfers between two locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadTime {
    /// Days that the supplier states, if any.
    pub stated: Option<u32>,
    /// Receipts that count.
    pub receipts: u32,
    /// Mean days.
    pub days: Micro,
    /// Variance of the days.
    pub variance: Micro,
    /// Whether neither a stated time nor a receipt is known.
    pub is_assumed: bool,
}

impl LeadTime {
    /// Computes the lead time. Each list has the days of receipts, the latest first: those of the product from its
    /// supplier, and those of all products from it, which count if the product has fewer than three.
    ///
    /// The stated time counts as two receipts with a quarter of it as deviation. Without one, the mean of the receipts
    /// takes its place, so that a single receipt has a deviation too.
    pub fn from_receipts(
        stated: Option<u32>,
        of_product: &[u16],
        of_supplier: &[u16],
    ) -> Result<Self, Overflow> {
        let receipts = if of_product.len() < RECEIPTS_MIN { of_supplier } else { of_product };
        let receipts = &receipts[..receipts.len().min(RECEIPTS_MAX)];
        let count = receipts.len() as i128;
        let sum: i128 = receipts.iter().map(|days| i128::from(*days)).sum();
        let squares: i128 = receipts.iter().map(|days| i128::from(*days).saturating_pow(2)).sum();
        let is_assumed = stated.is_none() && receipts.is_empty();
        let (prior, parts) = match stated {
            Some(days) => (i128::from(days), 1),
            None if is_assumed => (i128::from(ASSUMED_DAYS), 1),
            None => (sum, count),
        };
        let one = Micro::ONE.get();

        // (Σx + 2·prior/parts) ÷ (n + 2)
        let total = add(mul(sum, parts)?, mul(STATED_WEIGHT, prior)?)?;
        let days = Micro::ratio(mul(total, one)?, mul(parts, add(count, STATED_WEIGHT)?)?)?;

        // (Σ(x − x̄)² + 2·(prior/parts/4)²) ÷ (max(n − 1, 0) + 2), over the common denominator of both terms
        let counted = count.max(1);
        let spread = sub(mul(count, squares)?, mul(sum, sum)?)?;
        let square = mul(parts, parts)?;
        let sixteenth = STATED_DEVIATION.saturating_pow(2);
        let top = add(
            mul(mul(spread, sixteenth)?, square)?,
            mul(mul(STATED_WEIGHT, mul(prior, prior)?)?, counted)?,
        )?;
        let bottom =
            mul(mul(counted, sixteenth)?, mul(square, add(count.saturating_sub(1).max(0), STATED_WEIGHT)?)?)?;
        let variance = Micro::ratio(mul(top, one)?, bottom)?;
        Ok(LeadTime { stated, receipts: receipts.len() as u32, days, variance, is_assumed })
    }

    /// Returns the lead time of transfers between two locations that have no transfer yet.
    pub fn of_transfers() -> Self {
        LeadTime {
            stated: Some(TRANSFER_DAYS),
            receipts: 0,
            days: Micro::whole(TRANSFER_DAYS),
            variance: Micro::millionths(62_500),
            is_assumed: false,
        }
    }
}

/// The days that receipts took, without the time that the supplier states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasuredTime {
    /// Receipts that count.
    pub receipts: u32,
    /// Mean days.
    pub days: Micro,
    /// Standard deviation of the days, rounded down; zero for one receipt.
    pub deviation: Micro,
}

impl MeasuredTime {
    /// Computes it from the days of receipts. Nothing if there are none.
    pub fn of(receipts: &[u16]) -> Result<Option<Self>, Overflow> {
        if receipts.is_empty() {
            return Ok(None);
        }
        let count = receipts.len() as i128;
        let sum: i128 = receipts.iter().map(|days| i128::from(*days)).sum();
        let squares: i128 = receipts.iter().map(|days| i128::from(*days).saturating_pow(2)).sum();
        let one = Micro::ONE.get();
        // (n·Σx² − (Σx)²) ÷ (n·(n − 1)), with twelve decimals
        let top = mul(sub(mul(count, squares)?, mul(sum, sum)?)?, mul(one, one)?)?;
        let bottom = mul(count, count.saturating_sub(1).max(1))?;
        Ok(Some(MeasuredTime {
            receipts: receipts.len() as u32,
            days: Micro::ratio(mul(sum, one)?, count)?,
            deviation: Micro::root(top.checked_div(bottom).ok_or(Overflow)?),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replenish::micro::tests::micro;

    fn of(stated: Option<u32>, receipts: &[u16]) -> (String, String) {
        let time = LeadTime::from_receipts(stated, receipts, receipts).expect("in range");
        (time.days.to_string(), time.variance.to_string())
    }

    fn figures(days: &str, variance: &str) -> (String, String) {
        (days.to_owned(), variance.to_owned())
    }

    #[test]
    fn measured_days_have_a_mean_and_a_deviation() {
        let of = |receipts: &[u16]| {
            let time = MeasuredTime::of(receipts).expect("in range")?;
            Some((time.receipts, time.days.to_string(), time.deviation.to_string()))
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[14]), Some((1, "14".to_owned(), "0".to_owned())));
        assert_eq!(of(&[15, 19, 14]), Some((3, "16".to_owned(), "2.645751".to_owned())));
        assert_eq!(of(&[10, 11]), Some((2, "10.5".to_owned(), "0.707106".to_owned())));
    }

    #[test]
    fn a_stated_time_counts_as_two_receipts() {
        assert_eq!(of(Some(14), &[]), figures("14", "12.25"));
        assert_eq!(of(Some(14), &[21]), figures("16.333333", "12.25"));
        assert_eq!(of(Some(14), &[20, 22, 18]), figures("17.6", "8.125"));
        assert_eq!(of(Some(14), &[15, 19, 14]), figures("15.2", "9.625"));
        assert_eq!(of(Some(0), &[]), figures("0", "0"));
    }

    #[test]
    fn a_time_that_neither_is_stated_nor_was_seen_is_assumed() {
        let assumed = LeadTime::from_receipts(None, &[], &[]).expect("in range");
        assert!(assumed.is_assumed && assumed.days == micro("14") && assumed.variance == micro("12.25"));
        let seen = LeadTime::from_receipts(None, &[10], &[10, 10]).expect("in range");
        assert!(!seen.is_assumed);
        // Both receipts took ten days: the mean is certain, and a quarter of it stays as deviation.
        assert_eq!((seen.days, seen.variance), (micro("10"), micro("4.166667")));
    }

    #[test]
    fn receipts_of_the_supplier_count_until_the_product_has_three() {
        let of_supplier = [30_u16; 40];
        let few = LeadTime::from_receipts(Some(30), &[10, 10], &of_supplier).expect("in range");
        assert_eq!((few.receipts, few.days), (20, micro("30")));
        let enough = LeadTime::from_receipts(Some(10), &[10, 10, 10], &of_supplier).expect("in range");
        assert_eq!((enough.receipts, enough.days), (3, micro("10")));
    }

    #[test]
    fn a_transfer_takes_a_day() {
        let computed = LeadTime::from_receipts(Some(TRANSFER_DAYS), &[], &[]).expect("in range");
        assert_eq!(LeadTime::of_transfers(), computed);
    }
}
