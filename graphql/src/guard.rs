//! Checks the cost of a GraphQL document before validation.
//!
//! The library's own limits walk fragments without memory: a kilobyte of fragments that spread each other twice keeps
//! a thread busy for minutes. They also know nothing about rows. This check reads each selection once, remembers the
//! cost of each fragment, and rejects a document that is too deep, too wide or too costly.
//!
//! One point is one SQL statement, or a hundred values of the response.

mod weight;

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::parser::{self, parse_query};
use async_graphql::{Positioned, ServerError, Value, Variables};

use weight::Scale;

/// Longest document.
pub const BYTES_MAX: usize = 32 * 1024;
/// Deepest nesting of brackets of any kind.
const NESTING_MAX: usize = 48;
/// Most selections in the text of a document.
const SELECTIONS_MAX: usize = 1_000;
/// Most selections after fragments are expanded.
const VISITS_MAX: u64 = 2_000;
/// Most directives, arguments and variables in the text of a document.
const DETAILS_MAX: usize = 500;
/// Longest alias. Each row of the response repeats it.
const ALIAS_BYTES_MAX: usize = 64;
/// Most directives of one selection.
const DIRECTIVES_MAX: usize = 8;
/// Most values in the variables. Each use of a variable reads all that it has.
const VARIABLE_VALUES_MAX: usize = 2_000;
/// Deepest nesting of fields. Introspection may go deeper.
const DEPTH_MAX: u32 = 8;
const DEPTH_OF_SCHEMA_MAX: u32 = 16;
/// Most fields at the root and of a reconciliation, including aliases and fragments: each of them reads the database.
const ROOTS_MAX: u64 = 10;
/// Most points of a document.
pub const POINTS_MAX: u64 = 5_000;
/// Groups that `exceptions` of a reconciliation returns if the document sets no limit.
pub const EXCEPTIONS_DEFAULT: u16 = 50;
/// Values of the response that cost one point.
const VALUES_PER_POINT: u64 = 100;
/// Points of a statement. Each field at the root is one, and so are each field of a reconciliation, and `tiesTo` and `trade` of
/// the `meta` of a report.
const POINTS_PER_STATEMENT: u64 = 1;

/// The cost of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Points, at most [`POINTS_MAX`].
    pub points: u64,
}

/// A document that may be executed.
#[derive(Debug)]
pub struct CheckedDocument {
    pub document: ExecutableDocument,
    pub cost: Cost,
}

/// The reason why a document is not executed.
#[derive(Debug)]
pub enum Rejection {
    /// The document is not GraphQL.
    Syntax(ServerError),
    /// The document is too long, too deep, too wide or too costly.
    Cost(String),
}

/// Parses a document and checks its cost.
pub fn check(query: &str, variables: &Variables) -> Result<CheckedDocument, Rejection> {
    if query.len() > BYTES_MAX {
        return Err(too_costly(format!("The document has more than {BYTES_MAX} bytes.")));
    }
    let values: usize = variables.values().map(values_of).sum();
    if values > VARIABLE_VALUES_MAX {
        return Err(too_costly(format!("The variables have more than {VARIABLE_VALUES_MAX} values.")));
    }
    // The parser recurses into brackets, so their nesting is checked first.
    match nesting(query) {
        None => return Err(Rejection::Syntax(ServerError::new("A block string has no end.", None))),
        Some(depth) if depth > NESTING_MAX => {
            return Err(too_costly(format!("Brackets are nested more than {NESTING_MAX} deep.")));
        }
        Some(_) => {}
    }
    let document = parse_query(query).map_err(|error| Rejection::Syntax(plain(error)))?;
    check_size(&document)?;
    let mut points = 0;
    for (_, operation) in document.operations.iter() {
        let weight = Scale::new(&document, &operation.node, variables).weigh()?;
        if weight.roots > ROOTS_MAX {
            return Err(too_costly(format!(
                "More than {ROOTS_MAX} fields are asked for at the root and in reconciliation, aliases included."
            )));
        }
        if weight.depth > DEPTH_MAX || weight.depth_of_schema > DEPTH_OF_SCHEMA_MAX {
            return Err(too_costly(format!("Fields are nested more than {DEPTH_MAX} deep.")));
        }
        if weight.visits > VISITS_MAX {
            return Err(too_costly(format!(
                "More than {VISITS_MAX} selections are asked for, fragments spread out."
            )));
        }
        let statements = weight.roots.saturating_add(weight.statements);
        let of_values = weight.values.div_ceil(VALUES_PER_POINT);
        points = points.max(statements.saturating_mul(POINTS_PER_STATEMENT).saturating_add(of_values));
    }
    if points > POINTS_MAX {
        let detail = format!(
            "The query costs {points} points of at most {POINTS_MAX}: lower limit, or ask for fewer fields."
        );
        return Err(too_costly(detail));
    }
    Ok(CheckedDocument { document, cost: Cost { points } })
}

/// Names the place of a fault. The words of the parser draw its line for a terminal.
fn plain(error: parser::Error) -> ServerError {
    let place = if let parser::Error::Syntax { start, .. } = &error { Some(*start) } else { None };
    let mut error = ServerError::from(error);
    if let Some(place) = place {
        error.message =
            format!("The document can't be parsed at line {}, column {}.", place.line, place.column);
    }
    error
}

/// Returns the number of values in a value. The reader of the request has limited its depth.
fn values_of(value: &Value) -> usize {
    match value {
        Value::List(values) => 1 + values.iter().map(values_of).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(values_of).sum::<usize>(),
        Value::Null
        | Value::Number(_)
        | Value::String(_)
        | Value::Boolean(_)
        | Value::Binary(_)
        | Value::Enum(_) => 1,
    }
}

fn too_costly(detail: impl Into<String>) -> Rejection {
    Rejection::Cost(detail.into())
}

/// Returns the deepest nesting of brackets outside strings and comments, or nothing if a block string has no end.
///
/// It reads strings and comments as the parser does, each byte once. At a block string without an end the parser would
/// read on to the end of the text, and again from each quotation mark in it.
fn nesting(query: &str) -> Option<usize> {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = query.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'#' => skip_comment(tail),
            b'"' if tail.starts_with(b"\"\"") => skip_block_string(&tail[2..])?,
            b'"' => skip_string(tail),
            _ => tail,
        };
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    Some(deepest)
}

fn skip_comment(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &text[end..])
}

/// Returns the text after the end of a block string: the next `"""` that does not belong to a `\"""`.
fn skip_block_string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix(b"\"\"\"") {
            return Some(after);
        }
        rest = match rest.strip_prefix(b"\\\"\"\"") {
            Some(after) => after,
            None => rest.get(1..)?,
        };
    }
}

/// Returns the text after a string of one line. The parser stops at a string that has no end, so nothing after it counts.
fn skip_string(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        match byte {
            b'"' => return tail,
            b'\n' | b'\r' => return &[],
            b'\\' => rest = tail.get(1..).unwrap_or_default(),
            _ => rest = tail,
        }
    }
    rest
}

/// Checks the size of the text: every selection, argument and directive counts once.
fn check_size(document: &ExecutableDocument) -> Result<(), Rejection> {
    let mut tally = Tally::default();
    for (_, operation) in document.operations.iter() {
        tally.details += operation.node.variable_definitions.len();
        tally.directives(&operation.node.directives)?;
        tally.selections(&operation.node.selection_set)?;
    }
    for fragment in document.fragments.values() {
        tally.directives(&fragment.node.directives)?;
        tally.selections(&fragment.node.selection_set)?;
    }
    Ok(())
}

#[derive(Default)]
struct Tally {
    selections: usize,
    details: usize,
}

impl Tally {
    fn selections(&mut self, set: &Positioned<SelectionSet>) -> Result<(), Rejection> {
        self.selections += set.node.items.len();
        if self.selections > SELECTIONS_MAX {
            return Err(too_costly(format!("The document has more than {SELECTIONS_MAX} selections.")));
        }
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => {
                    let alias = field.node.alias.as_ref();
                    if alias.is_some_and(|alias| alias.node.len() > ALIAS_BYTES_MAX) {
                        return Err(too_costly(format!(
                            "An alias has more than {ALIAS_BYTES_MAX} characters."
                        )));
                    }
                    self.details += field.node.arguments.len();
                    self.directives(&field.node.directives)?;
                    self.selections(&field.node.selection_set)?;
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.node.directives)?,
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives)?;
                    self.selections(&inline.node.selection_set)?;
                }
            }
        }
        Ok(())
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Rejection> {
        self.details += directives.len();
        if directives.len() > DIRECTIVES_MAX {
            return Err(too_costly(format!("A selection has more than {DIRECTIVES_MAX} directives.")));
        }
        if self.details > DETAILS_MAX {
            return Err(too_costly(format!(
                "The document has more than {DETAILS_MAX} arguments, directives and variables."
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
