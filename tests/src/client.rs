//! A client of the API. It makes idempotency keys, and checks every response against the rules of all responses.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::environment;

/// Sends requests to one server with one credential.
#[derive(Debug, Clone)]
pub struct Client {
    base_url: String,
    key: Option<String>,
}

/// A request before it is sent.
#[derive(Debug)]
#[must_use]
pub struct Call {
    request: RequestBuilder,
    what: String,
}

/// A response.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Method and path of the request.
    pub what: String,
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub text: String,
}

/// A rejection (RFC 9457).
#[derive(Debug, Clone)]
pub struct Problem(pub Value);

impl Client {
    /// Makes a client of the server at `base_url`, with an API key or access token or without.
    pub fn new(base_url: &str, key: Option<&str>) -> Self {
        Client { base_url: base_url.to_owned(), key: key.map(str::to_owned) }
    }

    /// Returns a client of the same server with another key.
    pub fn with_key(&self, key: &str) -> Self {
        Client::new(&self.base_url, Some(key))
    }

    /// Returns a client of the same server without a key.
    pub fn anonymous(&self) -> Self {
        Client::new(&self.base_url, None)
    }

    /// Returns a client with the same key for another server.
    pub fn at(&self, base_url: &str) -> Self {
        Client::new(base_url, self.key.as_deref())
    }

    /// Returns the URL of the server.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Makes a request without body and without idempotency key.
    pub fn call(&self, method: Method, path: &str) -> Call {
        let what = format!("{method} {path}");
        let mut request = environment().http.request(method, format!("{}{path}", self.base_url));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        Call { request, what }
    }

    /// Sends a GET request.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).send().await
    }

    /// Sends a POST request with a new idempotency key.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.post_as(path, &fresh_key(), body).await
    }

    /// Sends a POST request with this idempotency key.
    pub async fn post_as(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.call(Method::POST, path).key(key).json(body).send().await
    }

    /// Sends a dry run of a POST request.
    pub async fn dry_run(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path).key(&fresh_key()).header("prefer", "dry-run").json(body).send().await
    }

    /// Sends a PATCH request.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PATCH, path).json(body).send().await
    }

    /// Sends a PUT request.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PUT, path).json(body).send().await
    }

    /// Sends a DELETE request for any version of a record.
    pub async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path).header("if-match", "*").send().await
    }

    /// Fails unless the API says that every fact about the books holds.
    pub async fn check_integrity(&self) {
        let books = self.get("/v1/integrity").await.ok();
        assert_eq!(books["facts"].as_array().map(Vec::len), Some(9), "{books}");
        assert_eq!(books["holds"], true, "{books}");
    }
}

fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

impl Call {
    /// Adds a header.
    pub fn header(self, name: &str, value: &str) -> Self {
        Call { request: self.request.header(name, value), ..self }
    }

    /// Adds an idempotency key.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Adds a JSON body.
    pub fn json(self, body: &Value) -> Self {
        Call { request: self.request.json(body), ..self }
    }

    /// Adds a body as it is, declared as JSON.
    pub fn raw(self, body: impl Into<String>) -> Self {
        let request = self.request.header("content-type", "application/json").body(body.into());
        Call { request, ..self }
    }

    /// Adds a body of any media type.
    pub fn body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = self.request.header("content-type", media_type).body(body.into());
        Call { request, ..self }
    }

    /// Sends it. Fails the test if the response breaks the rules of all responses, or is an error of the server.
    pub async fn send(self) -> Reply {
        let what = self.what.clone();
        let reply = self.try_send().await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        reply.check();
        reply
    }

    /// Sends it and reads only the head of the response, whose body may have no end.
    pub async fn open(self) -> reqwest::Response {
        self.request.send().await.unwrap_or_else(|error| panic!("{}: {error:?}", self.what))
    }

    /// Sends it to a server that may be killed meanwhile.
    pub async fn try_send(self) -> Result<Reply, reqwest::Error> {
        let response = self.request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { what: self.what, status, headers, text: response.text().await? })
    }
}

impl Reply {
    /// Checks what holds for every response.
    pub fn check(&self) {
        let Reply { what, status, text, .. } = self;
        assert_ne!(*status, 500, "{what}: a fault of the server: {text}");
        assert!(self.header("x-request-id").is_some(), "{what}: a response without X-Request-Id");
        if *status < 400 {
            return;
        }
        let kind = self.header("content-type").unwrap_or_default();
        assert_eq!(kind, "application/problem+json", "{what}: {status} {text}");
        let problem = self.json();
        assert_eq!(problem["status"], json!(status), "{what}: {text}");
        for member in ["type", "title", "code", "detail"] {
            assert!(problem[member].is_string(), "{what}: a problem without {member}: {text}");
        }
    }

    /// Returns a header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether it is the stored response of an earlier request.
    pub fn is_replayed(&self) -> bool {
        self.header("idempotency-replayed") == Some("true")
    }

    /// Returns the body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text))
    }

    /// Returns the body of a response that must have `status`.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Returns the body of a response that must be 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        self.expect(200)
    }

    /// Returns the body of a response that must be 201.
    #[track_caller]
    pub fn created(&self) -> Value {
        self.expect(201)
    }

    /// Returns the problem of a response that must be a rejection with `status` and `code`.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Problem {
        let problem = self.expect(status);
        assert_eq!(problem["code"], code, "{}: {}", self.what, self.text);
        Problem(problem)
    }
}

impl Problem {
    /// Returns the pointers of all named fields, in order.
    pub fn pointers(&self) -> Vec<&str> {
        let errors = self.0["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["pointer"].as_str()).collect()
    }

    /// Checks that exactly these fields are named, in order.
    #[track_caller]
    pub fn names(self, pointers: &[&str]) -> Self {
        assert_eq!(self.pointers(), pointers, "{}", self.0);
        self
    }

    /// Returns the figures of the problem of the field at `pointer`.
    #[track_caller]
    pub fn params(&self, pointer: &str) -> &Value {
        let errors = self.0["errors"].as_array().into_iter().flatten();
        let named = errors.into_iter().find(|error| error["pointer"] == pointer);
        named.map(|error| &error["params"]).unwrap_or_else(|| panic!("{pointer} is not named: {}", self.0))
    }
}
