//! A tenant's settings.

use actix_web::web::Data;
use actix_web::{get, patch};
use chrono::{DateTime, Utc};
use domain::id::TenantId;
use domain::stock::CostingMethod;
use domain::tag;
use domain::tenant::TaxRounding;
use serde::Serialize;
use service::tenant::settings::{self, SettingsInput};
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

/// Settings of the tenant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Settings {
    #[serde(skip)]
    #[schema(ignore)]
    id: TenantId,
    object: tag::Settings,
    /// Name of the tenant.
    #[schema(max_length = 200, example = "Nordwind Supply")]
    name: String,
    /// ISO 4217 code of the tenant's only currency.
    #[schema(max_length = 3, example = "GBP")]
    currency: String,
    /// ISO 3166-1 alpha-2 code of the tenant's country.
    #[schema(max_length = 2, example = "GB")]
    country: String,
    /// IANA name of the tenant's time zone. Its days begin in this zone.
    #[schema(max_length = 64, example = "Europe/London")]
    time_zone: String,
    /// Whether list prices contain tax.
    #[schema(example = false)]
    prices_include_tax: bool,
    /// Rounding of tax.
    tax_rounding: Option<TaxRounding>,
    /// Costing method of products without one of their own.
    costing_method: CostingMethod,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When they last changed.
    updated_at: DateTime<Utc>,
}

impl From<entity::tenant::Model> for Settings {
    fn from(row: entity::tenant::Model) -> Self {
        Settings {
            id: row.tenant_id,
            object: tag::Settings,
            name: row.name,
            currency: row.currency,
            country: row.country,
            time_zone: row.time_zone,
            prices_include_tax: row.prices_include_tax,
            tax_rounding: row.tax_rounding.parse().ok(),
            costing_method: row.costing_method,
            version: row.version,
            updated_at: row.updated_at,
        }
    }
}

record!(Settings, TenantId);

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
    Ok(seen.answer(row.version, Settings::from(row)))
}

/// Change your settings
///
/// Takes a merge patch. Only the costing method can change.
#[utoipa::path(
    operation_id = "settings_update",
    security(("bearer" = ["ledger:write"])),
    request_body = Patch<SettingsInput>,
    responses((status = 200, description = "Your settings as they are now.", body = Settings))
)]
#[patch("/v1/settings")]
async fn update(write: Write, body: Body<MergePatch>) -> Answer {
    write
        .changing_setup()
        .patch("settings.updated", body, Settings::from, async |tx, expected, change| {
            settings::update(tx, expected, change).await
        })
        .await
}
