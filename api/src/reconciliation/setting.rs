//! Settings of the reconciliation.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use service::reconcile::setting::{self, Settings, SettingsInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get).service(put);
}

/// Get the settings of the reconciliation
///
/// Returns the settings, or the usual ones if none were stated.
#[utoipa::path(
    operation_id = "reconciliation_settings_get",
    security(("bearer" = ["reconciliation:read"])),
    responses((status = 200, description = "The settings.", body = Settings))
)]
#[get("/v1/reconciliation/settings")]
async fn get(app: Data<App>, caller: Caller) -> Answer {
    Ok(HttpResponse::Ok().json(app.db.read(caller.tenant_id, setting::get).await?))
}

/// State the settings of the reconciliation
///
/// Replaces all settings. A field that is absent gets its usual value. With a registered system as `reference`, the others are
/// compared with that system, and you need no product, location or stock here (shadow mode).
#[utoipa::path(
    operation_id = "reconciliation_settings_put",
    security(("bearer" = ["reconciliation:write"])),
    request_body = SettingsInput,
    responses((status = 200, description = "The settings as they are now.", body = Settings))
)]
#[put("/v1/reconciliation/settings")]
async fn put(write: Write, body: Body<SettingsInput>) -> Answer {
    write
        .put("reconcile_settings.stated", body, async |tx, input| {
            Ok((None, setting::replace(tx, input).await?))
        })
        .await
}
