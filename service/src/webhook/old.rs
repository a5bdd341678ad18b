//! Old deliveries: those that ended long ago are deleted, with their logs.

use chrono::TimeDelta;
use domain::id::TenantId;
use sea_orm::sqlx::{self, Row};
use tokio::time::timeout;
use uuid::Uuid;

use crate::relay::first_id;
use crate::{Db, Error, Tx};

/// Time that deliveries which ended are kept.
pub const KEPT: TimeDelta = TimeDelta::days(30);
/// Most deliveries that are deleted at once.
pub const AT_ONCE: usize = 500;

/// Deletes some old deliveries of a tenant: those that ended, or whose endpoint was deleted, [`KEPT`] ago. Returns their number.
/// If it is [`AT_ONCE`], there may be more.
pub async fn forget(db: &Db, tenant_id: TenantId) -> Result<usize, Error> {
    let tx = db.begin(tenant_id).await?;
    let forgotten = timeout(db.write_time().work, forget_some(&tx)).await.unwrap_or(Err(Error::Deadline))?;
    tx.commit().await?;
    Ok(forgotten)
}

/// Only rows with ids below `$3` are read: an id begins with the millisecond in which the row was written. A version before
/// deletes an endpoint without ending its deliveries. The rows are locked, so none of them is sent again meanwhile: its log would be left.
const OLD: &str = "select d.id from webhook_delivery d \
     where d.tenant_id = $1 and d.id < $3 \
       and ((d.status <> 'pending' and d.updated_at < $2) \
            or exists (select from webhook_endpoint e \
                       where e.tenant_id = $1 and e.id = d.endpoint_id and e.deleted_at < $2)) \
     order by d.id limit $4 for update of d skip locked";

async fn forget_some(tx: &Tx) -> Result<usize, Error> {
    let before = tx.now - KEPT;
    let old = sqlx::query(OLD).bind(tx.tenant_id.0).bind(before).bind(first_id(before)).bind(AT_ONCE as i64);
    let ids: Vec<Uuid> = tx.rows(old).await?.iter().map(|row| row.try_get("id")).collect::<Result<_, _>>()?;
    for statement in [
        "delete from webhook_attempt where tenant_id = $1 and delivery_id = any($2)",
        "delete from webhook_delivery where tenant_id = $1 and id = any($2)",
    ] {
        tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await?;
    }
    Ok(ids.len())
}
