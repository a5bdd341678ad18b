//! Why stock was adjusted, and the account that bears it.

use domain::id::TenantId;
use sea_orm::entity::prelude::*;

/// A row of `reason_code`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reason_code")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The code.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// What it means.
    pub name: String,
    /// The account that bears the adjustment.
    pub account_code: String,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
