//! The body of a rejection: a problem with the id of its request.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};

use crate::problem::{ApiError, ErrorCode, PROBLEM_JSON};

/// Gives a rejected request its problem body with the request id.
pub(super) fn explain(response: ServiceResponse, request_id: &str) -> ServiceResponse {
    let rendered = match response.response().error() {
        None => return add_request_id(response, request_id),
        Some(error) => match error.as_error::<ApiError>() {
            Some(refused) => refused.render(Some(request_id)),
            None => framework_problem(error, response.status()).render(Some(request_id)),
        },
    };
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, rendered)
}

/// Adds the request id to a problem that was rendered without it: a rejection that is stored for replays.
fn add_request_id(response: ServiceResponse, request_id: &str) -> ServiceResponse {
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM_JSON);
    if !is_problem {
        return response;
    }
    response.map_body(|_, body| match body.try_into_bytes() {
        Ok(text) => BoxBody::new(with_request_id(&text, request_id).map_or(text, Bytes::from)),
        Err(body) => body,
    })
}

/// Returns a problem with the request id as its first member.
fn with_request_id(problem: &[u8], request_id: &str) -> serde_json::Result<Vec<u8>> {
    let mut members: IndexMap<String, Box<RawValue>> = serde_json::from_slice(problem)?;
    members.shift_insert(0, "request_id".to_owned(), to_raw_value(request_id)?);
    serde_json::to_vec(&members)
}

/// Returns the problem for an error of the framework, such as a path that is not UTF-8.
fn framework_problem(error: &Error, status: StatusCode) -> ApiError {
    match status {
        StatusCode::NOT_FOUND => ApiError::of(ErrorCode::RouteNotFound),
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::of(ErrorCode::PayloadTooLarge),
        status if status.is_client_error() => ApiError::new(ErrorCode::InvalidParameter, error.to_string()),
        _ => ApiError::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_has_one_request_id() {
        for problem in [r#"{"type":"t","status":409}"#, r#"{"type":"t","status":409,"request_id":"req_0"}"#] {
            let text = with_request_id(problem.as_bytes(), "req_1").expect("a problem");
            assert_eq!(String::from_utf8_lossy(&text), r#"{"request_id":"req_1","type":"t","status":409}"#);
        }
    }
}
