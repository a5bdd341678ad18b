//! The sessions of a user: logins that go on. A session ends by its user, by a logout, by the end of all logins, by a second use of a
//! refresh token, or 30 days after its last refresh. Its access tokens end with it.

use chrono::{DateTime, Utc};
use domain::id::{UserId, UserSessionId};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use super::users;
use crate::caller::ActorKind;
use crate::{Caller, Error, Tx};

/// Most sessions of a list.
pub const SESSIONS_MAX: i64 = 100;

/// A login of the user that goes on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct UserSession {
    /// Id of the session.
    pub id: UserSessionId,
    pub object: tag::UserSession,
    /// Whether the request comes from this session.
    #[schema(example = true)]
    pub is_current: bool,
    /// Network of the last login or refresh. Null: it is not known.
    #[schema(max_length = 64, example = "192.0.2.7/32")]
    pub network: Option<String>,
    /// Header User-Agent of the login, at most 200 characters. Null: there was none.
    #[schema(
        max_length = 200,
        example = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )]
    pub user_agent: Option<String>,
    /// When the user logged in.
    pub created_at: DateTime<Utc>,
    /// When its tokens were last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// When it ends unless its tokens are refreshed before.
    pub expires_at: DateTime<Utc>,
}

/// Returns the sessions of the caller, the one that was used last first. A caller that is no user has none.
pub async fn list(tx: &Tx, caller: &Caller) -> Result<Vec<UserSession>, Error> {
    if caller.actor_kind != ActorKind::User {
        return Ok(Vec::new());
    }
    let query = sqlx::query(LIST).bind(tx.tenant_id.0).bind(caller.actor_id).bind(tx.now).bind(SESSIONS_MAX);
    tx.rows(query).await?.iter().map(|row| read(row, caller)).collect()
}

/// Ends a session of the caller.
pub async fn end(tx: &Tx, caller: &Caller, id: UserSessionId) -> Result<(), Error> {
    let Some(user_id) = of_user(caller) else { return Err(Refusal::not_found("session").into()) };
    users::lock(tx, user_id).await?;
    let end = sqlx::query(END).bind(tx.tenant_id.0).bind(user_id.0).bind(tx.now).bind(id.0);
    match tx.execute(end).await? {
        0 => Err(Refusal::not_found("session").into()),
        _ => Ok(()),
    }
}

/// Ends all sessions of the caller but the one that the request comes from.
pub async fn end_others(tx: &Tx, caller: &Caller) -> Result<(), Error> {
    let (Some(user_id), Some(own)) = (of_user(caller), caller.session_id) else {
        let detail = "Only a user who logged in has sessions: send the access token of a login.";
        return Err(Refusal::state(detail).into());
    };
    users::lock(tx, user_id).await?;
    tx.execute(sqlx::query(END_OTHERS).bind(tx.tenant_id.0).bind(user_id.0).bind(tx.now).bind(own)).await?;
    Ok(())
}

fn of_user(caller: &Caller) -> Option<UserId> {
    (caller.actor_kind == ActorKind::User).then_some(UserId(caller.actor_id))
}

fn read(row: &PgRow, caller: &Caller) -> Result<UserSession, Error> {
    let id = row.try_get("family_id")?;
    Ok(UserSession {
        id: UserSessionId(id),
        object: tag::UserSession,
        is_current: caller.session_id == Some(id),
        network: row.try_get("network")?,
        user_agent: row.try_get("user_agent")?,
        created_at: row.try_get("began_at")?,
        last_used_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}

const LIST: &str = "
    select family_id, network, user_agent, coalesce(began_at, created_at) as began_at, created_at, expires_at
    from refresh_token
    where tenant_id = $1 and user_id = $2 and used_at is null and revoked_at is null and expires_at > $3
    order by id desc limit $4";

const END: &str = "
    update refresh_token set revoked_at = $3
    where tenant_id = $1 and user_id = $2 and family_id = $4 and revoked_at is null";

const END_OTHERS: &str = "
    update refresh_token set revoked_at = $3
    where tenant_id = $1 and revoked_at is null and family_id in (
        select family_id from refresh_token
        where tenant_id = $1 and user_id = $2 and used_at is null and revoked_at is null and family_id <> $4)";
