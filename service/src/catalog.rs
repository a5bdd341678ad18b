//! The catalogue: categories, products with units and barcodes, product groups, bundles, SKU mappings.

pub mod bundle;
pub mod category;
pub mod codes;
pub mod group;
pub mod lookup;
pub mod product;
pub mod reorder;
pub mod sku_map;
