//! A parameter that can't be used.

/// A parameter that can't be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{parameter}: {detail}")]
pub struct Invalid {
    /// Name of the parameter, in snake case.
    pub parameter: &'static str,
    /// What is wrong with it.
    pub detail: String,
    /// Whether it could be read (422), or not even that (400).
    pub readable: bool,
}

impl Invalid {
    /// A parameter that can't be read.
    pub fn form(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: false }
    }

    /// A parameter with a value that is not allowed.
    pub fn value(parameter: &'static str, detail: impl Into<String>) -> Self {
        Invalid { parameter, detail: detail.into(), readable: true }
    }
}
