//! A category of products: a tree.

use domain::id::{CategoryId, TenantId};
use sea_orm::entity::prelude::*;

/// A row of `category`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "category")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CategoryId,
    /// The caller's code, unique per tenant.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The category above; none for a root.
    pub parent_id: Option<CategoryId>,
    /// Itself first, then its parent, up to the root.
    pub lineage: Vec<Uuid>,
    /// Counts changes.
    pub version: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it last changed.
    pub updated_at: DateTimeUtc,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
