//! The API's description of the bodies and the parameters of each route.
//!
//! A type that is parsed reports its first fault only. So a request that can't be parsed is compared with the schema of its
//! route, and the rejection lists all faults. A request that can be parsed pays nothing.

mod check;
mod expected;
pub mod json;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::Data;
use domain::refusal::{Code, PROBLEMS_OF_ITEM_MAX, Problems};
use regex_lite::Regex;
use serde_json::{Map, Value};
use service::posting::Stated;

use crate::problem::{ApiError, ErrorCode, FieldProblem};
use check::{Check, Fault};
use json::Json;

/// Longest body of which all faults are listed. Of a longer one the first is, because the look at all of it would take
/// several times its length of memory.
const EXPLAINED_BYTES_MAX: usize = 256 * 1024;
/// Most faults that are listed.
const FAULTS_MAX: usize = 1_000;
/// Detail of a parameter that is meant as `Prefer: dry-run`.
const DRY_RUN: &str = "There is no such parameter here. For a dry run send the header `Prefer: dry-run`.";

/// Schemas of every operation.
pub struct Schemas {
    components: Map<String, Value>,
    patterns: HashMap<String, Regex>,
    /// Operations by the pattern of their path.
    operations: HashMap<String, Vec<Operation>>,
}

struct Operation {
    method: Method,
    /// Schema of the JSON body. Null without one.
    body: Value,
    /// Parameters in the query.
    parameters: Vec<Value>,
    /// Whether other parameters in the query are ignored: `extensions(("x-other-parameters" = json!(true)))` beside the handler.
    ignores_others: bool,
    /// Whether it takes `Prefer: dry-run`.
    has_dry_run: bool,
    /// Names of the members of a row, if the response is a list.
    row: Vec<String>,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Schemas").field("paths", &self.operations.len()).finish_non_exhaustive()
    }
}

impl Schemas {
    /// Reads the API's own description.
    pub fn declared(document: &Value) -> Self {
        let components = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let operations = paths
            .map(|(path, item)| {
                let operations = item.as_object().into_iter().flatten();
                let known = operations.filter_map(|(method, own)| operation(document, method, own));
                (path.clone(), known.collect())
            })
            .collect();
        let mut patterns = HashMap::new();
        collect_patterns(document, &mut patterns);
        Schemas { components, patterns, operations }
    }

    fn operation(&self, pattern: &str, method: &Method) -> Option<&Operation> {
        self.operations.get(pattern)?.iter().find(|operation| operation.method == *method)
    }

    /// Returns the schema that a schema refers to, or itself.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        name.and_then(|name| self.components.get(name)).unwrap_or(schema)
    }

    /// Returns the schema of the value at a JSON pointer in a value of `schema`.
    fn within<'s>(&'s self, schema: &'s Value, pointer: &str) -> Option<&'s Value> {
        pointer.split('/').skip(1).try_fold(self.apart_from_null(schema), |schema, step| {
            let name = step.replace("~1", "/").replace("~0", "~");
            let of_member = schema["properties"].get(&name).or(schema.get("items"));
            let of_member = of_member.or(schema.get("additionalProperties").filter(|own| own.is_object()))?;
            Some(self.apart_from_null(of_member))
        })
    }

    /// Returns the schema that a schema refers to, without null as an alternative of it.
    fn apart_from_null<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let schema = self.resolve(schema);
        let alternatives = schema["oneOf"].as_array().into_iter().flatten();
        let others: Vec<&Value> = alternatives.filter(|own| own["type"] != "null").collect();
        match others.as_slice() {
            [only] => self.resolve(only),
            _ => schema,
        }
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        self.patterns.get(pattern).is_none_or(|pattern| pattern.is_match(text))
    }

    fn faults_of_query(&self, operation: &Operation, query: &str) -> Vec<Fault> {
        let mut check = Check::new(self, FAULTS_MAX);
        let (mut seen, mut unknown) = (HashSet::new(), Vec::new());
        let no_such = operation.no_such_parameter();
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            let Some(parameter) = operation.parameters.iter().find(|own| own["name"] == *name) else {
                if operation.has_parameter(&name) {
                    continue;
                }
                if unknown.len() < FAULTS_MAX {
                    let detail = match operation.has_dry_run && is_dry_run(&name) {
                        true => DRY_RUN.to_owned(),
                        false => no_such.clone(),
                    };
                    let pointer = name.into_owned();
                    unknown.push(Fault { pointer, is_unknown: true, detail });
                }
                continue;
            };
            let schema = self.resolve(&parameter["schema"]);
            let at = &mut name.clone().into_owned();
            if !seen.insert(name) && !is_array(schema) {
                check.note(at, "Send this parameter only once.");
            }
            match schema["type"].as_str() {
                _ if is_array(schema) => {
                    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                    let item = self.resolve(&schema["items"]);
                    parts.for_each(|part| check.entry(part, item, &mut at.clone()));
                }
                Some("integer") => check.value(&text.parse().map_or(Json::Number, Json::Whole), schema, at),
                Some("boolean") => {
                    check.value(&text.parse().map_or(Json::Null, Json::Bool), schema, at);
                }
                // The form of a response is read without regard to case.
                _ if at.as_str() == "format" => {
                    check.value(&Json::Text(text.to_ascii_lowercase()), schema, at);
                }
                _ => check.value(&Json::Text(text.into_owned()), schema, at),
            }
        }
        for name in operation
            .parameters
            .iter()
            .filter(|own| own["required"] == true)
            .filter_map(|own| own["name"].as_str())
        {
            if !seen.contains(name) {
                check.note(name, "This parameter is required.");
            }
        }
        unknown.extend(check.faults());
        unknown
    }

    /// Returns everything that is wrong with a query.
    fn problems_of_query(&self, operation: &Operation, query: &str) -> Vec<FieldProblem> {
        let faults = self.faults_of_query(operation, &joined_for(operation, query)).into_iter();
        let problem = |fault: Fault| {
            let code = if fault.is_unknown { ErrorCode::UnknownField } else { ErrorCode::InvalidParameter };
            let mut detail = unquoted(&fault.detail);
            if detail.contains("offset") && query.contains('+') {
                detail.push_str(" In a URL, write + as %2B.");
            }
            let parameter = Some(fault.pointer);
            FieldProblem { parameter, code: code.to_string(), detail, ..FieldProblem::default() }
        };
        faults.map(problem).collect()
    }

    /// Returns the values of a query that are longer or greater than their parameter allows.
    fn excesses_of_query(&self, operation: &Operation, query: &str) -> Vec<Fault> {
        let mut check = Check::new(self, FAULTS_MAX);
        for (name, text) in form_urlencoded::parse(query.as_bytes()) {
            let Some(parameter) = operation.parameters.iter().find(|own| own["name"] == *name) else {
                continue;
            };
            let schema = self.resolve(&parameter["schema"]);
            match schema["type"].as_str() {
                _ if is_array(schema) => {
                    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                    let distinct: HashSet<&str> = parts.clone().collect();
                    check.count(distinct.len(), schema, &name);
                    let item = self.resolve(&schema["items"]);
                    parts.for_each(|part| check.length(part, item, &name));
                }
                Some("integer") => {
                    if let Ok(whole) = text.parse() {
                        check.value(&Json::Whole(whole), schema, &mut name.into_owned());
                    }
                }
                _ => check.length(&text, schema, &name),
            }
        }
        check.faults()
    }
}

impl Operation {
    fn has_parameter(&self, name: &str) -> bool {
        self.parameters.iter().any(|own| own["name"] == *name || is_member(own, name))
    }

    /// Returns the detail of a parameter that the operation has not.
    fn no_such_parameter(&self) -> String {
        let known = self.parameters.iter().filter_map(|own| own["name"].as_str());
        match self.parameters.as_slice() {
            [] => "There is no such parameter here: the query takes none. Leave it out.".to_owned(),
            _ => {
                format!("There is no such parameter here. Send {}, or leave it out.", expected::one_of(known))
            }
        }
    }
}

/// Whether a name is meant as `dry-run`.
fn is_dry_run(name: &str) -> bool {
    ["dry_run", "dry-run", "dryrun"].iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Returns the rejection of a query with a parameter that the operation at the path `pattern` does not have. It lists all faults of the
/// query. The request has no route yet.
pub fn unknown_parameters(request: &HttpRequest, pattern: &str) -> Option<ApiError> {
    let schemas = request.app_data::<Data<Schemas>>()?;
    let operation = schemas.operation(pattern, request.method())?;
    let query = joined_for(operation, request.query_string());
    let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let unknown = names.find(|name| !operation.ignores_others && !operation.has_parameter(name))?;
    let error = ApiError::new(ErrorCode::UnknownField, operation.no_such_parameter());
    let error = error.at_parameter(unknown.into_owned());
    Some(error.replaced_by(schemas.problems_of_query(operation, request.query_string())))
}

/// Returns the query of a request with every array as one list: `status=a&status=b` and `status[]=a` become `status=a,b`.
pub fn joined_query(request: &HttpRequest) -> Cow<'_, str> {
    let query = request.query_string();
    let schemas = request.app_data::<Data<Schemas>>().zip(request.match_pattern());
    let operation =
        schemas.as_ref().and_then(|(schemas, pattern)| schemas.operation(pattern, request.method()));
    operation.map_or(query.into(), |operation| joined_for(operation, query))
}

/// Returns a query of an operation with every array as one list.
fn joined_for<'q>(operation: &Operation, query: &'q str) -> Cow<'q, str> {
    let arrays: Vec<&str> = operation
        .parameters
        .iter()
        .filter(|own| is_array(&own["schema"]))
        .filter_map(|own| own["name"].as_str())
        .collect();
    if arrays.is_empty() || query.is_empty() {
        return query.into();
    }
    joined(query, &arrays).into()
}

/// Returns a query with every array as one list. A caller without a credential can send it, so each pair is looked at once.
fn joined(query: &str, arrays: &[&str]) -> String {
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (raw, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name: String =
            form_urlencoded::parse(raw.as_bytes()).map(|(name, _)| name.into_owned()).collect();
        let name = name.strip_suffix("[]").unwrap_or(&name);
        let Some(array) = arrays.iter().find(|array| **array == name) else {
            pairs.push((raw.to_owned(), value.to_owned()));
            continue;
        };
        match places.get(array) {
            Some(place) => {
                let (_, values) = &mut pairs[*place];
                values.push(',');
                values.push_str(value);
            }
            None => {
                places.insert(array, pairs.len());
                pairs.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    let text: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    text.join("&")
}

/// Returns the names of the members that a row of the requested list has.
pub fn row_fields(request: &HttpRequest) -> Vec<String> {
    let schemas = request.app_data::<Data<Schemas>>().zip(request.match_pattern());
    let operation =
        schemas.as_ref().and_then(|(schemas, pattern)| schemas.operation(pattern, request.method()));
    operation.map(|operation| operation.row.clone()).unwrap_or_default()
}

/// Rejects a query with a value that is longer or greater than the description allows, although its type can hold it.
pub fn check_query(request: &HttpRequest, query: &str) -> Result<(), ApiError> {
    let schemas = request.app_data::<Data<Schemas>>().zip(request.match_pattern());
    let Some((schemas, pattern)) = schemas.filter(|_| !query.is_empty()) else { return Ok(()) };
    let Some(operation) = schemas.operation(&pattern, request.method()) else { return Ok(()) };
    let faults = schemas.excesses_of_query(operation, query);
    let Some(first) = faults.first() else { return Ok(()) };
    let detail = unquoted(&first.detail);
    Err(ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter(first.pointer.clone()))
}

/// Returns how to send a parameter: a URL has no quotes, unlike JSON.
fn unquoted(detail: &str) -> String {
    [", in quotes", " in quotes", ", without quotes"]
        .iter()
        .fold(detail.to_owned(), |text, words| text.replace(words, ""))
}

/// Adds to a rejected query everything that is wrong with its parameters.
pub fn explain_query(request: &HttpRequest, error: ApiError) -> ApiError {
    let schemas = request.app_data::<Data<Schemas>>();
    let pattern = request.match_pattern();
    let operation = schemas
        .zip(pattern)
        .and_then(|(schemas, pattern)| Some((schemas, schemas.operation(&pattern, request.method())?)));
    let Some((schemas, operation)) = operation else { return error };
    if !matches!(error.code(), ErrorCode::InvalidParameter | ErrorCode::UnknownField) {
        return error;
    }
    error.replaced_by(schemas.problems_of_query(operation, request.query_string()))
}

/// The schema of a body, or of each of many records in it.
#[derive(Clone)]
pub struct BodySchema {
    schemas: Option<Data<Schemas>>,
    pattern: String,
    method: Method,
    of_items: bool,
}

impl fmt::Debug for BodySchema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "BodySchema({} {})", self.method, self.pattern)
    }
}

impl BodySchema {
    /// Returns the schema of the body of a request.
    pub fn of(request: &HttpRequest) -> Self {
        BodySchema {
            schemas: request.app_data::<Data<Schemas>>().cloned(),
            pattern: request.match_pattern().unwrap_or_default(),
            method: request.method().clone(),
            of_items: false,
        }
    }

    /// Returns the schema of the body that is posted to `path`.
    pub fn posted_to(self, path: &str) -> Self {
        BodySchema { pattern: path.to_owned(), method: Method::POST, ..self }
    }

    /// Returns the schema of each entry of `items`.
    pub fn of_items(self) -> Self {
        BodySchema { of_items: true, ..self }
    }

    /// Replaces the first fault of a body that could not be parsed by all of them.
    pub fn explain_unread(&self, raw: &[u8], error: ApiError) -> ApiError {
        let faults = self.problems(raw, &error);
        error.replaced_by(faults)
    }

    /// Adds to a rejected body everything that is wrong with its fields.
    pub fn explain(&self, raw: &[u8], error: ApiError) -> ApiError {
        let faults = self.problems(raw, &error);
        error.including(faults)
    }

    /// Adds everything that the description does not allow to the wrong fields of a body, if there are some.
    pub fn complete(&self, raw: &[u8], stated: Stated) -> Stated {
        let Stated { command, wrong } = stated;
        let Err(mut refusal) = wrong.clone().check() else { return Stated { command, wrong } };
        let is_explained = raw.len() <= EXPLAINED_BYTES_MAX;
        let faults = if is_explained { self.faults(raw) } else { None };
        let faults: Vec<Fault> = faults.into_iter().flatten().collect();
        let named: HashSet<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        refusal.problems.retain(|problem| !named.contains(problem.pointer.as_str()));
        let mut wrong = Problems::default();
        for fault in faults {
            wrong.invalid(fault.pointer, fault.detail);
        }
        refusal.problems.into_iter().for_each(|problem| wrong.push(problem));
        Stated { command, wrong }
    }

    /// Rejects a body with fields that the description does not allow.
    pub fn check(&self, raw: &[u8]) -> Result<(), ApiError> {
        let faults: Vec<FieldProblem> = self.faults(raw).into_iter().flatten().map(problem).collect();
        match faults.is_empty() {
            true => Ok(()),
            false => Err(ApiError::of(Code::ValidationFailed).including(faults)),
        }
    }

    /// Returns what is wrong with the fields of a body, if its rejection is about fields.
    fn problems(&self, raw: &[u8], error: &ApiError) -> Vec<FieldProblem> {
        let is_about_fields = matches!(
            error.code(),
            ErrorCode::UnknownField
                | ErrorCode::Domain(Code::ValidationFailed | Code::NotFound | Code::AlreadyExists)
        );
        let is_explained = is_about_fields && raw.len() <= EXPLAINED_BYTES_MAX;
        let faults = if is_explained { self.faults(raw) } else { None };
        faults.into_iter().flatten().map(problem).collect()
    }

    fn faults(&self, raw: &[u8]) -> Option<Vec<Fault>> {
        let schemas = self.schemas.as_ref()?;
        let mut schema = schemas.resolve(&schemas.operation(&self.pattern, &self.method)?.body);
        let mut most = FAULTS_MAX;
        if self.of_items {
            schema = schemas.resolve(&schema["properties"]["items"]["items"]);
            most = PROBLEMS_OF_ITEM_MAX;
        }
        let mut check = Check::new(schemas, most);
        match json::read(if raw.trim_ascii().is_empty() { b"{}" } else { raw }) {
            Ok(value) => check.value(&value, schema, &mut String::new()),
            Err(unreadable) => {
                let other = schemas.within(schema, &unreadable.pointer).filter(|own| {
                    unreadable.is_number && !expected::is_numeric(own) && own["oneOf"].is_null()
                });
                let fix = other.map_or_else(|| unreadable.fix.to_owned(), expected::expected);
                check.note(&unreadable.pointer, fix);
            }
        }
        Some(check.faults())
    }
}

/// Returns the problem of a field of a body.
fn problem(fault: Fault) -> FieldProblem {
    let code = if fault.is_unknown { ErrorCode::UnknownField } else { Code::ValidationFailed.into() };
    let pointer = Some(format!("#{}", fault.pointer));
    FieldProblem { pointer, code: code.to_string(), detail: fault.detail, ..FieldProblem::default() }
}

/// Whether `name` is a member of a parameter that is an object: `metadata[shelf]`. Its reader checks it.
fn is_member(parameter: &Value, name: &str) -> bool {
    let object = parameter["name"].as_str().filter(|_| parameter["style"] == "deepObject");
    object.and_then(|object| name.strip_prefix(object)).is_some_and(|rest| rest.starts_with('['))
}

fn is_array(schema: &Value) -> bool {
    schema["type"] == "array" || schema["type"][0] == "array"
}

fn operation(document: &Value, method: &str, operation: &Value) -> Option<Operation> {
    let own = operation["parameters"].as_array().into_iter().flatten();
    let resolved = own.map(|parameter| resolve(document, parameter));
    let is_prefer = |own: &Value| own["in"] == "header" && own["name"] == "Prefer";
    let response = resolve(document, &operation["responses"]["200"]);
    Some(Operation {
        method: method.to_uppercase().parse().ok()?,
        body: operation["requestBody"]["content"]["application/json"]["schema"].clone(),
        has_dry_run: resolved.clone().any(is_prefer),
        parameters: resolved.filter(|parameter| parameter["in"] == "query").cloned().collect(),
        ignores_others: operation["x-other-parameters"] == true,
        row: row_members(document, &response["content"]["application/json"]["schema"]),
    })
}

/// Returns the component that a part of the document refers to, or the part itself.
fn resolve<'d>(document: &'d Value, part: &'d Value) -> &'d Value {
    let reference = part["$ref"].as_str().map(|reference| reference.trim_start_matches('#'));
    reference.and_then(|reference| document.pointer(reference)).unwrap_or(part)
}

/// Returns the names of the members of a row of a list, whose page has the schema `response`.
pub fn row_members(document: &Value, response: &Value) -> Vec<String> {
    let row = resolve(document, &resolve(document, response)["properties"]["data"]["items"]);
    let parts = row["allOf"].as_array().into_iter().flatten().map(|part| resolve(document, part));
    let members =
        std::iter::once(row).chain(parts).filter_map(|part| part["properties"].as_object()).flatten();
    members.map(|(name, _)| name.clone()).collect()
}

fn collect_patterns(value: &Value, patterns: &mut HashMap<String, Regex>) {
    match value {
        Value::Object(members) => {
            if let Some(pattern) = members.get("pattern").and_then(Value::as_str)
                && !patterns.contains_key(pattern)
                && let Ok(regex) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            members.values().for_each(|member| collect_patterns(member, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_patterns(item, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_a_query_are_joined() {
        let arrays = ["status", "id"];
        assert_eq!(joined("status=a&x=1&status[]=b&id=1&x=2&status=c", &arrays), "status=a,b,c&x=1&id=1&x=2");
    }

    #[test]
    fn a_long_query_takes_time_in_proportion_to_its_length() {
        let many = 200_000;
        let query = format!("{}{}", "a=1&".repeat(many), "id=1&".repeat(many));
        let joined = joined(&query, &["id"]);
        assert_eq!(joined.len(), "a=1&".len() * many + "id=".len() + "1,".len() * many - 1);
    }

    #[test]
    fn a_parameter_is_sent_without_quotes() {
        for (said, expected) in [
            ("Send `a` or `b`, in quotes.", "Send `a` or `b`."),
            ("Send a whole number from 1 to 9, without quotes.", "Send a whole number from 1 to 9."),
            ("Send a decimal number in quotes, such as \"1.5\".", "Send a decimal number, such as \"1.5\"."),
            ("Send true or false, without quotes.", "Send true or false."),
        ] {
            assert_eq!(unquoted(said), expected);
        }
    }

    #[test]
    fn few_unknown_parameters_are_listed() {
        let parameters =
            serde_json::json!([{ "name": "limit", "in": "query", "schema": { "type": "integer" } }]);
        let document = serde_json::json!({ "paths": { "/a": { "get": { "parameters": parameters } } } });
        let schemas = Schemas::declared(&document);
        let operation = schemas.operation("/a", &Method::GET).expect("an operation");
        let faults = schemas.faults_of_query(operation, &"x=1&".repeat(2 * FAULTS_MAX));
        assert_eq!(faults.len(), FAULTS_MAX);
        assert!(faults.iter().all(|fault| fault.detail.contains("Send `limit`")));
    }

    #[test]
    fn a_dry_run_is_a_header() {
        let prefer = serde_json::json!([{ "name": "Prefer", "in": "header" }]);
        let document = serde_json::json!({ "paths": {
            "/a": { "post": { "parameters": prefer }, "get": {} },
        } });
        let schemas = Schemas::declared(&document);
        let detail = |method: Method| {
            let operation = schemas.operation("/a", &method).expect("an operation");
            schemas.faults_of_query(operation, "Dry_Run=true").remove(0).detail
        };
        assert!(detail(Method::POST).contains("`Prefer: dry-run`"));
        assert!(detail(Method::GET).contains("the query takes none"));
    }
}
