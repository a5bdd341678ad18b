//! The log of requests of the tenant.

use actix_web::get;
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::listing::{Age, Period, Slice};
use service::request_log::{self, Filter, LoggedRequest, METHOD_MAX, StatusClass};
use service::scope::Scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::audit::parse_actor_id;
use crate::list::{List, Page};
use crate::problem::{ApiError, ErrorCode};
use crate::{Answer, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list);
}

/// Which requests to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only requests with this id, as in the header X-Request-Id of the response.
    #[param(max_length = 128, example = "req_01h455vb4pex5vsknk084sn02q")]
    request_id: Option<String>,
    /// Only requests of this API key, user or customer session.
    #[param(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    actor_id: Option<String>,
    /// Only requests whose status is of this class.
    #[param(inline)]
    status: Option<StatusClass>,
    /// Only requests whose path begins with this.
    #[param(max_length = 500, example = "/v1/orders")]
    path: Option<String>,
    /// Only requests with this method, also one that no path serves. Capitals do not matter.
    #[param(max_length = 32, example = "POST")]
    method: Option<String>,
    /// Only requests that were rejected with this code.
    #[param(max_length = 64, example = "insufficient_stock")]
    code: Option<String>,
    /// Only requests that were served at this instant or later.
    #[serde(rename = "created_at[gte]")]
    created_from: Option<Instant>,
    /// Only requests that were served before this instant.
    #[serde(rename = "created_at[lt]")]
    created_to: Option<Instant>,
    sort: Option<Age>,
}

/// List your requests
///
/// Returns one page of the requests that were sent with the credentials of the tenant. A request is written about a
/// second after its response, and kept for 7 days. A server writes at most 500 requests of a tenant, and 2,000 of all
/// tenants, each second; beyond that, the oldest are left out. Requests without a valid credential are not logged.
/// `body` is null without the scopes `costs:read` and `customers:read`.
#[utoipa::path(
    operation_id = "request_log_list",
    security(("bearer" = ["api_keys:read"])),
    params(Filters),
    responses((status = 200, description = "One page of requests.", body = Page<LoggedRequest>))
)]
#[get("/v1/request-log")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    if filters.code.as_deref().is_some_and(|code| ErrorCode::find(code).is_none()) {
        let detail = "There is no such code. GET /errors has all codes.";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("code"));
    }
    if filters.method.as_deref().is_some_and(|method| !request_log::is_method(method)) {
        let detail = format!(
            "Send a method such as GET: 1 to {METHOD_MAX} letters, digits and signs, without spaces."
        );
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("method"));
    }
    let filter = Filter {
        request_id: filters.request_id.clone(),
        actor_id: filters.actor_id.as_deref().map(parse_actor_id).transpose()?,
        status: filters.status,
        path: filters.path.clone(),
        method: filters.method.clone(),
        code: filters.code.clone(),
        created: Period::new(filters.created_from, filters.created_to),
    };
    let sort = filters.sort;
    // A body may state what stock costs, or who a customer is.
    let sees_bodies = caller.sees_costs() && caller.scopes.contains(Scope::CustomersRead);
    let read = async move |tx: &Tx, slice: &Slice| {
        let mut requests = request_log::list(tx, &filter, slice).await?;
        if !sees_bodies {
            requests.iter_mut().for_each(|request| request.body = None);
        }
        Ok(requests)
    };
    list.serve_documents(caller, sort, read, |request: &LoggedRequest| request.id.0).await
}
