//! Buying: suppliers and the products that they sell.

mod product;
mod supplier;
