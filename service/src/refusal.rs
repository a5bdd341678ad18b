//! Refused rights and failed logins, which the tenant can read.
//!
//! They are counted in memory and written in the background, so that a refused request costs no statement. A tenant gets at
//! most one row for each caller, network, code and minute, and few new ones for each write: an attacker can't fill the
//! table. Counts that were not written when the process ends are lost.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Timelike, Utc};
use domain::id::TenantId;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::columns::Columns;
use crate::listing::{Listing, Slice};
use crate::{Db, Error, Tx, network};

/// Time for which refusals are counted before they are written.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// Most rows of one tenant in one write. Further ones are counted in one row without a caller and a network.
const ROWS_MAX: usize = 16;
/// Most rows of all tenants in one write. Further ones are not counted.
const PENDING_MAX: usize = 10_000;

/// The caller, the network and the code of refusals that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    actor_kind: &'static str,
    /// Nil if it is not known.
    actor_id: Uuid,
    /// Empty if it is not known.
    network: String,
    code: String,
}

/// A refused request.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    pub tenant_id: TenantId,
    /// Kind of the caller: an [`ActorKind`](crate::caller::ActorKind), or `payment_provider`.
    pub actor_kind: &'static str,
    /// Id of the key, user or provider; nil if it is not known.
    pub actor_id: Uuid,
    /// Address of the caller, if it is known.
    pub address: Option<IpAddr>,
    /// Code of the problem.
    pub code: &'a str,
}

/// Counts refusals.
#[derive(Debug, Clone)]
pub struct Refusals {
    db: Db,
    pending: Arc<Mutex<Pending>>,
}

/// Refusals that are still to be written.
#[derive(Debug, Default)]
struct Pending {
    by_tenant: HashMap<TenantId, HashMap<Key, i32>>,
    /// Number of rows of all tenants.
    rows: usize,
}

impl Pending {
    /// Counts a refusal, if there is room.
    fn count(&mut self, tenant_id: TenantId, mut key: Key) {
        let has_room = self.rows < PENDING_MAX;
        if !has_room && !self.by_tenant.contains_key(&tenant_id) {
            return;
        }
        let known = self.by_tenant.entry(tenant_id).or_default();
        if !known.contains_key(&key) {
            if known.len() >= ROWS_MAX {
                key = Key { actor_id: Uuid::nil(), network: String::new(), ..key };
            }
            if !known.contains_key(&key) {
                if known.len() > 2 * ROWS_MAX || !has_room {
                    return;
                }
                self.rows += 1;
            }
        }
        let times = known.entry(key).or_default();
        *times = times.saturating_add(1);
    }
}

impl Refusals {
    /// Writes what it counts into `db`.
    pub fn new(db: Db) -> Self {
        Refusals { db, pending: Arc::default() }
    }

    /// Counts a refused request. The row is written within about a second.
    pub fn note(&self, refused: Refused<'_>) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = pending.rows == 0;
        let key = Key {
            actor_kind: refused.actor_kind,
            actor_id: refused.actor_id,
            network: refused.address.map(|address| network::of(address).to_string()).unwrap_or_default(),
            code: refused.code.to_owned(),
        };
        pending.count(refused.tenant_id, key);
        if is_first {
            let refusals = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(WRITE_EVERY).await;
                refusals.write().await;
            });
        }
    }

    async fn write(&self) {
        let pending = std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        for (tenant_id, rows) in pending.by_tenant {
            let rows: Vec<(Key, i32)> = rows.into_iter().collect();
            let written = self.db.job_beside_moves(tenant_id, async |tx| save(tx, &rows).await).await;
            if let Err(error) = written {
                tracing::warn!(%error, %tenant_id, "refusals were not written");
            }
        }
    }
}

async fn save(tx: &Tx, rows: &[(Key, i32)]) -> Result<(), Error> {
    let statement = Columns::of(
        "insert into access_refusal (tenant_id, id, minute, actor_kind, actor_id, network, code, times) \
         select $1, v.id, $2, v.actor_kind, v.actor_id, v.network, v.code, v.times \
         from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::integer[]) \
             as v (id, actor_kind, actor_id, network, code, times) \
         on conflict (tenant_id, minute, actor_kind, actor_id, network, code) \
         do update set times = access_refusal.times + excluded.times",
    );
    let minute = tx.now.with_second(0).and_then(|minute| minute.with_nanosecond(0)).unwrap_or(tx.now);
    let statement = statement
        .bind(tx.tenant_id.0)
        .bind(minute)
        .column("id", rows, |_| tx.next_id())
        .column("actor_kind", rows, |(key, _)| key.actor_kind)
        .column("actor_id", rows, |(key, _)| key.actor_id)
        .column("network", rows, |(key, _)| key.network.clone())
        .column("code", rows, |(key, _)| key.code.clone())
        .column("times", rows, |(_, times)| *times);
    statement.execute(tx).await?;
    Ok(())
}

/// Refused requests of one caller from one network within a minute.
#[derive(Debug, Clone)]
pub struct AccessRefusal {
    pub id: Uuid,
    pub minute: DateTime<Utc>,
    pub actor_kind: String,
    /// Nil if it is not known.
    pub actor_id: Uuid,
    /// Empty if it is not known.
    pub network: String,
    pub code: String,
    pub times: i32,
}

pub async fn list(tx: &Tx, code: Option<&str>, slice: &Slice) -> Result<Vec<AccessRefusal>, Error> {
    let select = "select id, minute, actor_kind, actor_id, network, code, times from access_refusal where tenant_id = ";
    let listing = Listing::new(tx, select).with("code = ", code.map(str::to_owned));
    listing.page(tx, "id", slice).await?.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<AccessRefusal, Error> {
    Ok(AccessRefusal {
        id: row.try_get("id")?,
        minute: row.try_get("minute")?,
        actor_kind: row.try_get("actor_kind")?,
        actor_id: row.try_get("actor_id")?,
        network: row.try_get("network")?,
        code: row.try_get("code")?,
        times: row.try_get("times")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> Key {
        Key {
            actor_kind: "api_key",
            actor_id: Uuid::from_u128(number as u128 + 1),
            network: String::new(),
            code: "insufficient_scope".to_owned(),
        }
    }

    #[test]
    fn a_tenant_has_few_rows_and_all_together_a_bounded_number() {
        let mut pending = Pending::default();
        let tenant = |number: usize| TenantId(Uuid::from_u128(number as u128));
        for number in 0..1_000 {
            pending.count(tenant(1), key(number));
        }
        let rows = &pending.by_tenant[&tenant(1)];
        assert_eq!(rows.len(), ROWS_MAX + 1);
        assert_eq!(rows.values().sum::<i32>(), 1_000, "each is counted, some without their caller");
        for number in 2..PENDING_MAX * 2 {
            pending.count(tenant(number), key(0));
        }
        assert_eq!(pending.rows, PENDING_MAX);
        assert_eq!(pending.by_tenant.values().map(HashMap::len).sum::<usize>(), PENDING_MAX);
        assert_eq!(pending.by_tenant.len(), PENDING_MAX - ROWS_MAX);
        pending.count(tenant(2), key(0));
        assert_eq!(pending.by_tenant[&tenant(2)][&key(0)], 2, "a row that is there still counts");
    }
}
