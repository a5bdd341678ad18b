//! `stockwell reconcile DIR`: sends a folder of exports through the public REST API, makes a run, and prints its answer.
//!
//! The folder is described by its `manifest.json`, or by the names of its files (`docs/reconciliation.md`). Sending a
//! folder again changes nothing: the API counts rows that it already has as repeated.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that talks to a person")]

mod answer;
mod parts;
mod plan;

use std::path::PathBuf;
use std::process::ExitCode;

use api::config::secret;
use clap::Args;
use domain::text::{plain_line, plain_lines};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http;
use plan::Upload;

/// Exit code if more has to be sent before there is an answer.
const NOT_ENOUGH_DATA: u8 = 2;
/// Exit code if the answer is of a part of the rows, because others were rejected.
const ROWS_REJECTED: u8 = 3;
/// Rejected rows of a file that are printed.
const REJECTED_SHOWN: usize = 5;

/// Arguments of `reconcile`.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// The folder of exports: with a `manifest.json`, or with files that are named as `snapshots/SYSTEM.full.csv`,
    /// `snapshots/SYSTEM.partial.csv`, `events/SYSTEM.csv`, `touchpoints/SYSTEM.csv`, `systems.json`, `settings.json`,
    /// `ownership.json`, `location-mappings.csv`, `sku-mappings.csv`, `items.csv` and `bundles.csv`.
    pub folder: PathBuf,
    /// The URL of the API.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// A key of the tenant with the scopes `reconciliation:write` and `reconciliation:read`.
    #[arg(long, env = "STOCKWELL_API_KEY", hide_env_values = true, value_parser = secret)]
    pub key: SecretString,
    /// The IANA name of the time zone of instants without an offset. A time zone of the manifest comes first.
    #[arg(long)]
    pub time_zone: Option<String>,
    /// The end of the window, such as `2026-02-03T00:00:00Z`. Without it, the newest instant of the inputs.
    #[arg(long)]
    pub through: Option<String>,
    /// Print the answer as JSON.
    #[arg(long)]
    pub json: bool,
}

/// Sending the folder failed, or the API rejected a whole file.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// A file can't be read.
    #[error("{file}: {source}")]
    File {
        /// Path of the file.
        file: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The folder can't be used as it is.
    #[error("{0}")]
    Folder(String),
    /// The API can't be reached.
    #[error("the API can't be reached: {0}")]
    Transport(#[from] reqwest::Error),
    /// The API returned an error.
    #[error("{request} returned {status}: {body}")]
    Refused {
        /// Method and path of the request, with the file that it sent.
        request: String,
        /// HTTP status of the response.
        status: StatusCode,
        /// Body of the response: a problem.
        body: String,
    },
    /// The API returned something that the client can't use.
    #[error("{0}")]
    Unexpected(String),
}

/// The rows of a file, or of all files.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Rows {
    rows: u64,
    accepted: u64,
    repeated: u64,
    #[serde(skip)]
    rejected: u64,
}

impl Rows {
    fn add(&mut self, other: Rows) {
        self.rows += other.rows;
        self.accepted += other.accepted;
        self.repeated += other.repeated;
        self.rejected += other.rejected;
    }
}

/// Sends the folder, makes a run and prints its answer. Returns the exit code: 0 for a fix or for no recurring cause, 2 if more
/// data is needed, 3 if rows were rejected.
pub async fn run(args: &ReconcileArgs) -> Result<ExitCode, ReconcileError> {
    let uploads = plan::read(&args.folder, args.time_zone.as_deref())?;
    let client = Client::new(&args.url, args.key.clone())?;
    let bar = progress(uploads.iter().map(|upload| upload.size_bytes).sum());
    let mut all = Rows::default();
    for upload in &uploads {
        let sent = send(&client, &args.folder, upload, &bar).await?;
        if sent.rows > 0 {
            bar.suspend(|| eprintln!("{}", plain_line(&told(&upload.file, sent))));
        }
        all.add(sent);
    }
    bar.finish_and_clear();
    let through = args.through.as_ref().map_or(json!({}), |through| json!({ "through": through }));
    let body = through.to_string().into_bytes();
    let run = client.send(&Request::json(Method::POST, "/v1/reconciliation/runs"), body).await?;
    let id = run["id"].as_str().unwrap_or_default();
    let first_fix = format!("/v1/reconciliation/first-fix?run={id}");
    let answer = client.send(&Request::json(Method::GET, &first_fix), Vec::new()).await?;
    if args.json {
        println!("{answer:#}");
    } else {
        print!("{}", plain_lines(&answer::text(&run, &answer)));
    }
    Ok(match answer["verdict"].as_str() {
        Some("not_enough_data") => ExitCode::from(NOT_ENOUGH_DATA),
        _ if all.rejected > 0 => ExitCode::from(ROWS_REJECTED),
        _ => ExitCode::SUCCESS,
    })
}

fn progress(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn told(file: &str, rows: Rows) -> String {
    let Rows { rows, accepted, repeated, rejected } = rows;
    format!("{file}: {rows} rows, {accepted} accepted, {repeated} repeated, {rejected} rejected")
}

/// Sends a file, in parts if it is longer than a request may be. Prints the first rejected rows.
async fn send(
    client: &Client,
    folder: &std::path::Path,
    upload: &Upload,
    bar: &ProgressBar,
) -> Result<Rows, ReconcileError> {
    let mut all = Rows::default();
    let mut shown = 0;
    for part in parts::of(&folder.join(&upload.file), upload.is_csv())? {
        let part = part?;
        let length = part.text.len() as u64;
        let answer = client.send(&Request::of(upload), part.text).await?;
        bar.inc(length);
        if answer["object"] != "ingest" {
            continue;
        }
        let mut rows: Rows = serde_json::from_value(answer.clone())
            .map_err(|error| ReconcileError::Unexpected(format!("{}: {error}", upload.file)))?;
        let rejected = answer["rejected"].as_array().map(Vec::as_slice).unwrap_or_default();
        rows.rejected = rows.rows.saturating_sub(rows.accepted + rows.repeated).max(rejected.len() as u64);
        all.add(rows);
        for row in rejected.iter().take(REJECTED_SHOWN.saturating_sub(shown)) {
            shown += 1;
            bar.suspend(|| eprintln!("{}", plain_line(&rejection(&upload.file, part.rows_before, row))));
        }
    }
    Ok(all)
}

fn rejection(file: &str, rows_before: u64, row: &Value) -> String {
    let number = row["row"].as_u64().unwrap_or_default() + rows_before;
    let column = row["column"].as_str().unwrap_or("row");
    format!("{file}, row {number}, {column}: {}", row["detail"].as_str().unwrap_or_default())
}

/// A request to the API.
struct Request {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    media_type: String,
    /// Text of errors.
    told: String,
}

impl Request {
    fn json(method: Method, path: &str) -> Self {
        let told = format!("{method} {path}");
        let media_type = "application/json".to_owned();
        Request { method, path: path.to_owned(), query: Vec::new(), media_type, told }
    }

    fn of(upload: &Upload) -> Self {
        Request {
            method: upload.method.clone(),
            path: upload.path.clone(),
            query: upload.query.clone(),
            media_type: upload.media_type.clone(),
            told: format!("{}: {} {}", upload.file, upload.method, upload.path),
        }
    }
}

struct Client {
    http: reqwest::Client,
    url: String,
    key: SecretString,
}

impl Client {
    fn new(url: &str, key: SecretString) -> Result<Self, ReconcileError> {
        Ok(Client { http: http::client(Policy::default())?, url: url.trim_end_matches('/').to_owned(), key })
    }

    async fn send(&self, request: &Request, body: Vec<u8>) -> Result<Value, ReconcileError> {
        let Request { method, path, query, media_type, told } = request;
        let url = format!("{}{path}", self.url);
        let mut url =
            Url::parse(&url).map_err(|error| ReconcileError::Folder(format!("{url} is no URL: {error}")))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut sent = self.http.request(method.clone(), url).bearer_auth(self.key.expose_secret());
        if !body.is_empty() {
            sent = sent.header(CONTENT_TYPE, media_type).body(body);
        }
        let response = sent.send().await?;
        let status = response.status();
        let text = response.text().await?;
        if !status.is_success() {
            return Err(ReconcileError::Refused { request: told.clone(), status, body: text });
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| ReconcileError::Unexpected(format!("{told}: {error}")))
    }
}
