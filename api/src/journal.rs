//! Journal entries that are posted by hand.

use actix_web::post;
use chrono::NaiveDate;
use domain::id::{CustomerId, EntryId};
use domain::journal;
use domain::ledger::{Entry, EntryLine};
use domain::number::Money;
use domain::refusal::Problems;
use domain::tag;
use domain::tenant::Channel;
use domain::text::Filled500;
use serde::{Deserialize, Serialize};
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::posting::Post;
use crate::{Answer, ApiError, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create);
}

/// An entry to post.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ManualEntryIn {
    /// Your own id of the entry. The server chooses one if absent.
    id: Option<EntryId>,
    /// Day of the entry, in the tenant's time zone. Today if absent. Never in the future.
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
    /// Code of the account. An account that only documents move, such as inventory, is rejected.
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

/// A posted entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ManualEntryOut<'a> {
    /// Id of the entry.
    id: EntryId,
    object: tag::JournalEntry,
    /// Day of the entry, in the tenant's time zone.
    occurred_on: NaiveDate,
    /// Purpose of the entry.
    #[schema(max_length = 500, example = "Allowance for a doubtful receivable")]
    memo: Option<&'a str>,
    /// Currency of all amounts.
    #[schema(max_length = 3, example = "GBP")]
    currency: &'a str,
    /// Sum of the debits, which equals the sum of the credits.
    total: Money,
    /// Lines. Those of the same account and dimensions are netted.
    #[schema(max_items = 200)]
    lines: Vec<ManualLineOut<'a>>,
}

impl<'a> ManualEntryOut<'a> {
    /// Returns the wire form of an entry.
    pub fn new(entry: &'a Entry, currency: &'a str) -> Self {
        ManualEntryOut {
            id: entry.id,
            object: tag::JournalEntry,
            occurred_on: entry.occurred_on,
            memo: entry.memo.as_deref(),
            currency,
            total: entry.total,
            lines: entry.lines.iter().map(ManualLineOut::from).collect(),
        }
    }
}

/// A line of a posted entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ManualLineOut<'a> {
    /// Code of the account.
    #[schema(max_length = 32, example = "6100")]
    account: &'a str,
    /// The debit.
    debit: Money,
    /// The credit.
    credit: Money,
    /// The channel.
    channel: Option<Channel>,
    /// The customer.
    customer_id: Option<CustomerId>,
}

impl<'a> From<&'a EntryLine> for ManualLineOut<'a> {
    fn from(line: &'a EntryLine) -> Self {
        ManualLineOut {
            account: &line.account,
            debit: line.debit(),
            credit: line.credit(),
            channel: line.dimensions.channel,
            customer_id: line.dimensions.party_id.map(CustomerId),
        }
    }
}

/// Post an entry by hand
///
/// Posts what no document covers. The entry must balance. It can't move an account that documents keep equal to a
/// sub-ledger. An entry never changes: to correct it, post its reverse.
#[utoipa::path(
    operation_id = "journal_entries_create",
    security(("bearer" = ["ledger:write"])),
    params(PostHeaders),
    request_body = ManualEntryIn,
    responses((status = 201, description = "The entry.", body = ManualEntryOut))
)]
#[post("/v1/journal-entries")]
async fn create(post: Post) -> Answer {
    post.create::<EntryId, _>("/v1/journal-entries", to_command).await
}

fn to_command(input: ManualEntryIn, _: &Caller) -> Result<Command, ApiError> {
    let mut problems = Problems::default();
    let memo = input.memo.checked(&mut problems, "/memo");
    problems.check()?;
    let line = |line: ManualLineIn| journal::PostLine {
        account: line.account,
        debit: line.debit,
        credit: line.credit,
        channel: line.channel,
        customer_id: line.customer_id,
    };
    Ok(Command::PostEntry(journal::Post {
        id: input.id,
        occurred_on: input.occurred_on,
        memo,
        lines: input.lines.into_iter().map(line).collect(),
    }))
}
