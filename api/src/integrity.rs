//! The integrity check: stock, cost and ledger agree.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use service::integrity::{self, Integrity};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Check the integrity of the books
///
/// Returns nine facts, computed from the raw rows on one snapshot: stock against its movements, reservations, balanced
/// entries, inventory, receivables, payables and cash against the ledger, and the reports against the ledger. Each has the
/// number of figures compared and the number of those that differ. In healthy books none differ.
#[utoipa::path(
    operation_id = "integrity_get",
    security(("bearer" = ["reports:read", "costs:read"])),
    responses((status = 200, description = "The facts, whether they hold or not.", body = Integrity))
)]
#[get("/v1/integrity")]
async fn show(app: Data<App>, caller: Caller) -> Answer {
    Ok(HttpResponse::Ok().json(integrity::check(&app.db, caller.tenant_id).await?))
}
