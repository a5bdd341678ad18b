//! What is sold.

use domain::id::{CategoryId, ProductGroupId, ProductId, TaxClassId, TenantId};
use domain::number::Price;
use domain::product::{ProductKind, ProductStatus, Tracking};
use domain::stock::CostingMethod;
use sea_orm::entity::prelude::*;
/// A row of `product`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ProductId,
    /// The caller's code, unique per tenant and case-sensitive.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// A longer text.
    pub description: String,
    /// Its category.
    pub category_id: Option<CategoryId>,
    /// Goods, a service or a bundle.
    pub kind: ProductKind,
    /// Whether it may still be sold.
    pub status: ProductStatus,
    /// How precisely its stock is followed.
    pub tracking: Tracking,
    /// The unit that stock is counted in.
    pub stock_uom: String,
    /// How many decimals a quantity in that unit may have.
    pub stock_decimals: i16,
    /// How it is taxed.
    pub tax_class_id: TaxClassId,
    /// Per stock unit; absent where no list price exists, which is not the same as a price of zero.
    pub list_price: Option<Price>,
    /// How its goods are valued; as the tenant's settings say, where absent.
    pub costing_method: Option<CostingMethod>,
    /// The caller's own id, unique per tenant.
    pub external_ref: Option<String>,
    /// The caller's own notes.
    pub metadata: Json,
    /// The group that it is a variant of.
    pub group_id: Option<ProductGroupId>,
    /// What it chose of the group's options: a JSON object of texts by option name, the names in order.
    pub option_values: Option<String>,
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
