//! Reports, and GraphQL over them.
//!
//! [`report`] defines each report once; the REST routes serve the same rows. [`execute`] is the only entry to the
//! schema: it checks the cost of a document first, and reads all reports of one request from one snapshot of the
//! database.

pub mod costs;
pub mod guard;
pub mod query;
pub mod report;
pub mod scalar;
mod snapshot;

pub use query::{Call, Outcome, Problem, execute, sdl};
