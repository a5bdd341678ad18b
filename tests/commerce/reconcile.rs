//! Reconciliation: what other systems say about stock, and the first fix.

mod answer;
pub mod example;
mod ingest;
mod setup;
