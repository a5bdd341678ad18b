//! Recalls: a lot is no longer sold, and the customers who got it are listed.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use domain::id::LotId;
use domain::lot::RecallLot;
use domain::refusal::Problems;
use domain::text::{Filled200, is_blank};
use serde::Deserialize;
use service::posting::Command;
use service::stock::recall::{self, LotRecall};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::idempotency::PostHeaders;
use crate::params::PathId;
use crate::posting::Post;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create).service(show);
}

/// The reason for a recall.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LotRecallCreate)]
struct RecallIn {
    /// Reason for the recall.
    reason: Filled200,
}

/// Recall a lot
///
/// The lot is no longer sold or shipped, in either channel. Its available units go into quarantine at every location.
/// Units that are reserved for orders stay reserved and are not shipped. The response lists the customers to call.
///
/// If you repeat the recall, it also puts units that were returned or became available since into quarantine, and
/// returns the list as it is then.
#[utoipa::path(
    operation_id = "lots_recall",
    security(("bearer" = ["stock:write", "customers:read"])),
    params(("id" = LotId, Path, description = "The lot."), PostHeaders),
    request_body = RecallIn,
    responses((status = 200, description = "The recall.", body = LotRecall))
)]
#[post("/v1/lots/{id}/recall")]
async fn create(post: Post, id: PathId<LotId>) -> Answer {
    post.send(|input: RecallIn, _| to_command(id.0, input.reason)).await
}

fn to_command(lot_id: LotId, reason: Filled200) -> Result<Command, ApiError> {
    let mut problems = Problems::default();
    if is_blank(&reason) {
        problems.invalid("/reason", "Say why the lot is recalled.");
    }
    let reason = reason.checked(&mut problems, "/reason");
    problems.check()?;
    Ok(Command::RecallLot(RecallLot { lot_id, reason }))
}

/// Get a recall
///
/// Returns the recall of a lot as it is now: its units in quarantine, its reservations, and the customers to call.
#[utoipa::path(
    operation_id = "lots_recall_get",
    security(("bearer" = ["stock:read", "customers:read"])),
    params(("id" = LotId, Path, description = "The lot.")),
    responses((status = 200, description = "The recall.", body = LotRecall))
)]
#[get("/v1/lots/{id}/recall")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LotId>) -> Answer {
    let recall = app.db.report(caller.tenant_id, async |tx| recall::get(tx, id.0).await).await?;
    Ok(HttpResponse::Ok().json(recall))
}
