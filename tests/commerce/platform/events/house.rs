//! A separate database for a test of relays: a relay serves all tenants of its database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use domain::id::{EventId, TenantId};
use sea_orm::sqlx::postgres::PgConnection;
use sea_orm::sqlx::{self, Connection, Executor, Row};
use service::relay::{Batch, Consumer, Outbox};
use tests::environment;
use uuid::Uuid;

use super::PATIENCE;

/// The name of the consumer here.
const CONSUMER: &str = "test";
/// A lease that is longer than any test.
pub const LONG: Duration = Duration::from_secs(3600);

pub const INSERT: &str = "insert into event (tenant_id, id, kind, command_id, document_kind, document_id, occurred_at) \
    select $1, gen_random_uuid(), 'order.created', gen_random_uuid(), 'order', gen_random_uuid(), now() \
    from generate_series(1, $2)";

/// A separate database with its tenants.
pub struct House {
    pub root: PgConnection,
    pub migrator_url: String,
    pub tenants: Vec<TenantId>,
}

/// Events handed on, by tenant, in the order in which they were.
pub type Log = BTreeMap<TenantId, Vec<EventId>>;

impl House {
    pub async fn new(name: &str, tenants: usize) -> Self {
        let migrator_url = environment().migrated_database(name).await;
        let admin = migrator_url.replace("stockwell_migrator", "postgres");
        let mut root = PgConnection::connect(&admin).await.expect("the superuser connects");
        let tenants: Vec<TenantId> = (0..tenants).map(|_| TenantId(Uuid::now_v7())).collect();
        for (number, tenant_id) in tenants.iter().enumerate() {
            let insert = sqlx::query(
                "insert into tenant (tenant_id, slug, name, currency, time_zone, country) \
                 values ($1, $2, 'One', 'GBP', 'Europe/London', 'GB')",
            );
            let insert = insert.bind(tenant_id.0).bind(format!("tenant-{number}"));
            insert.execute(&mut root).await.expect("a tenant");
        }
        House { root, migrator_url, tenants }
    }

    pub async fn consumer(&self, lease: Duration) -> Consumer {
        let url = self.migrator_url.replace("stockwell_migrator", "stockwell_relay");
        Outbox::connect(&url).await.expect("the relay connects").consumer(CONSUMER, lease)
    }

    pub async fn connect(&self) -> PgConnection {
        let admin = self.migrator_url.replace("stockwell_migrator", "postgres");
        PgConnection::connect(&admin).await.expect("the superuser connects")
    }

    /// Writes this many events of each tenant.
    pub async fn write(&mut self, events: i32) {
        for tenant_id in &self.tenants {
            let insert = sqlx::query(INSERT).bind(tenant_id.0).bind(events);
            insert.execute(&mut self.root).await.expect("events");
        }
    }

    /// Waits until the feed is complete up to what was written: other tests have transactions open.
    pub async fn settle(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let query = "select coalesce(max(position), 0) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint from event";
        while !sqlx::query(query).fetch_one(&mut self.root).await.expect("the horizon").get::<bool, _>(0) {
            assert!(Instant::now() < deadline, "a transaction stays open");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes every lease run out.
    pub async fn end_leases(&mut self) {
        let update =
            "update event_cursor set lease_until = now() - interval '1 second' where leased_by is not null";
        self.root.execute(update).await.expect("the time is over");
    }

    /// Returns the feed of every tenant.
    pub async fn feed(&mut self) -> Log {
        let rows = sqlx::query("select tenant_id, id from event order by tenant_id, position, written, id");
        let mut feed = Log::new();
        for row in rows.fetch_all(&mut self.root).await.expect("the feed") {
            feed.entry(TenantId(row.get(0))).or_default().push(EventId(row.get(1)));
        }
        feed
    }
}

pub fn hand_on(log: &mut Log, batches: &[Batch]) {
    for batch in batches {
        log.entry(batch.tenant_id).or_default().extend(&batch.events);
    }
}

pub async fn take(consumer: &mut Consumer) -> Vec<Batch> {
    consumer.take().await.expect("the next events")
}

pub async fn advance(consumer: &mut Consumer, batches: &[Batch]) {
    for batch in batches {
        assert!(consumer.advance(batch).await.expect("the cursor"), "the lease was lost");
    }
}

/// Hands on until only what another relay has taken is left.
pub async fn drain(consumer: &mut Consumer, log: &mut Log) {
    loop {
        let batches = take(consumer).await;
        if batches.is_empty() {
            return;
        }
        hand_on(log, &batches);
        advance(consumer, &batches).await;
    }
}

/// Keeps each event where it was handed on first.
pub fn without_repeats(log: &Log) -> Log {
    let first = |events: &Vec<EventId>| {
        let mut seen = BTreeSet::new();
        events.iter().filter(|event| seen.insert(**event)).copied().collect()
    };
    log.iter().map(|(tenant_id, events)| (*tenant_id, first(events))).collect()
}
