//! The audit log: each command, with its caller and time.

use chrono::{DateTime, Utc};
use domain::id::CommandId;
use domain::refusal::Refusal;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice};
use crate::{Error, Tx};

/// A command in the audit log.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: CommandId,
    /// Such as `order.confirmed`.
    pub name: String,
    pub actor_kind: String,
    /// Id of the API key or user.
    pub actor_id: Uuid,
    /// Current name of the API key or user.
    pub actor_name: Option<String>,
    /// HTTP status of the response. From 400 on, the command was rejected.
    pub status: i16,
    /// The document that the command made or changed.
    pub document_id: Option<Uuid>,
    pub recorded_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub document_id: Option<Uuid>,
    pub name: Option<String>,
    pub actor_id: Option<Uuid>,
    pub recorded: Period,
}

const SELECT: &str = "select c.id, c.name, c.actor_kind, c.actor_id, coalesce(k.name, u.name) as actor_name, c.status, \
                             c.document_id, c.recorded_at \
                      from command c \
                      left join api_key k on k.tenant_id = c.tenant_id and k.id = c.actor_id \
                      left join app_user u on u.tenant_id = c.tenant_id and u.id = c.actor_id \
                      where c.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Entry>, Error> {
    let query = Listing::new(tx, SELECT)
        .with("c.name = ", filter.name.as_ref())
        .with("c.actor_id = ", filter.actor_id)
        .within("c.recorded_at", filter.recorded);
    let query = match filter.document_id {
        Some(document_id) => filter_by_document(query, tx, document_id),
        None => query,
    };
    query.page(tx, "c.id", slice).await?.iter().map(read_entry).collect()
}

pub async fn get(tx: &Tx, id: CommandId) -> Result<Entry, Error> {
    let rows = Listing::new(tx, SELECT).with("c.id = ", Some(id.0)).rows(tx).await?;
    read_entry(rows.first().ok_or_else(|| Refusal::not_found("command"))?)
}

/// Restricts a query to the commands of a document. Till sales and documents of an order name their command in their
/// own row; all others are in the index command_by_document.
fn filter_by_document(query: Listing, tx: &Tx, document_id: Uuid) -> Listing {
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

fn read_entry(row: &PgRow) -> Result<Entry, Error> {
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
