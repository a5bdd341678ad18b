//! Secrets and codes that are read and never written.

use domain::refusal::Problems;
use secrecy::{ExposeSecret, SecretString};
use serde::Serializer;

use crate::input;

/// Most characters of a code of a second factor.
const CODE_LENGTH_MAX: usize = 64;

/// Checks the length of a code of the caller's second factor.
pub(super) fn check_code_length(problems: &mut Problems, code: Option<&SecretString>) {
    if let Some(code) = code {
        input::check_line(problems, "/code", code.expose_secret(), CODE_LENGTH_MAX);
    }
}

/// Writes null in place of a secret or a code. A merge patch that does not name the secret leaves it as it is.
pub(super) fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}
