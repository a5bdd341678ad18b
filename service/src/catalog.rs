//! The catalogue: categories, products with their units and barcodes.

pub mod category;
pub mod lookup;
pub mod product;
