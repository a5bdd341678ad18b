//! Bodies of imports: longer than others, as JSON or as CSV, and few at a time.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

use crate::body::{self, Incoming};
use crate::problem::{ApiError, ErrorCode};
use crate::room::{Place, Room, Sizes};
use crate::schema::BodySchema;

/// Most bytes of an upload.
pub const UPLOAD_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Lowest speed at which an upload may arrive: others wait for its room. The longest one has 138 seconds in all.
const BYTES_A_SECOND_MIN: usize = 256 * 1024;
/// Room for 4 uploads in this process, and for 1 of a tenant. An upload takes room for the longest one.
const UPLOADS: Sizes = Sizes { of_process: 4 * UPLOAD_BYTES_MAX, of_tenant: UPLOAD_BYTES_MAX, spare: 0 };

static ROOM: Room = Room::new(UPLOADS);

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
    incoming: Incoming,
    form: Result<Option<Form>, ApiError>,
    schema: BodySchema,
}

/// An upload that was read. Its room is free when it is dropped.
#[derive(Debug)]
pub struct Uploaded {
    /// Its format.
    pub form: Form,
    /// Its bytes.
    pub raw: Bytes,
    /// Schema of its JSON.
    pub schema: BodySchema,
    _place: Place,
}

impl FromRequest for Upload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Upload {
            incoming: Incoming::of(request, payload),
            form: check_form(request),
            schema: BodySchema::of(request),
        }))
    }
}

impl Upload {
    /// Reads the body.
    pub async fn read(self) -> Result<Uploaded, ApiError> {
        let Upload { mut incoming, form, schema } = self;
        let form = form?;
        incoming.admit(UPLOAD_BYTES_MAX)?;
        let place = ROOM.take(incoming.tenant_id(), UPLOAD_BYTES_MAX).await?;
        let raw = incoming.collect(UPLOAD_BYTES_MAX, BYTES_A_SECOND_MIN).await?;
        let form = form.unwrap_or_else(|| Form::of_content(&raw));
        Ok(Uploaded { form, raw, schema, _place: place })
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

/// Returns the form, if the media type says it. Windows calls CSV what its spreadsheet is called,
/// and a browser that does not know a file's type sends none.
fn check_form(request: &HttpRequest) -> Result<Option<Form>, ApiError> {
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
        Some(form) if !headers.contains_key(header::CONTENT_ENCODING) => Ok(form),
        _ => {
            let detail = "Send the records as application/json or as text/csv, not compressed.";
            let error = ApiError::new(ErrorCode::UnsupportedMediaType, detail);
            Err(error.with_header(header::ACCEPT, "application/json, text/csv"))
        }
    }
}
