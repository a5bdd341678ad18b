//! The rate of a tax class in a zone for a period.

use domain::id::{TaxClassId, TaxRateId, TenantId};
use domain::number::Percent;
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tax_rate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TaxRateId,
    /// Class of products to which it applies.
    pub tax_class_id: TaxClassId,
    /// ISO 3166-1 country code; empty for all countries without their own rate.
    pub zone: String,
    /// Percent of the net amount. With several taxes: the sum of those in percent.
    pub rate: Percent,
    /// The taxes that it consists of; none if it is one tax.
    pub taxes: Option<Json>,
    /// The first day.
    pub valid_from: Date,
    /// Last day; no end if absent.
    pub valid_until: Option<Date>,
    pub created_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
