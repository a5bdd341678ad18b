//! Programs of the machine that some tests need.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether a program is installed. A test without it is skipped, and fails where `CI` is set.
///
/// # Panics
///
/// Panics if it is missing where `CI` is set.
#[expect(clippy::print_stdout, reason = "why a test was skipped")]
pub fn has_program(name: &str) -> bool {
    let found = Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
        assert!(!is_ci, "{name} is missing");
        println!("skipped: {name} is missing");
    }
    found
}

/// Returns the path of a file of the repository.
pub fn file_of_repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}
