//! Logins of BI tools: database roles that read the views of the schema `bi`, each for one tenant.
//!
//! The operator makes and ends the roles on the command line. This module keeps which role is whose: `auth.bi_tenant` reads it,
//! so that a session sees its tenant and no other. A login is made, replaced and ended as an API key is.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{BiLoginId, TenantId};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::columns::Columns;
use crate::command::{self, Written};
use crate::listing::{Listing, Slice};
use crate::tenant::operator;
use crate::{Db, Error, Tx, input, room};

/// Most logins of a tenant that work, with those that a rotation replaces and that still overlap.
pub const LOGINS_MAX: usize = 20;

/// A database login of a BI tool, without its password. It works until `expires_at`, unless `revoked_at` is set.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct BiLogin {
    /// Id of the login.
    pub id: BiLoginId,
    /// Always `bi_login`.
    pub object: tag::BiLogin,
    /// Name of the login, such as its purpose.
    #[schema(max_length = 200, example = "Metabase")]
    pub name: String,
    /// User name that the tool logs in with.
    #[schema(max_length = 29, pattern = "^bi_[a-z2-7]{26}$", example = "bi_abcdefghijklmnopqrstuvwxyz")]
    pub role_name: String,
    /// When the login expires. Null: never.
    #[schema(example = "2027-01-01T00:00:00Z")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked. Null: it was not.
    #[schema(example = json!(null))]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Id of the login that replaces it.
    pub rotated_to: Option<BiLoginId>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl BiLogin {
    fn works_at(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// Records a login for the operator.
pub async fn grant(
    db: &Db,
    tenant_id: TenantId,
    name: &str,
    role_name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<BiLogin, Error> {
    let operator = operator(tenant_id);
    let grant = async |tx: &Tx| {
        let mut problems = Problems::default();
        input::check_name(&mut problems, name);
        if expires_at.is_some_and(|end| end <= tx.now) {
            problems.invalid("/expires_at", "This must be in the future.");
        }
        problems.check()?;
        check_room(tx).await?;
        let made = insert(tx, name, role_name, expires_at).await?;
        command::record(tx, &operator, "bi_login.granted", None, &Written::created(made.id.0)).await?;
        Ok(made)
    };
    db.write(&operator, grant).await
}

/// Records that the login `id` is replaced by one with the role `role_name`. The old one works for `overlap_seconds` more. Returns
/// the new one and the old one.
pub async fn rotate(
    db: &Db,
    tenant_id: TenantId,
    id: BiLoginId,
    role_name: &str,
    overlap_seconds: u32,
) -> Result<(BiLogin, BiLogin), Error> {
    let operator = operator(tenant_id);
    let rotate = async |tx: &Tx| {
        let old = locked(tx, id).await?;
        check_rotation(&old, overlap_seconds, tx.now)?;
        if overlap_seconds > 0 {
            check_room(tx).await?;
        }
        let new = insert(tx, &old.name, role_name, old.expires_at).await?;
        let end = tx.now + TimeDelta::seconds(i64::from(overlap_seconds));
        let replace =
            sqlx::query(REPLACE).bind(tx.tenant_id.0).bind(id.0).bind(new.id.0).bind(tx.now).bind(end);
        tx.execute(replace).await?;
        let old = get(tx, id).await?;
        let written = Written { version: Some(old.version), ..Written::created(id.0) };
        command::record(tx, &operator, "bi_login.rotated", None, &written).await?;
        Ok((new, old))
    };
    db.write(&operator, rotate).await
}

/// Records that the login is revoked. Its sessions see nothing from their next statement on. Revoking it again changes nothing.
pub async fn revoke(db: &Db, tenant_id: TenantId, id: BiLoginId) -> Result<BiLogin, Error> {
    let operator = operator(tenant_id);
    let revoke = async |tx: &Tx| {
        let login = locked(tx, id).await?;
        if login.revoked_at.is_some() {
            return Ok(login);
        }
        tx.execute(sqlx::query(REVOKE).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
        let login = get(tx, id).await?;
        let written = Written {
            document_id: Some(id.0),
            version: Some(login.version),
            status: 204,
            ..Written::default()
        };
        command::record(tx, &operator, "bi_login.revoked", None, &written).await?;
        Ok(login)
    };
    db.write(&operator, revoke).await
}

pub async fn list(tx: &Tx, slice: &Slice) -> Result<Vec<BiLogin>, Error> {
    Listing::new(tx, SELECT).page(tx, "id", slice).await?.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: BiLoginId) -> Result<BiLogin, Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("BI login"))?)
}

/// Returns every login of the tenant, oldest first, for the operator.
pub async fn all(db: &Db, tenant_id: TenantId) -> Result<Vec<BiLogin>, Error> {
    db.read(tenant_id, async |tx| Listing::new(tx, SELECT).rows(tx).await?.iter().map(read).collect()).await
}

const SELECT: &str = "select id, name, role_name, expires_at, revoked_at, rotated_to, version, created_at, updated_at \
                      from bi_login where tenant_id = ";

const REPLACE: &str = "
    update bi_login set rotated_to = $3, updated_at = $4, version = version + 1, expires_at = least(expires_at, $5),
        revoked_at = case when $5 <= $4 then $4 end
    where tenant_id = $1 and id = $2";

const REVOKE: &str = "
    update bi_login set revoked_at = $3, updated_at = $3, version = version + 1
    where tenant_id = $1 and id = $2 and revoked_at is null";

const COUNT_WORKING: &str = "
    select count(*) as records from bi_login
    where tenant_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)";

/// Locks the row of a login and returns it.
async fn locked(tx: &Tx, id: BiLoginId) -> Result<BiLogin, Error> {
    let lock = sqlx::query("select from bi_login where tenant_id = $1 and id = $2 for update");
    tx.row(lock.bind(tx.tenant_id.0).bind(id.0)).await?;
    get(tx, id).await
}

fn check_rotation(old: &BiLogin, overlap_seconds: u32, now: DateTime<Utc>) -> Result<(), Refusal> {
    input::check_overlap(overlap_seconds)?;
    if !old.works_at(now) {
        return Err(Refusal::state("The login has expired or was revoked: grant a new one."));
    }
    if old.rotated_to.is_some() {
        return Err(Refusal::state("The login was rotated before: rotate the login that replaced it."));
    }
    Ok(())
}

/// Rejects a further login if the tenant has the most that it may have.
async fn check_room(tx: &Tx) -> Result<(), Error> {
    let detail = format!(
        "A tenant may have at most {LOGINS_MAX} BI logins that work: revoke one first, or rotate without an overlap."
    );
    room::lock(tx, "BI logins").await?;
    let working = sqlx::query(COUNT_WORKING).bind(tx.tenant_id.0).bind(tx.now);
    room::check(tx, working, LOGINS_MAX, detail).await
}

async fn insert(
    tx: &Tx,
    name: &str,
    role_name: &str,
    expires_at: Option<DateTime<Utc>>,
) -> Result<BiLogin, Error> {
    let id = BiLoginId(tx.next_id());
    let statement = Columns::of(
        "insert into bi_login (tenant_id, id, name, role_name, expires_at, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(tx.tenant_id.0)
    .value("id", id.0)
    .value("name", name)
    .value("role_name", role_name)
    .value("expires_at", expires_at)
    .value("created_at", tx.now);
    statement.execute(tx).await?;
    get(tx, id).await
}

fn read(row: &PgRow) -> Result<BiLogin, Error> {
    Ok(BiLogin {
        id: BiLoginId(row.try_get("id")?),
        object: tag::BiLogin,
        name: row.try_get("name")?,
        role_name: row.try_get("role_name")?,
        expires_at: row.try_get("expires_at")?,
        revoked_at: row.try_get("revoked_at")?,
        rotated_to: row.try_get::<Option<uuid::Uuid>, _>("rotated_to")?.map(BiLoginId),
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
