//! A customer.

use domain::customer::{CustomerKind, CustomerStatus, PaymentTerms};
use domain::id::{CustomerId, PriceListId, PriceTierId, TenantId};
use domain::number::Money;
use sea_orm::entity::prelude::*;
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    /// Customer number, unique per tenant.
    pub number: String,
    /// Wholesale or retail.
    pub kind: CustomerKind,
    pub name: String,
    /// E-mail address for invoices.
    pub email: Option<String>,
    pub tax_number: Option<String>,
    /// ISO 3166-1 alpha-2 code, the tax zone of its orders.
    pub country: String,
    /// ISO 4217 code: the tenant's.
    pub currency: String,
    /// Whether it pays no tax.
    pub tax_exempt: bool,
    pub price_tier_id: Option<PriceTierId>,
    /// Price list of its own, which takes precedence over that of the tier.
    pub price_list_id: Option<PriceListId>,
    /// When its invoices are due.
    pub payment_terms: PaymentTerms,
    /// The days in those terms.
    pub payment_days: i32,
    /// Highest exposure; no limit if absent.
    pub credit_limit: Option<Money>,
    /// Days of remaining shelf life that it requires of a lot.
    pub min_remaining_life_days: i32,
    /// Whether it may buy.
    pub status: CustomerStatus,
    /// The caller's own id, unique per tenant.
    pub external_ref: Option<String>,
    /// The caller's own notes.
    pub metadata: Json,
    pub version: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
