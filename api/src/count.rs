//! Counts: sheets, what is entered on them, and what they post.

mod entry;
mod form;
mod plan;
mod read;
mod setting;

use actix_web::post;
use actix_web::web::Data;
use domain::count::{self, Complete, Recount};
use domain::id::CountId;
use domain::refusal::Problems;
use service::posting::{Command, Render};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use self::form::{CompleteIn, CountIn, CountOut, EntriesIn, RecountIn};
use crate::body::{Body, Nothing};
use crate::idempotency::{IdempotencyKey, Preferences, WriteHeaders};
use crate::line::free_text;
use crate::params::PathId;
use crate::posting::post;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    // Before the sheets, which any other word in their place would name.
    cfg.configure(plan::routes).configure(setting::routes);
    cfg.service(open).service(enter).service(complete).service(recount).service(post_count).service(cancel);
    cfg.configure(read::routes).configure(entry::routes);
}

const COUNTS: &str = "/v1/counts";

/// Whether the caller sees what a blind sheet expects.
fn sees_all(caller: &Caller) -> bool {
    caller.scopes.contains(Scope::CountsApprove)
}

/// How a changed sheet is shown to the caller.
fn changed(caller: &Caller) -> Render {
    if sees_all(caller) { form::changed } else { form::changed_blind }
}

/// Open a count sheet
///
/// For the products of a category, named ones, all that the location has, or the most urgent of the plan; without a
/// choice the sheet is empty, and what is counted gets its lines. A product that is tracked has a line for each lot, or
/// serial number, that the location has. A sheet freezes nothing: each figure is compared with
/// what the record said when it was counted. On a blind sheet, what is expected is shown with the scope `counts:approve`
/// only.
#[utoipa::path(
    operation_id = "counts_create",
    tag = "Counts",
    security(("bearer" = ["counts:write"])),
    params(WriteHeaders),
    request_body = CountIn,
    responses((status = 201, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts")]
async fn open(
    app: Data<App>,
    caller: Caller,
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<CountIn>,
) -> Answer {
    let body = body.read().await?;
    let input = body.value;
    let mut problems = Problems::default();
    free_text(&mut problems, "/reference", input.reference.as_deref(), 200);
    let selection = input.selection(&mut problems);
    problems.check()?;
    let read = async |tx: &service::Tx| service::count::select(tx, input.location_id, &selection).await;
    let lines = app.db.read(caller.tenant_id, read).await?;
    let command = Command::OpenCount(count::Open {
        id: input.id,
        location_id: input.location_id,
        lines,
        blind: input.blind,
        tolerance_percent: input.tolerance_percent,
        tolerance_value: input.tolerance_value,
        reference: input.reference,
    });
    let render = if sees_all(&caller) { form::created } else { form::created_blind };
    post(&app, caller, (key, preferences, &body.raw), (command, render), Some(COUNTS)).await
}

/// Enter what was counted
///
/// In any unit, with the instant of the counting. Figures of one product add up, unless one replaces what was entered
/// before. A product that is not on the sheet gets a line: it was found. Of a product that is tracked each lot is counted
/// by itself (`lot_code`), and each serial number is there, 1, or not, 0. A lot that nobody knows becomes one when the sheet
/// is posted, with the `expires_on` that was read off the goods; who sent it stays unknown until the lot is put right.
#[utoipa::path(
    operation_id = "counts_enter",
    tag = "Counts",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), WriteHeaders),
    request_body = EntriesIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/entries")]
async fn enter(
    app: Data<App>,
    (caller, id): (Caller, PathId<CountId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<EntriesIn>,
) -> Answer {
    let body = body.read().await?;
    let command = Command::EnterCount(count::Enter { count_id: id.0, entries: body.value.entries()? });
    let render = changed(&caller);
    post(&app, caller, (key, preferences, &body.raw), (command, render), None).await
}

/// Declare a sheet counted
///
/// Lines that were counted once and differ by more than the tolerance are to be counted again: the sheet is in recount
/// until they are. Otherwise it is counted, and may be posted.
#[utoipa::path(
    operation_id = "counts_complete",
    tag = "Counts",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), WriteHeaders),
    request_body = CompleteIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/complete")]
async fn complete(
    app: Data<App>,
    (caller, id): (Caller, PathId<CountId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<CompleteIn>,
) -> Answer {
    let body = body.read().await?;
    let complete = Complete { count_id: id.0, skip_uncounted: body.value.skip_uncounted };
    let render = changed(&caller);
    let command = Command::CompleteCount(complete);
    post(&app, caller, (key, preferences, &body.raw), (command, render), None).await
}

/// Have lines counted again
///
/// Of a counted sheet, whatever the tolerance says.
#[utoipa::path(
    operation_id = "counts_recount",
    tag = "Counts",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), WriteHeaders),
    request_body = RecountIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/recount")]
async fn recount(
    app: Data<App>,
    (caller, id): (Caller, PathId<CountId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<RecountIn>,
) -> Answer {
    let body = body.read().await?;
    let command = Command::RecountLines(Recount { count_id: id.0, lines: body.value.lines });
    let render = changed(&caller);
    post(&app, caller, (key, preferences, &body.raw), (command, render), None).await
}

/// Post a counted sheet
///
/// The differences become one adjustment with the reason `count`, and each line the anchor of its level: what happened by
/// `counted_at` is in the count, and changes nothing any more when it is learnt of later. Differences over the tenant's
/// limit need the scope `counts:approve`. What is promised to orders may turn out to be missing: then nothing is
/// available, and `stock.oversold` is raised. A line for which a later count is posted already changes nothing. What is
/// found is worth what its level says, else what its lot or product costs elsewhere. A serial number that was found here
/// while the record has it elsewhere is refused (`already_exists`): one piece can't be in two places.
#[utoipa::path(
    operation_id = "counts_post",
    tag = "Counts",
    security(("bearer" = ["stock:write"])),
    params(("id" = CountId, Path, description = "The sheet."), WriteHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/post")]
async fn post_count(
    app: Data<App>,
    (caller, id): (Caller, PathId<CountId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<Nothing>,
) -> Answer {
    let raw = body.read().await?.raw;
    let command = Command::PostCount(count::Post { count_id: id.0, is_approver: sees_all(&caller) });
    let render = changed(&caller);
    post(&app, caller, (key, preferences, &raw), (command, render), None).await
}

/// Cancel a sheet
///
/// Nothing of it is posted. A posted sheet can't be cancelled: count again.
#[utoipa::path(
    operation_id = "counts_cancel",
    tag = "Counts",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), WriteHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/cancel")]
async fn cancel(
    app: Data<App>,
    (caller, id): (Caller, PathId<CountId>),
    key: IdempotencyKey,
    preferences: Preferences,
    body: Body<Nothing>,
) -> Answer {
    let raw = body.read().await?.raw;
    let render = changed(&caller);
    post(&app, caller, (key, preferences, &raw), (Command::CancelCount(count::Cancel(id.0)), render), None)
        .await
}
