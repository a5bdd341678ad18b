//! Tickets that a server keeps itself, because there is no Redis or it does not respond.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use domain::id::TenantId;

use super::SECONDS;
use crate::problem::{ApiError, ErrorCode};

/// Most unused tickets of all tenants.
const ALL_MAX: usize = 10_000;
/// Most unused tickets of one tenant.
pub const OF_TENANT_MAX: usize = ALL_MAX / 4;
/// Seconds after which a rejected request is repeated.
const RETRY_SECONDS: u64 = 5;

/// The unused tickets, by name.
#[derive(Debug, Default)]
pub(super) struct KeptTickets {
    tickets: HashMap<String, Ticket>,
    /// Names in the order in which the tickets end.
    ends: BTreeSet<(Instant, String)>,
    of_tenants: HashMap<TenantId, usize>,
}

#[derive(Debug)]
struct Ticket {
    tenant_id: TenantId,
    ends_at: Instant,
    sealed: String,
}

impl KeptTickets {
    /// Keeps the sealed credential of a ticket.
    pub(super) fn keep(
        &mut self,
        tenant_id: TenantId,
        name: String,
        sealed: String,
        now: Instant,
    ) -> Result<(), ApiError> {
        self.forget_ended(now);
        if self.of_tenants.get(&tenant_id).is_some_and(|own| *own >= OF_TENANT_MAX) {
            let detail = format!(
                "The tenant has {OF_TENANT_MAX} unused tickets at this server, as many as it may. Use them, or wait for the \
                 seconds in Retry-After."
            );
            return Err(ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(RETRY_SECONDS));
        }
        if self.tickets.len() >= ALL_MAX {
            return Err(ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(RETRY_SECONDS));
        }
        let ends_at = now + Duration::from_secs(SECONDS);
        *self.of_tenants.entry(tenant_id).or_default() += 1;
        self.ends.insert((ends_at, name.clone()));
        self.tickets.insert(name, Ticket { tenant_id, ends_at, sealed });
        Ok(())
    }

    /// Removes a ticket. Returns its sealed credential; nothing if it is unknown or has ended.
    pub(super) fn take(&mut self, name: &str, now: Instant) -> Option<String> {
        self.forget_ended(now);
        self.remove(name)
    }

    fn remove(&mut self, name: &str) -> Option<String> {
        let (name, Ticket { tenant_id, ends_at, sealed }) = self.tickets.remove_entry(name)?;
        self.ends.remove(&(ends_at, name));
        let own = self.of_tenants.entry(tenant_id).or_default();
        *own = own.saturating_sub(1);
        if *own == 0 {
            self.of_tenants.remove(&tenant_id);
        }
        Some(sealed)
    }

    fn forget_ended(&mut self, now: Instant) {
        while let Some((_, name)) = self.ends.first().filter(|(ends_at, _)| *ends_at <= now).cloned() {
            self.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keep(kept: &mut KeptTickets, tenant: u128, number: usize, now: Instant) -> Option<ErrorCode> {
        let (tenant_id, name) = (TenantId(Uuid::from_u128(tenant)), format!("{tenant}-{number}"));
        kept.keep(tenant_id, name, "sealed".to_owned(), now).err().map(|error| error.code())
    }

    #[test]
    fn no_tenant_fills_the_places_of_the_others() {
        let (mut kept, now) = (KeptTickets::default(), Instant::now());
        for number in 0..OF_TENANT_MAX {
            assert_eq!(keep(&mut kept, 1, number, now), None);
        }
        assert_eq!(keep(&mut kept, 1, OF_TENANT_MAX, now), Some(ErrorCode::RateLimited));
        for tenant in 2..=4 {
            for number in 0..OF_TENANT_MAX {
                assert_eq!(keep(&mut kept, tenant, number, now), None);
            }
        }
        assert_eq!(keep(&mut kept, 5, 0, now), Some(ErrorCode::TemporarilyUnavailable));
        assert!(kept.take("1-0", now).is_some());
        assert_eq!(keep(&mut kept, 1, OF_TENANT_MAX, now), None, "a used ticket makes room");
    }

    #[test]
    fn a_ticket_ends_and_leaves_nothing() {
        let (mut kept, now) = (KeptTickets::default(), Instant::now());
        assert_eq!(keep(&mut kept, 1, 0, now), None);
        assert_eq!(keep(&mut kept, 1, 1, now + Duration::from_secs(1)), None);
        let end = now + Duration::from_secs(SECONDS);
        assert_eq!(kept.take("1-0", end), None);
        assert_eq!(kept.take("1-1", end).as_deref(), Some("sealed"));
        assert_eq!(kept.take("1-1", end), None);
        assert!(kept.tickets.is_empty() && kept.ends.is_empty() && kept.of_tenants.is_empty());
    }
}
