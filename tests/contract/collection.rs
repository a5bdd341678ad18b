//! The collection for Postman and Bruno is what the script makes from the description of the API, and lacks no operation.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::{file_of_repository, has_program, keep};

/// Id, method and path of an operation.
type Operation = (String, String, String);

/// Runs the script of the repository.
fn made_from(description: &str) -> String {
    let mut command = Command::new("python3");
    command.arg(file_of_repository("tools/collection/make.py")).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut script = command.spawn().expect("python3 starts");
    let mut pipe = script.stdin.take().expect("a pipe");
    pipe.write_all(description.as_bytes()).expect("the description is sent");
    drop(pipe);
    let output = script.wait_with_output().expect("python3 ends");
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).expect("a collection is text")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

fn described(document: &Value) -> BTreeSet<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().expect("operations").iter();
        operations.map(move |(method, operation)| {
            (text(&operation["operationId"]), method.to_uppercase(), path.clone())
        })
    });
    operations.collect()
}

/// Returns the operation of a request. A step `:id` of its path is a parameter.
fn operation_of(item: &Value) -> Operation {
    let request = &item["request"];
    let steps = request["url"]["path"].as_array().expect("a path").iter().map(text);
    let path: String = steps
        .map(|step| match step.strip_prefix(':') {
            Some(name) => format!("/{{{name}}}"),
            None => format!("/{step}"),
        })
        .collect();
    (text(&item["id"]), text(&request["method"]), path)
}

#[test]
fn the_collection_for_postman_has_every_operation() {
    if !has_program("python3") {
        return;
    }
    let description = stockwell::routes().text();
    let made = made_from(&description);
    keep("openapi/stockwell.postman_collection.json", &made);
    let document: Value = serde_json::from_str(&description).expect("JSON");
    let collection: Value = serde_json::from_str(&made).expect("JSON");
    let folders = collection["item"].as_array().expect("folders");
    let items: Vec<&Value> =
        folders.iter().flat_map(|folder| folder["item"].as_array().into_iter().flatten()).collect();
    let operations: BTreeSet<Operation> = items.iter().map(|item| operation_of(item)).collect();
    assert_eq!(operations, described(&document));
    assert_eq!(operations.len(), items.len(), "an operation is there once");
    for item in items {
        let request = &item["request"];
        for variable in request["url"]["variable"].as_array().into_iter().flatten() {
            assert_ne!(variable["value"], "", "{}: a parameter without an example", item["id"]);
        }
        let body = &request["body"];
        if body["options"]["raw"]["language"] == "json" {
            serde_json::from_str::<Value>(&text(&body["raw"]))
                .unwrap_or_else(|error| panic!("{}: {error}", item["id"]));
        }
    }
}
