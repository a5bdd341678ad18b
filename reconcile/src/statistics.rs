//! Estimates: tails of distributions, medians, intervals. No quantity of stock is a float.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "estimates are no quantities: each is rounded once, when it is shown"
)]

use rust_decimal::Decimal;

/// Terms of a sum after which the rest is negligible.
const TERMS_MAX: u64 = 20_000;
/// Steps of a bisection: more than a float has digits.
const BISECTIONS: u32 = 60;

/// Rounds an estimate to `places` decimals.
pub(super) fn decimal(value: f64, places: u32) -> Decimal {
    let power = 10_f64.powi(i32::try_from(places).unwrap_or(0));
    let scaled = (value * power).round().clamp(-9.0e17, 9.0e17);
    Decimal::new(scaled as i64, places).normalize()
}

/// Returns a decimal as an estimate.
pub(super) fn float(value: Decimal) -> f64 {
    use rust_decimal::prelude::ToPrimitive;
    value.to_f64().unwrap_or(0.0)
}

/// Returns the natural logarithm of the factorial.
fn ln_factorial(n: u64) -> f64 {
    if n < 2 {
        return 0.0;
    }
    if n < 128 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let x = n as f64;
    x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3))
}

/// Returns the probability that a Poisson variable is at least `count`.
pub(super) fn poisson_tail(count: u64, mean: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if mean <= 0.0 {
        return 0.0;
    }
    // Above the mean the terms fall, so the sum upwards converges. Below it the sum of the other side is short.
    if mean >= count as f64 {
        let (mut term, mut below) = ((-mean).exp(), 0.0);
        for k in 0..count {
            below += term;
            term *= mean / (k + 1) as f64;
        }
        return (1.0 - below).clamp(0.0, 1.0);
    }
    let mut term = (count as f64 * mean.ln() - mean - ln_factorial(count)).exp();
    let mut sum = 0.0;
    for next in count..count.saturating_add(TERMS_MAX) {
        sum += term;
        term *= mean / (next + 1) as f64;
        if term < sum * 1e-15 {
            break;
        }
    }
    sum.min(1.0)
}

/// Returns the probability that a binomial variable of `trials` is at least `count`.
pub(super) fn binomial_tail(count: u64, trials: u64, probability: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if count > trials || probability <= 0.0 {
        return 0.0;
    }
    if probability >= 1.0 {
        return 1.0;
    }
    let rest = trials - count;
    let choose = ln_factorial(trials) - ln_factorial(count) - ln_factorial(rest);
    let ln_term = choose + count as f64 * probability.ln() + rest as f64 * (1.0 - probability).ln();
    let odds = probability / (1.0 - probability);
    // Above the mean the terms fall, so the sum upwards converges. Below it the sum of the other side does.
    if count as f64 >= trials as f64 * probability {
        let (mut term, mut sum) = (ln_term.exp(), 0.0);
        for k in count..=trials {
            sum += term;
            term *= odds * (trials - k) as f64 / (k + 1) as f64;
            if term < sum * 1e-16 {
                break;
            }
        }
        return sum.min(1.0);
    }
    let (mut term, mut below) = (ln_term.exp(), 0.0);
    for k in (1..=count).rev() {
        term *= k as f64 / ((trials - k + 1) as f64 * odds);
        below += term;
        if term < below * 1e-16 {
            break;
        }
    }
    (1.0 - below).clamp(0.0, 1.0)
}

/// Returns the share at which the tail of `count` out of `trials` has the probability `level`.
pub(super) fn share_with_tail(count: u64, trials: u64, level: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..BISECTIONS {
        let middle = (low + high) / 2.0;
        if binomial_tail(count, trials, middle) < level { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Returns the mean at which the tail of `count` has the probability `level`.
pub(super) fn mean_with_tail(count: u64, level: f64) -> f64 {
    let (mut low, mut high) = (0.0, count as f64 * 2.0 + 20.0);
    for _ in 0..BISECTIONS {
        let middle = (low + high) / 2.0;
        if poisson_tail(count, middle) < level { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Returns the median. Zero for no values.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    median_without(values, &[])
}

/// Returns the median of sorted values, those at some places left out. The places are in order. Zero if no value is left.
pub(super) fn median_without(sorted: &[f64], left_out: &[usize]) -> f64 {
    let length = sorted.len().saturating_sub(left_out.len());
    let value = |number: usize| sorted[number + before(left_out, number)];
    match length {
        0 => 0.0,
        length if length % 2 == 1 => value(length / 2),
        _ => (value(length / 2 - 1) + value(length / 2)) / 2.0,
    }
}

/// Returns how many places are left out before the value with this number among those that are left.
fn before(left_out: &[usize], number: usize) -> usize {
    let (mut low, mut high) = (0, left_out.len());
    while low < high {
        let middle = (low + high) / 2;
        // As many values are left before this place as its distance from its own number.
        if left_out[middle] - middle <= number { low = middle + 1 } else { high = middle }
    }
    low
}

/// Returns the value below which `percent` of the sorted values lie.
pub(super) fn quantile(sorted: &[i64], percent: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last * percent).div_ceil(100)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(found: f64, stated: f64) -> bool {
        (found - stated).abs() <= stated.abs() * 1e-6 + 1e-12
    }

    #[test]
    fn tails_are_exact() {
        assert!(is_near(poisson_tail(1, 1.0), 1.0 - (-1.0_f64).exp()));
        assert!(is_near(poisson_tail(9, 1.0), 1.125_202_597_843_5e-6), "{}", poisson_tail(9, 1.0));
        assert!(is_near(binomial_tail(3, 3, 0.5), 0.125));
        assert!(is_near(binomial_tail(1, 3, 0.5), 0.875));
        assert!(is_near(binomial_tail(8, 10, 0.5), 56.0 / 1024.0));
        assert!(is_near(binomial_tail(2, 10, 0.5), 1.0 - 11.0 / 1024.0));
    }

    #[test]
    fn bounds_invert_tails() {
        assert!(is_near(share_with_tail(3, 3, 0.125), 0.5));
        assert!(is_near(mean_with_tail(1, 1.0 - (-1.0_f64).exp()), 1.0));
    }

    #[test]
    fn estimates_are_rounded_once() {
        assert_eq!(decimal(0.125, 2).to_string(), "0.13");
        assert_eq!(decimal(2.0, 2).to_string(), "2");
        assert_eq!(quantile(&[1, 2, 3, 4], 50), Some(3));
        assert_eq!(quantile(&[], 50), None);
        assert!(is_near(median(&mut [3.0, 1.0, 2.0, 4.0]), 2.5));
    }

    #[test]
    fn a_median_leaves_values_out() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0];
        assert!(is_near(median_without(&sorted, &[]), 6.0));
        assert!(is_near(median_without(&sorted, &[0]), 8.0));
        assert!(is_near(median_without(&sorted, &[3]), 4.0));
        assert!(is_near(median_without(&sorted, &[0, 1, 4]), 8.0));
        assert!(is_near(median_without(&sorted, &[2, 3, 4, 5]), 1.5));
        assert!(is_near(median_without(&sorted, &[0, 1, 2, 3, 4]), 32.0));
        assert!(is_near(median_without(&sorted, &[0, 1, 2, 3, 4, 5]), 0.0));
    }
}
