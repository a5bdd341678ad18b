//! Recurring entries.

use actix_web::web::Data;
use actix_web::{get, post};
use chrono::NaiveDate;
use domain::id::RecurringEntryId;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Slice};
use service::recurring_entry::{self, RecurringEntry, RecurringEntryInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::list::{List, Page};
use crate::params::PathId;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(list).service(show).service(end);
}

record!(RecurringEntry, RecurringEntryId);

/// Create a recurring entry
///
/// Creates a template of an entry by hand. `stockwell worker` posts each entry once, within an hour after its day has
/// begun. If no worker ran on a day, its entry is posted later, with that day. Accounts and amounts are checked as
/// those of an entry by hand. A credential with a largest amount creates no template with larger debits. A tenant has at
/// most 200 templates that have not ended.
#[utoipa::path(
    operation_id = "recurring_entries_create",
    security(("bearer" = ["ledger:write"])),
    request_body = RecurringEntryInput,
    responses((status = 201, description = "The template.", body = RecurringEntry))
)]
#[post("/v1/recurring-entries")]
async fn create(write: Write, body: Body<RecurringEntryInput>) -> Answer {
    let caller = write.caller();
    let make =
        async |tx: &Tx, input: &RecurringEntryInput| recurring_entry::create(tx, &caller.limits, input).await;
    write.create("recurring_entry.created", body, make).await
}

/// Which recurring entries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Next entry before this day. Templates that have ended have none.
    #[serde(rename = "next_on[lt]")]
    #[param(example = "2027-02-01")]
    #[serde(default, deserialize_with = "domain::day::optional")]
    next_before: Option<NaiveDate>,
    sort: Option<Age>,
}

/// List recurring entries
///
/// Returns one page of templates, the newest first, also those that have ended.
#[utoipa::path(
    operation_id = "recurring_entries_list",
    security(("bearer" = ["ledger:read"])),
    params(Filters),
    responses((status = 200, description = "One page of recurring entries.", body = Page<RecurringEntry>))
)]
#[get("/v1/recurring-entries")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let (sort, next_before) = (list.filters.sort, list.filters.next_before);
    let read = async move |tx: &Tx, slice: &Slice| recurring_entry::list(tx, next_before, slice).await;
    list.serve_documents(caller, sort, read, |template: &RecurringEntry| template.id.0).await
}

/// Get a recurring entry
///
/// Returns the template with the day of its next entry. Its entries are journal entries with its memo.
#[utoipa::path(
    operation_id = "recurring_entries_get",
    security(("bearer" = ["ledger:read"])),
    params(("id" = RecurringEntryId, Path, description = "The recurring entry."), ReadHeaders),
    responses((status = 200, description = "The recurring entry.", body = RecurringEntry))
)]
#[get("/v1/recurring-entries/{id}")]
async fn show(app: Data<App>, caller: Caller, id: PathId<RecurringEntryId>, seen: IfNoneMatch) -> Answer {
    let read = async |tx: &Tx| recurring_entry::get(tx, id.0).await;
    let template = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(template.version, template))
}

/// End a recurring entry
///
/// Ends the template: no later entry is posted, and posted entries stay. A template that has ended is rejected (409).
#[utoipa::path(
    operation_id = "recurring_entries_end",
    security(("bearer" = ["ledger:write"])),
    params(("id" = RecurringEntryId, Path, description = "The recurring entry.")),
    responses((status = 200, description = "The recurring entry, which has ended.", body = RecurringEntry))
)]
#[post("/v1/recurring-entries/{id}/end")]
async fn end(write: Write, id: PathId<RecurringEntryId>) -> Answer {
    write.change("recurring_entry.ended", async |tx: &Tx| recurring_entry::end(tx, id.0).await).await
}
