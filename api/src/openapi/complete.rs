//! Parts of the document that are the same for all routes.
//!
//! A route names its scope as `security(("bearer" = ["orders:write"]))`, or `security(())` if it is public. Further
//! entries are alternatives to the first. From that follow the guard of the route ([`crate::access`]), the other ways
//! to send a credential, the rejections to expect, the sentence that names the scope, and `x-required-scopes` for
//! programs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::references::{
    drop_unused, for_each_reference, lift_descriptions, name_formats, name_rows, replace_copies,
};
use super::shared::{self, Shared};
use super::{area, dry_run};
use crate::problem::PROBLEM_JSON;

const DESCRIPTION: &str = "One stock record for wholesale and retail: orders and till sales take from the same stock, \
    and every movement has its ledger entry.\n\n\
    Send an API key or an access token as `Authorization: Bearer`, a key as the user name of HTTP Basic, or a key as \
    `X-Api-Key`. Amounts and quantities are strings. Every rejection is a problem (RFC 9457) with a stable `code`. \
    Writes of stock or money need an `Idempotency-Key`. Lists are read page by page with `cursor`. New fields, codes \
    and enum values may appear at any time; nothing is removed within `/v1`.";

/// Completes the document.
pub fn complete(document: &mut Value) {
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        crate::patch::complete(schemas);
        crate::catalog::product::import::complete(schemas);
        name_rows(schemas);
    }
    rename_pages(document);
    close_batches(document);
    super::inline::complete(document);
    replace_copies(document);
    name_formats(document);
    lift_descriptions(document);
    super::examples::complete(document);
    super::bodies::complete(document, &BTreeMap::new());
    super::batches::complete(document);
    let shared = Shared::of(document);
    for (path, item) in object(&mut document["paths"]) {
        for (method, operation) in object(item) {
            complete_operation(&shared, path, method, operation);
        }
    }
    dry_run::name_alternatives(document);
    document["info"] = json!({
        "title": "Stockwell",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "contact": { "name": "Stockwell" },
        "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    // The ways to send a credential, for every operation that is not public.
    document["security"] = json!([{ "bearer": [] }, { "basic": [] }, { "apiKey": [] }]);
    document["tags"] = area::tags(document);
    let components = &mut document["components"];
    components["securitySchemes"] = security_schemes();
    components["responses"] = responses();
    components["parameters"] = shared::parameters();
    components["headers"] = shared::headers();
    components["schemas"]["DryRun"] = dry_run::schema();
    add_schemas::<(crate::problem::Problem, crate::problem::FieldProblem)>(components);
    add_schemas::<(crate::posting::Minimal, crate::problem::FieldProblem)>(components);
    super::webhooks::complete(document);
    super::repeated::complete(document);
    drop_unused(document);
    super::limits::complete(document);
}

fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`sw_live_sk_…`) or an access token from `POST /v1/auth/login`.",
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "An API key as user name, with an empty password: for spreadsheets and BI tools.",
        },
        "apiKey": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Api-Key",
            "description": "An API key in a header of its own.",
        },
    })
}

/// Responses of many operations by status: name of the component, and its condition.
const RESPONSES: &[(&str, &str, &str)] = &[
    ("304", "NotModified", "The record, the list or the report is the same still."),
    (
        "400",
        "BadRequest",
        "The request can't be read: malformed JSON, an unknown field or parameter, a wrong cursor.",
    ),
    ("401", "Unauthorized", "No credential, or one that is not valid."),
    ("403", "Forbidden", "The credential lacks the scope, or may not be used from here."),
    (
        "404",
        "NotFound",
        "A record that the path, the query or the body names does not exist, or belongs to another tenant: `not_found`, and \
         `errors` names the field. A path that no route has is `route_not_found`.",
    ),
    ("408", "RequestTimeout", "The body did not arrive in time."),
    ("409", "Conflict", "The request conflicts with the present state."),
    ("412", "PreconditionFailed", "The record was changed since it was read."),
    ("413", "PayloadTooLarge", "The body is longer than the route accepts."),
    ("415", "UnsupportedMediaType", "The route does not read this Content-Type."),
    ("422", "UnprocessableContent", "A field has a value that is not allowed. All such fields are listed."),
    (
        "431",
        "RequestHeaderFieldsTooLarge",
        "The request line and the headers are too long. The response has no body.",
    ),
    ("428", "PreconditionRequired", "The change needs the version that it was made from, as If-Match."),
    ("429", "TooManyRequests", "Too many requests. Wait for the seconds in Retry-After."),
    ("500", "InternalServerError", "A fault of the server, logged under the request id."),
    ("503", "ServiceUnavailable", "Too busy or stopping; try again after the seconds in Retry-After."),
];

fn responses() -> Value {
    let mut responses = Map::new();
    for (status, name, description) in RESPONSES {
        let mut response = json!({
            "description": description,
        });
        shared::add_common_headers(&mut response);
        if matches!(*status, "429" | "503") {
            response["headers"]["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
        }
        if !matches!(*status, "304" | "431") {
            let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
            response["content"] = json!({ PROBLEM_JSON: problem });
        }
        responses.insert((*name).to_owned(), response);
    }
    responses.into()
}

fn complete_operation(shared: &Shared, path: &str, method: &str, operation: &mut Value) {
    if let Some(tag) = area::tag(path) {
        operation["tags"] = json!([tag]);
    }
    let scopes = take_scopes(operation);
    if let Some(scopes) = &scopes {
        let needed = match scopes.as_slice() {
            [] => "Any valid credential is accepted.".to_owned(),
            scopes => format!(
                "Scope: {}.",
                scopes.iter().map(|scope| format!("`{scope}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let described = operation["description"].as_str().unwrap_or_default();
        operation["description"] = format!("{described}\n\n{needed}").trim().into();
    }
    shared.complete_body(method, operation);
    shared.add_parameters(path, method, operation);
    dry_run::complete(operation);
    shared.add_headers(path, method, operation);
    let expected = expected(path, method, scopes.is_some(), operation);
    for (status, name, _) in RESPONSES.iter().filter(|(status, ..)| expected.contains(status)) {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            responses[*status] = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.sort_keys();
    }
}

/// Returns the statuses of the shared responses of an operation.
fn expected(path: &str, method: &str, asks_who_calls: bool, operation: &Value) -> Vec<&'static str> {
    let has_body = operation.get("requestBody").is_some();
    let has_parameters = operation["parameters"].as_array().is_some_and(|parameters| !parameters.is_empty());
    let mut expected = vec!["429", "500", "503"];
    if has_body || has_parameters || asks_who_calls {
        expected.push("400");
    }
    // A message that is signed has no credential, and its text says that a wrong signature is rejected.
    if asks_who_calls || path.starts_with("/v1/auth/") || says(operation, "(401)") {
        expected.extend(["401", "403"]);
    }
    if path.contains('{') || has_body || names_record(operation) {
        expected.push("404");
    }
    if has_parameters {
        expected.push("431");
    }
    // A sign-in with a provider is carried out by GET, because a browser is sent there.
    if method != "get" || path.starts_with("/v1/auth/oidc/") {
        expected.extend(["409", "422"]);
    } else if says(operation, "(422)") {
        expected.push("422");
    }
    if shared::takes(operation, "IfNoneMatch") {
        expected.push("304");
    }
    if shared::takes(operation, "IfMatch") || says(operation, "(412)") {
        expected.push("412");
    }
    if shared::takes(operation, "RequiredIfMatch") {
        expected.extend(["412", "428"]);
    }
    if has_body {
        expected.extend(["408", "413", "415"]);
    }
    expected
}

/// Whether an operation says that it rejects a request with a status, such as `(422)`: in its own text, or in that of a parameter.
fn says(operation: &Value, status: &str) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let described = parameters.chain([operation]).filter_map(|part| part["description"].as_str());
    described.into_iter().any(|text| text.contains(status))
}

/// Whether a parameter in the query names a record by its id. `run` is the id of a run of the reconciliation.
fn names_record(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let names = parameters.filter_map(|parameter| parameter["name"].as_str());
    names.into_iter().any(|name| name.ends_with("_id") || name == "run")
}

/// Moves the scopes of an operation to a place of their own: the standard lists them under `security` only for OAuth 2
/// schemes. Returns its scopes, or nothing for a public operation.
fn take_scopes(operation: &mut Value) -> Option<Vec<String>> {
    let ways = operation["security"].as_array().into_iter().flatten();
    let mut asked: Vec<Value> = ways.filter_map(|way| way.get("bearer")).cloned().collect();
    let Some(scopes) = asked.first().cloned() else {
        if operation["security"].is_array() {
            operation["security"] = json!([]);
        }
        return None;
    };
    if let Some(operation) = operation.as_object_mut() {
        operation.remove("security");
    }
    operation["x-required-scopes"] = scopes.clone();
    if asked.len() > 1 {
        operation["x-alternative-scopes"] = asked.split_off(1).into();
    }
    Some(scopes.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Renames `Page_Order` to `OrderList`, `Patch_ProductCreate` to `ProductPatch`, and so on.
fn rename_pages(document: &mut Value) {
    let renamed = |name: &str| {
        let (generic, of) = name.split_once('_')?;
        let of = of.trim_end_matches("Create");
        match generic {
            "Page" => Some(format!("{of}List")),
            "Patch" => Some(format!("{of}Patch")),
            "Batch" => Some(format!("{of}Batch")),
            "Results" => Some(format!("{of}BatchResults")),
            "RecordOrProblem" => Some(format!("{of}OrProblem")),
            "ItemResult" => Some(format!("{of}BatchResult")),
            _ => None,
        }
    };
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        let old = std::mem::take(schemas);
        schemas.extend(old.into_iter().map(|(name, schema)| (renamed(&name).unwrap_or(name), schema)));
    }
    for_each_reference(document, &mut |reference| {
        if let Some(name) = reference.strip_prefix("#/components/schemas/").and_then(renamed) {
            *reference = format!("#/components/schemas/{name}");
        }
    });
}

/// States that a body of many records has no other fields.
fn close_batches(document: &mut Value) {
    for (name, schema) in object(&mut document["components"]["schemas"]) {
        if name.ends_with("Batch") || ["ProductImportItems", "SupplierPriceItems"].contains(&name.as_str()) {
            schema["additionalProperties"] = false.into();
        }
    }
}

fn add_schemas<T: Schemas>(components: &mut Value) {
    for (name, schema) in T::schemas() {
        components["schemas"][name] = schema;
    }
}

/// The schemas that only the shared responses use.
trait Schemas {
    fn schemas() -> Vec<(String, Value)>;
}

impl<A: utoipa::ToSchema, B: utoipa::ToSchema> Schemas for (A, B) {
    fn schemas() -> Vec<(String, Value)> {
        let schema = |schema| serde_json::to_value(schema).unwrap_or_default();
        vec![(A::name().into_owned(), schema(A::schema())), (B::name().into_owned(), schema(B::schema()))]
    }
}

fn object(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_that_names_a_record_may_not_find_it() {
        let statuses = |name: &str| {
            let operation = json!({ "parameters": [{ "in": "query", "name": name }] });
            expected("/v1/reconciliation/health", "get", true, &operation)
        };
        for name in ["run", "location_id"] {
            assert!(statuses(name).contains(&"404"), "{name}");
        }
        assert!(!statuses("limit").contains(&"404"));
    }
}
