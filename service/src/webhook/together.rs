//! Outcomes of many messages, recorded together: a fast receiver costs few statements for each message.

use std::collections::HashSet;

use domain::id::{TenantId, WebhookEndpointId};
use sea_orm::sqlx::{self, Row};
use tokio::time::timeout;
use uuid::Uuid;

use super::outcome::{self, Outcome};
use super::turn::Message;
use crate::columns::Columns;
use crate::{Db, Error, Tx};

/// Most outcomes that are recorded together.
const TOGETHER_MAX: usize = 500;
/// Most of them that are recorded one by one, while those of other endpoints wait.
const ALONE_MAX: usize = 16;

/// An attempt that has ended.
#[derive(Debug)]
pub struct Ended {
    pub message: Message,
    pub outcome: Outcome,
}

impl Ended {
    /// Whether it is recorded together with others, unless its endpoint failed before.
    pub fn is_plain(&self) -> bool {
        self.outcome.error.is_none() && !self.message.is_test()
    }
}

/// Takes the outcomes to record next, and leaves the others. Failures are recorded a few at a time, so that successes don't wait for the
/// failures of dead endpoints.
pub fn take_next(ended: &mut Vec<Ended>) -> Vec<Ended> {
    let (mut next, mut alone) = (Vec::new(), 0);
    for one in std::mem::take(ended) {
        let has_room = one.is_plain() || alone < ALONE_MAX;
        if has_room && next.len() < TOGETHER_MAX {
            alone += usize::from(!one.is_plain());
            next.push(one);
        } else {
            ended.push(one);
        }
    }
    next
}

/// Records outcomes of a tenant. Three statements record all messages that were accepted by endpoints which did not fail before, also a single
/// one: it does not wait for a turn, which locks the cursors. The other outcomes are recorded one by one, because they change the state of
/// their endpoint. A repeat changes nothing.
pub async fn record(db: &Db, tenant_id: TenantId, ended: &[Ended]) -> Result<(), Error> {
    let (accepted, mut alone): (Vec<&Ended>, Vec<&Ended>) = ended.iter().partition(|ended| ended.is_plain());
    if !accepted.is_empty() {
        alone.extend(record_accepted(db, tenant_id, accepted).await?);
    }
    for Ended { message, outcome } in alone {
        outcome::record(db, message, outcome).await?;
    }
    Ok(())
}

/// Records messages that were accepted. Returns those whose endpoint failed before.
async fn record_accepted<'e>(
    db: &Db,
    tenant_id: TenantId,
    accepted: Vec<&'e Ended>,
) -> Result<Vec<&'e Ended>, Error> {
    let tx = db.begin_bulk(tenant_id).await?;
    let noting = timeout(db.write_time().work, note(&tx, accepted));
    let alone = noting.await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(alone)
}

async fn note<'e>(tx: &Tx, accepted: Vec<&'e Ended>) -> Result<Vec<&'e Ended>, Error> {
    let healthy = lock_healthy(tx, &accepted).await?;
    let is_healthy = |ended: &&Ended| healthy.contains(&ended.message.endpoint_id);
    let (together, alone): (Vec<&Ended>, Vec<&Ended>) = accepted.into_iter().partition(is_healthy);
    if !together.is_empty() {
        log(tx, &together).await?;
        end_leases(tx, &together).await?;
    }
    Ok(alone)
}

/// Locks the endpoints of messages, and returns those whose last attempts did not fail. The lock makes a deletion of an endpoint wait, because
/// it changes the same deliveries. Cursors are not locked, because a turn skips locked ones.
async fn lock_healthy(tx: &Tx, accepted: &[&Ended]) -> Result<HashSet<WebhookEndpointId>, Error> {
    let mut ids: Vec<Uuid> = accepted.iter().map(|ended| ended.message.endpoint_id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let lock = "select c.endpoint_id from webhook_cursor c \
                join webhook_endpoint e on e.tenant_id = c.tenant_id and e.id = c.endpoint_id \
                where c.tenant_id = $1 and e.tenant_id = $1 and c.endpoint_id = any($2) and c.failures = 0 \
                order by e.id for share of e";
    let rows = tx.rows(sqlx::query(lock).bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok(WebhookEndpointId(row.try_get("endpoint_id")?))).collect()
}

async fn log(tx: &Tx, together: &[&Ended]) -> Result<(), Error> {
    let statement = "insert into webhook_attempt (tenant_id, delivery_id, number, attempted_at, duration_ms, http_status, request, \
             response, is_cut) \
         select $1, v.* from unnest($2::uuid[], $3::integer[], $4::timestamptz[], $5::integer[], $6::smallint[], $7::text[], \
             $8::text[], $9::boolean[]) \
             as v (delivery_id, number, attempted_at, duration_ms, http_status, request, response, is_cut) \
         on conflict do nothing";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("delivery_id", together, |ended| ended.message.delivery_id.0)
        .column("number", together, |ended| ended.message.attempt)
        .column("attempted_at", together, |ended| ended.message.at)
        .column("duration_ms", together, |ended| ended.outcome.duration_ms)
        .column("http_status", together, |ended| ended.outcome.status.map(u16::cast_signed))
        .column("request", together, |ended| ended.outcome.request.clone())
        .column("response", together, |ended| ended.outcome.response.clone())
        .column("is_cut", together, |ended| ended.outcome.is_cut);
    query.execute(tx).await?;
    Ok(())
}

/// Ends leases. A delivery that another attempt has now stays as it is.
async fn end_leases(tx: &Tx, together: &[&Ended]) -> Result<(), Error> {
    let statement = "update webhook_delivery d set status = 'delivered', next_at = $2, http_status = v.http_status, error = null, \
             leased_by = null, lease_until = null, updated_at = $2, version = d.version + 1 \
         from unnest($3::uuid[], $4::uuid[], $5::smallint[]) as v (id, lease, http_status) \
         where d.tenant_id = $1 and d.id = v.id and d.leased_by = v.lease";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", together, |ended| ended.message.delivery_id.0)
        .column("lease", together, |ended| ended.message.lease)
        .column("http_status", together, |ended| ended.outcome.status.map(u16::cast_signed));
    query.execute(tx).await?;
    Ok(())
}
