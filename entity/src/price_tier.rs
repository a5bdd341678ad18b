//! Customers that buy at the same prices.

use domain::id::{PriceListId, PriceTierId, TenantId};
use sea_orm::entity::prelude::*;

/// A row of `price_tier`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_tier")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PriceTierId,
    /// The caller's code, unique per tenant.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The price list of everyone in it.
    pub price_list_id: Option<PriceListId>,
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
