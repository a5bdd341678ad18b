//! Pages that the `type` of a problem links to: meaning of a code, and advice.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::html::accepts_html;
use crate::problem::{Answer, ApiError, Entry, ErrorCode, REGISTRY};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(show);
}

/// An error code with its explanation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ErrorDoc {
    /// Code, as in a problem.
    #[schema(max_length = 64, example = "insufficient_stock")]
    code: &'static str,
    /// HTTP status of a problem with this code.
    #[schema(minimum = 400, maximum = 599, example = 409)]
    status: u16,
    /// Title of a problem with this code.
    #[schema(max_length = 200, example = "Not enough stock")]
    title: &'static str,
    /// Meaning of the code.
    #[schema(max_length = 2000, example = "The request needs more than is available at the location.")]
    cause: &'static str,
    /// Advice to the caller.
    #[schema(
        max_length = 2000,
        example = "Request less, use another location, or wait for expected receipts."
    )]
    fix: &'static str,
}

/// All error codes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ErrorDocs {
    /// The codes.
    #[schema(max_items = 200)]
    data: Vec<ErrorDoc>,
}

impl From<&Entry> for ErrorDoc {
    fn from(entry: &Entry) -> Self {
        ErrorDoc {
            code: entry.code.as_str(),
            status: entry.code.status().as_u16(),
            title: entry.title,
            cause: entry.cause,
            fix: entry.fix,
        }
    }
}

#[utoipa::path(
    operation_id = "errors_list",
    summary = "List error codes",
    description = "Returns all codes that a problem of this API may have. New ones may be added.",
    security(()),
    responses((status = 200, description = "The codes.", body = ErrorDocs))
)]
#[get("/errors")]
async fn list() -> Answer {
    let data = REGISTRY.iter().map(ErrorDoc::from).collect();
    Ok(HttpResponse::Ok().insert_header(PUBLIC).json(ErrorDocs { data }))
}

#[utoipa::path(
    operation_id = "errors_get",
    summary = "Get an error code",
    description = "Returns the page that the `type` of a problem links to: HTML for browsers, JSON for all others.",
    security(()),
    params(("code" = String, Path, description = "The code.", max_length = 64, example = "insufficient_stock")),
    responses((status = 200, description = "The explanation.", body = ErrorDoc))
)]
#[get("/errors/{code}")]
async fn show(request: HttpRequest) -> Answer {
    let Some(code) = ErrorCode::find(request.match_info().query("code")) else {
        return Err(ApiError::new(domain::refusal::Code::NotFound, "There is no such error code."));
    };
    let doc = ErrorDoc::from(code.entry());
    let mut response = HttpResponse::Ok();
    response.insert_header(PUBLIC);
    if accepts_html(request.headers()) {
        return Ok(response.content_type("text/html; charset=utf-8").body(page(&doc)));
    }
    Ok(response.json(doc))
}

const PUBLIC: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=3600");

/// The texts are our own and contain no markup.
fn page(doc: &ErrorDoc) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}</style>\
         <h1>{title}</h1><p><code>{code}</code>, HTTP {status}</p><h2>What it means</h2><p>{cause}</p>\
         <h2>What to do</h2><p>{fix}</p><p><a href=\"/errors\">All codes</a></p></html>",
        title = doc.title,
        code = doc.code,
        status = doc.status,
        cause = doc.cause,
        fix = doc.fix,
    )
}
