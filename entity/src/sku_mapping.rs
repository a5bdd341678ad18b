//! A SKU mapping: another system's code for a product, for a period.

use domain::id::{ProductId, SkuMappingId, TenantId};
use domain::number::Quantity;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sku_mapping")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SkuMappingId,
    /// The other system, such as `shop`.
    pub system: String,
    /// SKU in the other system.
    pub external_sku: String,
    /// Location in the other system; empty for all others.
    pub external_location: String,
    pub product_id: ProductId,
    /// Stock units per external unit.
    pub factor: Quantity,
    /// First instant of the validity; no beginning if absent.
    pub valid_from: Option<DateTimeUtc>,
    /// First instant after the validity; no end if absent.
    pub valid_until: Option<DateTimeUtc>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
