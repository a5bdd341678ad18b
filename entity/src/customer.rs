//! Whom we sell to.

use domain::customer::{CustomerKind, CustomerStatus, PaymentTerms};
use domain::id::{CustomerId, PriceListId, PriceTierId, TenantId};
use domain::number::Money;
use sea_orm::entity::prelude::*;
/// A row of `customer`.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// The tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    /// The human number, unique per tenant.
    pub number: String,
    /// Wholesale or retail.
    pub kind: CustomerKind,
    /// Its name.
    pub name: String,
    /// Where invoices go.
    pub email: Option<String>,
    /// Its tax number.
    pub tax_number: Option<String>,
    /// ISO 3166-1 alpha-2 code of the country it buys in; the tax zone of its orders.
    pub country: String,
    /// ISO 4217 code: the tenant's.
    pub currency: String,
    /// Whether it pays no tax.
    pub tax_exempt: bool,
    /// Its price tier.
    pub price_tier_id: Option<PriceTierId>,
    /// Its own price list.
    pub price_list_id: Option<PriceListId>,
    /// When its invoices are due.
    pub payment_terms: PaymentTerms,
    /// The days in those terms.
    pub payment_days: i32,
    /// The most it may owe; no limit, if absent.
    pub credit_limit: Option<Money>,
    /// How many days goods of lots that expire must still last when it gets them, in either channel.
    pub min_remaining_life_days: i32,
    /// Whether it may buy.
    pub status: CustomerStatus,
    /// The caller's own id, unique per tenant.
    pub external_ref: Option<String>,
    /// The caller's own notes.
    pub metadata: Json,
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
