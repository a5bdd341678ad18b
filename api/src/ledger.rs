//! The general ledger, to read: the journal and the trial balance.

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

/// A journal entry. It never changes; a correction is another entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JournalEntry {
    /// Its id.
    id: EntryId,
    object: tag::JournalEntry,
    /// What kind of document caused it: `sale`, `refund`, `shipment`, `invoice`, `credit_note`, `payment`,
    /// `cash_move`, `receipt`, `opening`, `adjustment` or `manual`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    document_kind: String,
    /// The id of that document.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: String,
    /// A remark, on entries posted by hand.
    #[schema(max_length = 500, example = json!(null))]
    memo: Option<String>,
    /// The tenant's day on which it happened.
    #[schema(example = "2026-11-22")]
    occurred_on: NaiveDate,
    /// The day it is booked on: later only where the period was closed.
    #[schema(example = "2026-11-22")]
    posted_on: NaiveDate,
    /// When it was written.
    recorded_at: DateTime<Utc>,
    /// The command that wrote it.
    command_id: CommandId,
    /// ISO 4217 code of the currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// The sum of the debits, which is the sum of the credits.
    total: Money,
    /// Its lines; those of the same account and dimensions are netted.
    #[schema(max_items = 1000)]
    lines: Vec<JournalLine>,
}

/// A line of a journal entry: either a debit or a credit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct JournalLine {
    /// Its number, from 1.
    #[schema(minimum = 1, maximum = 10000, example = 1)]
    line_no: i32,
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    account: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    account_name: String,
    /// The amount debited; zero on the other side.
    debit: Money,
    /// The amount credited; zero on the other side.
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
    /// Booked on this day or later.
    #[param(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// Booked before this day.
    #[param(example = "2026-12-01")]
    to: Option<NaiveDate>,
    /// Caused by this kind of document.
    #[param(max_length = 32, example = "sale")]
    document_kind: Option<String>,
    /// Caused by this document.
    #[param(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    document_id: Option<String>,
    /// With a line on this account.
    #[param(max_length = 32, example = "4010")]
    account: Option<String>,
}

/// List journal entries
///
/// One page of the journal with all lines, the newest entry first.
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
/// The entry with its lines.
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

/// Over which days of booking a trial balance runs.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PeriodParams {
    /// The first day of the period; from the beginning, if absent.
    #[param(example = "2026-11-01")]
    from: Option<NaiveDate>,
    /// The first day after the period; to the end, if absent.
    #[param(example = "2026-12-01")]
    to: Option<NaiveDate>,
}

/// Every account with its balances.
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
    /// The sums over all accounts: debit equals credit, and the balances are zero.
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
    /// Sum of the opening balances: zero.
    opening: Money,
    /// Sum of the debits.
    debit: Money,
    /// Sum of the credits: the same.
    credit: Money,
    /// Sum of the closing balances: zero.
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

/// Read the trial balance
///
/// Every account with its balance before and after a half-open period of booking days, and its debits and credits in
/// it. Without a period it covers the whole history.
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
