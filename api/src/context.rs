//! Context of a request before its handler runs: its id and its caller.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::id::TenantId;
use service::auth::AuthError;

use crate::access::Access;
use crate::problem::ApiError;

/// The context that the middleware puts into every request.
#[derive(Debug, Clone)]
pub struct Context {
    request_id: HeaderValue,
    /// The caller, or why there is none. A handler gets it only as a [`Caller`].
    caller: Result<service::Caller, AuthError>,
}

impl Context {
    /// Creates the context of a request with this `X-Request-Id`.
    pub fn new(request_id: HeaderValue, caller: Result<service::Caller, AuthError>) -> Self {
        Context { request_id, caller }
    }

    /// Returns the caller's tenant.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.caller().map(|caller| caller.tenant_id)
    }

    /// Returns the caller. The scopes were not checked yet.
    pub(crate) fn caller(&self) -> Option<&service::Caller> {
        self.caller.as_ref().ok()
    }
}

/// An authenticated caller who has the scopes that the route declares. Any other caller is rejected with 401 or 403
/// before the handler runs. See [`access`](crate::access).
#[derive(Debug, Clone)]
pub struct Caller(pub service::Caller);

impl Deref for Caller {
    type Target = service::Caller;

    fn deref(&self) -> &service::Caller {
        &self.0
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(request).map(Caller))
    }
}

fn admitted(request: &HttpRequest) -> Result<service::Caller, ApiError> {
    let known = request.extensions().get::<Context>().map(|context| context.caller.clone());
    let caller = known.unwrap_or(Err(AuthError::Missing))?;
    let access = request.app_data::<Data<Access>>();
    access.ok_or_else(|| ApiError::internal("no declared scopes"))?.check(request, &caller)?;
    Ok(caller)
}

/// The request's id.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

impl FromRequest for RequestId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let extensions = request.extensions();
        let id = extensions.get::<Context>().and_then(|context| context.request_id.to_str().ok());
        ready(Ok(RequestId(id.unwrap_or_default().to_owned())))
    }
}
