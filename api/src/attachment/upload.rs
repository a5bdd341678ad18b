//! The body of an upload: the file itself, or JSON with the file in base64. It has room of its own in memory, so that files wait for
//! each other and for no sale.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::attachment::{BYTES_MAX, FileType, check};
use domain::refusal::{Code, Refusal};
use domain::text::{Line200, Name};
use serde::Deserialize;
use service::attachment::NewAttachment;
use sha2::{Digest, Sha256};

use super::{UploadParams, holder};
use crate::ApiError;
use crate::aside::aside;
use crate::body::{Incoming, essence, parse_object};
use crate::problem::ErrorCode;
use crate::room::{Place, Room, Sizes};
use crate::schema::BodySchema;

/// Most bytes of a body in JSON: the file in base64, and its description.
const JSON_BYTES_MAX: usize = 7 * 1024 * 1024;
/// Room of one upload: its body, the text that is parsed from it, the file that is decoded from that, and the statement that stores it.
const UPLOAD_ROOM: usize = 2 * JSON_BYTES_MAX + 2 * BYTES_MAX;
/// Lowest speed at which an upload may arrive: others wait for its room.
const BYTES_A_SECOND_MIN: usize = 128 * 1024;

/// Room for 4 uploads in this process, and for 1 of a tenant.
static ROOM: Room = Room::new(Sizes { of_process: 4 * UPLOAD_ROOM, of_tenant: UPLOAD_ROOM, spare: 0 });

/// A file to attach to a record.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AttachmentCreate)]
pub(super) struct AttachmentIn {
    /// Id of the record that gets the file: a product, customer, supplier, order, purchase order, bill or invoice.
    #[schema(max_length = 30, example = "prd_01h455vb4pex5vsknk084sn02q")]
    record_id: String,
    /// Name of the file, without its folder.
    filename: Line200,
    /// Title of the file, or what the image shows.
    #[serde(default)]
    title: Option<Name>,
    /// Order among the files of the record, smallest first. The default is after the last one.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000000, example = 0)]
    position: Option<i32>,
    /// Media type of the file: `image/jpeg`, `image/png`, `image/webp`, `image/gif`, `application/pdf`, `text/plain` or `text/csv`.
    #[schema(max_length = 20, example = "image/png")]
    content_type: String,
    /// The file in base64: at most 5 MiB.
    #[schema(max_length = 6990508)]
    content: String,
}

/// An upload that has not been read yet.
pub(super) struct FileUpload {
    incoming: Incoming,
    media_type: String,
    is_encoded: bool,
    schema: BodySchema,
}

/// A file that was read and checked. Its room is free when it is dropped.
pub(super) struct ReadFile {
    pub new: NewAttachment,
    /// Whether the query describes the file, rather than the body.
    pub is_described_by_query: bool,
    _place: Place,
}

impl FromRequest for FileUpload {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(FileUpload {
            incoming: Incoming::of(request, payload),
            media_type: essence(request.headers()).to_ascii_lowercase(),
            is_encoded: request.headers().contains_key(header::CONTENT_ENCODING),
            schema: BodySchema::of(request),
        }))
    }
}

impl FileUpload {
    /// Reads the file and checks its content.
    pub(super) async fn read(self, params: UploadParams) -> Result<ReadFile, ApiError> {
        let FileUpload { mut incoming, media_type, is_encoded, schema } = self;
        let is_json = media_type == "application/json";
        let file_type = FileType::named(&media_type);
        if is_encoded || !is_json && file_type.is_none() {
            return Err(unsupported());
        }
        let bytes_max = if is_json { JSON_BYTES_MAX } else { BYTES_MAX };
        incoming.admit(bytes_max)?;
        let place = ROOM.take(incoming.tenant_id(), UPLOAD_ROOM).await?;
        let raw = incoming.collect(bytes_max, BYTES_A_SECOND_MIN).await?;
        let new = aside(async move {
            match file_type {
                Some(file_type) => of_query(params, file_type, &raw),
                None => of_json(&raw, &schema),
            }
        });
        Ok(ReadFile { new: new.await??, is_described_by_query: !is_json, _place: place })
    }
}

/// Checks a file whose content is the body.
fn of_query(params: UploadParams, file_type: FileType, raw: &Bytes) -> Result<NewAttachment, ApiError> {
    let UploadParams { record_id, filename, title, position } = params;
    let missing = |name: &str| {
        ApiError::new(ErrorCode::InvalidParameter, "This parameter is required.").at_parameter(name)
    };
    let record_id = record_id.ok_or_else(|| missing("record_id"))?;
    let filename = filename.ok_or_else(|| missing("filename"))?;
    let record = holder(&record_id);
    let record = record
        .map_err(|detail| ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("record_id"))?;
    let dimensions = check(file_type, raw);
    let dimensions = dimensions
        .map_err(|detail| ApiError::new(Code::ValidationFailed, detail).at_header("Content-Type"))?;
    Ok(NewAttachment {
        record,
        filename: Line200::from(filename),
        title: title.map(Name::from),
        position,
        file_type,
        dimensions,
        sha256: Sha256::digest(raw).into(),
        bytes: raw.to_vec(),
    })
}

/// Checks a file that JSON describes.
fn of_json(raw: &Bytes, schema: &BodySchema) -> Result<NewAttachment, ApiError> {
    let input: AttachmentIn = parse_object(raw).map_err(|error| schema.explain_unread(raw, error))?;
    let AttachmentIn { record_id, filename, title, position, content_type, content } = input;
    let invalid = |pointer: &str, detail: String| ApiError::from(Refusal::invalid(pointer, detail));
    let record = holder(&record_id).map_err(|detail| invalid("/record_id", detail.to_owned()))?;
    let file_type = FileType::named(&content_type).ok_or_else(|| {
        let known = FileType::ALL.map(FileType::media_type).join(", ");
        invalid("/content_type", format!("Expected one of {known}."))
    })?;
    let bytes = STANDARD.decode(content.as_bytes()).map_err(|_| {
        invalid("/content", "Expected base64 with the letters + and /, padded with =.".to_owned())
    })?;
    if bytes.len() > BYTES_MAX {
        return Err(invalid("/content", format!("A file may have at most {BYTES_MAX} bytes.")));
    }
    let dimensions = check(file_type, &bytes).map_err(|detail| invalid("/content", detail))?;
    let sha256 = Sha256::digest(&bytes).into();
    Ok(NewAttachment { record, filename, title, position, file_type, dimensions, sha256, bytes })
}

fn unsupported() -> ApiError {
    let known = FileType::ALL.map(FileType::media_type).join(", ");
    let detail =
        format!("Send a file of one of the types {known}, not compressed, or JSON with the file in base64.");
    let error = ApiError::new(ErrorCode::UnsupportedMediaType, detail);
    error.with_header(header::ACCEPT, format!("{known}, application/json"))
}
