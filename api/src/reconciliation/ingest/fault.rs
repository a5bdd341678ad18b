//! Faults of rows.

use crate::problem::ErrorCode;

/// A wrong value of a row, or a wrong row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::reconciliation) struct Fault {
    /// Column; the whole row if absent.
    pub(in crate::reconciliation) column: Option<String>,
    pub(in crate::reconciliation) code: ErrorCode,
    pub(in crate::reconciliation) detail: String,
    /// Whether the row only lacks its time zone.
    pub(in crate::reconciliation) lacks_zone: bool,
}

impl Fault {
    pub(in crate::reconciliation) fn new(
        column: &str,
        code: impl Into<ErrorCode>,
        detail: impl Into<String>,
    ) -> Self {
        let column = Some(column.to_owned());
        Fault { column, ..Fault::whole(code, detail) }
    }

    pub(in crate::reconciliation) fn whole(code: impl Into<ErrorCode>, detail: impl Into<String>) -> Self {
        Fault { column: None, code: code.into(), detail: detail.into(), lacks_zone: false }
    }
}
