//! The bytes that the files of a tenant take, and their quota.

use domain::attachment::QUOTA_BYTES;
use domain::refusal::{Code, Refusal};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};

use crate::{Error, Tx};

/// The files of a tenant, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub stored: i64,
    /// The most that they may take.
    pub quota: i64,
}

/// Returns the bytes that the files of the tenant take.
pub(crate) async fn of_tenant(tx: &Tx) -> Result<Usage, Error> {
    let statement = "select stored_bytes, quota_bytes from attachment_usage where tenant_id = $1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    row.map_or(Ok(Usage { stored: 0, quota: QUOTA_BYTES }), |row| read(&row))
}

/// Sets the quota of the tenant, in bytes; none for the one of all tenants.
pub(crate) async fn set_quota(tx: &Tx, quota_bytes: Option<i64>) -> Result<(), Error> {
    lock(tx).await?;
    let statement = "update attachment_usage set quota_bytes = $2 where tenant_id = $1";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(quota_bytes)).await?;
    Ok(())
}

/// Locks the row of what the tenant's files take, and returns it.
pub(super) async fn lock(tx: &Tx) -> Result<Usage, Error> {
    let statement = "insert into attachment_usage (tenant_id, stored_bytes) values ($1, 0) \
                     on conflict (tenant_id) do update set stored_bytes = attachment_usage.stored_bytes \
                     returning stored_bytes, quota_bytes";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    read(&row.ok_or_else(|| Error::invariant("an upsert returns its row"))?)
}

fn read(row: &PgRow) -> Result<Usage, Error> {
    let quota: Option<i64> = row.try_get("quota_bytes")?;
    Ok(Usage { stored: row.try_get("stored_bytes")?, quota: quota.unwrap_or(QUOTA_BYTES) })
}

pub(super) async fn add(tx: &Tx, bytes: i64) -> Result<(), Error> {
    let statement = "update attachment_usage set stored_bytes = stored_bytes + $2 where tenant_id = $1";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(bytes)).await?;
    Ok(())
}

pub(super) fn quota_exceeded(usage: Usage, size: i64) -> Refusal {
    let Usage { stored, quota } = usage;
    let detail = format!(
        "The files of the tenant take {stored} of {quota} bytes, and this one has {size}. Delete attachments, or ask the operator \
         for a larger quota."
    );
    Refusal::new(Code::InvalidStateTransition, detail)
}
