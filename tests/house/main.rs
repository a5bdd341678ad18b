//! The rules of the house that no compiler knows. They read the repository's files and need nothing that is built.

mod tidy;
mod words;
