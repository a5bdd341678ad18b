//! A refresh token, used once; its family is the chain that began with one login.

use domain::id::{TenantId, UserId};
use sea_orm::entity::prelude::*;

/// One row of `refresh_token`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The token's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The login that the chain began with.
    pub family_id: Uuid,
    /// The user who logged in.
    pub user_id: UserId,
    /// SHA-256 of the token.
    pub hash: Vec<u8>,
    /// When it ends.
    pub expires_at: DateTimeUtc,
    /// When it was exchanged for the next one.
    pub used_at: Option<DateTimeUtc>,
    /// When its family was ended.
    pub revoked_at: Option<DateTimeUtc>,
    /// When it was issued.
    pub created_at: DateTimeUtc,
}

/// It refers to nothing through the ORM: joins are literal SQL.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
