//! Settings of the reconciliation.

use actix_web::web::Data;
use actix_web::{get, put};
use service::reconcile::setting::{self, Settings, SettingsInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{Stated, Write};
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
    params(ReadHeaders),
    responses((status = 200, description = "The settings.", body = Settings))
)]
#[get("/v1/reconciliation/settings")]
async fn get(app: Data<App>, caller: Caller, seen: IfNoneMatch) -> Answer {
    let settings = app.db.read(caller.tenant_id, setting::get).await?;
    seen.answer_content(settings.version, settings)
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
        .put("reconcile_settings.stated", body, async |tx, expected, input| {
            let record = setting::replace(tx, expected, input).await?;
            Ok(Stated { id: None, also_changed: Vec::new(), version: record.version, record })
        })
        .await
}
