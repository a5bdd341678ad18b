//! The audit log: which command did what, when, and on whose behalf.

use chrono::{DateTime, Utc};
use domain::id::CommandId;
use domain::refusal::Refusal;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice};
use crate::{Error, Tx};

/// A write that somebody asked for.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: CommandId,
    /// What it did.
    pub name: String,
    /// What kind of actor asked for it.
    pub actor_kind: String,
    /// The key or the user.
    pub actor_id: Uuid,
    /// The name of the key or the user, as it is now.
    pub actor_name: Option<String>,
    /// The HTTP status that was answered: from 400 on it was refused.
    pub status: i16,
    /// The document that it made or changed.
    pub document_id: Option<Uuid>,
    /// When.
    pub recorded_at: DateTime<Utc>,
}

/// Which commands to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// That made or changed this document.
    pub document_id: Option<Uuid>,
    /// Of this name.
    pub name: Option<String>,
    /// Asked for by this key or user.
    pub actor_id: Option<Uuid>,
    /// When.
    pub recorded: Period,
}

const SELECT: &str = "select c.id, c.name, c.actor_kind, c.actor_id, coalesce(k.name, u.name) as actor_name, c.status, \
                             c.document_id, c.recorded_at \
                      from command c \
                      left join api_key k on k.tenant_id = c.tenant_id and k.id = c.actor_id \
                      left join app_user u on u.tenant_id = c.tenant_id and u.id = c.actor_id \
                      where c.tenant_id = ";

/// One page of commands.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Entry>, Error> {
    let query = Listing::new(tx, SELECT)
        .with("c.name = ", filter.name.as_ref())
        .with("c.actor_id = ", filter.actor_id)
        .within("c.recorded_at", filter.recorded);
    let query = match filter.document_id {
        Some(document_id) => of_document(query, tx, document_id),
        None => query,
    };
    query.page(tx, "c.id", slice).await?.iter().map(entry).collect()
}

/// One command.
pub async fn get(tx: &Tx, id: CommandId) -> Result<Entry, Error> {
    let rows = Listing::new(tx, SELECT).with("c.id = ", Some(id.0)).rows(tx).await?;
    entry(rows.first().ok_or_else(|| Refusal::not_found("command"))?)
}

/// The commands of a document. Till sales name their one command themselves, and so do the documents that belong to an
/// order; everything else is in the index command_by_document.
fn of_document(query: Listing, tx: &Tx, document_id: Uuid) -> Listing {
    query
        .sql(" and c.id in (select d.id from command d where d.name not like 'pos_sale.%' and d.tenant_id = ")
        .tenant(tx)
        .with("d.document_id = ", Some(document_id))
        .sql(" union all select d.command_id from pos_sale d where d.tenant_id = ")
        .tenant(tx)
        .with("d.id = ", Some(document_id))
        .sql(" union all select d.command_id from shipment d where d.tenant_id = ")
        .tenant(tx)
        .with("d.id = ", Some(document_id))
        .sql(" union all select d.command_id from invoice d where d.tenant_id = ")
        .tenant(tx)
        .with("d.id = ", Some(document_id))
        .sql(")")
}

fn entry(row: &PgRow) -> Result<Entry, Error> {
    Ok(Entry {
        id: CommandId(row.try_get("id")?),
        name: row.try_get("name")?,
        actor_kind: row.try_get("actor_kind")?,
        actor_id: row.try_get("actor_id")?,
        actor_name: row.try_get("actor_name")?,
        status: row.try_get("status")?,
        document_id: row.try_get("document_id")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}
