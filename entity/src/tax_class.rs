//! Products that are taxed alike.

use domain::id::{TaxClassId, TenantId};
use sea_orm::entity::prelude::*;

/// A row of `tax_class`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tax_class")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TaxClassId,
    /// The caller's code, unique per tenant.
    pub code: String,
    /// Its name.
    pub name: String,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
