//! Payments to suppliers and their reversals.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{BillId, SupplierId, SupplierPaymentId};
use domain::moment::Instant;
use domain::number::{ExchangeRate, Money, MoneyInCurrency, shown_decimals};
use domain::refusal::Problems;
use domain::supplier_payment::{
    Apply, ForeignPart, ForeignPayment, PaidBill, PartToPay, Pay, Reverse, SupplierPayment,
    SupplierPaymentKind,
};
use domain::tag;
use domain::text::{self, Filled200, Reference100};
use serde::{Deserialize, Serialize, Serializer};
use service::known;
use service::listing::{Age, Period, Slice};
use service::posting::{Command, Stated};
use service::supplier_payment::proposal::{self, Proposal, Wanted};
use service::supplier_payment::{self, Filter};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::{BatchHeaders, PostHeaders};
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::posting::{BatchIn, BatchOut, Post};
use crate::{Answer, ApiError, App, Caller, version};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create)
        .service(create_batch)
        .service(apply)
        .service(reverse)
        .service(list)
        .service(propose)
        .service(show);
}

const PAYMENTS: &str = "/v1/supplier-payments";

/// A payment to a supplier to record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SupplierPaymentIn {
    /// Your own id of the payment. The server chooses one if absent.
    id: Option<SupplierPaymentId>,
    /// Supplier who is paid.
    supplier_id: SupplierId,
    /// Amount that is paid, in the currency of the payment: the amounts of `bills` less their discounts, plus `advance`. Another amount is
    /// rejected. Computed if absent.
    amount: Option<Money>,
    /// Currency of the payment, its bills and its advance (ISO 4217). If absent, the currency of the bills. Without bills, the tenant's
    /// currency.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = json!(null))]
    currency: Option<String>,
    /// Exchange rate: units of the tenant's currency in one unit of the currency of the payment. If absent, the latest
    /// recorded rate on or before the day of the payment.
    #[schema(example = json!(null))]
    exchange_rate: Option<ExchangeRate>,
    /// Bills to pay, each named once, all in the currency of the payment. Required unless `advance` is sent.
    #[serde(default)]
    #[schema(max_items = 500)]
    bills: Vec<PaidBillIn>,
    /// Amount that is paid in advance, for bills to come, in the currency of the payment.
    #[schema(example = json!(null))]
    advance: Option<Money>,
    /// Reference of the bank.
    reference: Option<Reference100>,
    /// When it was paid. Now if absent. It may be before the day of a bill: the amount is an advance (1150) until that day.
    occurred_at: Option<Instant>,
}

/// A part of a payment that settles a bill.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct PaidBillIn {
    /// The bill.
    bill_id: BillId,
    /// Amount to settle, with the discount, in the currency of the bill: at most its open amount.
    amount: Money,
    /// Discount for early payment, in the currency of the bill: the part of `amount` that is not paid. At most the discount that the bill has
    /// on the day of the payment, which is the default. More is rejected (422).
    #[schema(example = json!(null))]
    discount: Option<Money>,
    /// Version of the bill that you read. If the bill has changed since, the payment is rejected (412). Not checked if
    /// absent.
    #[schema(minimum = 1, example = 1)]
    version: Option<i32>,
}

impl PaidBillIn {
    /// Parses the bill at a place of the list. Reports a version that it can't have.
    fn part(self, problems: &mut Problems, index: usize) -> PartToPay {
        version::check_stated(problems, &format!("/bills/{index}/version"), self.version);
        PartToPay {
            bill_id: self.bill_id,
            amount: self.amount,
            discount: self.discount,
            version: self.version,
        }
    }
}

/// A part of a payment that settled a bill. Its amounts are negative in a reversal.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PaidBillOut {
    /// The bill.
    bill_id: BillId,
    /// Amount that is settled, with the discount, in the currency of the bill.
    amount: MoneyInCurrency,
    /// Discount for early payment, in the currency of the bill: the part of the amount that is not paid.
    discount: MoneyInCurrency,
    /// Input tax in the discount, in the currency of the bill, in proportion to the tax of the bill.
    discount_tax: MoneyInCurrency,
}

/// An advance to apply to bills.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SupplierAdvanceApplicationIn {
    /// Your own id of the application. The server chooses one if absent.
    id: Option<SupplierPaymentId>,
    /// Bills to settle, each named once, all in the currency of the advance.
    #[schema(min_items = 1, max_items = 500)]
    bills: Vec<PaidBillIn>,
    /// A remark.
    reference: Option<Reference100>,
    /// When the advance is applied: not before the payment. Now if absent. A bill may be later: it is settled on its own day.
    occurred_at: Option<Instant>,
}

/// Amounts of a payment in another currency than the tenant's, with its rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ForeignPaymentOut<'a> {
    /// Currency of the payment, of its bills and of their amounts (ISO 4217).
    #[schema(max_length = 3, example = "USD")]
    currency: &'a str,
    /// Exchange rate: units of the tenant's currency in one unit of `currency`. An application has the rate of its advance.
    exchange_rate: ExchangeRate,
    /// Amount that was paid, in `currency`, without discounts. Negative in a reversal, zero in an application.
    amount: MoneyInCurrency,
    /// Discounts of all bills, in `currency`. Negative in a reversal.
    discount: MoneyInCurrency,
    /// Part of `amount` that was paid in advance, in `currency`. Negative in a reversal.
    advance: MoneyInCurrency,
    /// Part of `advance` that is not applied to bills, in `currency`.
    unapplied: MoneyInCurrency,
    /// Realised exchange difference in the tenant's currency: above zero a loss, below zero a gain. Null in lists.
    exchange_difference: Option<Money>,
}

/// A payment to a supplier to take back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct SupplierPaymentReversalIn {
    /// Your own id of the reversal. The server chooses one if absent.
    id: Option<SupplierPaymentId>,
    /// Reason, such as the bank's words.
    reason: Filled200,
    /// When the money came back: not before the payment. Now if absent.
    occurred_at: Option<Instant>,
}

/// A payment to a supplier, or the reversal of one.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SupplierPaymentOut<'a> {
    /// Id of the payment.
    id: SupplierPaymentId,
    object: tag::SupplierPayment,
    /// Number of the payment.
    #[schema(max_length = 64, example = "SP-2026-000123")]
    number: &'a str,
    /// Payment, reversal, or application of an advance.
    kind: SupplierPaymentKind,
    /// Supplier who was paid.
    supplier_id: SupplierId,
    /// Tenant's currency, in which `amount` is.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Amount that the bank paid, without discounts. Negative in a reversal, zero in an application.
    amount: Money,
    /// Amounts in the currency of the payment. Null if it is the tenant's.
    foreign: Option<ForeignPaymentOut<'a>>,
    /// Discounts of all bills for early payment, in the tenant's currency at the rates of the bills. Negative in a reversal.
    discount: Money,
    /// Part of the amount that was paid in advance, in the tenant's currency. Negative in a reversal.
    advance: Money,
    /// Part of the advance that is not applied to bills, in the tenant's currency at the rate of the payment.
    unapplied: Money,
    /// For an application, or the reversal of one: the payment whose advance it applies.
    advance_id: Option<SupplierPaymentId>,
    /// Bills that it pays, or that a reversal opens again. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 500)]
    bills: Option<Vec<PaidBillOut>>,
    /// Payment that a reversal takes back. Null for all other kinds.
    original_id: Option<SupplierPaymentId>,
    /// Reversal of this document. Null if there is none.
    reversed_by_id: Option<SupplierPaymentId>,
    /// Reason of a reversal.
    #[schema(max_length = 200, example = json!(null))]
    reason: Option<&'a str>,
    /// Reference of the bank.
    #[schema(max_length = 100, example = "transfer 20261122-77")]
    reference: Option<&'a str>,
    /// When it was paid.
    occurred_at: DateTime<Utc>,
}

impl<'a> SupplierPaymentOut<'a> {
    fn new(payment: &'a SupplierPayment, currency: &'a str) -> Self {
        SupplierPaymentOut {
            id: payment.id,
            object: tag::SupplierPayment,
            number: &payment.number,
            kind: payment.kind,
            supplier_id: payment.supplier_id,
            currency,
            amount: payment.amount,
            foreign: payment.foreign.as_ref().map(ForeignPaymentOut::new),
            discount: payment.discount,
            advance: payment.advance,
            unapplied: payment.unapplied,
            advance_id: payment.advance_id,
            bills: None,
            original_id: payment.original_id,
            reversed_by_id: payment.reversed_by,
            reason: payment.reason.as_deref(),
            reference: payment.reference.as_deref(),
            occurred_at: payment.occurred_at,
        }
    }

    pub(crate) fn with_bills(payment: &'a SupplierPayment, currency: &'a str) -> Self {
        let decimals = payment.foreign.as_ref().map_or_else(shown_decimals, |foreign| foreign.quote.decimals);
        let part = |part: &PaidBill| {
            let stated = part.foreign.unwrap_or(ForeignPart {
                amount: part.amount,
                discount: part.discount,
                discount_tax: part.discount_tax,
            });
            PaidBillOut {
                bill_id: part.bill_id,
                amount: stated.amount.in_currency(decimals),
                discount: stated.discount.in_currency(decimals),
                discount_tax: stated.discount_tax.in_currency(decimals),
            }
        };
        let bills = Some(payment.parts.iter().map(part).collect());
        let difference = Some(payment.exchange_difference());
        let with_difference = |foreign| ForeignPaymentOut {
            exchange_difference: difference,
            ..ForeignPaymentOut::new(foreign)
        };
        let foreign = payment.foreign.as_ref().map(with_difference);
        SupplierPaymentOut { bills, foreign, ..SupplierPaymentOut::new(payment, currency) }
    }
}

impl<'a> ForeignPaymentOut<'a> {
    fn new(foreign: &'a ForeignPayment) -> Self {
        ForeignPaymentOut {
            currency: &foreign.quote.currency,
            exchange_rate: foreign.quote.rate,
            amount: foreign.quote.shown(foreign.amount),
            discount: foreign.quote.shown(foreign.discount),
            advance: foreign.quote.shown(foreign.advance),
            unapplied: foreign.quote.shown(foreign.unapplied),
            exchange_difference: None,
        }
    }
}

/// Record a payment to a supplier
///
/// Records a bank payment to a supplier: for bills, in full or in part, or in advance. An amount above the open amount
/// of a bill is rejected, also if two payments are sent at once. A bill that is paid early enough is settled with its
/// discount, which is posted to 5310, its input tax to 1400.
///
/// A payment in another currency has `exchange_rate`, or the recorded rate of the day. The difference from the rate of the bill is an exchange
/// difference (6040). A discount is posted at the rate of the bill, an advance at the rate of the payment.
///
/// A payment with the `version` of another state of a bill is rejected (412).
#[utoipa::path(
    operation_id = "supplier_payments_create",
    security(("bearer" = ["purchasing:pay"])),
    params(PostHeaders),
    request_body = SupplierPaymentIn,
    responses((status = 201, description = "The payment.", body = SupplierPaymentOut))
)]
#[post("/v1/supplier-payments")]
async fn create(post: Post) -> Answer {
    post.create::<SupplierPaymentId, _, _>(PAYMENTS, to_command).await
}

/// Record many payments to suppliers at once
///
/// Takes up to 500 payments. Each is carried out on its own: a rejected one does not affect the others. To accept a
/// proposal, send a payment for each supplier, with the version of each bill. A payment with a bill that has changed
/// since is rejected (`version_mismatch`).
#[utoipa::path(
    operation_id = "supplier_payments_create_batch",
    security(("bearer" = ["purchasing:pay"])),
    params(BatchHeaders),
    request_body = BatchIn,
    responses((status = 207, description = "One result per payment, in order.", body = BatchOut))
)]
#[post("/v1/supplier-payments/batch")]
async fn create_batch(post: Post) -> Answer {
    post.batch(PAYMENTS, to_command).await
}

fn parts(problems: &mut Problems, bills: Vec<PaidBillIn>) -> Vec<PartToPay> {
    let part = |(index, bill): (usize, PaidBillIn)| bill.part(problems, index);
    bills.into_iter().enumerate().map(part).collect()
}

fn to_command(input: SupplierPaymentIn, caller: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference);
    let command = Command::PaySupplier(Pay {
        id: input.id,
        supplier_id: input.supplier_id,
        amount: input.amount,
        currency: input.currency,
        exchange_rate: input.exchange_rate,
        parts: parts(&mut problems, input.bills),
        advance: input.advance,
        reference,
        occurred_at: input.occurred_at.map(Instant::get),
        sees_costs: caller.sees_costs(),
    });
    Ok(Stated { command, wrong: problems })
}

/// Apply an advance
///
/// Settles bills of the supplier with an advance, up to its `unapplied` amount. No money moves: payables are debited
/// and advances to suppliers (1150) credited. More than `unapplied` is rejected (422), and so is a bill in another currency than the
/// advance. In another currency than the tenant's, the bill keeps its rate and the advance the rate of its payment: the difference between
/// them is an exchange difference (6040). An application is a document of its own. Reverse it to open its bills again.
#[utoipa::path(
    operation_id = "supplier_payments_apply",
    security(("bearer" = ["purchasing:pay"])),
    params(("id" = SupplierPaymentId, Path, description = "The payment with the advance."), PostHeaders),
    request_body = SupplierAdvanceApplicationIn,
    responses((status = 201, description = "The application.", body = SupplierPaymentOut))
)]
#[post("/v1/supplier-payments/{id}/apply")]
async fn apply(post: Post, id: PathId<SupplierPaymentId>) -> Answer {
    let command = |input: SupplierAdvanceApplicationIn, caller: &Caller| {
        let mut problems = Problems::default();
        let reference = text::checked(&mut problems, "/reference", input.reference);
        let command = Command::ApplySupplierAdvance(Apply {
            advance_id: id.0,
            id: input.id,
            parts: parts(&mut problems, input.bills),
            reference,
            occurred_at: input.occurred_at.map(Instant::get),
            sees_costs: caller.sees_costs(),
        });
        Ok(Stated { command, wrong: problems })
    };
    post.create::<SupplierPaymentId, _, _>(PAYMENTS, command).await
}

/// Reverse a payment to a supplier
///
/// Reverses a payment that the bank returned, or an application of an advance. Its bills are open again. The reversal is a document of
/// its own, with the opposite amount. A payment whose advance is applied to bills is reversed after its applications (409).
#[utoipa::path(
    operation_id = "supplier_payments_reverse",
    security(("bearer" = ["purchasing:pay"])),
    params(("id" = SupplierPaymentId, Path, description = "The payment."), PostHeaders),
    request_body = SupplierPaymentReversalIn,
    responses((status = 201, description = "The reversal.", body = SupplierPaymentOut))
)]
#[post("/v1/supplier-payments/{id}/reverse")]
async fn reverse(post: Post, id: PathId<SupplierPaymentId>) -> Answer {
    let command = |input: SupplierPaymentReversalIn, _: &Caller| {
        let mut problems = Problems::default();
        let reason = input.reason.checked(&mut problems, "/reason");
        let command = Command::ReverseSupplierPayment(Reverse {
            original_id: id.0,
            id: input.id,
            reason,
            occurred_at: input.occurred_at.map(Instant::get),
        });
        Ok(Stated { command, wrong: problems })
    };
    post.create::<SupplierPaymentId, _, _>(PAYMENTS, command).await
}

/// Which payments to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only payments, reversals, or applications of advances.
    kind: Option<SupplierPaymentKind>,
    /// Only this supplier.
    supplier_id: Option<SupplierId>,
    /// Only payments of this bill.
    bill_id: Option<BillId>,
    /// Only this number.
    #[param(max_length = 64, example = "SP-2026-000123")]
    number: Option<String>,
    /// Only this reference.
    #[param(max_length = 100, example = "bank statement 17")]
    reference: Option<String>,
    /// `true`: only payments whose advance is not wholly applied to bills, in the tenant's currency or in their own. `false`: only the
    /// others.
    #[param(example = true)]
    unapplied: Option<bool>,
    /// Paid at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Paid before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List payments to suppliers
///
/// Returns one page of payments, reversals and applications of advances, without their bills.
#[utoipa::path(
    operation_id = "supplier_payments_list",
    security(("bearer" = ["purchasing:read"])),
    params(Filters),
    responses((status = 200, description = "One page of payments.", body = Page<SupplierPaymentOut>))
)]
#[get("/v1/supplier-payments")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        kind: filters.kind,
        supplier_id: filters.supplier_id,
        bill_id: filters.bill_id,
        number: filters.number.clone(),
        reference: filters.reference.clone(),
        unapplied: filters.unapplied,
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &service::Tx, slice: &Slice| {
        let rows = supplier_payment::list(tx, &filter, slice).await?;
        Ok(rows.into_iter().map(|(payment, currency)| Listed { payment, currency }).collect::<Vec<_>>())
    };
    list.serve_documents(caller, sort, read, |listed: &Listed| listed.payment.id.0).await
}

/// A payment in a list.
struct Listed {
    payment: SupplierPayment,
    currency: String,
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SupplierPaymentOut::new(&self.payment, &self.currency).serialize(serializer)
    }
}

/// Which bills to propose.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProposalParams {
    /// Day of the payments. Today if absent.
    #[param(example = "2026-11-20")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    pay_on: Option<NaiveDate>,
    /// Last due day of the bills to propose, `pay_on` or later (422). If absent, 7 days after `pay_on`.
    #[param(example = "2026-11-27")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    until: Option<NaiveDate>,
    /// Only bills of this supplier.
    supplier_id: Option<SupplierId>,
}

/// Propose payments to suppliers
///
/// Returns the open bills that are due by `until`, and those whose discount ends from `pay_on` to `until`: a payment for each
/// supplier, with the discount of each bill on `pay_on` and the reason why it is paid. At most 2,000 bills; more are rejected (422).
/// `POST /v1/supplier-payments/batch` accepts the payments.
#[utoipa::path(
    operation_id = "supplier_payments_propose",
    security(("bearer" = ["purchasing:read", "costs:read"])),
    params(ProposalParams),
    responses((status = 200, description = "The payments.", body = Proposal))
)]
#[get("/v1/supplier-payments/proposal")]
async fn propose(app: Data<App>, caller: Caller, params: Params<ProposalParams>) -> Answer {
    let wanted = Wanted { pay_on: params.pay_on, until: params.until, supplier_id: params.supplier_id };
    let read = async |tx: &service::Tx| {
        known::check_id(tx, "supplier_id", wanted.supplier_id.map(|id| id.to_string())).await?;
        proposal::propose(tx, &wanted).await
    };
    let proposal = app.db.read(caller.tenant_id, read).await;
    let proposal = proposal.map_err(|error| ApiError::from(error).in_query())?;
    Ok(HttpResponse::Ok().json(proposal))
}

/// Get a payment to a supplier
///
/// Returns the payment with the bills that it pays.
#[utoipa::path(
    operation_id = "supplier_payments_get",
    security(("bearer" = ["purchasing:read"])),
    params(("id" = SupplierPaymentId, Path, description = "The payment's id.")),
    responses((status = 200, description = "The payment.", body = SupplierPaymentOut))
)]
#[get("/v1/supplier-payments/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<SupplierPaymentId>) -> Answer {
    let read = async |tx: &service::Tx| supplier_payment::get(tx, id.0).await;
    let (payment, currency) = app.db.read(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(SupplierPaymentOut::with_bills(&payment, &currency)))
}
