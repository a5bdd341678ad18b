//! Parts of the document that are the same for all routes.
//!
//! A route names its scope as `security(("bearer" = ["orders:write"]))`, or `security(())` if it is public. Further
//! entries are alternatives to the first. From that follow the guard of the route ([`crate::access`]), the other ways
//! to send a credential, the rejections to expect, the sentence that names the scope, and `x-required-scopes` for
//! programs.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::problem::PROBLEM_JSON;

/// Areas of the API. A test fails if a route uses a tag that this list does not have.
const TAGS: &[(&str, &str)] = &[
    ("Account", "The caller: the first call of every integration."),
    ("Authentication", "Log in as a person, refresh, log out."),
    ("API keys", "Keys for programs: create, rotate with an overlap, revoke."),
    ("Users", "People who log in, with roles."),
    ("Catalogue", "Categories, taxes, products with their units and barcodes."),
    ("Customers", "Wholesale accounts and registered retail customers."),
    ("Prices", "Price lists, rules and tiers, and quotes with a price trace."),
    ("Stock", "Locations, levels, movements, receipts and adjustments: one stock record for both channels."),
    ("Counts", "Count sheets, and the plan of what to count next."),
    ("Orders", "Wholesale: order, confirm, ship, invoice, cancel, return."),
    ("Payments", "Payments of customers, and the invoices that they settle."),
    ("Point of sale", "Tills, their sessions, sales, refunds and cash moves."),
    ("Ledger", "Accounts, journal entries and the trial balance."),
    ("Audit", "Commands with their callers and times."),
    ("Events", "Events in their order, read page by page or streamed as they happen."),
    ("Reports", "Figures as flat tables: revenue, margin, stock and more."),
    ("Integrity", "Check that stock, cost and ledger agree."),
    ("Health", "For load balancers and monitoring."),
    ("Errors", "Description of the API, and its error codes."),
];

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
    }
    rename_pages(document);
    super::inline::complete(document);
    super::examples::complete(document);
    let mut used_tags = BTreeSet::new();
    for (path, item) in object(&mut document["paths"]) {
        for (method, operation) in object(item) {
            for tag in operation["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                used_tags.insert(tag.to_owned());
            }
            complete_operation(path, method, operation);
        }
    }
    document["info"] = json!({
        "title": "Stockwell",
        "version": env!("CARGO_PKG_VERSION"),
        "description": DESCRIPTION,
        "contact": { "name": "Stockwell" },
        "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
    });
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    document["tags"] = tags(&used_tags);
    let components = &mut document["components"];
    components["securitySchemes"] = security_schemes();
    components["responses"] = refusals();
    components["headers"] = json!({ "XRequestId": {
        "description": "Id of the request. Quote it when you report a problem.",
        "schema": { "type": "string", "maxLength": 128, "examples": ["req_01h455vb4pex5vsknk084sn02q"] },
    } });
    add_schemas::<(crate::problem::Problem, crate::problem::FieldProblem)>(components);
    drop_unused(document);
}

fn tags(used: &BTreeSet<String>) -> Value {
    let known = TAGS.iter().filter(|(name, _)| used.contains(*name));
    let mut tags: Vec<Value> =
        known.map(|(name, description)| json!({ "name": name, "description": description })).collect();
    let unknown = used.iter().filter(|name| !TAGS.iter().any(|(known, _)| known == name));
    tags.extend(unknown.map(|name| json!({ "name": name })));
    Value::Array(tags)
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

/// Rejections by status: name of the shared response, and its condition.
const REFUSALS: &[(&str, &str, &str)] = &[
    (
        "400",
        "BadRequest",
        "The request can't be read: malformed JSON, an unknown field or parameter, a wrong cursor.",
    ),
    ("401", "Unauthorized", "No credential, or one that is not valid."),
    ("403", "Forbidden", "The credential lacks the scope, or may not be used from here."),
    ("404", "NotFound", "There is no such record, or it belongs to another tenant."),
    ("408", "RequestTimeout", "The body did not arrive in time."),
    ("409", "Conflict", "The request conflicts with the present state."),
    ("412", "PreconditionFailed", "The record was changed since it was read."),
    ("413", "PayloadTooLarge", "The body is longer than the route accepts."),
    ("415", "UnsupportedMediaType", "The route does not read this Content-Type."),
    ("422", "UnprocessableContent", "A field has a value that is not allowed. All such fields are listed."),
    ("428", "PreconditionRequired", "The change needs the version that it was made from, as If-Match."),
    ("429", "TooManyRequests", "Too many requests. Wait for the seconds in Retry-After."),
    ("500", "InternalServerError", "A fault of the server, logged under the request id."),
    ("503", "ServiceUnavailable", "Too busy or stopping; try again after the seconds in Retry-After."),
];

fn refusals() -> Value {
    let mut responses = Map::new();
    for (status, name, description) in REFUSALS {
        let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/XRequestId" } });
        if matches!(*status, "429" | "503") {
            headers["Retry-After"] = json!({
                "description": "Seconds to wait, at most 120.",
                "schema": { "type": "integer", "minimum": 1, "maximum": 120, "examples": [1] },
            });
        }
        let content = json!({ PROBLEM_JSON: { "schema": { "$ref": "#/components/schemas/Problem" } } });
        let response = json!({ "description": description, "headers": headers, "content": content });
        responses.insert((*name).to_owned(), response);
    }
    Value::Object(responses)
}

fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    let scopes = expand_security(operation);
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
    let has_body = operation.get("requestBody").is_some();
    let has_parameters = operation["parameters"].as_array().is_some_and(|parameters| !parameters.is_empty());
    let writes = method != "get";
    let mut expected = vec!["429", "500", "503"];
    if has_body || has_parameters || scopes.is_some() {
        expected.push("400");
    }
    if scopes.is_some() || path.starts_with("/v1/auth/") {
        expected.extend(["401", "403"]);
    }
    if path.contains('{') {
        expected.push("404");
    }
    if writes {
        expected.extend(["409", "422"]);
    }
    let if_match =
        operation["parameters"].as_array().into_iter().flatten().find(|one| one["name"] == "If-Match");
    if let Some(if_match) = if_match {
        expected.push("412");
        if if_match["required"] == true {
            expected.push("428");
        }
    }
    if operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == "If-None-Match") {
        operation["responses"]["304"] = json!({ "description": "The record has not changed since." });
    }
    if has_body {
        expected.extend(["408", "413", "415"]);
    }
    for response in object(&mut operation["responses"]).map(|(_, response)| response) {
        response["headers"]["X-Request-Id"] = json!({ "$ref": "#/components/headers/XRequestId" });
    }
    for (status, name, _) in REFUSALS.iter().filter(|(status, ..)| expected.contains(status)) {
        let responses = &mut operation["responses"];
        if responses.get(status).is_none() {
            responses[*status] = json!({ "$ref": format!("#/components/responses/{name}") });
        }
    }
    if let Some(responses) = operation["responses"].as_object_mut() {
        responses.sort_keys();
    }
}

/// Lists every way to send the credential of a route. Returns its scopes, or nothing for a public route.
fn expand_security(operation: &mut Value) -> Option<Vec<String>> {
    let ways = operation["security"].as_array().into_iter().flatten();
    let mut asked: Vec<Value> = ways.filter_map(|way| way.get("bearer")).cloned().collect();
    let Some(scopes) = asked.first().cloned() else {
        if operation["security"].is_array() {
            operation["security"] = json!([]);
        }
        return None;
    };
    // Scopes have a place of their own: the standard lists them under `security` only for OAuth 2 schemes.
    operation["security"] = json!([{ "bearer": [] }, { "basic": [] }, { "apiKey": [] }]);
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

/// Drops components without a reference, until none is left.
fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        for_each_reference(document, &mut |reference| {
            used.insert(reference.clone());
        });
        let mut dropped = false;
        for kind in ["schemas", "responses", "headers"] {
            let Some(components) = document["components"][kind].as_object_mut() else { continue };
            let before = components.len();
            components.retain(|name, _| used.contains(&format!("#/components/{kind}/{name}")));
            dropped |= components.len() != before;
            components.sort_keys();
        }
        if !dropped {
            return;
        }
    }
}

fn for_each_reference(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if name == "$ref"
                    && let Value::String(reference) = member
                {
                    visit(reference);
                } else {
                    for_each_reference(member, visit);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| for_each_reference(item, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn object(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}
