//! Accounts at providers with which users sign in.
//!
//! The first sign-in ties an account to the user who has its e-mail address. From then on the account counts, because a provider may
//! give the address of a person who left to another person.

use domain::id::{IdentityProviderId, UserId};
use entity::app_user;
use sea_orm::sqlx::{self, Row};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Error, Tx};

/// An account that a provider confirms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account<'a> {
    pub provider_id: IdentityProviderId,
    /// Name of the account at the provider, which never names another one.
    pub subject: &'a str,
    /// E-mail address in lower case.
    pub email: &'a str,
}

impl Account<'_> {
    /// Returns the user to whom it is tied.
    pub(super) async fn find_user(&self, tx: &Tx) -> Result<Option<UserId>, Error> {
        let find = sqlx::query(FIND_USER).bind(tx.tenant_id.0).bind(self.provider_id.0).bind(self.hash());
        let Some(row) = tx.row(find).await? else { return Ok(None) };
        Ok(Some(UserId(row.try_get("user_id")?)))
    }

    /// Ties it to a user whom the transaction has locked. Returns whether it is tied to this user then: it is not if the user has
    /// another account, or another address and no account.
    pub(super) async fn tie(&self, tx: &Tx, user: &app_user::Model) -> Result<bool, Error> {
        let hash = self.hash();
        let find = sqlx::query(FIND_TIES).bind(tx.tenant_id.0).bind(self.provider_id.0);
        let ties = tx.rows(find.bind(hash.clone()).bind(user.id.0)).await?;
        for tie in &ties {
            let (subject, user_id): (Vec<u8>, Uuid) = (tie.try_get("subject_hash")?, tie.try_get("user_id")?);
            if subject != hash || user_id != user.id.0 {
                return Ok(false);
            }
        }
        if !ties.is_empty() {
            return Ok(true);
        }
        if user.email != self.email {
            return Ok(false);
        }
        let tie = sqlx::query(TIE).bind(tx.tenant_id.0).bind(self.provider_id.0).bind(hash);
        Ok(tx.execute(tie.bind(user.id.0).bind(tx.now)).await? > 0)
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.subject.as_bytes()).to_vec()
    }
}

/// Unties the accounts of a user: the next sign-in goes by the e-mail address.
pub(super) async fn untie_user(tx: &Tx, id: UserId) -> Result<(), Error> {
    tx.execute(sqlx::query(UNTIE_USER).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(())
}

/// Unties the accounts at a provider that is deleted, or names accounts in another way.
pub(super) async fn untie_provider(tx: &Tx, id: IdentityProviderId) -> Result<(), Error> {
    tx.execute(sqlx::query(UNTIE_PROVIDER).bind(tx.tenant_id.0).bind(id.0)).await?;
    Ok(())
}

const FIND_USER: &str = "
    select user_id from provider_account
    where tenant_id = $1 and provider_id = $2 and subject_hash = $3";

const FIND_TIES: &str = "
    select subject_hash, user_id from provider_account
    where tenant_id = $1 and provider_id = $2 and (subject_hash = $3 or user_id = $4)";

/// Two first sign-ins at once tie one account.
const TIE: &str = "
    insert into provider_account (tenant_id, provider_id, subject_hash, user_id, created_at)
    values ($1, $2, $3, $4, $5)
    on conflict do nothing";

const UNTIE_USER: &str = "delete from provider_account where tenant_id = $1 and user_id = $2";

const UNTIE_PROVIDER: &str = "delete from provider_account where tenant_id = $1 and provider_id = $2";
