//! The caller of a request. API keys, users and logins have a file each.

mod custom_role;
mod form;
mod invitation;
mod keys;
mod oidc;
mod own_session;
mod password;
mod provider;
mod role;
mod second_factor;
mod session;
mod users;

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use domain::bounds::Bounds;
use domain::id::{CustomerId, LocationId, TenantId};
use domain::number::{Money, Percent};
use domain::tag;
use domain::tenant::Channel;
use serde::Serialize;
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use form::scopes_schema;

use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(me);
    cfg.configure(keys::routes).configure(users::routes).configure(role::routes);
    cfg.configure(session::routes).configure(password::routes).configure(own_session::routes);
    cfg.configure(second_factor::routes).configure(invitation::routes);
    cfg.configure(provider::routes).configure(oidc::routes).configure(custom_role::routes);
}

/// The caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Me {
    object: tag::Me,
    /// The tenant that the credential belongs to.
    tenant: MeTenant,
    /// Kind of the credential: `api_key`, `user` or `customer`.
    #[schema(value_type = String, max_length = 16, example = "api_key")]
    actor_kind: &'static str,
    /// The name of the key, user or customer.
    #[schema(max_length = 200, example = "Web shop")]
    actor_name: String,
    /// The customer of a customer session. Null for other credentials.
    #[schema(example = json!(null))]
    customer_id: Option<CustomerId>,
    /// Scopes of the credential.
    #[schema(schema_with = scopes_schema)]
    scopes: Vec<&'static str>,
    /// Bounds of the credential. A user has none.
    bounds: MeBounds,
    /// Time of the server.
    server_time: DateTime<Utc>,
    /// The version of the API.
    #[schema(value_type = String, max_length = 32, example = "0.1.0")]
    api_version: &'static str,
}

/// Bounds of a credential, also those of the keys that it acts for. A null bounds nothing.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct MeBounds {
    /// When the credential ends.
    expires_at: Option<DateTime<Utc>>,
    /// Locations at which it may write documents.
    #[schema(max_items = 500)]
    locations: Option<Vec<LocationId>>,
    /// Channels in which it may write documents.
    #[schema(max_items = 2, example = json!(["retail"]))]
    channels: Option<Vec<Channel>>,
    /// Largest amount of a document that it may write, in the tenant's currency.
    amount_max: Option<Money>,
    /// Largest discount that it may give, in percent.
    discount_max: Percent,
}

impl MeBounds {
    fn of(caller: &Caller) -> Self {
        let limits = &caller.limits;
        let Bounds { locations, channels, amount_max } = &limits.bounds;
        MeBounds {
            expires_at: limits.ends_at,
            locations: locations.as_ref().map(|ids| ids.iter().copied().collect()),
            channels: channels.as_ref().map(|channels| channels.iter().copied().collect()),
            amount_max: *amount_max,
            discount_max: caller.discount_max(),
        }
    }
}

/// The tenant that the credential belongs to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct MeTenant {
    /// The tenant's id.
    id: TenantId,
    /// Name of the tenant in logins.
    #[schema(max_length = 63, example = "nordwind")]
    slug: String,
    /// Name of the tenant.
    #[schema(max_length = 200, example = "Nordwind Supply")]
    name: String,
    /// ISO 4217 code of the tenant's currency.
    #[schema(max_length = 3, example = "EUR")]
    currency: String,
    /// IANA name of the tenant's time zone. Its days begin in this zone.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    time_zone: String,
    /// ISO 3166-1 alpha-2 code of the tenant's country.
    #[schema(max_length = 2, example = "DE")]
    country: String,
}

/// Get the caller
///
/// Returns the tenant, the scopes and the bounds of the credential. Make it the first call of an integration.
#[utoipa::path(
    operation_id = "me_get",
    extensions(("x-publishable" = json!(true))),
    security(("bearer" = [])),
    responses((status = 200, description = "The caller.", body = Me))
)]
#[get("/v1/me")]
async fn me(app: Data<App>, caller: Caller) -> Answer {
    let identity = app.auth.identify(&caller).await?;
    let tenant = identity.tenant;
    Ok(HttpResponse::Ok().json(Me {
        object: tag::Me,
        tenant: MeTenant {
            id: tenant.tenant_id,
            slug: tenant.slug,
            name: tenant.name,
            currency: tenant.currency,
            time_zone: tenant.time_zone,
            country: tenant.country,
        },
        actor_kind: caller.actor_kind.into(),
        actor_name: identity.name,
        customer_id: caller.customer_id,
        scopes: caller.scopes.iter().map(Scope::as_str).collect(),
        bounds: MeBounds::of(&caller),
        server_time: identity.at,
        api_version: env!("CARGO_PKG_VERSION"),
    }))
}
