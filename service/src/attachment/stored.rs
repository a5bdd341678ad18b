//! Contents in a store outside of the database.
//!
//! A content is in the store before its row is committed, and its row is gone before its object is deleted. Between the two, a row of
//! `attachment_orphan` names the object. An upload names its object, sends it, and takes that row back in its transaction. The sweep
//! reserves the row for minutes, deletes the object without a transaction, and deletes the row. So an upload whose object was deleted, or may
//! be, finds no row that it may take, and fails.

use std::time::Duration;

use domain::id::TenantId;
use sea_orm::sqlx::{self, Row};

use super::{NewAttachment, check, check_record, next_position, usage, write_scope};
use crate::store::{Store, StoreError};
use crate::{Caller, Db, Error, Tx};

/// Time after which the sweep deletes an object that no content has. It is longer than an upload may take.
pub const GRACE: Duration = Duration::from_secs(15 * 60);
/// Most objects of a tenant that one sweep deletes.
const SWEPT_MAX: u64 = 1_000;

/// Time for which a deletion is reserved: `since` of its name lies so far ahead, and no upload takes the name. It is longer than a request to
/// the store may take, so that one that the store carries out late deletes no object of a later upload.
const DELETION: Duration = Duration::from_secs(5 * 60);
/// Most time between the clocks of two servers. A name whose `since` lies further ahead belongs to a deletion.
const CLOCKS: Duration = Duration::from_secs(60);

/// The place of a new content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In its row.
    Database,
    /// In the store with this name, which has it already.
    Store(String),
}

/// A content as its row says it.
#[derive(Debug)]
pub enum Content {
    /// The content.
    Here(Vec<u8>),
    /// The name of the store that has it.
    InStore(String),
}

/// Contents that were moved to the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Copied {
    /// Number of contents.
    pub contents: u64,
    /// Bytes of all.
    pub bytes: u64,
}

impl Place {
    /// Returns the name of the store.
    pub(super) fn store(&self) -> Option<&str> {
        match self {
            Place::Database => None,
            Place::Store(name) => Some(name),
        }
    }
}

/// Sends the content of a new file to the store. Rejects a file that can't be added before anything is sent.
pub async fn send(db: &Db, store: &Store, caller: &Caller, new: &NewAttachment) -> Result<Place, Error> {
    caller.require(write_scope(new.record.kind))?;
    check(&new.filename, new.title.as_ref(), new.position)?;
    let name = store.name();
    let named = async |tx: &Tx| -> Result<(), Error> {
        check_record(tx, new.record).await?;
        super::bounded::check(tx, &caller.limits, new.record).await?;
        next_position(tx, new.record).await?;
        let usage = usage::of_tenant(tx).await?;
        let size = i64::try_from(new.bytes.len()).map_err(|_| Error::invariant("a file is short"))?;
        if usage.stored.saturating_add(size) > usage.quota && !has_content(tx, &new.sha256).await? {
            return Err(usage::quota_exceeded(usage, size).into());
        }
        name_orphan(tx, &name, &new.sha256).await
    };
    db.write(caller, named).await?;
    store.put(caller.tenant_id, &new.sha256, &new.bytes).await?;
    Ok(Place::Store(name))
}

/// Returns a content from the store that has it: `sha256` in hexadecimal digits, of `size` bytes.
pub async fn fetch(
    store: Option<&Store>,
    name: &str,
    tenant_id: TenantId,
    sha256: &str,
    size: usize,
) -> Result<Vec<u8>, Error> {
    let store = store.filter(|store| store.name() == name);
    let store = store.ok_or_else(|| StoreError::Unknown(name.to_owned()))?;
    Ok(store.get(tenant_id, sha256, size).await?)
}

/// Deletes objects of a tenant that no content has, and that were named at least `grace` ago. Returns the number of names that are gone.
pub async fn sweep(db: &Db, store: &Store, tenant_id: TenantId, grace: Duration) -> Result<u64, Error> {
    let name = store.name();
    let mut swept = 0;
    while swept < SWEPT_MAX {
        match db.job(tenant_id, async |tx: &Tx| reserve(tx, &name, grace).await).await? {
            Due::Nothing => break,
            Due::Kept => {}
            Due::Object(sha256) => {
                store.delete(tenant_id, &sha256).await?;
                db.job(tenant_id, async |tx: &Tx| forget_name(tx, &name, &sha256).await).await?;
            }
        }
        swept += 1;
    }
    Ok(swept)
}

/// Moves the contents of a tenant from the database to the store, one at a time and each in a transaction of its own. A repeat goes on
/// where the run before ended.
pub async fn copy_to_store(db: &Db, store: &Store, operator: &Caller) -> Result<Copied, Error> {
    let (db, tenant_id) = (db.for_imports(), operator.tenant_id);
    let mut copied = Copied::default();
    let mut after: Vec<u8> = Vec::new();
    loop {
        let found = db.read(tenant_id, async |tx: &Tx| next_here(tx, &after).await).await?;
        let Some(found) = found else { return Ok(copied) };
        if move_one(&db, store, operator, &found).await? {
            copied.contents += 1;
            copied.bytes += found.bytes.len() as u64;
        }
        after = found.sha256.to_vec();
    }
}

/// Takes the name of an object back in the transaction that adds its content. Fails if the object was deleted meanwhile, or may be.
pub(super) async fn settle(tx: &Tx, store: &str, sha256: &[u8; 32]) -> Result<(), Error> {
    let statement =
        "delete from attachment_orphan where tenant_id = $1 and store = $2 and sha256 = $3 and since <= $4";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(store).bind(sha256.as_slice());
    if tx.execute(query.bind(tx.now + CLOCKS)).await? > 0 {
        return Ok(());
    }
    Err(Error::StoreUnavailable("the object was deleted before its file was added".to_owned()))
}

/// Names objects whose contents were deleted, but for those that are being deleted. Returns their number.
pub(super) async fn name_orphans(tx: &Tx, stores: Vec<String>, digests: Vec<Vec<u8>>) -> Result<u64, Error> {
    if stores.is_empty() {
        return Ok(0);
    }
    let statement = "insert into attachment_orphan (tenant_id, store, sha256, since) \
                     select $1, o.store, o.sha256, $2 from unnest($3::text[], $4::bytea[]) as o (store, sha256) \
                     order by o.store, o.sha256 \
                     on conflict (tenant_id, store, sha256) do update set since = excluded.since \
                     where attachment_orphan.since <= $5";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(tx.now).bind(stores).bind(digests);
    tx.execute(query.bind(tx.now + CLOCKS)).await
}

/// The next step of a sweep.
enum Due {
    /// No name is due.
    Nothing,
    /// A content has the object.
    Kept,
    /// No content has the object with this SHA-256. Its deletion is reserved.
    Object(Vec<u8>),
}

/// A content in the database.
struct Found {
    sha256: [u8; 32],
    bytes: Vec<u8>,
}

/// Returns the first content in the database after a SHA-256.
async fn next_here(tx: &Tx, after: &[u8]) -> Result<Option<Found>, Error> {
    let statement = "select sha256, bytes from attachment_content \
                     where tenant_id = $1 and sha256 > $2 and bytes is not null order by sha256 limit 1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(after)).await?;
    let Some(row) = row else { return Ok(None) };
    let sha256: Vec<u8> = row.try_get("sha256")?;
    let sha256: [u8; 32] = sha256.try_into().map_err(|_| Error::invariant("a SHA-256 has 32 bytes"))?;
    Ok(Some(Found { sha256, bytes: row.try_get("bytes")? }))
}

/// Moves one content. Returns whether it was still there when its object was written.
async fn move_one(db: &Db, store: &Store, operator: &Caller, found: &Found) -> Result<bool, Error> {
    let name = store.name();
    db.write(operator, async |tx: &Tx| name_orphan(tx, &name, &found.sha256).await).await?;
    store.put(operator.tenant_id, &found.sha256, &found.bytes).await?;
    let statement = "update attachment_content set bytes = null, store = $3 \
                     where tenant_id = $1 and sha256 = $2 and bytes is not null";
    let moved = async |tx: &Tx| -> Result<bool, Error> {
        let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(found.sha256.as_slice()).bind(&name);
        if tx.execute(query).await? == 0 {
            return Ok(false);
        }
        settle(tx, &name, &found.sha256).await?;
        Ok(true)
    };
    db.write(operator, moved).await
}

async fn has_content(tx: &Tx, sha256: &[u8; 32]) -> Result<bool, Error> {
    let statement = "select from attachment_content where tenant_id = $1 and sha256 = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(sha256.as_slice())).await?;
    Ok(row.is_some())
}

/// Names an object that is about to be written. Fails while it is being deleted.
async fn name_orphan(tx: &Tx, store: &str, sha256: &[u8; 32]) -> Result<(), Error> {
    if name_orphans(tx, vec![store.to_owned()], vec![sha256.to_vec()]).await? > 0 {
        return Ok(());
    }
    Err(Error::StoreUnavailable("the object of this content is being deleted".to_owned()))
}

/// Reserves the deletion of an object that is due, or takes back the name of one that a content has.
async fn reserve(tx: &Tx, store: &str, grace: Duration) -> Result<Due, Error> {
    let statement = "select sha256 from attachment_orphan where tenant_id = $1 and store = $2 and since <= $3 \
                     order by sha256 limit 1 for update skip locked";
    let due = sqlx::query(statement).bind(tx.tenant_id.0).bind(store).bind(tx.now - grace);
    let Some(row) = tx.row(due).await? else { return Ok(Due::Nothing) };
    let sha256: Vec<u8> = row.try_get("sha256")?;
    // A statement of its own sees what was committed before the lock.
    let statement = "select from attachment_content where tenant_id = $1 and sha256 = $2 and store = $3";
    let kept = sqlx::query(statement).bind(tx.tenant_id.0).bind(&sha256).bind(store);
    if tx.row(kept).await?.is_some() {
        forget_name(tx, store, &sha256).await?;
        return Ok(Due::Kept);
    }
    let statement =
        "update attachment_orphan set since = $4 where tenant_id = $1 and store = $2 and sha256 = $3";
    let reserved = sqlx::query(statement).bind(tx.tenant_id.0).bind(store).bind(&sha256);
    tx.execute(reserved.bind(tx.now + DELETION)).await?;
    Ok(Due::Object(sha256))
}

async fn forget_name(tx: &Tx, store: &str, sha256: &[u8]) -> Result<(), Error> {
    let statement = "delete from attachment_orphan where tenant_id = $1 and store = $2 and sha256 = $3";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(store).bind(sha256)).await?;
    Ok(())
}
