//! Refused rights and failed logins of the tenant.

use actix_web::get;
use chrono::{DateTime, Utc};
use domain::id::AccessRefusalId;
use domain::tag;
use serde::{Deserialize, Serialize};
use service::Tx;
use service::listing::{Age, Slice};
use service::refusal;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::audit::actor_id;
use crate::list::{List, Page};
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Refused requests of one caller from one network within one minute.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AccessRefusal {
    /// Id of the record.
    id: AccessRefusalId,
    object: tag::AccessRefusal,
    /// Beginning of the minute.
    minute: DateTime<Utc>,
    /// `api_key`, `user`, `customer` or `payment_provider`. New kinds may appear.
    #[schema(max_length = 16, example = "api_key")]
    actor_kind: String,
    /// Id of the API key, user, customer session or payment provider. Null: a login of a user who does not exist, or too many callers in this minute.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: Option<String>,
    /// Network that the requests came from. Null: it is not known, or there were too many.
    #[schema(max_length = 64, example = "192.0.2.7/32")]
    network: Option<String>,
    /// Code of the problem, such as `insufficient_scope` or `invalid_credentials`.
    #[schema(max_length = 64, example = "insufficient_scope")]
    code: String,
    /// Number of requests.
    #[schema(minimum = 1, example = 3)]
    times: i32,
}

impl From<refusal::AccessRefusal> for AccessRefusal {
    fn from(row: refusal::AccessRefusal) -> Self {
        AccessRefusal {
            id: AccessRefusalId(row.id),
            object: tag::AccessRefusal,
            minute: row.minute,
            actor_id: (!row.actor_id.is_nil()).then(|| actor_id(&row.actor_kind, row.actor_id)),
            actor_kind: row.actor_kind,
            network: Some(row.network).filter(|network| !network.is_empty()),
            code: row.code,
            times: row.times,
        }
    }
}

/// Which refusals to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only this code.
    #[param(max_length = 64, example = "insufficient_scope")]
    code: Option<String>,
    sort: Option<Age>,
}

/// List refused requests
///
/// Returns one page of failed logins, of requests that lacked a right (403) and of messages that a payment provider did not sign, counted by caller, network, code and minute.
/// They are written about a second after the request. A batch counts once for each refused document. A record is kept for
/// 90 days.
#[utoipa::path(
    operation_id = "access_refusals_list",
    security(("bearer" = ["users:read"])),
    params(Filters),
    responses((status = 200, description = "One page of refusals.", body = Page<AccessRefusal>))
)]
#[get("/v1/access-refusals")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let (code, sort) = (list.filters.code.clone(), list.filters.sort);
    if code.as_deref().is_some_and(|code| ErrorCode::find(code).is_none()) {
        let detail = "There is no such code. GET /errors has all codes.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("code"));
    }
    let read = async move |tx: &Tx, slice: &Slice| {
        let rows = refusal::list(tx, code.as_deref(), slice).await?;
        Ok(rows.into_iter().map(AccessRefusal::from).collect::<Vec<_>>())
    };
    list.serve_documents(caller, sort, read, |row: &AccessRefusal| row.id.0).await
}
