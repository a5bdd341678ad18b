//! Files of records: images of products, contracts, delivery notes.

mod upload;

use std::time::Duration;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, DispositionParam, DispositionType, EntityTag, ExtendedValue,
};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use domain::attachment::Holder;
use domain::id::AttachmentId;
use serde::Deserialize;
use serde_json::json;
use service::attachment::stored::{self, Content, Place};
use service::attachment::{self, Attachment, AttachmentInput, Sight};
use service::catalog::product;
use service::listing::{Age, Slice};
use service::{Error, Tx};
use tokio::time::Instant;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::upload::{AttachmentIn, FileUpload};
use crate::body::Body;
use crate::list::{List, Page};
use crate::params::{Params, PathId};
use crate::patch::Patch;
use crate::personal::Personal;
use crate::problem::ErrorCode;
use crate::record::record;
use crate::room::{Room, Sizes};
use crate::sending::parts;
use crate::version::{IfNoneMatch, ReadHeaders};
use crate::write::{MergePatch, Write};
use crate::{Answer, ApiError, App, Caller};

/// Room in this process for contents that are sent.
const SENT: Sizes =
    Sizes { of_process: 64 * 1024 * 1024, of_tenant: 24 * 1024 * 1024, spare: 16 * 1024 * 1024 };

/// Most bytes of a tenant at once for one network: a slow reader holds a third of the tenant's room.
const SENT_TO_NETWORK: usize = 8 * 1024 * 1024;
/// Longest time in which a content is taken: 5 MiB at 87 KiB a second. It holds its room until then.
const SENT_WITHIN: Duration = Duration::from_secs(60);

static ROOM: Room = Room::with_readers(SENT, SENT_TO_NETWORK);

record!(Attachment, AttachmentId);

impl Personal for Attachment {
    async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Self>, Error> {
        attachment::find(tx, ids).await
    }
}

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(get_content).service(get).service(update).service(remove);
}

/// Which attachments to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only those of this record: a product, customer, supplier, order, purchase order, bill or invoice.
    #[param(max_length = 30, example = "prd_01h455vb4pex5vsknk084sn02q")]
    record_id: Option<String>,
    sort: Option<Age>,
}

/// The description of a file whose content is the body.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UploadParams {
    /// Id of the record that gets the file.
    #[param(max_length = 30, example = "prd_01h455vb4pex5vsknk084sn02q")]
    record_id: Option<String>,
    /// Name of the file, without its folder.
    #[param(max_length = 200, example = "bolt-m8.png")]
    filename: Option<String>,
    /// Title of the file, or what the image shows.
    #[param(max_length = 200, example = "Bolt M8 x 40, from the side")]
    title: Option<String>,
    /// Order among the files of the record, smallest first. The default is after the last one.
    #[param(minimum = 0, maximum = 1000000, example = 0)]
    position: Option<i32>,
}

/// List attachments
///
/// Returns one page of the attachments of one record, or of all records that the caller may read. A publishable key sees images of
/// products that are not archived.
#[utoipa::path(
    operation_id = "attachments_list",
    extensions(("x-publishable" = json!(true))),
    security(
        ("bearer" = ["catalog:read"]), ("bearer" = ["customers:read"]), ("bearer" = ["purchasing:read"]), ("bearer" = ["orders:read"]),
    ),
    params(Filters),
    responses((status = 200, description = "One page of attachments.", body = Page<Attachment>))
)]
#[get("/v1/attachments")]
async fn list(caller: Caller, list: List<Filters>) -> Answer {
    let sight = Sight::of(&caller)?;
    let record = list.filters.record_id.as_deref().map(holder).transpose();
    let record = record
        .map_err(|detail| ApiError::new(ErrorCode::InvalidParameter, detail).at_parameter("record_id"))?;
    let sort = list.filters.sort;
    let read = async move |tx: &Tx, slice: &Slice| attachment::list(tx, &sight, record, slice).await;
    list.serve_documents(caller, sort, read, |attachment: &Attachment| attachment.id.0).await
}

/// Create an attachment
///
/// Adds a file to a record: a product, customer, supplier, order, purchase order, bill or invoice. The caller needs the scope that changes
/// such a record. Send the file as the body, with its `Content-Type`, and name the record in the query; or send JSON with the content in
/// base64. Allowed are JPEG, PNG, WebP, GIF, PDF, plain text and CSV of at most 5 MiB. The content must be of the type that is declared: a
/// page of HTML is rejected. An image has at most 8,000 pixels on a side and 40,000,000 in all. A record has at most 50 attachments, and
/// the files of a tenant take at most 1 GiB, unless the operator set another quota (409). Equal files count once.
#[utoipa::path(
    operation_id = "attachments_create",
    security(
        ("bearer" = ["catalog:write"]), ("bearer" = ["customers:write"]), ("bearer" = ["purchasing:write"]), ("bearer" = ["orders:write"]),
    ),
    params(UploadParams),
    request_body(content(
        (AttachmentIn = "application/json"),
        (String = "image/jpeg", example = "…"),
        (String = "image/png", example = "…"),
        (String = "image/webp", example = "…"),
        (String = "image/gif", example = "…"),
        (String = "application/pdf", example = "%PDF-1.7…"),
        (String = "text/plain", example = "Handle with care."),
        (String = "text/csv", example = "sku,quantity\r\nBOLT-M8,20\r\n"),
    )),
    responses((status = 201, description = "The attachment.", body = Attachment))
)]
#[post("/v1/attachments")]
async fn create(app: Data<App>, write: Write, params: Params<UploadParams>, upload: FileUpload) -> Answer {
    let caller = write.caller();
    // A file takes room in memory: it is not read if the query names a record whose files the caller may not change.
    if let Some(record) = params.0.record_id.as_deref().and_then(Holder::parse) {
        caller.require(attachment::write_scope(record.kind))?;
    }
    let read = upload.read(params.0).await?;
    let new = &read.new;
    let said = json!({ "record_id": new.record.text(), "filename": new.filename.as_str(), "title": new.title, "position": new.position,
        "content_type": new.file_type.media_type(), "sha256": new.sha256 });
    let said = Bytes::from(said.to_string());
    let is_dry_run = write.is_dry_run();
    // The content is in the store before its row is committed.
    let sent = async || -> Result<Place, ApiError> {
        match app.store.as_ref().filter(|_| !is_dry_run) {
            Some(store) => Ok(stored::send(&app.db.for_imports(), store, &caller, new).await?),
            None => Ok(Place::Database),
        }
    };
    let work = async |tx: &Tx, place: &Place| {
        let made = attachment::create(tx, &caller, new, place).await?;
        touch(tx, &made).await?;
        Ok(made)
    };
    let write = write.taking_long().of_persons::<Attachment>();
    let made = write.create_computed("attachment.created", &said, sent, work).await;
    made.map_err(|error| if read.is_described_by_query { error.in_query() } else { error })
}

/// Get an attachment
///
/// Returns one attachment, without its content.
#[utoipa::path(
    operation_id = "attachments_get",
    extensions(("x-publishable" = json!(true))),
    security(
        ("bearer" = ["catalog:read"]), ("bearer" = ["customers:read"]), ("bearer" = ["purchasing:read"]), ("bearer" = ["orders:read"]),
    ),
    params(("id" = AttachmentId, Path, description = "The attachment's id."), ReadHeaders),
    responses((status = 200, description = "The attachment.", body = Attachment))
)]
#[get("/v1/attachments/{id}")]
async fn get(app: Data<App>, caller: Caller, id: PathId<AttachmentId>, seen: IfNoneMatch) -> Answer {
    let sight = Sight::of(&caller)?;
    let read = async |tx: &Tx| attachment::get(tx, &sight, id.0).await;
    let attachment = app.db.read(caller.tenant_id, read).await?;
    Ok(seen.answer(attachment.version, attachment))
}

/// Get the content of an attachment
///
/// Returns the file as it was sent, with its media type. Its ETag is the SHA-256 of the content. Browsers save the file rather than show it
/// as a page. A download ends after 60 seconds, and the connection is closed. At most 8 MiB of a tenant are sent to one address (or the /64 of
/// an IPv6 address) at a time, and 24 MiB to all: a further request waits for 10 seconds, then gets 429.
#[utoipa::path(
    operation_id = "attachments_get_content",
    extensions(("x-publishable" = json!(true))),
    security(
        ("bearer" = ["catalog:read"]), ("bearer" = ["customers:read"]), ("bearer" = ["purchasing:read"]), ("bearer" = ["orders:read"]),
    ),
    params(("id" = AttachmentId, Path, description = "The attachment's id."), ReadHeaders),
    responses((
        status = 200,
        description = "The content.",
        headers(
            ("Content-Disposition" = String, description = "`attachment`, with the name of the file."),
            ("Content-Security-Policy" = String, description = "A page that shows the content gives it no rights."),
        ),
        content(
            (String = "image/jpeg", example = "…"),
            (String = "image/png", example = "…"),
            (String = "image/webp", example = "…"),
            (String = "image/gif", example = "…"),
            (String = "application/pdf", example = "%PDF-1.7…"),
            (String = "text/plain", example = "Handle with care."),
            (String = "text/csv", example = "sku,quantity\r\nBOLT-M8,20\r\n"),
        ),
    ))
)]
#[get("/v1/attachments/{id}/content")]
async fn get_content(
    request: HttpRequest,
    app: Data<App>,
    caller: Caller,
    id: PathId<AttachmentId>,
    seen: IfNoneMatch,
) -> Answer {
    let sight = Sight::of(&caller)?;
    let read = async |tx: &Tx| attachment::get(tx, &sight, id.0).await;
    let found = app.db.read(caller.tenant_id, read).await?;
    let tag = EntityTag::new_strong(found.sha256.clone());
    if seen.knows(&tag) {
        return Ok(HttpResponse::NotModified().insert_header(header::ETag(tag)).finish());
    }
    let size = usize::try_from(found.size_bytes).unwrap_or_default();
    let place = ROOM.take_for(caller.tenant_id, app.address_of(&request), size).await?;
    let read = async |tx: &Tx| attachment::content(tx, &found).await;
    let content = match app.db.read(caller.tenant_id, read).await? {
        Content::Here(bytes) => bytes,
        Content::InStore(name) => {
            let store = app.store.as_ref();
            stored::fetch(store, &name, caller.tenant_id, &found.sha256, size).await?
        }
    };
    let parts = parts(Bytes::from(content), Instant::now() + SENT_WITHIN, place);
    Ok(HttpResponse::Ok()
        .content_type(found.content_type.clone())
        .insert_header(header::ETag(tag))
        .insert_header(disposition(&found.filename))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(SizedStream::new(u64::try_from(size).unwrap_or_default(), parts)))
}

/// Change an attachment
///
/// Takes a merge patch of the name, the title and the order. The content never changes: add another attachment, and delete this one.
#[utoipa::path(
    operation_id = "attachments_update",
    security(
        ("bearer" = ["catalog:write"]), ("bearer" = ["customers:write"]), ("bearer" = ["purchasing:write"]), ("bearer" = ["orders:write"]),
    ),
    params(("id" = AttachmentId, Path, description = "The attachment's id.")),
    request_body = Patch<AttachmentInput>,
    responses((status = 200, description = "The attachment as it is now.", body = Attachment))
)]
#[patch("/v1/attachments/{id}")]
async fn update(write: Write, id: PathId<AttachmentId>, body: Body<MergePatch>) -> Answer {
    let caller = write.caller();
    let write = write.of_persons::<Attachment>();
    write
        .patch("attachment.updated", body, async |tx, expected, change| {
            let changed = attachment::update(tx, &caller, id.0, expected, change).await?;
            if changed.is_changed {
                touch(tx, &changed.record).await?;
            }
            Ok(changed)
        })
        .await
}

/// Delete an attachment
///
/// Removes the file from its record. The content is deleted with its last attachment.
#[utoipa::path(
    operation_id = "attachments_delete",
    security(
        ("bearer" = ["catalog:write"]), ("bearer" = ["customers:write"]), ("bearer" = ["purchasing:write"]), ("bearer" = ["orders:write"]),
    ),
    params(("id" = AttachmentId, Path, description = "The attachment's id.")),
    responses((status = 204, description = "The attachment is deleted."))
)]
#[delete("/v1/attachments/{id}")]
async fn remove(write: Write, id: PathId<AttachmentId>) -> Answer {
    let caller = write.caller();
    let removed = async |tx: &Tx, expected| {
        let removed = attachment::delete(tx, &caller, id.0, expected).await?;
        touch(tx, &removed).await
    };
    write.delete("attachment.deleted", Some(id.0.0), removed).await
}

/// Makes the next version of the product that shows the attachment, so that caches and copies follow.
async fn touch(tx: &Tx, attachment: &Attachment) -> Result<(), Error> {
    match attachment.shown_by() {
        Some(product_id) => product::touch(tx, product_id).await,
        None => Ok(()),
    }
}

/// Parses the id of a record that may have files.
fn holder(text: &str) -> Result<Holder, &'static str> {
    Holder::parse(text).ok_or(
        "Expected the id of a product, customer, supplier, order, purchase order, bill or invoice, such as \
         prd_01h455vb4pex5vsknk084sn02q.",
    )
}

/// Tells a browser to save the content under its name.
fn disposition(filename: &str) -> ContentDisposition {
    let name = ExtendedValue {
        charset: Charset::Ext("UTF-8".to_owned()),
        language_tag: None,
        value: filename.as_bytes().to_vec(),
    };
    ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::FilenameExt(name)],
    }
}
