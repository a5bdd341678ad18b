//! What a scanner reads: a product in a unit.

use domain::id::{ProductId, TenantId};
use sea_orm::entity::prelude::*;

/// A row of `barcode`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "barcode")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The code as it is read.
    #[sea_orm(primary_key, auto_increment = false)]
    pub code: String,
    /// The product.
    pub product_id: ProductId,
    /// The unit that the code stands for.
    pub uom: String,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
