//! A tenant's settings.

use actix_web::web::Data;
use actix_web::{get, patch};
use domain::id::TenantId;
use service::tenant::settings::{self, Settings, SettingsInput};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::body::Body;
use crate::patch::Patch;
use crate::record::record;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(get).service(update);
}

record!(Settings, tenant_id: TenantId);

/// Get your settings
///
/// Returns the settings of the tenant.
#[utoipa::path(
    operation_id = "settings_get",
    security(("bearer" = ["ledger:read"])),
    params(ReadHeaders),
    responses((status = 200, description = "Your settings.", body = Settings))
)]
#[get("/v1/settings")]
async fn get(app: Data<App>, caller: Caller, seen: IfNoneMatch) -> Answer {
    let row = app.db.read(caller.tenant_id, settings::get).await?;
    Ok(seen.answer(row.version, row))
}

/// A change of the currency writes up to 40,000 rows in two statements. It may take as long as a batch of so many records:
/// 22.5 seconds.
const CURRENCY_TIME_RECORDS: usize = 2_001;

/// Change your settings
///
/// Takes a merge patch. Currency, time zone and whether prices include tax are fixed by the first document: a change is then
/// rejected (`setting_fixed`). The currency changes with that of at most 20,000 customers and 20,000 price lists. Everything else can change at any time. Documents stay as they are. Other servers may take 5
/// seconds to see a change.
#[utoipa::path(
    operation_id = "settings_update",
    security(("bearer" = ["settings:write"])),
    request_body = Patch<SettingsInput>,
    responses((status = 200, description = "Your settings as they are now.", body = Settings))
)]
#[patch("/v1/settings")]
async fn update(write: Write, body: Body<MergePatch>) -> Answer {
    write
        .changing_setup()
        .of_records(CURRENCY_TIME_RECORDS)
        .patch("settings.updated", body, async |tx, expected, change| {
            settings::update(tx, expected, change).await
        })
        .await
}
