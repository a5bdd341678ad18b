//! One rule of a price list. It never changes: it is added, and it ends.

use domain::id::{CategoryId, PriceListId, PriceRuleId, ProductId, TenantId};
use domain::number::{Price, Quantity};
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "price_rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
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
    /// Price per stock unit, percentage, or amount off the list price, by method.
    pub value: Price,
    /// The quantity break in stock units.
    pub min_quantity: Quantity,
    /// First instant of the validity; no beginning if absent.
    pub valid_from: Option<DateTimeUtc>,
    /// First instant after the validity; no end if absent.
    pub valid_until: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
