//! What changes, pushed as it changes: server-sent events (WHATWG HTML, section 9.2).

pub mod seat;
mod sender;

use actix_web::http::header::{self, Accept, Header, HeaderName, Quality, QualityItem};
use actix_web::mime::Mime;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::id::{LocationId, ProductId};
use secrecy::SecretString;
use serde::Deserialize;
use service::event::Filter;
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::event::{checked_types, open};
use crate::list::invalid_cursor;
use crate::params::{Params, listed};
use crate::problem::{ApiError, ErrorCode, Problem};
use crate::{Answer, App, Caller, credential};

use sender::{Credential, Sender, Wanted};

/// How many products or locations a stream may name.
const NAMED_MAX: usize = 100;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies that hold answers back not to.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(stream);
}

/// What to push.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamParams {
    /// Whether levels are wanted; they are, if absent.
    levels: Option<bool>,
    /// Levels of these products only, at most 100, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(value_type = String, max_length = 3100, example = "prd_01h455vb4pex5vsknk084sn02q")]
    product_id: Vec<ProductId>,
    /// Levels at these locations only, at most 100, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(value_type = String, max_length = 3100, example = "loc_01h455vb4pex5vsknk084sn02q")]
    location_id: Vec<LocationId>,
    /// Events of these types as well, separated by commas. A star stands for anything: `order.*`. Needs the scope
    /// `events:read`.
    #[serde(default, rename = "type", deserialize_with = "listed")]
    #[param(value_type = String, max_length = 1300, example = "order.*")]
    kinds: Vec<String>,
    /// Where to go on, as the header `Last-Event-ID`, for clients that can't send that.
    #[param(max_length = 1024, example = "")]
    cursor: Option<String>,
}

/// The header that browsers send by themselves.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation only: the header is read by hand")]
struct StreamHeaders {
    /// The id of the last message that was received, or the cursor of a page of `/v1/events`: what changed since comes
    /// first. From now on, if absent.
    #[param(rename = "Last-Event-ID", max_length = 1024, example = "")]
    last_event_id: Option<String>,
}

/// Push what changes
///
/// Server-sent events. `stock_level` brings a level as it is now; several changes in a row may be told as one. `event`
/// brings an event as `GET /v1/events` has it, in the same order. `ready` comes first: levels that are read after it are
/// kept right by what follows. Apply levels in the order in which they come. An answer that ends is to be taken up again
/// with the last id as `Last-Event-ID`, as browsers do by themselves: nothing is lost, and a level may come twice.
/// The server ends it, with `bye` and a reason, when it stops, when the credential ends, when the client reads too
/// slowly, and when the key opens more than 10 streams: the oldest makes room. A comment comes every 15 seconds.
#[utoipa::path(
    operation_id = "stream_get",
    security(("bearer" = ["stock:read"]), ("bearer" = ["events:read"])),
    params(StreamHeaders, StreamParams),
    responses(
        (status = 200, description = "Messages, without end.", content(
            (String = "text/event-stream", example = "event: stock_level\ndata: {\"object\":\"stock_level\"}\n\n"))),
        (status = 406, description = "The client does not take server-sent events.", body = Problem,
            content_type = "application/problem+json"),
    )
)]
#[get("/v1/stream")]
async fn stream(
    request: HttpRequest,
    app: Data<App>,
    caller: Caller,
    params: Params<StreamParams>,
) -> Answer {
    let Params(StreamParams { levels, product_id, location_id, kinds, cursor }) = params;
    let levels = levels.unwrap_or(true);
    if levels || kinds.is_empty() {
        caller.require(Scope::StockRead)?;
    }
    if !kinds.is_empty() {
        caller.require(Scope::EventsRead)?;
    }
    if !accepts_events(&request) {
        return Err(ApiError::of(ErrorCode::NotAcceptable));
    }
    if !levels && kinds.is_empty() {
        let detail = "Ask for levels, for types of events, or for both.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("levels"));
    }
    for (parameter, named) in [("product_id", product_id.len()), ("location_id", location_id.len())] {
        if named > NAMED_MAX {
            let detail = format!("Name at most {NAMED_MAX}, or none to hear of all.");
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter));
        }
    }
    let events = match kinds.is_empty() {
        true => None,
        false => Some(Filter { kinds: checked_types(kinds, "type")?, document_id: None }),
    };
    let sent = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let from = [sent, cursor].into_iter().flatten().find(|cursor| !cursor.is_empty());
    let place = |cursor: String| open(&app.cursor_key, caller.tenant_id, &cursor).ok_or_else(invalid_cursor);
    let from = from.map(place).transpose()?;
    let Some(seat) = app.streams.take(caller.actor_id) else {
        return Err(ApiError::of(ErrorCode::RateLimited).with_retry_after(5));
    };
    let listener = app.live.listen(caller.tenant_id, from).await?;
    let wanted = Wanted { levels, products: product_id, locations: location_id, events };
    let credential = presented(&request, &app);
    let sender = Sender::new((app, seat), (credential, caller.tenant_id), listener, wanted)?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .streaming(sender.messages()))
}

fn accepts_events(request: &HttpRequest) -> bool {
    let ranges = Accept::parse(request).map(|accept| accept.0).unwrap_or_default();
    let fits = |range: &QualityItem<Mime>| {
        range.quality > Quality::ZERO
            && matches!(range.item.essence_str(), "text/event-stream" | "text/*" | "*/*")
    };
    !request.headers().contains_key(header::ACCEPT) || ranges.iter().any(fits)
}

/// The credential of the request, to be looked at again while the stream lasts.
fn presented(request: &HttpRequest, app: &App) -> Credential {
    let text = credential::presented(request.headers()).unwrap_or_default().into_owned();
    let peer = request.peer_addr().map(|address| address.ip());
    let address = credential::address(peer, request.headers(), &app.trusted_proxies);
    Credential { text: SecretString::from(text), address }
}
