//! The general ledger: journal and trial balance.

mod account;
mod export;
mod mapping;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::NaiveDate;
use domain::id::EntryId;
use serde::Deserialize;
use service::Tx;
use service::ledger::{self, Filter, JournalEntry, TrialBalance};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::document::{parse_document_id, parse_document_kind};
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::problem::ErrorCode;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list)
        .service(show)
        .service(trial_balance)
        .configure(account::routes)
        .configure(export::routes)
        .configure(mapping::routes);
}

/// Which entries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Posted on this day or later.
    #[param(example = "2026-11-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    from: Option<NaiveDate>,
    /// Posted before this day.
    #[param(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
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
    security(("bearer" = ["ledger:read", "costs:read"])),
    params(Filters),
    responses((status = 200, description = "One page of journal entries.", body = Page<JournalEntry>))
)]
#[get("/v1/journal-entries")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    check_period(filters.from, filters.to)?;
    let document_id = filters.document_id.as_deref();
    let document_id = document_id.map(|id| parse_document_id(id, "document_id")).transpose()?;
    let filter = Filter {
        id: None,
        from: filters.from,
        to: filters.to,
        document_kind: filters.document_kind.as_deref().map(parse_document_kind).transpose()?,
        document_id,
        account_code: filters.account.clone(),
        recorded_since: list.since,
    };
    let read =
        async move |tx: &Tx, after: Option<Uuid>, rows: u64| ledger::entries(tx, &filter, after, rows).await;
    list.serve(caller, read, |entry: &JournalEntry| entry.id.0).await
}

/// Get a journal entry
///
/// Returns the entry with its lines.
#[utoipa::path(
    operation_id = "journal_entries_get",
    security(("bearer" = ["ledger:read", "costs:read"])),
    params(("id" = EntryId, Path, description = "The entry's id.")),
    responses((status = 200, description = "The entry.", body = JournalEntry))
)]
#[get("/v1/journal-entries/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<EntryId>) -> Answer {
    let entry = app.db.read(caller.tenant_id, async |tx| ledger::entry(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(entry))
}

/// Rejects a period that ends before it begins.
fn check_period(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<(), ApiError> {
    match from.zip(to) {
        Some((from, to)) if to < from => {
            let detail = "The period ends before it begins.";
            Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("to"))
        }
        _ => Ok(()),
    }
}

/// Period of a trial balance, in days of posting.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PeriodParams {
    /// First day of the period. From the beginning if absent.
    #[param(example = "2026-11-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    from: Option<NaiveDate>,
    /// First day after the period. To the end if absent.
    #[param(example = "2026-12-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    to: Option<NaiveDate>,
}

/// Get the trial balance
///
/// Returns every account with its balance before and after a period, and its debits and credits in it. The period
/// counts days of posting and is half-open. Without a period it is the whole history.
#[utoipa::path(
    operation_id = "trial_balance_get",
    security(("bearer" = ["ledger:read", "costs:read"])),
    params(PeriodParams),
    responses((status = 200, description = "The trial balance.", body = TrialBalance))
)]
#[get("/v1/trial-balance")]
async fn trial_balance(app: Data<App>, caller: Caller, period: Params<PeriodParams>) -> Answer {
    let Params(PeriodParams { from, to }) = period;
    check_period(from, to)?;
    let read = async |tx: &service::Tx| ledger::trial_balance(tx, from, to).await;
    Ok(HttpResponse::Ok().json(app.db.report(caller.tenant_id, read).await?))
}
