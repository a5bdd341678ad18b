//! The general ledger, for reading: journal, trial balance, chart of accounts.

pub mod chart;
pub mod control;
pub mod export;
pub mod mapping;

use chrono::{DateTime, NaiveDate, Utc};
use domain::document::{DocumentKind, document_id};
use domain::id::{CommandId, CustomerId, EntryId, LocationId, SupplierId};
use domain::number::Money;
use domain::refusal::Refusal;
use domain::tag;
use domain::tenant::Channel;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::{Error, Tx, rollup};

/// A journal entry. It never changes. A correction is another entry.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct JournalEntry {
    /// Id of the entry.
    pub id: EntryId,
    pub object: tag::JournalEntry,
    /// Kind of the document that caused it: `sale`, `refund`, `shipment`, `invoice`, `credit_note`, `payment`,
    /// `cash_move`, `receipt`, `opening`, `adjustment`, `manual`, `opening_balances` or `year_close`. New values may appear.
    #[schema(max_length = 32, example = "sale")]
    pub document_kind: String,
    /// Id of that document. It is the entry itself if it was posted by hand, and the reversed entry if it is a reversal.
    #[schema(max_length = 64, example = "sal_01h455vb4pex5vsknk084sn02q")]
    pub document_id: String,
    /// The entry that it reverses. Null if it is no reversal.
    #[schema(example = json!(null))]
    pub reverses: Option<EntryId>,
    /// The entry that reverses it. Null if it is not reversed.
    #[schema(example = json!(null))]
    pub reversed_by: Option<EntryId>,
    /// Purpose of an entry that was posted by hand.
    #[schema(max_length = 500, example = json!(null))]
    pub memo: Option<String>,
    /// Day on which it happened, in the tenant's time zone.
    pub occurred_on: NaiveDate,
    /// Day on which it is posted. Later than `occurred_on` only if the period was closed.
    pub posted_on: NaiveDate,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// Same as `created_at`. New programs read that.
    pub recorded_at: DateTime<Utc>,
    /// The command that wrote it.
    pub command_id: CommandId,
    /// ISO 4217 code of the currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Sum of the debits, which equals the sum of the credits.
    pub total: Money,
    /// Lines of the entry. Lines with the same account and dimensions are added up.
    #[schema(max_items = 1000)]
    pub lines: Vec<JournalLine>,
}

/// A line of a journal entry: either a debit or a credit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct JournalLine {
    /// Line number, from 1.
    #[schema(minimum = 1, maximum = 10000, example = 1)]
    pub line_no: i32,
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    pub account: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    pub account_name: String,
    /// Amount debited. Zero if the line is a credit.
    pub debit: Money,
    /// Amount credited. Zero if the line is a debit.
    pub credit: Money,
    /// The sales channel, on revenue, discount, tax and cost of goods.
    pub channel: Option<Channel>,
    /// The location.
    pub location_id: Option<LocationId>,
    /// The customer, on receivables.
    pub customer_id: Option<CustomerId>,
    /// Supplier, on payables.
    pub supplier_id: Option<SupplierId>,
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
    /// Recorded at this instant or later.
    pub recorded_since: Option<DateTime<Utc>>,
}

/// Returns entries after the entry `after`, newest first.
pub async fn entries(
    tx: &Tx,
    filter: &Filter,
    after: Option<Uuid>,
    rows: u64,
) -> Result<Vec<JournalEntry>, Error> {
    let query = sqlx::query(
        "select
            e.id, e.document_kind, e.document_id, e.memo, e.occurred_on, e.posted_on, e.recorded_at, e.command_id,
            e.debit_total, l.line_no, l.account_code, coalesce(a.name, '') as account_name, l.debit, l.credit,
            l.currency, l.channel, l.location_id, l.party_id, s.id as supplier_id,
            case when e.document_kind in ('manual', 'opening_balances', 'year_close') then (
                select r.id from journal_entry r
                where r.tenant_id = $1 and r.document_id = e.id and r.document_kind = 'manual' and r.id <> e.id
                limit 1) end as reversed_by
        from (
            select * from journal_entry e
            where e.tenant_id = $1 and ($2::uuid is null or e.id < $2) and ($3::uuid is null or e.id = $3)
                and ($4::date is null or e.posted_on >= $4) and ($5::date is null or e.posted_on < $5)
                and ($6::text is null or e.document_kind = $6) and ($7::uuid is null or e.document_id = $7)
                and ($8::text is null or exists (
                    select 1 from journal_line l
                    where l.tenant_id = $1 and l.entry_id = e.id and l.account_code = $8))
                and ($10::timestamptz is null or e.recorded_at >= $10)
            order by e.id desc limit $9
        ) e
        join journal_line l on l.tenant_id = $1 and l.entry_id = e.id
        left join account a on a.tenant_id = $1 and a.code = l.account_code
        left join supplier s on s.tenant_id = $1 and s.id = l.party_id
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
    .bind(rows.cast_signed())
    .bind(filter.recorded_since);
    let mut entries: Vec<JournalEntry> = Vec::new();
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

pub async fn entry(tx: &Tx, id: EntryId) -> Result<JournalEntry, Error> {
    let filter = Filter { id: Some(id), ..Filter::default() };
    entries(tx, &filter, None, 1).await?.pop().ok_or_else(|| Refusal::not_found("journal entry").into())
}

fn read_header(id: EntryId, row: &PgRow) -> Result<JournalEntry, Error> {
    let document_kind: String = row.try_get("document_kind")?;
    let document: Uuid = row.try_get("document_id")?;
    let is_reversal = document_kind == DocumentKind::Manual.word() && document != id.0;
    Ok(JournalEntry {
        id,
        object: tag::JournalEntry,
        document_id: document_id(&document_kind, document),
        reverses: is_reversal.then_some(EntryId(document)),
        reversed_by: row.try_get::<Option<Uuid>, _>("reversed_by")?.map(EntryId),
        document_kind,
        memo: row.try_get("memo")?,
        occurred_on: row.try_get("occurred_on")?,
        posted_on: row.try_get("posted_on")?,
        created_at: row.try_get("recorded_at")?,
        recorded_at: row.try_get("recorded_at")?,
        command_id: CommandId(row.try_get("command_id")?),
        currency: row.try_get("currency")?,
        total: read_money(row, "debit_total")?,
        lines: Vec::new(),
    })
}

fn read_line(row: &PgRow) -> Result<JournalLine, Error> {
    let channel: Option<String> = row.try_get("channel")?;
    let location_id: Option<Uuid> = row.try_get("location_id")?;
    let supplier_id = row.try_get::<Option<Uuid>, _>("supplier_id")?.map(SupplierId);
    let party_id: Option<Uuid> = row.try_get("party_id")?;
    Ok(JournalLine {
        line_no: row.try_get("line_no")?,
        account: row.try_get("account_code")?,
        account_name: row.try_get("account_name")?,
        debit: read_money(row, "debit")?,
        credit: read_money(row, "credit")?,
        channel: channel.and_then(|channel| channel.parse().ok()),
        location_id: location_id.map(LocationId),
        customer_id: party_id.filter(|_| supplier_id.is_none()).map(CustomerId),
        supplier_id,
    })
}

fn read_money(row: &PgRow, column: &str) -> Result<Money, Error> {
    let amount: Decimal = row.try_get(column)?;
    Ok(Money::new(amount))
}

/// All accounts with their balances.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TrialBalance {
    pub object: tag::TrialBalance,
    /// The first day of the period.
    #[schema(example = "2026-11-01")]
    pub from: Option<NaiveDate>,
    /// The first day after the period.
    #[schema(example = "2026-12-01")]
    pub to: Option<NaiveDate>,
    /// ISO 4217 code of the currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// The accounts, by code.
    #[schema(max_items = 10000)]
    pub accounts: Vec<AccountBalance>,
    /// Sums over all accounts. Debits equal credits, and the balances add up to zero.
    pub totals: BalanceTotals,
}

/// An account with its balances. Debits are positive, credits negative.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccountBalance {
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    pub account: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    pub account_name: String,
    /// `asset`, `liability`, `equity`, `revenue` or `expense`.
    #[schema(max_length = 16, example = "revenue")]
    pub account_kind: String,
    /// Debits less credits before the period.
    pub opening: Money,
    /// Sum of the debits in the period.
    pub debit: Money,
    /// Sum of the credits in the period.
    pub credit: Money,
    /// Debits less credits until the end of the period.
    pub closing: Money,
}

/// Sums over all accounts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BalanceTotals {
    /// Sum of the opening balances, which is zero.
    pub opening: Money,
    /// Sum of the debits.
    pub debit: Money,
    /// Sum of the credits, which equals the sum of the debits.
    pub credit: Money,
    /// Sum of the closing balances, which is zero.
    pub closing: Money,
}

/// Sums by account. Lines below the position (`$4`) are read as sums of days.
const BALANCES: &str = "
    select
        t.currency, coalesce(a.code, l.account_code) as account_code, coalesce(a.name, '') as account_name,
        coalesce(a.kind, '') as account_kind, coalesce(l.opening, 0) as opening, coalesce(l.debit, 0) as debit,
        coalesce(l.credit, 0) as credit
    from (select code, name, kind, dropped_at from account where tenant_id = $1) a
    full join (
        select
            account_code, sum(debit - credit) filter (where posted_on < $2) as opening,
            sum(debit) filter (where $2::date is null or posted_on >= $2) as debit,
            sum(credit) filter (where $2::date is null or posted_on >= $2) as credit
        from (
            select account_code, posted_on, debit, credit from ledger_sum_by_day
            where tenant_id = $1 and $5 and ($3::date is null or posted_on < $3)
            union all
            select account_code, posted_on, debit, credit from journal_line
            where tenant_id = $1 and position >= $4 and ($3::date is null or posted_on < $3)
        ) part
        group by account_code
    ) l on l.account_code = a.code
    join tenant t on t.tenant_id = $1
    where a.dropped_at is null or l.account_code is not null
    order by account_code";

/// Returns the balance of every account by code, over a half-open period of posting days. The transaction must read one snapshot.
pub async fn trial_balance(
    tx: &Tx,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
) -> Result<TrialBalance, Error> {
    let folded = rollup::ledger::position(tx).await?;
    let query = sqlx::query(BALANCES)
        .bind(tx.tenant_id.0)
        .bind(from)
        .bind(to)
        .bind(folded.unwrap_or_default())
        .bind(folded.is_some());
    let rows = tx.rows(query.persistent(false)).await?;
    let currency = rows.first().map_or(Ok(String::new()), |row| row.try_get("currency"))?;
    let balance = |row: &PgRow| -> Result<AccountBalance, Error> {
        let (opening, debit, credit) =
            (read_money(row, "opening")?, read_money(row, "debit")?, read_money(row, "credit")?);
        Ok(AccountBalance {
            account: row.try_get("account_code")?,
            account_name: row.try_get("account_name")?,
            account_kind: row.try_get("account_kind")?,
            opening,
            debit,
            credit,
            closing: opening + debit - credit,
        })
    };
    let accounts: Vec<AccountBalance> = rows.iter().map(balance).collect::<Result<_, _>>()?;
    let total = |amount: fn(&AccountBalance) -> Money| accounts.iter().map(amount).sum();
    let totals = BalanceTotals {
        opening: total(|balance| balance.opening),
        debit: total(|balance| balance.debit),
        credit: total(|balance| balance.credit),
        closing: total(|balance| balance.closing),
    };
    Ok(TrialBalance { object: tag::TrialBalance, from, to, currency, accounts, totals })
}

/// An account of the chart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LedgerAccount)]
pub struct Account {
    pub object: tag::Account,
    /// Code of the account.
    #[schema(max_length = 32, example = "4010")]
    pub code: String,
    /// Name of the account.
    #[schema(max_length = 200, example = "Sales, retail")]
    pub name: String,
    /// `asset`, `liability`, `equity`, `revenue` or `expense`.
    #[schema(max_length = 16, example = "revenue")]
    pub kind: String,
    /// Code of the account above it. Null if there is none.
    #[schema(max_length = 32, example = json!(null))]
    pub parent: Option<String>,
}

/// Returns accounts by code, after the account `after`.
pub async fn accounts(tx: &Tx, after: Option<&str>, rows: u64) -> Result<Vec<Account>, Error> {
    let query = sqlx::query(
        "select code, name, kind, parent_code from account \
         where tenant_id = $1 and dropped_at is null and code > coalesce($2, '') order by code limit $3",
    );
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(after).bind(rows.cast_signed())).await?;
    let account = |row: &PgRow| -> Result<Account, Error> {
        let (code, name, kind) = (row.try_get("code")?, row.try_get("name")?, row.try_get("kind")?);
        Ok(Account { object: tag::Account, code, name, kind, parent: row.try_get("parent_code")? })
    };
    rows.iter().map(account).collect()
}
