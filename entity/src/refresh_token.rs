//! A refresh token, used once. Its family is the chain of tokens since one login.

use domain::id::{TenantId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Login at the start of the chain.
    pub family_id: Uuid,
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
    /// When the login began. Null: the version before made the token.
    pub began_at: Option<DateTimeUtc>,
    /// Network that it was issued to.
    pub network: Option<String>,
    /// Header User-Agent of the login.
    pub user_agent: Option<String>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
