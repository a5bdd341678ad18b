//! Limits the records of a kind that a tenant may have.

use domain::refusal::Refusal;
use sea_orm::sqlx::{self, Row};

use crate::{Error, Tx};

/// Rejects a further record with `detail` if the tenant has `most` of its kind. The statement `count` returns their number as `records`.
/// Transactions that add records of one kind wait for each other. Otherwise two at once could both take the last free place.
pub(crate) async fn check_room(
    tx: &Tx,
    kind: &str,
    count: &'static str,
    most: usize,
    detail: String,
) -> Result<(), Error> {
    let lock = "select pg_advisory_xact_lock(hashtextextended($2::text || ' ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0).bind(kind)).await?;
    let row = tx.row(sqlx::query(count).bind(tx.tenant_id.0)).await?;
    let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    if usize::try_from(row.try_get::<i64, _>("records")?).unwrap_or_default() >= most {
        return Err(Refusal::state(detail).into());
    }
    Ok(())
}
