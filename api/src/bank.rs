//! Bank statements: their lines are stored once, matched with open invoices, and accepted as payments of customers.

mod camt;
mod entry;
mod table;

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use domain::id::{BankLineId, CustomerId, InvoiceId, PaymentId, SupplierPaymentId};
use domain::refusal::{Code, Refusal};
use domain::tag;
use serde::{Deserialize, Serialize};
use service::bank::matched::{self, BankLineMatch, Named};
use service::bank::{self, BankLine, Filter, NewLine, Payee};
use service::listing::{Age, Slice};
use service::posting::Command;
use service::{Error, Tx};
use utoipa_actix_web::service_config::ServiceConfig;

use self::entry::{Entry, checked, parts};
use self::table::{Days, RowForm};
use crate::body::{self, Body, without_mark};
use crate::faults::Faults;
use crate::idempotency::PostHeaders;
use crate::list::{List, Page};
use crate::order::PaymentOut;
use crate::params::{Params, PathId};
use crate::posting::Post;
use crate::problem::ErrorCode;
use crate::upload::{Form, Upload, Uploaded};
use crate::write::Write;
use crate::{Answer, ApiError, App, Caller, csv};

/// Most bytes of a statement.
const BYTES_MAX: usize = 5 * 1024 * 1024;
/// Most entries of a statement.
const ENTRIES_MAX: usize = 10_000;
/// A CAMT.053 file with one entry.
const EXAMPLE: &str = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>\
    <Acct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id></Acct>\
    <Ntry><Amt Ccy=\"GBP\">80.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
    <BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>20261122-78</AcctSvcrRef></Ntry>\
    </Stmt></BkToCstmrStmt></Document>";

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(import).service(list).service(get).service(accept).service(match_line).service(unmatch);
}

/// A bank statement to import.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct BankStatementIn {
    /// The file: CAMT.053 (XML), or CSV with a header.
    text: String,
}

/// Parameters of an import. They are for CSV: XML has one form.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// BCP 47 tag of the form of numbers: with `de-DE`, they have a comma before the decimals, and no sign between thousands.
    #[param(max_length = 16, example = "en-GB")]
    locale: Option<String>,
    /// Form of the days. If absent, `iso`: 2026-01-31.
    #[param(inline)]
    dates: Option<Days>,
}

/// Result of the import of a bank statement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BankStatement {
    object: tag::BankStatement,
    /// Number of lines in the file: booked entries, or the transactions into which an entry is split.
    #[schema(minimum = 0, maximum = 10000, example = 3)]
    lines: usize,
    /// Number of new lines, which are stored now.
    #[schema(minimum = 0, maximum = 10000, example = 2)]
    added: usize,
    /// Number of lines that were already stored.
    #[schema(minimum = 0, maximum = 10000, example = 1)]
    repeated: usize,
    /// Number of entries that the bank has not booked yet. They are not stored.
    #[schema(minimum = 0, maximum = 10000, example = 0)]
    pending: usize,
}

/// The customer who paid a line. Send either `invoice_id` or `customer_id`.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct AcceptIn {
    /// Invoice that the line pays. An amount above its open amount stays unapplied.
    #[schema(example = json!(null))]
    invoice_id: Option<InvoiceId>,
    /// Customer who paid. The line pays the invoices of the customer that are due first.
    customer_id: Option<CustomerId>,
}

/// Recorded payments to match with a line. Their sum is the amount of the line.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MatchIn {
    /// The payments, each once.
    #[schema(min_items = 1, max_items = 100)]
    payments: Vec<MatchedPaymentIn>,
}

/// A recorded payment. Send exactly one of the ids.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct MatchedPaymentIn {
    /// Payment of a customer, reversal of one, or payout.
    payment_id: Option<PaymentId>,
    /// Payment to a supplier, or reversal of one.
    #[schema(example = json!(null))]
    supplier_payment_id: Option<SupplierPaymentId>,
}

/// Entries of a file that was read.
struct Statement {
    entries: Vec<Entry>,
    /// Number of lines, also of those that can't be read.
    rows: usize,
    pending: usize,
    faults: Faults,
}

/// Import a bank statement
///
/// Stores the lines of a bank statement. The account and the reference of the bank identify a line, which is stored
/// once: a file that was sent before changes nothing. Send CAMT.053 (XML), or CSV in UTF-8 (with commas, semicolons or
/// tabs) with the columns `account`, `reference`, `booked_on` and `amount`, and any of `currency`, `counterparty` and
/// `text`; amounts of money that went out are below zero. Or send the file as `text` in JSON. At most 5 MiB and 10,000
/// entries, in the currency of the tenant. The import is one transaction: if an entry is invalid, nothing is written,
/// and the errors are listed with `row` (of XML: the line of the file) and `column` (422). A file that is cut is
/// rejected with its line. XML with a document type is rejected, and no entity is expanded.
///
/// An entry of XML with several transactions becomes a line for each if they add up to it. Else it stays one line, whose `transactions`
/// is above 1.
#[utoipa::path(
    operation_id = "bank_statements_import",
    security(("bearer" = ["payments:write"])),
    params(ImportParams),
    request_body(content(
        (BankStatementIn = "application/json"),
        (String = "application/xml", example = json!(EXAMPLE)),
        (String = "text/csv", example = "account,reference,booked_on,amount\r\nGB33BUKB20201555555555,20261122-77,2026-11-20,120.00\r\n"),
    )),
    responses((status = 200, description = "The result.", body = BankStatement))
)]
#[post("/v1/bank-statements")]
async fn import(write: Write, params: Params<ImportParams>, upload: Upload) -> Answer {
    let form =
        RowForm { locale: csv::locale(params.locale.as_deref())?, days: params.dates.unwrap_or_default() };
    let is_stated = params.locale.is_some() || params.dates.is_some();
    let uploaded = upload.read_any(BYTES_MAX).await?;
    let parse = move |uploaded: &Uploaded| Statement::read(uploaded, form, is_stated);
    let (uploaded, statement) = uploaded.parse(parse).await?;
    write.whole("bank_statement.imported", &uploaded.raw, async |tx| run(tx, &statement).await).await
}

impl Statement {
    /// Reads a file. `is_stated` says whether the caller stated the form of its rows.
    fn read(uploaded: &Uploaded, form: RowForm, is_stated: bool) -> Result<Self, ApiError> {
        let raw = &uploaded.raw;
        let text = match uploaded.form {
            Form::Json => {
                let input: BankStatementIn =
                    body::parse_object(raw).map_err(|error| uploaded.schema.explain_unread(raw, error))?;
                input.text
            }
            Form::Csv => {
                let text = std::str::from_utf8(without_mark(raw));
                let not_utf_8 = |_| {
                    let detail = format!("The file is not UTF-8. {}", csv::SAVE_AS_UTF_8);
                    ApiError::new(ErrorCode::MalformedCsv, detail)
                };
                text.map_err(not_utf_8)?.to_owned()
            }
        };
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if text.contains('\0') {
            let error = ApiError::new(Code::ValidationFailed, "A text must not contain a null character.");
            return Err(error);
        }
        let statement = if text.starts_with('<') {
            if is_stated {
                let detail = "The file is XML, which has one form of numbers and days: leave `locale` and `dates` out.";
                return Err(ApiError::new(Code::ValidationFailed, detail));
            }
            let camt::File { entries, pending, lines, faults } = camt::read(text, ENTRIES_MAX)?;
            let rows = lines + pending;
            Statement { entries, rows, pending, faults }
        } else {
            let mut faults = Faults::default();
            let (entries, rows) = table::read(text, form, ENTRIES_MAX, &mut faults)?;
            Statement { entries, rows, pending: 0, faults }
        };
        if statement.rows > ENTRIES_MAX {
            let detail = format!("Send at most {ENTRIES_MAX} entries; split a longer statement.");
            return Err(ApiError::new(Code::ValidationFailed, detail));
        }
        Ok(statement)
    }
}

async fn run(tx: &Tx, statement: &Statement) -> Result<BankStatement, Error> {
    let (currency, decimals) = bank::currency(tx).await?;
    let mut faults = statement.faults.clone();
    let (mut wholes, mut entries) = (Vec::new(), Vec::new());
    for entry in &statement.entries {
        if let Some(line) = checked(entry, &currency, decimals, &mut faults) {
            wholes.push(line);
            entries.push(entry);
        }
    }
    // An entry that was stored whole stays whole, and one that was stored as its transactions stays split.
    bank::lock_accounts(tx, &wholes).await?;
    let before = bank::stored(tx, &wholes).await?;
    let is_stored = |line: &NewLine| before.contains_key(&(line.account.clone(), line.reference.clone()));
    let split = |(entry, whole): (&&Entry, &NewLine)| {
        if is_stored(whole) { None } else { parts(entry, &currency, decimals) }
    };
    let splits: Vec<Option<Vec<NewLine>>> = entries.iter().zip(&wholes).map(split).collect();
    let new = wholes.iter().zip(&splits).filter(|&(whole, split)| split.is_none() && !is_stored(whole));
    let new: Vec<NewLine> = new.map(|(whole, _)| whole.clone()).collect();
    let split_before = bank::split(tx, &new).await?;
    let mut lines: Vec<NewLine> = Vec::with_capacity(statement.rows);
    let mut places = Vec::with_capacity(statement.rows);
    let mut seen: HashMap<(String, String), usize> = HashMap::new();
    let mut kept_split = 0;
    for ((entry, whole), split) in entries.into_iter().zip(wholes).zip(splits) {
        if split.is_none() && split_before.contains(&(whole.account.clone(), whole.reference.clone())) {
            kept_split += 1;
            continue;
        }
        for line in split.unwrap_or_else(|| vec![whole]) {
            let key = (line.account.clone(), line.reference.clone());
            if let Some(first) = seen.insert(key, entry.place) {
                let detail = format!("The entry at {first} has the same reference: send one of them.");
                faults.invalid(entry.place, "reference", detail);
                continue;
            }
            lines.push(line);
            places.push(entry.place);
        }
    }
    let stored = bank::stored(tx, &lines).await?;
    for (line, place) in lines.iter().zip(&places) {
        let known = stored.get(&(line.account.clone(), line.reference.clone()));
        if known.is_some_and(|known| *known != (line.booked_on, line.amount)) {
            let detail = "A line with this reference is stored with another day or amount: correct this one.";
            faults.invalid(*place, "reference", detail);
        }
    }
    faults.check(statement.rows, false)?;
    let added = bank::add(tx, &lines).await?;
    let added = usize::try_from(added).unwrap_or(usize::MAX).min(lines.len());
    Ok(BankStatement {
        object: tag::BankStatement,
        lines: lines.len() + kept_split,
        added,
        repeated: lines.len() + kept_split - added,
        pending: statement.pending,
    })
}

/// Which lines to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only lines of this account.
    #[param(max_length = 100, example = "GB33BUKB20201555555555")]
    account: Option<String>,
    /// Only the line with this reference.
    #[param(max_length = 100, example = "20261122-77")]
    reference: Option<String>,
    /// `true`: only lines that were accepted as payments. `false`: only the others.
    #[param(example = false)]
    accepted: Option<bool>,
    /// `true`: only lines that are matched with payments. `false`: only the others. With `accepted=false`, these are open.
    #[param(example = false)]
    matched: Option<bool>,
    sort: Option<Age>,
}

/// List bank lines
///
/// Returns one page of lines of bank statements. A line that is neither accepted nor matched has up to 5 recorded
/// payments that may be the same payment (`recorded`). If money came in, it also has up to 5 open invoices
/// (`proposals`): first those with a fitting number and amount, then those with a fitting number, then those with a
/// fitting amount. Only the 5,000 open invoices that are due first are searched.
#[utoipa::path(
    operation_id = "bank_lines_list",
    security(("bearer" = ["payments:read"])),
    params(Filters),
    responses((status = 200, description = "One page of lines.", body = Page<BankLine>))
)]
#[get("/v1/bank-lines")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        account: filters.account.clone(),
        reference: filters.reference.clone(),
        accepted: filters.accepted,
        matched: filters.matched,
    };
    let sort = filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| bank::list(tx, &filter, slice).await;
    list.serve_documents(caller, sort, read, |line: &BankLine| line.id.0).await
}

/// Get a bank line
///
/// Returns the line with the invoices that it may pay.
#[utoipa::path(
    operation_id = "bank_lines_get",
    security(("bearer" = ["payments:read"])),
    params(("id" = BankLineId, Path, description = "The line's id.")),
    responses((status = 200, description = "The line.", body = BankLine))
)]
#[get("/v1/bank-lines/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<BankLineId>) -> Answer {
    let line = app.db.read(caller.tenant_id, async |tx| bank::get(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(line))
}

/// Accept a bank line as a payment
///
/// Records the payment of a customer by bank transfer, with the amount, the day and the reference of the line. A line
/// is accepted once, because the id of its payment follows from the id of the line. A payment that was reversed is
/// recorded again with `POST /v1/payments`.
#[utoipa::path(
    operation_id = "bank_lines_accept",
    security(("bearer" = ["payments:write"])),
    params(("id" = BankLineId, Path, description = "The line's id."), PostHeaders),
    request_body = AcceptIn,
    responses((status = 201, description = "The payment.", body = PaymentOut))
)]
#[post("/v1/bank-lines/{id}/accept")]
async fn accept(post: Post, id: PathId<BankLineId>) -> Answer {
    let (input, posting) = post.read::<AcceptIn>().await?;
    let payee = payee(&input).map_err(|error| posting.explain(error))?;
    let is_repeated = posting.is_repeated().await?;
    let tenant_id = posting.caller.tenant_id;
    let read = async |tx: &Tx| bank::payment(tx, id.0, payee, is_repeated).await;
    let payment = posting.app.db.read(tenant_id, read).await;
    let payment = payment.map_err(|error| posting.explain(error.into()))?;
    posting.create::<PaymentId>("/v1/payments", Command::ReceivePayment(payment)).await
}

fn payee(input: &AcceptIn) -> Result<Payee, ApiError> {
    match (input.invoice_id, input.customer_id) {
        (Some(invoice_id), None) => Ok(Payee::Invoice(invoice_id)),
        (None, Some(customer_id)) => Ok(Payee::Customer(customer_id)),
        (Some(_), Some(_)) | (None, None) => {
            let detail =
                "Send either invoice_id or customer_id: the invoice that the line pays, or the customer.";
            Err(Refusal::invalid("/invoice_id", detail).into())
        }
    }
}

/// Match a bank line with payments
///
/// Matches the line with recorded payments of customers or to suppliers. Their sum must equal the amount of the line;
/// payments to suppliers and payouts count as negative. A line or a payment that is matched already is rejected (409).
/// Nothing is posted.
#[utoipa::path(
    operation_id = "bank_lines_match",
    security(("bearer" = ["payments:write"])),
    params(("id" = BankLineId, Path, description = "The line's id.")),
    request_body = MatchIn,
    responses((status = 200, description = "The match.", body = BankLineMatch))
)]
#[post("/v1/bank-lines/{id}/match")]
async fn match_line(write: Write, id: PathId<BankLineId>, body: Body<MatchIn>) -> Answer {
    write
        .step("bank_line.matched", body, async |tx, input| {
            Ok((None, matched::set(tx, id.0, &named(input)).await?))
        })
        .await
}

/// Take the match of a bank line back
///
/// The line is open again. The payments that it matched stay as they are.
#[utoipa::path(
    operation_id = "bank_lines_unmatch",
    security(("bearer" = ["payments:write"])),
    params(("id" = BankLineId, Path, description = "The line's id.")),
    responses((status = 204, description = "The line is open again."))
)]
#[delete("/v1/bank-lines/{id}/match")]
async fn unmatch(write: Write, id: PathId<BankLineId>) -> Answer {
    write.delete("bank_line.unmatched", None, async |tx, _| matched::remove(tx, id.0).await).await
}

/// Returns the payments of a request. None for an entry that does not name one by one id.
fn named(input: &MatchIn) -> Vec<Option<Named>> {
    let named =
        input.payments.iter().map(|payment| match (payment.payment_id, payment.supplier_payment_id) {
            (Some(id), None) => Some(Named::Customer(id)),
            (None, Some(id)) => Some(Named::Supplier(id)),
            (Some(_), Some(_)) | (None, None) => None,
        });
    named.collect()
}
