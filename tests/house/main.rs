//! Rules of the sources that no compiler checks. They read the repository's files and need no build.

mod tidy;
mod words;
