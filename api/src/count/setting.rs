//! Settings of counts.

use actix_web::web::Data;
use actix_web::{get, put};
use service::count::setting::{self, CountSettings, CountSettingsInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{Stated, Write};
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
    params(ReadHeaders),
    responses((status = 200, description = "The settings.", body = CountSettings))
)]
#[get("/v1/counts/settings")]
async fn show(app: Data<App>, caller: Caller, seen: IfNoneMatch) -> Answer {
    let settings = app.db.read(caller.tenant_id, async |tx| setting::get(tx).await).await?;
    Ok(seen.answer(settings.version, settings))
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
        .put("count_settings.stated", body, async |tx, expected, input| {
            let record = setting::set(tx, expected, input).await?;
            Ok(Stated { id: Some(tx.tenant_id.0), also_changed: Vec::new(), version: record.version, record })
        })
        .await
}
