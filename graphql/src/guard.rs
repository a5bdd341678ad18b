//! Weighs a GraphQL document before anything else looks at it.
//!
//! The library's own limits walk fragments without memory, so a kilobyte of fragments that spread each other twice
//! keeps a thread busy for minutes; and they know nothing of rows. This check reads each selection once, remembers
//! what a fragment costs, and refuses what is too deep, too wide or too dear, before validation starts.
//!
//! One point is one SQL statement or a hundred values of the answer.

mod weight;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{Positioned, Variables};

use weight::Scale;

/// The longest document.
pub const BYTES_MAX: usize = 32 * 1024;
/// The deepest nesting of any brackets.
const NESTING_MAX: usize = 48;
/// The most selections that are written down.
const SELECTIONS_MAX: usize = 1_000;
/// The most selections once every fragment is spread out.
const VISITS_MAX: u64 = 2_000;
/// The most directives, arguments and variables that are written down.
const DETAILS_MAX: usize = 500;
/// The most directives of one selection.
const DIRECTIVES_MAX: usize = 8;
/// The deepest nesting of fields; the schema itself may be asked deeper.
const DEPTH_MAX: u32 = 8;
const DEPTH_OF_SCHEMA_MAX: u32 = 16;
/// The most fields at the root, aliases and fragments included: each report is one SQL statement.
const ROOTS_MAX: u64 = 10;
/// The most points.
pub const POINTS_MAX: u64 = 5_000;
/// Values of the answer that make a point.
const VALUES_PER_POINT: u64 = 100;
/// Points of a field at the root.
const POINTS_PER_ROOT: u64 = 1;

/// What a document costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Points, of which there are [`POINTS_MAX`].
    pub points: u64,
}

/// A document that may be executed.
#[derive(Debug)]
pub struct Checked {
    /// It, parsed.
    pub document: ExecutableDocument,
    /// What it costs.
    pub cost: Cost,
}

/// Why a document is not executed.
#[derive(Debug)]
pub enum Refused {
    /// It is not GraphQL.
    Syntax(async_graphql::ServerError),
    /// It is too long, too deep, too wide or too dear.
    Cost(String),
}

/// Checks a document.
pub fn check(query: &str, variables: &Variables) -> Result<Checked, Refused> {
    if query.len() > BYTES_MAX {
        return Err(too_much(format!("The document has more than {BYTES_MAX} bytes.")));
    }
    // The parser descends into brackets, so they are counted before.
    if nesting(query) > NESTING_MAX {
        return Err(too_much(format!("Brackets are nested more than {NESTING_MAX} deep.")));
    }
    let document = parse_query(query).map_err(|error| Refused::Syntax(error.into()))?;
    count(&document)?;
    let mut points = 0;
    for (_, operation) in document.operations.iter() {
        let weight = Scale::new(&document, &operation.node, variables).weigh()?;
        if weight.roots > ROOTS_MAX {
            return Err(too_much(format!(
                "More than {ROOTS_MAX} fields are asked for at the root, aliases included."
            )));
        }
        if weight.depth > DEPTH_MAX || weight.depth_of_schema > DEPTH_OF_SCHEMA_MAX {
            return Err(too_much(format!("Fields are nested more than {DEPTH_MAX} deep.")));
        }
        if weight.visits > VISITS_MAX {
            return Err(too_much(format!(
                "More than {VISITS_MAX} selections are asked for, fragments spread out."
            )));
        }
        points = points
            .max((weight.roots * POINTS_PER_ROOT).saturating_add(weight.values.div_ceil(VALUES_PER_POINT)));
    }
    if points > POINTS_MAX {
        let detail = format!(
            "The query costs {points} points of at most {POINTS_MAX}: lower limit, or ask for fewer fields."
        );
        return Err(too_much(detail));
    }
    Ok(Checked { document, cost: Cost { points } })
}

fn too_much(detail: impl Into<String>) -> Refused {
    Refused::Cost(detail.into())
}

/// The deepest nesting of brackets outside strings and comments.
fn nesting(query: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = query.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'#' => after(tail, b"\n"),
            b'"' if tail.starts_with(b"\"\"") => after(&tail[2..], b"\"\"\""),
            b'"' => after_string(tail),
            _ => tail,
        };
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What follows the next `end`, one with a backslash before it left aside.
fn after<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    let is_end = |at: usize| text[at..].starts_with(end) && (at == 0 || text[at - 1] != b'\\');
    (0..text.len()).find(|at| is_end(*at)).map_or(&[], |at| &text[at + end.len()..])
}

/// What follows a string of one line.
fn after_string(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let Some((byte, tail)) = rest.split_first() {
        match byte {
            b'"' | b'\n' => return tail,
            b'\\' => rest = tail.get(1..).unwrap_or_default(),
            _ => rest = tail,
        }
    }
    rest
}

/// Counts what is written down, each thing once.
fn count(document: &ExecutableDocument) -> Result<(), Refused> {
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
    fn selections(&mut self, set: &Positioned<SelectionSet>) -> Result<(), Refused> {
        self.selections += set.node.items.len();
        if self.selections > SELECTIONS_MAX {
            return Err(too_much(format!("The document has more than {SELECTIONS_MAX} selections.")));
        }
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => {
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

    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), Refused> {
        self.details += directives.len();
        if directives.len() > DIRECTIVES_MAX {
            return Err(too_much(format!("A selection has more than {DIRECTIVES_MAX} directives.")));
        }
        if self.details > DETAILS_MAX {
            return Err(too_much(format!(
                "The document has more than {DETAILS_MAX} arguments, directives and variables."
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
