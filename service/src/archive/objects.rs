//! Contents of files that are in a store: an archive has them in the rows of `attachment_content`, and a deletion deletes them.

use std::fmt::Write;

use domain::id::TenantId;
use sea_orm::sqlx::{self, Connection, Row};

use super::{ArchiveError, Deleted, find};
use crate::Error;
use crate::store::Store;

/// The table of the contents.
pub(super) const CONTENTS: &str = "attachment_content";
/// The name of the objects beside the tables of a deletion.
pub const OBJECTS: &str = "objects of the store";
/// A content that is not in its row, as `row_to_json` writes it.
const ELSEWHERE: &str = r#""bytes":null"#;
/// The beginning of the SHA-256 in a row.
const SHA256: &str = r#""sha256":"\\x"#;
/// The beginning of the length in a row.
const SIZE: &str = r#""size_bytes":"#;
/// A store that has contents of the tenant, other than the one that is configured.
const OTHER_STORE: &str = "
    select s.store from (
        select c.store from attachment_content c where c.tenant_id = $1 and c.store is not null
        union
        select o.store from attachment_orphan o where o.tenant_id = $1) s
    where s.store is distinct from $2::text
    order by s.store limit 1";

/// Returns the id of the tenant with this slug. Rejects one that has contents in another store than the one that is configured.
pub async fn tenant_of(url: &str, slug: &str, store: Option<&Store>) -> Result<TenantId, ArchiveError> {
    let mut connection = super::connect(url).await?;
    let tenant_id = find(&mut connection, slug).await?;
    let query = sqlx::query(OTHER_STORE).bind(tenant_id.0).bind(store.map(Store::name));
    let row = query.fetch_optional(&mut connection).await?;
    let other: Option<String> = row.map(|row| row.try_get("store")).transpose()?;
    connection.close().await?;
    match (other, store) {
        (None, _) => Ok(tenant_id),
        (Some(_), None) => Err(no_store()),
        (Some(other), Some(store)) => Err(ArchiveError::Rejected(format!(
            "files of the tenant are in the store {other}, and {} is configured: set STOCKWELL_STORE_BUCKET and \
             STOCKWELL_STORE_PREFIX of {other}, or delete these files and let a worker with its settings delete their objects",
            store.name()
        ))),
    }
}

/// Deletes all objects of a tenant, until the store lists none.
pub async fn delete_objects(store: &Store, tenant_id: TenantId) -> Result<Deleted, ArchiveError> {
    let deleted = store.delete_all(tenant_id).await.map_err(Error::from)?;
    let left = store.list(tenant_id).await.map_err(Error::from)?.len() as u64;
    Ok(Deleted { table: OBJECTS.to_owned(), deleted, left })
}

/// Returns the row of a content with the content itself, which is read from the store if the row lacks it.
pub(super) async fn with_content(
    line: &str,
    store: Option<&Store>,
    tenant_id: TenantId,
) -> Result<String, ArchiveError> {
    let Some((before, after)) = line.split_once(ELSEWHERE) else { return Ok(line.to_owned()) };
    let store = store.ok_or_else(no_store)?;
    let sha256 = until(before, SHA256, '"');
    let size = until(before, SIZE, ',').and_then(|text| text.parse().ok());
    let (Some(sha256), Some(size)) = (sha256, size) else {
        return Err(Error::invariant("a row of a content has its SHA-256 and its length").into());
    };
    let content = store.get(tenant_id, sha256, size).await.map_err(Error::from)?;
    let mut whole = String::with_capacity(line.len() + 2 * content.len() + 16);
    whole.push_str(before);
    whole.push_str(r#""bytes":"\\x"#);
    for byte in &content {
        write!(whole, "{byte:02x}").map_err(|_| Error::invariant("a text can be written to"))?;
    }
    whole.push('"');
    whole.push_str(after);
    Ok(whole)
}

/// Returns the text behind a beginning, up to an end.
fn until<'l>(line: &'l str, beginning: &str, end: char) -> Option<&'l str> {
    let (_, rest) = line.split_once(beginning)?;
    rest.split_once(end).map(|(text, _)| text)
}

fn no_store() -> ArchiveError {
    let problem = "files of the tenant are in a store: set STOCKWELL_STORE_ENDPOINT and the other settings of the store, as the \
                   servers have them";
    ArchiveError::Rejected(problem.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_its_content() {
        let line = r#"{"tenant_id":"a","sha256":"\\x2cf2","size_bytes":5,"bytes":null}"#;
        let (before, after) = line.split_once(ELSEWHERE).expect("it has no content");
        assert_eq!(
            (until(before, SHA256, '"'), until(before, SIZE, ','), after),
            (Some("2cf2"), Some("5"), "}")
        );
    }
}
