//! A barcode: it stands for a product in a unit.

use domain::id::{ProductId, TenantId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "barcode")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The code as a scanner reads it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    pub product_id: ProductId,
    /// The unit that the code stands for.
    pub uom: String,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
