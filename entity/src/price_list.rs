//! A list of price rules.

use domain::id::{PriceListId, TenantId};
use sea_orm::entity::prelude::*;

/// A row of `price_list`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_list")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PriceListId,
    /// The caller's code, unique per tenant.
    pub code: String,
    /// Its name.
    pub name: String,
    /// ISO 4217 code.
    pub currency: String,
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
