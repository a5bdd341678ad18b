//! `stockwell api METHOD PATH`: sends a request to the REST API, and prints the response.

use std::io::{self, Read, Write};

use api::config::secret;
use clap::Args;
use domain::text::{plain_line, plain_lines};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::http;

const JSON: &str = "application/json";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Rows of a page of `--all-pages`, the most that a list has.
const PAGE_ROWS: &str = "200";

/// Arguments of `api`.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// The method: GET, POST, PUT, PATCH or DELETE.
    #[arg(value_parser = method_of)]
    pub method: Method,
    /// The path, such as `/v1/products`.
    #[arg(value_parser = path_of)]
    pub path: String,
    /// The body: a text, `@FILE`, or `@-` for standard input. JSON is checked before it is sent.
    #[arg(long, value_name = "JSON|@FILE")]
    pub data: Option<String>,
    /// The media type of the body.
    #[arg(long, default_value = JSON)]
    pub content_type: String,
    /// A parameter of the query. Repeat it for more.
    #[arg(long, value_parser = pair_of, value_name = "NAME=VALUE")]
    pub query: Vec<(String, String)>,
    /// A header, such as `If-Match: *` or `Prefer: dry-run`. Repeat it for more.
    #[arg(long = "header", value_parser = header_of, value_name = "NAME: VALUE")]
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The idempotency key of a write. Without it, each call has a new one.
    #[arg(long)]
    pub idempotency_key: Option<String>,
    /// Read all pages of a list, and print a row on each line.
    #[arg(long, conflicts_with = "data")]
    pub all_pages: bool,
    /// The URL of the API.
    #[arg(long, env = "STOCKWELL_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// An API key, or `file:` and the path of a file that has it.
    #[arg(long, env = "STOCKWELL_API_KEY", hide_env_values = true, value_parser = secret)]
    pub key: SecretString,
}

/// The request could not be sent, or its response could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The file of the body can't be read.
    #[error("--data: {file}: {source}")]
    File {
        /// Path of the file.
        file: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The body is no JSON.
    #[error("--data is no JSON: {0}. Put a text into double quotes, or name another --content-type")]
    NotJson(serde_json::Error),
    /// An argument does not fit the others, or the server.
    #[error("{0}")]
    Unusable(String),
    /// The API can't be reached, or the connection was cut.
    #[error("the API can't be reached, or the connection was cut: {source}{}", repeat(.key.as_deref()))]
    Transport {
        /// The error of the client.
        source: reqwest::Error,
        /// The idempotency key of a write, which may be done.
        key: Option<String>,
    },
    /// The response can't be printed.
    #[error("the response can't be printed: {0}")]
    Output(#[from] io::Error),
}

/// Returns the advice to repeat a write.
fn repeat(key: Option<&str>) -> String {
    key.map(|key| format!("\nThe write may be done. Repeat it with --idempotency-key {key}"))
        .unwrap_or_default()
}

/// A page of a list. The rows stay as the server wrote them.
#[derive(Deserialize)]
struct Page<'t> {
    #[serde(borrow)]
    data: Vec<&'t RawValue>,
    page: Place,
}

#[derive(Deserialize)]
struct Place {
    next_cursor: Option<String>,
}

/// Sends the request, and prints the body of the response to `out` as it is. A rejection is printed to `problems`: its code, and
/// each field with its fix. A redirect is not followed: its place is printed to `problems`. Returns the exit code: 0 if the request
/// was accepted, else the first digit of the status.
pub async fn run(args: &CallArgs, out: &mut impl Write, problems: &mut impl Write) -> Result<u8, CallError> {
    let call = Call::of(args)?;
    if args.all_pages {
        return call.print_pages(out, problems).await;
    }
    let mut response = call.send(call.url.clone()).await?;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return call.explain(response, problems).await;
    }
    let place = response.headers().get(LOCATION).filter(|_| status.is_redirection());
    let place = place.and_then(|place| place.to_str().ok()).map(str::to_owned);
    let is_json = is_json(response.headers());
    let mut last = b'\n';
    while let Some(part) = response.chunk().await.map_err(|source| call.cut(source))? {
        out.write_all(&part)?;
        last = part.last().copied().unwrap_or(last);
    }
    if is_json && last != b'\n' {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    if let Some(place) = place {
        writeln!(problems, "{}: moved to {}", status.as_u16(), plain_line(&place))?;
    }
    Ok(exit_code(status.as_u16()))
}

/// Returns the exit code of a status.
fn exit_code(status: u16) -> u8 {
    match status / 100 {
        2 => 0,
        class => u8::try_from(class).unwrap_or(1),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).is_some_and(|kind| kind.contains("json"))
}

/// A request that is ready to be sent.
struct Call<'a> {
    args: &'a CallArgs,
    http: reqwest::Client,
    url: Url,
    headers: HeaderMap,
    /// The idempotency key of a write.
    key: Option<String>,
    body: Option<Vec<u8>>,
}

impl<'a> Call<'a> {
    fn of(args: &'a CallArgs) -> Result<Self, CallError> {
        if args.all_pages && args.method != Method::GET {
            return Err(CallError::Unusable(format!(
                "--all-pages reads a list: send GET {} instead of {}",
                args.path, args.method
            )));
        }
        let mut url = Url::parse(&format!("{}{}", args.url.trim_end_matches('/'), args.path))
            .map_err(|error| CallError::Unusable(format!("--url {}: {error}", args.url)))?;
        if !args.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&args.query);
        }
        let mut headers: HeaderMap = args.headers.iter().cloned().collect();
        let sent = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).map(str::to_owned);
        let mut key = args.idempotency_key.clone().or(sent);
        if key.is_none() && args.method != Method::GET {
            key = Some(Uuid::new_v4().to_string());
        }
        if let Some(key) = &key {
            let value = HeaderValue::from_str(key)
                .map_err(|error| CallError::Unusable(format!("--idempotency-key {key}: {error}")))?;
            headers.insert(IDEMPOTENCY_KEY, value);
        }
        let http =
            http::client(Policy::none()).map_err(|source| CallError::Transport { source, key: None })?;
        Ok(Call { args, http, url, headers, key, body: body(args)? })
    }

    async fn send(&self, url: Url) -> Result<Response, CallError> {
        let request = self.http.request(self.args.method.clone(), url);
        let mut request = request.bearer_auth(self.args.key.expose_secret()).headers(self.headers.clone());
        if let Some(body) = &self.body {
            request = request.header(CONTENT_TYPE, &self.args.content_type).body(body.clone());
        }
        request.send().await.map_err(|source| self.cut(source))
    }

    fn cut(&self, source: reqwest::Error) -> CallError {
        CallError::Transport { source, key: self.key.clone() }
    }

    /// Prints the rows of all pages, one on each line.
    async fn print_pages(&self, out: &mut impl Write, problems: &mut impl Write) -> Result<u8, CallError> {
        let mut first = self.url.clone();
        if !first.query_pairs().any(|(name, _)| name == "limit") {
            first.query_pairs_mut().append_pair("limit", PAGE_ROWS);
        }
        let mut url = first.clone();
        loop {
            let response = self.send(url).await?;
            let status = response.status();
            if !status.is_success() {
                return self.explain(response, problems).await;
            }
            let text = response.text().await.map_err(|source| self.cut(source))?;
            let Ok(page) = serde_json::from_str::<Page>(&text) else {
                let detail = format!("--all-pages reads a list, and {} is none", self.args.path);
                return Err(CallError::Unusable(detail));
            };
            for row in page.data {
                writeln!(out, "{}", row.get())?;
            }
            out.flush()?;
            let Some(cursor) = page.page.next_cursor else { return Ok(0) };
            url = at(&first, &cursor);
        }
    }

    /// Prints a response that is no success. Returns the exit code.
    async fn explain(&self, response: Response, problems: &mut impl Write) -> Result<u8, CallError> {
        let status = response.status().as_u16();
        let pause =
            response.headers().get(RETRY_AFTER).and_then(|pause| pause.to_str().ok()).map(str::to_owned);
        let text = response.text().await.map_err(|source| self.cut(source))?;
        match serde_json::from_str::<Value>(&text) {
            Ok(problem) if problem["code"].is_string() => tell(status, &problem, problems)?,
            _ => writeln!(problems, "{status}: {}", plain_lines(&text))?,
        }
        if let Some(seconds) = pause {
            writeln!(problems, "Repeat it after {seconds} seconds.")?;
        }
        if status >= 500 && self.key.is_some() {
            writeln!(problems, "{}", repeat(self.key.as_deref()).trim_start())?;
        }
        Ok(exit_code(status))
    }
}

/// Prints a problem: its code, then each wrong field with its fix.
fn tell(status: u16, problem: &Value, problems: &mut impl Write) -> io::Result<()> {
    let said = |value: &Value| plain_lines(value.as_str().unwrap_or_default()).into_owned();
    writeln!(problems, "{status} {}: {}", said(&problem["code"]), said(&problem["detail"]))?;
    for field in problem["errors"].as_array().into_iter().flatten() {
        let place = ["pointer", "parameter", "header"].iter().find_map(|place| field[*place].as_str());
        writeln!(problems, "  {}: {}", plain_line(place.unwrap_or("request")), said(&field["detail"]))?;
    }
    if let Some(id) = problem["request_id"].as_str() {
        writeln!(problems, "  X-Request-Id: {}", plain_line(id))?;
    }
    Ok(())
}

/// Returns the URL of the page at a cursor, which takes the place of the one that `first` may have. The other parameters stay as they
/// are written: a cursor fits only them.
fn at(first: &Url, cursor: &str) -> Url {
    let others = first.query().unwrap_or_default().split('&').filter(|pair| !pair.starts_with("cursor="));
    let mut url = first.clone();
    url.set_query(Some(&others.collect::<Vec<_>>().join("&")));
    url.query_pairs_mut().append_pair("cursor", cursor);
    url
}

/// Reads the body.
fn body(args: &CallArgs) -> Result<Option<Vec<u8>>, CallError> {
    let Some(data) = &args.data else { return Ok(None) };
    let body = match data.strip_prefix('@') {
        None => data.clone().into_bytes(),
        Some("-") => {
            let mut body = Vec::new();
            let read = io::stdin().read_to_end(&mut body);
            read.map_err(|source| CallError::File { file: "standard input".to_owned(), source })?;
            body
        }
        Some(file) => {
            std::fs::read(file).map_err(|source| CallError::File { file: file.to_owned(), source })?
        }
    };
    if args.content_type == JSON {
        serde_json::from_slice::<IgnoredAny>(&body).map_err(CallError::NotJson)?;
    }
    Ok(Some(body))
}

fn method_of(text: &str) -> Result<Method, String> {
    let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let found = known.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| "send GET, POST, PUT, PATCH or DELETE".to_owned())
}

fn path_of(text: &str) -> Result<String, String> {
    if text.starts_with('/') {
        return Ok(text.to_owned());
    }
    Err("begin the path with a slash, such as /v1/products".to_owned())
}

fn pair_of(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as sku=MUG")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn header_of(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("write NAME: VALUE, such as If-Match: *")?;
    let name = name.trim().parse::<HeaderName>().map_err(|error| error.to_string())?;
    let value = value.trim().parse::<HeaderValue>().map_err(|error| error.to_string())?;
    Ok((name, value))
}
