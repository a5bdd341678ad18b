//! The general ledger: journal and trial balance.

mod account;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CommandId, CustomerId, EntryId, LocationId};
use domain::number::Money;
use domain::tag;
use domain::tenant::Channel;
use serde::{Deserialize, Serialize};
use service::ledger::{self, Balance, Entry, Filter, Line};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::document::{document_id, parse_document_id};
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show).service(trial_balance).configure(account::routes);
}

/// A journal entry. It never changes. A correction is another entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JournalEntry {
    /// Id of the entry.
    id: EntryId,
    object: tag::JournalEntry,
    /// Kind of the document that caused it: `sale`, `refund`, `shipment`, `invoice`, `credit_note`, `payment`,
    /// `cash_move`, `receipt`, `opening`, `adjustment` or `manual`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// Id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// Purpose of an entry that was posted by hand.
    #[schema(max_length = 500, example = json!(null))]
    memo: Option<String>,
    /// Day on which it happened, in the tenant's time zone.
    occurred_on: NaiveDate,
    /// Day on which it is posted. Later than `occurred_on` only if the period was closed.
    posted_on: NaiveDate,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// The command that wrote it.
    command_id: CommandId,
    /// ISO 4217 code of the currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// Sum of the debits, which equals the sum of the credits.
    total: Money,
    /// Lines. Those of the same account and dimensions are netted.
    #[schema(max_items = 1000)]
    lines: Vec<JournalLine>,
}

/// A line of a journal entry: either a debit or a credit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JournalLine {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 10000, example = 1)]
    line_no: i32,
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    account: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    account_name: String,
    /// Amount debited. Zero if the line is a credit.
    debit: Money,
    /// Amount credited. Zero if the line is a debit.
    credit: Money,
    /// The sales channel, on revenue, discount, tax and cost of goods.
    channel: Option<Channel>,
    /// The location.
    location_id: Option<LocationId>,
    /// The customer, on receivables.
    customer_id: Option<CustomerId>,
}

impl From<Entry> for JournalEntry {
    fn from(entry: Entry) -> Self {
        JournalEntry {
            id: entry.id,
            object: tag::JournalEntry,
            document_id: document_id(&entry.document_kind, entry.document_id),
            document_kind: entry.document_kind,
            memo: entry.memo,
            occurred_on: entry.occurred_on,
            posted_on: entry.posted_on,
            recorded_at: entry.recorded_at,
            command_id: entry.command_id,
            currency: entry.currency,
            total: entry.total,
            lines: entry.lines.into_iter().map(JournalLine::from).collect(),
        }
    }
}

impl From<Line> for JournalLine {
    fn from(line: Line) -> Self {
        JournalLine {
            line_no: line.line_no,
            account: line.account_code,
            account_name: line.account_name,
            debit: line.debit,
            credit: line.credit,
            channel: line.channel,
            location_id: line.location_id,
            customer_id: line.party_id.map(CustomerId),
        }
    }
}

/// Which entries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Posted on this day or later.
    #[param(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// Posted before this day.
    #[param(example = "2026-12-01")]
    to: Option<NaiveDate>,
    /// Only entries of this kind of document.
    #[param(max_length = 32, example = "sale")]
    document_kind: Option<String>,
    /// Only entries of this document.
    #[param(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// Only entries with a line on this account.
    #[param(max_length = 32, example = "4010")]
    account: Option<String>,
}

/// List journal entries
///
/// Returns one page of the journal with all lines, newest entry first.
#[utoipa::path(
    operation_id = "journal_entries_list",
    security(("bearer" = ["ledger:read"])),
    params(Filters),
    responses((status = 200, description = "One page of journal entries.", body = Page<JournalEntry>))
)]
#[get("/v1/journal-entries")]
async fn list(app: Data<App>, caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let document_id = filters.document_id.as_deref();
    let document_id = document_id.map(|id| parse_document_id(id, "document_id")).transpose()?;
    let filter = Filter {
        id: None,
        from: filters.from,
        to: filters.to,
        document_kind: filters.document_kind.clone(),
        document_id,
        account_code: filters.account.clone(),
    };
    let after: Option<Uuid> = list.after()?;
    let read = async |tx: &service::Tx| ledger::entries(tx, &filter, after, list.fetch()).await;
    let entries = app.db.read(caller.tenant_id, read).await?;
    list.answer(entries.into_iter().map(JournalEntry::from).collect(), |entry| entry.id.0)
}

/// Get a journal entry
///
/// Returns the entry with its lines.
#[utoipa::path(
    operation_id = "journal_entries_get",
    security(("bearer" = ["ledger:read"])),
    params(("id" = EntryId, Path, description = "The entry's id.")),
    responses((status = 200, description = "The entry.", body = JournalEntry))
)]
#[get("/v1/journal-entries/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<EntryId>) -> Answer {
    let entry = app.db.read(caller.tenant_id, async |tx| ledger::entry(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(JournalEntry::from(entry)))
}

/// Period of a trial balance, in days of posting.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PeriodParams {
    /// First day of the period. From the beginning if absent.
    #[param(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// First day after the period. To the end if absent.
    #[param(example = "2026-12-01")]
    to: Option<NaiveDate>,
}

/// All accounts with their balances.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct TrialBalance {
    object: tag::TrialBalance,
    /// The first day of the period.
    #[schema(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// The first day after the period.
    #[schema(example = "2026-12-01")]
    to: Option<NaiveDate>,
    /// ISO 4217 code of the currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// The accounts, by code.
    #[schema(max_items = 10000)]
    accounts: Vec<AccountBalance>,
    /// Sums over all accounts. Debits equal credits, and the balances add up to zero.
    totals: BalanceTotals,
}

/// An account with its balances. Debits are positive, credits negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AccountBalance {
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    account: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    account_name: String,
    /// `asset`, `liability`, `equity`, `revenue` or `expense`.
    #[schema(max_length = 16, example = "revenue")]
    account_kind: String,
    /// Debits less credits before the period.
    opening: Money,
    /// Sum of the debits in the period.
    debit: Money,
    /// Sum of the credits in the period.
    credit: Money,
    /// Debits less credits until the end of the period.
    closing: Money,
}

/// Sums over all accounts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct BalanceTotals {
    /// Sum of the opening balances, which is zero.
    opening: Money,
    /// Sum of the debits.
    debit: Money,
    /// Sum of the credits, which equals that of the debits.
    credit: Money,
    /// Sum of the closing balances, which is zero.
    closing: Money,
}

impl From<Balance> for AccountBalance {
    fn from(balance: Balance) -> Self {
        AccountBalance {
            account: balance.account_code,
            account_name: balance.account_name,
            account_kind: balance.account_kind,
            opening: balance.opening,
            debit: balance.debit,
            credit: balance.credit,
            closing: balance.closing,
        }
    }
}

/// Get the trial balance
///
/// Returns every account with its balance before and after a period, and its debits and credits in it. The period
/// counts days of posting and is half-open. Without a period it is the whole history.
#[utoipa::path(
    operation_id = "trial_balance_get",
    security(("bearer" = ["ledger:read"])),
    params(PeriodParams),
    responses((status = 200, description = "The trial balance.", body = TrialBalance))
)]
#[get("/v1/trial-balance")]
async fn trial_balance(app: Data<App>, caller: Caller, period: Params<PeriodParams>) -> Answer {
    let Params(PeriodParams { from, to }) = period;
    let read = async |tx: &service::Tx| ledger::trial_balance(tx, from, to).await;
    let (currency, balances) = app.db.report(caller.tenant_id, read).await?;
    let total = |amount: fn(&Balance) -> Money| balances.iter().map(amount).sum();
    let totals = BalanceTotals {
        opening: total(|balance| balance.opening),
        debit: total(|balance| balance.debit),
        credit: total(|balance| balance.credit),
        closing: total(|balance| balance.closing),
    };
    let accounts = balances.into_iter().map(AccountBalance::from).collect();
    Ok(HttpResponse::Ok().json(TrialBalance {
        object: tag::TrialBalance,
        from,
        to,
        currency,
        accounts,
        totals,
    }))
}
