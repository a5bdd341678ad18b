//! Export of the journal: its lines in a period, page by page.

use chrono::NaiveDate;
use domain::document::document_id;
use domain::id::EntryId;
use domain::number::Money;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::{Error, Tx};

/// Days of posting, from the first one up to the day before the last one.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// First day.
    pub from: NaiveDate,
    /// First day after the period.
    pub to: NaiveDate,
}

/// A line of the journal, with the texts that an accounting package needs.
#[derive(Debug)]
pub struct ExportedLine {
    /// The entry.
    pub entry_id: EntryId,
    /// Number of the line in its entry, from 1.
    pub line_no: i32,
    /// Day on which the entry is posted.
    pub posted_on: NaiveDate,
    /// Code of the account.
    pub account: String,
    /// Name of the account.
    pub account_name: String,
    /// Amount debited.
    pub debit: Money,
    /// Amount credited.
    pub credit: Money,
    /// ISO 4217 code of the currency of the books.
    pub currency: String,
    /// Kind of the document.
    pub document_kind: String,
    /// Id of the document.
    pub document_id: String,
    /// Code of the tax that has the account for itself; empty if none has.
    pub tax_code: String,
    /// Number of the customer or code of the supplier; empty if the line has none.
    pub partner: String,
    /// Purpose of an entry by hand; empty if there is none.
    pub text: String,
}

/// Lines after which a page gets no further entry. The last entry is always whole.
const LINES_MAX: i64 = 2_000;

/// The lines of the next entries (`$5`) after one (`$2`), by the ids of the entries. An entry that has as many lines (`$6`) before it is for
/// the next page.
const PAGE: &str = "
    select
        e.id, e.posted_on, e.document_kind, e.document_id, coalesce(e.memo, '') as memo, l.line_no, l.account_code,
        coalesce(a.name, '') as account_name, l.debit, l.credit, l.currency, coalesce(t.code, '') as tax_code,
        coalesce(c.number, s.code, '') as partner
    from (
        select j.*, sum(n.lines) over (order by j.id) - n.lines as lines_before
        from (
            select j.id, j.posted_on, j.document_kind, j.document_id, j.memo from journal_entry j
            where j.tenant_id = $1 and ($2::uuid is null or j.id > $2) and j.posted_on >= $3 and j.posted_on < $4
            order by j.id limit $5) j
        cross join lateral (
            select count(*) as lines from journal_line c where c.tenant_id = $1 and c.entry_id = j.id) n) e
    join journal_line l on l.tenant_id = $1 and l.entry_id = e.id
    left join account a on a.tenant_id = $1 and a.code = l.account_code
    left join customer c on c.tenant_id = $1 and c.id = l.party_id
    left join supplier s on s.tenant_id = $1 and s.id = l.party_id
    left join lateral (
        select min(x ->> 'code') as code
        from tax_rate r cross join jsonb_array_elements(r.taxes) x
        where r.tenant_id = $1 and x ->> 'account' = l.account_code) t on true
    where e.lines_before < $6::bigint
    order by e.id, l.line_no";

/// Returns the lines of the next entries after the entry `after`, at most `entries` of them, each with all of its lines. None: the export is
/// complete.
pub async fn page(
    tx: &Tx,
    days: Days,
    after: Option<EntryId>,
    entries: i64,
) -> Result<Vec<ExportedLine>, Error> {
    let query = sqlx::query(PAGE)
        .bind(tx.tenant_id.0)
        .bind(after.map(|id| id.0))
        .bind(days.from)
        .bind(days.to)
        .bind(entries)
        .bind(LINES_MAX);
    tx.rows(query.persistent(false)).await?.iter().map(line).collect()
}

fn line(row: &PgRow) -> Result<ExportedLine, Error> {
    let kind: String = row.try_get("document_kind")?;
    let document: Uuid = row.try_get("document_id")?;
    Ok(ExportedLine {
        entry_id: EntryId(row.try_get("id")?),
        line_no: row.try_get("line_no")?,
        posted_on: row.try_get("posted_on")?,
        account: row.try_get("account_code")?,
        account_name: row.try_get("account_name")?,
        debit: number(row, "debit")?,
        credit: number(row, "credit")?,
        currency: row.try_get("currency")?,
        document_id: document_id(&kind, document),
        document_kind: kind,
        tax_code: row.try_get("tax_code")?,
        partner: row.try_get("partner")?,
        text: row.try_get("memo")?,
    })
}
