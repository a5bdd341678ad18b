//! Settings of counts.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, put};
use service::count::setting::{self, CountSettings, CountSettingsInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::write::Write;
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show).service(set);
}

/// Get the settings of counts
///
/// Returns the tolerance of a line, and the value up to which a sheet is posted without an approver.
#[utoipa::path(
    operation_id = "count_settings_get",
    security(("bearer" = ["counts:read"])),
    responses((status = 200, description = "The settings.", body = CountSettings))
)]
#[get("/v1/counts/settings")]
async fn show(app: Data<App>, caller: Caller) -> Answer {
    let settings = app.db.read(caller.tenant_id, async |tx| setting::get(tx).await).await?;
    Ok(HttpResponse::Ok().json(settings))
}

/// Replace the settings of counts
///
/// Replaces all of them. An absent field sets no limit. Open sheets keep their tolerance.
#[utoipa::path(
    operation_id = "count_settings_put",
    security(("bearer" = ["counts:approve"])),
    request_body = CountSettingsInput,
    responses((status = 200, description = "The settings.", body = CountSettings))
)]
#[put("/v1/counts/settings")]
async fn set(write: Write, body: Body<CountSettingsInput>) -> Answer {
    write
        .put("count_settings.stated", body, async |tx, input| {
            Ok((Some(tx.tenant_id.0), setting::set(tx, input).await?))
        })
        .await
}
