//! Products, customers and the tenant as documents print them: columns of the functions in
//! `migration/replaceable/37_printed.sql`.

use std::sync::Arc;

use domain::address::{self, Address, AddressUse, CustomerAddress};
use domain::printed::{Addresses, PrintedCustomer, PrintedProduct, Seller};
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde_json::{Value, json};

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
        bill_to: AddressUse::Billing.among(&addresses(row)?).cloned().map(Arc::new),
    }))
}

/// Reads the addresses of a customer.
pub(crate) fn addresses(row: &PgRow) -> Result<Vec<CustomerAddress>, Error> {
    Ok(address::of_json(&row.try_get("customer_addresses")?))
}

/// Reads the addresses of an order.
pub(crate) fn of_order(row: &PgRow) -> Result<Addresses, Error> {
    let address = |column: &str| -> Result<Option<Arc<Address>>, Error> {
        let stored: Option<Value> = row.try_get(column)?;
        Ok(stored.and_then(|stored| Address::of_json(&stored)).map(Arc::new))
    };
    Ok(Addresses { bill_to: address("bill_to")?, ship_to: address("ship_to")? })
}

/// Returns an address as a column stores it.
pub(crate) fn to_json(address: Option<&Arc<Address>>) -> Option<Value> {
    address.map(|address| json!(**address))
}

/// Reads what a document prints of the tenant.
pub(crate) fn seller(row: &PgRow) -> Result<Arc<Seller>, Error> {
    let address: Option<Value> = row.try_get("seller_address")?;
    Ok(Arc::new(Seller {
        version: row.try_get("seller_version")?,
        name: row.try_get("seller_name")?,
        tax_number: row.try_get("seller_tax_number")?,
        address: address.and_then(|address| Address::of_json(&address)),
        logo_url: row.try_get("seller_logo_url")?,
    }))
}

/// Reads what a document prints of its customer, if it has one.
pub(crate) fn optional_customer(row: &PgRow) -> Result<Option<Arc<PrintedCustomer>>, Error> {
    let name: Option<String> = row.try_get("customer_name")?;
    name.map(|_| customer(row)).transpose()
}
