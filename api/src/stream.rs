//! Changes, pushed as they happen: server-sent events (WHATWG HTML, section 9.2).

mod guard;
pub mod seat;
mod sender;
pub mod ticket;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::{self, Accept, Header, HeaderName, Quality, QualityItem};
use actix_web::mime::Mime;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, post};
use domain::id::{LocationId, ProductId, TenantId};
use domain::tag;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use service::auth::{AuthError, Guess};
use service::event::Filter;
use service::known;
use service::scope::{Scope, Scopes};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::connection::Connection;
use crate::event::{known_types, open};
use crate::list::invalid_cursor;
use crate::params::{Params, listed};
use crate::problem::{ApiError, ErrorCode, Problem};
use crate::{Answer, App, Caller, credential};

use guard::Credential;
use seat::Full;
use sender::{Sender, Wanted};

/// Most products or locations that a stream may name.
const NAMED_MAX: usize = 100;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Header that tells proxies not to hold a response back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(stream).service(make_ticket);
}

/// The changes to push.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamParams {
    /// Whether to push levels. True if absent.
    levels: Option<bool>,
    /// Only levels of these products, at most 100, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 100)]
    product_id: Vec<ProductId>,
    /// Only levels at these locations, at most 100, separated by commas or sent repeatedly.
    #[serde(default, deserialize_with = "listed")]
    #[param(style = Form, explode = false, max_items = 100)]
    location_id: Vec<LocationId>,
    /// Types of events to push too, separated by commas or sent repeatedly. `*` matches anything: `order.*`. Needs the scope
    /// `events:read`.
    #[serde(default, rename = "type", deserialize_with = "listed")]
    #[param(style = Form, explode = false, value_type = Vec<String>, max_items = 20, example = json!(["order.*"]))]
    kinds: Vec<String>,
    /// Place to continue from, like the header `Last-Event-ID`, for clients that can't send that.
    #[param(max_length = 1024, example = "")]
    cursor: Option<String>,
    /// Ticket of `POST /v1/stream-tickets`, for clients that can't send a credential as a header. A header counts first.
    #[param(max_length = 64, example = "")]
    #[expect(dead_code, reason = "the middleware takes it from the query, as the credential of the caller")]
    ticket: Option<String>,
}

/// A ticket for one stream.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct StreamTicket {
    object: tag::StreamTicket,
    /// Ticket, to send as `ticket=` to `GET /v1/stream`. It opens one stream.
    #[schema(max_length = 64, example = "tkt_2NEpo7TZRRrLZSi2U2NEpo7TZRRrLZSi2UNEpo7TZRR")]
    ticket: String,
    /// Seconds for which it can be used.
    #[schema(minimum = 1, maximum = 60, example = 60)]
    expires_in: u64,
}

/// Credential of a ticket that a request has used up.
#[derive(Debug, Clone)]
pub struct Taken(pub SecretString);

/// Make a ticket for a stream
///
/// Returns a ticket with which `GET /v1/stream` opens one stream for the caller, within a minute. It is for `EventSource`
/// in browsers, which can't send a header: a key in a URL would end up in logs. The stream ends as it would with the
/// credential itself. With Redis, any server takes the ticket; without it, the server that made it, which keeps at most 2,500
/// unused tickets of a tenant: the next one returns 429. After 1,000 tickets within 15 minutes from one network that do not work,
/// a ticket from there returns 429.
#[utoipa::path(
    operation_id = "stream_tickets_create",
    security(("bearer" = ["stock:read"]), ("bearer" = ["events:read"])),
    responses((status = 201, description = "The ticket.", body = StreamTicket))
)]
#[post("/v1/stream-tickets")]
async fn make_ticket(request: HttpRequest, app: Data<App>, caller: Caller) -> Answer {
    let credential = credential::presented(request.headers()).unwrap_or_default();
    let ticket = app.tickets.make(caller.tenant_id, &credential).await?;
    let made = StreamTicket { object: tag::StreamTicket, ticket, expires_in: ticket::SECONDS };
    Ok(HttpResponse::Created().json(made))
}

/// Takes the ticket of a request for a stream. Returns the credential that it stands for; nothing if the request has none.
pub async fn take_ticket(
    app: &App,
    path: &str,
    query: &str,
    address: Option<IpAddr>,
) -> Option<Result<SecretString, AuthError>> {
    if path != "/v1/stream" {
        return None;
    }
    let ticket = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "ticket")?.1;
    Some(app.auth.guess(Guess::Ticket, address, app.tickets.take(&ticket)).await)
}

/// The header that browsers send on their own.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documentation only: the header is read by hand")]
struct StreamHeaders {
    /// Id of the last message that you received, or the cursor of a page of `/v1/events`. Changes since then come
    /// first. If absent, the stream starts now.
    #[param(rename = "Last-Event-ID", max_length = 1024, example = "")]
    last_event_id: Option<String>,
}

/// Stream changes
///
/// Sends server-sent events. `ready` comes first: levels that you read after it are kept up to date by the messages
/// that follow. `stock_level` has a level as it is now. Several changes in a row may come as one. `event` has an event
/// as `GET /v1/events` returns it, in the same order. Apply levels in the order in which they come. A comment comes
/// every 15 seconds.
///
/// When the response ends, connect again with the last id as `Last-Event-ID`, as browsers do on their own. Nothing is
/// lost, and a level may come twice. The server ends a stream with `bye` and a reason when it stops, when the
/// credential ends or loses a scope that the stream needs, when the client reads too slowly, or when the key opens more
/// than 10 streams: then its oldest one ends. A stream ends at most 5 seconds after its credential was revoked or lost the
/// scope. A client that reads nothing for 30 seconds loses its connection. A tenant may have a quarter of the streams of a
/// server: 500 by default.
#[utoipa::path(
    operation_id = "stream_get",
    security(("bearer" = ["stock:read"]), ("bearer" = ["events:read"])),
    params(StreamHeaders, StreamParams),
    responses(
        (status = 200, description = "Messages, without end.", content(
            (String = "text/event-stream", example = "event: stock_level\ndata: {\"object\":\"stock_level\"}\n\n"))),
        (status = 406, description = "The client does not accept server-sent events.", body = Problem,
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
    let Params(StreamParams { levels, product_id, location_id, kinds, cursor, ticket: _ }) = params;
    let levels = levels.unwrap_or(true);
    let of_levels = (levels || kinds.is_empty()).then_some(Scope::StockRead);
    let of_events = (!kinds.is_empty()).then_some(Scope::EventsRead);
    let needed: Scopes = of_levels.into_iter().chain(of_events).collect();
    needed.iter().try_for_each(|scope| caller.require(scope))?;
    if !accepts_events(&request) {
        return Err(ApiError::of(ErrorCode::NotAcceptable));
    }
    if !levels && kinds.is_empty() {
        let detail = "Ask for levels, for types of events, or for both.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("levels"));
    }
    for (parameter, named) in [("product_id", product_id.len()), ("location_id", location_id.len())] {
        if named > NAMED_MAX {
            let detail = format!("Name at most {NAMED_MAX}, or none for all.");
            return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(parameter));
        }
    }
    let events = match kinds.is_empty() {
        true => None,
        false => Some(Filter { kinds: known_types(kinds, "type")?, document_id: None }),
    };
    let sent = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let from = [sent, cursor].into_iter().flatten().find(|cursor| !cursor.is_empty());
    let place = |cursor: String| open(&app.cursor_key, caller.tenant_id, &cursor).ok_or_else(invalid_cursor);
    let from = from.map(place).transpose()?;
    let check = async |tx: &service::Tx| known::check_stock(tx, &product_id, &location_id).await;
    let checked = app.db.read(caller.tenant_id, check).await;
    checked.map_err(|error| ApiError::from(error).in_query())?;
    let seat = app.streams.take(caller.tenant_id, caller.actor_id).map_err(|full| refused(&app, full))?;
    let listener = app.live.listen(caller.tenant_id, from).await?;
    let (products, locations) = (product_id.into_iter().collect(), location_id.into_iter().collect());
    let wanted = Wanted { levels, products, locations, events };
    let connection = request.conn_data::<Rc<Connection>>().cloned();
    let credential = presented(&request, &app, (caller.tenant_id, needed));
    let ending = guard::start(app.clone(), credential, Arc::clone(&seat.given_up), connection);
    let sender = Sender::new((app, seat), (ending, caller.tenant_id), listener, wanted)?;
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .streaming(sender.messages()))
}

fn refused(app: &App, full: Full) -> ApiError {
    match full {
        Full::Tenant => {
            let most = app.streams.of_tenant_max();
            let detail = format!(
                "The tenant has as many open streams as it may: {most}, or fewer while the server has few free ones. Close one, or \
                 share it."
            );
            ApiError::new(ErrorCode::RateLimited, detail).with_retry_after(5)
        }
        Full::Server => ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(5),
    }
}

fn accepts_events(request: &HttpRequest) -> bool {
    let ranges = Accept::parse(request).map(|accept| accept.0).unwrap_or_default();
    let fits = |range: &QualityItem<Mime>| {
        range.quality > Quality::ZERO
            && matches!(range.item.essence_str(), "text/event-stream" | "text/*" | "*/*")
    };
    !request.headers().contains_key(header::ACCEPT) || ranges.iter().any(fits)
}

/// Returns the credential of the request, which is checked again while the stream lasts, with the scopes that the stream needs.
fn presented(request: &HttpRequest, app: &App, (tenant_id, scopes): (TenantId, Scopes)) -> Credential {
    let taken = request.extensions().get::<Taken>().map(|taken| taken.0.expose_secret().to_owned());
    let text =
        taken.unwrap_or_else(|| credential::presented(request.headers()).unwrap_or_default().into_owned());
    Credential { tenant_id, text: SecretString::from(text), address: app.address_of(request), scopes }
}
