//! Limits the records of a kind that a tenant may have.

use domain::refusal::Refusal;
use sea_orm::sqlx::postgres::PgArguments;
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres, Row};

use crate::{Error, Tx};

/// Rejects a further record with `detail` if the tenant has `most` of its kind. The statement `count` returns their number as `records`.
/// Transactions that add records of one kind wait for each other.
pub(crate) async fn check_room(
    tx: &Tx,
    kind: &str,
    count: &'static str,
    most: usize,
    detail: String,
) -> Result<(), Error> {
    lock(tx, kind).await?;
    check(tx, sqlx::query(count).bind(tx.tenant_id.0), most, detail).await
}

/// Makes transactions that add records of one kind wait for each other, until this one ends. Otherwise two at once could both take the
/// last free place.
pub(crate) async fn lock(tx: &Tx, kind: &str) -> Result<(), Error> {
    let lock = "select pg_advisory_xact_lock(hashtextextended($2::text || ' ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0).bind(kind)).await?;
    Ok(())
}

/// Rejects a further record like [`check_room`], after [`lock`].
pub(crate) async fn check(
    tx: &Tx,
    count: Query<'_, Postgres, PgArguments>,
    most: usize,
    detail: String,
) -> Result<(), Error> {
    let row = tx.row(count).await?;
    let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    if usize::try_from(row.try_get::<i64, _>("records")?).unwrap_or_default() >= most {
        return Err(Refusal::state(detail).into());
    }
    Ok(())
}
