//! A small client of the REST API.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Europe::London;
use reqwest::{Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::NO_TAX;

/// A request to the API failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The API can't be reached.
    #[error("the API can't be reached: {0}")]
    Transport(#[from] reqwest::Error),
    /// The API returned an error.
    #[error("{method} {path} returned {status}: {body}")]
    Refused {
        /// HTTP method of the request.
        method: Method,
        /// Path of the request.
        path: String,
        /// HTTP status of the response.
        status: StatusCode,
        /// Body of the response: a problem.
        body: String,
    },
    /// The API returned something that the client can't use.
    #[error("{0}")]
    Unexpected(String),
}

/// Records that the imported documents name.
#[derive(Debug, Clone)]
pub struct Place {
    /// The warehouse. Both channels sell its stock.
    pub location_id: String,
    /// A till at that warehouse.
    pub register_id: String,
    /// The tax class of all products.
    pub tax_class_id: String,
    /// Whether it has a tax.
    pub is_taxed: bool,
}

/// The URL of the API, with a key.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: SecretString,
}

/// The response of a batch route.
#[derive(Debug, Deserialize)]
pub struct BatchAnswer {
    /// One result for each document.
    pub results: Vec<BatchResult>,
}

/// The result of one document.
#[derive(Debug, Deserialize)]
pub struct BatchResult {
    /// The status that the route for one document would return.
    pub status: u16,
    /// The document or the problem.
    pub body: Value,
}

impl Client {
    /// Makes a client of the API at `url`.
    pub fn new(url: &str, key: SecretString) -> Result<Self, ClientError> {
        // Below the time after which a server closes a connection that never sent a request.
        let http = reqwest::Client::builder().no_proxy().pool_idle_timeout(Duration::from_secs(5)).build()?;
        Ok(Client { http, url: url.trim_end_matches('/').to_owned(), key })
    }

    /// Posts documents to a batch route.
    pub async fn post_batch(
        &self,
        path: &str,
        key: Option<&str>,
        items: Vec<Value>,
    ) -> Result<Vec<BatchResult>, ClientError> {
        let answer = self.send(Method::POST, path, key, Some(json!({ "items": items }))).await?;
        let answer: BatchAnswer = serde_json::from_value(answer)
            .map_err(|error| ClientError::Unexpected(format!("{path}: {error}")))?;
        Ok(answer.results)
    }

    /// Posts one document with an idempotency key.
    pub async fn post(&self, path: &str, key: &str, body: Value) -> Result<Value, ClientError> {
        self.send(Method::POST, path, Some(key), Some(body)).await
    }

    /// Replaces a record.
    pub async fn put(&self, path: &str, body: Value) -> Result<Value, ClientError> {
        self.send(Method::PUT, path, None, Some(body)).await
    }

    /// Reads a record.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.send(Method::GET, path, None, None).await
    }

    /// Returns all records of a list.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, ClientError> {
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let query = format!("{path}{separator}limit=200{cursor}");
            let mut page = self.send(Method::GET, &query, None, None).await?;
            if let Value::Array(data) = page["data"].take() {
                records.extend(data);
            }
            match page["page"]["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(records),
            }
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> Result<Value, ClientError> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url))
            .bearer_auth(self.key.expose_secret())
            .header("Prefer", "return=minimal");
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            return Err(ClientError::Refused { method, path: path.to_owned(), status, body: text });
        }
        serde_json::from_str(&text).map_err(|error| ClientError::Unexpected(format!("{path}: {error}")))
    }

    /// Returns the day in London, by the clock of the server.
    pub async fn today(&self) -> Result<NaiveDate, ClientError> {
        let me = self.http.get(format!("{}/v1/me", self.url)).bearer_auth(self.key.expose_secret());
        let response = me.send().await?;
        let date = response.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
        let at = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        at.map(|at| at.with_timezone(&London).date_naive())
            .ok_or_else(|| ClientError::Unexpected("A response has no header Date.".to_owned()))
    }

    /// Finds the warehouse and the tax class. Creates the till and opens its session, unless an earlier run did.
    pub async fn prepare(&self, tax_class: &str) -> Result<Place, ClientError> {
        let found = |records: Vec<Value>, code: &str| -> Result<String, ClientError> {
            let by_code: HashMap<String, String> =
                records.iter().map(|record| (text(&record["code"]), text(&record["id"]))).collect();
            by_code
                .get(code)
                .cloned()
                .ok_or_else(|| ClientError::Unexpected(format!("The tenant lacks {code}.")))
        };
        let location_id = found(self.list("/v1/locations").await?, "MAIN")?;
        let tax_class_id = found(self.list("/v1/tax-classes").await?, tax_class)?;
        let register_id = match found(self.list("/v1/registers").await?, "COUNTER") {
            Ok(id) => id,
            Err(_) => {
                let register =
                    json!({ "code": "COUNTER", "name": "Warehouse counter", "location_id": location_id });
                text(&self.post("/v1/registers", "online-retail:register", register).await?["id"])
            }
        };
        let session = json!({ "register_id": register_id, "opening_float": "0" });
        self.post("/v1/pos/sessions", "online-retail:session", session).await?;
        let is_taxed = tax_class != NO_TAX;
        Ok(Place { location_id, register_id, tax_class_id, is_taxed })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
