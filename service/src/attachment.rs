//! Files of records: product images, contracts, delivery notes. Equal files of a tenant are stored once.
//!
//! A change locks the row of the tenant's usage first. So the quota holds, and content goes with the last file that has it. Contents are
//! in the database, or in a store (`stored`).

mod bounded;
mod sight;
pub mod stored;
pub(crate) mod usage;

use chrono::{DateTime, Utc};
use domain::attachment::{Dimensions, FileType, Holder, OF_RECORD_MAX, POSITION_MAX, RecordKind};
use domain::id::{AttachmentId, CustomerId, ProductId};
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use domain::text::{Line200, Name, check_no_card, is_stray};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::sight::{Sight, write_scope};
use self::stored::{Content, Place};
pub use self::usage::Usage;
use crate::columns::Columns;
use crate::input::{self, Change, Patched};
use crate::listing::{Slice, word};
use crate::{Caller, Error, Tx};

/// A file of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Attachment {
    /// Id of the attachment.
    pub id: AttachmentId,
    /// Always `attachment`.
    pub object: tag::Attachment,
    /// Id of the record that has the file.
    #[schema(max_length = 30, example = "prd_01h455vb4pex5vsknk084sn02q")]
    pub record_id: String,
    /// Name of the file.
    #[schema(max_length = 200, example = "bolt-m8.png")]
    pub filename: String,
    /// Title of the file, or what the image shows.
    #[schema(max_length = 200, example = "Bolt M8 x 40, from the side")]
    pub title: Option<String>,
    /// Order among the files of the record, smallest first. The main image of a product has the smallest.
    #[schema(minimum = 0, maximum = 1000000, example = 0)]
    pub position: i32,
    /// Media type of the content: JPEG, PNG, WebP, GIF, PDF, plain text or CSV.
    #[schema(max_length = 20, example = "image/png")]
    pub content_type: String,
    /// Length of the content in bytes.
    #[schema(minimum = 1, maximum = 5242880, example = 48213)]
    pub size_bytes: i32,
    /// SHA-256 of the content, in hexadecimal digits.
    #[schema(max_length = 64, example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,
    /// Width of an image in pixels. Null for other files.
    #[schema(minimum = 1, maximum = 8000, example = 1200)]
    pub width: Option<i32>,
    /// Height of an image in pixels. Null for other files.
    #[schema(minimum = 1, maximum = 8000, example = 800)]
    pub height: Option<i32>,
    /// Path of the content on this server.
    #[schema(max_length = 60, example = "/v1/attachments/att_01h455vb4pex5vsknk084sn02q/content")]
    pub url: String,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The fields of an attachment that a caller can change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AttachmentChange)]
pub struct AttachmentInput {
    /// Name of the file.
    pub filename: Line200,
    /// Title of the file, or what the image shows.
    #[serde(default)]
    pub title: Option<Name>,
    /// Order among the files of the record, smallest first.
    #[schema(minimum = 0, maximum = 1000000, example = 0)]
    pub position: i32,
}

/// An image of a product that is stored here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ImageFile {
    /// Id of the attachment.
    pub attachment_id: AttachmentId,
    /// Path of the content on this server.
    #[schema(max_length = 60, example = "/v1/attachments/att_01h455vb4pex5vsknk084sn02q/content")]
    pub url: String,
    /// Title of the image: a description for people who do not see it.
    #[schema(max_length = 200, example = "Bolt M8 x 40, from the side")]
    pub title: Option<String>,
    /// Media type.
    #[schema(max_length = 20, example = "image/png")]
    pub content_type: String,
    /// Width in pixels.
    #[schema(minimum = 1, maximum = 8000, example = 1200)]
    pub width: i32,
    /// Height in pixels.
    #[schema(minimum = 1, maximum = 8000, example = 800)]
    pub height: i32,
}

/// A file to store, whose content was checked.
#[derive(Debug)]
pub struct NewAttachment {
    pub record: Holder,
    pub filename: Line200,
    pub title: Option<Name>,
    /// After the last file of the record if absent.
    pub position: Option<i32>,
    pub file_type: FileType,
    pub dimensions: Option<Dimensions>,
    pub sha256: [u8; 32],
    pub bytes: Vec<u8>,
}

const SELECT: &str = "select a.id, a.record_kind, a.record_id, a.filename, a.title, a.position, a.content_type, a.width, \
                             a.height, a.version, a.created_at, a.updated_at, encode(a.sha256, 'hex') as sha256, c.size_bytes \
                      from attachment a \
                      join attachment_content c on c.tenant_id = a.tenant_id and c.sha256 = a.sha256 \
                      where a.tenant_id = ";

impl Attachment {
    /// Returns the product that shows it as an image.
    pub fn shown_by(&self) -> Option<ProductId> {
        let record = Holder::parse(&self.record_id).filter(|record| record.kind == RecordKind::Product)?;
        self.width.map(|_| ProductId(record.id))
    }
}

/// Returns one page of attachments, of one record or of all.
pub async fn list(
    tx: &Tx,
    sight: &Sight,
    record: Option<Holder>,
    slice: &Slice,
) -> Result<Vec<Attachment>, Error> {
    let listing = sight.listing(tx).with("a.record_id = ", record.map(|record| record.id));
    let kind: Option<&'static str> = record.map(|record| record.kind.into());
    let listing = listing.with("a.record_kind = ", kind).since("a.updated_at >= ", slice);
    listing.page(tx, "a.id", slice).await?.iter().map(read).collect()
}

/// Returns the attachments with these ids that exist.
pub async fn find(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Attachment>, Error> {
    let listing = Sight::everything().listing(tx).sql(" and a.id = any(").bind(ids).sql(")");
    listing.rows(tx).await?.iter().map(read).collect()
}

/// Returns one attachment. One that the caller may not read looks like one that is not there.
pub async fn get(tx: &Tx, sight: &Sight, id: AttachmentId) -> Result<Attachment, Error> {
    let rows = sight.listing(tx).with("a.id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("attachment"))?)
}

/// Returns the content of an attachment, or the store that has it.
pub async fn content(tx: &Tx, attachment: &Attachment) -> Result<Content, Error> {
    let statement = "select c.bytes, c.store from attachment a \
                     join attachment_content c on c.tenant_id = a.tenant_id and c.sha256 = a.sha256 \
                     where a.tenant_id = $1 and a.id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(attachment.id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("attachment"))?;
    if let Some(store) = row.try_get("store")? {
        return Ok(Content::InStore(store));
    }
    Ok(Content::Here(row.try_get("bytes")?))
}

/// Stores a file of a record. Its content is stored unless the tenant has it already.
pub async fn create(
    tx: &Tx,
    caller: &Caller,
    new: &NewAttachment,
    place: &Place,
) -> Result<Attachment, Error> {
    caller.require(write_scope(new.record.kind))?;
    check(&new.filename, new.title.as_ref(), new.position)?;
    let usage = usage::lock(tx).await?;
    check_record(tx, new.record).await?;
    bounded::check(tx, &caller.limits, new.record).await?;
    let position = next_position(tx, new.record).await?;
    let size = i32::try_from(new.bytes.len()).map_err(|_| Error::invariant("a file is short"))?;
    if insert_content(tx, new, size, place).await? {
        let size = i64::from(size);
        if usage.stored.saturating_add(size) > usage.quota {
            return Err(usage::quota_exceeded(usage, size).into());
        }
        usage::add(tx, size).await?;
    }
    let id = AttachmentId(tx.next_id());
    insert(tx, id, new, new.position.unwrap_or(position)).await?;
    get(tx, &Sight::everything(), id).await
}

/// Changes name, title or order of a file that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    caller: &Caller,
    id: AttachmentId,
    expected: Option<i32>,
    change: Change<'_, AttachmentInput>,
) -> Result<Patched<Attachment>, Error> {
    let before = lock(tx, caller, id).await?;
    input::check_version(before.version, expected)?;
    let present = AttachmentInput {
        filename: before.filename.clone().into(),
        title: before.title.as_deref().map(Name::stored),
        position: before.position,
    };
    let Some(AttachmentInput { filename, title, position }) = change(&present)? else {
        return Ok(Patched::unchanged(before));
    };
    check(&filename, title.as_ref(), Some(position))?;
    let statement = "update attachment set filename = $3, title = $4, position = $5, version = version + 1, updated_at = $6 \
                     where tenant_id = $1 and id = $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(filename.as_str());
    tx.execute(query.bind(title.as_ref().map(Name::as_str)).bind(position).bind(tx.now)).await?;
    Ok(Patched::changed(get(tx, &Sight::everything(), id).await?))
}

/// Deletes a file of a record, and returns it. The content goes with the last file that has it.
pub async fn delete(
    tx: &Tx,
    caller: &Caller,
    id: AttachmentId,
    expected: Option<i32>,
) -> Result<Attachment, Error> {
    usage::lock(tx).await?;
    let before = lock(tx, caller, id).await?;
    input::check_version(before.version, expected)?;
    forget(tx, &[id.0]).await?;
    Ok(before)
}

/// Deletes the files of a customer and of its orders. Those of its invoices stay: they belong to fiscal documents.
pub(crate) async fn erase(tx: &Tx, id: CustomerId) -> Result<(), Error> {
    let statement = "select a.id from attachment a where a.tenant_id = $1 and ( \
                         a.record_kind = 'customer' and a.record_id = $2 \
                         or a.record_kind = 'order' and a.record_id in ( \
                             select o.id from sales_order o where o.tenant_id = $1 and o.customer_id = $2))";
    // A file that is added at the same time comes before the lock, and is found, or after the erasure.
    usage::lock(tx).await?;
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<Uuid>, _>>()?;
    forget(tx, &ids).await
}

/// An image, with the product that it belongs to.
#[derive(Debug)]
pub(crate) struct ProductImage {
    pub product_id: ProductId,
    pub image: ImageFile,
}

/// Returns the images of these products, each product's in their order.
pub(crate) async fn images(tx: &Tx, products: &[ProductId]) -> Result<Vec<ProductImage>, Error> {
    let ids: Vec<Uuid> = products.iter().map(|id| id.0).collect();
    let statement = "select record_id, id, title, content_type, width, height from attachment \
                     where tenant_id = $1 and record_kind = 'product' and record_id = any($2) and width is not null \
                     order by record_id, position, id";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let image = |row: &PgRow| -> Result<ProductImage, Error> {
        let attachment_id = AttachmentId(row.try_get("id")?);
        Ok(ProductImage {
            product_id: ProductId(row.try_get("record_id")?),
            image: ImageFile {
                attachment_id,
                url: url(attachment_id),
                title: row.try_get("title")?,
                content_type: row.try_get("content_type")?,
                width: row.try_get("width")?,
                height: row.try_get("height")?,
            },
        })
    };
    rows.iter().map(image).collect()
}

fn check(filename: &Line200, title: Option<&Name>, position: Option<i32>) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    filename.check(&mut problems, "/filename");
    check_no_card(&mut problems, "/filename", Some(filename.as_str()));
    if filename.as_str().contains(['/', '\\']) {
        problems.invalid("/filename", "Send the name of the file without its folder.");
    }
    if filename.as_str().contains(is_stray) {
        problems
            .invalid("/filename", "Send the name without invisible characters: they may hide its ending.");
    }
    if let Some(title) = title {
        title.check(&mut problems, "/title");
    }
    if position.is_some_and(|position| !(0..=POSITION_MAX).contains(&position)) {
        problems.invalid("/position", format!("Expected 0 to {POSITION_MAX}."));
    }
    problems.check()
}

/// Rejects a record that does not exist.
async fn check_record(tx: &Tx, record: Holder) -> Result<(), Error> {
    let statement = match record.kind {
        RecordKind::Product => "select from product where tenant_id = $1 and id = $2",
        RecordKind::Customer => "select from customer where tenant_id = $1 and id = $2",
        RecordKind::Supplier => "select from supplier where tenant_id = $1 and id = $2",
        RecordKind::Order => "select from sales_order where tenant_id = $1 and id = $2",
        RecordKind::PurchaseOrder => "select from purchase_order where tenant_id = $1 and id = $2",
        RecordKind::Bill => "select from bill where tenant_id = $1 and id = $2",
        RecordKind::Invoice => "select from invoice where tenant_id = $1 and id = $2",
    };
    if tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(record.id)).await?.is_some() {
        return Ok(());
    }
    Err(Problems::one("/record_id", Code::NotFound, "There is no record with this id.").into())
}

/// Returns the position after the last file of a record. Rejects one more file than a record may have.
async fn next_position(tx: &Tx, record: Holder) -> Result<i32, Error> {
    let kind: &'static str = record.kind.into();
    let statement = "select count(*) as files, coalesce(max(position), -1) as last from attachment \
                     where tenant_id = $1 and record_kind = $2 and record_id = $3";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(kind).bind(record.id)).await?;
    let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    if row.try_get::<i64, _>("files")? >= OF_RECORD_MAX {
        let detail = format!("A record may have at most {OF_RECORD_MAX} attachments. Delete one first.");
        return Err(Refusal::state(detail).into());
    }
    Ok(row.try_get::<i32, _>("last")?.saturating_add(1).min(POSITION_MAX))
}

/// Adds a content, unless the tenant has it already. Returns whether it was added.
async fn insert_content(tx: &Tx, new: &NewAttachment, size: i32, place: &Place) -> Result<bool, Error> {
    let bytes = match place {
        Place::Database => Some(new.bytes.as_slice()),
        Place::Store(_) => None,
    };
    let statement = "insert into attachment_content (tenant_id, sha256, size_bytes, bytes, store) values ($1, $2, $3, $4, $5) \
                     on conflict (tenant_id, sha256) do nothing";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(new.sha256.as_slice()).bind(size);
    if tx.execute(query.bind(bytes).bind(place.store())).await? == 0 {
        return Ok(false);
    }
    if let Some(store) = place.store() {
        stored::settle(tx, store, &new.sha256).await?;
    }
    Ok(true)
}

async fn insert(tx: &Tx, id: AttachmentId, new: &NewAttachment, position: i32) -> Result<(), Error> {
    let kind: &'static str = new.record.kind.into();
    let side = |of: fn(&Dimensions) -> u32| {
        new.dimensions.as_ref().map(of).and_then(|pixels| i32::try_from(pixels).ok())
    };
    let query = Columns::of(
        "insert into attachment (tenant_id, id, record_kind, record_id, sha256, filename, title, position, content_type, \
                                 width, height, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
    );
    let query = query
        .value("tenant_id", tx.tenant_id.0)
        .value("id", id.0)
        .value("record_kind", kind)
        .value("record_id", new.record.id)
        .value("sha256", new.sha256.as_slice())
        .value("filename", new.filename.as_str())
        .value("title", new.title.as_ref().map(Name::as_str))
        .value("position", position)
        .value("content_type", new.file_type.media_type())
        .value("width", side(|size| size.width))
        .value("height", side(|size| size.height))
        .bind(tx.now);
    query.execute(tx).await?;
    Ok(())
}

/// Locks an attachment that the caller may change, within its bounds. One that the caller neither reads nor changes looks like one that is not there.
async fn lock(tx: &Tx, caller: &Caller, id: AttachmentId) -> Result<Attachment, Error> {
    let sight = Sight::of_writer(caller)?;
    let listing = sight.listing(tx).with("a.id = ", Some(id.0)).sql(" for no key update of a");
    let rows = listing.rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("attachment"))?;
    let record = Holder { kind: word(row, "record_kind")?, id: row.try_get("record_id")? };
    caller.require(write_scope(record.kind))?;
    bounded::check(tx, &caller.limits, record).await?;
    read(row)
}

/// Deletes attachments, and content that no other one has. The row of the usage is locked.
async fn forget(tx: &Tx, ids: &[Uuid]) -> Result<(), Error> {
    let statement = "delete from attachment where tenant_id = $1 and id = any($2) returning sha256";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let digests = rows.iter().map(|row| row.try_get("sha256")).collect::<Result<Vec<Vec<u8>>, _>>()?;
    let statement = "delete from attachment_content c where c.tenant_id = $1 and c.sha256 = any($2) and not exists ( \
                         select from attachment a where a.tenant_id = $1 and a.sha256 = c.sha256) \
                     returning size_bytes, sha256, store";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(digests)).await?;
    let sizes = rows.iter().map(|row| row.try_get("size_bytes")).collect::<Result<Vec<i32>, _>>()?;
    let (mut stores, mut objects): (Vec<String>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    for row in &rows {
        if let Some(store) = row.try_get("store")? {
            stores.push(store);
            objects.push(row.try_get("sha256")?);
        }
    }
    stored::name_orphans(tx, stores, objects).await?;
    usage::add(tx, -sizes.into_iter().map(i64::from).sum::<i64>()).await
}

fn url(id: AttachmentId) -> String {
    format!("/v1/attachments/{id}/content")
}

fn read(row: &PgRow) -> Result<Attachment, Error> {
    let id = AttachmentId(row.try_get("id")?);
    let record = Holder { kind: word(row, "record_kind")?, id: row.try_get("record_id")? };
    Ok(Attachment {
        id,
        object: tag::Attachment,
        record_id: record.text(),
        filename: row.try_get("filename")?,
        title: row.try_get("title")?,
        position: row.try_get("position")?,
        content_type: row.try_get("content_type")?,
        size_bytes: row.try_get("size_bytes")?,
        sha256: row.try_get("sha256")?,
        width: row.try_get("width")?,
        height: row.try_get("height")?,
        url: url(id),
        version: row.try_get("version")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
    })
}
