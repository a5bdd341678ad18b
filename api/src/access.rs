//! Declarations of routes: their scopes, and whether they post documents. A route is guarded with the scopes that it
//! declares in the API's description.
//!
//! `security(("bearer" = ["orders:write"]))` beside a handler is the only place that names its scopes. A handler
//! reaches the database only through a [`Caller`](crate::Caller), which is extracted only if the caller has the scopes.
//! A handler checks a further scope itself only if the need depends on the body.
//!
//! A route that posts documents declares it by `params(PostHeaders)` or `params(BatchHeaders)`. The extractor
//! [`Post`](crate::posting::Post) works on no other route, and [`Write`](crate::write::Write) on none of these: so the
//! description can't say the wrong thing about `Idempotency-Key`.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::Method;
use serde_json::Value;
use service::scope::Scope;

use crate::problem::{ApiError, ErrorCode};

/// Scopes of every route that is not public, by its pattern, such as `/v1/orders/{id}`.
#[derive(Debug)]
pub struct Access(HashMap<String, Vec<Guard>>);

/// Scopes of one operation.
#[derive(Debug)]
struct Guard {
    method: Method,
    /// The caller needs all scopes of one alternative.
    alternatives: Vec<Vec<Scope>>,
    posts: Option<Posts>,
    /// Whether publishable keys may use it: `extensions(("x-publishable" = json!(true)))` beside the handler.
    publishable: bool,
    /// Whether customer sessions may use it besides what publishable keys may: `extensions(("x-customer-session" = json!(true)))`.
    customer_session: bool,
}

/// Documents that a route posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posts {
    /// One document. The request needs an `Idempotency-Key`.
    One,
    /// Many documents, each with a key in the body.
    Many,
}

impl Access {
    /// Reads the scopes from the API's own description. An operation with an unknown scope rejects every caller.
    pub fn declared(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        Access(paths.map(|(path, item)| (path.clone(), guards(item))).collect())
    }

    /// Rejects a caller who lacks a scope of the matched route. Rejects every caller on a route that declares no
    /// scopes.
    pub fn check(&self, request: &HttpRequest, caller: &service::Caller) -> Result<(), ApiError> {
        self.guard(request).ok_or_else(|| undeclared(request, "scopes"))?.admit(caller)
    }

    /// Whether the operation at the path `pattern` declares no scopes, or the caller may call it.
    pub fn admits(&self, pattern: &str, method: &Method, caller: Option<&service::Caller>) -> bool {
        let guard = self.find(pattern, method);
        guard.is_none_or(|guard| caller.is_some_and(|caller| guard.admit(caller).is_ok()))
    }

    /// Returns which documents the matched route declares to post.
    pub fn posts(&self, request: &HttpRequest) -> Option<Posts> {
        self.guard(request)?.posts
    }

    fn guard(&self, request: &HttpRequest) -> Option<&Guard> {
        self.find(&request.match_pattern()?, request.method())
    }

    fn find(&self, pattern: &str, method: &Method) -> Option<&Guard> {
        self.0.get(pattern)?.iter().find(|guard| guard.method == *method)
    }
}

impl Guard {
    /// Rejects a caller who lacks a scope, or whose kind of credential may not call the operation.
    fn admit(&self, caller: &service::Caller) -> Result<(), ApiError> {
        let is_open = self.publishable || caller.customer_id.is_some() && self.customer_session;
        // Before the scopes, because such a caller can never have those of a closed route.
        if caller.is_publishable() && !is_open {
            return Err(ApiError::of(ErrorCode::NotPublishable));
        }
        Ok(self.check(caller)?)
    }

    fn check(&self, caller: &service::Caller) -> Result<(), service::Error> {
        let has = |scopes: &Vec<Scope>| scopes.iter().all(|scope| caller.scopes.contains(*scope));
        if self.alternatives.iter().any(has) {
            return Ok(());
        }
        // The first alternative is the usual one. The problem names its missing scope.
        let usual = self.alternatives.first().into_iter().flatten();
        usual.copied().try_for_each(|scope| caller.require(scope))
    }
}

/// Returns the error of a route that does not declare what its handler needs.
pub fn undeclared(request: &HttpRequest, what: &str) -> ApiError {
    let pattern = request.match_pattern().unwrap_or_default();
    ApiError::internal(format!("{} {pattern} declares no {what}", request.method()))
}

fn guards(item: &Value) -> Vec<Guard> {
    let operations = item.as_object().into_iter().flatten();
    operations.filter_map(|(method, operation)| guard(method, operation)).collect()
}

fn guard(method: &str, operation: &Value) -> Option<Guard> {
    let usual = scopes(&operation["x-required-scopes"])?;
    let others = operation["x-alternative-scopes"].as_array().into_iter().flatten();
    let others = others.map(scopes).collect::<Option<Vec<_>>>()?;
    Some(Guard {
        method: method.to_uppercase().parse().ok()?,
        alternatives: std::iter::once(usual).chain(others).collect(),
        posts: posts(operation),
        publishable: operation["x-publishable"] == true,
        customer_session: operation["x-customer-session"] == true,
    })
}

fn posts(operation: &Value) -> Option<Posts> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut names = parameters.filter_map(|own| own["$ref"].as_str()?.rsplit('/').next());
    names.find_map(|name| match name {
        "IdempotencyKey" => Some(Posts::One),
        "BatchPrefer" => Some(Posts::Many),
        _ => None,
    })
}

/// Parses a list of scopes. Returns nothing if one does not exist.
fn scopes(texts: &Value) -> Option<Vec<Scope>> {
    texts.as_array()?.iter().map(|text| text.as_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::http::header::HeaderValue;
    use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
    use actix_web::web::{self, Data};
    use actix_web::{App, HttpMessage, HttpResponse};
    use serde_json::json;
    use service::caller::ActorKind;
    use service::scope::Scopes;

    use super::*;
    use crate::Caller;
    use crate::context::Context;

    async fn handler(_: Caller) -> HttpResponse {
        HttpResponse::Ok().finish()
    }

    /// Returns the status of a request by a caller with `scopes`, for a route that is declared in `document`.
    async fn status(document: &Value, request: TestRequest, scopes: &[Scope]) -> StatusCode {
        let app = App::new()
            .app_data(Data::new(Access::declared(document)))
            .route("/orders/batch", web::post().to(handler))
            .route("/orders/{id}", web::get().to(handler))
            .route("/orders/{id}", web::delete().to(handler));
        let request = request.to_request();
        let caller = service::Caller::new(
            domain::id::TenantId::default(),
            ActorKind::ApiKey,
            uuid::Uuid::nil(),
            scopes.iter().copied().collect::<Scopes>(),
        );
        request.extensions_mut().insert(Context::new(HeaderValue::from_static("req"), Ok(caller)));
        call_service(&init_service(app).await, request).await.status()
    }

    fn orders(operations: Value) -> Value {
        json!({ "paths": { "/orders/{id}": operations } })
    }

    #[actix_web::test]
    async fn a_route_without_a_declaration_is_refused() {
        let all: Vec<Scope> = Scopes::all().iter().collect();
        let get = || TestRequest::get().uri("/orders/1");
        for document in [
            json!({}),
            orders(json!({})),
            orders(json!({ "get": {} })),
            orders(json!({ "get": { "security": [] } })),
            orders(json!({ "delete": { "x-required-scopes": [] } })),
            orders(json!({ "get": { "x-required-scopes": ["orders:look"] } })),
            orders(json!({ "get": { "x-required-scopes": [], "x-alternative-scopes": [["orders:look"]] } })),
        ] {
            assert_eq!(status(&document, get(), &all).await, StatusCode::INTERNAL_SERVER_ERROR, "{document}");
        }
    }

    #[actix_web::test]
    async fn each_method_asks_for_its_own_scopes() {
        let document = orders(json!({
            "get": { "x-required-scopes": ["orders:read", "customers:read"] },
            "delete": { "x-required-scopes": ["orders:write"], "x-alternative-scopes": [["credit:approve"]] },
        }));
        let get = || TestRequest::get().uri("/orders/batch");
        let delete = || TestRequest::delete().uri("/orders/1");
        let (read, write) = ([Scope::OrdersRead, Scope::CustomersRead], [Scope::OrdersWrite]);
        assert_eq!(status(&document, get(), &read).await, StatusCode::OK);
        assert_eq!(status(&document, get(), &read[..1]).await, StatusCode::FORBIDDEN);
        assert_eq!(status(&document, get(), &write).await, StatusCode::FORBIDDEN);
        assert_eq!(status(&document, delete(), &write).await, StatusCode::OK);
        assert_eq!(status(&document, delete(), &[Scope::CreditApprove]).await, StatusCode::OK);
        assert_eq!(status(&document, delete(), &read).await, StatusCode::FORBIDDEN);
        assert_eq!(
            status(&orders(json!({ "get": { "x-required-scopes": [] } })), get(), &[]).await,
            StatusCode::OK
        );
    }

    async fn posts(request: HttpRequest, access: Data<Access>) -> String {
        format!("{:?}", access.posts(&request))
    }

    #[actix_web::test]
    async fn a_route_posts_what_it_declares() {
        let refer = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
        for (parameters, declared) in [
            (json!([refer("Limit")]), "None"),
            (json!([refer("OptionalIdempotencyKey"), refer("Prefer")]), "None"),
            (json!([{ "name": "id", "in": "path" }, refer("IdempotencyKey"), refer("Prefer")]), "Some(One)"),
            (json!([refer("BatchPrefer")]), "Some(Many)"),
        ] {
            let document = orders(json!({ "post": { "x-required-scopes": [], "parameters": parameters } }));
            let app = App::new()
                .app_data(Data::new(Access::declared(&document)))
                .route("/orders/{id}", web::post().to(posts));
            let request = TestRequest::post().uri("/orders/1").to_request();
            let found = call_and_read_body(&init_service(app).await, request).await;
            assert_eq!(found, declared, "{document}");
        }
    }

    /// A misspelt scope closes its route, so no operation may have one.
    #[test]
    fn every_operation_is_public_or_guarded() {
        let routes = crate::openapi::DescribedRoutes::new(crate::routes::mount);
        let document = routes.document();
        let access = Access::declared(document);
        for (path, item) in document["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations") {
                let is_public = operation["security"] == json!([]);
                let is_guarded =
                    access.0[path].iter().any(|guard| guard.method.as_str().eq_ignore_ascii_case(method));
                assert!(is_public != is_guarded, "{method} {path}: {}", operation["x-required-scopes"]);
            }
        }
    }
}
