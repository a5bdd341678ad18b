//! Wrong codes and wrong passwords of a user, which all servers count together, in the database.
//!
//! [`Attempts`](super::attempts::Attempts) counts on each server before, and bounds what runs at once. A count ends [`WINDOW`] after its
//! first failure.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{TenantId, UserId};
use sea_orm::sqlx::{self, Row};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::AuthError;
use super::attempts::{OF_USER_MAX, WINDOW};
use crate::caller::ActorKind;
use crate::scope::Scopes;
use crate::{Caller, Db, Error, Tx, network};

/// Most counts that ended and are deleted with one failure.
const DELETED_MAX: i64 = 20;

/// Failures that are counted together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    tenant_id: TenantId,
    /// SHA-256 of the text that says what is counted.
    key: [u8; 32],
}

impl Counted {
    /// Counts the codes of a user, from all networks.
    pub(super) fn codes(tenant_id: TenantId, user_id: UserId) -> Self {
        Counted::of(tenant_id, &format!("codes {user_id}"))
    }

    /// Counts the passwords for an e-mail address, from one network. The address need not be that of a user.
    pub(super) fn passwords(tenant_id: TenantId, email: &str, address: Option<IpAddr>) -> Self {
        Counted::of(tenant_id, &format!("passwords {} {email}", network::of_any(address)))
    }

    fn of(tenant_id: TenantId, text: &str) -> Self {
        Counted { tenant_id, key: Sha256::digest(text.as_bytes()).into() }
    }

    /// Returns the failures that count now.
    pub(super) async fn failures(&self, tx: &Tx) -> Result<i32, Error> {
        let find = sqlx::query(FIND).bind(tx.tenant_id.0).bind(self.key.to_vec()).bind(tx.now);
        let Some(row) = tx.row(find).await? else { return Ok(0) };
        Ok(row.try_get("failures")?)
    }

    /// Counts a failure. Rejects it if there are as many as there may be.
    pub(super) async fn add(&self, db: &Db) -> Result<(), AuthError> {
        let add = async |tx: &Tx| {
            let deleted = sqlx::query(DELETE_ENDED).bind(tx.tenant_id.0).bind(tx.now).bind(DELETED_MAX);
            tx.execute(deleted).await?;
            let add = sqlx::query(ADD).bind(tx.tenant_id.0).bind(self.key.to_vec()).bind(tx.now);
            Ok(tx.execute(add.bind(end(tx.now)).bind(most())).await? > 0)
        };
        let is_added: bool = db.write(&self.caller(), add).await?;
        if is_added { Ok(()) } else { Err(too_many()) }
    }

    /// Takes a failure back: the secret was right, or the server failed.
    pub(super) async fn take_back(&self, db: &Db) -> Result<(), Error> {
        self.run(db, TAKE_BACK).await
    }

    /// Forgets all failures.
    pub(super) async fn forget(&self, db: &Db) -> Result<(), Error> {
        self.run(db, FORGET).await
    }

    /// Returns a caller of whom only the tenant is known.
    fn caller(&self) -> Caller {
        Caller::new(self.tenant_id, ActorKind::User, Uuid::nil(), Scopes::default())
    }

    async fn run(&self, db: &Db, statement: &'static str) -> Result<(), Error> {
        let run = async |tx: &Tx| {
            tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(self.key.to_vec())).await?;
            Ok(())
        };
        db.write(&self.caller(), run).await
    }
}

/// Rejects an attempt after so many failures.
pub(super) fn check(failures: i32) -> Result<(), AuthError> {
    if failures >= most() { Err(too_many()) } else { Ok(()) }
}

fn too_many() -> AuthError {
    AuthError::TooManyAttempts(WINDOW.as_secs())
}

fn most() -> i32 {
    i32::try_from(OF_USER_MAX).unwrap_or(i32::MAX)
}

fn end(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(WINDOW).unwrap_or_default()
}

const FIND: &str = "
    select failures from failed_attempt
    where tenant_id = $1 and key = $2 and ends_at > $3";

/// A count that ended begins again.
const ADD: &str = "
    insert into failed_attempt as f (tenant_id, key, failures, ends_at) values ($1, $2, 1, $4)
    on conflict (tenant_id, key) do update set
        failures = case when f.ends_at <= $3 then 1 else f.failures + 1 end,
        ends_at = case when f.ends_at <= $3 then $4 else f.ends_at end
    where f.ends_at <= $3 or f.failures < $5";

const TAKE_BACK: &str = "
    update failed_attempt set failures = failures - 1
    where tenant_id = $1 and key = $2 and failures > 0";

const FORGET: &str = "delete from failed_attempt where tenant_id = $1 and key = $2";

/// Leaves rows that another transaction has locked, so that two never wait for each other.
const DELETE_ENDED: &str = "
    delete from failed_attempt
    where tenant_id = $1 and key in (
        select key from failed_attempt
        where tenant_id = $1 and ends_at <= $2
        order by ends_at limit $3
        for update skip locked
    )";
