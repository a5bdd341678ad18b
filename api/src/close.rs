//! Closing a month.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use service::close::{self, Close, CloseInput, CloseRecord, Month, ReopenInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::problem::ErrorCode;
use crate::write::Write;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(create).service(reopen);
}

/// Get the close of a month
///
/// Returns the month with the checklist of its close as of now: open sessions of tills, exceptions, stock below zero and its costs,
/// count sheets, drafts, shipments without an invoice, payments that are not applied, and control accounts that differ from their
/// sub-ledger. Each item has the number of its records and the list that shows them. The month must have begun.
#[utoipa::path(
    operation_id = "closes_get",
    security(("bearer" = ["ledger:read"])),
    params(("period" = String, Path, description = "The month.", max_length = 7, pattern = r"^\d{4}-\d{2}$", example = "2026-03")),
    responses((status = 200, description = "The month.", body = Close))
)]
#[get("/v1/close/{period}")]
async fn show(app: Data<App>, caller: Caller, period: Path<String>) -> Answer {
    let month = parse(&period)?;
    let read = async |tx: &service::Tx| close::get(tx, month).await;
    Ok(HttpResponse::Ok().json(app.db.report(caller.tenant_id, read).await?))
}

/// Close a month
///
/// Closes the month and every earlier one: the lock on closed periods moves to the last day of the month. Each open
/// item of the checklist needs a reason, which is stored. Without one, the close is rejected (422), and the problem
/// names the items. A month that is not over is rejected (422). A closed month is rejected (409).
#[utoipa::path(
    operation_id = "closes_create",
    security(("bearer" = ["periods:lock"])),
    params(("period" = String, Path, description = "The month.", max_length = 7, pattern = r"^\d{4}-\d{2}$", example = "2026-03")),
    request_body = CloseInput,
    responses((status = 200, description = "The record of the closing.", body = CloseRecord))
)]
#[post("/v1/close/{period}")]
async fn create(write: Write, period: Path<String>, body: Body<CloseInput>) -> Answer {
    let month = parse(&period)?;
    let work = async |tx: &service::Tx, input: &CloseInput| {
        let made = close::close(tx, month, input).await?;
        Ok((Some(made.id.0), made))
    };
    write.taking_long().step("period_lock.closed", body, work).await
}

/// Open a month again
///
/// Moves the lock on closed periods back to the day before the month, so the month and every later one are open. Posted
/// entries keep their day. A month that is open is rejected (409).
#[utoipa::path(
    operation_id = "closes_reopen",
    security(("bearer" = ["periods:lock"])),
    params(("period" = String, Path, description = "The month.", max_length = 7, pattern = r"^\d{4}-\d{2}$", example = "2026-03")),
    request_body = ReopenInput,
    responses((status = 200, description = "The record of the reopening.", body = CloseRecord))
)]
#[post("/v1/close/{period}/reopen")]
async fn reopen(write: Write, period: Path<String>, body: Body<ReopenInput>) -> Answer {
    let month = parse(&period)?;
    let work = async |tx: &service::Tx, input: &ReopenInput| {
        let made = close::reopen(tx, month, input).await?;
        Ok((Some(made.id.0), made))
    };
    write.step("period_lock.reopened", body, work).await
}

fn parse(period: &str) -> Result<Month, ApiError> {
    Month::parse(period).ok_or_else(|| {
        ApiError::new(ErrorCode::InvalidParameter, "Send a month of the calendar, such as 2026-03.")
            .at_parameter("period")
    })
}
