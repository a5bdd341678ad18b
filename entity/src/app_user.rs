//! A person who logs in.

use domain::id::{TenantId, UserId};
use sea_orm::entity::prelude::*;

/// One row of `app_user`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_user")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The user's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// The address that the user logs in with, in lower case.
    pub email: String,
    /// The user's name.
    pub name: String,
    /// The role, which gives the scopes.
    pub role: String,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// `active` or `disabled`.
    pub status: String,
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
