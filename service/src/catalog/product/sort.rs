//! The orders of the list of products.

use serde::Deserialize;

use crate::page::{Key, Ordering};

/// The order of a list of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub enum ProductSort {
    /// The best match of `q` first.
    #[serde(rename = "relevance")]
    Relevance,
    /// By name, without regard to case.
    #[serde(rename = "name")]
    Name,
    /// By name, in reverse.
    #[serde(rename = "-name")]
    NameDescending,
    /// By SKU, without regard to case.
    #[serde(rename = "sku")]
    Sku,
    /// By SKU, in reverse.
    #[serde(rename = "-sku")]
    SkuDescending,
    /// The lowest list price first; products without one last.
    #[serde(rename = "list_price")]
    ListPrice,
    /// Products without a list price first; then the highest.
    #[serde(rename = "-list_price")]
    ListPriceDescending,
    /// Oldest first.
    #[serde(rename = "created_at")]
    Created,
    /// Newest first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Last changed last: the order for synchronisation.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

impl From<ProductSort> for Ordering {
    fn from(sort: ProductSort) -> Self {
        match sort {
            ProductSort::Relevance => Ordering::ascending(Key::Rank("p.name_key")),
            ProductSort::Name => Ordering::ascending(Key::Text("p.name_key")),
            ProductSort::NameDescending => Ordering::descending(Key::Text("p.name_key")),
            ProductSort::Sku => Ordering::ascending(Key::Text("p.sku_key")),
            ProductSort::SkuDescending => Ordering::descending(Key::Text("p.sku_key")),
            ProductSort::ListPrice => Ordering::ascending(Key::Text("p.price_key")),
            ProductSort::ListPriceDescending => Ordering::descending(Key::Text("p.price_key")),
            ProductSort::Created => Ordering::ascending(Key::Id),
            ProductSort::CreatedDescending => Ordering::descending(Key::Id),
            ProductSort::Updated => Ordering::ascending(Key::Updated),
            ProductSort::UpdatedDescending => Ordering::descending(Key::Updated),
        }
    }
}
