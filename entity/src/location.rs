//! A place where stock is kept.

use domain::id::{LocationId, TenantId};
use domain::location::LocationKind;
use sea_orm::entity::prelude::*;
/// A row of `location`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "location")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LocationId,
    /// The caller's code, unique per tenant.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Warehouse, store, transit or quarantine.
    pub kind: LocationKind,
    /// The channels that may draw from it.
    pub channels: Vec<String>,
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
