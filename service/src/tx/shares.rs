//! Shares of the connections, so that no kind of work and no tenant can take all of them.
//!
//! Each kind of work has a number of connections of its own. Of those for commands, reads and jobs, a tenant gets at most half.
//! Reports keep a processor of the database busy, so there are few at once, and a tenant gets a quarter of them, at least one. Exports
//! wait for their clients, so they have places of their own, fewer than reports. The log of requests has few, which no other work
//! uses. Work that finds its share taken waits, at most as long as the kind allows, and then fails: as [`Error::OverShare`] if the
//! tenant itself has used its share up, as [`Error::Busy`] if others have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;

use super::options::PoolOptions;
use crate::Error;
use crate::tenant_places::{TenantPlace, TenantPlaces};

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Work {
    /// Queries that find a tenant, a credential or the schema's step.
    Lookup,
    /// Commands.
    Write,
    /// Reads of records and lists.
    Read,
    /// Reports, which may take long.
    Report,
    /// Rows that are sent to a client while they are read.
    Export,
    /// Imports and the system's own jobs, which write much in one transaction.
    Job,
    /// Entries of the log of requests.
    Log,
}

/// Connections for lookups, besides those of the options: a caller is known, and health is reported, under any load.
pub(super) const LOOKUPS: usize = 2;

/// Connections for exports for each 16 of the options, besides these. One waits for a slow client, and is in no other's way.
const EXPORTS: usize = 1;
/// Fewest connections for exports: no tenant can take all of them.
const EXPORTS_MIN: usize = 2;

/// Connections for the log of requests, besides those of the options.
pub(crate) const LOGS: usize = 2;

/// The shares of all kinds of work.
#[derive(Debug)]
pub(super) struct Shares {
    lookup: Share,
    write: Share,
    read: Share,
    report: Share,
    export: Share,
    job: Share,
    log: Share,
}

impl Shares {
    /// Divides the connections among the kinds of work, and adds those of lookups, exports and the log of
    /// requests. Each kind gets at least one.
    pub(super) fn new(options: &PoolOptions) -> Self {
        let connections = options.connections_max as usize;
        let wait = Duration::from_millis(options.wait_ms);
        let report_wait = Duration::from_millis(options.report_wait_ms);
        let part = |of: usize| (connections * of / 16).max(1);
        let (read, report, job) = (part(5), part(3), part(2));
        let write = connections.saturating_sub(read + report + job).max(1);
        let reports = report.min(options.reports_max.max(1) as usize);
        let exports = part(EXPORTS).max(EXPORTS_MIN);
        Shares {
            lookup: Share::new(LOOKUPS, LOOKUPS.div_ceil(2), wait),
            write: Share::new(write, write.div_ceil(2), wait),
            read: Share::new(read, read.div_ceil(2), wait),
            report: Share::new(reports, (reports / 4).max(1), report_wait),
            export: Share::new(exports, (exports / 4).max(1), report_wait),
            job: Share::new(job, job.div_ceil(2), report_wait),
            log: Share::new(LOGS, LOGS.div_ceil(2), wait),
        }
    }

    /// Returns the sum of all shares.
    pub(super) fn connections(&self) -> usize {
        [&self.lookup, &self.write, &self.read, &self.report, &self.export, &self.job, &self.log]
            .map(|share| share.places.available_permits())
            .iter()
            .sum()
    }

    /// Waits for a place in the share of `work`.
    pub(super) async fn enter(&self, work: Work, tenant_id: Option<TenantId>) -> Result<Place, Error> {
        let share = match work {
            Work::Lookup => &self.lookup,
            Work::Write => &self.write,
            Work::Read => &self.read,
            Work::Report => &self.report,
            Work::Export => &self.export,
            Work::Job => &self.job,
            Work::Log => &self.log,
        };
        let begun = Instant::now();
        let entered = share.enter(tenant_id).await;
        let share: &str = work.into();
        metrics::histogram!("stockwell_connection_wait_seconds", "share" => share).record(begun.elapsed());
        if let Err(error) = &entered {
            let used_up_by = if matches!(error, Error::OverShare) { "tenant" } else { "all" };
            metrics::counter!("stockwell_connection_refusals_total", "share" => share, "used_up_by" => used_up_by)
                .increment(1);
        }
        entered
    }
}

/// Places for one kind of work.
#[derive(Debug)]
pub(crate) struct Share {
    places: Arc<Semaphore>,
    of_tenants: TenantPlaces,
    wait: Duration,
}

impl Share {
    /// Makes a share of so many places, of which a tenant gets at most `of_tenant_max`. Work waits for a place as long as `wait`.
    pub(crate) fn new(places: usize, of_tenant_max: usize, wait: Duration) -> Self {
        Share { places: Arc::new(Semaphore::new(places)), of_tenants: TenantPlaces::new(of_tenant_max), wait }
    }

    /// Waits for a place. Fails as [`Error::OverShare`] or [`Error::Busy`] if there is none in time.
    pub(crate) async fn enter(&self, tenant_id: Option<TenantId>) -> Result<Place, Error> {
        let end = tokio::time::Instant::now() + self.wait;
        let of_tenant = match tenant_id {
            Some(tenant_id) => Some(self.of_tenants.enter(tenant_id, end).await?),
            None => None,
        };
        let place = timeout_at(end, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        Ok(Place { _of_all: place, _of_tenant: of_tenant })
    }
}

/// A place in a share, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _of_all: OwnedSemaphorePermit,
    _of_tenant: Option<TenantPlace>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> Option<TenantId> {
        Some(TenantId(Uuid::from_u128(number)))
    }

    fn shares(connections_max: u32) -> Shares {
        Shares::new(&PoolOptions {
            connections_max,
            wait_ms: 20,
            report_wait_ms: 20,
            reports_max: 3,
            ..PoolOptions::default()
        })
    }

    #[tokio::test]
    async fn no_tenant_gets_more_than_half_of_a_share() {
        let shares = shares(32);
        let mut places = Vec::new();
        for _ in 0..5 {
            places.push(shares.enter(Work::Read, tenant(1)).await.expect("a place"));
        }
        assert!(matches!(shares.enter(Work::Read, tenant(1)).await, Err(Error::OverShare)));
        assert!(shares.enter(Work::Read, tenant(2)).await.is_ok());
        places.pop();
        assert!(shares.enter(Work::Read, tenant(1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_turn_of_webhooks_waits_for_no_record_of_outcomes() {
        let shares = shares(crate::webhook::CONNECTIONS_MAX);
        let mut places = Vec::new();
        for work in ["a turn", "successes", "failures"] {
            places.push(shares.enter(Work::Write, tenant(1)).await.expect(work));
        }
        assert!(shares.enter(Work::Write, tenant(2)).await.is_ok(), "another tenant");
        drop(places);
    }

    #[tokio::test]
    async fn a_tenant_runs_one_report_at_a_time() {
        let shares = shares(32);
        let place = shares.enter(Work::Report, tenant(1)).await.expect("a place");
        assert!(matches!(shares.enter(Work::Report, tenant(1)).await, Err(Error::OverShare)));
        let others = (
            shares.enter(Work::Report, tenant(2)).await.expect("a place"),
            shares.enter(Work::Report, tenant(3)).await.expect("a place"),
        );
        assert!(matches!(shares.enter(Work::Report, tenant(4)).await, Err(Error::Busy)), "3 in all");
        drop((place, others));
        assert!(shares.enter(Work::Report, tenant(1)).await.is_ok());
    }

    #[tokio::test]
    async fn no_kind_of_work_takes_the_places_of_another() {
        let shares = shares(16);
        let mut reports = Vec::new();
        for number in 0..3 {
            reports.push(shares.enter(Work::Report, tenant(number)).await.expect("a place"));
        }
        assert!(matches!(shares.enter(Work::Report, tenant(9)).await, Err(Error::Busy)));
        for work in [Work::Lookup, Work::Write, Work::Read, Work::Export, Work::Job, Work::Log] {
            assert!(shares.enter(work, tenant(1)).await.is_ok(), "{work:?}");
        }
    }

    #[tokio::test]
    async fn there_are_fewer_exports_than_reports() {
        for connections_max in [16, 32, 64] {
            let options = PoolOptions { connections_max, reports_max: 64, ..PoolOptions::default() };
            let shares = Shares::new(&options);
            let places = |share: &Share| share.places.available_permits();
            assert!(places(&shares.export) < places(&shares.report), "{connections_max}");
        }
    }

    #[tokio::test]
    async fn a_tenant_without_a_place_is_forgotten() {
        let shares = shares(16);
        let place = shares.enter(Work::Job, tenant(1)).await.expect("a place");
        assert!(matches!(shares.enter(Work::Job, tenant(1)).await, Err(Error::OverShare)));
        assert_eq!(shares.job.of_tenants.tenants(), 1);
        drop(place);
        assert_eq!(shares.job.of_tenants.tenants(), 0);
    }

    #[tokio::test]
    async fn every_kind_of_work_has_a_connection() {
        let shares = shares(1);
        for work in [Work::Lookup, Work::Write, Work::Read, Work::Report, Work::Export, Work::Job, Work::Log]
        {
            assert!(shares.enter(work, tenant(1)).await.is_ok(), "{work:?}");
        }
    }
}
