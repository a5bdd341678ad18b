//! Applications of payments and credit notes to invoices, for reading.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{ApplicationId, CustomerId};
use domain::number::Money;
use domain::open_item::{Application, ApplicationKind, Applied, CreditRef};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::input::decimals_of;
use crate::listing::{Listing, Period, Slice, number, word};
use crate::posting::open_items;
use crate::{Error, Tx};

/// An application in a list, without its lines.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApplicationSummary {
    /// Id of the application.
    pub id: ApplicationId,
    /// Always `application`.
    pub object: tag::Application,
    /// Number of the application.
    #[schema(max_length = 64, example = "AP-2026-000123")]
    pub number: String,
    /// Whether it applied or took back.
    pub kind: ApplicationKind,
    /// The customer.
    pub customer_id: CustomerId,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Sum of its lines, without the sign.
    pub amount: Money,
    /// When it was made.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<ApplicationKind>,
    pub customer_id: Option<CustomerId>,
    pub number: Option<String>,
    pub occurred: Period,
}

const SELECT: &str = "select a.id, a.number, a.kind, a.customer_id, t.currency, a.amount, a.occurred_at, a.recorded_at \
                      from application a join tenant t on t.tenant_id = a.tenant_id where a.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<ApplicationSummary>, Error> {
    let rows = Listing::new(tx, SELECT)
        .among("a.kind", filter.kind.as_slice())
        .with("a.customer_id = ", filter.customer_id.map(|id| id.0))
        .with("a.number = ", filter.number.as_ref())
        .within("a.occurred_at", filter.occurred)
        .since("a.recorded_at >= ", slice)
        .page(tx, "a.id", slice)
        .await?;
    let summary = |row: &PgRow| -> Result<ApplicationSummary, Error> {
        Ok(ApplicationSummary {
            id: ApplicationId(row.try_get("id")?),
            object: tag::Application,
            number: row.try_get("number")?,
            kind: word(row, "kind")?,
            customer_id: CustomerId(row.try_get("customer_id")?),
            currency: row.try_get("currency")?,
            amount: number(row, "amount")?,
            occurred_at: row.try_get("occurred_at")?,
            created_at: row.try_get("recorded_at")?,
        })
    };
    rows.iter().map(summary).collect()
}

/// Returns one application with its lines, and the currency.
pub async fn get(tx: &Tx, id: ApplicationId) -> Result<(Application, String), Error> {
    let rows = Listing::new(tx, SELECT).with("a.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("application"))?;
    let lines = lines(tx, id.0).await?;
    let application = Application {
        id,
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        decimals: decimals(tx, id.0, &lines).await?,
        lines,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
    };
    Ok((application, row.try_get("currency")?))
}

/// Returns the decimals of the payments and credit notes of a document that are not in the tenant's currency.
async fn decimals(tx: &Tx, document_id: Uuid, lines: &[Applied]) -> Result<BTreeMap<CreditRef, u32>, Error> {
    if lines.iter().all(|line| line.foreign.is_none()) {
        return Ok(BTreeMap::new());
    }
    let statement = "select l.payment_id, l.credit_note_id, coalesce(p.foreign_currency, n.foreign_currency) as currency \
                     from application_line l \
                     left join payment p on p.tenant_id = $1 and p.id = l.payment_id \
                     left join invoice n on n.tenant_id = $1 and n.id = l.credit_note_id \
                     where l.tenant_id = $1 and l.document_id = $2 and l.foreign_amount is not null";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(document_id);
    let of_credit = |row: &PgRow| -> Result<(CreditRef, u32), Error> {
        let currency: String = row.try_get("currency")?;
        Ok((open_items::credit(row)?, decimals_of(&currency)?))
    };
    tx.rows(query).await?.iter().map(of_credit).collect()
}

/// Returns what a document changed of what is applied.
pub(crate) async fn lines(tx: &Tx, document_id: Uuid) -> Result<Vec<Applied>, Error> {
    let statement = "select payment_id, credit_note_id, invoice_id, amount, difference, foreign_amount from application_line \
                     where tenant_id = $1 and document_id = $2 order by line_no";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(document_id);
    tx.rows(query).await?.iter().map(open_items::line).collect()
}
