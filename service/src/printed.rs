//! Products and customers as documents print them: columns of the functions in `migration/replaceable/37_printed.sql`.

use std::sync::Arc;

use domain::printed::{PrintedCustomer, PrintedProduct};
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;

use crate::Error;

/// Reads what a line prints of its product.
pub(crate) fn product(row: &PgRow) -> Result<Arc<PrintedProduct>, Error> {
    Ok(Arc::new(PrintedProduct {
        version: row.try_get("product_version")?,
        sku: row.try_get("sku")?,
        name: row.try_get("name")?,
        tax_name: row.try_get("tax_name")?,
    }))
}

/// Reads what a document prints of its customer.
pub(crate) fn customer(row: &PgRow) -> Result<Arc<PrintedCustomer>, Error> {
    Ok(Arc::new(PrintedCustomer {
        version: row.try_get("customer_version")?,
        number: row.try_get("customer_number")?,
        name: row.try_get("customer_name")?,
        tax_number: row.try_get("customer_tax_number")?,
    }))
}

/// Reads what a document prints of its customer, if it has one.
pub(crate) fn optional_customer(row: &PgRow) -> Result<Option<Arc<PrintedCustomer>>, Error> {
    let name: Option<String> = row.try_get("customer_name")?;
    name.map(|_| customer(row)).transpose()
}
