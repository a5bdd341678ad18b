//! Parameters that all CSV has in common.

use domain::locale::Locale;
use domain::refusal::Code;

use crate::problem::ApiError;

/// Returns the locale of the parameter `locale`.
pub fn locale(tag: Option<&str>) -> Result<Option<Locale>, ApiError> {
    let Some(tag) = tag else { return Ok(None) };
    Locale::of(tag.trim()).map(Some).ok_or_else(|| {
        let known = Locale::tags().collect::<Vec<_>>().join(", ");
        let detail =
            format!("There is no form of CSV for this locale. Send one of {known}, or leave it out.");
        ApiError::new(Code::ValidationFailed, detail).at_parameter("locale")
    })
}
