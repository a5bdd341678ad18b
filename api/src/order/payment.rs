//! Payments of wholesale customers.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, PaymentId};
use domain::moment::Instant;
use domain::number::Money;
use domain::payment::{self, PaymentMethod};
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Reference100};
use serde::{Deserialize, Serialize};
use service::listing::{Age, Period};
use service::payment::{Filter, PaymentSummary};
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(list).service(show);
}

/// A payment to record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PaymentIn {
    /// Your own id of the payment. The server chooses one if absent.
    id: Option<PaymentId>,
    /// Customer who paid.
    customer_id: CustomerId,
    /// Means of payment.
    method: PaymentMethod,
    /// Amount, above zero.
    amount: Money,
    /// Invoices that it pays. If absent, those that are due first. The rest stays unapplied.
    #[schema(max_items = 500)]
    allocations: Option<Vec<AllocationForm>>,
    /// Reference of the bank or processor. Never a card number.
    reference: Option<Reference100>,
    /// When it was received. Now if absent.
    occurred_at: Option<Instant>,
}

/// A part of a payment that pays an invoice.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AllocationForm {
    /// The invoice.
    invoice_id: InvoiceId,
    /// Amount that pays it.
    amount: Money,
}

/// A payment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentOut<'a> {
    /// Id of the payment.
    id: PaymentId,
    object: tag::Payment,
    /// Number of the payment.
    #[schema(max_length = 64, example = "PAY-2026-000123")]
    number: &'a str,
    /// Customer who paid.
    customer_id: CustomerId,
    /// Means of payment.
    method: PaymentMethod,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amount of the payment.
    amount: Money,
    /// Part that pays no invoice yet.
    unapplied: Money,
    /// Invoices that it pays.
    #[schema(max_items = 500)]
    allocations: Vec<AllocationForm>,
    /// Reference of the bank or processor.
    #[schema(max_length = 100, example = "transfer 20261122-77")]
    reference: Option<&'a str>,
    /// When it was received.
    occurred_at: DateTime<Utc>,
}

impl<'a> PaymentOut<'a> {
    pub(crate) fn new(payment: &'a payment::Payment, currency: &'a str) -> Self {
        let part =
            |part: &payment::Allocation| AllocationForm { invoice_id: part.invoice_id, amount: part.amount };
        PaymentOut {
            id: payment.id,
            object: tag::Payment,
            number: &payment.number,
            customer_id: payment.customer_id,
            method: payment.method,
            currency,
            amount: payment.amount,
            unapplied: payment.unapplied,
            allocations: payment.allocations.iter().map(part).collect(),
            reference: payment.reference.as_deref(),
            occurred_at: payment.occurred_at,
        }
    }
}

/// Record a payment
///
/// Applies the payment to the named invoices, or to those that are due first. The rest stays unapplied.
#[utoipa::path(
    operation_id = "payments_create",
    security(("bearer" = ["payments:write"])),
    params(PostHeaders),
    request_body = PaymentIn,
    responses((status = 201, description = "The payment.", body = PaymentOut))
)]
#[post("/v1/payments")]
async fn create(post: Post) -> Answer {
    post.create::<PaymentId, _>("/v1/payments", to_command).await
}

fn to_command(input: PaymentIn, _: &Caller) -> Result<Command, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    if input.method == PaymentMethod::Card {
        text::check_no_card(&mut problems, "/reference", reference.as_deref());
    }
    if input.allocations.as_ref().is_some_and(|named| named.len() > 500) {
        problems.invalid("/allocations", "A payment pays at most 500 invoices.");
    }
    problems.check()?;
    let part =
        |part: AllocationForm| payment::Allocation { invoice_id: part.invoice_id, amount: part.amount };
    Ok(Command::ReceivePayment(payment::Receive {
        id: input.id,
        customer_id: input.customer_id,
        method: input.method,
        amount: input.amount,
        allocations: input.allocations.map(|parts| parts.into_iter().map(part).collect()),
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
    }))
}

/// Which payments to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this means of payment.
    method: Option<PaymentMethod>,
    /// `true`: only payments with an unapplied part. `false`: only those without.
    #[param(example = true)]
    unapplied: Option<bool>,
    /// Received at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Received before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List payments
///
/// Returns one page of payments, without the invoices that they pay.
#[utoipa::path(
    operation_id = "payments_list",
    security(("bearer" = ["payments:read"])),
    params(Filters),
    responses((status = 200, description = "One page of payments.", body = Page<PaymentSummary>))
)]
#[get("/v1/payments")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        customer_id: filters.customer_id,
        method: filters.method,
        unapplied: filters.unapplied,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let slice = list.slice(filters.sort)?;
    let read = async |tx: &service::Tx| service::payment::list(tx, &filter, &slice).await;
    let rows = app.db.read(caller.tenant_id, read).await?;
    list.answer(rows, |payment| payment.id.0)
}

/// Get a payment
///
/// Returns the payment with the invoices that it pays.
#[utoipa::path(
    operation_id = "payments_get",
    security(("bearer" = ["payments:read"])),
    params(("id" = PaymentId, Path, description = "The payment's id.")),
    responses((status = 200, description = "The payment.", body = PaymentOut))
)]
#[get("/v1/payments/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<PaymentId>) -> Answer {
    let read = async |tx: &service::Tx| service::payment::get(tx, id.0).await;
    let (payment, currency) = app.db.read(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(PaymentOut::new(&payment, &currency)))
}
