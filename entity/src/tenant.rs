//! A tenant and its settings.

use domain::id::TenantId;
use domain::stock::CostingMethod;
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Name in logins and on the command line, unique in the installation.
    pub slug: String,
    pub name: String,
    /// ISO 4217 code of the only currency of the ledger.
    pub currency: String,
    /// IANA name of the time zone in which days begin.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: String,
    /// Whether list prices include tax.
    pub prices_include_tax: bool,
    /// `line` or `document`.
    pub tax_rounding: String,
    /// Costing method of products that state none.
    pub costing_method: CostingMethod,
    /// `active` or `suspended`.
    pub status: String,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
