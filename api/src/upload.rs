//! Bodies of imports: longer than others, as JSON or as CSV, and few at a time.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use domain::id::TenantId;

use crate::body::{self, Patience};
use crate::context::Context;
use crate::problem::{ApiError, ErrorCode};
use crate::schema::BodySchema;
use crate::turn::{Numbers, Turn, Turns};

/// Most bytes of an upload.
pub const UPLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Lowest speed at which an upload may arrive: others wait for its turn. The longest one has 138 seconds in all.
const BYTES_A_SECOND_MIN: usize = 256 * 1024;
/// Uploads that a process holds in memory at once.
const UPLOADS: Numbers = Numbers { of_process: 4, of_tenant: 1, spare: 0 };

static TURNS: Turns = Turns::new(UPLOADS);

/// Format of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

/// An upload that has not been read yet.
pub struct Upload {
    payload: Payload,
    patience: Patience,
    head: Result<(Option<Form>, Option<usize>), ApiError>,
    schema: BodySchema,
    tenant_id: TenantId,
}

/// An upload that was read. Its turn ends when it is dropped.
#[derive(Debug)]
pub struct Uploaded {
    /// Its format.
    pub form: Form,
    /// Its bytes.
    pub raw: Bytes,
    /// Schema of its JSON.
    pub schema: BodySchema,
    _turn: Turn,
}

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let tenant_id =
            request.extensions().get::<Context>().and_then(Context::tenant_id).unwrap_or_default();
        let patience = Patience { pause: body::pause(request), bytes_a_second_min: BYTES_A_SECOND_MIN };
        let (head, schema) = (check_head(request), BodySchema::of(request));
        ready(Ok(Upload { payload: payload.take(), patience, head, schema, tenant_id }))
    }
}

impl Upload {
    /// Reads the body.
    pub async fn read(self) -> Result<Uploaded, ApiError> {
        let (form, announced) = self.head?;
        let turn = TURNS.take(self.tenant_id).await?;
        let raw = body::collect(self.payload, announced, UPLOAD_BYTES_MAX, self.patience).await?;
        let form = form.unwrap_or_else(|| Form::of_content(&raw));
        Ok(Uploaded { form, raw, schema: self.schema, _turn: turn })
    }
}

impl Form {
    /// Returns the form of content whose media type says nothing: JSON begins with a brace.
    fn of_content(raw: &[u8]) -> Self {
        match body::without_mark(raw).trim_ascii_start().first() {
            Some(b'{' | b'[') => Form::Json,
            Some(_) | None => Form::Csv,
        }
    }
}

/// Returns the form, if the media type says it, and the announced length. Windows calls CSV what its spreadsheet is called,
/// and a browser that does not know a file's type sends none.
fn check_head(request: &HttpRequest) -> Result<(Option<Form>, Option<usize>), ApiError> {
    let headers = request.headers();
    let form = match body::essence(headers).to_ascii_lowercase().as_str() {
        "application/json" => Some(Some(Form::Json)),
        "text/csv"
        | "text/x-csv"
        | "application/csv"
        | "application/x-csv"
        | "application/vnd.ms-excel"
        | "text/comma-separated-values"
        | "text/x-comma-separated-values"
        | "text/tab-separated-values" => Some(Some(Form::Csv)),
        "" | "application/octet-stream" => Some(None),
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
