//! Bodies of imports: longer than others, as JSON or as CSV, and few at a time.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::body;
use crate::problem::{ApiError, ErrorCode};

/// The most bytes of an upload.
pub const UPLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long an upload may take to arrive.
const READ_DEADLINE: Duration = Duration::from_secs(120);
/// How many uploads a process holds in memory at once.
const UPLOADS_MAX: usize = 4;
/// How long an upload waits for its turn.
const TURN_DEADLINE: Duration = Duration::from_secs(5);

static TURNS: Semaphore = Semaphore::const_new(UPLOADS_MAX);

/// What an upload is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

/// An upload that has not been read yet: a handler reads it once it has checked the scope.
pub struct Upload {
    payload: Payload,
    head: Result<(Form, Option<usize>), ApiError>,
}

/// An upload that was read. Others may take its turn when it is dropped.
#[derive(Debug)]
pub struct Uploaded {
    /// What it is written in.
    pub form: Form,
    /// Its bytes.
    pub raw: Bytes,
    _turn: SemaphorePermit<'static>,
}

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Upload { payload: payload.take(), head: check_head(request) }))
    }
}

impl Upload {
    /// Reads the body.
    pub async fn read(self) -> Result<Uploaded, ApiError> {
        let (form, announced) = self.head?;
        let turn = match tokio::time::timeout(TURN_DEADLINE, TURNS.acquire()).await {
            Ok(Ok(turn)) => turn,
            _ => return Err(ApiError::of(ErrorCode::TemporarilyUnavailable).with_retry_after(10)),
        };
        let raw = body::collect(self.payload, announced, UPLOAD_BYTES_MAX, READ_DEADLINE).await?;
        Ok(Uploaded { form, raw, _turn: turn })
    }
}

fn check_head(request: &HttpRequest) -> Result<(Form, Option<usize>), ApiError> {
    let headers = request.headers();
    let form = match body::essence(headers).to_ascii_lowercase().as_str() {
        "application/json" => Some(Form::Json),
        "text/csv" => Some(Form::Csv),
        _ => None,
    };
    match form {
        Some(form) if !headers.contains_key(header::CONTENT_ENCODING) => Ok((form, body::announced(headers))),
        _ => {
            let detail = "Send the records as application/json or as text/csv, not compressed.";
            let error = ApiError::new(ErrorCode::UnsupportedMediaType, detail);
            Err(error.with_header(header::ACCEPT, "application/json, text/csv"))
        }
    }
}
