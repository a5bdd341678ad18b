//! The proposal of payments to suppliers: bills that are due by a day, and those whose discount would be lost.

use chrono::{Days, NaiveDate};
use domain::bill::{KnownBill, MatchStatus};
use domain::id::{BillId, SupplierId};
use domain::number::{Money, MoneyInCurrency};
use domain::refusal::Refusal;
use domain::supplier_payment::PARTS_MAX;
use domain::tenant::Settings;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::listing::number;
use crate::posting::{bills, setup};
use crate::{Error, Tx};

/// Most bills of a proposal.
pub const BILLS_MAX: usize = 2000;
/// Days after the payment up to which bills are proposed, if the caller names no day.
const DAYS_AHEAD: u64 = 7;

/// The bills that a caller asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// The day of the payment; today if absent.
    pub pay_on: Option<NaiveDate>,
    /// The last day up to which bills are paid; 7 days after the payment if absent.
    pub until: Option<NaiveDate>,
    /// Only bills of this supplier.
    pub supplier_id: Option<SupplierId>,
}

/// Payments that settle the bills that are due by a day, one for each supplier and currency.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SupplierPaymentProposal)]
pub struct Proposal {
    /// Day of the payments.
    #[schema(example = "2026-11-20")]
    pub pay_on: NaiveDate,
    /// Last due day of the proposed bills.
    #[schema(example = "2026-11-27")]
    pub until: NaiveDate,
    /// Tenant's currency.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Sum of the payments in the tenant's currency, without discounts. Payments in other currencies don't count.
    pub amount: Money,
    /// Sum of the discounts of these payments.
    pub discount: Money,
    /// Suppliers to pay, by code; those in the tenant's currency first.
    #[schema(max_items = 2000)]
    pub payments: Vec<ProposedPayment>,
}

/// A payment to one supplier.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProposedPayment {
    /// The supplier.
    pub supplier_id: SupplierId,
    /// Code of the supplier.
    #[schema(max_length = 64, example = "NORDBOLT")]
    pub supplier_code: String,
    /// Name of the supplier.
    #[schema(max_length = 200, example = "Nordbolt Fasteners GmbH")]
    pub supplier_name: String,
    /// Currency of its bills and of its amounts.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amount that is paid, without discounts.
    pub amount: MoneyInCurrency,
    /// Sum of the discounts of its bills, in `currency`.
    pub discount: MoneyInCurrency,
    /// Bills to pay, the earliest due day first.
    #[schema(max_items = 500)]
    pub bills: Vec<ProposedBill>,
    /// Number of bills that are left for another payment: one payment has at most 500.
    #[schema(minimum = 0, maximum = 1500, example = 0)]
    pub bills_left: usize,
}

/// A bill that a payment settles.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ProposedBill {
    /// The bill.
    pub bill_id: BillId,
    /// Number of the bill in your books.
    #[schema(max_length = 64, example = "BL-2026-000123")]
    pub number: String,
    /// Supplier's own number of the bill.
    #[schema(max_length = 64, example = "RE-2026-4711")]
    pub supplier_number: Option<String>,
    /// Version of the bill. Send it with the payment, so that a bill that was changed since is not paid.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// Day on which it is due.
    #[schema(example = "2026-11-25")]
    pub due_on: NaiveDate,
    /// Whether every line agrees with what was ordered and received.
    pub match_status: MatchStatus,
    /// Amount that is settled, in the currency of the payment: the open amount of the bill.
    pub amount: MoneyInCurrency,
    /// Discount for early payment, in the currency of the payment: the part of `amount` that is not paid.
    pub discount: MoneyInCurrency,
    /// Reason why the bill is paid now.
    #[schema(max_length = 200, example = "The bill is due on 2026-11-25.")]
    pub reason: String,
}

/// A bill of a supplier, as it was read.
struct Found {
    supplier_id: SupplierId,
    supplier_code: String,
    supplier_name: String,
    currency: String,
    /// Decimals of the currency.
    decimals: u32,
    bill: ProposedBill,
}

/// Bills that are due by a day, or whose discount ends from the day of the payment to that day.
const DUE: &str = "select b.id, b.number, b.kind, b.supplier_id, b.supplier_number, b.dated, b.due_on, b.discounts, b.value, b.tax, \
        b.open, b.reference, b.original_id, b.reversed_by, b.recorded_at, b.version, b.foreign_currency, b.exchange_rate, \
        b.foreign_value, b.foreign_tax, b.foreign_open, s.code as supplier_code, s.name as supplier_name, \
        coalesce((select sum(coalesce(c.foreign_value + c.foreign_tax, c.total)) from bill c \
                  where c.tenant_id = $1 and c.original_id = b.id), 0) as credited, \
        exists (select from bill_line l where l.tenant_id = $1 and l.bill_id = b.id and l.reasons <> '{}') as is_mismatched \
     from bill b join supplier s on s.tenant_id = $1 and s.id = b.supplier_id \
     where b.tenant_id = $1 and (b.open <> 0 or b.foreign_open <> 0) and ($4::uuid is null or b.supplier_id = $4) \
       and (b.due_on <= $3 or exists ( \
           select from jsonb_to_recordset(b.discounts) as d (until date) where d.until between $2 and $3)) \
     order by b.foreign_currency nulls first, s.code, b.due_on, b.id limit $5";

/// Proposes what to pay. Rejects more bills than a proposal may have.
pub async fn propose(tx: &Tx, wanted: &Wanted) -> Result<Proposal, Error> {
    let settings = setup::settings(tx).await?;
    let pay_on = wanted.pay_on.unwrap_or_else(|| settings.day(tx.now));
    let ahead = pay_on.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(pay_on);
    let until = wanted.until.unwrap_or(ahead);
    if until < pay_on {
        return Err(Refusal::invalid("/until", "Send the day of the payment or a later one.").into());
    }
    let query = sqlx::query(DUE)
        .bind(tx.tenant_id.0)
        .bind(pay_on)
        .bind(until)
        .bind(wanted.supplier_id.map(|id| id.0))
        .bind(i64::try_from(BILLS_MAX).map_or(i64::MAX, |most| most.saturating_add(1)));
    let rows = tx.rows(query).await?;
    if rows.len() > BILLS_MAX {
        let detail = format!("More than {BILLS_MAX} bills are due: send an earlier day, or one supplier_id.");
        return Err(Refusal::invalid("/until", detail).into());
    }
    let mut payments: Vec<ProposedPayment> = Vec::new();
    for row in &rows {
        add(&mut payments, found(row, pay_on, &settings)?);
    }
    let own = || payments.iter().filter(|payment| payment.currency == settings.currency);
    let amount = own().map(|payment| payment.amount.number()).sum();
    let discount = own().map(|payment| payment.discount.number()).sum();
    Ok(Proposal { pay_on, until, amount, discount, currency: settings.currency, payments })
}

fn found(row: &PgRow, pay_on: NaiveDate, settings: &Settings) -> Result<Found, Error> {
    let is_mismatched: bool = row.try_get("is_mismatched")?;
    let known = KnownBill { bill: bills::head(row)?, credited: number(row, "credited")?, left: Vec::new() };
    let bill = &known.bill;
    let decimals = bill.decimals(settings);
    Ok(Found {
        decimals,
        supplier_id: bill.supplier_id,
        supplier_code: row.try_get("supplier_code")?,
        supplier_name: row.try_get("supplier_name")?,
        currency: bill.foreign.as_ref().map_or(&settings.currency, |foreign| &foreign.quote.currency).clone(),
        bill: ProposedBill {
            bill_id: bill.id,
            number: bill.number.clone(),
            supplier_number: bill.supplier_number.clone(),
            version: bill.version,
            due_on: bill.due_on,
            match_status: MatchStatus::of(is_mismatched),
            amount: bill.stated_open().in_currency(decimals),
            discount: known.discount_on(pay_on, bill.stated_open(), settings).in_currency(decimals),
            reason: reason(&known, pay_on),
        },
    })
}

fn reason(known: &KnownBill, pay_on: NaiveDate) -> String {
    let bill = &known.bill;
    let percent = bill.discount_percent(pay_on);
    let of_percent =
        bill.discounts.iter().filter(|discount| discount.percent == percent && pay_on <= discount.until);
    let due = if bill.due_on < pay_on { "was due" } else { "is due" };
    match of_percent.map(|discount| discount.until).max() {
        Some(until) => {
            format!("The bill {due} on {}, and its discount of {percent} % ends on {until}.", bill.due_on)
        }
        None => format!("The bill {due} on {}.", bill.due_on),
    }
}

/// Adds a bill to the payment of its supplier. The bills of a supplier and a currency follow each other.
fn add(payments: &mut Vec<ProposedPayment>, found: Found) {
    let Found { supplier_id, supplier_code, supplier_name, currency, decimals, bill } = found;
    let is_of =
        |payment: &ProposedPayment| payment.supplier_id == supplier_id && payment.currency == currency;
    if !payments.last().is_some_and(is_of) {
        payments.push(ProposedPayment {
            supplier_id,
            supplier_code,
            supplier_name,
            currency,
            amount: Money::ZERO.in_currency(decimals),
            discount: Money::ZERO.in_currency(decimals),
            bills: Vec::new(),
            bills_left: 0,
        });
    }
    let Some(payment) = payments.last_mut() else { return };
    if payment.bills.len() == PARTS_MAX {
        payment.bills_left += 1;
        return;
    }
    let (amount, discount) = (bill.amount.number(), bill.discount.number());
    payment.amount = (payment.amount.number() + amount - discount).in_currency(decimals);
    payment.discount = (payment.discount.number() + discount).in_currency(decimals);
    payment.bills.push(bill);
}
