//! A SKU mapping: another system's code for a product, for a period.

use chrono::{DateTime, Utc};
use domain::id::{ProductId, SkuMappingId, TenantId};
use domain::number::Quantity;
use domain::tag;
use sea_orm::entity::prelude::*;
use serde::{Serialize, Serializer};

/// Another system's SKU of a product.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "sku_mapping")]
#[schema(as = SkuMapping)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the mapping.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SkuMappingId,
    #[sea_orm(ignore)]
    pub object: tag::SkuMapping,
    /// The other system.
    #[schema(max_length = 100, example = "webshop")]
    pub system: String,
    /// SKU in that system.
    #[schema(max_length = 100, example = "4711-6PACK")]
    pub external_sku: String,
    /// Location in that system. Null: every location without a mapping of its own.
    #[serde(serialize_with = "null_if_empty")]
    #[schema(value_type = Option<String>, max_length = 100, example = "outlet-2")]
    pub external_location: String,
    /// The product.
    pub product_id: ProductId,
    /// Stock units per external unit.
    pub factor: Quantity,
    /// First instant at which it applies. Null: no beginning.
    #[schema(example = "2026-11-22T00:00:00Z")]
    pub valid_from: Option<DateTime<Utc>>,
    /// First instant at which it no longer applies. Null: no end.
    #[schema(example = "2027-01-01T00:00:00Z")]
    pub valid_until: Option<DateTime<Utc>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

fn null_if_empty<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    (!text.is_empty()).then_some(text).serialize(serializer)
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
