//! A body for every operation that takes one, with the records that it names, and the ids in the paths of reads.
//!
//! `bodies.json` and `reads.json` name records as `@ord:ship`: the prefix of the id, and the part that the record plays. In the document the
//! id is made up. A server that has such records, as the demo does, puts their ids in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::examples;

const BODIES: &str = include_str!("bodies.json");
/// The ids in the path of each read, by its operation.
const READS: &str = include_str!("reads.json");
/// The part of every made-up id after its prefix.
const MADE_UP: &str = "01h455vb4pex5vsknk084sn02q";

/// Gives every operation its body, and the ids in its path. `names` has the ids of records that are there.
pub fn complete(document: &mut Value, names: &BTreeMap<String, String>) {
    let mut bodies: Map<String, Value> = serde_json::from_str(BODIES).unwrap_or_default();
    let mut reads: Map<String, Value> = serde_json::from_str(READS).unwrap_or_default();
    for item in document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        for operation in item.as_object_mut().into_iter().flat_map(Map::values_mut) {
            let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
            if let Some(mut example) = bodies.remove(&id) {
                put_names(&mut example, names);
                give(operation, &mut example);
            } else if let Some(mut path) = reads.remove(&id) {
                put_names(&mut path, names);
                give_path(operation, &path);
            }
        }
    }
}

fn give(operation: &mut Value, example: &mut Value) {
    let content = &mut operation["requestBody"]["content"]["application/json"];
    if let Some(content) = content.as_object_mut() {
        content.insert("example".to_owned(), example["body"].take());
    }
    give_path(operation, &example["path"]);
}

fn give_path(operation: &mut Value, path: &Value) {
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        if let Some(id) = path.get(name).cloned() {
            parameter["example"] = id;
        }
    }
}

/// Replaces every name of a record.
fn put_names(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('@') {
                *text = names.get(name).cloned().unwrap_or_else(|| made_up(name));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| put_names(item, names)),
        Value::Object(members) => members.values_mut().for_each(|member| put_names(member, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn made_up(name: &str) -> String {
    match name.split_once(':') {
        Some(("token", _)) => "swr_example".to_owned(),
        Some(("fingerprint", _)) => "9f86d081884c7d659a2feaa0c55ad015".to_owned(),
        Some((prefix, _)) => format!("{prefix}_{MADE_UP}"),
        None if name == "slug" => "nordwind".to_owned(),
        None => examples::INSTANT.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_body_has_an_example() {
        let routes = crate::openapi::DescribedRoutes::new(crate::routes::mount);
        let bodies: Map<String, Value> = serde_json::from_str(BODIES).expect("JSON");
        let mut known = 0;
        for (path, item) in routes.document()["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let Some(body) = operation.get("requestBody") else { continue };
                let id = operation["operationId"].as_str().expect("an id");
                assert!(bodies.contains_key(id), "{id} has no example");
                assert!(body["content"]["application/json"]["example"].is_object(), "{method} {path}");
                known += 1;
            }
        }
        // GraphQL is a route of another crate.
        assert_eq!(known, bodies.len() - 1, "an example belongs to no operation");
    }

    #[test]
    fn a_read_has_the_ids_of_its_path() {
        let routes = crate::openapi::DescribedRoutes::new(crate::routes::mount);
        let mut reads: Map<String, Value> = serde_json::from_str(READS).expect("JSON");
        for item in routes.document()["paths"].as_object().expect("paths").values() {
            let read = &item["get"];
            let Some(path) = reads.remove(read["operationId"].as_str().unwrap_or_default()) else { continue };
            for name in path.as_object().expect("ids").keys() {
                let parameters = read["parameters"].as_array().expect("parameters");
                let parameter = parameters.iter().find(|own| own["name"] == *name && own["in"] == "path");
                assert!(parameter.is_some_and(|own| own["example"].is_string()), "{name}: {read}");
            }
        }
        assert!(reads.is_empty(), "{reads:?} are no reads");
    }

    #[test]
    fn records_that_are_there_are_named() {
        let parameter = json!({ "name": "id", "in": "path" });
        let body = json!({ "content": { "application/json": {} } });
        let mut document = json!({ "paths": { "/v1/lots/{id}/recall": { "post": {
            "operationId": "lots_recall", "parameters": [parameter], "requestBody": body,
        } } } });
        let id = |document: &Value| {
            document["paths"]["/v1/lots/{id}/recall"]["post"]["parameters"][0]["example"].clone()
        };
        complete(&mut document, &BTreeMap::new());
        assert_eq!(id(&document), "lot_01h455vb4pex5vsknk084sn02q");
        complete(&mut document, &BTreeMap::from([("lot:recall".to_owned(), "lot_1".to_owned())]));
        assert_eq!(id(&document), "lot_1");
    }
}
