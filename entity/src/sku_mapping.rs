//! What a product is called in another system, for a span of time.

use domain::id::{ProductId, SkuMappingId, TenantId};
use domain::number::Quantity;
use sea_orm::entity::prelude::*;

/// A row of `sku_mapping`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sku_mapping")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SkuMappingId,
    /// The other system, such as `shop`.
    pub system: String,
    /// What it calls the product.
    pub external_sku: String,
    /// Where it calls it so; empty for everywhere else.
    pub external_location: String,
    /// The product.
    pub product_id: ProductId,
    /// Stock units per external unit.
    pub factor: Quantity,
    /// The first instant at which it applies; always, if absent.
    pub valid_from: Option<DateTimeUtc>,
    /// The first instant at which it no longer applies; forever, if absent.
    pub valid_until: Option<DateTimeUtc>,
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
