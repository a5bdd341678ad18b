//! Payments, reversals and payouts, for reading.

use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, PaymentId, SessionId};
use domain::number::{ExchangeRate, Money, MoneyInCurrency};
use domain::open_item::Used;
use domain::payment::{Allocation, ForeignPayment, Payment, PaymentKind, PaymentMethod};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice, number, optional_number, word};
use crate::posting::exchange;
use crate::{Error, Tx, application};

/// A payment, reversal or payout in a list, without the invoices that it pays.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentSummary {
    /// Id of the payment.
    pub id: PaymentId,
    /// Always `payment`.
    pub object: tag::Payment,
    /// Number of the payment.
    #[schema(max_length = 64, example = "PAY-2026-000123")]
    pub number: String,
    /// Payment, reversal or payout.
    pub kind: PaymentKind,
    /// Customer that paid.
    pub customer_id: CustomerId,
    /// Method of payment.
    pub method: PaymentMethod,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amount of the payment. Negative if the money went to the customer or back to the payer.
    pub amount: Money,
    /// Part of the amount that is not applied to an invoice.
    pub unapplied: Money,
    /// Amounts in the currency of the payment. Left out if that is the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign: Option<ForeignPaymentSummary>,
    /// For a reversal: the payment or payout that it takes back.
    pub original_id: Option<PaymentId>,
    /// The reversal that took it back.
    pub reversed_by_id: Option<PaymentId>,
    /// Reference of the bank or payment processor.
    #[schema(max_length = 100, example = "transfer 20261122-77")]
    pub reference: Option<String>,
    /// When the payment was received.
    pub occurred_at: DateTime<Utc>,
    /// When the payment was recorded.
    pub created_at: DateTime<Utc>,
}

/// The amounts of a payment in another currency than the tenant's.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ForeignPaymentSummary {
    /// ISO 4217 code.
    #[schema(max_length = 3, example = "USD")]
    pub currency: String,
    /// Units of the tenant's currency in one unit of the other.
    pub exchange_rate: ExchangeRate,
    /// Amount of the payment. Negative if the money went to the customer or back to the payer.
    pub amount: MoneyInCurrency,
    /// Part of the amount that is not applied to an invoice.
    pub unapplied: MoneyInCurrency,
}

impl From<ForeignPayment> for ForeignPaymentSummary {
    fn from(foreign: ForeignPayment) -> Self {
        let ForeignPayment { quote, amount, unapplied } = foreign;
        ForeignPaymentSummary {
            amount: quote.shown(amount),
            unapplied: quote.shown(unapplied),
            exchange_rate: quote.rate,
            currency: quote.currency,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<PaymentKind>,
    pub customer_id: Option<CustomerId>,
    pub method: Option<PaymentMethod>,
    /// Whether a part of the payment is not applied to an invoice.
    pub unapplied: Option<bool>,
    pub number: Option<String>,
    pub reference: Option<String>,
    pub occurred: Period,
}

const SELECT: &str = "select p.id, p.number, p.kind, p.customer_id, p.method, t.currency, p.amount, p.unapplied, \
                             p.reference, p.original_id, p.reason, p.session_id, p.occurred_at, p.recorded_at, \
                             p.foreign_currency, p.exchange_rate, p.foreign_amount, p.foreign_unapplied, \
                             (select r.id from payment r where r.tenant_id = p.tenant_id and r.original_id = p.id) \
                                 as reversed_by \
                      from payment p join tenant t on t.tenant_id = p.tenant_id where p.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<PaymentSummary>, Error> {
    let unapplied = match filter.unapplied {
        Some(true) => " and (p.unapplied > 0 or p.foreign_unapplied > 0)",
        Some(false) => " and p.unapplied = 0 and coalesce(p.foreign_unapplied, 0) = 0",
        None => "",
    };
    let rows = Listing::new(tx, SELECT)
        .among("p.kind", filter.kind.as_slice())
        .with("p.customer_id = ", filter.customer_id.map(|id| id.0))
        .among("p.method", filter.method.as_slice())
        .with("p.number = ", filter.number.as_ref())
        .with("p.reference = ", filter.reference.as_ref())
        .sql(unapplied)
        .within("p.occurred_at", filter.occurred)
        .since("p.recorded_at >= ", slice)
        .page(tx, "p.id", slice)
        .await?;
    let summary = |row: &PgRow| -> Result<PaymentSummary, Error> {
        let payment = read_header(row)?;
        Ok(PaymentSummary {
            id: payment.id,
            object: tag::Payment,
            number: payment.number,
            kind: payment.kind,
            customer_id: payment.customer_id,
            method: payment.method,
            currency: row.try_get("currency")?,
            amount: payment.amount,
            unapplied: payment.unapplied,
            foreign: payment.foreign.map(ForeignPaymentSummary::from),
            original_id: payment.original_id,
            reversed_by_id: payment.reversed_by,
            reference: payment.reference,
            occurred_at: payment.occurred_at,
            created_at: payment.recorded_at,
        })
    };
    rows.iter().map(summary).collect()
}

/// Returns one payment with the invoices that it pays, and the currency.
pub async fn get(tx: &Tx, id: PaymentId) -> Result<(Payment, String), Error> {
    let rows = Listing::new(tx, SELECT).with("p.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("payment"))?;
    let mut payment = read_header(row)?;
    let statement = "select invoice_id, sum(amount) as amount, sum(difference) as difference, \
                            sum(foreign_amount) as foreign_amount from ( \
                         select invoice_id, amount, difference, foreign_amount from payment_allocation where tenant_id = $1 and payment_id = $2 \
                         union all \
                         select invoice_id, amount, difference, foreign_amount from application_line \
                         where tenant_id = $1 and payment_id = $2 and invoice_id is not null) line \
                     group by invoice_id having sum(amount) <> 0 or sum(foreign_amount) <> 0 order by invoice_id";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await? {
        let used = Used {
            amount: number(&row, "amount")?,
            difference: number(&row, "difference")?,
            foreign: optional_number(&row, "foreign_amount")?,
        };
        payment.allocations.push(Allocation { invoice_id: InvoiceId(row.try_get("invoice_id")?), used });
    }
    if payment.kind != PaymentKind::Payment {
        payment.changes = application::lines(tx, id.0).await?;
    }
    Ok((payment, row.try_get("currency")?))
}

fn read_header(row: &PgRow) -> Result<Payment, Error> {
    Ok(Payment {
        id: PaymentId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        method: word(row, "method")?,
        session_id: row.try_get::<Option<Uuid>, _>("session_id")?.map(SessionId),
        amount: number(row, "amount")?,
        unapplied: number(row, "unapplied")?,
        foreign: exchange::received(row)?,
        allocations: Vec::new(),
        changes: Vec::new(),
        original_id: row.try_get::<Option<Uuid>, _>("original_id")?.map(PaymentId),
        reversed_by: row.try_get::<Option<Uuid>, _>("reversed_by")?.map(PaymentId),
        reason: row.try_get("reason")?,
        reference: row.try_get("reference")?,
        cash: None,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
    })
}
