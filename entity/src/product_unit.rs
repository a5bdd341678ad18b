//! A unit in which a product is sold, besides its stock unit.

use domain::id::{ProductId, TenantId};
use domain::number::{Price, Quantity};
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_unit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub product_id: ProductId,
    /// UN/ECE Rec 20 or 21 code, such as `XCS` for a case.
    #[sea_orm(primary_key, auto_increment = false)]
    pub uom: String,
    /// Stock units per unit; the nearest decimal if it is a fraction.
    pub factor: Quantity,
    /// Its denominator; 1 if it is no fraction.
    pub factor_denominator: i16,
    /// Per unit; the product's list price times the factor if absent.
    pub list_price: Option<Price>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
