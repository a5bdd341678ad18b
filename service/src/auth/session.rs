//! Logins of users, and the refresh tokens that extend them.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{TenantId, decode, encode};
use entity::{app_user, refresh_token};
use rand::RngExt;
use rand::distr::Alphanumeric;
use sea_orm::{ActiveModelTrait, ColumnTrait, QueryFilter, Set, sqlx};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use sqlx::Row;
use uuid::Uuid;

use super::password::DUMMY_HASH;
use super::role::scopes_of;
use super::shared_count::{self, Counted};
use super::tokens::{Grant, logins_ended};
use super::{Auth, AuthError, Guess, Role, users};
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
    /// Header User-Agent of the request, at most [`USER_AGENT_MAX`] characters.
    pub user_agent: Option<String>,
}

/// Most characters of a header User-Agent that are kept.
pub const USER_AGENT_MAX: usize = 200;

/// The login that tokens belong to.
#[derive(Debug)]
pub(super) struct Session {
    pub id: Uuid,
    /// When it began; now if absent.
    pub began_at: Option<DateTime<Utc>>,
    /// Address that its tokens are issued to.
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl Session {
    /// Returns a new one.
    pub(super) fn new(address: Option<IpAddr>, user_agent: Option<String>) -> Self {
        Session { id: Uuid::new_v4(), began_at: None, address, user_agent }
    }
}

/// The result of a login whose password was right, or that a provider confirmed.
pub(super) enum Opened {
    Tokens(Tokens),
    /// The user has a second factor. The challenge goes with its code.
    CodeNeeded(SecretString),
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

/// The outcome of an exchange of a refresh token.
enum Exchanged {
    Next(Tokens),
    /// The login was ended: the token was used before, or the user or the tenant is not active.
    Ended,
    /// The token is unknown or has ended.
    Rejected,
}

impl Auth {
    /// Logs a user in, unless the user has a second factor. An unknown tenant, an unknown user and a wrong password give the same
    /// response after the same time.
    pub async fn login(&self, login: Login) -> Result<Tokens, AuthError> {
        let (address, user_agent) = (login.address, login.user_agent.clone());
        let checked = self.check_login(login).await?;
        let open = async |tx: &Tx| match lock_login(tx, &checked).await? {
            Some(user) if user.second_factor_since.is_some() => {
                Ok(Some(Opened::CodeNeeded(self.challenge(&user, tx.now))))
            }
            Some(user) => {
                let session = Session::new(address, user_agent.clone());
                Ok(Some(Opened::Tokens(self.issue(tx, &user, session).await?)))
            }
            None => Ok(None),
        };
        match self.db.write(&user_caller(&checked), open).await? {
            Some(Opened::Tokens(tokens)) => Ok(tokens),
            Some(Opened::CodeNeeded(challenge)) => Err(AuthError::MfaRequired(Some(challenge))),
            None => Err(AuthError::WrongLogin),
        }
    }

    /// Returns the active user of a login. Counts failures, and rejects too many of them. The user may change meanwhile:
    /// [`lock_login`] returns the user as it is when the login takes effect.
    pub(super) async fn check_login(&self, login: Login) -> Result<app_user::Model, AuthError> {
        let email = login.email.trim().to_lowercase();
        let (address, tenant) = (login.address, login.tenant.clone());
        let attempt = self.attempts.begin_login(address, &tenant, &email).await?;
        let checked = self.check_password(login, &email).await;
        attempt.end(&checked);
        let known = checked?;
        self.attempts.forget_user(address, &tenant, &email).await;
        if !known.tenant_active {
            return Err(AuthError::TenantSuspended);
        }
        Ok(known.user)
    }

    /// Exchanges a refresh token for the next pair of tokens. A token that was used before ends its whole family,
    /// because either its owner or a thief has a copy.
    pub async fn refresh(&self, token: &SecretString, address: Option<IpAddr>) -> Result<Tokens, AuthError> {
        let refresh = async {
            let (tenant_id, hash) = read_refresh_token(token).ok_or(AuthError::InvalidToken)?;
            let exchange = async |tx: &Tx| self.exchange(tx, &hash, address).await;
            match self.db.write(&anonymous(tenant_id), exchange).await? {
                Exchanged::Next(tokens) => Ok(tokens),
                Exchanged::Ended => {
                    self.revoked(tenant_id);
                    Err(AuthError::InvalidToken)
                }
                Exchanged::Rejected => Err(AuthError::InvalidToken),
            }
        };
        self.guess(Guess::RefreshToken, address, refresh).await
    }

    /// Ends the login of a refresh token, and its access tokens with it. Ignores unknown tokens, so that the response reveals
    /// nothing, but counts them like those of [`refresh`](Auth::refresh).
    pub async fn logout(&self, token: &SecretString, address: Option<IpAddr>) -> Result<(), AuthError> {
        let logout = async {
            let (tenant_id, hash) = read_refresh_token(token).ok_or(AuthError::InvalidToken)?;
            let end = async |tx: &Tx| {
                let Some((token, _)) = lock_token(tx, &hash).await? else { return Ok(None) };
                Ok(Some(end_family(tx, token.family_id).await?))
            };
            let has_ended: Option<bool> = self.db.write(&anonymous(tenant_id), end).await?;
            if has_ended == Some(true) {
                self.revoked(tenant_id);
            }
            has_ended.map(|_| ()).ok_or(AuthError::InvalidToken)
        };
        match self.guess(Guess::RefreshToken, address, logout).await {
            Err(AuthError::InvalidToken) => Ok(()),
            other => other,
        }
    }

    /// Returns the active user of a login, if there is one and the password is right. Counts a failed login of a known user
    /// for the tenant.
    async fn check_password(&self, login: Login, email: &str) -> Result<LoginUser, AuthError> {
        let address = login.address;
        let place = self.find_place(&login.tenant, email, address).await?;
        if let Some(place) = &place {
            shared_count::check(place.failures)?;
        }
        let user = place.as_ref().and_then(|place| place.user.as_ref());
        let password_hash = user.map_or(DUMMY_HASH, |user| &user.password_hash).to_owned();
        let matches = self.verify(login.password, password_hash).await?;
        let LoginPlace { user, tenant_active, counted, failures } = place.ok_or(AuthError::WrongLogin)?;
        match user {
            Some(user) if matches && user.status == "active" => {
                if failures > 0 {
                    counted.forget(&self.db).await?;
                }
                Ok(LoginUser { user, tenant_active })
            }
            user => {
                counted.add(&self.db).await?;
                if let Some(user) = user {
                    self.note_refusal(&user_caller(&user), address, "invalid_credentials");
                }
                Err(AuthError::WrongLogin)
            }
        }
    }

    /// Returns the tenant of a login, if it exists, and the user with this e-mail address, if there is one.
    async fn find_place(
        &self,
        slug: &str,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<Option<LoginPlace>, Error> {
        let Some(tenant) = self.find_tenant(slug).await? else { return Ok(None) };
        let counted = Counted::passwords(tenant.id, email, address);
        let read = async |tx: &Tx| {
            let users = tx.select::<app_user::Entity>();
            let user = users.filter(app_user::Column::Email.eq(email)).one(tx).await?;
            let failures = counted.failures(tx).await?;
            Ok(LoginPlace { user, tenant_active: tenant.is_active, counted, failures })
        };
        Ok(Some(self.db.read(tenant.id, read).await?))
    }

    /// Finds a tenant by its name in logins.
    pub(super) async fn find_tenant(&self, slug: &str) -> Result<Option<NamedTenant>, Error> {
        let query = || sqlx::query("select tenant_id, status from auth.find_tenant($1)").bind(slug);
        let Some(row) = self.db.ask(query).await? else { return Ok(None) };
        let status: String = row.try_get("status")?;
        Ok(Some(NamedTenant { id: TenantId(row.try_get("tenant_id")?), is_active: status == "active" }))
    }

    /// Returns the next tokens, unless the token is unknown, ended or used.
    async fn exchange(&self, tx: &Tx, hash: &[u8; 32], address: Option<IpAddr>) -> Result<Exchanged, Error> {
        let Some((token, user)) = lock_token(tx, hash).await? else { return Ok(Exchanged::Rejected) };
        if token.revoked_at.is_some() || token.expires_at <= tx.now {
            return Ok(Exchanged::Rejected);
        }
        let tenant = tx.select::<entity::tenant::Entity>().one(tx).await?;
        let is_active = user.status == "active" && tenant.is_some_and(|tenant| tenant.status == "active");
        if token.used_at.is_some() || !is_active {
            tracing::warn!(user = %user.id, reused = token.used_at.is_some(), "a family of refresh tokens was ended");
            end_family(tx, token.family_id).await?;
            return Ok(Exchanged::Ended);
        }
        tx.execute(sqlx::query(USE_TOKEN).bind(tx.tenant_id.0).bind(token.id).bind(tx.now)).await?;
        let session = Session {
            id: token.family_id,
            began_at: Some(token.began_at.unwrap_or(token.created_at)),
            address,
            user_agent: token.user_agent,
        };
        Ok(Exchanged::Next(self.issue(tx, &user, session).await?))
    }

    /// Makes the tokens of a user whom the transaction has locked.
    pub(super) async fn issue(
        &self,
        tx: &Tx,
        user: &app_user::Model,
        session: Session,
    ) -> Result<Tokens, Error> {
        let role: Role =
            user.role.parse().map_err(|_| Error::invariant(format!("{} has no role", user.id)))?;
        let mut refresh_token = encode(REFRESH_PREFIX, tx.tenant_id.0);
        refresh_token.push('_');
        refresh_token.extend(rand::rng().sample_iter(Alphanumeric).take(REFRESH_LETTERS).map(char::from));
        let row = refresh_token::ActiveModel {
            tenant_id: Set(tx.tenant_id),
            id: Set(tx.next_id()),
            family_id: Set(session.id),
            user_id: Set(user.id),
            hash: Set(Sha256::digest(refresh_token.as_bytes()).to_vec()),
            expires_at: Set(tx.now + TimeDelta::days(REFRESH_DAYS)),
            used_at: Set(None),
            revoked_at: Set(None),
            created_at: Set(tx.now),
            began_at: Set(Some(session.began_at.unwrap_or(tx.now))),
            network: Set(session.address.map(|address| network::of(address).to_string())),
            user_agent: Set(session.user_agent),
        };
        row.insert(tx).await?;
        let scopes = scopes_of(role, user.scopes.as_deref());
        let grant = Grant {
            tenant_id: tx.tenant_id,
            user_id: user.id,
            role,
            scopes,
            logins_ended: logins_ended(user),
            session_id: session.id,
        };
        let access_token = self.signing_key.issue(&grant, tx.now)?;
        Ok(Tokens { access_token, refresh_token: refresh_token.into(), scopes })
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

/// The tenant of a login.
pub(super) struct NamedTenant {
    pub id: TenantId,
    pub is_active: bool,
}

/// The tenant and the user that a login names.
struct LoginPlace {
    /// The user with the e-mail address of the login.
    user: Option<app_user::Model>,
    tenant_active: bool,
    /// Wrong passwords for the e-mail address, on all servers.
    counted: Counted,
    failures: i32,
}

pub(super) fn user_caller(user: &app_user::Model) -> Caller {
    Caller::new(user.tenant_id, ActorKind::User, user.id.0, Scopes::default())
}

/// Returns a caller for a refresh token, of which only the tenant is known so far.
pub(super) fn anonymous(tenant_id: TenantId) -> Caller {
    Caller::new(tenant_id, ActorKind::User, Uuid::nil(), Scopes::default())
}

/// Locks the user of a login, and returns the user as it is now. Returns nothing if the user was disabled, got another
/// password or lost its logins since the login was checked. All that ends logins holds the same lock, so no login that began before lasts after.
pub(super) async fn lock_login(tx: &Tx, checked: &app_user::Model) -> Result<Option<app_user::Model>, Error> {
    let user = users::lock(tx, checked.id).await?;
    let holds = user.status == "active"
        && user.password_hash == checked.password_hash
        && user.logins_ended_at == checked.logins_ended_at;
    Ok(holds.then_some(user))
}

/// Locks the user of the token with this hash, and returns both as they are now. A token is made, used and ended under the
/// lock of its user: who ends the tokens of a user or of a family finds all of them.
async fn lock_token(
    tx: &Tx,
    hash: &[u8; 32],
) -> Result<Option<(refresh_token::Model, app_user::Model)>, Error> {
    let find = async || {
        let tokens = tx.select::<refresh_token::Entity>();
        tokens.filter(refresh_token::Column::Hash.eq(hash.to_vec())).one(tx).await
    };
    let Some(token) = find().await? else { return Ok(None) };
    let user = users::lock(tx, token.user_id).await?;
    Ok(find().await?.map(|token| (token, user)))
}

/// Ends a login. Returns whether it went on until now.
async fn end_family(tx: &Tx, family_id: Uuid) -> Result<bool, Error> {
    let end = sqlx::query(END_FAMILY).bind(tx.tenant_id.0).bind(family_id).bind(tx.now);
    Ok(tx.execute(end).await? > 0)
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
