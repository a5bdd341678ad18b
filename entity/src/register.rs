//! A till.

use domain::id::{LocationId, RegisterId, TenantId};
use domain::number::Money;
use sea_orm::entity::prelude::*;
/// A row of `register`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "register")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegisterId,
    /// The caller's code, unique per tenant, part of its receipt numbers.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub location_id: LocationId,
    /// What cash totals are rounded to; zero for no rounding.
    pub cash_rounding: Money,
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
