//! The orders of the list of products.

use crate::page::{Key, Page, named_sort};

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
        /// The highest list price first; products without one last.
        ListPriceDescending as "-list_price",
        of Key::Text("p.price_key");
    }
}

/// Key of a product without a list price. It is greater than that of every price.
const NO_PRICE: &str = "~";

/// Place of a product without a list price, in positions of the order that has the highest price first.
const LAST_PLACE: &str = "";

/// Condition of products with a list price.
pub(super) const WITH_PRICE: &str = " and p.price_key < '~'";

/// Condition of products without a list price. It is a range, so that the order needs the index by price.
pub(super) const WITHOUT_PRICE: &str = " and p.price_key >= '~'";

/// Returns the text of a position in the order that has the highest price first.
pub(super) fn place_of_key(price_key: String) -> String {
    if price_key == NO_PRICE { LAST_PLACE.to_owned() } else { price_key }
}

/// Whether a page with the highest price first starts after all products with a price. Its position then has the key of the
/// column again. The version before had products without a price first: after such a position the list begins again, so that
/// no product is missed.
pub(super) fn has_passed_prices(page: &mut Page) -> bool {
    let Some(text) = page.after.as_mut().and_then(|last| last.text.as_mut()) else { return false };
    if text == NO_PRICE {
        page.after = None;
        return false;
    }
    let has_passed = text == LAST_PLACE;
    if has_passed {
        NO_PRICE.clone_into(text);
    }
    has_passed
}
