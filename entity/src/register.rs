//! A till.

use domain::id::{LocationId, RegisterId, TenantId};
use domain::number::Money;
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "register")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegisterId,
    /// The caller's code, unique per tenant, part of its receipt numbers.
    pub code: String,
    pub name: String,
    /// Location from which it sells.
    pub location_id: LocationId,
    /// Unit to which cash totals are rounded; zero for no rounding.
    pub cash_rounding: Money,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
