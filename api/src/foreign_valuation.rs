//! Valuation of items that are open in other currencies.

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, get, post};
use chrono::NaiveDate;
use domain::day;
use domain::id::EntryId;
use domain::journal::ValueForeign;
use domain::refusal::Problems;
use domain::text::{self, Filled500};
use serde::Deserialize;
use service::foreign_valuation::{self, ForeignValuation};
use service::ledger::JournalEntry;
use service::posting::Command;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::posting::Post;
use crate::problem::ErrorCode;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(create);
}

/// The valuation of a day.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ForeignValuationIn {
    /// Purpose of the entry. If absent, it names the day.
    memo: Option<Filled500>,
}

/// Get the valuation of a day
///
/// Returns the bills, invoices, credit notes and unapplied payments of customers in other currencies that are open at the end of a day,
/// each with its value at the rate of the day and the unrealised loss. Nothing is posted. `entry_id` names the entry of the valuation, if
/// the day is valued. A later document of an earlier day can change the items, but not the entry. More than 5,000 items are rejected (409).
#[utoipa::path(
    operation_id = "foreign_valuations_get",
    security(("bearer" = ["ledger:read", "costs:read"])),
    params(("day" = String, Path, description = "The day.", max_length = 10, pattern = r"^\d{4}-\d{2}-\d{2}$", example = "2026-11-30")),
    responses((status = 200, description = "The items.", body = ForeignValuation))
)]
#[get("/v1/foreign-valuations/{day}")]
async fn show(app: Data<App>, caller: Caller, day: Path<String>) -> Answer {
    let day = parse(&day)?;
    let read = async |tx: &service::Tx| foreign_valuation::get(tx, day).await;
    Ok(HttpResponse::Ok().json(app.db.report(caller.tenant_id, read).await?))
}

/// Value open items of a day
///
/// Values the bills, invoices, credit notes and unapplied payments of customers in other currencies that are open at the end of a day, at
/// the rates of the day. The difference from the books is posted to unrealised exchange differences (6045) against the valuation of foreign
/// payables (2010) and of foreign receivables (1105), and taken back on the next day. The day must be over, and each currency needs a rate
/// on the day or before (422). A day without a difference is rejected (422), as is a closed day (409). A day is valued once: a repeat
/// returns the entry of the first valuation, and posts nothing.
#[utoipa::path(
    operation_id = "foreign_valuations_create",
    security(("bearer" = ["ledger:write", "costs:read"])),
    params(
        ("day" = String, Path, description = "The day.", max_length = 10, pattern = r"^\d{4}-\d{2}-\d{2}$", example = "2026-11-30"),
        PostHeaders
    ),
    request_body = ForeignValuationIn,
    responses((status = 201, description = "The entry.", body = JournalEntry))
)]
#[post("/v1/foreign-valuations/{day}")]
async fn create(post: Post, day: Path<String>) -> Answer {
    let day = parse(&day)?;
    let command = |input: ForeignValuationIn, caller: &Caller| {
        let mut problems = Problems::default();
        let memo = text::checked(&mut problems, "/memo", input.memo);
        problems.check()?;
        Ok(Command::ValueForeign(ValueForeign { tenant_id: caller.tenant_id, day, memo }))
    };
    post.create::<EntryId, _, _>("/v1/journal-entries", command).await
}

fn parse(day: &str) -> Result<NaiveDate, ApiError> {
    day::read(day).map_err(|_| {
        ApiError::new(ErrorCode::InvalidParameter, "Send a day of the calendar, such as 2026-11-30.")
            .at_parameter("day")
    })
}
