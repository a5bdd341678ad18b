//! API keys: list, create, get, revoke, rotate. A model for other areas: wire types first, then routes of about ten
//! lines.

use actix_web::web::Data;
use actix_web::{delete, get, post};
use chrono::{DateTime, Utc};
use domain::id::{ApiKeyId, LocationId, UserId};
use domain::moment::Instant;
use domain::number::{Money, Percent};
use domain::tag;
use domain::tenant::Channel;
use entity::api_key;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::auth::{ApiKeyCreate, KeyKind, KeyMode, NewKey, keys};
use utoipa_actix_web::service_config::ServiceConfig;

use super::form::{self, kind_schema, mode_schema, scopes_schema};
use crate::body::{Body, Input};
use crate::list::{List, NoFilters, Page};
use crate::params::PathId;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{Secret, Write};
use crate::{Answer, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get).service(revoke).service(rotate);
}

/// An API key, without the key itself. It works until `expires_at`, unless `revoked_at` is set.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ApiKey {
    /// Id of the key.
    id: ApiKeyId,
    object: tag::ApiKey,
    /// Name of the key, such as its purpose.
    #[schema(max_length = 200, example = "Web shop")]
    name: String,
    /// `sk` for servers, `pk` for browsers.
    #[schema(schema_with = kind_schema)]
    kind: String,
    /// `live` or `test`.
    #[schema(schema_with = mode_schema)]
    mode: String,
    /// Beginning of the key.
    #[schema(max_length = 11, example = "sw_live_sk_")]
    prefix: String,
    /// Last four characters of the key.
    #[schema(max_length = 4, example = "x7Qp")]
    last4: String,
    /// Scopes of the key.
    #[schema(schema_with = scopes_schema)]
    scopes: Vec<String>,
    /// Networks that the key may be used from. Empty: any network.
    #[schema(max_items = 50, example = json!(["192.0.2.0/24"]))]
    ip_allowlist: Vec<String>,
    /// Locations at which it may write documents. Null: all.
    #[schema(max_items = 500)]
    locations: Option<Vec<LocationId>>,
    /// Channels in which it may write documents. Null: both.
    #[schema(max_items = 2, example = json!(["retail"]))]
    channels: Option<Vec<String>>,
    /// Largest amount of a document that it may write, in the tenant's currency. Null: any.
    amount_max: Option<Money>,
    /// Largest discount that it may give, in percent. Null: 100 with `prices:override`, else 10.
    #[schema(example = json!(null))]
    discount_max: Option<Percent>,
    /// Origins of the pages that may use a publishable key; `*` for all. Empty for other keys.
    #[schema(max_items = 50, example = json!([]))]
    origins: Vec<String>,
    /// Key that it acts for: it ends with that key. Null: it acts for a user or the operator.
    parent_id: Option<ApiKeyId>,
    /// User that it acts for: it has at most the scopes that the user has now, and ends with the user. Null: it acts for
    /// a key or the operator.
    user_id: Option<UserId>,
    /// When the key expires. Null: never.
    #[schema(example = "2027-01-01T00:00:00Z")]
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked. Null: it was not.
    #[schema(example = json!(null))]
    revoked_at: Option<DateTime<Utc>>,
    /// Id of the key that replaces it.
    rotated_to: Option<ApiKeyId>,
    /// When it was last used, to the minute.
    last_used_at: Option<DateTime<Utc>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<api_key::Model> for ApiKey {
    fn from(row: api_key::Model) -> Self {
        ApiKey {
            id: row.id,
            object: tag::ApiKey,
            name: row.name,
            kind: row.kind,
            mode: row.mode,
            prefix: row.prefix,
            last4: row.last4,
            scopes: row.scopes,
            ip_allowlist: row.ip_allowlist,
            locations: row.locations.map(|ids| ids.into_iter().map(LocationId).collect()),
            channels: row.channels,
            amount_max: row.amount_max,
            discount_max: row.discount_max,
            origins: row.origins,
            parent_id: row.parent_id,
            user_id: row.user_id,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            rotated_to: row.rotated_to,
            last_used_at: row.last_used_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A new API key. Only this response contains the key itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ApiKeySecret {
    /// Record of the key.
    api_key: ApiKey,
    /// The key itself. It is returned once: it is null in a replay and in a dry run.
    #[schema(
        max_length = 49,
        pattern = "^sw_(live|test)_(sk|pk)_[0-9A-Za-z]{38}$",
        example = "sw_live_sk_abcdefghijklmnopqrstuvwxyz0123452ZtbCx"
    )]
    secret: Option<String>,
}

impl ApiKeySecret {
    fn of(new: NewKey) -> Secret<Self> {
        let shown_once =
            ApiKeySecret { secret: Some(new.reveal().to_owned()), api_key: new.row.clone().into() };
        Secret { id: new.row.id.0, kept: ApiKeySecret { secret: None, api_key: new.row.into() }, shown_once }
    }
}

fn location(id: uuid::Uuid) -> String {
    format!("/v1/api-keys/{}", ApiKeyId(id))
}

/// An API key to create.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ApiKeyIn {
    /// Name of the key, such as its purpose.
    #[schema(min_length = 1, max_length = 200, example = "Web shop")]
    name: String,
    /// `sk` for servers. `pk` for browsers, with at most `catalog:read`, `prices:read` and `stock:read`.
    #[serde(default = "form::server_key")]
    #[schema(schema_with = kind_schema)]
    kind: KeyKind,
    /// `live` or `test`.
    #[serde(default = "form::live_key")]
    #[schema(schema_with = mode_schema)]
    mode: KeyMode,
    /// Scopes of the key, at most those of the caller.
    #[schema(schema_with = scopes_schema)]
    scopes: Vec<String>,
    /// Networks that the key may be used from, as CIDR or single addresses. Empty: those of the caller.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["192.0.2.0/24"]))]
    ip_allowlist: Vec<String>,
    /// When the key expires. Absent: when the caller does.
    #[schema(example = "2027-01-01T00:00:00Z")]
    expires_at: Option<Instant>,
    /// Locations at which it may write documents: issue, receive, reserve or count. Absent: those of the caller.
    #[schema(min_items = 1, max_items = 500)]
    locations: Option<Vec<LocationId>>,
    /// Channels in which it may write documents. Absent: those of the caller.
    #[schema(min_items = 1, max_items = 2, example = json!(["retail"]))]
    channels: Option<Vec<Channel>>,
    /// Largest amount of one document, in the tenant's currency: the total of an order, sale, refund or return, a payment,
    /// the value of a stock document. Absent: that of the caller.
    #[schema(example = "500.00")]
    amount_max: Option<Money>,
    /// Largest discount that it may give, in percent, from 0 to 100. If absent, that of the caller, else 100 with
    /// `prices:override` and 10 without.
    #[schema(example = "15")]
    discount_max: Option<Percent>,
    /// Origins of the pages that may use a publishable key, as browsers send them, or `*` alone for all. Required for `pk`.
    #[serde(default)]
    #[schema(max_items = 50, example = json!([]))]
    origins: Vec<String>,
}

/// Rotation of a key.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RotateIn {
    /// Seconds for which the old key still works, at most 30 days.
    #[serde(default)]
    #[schema(maximum = 2_592_000, example = 86400)]
    overlap_seconds: u32,
}

/// List API keys
///
/// Returns every key of the tenant, oldest first, also expired and revoked ones. The keys themselves are not shown.
#[utoipa::path(
    operation_id = "api_keys_list",
    security(("bearer" = ["api_keys:read"])),
    responses((status = 200, description = "One page of keys.", body = Page<ApiKey>))
)]
#[get("/v1/api-keys")]
async fn list(caller: Caller, list: List<NoFilters>) -> Answer {
    let read = async |tx: &Tx, after: Option<ApiKeyId>, rows: u64| {
        let keys = keys::list(tx, after, rows).await?;
        Ok(keys.into_iter().map(ApiKey::from).collect::<Vec<_>>())
    };
    list.serve(caller, read, |key: &ApiKey| key.id).await
}

/// Create an API key
///
/// Returns the key itself, only this once. A key acts for its creator: it has at most the scopes and the bounds that the
/// creator has now, and ends with the creator. The bounds `locations`, `channels` and `amount_max` concern documents that the
/// key writes, on every route, and nothing that it reads.
#[utoipa::path(
    operation_id = "api_keys_create",
    security(("bearer" = ["api_keys:write"])),
    request_body = ApiKeyIn,
    responses((status = 201, description = "The key.", body = ApiKeySecret))
)]
#[post("/v1/api-keys")]
async fn create(write: Write, body: Body<ApiKeyIn>) -> Answer {
    let Input { value: input, raw, schema } = body.read().await?;
    let wanted = ApiKeyCreate {
        name: input.name,
        kind: input.kind,
        mode: input.mode,
        scopes: form::parse_scopes(&input.scopes).map_err(|error| schema.explain(&raw, error.into()))?,
        ip_allowlist: input.ip_allowlist,
        expires_at: input.expires_at.map(Instant::get),
        locations: input.locations,
        channels: input.channels,
        amount_max: input.amount_max,
        discount_max: input.discount_max,
        origins: input.origins,
    };
    keys::check_powers(&write.caller(), &wanted)?;
    let caller = write.caller();
    let make = async |tx: &Tx| Ok(ApiKeySecret::of(keys::create(tx, &caller, &wanted).await?));
    let created = write.create_secret(keys::CREATED, &raw, location, make).await;
    created.map_err(|error| schema.explain(&raw, error))
}

/// Get an API key
///
/// Returns one key, without the key itself.
#[utoipa::path(
    operation_id = "api_keys_get",
    security(("bearer" = ["api_keys:read"])),
    params(("id" = ApiKeyId, Path, description = "The key's id."), ReadHeaders),
    responses((status = 200, description = "The key.", body = ApiKey))
)]
#[get("/v1/api-keys/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<ApiKeyId>, seen: IfNoneMatch) -> Answer {
    let key = ApiKey::from(app.auth.get_key(&caller, id.0).await?);
    // The time of its last use changes no version.
    seen.answer_content(key.version, key)
}

/// Revoke an API key
///
/// The key stops working at once, and with it all keys that act for it. The caller needs all scopes and bounds of the key,
/// unless the key acts for the caller. Without Redis, another server may accept it for 5 seconds more. Revoking it again
/// changes nothing.
#[utoipa::path(
    operation_id = "api_keys_revoke",
    security(("bearer" = ["api_keys:write"])),
    params(("id" = ApiKeyId, Path, description = "The key's id.")),
    responses((status = 204, description = "The key is revoked."))
)]
#[delete("/v1/api-keys/{id}")]
async fn revoke(write: Write, id: PathId<ApiKeyId>) -> Answer {
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let end = async |tx: &Tx, expected: Option<i32>| {
        changed_powers.note(keys::revoke(tx, &caller, id.0, expected).await?);
        Ok(())
    };
    write.delete("api_key.revoked", Some(id.0.0), end).await
}

/// Rotate an API key
///
/// Creates a key with the same scopes and with the bounds of the whole chain, which acts for the caller. Keys that the old
/// one made end with it. The caller needs all scopes and bounds of the key, and must not act for it. The old key still works for `overlap_seconds`, so that callers can
/// change over one by one.
#[utoipa::path(
    operation_id = "api_keys_rotate",
    security(("bearer" = ["api_keys:write"])),
    params(("id" = ApiKeyId, Path, description = "The id of the key that is to be replaced.")),
    request_body = RotateIn,
    responses((status = 201, description = "The new key.", body = ApiKeySecret))
)]
#[post("/v1/api-keys/{id}/rotate")]
async fn rotate(write: Write, id: PathId<ApiKeyId>, body: Body<RotateIn>) -> Answer {
    let input = body.read().await?;
    let (caller, changed_powers) = (write.caller(), write.changed_powers());
    let seconds = input.value.overlap_seconds;
    let make = async |tx: &Tx| {
        let made = keys::rotate(tx, &caller, id.0, seconds).await?;
        changed_powers.note(true);
        Ok(ApiKeySecret::of(made))
    };
    let rotated = write.create_secret("api_key.rotated", &input.raw, location, make).await;
    rotated.map_err(|error| input.explain(error))
}
