//! The schema, and the one way to execute a document against it.

mod stock;

use std::sync::LazyLock;
use std::time::Duration;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, InputObject, MergedObject, Object, Result, SDLExportOptions,
    Schema, ServerError, Value, Variables,
};
use domain::id::TenantId;
use serde::Serialize;
use service::Db;

use crate::guard::{self, Cost, POINTS_MAX, Refused};
use crate::report::{
    AbcMeasure, AbcRow, ChannelRow, CustomerValueRow, Dimension, Input, MarginRow, Name,
    ProductPerformanceRow, Report, RevenueRow, Values,
};
use crate::scalar::Date;
use crate::snapshot;
use stock::StockQuery;

/// The longest that a request may take: tools give up soon after.
const TIMEOUT_MS: u64 = 90_000;

/// Which lines count: those that have one of the named values in every filter that names any.
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
    /// Categories and everything below them, by code or id.
    #[graphql(default)]
    category: Vec<String>,
    /// Customers, by number or id.
    #[graphql(default)]
    customer: Vec<String>,
    /// Countries sold to, ISO 3166-1 alpha-2.
    #[graphql(default)]
    country: Vec<String>,
    /// Currencies, ISO 4217.
    #[graphql(default)]
    currency: Vec<String>,
}

impl From<ReportFilter> for Values {
    fn from(filter: ReportFilter) -> Self {
        let ReportFilter { channel, location, product, category, customer, country, currency } = filter;
        Values { channel, location, product, category, customer, country, currency }
    }
}

/// Period, filter and zone of a report.
struct Period {
    from: Option<Date>,
    to: Option<Date>,
    filter: Option<ReportFilter>,
    time_zone: Option<String>,
    limit: i32,
}

impl From<Period> for Input {
    fn from(period: Period) -> Self {
        Input {
            from: period.from.map(|date| date.0.to_string()),
            to: period.to.map(|date| date.0.to_string()),
            time_zone: period.time_zone,
            values: period.filter.unwrap_or_default().into(),
            limit: Some(i64::from(period.limit)),
            ..Input::default()
        }
    }
}

/// Reports on wholesale and retail, from the live rows. Amounts are decimals in strings. All reports of one request
/// show the same snapshot. Periods are half-open, `[from, to)`; without `from` and `to` they are the whole history.
/// `timeZone` is an IANA name, by default the tenant's own. Rows end at `limit` (at most 50 000), totals do not.
#[derive(Default, MergedObject)]
struct Query(SalesQuery, StockQuery);

/// The reports of sales.
#[derive(Default)]
struct SalesQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl SalesQuery {
    /// Revenue: what was sold less what came back, by any dimensions.
    async fn revenue_report(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        #[graphql(default_with = "vec![Dimension::Day]")] group_by: Vec<Dimension>,
        filter: Option<ReportFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<RevenueRow>> {
        let period = Period { from, to, filter, time_zone, limit };
        let input = Input { group_by: Some(group_by), ..period.into() };
        snapshot::report(context, Name::Revenue, input).await
    }

    /// Margin: revenue beside the cost of what was sold, by any dimensions.
    async fn margin_report(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        #[graphql(default_with = "vec![Dimension::Day]")] group_by: Vec<Dimension>,
        filter: Option<ReportFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<MarginRow>> {
        let period = Period { from, to, filter, time_zone, limit };
        let input = Input { group_by: Some(group_by), ..period.into() };
        snapshot::report(context, Name::Margin, input).await
    }

    /// Wholesale and retail side by side; blended in the totals.
    async fn channel_summary(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        filter: Option<ReportFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<ChannelRow>> {
        let period = Period { from, to, filter, time_zone, limit };
        snapshot::report(context, Name::ChannelSummary, period.into()).await
    }

    /// What each product brings, blended and in each channel; the greatest revenue first.
    async fn product_performance(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        filter: Option<ReportFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<ProductPerformanceRow>> {
        let period = Period { from, to, filter, time_zone, limit };
        snapshot::report(context, Name::ProductPerformance, period.into()).await
    }

    /// What each customer brings over both channels, after returns, discounts and cost; the greatest contribution
    /// first. Without a period: lifetime value.
    async fn customer_value(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        filter: Option<ReportFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<CustomerValueRow>> {
        let period = Period { from, to, filter, time_zone, limit };
        snapshot::report(context, Name::CustomerValue, period.into()).await
    }

    /// Which products bring the business, by revenue or by margin: A up to 80 %, B up to 95 %, C the rest.
    async fn abc(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        #[graphql(default)] measure: AbcMeasure,
        filter: Option<ReportFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<AbcRow>> {
        let period = Period { from, to, filter, time_zone, limit };
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

/// The schema in GraphQL's own language, in a stable order.
pub fn sdl() -> &'static str {
    &SDL
}

/// A document to execute.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The document.
    pub query: String,
    /// Which of its operations, where it has several.
    pub operation_name: Option<String>,
    /// Values of its variables: an object.
    pub variables: serde_json::Value,
    /// The request's id, for errors.
    pub request_id: String,
}

/// Why nothing was executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The document is not valid.
    Invalid,
    /// The document costs too much.
    Cost,
    /// It took too long.
    Timeout,
}

/// What a document gave.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The data; absent where nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// What went wrong, each with a code and the request's id in its extensions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
    /// What it cost, in points, and how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions>,
    /// Why nothing was executed; absent where something was, even if it failed.
    #[serde(skip)]
    pub problem: Option<Problem>,
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

/// Executes a document for a tenant. The caller has been authenticated and may read reports.
pub async fn execute(db: &Db, tenant_id: TenantId, call: Call) -> Outcome {
    let variables = Variables::from_json(call.variables);
    let checked = match guard::check(&call.query, &variables) {
        Ok(checked) => checked,
        Err(Refused::Syntax(error)) => return refused(Problem::Invalid, vec![error], &call.request_id),
        Err(Refused::Cost(detail)) => {
            return refused(Problem::Cost, vec![ServerError::new(detail, None)], &call.request_id);
        }
    };
    let (reader, questions) = tokio::sync::mpsc::unbounded_channel();
    let mut request =
        async_graphql::Request::new(call.query).variables(variables).data::<snapshot::Reader>(reader);
    if let Some(name) = call.operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(checked.document);
    // The last resolver drops the last reader, and with that the snapshot ends.
    let work = async { tokio::join!(SCHEMA.execute(request), snapshot::serve(db, tenant_id, questions)).0 };
    match tokio::time::timeout(Duration::from_millis(TIMEOUT_MS), work).await {
        Ok(response) => outcome(response, checked.cost, &call.request_id),
        Err(_) => {
            let error = ServerError::new("The request took too long; ask for a shorter period.", None);
            refused(Problem::Timeout, vec![error], &call.request_id)
        }
    }
}

fn outcome(response: async_graphql::Response, cost: Cost, request_id: &str) -> Outcome {
    // An error of a resolver has a path; one of the validation has none.
    let executed = response.is_ok()
        || response.data != Value::Null
        || response.errors.iter().any(|error| !error.path.is_empty());
    if !executed {
        return refused(Problem::Invalid, response.errors, request_id);
    }
    let cost = Points { requested: cost.points, available: POINTS_MAX };
    Outcome {
        data: Some(response.data),
        errors: with_codes(response.errors, "validation_failed", request_id),
        extensions: Some(Extensions { cost }),
        problem: None,
    }
}

fn refused(problem: Problem, errors: Vec<ServerError>, request_id: &str) -> Outcome {
    let code = match problem {
        Problem::Invalid => "validation_failed",
        Problem::Cost => "query_cost_exceeded",
        Problem::Timeout => "statement_timeout",
    };
    Outcome {
        data: None,
        errors: with_codes(errors, code, request_id),
        extensions: None,
        problem: Some(problem),
    }
}

/// Gives every error a code, where it has none yet, and the request's id.
fn with_codes(mut errors: Vec<ServerError>, code: &str, request_id: &str) -> Vec<ServerError> {
    for error in &mut errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
        extensions.set("request_id", request_id);
    }
    errors
}
