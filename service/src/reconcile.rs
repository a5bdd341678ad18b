//! Reconciliation: what other systems say about stock, beside the own ledger. `docs/reconciliation.md` has the rules.
//!
//! Inputs are kept as they were told. A run reads them, lets [`domain`] decide, and stores its results.

pub mod ingest;
pub mod item;
pub mod mapping;
pub mod ownership;
pub mod run;
pub mod setting;
pub mod system;
