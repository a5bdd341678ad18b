//! A customer.

use chrono::{DateTime, Utc};
use domain::address::CustomerAddress;
use domain::annotation::{Contact, Link, Tag};
use domain::customer::{CustomerKind, CustomerStatus, PaymentTerms};
use domain::id::{CustomerId, PriceListId, PriceTierId, TenantId};
use domain::number::Money;
use domain::{metadata, tag};
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "customer")]
#[schema(as = Customer)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CustomerId,
    #[sea_orm(ignore)]
    pub object: tag::Customer,
    /// Customer number.
    #[schema(max_length = 64, example = "C-000123")]
    pub number: String,
    /// Kind of the customer.
    pub kind: CustomerKind,
    /// The name.
    #[schema(max_length = 200, example = "Nordwind Supply GmbH")]
    pub name: String,
    /// E-mail address for invoices.
    #[schema(max_length = 254, example = "invoices@nordwind.example")]
    pub email: Option<String>,
    /// Tax number.
    #[schema(max_length = 40, example = "DE123456789")]
    pub tax_number: Option<String>,
    /// ISO 3166-1 alpha-2 code of the country that it buys in, which is the tax zone of its orders.
    #[schema(max_length = 2, example = "DE")]
    pub country: String,
    /// ISO 4217 code of its currency.
    #[schema(max_length = 3, example = "EUR")]
    pub currency: String,
    /// Whether its sales are free of tax.
    #[schema(example = false)]
    pub tax_exempt: bool,
    /// Its price tier.
    pub price_tier_id: Option<PriceTierId>,
    /// Its own price list, which goes before that of its tier.
    pub price_list_id: Option<PriceListId>,
    /// When its invoices are due.
    pub payment_terms: PaymentTerms,
    /// Days in those terms.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    /// Credit limit, compared to the exposure. Null: no limit.
    pub credit_limit: Option<Money>,
    /// Remaining life that it requires of a lot, in days, in either channel.
    #[schema(minimum = 0, maximum = 3650, example = 0)]
    pub min_remaining_life_days: i32,
    /// Whether it may buy.
    pub status: CustomerStatus,
    /// Your own id of it.
    #[schema(max_length = 200, example = "crm-4711")]
    pub external_ref: Option<String>,
    /// Addresses of the customer.
    #[schema(value_type = Vec<CustomerAddress>, max_items = 50)]
    pub addresses: Json,
    /// People to contact.
    #[schema(value_type = Vec<Contact>, max_items = 20)]
    pub contacts: Json,
    /// Notes for the people who read the record.
    #[schema(max_length = 5000, example = "Deliver before 10 o'clock.")]
    pub notes: String,
    /// Tags.
    #[schema(value_type = Vec<Tag>, max_items = 50, example = json!(["builders"]))]
    pub tags: Json,
    /// Links to files that are stored elsewhere.
    #[schema(value_type = Vec<Link>, max_items = 20)]
    pub attachments: Json,
    /// Your own notes by name.
    #[serde(serialize_with = "metadata::serialize")]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Json,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
