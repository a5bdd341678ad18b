//! Parameters and response headers of many operations: each stands once, under `components`.
//!
//! Which of them an operation has follows from its method, its path and its response. Four of them only a handler knows,
//! so its route names them: `params(ReadHeaders)`, `params(GuardedHeaders)`, `params(PostHeaders)` and
//! `params(BatchHeaders)`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use service::listing::Age;
use service::page::Sort;

use super::forms;
use crate::idempotency::{KEY_PATTERN, PREFER_LENGTH_MAX};
use crate::list::{
    CSV, LIMIT_DEFAULT, LIMIT_MAX, NDJSON, PAIRS_MAX, Written, expansions, has_export, has_notes, written_by,
};
use crate::schema::row_members;
use crate::version::{IF_MATCH_LENGTH_MAX, IF_NONE_MATCH_LENGTH_MAX};

/// Routes with a 201 for a record that has no address.
const UNADDRESSED: [&str; 2] = ["/v1/pos/cash-moves", "/v1/reason-codes"];

/// Facts of the whole document that decide what an operation shares.
#[derive(Debug)]
pub struct Shared {
    /// The members of a row, by the references to the schemas that are pages of a list.
    pages: BTreeMap<String, Vec<String>>,
    /// Paths at which a record is read together with its version.
    versioned: BTreeSet<String>,
    /// References to the schemas of objects without required fields.
    optional: BTreeSet<String>,
    /// References to the schemas that have a record beside its secret.
    with_secret: BTreeSet<String>,
}

impl Shared {
    /// Reads the document before any operation is completed.
    pub fn of(document: &Value) -> Self {
        let schemas = || document["components"]["schemas"].as_object().into_iter().flatten();
        let is_optional = |(_, schema): &(&String, &Value)| {
            schema["type"] == "object" && schema["required"].as_array().is_none_or(Vec::is_empty)
        };
        let has_secret = |(_, schema): &(&String, &Value)| {
            schema["properties"].get("secret").is_some() && schema["properties"].get("version").is_none()
        };
        let reference = |(name, _): (&String, &Value)| format!("#/components/schemas/{name}");
        let pages = schemas()
            .filter(|(_, schema)| schema["properties"]["page"]["$ref"] == "#/components/schemas/PageInfo");
        let paths = document["paths"].as_object().into_iter().flatten();
        let versioned = paths.filter(|(_, item)| {
            has_parameter(&item["get"], "If-None-Match")
                || item["get"]["responses"]["200"]["headers"].get("ETag").is_some()
        });
        Shared {
            pages: pages
                .map(|(name, page)| (format!("#/components/schemas/{name}"), row_members(document, page)))
                .collect(),
            versioned: versioned.map(|(path, _)| path.clone()).collect(),
            optional: schemas().filter(is_optional).map(reference).collect(),
            with_secret: schemas().filter(has_secret).map(reference).collect(),
        }
    }

    /// Adds the shared parameters of an operation, and refers to those that its route names.
    pub fn add_parameters(&self, path: &str, method: &str, operation: &mut Value) {
        let (mut first, mut last) = (Vec::new(), Vec::new());
        if method == "get" && self.is_page(operation) {
            first.extend(["Limit", "Cursor"]);
        }
        let mut own: Vec<Value> =
            if method == "get" { since(path).into_iter().chain(notes(path)).collect() } else { Vec::new() };
        if method == "get" && self.is_list(operation) {
            last.push("IfNoneMatch");
            if has_export(path) {
                own.push(form_of_list());
                let lines =
                    json!({ "schema": { "type": "string" }, "example": "{\"id\":\"…\"}\n{\"id\":\"…\"}\n" });
                operation["responses"]["200"]["content"][NDJSON] = lines;
                let sheet = json!({ "schema": { "type": "string" }, "example": "id,object\r\n…,…\r\n" });
                operation["responses"]["200"]["content"][CSV] = sheet;
            }
            own.extend(expand(path));
            own.push(self.fields(path, operation));
        }
        if writes(method, operation) {
            let guards = matches!(method, "patch" | "put" | "delete") && self.versioned.contains(path);
            if guards && !has_parameter(operation, "If-Match") {
                last.push("IfMatch");
            }
            if has_parameter(operation, "Idempotency-Key") {
                last.push("Prefer");
            } else if !has_parameter(operation, "Prefer") {
                last.extend(["OptionalIdempotencyKey", "Prefer"]);
            }
        }
        let refer = |own: &Value| component(own).map_or_else(|| forms::with_form(path, own), reference);
        let (in_path, others): (Vec<Value>, Vec<Value>) =
            declared(operation).map(refer).partition(|own| own["in"] == "path");
        let [first, last] = [first, last].map(|names| names.into_iter().map(reference).collect());
        let parameters = [in_path, first, others, own, last].concat();
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
    }

    /// States whether an operation needs a body. It needs none if all fields may be absent, except to change a record.
    pub fn complete_body(&self, method: &str, operation: &mut Value) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if method != "patch" && schema.as_str().is_some_and(|schema| self.optional.contains(schema)) {
            operation["requestBody"]["required"] = false.into();
        }
    }

    /// Adds the response headers of an operation.
    pub fn add_headers(&self, path: &str, method: &str, operation: &mut Value) {
        let is_list = method == "get" && self.is_list(operation);
        let posts_documents = takes(operation, "IdempotencyKey") || takes(operation, "BatchPrefer");
        let made = &operation["responses"]["201"]["content"]["application/json"]["schema"]["$ref"];
        let shows_secret = made.as_str().is_some_and(|schema| self.with_secret.contains(schema));
        let makes_versioned = || {
            let is_made = |at: &String| at.rsplit_once('/').is_some_and(|(parent, _)| parent == path);
            !posts_documents && !shows_secret && self.versioned.iter().any(is_made)
        };
        let has_version = |status: &str| match (method, status) {
            ("get" | "patch" | "put", "200") => self.versioned.contains(path),
            ("post", "201") => makes_versioned(),
            _ => false,
        };
        let (has_key, has_preference) = (
            takes(operation, "IdempotencyKey") || takes(operation, "OptionalIdempotencyKey"),
            takes(operation, "Prefer") || takes(operation, "BatchPrefer"),
        );
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            let headers = &mut response["headers"];
            if (status == "201" && !UNADDRESSED.contains(&path)) || status == "202" {
                headers["Location"] = header("Location");
            }
            if has_version(status) || (is_list && status == "200") {
                headers["ETag"] = header("ETag");
            }
            if has_key && status.starts_with('2') {
                headers["Idempotency-Replayed"] = header("IdempotencyReplayed");
            }
            if has_preference && status.starts_with('2') {
                headers["Preference-Applied"] = header("PreferenceApplied");
            }
            add_common_headers(response);
        }
    }

    /// Whether an operation returns a page of rows and nothing else.
    fn is_list(&self, operation: &Value) -> bool {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        self.is_page(operation) && schema.as_str().is_some_and(|schema| schema.ends_with("List"))
    }

    fn is_page(&self, operation: &Value) -> bool {
        self.row(operation).is_some()
    }

    /// Returns the members of a row of the page that an operation returns.
    fn row(&self, operation: &Value) -> Option<&Vec<String>> {
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        self.pages.get(schema.as_str()?)
    }

    /// Returns the parameter that names the members of a row.
    fn fields(&self, path: &str, operation: &Value) -> Value {
        let expanded = expansions(path).iter().map(|expansion| expansion.member());
        let mut members: Vec<&str> = self.row(operation).into_iter().flatten().map(String::as_str).collect();
        for member in expanded {
            if !members.contains(&member) {
                members.push(member);
            }
        }
        let item = json!({ "type": "string", "enum": members });
        let example = members.iter().find(|member| **member == "id").or(members.first());
        let mut fields = listed("fields", FIELDS, &json!(example.as_slice()), &item, FIELDS_MAX);
        fields["schema"]["minItems"] = 1.into();
        fields
    }
}

/// Adds the headers of every response.
pub fn add_common_headers(response: &mut Value) {
    for (name, component) in [
        ("RateLimit-Policy", "RateLimitPolicy"),
        ("RateLimit", "RateLimit"),
        ("X-Request-Id", "XRequestId"),
        ("Server-Timing", "ServerTiming"),
        ("traceresponse", "TraceResponse"),
        ("Access-Control-Allow-Origin", "AllowOrigin"),
    ] {
        response["headers"][name] = header(component);
    }
}

/// Whether an operation has a parameter of the component `name`.
pub fn takes(operation: &Value, name: &str) -> bool {
    declared(operation).any(|parameter| *parameter == reference(name))
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

/// Whether an operation writes: it needs a scope other than one to read.
fn writes(method: &str, operation: &Value) -> bool {
    let scopes = operation["x-required-scopes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    method != "get" && scopes.into_iter().any(|scope| !scope.ends_with(":read"))
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    declared(operation).any(|parameter| parameter["name"] == name)
}

fn declared(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

/// Returns the component of a parameter that a route names.
fn component(parameter: &Value) -> Option<&'static str> {
    let schema = parameter["schema"]["$ref"].as_str().unwrap_or_default();
    match parameter["name"].as_str()? {
        "If-Match" => Some("RequiredIfMatch"),
        "If-None-Match" => Some("IfNoneMatch"),
        "Idempotency-Key" => Some("IdempotencyKey"),
        "Prefer" => Some("BatchPrefer"),
        "sort" if schema.ends_with("/Age") => Some("DocumentSort"),
        "sort" if schema.ends_with("/Sort") => Some("RecordSort"),
        "updated_at[gte]" => Some("UpdatedSince"),
        _ => None,
    }
}

/// Returns the parameters by the names of their components.
pub fn parameters() -> Value {
    let mut parameters = json!({
        "Limit": parameter("query", "limit", "Most rows of the page.", &json!(LIMIT_DEFAULT), &json!({
            "type": "integer", "format": "int32", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT,
        })),
        "Cursor": parameter(
            "query",
            "cursor",
            "`next_cursor` of the page before, unchanged, together with the same filters.",
            &json!(""),
            &json!({ "type": "string", "maxLength": CURSOR_LENGTH_MAX }),
        ),
        "RecordSort": parameter("query", "sort", NEWEST_FIRST, &json!("-created_at"), &schema::<Sort>()),
        "DocumentSort": parameter("query", "sort", NEWEST_FIRST, &json!("-created_at"), &schema::<Age>()),
        "UpdatedSince": from_instant("updated_at[gte]", "Changed at this instant or later."),
        "RecordedSince": from_instant("created_at[gte]", "Recorded at this instant or later."),
        "IdempotencyKey": idempotency_key(
            "A value of your own, unique per intended write. Send the same value when you retry: the write then happens \
             once, and every retry of an accepted write gets the first response, for 7 days. The order of the fields and the \
             blanks of the body do not count. A rejected write had no effect, so a retry is decided again: it may be accepted \
             once the reason is gone, such as a lack of stock.",
        ),
        "OptionalIdempotencyKey": idempotency_key(
            "A value of your own, unique per intended write. Send it if you may have to retry: the write then happens \
             once, and every retry of an accepted write gets the first response, for 7 days. A customer or user \
             in it is as it is now. The order of the fields and the blanks of the body do not count. A rejected write had \
             no effect, so a retry is decided again.",
        ),
        "Prefer": in_header(
            "Prefer",
            PREFER_LENGTH_MAX,
            "",
            "`dry-run`: returns the response without the effect. `respond-async`: returns a job (202) and carries the request out \
             after the response, if the operation lists 202. Another spelling of `dry-run` is rejected, and other preferences are ignored.",
        ),
        "BatchPrefer": in_header(
            "Prefer",
            PREFER_LENGTH_MAX,
            "",
            "`dry-run`: returns the response to each document as if it were alone, without the effect. \
             `return=minimal`: returns only the id, the number and the count of lines of each. Another spelling \
             of `dry-run` is rejected, and other preferences are ignored.",
        ),
        "IfMatch": in_header(
            "If-Match",
            IF_MATCH_LENGTH_MAX,
            "\"1\"",
            "ETag of the record as you read it, with its quotes. The change is rejected if the record was changed since.",
        ),
        "RequiredIfMatch": in_header(
            "If-Match",
            IF_MATCH_LENGTH_MAX,
            "*",
            "ETag of the record as you read it, with its quotes: a record that was changed since is not changed. Or `*` for any \
             version.",
        ),
        "IfNoneMatch": in_header(
            "If-None-Match",
            IF_NONE_MATCH_LENGTH_MAX,
            "\"1\"",
            "ETag that you have. If the record, the list or the report is the same still, the response is 304. Separate several by \
             commas.",
        ),
    });
    for name in ["IdempotencyKey", "RequiredIfMatch"] {
        parameters[name]["required"] = true.into();
    }
    parameters
}

/// Returns the parameter of a filter that begins at an instant.
fn from_instant(name: &str, description: &str) -> Value {
    let schema = json!({ "type": "string", "format": "date-time" });
    parameter("query", name, description, &json!("2026-11-22T00:00:00Z"), &schema)
}

/// Returns the parameter for the form of a list that can be had whole.
fn form_of_list() -> Value {
    let schema = json!({ "type": "string", "enum": ["json", "ndjson", "csv"], "default": "json" });
    parameter("query", "format", FORMAT, &json!("json"), &schema)
}

/// Returns the parameter that finds documents by their last write, if the list at a path has it.
fn since(path: &str) -> Option<Value> {
    written_by(path).map(|written| match written {
        Written::Changed => reference("UpdatedSince"),
        Written::Recorded => reference("RecordedSince"),
    })
}

/// Returns the parameter that finds records by their metadata, if the list or the export at a path has it.
fn notes(path: &str) -> Option<Value> {
    let pair = json!({ "type": "string", "maxLength": 500 });
    let schema = json!({ "type": "object", "maxProperties": PAIRS_MAX, "additionalProperties": pair });
    let mut notes = has_notes(path).then(|| parameter("query", "metadata", NOTES, &json!(""), &schema))?;
    notes["style"] = "deepObject".into();
    notes["explode"] = true.into();
    Some(notes)
}

/// Returns the parameter that shows records beside their ids, if the list at a path has some.
fn expand(path: &str) -> Option<Value> {
    let members: Vec<&str> = expansions(path).iter().map(|expansion| expansion.member()).collect();
    let first = members.first()?;
    let scopes: Vec<String> = expansions(path)
        .iter()
        .map(|expansion| format!("`{}` needs `{}`", expansion.member(), expansion.scope()))
        .collect();
    let description = format!(
        "Records to show beside their ids, such as `{first}` beside `{first}_id`. Scopes: {}. One that the row does not name is \
         null.",
        scopes.join(", ")
    );
    let item = json!({ "type": "string", "enum": members });
    Some(listed("expand", &description, &json!([first]), &item, members.len()))
}

/// Returns a parameter that is a list.
fn listed(name: &str, description: &str, example: &Value, item: &Value, items_max: usize) -> Value {
    let schema = json!({ "type": "array", "maxItems": items_max, "items": item });
    let mut parameter = parameter("query", name, description, example, &schema);
    parameter["style"] = "form".into();
    parameter["explode"] = false.into();
    parameter
}

/// Longest cursor: that of a list by a name of 200 characters has up to 1,300.
const CURSOR_LENGTH_MAX: usize = 2_048;
/// Most members that `fields` names.
const FIELDS_MAX: usize = 100;
const FIELDS: &str = "Only these members of each row, separated by commas or sent repeatedly. All if absent. A row then lacks all \
                      others, even those that its schema requires. A record of `expand` is a member too.";
const FORMAT: &str = "`ndjson`: all rows, each on a line of its own, without `limit`. `csv`: all rows as a table, with a column for each \
                      member of a row, or for each of `fields` in their order; a list or an object in a cell is JSON. The rows are read while they are sent, so a \
                      change made meanwhile may or may not be in them. If something fails in between, the connection is cut before \
                      the end of the response. It costs as many points as a report: 10, and one for every 100 rows. The default follows \
                      the header Accept.";
const NOTES: &str =
    "Only records whose metadata has each of these pairs, such as `metadata[shelf]=A-12`: at most 5.";
const NEWEST_FIRST: &str = "Order of the list. Newest first if absent.";

fn idempotency_key(description: &str) -> Value {
    let mut key = in_header("Idempotency-Key", 257, "", description);
    key["schema"]["minLength"] = 1.into();
    key["schema"]["pattern"] = KEY_PATTERN.into();
    key
}

fn in_header(name: &str, max_length: usize, example: &str, description: &str) -> Value {
    let schema = json!({ "type": "string", "maxLength": max_length });
    parameter("header", name, description, &example.into(), &schema)
}

/// Returns a parameter. An explorer fills its example in, so one that no call should repeat has none.
fn parameter(place: &str, name: &str, description: &str, example: &Value, schema: &Value) -> Value {
    let mut parameter = json!({
        "name": name,
        "in": place,
        "description": description,
        "required": false,
        "schema": schema,
    });
    if *example != "" {
        parameter["example"] = example.clone();
    }
    parameter
}

fn schema<T: utoipa::PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

/// Returns the response headers by the names of their components.
pub fn headers() -> Value {
    json!({
        "AllowOrigin": {
            "description": "Origin of the page that may read the response. Sent only to a page.",
            "schema": { "type": "string", "maxLength": 300, "examples": ["*"] },
        },
        "ETag": {
            "description": "Version of the record, for `If-Match` and `If-None-Match`. A list or report has a weak one, for \
                            `If-None-Match`: it follows from the rows.",
            "schema": { "type": "string", "maxLength": 40, "examples": ["\"7\""] },
        },
        "IdempotencyReplayed": {
            "description": "`true`: this is the stored response to an earlier request with the same `Idempotency-Key`. After a write \
                            of a customer, a supplier, a user or a file, it has the record as it is now. Left out otherwise.",
            "schema": { "type": "string", "enum": ["true"] },
        },
        "Location": {
            "description": "Address of the new record, or of the job.",
            "schema": { "type": "string", "maxLength": 200, "examples": ["/v1/orders/ord_01h455vb4pex5vsknk084sn02q"] },
        },
        "PreferenceApplied": {
            "description": "The preference of `Prefer` that was applied. Left out otherwise.",
            "schema": { "type": "string", "enum": ["dry-run", "respond-async", "return=minimal"] },
        },
        "RateLimit": {
            "description": "Points that are left of each policy (`r`), and seconds until it is full again (`t`). Left out if the \
                            caller is not known.",
            "schema": { "type": "string", "maxLength": 300, "examples": ["\"burst\";r=4999;t=1, \"minute\";r=17999;t=1, \"tenant\";r=59999;t=1"] },
        },
        "RateLimitPolicy": {
            "description": "The rate limits of the caller: points (`q`) in so many seconds (`w`). GET /v1/limits explains them. \
                            Left out if the caller is not known.",
            "schema": { "type": "string", "maxLength": 300, "examples": ["\"burst\";q=5000;w=10, \"minute\";q=18000;w=60, \"tenant\";q=60000;w=60"] },
        },
        "RetryAfter": {
            "description": "Seconds to wait, at most 120.",
            "schema": { "type": "integer", "format": "int32", "minimum": 1, "maximum": 120, "examples": [1] },
        },
        "ServerTiming": {
            "description": "Milliseconds that the request took in all and in the database. Left out if the caller is not known.",
            "schema": { "type": "string", "maxLength": 100, "examples": ["total;dur=4.120, db;dur=3.004"] },
        },
        "TraceResponse": {
            "description": "The trace of the request (W3C Trace Context). Sent if the request has a `traceparent`.",
            "schema": { "type": "string", "maxLength": 55, "examples": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"] },
        },
        "XRequestId": {
            "description": "Id of the request. Quote it when you report a problem.",
            "schema": { "type": "string", "maxLength": 128, "examples": ["req_01h455vb4pex5vsknk084sn02q"] },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        json!({
            "components": { "schemas": {
                "Till": { "properties": { "id": {}, "name": {} } },
                "TillSecret": { "properties": { "till": {}, "secret": {} } },
                "TillList": { "properties": {
                    "data": { "items": { "$ref": "#/components/schemas/Till" } },
                    "page": { "$ref": "#/components/schemas/PageInfo" },
                } },
            } },
            "paths": { "/tills/{id}": { "get": { "parameters": [{ "name": "If-None-Match", "in": "header" }] } } },
        })
    }

    /// The components that the parameters and the headers of an operation refer to.
    fn completed(path: &str, method: &str, mut operation: Value) -> (Vec<String>, Vec<String>) {
        let document = document();
        let shared = Shared::of(&document);
        shared.add_parameters(path, method, &mut operation);
        shared.add_headers(path, method, &mut operation);
        let name = |one: &Value| {
            let reference = one["$ref"].as_str().or(one["name"].as_str()).expect("a name");
            reference.rsplit('/').next().unwrap_or_default().to_owned()
        };
        let responses = operation["responses"].as_object().into_iter().flatten();
        let headers = responses.flat_map(|(_, response)| response["headers"].as_object().expect("headers"));
        const COMMON: [&str; 4] = ["AllowOrigin", "ServerTiming", "TraceResponse", "XRequestId"];
        let mut headers: Vec<String> = headers.map(|(_, header)| name(header)).collect();
        headers.retain(|header| !COMMON.contains(&header.as_str()));
        headers.sort();
        (operation["parameters"].as_array().into_iter().flatten().map(name).collect(), headers)
    }

    #[test]
    fn a_list_is_read_page_by_page() {
        let page = json!({ "schema": { "$ref": "#/components/schemas/TillList" } });
        let sort =
            json!({ "name": "sort", "in": "query", "schema": { "$ref": "#/components/schemas/Sort" } });
        let list = json!({
            "parameters": [sort, { "name": "id", "in": "path" }],
            "responses": { "200": { "content": { "application/json": page } } },
        });
        let (parameters, _) = completed("/tills", "get", list);
        assert_eq!(parameters, ["id", "Limit", "Cursor", "RecordSort", "format", "fields", "IfNoneMatch"]);
    }

    #[test]
    fn fields_are_the_members_of_a_row() {
        let page = json!({ "schema": { "$ref": "#/components/schemas/TillList" } });
        let list = json!({ "responses": { "200": { "content": { "application/json": page } } } });
        let members =
            |path: &str| Shared::of(&document()).fields(path, &list)["schema"]["items"]["enum"].clone();
        assert_eq!(members("/tills"), json!(["id", "name"]));
        assert_eq!(members("/v1/registers"), json!(["id", "name", "location"]));
    }

    #[test]
    fn a_write_takes_a_key_and_a_record_has_a_version() {
        let completed = |path: &str, method: &str, status: &str, named: Value| {
            let responses = json!({ status: {} });
            let scopes = json!(["pos:write"]);
            let operation =
                json!({ "x-required-scopes": scopes, "responses": responses, "parameters": named });
            completed(path, method, operation)
        };
        let write = |path: &str, method: &str, status: &str| completed(path, method, status, json!([]));
        let naming = |header: &str| json!([{ "name": header, "in": "header" }]);
        let (parameters, headers) = write("/tills", "post", "201");
        assert_eq!(parameters, ["OptionalIdempotencyKey", "Prefer"]);
        assert_eq!(
            headers,
            ["ETag", "IdempotencyReplayed", "Location", "PreferenceApplied", "RateLimit", "RateLimitPolicy"]
        );
        let secret = json!({ "schema": { "$ref": "#/components/schemas/TillSecret" } });
        let made = json!({ "x-required-scopes": ["pos:write"],
            "responses": { "201": { "content": { "application/json": secret } } } });
        let (_, with_secret) = self::completed("/tills", "post", made);
        assert_eq!(with_secret, headers[1..], "a record beside its secret has no ETag");
        let (parameters, headers) = write("/tills/{id}", "patch", "200");
        assert_eq!(parameters, ["IfMatch", "OptionalIdempotencyKey", "Prefer"]);
        assert_eq!(
            headers,
            ["ETag", "IdempotencyReplayed", "PreferenceApplied", "RateLimit", "RateLimitPolicy"]
        );
        assert_eq!(write("/tills/{id}", "put", "200"), (parameters, headers));
        let (parameters, headers) = completed("/tills", "post", "201", naming("Idempotency-Key"));
        assert_eq!(parameters, ["IdempotencyKey", "Prefer"]);
        assert_eq!(
            headers,
            ["IdempotencyReplayed", "Location", "PreferenceApplied", "RateLimit", "RateLimitPolicy"]
        );
        assert_eq!(completed("/tills/batch", "post", "207", naming("Prefer")).0, ["BatchPrefer"]);
    }

    #[test]
    fn a_question_takes_no_key() {
        let asked = json!({ "x-required-scopes": ["stock:read"], "responses": { "200": {} } });
        assert_eq!(completed("/v1/stock/availability", "post", asked).0, [""; 0]);
    }
}
