//! An API key: what is kept of it, which is not the key.

use domain::id::{ApiKeyId, TenantId};
use sea_orm::entity::prelude::*;

/// One row of `api_key`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The key's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// What it is for, in its creator's words.
    pub name: String,
    /// `sk` for servers, `pk` for browsers.
    pub kind: String,
    /// `live` or `test`.
    pub mode: String,
    /// What the key starts with.
    pub prefix: String,
    /// What the key ends with.
    pub last4: String,
    /// SHA-256 of the key.
    pub hash: Vec<u8>,
    /// What it may do, as `resource:action`.
    pub scopes: Vec<String>,
    /// The networks it may be used from; everywhere where empty.
    pub ip_allowlist: Vec<String>,
    /// The key or user that created it; the operator where empty.
    pub created_by: Option<Uuid>,
    /// When it ends.
    pub expires_at: Option<DateTimeUtc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTimeUtc>,
    /// The key that replaces it.
    pub rotated_to: Option<ApiKeyId>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTimeUtc>,
    /// Counts the changes.
    pub version: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// It refers to nothing through the ORM: joins are literal SQL.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
