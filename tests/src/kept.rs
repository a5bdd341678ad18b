//! Generated files of the repository.

use std::path::Path;

/// Compares a file of the repository with what the code makes. Rewrites it if `UPDATE=1` is set.
///
/// # Panics
///
/// Panics if the file differs, or can't be written.
pub fn keep(path: &str, made: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        std::fs::write(file, made).unwrap_or_else(|error| panic!("writing {path}: {error}"));
        return;
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    let line = differs.unwrap_or(kept.lines().count().min(made.lines().count())) + 1;
    assert!(
        kept == made,
        "{path} is not what the code makes, from line {line} on: run this test with UPDATE=1 and read the diff"
    );
}
