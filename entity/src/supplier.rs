//! A supplier.

use chrono::{DateTime, Utc};
use domain::address::CustomerAddress;
use domain::annotation::Contact;
use domain::id::{SupplierId, TenantId};
use domain::number::Percent;
use domain::supplier::{DiscountTerm, SupplierStatus};
use domain::{metadata, tag};
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A supplier.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "supplier")]
#[schema(as = Supplier)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the supplier.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupplierId,
    #[sea_orm(ignore)]
    pub object: tag::Supplier,
    /// Your code for the supplier.
    #[schema(max_length = 64, example = "NORDBOLT")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Nordbolt Fasteners GmbH")]
    pub name: String,
    /// E-mail address for purchase orders.
    #[schema(max_length = 254, example = "orders@nordbolt.example")]
    pub email: Option<String>,
    /// Tax number.
    #[schema(max_length = 40, example = "DE123456789")]
    pub tax_number: Option<String>,
    /// ISO 4217 code of its prices.
    #[schema(max_length = 3, example = "EUR")]
    pub currency: String,
    /// Days after an invoice of the supplier in which it is to be paid.
    #[schema(minimum = 0, maximum = 365, example = 30)]
    pub payment_days: i32,
    /// Discounts for early payment.
    #[schema(value_type = Vec<DiscountTerm>, max_items = 2)]
    pub discounts: Json,
    /// Days from a purchase order to its delivery, as the supplier states them. Null: not stated.
    #[schema(minimum = 0, maximum = 730, example = 14)]
    pub lead_time_days: Option<i32>,
    /// Percentage by which a delivery may exceed the ordered quantity of a line.
    pub over_receipt_percent: Percent,
    /// Whether it gets new purchase orders.
    pub status: SupplierStatus,
    /// Your own id of it.
    #[schema(max_length = 200, example = "erp-7001")]
    pub external_ref: Option<String>,
    /// Addresses of the supplier.
    #[schema(value_type = Vec<CustomerAddress>, max_items = 50)]
    pub addresses: Json,
    /// People to contact.
    #[schema(value_type = Vec<Contact>, max_items = 20)]
    pub contacts: Json,
    /// Notes for the people who read the record.
    #[schema(max_length = 5000, example = "Delivers on Tuesdays.")]
    pub notes: String,
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
