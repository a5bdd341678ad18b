//! A tenant and its settings.

use chrono::{DateTime, Utc};
use domain::address::Address;
use domain::id::TenantId;
use domain::number::{Money, Percent};
use domain::stock::CostingMethod;
use domain::tag;
use domain::tenant::TaxRounding;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// Settings of the tenant.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "tenant")]
#[schema(as = Settings)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    #[sea_orm(ignore)]
    pub object: tag::Settings,
    /// Name in logins and on the command line, unique in the installation.
    #[serde(skip)]
    pub slug: String,
    /// Name of the tenant.
    #[schema(max_length = 200, example = "Nordwind Supply")]
    pub name: String,
    /// Tax number of the tenant. Documents print it.
    #[schema(max_length = 40, example = "GB123456789")]
    pub tax_number: Option<String>,
    /// Address of the tenant. Documents print it.
    #[schema(value_type = Option<Address>)]
    pub address: Option<Json>,
    /// Link to the logo of the tenant. Documents print it.
    #[schema(max_length = 2000, example = "https://cdn.example.com/logo.svg")]
    pub logo_url: Option<String>,
    /// ISO 4217 code of the tenant's only currency.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// ISO 3166-1 alpha-2 code of the tenant's country.
    #[schema(max_length = 2, example = "GB")]
    pub country: String,
    /// IANA name of the tenant's time zone. Its days begin in this zone.
    #[schema(max_length = 64, example = "Europe/London")]
    pub time_zone: String,
    /// Whether list prices contain tax.
    #[schema(example = false)]
    pub prices_include_tax: bool,
    /// Rounding of tax.
    #[schema(value_type = Option<TaxRounding>)]
    pub tax_rounding: String,
    /// Smallest cash amount of tills that are created without one. Zero: amounts are not rounded.
    pub cash_rounding: Money,
    /// Costing method of products without one of their own.
    pub costing_method: CostingMethod,
    /// Whether orders of prepaid customers are held until they are paid.
    #[schema(example = true)]
    pub hold_unpaid: bool,
    /// Amount to whose multiples the totals of invoices and credit notes are rounded. Zero: they are not rounded.
    pub invoice_rounding: Money,
    /// Whether the log of requests keeps the bodies of rejected requests, without secrets.
    #[schema(example = false)]
    pub log_rejected_bodies: bool,
    /// Percentage by which the billed units of a line may exceed those ordered and received. 0 unless it was set.
    pub bill_quantity_percent: Percent,
    /// Percentage by which the price of a billed line may differ from that of the order. 0 unless it was set.
    pub bill_price_percent: Percent,
    /// Largest difference of price, as an amount, with which a billed line matches. 0 unless it was set.
    pub bill_amount: Money,
    /// `active` or `suspended`.
    #[serde(skip)]
    pub status: String,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    #[serde(skip)]
    pub created_at: DateTime<Utc>,
    /// When they last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
