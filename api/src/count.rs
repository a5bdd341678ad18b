//! Counts: sheets, what is entered on them, and what they post.

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
use service::posting::Command;
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

pub use self::form::CountOut;
use self::form::{CompleteIn, CountIn, EntriesIn, RecountIn};
use crate::body::Nothing;
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    // Before the sheets, which any other word in their place would name.
    cfg.configure(plan::routes).configure(setting::routes);
    cfg.service(open).service(enter).service(complete).service(recount).service(post_count).service(cancel);
    cfg.configure(read::routes).configure(entry::routes);
}

const COUNTS: &str = "/v1/counts";

/// Whether the caller sees what a blind sheet expects.
pub(crate) fn sees_all(caller: &service::Caller) -> bool {
    caller.scopes.contains(Scope::CountsApprove)
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
    security(("bearer" = ["counts:write"])),
    request_body = CountIn,
    responses((status = 201, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts")]
async fn open(post: Post) -> Answer {
    let (input, posting) = post.read::<CountIn>().await?;
    let mut problems = Problems::default();
    let reference = text::checked(&mut problems, "/reference", input.reference.clone());
    let selection = input.selection(&mut problems);
    problems.check()?;
    let read = async |tx: &service::Tx| service::count::select(tx, input.location_id, &selection).await;
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
    posting.create::<CountId>(COUNTS, command).await
}

/// Enter what was counted
///
/// In any unit, with the instant of the counting. Figures of one product add up, unless one replaces what was entered
/// before. A product that is not on the sheet gets a line: it was found. Of a product that is tracked each lot is counted
/// by itself (`lot_code`), and each serial number is there, 1, or not, 0. A lot that nobody knows becomes one when the sheet
/// is posted, with the `expires_on` that was read off the goods; who sent it stays unknown until the lot is put right.
#[utoipa::path(
    operation_id = "counts_enter",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet.")),
    request_body = EntriesIn,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/entries")]
async fn enter(post: Post, id: PathId<CountId>) -> Answer {
    let command = |input: EntriesIn, _: &Caller| {
        Ok(Command::EnterCount(count::Enter { count_id: id.0, entries: input.entries()? }))
    };
    post.send(command).await
}

/// Declare a sheet counted
///
/// Lines that were counted once and differ by more than the tolerance are to be counted again: the sheet is in recount
/// until they are. Otherwise it is counted, and may be posted.
#[utoipa::path(
    operation_id = "counts_complete",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet.")),
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

/// Have lines counted again
///
/// Of a counted sheet, whatever the tolerance says.
#[utoipa::path(
    operation_id = "counts_recount",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet.")),
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
/// The differences become one adjustment with the reason `count`, and each line the anchor of its level: what happened by
/// `counted_at` is in the count, and changes nothing any more when it is learnt of later. Differences over the tenant's
/// limit need the scope `counts:approve`. What is promised to orders may turn out to be missing: then nothing is
/// available, and `stock.oversold` is raised. A line for which a later count is posted already changes nothing. What is
/// found is worth what its level says, else what its lot or product costs elsewhere. A serial number that was found here
/// while the record has it elsewhere is refused (`already_exists`): one piece can't be in two places.
#[utoipa::path(
    operation_id = "counts_post",
    security(("bearer" = ["stock:write"])),
    params(("id" = CountId, Path, description = "The sheet.")),
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

/// Cancel a sheet
///
/// Nothing of it is posted. A posted sheet can't be cancelled: count again.
#[utoipa::path(
    operation_id = "counts_cancel",
    security(("bearer" = ["counts:write"])),
    params(("id" = CountId, Path, description = "The sheet.")),
    request_body = Nothing,
    responses((status = 200, description = "The sheet.", body = CountOut))
)]
#[post("/v1/counts/{id}/cancel")]
async fn cancel(post: Post, id: PathId<CountId>) -> Answer {
    post.empty(Command::CancelCount(count::Cancel(id.0))).await
}
