//! Count sheets: open, enter, complete, recount, post, reverse, cancel.

mod entry;
mod form;
mod plan;
mod read;
mod setting;

use actix_web::post;
use domain::count::{self, Complete, Recount};
use domain::id::CountId;
use domain::refusal::Problems;
use domain::text;
use service::posting::{Command, Stated};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

pub use self::form::CountOut;
use self::form::{CompleteIn, CountIn, EntriesIn, RecountIn, ReverseIn};
use crate::body::Nothing;
use crate::idempotency::PostHeaders;
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    // Before the sheets, because `/v1/counts/{id}` also matches these paths.
    cfg.configure(plan::routes).configure(setting::routes);
    cfg.service(open).service(enter).service(complete).service(recount).service(post_count).service(cancel);
    cfg.service(reverse);
    cfg.configure(read::routes).configure(entry::routes);
}

const COUNTS: &str = "/v1/counts";

/// Whether the caller sees the expected quantities of a blind sheet.
pub(crate) fn sees_all(caller: &service::Caller) -> bool {
    caller.scopes.contains(Scope::CountsApprove)
}

/// Open a count sheet
///
/// Takes the products of a category, named ones, all that the location has, or the most urgent of the plan. Without a
/// choice the sheet is empty, and each counted product gets a line. A tracked product has a line for each lot or serial
/// number that the location has. A sheet locks nothing: each figure is compared with the record as of the time of
/// counting. On a blind sheet, only a caller with the scope `counts:approve` sees the expected quantities.
#[utoipa::path(
    operation_id = "counts_create",
    security(("bearer" = ["counts:write"])),
    params(PostHeaders),
    request_body = CountIn,
    responses((status = 201, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts")]
async fn open(post: Post) -> Answer {
    let (input, posting) = post.read::<CountIn>().await?;
    let mut wrong = Problems::default();
    let reference = text::checked(&mut wrong, "/reference", input.reference.clone());
    let selection = input.selection(&mut wrong);
    let key = posting.stored_key().await;
    let read = async |tx: &service::Tx| {
        // The stored response is returned, also if a product has another SKU since.
        if let Some(key) = &key
            && service::command::is_stored(tx, key).await?
        {
            return Ok(Vec::new());
        }
        service::count::select(tx, input.location_id, &selection, &mut wrong).await
    };
    let lines = posting.app.db.read(posting.caller.tenant_id, read).await?;
    let command = Command::OpenCount(count::Open {
        id: input.id,
        location_id: input.location_id,
        lines,
        blind: input.blind,
        tolerance_percent: input.tolerance_percent,
        tolerance_value: input.tolerance_value,
        reference,
    });
    posting.create::<CountId>(COUNTS, Stated { command, wrong }).await
}

/// Enter counted quantities
///
/// Takes quantities in any unit, each with the time of counting. Figures of one product add up, unless one replaces the
/// earlier ones. A product that is not on the sheet gets a line, except in a recount. Each lot of a tracked product is
/// counted separately (`lot_code`). A serial number counts 1 if it is there, otherwise 0. A lot that is not known is
/// created when the sheet is posted, with the `expires_on` of its label. Its supplier stays unknown until the lot is
/// corrected.
#[utoipa::path(
    operation_id = "counts_enter",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), PostHeaders),
    request_body = EntriesIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/entries")]
async fn enter(post: Post, id: PathId<CountId>) -> Answer {
    let command = |input: EntriesIn, _: &Caller| {
        let mut wrong = Problems::default();
        let entries = input.entries(&mut wrong);
        Ok(Stated { command: Command::EnterCount(count::Enter { count_id: id.0, entries }), wrong })
    };
    post.send(command).await
}

/// Complete a count sheet
///
/// A line that was counted once and differs by more than the tolerance must be counted again: the sheet is then in
/// recount. Otherwise the sheet is counted and can be posted.
#[utoipa::path(
    operation_id = "counts_complete",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), PostHeaders),
    request_body = CompleteIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/complete")]
async fn complete(post: Post, id: PathId<CountId>) -> Answer {
    let command = |CompleteIn { skip_uncounted }, _: &Caller| {
        Ok(Command::CompleteCount(Complete { count_id: id.0, skip_uncounted }))
    };
    post.send(command).await
}

/// Recount lines
///
/// Sends lines of a counted sheet back to be counted again, also those within the tolerance.
#[utoipa::path(
    operation_id = "counts_recount",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), PostHeaders),
    request_body = RecountIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/recount")]
async fn recount(post: Post, id: PathId<CountId>) -> Answer {
    let command =
        |RecountIn { lines }, _: &Caller| Ok(Command::RecountLines(Recount { count_id: id.0, lines }));
    post.send(command).await
}

/// Post a counted sheet
///
/// Posts the differences as one adjustment with the reason `count`. Each line sets the `counted_at` of its level:
/// movements dated up to then are part of the count, and one that is recorded later no longer changes the level.
/// Differences above the tenant's limit need the scope `counts:approve`.
///
/// If fewer units are counted than are reserved, nothing is available and `stock.oversold` is raised. A line changes
/// nothing if a later count of its level is posted already. Found units get the unit cost of their level, else that of
/// their lot or product elsewhere. A serial number that the record has at another location is rejected
/// (`already_exists`).
#[utoipa::path(
    operation_id = "counts_post",
    security(("bearer" = ["stock:write"])),
    params(("id" = CountId, Path, description = "The sheet."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/post")]
async fn post_count(post: Post, id: PathId<CountId>) -> Answer {
    let command = |_: Nothing, caller: &Caller| {
        Ok(Command::PostCount(count::Post { count_id: id.0, is_approver: sees_all(caller) }))
    };
    post.send(command).await
}

/// Reverse a posted sheet
///
/// Takes back what the sheet posted, as one adjustment with the reason `count`. With first in, first out, lost units come back to their
/// cost layers. Gives each level the `counted_at` of the count
/// before. Movements that were recorded late and that the count had left out change the level again. Rejected if a level was counted
/// again since (reverse that count first), or if units that the count found have left since.
#[utoipa::path(
    operation_id = "counts_reverse",
    security(("bearer" = ["stock:write", "counts:approve"])),
    params(("id" = CountId, Path, description = "The sheet."), PostHeaders),
    request_body = ReverseIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/reverse")]
async fn reverse(post: Post, id: PathId<CountId>) -> Answer {
    let command = |input: ReverseIn, _: &Caller| {
        Ok(Command::ReverseCount(count::Reverse { count_id: id.0, reason: input.reason()? }))
    };
    post.send(command).await
}

/// Cancel a sheet
///
/// Posts nothing. A posted sheet can't be cancelled: reverse it.
#[utoipa::path(
    operation_id = "counts_cancel",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet."), PostHeaders),
    request_body = Nothing,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/cancel")]
async fn cancel(post: Post, id: PathId<CountId>) -> Answer {
    post.empty(Command::CancelCount(count::Cancel(id.0))).await
}
