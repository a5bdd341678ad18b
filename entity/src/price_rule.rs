//! One rule of a price list. It never changes: it is added, and it ends.

use domain::id::{CategoryId, PriceListId, PriceRuleId, ProductId, TenantId};
use domain::number::{Price, Quantity};
use sea_orm::entity::prelude::*;
/// A row of `price_rule`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_rule")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PriceRuleId,
    /// The list that it is part of.
    pub price_list_id: PriceListId,
    /// `product`, `category` or `all`.
    pub scope: String,
    /// The product, for the scope `product`.
    pub product_id: Option<ProductId>,
    /// The category, for the scope `category`.
    pub category_id: Option<CategoryId>,
    /// `fixed`, `percent_off` or `amount_off`.
    pub method: String,
    /// A price per stock unit, a percentage or an amount off list, by method.
    pub value: Price,
    /// The quantity break in stock units.
    pub min_quantity: Quantity,
    /// The first instant at which it applies; always, if absent.
    pub valid_from: Option<DateTimeUtc>,
    /// The first instant at which it no longer applies; forever, if absent.
    pub valid_until: Option<DateTimeUtc>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
