//! A product.

use domain::id::{CategoryId, ProductGroupId, ProductId, TaxClassId, TenantId};
use domain::number::Price;
use domain::product::{ProductKind, ProductStatus, Tracking};
use domain::stock::CostingMethod;
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProductId,
    /// The caller's own code, unique per tenant and case-sensitive.
    pub sku: String,
    pub name: String,
    /// Free text.
    pub description: String,
    pub category_id: Option<CategoryId>,
    /// Stocked, a service or a bundle.
    pub kind: ProductKind,
    /// Whether it may still be sold.
    pub status: ProductStatus,
    /// By lot, by serial number, or not at all.
    pub tracking: Tracking,
    /// Unit in which stock is counted.
    pub stock_uom: String,
    /// Decimals of a quantity in that unit.
    pub stock_decimals: i16,
    pub tax_class_id: TaxClassId,
    /// Price of one stock unit. Absent if the product has no price, which is not a price of zero.
    pub list_price: Option<Price>,
    /// The tenant's setting if absent.
    pub costing_method: Option<CostingMethod>,
    /// The caller's own id, unique per tenant.
    pub external_ref: Option<String>,
    /// Links to images.
    pub images: Json,
    pub tags: Json,
    /// Links to other files.
    pub attachments: Json,
    /// The caller's own notes.
    pub metadata: Json,
    /// Group of which it is a variant.
    pub group_id: Option<ProductGroupId>,
    /// Values of the group's options: a JSON object by option name, names sorted.
    pub option_values: Option<String>,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
