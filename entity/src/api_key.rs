//! An API key. Only a hash of the secret is stored.

use domain::id::{ApiKeyId, TenantId, UserId};
use domain::number::{Money, Percent};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    /// Purpose, as stated by its creator.
    pub name: String,
    /// `sk` for servers, `pk` for browsers.
    pub kind: String,
    /// `live` or `test`.
    pub mode: String,
    /// First letters of the key, shown to people.
    pub prefix: String,
    /// Last letters of the key, shown to people.
    pub last4: String,
    /// SHA-256 of the key.
    pub hash: Vec<u8>,
    /// As `resource:action`.
    pub scopes: Vec<String>,
    /// Networks from which it may be used; all if empty.
    pub ip_allowlist: Vec<String>,
    /// The key or user that created it; the operator if absent.
    pub created_by: Option<Uuid>,
    /// The key that it acts for.
    pub parent_id: Option<ApiKeyId>,
    /// The user that it acts for.
    pub user_id: Option<UserId>,
    /// Locations at which its documents may be; any if absent.
    pub locations: Option<Vec<Uuid>>,
    /// Channels of its documents: `wholesale`, `retail`; any if absent.
    pub channels: Option<Vec<String>>,
    /// Largest amount of one document.
    pub amount_max: Option<Money>,
    /// Largest discount, in percent.
    pub discount_max: Option<Percent>,
    /// Origins of the web pages that may use a publishable key; `*` for all.
    pub origins: Vec<String>,
    /// When it ends.
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    /// The key that replaces it.
    pub rotated_to: Option<ApiKeyId>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTimeUtc>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
