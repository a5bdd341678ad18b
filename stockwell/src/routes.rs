//! All routes that the program serves.

use std::sync::LazyLock;

use api::openapi::DescribedRoutes;
use utoipa_actix_web::service_config::ServiceConfig;

static ROUTES: LazyLock<DescribedRoutes> = LazyLock::new(|| DescribedRoutes::new(mount));

/// Returns the routes of the API and of the reports, with the document that describes them.
pub fn routes() -> &'static DescribedRoutes {
    &ROUTES
}

fn mount(cfg: &mut ServiceConfig) {
    cfg.configure(api::routes::mount).configure(reports::routes);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_operation_says_what_it_is() {
        let operations = routes().document()["paths"]
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
            assert_eq!(
                operation["tags"].as_array().map(Vec::len),
                Some(1),
                "name the area of {id} in openapi/area.rs"
            );
            let is_public = operation["security"].is_array();
            assert!(is_public || operation["x-required-scopes"].is_array(), "{id} needs security(…)");
        }
    }

    /// Whether a schema, or one of its parts, has a description.
    fn is_described(schema: &Value) -> bool {
        let parts = ["oneOf", "allOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
        schema["description"].is_string() || parts.chain(schema.get("items")).any(is_described)
    }

    /// Collects properties without a description. Fields of wire types get theirs from doc comments.
    fn collect_undescribed(path: &str, value: &Value, found: &mut Vec<String>) {
        if let Some(properties) = value["properties"].as_object() {
            // A tag has one allowed value. Its alternative describes it.
            let is_tag = |property: &Value| property["enum"].as_array().is_some_and(|words| words.len() == 1);
            let undescribed =
                properties.iter().filter(|(_, property)| !is_described(property) && !is_tag(property));
            found.extend(undescribed.map(|(name, _)| format!("{path}.{name}")));
        }
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    collect_undescribed(&format!("{path}/{key}"), value, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| collect_undescribed(path, item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_property_and_parameter_is_described() {
        let document = routes().document();
        let mut found = Vec::new();
        collect_undescribed("", &document["components"]["schemas"], &mut found);
        for (path, item) in document["paths"].as_object().expect("paths") {
            for operation in item.as_object().expect("a path").values() {
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let undescribed = parameters.filter(|parameter| {
                    parameter.get("$ref").is_none() && !parameter["description"].is_string()
                });
                found.extend(undescribed.map(|parameter| format!("{path} {}", parameter["name"])));
            }
        }
        for (name, parameter) in document["components"]["parameters"].as_object().expect("parameters") {
            if !parameter["description"].is_string() {
                found.push(name.clone());
            }
        }
        assert!(found.is_empty(), "add a doc comment to these fields: {found:#?}");
    }
}
