//! Faults of an upload that is written as a whole or not at all, by row and column.

use std::collections::{BTreeMap, BTreeSet};

use domain::refusal::Code;

use crate::problem::{ApiError, FieldProblem};

/// Most faults that are listed. All are counted.
const LISTED_MAX: usize = 1_000;

/// All that is wrong with an upload.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    listed: Vec<Fault>,
    /// The rows that have faults.
    rows: BTreeSet<usize>,
    total: usize,
}

#[derive(Debug, Clone)]
struct Fault {
    row: usize,
    /// Column in CSV, or field in JSON. Absent: the whole row is wrong.
    column: Option<String>,
    code: String,
    detail: String,
}

impl Faults {
    /// Returns the number of faults so far.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// Adds a cell that is invalid.
    pub(crate) fn invalid(&mut self, row: usize, column: &str, detail: impl Into<String>) {
        self.add(row, Some(column), (Code::ValidationFailed.to_string(), detail.into()));
    }

    /// Adds a fault of a column, with its code and its description.
    pub(crate) fn add(&mut self, row: usize, column: Option<&str>, (code, detail): (String, String)) {
        self.total += 1;
        self.rows.insert(row);
        if self.listed.len() < LISTED_MAX {
            self.listed.push(Fault { row, column: column.map(str::to_owned), code, detail });
        }
    }

    /// Adds a row that can't be read.
    pub(crate) fn add_error(&mut self, row: usize, error: &ApiError) {
        if error.errors().is_empty() {
            self.add(row, None, (error.code().to_string(), error.detail().to_owned()));
        }
        for problem in error.errors() {
            let field = problem.pointer.as_deref().and_then(|pointer| pointer.strip_prefix("#/"));
            self.add(row, field, (problem.code.clone(), problem.detail.clone()));
        }
    }

    /// Rejects an upload of `rows` rows that has faults. Those of JSON items have pointers.
    pub(crate) fn check(mut self, rows: usize, has_items: bool) -> Result<(), ApiError> {
        if self.total == 0 {
            return Ok(());
        }
        self.listed.sort_by_key(|fault| fault.row);
        let (refused, total) = (self.rows.len(), self.total);
        let listed = match self.listed.len() {
            listed if listed < total => format!("the first {listed} of {total} errors are in errors"),
            _ => "each is in errors".to_owned(),
        };
        let detail = format!(
            "Rejected rows: {refused} of {rows}; {listed}. Nothing was written: correct the rows, and send all of them again."
        );
        let problems = self.listed.into_iter().map(|fault| fault.into_problem(has_items)).collect();
        Err(ApiError::new(Code::ValidationFailed, detail)
            .with_errors(problems)
            .with_member("rows", rows.to_string())
            .with_member("refused", refused.to_string())
            .with_member("errors_total", total.to_string()))
    }
}

impl Fault {
    fn into_problem(self, has_items: bool) -> FieldProblem {
        let Fault { row, column, code, detail } = self;
        let pointer = has_items.then(|| match &column {
            Some(column) => format!("#/items/{}/{column}", row - 1),
            None => format!("#/items/{}", row - 1),
        });
        let mut params = BTreeMap::from([("row", row.to_string())]);
        params.extend(column.map(|column| ("column", column)));
        FieldProblem { pointer, code, detail, params, ..FieldProblem::default() }
    }
}
