//! Finds what late sales need besides the rows of other sales: closed sessions, and products by SKUs that they had before.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{ProductId, RegisterId, SessionId};
use domain::needs::Needs;
use domain::pos::{ClosedSession, Drawer};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Error, Tx};

/// Reads the closed session of each forced sale that happened before the open session of its till, or whose till has no open
/// one: the last session that was opened before the sale, else the last one.
pub(super) async fn closed_sessions(
    tx: &Tx,
    needs: &Needs,
    drawers: &HashMap<RegisterId, Drawer>,
) -> Result<HashMap<(RegisterId, DateTime<Utc>), ClosedSession>, Error> {
    let is_of_open = |(id, at): &&(RegisterId, DateTime<Utc>)| {
        let open = drawers.get(id).and_then(|drawer| drawer.session);
        open.is_some_and(|session| session.opened_at <= *at)
    };
    let late: Vec<&(RegisterId, DateTime<Utc>)> =
        needs.late_sales.iter().filter(|sale| !is_of_open(sale)).collect();
    if late.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select w.register_id, w.at, s.id, s.opened_at, s.closed_at \
         from unnest($2::uuid[], $3::timestamptz[]) w (register_id, at) \
         cross join lateral ( \
             (select s.id, s.opened_at, s.closed_at from pos_session s \
              where s.tenant_id = $1 and s.register_id = w.register_id and s.status = 'closed' and s.opened_at <= w.at \
              order by s.id desc limit 1) \
             union all \
             (select s.id, s.opened_at, s.closed_at from pos_session s \
              where s.tenant_id = $1 and s.register_id = w.register_id and s.status = 'closed' \
              order by s.id desc limit 1) \
             limit 1) s";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(late.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
        .bind(late.iter().map(|(_, at)| *at).collect::<Vec<DateTime<Utc>>>());
    let mut closed = HashMap::new();
    for row in tx.rows(query).await? {
        let session = ClosedSession {
            id: SessionId(row.try_get("id")?),
            opened_at: row.try_get("opened_at")?,
            closed_at: row.try_get("closed_at")?,
        };
        closed.insert((RegisterId(row.try_get("register_id")?), row.try_get("at")?), session);
    }
    Ok(closed)
}

/// Returns the products that had SKUs before which forced sales name, with the times at which the SKUs were replaced, in their
/// order.
pub(super) async fn former_skus(
    tx: &Tx,
    needs: &Needs,
) -> Result<HashMap<String, Vec<(DateTime<Utc>, ProductId)>>, Error> {
    let mut former: HashMap<String, Vec<(DateTime<Utc>, ProductId)>> = HashMap::new();
    if needs.former_skus.is_empty() {
        return Ok(former);
    }
    let statement = "select sku, replaced_at, product_id from former_sku \
                     where tenant_id = $1 and sku = any($2) order by sku, replaced_at";
    let skus: Vec<&str> = needs.former_skus.iter().map(String::as_str).collect();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(skus)).await? {
        let replaced = (row.try_get("replaced_at")?, ProductId(row.try_get("product_id")?));
        former.entry(row.try_get("sku")?).or_default().push(replaced);
    }
    Ok(former)
}
