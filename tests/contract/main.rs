//! Contracts with others: the generated files of this repository, and the rules of the database's schema.

#![expect(clippy::print_stdout, reason = "what a failed run shows")]

mod artefacts;
mod collection;
mod filled;
mod makers;
mod metadata;
