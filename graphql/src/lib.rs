//! The reports, and GraphQL over them.
//!
//! [`report`] holds one definition of each report; the REST routes serve the same rows. [`execute`] is the only way
//! into the schema: it weighs a document before anything else looks at it, and answers all reports of one request
//! from one snapshot of the database.

pub mod guard;
pub mod query;
pub mod report;
pub mod scalar;
mod snapshot;

pub use query::{Call, Outcome, Problem, execute, sdl};
