//! The schema, and the one function that executes a document.

mod receivable;
mod stock;

use std::sync::LazyLock;
use std::time::Duration;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, InputObject, MergedObject, Object, Result,
    SDLExportOptions, Schema, ServerError, Value, Variables,
};
use domain::id::TenantId;
use serde::Serialize;
use service::Db;

use crate::costs;
use crate::guard::{self, Cost, POINTS_MAX, Rejection};
use crate::report::{
    AbcMeasure, AbcRow, BestCustomersRow, ChannelRow, CompareTo, CustomerValueRow, Dimension, Input,
    MarginRow, Name, ProductPerformanceRow, Report, RevenueRow, Values, WeakMarginsRow,
};
use crate::scalar::{Date, Decimal};
use crate::snapshot;
use receivable::ReceivableQuery;
use stock::StockQuery;

/// Longest time of a request. Most BI tools give up soon after.
const TIMEOUT_MS: u64 = 90_000;

/// Selects the lines that a report counts. A line must match one value of every filter that has values.
#[derive(Debug, Clone, Default, InputObject)]
struct ReportFilter {
    /// Sales channels: `wholesale`, `retail`.
    #[graphql(default)]
    channel: Vec<String>,
    /// Stock locations, by code or id.
    #[graphql(default)]
    location: Vec<String>,
    /// Products, by SKU or id.
    #[graphql(default)]
    product: Vec<String>,
    /// Categories by code or id, including all categories below them.
    #[graphql(default)]
    category: Vec<String>,
    /// Customers, by number or id.
    #[graphql(default)]
    customer: Vec<String>,
    /// Countries of sale, ISO 3166-1 alpha-2.
    #[graphql(default)]
    country: Vec<String>,
    /// Currencies, ISO 4217.
    #[graphql(default)]
    currency: Vec<String>,
    /// Kinds of products: `stocked` for goods, `service` for postage, fees and work.
    #[graphql(default)]
    product_kind: Vec<String>,
}

impl From<ReportFilter> for Values {
    fn from(filter: ReportFilter) -> Self {
        let ReportFilter { channel, location, product, category, customer, country, currency, product_kind } =
            filter;
        Values { channel, location, product, category, customer, country, currency, product_kind }
    }
}

/// The rows of units of time without trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum Fill {
    /// A row of zeros.
    Zero,
}

impl Fill {
    fn text(self) -> String {
        match self {
            Fill::Zero => "zero".to_owned(),
        }
    }
}

struct Period {
    from: Option<Date>,
    to: Option<Date>,
    filter: Option<ReportFilter>,
    time_zone: Option<String>,
    compare: Option<CompareTo>,
    known_at: Option<Date>,
    sort: Option<String>,
    limit: i32,
}

impl From<Period> for Input {
    fn from(period: Period) -> Self {
        Input {
            from: period.from.map(|date| date.0.to_string()),
            to: period.to.map(|date| date.0.to_string()),
            time_zone: period.time_zone,
            sort: period.sort,
            known_at: period.known_at.map(|date| date.0.to_string()),
            compare: period.compare.map(|to| <&str>::from(to).to_owned()),
            values: period.filter.unwrap_or_default().into(),
            limit: Some(i64::from(period.limit)),
            ..Input::default()
        }
    }
}

/// Reports on wholesale and retail, read from the live rows. Amounts are decimals in strings. All reports of one
/// request show the same snapshot. Periods are half-open, `[from, to)`; without `from` and `to` a report covers the
/// whole history. `knownAt` leaves out what was recorded later. `timeZone` is an IANA name; the default is the tenant's own.
/// `sort` names a figure in snake case, with a minus in front if the greatest comes first. `limit` (at most 50 000) keeps the
/// first rows of that order, otherwise the greatest, and the totals cover all. A document costs one point for each field here,
/// and one for each hundred values that its response may have: the fields of a row, times the usual number of rows of the
/// grouping, at most `limit`. It may cost 5,000 points; `extensions.cost` shows its cost.
#[derive(Default, MergedObject)]
struct Query(SalesQuery, StockQuery, ReceivableQuery);

/// Reports on sales.
#[derive(Default)]
struct SalesQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl SalesQuery {
    /// Revenue: sales less returns, by any dimensions.
    async fn revenue_report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(default_with = "vec![Dimension::Day]", desc = "Dimensions of a row.")] group_by: Vec<
            Dimension,
        >,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(desc = "`ZERO` adds a row of zeros for each unit of time without lines.")] fill: Option<
            Fill,
        >,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<RevenueRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let input = Input { group_by: Some(group_by), fill: fill.map(Fill::text), ..period.into() };
        snapshot::report(context, Name::Revenue, input).await
    }

    /// Margin: revenue and the cost of sales, by any dimensions.
    async fn margin_report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(default_with = "vec![Dimension::Day]", desc = "Dimensions of a row.")] group_by: Vec<
            Dimension,
        >,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(desc = "`ZERO` adds a row of zeros for each unit of time without lines.")] fill: Option<
            Fill,
        >,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<MarginRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let input = Input { group_by: Some(group_by), fill: fill.map(Fill::text), ..period.into() };
        snapshot::report(context, Name::Margin, input).await
    }

    /// Wholesale and retail side by side, with the whole business in the totals.
    async fn channel_summary(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<ChannelRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::ChannelSummary, period.into()).await
    }

    /// Units, revenue and margin of each product, in total and by channel. The greatest revenue comes first.
    async fn product_performance(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<ProductPerformanceRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::ProductPerformance, period.into()).await
    }

    /// Revenue, cost and contribution of each customer over both channels, after returns and discounts. The greatest
    /// contribution comes first. Without a period the report shows the lifetime value.
    async fn customer_value(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<CustomerValueRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::CustomerValue, period.into()).await
    }

    /// Recency, frequency and value of each customer who bought in the period, with scores from 1 to 5. The best come first.
    async fn best_customers(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<BestCustomersRow>> {
        let period = Period { from, to, filter, time_zone, compare: None, known_at, sort, limit };
        snapshot::report(context, Name::BestCustomers, period.into()).await
    }

    /// Products whose margin in a channel is below `belowPct` percent (10 if absent), and those sold below cost. The greatest loss
    /// comes first.
    async fn weak_margins(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Margin in percent below which a product is weak.")] below_pct: Option<Decimal>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<WeakMarginsRow>> {
        let period = Period { from, to, filter, time_zone, compare: None, known_at, sort, limit };
        let input = Input { below_pct: below_pct.map(|percent| percent.0), ..period.into() };
        snapshot::report(context, Name::WeakMargins, input).await
    }

    /// Products ranked by revenue or margin: A up to 80 %, B up to 95 %, C the rest.
    async fn abc(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(default, desc = "Figure by which products are ranked.")] measure: AbcMeasure,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<AbcRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let measure: &str = measure.into();
        let input = Input { measure: Some(measure.to_owned()), ..period.into() };
        snapshot::report(context, Name::Abc, input).await
    }
}

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
    if !call.sees_costs
        && let Some(field) = costs::named(&checked.document)
    {
        let detail = format!("The field {field} needs the scope costs:read.");
        return reject(Problem::Forbidden, vec![ServerError::new(detail, None)], &call.request_id);
    }
    let (sender, calls) = tokio::sync::mpsc::unbounded_channel();
    let mut request = async_graphql::Request::new(call.query)
        .variables(variables)
        .data::<snapshot::ReportSender>(sender)
        .data(costs::SeesCosts(call.sees_costs));
    if let Some(name) = call.operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(checked.document);
    // The last resolver drops the last sender, and that ends the snapshot.
    let work = async { tokio::join!(SCHEMA.execute(request), snapshot::serve(db, tenant_id, calls)).0 };
    match tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), work).await {
        Ok(response) => into_outcome(response, checked.cost, &call.request_id),
        Err(_) => {
            let error = ServerError::new("The request took too long; ask for a shorter period.", None);
            reject(Problem::Timeout, vec![error], &call.request_id)
        }
    }
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
    let code = match problem {
        Problem::Invalid => "validation_failed",
        Problem::Cost => "query_cost_exceeded",
        Problem::Forbidden => "insufficient_scope",
        Problem::Timeout => "statement_timeout",
        Problem::UnknownQuery => "PERSISTED_QUERY_NOT_FOUND",
    };
    Outcome {
        data: None,
        errors: add_codes(errors, code, request_id),
        extensions: None,
        problem: Some(problem),
    }
}

/// Adds the request's id to every error, and a code where there is none yet.
fn add_codes(mut errors: Vec<ServerError>, code: &str, request_id: &str) -> Vec<ServerError> {
    for error in &mut errors {
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
