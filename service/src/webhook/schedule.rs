//! Times of attempts: when a failed one is repeated, when a receiver gets a pause, and when an end is made.

use chrono::TimeDelta;

/// Time from the first attempt after which no further one is made.
pub const TRIED_FOR: TimeDelta = TimeDelta::hours(72);
/// Time after which an endpoint is switched off, if no attempt succeeded.
pub const FAILING_MAX: TimeDelta = TimeDelta::days(5);
/// Delay after the first failed attempt. Each further one is four times as long.
const DELAY_FIRST: TimeDelta = TimeDelta::seconds(2);
/// Longest delay between two attempts.
const DELAY_MAX: TimeDelta = TimeDelta::hours(8);
/// Longest delay that a receiver can ask for by `Retry-After`.
const ASKED_MAX: TimeDelta = TimeDelta::hours(1);
/// Failed attempts in a row after which an endpoint gets a pause.
const FAILURES_BEFORE_PAUSE: i32 = 5;
/// The first pause. Each further one is twice as long.
const PAUSE_FIRST: TimeDelta = TimeDelta::seconds(30);
/// Longest pause.
const PAUSE_MAX: TimeDelta = TimeDelta::minutes(10);

/// Returns the delay after failed attempt `tries`, from 80 % to 120 % of its length: `luck` is from 0 to 400.
pub fn delay(tries: i32, luck: i32, asked: Option<TimeDelta>) -> TimeDelta {
    let steps = u32::try_from(tries.saturating_sub(1)).unwrap_or_default().min(16);
    let whole = DELAY_FIRST * 4_i32.saturating_pow(steps).min(100_000);
    let varied = whole.min(DELAY_MAX) * (800 + luck.clamp(0, 400)) / 1_000;
    varied.max(asked.unwrap_or_default().min(ASKED_MAX))
}

/// Returns the pause after so many failed attempts in a row, if there is one.
pub fn pause(failures: i32) -> Option<TimeDelta> {
    let steps = u32::try_from(failures.checked_sub(FAILURES_BEFORE_PAUSE)?).ok()?.min(16);
    Some((PAUSE_FIRST * 2_i32.saturating_pow(steps)).min(PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_go_on_for_three_days() {
        let (mut passed, mut tries) = (TimeDelta::zero(), 0);
        while passed < TRIED_FOR {
            tries += 1;
            passed += delay(tries, 200, None);
        }
        // The next one is at the end of the time.
        assert_eq!(tries, 16);
        assert_eq!([1, 2, 3].map(|tries| delay(tries, 200, None).num_seconds()), [2, 8, 32]);
        assert_eq!(delay(1_000_000, 400, None), DELAY_MAX * 12 / 10);
    }

    #[test]
    fn a_delay_varies_and_obeys_the_receiver() {
        assert_eq!(delay(2, 0, None).num_milliseconds(), 6_400);
        assert_eq!(delay(2, 400, None).num_milliseconds(), 9_600);
        assert_eq!(delay(1, 200, Some(TimeDelta::seconds(90))).num_seconds(), 90);
        assert_eq!(delay(1, 200, Some(TimeDelta::days(9))), ASKED_MAX);
    }

    #[test]
    fn pauses_grow_to_ten_minutes() {
        assert_eq!(pause(4), None);
        assert_eq!(
            [5, 6, 7].map(|failures| pause(failures).map(|pause| pause.num_seconds())),
            [Some(30), Some(60), Some(120)]
        );
        assert_eq!(pause(i32::MAX), Some(PAUSE_MAX));
    }
}
