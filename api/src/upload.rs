//! Bodies of imports: longer than others, as JSON or as CSV, and few at a time.

use std::future::{Ready, ready};
use std::io::Read;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use domain::refusal::Code;
use flate2::read::MultiGzDecoder;

use crate::aside::aside;
use crate::body::{self, IN_PLACE_BYTES_MAX, Incoming};
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
    form: Sent,
    encoding: Encoding,
    schema: BodySchema,
}

/// The form that the media type of a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Known(Form),
    /// It says nothing.
    Unsaid,
    /// It says something else.
    Other,
}

/// The compression of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Plain,
    Gzip,
    Other,
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
            form: sent_form(request),
            encoding: encoding(request),
            schema: BodySchema::of(request),
        }))
    }
}

impl Upload {
    /// Reads the body, which is not compressed.
    pub async fn read(self) -> Result<Uploaded, ApiError> {
        self.read_up_to(UPLOAD_BYTES_MAX).await
    }

    /// Reads a body of at most `bytes_max` bytes, which is not compressed.
    pub async fn read_up_to(self, bytes_max: usize) -> Result<Uploaded, ApiError> {
        if self.encoding != Encoding::Plain || self.form == Sent::Other {
            return Err(unsupported("Send the records as application/json or as text/csv, not compressed."));
        }
        self.receive(bytes_max).await
    }

    /// Reads a body of at most `bytes_max` bytes, as it arrives and as it is when it is unpacked. It may be compressed with gzip. Both
    /// together have the room of an upload.
    pub async fn read_packed(self, bytes_max: usize) -> Result<Uploaded, ApiError> {
        let encoding = self.encoding;
        if encoding == Encoding::Other || self.form == Sent::Other {
            return Err(unsupported(
                "Send the rows as application/json or as text/csv, not compressed or with Content-Encoding: gzip. Save a workbook \
                 as \"CSV UTF-8\" first.",
            ));
        }
        let is_said = self.form != Sent::Unsaid;
        let mut uploaded = self.receive(bytes_max.min(UPLOAD_BYTES_MAX / 2)).await?;
        if encoding == Encoding::Gzip {
            let packed = uploaded.raw.clone();
            uploaded.raw = aside(async move { unpack(&packed, bytes_max) }).await??;
            if !is_said {
                uploaded.form = Form::of_content(&uploaded.raw);
            }
        }
        Ok(uploaded)
    }

    /// Reads a body of at most `bytes_max` bytes and of any media type, which is not compressed.
    pub async fn read_any(self, bytes_max: usize) -> Result<Uploaded, ApiError> {
        if self.encoding != Encoding::Plain {
            return Err(unsupported("Send the file as it is, not compressed."));
        }
        self.receive(bytes_max).await
    }

    async fn receive(self, bytes_max: usize) -> Result<Uploaded, ApiError> {
        let Upload { mut incoming, form, schema, .. } = self;
        incoming.admit(bytes_max)?;
        let place = ROOM.take(incoming.tenant_id(), UPLOAD_BYTES_MAX).await?;
        let raw = incoming.collect(bytes_max, BYTES_A_SECOND_MIN).await?;
        let form = match form {
            Sent::Known(form) => form,
            Sent::Unsaid | Sent::Other => Form::of_content(&raw),
        };
        Ok(Uploaded { form, raw, schema, _place: place })
    }
}

impl Uploaded {
    /// Parses the body, a long one on a thread of its own kind, so that the threads that serve requests stay free. The room stays taken.
    pub async fn parse<T: Send + 'static>(
        self,
        parse: impl FnOnce(&Uploaded) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<(Self, T), ApiError> {
        let is_short = self.raw.len() <= IN_PLACE_BYTES_MAX;
        let work = move || -> Result<(Self, T), ApiError> {
            let parsed = parse(&self)?;
            Ok((self, parsed))
        };
        if is_short { work() } else { aside(async move { work() }).await? }
    }
}

/// Unpacks a body of at most `bytes_max` bytes. The rest of a longer one is not unpacked.
fn unpack(packed: &[u8], bytes_max: usize) -> Result<Bytes, ApiError> {
    let mut unpacked = Vec::new();
    let most = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    if MultiGzDecoder::new(packed).take(most).read_to_end(&mut unpacked).is_err() {
        let detail =
            "The body is not gzip, or a part of it is missing. Send it again, or without Content-Encoding.";
        return Err(ApiError::new(Code::ValidationFailed, detail).at_header("Content-Encoding"));
    }
    if unpacked.len() > bytes_max {
        let detail = format!("The body may have at most {bytes_max} bytes when it is unpacked.");
        return Err(ApiError::new(ErrorCode::PayloadTooLarge, detail));
    }
    Ok(unpacked.into())
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

/// Returns the form that the media type says. Windows calls CSV what its spreadsheet is called, and a browser that does
/// not know a file's type sends none.
fn sent_form(request: &HttpRequest) -> Sent {
    match body::essence(request.headers()).to_ascii_lowercase().as_str() {
        "application/json" => Sent::Known(Form::Json),
        "text/csv"
        | "text/x-csv"
        | "application/csv"
        | "application/x-csv"
        | "application/vnd.ms-excel"
        | "text/comma-separated-values"
        | "text/x-comma-separated-values"
        | "text/tab-separated-values" => Sent::Known(Form::Csv),
        "" | "application/octet-stream" => Sent::Unsaid,
        _ => Sent::Other,
    }
}

fn encoding(request: &HttpRequest) -> Encoding {
    match request.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str()) {
        None => Encoding::Plain,
        Some(Ok(name)) if ["gzip", "x-gzip"].iter().any(|known| name.trim().eq_ignore_ascii_case(known)) => {
            Encoding::Gzip
        }
        Some(_) => Encoding::Other,
    }
}

fn unsupported(detail: &'static str) -> ApiError {
    let error = ApiError::new(ErrorCode::UnsupportedMediaType, detail);
    error.with_header(header::ACCEPT, "application/json, text/csv")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use actix_web::test::TestRequest;
    use domain::id::TenantId;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use uuid::Uuid;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    #[actix_web::test]
    async fn a_long_body_is_parsed_on_a_thread_of_its_own_kind() {
        let schema = BodySchema::of(&TestRequest::default().to_http_request());
        let thread = |_: &Uploaded| -> Result<Option<String>, ApiError> {
            Ok(std::thread::current().name().map(str::to_owned))
        };
        for (bytes, is_aside) in [(IN_PLACE_BYTES_MAX, false), (IN_PLACE_BYTES_MAX + 1, true)] {
            let place = ROOM.take(TenantId(Uuid::nil()), bytes).await.expect("room");
            let (raw, schema) = (vec![b'a'; bytes].into(), schema.clone());
            let uploaded = Uploaded { form: Form::Csv, raw, schema, _place: place };
            let (uploaded, name) = uploaded.parse(thread).await.expect("a name");
            assert_eq!((name.as_deref() == Some("aside"), uploaded.raw.len()), (is_aside, bytes));
        }
    }

    #[test]
    fn a_packed_body_is_unpacked_up_to_its_limit() {
        assert_eq!(unpack(&packed(b"item\nA\n"), 7).expect("a text").as_ref(), b"item\nA\n");
        let of = |body: &[u8]| unpack(body, 6).expect_err("a rejection").code();
        assert_eq!(of(&packed(b"item\nA\n")), ErrorCode::PayloadTooLarge);
        let bomb = packed(&vec![0; 64 * 1024 * 1024]);
        assert!(bomb.len() < 128 * 1024);
        assert_eq!(of(&bomb), ErrorCode::PayloadTooLarge);
        assert_eq!(of(b"item\nA\n"), ErrorCode::Domain(Code::ValidationFailed));
        let cut = packed(b"item\n");
        assert_eq!(of(&cut[..cut.len() - 9]), ErrorCode::Domain(Code::ValidationFailed));
        let twice = [packed(b"ab"), packed(b"cd")].concat();
        assert_eq!(unpack(&twice, 6).expect("a text").as_ref(), b"abcd");
    }
}
