//! A stock location.

use chrono::{DateTime, Utc};
use domain::id::{LocationId, TenantId};
use domain::location::LocationKind;
use domain::tag;
use domain::tenant::Channel;
use sea_orm::entity::prelude::*;
use serde::Serialize;

/// A place where stock is kept.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "location")]
#[schema(as = Location)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the location.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LocationId,
    #[sea_orm(ignore)]
    pub object: tag::Location,
    /// Your code for it.
    #[schema(max_length = 64, example = "MAIN")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Main warehouse")]
    pub name: String,
    /// Kind of the location.
    pub kind: LocationKind,
    /// Channels that may take stock from it.
    #[schema(value_type = Vec<Channel>, max_items = 2)]
    pub channels: Vec<String>,
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
