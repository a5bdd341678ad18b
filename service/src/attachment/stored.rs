//! Contents in a store outside of the database.
//!
//! A content is in the store before its row is committed, and its row is gone before its object is deleted. Between the two, a row of
//! `attachment_orphan` names the object. An upload names its object, sends it, and takes that row back in its transaction. The sweep
//! locks the row while it deletes the object. So an upload whose object was deleted finds no row, and fails.

use std::time::Duration;

use domain::id::TenantId;
use sea_orm::sqlx::{self, Row};

use super::{NewAttachment, check, check_record, usage, write_scope};
use crate::store::{Store, StoreError};
use crate::{Caller, Db, Error, Tx};

/// Time after which the sweep deletes an object that no content has. It is longer than an upload may take.
pub const GRACE: Duration = Duration::from_secs(15 * 60);
/// Most objects of a tenant that one sweep deletes.
const SWEPT_MAX: u64 = 1_000;

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
        let usage = usage(tx).await?;
        let size = i64::try_from(new.bytes.len()).map_err(|_| Error::invariant("a file is short"))?;
        if usage.stored.saturating_add(size) > usage.quota && !has_content(tx, &new.sha256).await? {
            return Err(super::quota_exceeded(usage, size).into());
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

/// Deletes objects of a tenant that no content has, and that were named at least `grace` ago. Returns their number.
pub async fn sweep(db: &Db, store: &Store, tenant_id: TenantId, grace: Duration) -> Result<u64, Error> {
    let mut swept = 0;
    while swept < SWEPT_MAX {
        if !db.job(tenant_id, async |tx: &Tx| sweep_one(tx, store, grace).await).await? {
            break;
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

/// Takes the name of an object back in the transaction that adds its content. Fails if the object was deleted meanwhile.
pub(super) async fn settle(tx: &Tx, store: &str, sha256: &[u8; 32]) -> Result<(), Error> {
    let statement = "delete from attachment_orphan where tenant_id = $1 and store = $2 and sha256 = $3";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(store).bind(sha256.as_slice());
    if tx.execute(query).await? > 0 {
        return Ok(());
    }
    Err(Error::StoreUnavailable("the object was deleted before its file was added".to_owned()))
}

/// Names objects whose contents were deleted.
pub(super) async fn name_orphans(tx: &Tx, stores: Vec<String>, digests: Vec<Vec<u8>>) -> Result<(), Error> {
    if stores.is_empty() {
        return Ok(());
    }
    let statement = "insert into attachment_orphan (tenant_id, store, sha256, since) \
                     select $1, o.store, o.sha256, $2 from unnest($3::text[], $4::bytea[]) as o (store, sha256) \
                     order by o.store, o.sha256 \
                     on conflict (tenant_id, store, sha256) do update set since = excluded.since";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(tx.now).bind(stores).bind(digests);
    tx.execute(query).await?;
    Ok(())
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

/// Names an object that is about to be written. Waits for a sweep that deletes it.
async fn name_orphan(tx: &Tx, store: &str, sha256: &[u8; 32]) -> Result<(), Error> {
    name_orphans(tx, vec![store.to_owned()], vec![sha256.to_vec()]).await
}

/// Deletes one object that is due, or takes back the name of one that a content has. Returns whether one was due.
async fn sweep_one(tx: &Tx, store: &Store, grace: Duration) -> Result<bool, Error> {
    let statement = "select sha256 from attachment_orphan where tenant_id = $1 and store = $2 and since <= $3 \
                     order by sha256 limit 1 for update skip locked";
    let name = store.name();
    let due = sqlx::query(statement).bind(tx.tenant_id.0).bind(&name).bind(tx.now - grace);
    let Some(row) = tx.row(due).await? else { return Ok(false) };
    let sha256: Vec<u8> = row.try_get("sha256")?;
    // A statement of its own sees what was committed before the lock.
    let statement = "select from attachment_content where tenant_id = $1 and sha256 = $2 and store = $3";
    let kept = sqlx::query(statement).bind(tx.tenant_id.0).bind(&sha256).bind(&name);
    if tx.row(kept).await?.is_none() {
        store.delete(tx.tenant_id, &sha256).await?;
    }
    let statement = "delete from attachment_orphan where tenant_id = $1 and store = $2 and sha256 = $3";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(&name).bind(&sha256)).await?;
    Ok(true)
}
