//! Lines of bank statements: stored once, and listed with the invoices that they may pay.

pub mod matched;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use domain::bank::{OpenInvoice, OpenInvoices, PaymentMatch};
use domain::id::{BankLineId, CustomerId, InvoiceId, PaymentId};
use domain::number::Money;
use domain::payment::{NamedInvoice, PaymentMethod, Receive};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use self::matched::BankPayment;
use crate::columns::Columns;
use crate::listing::{Listing, Slice, number};
use crate::{Error, Tx, input};

/// Most open invoices that lines are matched with: those that are due first.
const INVOICES_MAX: i64 = 5_000;
/// Most characters of the reference of a payment.
const REFERENCE_LENGTH_MAX: usize = 100;

/// A line of a statement to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLine {
    pub account: String,
    pub reference: String,
    pub booked_on: NaiveDate,
    pub amount: Money,
    pub counterparty: String,
    pub text: String,
    /// Number of transactions that it stands for.
    pub transactions: i32,
}

/// A line of a bank statement.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BankLine {
    /// Id of the line.
    pub id: BankLineId,
    /// Always `bank_line`.
    pub object: tag::BankLine,
    /// Your account, as the statement names it.
    #[schema(max_length = 100, example = "GB33BUKB20201555555555")]
    pub account: String,
    /// Reference of the bank, unique for the account.
    #[schema(max_length = 100, example = "20261122-77")]
    pub reference: String,
    /// Day on which the bank booked it.
    #[schema(example = "2026-11-20")]
    pub booked_on: NaiveDate,
    /// Amount. Above zero if the money came in.
    pub amount: Money,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Name of the payer or of the payee. Empty: the statement has none.
    #[schema(max_length = 200, example = "Harbour Cafe")]
    pub counterparty: String,
    /// Text of the payer.
    #[schema(max_length = 1000, example = "INV-2026-000123")]
    pub text: String,
    /// Number of transactions of the entry that the line stands for. Above 1: the entry is not split, because their amounts are not
    /// stated or do not add up to it.
    #[schema(minimum = 1, example = 1)]
    pub transactions: i32,
    /// Payment that records the line. Null if the line was not accepted.
    pub payment_id: Option<PaymentId>,
    /// Payments that were matched with the line by hand. Their sum is its amount.
    #[schema(max_items = 100)]
    pub matches: Vec<BankPayment>,
    /// Payments that are recorded already and may be the line: bank transfers of its amount, at most 7 days from it, that are not
    /// reversed and not another line. The nearest first. Empty if the line is accepted or matched.
    #[schema(max_items = 5)]
    pub recorded: Vec<BankPayment>,
    /// Invoices that the line may pay, the best match first. Empty if the line is accepted or matched, or if the money went out.
    #[schema(max_items = 5)]
    pub proposals: Vec<PaymentProposal>,
    /// When the line was imported.
    pub created_at: DateTime<Utc>,
    /// Begin of the day on which the bank booked it.
    #[serde(skip)]
    pub booked_at: DateTime<Utc>,
}

/// An invoice that a line may pay.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentProposal {
    /// Ground of the proposal.
    pub matched: PaymentMatch,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Number of the invoice.
    #[schema(max_length = 64, example = "INV-2026-000123")]
    pub number: String,
    /// Customer that owes it.
    pub customer_id: CustomerId,
    /// Amount still to be paid.
    pub open: Money,
    /// Due date.
    #[schema(example = "2026-12-22")]
    pub due_on: NaiveDate,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub account: Option<String>,
    pub reference: Option<String>,
    /// Whether the line was accepted as a payment.
    pub accepted: Option<bool>,
    /// Whether the line is matched with payments.
    pub matched: Option<bool>,
}

/// The invoice or the customer that an accepted line pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payee {
    Invoice(InvoiceId),
    /// The invoices of the customer that are due first.
    Customer(CustomerId),
}

const SELECT: &str = "select l.id, l.account, l.reference, l.booked_on, l.amount, t.currency, l.counterparty, l.text, \
                             l.transactions, l.recorded_at, l.booked_on::timestamp at time zone t.time_zone as booked_at, \
                             p.id as payment_id \
                      from bank_line l join tenant t on t.tenant_id = l.tenant_id \
                      left join payment p on p.tenant_id = l.tenant_id and p.id = l.id \
                      where l.tenant_id = ";

const MATCHED: &str =
    " and exists (select from bank_match m where m.tenant_id = l.tenant_id and m.bank_line_id = l.id)";
const NOT_MATCHED: &str =
    " and not exists (select from bank_match m where m.tenant_id = l.tenant_id and m.bank_line_id = l.id)";

/// Returns the tenant's currency, and its decimals. The currency stays until the end of the transaction.
pub async fn currency(tx: &Tx) -> Result<(String, u32), Error> {
    let defaults = input::tenant_defaults_of_new(tx).await?;
    Ok((defaults.currency, defaults.decimals))
}

/// Waits for other imports of the accounts, until the end of the transaction: two imports at once could store an entry whole and as
/// its transactions. Many accounts share a lock, so a file takes at most 64.
pub async fn lock_accounts(tx: &Tx, lines: &[NewLine]) -> Result<(), Error> {
    let statement = "select pg_advisory_xact_lock(hashtextextended('bank account ' || $1::uuid || ' ' || b.number, 0)) \
                     from (select distinct hashtextextended(v.account, 0) & 63 as number \
                           from unnest($2::text[]) as v (account) order by number) b";
    let locked = Columns::of(statement).bind(tx.tenant_id.0);
    locked.column("account", lines, |line| line.account.clone()).execute(tx).await?;
    Ok(())
}

/// Returns day and amount of the lines that are stored already, by account and reference.
pub async fn stored(
    tx: &Tx,
    lines: &[NewLine],
) -> Result<HashMap<(String, String), (NaiveDate, Money)>, Error> {
    let statement = "select l.account, l.reference, l.booked_on, l.amount \
                     from unnest($2::text[], $3::text[]) as v (account, reference) \
                     join bank_line l on l.tenant_id = $1 and l.account = v.account and l.reference = v.reference";
    let rows = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("account", lines, |line| line.account.clone())
        .column("reference", lines, |line| line.reference.clone())
        .rows(tx)
        .await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in &rows {
        let key = (row.try_get("account")?, row.try_get("reference")?);
        stored.insert(key, (row.try_get("booked_on")?, number(row, "amount")?));
    }
    Ok(stored)
}

const SPLIT: &str = "
    select v.account, v.reference
    from unnest($2::text[], $3::text[], $4::date[], $5::numeric[]) as v (account, reference, booked_on, amount)
    join bank_line f on f.tenant_id = $1 and f.account = v.account and f.reference = v.reference || '/1'
        and f.booked_on = v.booked_on
    cross join lateral (
        with recursive part (number, amount) as (
            select 1, f.amount
            union all
            select p.number + 1, l.amount
            from part p
            join bank_line l on l.tenant_id = $1 and l.account = v.account
                and l.reference = v.reference || '/' || (p.number + 1) and l.booked_on = v.booked_on
        )
        select count(*) as parts, sum(part.amount) as amount from part
    ) s
    where s.parts > 1 and s.amount = v.amount";

/// Returns account and reference of the lines whose transactions are stored as lines of their own, and come to them.
pub async fn split(tx: &Tx, lines: &[NewLine]) -> Result<HashSet<(String, String)>, Error> {
    let rows = Columns::of(SPLIT)
        .bind(tx.tenant_id.0)
        .column("account", lines, |line| line.account.clone())
        .column("reference", lines, |line| line.reference.clone())
        .column("booked_on", lines, |line| line.booked_on)
        .column("amount", lines, |line| line.amount.get())
        .rows(tx)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("account")?, row.try_get("reference")?))).collect()
}

/// Stores lines that are not there yet. Returns how many it stored.
pub async fn add(tx: &Tx, lines: &[NewLine]) -> Result<u64, Error> {
    let statement = "insert into bank_line (tenant_id, recorded_at, id, account, reference, booked_on, amount, counterparty, text, \
                         transactions) \
                     select $1, $2, v.* \
                     from unnest($3::uuid[], $4::text[], $5::text[], $6::date[], $7::numeric[], $8::text[], $9::text[], $10::int[]) \
                         as v (id, account, reference, booked_on, amount, counterparty, text, transactions) \
                     on conflict (tenant_id, account, reference) do nothing";
    Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", lines, |_| tx.next_id())
        .column("account", lines, |line| line.account.clone())
        .column("reference", lines, |line| line.reference.clone())
        .column("booked_on", lines, |line| line.booked_on)
        .column("amount", lines, |line| line.amount.get())
        .column("counterparty", lines, |line| line.counterparty.clone())
        .column("text", lines, |line| line.text.clone())
        .column("transactions", lines, |line| line.transactions)
        .execute(tx)
        .await
}

/// Returns one page of lines, with the invoices that they may pay.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<BankLine>, Error> {
    let accepted = match filter.accepted {
        Some(true) => " and p.id is not null",
        Some(false) => " and p.id is null",
        None => "",
    };
    let matched = match filter.matched {
        Some(true) => MATCHED,
        Some(false) => NOT_MATCHED,
        None => "",
    };
    let rows = Listing::new(tx, SELECT)
        .with("l.account = ", filter.account.as_ref())
        .with("l.reference = ", filter.reference.as_ref())
        .sql(accepted)
        .sql(matched)
        .since("l.recorded_at >= ", slice)
        .page(tx, "l.id", slice)
        .await?;
    let mut lines = rows.iter().map(read).collect::<Result<Vec<BankLine>, Error>>()?;
    complete(tx, &mut lines).await?;
    Ok(lines)
}

/// Returns one line, with the invoices that it may pay.
pub async fn get(tx: &Tx, id: BankLineId) -> Result<BankLine, Error> {
    let rows = Listing::new(tx, SELECT).with("l.id = ", Some(id.0)).rows(tx).await?;
    let mut lines = rows.iter().map(read).collect::<Result<Vec<BankLine>, Error>>()?;
    complete(tx, &mut lines).await?;
    Ok(lines.pop().ok_or_else(|| Refusal::not_found("bank line"))?)
}

/// Returns the payment that a line is accepted as. Its id is that of the line, so there is one at most. `is_repeated` says that the
/// response to the request is stored, so that no payment is recorded.
pub async fn payment(tx: &Tx, id: BankLineId, payee: Payee, is_repeated: bool) -> Result<Receive, Error> {
    let line = get(tx, id).await?;
    if line.payment_id.is_some() && !is_repeated {
        return Err(Refusal::state("This line was accepted already: see its payment_id.").into());
    }
    if !line.matches.is_empty() && !is_repeated {
        let detail = "This line is matched with payments that are recorded: see its matches.";
        return Err(Refusal::state(detail).into());
    }
    if !line.amount.is_positive() {
        return Err(Refusal::state("The money of this line went out: it is no payment of a customer.").into());
    }
    let (customer_id, allocations) = match payee {
        Payee::Customer(customer_id) => (customer_id, None),
        Payee::Invoice(invoice_id) => {
            let (customer_id, open) = find_invoice(tx, invoice_id).await?;
            if !open.is_positive() && !is_repeated {
                let detail = "Nothing of this invoice is open. Name another one, or the customer.";
                return Err(Refusal::invalid("/invoice_id", detail).into());
            }
            let amount = line.amount.min(open);
            (customer_id, Some(vec![NamedInvoice { invoice_id, amount }]))
        }
    };
    Ok(Receive {
        id: Some(PaymentId(id.0)),
        customer_id,
        method: PaymentMethod::Bank,
        register_id: None,
        amount: line.amount,
        currency: None,
        exchange_rate: None,
        allocations,
        reference: Some(line.reference.chars().take(REFERENCE_LENGTH_MAX).collect()),
        occurred_at: (line.booked_at < tx.now).then_some(line.booked_at),
    })
}

/// Returns the customer of an invoice, and its open amount.
async fn find_invoice(tx: &Tx, id: InvoiceId) -> Result<(CustomerId, Money), Error> {
    let statement =
        "select customer_id, open, foreign_currency from invoice where tenant_id = $1 and id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("invoice"))?;
    if let Some(currency) = row.try_get::<Option<String>, _>("foreign_currency")? {
        let detail = format!(
            "The invoice is in {currency}, and the line is not: record the payment with POST /v1/payments."
        );
        return Err(Refusal::invalid("/invoice_id", detail).into());
    }
    Ok((CustomerId(row.try_get("customer_id")?), number(&row, "open")?))
}

/// Adds to each line its matches, and to those without one the payments and invoices that may be theirs.
async fn complete(tx: &Tx, lines: &mut [BankLine]) -> Result<(), Error> {
    matched::show(tx, lines).await?;
    matched::find(tx, lines).await?;
    propose(tx, lines).await
}

/// Adds to each line that is neither accepted nor matched the invoices that it may pay.
async fn propose(tx: &Tx, lines: &mut [BankLine]) -> Result<(), Error> {
    let may_pay =
        |line: &BankLine| line.payment_id.is_none() && line.matches.is_empty() && line.amount.is_positive();
    if !lines.iter().any(may_pay) {
        return Ok(());
    }
    let statement = "select id, number, customer_id, open, due_on from invoice \
                     where tenant_id = $1 and open > 0 and foreign_currency is null order by due_on, id limit $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(INVOICES_MAX);
    let mut invoices = Vec::new();
    for row in &tx.rows(query).await? {
        invoices.push(OpenInvoice {
            id: InvoiceId(row.try_get("id")?),
            number: row.try_get("number")?,
            customer_id: CustomerId(row.try_get("customer_id")?),
            open: number(row, "open")?,
            due_on: row.try_get("due_on")?,
        });
    }
    let invoices = OpenInvoices::new(invoices);
    for line in lines.iter_mut().filter(|line| may_pay(line)) {
        let proposed = invoices.propose(&line.text, line.amount).into_iter();
        line.proposals = proposed
            .map(|(matched, invoice)| PaymentProposal {
                matched,
                invoice_id: invoice.id,
                number: invoice.number.clone(),
                customer_id: invoice.customer_id,
                open: invoice.open,
                due_on: invoice.due_on,
            })
            .collect();
    }
    Ok(())
}

fn read(row: &PgRow) -> Result<BankLine, Error> {
    Ok(BankLine {
        id: BankLineId(row.try_get("id")?),
        object: tag::BankLine,
        account: row.try_get("account")?,
        reference: row.try_get("reference")?,
        booked_on: row.try_get("booked_on")?,
        amount: number(row, "amount")?,
        currency: row.try_get("currency")?,
        counterparty: row.try_get("counterparty")?,
        text: row.try_get("text")?,
        transactions: row.try_get("transactions")?,
        payment_id: row.try_get::<Option<Uuid>, _>("payment_id")?.map(PaymentId),
        matches: Vec::new(),
        recorded: Vec::new(),
        proposals: Vec::new(),
        created_at: row.try_get("recorded_at")?,
        booked_at: row.try_get("booked_at")?,
    })
}
