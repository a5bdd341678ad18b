//! Invitations: an address and a role, and a token with which the person becomes a user, once.
//!
//! The caller who invites needs all powers of the role, as for any new user, and needs them still when the invitation is accepted. An
//! invitation ends with its use, with the next one to the address, when it is revoked, and after 7 days.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CustomRoleId, InvitationId, TenantId, UserId};
use domain::refusal::{Code, Problems, Refusal};
use domain::{tag, text_enum};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use secrecy::SecretString;
use serde::Serialize;
use uuid::Uuid;

use super::current::{Target, current};
use super::one_time::{Prefix, hash};
use super::power::require_role;
use super::session::{anonymous, user_caller};
use super::users::{self, NewUser, check_new_user, check_password, role_schema};
use super::{Auth, AuthError, Guess, Role};
use crate::caller::ActorKind;
use crate::columns::Columns;
use crate::command::{self, Written};
use crate::listing::{Listing, Slice};
use crate::rows::parsed;
use crate::scope::Scopes;
use crate::{Caller, Error, Tx, room};

const PREFIX: Prefix = Prefix("swi");
/// Lifetime of an invitation.
const DAYS: i64 = 7;
/// Most open invitations of a tenant.
pub const OPEN_MAX: usize = 200;
/// Name of an accepted invitation in the audit log.
const ACCEPTED: &str = "invitation.accepted";
/// Name of the user that it makes.
const CREATED: &str = "user.created";

text_enum! {
    /// The state of an invitation.
    #[schema(as = InvitationStatus)]
    pub enum Status {
        /// It can be accepted.
        Open,
        /// The person is a user now.
        Accepted,
        /// It was revoked, or a later one to the same address replaced it.
        Revoked,
        /// It was not accepted within 7 days.
        Expired,
    }
}

/// An invitation to become a user, without its token.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Invitation {
    /// Id of the invitation.
    pub id: InvitationId,
    pub object: tag::Invitation,
    /// Address that is invited.
    #[schema(max_length = 254, example = "till-3@shop.example")]
    pub email: String,
    /// Name of the person.
    #[schema(max_length = 200, example = "Till 3")]
    pub name: String,
    /// Role that the user will have.
    #[schema(schema_with = role_schema)]
    pub role: String,
    /// Custom role that the user will have, which takes scopes of the role away. Null: the user will have all of them.
    #[schema(example = json!(null))]
    pub custom_role_id: Option<CustomRoleId>,
    /// `open`, `accepted`, `revoked` or `expired`.
    pub status: Status,
    /// The user that it made. Null: it was not accepted.
    pub user_id: Option<UserId>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends if it is not accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted. Null: it was not.
    #[schema(example = json!(null))]
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was revoked or replaced. Null: it was not.
    #[schema(example = json!(null))]
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A person to invite.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Address for logins.
    pub email: String,
    pub name: String,
    pub role: Role,
    /// Custom role whose base is the role.
    pub custom_role_id: Option<CustomRoleId>,
}

/// A new invitation.
#[derive(Debug)]
pub struct NewInvitation {
    pub id: InvitationId,
    pub token: SecretString,
}

/// An invitation that can be accepted.
struct Open {
    id: InvitationId,
    email: String,
    name: String,
    role: Role,
    custom_role_id: Option<CustomRoleId>,
    /// The caller who made it.
    maker: Caller,
}

/// Invites a person. An open invitation to the address ends. Rejects a caller who lacks a scope of the role, or of the role of the
/// invitation that ends.
pub async fn make(tx: &Tx, caller: &Caller, invited: &Invited) -> Result<NewInvitation, Error> {
    let caller = &current(tx, caller, Target::default()).await?;
    require_role(invited.role, caller)?;
    let email = check_new_user(&invited.email, &invited.name)?;
    if users::is_taken(tx, &email).await? {
        let detail = "An active user has this address. Invite another one, or change that user.";
        return Err(Problems::one("/email", Code::AlreadyExists, detail).into());
    }
    // Two at once to one address would both be open, because neither finds the other.
    room::lock(tx, "invitations").await?;
    for open in tx.rows(sqlx::query(LOCK_ADDRESS).bind(tx.tenant_id.0).bind(&email).bind(tx.now)).await? {
        require_role(parsed(open.try_get("role")?)?, caller)?;
    }
    let replace = sqlx::query(REVOKE_ADDRESS).bind(tx.tenant_id.0).bind(&email).bind(tx.now);
    tx.execute(replace).await?;
    check_room(tx).await?;
    users::custom_role_of(tx, invited.role, invited.custom_role_id).await?;
    let (id, token) = (InvitationId(tx.next_id()), PREFIX.make(tx.tenant_id));
    let expires_at = tx.now + TimeDelta::days(DAYS);
    let (role, actor): (&str, &str) = (invited.role.into(), caller.actor_kind.into());
    let statement = Columns::of(
        "insert into invitation (tenant_id, id, email, name, role, custom_role_id, hash, actor_kind, actor_id, created_at, \
             expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .value("tenant_id", tx.tenant_id.0)
    .value("id", id.0)
    .value("email", email.as_str())
    .value("name", invited.name.as_str())
    .value("role", role)
    .value("custom_role_id", invited.custom_role_id.map(|id| id.0))
    .value("hash", hash(&token).to_vec())
    .value("actor_kind", actor)
    .value("actor_id", caller.actor_id)
    .value("created_at", tx.now)
    .value("expires_at", expires_at);
    statement.execute(tx).await?;
    Ok(NewInvitation { id, token })
}

/// Revokes an open or expired invitation. Revoking it again changes nothing. Rejects a caller who lacks a scope of its role.
pub async fn revoke(tx: &Tx, caller: &Caller, id: InvitationId) -> Result<(), Error> {
    let caller = &current(tx, caller, Target::default()).await?;
    let lock = sqlx::query(LOCK).bind(tx.tenant_id.0).bind(id.0);
    let row = tx.row(lock).await?.ok_or_else(|| Refusal::not_found("invitation"))?;
    require_role(parsed(row.try_get("role")?)?, caller)?;
    if row.try_get::<Option<DateTime<Utc>>, _>("accepted_at")?.is_some() {
        return Err(Refusal::state("The invitation was accepted. Disable the user instead.").into());
    }
    tx.execute(sqlx::query(REVOKE).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    Ok(())
}

/// Returns one page of invitations, of those in a state if one is given.
pub async fn list(tx: &Tx, status: Option<Status>, slice: &Slice) -> Result<Vec<Invitation>, Error> {
    let all = Listing::new(tx, SELECT);
    let listing = match status {
        None => all,
        Some(Status::Open) => all.sql(UNUSED).with("expires_at > ", Some(tx.now)),
        Some(Status::Accepted) => all.sql(" and accepted_at is not null"),
        Some(Status::Revoked) => all.sql(" and revoked_at is not null"),
        Some(Status::Expired) => all.sql(UNUSED).with("expires_at <= ", Some(tx.now)),
    };
    listing.page(tx, "id", slice).await?.iter().map(|row| read(tx, row)).collect()
}

pub async fn get(tx: &Tx, id: InvitationId) -> Result<Invitation, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(tx, rows.first().ok_or_else(|| Refusal::not_found("invitation"))?)
}

impl Auth {
    /// Makes the person of an invitation a user with this password. Counts tokens that do not work, like links for new passwords.
    pub async fn accept_invitation(
        &self,
        token: &SecretString,
        password: SecretString,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        let mut problems = Problems::default();
        check_password(&mut problems, "/password", &password);
        problems.check().map_err(Error::from)?;
        self.guess(Guess::Link, address, self.accept(token, password)).await
    }

    async fn accept(&self, token: &SecretString, password: SecretString) -> Result<(), AuthError> {
        let (tenant_id, hash) = PREFIX.read(token).ok_or_else(|| Error::from(spent()))?;
        // A password is hashed for an invitation that works, and for no other.
        let found = self.db.read(tenant_id, async |tx| find(tx, FIND_OPEN, &hash).await).await?;
        found.ok_or_else(|| Error::from(spent()))?;
        let password_hash = self.hash(password).await?;
        let accept = async |tx: &Tx| {
            // The maker may have ended, or have fewer powers now. Its row is locked before that of the invitation, as everywhere.
            let known = find(tx, FIND_OPEN, &hash).await?.ok_or_else(spent)?;
            let maker = current(tx, &known.maker, Target::default()).await.map_err(unless_refused)?;
            let open = find(tx, LOCK_OPEN, &hash).await?.ok_or_else(spent)?;
            require_role(open.role, &maker).map_err(|_| spent())?;
            // With a custom role that is gone, the person would have all scopes of the role.
            let custom_role = users::custom_role_of(tx, open.role, open.custom_role_id).await;
            let custom_role = custom_role.map_err(unless_refused)?;
            let wanted = NewUser { email: &open.email, name: &open.name, role: open.role, custom_role };
            if users::is_taken(tx, &open.email).await? {
                let detail = "Another user has the address of the invitation meanwhile. Log in, or ask for another invitation.";
                return Err(Problems::one("/token", Code::AlreadyExists, detail).into());
            }
            let user = users::insert(tx, &wanted, &password_hash).await?;
            let used = sqlx::query(ACCEPT).bind(tx.tenant_id.0).bind(open.id.0).bind(tx.now);
            tx.execute(used.bind(user.id.0)).await?;
            let caller = user_caller(&user);
            command::record(tx, &caller, ACCEPTED, None, &Written::created(open.id.0)).await?;
            command::record(tx, &caller, CREATED, None, &Written::created(user.id.0)).await?;
            Ok(())
        };
        Ok(self.db.write(&anonymous(tenant_id), accept).await?)
    }
}

/// Turns the rejection of a maker, or of a custom role, into that of the invitation.
fn unless_refused(error: Error) -> Error {
    if error.code().is_some() { spent().into() } else { error }
}

/// Finds an open invitation by the hash of its token, with one of two statements.
async fn find(tx: &Tx, statement: &'static str, hash: &[u8; 32]) -> Result<Option<Open>, Error> {
    let find = sqlx::query(statement).bind(tx.tenant_id.0).bind(hash.to_vec()).bind(tx.now);
    tx.row(find).await?.map(|row| read_open(tx.tenant_id, &row)).transpose()
}

fn read_open(tenant_id: TenantId, row: &PgRow) -> Result<Open, Error> {
    let actor_kind: ActorKind = parsed(row.try_get("actor_kind")?)?;
    let actor_id: Uuid = row.try_get("actor_id")?;
    Ok(Open {
        id: InvitationId(row.try_get("id")?),
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: parsed(row.try_get("role")?)?,
        custom_role_id: row.try_get::<Option<Uuid>, _>("custom_role_id")?.map(CustomRoleId),
        maker: Caller::new(tenant_id, actor_kind, actor_id, Scopes::all()),
    })
}

/// Rejects a further invitation if the tenant has the most that may be open. The caller has locked them.
async fn check_room(tx: &Tx) -> Result<(), Error> {
    let detail = format!("At most {OPEN_MAX} invitations may be open: revoke one first.");
    let open = sqlx::query(COUNT_OPEN).bind(tx.tenant_id.0).bind(tx.now);
    room::check(tx, open, OPEN_MAX, detail).await
}

fn spent() -> Refusal {
    let detail = "The invitation is no longer valid: it was accepted, revoked or replaced, it expired, its custom role was deleted, or its \
                  maker may not give the role any more. Ask for a new one.";
    Problems::one("/token", Code::ValidationFailed, detail)
}

fn read(tx: &Tx, row: &PgRow) -> Result<Invitation, Error> {
    let accepted_at: Option<DateTime<Utc>> = row.try_get("accepted_at")?;
    let revoked_at: Option<DateTime<Utc>> = row.try_get("revoked_at")?;
    let expires_at: DateTime<Utc> = row.try_get("expires_at")?;
    let status = match (accepted_at, revoked_at) {
        (Some(_), _) => Status::Accepted,
        (None, Some(_)) => Status::Revoked,
        (None, None) if expires_at <= tx.now => Status::Expired,
        (None, None) => Status::Open,
    };
    Ok(Invitation {
        id: InvitationId(row.try_get("id")?),
        object: tag::Invitation,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: row.try_get("role")?,
        custom_role_id: row.try_get::<Option<Uuid>, _>("custom_role_id")?.map(CustomRoleId),
        status,
        user_id: row.try_get::<Option<Uuid>, _>("user_id")?.map(UserId),
        created_at: row.try_get("created_at")?,
        expires_at,
        accepted_at,
        revoked_at,
    })
}

const SELECT: &str = "select id, email, name, role, custom_role_id, user_id, created_at, expires_at, accepted_at, revoked_at \
                      from invitation where tenant_id = ";

const UNUSED: &str = " and accepted_at is null and revoked_at is null";

const COUNT_OPEN: &str = "
    select count(*) as records from invitation
    where tenant_id = $1 and accepted_at is null and revoked_at is null and expires_at > $2";

const LOCK_ADDRESS: &str = "
    select role from invitation
    where tenant_id = $1 and email = $2 and accepted_at is null and revoked_at is null and expires_at > $3
    order by id for no key update";

const REVOKE_ADDRESS: &str = "
    update invitation set revoked_at = $3
    where tenant_id = $1 and email = $2 and accepted_at is null and revoked_at is null";

const LOCK: &str = "
    select role, accepted_at from invitation
    where tenant_id = $1 and id = $2 for no key update";

const REVOKE: &str = "
    update invitation set revoked_at = $3
    where tenant_id = $1 and id = $2 and accepted_at is null and revoked_at is null";

const FIND_OPEN: &str = "
    select i.id, i.email, i.name, i.role, i.custom_role_id, i.actor_kind, i.actor_id
    from invitation i
    join tenant t on t.tenant_id = i.tenant_id and t.status = 'active'
    where i.tenant_id = $1 and i.hash = $2 and i.accepted_at is null and i.revoked_at is null and i.expires_at > $3";

const LOCK_OPEN: &str = "
    select i.id, i.email, i.name, i.role, i.custom_role_id, i.actor_kind, i.actor_id
    from invitation i
    join tenant t on t.tenant_id = i.tenant_id and t.status = 'active'
    where i.tenant_id = $1 and i.hash = $2 and i.accepted_at is null and i.revoked_at is null and i.expires_at > $3
    for no key update of i";

const ACCEPT: &str = "
    update invitation set accepted_at = $3, user_id = $4
    where tenant_id = $1 and id = $2";
