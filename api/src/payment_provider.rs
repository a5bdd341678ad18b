//! Providers of card terminals, and the route of their messages.

use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use domain::id::PaymentProviderId;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::{Age, Slice};
use service::payment_intent::{self, ReportInput};
use service::payment_provider::{self, Message, PaymentProvider, ProviderInput};
use service::webhook::inbound::Headers;
use service::webhook::secret::Revealed;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::body::{Body, LOGIN_BYTES_MAX};
use crate::list::{List, Page};
use crate::params::PathId;
use crate::record::record;
use crate::signing_secret::{RotateSecretIn, secret_schema};
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{Secret, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(report).service(list).service(create).service(get).service(remove).service(rotate);
}

record!(PaymentProvider, PaymentProviderId);

/// A provider with a new secret. Only this response contains the secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PaymentProviderSecret {
    /// Record of the provider.
    payment_provider: PaymentProvider,
    /// The secret, with which the provider signs messages.
    #[schema(schema_with = secret_schema)]
    secret: Option<String>,
}

impl PaymentProviderSecret {
    fn of(new: Revealed<PaymentProvider>) -> Secret<Self> {
        let secret = Some(new.reveal());
        let payment_provider = new.record;
        Secret {
            id: payment_provider.id.0,
            kept: PaymentProviderSecret { payment_provider: payment_provider.clone(), secret: None },
            shown_once: PaymentProviderSecret { payment_provider, secret },
        }
    }
}

fn location(id: Uuid) -> String {
    format!("/v1/payment-providers/{}", PaymentProviderId(id))
}

/// Which providers to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    sort: Option<Age>,
}

/// List payment providers
///
/// Returns one page of the providers of card terminals. Secrets are not shown.
#[utoipa::path(
    operation_id = "payment_providers_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of providers.", body = Page<PaymentProvider>))
)]
#[get("/v1/payment-providers")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sort = list.filters.sort;
    let read = async |tx: &Tx, slice: &Slice| payment_provider::list(tx, slice).await;
    list.serve_documents(caller, sort, read, |provider: &PaymentProvider| provider.id.0).await
}

/// Create a payment provider
///
/// Creates a provider of card terminals and returns its secret, which is shown only once. With the secret, the program of the terminal signs
/// its messages to `POST /v1/payment-providers/{id}/events`. A tenant has at most 10.
#[utoipa::path(
    operation_id = "payment_providers_create",
    security(("bearer" = ["pos:manage"])),
    request_body = ProviderInput,
    responses((status = 201, description = "The provider.", body = PaymentProviderSecret))
)]
#[post("/v1/payment-providers")]
async fn create(app: Data<App>, write: Write, body: Body<ProviderInput>) -> Answer {
    write.caller().limits.require_endless()?;
    let input = body.read().await?;
    let make = async |tx: &Tx| {
        let made = payment_provider::create(tx, &app.payment_providers, &input.value).await?;
        Ok(PaymentProviderSecret::of(made))
    };
    let created = write.create_secret("payment_provider.created", &input.raw, location, make).await;
    created.map_err(|error| input.explain(error))
}

/// Get a payment provider
///
/// Returns one provider, without its secret.
#[utoipa::path(
    operation_id = "payment_providers_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = PaymentProviderId, Path, description = "The provider's id."), ReadHeaders),
    responses((status = 200, description = "The provider.", body = PaymentProvider))
)]
#[get("/v1/payment-providers/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<PaymentProviderId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| payment_provider::get(tx, id.0).await).await?;
    // The end of the old secret is no change of its version.
    seen.answer_content(row.version, row)
}

/// Delete a payment provider
///
/// Deletes the provider: its messages are rejected from now on. Its payment intents stay as they are.
#[utoipa::path(
    operation_id = "payment_providers_delete",
    security(("bearer" = ["pos:manage"])),
    params(("id" = PaymentProviderId, Path, description = "The provider's id.")),
    responses((status = 204, description = "The provider is deleted."))
)]
#[delete("/v1/payment-providers/{id}")]
async fn remove(write: Write, id: PathId<PaymentProviderId>) -> Answer {
    let end = async |tx: &Tx, expected| payment_provider::delete(tx, id.0, expected).await;
    write.delete("payment_provider.deleted", Some(id.0.0), end).await
}

/// Rotate the secret of a payment provider
///
/// Returns a new secret, which is shown only once. For `overlap_seconds` messages signed with the old one are accepted too.
#[utoipa::path(
    operation_id = "payment_providers_rotate_secret",
    security(("bearer" = ["pos:manage"])),
    params(("id" = PaymentProviderId, Path, description = "The provider's id.")),
    request_body = RotateSecretIn,
    responses((status = 201, description = "The provider with its new secret.", body = PaymentProviderSecret))
)]
#[post("/v1/payment-providers/{id}/rotate-secret")]
async fn rotate(
    app: Data<App>,
    write: Write,
    id: PathId<PaymentProviderId>,
    body: Body<RotateSecretIn>,
) -> Answer {
    write.caller().limits.require_endless()?;
    let input = body.read().await?;
    let seconds = input.value.overlap_seconds;
    let make = async |tx: &Tx| {
        let made = payment_provider::rotate(tx, &app.payment_providers, id.0, seconds).await?;
        Ok(PaymentProviderSecret::of(made))
    };
    let rotated = write.create_secret("payment_provider.secret_rotated", &input.raw, location, make).await;
    rotated.map_err(|error| input.explain(error))
}

/// Report on a payment
///
/// The program of a card terminal reports what happened to a payment intent. The request has no API key: it is signed with the secret of the
/// provider, as Standard Webhooks 1.0 describes, and its time is at most five minutes away. A repeated `webhook-id` changes nothing, and no
/// report returns an intent to an earlier status. The body may have at most 8 KiB. Parameters that the program adds to the URL are
/// ignored.
///
/// An unknown provider and a wrong signature get the same response (401). After 100 wrong signatures of a provider from one network within
/// 15 minutes, further wrong ones get 429; messages with a right signature are still accepted. After 100 unknown ids from one network within
/// 15 minutes, messages from that network get 429; providers that have reported to this server within a day are still accepted. Signed
/// messages count as requests of an API key, so too many of them get 429 as well.
#[utoipa::path(
    operation_id = "payment_providers_report",
    security(()),
    extensions(("x-other-parameters" = json!(true))),
    params(
        ("id" = PaymentProviderId, Path, description = "The provider's id."),
        ("webhook-id" = String, Header, description = "Id of the message, at most 100 letters, digits, `_` and `-`. A repeat has the same.", max_length = 100, example = "msg_2f6a"),
        ("webhook-timestamp" = String, Header, description = "When it was signed, in seconds since 1970.", max_length = 20, example = "1795334535"),
        ("webhook-signature" = String, Header, description = "`v1,` and base64 of HMAC-SHA256 over id, timestamp and body, with points in between. Up to 4, with spaces in between.", max_length = 1000, example = "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=")
    ),
    request_body = ReportInput,
    responses((status = 204, description = "The report is recorded."))
)]
#[post("/v1/payment-providers/{id}/events")]
async fn report(
    request: HttpRequest,
    app: Data<App>,
    id: PathId<PaymentProviderId>,
    body: Body<ReportInput, LOGIN_BYTES_MAX>,
) -> Answer {
    let input = body.read().await?;
    let headers = signed(request.headers());
    let message = Message { headers, body: &input.raw, address: app.address_of(&request) };
    let (vault, senders) = (&app.payment_providers, &app.payment_senders);
    let sender = payment_provider::verify(&app.db, (&app.auth, vault), senders, id.0, &message).await?;
    let counted = sender.caller();
    app.rates.admit(&counted)?;
    app.rates.admit_body(&counted, input.raw.len())?;
    let reported = payment_intent::report(&app.db, &sender, &input.value).await;
    reported.map_err(|error| input.explain(error.into()))?;
    Ok(HttpResponse::NoContent().finish())
}

/// Returns the headers of a signed message. One that is absent is empty, and no signature fits it.
fn signed(headers: &HeaderMap) -> Headers<'_> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Headers {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signatures: text("webhook-signature"),
    }
}
