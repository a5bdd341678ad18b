//! Whether a record belongs to a customer, for callers who are one.

use domain::id::{CustomerId, HoldId, InvoiceId, OrderId};
use sea_orm::sqlx;

use crate::{Error, Tx};

/// Whether the order is one of the customer.
pub async fn has_order(tx: &Tx, customer_id: CustomerId, id: OrderId) -> Result<bool, Error> {
    let query = sqlx::query("select from sales_order where tenant_id = $1 and id = $2 and customer_id = $3");
    Ok(tx.row(query.bind(tx.tenant_id.0).bind(id.0).bind(customer_id.0)).await?.is_some())
}

/// Whether the invoice or credit note is one of the customer.
pub async fn has_invoice(tx: &Tx, customer_id: CustomerId, id: InvoiceId) -> Result<bool, Error> {
    let query = sqlx::query("select from invoice where tenant_id = $1 and id = $2 and customer_id = $3");
    Ok(tx.row(query.bind(tx.tenant_id.0).bind(id.0).bind(customer_id.0)).await?.is_some())
}

/// Whether the hold has this name and reserves for the customer.
pub async fn has_hold(tx: &Tx, customer_id: CustomerId, name: &str, id: HoldId) -> Result<bool, Error> {
    let query = sqlx::query(
        "select from hold where tenant_id = $1 and id = $2 and customer_id = $3 and reference = $4",
    );
    let query = query.bind(tx.tenant_id.0).bind(id.0).bind(customer_id.0).bind(name);
    Ok(tx.row(query).await?.is_some())
}
