//! Logins of users, and the refresh tokens that extend them.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use domain::id::{TenantId, decode, encode};
use entity::{app_user, refresh_token};
use rand::RngExt;
use rand::distr::Alphanumeric;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, QuerySelect, Set, sqlx};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::Row;
use uuid::Uuid;

use super::password::DUMMY_HASH;
use super::tokens::password_time;
use super::{
    Auth, AuthError, FAILURE_WINDOW, FAILURES_OF_NETWORK_MAX, FAILURES_OF_USER_MAX, FailureKey, Role, users,
};
use crate::caller::ActorKind;
use crate::scope::Scopes;
use crate::{Caller, Error, Tx, network};

/// Prefix of a refresh token. The tenant follows, because row-level security needs it to find the token.
const REFRESH_PREFIX: &str = "swr";
const REFRESH_LETTERS: usize = 43;
/// Lifetime of an unused refresh token.
const REFRESH_DAYS: i64 = 30;

/// The credentials of a login.
#[derive(Debug, Clone)]
pub struct Login {
    /// The tenant's slug.
    pub tenant: String,
    pub email: String,
    pub password: SecretString,
    /// Address of the caller.
    pub address: Option<IpAddr>,
}

/// The tokens of a login or a refresh.
#[derive(Debug)]
pub struct Tokens {
    /// Valid for 15 minutes.
    pub access_token: String,
    /// Exchanges once for the next pair of tokens.
    pub refresh_token: SecretString,
    /// Scopes of the access token.
    pub scopes: Scopes,
}

enum Checked {
    Right(Box<LoginUser>),
    Wrong,
}

enum Refreshed {
    Tokens(Tokens),
    Refused,
}

impl Auth {
    /// Logs a user in. An unknown tenant, an unknown user and a wrong password give the same response after the same
    /// time.
    pub async fn login(&self, login: Login) -> Result<Tokens, AuthError> {
        let user = self.check_login(login).await?;
        let caller = user_caller(&user);
        let issued = self.db.write(&caller, async |tx| self.issue(tx, &user, Uuid::new_v4()).await);
        Ok(issued.await?)
    }

    /// Returns the active user of a login. Counts failures, and rejects too many of them.
    pub(super) async fn check_login(&self, login: Login) -> Result<app_user::Model, AuthError> {
        let email = login.email.trim().to_lowercase();
        let network = network::of_any(login.address);
        let of_network = self.failures(FailureKey::Network(network)).await;
        let key = FailureKey::User { network, tenant: login.tenant.clone(), email: email.clone() };
        let of_user = self.failures(key.clone()).await;
        // Counted before the result is known, so that parallel attempts count too.
        if of_network.fetch_add(1, Ordering::Relaxed) >= FAILURES_OF_NETWORK_MAX
            || of_user.fetch_add(1, Ordering::Relaxed) >= FAILURES_OF_USER_MAX
        {
            return Err(AuthError::TooManyAttempts(FAILURE_WINDOW.as_secs()));
        }
        let checked = self.check_password(login, &email).await;
        if checked.is_err() {
            // The server failed, not the login: a user who meets a busy server is not locked out.
            of_network.fetch_sub(1, Ordering::Relaxed);
            of_user.fetch_sub(1, Ordering::Relaxed);
        }
        let Checked::Right(known) = checked? else { return Err(AuthError::WrongLogin) };
        self.failures.invalidate(&key).await;
        of_network.fetch_sub(1, Ordering::Relaxed);
        if !known.tenant_active {
            return Err(AuthError::TenantSuspended);
        }
        Ok(known.user)
    }

    /// Exchanges a refresh token for the next pair of tokens. A token that was used before ends its whole family,
    /// because either its owner or a thief has a copy.
    pub async fn refresh(&self, token: &SecretString) -> Result<Tokens, AuthError> {
        let (tenant_id, hash) = read_refresh_token(token).ok_or(AuthError::InvalidToken)?;
        let refreshed =
            self.db.write(&anonymous(tenant_id), async |tx| self.exchange(tx, &hash).await).await?;
        match refreshed {
            Refreshed::Tokens(tokens) => Ok(tokens),
            Refreshed::Refused => Err(AuthError::InvalidToken),
        }
    }

    /// Ends the login of a refresh token. Ignores unknown tokens, so that the response reveals nothing.
    pub async fn logout(&self, token: &SecretString) -> Result<(), Error> {
        let Some((tenant_id, hash)) = read_refresh_token(token) else { return Ok(()) };
        let end = async |tx: &Tx| {
            if let Some(row) = find_token(tx, &hash).await? {
                tx.execute(sqlx::query(END_FAMILY).bind(tx.tenant_id.0).bind(row.family_id).bind(tx.now))
                    .await?;
            }
            Ok(())
        };
        self.db.write(&anonymous(tenant_id), end).await
    }

    async fn failures(&self, key: FailureKey) -> Arc<AtomicU32> {
        self.failures.get_with(key, async { Arc::new(AtomicU32::new(0)) }).await
    }

    /// Returns the active user of a login, if there is one and the password is right. Counts a failed login of a known user
    /// for the tenant.
    async fn check_password(&self, login: Login, email: &str) -> Result<Checked, Error> {
        let known = self.find_login(&login.tenant, email).await?;
        let address = login.address;
        let password_hash = known.as_ref().map_or(DUMMY_HASH, |known| &known.user.password_hash).to_owned();
        let matches = self.verify(login.password, password_hash).await?;
        match known {
            Some(known) if matches && known.user.status == "active" => Ok(Checked::Right(Box::new(known))),
            Some(known) => {
                self.note_refusal(&user_caller(&known.user), address, "invalid_credentials");
                Ok(Checked::Wrong)
            }
            None => Ok(Checked::Wrong),
        }
    }

    async fn find_login(&self, slug: &str, email: &str) -> Result<Option<LoginUser>, Error> {
        let query = || sqlx::query("select tenant_id, status from auth.find_tenant($1)").bind(slug);
        let Some(row) = self.db.ask(query).await? else { return Ok(None) };
        let tenant_id = TenantId(row.try_get("tenant_id")?);
        let status: String = row.try_get("status")?;
        let user = self
            .db
            .read(tenant_id, async |tx| {
                let users = tx.select::<app_user::Entity>();
                Ok(users.filter(app_user::Column::Email.eq(email)).one(tx).await?)
            })
            .await?;
        Ok(user.map(|user| LoginUser { user, tenant_active: status == "active" }))
    }

    async fn exchange(&self, tx: &Tx, hash: &[u8; 32]) -> Result<Refreshed, Error> {
        let Some(row) = find_token(tx, hash).await? else { return Ok(Refreshed::Refused) };
        if row.revoked_at.is_some() || row.expires_at <= tx.now {
            return Ok(Refreshed::Refused);
        }
        let user = users::find(tx, row.user_id).await?;
        let tenant = tx.select::<entity::tenant::Entity>().one(tx).await?;
        let is_active = user.status == "active" && tenant.is_some_and(|tenant| tenant.status == "active");
        if row.used_at.is_some() || !is_active {
            tracing::warn!(user = %user.id, reused = row.used_at.is_some(), "a family of refresh tokens was ended");
            tx.execute(sqlx::query(END_FAMILY).bind(tx.tenant_id.0).bind(row.family_id).bind(tx.now)).await?;
            return Ok(Refreshed::Refused);
        }
        tx.execute(sqlx::query(USE_TOKEN).bind(tx.tenant_id.0).bind(row.id).bind(tx.now)).await?;
        Ok(Refreshed::Tokens(self.issue(tx, &user, row.family_id).await?))
    }

    pub(super) async fn issue(
        &self,
        tx: &Tx,
        user: &app_user::Model,
        family_id: Uuid,
    ) -> Result<Tokens, Error> {
        let role: Role =
            user.role.parse().map_err(|_| Error::invariant(format!("{} has no role", user.id)))?;
        let mut refresh_token = encode(REFRESH_PREFIX, tx.tenant_id.0);
        refresh_token.push('_');
        refresh_token.extend(rand::rng().sample_iter(Alphanumeric).take(REFRESH_LETTERS).map(char::from));
        let row = refresh_token::ActiveModel {
            tenant_id: Set(tx.tenant_id),
            id: Set(tx.next_id()),
            family_id: Set(family_id),
            user_id: Set(user.id),
            hash: Set(Sha256::digest(refresh_token.as_bytes()).to_vec()),
            expires_at: Set(tx.now + TimeDelta::days(REFRESH_DAYS)),
            used_at: Set(None),
            revoked_at: Set(None),
            created_at: Set(tx.now),
        };
        row.insert(tx).await?;
        let access_token =
            self.signing_key.issue(tx.tenant_id, user.id, role, password_time(user), tx.now)?;
        Ok(Tokens { access_token, refresh_token: refresh_token.into(), scopes: role.scopes() })
    }
}

const END_FAMILY: &str = "
    update refresh_token set revoked_at = $3
    where tenant_id = $1 and family_id = $2 and revoked_at is null";

const USE_TOKEN: &str = "update refresh_token set used_at = $3 where tenant_id = $1 and id = $2";

struct LoginUser {
    user: app_user::Model,
    tenant_active: bool,
}

pub(super) fn user_caller(user: &app_user::Model) -> Caller {
    Caller::new(user.tenant_id, ActorKind::User, user.id.0, Scopes::default())
}

/// Returns a caller for a refresh token, of which only the tenant is known so far.
pub(super) fn anonymous(tenant_id: TenantId) -> Caller {
    Caller::new(tenant_id, ActorKind::User, Uuid::nil(), Scopes::default())
}

/// Reads and locks the token with this hash.
async fn find_token(tx: &Tx, hash: &[u8; 32]) -> Result<Option<refresh_token::Model>, Error> {
    let tokens = tx.select::<refresh_token::Entity>().lock_exclusive();
    Ok(tokens.filter(refresh_token::Column::Hash.eq(hash.to_vec())).one(tx).await?)
}

fn read_refresh_token(token: &SecretString) -> Option<(TenantId, [u8; 32])> {
    let text = token.expose_secret();
    let (tenant, letters) = text.rsplit_once('_')?;
    let tenant_id = TenantId(decode(REFRESH_PREFIX, tenant).ok()?);
    (letters.len() == REFRESH_LETTERS).then(|| (tenant_id, Sha256::digest(text.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_names_its_tenant() {
        let tenant = TenantId(Uuid::now_v7());
        let text = format!("{}_{}", encode(REFRESH_PREFIX, tenant.0), "a".repeat(REFRESH_LETTERS));
        assert_eq!(read_refresh_token(&text.clone().into()).map(|(tenant, _)| tenant), Some(tenant));
        assert_eq!(read_refresh_token(&format!("{text}a").into()), None);
        assert_eq!(read_refresh_token(&"swr__".into()), None);
    }
}
