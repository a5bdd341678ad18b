//! What others build on: the generated files of this repository, and the rules of the database's schema.

mod artefacts;
mod metadata;
