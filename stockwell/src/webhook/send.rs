//! Sends one message of a webhook.
//!
//! The tenant names the URL, so the request goes to no address inside ([`service::outbound`]). Little of the response is read.

mod bodies;

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, Url};
use serde_json::{Value, json};
use service::outbound::{Forbidden, Reach, Unknown, client};
use service::webhook::API_VERSION;
use service::webhook::outcome::Outcome;
use service::webhook::turn::Message;
use tokio::time::{Instant, timeout_at};

use self::bodies::Bodies;
use super::room::OF_ENDPOINT_MAX;

/// Time that a receiver has for its response.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Most bytes of a response that are read.
const RESPONSE_BYTES_MAX: usize = 4_096;
/// Most bytes of a path in the log.
const PATH_BYTES_MAX: usize = 1_000;
/// Time after which messages get new connections, also to a receiver that never leaves one idle: its name may lead elsewhere by now.
const KEPT: Duration = Duration::from_secs(60);
/// Name of the sender in the header User-Agent.
const USER_AGENT: &str = "Stockwell-Webhooks/1";

/// Sends messages.
#[derive(Debug)]
pub struct Sender {
    reach: Reach,
    clients: Mutex<Arc<Clients>>,
    bodies: Bodies,
    kept: Duration,
    timeout: Duration,
}

/// The clients, with the connections that they keep.
#[derive(Debug)]
struct Clients {
    /// For HTTPS.
    secure: Client,
    /// For HTTP, which reaches only networks that the operator names.
    plain: Client,
    made_at: Instant,
}

impl Clients {
    fn new(reach: &Reach) -> Result<Self, reqwest::Error> {
        Ok(Clients {
            secure: client(reach, false, USER_AGENT, OF_ENDPOINT_MAX)?,
            plain: client(reach, true, USER_AGENT, OF_ENDPOINT_MAX)?,
            made_at: Instant::now(),
        })
    }
}

impl Sender {
    /// Makes a sender that reaches these addresses. A receiver has `timeout` for its response, 15 seconds if absent.
    pub fn new(reach: Reach, timeout: Option<Duration>) -> Result<Self, reqwest::Error> {
        Ok(Sender {
            clients: Mutex::new(Arc::new(Clients::new(&reach)?)),
            bodies: Bodies::default(),
            reach,
            kept: KEPT,
            timeout: timeout.unwrap_or(TIMEOUT),
        })
    }

    /// Keeps connections for another time.
    #[must_use]
    pub fn keeping(self, kept: Duration) -> Self {
        Sender { kept, ..self }
    }

    /// Returns the clients. Those of old connections end with the messages that they send.
    fn clients(&self) -> Arc<Clients> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.made_at.elapsed() >= self.kept {
            match Clients::new(&self.reach) {
                Ok(made) => *clients = Arc::new(made),
                Err(error) => tracing::warn!(%error, "old connections are kept"),
            }
        }
        Arc::clone(&clients)
    }

    /// Sends a message and returns the outcome. It waits for no response once the message is `sent_again`.
    pub async fn send(&self, message: &Message, sent_again: impl Future<Output = ()>) -> Outcome {
        let Ok(url) = self.reach.read_url(&message.url) else {
            return Outcome { error: Some("url_not_allowed"), ..Outcome::default() };
        };
        let Ok(body) = self.body(message) else {
            return Outcome { error: Some("not_writable"), ..Outcome::default() };
        };
        if message.secrets.is_empty() {
            return Outcome { error: Some("secret_unreadable"), ..Outcome::default() };
        }
        let (id, timestamp) = (message.event.id.to_string(), message.at.timestamp());
        let signatures: Vec<String> =
            message.secrets.iter().map(|secret| secret.sign(&id, timestamp, body.as_bytes())).collect();
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        let request = described(&url, &headers, body.len());
        let begun = Instant::now();
        let outcome = tokio::select! {
            outcome = self.post(url, headers, body.to_string(), begun + self.timeout) => outcome,
            () = sent_again => Outcome { error: Some("sent_again"), ..Outcome::default() },
        };
        let duration_ms = i32::try_from(begun.elapsed().as_millis()).unwrap_or(i32::MAX);
        Outcome { request, duration_ms, ..outcome }
    }

    /// Returns the body of a message. The messages of an event to several endpoints share one, unless they contain the object or test
    /// the endpoint.
    fn body(&self, message: &Message) -> serde_json::Result<Arc<str>> {
        if message.object.is_some() || message.is_test() {
            return body(message).map(Arc::from);
        }
        self.bodies.shared((message.tenant_id, message.event.id), || body(message))
    }

    /// Sends a body to a URL that was checked.
    pub async fn post(
        &self,
        url: Url,
        headers: [(&'static str, String); 3],
        body: String,
        until: Instant,
    ) -> Outcome {
        let clients = self.clients();
        let client = if url.scheme() == "https" { &clients.secure } else { &clients.plain };
        let mut request = client.post(url).header(CONTENT_TYPE, "application/json").body(body);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        match timeout_at(until, request.send()).await {
            Ok(Ok(response)) => read(response, until).await,
            Ok(Err(error)) => Outcome { error: Some(reason(&error)), ..Outcome::default() },
            Err(_) => Outcome { error: Some("timeout"), ..Outcome::default() },
        }
    }
}

/// Reads the beginning of a response. Its status decides, so a body without an end changes nothing.
async fn read(mut response: Response, until: Instant) -> Outcome {
    let status = response.status();
    let error = match status.as_u16() {
        200..300 => None,
        300..400 => Some("redirected"),
        _ => Some("rejected"),
    };
    let retry_after = asked_pause(response.headers());
    let mut bytes = Vec::new();
    if let Some(target) = response.headers().get(LOCATION).filter(|_| status.is_redirection()) {
        // Only for the log: the target is not requested.
        bytes.extend_from_slice(b"Location: ");
        bytes.extend_from_slice(target.as_bytes());
        bytes.push(b'\n');
    }
    let mut is_whole = false;
    // One byte more than is kept says that there was more.
    while bytes.len() <= RESPONSE_BYTES_MAX {
        match timeout_at(until, response.chunk()).await {
            Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk[..chunk.len().min(RESPONSE_BYTES_MAX + 1)]),
            Ok(Ok(None)) => {
                is_whole = true;
                break;
            }
            Ok(Err(_)) | Err(_) => break,
        }
    }
    let (text, is_shortened) = printable(&bytes);
    Outcome {
        status: Some(status.as_u16()),
        error,
        retry_after,
        response: Some(text),
        is_cut: is_shortened || !is_whole,
        ..Outcome::default()
    }
}

/// Returns bytes as text of at most [`RESPONSE_BYTES_MAX`] bytes, without control characters that a database does not take, and
/// whether it is only the beginning.
fn printable(bytes: &[u8]) -> (String, bool) {
    let mut text: String = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
    let is_shortened = text.len() > RESPONSE_BYTES_MAX;
    while text.len() > RESPONSE_BYTES_MAX {
        text.pop();
    }
    (text, is_shortened)
}

/// Returns the pause that a receiver asks for in seconds.
fn asked_pause(headers: &HeaderMap) -> Option<TimeDelta> {
    let seconds: i64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    TimeDelta::try_seconds(seconds.max(0))
}

/// Returns the reason of a request that got no response.
fn reason(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Forbidden>() {
            return "address_not_allowed";
        }
        if inner.is::<Unknown>() {
            return "name_not_resolved";
        }
        cause = inner.source();
    }
    if error.is_timeout() { "timeout" } else { "connection_failed" }
}

/// Returns the request for the log. Signatures are left out, and so is the query of the URL, which may have a secret.
fn described(url: &Url, headers: &[(&'static str, String)], body_bytes: usize) -> String {
    let path: String = url.path().chars().take(PATH_BYTES_MAX).collect();
    let query = if url.query().is_some() { "?…" } else { "" };
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut text = format!("POST {path}{query}\nhost: {host}{port}\n");
    for (name, value) in headers {
        let shown = if *name == "webhook-signature" { "…" } else { value.as_str() };
        // Writing to a text can't fail.
        let _ = writeln!(text, "{name}: {shown}");
    }
    let _ = write!(text, "content-type: application/json\ncontent-length: {body_bytes}");
    text
}

/// Returns the body of a message: the event as the feed shows it, with its time as Standard Webhooks names it, and for an endpoint
/// that wants it the whole object.
pub fn body(message: &Message) -> serde_json::Result<String> {
    let mut body = api::event::shown(&message.event)?;
    body["timestamp"] = instant(message.event.occurred_at)?;
    body["api_version"] = json!(API_VERSION);
    body["tenant_id"] = json!(message.tenant_id.to_string());
    if let (Some(Value::Object(whole)), Some(named)) =
        (&message.object, body["data"]["object"].as_object_mut())
    {
        for (name, value) in whole {
            named.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    serde_json::to_string(&body)
}

fn instant(at: DateTime<chrono::Utc>) -> serde_json::Result<Value> {
    serde_json::to_value(at)
}
