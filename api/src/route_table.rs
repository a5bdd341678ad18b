//! Paths of the API, and the methods of each.

use std::collections::{BTreeSet, HashMap};

use actix_web::dev::ResourceDef;
use actix_web::http::Method;
use serde_json::Value;

/// Methods of each path, from the API's own description. A path goes before one with more parameters that matches it, such as
/// `/v1/orders/batch` before `/v1/orders/{id}`.
#[derive(Debug)]
pub(crate) struct RouteTable {
    fixed: HashMap<String, Methods>,
    /// Paths with parameters, those with few first.
    patterns: Vec<(ResourceDef, Methods)>,
    /// Places in `patterns` of the paths that end in a word which another path takes for a parameter, by this word.
    contested: HashMap<String, Vec<usize>>,
}

/// Methods of one path.
#[derive(Debug)]
struct Methods {
    /// In the form of `Allow`.
    allow: String,
    served: Vec<Method>,
    /// Methods whose operation takes the header `Prefer`.
    preferring: Vec<Method>,
    /// Methods whose operation takes the header `If-Match`.
    comparing: Vec<Method>,
}

impl RouteTable {
    /// Creates the table of the routes that `document` describes.
    pub(crate) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let (mut patterns, fixed): (Vec<_>, Vec<_>) = paths.partition(|(path, _)| path.contains('{'));
        patterns.sort_by_key(|(path, _)| path.matches('{').count());
        // A pattern is a regular expression, which takes long to compile.
        let compiled: Vec<_> = patterns.iter().map(|(path, _)| ResourceDef::new(path.as_str())).collect();
        let mut contested: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, (path, _)) in patterns.iter().enumerate() {
            let word = last_segment(path);
            // The path itself is one of its values.
            let takes_it = |(other, pattern): (&(&String, &Value), &ResourceDef)| {
                other.0 != *path && last_segment(other.0) != word && pattern.is_match(path)
            };
            if !word.starts_with('{') && patterns.iter().zip(&compiled).any(takes_it) {
                contested.entry(word.to_owned()).or_default().push(place);
            }
        }
        let methods = patterns.into_iter().map(|(_, item)| Methods::of(item));
        RouteTable {
            fixed: fixed.into_iter().map(|(path, item)| (path.clone(), Methods::of(item))).collect(),
            patterns: compiled.into_iter().zip(methods).collect(),
            contested,
        }
    }

    /// Returns the methods of a path, in the form of `Allow`.
    pub(crate) fn methods(&self, path: &str) -> Option<&str> {
        self.find(path).map(|methods| methods.allow.as_str())
    }

    /// Whether the operation at a path exists and does not take the header `Prefer`.
    pub(crate) fn ignores_preferences(&self, method: &Method, path: &str) -> bool {
        let serves = |methods: &Methods| methods.served.contains(method);
        self.find(path).is_some_and(|methods| serves(methods) && !methods.preferring.contains(method))
    }

    /// Whether the operation at a path exists and does not take the header `If-Match`.
    pub(crate) fn ignores_if_match(&self, method: &Method, path: &str) -> bool {
        let serves = |methods: &Methods| methods.served.contains(method);
        self.find(path).is_some_and(|methods| serves(methods) && !methods.comparing.contains(method))
    }

    fn find(&self, path: &str) -> Option<&Methods> {
        let of_pattern = || self.patterns.iter().find(|(pattern, _)| pattern.is_match(path));
        self.fixed.get(path).or_else(|| of_pattern().map(|(_, methods)| methods))
    }

    /// Returns the template of a path, such as `/v1/orders/{id}`.
    pub(crate) fn template(&self, path: &str) -> Option<&str> {
        let of_pattern = || self.patterns.iter().find(|(pattern, _)| pattern.is_match(path));
        let fixed = self.fixed.get_key_value(path).map(|(path, _)| path.as_str());
        fixed.or_else(|| of_pattern().and_then(|(pattern, _)| pattern.pattern()))
    }

    /// Returns the methods of a path that does not serve `method`, if another path matches it too. Without this the request would
    /// reach the other path, which would take a word such as `batch` for an id.
    pub(crate) fn refused(&self, method: &Method, path: &str) -> Option<&str> {
        let contested = || {
            let places = self.contested.get(last_segment(path))?;
            let patterns = places.iter().filter_map(|place| self.patterns.get(*place));
            patterns.into_iter().find(|(pattern, _)| pattern.is_match(path)).map(|(_, methods)| methods)
        };
        let methods = self.fixed.get(path).or_else(contested)?;
        let is_served = methods.served.contains(method) || *method == Method::OPTIONS;
        (!is_served).then_some(methods.allow.as_str())
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

impl Methods {
    fn of(item: &Value) -> Self {
        let operations = || item.as_object().into_iter().flatten();
        let parsed = |method: &str| method.to_uppercase().parse().ok();
        let served = operations().filter_map(|(method, _)| parsed(method));
        let preferring = operations().filter(|(_, operation)| takes(operation, &["Prefer", "BatchPrefer"]));
        let comparing =
            operations().filter(|(_, operation)| takes(operation, &["IfMatch", "RequiredIfMatch"]));
        Methods {
            allow: allow(item),
            served: served.collect(),
            preferring: preferring.filter_map(|(method, _)| parsed(method)).collect(),
            comparing: comparing.filter_map(|(method, _)| parsed(method)).collect(),
        }
    }
}

/// Whether an operation takes a header in one of its forms, which are components of the description.
fn takes(operation: &Value, forms: &[&str]) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut names = parameters.filter_map(|own| own["$ref"].as_str()?.rsplit('/').next());
    names.any(|name| forms.contains(&name))
}

fn allow(item: &Value) -> String {
    let known = ["get", "post", "put", "patch", "delete"];
    let mut methods: BTreeSet<String> = known
        .iter()
        .filter(|method| item.get(**method).is_some())
        .map(|method| method.to_uppercase())
        .collect();
    if methods.contains("GET") {
        methods.insert("HEAD".to_owned());
    }
    methods.insert("OPTIONS".to_owned());
    methods.into_iter().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_without_parameters_goes_first() {
        let document = json!({ "paths": {
            "/orders/{id}": { "get": {}, "patch": {} },
            "/orders/batch": { "post": {} },
            "/lists/{id}/rules/{rule}": { "get": {} },
            "/lists/{id}/rules/batch": { "post": {} },
        } });
        let table = RouteTable::of(&document);
        assert_eq!(table.methods("/orders/batch"), Some("OPTIONS, POST"));
        assert_eq!(table.methods("/orders/1"), Some("GET, HEAD, OPTIONS, PATCH"));
        assert_eq!(table.methods("/others"), None);
        assert_eq!(table.template("/orders/batch"), Some("/orders/batch"));
        assert_eq!(table.template("/orders/1"), Some("/orders/{id}"));
        assert_eq!(table.template("/others"), None);
        assert_eq!(table.methods("/lists/1/rules/batch"), Some("OPTIONS, POST"));
        assert_eq!(table.methods("/lists/1/rules/2"), Some("GET, HEAD, OPTIONS"));
        for path in ["/orders/batch", "/lists/1/rules/batch"] {
            assert_eq!(table.refused(&Method::GET, path), Some("OPTIONS, POST"), "{path}");
        }
        for (method, path) in
            [(Method::POST, "/orders/batch"), (Method::OPTIONS, "/orders/batch"), (Method::PUT, "/orders/1")]
        {
            assert_eq!(table.refused(&method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn an_operation_takes_a_header_if_its_description_says_so() {
        let takes =
            |name: &str| json!({ "parameters": [{ "$ref": format!("#/components/parameters/{name}") }] });
        let document = json!({ "paths": {
            "/orders/{id}": { "get": {}, "patch": takes("Prefer"), "delete": takes("IfMatch") },
            "/orders/batch": { "post": takes("BatchPrefer") },
            "/tickets": { "post": {} },
        } });
        let table = RouteTable::of(&document);
        for (method, path, ignores) in [
            (Method::PATCH, "/orders/1", false),
            (Method::DELETE, "/orders/1", true),
            (Method::POST, "/orders/batch", false),
            (Method::POST, "/tickets", true),
            (Method::PUT, "/tickets", false),
            (Method::POST, "/others", false),
        ] {
            assert_eq!(table.ignores_preferences(&method, path), ignores, "{method} {path}");
        }
        for (method, path, ignores) in [
            (Method::DELETE, "/orders/1", false),
            (Method::PATCH, "/orders/1", true),
            (Method::POST, "/tickets", true),
            (Method::PUT, "/tickets", false),
            (Method::DELETE, "/others", false),
        ] {
            assert_eq!(table.ignores_if_match(&method, path), ignores, "{method} {path}");
        }
    }
}
