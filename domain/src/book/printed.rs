//! Records as the documents of a batch print them. A document of a till prints them as they were at its time.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Book;
use crate::id::CustomerId;
use crate::printed::{PrintedCustomer, PrintedProduct, Seller};
use crate::product::Product;

impl Book {
    /// Returns what a line prints of a product now.
    pub fn printed(&self, product: &Product) -> Arc<PrintedProduct> {
        let tax_name = self.setup.tax_names.get(&product.tax_class_id).map_or("", String::as_str);
        Arc::new(product.printed(tax_name))
    }

    /// Returns what a line of an instant prints of a product.
    pub(crate) fn printed_at(&self, product: &Product, at: DateTime<Utc>) -> Arc<PrintedProduct> {
        self.replaced.records.product(product.id, at).unwrap_or_else(|| self.printed(product))
    }

    /// Returns what a document of an instant prints of a customer. `now` is what a document of now prints.
    pub(crate) fn customer_at(
        &self,
        id: CustomerId,
        at: DateTime<Utc>,
        now: &Arc<PrintedCustomer>,
    ) -> Arc<PrintedCustomer> {
        self.replaced.records.customer(id, at).unwrap_or_else(|| Arc::clone(now))
    }

    /// Returns what a document of an instant prints of the tenant.
    pub(crate) fn seller_at(&self, at: DateTime<Utc>) -> Arc<Seller> {
        self.replaced.records.seller(at).unwrap_or_else(|| Arc::clone(&self.setup.seller))
    }
}
