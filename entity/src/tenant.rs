//! A tenant and its settings.

use domain::id::TenantId;
use domain::stock::CostingMethod;
use sea_orm::entity::prelude::*;

/// One row of `tenant`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its name in logins and on the command line; unique in the installation.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// ISO 4217 code of the only currency of its books.
    pub currency: String,
    /// IANA name of the zone in which its days begin.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// Whether list prices contain tax.
    pub prices_include_tax: bool,
    /// `line` or `document`.
    pub tax_rounding: String,
    /// How goods that leave are valued, where their product says nothing else.
    pub costing_method: CostingMethod,
    /// `active` or `suspended`.
    pub status: String,
    /// Counts the changes.
    pub version: i32,
    /// When it was created.
    pub created_at: DateTimeUtc,
    /// When it was last changed.
    pub updated_at: DateTimeUtc,
}

/// It refers to nothing through the ORM: joins are literal SQL.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
