//! New passwords: by the user, who knows the present one, or by a link that works once.
//!
//! Who makes a link needs all powers of the user, as for any change of the user: who opens the link becomes the user. A
//! link ends with its use, with the next link, with a new password, and with a change of the user's role or status.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::UserId;
use domain::refusal::{Code, Problems, Refusal};
use sea_orm::sqlx::{self, Row};
use secrecy::SecretString;
use uuid::Uuid;

use super::current::{Target, acts_for, current};
use super::one_time::{Prefix, hash};
use super::power::require_role;
use super::session::{Session, anonymous, lock_login, user_caller};
use super::users::{self, check_password, end_links, end_logins};
use super::{Auth, AuthError, Guess, Login, Tokens};
use crate::command::{self, Written};
use crate::rows::parsed;
use crate::{Caller, Error, Tx};

const PREFIX: Prefix = Prefix("swp");
/// Lifetime of a link.
const LINK_HOURS: i64 = 24;
/// Name of a user's new password in the audit log.
const CHANGED: &str = "user.password_changed";

/// A link by which a user sets a new password, once.
#[derive(Debug)]
pub struct PasswordLink {
    pub id: Uuid,
    pub user_id: UserId,
    pub token: SecretString,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Makes a link for another user. Earlier links of the user end. Rejects a caller who lacks a scope of the user's role, and one who
/// acts for the user: a stolen credential would set a password without the present one.
pub async fn make_link(tx: &Tx, caller: &Caller, user_id: UserId) -> Result<PasswordLink, Error> {
    let caller = &current(tx, caller, Target { key: None, user: Some(user_id) }).await?;
    let user = users::find(tx, user_id).await?;
    require_role(parsed(user.role.clone())?, caller)?;
    if acts_for(tx, caller, user_id).await? {
        let detail = "The user is you, or the one for whom your key acts. Change your own password with the present one: \
                      POST /v1/auth/change-password.";
        return Err(Refusal::state(detail).into());
    }
    if user.status != "active" {
        return Err(Refusal::state("The user is disabled. Enable the user first.").into());
    }
    end_links(tx, user_id).await?;
    let token = PREFIX.make(tx.tenant_id);
    let expires_at = tx.now + TimeDelta::hours(LINK_HOURS);
    let link = PasswordLink { id: tx.next_id(), user_id, token, created_at: tx.now, expires_at };
    let insert = sqlx::query(INSERT_LINK).bind(tx.tenant_id.0).bind(link.id).bind(user_id.0);
    let insert = insert.bind(hash(&link.token).to_vec()).bind(&user.role).bind(tx.now);
    tx.execute(insert.bind(expires_at)).await?;
    Ok(link)
}

impl Auth {
    /// Sets the password of the user of a link. All logins of the user end. Counts links that do not work, like failed logins.
    pub async fn redeem_link(
        &self,
        token: &SecretString,
        password: SecretString,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        let mut problems = Problems::default();
        check_password(&mut problems, "/password", &password);
        problems.check().map_err(Error::from)?;
        self.guess(Guess::Link, address, self.redeem(token, password)).await
    }

    async fn redeem(&self, token: &SecretString, password: SecretString) -> Result<(), AuthError> {
        let (tenant_id, hash) = PREFIX.read(token).ok_or_else(|| Error::from(spent()))?;
        // A password is hashed for a link that works, and for no other.
        let found = self.db.read(tenant_id, async |tx| find_link(tx, &hash).await).await?;
        let user_id = found.ok_or_else(|| Error::from(spent()))?;
        let password_hash = self.hash(password).await?;
        let redeem = async |tx: &Tx| {
            let user = users::lock(tx, user_id).await?;
            let used = sqlx::query(USE_LINK).bind(tx.tenant_id.0).bind(hash.to_vec()).bind(tx.now);
            if tx.execute(used).await? == 0 {
                return Err(spent().into());
            }
            set_password(tx, user_id, &password_hash).await?;
            command::record(tx, &user_caller(&user), CHANGED, None, &changed(user_id)).await?;
            Ok(())
        };
        self.db.write(&anonymous(tenant_id), redeem).await?;
        self.revoked(tenant_id);
        Ok(())
    }

    /// Replaces the password of a user who logs in with the present one, and with a code if the user has a second factor. All other
    /// logins of the user end. Of two changes at once, one is rejected: its present password is no longer right.
    pub async fn change_password(
        &self,
        login: Login,
        password: SecretString,
        code: Option<&str>,
    ) -> Result<Tokens, AuthError> {
        let mut problems = Problems::default();
        check_password(&mut problems, "/new_password", &password);
        problems.check().map_err(Error::from)?;
        let (address, user_agent) = (login.address, login.user_agent.clone());
        let checked = self.check_login(login).await?;
        if checked.second_factor_since.is_some() && code.is_none() {
            return Err(AuthError::MfaRequired(None));
        }
        let caller = user_caller(&checked);
        let password_hash = self.hash(password).await?;
        let replace = async |tx: &Tx| {
            let Some(user) = lock_login(tx, &checked).await? else { return Ok(None) };
            match code {
                Some(code) if user.second_factor_since.is_some() => {
                    self.require_code(tx, &user, code).await?;
                }
                // The factor was set up meanwhile.
                None if user.second_factor_since.is_some() => return Ok(None),
                Some(_) | None => {}
            }
            set_password(tx, user.id, &password_hash).await?;
            command::record(tx, &caller, CHANGED, None, &changed(user.id)).await?;
            let session = Session::new(address, user_agent.clone());
            Ok(Some(self.issue(tx, &users::find(tx, user.id).await?, session).await?))
        };
        let replaced = async { self.db.write(&caller, replace).await.map_err(AuthError::from) };
        let replaced =
            self.guess_code(caller.tenant_id, checked.id, address, replaced, AuthError::is_wrong_secret);
        let replaced = replaced.await?;
        let tokens = replaced.ok_or(AuthError::WrongLogin)?;
        self.revoked(caller.tenant_id);
        Ok(tokens)
    }
}

async fn set_password(tx: &Tx, user_id: UserId, password_hash: &str) -> Result<(), Error> {
    let set = sqlx::query(SET_PASSWORD).bind(tx.tenant_id.0).bind(user_id.0).bind(tx.now);
    tx.execute(set.bind(password_hash)).await?;
    end_logins(tx, user_id).await?;
    end_links(tx, user_id).await
}

/// Returns the user of a link that works.
async fn find_link(tx: &Tx, hash: &[u8; 32]) -> Result<Option<UserId>, Error> {
    let row = tx.row(sqlx::query(FIND_LINK).bind(tx.tenant_id.0).bind(hash.to_vec()).bind(tx.now)).await?;
    Ok(row.map(|row| row.try_get("user_id").map(UserId)).transpose()?)
}

fn changed(user_id: UserId) -> Written {
    Written { document_id: Some(user_id.0), status: 204, ..Written::default() }
}

fn spent() -> Refusal {
    let detail = "The link is no longer valid: it was used or replaced, it expired, or the user was changed. Ask for a new one.";
    Problems::one("/token", Code::ValidationFailed, detail)
}

const INSERT_LINK: &str = "
    insert into password_link (tenant_id, id, user_id, hash, role, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)";

/// A link works while its user has the role of the time at which it was made.
const FIND_LINK: &str = "
    select l.user_id
    from password_link l
    join app_user u on u.tenant_id = l.tenant_id and u.id = l.user_id and u.status = 'active' and u.role = l.role
    join tenant t on t.tenant_id = l.tenant_id and t.status = 'active'
    where l.tenant_id = $1 and l.hash = $2 and l.ended_at is null and l.expires_at > $3";

const USE_LINK: &str = "
    update password_link l set ended_at = $3
    from app_user u
    where l.tenant_id = $1 and l.hash = $2 and l.ended_at is null and l.expires_at > $3
        and u.tenant_id = l.tenant_id and u.id = l.user_id and u.status = 'active' and u.role = l.role";

const SET_PASSWORD: &str = "
    update app_user
    set password_hash = $4, updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2";
