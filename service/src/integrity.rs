//! The integrity check: nine facts that hold after every commit, recomputed from the raw rows.
//!
//! Each fact is one statement. It compares two independent records of the same figure: the running figure or the
//! ledger, and the sum of the rows that it should come from. All nine are read from one snapshot.

use std::fmt;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use domain::id::{EntryId, TenantId};
use domain::number::{Kind, Number};
use domain::tag;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::{Db, Error, Tx, rollup};

/// Most differences shown for one fact.
const EXAMPLES_MAX: usize = 5;

/// Result of the integrity check at one instant.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Integrity {
    pub object: tag::Integrity,
    /// Whether all facts hold.
    #[schema(example = true)]
    pub holds: bool,
    /// Instant of the check. It covers everything that was committed before.
    pub checked_at: DateTime<Utc>,
    /// The nine facts.
    #[schema(max_items = 9)]
    pub facts: Vec<Fact>,
}

/// A fact, and whether it holds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Fact {
    /// Number of the fact.
    #[schema(minimum = 1, maximum = 9, example = 1)]
    pub fact: u8,
    /// Statement of the fact.
    #[schema(value_type = String, max_length = 400,
        example = "On hand and value of every stock level are the sums of its movements.")]
    pub statement: &'static str,
    /// Number of figures that were compared.
    #[schema(maximum = 9007199254740991_u64, example = 16000)]
    pub checked: u64,
    /// Number of figures that differ. Zero: the fact holds.
    #[schema(maximum = 9007199254740991_u64, example = 0)]
    pub differences: u64,
    /// Largest difference, without its sign, in the tenant's currency or in stock units.
    #[schema(value_type = String, max_length = 24, pattern = r"^\d{1,16}(\.\d{1,6})?$", example = "0.00")]
    pub largest_difference: Figure,
    /// The largest differences.
    #[schema(max_items = 5)]
    pub examples: Vec<Difference>,
}

/// Two records of one figure that do not agree.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Difference {
    /// The figure.
    #[schema(max_length = 500, example = "on hand of BOLT-M8 at MAIN")]
    pub subject: String,
    /// Sum of the raw rows.
    #[schema(value_type = String, max_length = 24, pattern = r"^-?\d{1,16}(\.\d{1,6})?$", example = "140.00")]
    pub expected: Figure,
    /// Figure as it is stored or posted.
    #[schema(value_type = String, max_length = 24, pattern = r"^-?\d{1,16}(\.\d{1,6})?$", example = "141.00")]
    pub found: Figure,
}

/// An amount or a quantity.
pub type Figure = Number<FigureKind>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FigureKind;

impl Kind for FigureKind {
    const NAME: &'static str = "a figure";
    const INTEGER_DIGITS: usize = 14;
    const DECIMALS: usize = 6;
    const SHOWN: Option<u32> = None;
    const PATTERN: &'static str = r"^-?\d{1,14}(\.\d{1,6})?$";
    const EXAMPLE: &'static str = "0.00";
}

impl fmt::Display for Fact {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fact { fact, statement, checked, differences, largest_difference, .. } = self;
        write!(out, "{fact}. {statement} {checked} compared, {differences} differ")?;
        if *differences > 0 {
            write!(out, ", by up to {largest_difference}")?;
        }
        Ok(())
    }
}

/// Checks the books of a tenant.
pub async fn check(db: &Db, tenant_id: TenantId) -> Result<Integrity, Error> {
    db.report(tenant_id, async |tx| {
        let mut facts = Vec::new();
        for (fact, statement, sql) in comparisons() {
            facts.push(check_fact(tx, fact, statement, sql).await?);
        }
        let holds = facts.iter().all(|fact| fact.differences == 0);
        Ok(Integrity { object: tag::Integrity, holds, checked_at: tx.now, facts })
    })
    .await
}

/// Returns the number, the statement and the query of each fact. The query compares the figures of the tenant `$1`. It returns one row, whose
/// column `subjects` names the figures that differ.
pub fn comparisons() -> impl Iterator<Item = (u8, &'static str, String)> {
    let rollups = (8, READ_MODELS, COPIES.as_str());
    let payables = (9, SUPPLIERS, PAYABLES);
    FACTS.into_iter().chain([rollups, payables]).map(|(fact, statement, figures)| {
        (fact, statement, format!("with figure as materialized ({figures}) {COMPARISON}"))
    })
}

/// Returns every tenant and its slug, but those whose import is not complete. Row-level security shows all tenants only to the migrator's
/// role.
pub async fn tenants(url: &str) -> Result<Vec<(TenantId, String)>, Error> {
    let options: PgConnectOptions = url.parse::<PgConnectOptions>()?;
    let mut connection: PgConnection = options.disable_statement_logging().connect().await?;
    let complete =
        "select tenant_id, slug from tenant where moving_until is distinct from 'infinity' order by slug";
    let rows = sqlx::query(complete).fetch_all(&mut connection).await?;
    connection.close().await?;
    rows.iter().map(|row| Ok((TenantId(row.try_get::<Uuid, _>(0)?), row.try_get(1)?))).collect()
}

async fn check_fact(tx: &Tx, fact: u8, statement: &'static str, sql: String) -> Result<Fact, Error> {
    // Constant text: the figures of a fact stand between the two halves of the comparison.
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false).bind(tx.tenant_id.0);
    let row = tx.row(query).await?.ok_or_else(|| Error::invariant("a comparison has one row"))?;
    let count = |column: &str| -> Result<u64, Error> {
        let count: i64 = row.try_get(column)?;
        Ok(count.unsigned_abs())
    };
    let largest: Decimal = row.try_get("largest")?;
    Ok(Fact {
        fact,
        statement,
        checked: count("checked")?,
        differences: count("differences")?,
        largest_difference: Figure::new(largest),
        examples: read_examples(&row)?,
    })
}

fn read_examples(row: &PgRow) -> Result<Vec<Difference>, Error> {
    let subjects: Option<Vec<String>> = row.try_get("subjects")?;
    let expected: Option<Vec<Decimal>> = row.try_get("expected")?;
    let found: Option<Vec<Decimal>> = row.try_get("found")?;
    let figures = expected.unwrap_or_default().into_iter().zip(found.unwrap_or_default());
    let differences = subjects.unwrap_or_default().into_iter().zip(figures);
    Ok(differences
        .take(EXAMPLES_MAX)
        .map(|(subject, (expected, found))| Difference {
            subject: with_entry_id(subject),
            expected: Figure::new(expected),
            found: Figure::new(found),
        })
        .collect())
}

/// Replaces the UUID of an entry by its id as the API writes it.
fn with_entry_id(subject: String) -> String {
    match subject.rsplit_once(' ').and_then(|(text, id)| Some((text, id.parse().ok()?))) {
        Some((text, id)) => format!("{text} {}", EntryId(id)),
        None => subject,
    }
}

/// Counts the figures, and those that differ. Only a figure that differs gets a name.
const COMPARISON: &str = "
    select
        count(*) as checked,
        count(*) filter (where expected <> found) as differences,
        coalesce(max(abs(expected - found)), 0) as largest,
        (array_agg(subject order by abs(expected - found) desc, subject) filter (where expected <> found))[1:5]
            as subjects,
        (array_agg(expected order by abs(expected - found) desc, subject) filter (where expected <> found))[1:5]
            as expected,
        (array_agg(found order by abs(expected - found) desc, subject) filter (where expected <> found))[1:5]
            as found
    from figure";

/// Number, statement, and the SQL of the figures: subject, expected, found. The eighth has SQL of its own.
const FACTS: [(u8, &str, &str); 7] = [
    (
        1,
        "On hand and value of every stock level equal the sums of its movements and, with FIFO costing, of its cost \
         layers. Negative stock equals its costs to settle. Tracked stock lies in lots, and a serial number is one unit.",
        STOCK,
    ),
    (
        2,
        "Reserved of every stock level equals its open reservations, and backordered equals the lines that wait on it.",
        RESERVATIONS,
    ),
    (3, "Every journal entry balances, and so does their sum.", ENTRIES),
    (4, "The inventory accounts equal the value of all stock, including stock in transit.", INVENTORY),
    (
        5,
        "Receivables equal the open customer documents, of which is open what is not applied; cash accounts equal the \
         tenders, payments and cash moves.",
        CUSTOMERS_AND_CASH,
    ),
    (
        6,
        "Revenue, discount, tax and cost of sales in the reports equal the ledger's, by channel and month.",
        REPORTS,
    ),
    (7, "The account of vouchers and store credit equals the balances of its register.", VOUCHERS),
];
/// Statement of the eighth fact.
const READ_MODELS: &str = "The roll-ups of the reports equal the sums of the sales lines and journal lines that they have. \
                           Movement packs have the movements of their quarters.";

/// SQL of the eighth fact: part of it is made from the list of the roll-ups.
static COPIES: LazyLock<String> =
    LazyLock::new(|| format!("{} union all {PACKS}", rollup::COMPARISON.as_str()));
const PACKS: &str = include_str!("integrity/packs.sql");

/// Statement of the ninth fact.
const SUPPLIERS: &str = "Payables equal the open bills of suppliers, of which is open what is neither paid nor taken \
                         back. Goods received not invoiced equals receipts less returns and bills. Stock and ledger have \
                         what landed costs say.";

const STOCK: &str =
    concat!(include_str!("integrity/stock.sql"), " union all ", include_str!("integrity/lots.sql"));
const RESERVATIONS: &str = include_str!("integrity/reservations.sql");
const PAYABLES: &str = include_str!("integrity/payables.sql");

const ENTRIES: &str = "
    select
        case when line.debit is distinct from entry.debit_total or line.credit <> line.debit
            then concat('lines of entry ', id) end as subject,
        coalesce(entry.debit_total, line.credit, 0) as expected,
        case when line.debit = entry.debit_total then line.credit else coalesce(line.debit, 0) end as found
    from (
        select id, debit_total from journal_entry where tenant_id = $1
    ) entry
    full join (
        select entry_id as id, sum(debit) as debit, sum(credit) as credit
        from journal_line where tenant_id = $1 group by entry_id
    ) line using (id)
    union all
    select 'debits less credits of all entries', 0, coalesce(sum(debit - credit), 0)
    from journal_line where tenant_id = $1";

const INVENTORY: &str = "
    select
        'inventory accounts' as subject,
        (select coalesce(sum(value), 0) from stock_level where tenant_id = $1) as expected,
        (select coalesce(sum(debit - credit), 0) from journal_line
         where tenant_id = $1 and account_code in ('1200', '1210')) as found";

const CUSTOMERS_AND_CASH: &str = "
    select
        case when figure.expected <> figure.found then concat(
            figure.name, ' of ', (select number from customer where tenant_id = $1 and id = customer_id)) end as subject,
        figure.expected, figure.found
    from (
        select customer_id, sum(open) as open from invoice where tenant_id = $1 group by customer_id
    ) document
    full join (
        select customer_id, sum(unapplied) as unapplied from payment where tenant_id = $1 group by customer_id
    ) paid using (customer_id)
    full join (
        select customer_id, receivable, unapplied from customer_account where tenant_id = $1
    ) account using (customer_id)
    full join (
        select party_id as customer_id, sum(debit - credit) as balance
        from journal_line where tenant_id = $1 and account_code = '1100' group by party_id
    ) ledger using (customer_id)
    cross join lateral (values
        ('receivable', coalesce(document.open, 0), coalesce(account.receivable, 0)),
        ('unapplied payments', coalesce(paid.unapplied, 0), coalesce(account.unapplied, 0)),
        ('ledger balance', coalesce(document.open, 0) - coalesce(paid.unapplied, 0), coalesce(ledger.balance, 0))
    ) figure (name, expected, found)
    union all
    select case when document.expected <> document.open then concat('open amount of ', document.number) end,
        document.expected, document.open
    from (
        select item.number, item.amount - coalesce(change.amount, 0) as expected, item.open
        from (
            select id, number, total as amount, open from invoice where tenant_id = $1
            union all
            select id, number, amount, unapplied from payment where tenant_id = $1 and kind = 'payment'
        ) item
        left join (
            select id, sum(amount) as amount
            from (
                select invoice_id as id, amount from payment_allocation where tenant_id = $1
                union all
                select payment_id, amount + difference from payment_allocation where tenant_id = $1
                union all
                select invoice_id, amount from application_line where tenant_id = $1 and invoice_id is not null
                union all
                select payment_id, amount + difference from application_line where tenant_id = $1 and payment_id is not null
                union all
                select credit_note_id, -amount - difference from application_line where tenant_id = $1 and credit_note_id is not null
            ) line
            group by id
        ) change using (id)
    ) document
    union all
    select case when document.expected <> document.open then concat('open amount in the currency of ', document.number) end,
        document.expected, document.open
    from (
        select item.number, item.amount - coalesce(change.amount, 0) as expected, item.open
        from (
            select id, number, foreign_value + foreign_tax as amount, foreign_open as open from invoice
            where tenant_id = $1 and foreign_open is not null
            union all
            select id, number, foreign_amount, foreign_unapplied from payment
            where tenant_id = $1 and kind = 'payment' and foreign_unapplied is not null
        ) item
        left join (
            select id, sum(amount) as amount
            from (
                select invoice_id as id, foreign_amount as amount from payment_allocation where tenant_id = $1
                union all
                select payment_id, foreign_amount from payment_allocation where tenant_id = $1
                union all
                select invoice_id, foreign_amount from application_line where tenant_id = $1 and invoice_id is not null
                union all
                select payment_id, foreign_amount from application_line where tenant_id = $1 and payment_id is not null
                union all
                select credit_note_id, -foreign_amount from application_line where tenant_id = $1 and credit_note_id is not null
            ) line
            group by id
        ) change using (id)
    ) document
    union all
    select case when figure.expected <> figure.found then concat(figure.name, ' in the currency of ', number) end,
        figure.expected, figure.found
    from (
        select id, number, foreign_value, foreign_tax from invoice where tenant_id = $1 and foreign_currency is not null
    ) document
    left join (
        select document_id as id, sum(net) as net, sum(tax) as tax from foreign_line
        where tenant_id = $1 and document_kind <> 'order' group by document_id
    ) line using (id)
    cross join lateral (values
        ('value', coalesce(line.net, 0), document.foreign_value),
        ('tax', coalesce(line.tax, 0), document.foreign_tax)
    ) figure (name, expected, found)
    union all
    select
        case when figure.expected <> figure.found then concat('exchange difference of ', coalesce(
            (select s.number from payment s where s.tenant_id = $1 and s.id = figure.id),
            (select s.number from application s where s.tenant_id = $1 and s.id = figure.id),
            (select s.number from invoice s where s.tenant_id = $1 and s.id = figure.id))) end,
        figure.expected, figure.found
    from (
        select id, coalesce(used.difference, 0) as expected, coalesce(ledger.difference, 0) as found
        from (
            select id, sum(difference) as difference
            from (
                select payment_id as id, difference from payment_allocation
                where tenant_id = $1 and foreign_amount is not null
                union all
                select document_id, difference from application_line where tenant_id = $1 and foreign_amount is not null
            ) line
            group by id
        ) used
        full join (
            -- A line of sales or rounding that the mapping sends to the account has a channel.
            select e.document_id as id, sum(l.credit - l.debit) as difference
            from journal_line l
            join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id
                and e.document_kind in ('payment', 'payment_reversal', 'payout', 'application', 'credit_note')
            where l.tenant_id = $1 and l.account_code = '6040' and l.channel is null
            group by e.document_id
        ) ledger using (id)
    ) figure
    union all
    select 'receivable account',
        (select coalesce(sum(open), 0) from invoice where tenant_id = $1)
        - (select coalesce(sum(unapplied), 0) from payment where tenant_id = $1),
        (select coalesce(sum(debit - credit), 0) from journal_line where tenant_id = $1 and account_code = '1100')
    union all
    select 'cash account',
        (select coalesce(sum(amount), 0) from tender where tenant_id = $1 and kind = 'cash')
        + (select coalesce(sum(amount), 0) from cash_move where tenant_id = $1),
        (select coalesce(sum(debit - credit), 0) from journal_line where tenant_id = $1 and account_code = '1000')
    union all
    select 'card clearing account',
        (select coalesce(sum(amount), 0) from tender where tenant_id = $1 and kind = 'card')
        + (select coalesce(sum(amount), 0) from payment where tenant_id = $1 and method = 'card')
        + (select coalesce(sum(m.amount), 0) from voucher v
           join voucher_move m on m.tenant_id = $1 and m.voucher_id = v.id and m.document_id = v.id
           where v.tenant_id = $1 and v.method = 'card'),
        (select coalesce(sum(l.debit - l.credit), 0) from journal_line l
         join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances')
         where l.tenant_id = $1 and l.account_code = '1020')";

const VOUCHERS: &str = "
    select
        case when figure.expected <> figure.found then concat('voucher ', figure.id) end as subject,
        figure.expected, figure.found
    from (
        select id, coalesce(move.amount, 0) as expected, coalesce(voucher.balance, 0) as found
        from (select id, balance from voucher where tenant_id = $1) voucher
        full join (
            select voucher_id as id, sum(amount) as amount from voucher_move where tenant_id = $1 group by voucher_id
        ) move using (id)
    ) figure
    union all
    select 'voucher account',
        (select coalesce(sum(balance), 0) from voucher where tenant_id = $1),
        (select coalesce(sum(credit - debit), 0) from journal_line where tenant_id = $1 and account_code = '2300')";

const REPORTS: &str = "
    select
        case when figure.expected <> figure.found
            then concat(figure.name, ' of ', channel, ' in ', to_char(month, 'YYYY-MM')) end as subject,
        figure.expected, figure.found
    from (
        select
            f.channel, date_trunc('month', f.occurred_at at time zone t.time_zone) as month,
            sum(f.gross_revenue) as gross, sum(f.discount) as discount, sum(f.tax) as tax, sum(f.cost) as cost
        from tenant t join bi.sales_fact f on f.tenant_id = t.tenant_id
        where t.tenant_id = $1 and f.tenant_id = $1
        group by 1, 2
    ) report
    full join (
        select
            l.channel, date_trunc('month', e.occurred_on::timestamp) as month,
            sum(l.credit - l.debit) filter (
                where l.account_code in ('4000', '4010', '4100', '4110') or a.purpose in ('revenue', 'returns')) as gross,
            sum(l.debit - l.credit) filter (where l.account_code = '4200' or a.purpose = 'discount') as discount,
            sum(l.credit - l.debit) filter (where l.account_code = '2200' or l.account_code in (
                select account_code from sales_line_tax where tenant_id = $1)) as tax,
            sum(l.debit - l.credit) filter (where l.account_code in ('5000', '5010') or a.purpose = 'cost_of_goods') as cost
        from journal_line l
        left join account a on a.tenant_id = $1 and a.code = l.account_code
        join journal_entry e on e.tenant_id = $1 and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances')
        where l.tenant_id = $1 and (
            l.account_code in ('4000', '4010', '4100', '4110', '4200', '2200', '5000', '5010')
            -- A server that had read the chart before may have posted to it without a sale.
            or a.purpose is not null and l.channel is not null
            or l.account_code in (select account_code from sales_line_tax where tenant_id = $1))
        group by 1, 2
    ) ledger using (channel, month)
    cross join lateral (values
        ('revenue', coalesce(report.gross, 0), coalesce(ledger.gross, 0)),
        ('discount', coalesce(report.discount, 0), coalesce(ledger.discount, 0)),
        ('tax', coalesce(report.tax, 0), coalesce(ledger.tax, 0)),
        ('cost of goods', coalesce(report.cost, 0), coalesce(ledger.cost, 0))
    ) figure (name, expected, found)
    union all
    select 'documents with a first line',
        (select count(*) from pos_sale where tenant_id = $1) + (select count(*) from invoice where tenant_id = $1),
        (select count(*) from sales_line where tenant_id = $1 and line_no = 1)";

#[cfg(test)]
mod tests {
    use domain::ledger::account;

    use super::*;

    #[test]
    fn the_accounts_are_those_of_the_chart() {
        for (figures, accounts) in [
            (INVENTORY, vec![account::INVENTORY, account::IN_TRANSIT]),
            (CUSTOMERS_AND_CASH, vec![account::RECEIVABLE, account::CASH, account::CARD_CLEARING]),
            (CUSTOMERS_AND_CASH, vec![account::EXCHANGE_DIFFERENCES]),
            (REPORTS, vec![account::SALES_WHOLESALE, account::SALES_RETAIL, account::RETURNS_WHOLESALE]),
            (REPORTS, vec![account::RETURNS_RETAIL, account::SALES_DISCOUNTS, account::OUTPUT_TAX]),
            (VOUCHERS, vec![account::STORE_CREDIT]),
            (PAYABLES, vec![account::PAYABLE, account::RECEIVED_NOT_INVOICED]),
            (PAYABLES, vec![account::INVENTORY, account::COST_VARIANCE]),
            (REPORTS, vec![account::COGS_WHOLESALE, account::COGS_RETAIL]),
        ] {
            for code in accounts {
                assert!(figures.contains(&format!("'{code}'")), "{code}");
            }
        }
    }
}
