//! The trace of a lot: from the supplier to every customer.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::id::LotId;
use service::stock::trace::{self, Trace};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::params::PathId;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Trace a lot
///
/// Returns the receipts of the lot, its sales to customers of both channels, and where the rest is: on hand, in
/// transit, reserved, in quarantine, written off. If the quantities don't add up, `sums` has the difference.
#[utoipa::path(
    operation_id = "lots_trace",
    security(("bearer" = ["stock:read", "customers:read"])),
    params(("id" = LotId, Path, description = "The lot's id.")),
    responses((status = 200, description = "The trace.", body = Trace))
)]
#[get("/v1/lots/{id}/trace")]
async fn show(app: Data<App>, caller: Caller, id: PathId<LotId>) -> Answer {
    let read = async |tx: &service::Tx| trace::find(tx, id.0).await;
    let trace = app.db.report(caller.tenant_id, read).await?;
    Ok(HttpResponse::Ok().json(trace))
}
