//! The price list of a channel, or of one location in it.

use ::entity::{channel_price_list, location};
use domain::id::{LocationId, PriceListId};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sqlx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::list;
use crate::{Error, Tx, input};

/// The price list of a channel, as a caller sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChannelPriceListPut)]
pub struct ChannelPriceListInput {
    /// Id of the price list.
    pub price_list_id: PriceListId,
    /// Location to which the list applies. It takes precedence over the list of the whole channel. Without it the
    /// list applies to the whole channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_id: Option<LocationId>,
}

/// The price list of a channel, or of one location in it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChannelPriceList {
    /// The channel, and the location if the list is for one.
    #[schema(max_length = 50, example = "retail")]
    pub id: String,
    pub object: tag::ChannelPriceList,
    /// The channel.
    #[schema(value_type = Channel)]
    pub channel: String,
    /// Location in the channel. Null: the whole channel.
    pub location_id: Option<LocationId>,
    /// The price list.
    pub price_list_id: PriceListId,
}

impl From<channel_price_list::Model> for ChannelPriceList {
    fn from(row: channel_price_list::Model) -> Self {
        let location_id = Some(row.location_id).filter(|id| !id.0.is_nil());
        ChannelPriceList {
            id: location_id.map_or_else(|| row.channel.clone(), |id| format!("{}:{id}", row.channel)),
            object: tag::ChannelPriceList,
            channel: row.channel,
            location_id,
            price_list_id: row.price_list_id,
        }
    }
}

/// Sets the price list of a channel or of one location in it.
pub async fn put(
    tx: &Tx,
    channel: Channel,
    input: &ChannelPriceListInput,
) -> Result<ChannelPriceList, Error> {
    let mut problems = Problems::default();
    list::check_exists(tx, &mut problems, "/price_list_id", input.price_list_id).await?;
    if let Some(id) = input.location_id {
        let known = tx.select::<location::Entity>().filter(location::Column::Id.eq(id)).one(tx).await?;
        if known.is_none() {
            input::add_unknown(&mut problems, "/location_id", "location");
        }
    }
    problems.check()?;
    let row = channel_price_list::Model {
        tenant_id: tx.tenant_id,
        channel: <&str>::from(channel).to_owned(),
        location_id: input.location_id.unwrap_or_default(),
        price_list_id: input.price_list_id,
    };
    let query = sqlx::query(
        "insert into channel_price_list (tenant_id, channel, location_id, price_list_id) values ($1, $2, $3, $4)
         on conflict (tenant_id, channel, location_id) do update set price_list_id = excluded.price_list_id",
    );
    let query =
        query.bind(tx.tenant_id.0).bind(&row.channel).bind(row.location_id.0).bind(row.price_list_id.0);
    tx.execute(query).await?;
    Ok(row.into())
}

/// Removes the price list of a channel or of one location in it.
pub async fn delete(tx: &Tx, channel: Channel, location_id: Option<LocationId>) -> Result<(), Error> {
    let deleted = channel_price_list::Entity::delete_many()
        .filter(channel_price_list::Column::TenantId.eq(tx.tenant_id))
        .filter(channel_price_list::Column::Channel.eq(<&str>::from(channel)))
        .filter(channel_price_list::Column::LocationId.eq(location_id.unwrap_or_default()));
    match deleted.exec(tx).await?.rows_affected {
        0 => Err(Refusal::not_found("channel price list").into()),
        _ => Ok(()),
    }
}

/// Returns one page by channel; the list of the whole channel comes before those of its locations.
pub async fn list(tx: &Tx, after: Option<(String, Uuid)>, rows: u64) -> Result<Vec<ChannelPriceList>, Error> {
    let mut query = tx.select::<channel_price_list::Entity>();
    if let Some((channel, location_id)) = after {
        let key = [channel_price_list::Column::Channel, channel_price_list::Column::LocationId];
        let key = Expr::tuple(key.map(|column| Expr::col(column.as_column_ref())));
        query = query.filter(key.gt(Expr::tuple([Expr::val(channel), Expr::val(location_id)])));
    }
    let query = query.order_by_asc(channel_price_list::Column::Channel);
    let rows = query.order_by_asc(channel_price_list::Column::LocationId).limit(rows).all(tx).await?;
    Ok(rows.into_iter().map(ChannelPriceList::from).collect())
}
