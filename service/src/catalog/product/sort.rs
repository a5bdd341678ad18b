//! The orders of the list of products.

use crate::page::{Key, named_sort};

named_sort! {
    /// The order of a list of products.
    ProductSort by "p.name_key" {
        /// By SKU, without regard to case.
        Sku as "sku",
        /// By SKU, in reverse.
        SkuDescending as "-sku",
        of Key::Text("p.sku_key");
        /// The lowest list price first; products without one last.
        ListPrice as "list_price",
        /// Products without a list price first; then the highest.
        ListPriceDescending as "-list_price",
        of Key::Text("p.price_key");
    }
}
