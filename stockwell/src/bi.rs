//! Database logins of BI tools: the role in the database server, and the record of whose it is.
//!
//! A role without a record sees nothing, so a login is made role first, and ended record first.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use domain::id::{BiLoginId, TenantId};
use migration::bi_role::{self, NewRole};
use service::bi_login::{self, BiLogin};
use service::{Db, Error};

/// A change of a login failed.
#[derive(Debug, thiserror::Error)]
pub enum BiError {
    /// The role could not be made or ended.
    #[error(transparent)]
    Role(#[from] migration::Error),
    /// The record was rejected, or the database failed.
    #[error(transparent)]
    Record(#[from] Error),
}

/// A login that was just made. Its password is shown only once.
#[derive(Debug)]
pub struct NewLogin {
    pub login: BiLogin,
    pub password: String,
}

/// Makes a login.
pub async fn grant(
    db: &Db,
    migrator_url: &str,
    tenant_id: TenantId,
    name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<NewLogin, BiError> {
    let role = NewRole::random();
    bi_role::make(migrator_url, &role, expires_at.map(SystemTime::from)).await?;
    match bi_login::grant(db, tenant_id, name, &role.name, expires_at).await {
        Ok(login) => Ok(NewLogin { login, password: role.password }),
        Err(error) => {
            warn_if_left(bi_role::remove(migrator_url, &role.name).await);
            Err(error.into())
        }
    }
}

/// Makes a login that replaces another one, which works for `overlap_seconds` more.
pub async fn rotate(
    db: &Db,
    migrator_url: &str,
    tenant_id: TenantId,
    id: BiLoginId,
    overlap_seconds: u32,
) -> Result<NewLogin, BiError> {
    let role = NewRole::random();
    let before = db.read(tenant_id, async |tx| bi_login::get(tx, id).await).await?;
    bi_role::make(migrator_url, &role, before.expires_at.map(SystemTime::from)).await?;
    match bi_login::rotate(db, tenant_id, id, &role.name, overlap_seconds).await {
        Ok((login, old)) => {
            // The record has ended the old login, or says when it ends. The new password must not be lost if the rest fails.
            warn_if_left(match old.expires_at {
                Some(end) if old.revoked_at.is_none() => {
                    bi_role::end_at(migrator_url, &old.role_name, end.into()).await
                }
                Some(_) | None => bi_role::remove(migrator_url, &old.role_name).await,
            });
            Ok(NewLogin { login, password: role.password })
        }
        Err(error) => {
            warn_if_left(bi_role::remove(migrator_url, &role.name).await);
            Err(error.into())
        }
    }
}

/// Ends a login and its sessions. May be repeated. Warns if the role is closed but could not be dropped.
pub async fn revoke(
    db: &Db,
    migrator_url: &str,
    tenant_id: TenantId,
    id: BiLoginId,
) -> Result<BiLogin, BiError> {
    let login = bi_login::revoke(db, tenant_id, id).await?;
    match bi_role::remove(migrator_url, &login.role_name).await {
        left @ Err(migration::Error::BiRoleLeft { .. }) => warn_if_left(left),
        removed => removed?,
    }
    Ok(login)
}

/// Warns that a role is left. Its login sees nothing all the same: the record has ended it, or there is none.
fn warn_if_left(ended: Result<(), migration::Error>) {
    if let Err(error) = ended {
        tracing::warn!("{error}");
    }
}
