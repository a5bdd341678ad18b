//! Generated files that are kept in the repository are what the code makes. `UPDATE=1` rewrites them.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::environment;

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// Compares a file with what the code makes of it, or rewrites it.
fn keep(path: &str, made: &str) {
    keep_text(&repository(path), made);
}

/// Compares a file with what a test makes of it, or rewrites it.
pub fn keep_text(file: &Path, made: &str) {
    let path = file.display();
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        std::fs::write(file, made).unwrap_or_else(|error| panic!("writing {path}: {error}"));
        return;
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    let line = differs.unwrap_or(kept.lines().count().min(made.lines().count())) + 1;
    assert!(
        kept == made,
        "{path} is not what the code makes, from line {line} on: run UPDATE=1 cargo test -p tests artefacts and read the diff"
    );
}

#[test]
fn the_description_of_the_api() {
    keep("openapi/openapi.json", &stockwell::routes().text());
}

#[test]
fn the_graphql_schema() {
    keep("graphql/schema.graphql", graphql::sdl());
}

/// The major version of PostgreSQL whose `pg_dump` writes the kept file.
const DUMPED_BY: &str = "15.";

#[test]
fn the_schema_of_the_database() {
    let postgres = &environment().postgres;
    let dump = |arguments: &[&str]| {
        let output =
            Command::new(postgres.program("pg_dump")).args(arguments).output().expect("pg_dump runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("a dump is text")
    };
    if !dump(&["--version"]).contains(&format!(" {DUMPED_BY}")) {
        println!("skipped: the kept file is written by pg_dump {DUMPED_BY}*");
        return;
    }
    let url = environment().database_url().replace("stockwell_app", "postgres");
    let dumped = dump(&["--schema-only", "--dbname", &url]);
    keep("migration/schema.sql", &tidied(&dumped));
}

/// A dump without what changes from run to run: comments, settings of the session, and runs of empty lines.
fn tidied(dump: &str) -> String {
    let mut tidied =
        String::from("-- Written by a test from the migrated database: see tests/it/artefacts.rs.\n");
    let mut was_empty = false;
    for line in dump.lines() {
        let is_noise = line.starts_with("--")
            || line.starts_with('\\')
            || line.starts_with("SET ")
            || line.starts_with("SELECT pg_catalog.set_config");
        let is_empty = line.trim().is_empty();
        if is_noise || (is_empty && was_empty) {
            continue;
        }
        was_empty = is_empty;
        tidied.push_str(line.trim_end());
        tidied.push('\n');
    }
    format!("{}\n", tidied.trim_end())
}
