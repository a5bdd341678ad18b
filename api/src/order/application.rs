//! Applications: payments and credit notes are applied to invoices, or taken back.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use domain::id::{ApplicationId, CustomerId, InvoiceId, PaymentId};
use domain::moment::Instant;
use domain::number::{Money, MoneyInCurrency, shown_decimals};
use domain::open_item::{self, ApplicationKind, Applied, ApplyLine, CreditRef};
use domain::refusal::Problems;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::application::{ApplicationSummary, Filter};
use service::listing::{Age, Period, Slice};
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The most lines of an application, and parts of a payout.
pub(super) const LINES_MAX: usize = 500;

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(list).service(show);
}

/// Payments and credit notes to apply to invoices, or to take back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationIn {
    /// Your own id of the application. The server chooses one if absent.
    id: Option<ApplicationId>,
    /// `apply`, the default, or `unapply`.
    #[serde(default)]
    kind: ApplicationKind,
    /// Customer of every payment, credit note and invoice.
    customer_id: CustomerId,
    /// Lines, each of one credit and one invoice. If absent, all unapplied payments and open credit notes, the oldest
    /// first, are applied to the invoices that are due first. To take back, name the lines.
    #[serde(default)]
    #[schema(max_items = 500)]
    lines: Vec<ApplicationLineIn>,
    /// When it happened. Now if absent. Not before a payment or credit note that it uses. An invoice may be later: it is settled from
    /// its own day on.
    occurred_at: Option<Instant>,
}

/// A line of an application. It names either a payment or a credit note.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ApplicationLineIn {
    /// The payment.
    payment_id: Option<PaymentId>,
    /// The credit note.
    #[schema(example = json!(null))]
    credit_note_id: Option<InvoiceId>,
    /// The invoice.
    invoice_id: InvoiceId,
    /// Amount, above zero, in the currency of the invoice. If absent, as much as possible.
    amount: Option<Money>,
}

/// An application of payments and credit notes to invoices.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApplicationOut<'a> {
    /// Id of the application.
    id: ApplicationId,
    object: tag::Application,
    /// Number of the application.
    #[schema(max_length = 64, example = "AP-2026-000123")]
    number: &'a str,
    /// Whether it applied or took back.
    kind: ApplicationKind,
    /// The customer.
    customer_id: CustomerId,
    /// Currency of `amount` and `exchange_difference`: the tenant's.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Sum of what its lines take off the invoices, without the sign, in the tenant's currency.
    amount: Money,
    /// Exchange difference that it realised, above zero a gain. Left out if all lines are in the tenant's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    exchange_difference: Option<Money>,
    /// Its lines.
    #[schema(max_items = 10000)]
    lines: Vec<AppliedOut>,
    /// When it happened.
    occurred_at: DateTime<Utc>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
}

/// A change of what is applied of a payment or credit note.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AppliedOut {
    /// The payment, if it is one.
    payment_id: Option<PaymentId>,
    /// The credit note, if it is one.
    credit_note_id: Option<InvoiceId>,
    /// The invoice. Null if the document itself took the amount: a reversal or a payout.
    invoice_id: Option<InvoiceId>,
    /// Amount that was applied, in the currency of the payment or credit note. Negative if it was taken back.
    amount: MoneyInCurrency,
}

impl AppliedOut {
    /// Returns a change. `decimals` are those of the currency of the payment or credit note.
    pub(super) fn of(line: &Applied, decimals: u32) -> Self {
        let Applied { credit, invoice_id, .. } = *line;
        let amount = line.stated().in_currency(decimals);
        let (payment_id, credit_note_id) = (credit.payment_id(), credit.credit_note_id());
        AppliedOut { payment_id, credit_note_id, invoice_id, amount }
    }
}

impl<'a> ApplicationOut<'a> {
    pub(crate) fn new(application: &'a open_item::Application, currency: &'a str) -> Self {
        let line = |line: &Applied| {
            let decimals = application.decimals.get(&line.credit).copied();
            AppliedOut::of(line, decimals.unwrap_or_else(shown_decimals))
        };
        ApplicationOut {
            id: application.id,
            object: tag::Application,
            number: &application.number,
            kind: application.kind,
            customer_id: application.customer_id,
            currency,
            amount: application.amount(),
            exchange_difference: application.difference(),
            lines: application.lines.iter().map(line).collect(),
            occurred_at: application.occurred_at,
            created_at: application.recorded_at,
        }
    }
}

/// Returns the payment or credit note that a line names. Reports a line that names none or both.
pub(super) fn credit(
    problems: &mut Problems,
    pointer: &str,
    payment_id: Option<PaymentId>,
    credit_note_id: Option<InvoiceId>,
) -> Option<CreditRef> {
    match (payment_id, credit_note_id) {
        (Some(id), None) => Some(CreditRef::Payment(id)),
        (None, Some(id)) => Some(CreditRef::CreditNote(id)),
        (Some(_), Some(_)) | (None, None) => {
            problems.invalid(pointer, open_item::NAME_CREDIT);
            None
        }
    }
}

/// Apply payments and credit notes
///
/// Applies unapplied payments and open credit notes of a customer to open invoices, or takes back what was applied
/// (`kind: unapply`). Both sides are the customer's receivable, so only an exchange difference is posted to the ledger (6040). An
/// invoice is settled by payments and credit notes in its own currency. A credit note is applied to the invoice that it
/// corrects when it is made.
#[utoipa::path(
    operation_id = "applications_create",
    security(("bearer" = ["payments:write"])),
    params(PostHeaders),
    request_body = ApplicationIn,
    responses((status = 201, description = "The application.", body = ApplicationOut))
)]
#[post("/v1/applications")]
async fn create(post: Post) -> Answer {
    post.create::<ApplicationId, _, _>("/v1/applications", to_command).await
}

fn to_command(input: ApplicationIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    if input.lines.len() > LINES_MAX {
        problems.invalid("/lines", format!("An application has at most {LINES_MAX} lines."));
    }
    let mut lines = Vec::with_capacity(input.lines.len());
    for (index, line) in input.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let credit = credit(&mut problems, &pointer, line.payment_id, line.credit_note_id);
        lines.push(ApplyLine { credit, invoice_id: line.invoice_id, amount: line.amount });
    }
    lines.truncate(LINES_MAX);
    let command = Command::Apply(open_item::Apply {
        id: input.id,
        kind: input.kind,
        customer_id: input.customer_id,
        lines,
        occurred_at: input.occurred_at.map(Instant::get),
    });
    Ok(Stated { command, wrong: problems })
}

/// Which applications to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those that applied, or only those that took back.
    kind: Option<ApplicationKind>,
    /// Only this customer.
    customer_id: Option<CustomerId>,
    /// Only this number.
    #[param(max_length = 64, example = "AP-2026-000123")]
    number: Option<String>,
    /// Made at this instant or later.
    #[serde(rename = "occurred_at[gte]")]
    occurred_from: Option<Instant>,
    /// Made before this instant.
    #[serde(rename = "occurred_at[lt]")]
    occurred_to: Option<Instant>,
    sort: Option<Age>,
}

/// List applications
///
/// Returns one page of applications, without their lines.
#[utoipa::path(
    operation_id = "applications_list",
    security(("bearer" = ["payments:read"])),
    params(Filters),
    responses((status = 200, description = "One page of applications.", body = Page<ApplicationSummary>))
)]
#[get("/v1/applications")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        kind: filters.kind,
        customer_id: filters.customer_id,
        number: filters.number.clone(),
        occurred: Period::new(filters.occurred_from, filters.occurred_to),
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| service::application::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |application: &ApplicationSummary| application.id.0).await
}

/// Get an application
///
/// Returns the application with its lines.
#[utoipa::path(
    operation_id = "applications_get",
    security(("bearer" = ["payments:read"])),
    params(("id" = ApplicationId, Path, description = "The application's id.")),
    responses((status = 200, description = "The application.", body = ApplicationOut))
)]
#[get("/v1/applications/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<ApplicationId>) -> Answer {
    let read = async |tx: &service::Tx| service::application::get(tx, id.0).await;
    let (application, currency) = app.db.read(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(ApplicationOut::new(&application, &currency)))
}
