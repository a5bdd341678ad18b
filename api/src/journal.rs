//! Journal entries that are posted by hand, opening balances, closes of years, and reversals of these.

use actix_web::post;
use actix_web::web::Path;
use chrono::NaiveDate;
use domain::book::Book;
use domain::document::{DocumentKind, document_id};
use domain::id::{CustomerId, EntryId};
use domain::journal;
use domain::ledger::{Entry, EntryLine};
use domain::number::Money;
use domain::refusal::Problems;
use domain::tag;
use domain::tenant::Channel;
use domain::text::{self, Filled500};
use serde::Deserialize;
use service::ledger::{JournalEntry, JournalLine};
use service::posting::{Command, Stated};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::params::PathId;
use crate::posting::Post;
use crate::problem::ErrorCode;
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(reverse).service(open).service(close_year);
}

/// An entry to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ManualEntryIn {
    /// Your own id of the entry. The server chooses one if absent.
    id: Option<EntryId>,
    /// Day of the entry, in the tenant's time zone. Today if absent. Never in the future.
    #[serde(default, deserialize_with = "domain::day::optional")]
    occurred_on: Option<NaiveDate>,
    /// Purpose of the entry.
    memo: Filled500,
    /// Lines. Their debits equal their credits.
    #[schema(min_items = 2, max_items = 200)]
    lines: Vec<ManualLineIn>,
}

/// A line to post: either a debit or a credit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ManualLineIn {
    /// Code of the account. An account that only documents post to, such as inventory, is rejected.
    #[schema(min_length = 1, max_length = 32, example = "6100")]
    account: String,
    /// The debit.
    debit: Option<Money>,
    /// The credit.
    credit: Option<Money>,
    /// Channel of the line.
    channel: Option<Channel>,
    /// Customer of the line.
    customer_id: Option<CustomerId>,
}

/// The reversal of an entry.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryReversalIn {
    /// Your own id of the reversal. The server chooses one if absent.
    id: Option<EntryId>,
    /// Day of the reversal, in the tenant's time zone. Today if absent. Not before the day on which the entry is
    /// posted, and never in the future.
    #[serde(default, deserialize_with = "domain::day::optional")]
    occurred_on: Option<NaiveDate>,
    /// Purpose of the reversal. If absent, it names the memo of the entry.
    memo: Option<Filled500>,
}

/// Opening balances to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OpeningBalancesIn {
    /// Your own id of the entry. The server chooses one if absent.
    id: Option<EntryId>,
    /// Day at whose end the accounts have these balances, in the tenant's time zone. Never in the future and not in a closed period.
    #[serde(deserialize_with = "domain::day::required")]
    occurred_on: NaiveDate,
    /// Purpose of the entry. `Opening balances` if absent.
    memo: Option<Filled500>,
    /// Balances of the accounts. Their debits equal their credits. Lines of one account are added up.
    #[schema(min_items = 2, max_items = 500)]
    lines: Vec<OpeningLineIn>,
}

/// The close of a year.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct YearCloseIn {
    /// Your own id of the entry. The server chooses one if absent.
    id: Option<EntryId>,
    /// Purpose of the entry. If absent, it names the year.
    memo: Option<Filled500>,
}

/// The balance of an account: either a debit or a credit.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct OpeningLineIn {
    /// Code of the account. Accounts of cash, receivables, stock and vouchers are compared with their documents.
    /// Accounts of sales and cost of sales are rejected.
    #[schema(min_length = 1, max_length = 32, example = "1010")]
    account: String,
    /// The debit.
    debit: Option<Money>,
    /// The credit.
    credit: Option<Money>,
}

/// Returns the wire form of an entry that a command posts, as it will be read.
pub fn posted_entry(entry: &Entry, book: &Book) -> JournalEntry {
    let is_reversal = entry.document_kind == DocumentKind::Manual && entry.document_id != entry.id.0;
    let document_kind = entry.document_kind.word();
    let facts = book.posted(entry);
    JournalEntry {
        id: entry.id,
        object: tag::JournalEntry,
        document_kind: document_kind.to_owned(),
        document_id: document_id(document_kind, entry.document_id),
        reverses: is_reversal.then_some(EntryId(entry.document_id)),
        reversed_by: facts.reversed_by,
        memo: entry.memo.clone(),
        occurred_on: entry.occurred_on,
        posted_on: facts.posted_on,
        created_at: facts.recorded_at,
        recorded_at: facts.recorded_at,
        command_id: facts.command_id,
        currency: book.setup.settings.currency.clone(),
        total: entry.total,
        lines: entry.lines.iter().zip(1..).map(|(line, line_no)| posted_line(line, line_no, book)).collect(),
    }
}

fn posted_line(line: &EntryLine, line_no: i32, book: &Book) -> JournalLine {
    JournalLine {
        line_no,
        account: line.account.clone().into_owned(),
        account_name: book.journal.account_names.get(&*line.account).cloned().unwrap_or_default(),
        debit: line.debit(),
        credit: line.credit(),
        channel: line.dimensions.channel,
        location_id: line.dimensions.location_id,
        customer_id: line.dimensions.party_id.map(CustomerId),
        // An entry that a command posts itself names customers only.
        supplier_id: None,
    }
}

/// Post an entry by hand
///
/// Posts an entry that no document covers. Its debits must equal its credits. It can't name a control account that only
/// documents post to. An entry never changes: to correct it, reverse it.
#[utoipa::path(
    operation_id = "journal_entries_create",
    security(("bearer" = ["ledger:write"])),
    params(PostHeaders),
    request_body = ManualEntryIn,
    responses((status = 201, description = "The entry.", body = JournalEntry))
)]
#[post("/v1/journal-entries")]
async fn create(post: Post) -> Answer {
    post.create::<EntryId, _, _>("/v1/journal-entries", to_command).await
}

fn to_command(input: ManualEntryIn, _: &Caller) -> Result<Stated, ApiError> {
    let mut problems = Problems::default();
    let memo = input.memo.checked(&mut problems, "/memo");
    let line = |line: ManualLineIn| journal::PostLine {
        account: line.account,
        debit: line.debit,
        credit: line.credit,
        channel: line.channel,
        customer_id: line.customer_id,
    };
    let command = Command::PostEntry(journal::Post {
        id: input.id,
        occurred_on: input.occurred_on,
        memo,
        lines: input.lines.into_iter().map(line).collect(),
    });
    Ok(Stated { command, wrong: problems })
}

/// Reverse an entry
///
/// Reverses an entry by hand, opening balances or the close of a year, by an entry with the opposite lines. Rejected
/// (409) are the entry of a document, a reversal, and an entry that is reversed already. A reversal of a closed day is
/// posted on the first open day. Opening balances and the close of a year need `costs:read` too (403).
#[utoipa::path(
    operation_id = "journal_entries_reverse",
    security(("bearer" = ["ledger:write"])),
    params(("id" = EntryId, Path, description = "The entry to reverse."), PostHeaders),
    request_body = EntryReversalIn,
    responses((status = 201, description = "The reversal.", body = JournalEntry))
)]
#[post("/v1/journal-entries/{id}/reverse")]
async fn reverse(post: Post, id: PathId<EntryId>) -> Answer {
    let command = |input: EntryReversalIn, caller: &Caller| {
        let mut problems = Problems::default();
        let memo = text::checked(&mut problems, "/memo", input.memo);
        let (entry_id, occurred_on) = (id.0, input.occurred_on);
        let may_open = caller.sees_costs();
        let reversal = journal::Reverse { entry_id, id: input.id, occurred_on, memo, may_open };
        Ok(Stated { command: Command::ReverseEntry(reversal), wrong: problems })
    };
    post.create::<EntryId, _, _>("/v1/journal-entries", command).await
}

/// Post opening balances
///
/// Posts the balances of all accounts on the day from which the books are kept here, as one entry. Documents open
/// stock, receivables, cash in tills and vouchers, on that day or before. Send the balances of these accounts too: they
/// are not posted, but compared with the documents. A difference is rejected (422) with both figures, and an account
/// without a line counts as 0. Account 3000 ends with the balance that the lines name for it. The books are opened
/// once: a second opening is rejected (409) until the first is reversed.
#[utoipa::path(
    operation_id = "opening_balances_create",
    security(("bearer" = ["ledger:write", "costs:read"])),
    params(PostHeaders),
    request_body = OpeningBalancesIn,
    responses((status = 201, description = "The entry.", body = JournalEntry))
)]
#[post("/v1/opening-balances")]
async fn open(post: Post) -> Answer {
    let command = |input: OpeningBalancesIn, _: &Caller| {
        let mut problems = Problems::default();
        let memo = text::checked(&mut problems, "/memo", input.memo);
        let line = |line: OpeningLineIn| journal::PostLine {
            account: line.account,
            debit: line.debit,
            credit: line.credit,
            channel: None,
            customer_id: None,
        };
        let lines = input.lines.into_iter().map(line).collect();
        let books = journal::OpenBooks { id: input.id, opened_on: input.occurred_on, memo, lines };
        Ok(Stated { command: Command::OpenBooks(books), wrong: problems })
    };
    post.create::<EntryId, _, _>("/v1/journal-entries", command).await
}

/// Close a year
///
/// Moves the result of a calendar year to retained earnings (3100), by one entry on the first day of the next year,
/// against closed results (3110). Accounts of revenue and expense keep their balances, so statements of the year do not
/// change. The balance sheet shows the result in retained earnings. The year must be over, and have a result (422). A
/// closed year is rejected (409) until its close is reversed. A later entry in the year is not part of the close:
/// reverse the close, and close the year again.
#[utoipa::path(
    operation_id = "year_closes_create",
    security(("bearer" = ["ledger:write", "costs:read"])),
    params(
        ("year" = String, Path, description = "The year.", max_length = 4, pattern = r"^\d{4}$", example = "2026"),
        PostHeaders
    ),
    request_body = YearCloseIn,
    responses((status = 201, description = "The entry.", body = JournalEntry))
)]
#[post("/v1/year-close/{year}")]
async fn close_year(post: Post, year: Path<String>) -> Answer {
    let has_form = year.len() == 4 && year.bytes().all(|letter| letter.is_ascii_digit());
    let year: i32 = year.parse().ok().filter(|_| has_form).ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidParameter, "Send a year of the calendar, such as 2026.")
            .at_parameter("year")
    })?;
    let command = |input: YearCloseIn, _: &Caller| {
        let mut problems = Problems::default();
        let memo = text::checked(&mut problems, "/memo", input.memo);
        problems.check()?;
        Ok(Command::CloseYear(journal::CloseYear { id: input.id, year, memo }))
    };
    post.create::<EntryId, _, _>("/v1/journal-entries", command).await
}
