//! GraphQL over HTTP, and the editor that browsers get at the same address.
//!
//! The header Accept decides the response. A client that accepts `application/graphql-response+json` gets a status
//! that shows the result. Any other client gets `application/json` and 200 for every well-formed request, as it
//! expects. A rejected credential is always 401 with problem details.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use api::aside::aside;
use api::body::Body;
use api::context::RequestId;
use api::params::Params;
use api::problem::{ApiError, ErrorCode};
use api::{Answer, App, Caller};
use domain::refusal::Code;
use graphql::{Call, Outcome, Problem};
use serde::Deserialize;
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

/// Most bytes of a request.
const BYTES_MAX: usize = 64 * 1024;
/// Media type of a GraphQL response.
const GRAPHQL_JSON: &str = "application/graphql-response+json";
/// Files of the editor, built by tools/graphiql/build.
const PAGE: &str = include_str!("../assets/graphiql/index.html");
const SCRIPT: &str = include_str!("../assets/graphiql/graphiql.js");
const STYLE: &str = include_str!("../assets/graphiql/graphiql.css");
const NOTICE: &str = include_str!("../assets/graphiql/NOTICE");

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(execute).service(read).service(schema);
    // The files of the editor are not a part of the API.
    cfg.map(|cfg| cfg.service(asset));
}

/// A GraphQL request.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
struct GraphqlRequest {
    /// GraphQL document.
    #[schema(
        max_length = 32768,
        example = "{ channelSummary { rows { channel netRevenue grossMarginPct } } }"
    )]
    query: String,
    /// Name of the operation to execute; needed if the document has several.
    #[serde(rename = "operationName")]
    #[schema(max_length = 200, example = json!(null))]
    operation_name: Option<String>,
    /// Values of the document's variables, at most 2,000.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({}))]
    variables: Value,
}

/// A GraphQL response.
#[derive(Debug, utoipa::ToSchema)]
#[expect(dead_code, reason = "it only describes what the crate graphql writes")]
struct GraphqlResponse {
    /// Requested data; absent if nothing was executed.
    #[schema(value_type = Option<Object>, example = json!({"channelSummary": {"rows": []}}))]
    data: Option<Value>,
    /// Errors, each with `extensions.code` and `extensions.request_id`.
    #[schema(max_items = 100, value_type = Option<Vec<Object>>, example = json!(null))]
    errors: Option<Vec<Value>>,
    /// `cost.requested` and `cost.available`, in points. One point is a field at the root, or a hundred values of the
    /// response.
    #[schema(value_type = Option<Object>, example = json!({"cost": {"requested": 2, "available": 5000}}))]
    extensions: Option<Value>,
}

/// Query with GraphQL
///
/// Reads any reports, with the columns you choose, from one snapshot. There are no mutations. A query may have at
/// most 10 fields at the root, 8 levels and 5000 points. Introspection is allowed; the schema is also at
/// `/graphql/schema.graphql`.
#[utoipa::path(
    operation_id = "graphql_execute",
    security(("bearer" = ["reports:read"])),
    request_body = GraphqlRequest,
    responses((status = 200, description = "The response; also of a request that failed, unless the client accepts \
        `application/graphql-response+json`.", body = GraphqlResponse))
)]
#[post("/graphql")]
async fn execute(
    app: Data<App>,
    caller: Caller,
    id: RequestId,
    body: Body<Value, BYTES_MAX>,
    request: HttpRequest,
) -> Answer {
    let form = Form::of(request.headers())?;
    let input = body.read().await?;
    if !input.value.is_object() {
        return Err(ApiError::new(
            ErrorCode::MalformedJson,
            "Send one GraphQL request as an object; batches are not accepted.",
        ));
    }
    let asked: GraphqlRequest = serde_json::from_value(input.value.clone()).map_err(|_| {
        let detail = "Send the query as text, and the variables as an object.";
        input.explain(ApiError::new(Code::ValidationFailed, detail))
    })?;
    answer(&app, &caller, asked, id, form).await
}

/// A GraphQL request in a URL.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GraphqlParams {
    /// GraphQL document.
    #[param(max_length = 32768, example = "{ channelSummary { rows { channel netRevenue } } }")]
    query: Option<String>,
    /// Name of the operation to execute; needed if the document has several.
    #[serde(rename = "operationName")]
    #[param(max_length = 200, example = "")]
    operation_name: Option<String>,
    /// Values of the document's variables: a JSON object.
    #[param(max_length = 32768, example = "{}")]
    variables: Option<String>,
}

/// Query with GraphQL by GET
///
/// Does the same as the POST, for tools that can only GET. A browser that opens this URL without a query gets an
/// editor.
#[utoipa::path(
    operation_id = "graphql_get",
    security(("bearer" = ["reports:read"])),
    params(GraphqlParams),
    responses((status = 200, description = "The response, as for the POST.", body = GraphqlResponse))
)]
#[get("/graphql")]
async fn read(
    app: Data<App>,
    caller: Result<Caller, ApiError>,
    id: RequestId,
    params: Result<Params<GraphqlParams>, ApiError>,
    request: HttpRequest,
) -> Answer {
    if request.query_string().is_empty() && accepts(request.headers(), "text/html") {
        return Ok(page());
    }
    let caller = caller?;
    let form = Form::of(request.headers())?;
    let Params(params) = params?;
    let missing =
        || ApiError::new(ErrorCode::InvalidParameter, "This parameter is required.").at_parameter("query");
    let variables = params.variables.as_deref().map(serde_json::from_str).transpose();
    let asked = GraphqlRequest {
        query: params.query.ok_or_else(missing)?,
        operation_name: params.operation_name.filter(|name| !name.is_empty()),
        variables: variables.map_err(|_| unreadable("variables must be a JSON object"))?.unwrap_or_default(),
    };
    answer(&app, &caller, asked, id, form).await
}

/// Read the GraphQL schema
///
/// Returns the schema in GraphQL's schema language, in a stable order.
#[utoipa::path(
    operation_id = "graphql_schema_get",
    security(("bearer" = ["reports:read"])),
    responses((status = 200, description = "The schema.", body = String, content_type = "text/plain"))
)]
#[get("/graphql/schema.graphql")]
async fn schema(_: Caller) -> Answer {
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(graphql::sdl()))
}

#[get("/graphql/assets/{file}")]
async fn asset(file: Path<String>) -> Answer {
    let (media_type, body) = match file.as_str() {
        "graphiql.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "graphiql.css" => ("text/css; charset=utf-8", STYLE),
        "NOTICE" => ("text/plain; charset=utf-8", NOTICE),
        _ => return Err(ApiError::of(ErrorCode::RouteNotFound)),
    };
    let cached = (header::CACHE_CONTROL, "public, max-age=3600");
    Ok(HttpResponse::Ok().insert_header(cached).content_type(media_type).body(body))
}

fn page() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(PAGE)
}

/// The form of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// With a status that shows the result.
    Graphql,
    /// With status 200 for every well-formed request.
    Json,
}

impl Form {
    fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        if accepts(headers, GRAPHQL_JSON) {
            return Ok(Form::Graphql);
        }
        let any = ["application/json", "application/*", "*/*"];
        if !headers.contains_key(header::ACCEPT) || any.iter().any(|media_type| accepts(headers, media_type))
        {
            return Ok(Form::Json);
        }
        let detail = format!("The response is available as {GRAPHQL_JSON} or application/json.");
        Err(ApiError::new(ErrorCode::NotAcceptable, detail).at_header("Accept"))
    }

    fn status(self, outcome: &Outcome) -> StatusCode {
        match (self, outcome.problem) {
            (Form::Json, _) | (_, None) => StatusCode::OK,
            (Form::Graphql, Some(Problem::Invalid)) => StatusCode::BAD_REQUEST,
            (Form::Graphql, Some(Problem::Cost)) => StatusCode::TOO_MANY_REQUESTS,
            (Form::Graphql, Some(Problem::Forbidden)) => StatusCode::FORBIDDEN,
            (Form::Graphql, Some(Problem::Timeout)) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Form::Graphql => "application/graphql-response+json; charset=utf-8",
            Form::Json => "application/json; charset=utf-8",
        }
    }
}

/// Whether the header Accept names a media type.
fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|range| {
            let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
            let refused = parameters.split(';').any(|parameter| matches!(parameter.trim(), "q=0" | "q=0.0"));
            name.trim().eq_ignore_ascii_case(media_type) && !refused
        })
}

async fn answer(app: &App, caller: &Caller, asked: GraphqlRequest, id: RequestId, form: Form) -> Answer {
    if !matches!(asked.variables, Value::Null | Value::Object(_)) {
        return Err(unreadable("variables must be an object"));
    }
    let call = Call {
        query: asked.query,
        operation_name: asked.operation_name,
        variables: asked.variables,
        request_id: id.0,
        sees_costs: caller.sees_costs(),
    };
    app.rates.admit_report(caller)?;
    let (db, tenant_id) = (app.db.clone(), caller.tenant_id);
    let executed = async move {
        let outcome = graphql::execute(&db, tenant_id, call).await;
        serde_json::to_vec(&outcome).map(|body| (outcome, body))
    };
    let (outcome, body) = aside(executed).await?.map_err(ApiError::internal)?;
    app.rates.count_points(caller, outcome.points());
    Ok(HttpResponse::build(form.status(&outcome)).content_type(form.media_type()).body(body))
}

fn unreadable(detail: &str) -> ApiError {
    ApiError::new(ErrorCode::MalformedJson, format!("This is not a GraphQL request: {detail}."))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn form(accept: &str) -> Option<Form> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(accept).expect("a header"));
        Form::of(&headers).ok()
    }

    #[test]
    fn the_form_follows_the_accept_header() {
        assert_eq!(Form::of(&HeaderMap::new()).ok(), Some(Form::Json));
        assert_eq!(form("*/*"), Some(Form::Json));
        assert_eq!(form("application/json"), Some(Form::Json));
        assert_eq!(form("application/graphql-response+json, application/json;q=0.9"), Some(Form::Graphql));
        assert_eq!(form("application/json, application/graphql-response+json;q=0"), Some(Form::Json));
        assert_eq!(form("text/csv"), None);
    }

    #[test]
    fn the_editor_loads_nothing_from_elsewhere() {
        for text in [PAGE, STYLE] {
            assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("\"//"));
        }
        assert!(!SCRIPT.contains("unpkg.com") && !SCRIPT.contains("esm.sh") && !SCRIPT.contains("jsdelivr"));
    }
}
