//! The price list of a channel, or of one location in it.

use domain::id::{LocationId, PriceListId, TenantId};
use sea_orm::entity::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel_price_list")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// `wholesale` or `retail`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel: String,
    /// The location; the nil id for the whole channel.
    #[sea_orm(primary_key, auto_increment = false)]
    pub location_id: LocationId,
    pub price_list_id: PriceListId,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
