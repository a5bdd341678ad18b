//! A stock location.

use domain::id::{LocationId, TenantId};
use domain::location::LocationKind;
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "location")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LocationId,
    /// The caller's code, unique per tenant.
    pub code: String,
    pub name: String,
    /// Warehouse, store, transit or quarantine.
    pub kind: LocationKind,
    /// Channels that may sell from it.
    pub channels: Vec<String>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
