//! GraphQL over HTTP, and the editor that browsers get at the same address.
//!
//! The header Accept decides the response. A client that accepts `application/graphql-response+json` gets a status
//! that shows the result. Any other client gets `application/json` and 200 for every well-formed request, as it
//! expects. A rejected credential is always 401 with problem details.

mod persisted;

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get, post};
use api::aside::aside;
use api::body::Body;
use api::context::RequestId;
use api::params::Params;
use api::problem::{ApiError, ErrorCode};
use api::version::{IfNoneMatch, weak_tag};
use api::{Answer, App, Caller};
use domain::refusal::Code;
use graphql::{Call, Outcome, Problem};
use persisted::{Hash, Store};
use serde::Deserialize;
use serde_json::Value;
use utoipa_actix_web::service_config::ServiceConfig;

/// Most bytes of a request.
const BYTES_MAX: usize = 64 * 1024;
/// The fix of a request without a document.
const QUERY_NEEDED: &str = "Send a GraphQL document as query, or name a persisted one in extensions.";
/// Media type of a GraphQL response.
const GRAPHQL_JSON: &str = "application/graphql-response+json";
/// Files of the editor, built by tools/graphiql/build.
const PAGE: &str = include_str!("../assets/graphiql/index.html");
const SCRIPT: &str = include_str!("../assets/graphiql/graphiql.js");
const STYLE: &str = include_str!("../assets/graphiql/graphiql.css");
const NOTICE: &str = include_str!("../assets/graphiql/NOTICE");
/// The documents that tenants have sent to this process with their hashes.
static PERSISTED: LazyLock<Store> = LazyLock::new(Store::default);

pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(execute).service(read).service(schema);
    // The files of the editor are not a part of the API.
    cfg.map(|cfg| cfg.service(asset));
}

/// A GraphQL request.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
struct GraphqlRequest {
    /// GraphQL document. Needed, unless `extensions` name a persisted query.
    #[schema(
        max_length = 32768,
        example = "{ channelSummary { rows { channel netRevenue grossMarginPct } } }"
    )]
    query: Option<String>,
    /// Name of the operation to execute; needed if the document has several.
    #[serde(rename = "operationName")]
    #[schema(max_length = 200, example = json!(null))]
    operation_name: Option<String>,
    /// Values of the document's variables, at most 2,000.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({}))]
    variables: Value,
    /// `persistedQuery`, with `version` 1 and the SHA-256 of the document as `sha256Hash`. Others are ignored.
    #[serde(default)]
    #[schema(value_type = Option<Object>, example = json!({}))]
    extensions: Value,
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
    /// `cost.requested` and `cost.available`, in points. One point is a field at the root, a field of `reconciliation`, a `tiesTo`,
    /// a `trade`, or a hundred values that the response may have at its limits.
    #[schema(value_type = Option<Object>, example = json!({"cost": {"requested": 2, "available": 5000}}))]
    extensions: Option<Value>,
}

/// Query with GraphQL
///
/// Reads any reports, with the columns you choose, from one snapshot. There are no mutations. A query may have at most 10 fields at the
/// root and in `reconciliation` together, 8 levels and 5000 points; an alias has at most 64 characters. Introspection is allowed to every
/// caller with `reports:read`, at most 16 levels deep; the schema is also at `/graphql/schema.graphql`. A document that is sent with its
/// SHA-256 in `extensions.persistedQuery` is kept for the tenant: later requests send the SHA-256 only. A server keeps at most 100
/// documents and 256 KiB of a tenant, those used last. If it does not know one, the error has the code `PERSISTED_QUERY_NOT_FOUND`: send
/// the document with its SHA-256 again.
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
        )
        .at_pointer(""));
    }
    input.check().await?;
    let asked: GraphqlRequest = serde_json::from_value(input.value.clone()).map_err(|_| {
        let detail = "Send the query as text, and the variables as an object.";
        input.explain(ApiError::new(Code::ValidationFailed, detail))
    })?;
    let without_query = || ApiError::new(Code::ValidationFailed, QUERY_NEEDED).at_pointer("/query");
    let responded = respond(&app, &caller, asked, id, form, without_query).await?;
    Ok(responded.build().content_type(form.media_type()).body(responded.body))
}

/// A GraphQL request in a URL.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GraphqlParams {
    /// GraphQL document. Needed, unless `extensions` name a persisted query.
    #[param(max_length = 32768, example = "{ channelSummary { rows { channel netRevenue } } }")]
    query: Option<String>,
    /// Name of the operation to execute; needed if the document has several.
    #[serde(rename = "operationName")]
    #[param(max_length = 200, example = "")]
    operation_name: Option<String>,
    /// Values of the document's variables: a JSON object.
    #[param(max_length = 32768, example = "{}")]
    variables: Option<String>,
    /// `persistedQuery`, as in the POST: a JSON object.
    #[param(max_length = 1024, example = "{}")]
    extensions: Option<String>,
}

/// Query with GraphQL by GET
///
/// Does the same as the POST, for tools that can only GET, and for caches: a response without errors has an `ETag`, and a request
/// with it as `If-None-Match` gets 304 while the response is the same. Leave out `meta.dataAsOf`, which always differs. A browser
/// that opens this URL without a query gets an editor.
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
    let seen = IfNoneMatch::of(&request)?;
    let Params(params) = params?;
    let object = |name: &str, text: Option<&str>| {
        let read = text.map(serde_json::from_str::<Value>).transpose().map(Option::unwrap_or_default);
        read.map_err(|_| unreadable(&format!("{name} must be a JSON object")))
    };
    let asked = GraphqlRequest {
        variables: object("variables", params.variables.as_deref())?,
        extensions: object("extensions", params.extensions.as_deref())?,
        query: params.query,
        operation_name: params.operation_name.filter(|name| !name.is_empty()),
    };
    let without_query = || ApiError::new(ErrorCode::InvalidParameter, QUERY_NEEDED).at_parameter("query");
    let responded = respond(&app, &caller, asked, id, form, without_query).await?;
    let mut response = responded.build();
    let Responded { body, is_whole, .. } = responded;
    if !is_whole {
        return Ok(response.content_type(form.media_type()).body(body));
    }
    let tag = weak_tag([form.media_type().as_bytes(), &body[..]]);
    response.insert_header((header::CACHE_CONTROL, "private, max-age=0, must-revalidate"));
    seen.answer_body(&mut response, tag, form.media_type(), || Ok(body))
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
            // As Apollo's servers do: the client sends the document then.
            (Form::Graphql, Some(Problem::UnknownQuery)) => StatusCode::OK,
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

/// A response that is ready to be sent.
struct Responded {
    status: StatusCode,
    body: Vec<u8>,
    /// Whether it has data and no errors.
    is_whole: bool,
    /// The reason why nothing was executed, for the log of requests.
    code: Option<ErrorCode>,
}

impl Responded {
    fn of(outcome: &Outcome, form: Form) -> Result<Self, ApiError> {
        let body = serde_json::to_vec(outcome).map_err(ApiError::internal)?;
        let is_whole = outcome.data.is_some() && outcome.errors.is_empty();
        let code = outcome.problem.and_then(|problem| ErrorCode::find(problem.code()));
        Ok(Responded { status: form.status(outcome), body, is_whole, code })
    }

    fn build(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status);
        if let Some(code) = self.code {
            response.extensions_mut().insert(code);
        }
        response
    }
}

/// Executes a request. One that has no document and names none is rejected with `without_query`.
async fn respond(
    app: &App,
    caller: &Caller,
    asked: GraphqlRequest,
    id: RequestId,
    form: Form,
    without_query: impl FnOnce() -> ApiError,
) -> Result<Responded, ApiError> {
    if !matches!(asked.variables, Value::Null | Value::Object(_)) {
        return Err(unreadable("variables must be an object"));
    }
    let tenant_id = caller.tenant_id;
    let hash = Hash::read(&asked.extensions).map_err(unreadable)?;
    let (query, new) = match (asked.query.filter(|query| !query.is_empty()), hash) {
        (Some(query), None) => (query, None),
        (Some(query), Some(hash)) if Hash::of(&query) == hash => (query, Some(hash)),
        (Some(_), Some(_)) => return Err(unreadable("sha256Hash is not the SHA-256 of query")),
        (None, Some(hash)) => match PERSISTED.get(tenant_id, hash) {
            Some(query) => (query.as_ref().to_owned(), None),
            None => return Responded::of(&Outcome::unknown_query(&id.0), form),
        },
        (None, None) => return Err(without_query()),
    };
    let call = Call {
        query: query.clone(),
        operation_name: asked.operation_name,
        variables: asked.variables,
        request_id: id.0,
        sees_costs: caller.sees_costs(),
        sees_ledger: caller.sees_ledger(),
        sees_reconciliation: caller.sees_reconciliation(),
    };
    app.rates.admit_report(caller)?;
    let db = app.db.clone();
    let executed = async move {
        let outcome = graphql::execute(&db, tenant_id, call).await;
        let responded = Responded::of(&outcome, form);
        (outcome, responded)
    };
    let (outcome, responded) = aside(executed).await?;
    app.rates.count_points(caller, outcome.points());
    if let Some(hash) = new.filter(|_| outcome.problem.is_none()) {
        PERSISTED.put(tenant_id, hash, &query);
    }
    responded
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
