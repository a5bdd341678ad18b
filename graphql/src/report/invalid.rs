//! A parameter that is not valid.

/// A parameter that is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {detail}")]
pub struct Invalid {
    /// Name of the parameter, in snake case.
    pub parameter: &'static str,
    pub detail: String,
    /// Whether the parameter could be parsed: 422 if so, otherwise 400.
    pub readable: bool,
}

impl Invalid {
    /// Returns the error for a parameter that cannot be parsed.
    pub fn unreadable(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: false }
    }

    /// Returns the error for a value that is not allowed.
    pub fn not_allowed(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: true }
    }
}
