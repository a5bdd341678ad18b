//! The schema, and the one function that executes a document.

mod ledger;
mod payable;
mod receivable;
mod reconciliation;
mod sales;
mod stock;

use std::sync::LazyLock;
use std::time::Duration;

use async_graphql::{
    EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions, Schema, ServerError, Value, Variables,
};
use domain::id::TenantId;
use serde::Serialize;
use service::Db;

use crate::costs;
use crate::guard::{self, Cost, POINTS_MAX, Rejection};
use crate::snapshot::{self, SeesReconciliation};
use ledger::LedgerQuery;
use payable::PayableQuery;
use receivable::ReceivableQuery;
use reconciliation::ReconciliationQuery;
use sales::SalesQuery;
use stock::StockQuery;

/// Longest time of a request. Most BI tools give up soon after.
const TIMEOUT_MS: u64 = 90_000;
/// Most errors of a response: the first ones.
const ERRORS_MAX: usize = 100;
/// Longest message of an error, which may repeat a text of the document.
const MESSAGE_LENGTH_MAX: usize = 2_000;

/// Reports on wholesale and retail, read from the live rows. Amounts are decimals in strings. All reports of one
/// request show the same snapshot. Periods are half-open, `[from, to)`; without `from` and `to` a report covers the
/// whole history. `knownAt` leaves out what was recorded later. `timeZone` is an IANA name; the default is the tenant's own.
/// `sort` names a figure in snake case, with a minus in front if the greatest comes first. `limit` (at most 50 000) keeps the
/// first rows of that order, otherwise the greatest, and the totals cover all. A document costs one point for each field here,
/// one for each field of `reconciliation`, one for each `tiesTo` and each `trade`, and one for each hundred values that its
/// response may have: the fields of a row, times the usual number of rows of the grouping, at most `limit`. It may have 10 fields
/// here and in `reconciliation`, and cost 5,000 points; `extensions.cost` shows its cost.
#[derive(Default, MergedObject)]
struct Query(SalesQuery, StockQuery, ReceivableQuery, PayableQuery, LedgerQuery, ReconciliationQuery);

static SCHEMA: LazyLock<Schema<Query, EmptyMutation, EmptySubscription>> =
    LazyLock::new(|| Schema::build(Query::default(), EmptyMutation, EmptySubscription).finish());

static SDL: LazyLock<String> = LazyLock::new(|| {
    let sorted = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions()
        .use_space_ident();
    SCHEMA.sdl_with_options(sorted)
});

/// Returns the schema in GraphQL's schema language, in a stable order.
pub fn sdl() -> &'static str {
    &SDL
}

#[derive(Debug, Clone, Default)]
pub struct Call {
    pub query: String,
    /// Name of the operation to execute; needed if the document has several.
    pub operation_name: Option<String>,
    /// Values of the variables: a JSON object.
    pub variables: serde_json::Value,
    /// Id of the HTTP request; errors repeat it.
    pub request_id: String,
    /// Whether the caller may see costs.
    pub sees_costs: bool,
    /// Whether the caller may read the ledger.
    pub sees_ledger: bool,
    /// Whether the caller may read the reconciliation.
    pub sees_reconciliation: bool,
}

/// The reason why nothing was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The document is not valid.
    Invalid,
    /// The document costs too much.
    Cost,
    /// The caller lacks a scope.
    Forbidden,
    /// Execution took too long.
    Timeout,
    /// No document has the hash that the request names.
    UnknownQuery,
}

impl Problem {
    /// Returns the code of the errors of such a request.
    pub fn code(self) -> &'static str {
        match self {
            Problem::Invalid => "validation_failed",
            Problem::Cost => "query_cost_exceeded",
            Problem::Forbidden => "insufficient_scope",
            Problem::Timeout => "statement_timeout",
            Problem::UnknownQuery => "PERSISTED_QUERY_NOT_FOUND",
        }
    }
}

/// The result of a document.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The data; absent if nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// Every error, with a code and the request's id in its extensions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
    /// Cost of the document in points, and the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
    /// The reason why nothing was executed; absent after an execution, even a failed one.
    #[serde(skip)]
    pub problem: Option<Problem>,
}

impl Outcome {
    /// Returns the response to a request that names a persisted query which is not known. Its message and its code are those
    /// that Apollo's clients look for.
    pub fn unknown_query(request_id: &str) -> Self {
        let error = ServerError::new("PersistedQueryNotFound", None);
        reject(Problem::UnknownQuery, vec![error], request_id)
    }

    /// Returns the points of the document. None if it was not executed.
    pub fn points(&self) -> u64 {
        self.extensions.as_ref().map_or(0, |extensions| extensions.cost.requested)
    }
}

#[derive(Debug, Serialize)]
struct Extensions {
    cost: Points,
}

#[derive(Debug, Serialize)]
struct Points {
    requested: u64,
    available: u64,
}

/// Executes a document for a tenant. The caller has been authenticated and has `reports:read`.
pub async fn execute(db: &Db, tenant_id: TenantId, call: Call) -> Outcome {
    let variables = Variables::from_json(call.variables);
    let checked = match guard::check(&call.query, &variables) {
        Ok(checked) => checked,
        Err(Rejection::Syntax(error)) => return reject(Problem::Invalid, vec![error], &call.request_id),
        Err(Rejection::Cost(detail)) => {
            return reject(Problem::Cost, vec![ServerError::new(detail, None)], &call.request_id);
        }
    };
    let cost = if call.sees_costs { None } else { costs::named(&checked.document) };
    let (sender, reads) = tokio::sync::mpsc::unbounded_channel();
    let mut request = async_graphql::Request::new(call.query)
        .variables(variables)
        .data::<snapshot::ReadSender>(sender)
        .data(costs::SeesCosts(call.sees_costs))
        .data(snapshot::SeesLedger(call.sees_ledger))
        .data(SeesReconciliation(call.sees_reconciliation));
    if let Some(name) = call.operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(checked.document);
    if let Some(field) = cost {
        return reject_cost(request, &field, &call.request_id).await;
    }
    // The last resolver drops the last sender, and that ends the snapshot.
    let work = async { tokio::join!(SCHEMA.execute(request), snapshot::serve(db, tenant_id, reads)).0 };
    match tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), work).await {
        Ok(response) => into_outcome(response, checked.cost, &call.request_id),
        Err(_) => {
            let error = ServerError::new("The request took too long; ask for a shorter period.", None);
            reject(Problem::Timeout, vec![error], &call.request_id)
        }
    }
}

/// Rejects a document that names a cost. The schema checks the document first, without a resolver: an unknown field is an unknown
/// field to every caller.
async fn reject_cost(request: async_graphql::Request, field: &str, request_id: &str) -> Outcome {
    let response = SCHEMA.execute(request.only_introspection()).await;
    if !response.errors.is_empty() {
        return reject(Problem::Invalid, response.errors, request_id);
    }
    let detail = format!("The field {field} needs the scope costs:read.");
    reject(Problem::Forbidden, vec![ServerError::new(detail, None)], request_id)
}

fn into_outcome(response: async_graphql::Response, cost: Cost, request_id: &str) -> Outcome {
    // A resolver's error has a path; a validation error has none.
    let executed = response.is_ok()
        || response.data != Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty());
    if !executed {
        return reject(Problem::Invalid, response.errors, request_id);
    }
    let cost = Points { requested: cost.points, available: POINTS_MAX };
    Outcome {
        data: Some(response.data),
        errors: add_codes(response.errors, "validation_failed", request_id),
        extensions: Some(Extensions { cost }),
        problem: None,
    }
}

fn reject(problem: Problem, errors: Vec<ServerError>, request_id: &str) -> Outcome {
    Outcome {
        data: None,
        errors: add_codes(errors, problem.code(), request_id),
        extensions: None,
        problem: Some(problem),
    }
}

/// Adds the request's id to every error, and a code where there is none yet. Cuts what is too long.
fn add_codes(mut errors: Vec<ServerError>, code: &str, request_id: &str) -> Vec<ServerError> {
    errors.truncate(ERRORS_MAX);
    for error in &mut errors {
        if let Some((end, _)) = error.message.char_indices().nth(MESSAGE_LENGTH_MAX) {
            error.message.truncate(end);
        }
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
        extensions.set("request_id", request_id);
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: &str = "{ __schema { types { name description enumValues { name description } \
        inputFields { name description } fields { name description args { name description } \
        type { name ofType { name } } } } } }";

    fn list<'v>(value: &'v serde_json::Value, name: &str) -> impl Iterator<Item = &'v serde_json::Value> {
        value[name].as_array().into_iter().flatten()
    }

    fn text(value: &serde_json::Value) -> &str {
        value.as_str().unwrap_or_default()
    }

    /// Fields get their descriptions from doc comments; REST shows them as the meaning of a column.
    #[tokio::test]
    async fn every_type_field_argument_and_value_is_described() {
        let response = SCHEMA.execute(TYPES).await;
        assert!(response.is_ok(), "{:?}", response.errors);
        let data = serde_json::to_value(&response.data).expect("JSON");
        // GraphQL itself defines these.
        let is_own = |name: &str| {
            !name.starts_with("__") && !["Boolean", "Float", "ID", "Int", "String"].contains(&name)
        };
        let own = list(&data["__schema"], "types").filter(|of_type| is_own(text(&of_type["name"])));
        let (mut described, mut undescribed, mut without_rule) = (0, Vec::new(), Vec::new());
        for of_type in own {
            let name = text(&of_type["name"]);
            let members =
                ["fields", "inputFields", "enumValues"].into_iter().flat_map(|kind| list(of_type, kind));
            let arguments = list(of_type, "fields").flat_map(|field| list(field, "args"));
            for item in members.chain(arguments).chain([of_type]) {
                if text(&item["description"]).is_empty() {
                    undescribed.push(format!("{name}.{}", text(&item["name"])));
                }
                described += 1;
            }
            for field in list(of_type, "fields") {
                let is_figure =
                    [&field["type"]["name"], &field["type"]["ofType"]["name"]].contains(&&"Decimal".into());
                if is_figure && !text(&field["description"]).contains("dditive") {
                    without_rule.push(format!("{name}.{}", text(&field["name"])));
                }
            }
        }
        assert!(described > 300, "{described} descriptions are found");
        assert_eq!(undescribed, Vec::<String>::new(), "without a description");
        assert_eq!(without_rule, Vec::<String>::new(), "figures that do not say whether they are additive");
    }
}
