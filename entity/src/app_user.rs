//! A person who logs in.

use domain::id::{CustomRoleId, TenantId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    /// Address for logins, in lower case. No address if the user is disabled and another user has the address now.
    pub email: String,
    /// The address of a disabled user which another user has now.
    pub former_email: Option<String>,
    pub name: String,
    /// The role, which gives the scopes.
    pub role: String,
    /// The custom role, which takes scopes of the role away.
    pub custom_role_id: Option<CustomRoleId>,
    /// The scopes that the custom role leaves.
    pub scopes: Option<Vec<String>>,
    /// argon2id in PHC form.
    pub password_hash: String,
    /// When all logins were last ended: by a new password, or because the user was disabled.
    pub logins_ended_at: Option<DateTimeUtc>,
    /// Since when logins ask for a code of the second factor.
    pub second_factor_since: Option<DateTimeUtc>,
    /// `active` or `disabled`.
    pub status: String,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl Model {
    /// Returns the address that the user has, or had.
    pub fn address(&self) -> &str {
        self.former_email.as_deref().unwrap_or(&self.email)
    }
}

impl ActiveModelBehavior for ActiveModel {}
