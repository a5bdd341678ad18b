//! Payment intents: the amounts that tills ask card terminals for.

use actix_web::web::Data;
use actix_web::{get, post};
use domain::id::{PaymentIntentId, RegisterId};
use domain::moment::Instant;
use domain::payment_intent::{IntentKind, IntentStatus};
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::payment_intent::{self, Filter, IntentInput, PaymentIntent};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(cancel);
}

record!(PaymentIntent, PaymentIntentId);

/// Which payment intents to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this till.
    register_id: Option<RegisterId>,
    /// Only intents in this status.
    #[param(example = "captured")]
    status: Option<IntentStatus>,
    /// Only payments, or only refunds.
    #[param(example = "refund")]
    kind: Option<IntentKind>,
    /// Only refunds of this payment.
    original_id: Option<PaymentIntentId>,
    /// `true`: only those that a sale or refund names. `false`: only those that none names.
    #[param(example = false)]
    used: Option<bool>,
    /// `true`: only those with a hold of more than a day without a capture. `false`: only the others.
    #[param(example = true)]
    overdue: Option<bool>,
    /// `true`: only those that a sale or refund names, and that ended without money or with another amount. `false`: only the others.
    #[param(example = false)]
    differs: Option<bool>,
    /// Created at this instant or later.
    #[serde(rename = "created_at[gte]")]
    from: Option<Instant>,
    /// Created before this instant.
    #[serde(rename = "created_at[lt]")]
    to: Option<Instant>,
    sort: Option<Age>,
}

/// List payment intents
///
/// Returns one page of payment intents. The program of a terminal reads its work here: with `kind=payment` the amounts to ask for, with
/// `kind=refund` the amounts to pay back.
#[utoipa::path(
    operation_id = "payment_intents_list",
    security(("bearer" = ["pos:read"])),
    params(Filters),
    responses((status = 200, description = "One page of payment intents.", body = Page<PaymentIntent>))
)]
#[get("/v1/payment-intents")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        register_id: filters.register_id,
        status: filters.status,
        kind: filters.kind,
        original_id: filters.original_id,
        used: filters.used,
        overdue: filters.overdue,
        differs: filters.differs,
        created: Period::new(filters.from, filters.to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| payment_intent::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |intent: &PaymentIntent| intent.id.0).await
}

/// Create a payment intent
///
/// Asks a card terminal for an amount. Name the intent in the card tender of the sale as soon as it is authorised or captured. Nothing is
/// posted before.
///
/// With `original_id` the intent is a refund: the terminal pays back that payment, in full or in part. `amount` is at most the amount that
/// was taken, less other refund intents of the payment and refunds without an intent (422 `tender_mismatch`). The payment must be captured
/// and named by a sale (409). Name the intent in the card tender of the refund when it is captured. The credential needs the bounds of the
/// sale or the refund: till, channel `retail`, `amount_max`.
#[utoipa::path(
    operation_id = "payment_intents_create",
    security(("bearer" = ["pos:write"])),
    request_body = IntentInput,
    responses((status = 201, description = "The payment intent.", body = PaymentIntent))
)]
#[post("/v1/payment-intents")]
async fn create(write: Write, body: Body<IntentInput>) -> Answer {
    let caller = write.caller();
    let make = async |tx: &Tx, input: &IntentInput| payment_intent::create(tx, &caller, input).await;
    write.create("payment_intent.created", body, make).await
}

/// Get a payment intent
///
/// Returns one payment intent.
#[utoipa::path(
    operation_id = "payment_intents_get",
    security(("bearer" = ["pos:read"])),
    params(("id" = PaymentIntentId, Path, description = "The payment intent's id."), ReadHeaders),
    responses((status = 200, description = "The payment intent.", body = PaymentIntent))
)]
#[get("/v1/payment-intents/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<PaymentIntentId>, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, async |tx| payment_intent::get(tx, id.0).await).await?;
    // The end of an intent and its use by a sale change no version.
    seen.answer_content(row.version, row)
}

/// Cancel a payment intent
///
/// Cancels an intent whose money was not taken or paid back yet. Release an authorised one on the terminal: its provider reports the
/// release. If the terminal takes or pays back the money all the same, its report is recorded.
#[utoipa::path(
    operation_id = "payment_intents_cancel",
    security(("bearer" = ["pos:write"])),
    params(("id" = PaymentIntentId, Path, description = "The payment intent's id.")),
    responses((status = 200, description = "The payment intent.", body = PaymentIntent))
)]
#[post("/v1/payment-intents/{id}/cancel")]
async fn cancel(write: Write, id: PathId<PaymentIntentId>) -> Answer {
    let caller = write.caller();
    let end = async |tx: &Tx| payment_intent::cancel(tx, &caller, id.0).await;
    write.change("payment_intent.cancelled", end).await
}
