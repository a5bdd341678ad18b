//! Records as a document prints them: as they were when it was made.
//!
//! A document keeps the version of each record that it read. A change of a record keeps what was printed up to its last
//! version. So a change costs one row, and a line costs four bytes, however long the name is.

use std::sync::Arc;

use crate::address::Address;

/// A product, as a line prints it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrintedProduct {
    /// The version of the product's record; none on a line that is older than these versions.
    pub version: Option<i32>,
    /// Its SKU.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// The name of its tax class.
    pub tax_name: String,
}

/// A customer, as a document prints it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PrintedCustomer {
    /// The version of the customer's record; none on a document that is older than these versions.
    pub version: Option<i32>,
    /// Its customer number.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its tax number.
    pub tax_number: Option<String>,
    /// Its address for invoices, the first of several.
    pub bill_to: Option<Arc<Address>>,
}

/// The addresses that an order, its shipments and its invoices print.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses {
    /// The address that is billed.
    pub bill_to: Option<Arc<Address>>,
    /// The address that is shipped to.
    pub ship_to: Option<Arc<Address>>,
}

/// The tenant, as a document prints it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seller {
    /// The version of its settings; none on a document that is older than these versions.
    pub version: Option<i32>,
    /// Its name.
    pub name: String,
    /// Its tax number.
    pub tax_number: Option<String>,
    /// Its address.
    pub address: Option<Address>,
    /// The link to its logo.
    pub logo_url: Option<String>,
}
