//! The operations of the API, from its own description.

use serde_json::Value;

use super::world::World;

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Operation id.
    pub id: String,
    /// HTTP method, in lower case.
    pub method: String,
    /// Path, with the names of parameters in braces.
    pub path: String,
    /// Scopes that the caller needs; `None` without authentication.
    pub scopes: Option<Vec<String>>,
    /// Whether other scopes do as well.
    pub has_alternative: bool,
    /// Kind of id of each parameter of the path: its prefix, or the parameter's name if it is no id.
    pub kinds: Vec<String>,
    /// Whether it takes a body.
    pub has_body: bool,
    /// Whether it takes an idempotency key.
    pub takes_key: bool,
    /// Whether it takes the header `Prefer`.
    pub takes_preference: bool,
}

/// Returns all operations.
pub fn operations() -> Vec<Operation> {
    let document = stockwell::routes().document();
    let paths = document["paths"].as_object().expect("paths");
    let mut operations = Vec::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            operations.push(of(document, (path, method), operation));
        }
    }
    assert!(operations.len() > 90, "the operations are found");
    operations
}

fn of(document: &Value, (path, method): (&str, &str), operation: &Value) -> Operation {
    let texts = |value: &Value| {
        let texts = value.as_array().into_iter().flatten();
        texts.map(|text| text.as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let own = operation["parameters"].as_array().into_iter().flatten();
    let parameters = || own.clone().map(|parameter| resolve(document, parameter));
    let in_path = parameters().filter(|parameter| parameter["in"] == "path");
    let is_public = operation["security"].as_array().is_some_and(Vec::is_empty);
    Operation {
        id: operation["operationId"].as_str().expect("an operationId").to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        scopes: (!is_public).then(|| texts(&operation["x-required-scopes"])),
        has_alternative: operation["x-alternative-scopes"]
            .as_array()
            .is_some_and(|others| !others.is_empty()),
        kinds: in_path.map(|parameter| kind(document, parameter)).collect(),
        has_body: operation.get("requestBody").is_some(),
        takes_key: parameters().any(|parameter| parameter["name"] == "Idempotency-Key"),
        takes_preference: parameters().any(|parameter| parameter["name"] == "Prefer"),
    }
}

/// Returns the component that a value refers to, or the value if it refers to none.
pub fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a component"),
        None => value,
    }
}

/// Returns the prefix of the ids that a parameter takes.
fn kind(document: &Value, parameter: &Value) -> String {
    let schema = resolve(document, &parameter["schema"]);
    let pattern = schema["pattern"].as_str().unwrap_or_default();
    match pattern.strip_prefix('^').and_then(|rest| rest.split_once('_')) {
        Some((prefix, _)) if prefix.len() == 3 => prefix.to_owned(),
        _ => parameter["name"].as_str().expect("a name").to_owned(),
    }
}

impl Operation {
    /// Returns the path with an id for each parameter.
    pub fn path_with(&self, id: impl Fn(&str) -> String) -> String {
        let mut path = self.path.clone();
        for kind in &self.kinds {
            let (open, close) = (path.find('{').expect("a parameter"), path.find('}').expect("a parameter"));
            path.replace_range(open..=close, &id(kind));
        }
        path
    }
}

/// Returns an id that does not exist.
pub fn unknown(kind: &str) -> String {
    match kind {
        "code" => "nothing".to_owned(),
        "channel" => "wholesale".to_owned(),
        "name" => "revenue".to_owned(),
        prefix => format!("{prefix}_01h455vb4pex5vsknk084sn02q"),
    }
}

/// Returns the paths at which the owner of a world reads its records one by one.
pub fn reads(world: &World) -> Vec<(String, String)> {
    let operations = operations().into_iter().filter(|operation| operation.method == "get");
    let single = operations.filter(|operation| !operation.kinds.is_empty() && operation.scopes.is_some());
    let known = single.filter(|operation| operation.kinds.iter().all(|kind| world.ids.contains_key(kind)));
    known
        .map(|operation| {
            let path = operation.path_with(|kind| world.ids[kind].clone());
            (operation.id, path)
        })
        .collect()
}
