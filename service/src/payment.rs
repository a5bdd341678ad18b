//! Payments, for reading.

use chrono::{DateTime, Utc};
use domain::id::{CustomerId, InvoiceId, PaymentId};
use domain::number::Money;
use domain::payment::{Allocation, Payment, PaymentMethod};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::listing::{Listing, Period, Slice, number, word};
use crate::{Error, Tx};

/// A payment in a list, without the invoices that it pays.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PaymentSummary {
    /// Id of the payment.
    pub id: PaymentId,
    /// Always `payment`.
    pub object: tag::Payment,
    /// Number of the payment.
    #[schema(max_length = 64, example = "PAY-2026-000123")]
    pub number: String,
    /// Customer that paid.
    pub customer_id: CustomerId,
    /// Method of payment.
    pub method: PaymentMethod,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Amount of the payment.
    pub amount: Money,
    /// Part of the amount that is not applied to an invoice.
    pub unapplied: Money,
    /// Reference of the bank or payment processor.
    #[schema(max_length = 100, example = "transfer 20261122-77")]
    pub reference: Option<String>,
    /// When the payment was received.
    pub occurred_at: DateTime<Utc>,
    /// When the payment was recorded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub customer_id: Option<CustomerId>,
    pub method: Option<PaymentMethod>,
    /// Whether a part of the payment is not applied to an invoice.
    pub unapplied: Option<bool>,
    pub occurred: Period,
}

const SELECT: &str = "select p.id, p.number, p.customer_id, p.method, t.currency, p.amount, p.unapplied, p.reference, \
                             p.occurred_at, p.recorded_at \
                      from payment p join tenant t on t.tenant_id = p.tenant_id where p.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<PaymentSummary>, Error> {
    let unapplied = match filter.unapplied {
        Some(true) => " and p.unapplied > 0",
        Some(false) => " and p.unapplied = 0",
        None => "",
    };
    let rows = Listing::new(tx, SELECT)
        .with("p.customer_id = ", filter.customer_id.map(|id| id.0))
        .among("p.method", filter.method.as_slice())
        .sql(unapplied)
        .within("p.occurred_at", filter.occurred)
        .page(tx, "p.id", slice)
        .await?;
    let summary = |row: &PgRow| -> Result<PaymentSummary, Error> {
        let Payment { id, number, customer_id, method, amount, unapplied, reference, occurred_at, .. } =
            read_header(row)?;
        Ok(PaymentSummary {
            id,
            object: tag::Payment,
            number,
            customer_id,
            method,
            currency: row.try_get("currency")?,
            amount,
            unapplied,
            reference,
            occurred_at,
            created_at: row.try_get("recorded_at")?,
        })
    };
    rows.iter().map(summary).collect()
}

/// Returns one payment with the invoices that it pays, and the currency.
pub async fn get(tx: &Tx, id: PaymentId) -> Result<(Payment, String), Error> {
    let rows = Listing::new(tx, SELECT).with("p.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("payment"))?;
    let mut payment = read_header(row)?;
    let statement = "select invoice_id, amount from payment_allocation where tenant_id = $1 and payment_id = $2 \
                     order by invoice_id";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await? {
        let amount = number(&row, "amount")?;
        payment.allocations.push(Allocation { invoice_id: InvoiceId(row.try_get("invoice_id")?), amount });
    }
    Ok((payment, row.try_get("currency")?))
}

fn read_header(row: &PgRow) -> Result<Payment, Error> {
    Ok(Payment {
        id: PaymentId(row.try_get("id")?),
        number: row.try_get("number")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        method: word(row, "method")?,
        amount: number(row, "amount")?,
        unapplied: number(row, "unapplied")?,
        allocations: Vec::new(),
        reference: row.try_get("reference")?,
        occurred_at: row.try_get("occurred_at")?,
    })
}
