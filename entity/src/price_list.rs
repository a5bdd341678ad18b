//! A list of price rules.

use chrono::{DateTime, Utc};
use domain::id::{PriceListId, TenantId};
use domain::tag;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A price list.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "price_list")]
#[schema(as = PriceList)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the price list.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PriceListId,
    #[sea_orm(ignore)]
    pub object: tag::PriceList,
    /// Your code for it.
    #[schema(max_length = 64, example = "dealers")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Dealers")]
    pub name: String,
    /// ISO 4217 code of its currency.
    #[schema(max_length = 3, example = "EUR")]
    pub currency: String,
    /// Whether its fixed prices include tax. Null: as the tenant's list prices do. Its reductions are off the list price,
    /// and have the tax of that.
    #[schema(example = json!(null))]
    pub includes_tax: Option<bool>,
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
