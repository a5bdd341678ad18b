//! The result of an input, row by row.

use std::collections::BTreeMap;

use domain::refusal::{Code, Refusal};
use domain::tag;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use super::table::Layout;
use crate::problem::{ApiError, ErrorCode, FieldProblem};

/// Most rejections that are listed. All are counted.
const LISTED_MAX: usize = 1_000;

/// Treatment of the valid rows of an input that has invalid ones.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = IngestMode)]
pub(in crate::reconciliation) enum Mode {
    /// Valid rows are written, invalid rows are listed.
    #[default]
    Partial,
    /// Nothing is written if a row is invalid.
    Atomic,
}

/// Result of rows that were sent in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::reconciliation) struct Ingest {
    /// Always `ingest`.
    pub(in crate::reconciliation) object: tag::Ingest,
    /// Number of rows, without the header.
    #[schema(minimum = 0, maximum = 100000, example = 3)]
    pub(in crate::reconciliation) rows: usize,
    /// Number of rows that added or changed something.
    #[schema(minimum = 0, maximum = 100000, example = 2)]
    pub(in crate::reconciliation) accepted: usize,
    /// Number of rows that were there already.
    #[schema(minimum = 0, maximum = 100000, example = 1)]
    pub(in crate::reconciliation) repeated: usize,
    /// Number of rejected rows, also of those that are not listed.
    #[schema(minimum = 0, maximum = 100000, example = 0)]
    pub(in crate::reconciliation) rejected_total: usize,
    /// The first 1,000 reasons why rows were rejected, by row. A row may have several.
    #[schema(max_items = 1000)]
    pub(in crate::reconciliation) rejected: Vec<Rejected>,
}

/// A reason why a row was rejected.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = IngestRejected)]
pub(in crate::reconciliation) struct Rejected {
    /// Number of the row. In CSV the header is row 1 and empty lines do not count. In JSON the first row is 1.
    #[schema(minimum = 1, maximum = 100001, example = 17)]
    row: usize,
    /// Column in CSV, or field in JSON. Null: the whole row is wrong.
    #[schema(max_length = 500, example = "quantity")]
    column: Option<String>,
    /// Stable code of the problem.
    #[schema(max_length = 64, example = "validation_failed")]
    code: String,
    /// Description of the problem, in one sentence.
    #[schema(max_length = 2000, example = "This is required.")]
    detail: String,
}

/// The result of the rows so far.
#[derive(Debug)]
pub(super) struct Tally {
    report: Ingest,
    mode: Mode,
    layout: Layout,
    /// Rejected rows that lack only their time zone.
    without_zone: usize,
}

impl Tally {
    pub(super) fn new(mode: Mode, layout: Layout) -> Self {
        let report = Ingest {
            object: tag::Ingest,
            rows: 0,
            accepted: 0,
            repeated: 0,
            rejected_total: 0,
            rejected: Vec::new(),
        };
        Tally { report, mode, layout, without_zone: 0 }
    }

    /// Counts rows that were read.
    pub(super) fn count(&mut self, rows: usize) {
        self.report.rows += rows;
    }

    /// Counts rows that were written or were there already.
    pub(super) fn take(&mut self, accepted: usize, repeated: usize) {
        self.report.accepted += accepted;
        self.report.repeated += repeated;
    }

    pub(super) fn is_changed(&self) -> bool {
        self.report.accepted > 0
    }

    /// Counts a row that can't be read.
    pub(super) fn reject(&mut self, row: usize, faults: Vec<Fault>) {
        if faults.iter().all(|fault| fault.lacks_zone) {
            self.without_zone += 1;
        }
        let reasons = faults.into_iter().map(|fault| Rejected {
            row,
            column: fault.column,
            code: fault.code.to_string(),
            detail: fault.detail,
        });
        self.note(reasons);
    }

    /// Counts a row that the use case rejects.
    pub(super) fn refuse(&mut self, row: usize, refusal: Refusal) {
        let reason = |column: Option<String>, code: Code, detail: String| Rejected {
            row,
            column,
            code: code.to_string(),
            detail,
        };
        if refusal.problems.is_empty() {
            return self.note(std::iter::once(reason(None, refusal.code, refusal.detail)));
        }
        self.note(refusal.problems.into_iter().map(|problem| {
            let column = problem.pointer.trim_start_matches('/').to_owned();
            reason(Some(column), problem.code, problem.detail)
        }));
    }

    fn note(&mut self, reasons: impl Iterator<Item = Rejected>) {
        self.report.rejected_total += 1;
        let room = LISTED_MAX.saturating_sub(self.report.rejected.len());
        self.report.rejected.extend(reasons.take(room));
    }

    /// Returns the result. Rejects the request if nothing of it may be written, or if all that it lacks is its time zone.
    pub(super) fn finish(self) -> Result<Ingest, ApiError> {
        let Tally { mut report, mode, layout, without_zone } = self;
        if without_zone > 0 && without_zone == report.rows {
            let detail =
                "The instants have no offset. Name their zone in the query, such as time_zone=Europe/Berlin.";
            return Err(ApiError::new(Code::ValidationFailed, detail).at_parameter("time_zone"));
        }
        report.rejected.sort_by_key(|rejected| rejected.row);
        if report.rejected_total == 0 || mode == Mode::Partial {
            return Ok(report);
        }
        let (rejected, rows) = (report.rejected_total, report.rows);
        let detail = format!(
            "Rejected rows: {rejected} of {rows}; the first {LISTED_MAX} reasons are in errors. Nothing was written: correct the \
             rows, or leave mode=atomic out."
        );
        let problems = report.rejected.into_iter().map(|rejected| rejected.into_field(layout)).collect();
        Err(ApiError::new(ErrorCode::Domain(Code::ValidationFailed), detail)
            .with_errors(problems)
            .with_member("rows", rows.to_string())
            .with_member("rejected_total", rejected.to_string()))
    }
}

impl Rejected {
    fn into_field(self, layout: Layout) -> FieldProblem {
        let mut params = BTreeMap::from([("row", self.row.to_string())]);
        let pointer = layout.pointer(self.row, self.column.as_deref());
        params.extend(self.column.map(|column| ("column", column)));
        FieldProblem { pointer, code: self.code, detail: self.detail, params, ..FieldProblem::default() }
    }
}
