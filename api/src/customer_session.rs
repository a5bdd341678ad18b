//! Sessions in which customers of a web shop act for themselves: open, list, get, end.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use chrono::{DateTime, Utc};
use domain::id::{ApiKeyId, CustomerId, CustomerSessionId};
use domain::tag;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::auth::customer_session::{self, CustomerSession, NewSession, SECONDS_DEFAULT, SessionWanted};
use service::listing::{Age, Slice};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::{Body, Input};
use crate::list::{List, Page};
use crate::params::PathId;
use crate::write::{Secret, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(open).service(get).service(end);
}

/// Which sessions to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only sessions of this customer.
    customer_id: Option<CustomerId>,
    sort: Option<Age>,
}

/// A session to open.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct CustomerSessionIn {
    /// Customer who acts in the session. Your shop has checked who the customer is.
    customer_id: CustomerId,
    /// Seconds until it ends, from 60 to 86400.
    #[serde(default = "default_seconds")]
    #[schema(minimum = 60, maximum = 86400, example = 3600)]
    expires_in: u32,
    /// Origins of the web pages that may use it, as browsers send them, or `*` alone for all. Empty: programs only, such as the server
    /// of the shop.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["https://shop.example"]))]
    origins: Vec<String>,
}

fn default_seconds() -> u32 {
    SECONDS_DEFAULT
}

/// A new session. Only this response has the token.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CustomerSessionToken {
    /// Id of the session.
    id: CustomerSessionId,
    object: tag::CustomerSession,
    /// The customer who acts in it.
    customer_id: CustomerId,
    /// The API key that opened it. The session ends with the key.
    api_key_id: ApiKeyId,
    /// Origins of the web pages that may use it, or `*` alone for all. Empty: programs only.
    #[schema(max_items = 50, example = json!(["https://shop.example"]))]
    origins: Vec<String>,
    /// Token for the header `Authorization`. It is returned once: null in a replay and in a dry run.
    #[schema(max_length = 128, example = "sws_01h455vb4pex5vsknk084sn02q_x")]
    token: Option<String>,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it ends at the latest.
    expires_at: DateTime<Utc>,
    /// When it was revoked. Null: it was not.
    #[schema(example = json!(null))]
    revoked_at: Option<DateTime<Utc>>,
}

impl CustomerSessionToken {
    fn of(new: &NewSession) -> Secret<Self> {
        let NewSession { session, token } = new;
        let out = |token: Option<&str>| CustomerSessionToken {
            id: session.id,
            object: tag::CustomerSession,
            customer_id: session.customer_id,
            api_key_id: session.api_key_id,
            origins: session.origins.clone(),
            token: token.map(str::to_owned),
            created_at: session.created_at,
            expires_at: session.expires_at,
            revoked_at: session.revoked_at,
        };
        Secret { id: session.id.0, kept: out(None), shown_once: out(Some(token.expose_secret())) }
    }
}

/// List customer sessions
///
/// Returns one page of sessions, without their tokens. One that ended more than 30 days ago is deleted.
#[utoipa::path(
    operation_id = "customer_sessions_list",
    security(("bearer" = ["customer_sessions:write"])),
    params(Filters),
    responses((status = 200, description = "One page of sessions.", body = Page<CustomerSession>))
)]
#[get("/v1/customer-sessions")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let (customer_id, sort) = (list.filters.customer_id, list.filters.sort);
    let read = async move |tx: &Tx, slice: &Slice| customer_session::list(tx, customer_id, slice).await;
    list.serve_documents(caller, sort, read, |session: &CustomerSession| session.id.0).await
}

/// Open a customer session
///
/// Returns a token with which a customer of a web shop acts for itself: it reads products, its prices, orders, invoices
/// and account, holds its cart, and places and cancels its orders. Only an API key opens sessions. The session has the
/// bounds of the key on documents. A session ends at its time, with the key, when you end it, and within 5 seconds
/// after the customer is blocked or erased. A customer has at most 50 open sessions.
#[utoipa::path(
    operation_id = "customer_sessions_create",
    security(("bearer" = ["customer_sessions:write"])),
    request_body = CustomerSessionIn,
    responses((status = 201, description = "The session.", body = CustomerSessionToken))
)]
#[post("/v1/customer-sessions")]
async fn open(write: Write, body: Body<CustomerSessionIn>) -> Answer {
    let Input { value: input, raw, schema } = body.read().await?;
    let CustomerSessionIn { customer_id, expires_in, origins } = input;
    let (caller, wanted) = (write.caller(), SessionWanted { customer_id, seconds: expires_in, origins });
    let opened =
        async |tx: &Tx| Ok(CustomerSessionToken::of(&customer_session::open(tx, &caller, &wanted).await?));
    let location = |id| format!("/v1/customer-sessions/{}", CustomerSessionId(id));
    let opened = write.create_secret("customer_session.created", &raw, location, opened).await;
    opened.map_err(|error| schema.explain(&raw, error))
}

/// Get a customer session
///
/// Returns one session, without its token.
#[utoipa::path(
    operation_id = "customer_sessions_get",
    security(("bearer" = ["customer_sessions:write"])),
    params(("id" = CustomerSessionId, Path, description = "The session's id.")),
    responses((status = 200, description = "The session.", body = CustomerSession))
)]
#[get("/v1/customer-sessions/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<CustomerSessionId>) -> Answer {
    let read = async |tx: &Tx| customer_session::get(tx, id.0).await;
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, read).await?))
}

/// End a customer session
///
/// Its token stops working at once. Without Redis, another server may accept it for 5 seconds more. Ending it again changes nothing.
#[utoipa::path(
    operation_id = "customer_sessions_end",
    security(("bearer" = ["customer_sessions:write"])),
    params(("id" = CustomerSessionId, Path, description = "The session's id.")),
    responses((status = 204, description = "The session has ended."))
)]
#[delete("/v1/customer-sessions/{id}")]
async fn end(write: Write, id: PathId<CustomerSessionId>) -> Answer {
    let changed_powers = write.changed_powers();
    let ended = async |tx: &Tx, _| {
        changed_powers.note(customer_session::end(tx, id.0).await?);
        Ok(())
    };
    write.delete("customer_session.ended", Some(id.0.0), ended).await
}
