//! A category of products: a tree.

use chrono::{DateTime, Utc};
use domain::id::{CategoryId, TenantId};
use domain::tag;
use sea_orm::entity::prelude::*;
use serde::{Serialize, Serializer};

/// A category of products.
#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel, Serialize, utoipa::ToSchema)]
#[sea_orm(table_name = "category")]
#[schema(as = Category)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Id of the category.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CategoryId,
    #[sea_orm(ignore)]
    pub object: tag::Category,
    /// Your code for it.
    #[schema(max_length = 64, example = "fasteners")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Fasteners")]
    pub name: String,
    /// Parent category. Null for a root.
    pub parent_id: Option<CategoryId>,
    /// Ids from the category itself up to its root.
    #[serde(serialize_with = "as_ids")]
    #[schema(value_type = Vec<CategoryId>, min_items = 1, max_items = 10)]
    pub lineage: Vec<Uuid>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

fn as_ids<S: Serializer>(lineage: &[Uuid], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lineage.iter().copied().map(CategoryId))
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
