//! The general ledger, for reading: journal, trial balance, chart of accounts.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{CommandId, EntryId, LocationId};
use domain::number::Money;
use domain::refusal::Refusal;
use domain::tenant::Channel;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Error, Tx};

/// A journal entry. It never changes; another entry corrects it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: EntryId,
    /// The kind of document that caused it: `sale`, `invoice`, `payment`, `manual` and others.
    pub document_kind: String,
    pub document_id: Uuid,
    /// A remark on a manual entry.
    pub memo: Option<String>,
    /// Day of the event in the tenant's time zone.
    pub occurred_on: NaiveDate,
    /// Day of the posting: later than `occurred_on` only if the period was closed.
    pub posted_on: NaiveDate,
    pub recorded_at: DateTime<Utc>,
    pub command_id: CommandId,
    /// ISO 4217 code for every amount.
    pub currency: String,
    /// Sum of the debits, which equals the sum of the credits.
    pub total: Money,
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone)]
pub struct Line {
    /// From 1.
    pub line_no: i32,
    pub account_code: String,
    pub account_name: String,
    /// Zero if the line is a credit.
    pub debit: Money,
    /// Zero if the line is a debit.
    pub credit: Money,
    /// Set on revenue, discount, tax and cost of sales.
    pub channel: Option<Channel>,
    pub location_id: Option<LocationId>,
    /// Customer or supplier, on receivables and payables.
    pub party_id: Option<Uuid>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub id: Option<EntryId>,
    /// Posted on this day or later.
    pub from: Option<NaiveDate>,
    /// Posted before this day.
    pub to: Option<NaiveDate>,
    pub document_kind: Option<String>,
    pub document_id: Option<Uuid>,
    /// Entries with a line on this account.
    pub account_code: Option<String>,
}

/// Returns entries after the entry `after`, newest first.
pub async fn entries(tx: &Tx, filter: &Filter, after: Option<Uuid>, rows: u64) -> Result<Vec<Entry>, Error> {
    let query = sqlx::query(
        "select
            e.id, e.document_kind, e.document_id, e.memo, e.occurred_on, e.posted_on, e.recorded_at, e.command_id,
            e.debit_total, l.line_no, l.account_code, coalesce(a.name, '') as account_name, l.debit, l.credit,
            l.currency, l.channel, l.location_id, l.party_id
        from (
            select * from journal_entry e
            where e.tenant_id = $1 and ($2::uuid is null or e.id < $2) and ($3::uuid is null or e.id = $3)
                and ($4::date is null or e.posted_on >= $4) and ($5::date is null or e.posted_on < $5)
                and ($6::text is null or e.document_kind = $6) and ($7::uuid is null or e.document_id = $7)
                and ($8::text is null or exists (
                    select 1 from journal_line l
                    where l.tenant_id = $1 and l.entry_id = e.id and l.account_code = $8))
            order by e.id desc limit $9
        ) e
        join journal_line l on l.tenant_id = $1 and l.entry_id = e.id
        left join account a on a.tenant_id = $1 and a.code = l.account_code
        order by e.id desc, l.line_no",
    )
    .bind(tx.tenant_id.0)
    .bind(after)
    .bind(filter.id.map(|id| id.0))
    .bind(filter.from)
    .bind(filter.to)
    .bind(&filter.document_kind)
    .bind(filter.document_id)
    .bind(&filter.account_code)
    .bind(rows.cast_signed());
    let mut entries: Vec<Entry> = Vec::new();
    for row in tx.rows(query.persistent(false)).await? {
        let id = EntryId(row.try_get("id")?);
        if entries.last().is_none_or(|last| last.id != id) {
            entries.push(read_header(id, &row)?);
        }
        if let Some(entry) = entries.last_mut() {
            entry.lines.push(read_line(&row)?);
        }
    }
    Ok(entries)
}

pub async fn entry(tx: &Tx, id: EntryId) -> Result<Entry, Error> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    entries(tx, &filter, None, 1).await?.pop().ok_or_else(|| Refusal::not_found("journal entry").into())
}

fn read_header(id: EntryId, row: &PgRow) -> Result<Entry, Error> {
    Ok(Entry {
        id,
        document_kind: row.try_get("document_kind")?,
        document_id: row.try_get("document_id")?,
        memo: row.try_get("memo")?,
        occurred_on: row.try_get("occurred_on")?,
        posted_on: row.try_get("posted_on")?,
        recorded_at: row.try_get("recorded_at")?,
        command_id: CommandId(row.try_get("command_id")?),
        currency: row.try_get("currency")?,
        total: read_money(row, "debit_total")?,
        lines: Vec::new(),
    })
}

fn read_line(row: &PgRow) -> Result<Line, Error> {
    let channel: Option<String> = row.try_get("channel")?;
    let location_id: Option<Uuid> = row.try_get("location_id")?;
    Ok(Line {
        line_no: row.try_get("line_no")?,
        account_code: row.try_get("account_code")?,
        account_name: row.try_get("account_name")?,
        debit: read_money(row, "debit")?,
        credit: read_money(row, "credit")?,
        channel: channel.and_then(|channel| channel.parse().ok()),
        location_id: location_id.map(LocationId),
        party_id: row.try_get("party_id")?,
    })
}

fn read_money(row: &PgRow, column: &str) -> Result<Money, Error> {
    let amount: Decimal = row.try_get(column)?;
    Ok(Money::new(amount))
}

/// The balance of an account at both ends of a period. Debits are positive, credits negative.
#[derive(Debug, Clone)]
pub struct Balance {
    pub account_code: String,
    pub account_name: String,
    /// Asset, liability, income and so on.
    pub account_kind: String,
    /// Debits less credits before the period.
    pub opening: Money,
    /// Sum of the debits in the period.
    pub debit: Money,
    /// Sum of the credits in the period.
    pub credit: Money,
    /// Debits less credits to the end of the period.
    pub closing: Money,
}

/// Returns the balance of every account by code, over a half-open period of posting days, and the currency.
pub async fn trial_balance(
    tx: &Tx,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<(String, Vec<Balance>), Error> {
    let query = sqlx::query(
        "select
            t.currency, coalesce(a.code, l.account_code) as account_code, coalesce(a.name, '') as account_name,
            coalesce(a.kind, '') as account_kind, coalesce(l.opening, 0) as opening, coalesce(l.debit, 0) as debit,
            coalesce(l.credit, 0) as credit
        from (select code, name, kind from account where tenant_id = $1) a
        full join (
            select
                account_code, sum(debit - credit) filter (where posted_on < $2) as opening,
                sum(debit) filter (where $2::date is null or posted_on >= $2) as debit,
                sum(credit) filter (where $2::date is null or posted_on >= $2) as credit
            from journal_line
            where tenant_id = $1 and ($3::date is null or posted_on < $3)
            group by account_code
        ) l on l.account_code = a.code
        join tenant t on t.tenant_id = $1
        order by account_code",
    )
    .bind(tx.tenant_id.0)
    .bind(from)
    .bind(to);
    let rows = tx.rows(query.persistent(false)).await?;
    let currency = rows.first().map_or(Ok(String::new()), |row| row.try_get("currency"))?;
    let balance = |row: &PgRow| -> Result<Balance, Error> {
        let (opening, debit, credit) =
            (read_money(row, "opening")?, read_money(row, "debit")?, read_money(row, "credit")?);
        Ok(Balance {
            account_code: row.try_get("account_code")?,
            account_name: row.try_get("account_name")?,
            account_kind: row.try_get("account_kind")?,
            opening,
            debit,
            credit,
            closing: opening + debit - credit,
        })
    };
    Ok((currency, rows.iter().map(balance).collect::<Result<_, _>>()?))
}

/// An account of the chart.
#[derive(Debug, Clone)]
pub struct Account {
    pub code: String,
    pub name: String,
    /// Asset, liability, income and so on.
    pub kind: String,
}

/// Returns accounts by code, after the account `after`.
pub async fn accounts(tx: &Tx, after: Option<&str>, rows: u64) -> Result<Vec<Account>, Error> {
    let query = sqlx::query(
        "select code, name, kind from account where tenant_id = $1 and code > coalesce($2, '') order by code limit $3",
    );
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(after).bind(rows.cast_signed())).await?;
    let account = |row: &PgRow| -> Result<Account, Error> {
        Ok(Account { code: row.try_get("code")?, name: row.try_get("name")?, kind: row.try_get("kind")? })
    };
    rows.iter().map(account).collect()
}
