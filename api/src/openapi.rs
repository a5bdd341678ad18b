//! The OpenAPI document, made of the routes themselves, and the explorer that shows it.

mod complete;
mod examples;
mod inline;

use std::sync::{Arc, LazyLock};

use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use serde_json::Value;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::access::Access;
use crate::app;
use crate::problem::{Answer, ApiError};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let (_, described) = actix_web::App::new().into_utoipa_app().configure(app::routes).split_for_parts();
    let mut document = serde_json::to_value(described).unwrap_or_default();
    complete::complete(&mut document);
    document
});

static ACCESS: LazyLock<Arc<Access>> = LazyLock::new(|| Arc::new(Access::declared(document())));

static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(text()));

/// The whole document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The scopes that the document declares: [`Caller`](crate::Caller) asks for them.
pub fn access() -> Data<Access> {
    Data::from(Arc::clone(&ACCESS))
}

/// The whole document as indented JSON.
pub fn text() -> String {
    format!("{:#}\n", document())
}

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Swagger UI, built into the program: no other server is asked.
pub fn explorer() -> SwaggerUi {
    let config =
        Config::from("/openapi.json").persist_authorization(true).display_operation_id(true).filter(true);
    SwaggerUi::new("/docs/{_:.*}").config(config)
}

/// Describe this API
///
/// This document: OpenAPI 3.1. The same as a page to try things out is at `/docs/`.
#[utoipa::path(
    operation_id = "openapi_get",
    tag = "Errors",
    security(()),
    responses((status = 200, description = "The document.", body = serde_json::Value))
)]
#[get("/openapi.json")]
async fn show() -> Answer {
    if document().is_null() {
        return Err(ApiError::internal("the document can't be written"));
    }
    let public = (actix_web::http::header::CACHE_CONTROL, "public, max-age=300");
    Ok(HttpResponse::Ok().insert_header(public).content_type("application/json").body(TEXT.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_says_what_it_is() {
        let operations = document()["paths"]
            .as_object()
            .expect("paths")
            .values()
            .flat_map(|item| item.as_object().expect("a path").values());
        let mut ids = std::collections::BTreeSet::new();
        for operation in operations {
            let id = operation["operationId"].as_str().expect("an operationId");
            assert!(ids.insert(id), "{id} twice");
            assert!(operation["summary"].is_string(), "{id} has no summary");
            assert!(operation["description"].is_string(), "{id} has no description");
            assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{id} needs one tag");
            assert!(operation["security"].is_array(), "{id} needs security(…)");
        }
    }

    #[test]
    fn every_tag_is_described() {
        for tag in document()["tags"].as_array().expect("tags") {
            assert!(tag["description"].is_string(), "describe {tag} in openapi/complete.rs");
        }
    }
}
