//! Secrets that are read and never written.

use secrecy::SecretString;
use serde::Serializer;

/// Writes null in place of a secret or a code. A merge patch that does not name the secret leaves it as it is.
pub(super) fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}
