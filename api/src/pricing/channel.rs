//! Price lists of channels, and of locations in them.

use actix_web::web::Path;
use actix_web::{delete, get, put};
use domain::id::LocationId;
use domain::tenant::Channel;
use serde::Deserialize;
use service::Tx;
use service::pricing::channel::{self, ChannelPriceList, ChannelPriceListInput};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::body::Body;
use crate::list::{List, NoFilters, Page};
use crate::params::Params;
use crate::problem::ErrorCode;
use crate::write::Write;
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(put_list).service(delete_list);
}

/// Place that the price list is for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Place {
    /// Location in the channel. The whole channel if absent.
    location_id: Option<LocationId>,
}

/// List channel price lists
///
/// Returns one page of the price lists of channels and of locations in them.
#[utoipa::path(
    operation_id = "channel_price_lists_list",
    security(("bearer" = ["prices:read"])),
    responses((status = 200, description = "The price lists of channels.", body = Page<ChannelPriceList>))
)]
#[get("/v1/channel-price-lists")]
async fn list(caller: Caller, list: List<NoFilters>) -> Answer {
    let read = async |tx: &Tx, after: Option<(String, Uuid)>, rows: u64| channel::list(tx, after, rows).await;
    let position = |row: &ChannelPriceList| (row.channel.clone(), row.location_id.unwrap_or_default().0);
    list.serve(caller, read, position).await
}

/// Replace the price list of a channel
///
/// Sets it for the whole channel, or for one location in it. That of a location goes first.
#[utoipa::path(
    operation_id = "channel_price_lists_put",
    security(("bearer" = ["prices:write"])),
    params(("channel" = Channel, Path, description = "The channel.")),
    request_body = ChannelPriceListInput,
    responses((status = 200, description = "The price list of the channel.", body = ChannelPriceList))
)]
#[put("/v1/channel-price-lists/{channel}")]
async fn put_list(write: Write, path: Path<String>, body: Body<ChannelPriceListInput>) -> Answer {
    let channel = parse(&path)?;
    write
        .changing_setup()
        .step("channel_price_list.stated", body, async |tx, input| {
            let row = channel::put(tx, channel, input).await?;
            Ok((Some(row.price_list_id.0), row))
        })
        .await
}

/// Remove the price list of a channel
///
/// Removes it from the whole channel, or from one location in it.
#[utoipa::path(
    operation_id = "channel_price_lists_delete",
    security(("bearer" = ["prices:write"])),
    params(("channel" = Channel, Path, description = "The channel."), Place),
    responses((status = 204, description = "The price list is removed."))
)]
#[delete("/v1/channel-price-lists/{channel}")]
async fn delete_list(write: Write, path: Path<String>, place: Params<Place>) -> Answer {
    let channel = parse(&path)?;
    write
        .changing_setup()
        .delete("channel_price_list.deleted", None, async |tx, _| {
            channel::delete(tx, channel, place.location_id).await
        })
        .await
}

fn parse(channel: &str) -> Result<Channel, ApiError> {
    channel.parse().map_err(|_| {
        ApiError::new(ErrorCode::InvalidParameter, "The channel is wholesale or retail.")
            .at_parameter("channel")
    })
}
