//! Reconciliation: what other systems say about stock, and the first fix.

mod answer;
mod ingest;
mod setup;
mod walk_through;

pub use tests::example;
