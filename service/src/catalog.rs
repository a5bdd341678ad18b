//! The catalogue: categories, products with their units and barcodes.

pub mod bundle;
pub mod category;
pub mod lookup;
pub mod product;
