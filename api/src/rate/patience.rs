//! Callers who come back sooner than their rejection said. Their next rejection is held back, so that a program that repeats
//! without a pause costs the server little: each of its connections gets two rejections a second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// Longest time for which a rejection is held back.
pub const HELD_BACK: Duration = Duration::from_millis(500);
/// Most rejections of a caller that are held back at once. The next one is sent at once: it may not take all connections.
const HELD_MAX: usize = 64;
/// Number of callers from which those who waited long enough are forgotten.
const FORGOTTEN_FROM: usize = 1_024;

/// Callers who were told to wait.
#[derive(Debug, Default)]
pub struct Patience(Mutex<HashMap<Uuid, Told>>);

#[derive(Debug)]
struct Told {
    until: Instant,
    held: usize,
}

/// A rejection that is held back, until it is dropped.
#[derive(Debug)]
pub struct Held<'p> {
    patience: &'p Patience,
    actor_id: Uuid,
    /// Time for which it is held back.
    pub time: Duration,
}

impl Patience {
    /// Notes a rejection that tells a caller to wait. Holds it back if the caller was told so before, and did not wait.
    pub fn note(&self, actor_id: Uuid, wait: Duration) -> Option<Held<'_>> {
        let now = Instant::now();
        let mut callers = self.callers();
        if callers.len() >= FORGOTTEN_FROM {
            callers.retain(|_, told| told.held > 0 || told.until > now);
        }
        let told = callers.entry(actor_id).or_insert(Told { until: now, held: 0 });
        let time = told.until.saturating_duration_since(now).min(HELD_BACK);
        told.until = told.until.max(now + wait);
        if time.is_zero() || told.held >= HELD_MAX {
            return None;
        }
        told.held += 1;
        Some(Held { patience: self, actor_id, time })
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<Uuid, Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(told) = self.patience.callers().get_mut(&self.actor_id) {
            told.held -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn who_does_not_wait_is_held_back() {
        let patience = Patience::default();
        let (hasty, patient) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert!(patience.note(hasty, MINUTE).is_none(), "the first rejection");
        let held: Vec<Held<'_>> = (0..100).filter_map(|_| patience.note(hasty, MINUTE)).collect();
        assert_eq!(held.len(), HELD_MAX);
        assert!(held.iter().all(|held| held.time == HELD_BACK));
        assert!(patience.note(patient, Duration::ZERO).is_none());
        assert!(patience.note(patient, Duration::ZERO).is_none(), "it waited long enough");
        drop(held);
        assert!(patience.note(hasty, MINUTE).is_some());
    }

    #[test]
    fn who_waited_is_forgotten() {
        let patience = Patience::default();
        for caller in 0..5_000 {
            assert!(patience.note(Uuid::from_u128(caller), Duration::ZERO).is_none());
        }
        assert!(patience.callers().len() <= FORGOTTEN_FROM);
    }
}
