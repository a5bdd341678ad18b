//! The register of exceptions: how forced sales differ from our rules, until a person has resolved it.

use chrono::{DateTime, Utc};
use domain::id::{LocationId, RegisterId, SaleExceptionId, SaleId, SessionId};
use domain::number::Money;
use domain::pos::ExceptionReason;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use domain::text::{Filled200, is_blank};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use crate::caller::Limits;
use crate::listing::{Listing, Period, Slice, optional_number, word};
use crate::{Error, Tx};

/// Whether an exception is worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExceptionStatus {
    /// It waits for a person.
    Open,
    /// A person has resolved it.
    Resolved,
}

/// A way in which a forced sale differs from our rules.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SaleException)]
pub struct Exception {
    /// Id of the exception.
    pub id: SaleExceptionId,
    /// Always `sale_exception`.
    pub object: tag::SaleException,
    /// Whether it is resolved.
    pub status: ExceptionStatus,
    /// Reason.
    pub reason: ExceptionReason,
    /// The sale.
    pub sale_id: SaleId,
    /// Number of the sale.
    #[schema(max_length = 64, example = "T1-2026-000001")]
    pub sale_number: String,
    /// Line of the sale. Null: the whole sale.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: Option<i32>,
    /// Till of the sale.
    pub register_id: RegisterId,
    /// Session of the sale.
    pub session_id: SessionId,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amount by our rules. Null if there is none.
    pub expected: Option<Money>,
    /// Amount of the receipt. Null if the reason has none.
    pub stated: Option<Money>,
    /// Stated less expected. Null if one of them is missing.
    pub difference: Option<Money>,
    /// Sentence that says what differs.
    #[schema(
        max_length = 500,
        example = "BOLT-M8 comes to 12.00 by our prices, and to 10.00 on the receipt."
    )]
    pub detail: String,
    /// When the sale happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// When it was resolved. Null while it is open.
    #[schema(example = json!(null))]
    pub resolved_at: Option<DateTime<Utc>>,
    /// Text of the person who resolved it. Null while it is open.
    #[schema(max_length = 200, example = json!(null))]
    pub resolution: Option<String>,
    /// 1 while it is open, then 2.
    #[schema(minimum = 1, maximum = 2, example = 1)]
    pub version: i32,
}

/// The resolution of an exception.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SaleExceptionResolve)]
pub struct Resolution {
    /// Text that says how it was corrected, or why it stands.
    pub resolution: Filled200,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Both if absent.
    pub status: Option<ExceptionStatus>,
    pub reason: Option<ExceptionReason>,
    pub register_id: Option<RegisterId>,
    pub session_id: Option<SessionId>,
    pub sale_id: Option<SaleId>,
    /// When the sale happened.
    pub occurred: Period,
}

const SELECT: &str = "select e.id, e.reason, e.sale_id, s.number, e.line_no, s.register_id, s.session_id, s.currency, \
                             e.expected, e.stated, e.detail, s.occurred_at, e.recorded_at, e.resolved_at, \
                             e.resolution, e.version \
                      from sale_exception e join pos_sale s on s.tenant_id = e.tenant_id and s.id = e.sale_id \
                      where e.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Exception>, Error> {
    let rows = Listing::new(tx, SELECT)
        .sql(match filter.status {
            Some(ExceptionStatus::Open) => " and e.resolved_at is null",
            Some(ExceptionStatus::Resolved) => " and e.resolved_at is not null",
            None => "",
        })
        .among("e.reason", filter.reason.as_slice())
        .with("s.register_id = ", filter.register_id.map(|id| id.0))
        .with("s.session_id = ", filter.session_id.map(|id| id.0))
        .with("e.sale_id = ", filter.sale_id.map(|id| id.0))
        .within("s.occurred_at", filter.occurred)
        .page(tx, "e.id", slice)
        .await?;
    rows.iter().map(read).collect()
}

pub async fn get(tx: &Tx, id: SaleExceptionId) -> Result<Exception, Error> {
    let rows = Listing::new(tx, SELECT).with("e.id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("exception"))?)
}

/// Resolves an open exception of a sale within the bounds of the credential. The audit log has who did it.
pub async fn resolve(
    tx: &Tx,
    (id, limits): (SaleExceptionId, &Limits),
    input: &Resolution,
) -> Result<Exception, Error> {
    let mut problems = Problems::default();
    let resolution = input.resolution.clone().checked(&mut problems, "/resolution");
    if is_blank(&resolution) {
        problems.invalid("/resolution", "Say what was done about it.");
    }
    problems.check()?;
    check_bounds(tx, id, limits).await?;
    let statement = "update sale_exception set resolved_at = $3, resolution = $4, version = version + 1 \
                     where tenant_id = $1 and id = $2 and resolved_at is null";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now).bind(resolution);
    let resolved = tx.execute(query).await?;
    let exception = get(tx, id).await?;
    if resolved == 0 {
        return Err(Refusal::state("The exception is resolved already.").into());
    }
    Ok(exception)
}

async fn check_bounds(tx: &Tx, id: SaleExceptionId, limits: &Limits) -> Result<(), Error> {
    let query = "select s.location_id from sale_exception e join pos_sale s on s.tenant_id = e.tenant_id and s.id = e.sale_id \
                 where e.tenant_id = $1 and e.id = $2";
    let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("exception"))?;
    limits.require_location(LocationId(row.try_get("location_id")?), "")?;
    Ok(limits.bounds.check_channel(Channel::Retail)?)
}

fn read(row: &PgRow) -> Result<Exception, Error> {
    let (expected, stated): (Option<Money>, Option<Money>) =
        (optional_number(row, "expected")?, optional_number(row, "stated")?);
    let resolved_at: Option<DateTime<Utc>> = row.try_get("resolved_at")?;
    Ok(Exception {
        id: SaleExceptionId(row.try_get("id")?),
        object: tag::SaleException,
        status: if resolved_at.is_some() { ExceptionStatus::Resolved } else { ExceptionStatus::Open },
        reason: word(row, "reason")?,
        sale_id: SaleId(row.try_get("sale_id")?),
        sale_number: row.try_get("number")?,
        line_no: row.try_get("line_no")?,
        register_id: RegisterId(row.try_get("register_id")?),
        session_id: SessionId(row.try_get("session_id")?),
        currency: row.try_get("currency")?,
        expected,
        stated,
        difference: stated.zip(expected).map(|(stated, expected)| stated - expected),
        detail: row.try_get("detail")?,
        occurred_at: row.try_get("occurred_at")?,
        created_at: row.try_get("recorded_at")?,
        resolved_at,
        resolution: row.try_get("resolution")?,
        version: row.try_get("version")?,
    })
}
