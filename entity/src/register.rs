//! A till.

use chrono::{DateTime, Utc};
use domain::id::{LocationId, RegisterId, TenantId};
use domain::number::{Money, Percent};
use domain::tag;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A till.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "register")]
#[schema(as = Register)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the till.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegisterId,
    #[sea_orm(ignore)]
    pub object: tag::Register,
    /// Your code for it, part of the numbers of its sales.
    #[schema(max_length = 12, example = "TILL1")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Till at the entrance")]
    pub name: String,
    /// Store or warehouse that its sales take stock from.
    pub location_id: LocationId,
    /// Smallest cash amount that can be paid. Zero: any amount can.
    pub cash_rounding: Money,
    /// Largest discount of its sales, in percent. Null: no limit of its own.
    #[schema(example = json!(null))]
    pub discount_max: Option<Percent>,
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
