//! Records as a document prints them: as they were when it was made.
//!
//! A document keeps the version of each record that it read. A change of a record keeps what was printed up to its last
//! version. So a change costs one row, and a line costs four bytes, however long the name is.

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
}
