//! Records as a document prints them: as they were when it was made.
//!
//! A document keeps the version of each record that it read. A change of a record keeps what was printed up to its last
//! version. So a change costs one row, and a line costs four bytes, however long the name is.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::address::Address;
use crate::id::{CustomerId, ProductId};

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

/// Records that were replaced since the earliest time of a batch, as documents printed them until then.
///
/// A till prints a receipt at the time of the sale. A sale that is recorded later keeps the records of that time.
#[derive(Debug, Clone, Default)]
pub struct ReplacedRecords {
    products: HashMap<ProductId, Vec<Replaced<PrintedProduct>>>,
    customers: HashMap<CustomerId, Vec<Replaced<PrintedCustomer>>>,
    sellers: Vec<Replaced<Seller>>,
}

/// The first instant at which a record no longer applied, and the record.
type Replaced<T> = (DateTime<Utc>, Arc<T>);

impl ReplacedRecords {
    /// Adds a product that was printed so until `until`. The versions of a product are added in their order.
    pub fn add_product(&mut self, id: ProductId, until: DateTime<Utc>, product: PrintedProduct) {
        self.products.entry(id).or_default().push((until, Arc::new(product)));
    }

    /// Adds a customer that was printed so until `until`. The versions of a customer are added in their order.
    pub fn add_customer(&mut self, id: CustomerId, until: DateTime<Utc>, customer: PrintedCustomer) {
        self.customers.entry(id).or_default().push((until, Arc::new(customer)));
    }

    /// Adds the tenant as it was printed until `until`. Its versions are added in their order.
    pub fn add_seller(&mut self, until: DateTime<Utc>, seller: Seller) {
        self.sellers.push((until, Arc::new(seller)));
    }

    /// Returns a product as a line of an instant printed it. Nothing if the present record applied then.
    pub fn product(&self, id: ProductId, at: DateTime<Utc>) -> Option<Arc<PrintedProduct>> {
        applied(self.products.get(&id)?, at)
    }

    /// Returns a customer as a document of an instant printed it. Nothing if the present record applied then.
    pub fn customer(&self, id: CustomerId, at: DateTime<Utc>) -> Option<Arc<PrintedCustomer>> {
        applied(self.customers.get(&id)?, at)
    }

    /// Returns the tenant as a document of an instant printed it. Nothing if the present record applied then.
    pub fn seller(&self, at: DateTime<Utc>) -> Option<Arc<Seller>> {
        applied(&self.sellers, at)
    }
}

/// Returns the first version that was replaced after an instant.
fn applied<T>(versions: &[Replaced<T>], at: DateTime<Utc>) -> Option<Arc<T>> {
    versions.iter().find(|(until, _)| *until > at).map(|(_, printed)| Arc::clone(printed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_the_first_version_that_was_replaced_after_it() {
        let second = |number: i64| DateTime::from_timestamp(number, 0).expect("an instant");
        let named = |name: &str| PrintedProduct { name: name.to_owned(), ..PrintedProduct::default() };
        let id = ProductId::default();
        let mut replaced = ReplacedRecords::default();
        replaced.add_product(id, second(10), named("blue"));
        replaced.add_product(id, second(20), named("red"));
        let name = |at: i64| replaced.product(id, second(at)).map(|product| product.name.clone());
        assert_eq!(name(0).as_deref(), Some("blue"));
        assert_eq!(name(9).as_deref(), Some("blue"));
        assert_eq!(name(10).as_deref(), Some("red"), "it was replaced at this instant");
        assert_eq!(name(19).as_deref(), Some("red"));
        assert_eq!(name(20), None, "the present record applies");
        assert_eq!(replaced.seller(second(0)), None);
    }
}
