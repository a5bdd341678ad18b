//! The OpenAPI document, made of the routes themselves, and the explorer that shows it.

mod complete;

use std::sync::LazyLock;

use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};
use serde_json::Value;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app;
use crate::problem::{Answer, ApiError};

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let (_, described) = actix_web::App::new().into_utoipa_app().configure(app::routes).split_for_parts();
    let mut document = serde_json::to_value(described).unwrap_or_default();
    complete::complete(&mut document);
    document
});

static TEXT: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(text()));

/// The whole document.
pub fn document() -> &'static Value {
    &DOCUMENT
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

    /// Whether a schema, or one of the schemas that it is made of, has a description.
    fn is_described(schema: &Value) -> bool {
        let parts = ["oneOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
        let items = schema.get("items").into_iter();
        schema["description"].is_string() || parts.chain(items).any(is_described)
    }

    /// Collects properties without a description. Fields of wire types get theirs from doc comments.
    fn collect_undescribed(path: &str, value: &Value, found: &mut Vec<String>) {
        if let Some(properties) = value["properties"].as_object() {
            let undescribed = properties.iter().filter(|(_, property)| !is_described(property));
            found.extend(undescribed.map(|(name, _)| format!("{path}.{name}")));
        }
        match value {
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(key, value)| collect_undescribed(&format!("{path}/{key}"), value, found));
            }
            Value::Array(items) => {
                items.iter().for_each(|item| collect_undescribed(path, item, found));
            }
            _ => {}
        }
    }

    #[test]
    fn every_property_and_parameter_is_described() {
        let mut found = Vec::new();
        collect_undescribed("", &document()["components"]["schemas"], &mut found);
        for (path, item) in document()["paths"].as_object().expect("paths") {
            for operation in item.as_object().expect("a path").values() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let undescribed = parameters.filter(|parameter| {
                    parameter.get("$ref").is_none() && !parameter["description"].is_string()
                });
                found.extend(undescribed.map(|parameter| format!("{path} {}", parameter["name"])));
            }
        }
        assert!(found.is_empty(), "add a doc comment to these fields: {found:#?}");
    }

    #[test]
    fn every_tag_is_described() {
        for tag in document()["tags"].as_array().expect("tags") {
            assert!(tag["description"].is_string(), "describe {tag} in openapi/complete.rs");
        }
    }
}
