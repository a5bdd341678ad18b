//! The rate of a tax class in a zone for a span of days.

use domain::id::{TaxClassId, TaxRateId, TenantId};
use domain::number::Percent;
use sea_orm::entity::prelude::*;
/// A row of `tax_rate`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tax_rate")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TaxRateId,
    /// The class of products that it taxes.
    pub tax_class_id: TaxClassId,
    /// ISO 3166-1 country code; empty for every zone without a rate of its own.
    pub zone: String,
    /// In percent of the net amount.
    pub rate: Percent,
    /// The first day.
    pub valid_from: Date,
    /// The last day; forever, if absent.
    pub valid_until: Option<Date>,
    /// When it was created.
    pub created_at: DateTimeUtc,
}

/// None: rows of other tables are read by their own queries.
#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
