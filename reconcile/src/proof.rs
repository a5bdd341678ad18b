//! Whether a fix worked: the rates of its episodes before and after, compared exactly.
#![expect(
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "probabilities are estimates: each is rounded once, when it is shown"
)]

use rust_decimal::Decimal;

use super::answer::{BeforeAfter, Interval, Proof};
use super::statistics::{binomial_tail, decimal, share_with_tail};
use super::term::ProofVerdict;

/// The probability below which rates differ.
const LEVEL: f64 = 0.05;
/// Largest rate ratio that is shown.
const RATIO_MAX: f64 = 1_000_000.0;
/// Fewest episodes that the rate before must let expect after, so that their absence says anything.
const EXPECTED_MIN: f64 = 3.0;

/// Compares the rates per movement before and after a fix.
///
/// Given the sum of both counts, the later count is binomial with the share of the later movements. That is the exact
/// conditional test of two Poisson rates.
pub fn judge(counts: BeforeAfter) -> Proof {
    let all = counts.episodes_before.saturating_add(counts.episodes_after);
    let (before, after) = (counts.movements_before as f64, counts.movements_after as f64);
    if counts.movements_before == 0 || counts.movements_after == 0 || all == 0 {
        return Proof { counts, rate_ratio: None, p_value: Decimal::ONE, verdict: ProofVerdict::TooEarly };
    }
    let share = after / (before + after);
    let more = binomial_tail(counts.episodes_after, all, share);
    let fewer = binomial_tail(counts.episodes_before, all, 1.0 - share);
    let p_value = (2.0 * more.min(fewer)).min(1.0);
    let expected = counts.episodes_before as f64 / before * after;
    let verdict = if p_value < LEVEL && fewer < more {
        ProofVerdict::Worked
    } else if p_value < LEVEL {
        ProofVerdict::Worse
    } else if expected < EXPECTED_MIN {
        ProofVerdict::TooEarly
    } else {
        ProofVerdict::NoChange
    };
    Proof { counts, rate_ratio: ratio(&counts), p_value: decimal(p_value, 6), verdict }
}

/// Returns the rate ratio with its 95 % interval.
fn ratio(counts: &BeforeAfter) -> Option<Interval> {
    if counts.episodes_before == 0 {
        return None;
    }
    let all = counts.episodes_before.saturating_add(counts.episodes_after);
    let movements = counts.movements_before as f64 / counts.movements_after as f64;
    let of_share = |share: f64| {
        let odds = if share >= 1.0 { RATIO_MAX } else { share / (1.0 - share) };
        decimal((odds * movements).min(RATIO_MAX), 3)
    };
    let low = match counts.episodes_after {
        0 => 0.0,
        after => share_with_tail(after, all, LEVEL / 2.0),
    };
    let high = 1.0 - share_with_tail(counts.episodes_before, all, LEVEL / 2.0);
    let mid = counts.episodes_after as f64 / all as f64;
    Some(Interval { low: of_share(low), mid: of_share(mid), high: of_share(high) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(before: (u64, u64), after: (u64, u64)) -> ProofVerdict {
        let counts = BeforeAfter {
            episodes_before: before.0,
            movements_before: before.1,
            episodes_after: after.0,
            movements_after: after.1,
        };
        judge(counts).verdict
    }

    #[test]
    fn a_fix_worked_if_the_rate_fell_more_than_by_chance() {
        assert_eq!(verdict((30, 1000), (1, 300)), ProofVerdict::Worked);
        assert_eq!(verdict((30, 1000), (9, 300)), ProofVerdict::NoChange);
        assert_eq!(verdict((30, 1000), (30, 300)), ProofVerdict::Worse);
    }

    #[test]
    fn little_movement_tells_nothing() {
        assert_eq!(verdict((30, 1000), (0, 20)), ProofVerdict::TooEarly);
        assert_eq!(verdict((30, 1000), (0, 0)), ProofVerdict::TooEarly);
        assert_eq!(verdict((0, 1000), (0, 500)), ProofVerdict::TooEarly);
        assert_eq!(verdict((2, 1000), (0, 500)), ProofVerdict::TooEarly);
    }

    #[test]
    fn the_test_is_exact() {
        let counts = BeforeAfter {
            episodes_before: 5,
            movements_before: 100,
            episodes_after: 0,
            movements_after: 100,
        };
        let proof = judge(counts);
        // All five before, by chance one half each: 2 / 2^5.
        assert_eq!(proof.p_value.to_string(), "0.0625");
        let ratio = proof.rate_ratio.expect("a ratio");
        assert_eq!((ratio.low.to_string(), ratio.mid.to_string()), ("0".to_owned(), "0".to_owned()));
        // 1 - 0.025^(1/5) = 0.5218, and its odds are 1.091.
        assert_eq!(ratio.high.to_string(), "1.091");
    }
}
