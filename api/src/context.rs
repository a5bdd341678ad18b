//! What is known of a request before its handler runs: its id and who calls.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::id::TenantId;
use service::auth::AuthError;

use crate::problem::ApiError;

/// The context that the middleware puts into every request.
#[derive(Debug, Clone)]
pub struct Context {
    /// The request's id, as in the header `X-Request-Id`.
    pub request_id: HeaderValue,
    /// Who calls, or why that is not known.
    pub caller: Result<service::Caller, AuthError>,
}

impl Context {
    /// The caller's tenant.
    pub fn tenant_id(&self) -> Option<TenantId> {
        self.caller.as_ref().ok().map(|caller| caller.tenant_id)
    }
}

/// An authenticated caller. A handler that takes one answers 401 to everybody else; it then calls
/// [`require`](service::Caller::require) with the scope it needs.
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
        let extensions = request.extensions();
        ready(match extensions.get::<Context>().map(|context| &context.caller) {
            Some(Ok(caller)) => Ok(Caller(caller.clone())),
            Some(Err(error)) => Err(error.clone().into()),
            None => Err(AuthError::Missing.into()),
        })
    }
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
