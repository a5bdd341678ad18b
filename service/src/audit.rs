//! The audit log: each command, with its caller and time.

use chrono::{DateTime, Utc};
use domain::document::DocumentKind;
use domain::id::{ApiKeyId, CommandId, CustomerSessionId, PaymentProviderId, UserId};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::command::UNCHANGED;
use crate::listing::{Listing, Period, Slice};
use crate::{Error, Tx};

/// A command in the audit log. It never changes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Command {
    /// Id of the command.
    pub id: CommandId,
    pub object: tag::Command,
    /// Name of the command. New values may appear.
    #[schema(max_length = 64, example = "order.confirmed")]
    pub name: String,
    /// `api_key`, `user`, `customer`, `operator` or `worker`.
    #[schema(max_length = 16, example = "api_key")]
    pub actor_kind: String,
    /// Id of the API key, user or customer session.
    #[schema(max_length = 64, example = "key_01h455vb4pex5vsknk084sn02q")]
    pub actor_id: String,
    /// Current name of the API key or user, or of the customer of the session.
    #[schema(max_length = 200, example = "Web shop")]
    pub actor_name: Option<String>,
    /// HTTP status of the response. From 400 on, the command was rejected and changed nothing.
    #[schema(minimum = 200, maximum = 599, example = 200)]
    pub status: i16,
    /// Id of the document or record that it created or changed. Null for an import or a batch of records.
    #[schema(max_length = 64, example = "ord_01h455vb4pex5vsknk084sn02q")]
    pub document_id: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub document_id: Option<Uuid>,
    /// Number of a document or customer.
    pub number: Option<String>,
    pub name: Option<String>,
    pub actor_id: Option<Uuid>,
    pub recorded: Period,
}

const SELECT: &str = "select c.id, c.name, c.actor_kind, c.actor_id, coalesce(k.name, u.name, s.name) as actor_name, c.status, \
                             c.document_id, c.recorded_at \
                      from command c \
                      left join api_key k on k.tenant_id = c.tenant_id and k.id = c.actor_id \
                      left join app_user u on u.tenant_id = c.tenant_id and u.id = c.actor_id \
                      left join lateral ( \
                          select b.name from customer_session o \
                          join customer b on b.tenant_id = o.tenant_id and b.id = o.customer_id \
                          where o.tenant_id = c.tenant_id and o.id = c.actor_id) s on c.actor_kind = 'customer' \
                      where c.tenant_id = ";

/// Ids of the documents and customers that have a number: each table has an index of its own for it.
const NUMBERED: &str = "select id from application where tenant_id = $1 and number = $2 \
     union all select id from bill where tenant_id = $1 and number = $2 \
     union all select id from customer where tenant_id = $1 and number = $2 \
     union all select id from expected_receipt where tenant_id = $1 and number = $2 \
     union all select id from invoice where tenant_id = $1 and number = $2 \
     union all select id from landed_cost where tenant_id = $1 and number = $2 \
     union all select id from payment where tenant_id = $1 and number = $2 \
     union all select id from pos_sale where tenant_id = $1 and number = $2 \
     union all select id from purchase_order where tenant_id = $1 and number = $2 \
     union all select id from sales_order where tenant_id = $1 and number = $2 \
     union all select id from shipment where tenant_id = $1 and number = $2 \
     union all select id from stock_count where tenant_id = $1 and number = $2 \
     union all select id from stock_document where tenant_id = $1 and number = $2 \
     union all select id from supplier_payment where tenant_id = $1 and number = $2 \
     union all select id from transfer where tenant_id = $1 and number = $2";

/// Commands of documents beside those that name the document themselves, and the condition with the ids of the documents. Each reads an
/// index. Till sales, documents of an order, entries of the ledger, cash moves and exceptions of sales name their command in their own row.
/// A command that changed a document beside its own, such as a receipt that is allocated to an order, is named by the event of the
/// document. The others are found by the rows that link documents: payments and applications of invoices, credit notes and bills,
/// reversals, uses of advances, credit notes of invoices, moves of vouchers, and bills of purchase orders.
const COMMANDS_OF: [(&str, &str); 21] = [
    ("select d.command_id from pos_sale d where d.tenant_id = ", "d.id = any("),
    ("select d.command_id from shipment d where d.tenant_id = ", "d.id = any("),
    ("select d.command_id from invoice d where d.tenant_id = ", "d.id = any("),
    ("select d.command_id from journal_entry d where d.tenant_id = ", "d.id = any("),
    ("select d.command_id from cash_move d where d.tenant_id = ", "d.id = any("),
    ("select d.command_id from sale_exception d where d.tenant_id = ", "d.id = any("),
    ("select d.command_id from event d where d.tenant_id = ", "d.document_id = any("),
    // A reversal of an entry has the reversed entry as its document.
    ("select d.command_id from journal_entry d where d.tenant_id = ", "d.document_id = any("),
    ("select d.command_id from payment d where d.tenant_id = ", "d.original_id = any("),
    ("select d.command_id from supplier_payment d where d.tenant_id = ", "d.original_id = any("),
    ("select d.command_id from supplier_payment d where d.tenant_id = ", "d.advance_id = any("),
    ("select d.command_id from bill d where d.tenant_id = ", "d.original_id = any("),
    ("select d.command_id from landed_cost d where d.tenant_id = ", "d.original_id = any("),
    (
        "select n.command_id from invoice d \
         join invoice n on n.tenant_id = d.tenant_id and n.order_id = d.order_id and n.original_id = d.id \
         where d.tenant_id = ",
        "d.id = any(",
    ),
    (
        "select p.command_id from payment_allocation d \
         join payment p on p.tenant_id = d.tenant_id and p.id = d.payment_id where d.tenant_id = ",
        "d.invoice_id = any(",
    ),
    (APPLIED, "d.invoice_id = any("),
    (APPLIED, "d.payment_id = any("),
    (APPLIED, "d.credit_note_id = any("),
    (
        "select p.command_id from supplier_payment_part d \
         join supplier_payment p on p.tenant_id = d.tenant_id and p.id = d.payment_id where d.tenant_id = ",
        "d.bill_id = any(",
    ),
    (
        "select b.command_id from bill_line d \
         join bill b on b.tenant_id = d.tenant_id and b.id = d.bill_id where d.tenant_id = ",
        "d.purchase_order_id = any(",
    ),
    // A row of a sale from before vouchers were records names no command.
    (
        "select coalesce(d.command_id, s.command_id) from voucher_move d \
         left join pos_sale s on s.tenant_id = d.tenant_id and s.id = d.document_id where d.tenant_id = ",
        "d.voucher_id = any(",
    ),
];

/// Commands that changed what is applied: of applications, of reversals and payouts, and of credit notes.
const APPLIED: &str = "select coalesce(a.command_id, p.command_id, n.command_id) from application_line d \
     left join application a on a.tenant_id = d.tenant_id and a.id = d.document_id \
     left join payment p on p.tenant_id = d.tenant_id and p.id = d.document_id \
     left join invoice n on n.tenant_id = d.tenant_id and n.id = d.document_id \
     where d.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Command>, Error> {
    let mut query = Listing::new(tx, SELECT)
        .with("c.name <> ", Some(UNCHANGED))
        .with("c.name = ", filter.name.as_ref())
        .with("c.actor_id = ", filter.actor_id)
        .within("c.recorded_at", filter.recorded);
    if let Some(document_id) = filter.document_id {
        query = filter_by_documents(query, tx, &[document_id]);
    }
    if let Some(number) = &filter.number {
        query = filter_by_documents(query, tx, &numbered(tx, number).await?);
    }
    query.page(tx, "c.id", slice).await?.iter().map(read_entry).collect()
}

pub async fn get(tx: &Tx, id: CommandId) -> Result<Command, Error> {
    let rows = Listing::new(tx, SELECT)
        .with("c.name <> ", Some(UNCHANGED))
        .with("c.id = ", Some(id.0))
        .rows(tx)
        .await?;
    read_entry(rows.first().ok_or_else(|| Refusal::not_found("command"))?)
}

/// Returns the ids of the documents and customers with a number. Two of different kinds may have the same.
async fn numbered(tx: &Tx, number: &str) -> Result<Vec<Uuid>, Error> {
    let rows = tx.rows(sqlx::query(NUMBERED).bind(tx.tenant_id.0).bind(number)).await?;
    rows.iter().map(|row| Ok(row.try_get("id")?)).collect()
}

/// Restricts a query to the commands of documents. All but those of till sales are in the index command_by_document;
/// [`COMMANDS_OF`] has the others.
fn filter_by_documents(query: Listing, tx: &Tx, ids: &[Uuid]) -> Listing {
    let own = query
        .sql(" and c.id in (select d.id from command d where d.name not like 'pos_sale.%' and d.tenant_id = ")
        .tenant(tx)
        .with("d.document_id = any(", Some(ids));
    let add = |query: Listing, (select, condition): (&'static str, &'static str)| {
        query.sql(") union all ").sql(select).tenant(tx).with(condition, Some(ids))
    };
    COMMANDS_OF.into_iter().fold(own, add).sql("))")
}

fn read_entry(row: &PgRow) -> Result<Command, Error> {
    let name: String = row.try_get("name")?;
    let kind = DocumentKind::of_command(&name);
    let encode = |id: Uuid| kind.map_or_else(|| id.to_string(), |kind| kind.encode(id));
    let actor_kind: String = row.try_get("actor_kind")?;
    Ok(Command {
        id: CommandId(row.try_get("id")?),
        object: tag::Command,
        name,
        actor_id: actor_id(&actor_kind, row.try_get("actor_id")?),
        actor_kind,
        actor_name: row.try_get("actor_name")?,
        status: row.try_get("status")?,
        document_id: row.try_get::<Option<Uuid>, _>("document_id")?.map(encode),
        created_at: row.try_get("recorded_at")?,
    })
}

/// Returns the id of an actor in the API's form.
pub fn actor_id(actor_kind: &str, id: Uuid) -> String {
    match actor_kind {
        "api_key" => ApiKeyId(id).to_string(),
        "user" => UserId(id).to_string(),
        "customer" => CustomerSessionId(id).to_string(),
        "payment_provider" => PaymentProviderId(id).to_string(),
        _ => id.to_string(),
    }
}
