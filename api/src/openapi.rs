//! The OpenAPI document, made from the routes themselves, and the explorer that shows it.

mod area;
mod batches;
mod bodies;
mod complete;
mod dry_run;
mod examples;
mod forms;
mod inline;
mod layout;
mod limits;
mod references;
mod repeated;
mod shared;
mod webhooks;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use serde_json::Value;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::access::Access;
use crate::app::App;
use crate::compress;
use crate::problem::{Answer, ApiError};
use crate::schema::Schemas;
use crate::sending;

/// Routes, and the document that describes them.
#[derive(Debug)]
pub struct DescribedRoutes {
    routes: fn(&mut ServiceConfig),
    document: Value,
    /// The document as text, from the first request for it on.
    text: OnceLock<Bytes>,
    /// The text that was sent last, compressed.
    packed: Mutex<Option<(Bytes, Bytes)>>,
    access: Arc<Access>,
    schemas: Arc<Schemas>,
}

impl DescribedRoutes {
    /// Describes the routes that `routes` mounts.
    pub fn new(routes: fn(&mut ServiceConfig)) -> Self {
        let (_, described) = actix_web::App::new().into_utoipa_app().configure(routes).split_for_parts();
        let mut document = serde_json::to_value(described).unwrap_or_default();
        complete::complete(&mut document);
        let access = Arc::new(Access::declared(&document));
        let schemas = Arc::new(Schemas::declared(&document));
        DescribedRoutes { routes, document, text: OnceLock::new(), packed: Mutex::default(), access, schemas }
    }

    /// Mounts the routes, with the scopes that they declare and the schemas of their bodies.
    pub fn mount(&self, cfg: &mut ServiceConfig) {
        cfg.app_data(Data::from(Arc::clone(&self.access)))
            .app_data(Data::from(Arc::clone(&self.schemas)))
            .configure(self.routes);
    }

    /// Returns the whole document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Returns the document with the ids of records that are there in its examples.
    pub fn with_examples(&self, names: &BTreeMap<String, String>) -> Bytes {
        let mut document = self.document.clone();
        bodies::complete(&mut document, names);
        Bytes::from(layout::text(&document))
    }

    /// Returns the whole document as text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.bytes())
    }

    fn bytes(&self) -> &Bytes {
        self.text.get_or_init(|| Bytes::from(layout::text(&self.document)))
    }

    /// Returns a text compressed. A text is compressed once, however many callers ask for it.
    fn packed(&self, text: &Bytes) -> Option<Bytes> {
        let mut packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |(of, _): &&(Bytes, Bytes)| of.as_ptr() == text.as_ptr();
        if let Some((_, known)) = packed.as_ref().filter(is_same) {
            return Some(known.clone());
        }
        let made = compress::pack(text)?;
        *packed = Some((text.clone(), made.clone()));
        Some(made)
    }
}

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(show);
}

/// Mounts Swagger UI, which is built into the program and loads nothing from other servers. It forgets a key when its page is
/// closed or loaded again. Its own script makes a fresh `Idempotency-Key` for each call.
pub fn mount_explorer(cfg: &mut actix_web::web::ServiceConfig) {
    cfg.service(explorer_script);
    cfg.service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")));
}

#[get("/docs/swagger-initializer.js")]
async fn explorer_script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("openapi/explorer.js"))
}

/// Get the description of the API
///
/// Returns this document: OpenAPI 3.1. `/docs/` shows it as a page on which calls can be tried.
#[utoipa::path(
    operation_id = "openapi_get",
    security(()),
    responses((status = 200, description = "The document.", body = serde_json::Value))
)]
#[get("/openapi.json")]
async fn show(request: HttpRequest, routes: Data<&'static DescribedRoutes>, app: Data<App>) -> Answer {
    if routes.document().is_null() {
        return Err(ApiError::internal("the document can't be written"));
    }
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "public, max-age=300")).content_type("application/json");
    let text = app.document().unwrap_or_else(|| routes.bytes());
    if compress::accepts_gzip(request.headers())
        && let Some(packed) = routes.packed(text)
    {
        response.insert_header(header::ContentEncoding::Gzip);
        return Ok(response.body(sending::shared(packed)));
    }
    Ok(response.body(sending::shared(text.clone())))
}
