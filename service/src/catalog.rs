//! The catalogue: categories, products with their units and barcodes, groups of variants, what others call a product.

pub mod bundle;
pub mod category;
pub mod codes;
pub mod group;
pub mod lookup;
pub mod product;
pub mod reorder;
pub mod sku_map;
