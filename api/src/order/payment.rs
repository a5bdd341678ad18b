//! Payments of wholesale customers, their reversals, and payouts.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, PaymentId, RegisterId, SessionId};
use domain::moment::Instant;
use domain::number::{ExchangeRate, Money, MoneyInCurrency, shown_decimals};
use domain::payment::{self, PaymentKind, PaymentMethod};
use domain::refusal::Problems;
use domain::tag;
use domain::text::{self, Filled200, Reference100};
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::payment::{Filter, PaymentSummary};
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use super::application::{AppliedOut, LINES_MAX, credit};
use crate::idempotency::PostHeaders;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(reverse).service(pay_out).service(list).service(show);
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
    /// Till with an open session into whose drawer cash goes. Only for `cash`, which needs it.
    #[schema(example = json!(null))]
    register_id: Option<RegisterId>,
    /// Amount, above zero, in the currency of the payment.
    amount: Money,
    /// Currency of the amount (ISO 4217). If absent, the tenant's. A payment pays invoices in its own currency only.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = json!(null))]
    currency: Option<String>,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. If absent, the latest recorded rate on the
    /// day of the payment or before.
    #[schema(example = json!(null))]
    exchange_rate: Option<ExchangeRate>,
    /// Invoices that it pays. If absent, those that are due first. The rest stays unapplied. An invoice of which nothing is open in its own
    /// currency, and a cent in the tenant's, is then paid with an amount of zero.
    #[schema(max_items = 500)]
    allocations: Option<Vec<AllocationForm>>,
    /// Reference of the bank or processor. That of a card payment may be no card number.
    reference: Option<Reference100>,
    /// When it was received. Now if absent. It may be before an invoice, which is settled from its own day on.
    occurred_at: Option<Instant>,
}

/// A part of a payment that pays an invoice.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AllocationForm {
    /// The invoice.
    invoice_id: InvoiceId,
    /// Amount that pays it, in the currency of the payment.
    amount: Money,
}

/// A part of a payment, which pays an invoice, in a response. It has the schema of the part in a request.
#[derive(Debug, Serialize)]
struct AllocationOut {
    /// The invoice.
    invoice_id: InvoiceId,
    /// The amount that pays it, in the currency of the payment.
    amount: MoneyInCurrency,
}

/// A payment or payout to take back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ReversalIn {
    /// Your own id of the reversal. The server chooses one if absent.
    id: Option<PaymentId>,
    /// Reason, such as the bank's words.
    reason: Filled200,
    /// Till through whose drawer cash goes. Only if the original was in cash, which needs it.
    #[schema(example = json!(null))]
    register_id: Option<RegisterId>,
    /// Reference of the bank or processor. That of a card payment may be no card number.
    reference: Option<Reference100>,
    /// When it happened. Now if absent. Not before its original.
    occurred_at: Option<Instant>,
}

/// A credit to pay out.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutIn {
    /// Your own id of the payout. The server chooses one if absent.
    id: Option<PaymentId>,
    /// Customer who is paid.
    customer_id: CustomerId,
    /// Means of payment.
    method: PaymentMethod,
    /// Till with an open session out of whose drawer cash goes. Only for `cash`, which needs it.
    #[schema(example = json!(null))]
    register_id: Option<RegisterId>,
    /// Amount, above zero, in the currency of the payout. If absent, all that the customer is owed in it, or the sum of the
    /// parts.
    amount: Option<Money>,
    /// Currency of the credits that are paid out (ISO 4217). If absent, the tenant's.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = json!(null))]
    currency: Option<String>,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. If absent, the latest recorded rate on the
    /// day of the payout or before.
    #[schema(example = json!(null))]
    exchange_rate: Option<ExchangeRate>,
    /// Payments and credit notes that are paid out. If absent, the oldest.
    #[schema(max_items = 500)]
    parts: Option<Vec<PayoutPart>>,
    /// Reference of the bank or processor. That of a card payment may be no card number.
    reference: Option<Reference100>,
    /// When it was paid. Now if absent.
    occurred_at: Option<Instant>,
}

/// A payment or credit note that is paid out. It names one of them.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PayoutPart {
    /// The payment.
    payment_id: Option<PaymentId>,
    /// The credit note.
    #[schema(example = json!(null))]
    credit_note_id: Option<InvoiceId>,
    /// Amount, above zero. If absent, all that is left of it.
    amount: Option<Money>,
}

/// A payment, the reversal of one, or a payout.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentOut<'a> {
    /// Id of the payment.
    id: PaymentId,
    object: tag::Payment,
    /// Number of the payment.
    #[schema(max_length = 64, example = "PAY-2026-000123")]
    number: &'a str,
    /// Payment, reversal or payout.
    kind: PaymentKind,
    /// Customer who paid or was paid.
    customer_id: CustomerId,
    /// Means of payment.
    method: PaymentMethod,
    /// Currency of `amount` and `unapplied`: the tenant's.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amounts in the currency of the payment. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<ForeignCustomerPaymentOut<'a>>,
    /// Amount of the payment. Negative if the money went to the customer or back to the payer.
    amount: Money,
    /// Part that pays no invoice yet.
    unapplied: Money,
    /// Invoices that it pays.
    #[schema(value_type = Vec<AllocationForm>, max_items = 500)]
    allocations: Vec<AllocationOut>,
    /// Parts that a reversal took back, or a payout paid out. Empty for a payment.
    #[schema(max_items = 10000)]
    changes: Vec<AppliedOut>,
    /// For a reversal: the payment or payout that it takes back.
    original_id: Option<PaymentId>,
    /// The reversal that took it back.
    reversed_by_id: Option<PaymentId>,
    /// Reason of a reversal.
    #[schema(max_length = 200, example = json!(null))]
    reason: Option<&'a str>,
    /// Session of the till, if it was in cash.
    session_id: Option<SessionId>,
    /// Reference of the bank or processor.
    #[schema(max_length = 100, example = "transfer 20261122-77")]
    reference: Option<&'a str>,
    /// When it was received.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
}

/// The amounts of a payment in another currency than the tenant's.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignCustomerPaymentOut<'a> {
    /// ISO 4217 code.
    #[schema(max_length = 3, example = "USD")]
    currency: &'a str,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`.
    exchange_rate: ExchangeRate,
    /// Amount of the payment. Negative if the money went to the customer or back to the payer.
    amount: MoneyInCurrency,
    /// Part that pays no invoice yet.
    unapplied: MoneyInCurrency,
    /// Exchange difference in the tenant's currency of what is applied, or of what a reversal or payout took. Above zero, it
    /// is a gain.
    exchange_difference: Money,
}

impl<'a> ForeignCustomerPaymentOut<'a> {
    fn new(foreign: &'a payment::ForeignPayment, difference: Money) -> Self {
        ForeignCustomerPaymentOut {
            currency: &foreign.quote.currency,
            exchange_rate: foreign.quote.rate,
            amount: foreign.quote.shown(foreign.amount),
            unapplied: foreign.quote.shown(foreign.unapplied),
            exchange_difference: difference,
        }
    }
}

impl<'a> PaymentOut<'a> {
    pub(crate) fn new(payment: &'a payment::Payment, currency: &'a str) -> Self {
        // All that a payment applies, takes back or pays out is in its own currency.
        let decimals = payment.foreign.as_ref().map_or_else(shown_decimals, |foreign| foreign.quote.decimals);
        let part = |part: &payment::Allocation| AllocationOut {
            invoice_id: part.invoice_id,
            amount: part.stated().in_currency(decimals),
        };
        PaymentOut {
            id: payment.id,
            object: tag::Payment,
            number: &payment.number,
            kind: payment.kind,
            customer_id: payment.customer_id,
            method: payment.method,
            currency,
            foreign: payment
                .foreign
                .as_ref()
                .map(|foreign| ForeignCustomerPaymentOut::new(foreign, payment.difference())),
            amount: payment.amount,
            unapplied: payment.unapplied,
            allocations: payment.allocations.iter().map(part).collect(),
            changes: payment.changes.iter().map(|line| AppliedOut::of(line, decimals)).collect(),
            original_id: payment.original_id,
            reversed_by_id: payment.reversed_by,
            reason: payment.reason.as_deref(),
            session_id: payment.session_id,
            reference: payment.reference.as_deref(),
            occurred_at: payment.occurred_at,
            created_at: payment.recorded_at,
        }
    }
}

/// Record a payment
///
/// Applies the payment to the named invoices, or to those that are due first. The rest stays unapplied: apply it later with
/// `POST /v1/applications`. Cash goes into the drawer of a till. A payment in another currency is converted at its own rate; the
/// difference from the rate of the invoices is an exchange difference (6040). Cash is in the tenant's currency.
#[utoipa::path(
    operation_id = "payments_create",
    security(("bearer" = ["payments:write"])),
    params(PostHeaders),
    request_body = PaymentIn,
    responses((status = 201, description = "The payment.", body = PaymentOut))
)]
#[post("/v1/payments")]
async fn create(post: Post) -> Answer {
    post.create::<PaymentId, _, _>("/v1/payments", to_command).await
}

fn to_command(input: PaymentIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    if input.method == PaymentMethod::Card {
        text::check_no_card(&mut problems, "/reference", reference.as_deref());
    }
    if input.allocations.as_ref().is_some_and(|named| named.len() > LINES_MAX) {
        problems.invalid("/allocations", format!("A payment pays at most {LINES_MAX} invoices."));
    }
    let part =
        |part: AllocationForm| payment::NamedInvoice { invoice_id: part.invoice_id, amount: part.amount };
    let command = Command::ReceivePayment(payment::Receive {
        id: input.id,
        customer_id: input.customer_id,
        method: input.method,
        register_id: input.register_id,
        amount: input.amount,
        currency: input.currency,
        exchange_rate: input.exchange_rate,
        // More invoices are not looked up.
        allocations: input.allocations.map(|parts| parts.into_iter().take(LINES_MAX).map(part).collect()),
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
    });
    Ok(Stated { command, wrong: problems })
}

/// Reverse a payment
///
/// Takes a payment back that bounced: what it had settled is open again. Takes a payout back that did not arrive: its
/// credits are there again. The reversal is a payment document of its own, with the opposite amount. A payment of which a
/// part was paid out is reversed after the payout.
#[utoipa::path(
    operation_id = "payments_reverse",
    security(("bearer" = ["payments:write"])),
    params(("id" = PaymentId, Path, description = "The payment or payout."), PostHeaders),
    request_body = ReversalIn,
    responses((status = 201, description = "The reversal.", body = PaymentOut))
)]
#[post("/v1/payments/{id}/reverse")]
async fn reverse(post: Post, id: PathId<PaymentId>) -> Answer {
    let command = |input: ReversalIn, _: &Caller| {
        let mut problems = Problems::default();
        let reason = input.reason.checked(&mut problems, "/reason");
        let reference = text::checked(&mut problems, "/reference", input.reference);
        let command = Command::ReversePayment(payment::Reverse {
            original_id: id.0,
            id: input.id,
            register_id: input.register_id,
            reason,
            reference,
            occurred_at: input.occurred_at.map(Instant::get),
        });
        Ok(Stated { command, wrong: problems })
    };
    post.create::<PaymentId, _, _>("/v1/payments", command).await
}

/// Pay a credit out
///
/// Pays unapplied payments and open credit notes of one currency out to the customer. Cash comes out of the drawer of a till, which pays
/// out no more than it has (`insufficient_cash`).
#[utoipa::path(
    operation_id = "payouts_create",
    security(("bearer" = ["payments:write"])),
    params(PostHeaders),
    request_body = PayoutIn,
    responses((status = 201, description = "The payout, a payment with a negative amount.", body = PaymentOut))
)]
#[post("/v1/payouts")]
async fn pay_out(post: Post) -> Answer {
    post.create::<PaymentId, _, _>("/v1/payments", payout_command).await
}

fn payout_command(input: PayoutIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    if input.method == PaymentMethod::Card {
        text::check_no_card(&mut problems, "/reference", reference.as_deref());
    }
    if input.parts.as_ref().is_some_and(|parts| parts.len() > LINES_MAX) {
        problems.invalid("/parts", format!("A payout has at most {LINES_MAX} parts."));
    }
    let part = |(index, part): (usize, PayoutPart)| {
        let pointer = format!("/parts/{index}");
        let credit = credit(&mut problems, &pointer, part.payment_id, part.credit_note_id);
        payment::PayOutPart { credit, amount: part.amount }
    };
    let parts = input.parts.map(|parts| parts.into_iter().take(LINES_MAX).enumerate().map(part).collect());
    let command = Command::PayOut(payment::PayOut {
        id: input.id,
        customer_id: input.customer_id,
        method: input.method,
        register_id: input.register_id,
        amount: input.amount,
        currency: input.currency,
        exchange_rate: input.exchange_rate,
        parts,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
    });
    Ok(Stated { command, wrong: problems })
}

/// Which payments to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only payments, reversals or payouts.
    kind: Option<PaymentKind>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this means of payment.
    method: Option<PaymentMethod>,
    /// Only this number.
    #[param(max_length = 64, example = "PAY-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 100, example = "bank statement 17")]
    reference: Option<String>,
    /// `true`: only payments with an unapplied part, in the tenant's currency or their own. `false`: only those without.
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
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        kind: filters.kind,
        customer_id: filters.customer_id,
        method: filters.method,
        number: filters.number.clone(),
        reference: filters.reference.clone(),
        unapplied: filters.unapplied,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| service::payment::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |payment: &PaymentSummary| payment.id.0).await
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
