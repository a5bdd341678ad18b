//! Weighs a GraphQL document before anything else looks at it.
//!
//! The library's own limits walk fragments without memory, so a kilobyte of fragments that spread each other twice
//! keeps a thread busy for minutes; and they know nothing of rows. This check reads each selection once, remembers
//! what a fragment costs, and refuses what is too deep, too wide or too dear, before validation starts.
//!
//! One point is one SQL statement or a hundred values of the answer.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value, Variables};

use crate::report::{Dimension, LIMIT_DEFAULT, LIMIT_MAX};

/// The longest document.
pub const BYTES_MAX: usize = 32 * 1024;
/// The deepest nesting of any brackets.
const NESTING_MAX: usize = 48;
/// The most selections that are written down.
const SELECTIONS_MAX: usize = 1_000;
/// The most selections once every fragment is spread out.
const VISITS_MAX: u64 = 2_000;
/// The longest way from an operation through fields and fragments.
const LEVELS_MAX: usize = 64;
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
/// Columns of a report, and totals of a report: how many there usually are at most.
const COLUMNS_ESTIMATE: u64 = 30;
const TOTALS_ESTIMATE: u64 = 5;

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
            return Err(too_much(format!("More than {ROOTS_MAX} fields are asked for at the root, aliases included.")));
        }
        if weight.depth > DEPTH_MAX || weight.depth_of_schema > DEPTH_OF_SCHEMA_MAX {
            return Err(too_much(format!("Fields are nested more than {DEPTH_MAX} deep.")));
        }
        if weight.visits > VISITS_MAX {
            return Err(too_much(format!("More than {VISITS_MAX} selections are asked for, fragments spread out.")));
        }
        points = points.max((weight.roots * POINTS_PER_ROOT).saturating_add(weight.values.div_ceil(VALUES_PER_POINT)));
    }
    if points > POINTS_MAX {
        let detail = format!("The query costs {points} points of at most {POINTS_MAX}: lower limit, or ask for fewer fields.");
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
            return Err(too_much(format!("The document has more than {DETAILS_MAX} arguments, directives and variables.")));
        }
        Ok(())
    }
}

/// Where a selection set stands: it decides what its fields cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// At the root of an operation.
    Root,
    /// Below a report.
    Data,
    /// Below `__schema` or `__type`.
    Schema,
}

/// What a selection set weighs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Weight {
    /// Selections, fragments spread out.
    visits: u64,
    /// Fields at the root.
    roots: u64,
    /// Values of the answer, without those of rows.
    values: u64,
    /// Values of one row, where the set stands below a report.
    values_of_row: u64,
    depth: u32,
    depth_of_schema: u32,
}

impl Weight {
    fn add(&mut self, other: Weight) {
        self.visits = self.visits.saturating_add(other.visits).saturating_add(1);
        self.roots = self.roots.saturating_add(other.roots);
        self.values = self.values.saturating_add(other.values);
        self.values_of_row = self.values_of_row.saturating_add(other.values_of_row);
        self.depth = self.depth.max(other.depth);
        self.depth_of_schema = self.depth_of_schema.max(other.depth_of_schema);
    }
}

struct Scale<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// What is known of a fragment in a place; `None` while it is being weighed.
    fragments: HashMap<(&'a Name, Place), Option<Weight>>,
    /// How deep the scale stands in fields and fragments.
    level: usize,
    /// Selection sets that were looked at: what the tests hold against the size of the document.
    looks: usize,
}

impl<'a> Scale<'a> {
    fn new(document: &'a ExecutableDocument, operation: &'a OperationDefinition, variables: &'a Variables) -> Self {
        Scale { document, operation, variables, fragments: HashMap::new(), level: 0, looks: 0 }
    }

    fn weigh(&mut self) -> Result<Weight, Refused> {
        self.selections(&self.operation.selection_set, Place::Root)
    }

    fn selections(&mut self, set: &'a Positioned<SelectionSet>, place: Place) -> Result<Weight, Refused> {
        self.looks += 1;
        self.level += 1;
        if self.level > LEVELS_MAX {
            return Err(too_much(format!("Fields and fragments are nested more than {LEVELS_MAX} deep.")));
        }
        let mut weight = Weight::default();
        for selection in &set.node.items {
            weight.add(match &selection.node {
                Selection::Field(field) => self.field(&field.node, place)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node, place)?,
                Selection::InlineFragment(inline) => self.selections(&inline.node.selection_set, place)?,
            });
        }
        self.level -= 1;
        Ok(weight)
    }

    fn fragment(&mut self, name: &'a Name, place: Place) -> Result<Weight, Refused> {
        match self.fragments.get(&(name, place)) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(too_much("A fragment contains itself.")),
            None => {}
        }
        // An unknown fragment is for the validation to name.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Weight::default()) };
        self.fragments.insert((name, place), None);
        let weight = self.selections(&fragment.node.selection_set, place)?;
        self.fragments.insert((name, place), Some(weight));
        Ok(weight)
    }

    fn field(&mut self, field: &'a Field, place: Place) -> Result<Weight, Refused> {
        let name = field.name.node.as_str();
        let below = match (place, name) {
            (Place::Root, "__schema" | "__type") | (Place::Schema, _) => Place::Schema,
            _ => Place::Data,
        };
        let mut weight = self.selections(&field.selection_set, below)?;
        let values = weight.values.saturating_add(1);
        match place {
            Place::Root => {
                let rows = self.rows_estimate(field);
                weight.values = values.saturating_add(rows.saturating_mul(weight.values_of_row));
                weight.values_of_row = 0;
                weight.roots = 1;
            }
            Place::Data if name == "rows" => {
                weight.values_of_row = weight.values_of_row.saturating_add(weight.values);
                weight.values = 0;
            }
            Place::Data => weight.values = values.saturating_mul(times(name)),
            Place::Schema => weight.values = values.saturating_mul(times_in_schema(name)),
        }
        let depth = if below == Place::Schema { &mut weight.depth_of_schema } else { &mut weight.depth };
        *depth = depth.saturating_add(1);
        Ok(weight)
    }
}

/// How often a field below a report is answered.
fn times(name: &str) -> u64 {
    match name {
        "columns" => COLUMNS_ESTIMATE,
        "totals" => TOTALS_ESTIMATE,
        _ => 1,
    }
}

/// How often a field of the schema is answered, per object that it stands on.
fn times_in_schema(name: &str) -> u64 {
    match name {
        "types" | "possibleTypes" => 40,
        "fields" | "inputFields" => 20,
        "enumValues" => 10,
        "args" => 5,
        "directives" | "interfaces" | "locations" => 5,
        _ => 1,
    }
}

/// An argument as far as it is known before execution.
enum Argument {
    Absent,
    Known(Value),
    Unknown,
}

impl Scale<'_> {
    /// How many rows a report may have: what its grouping usually gives, and never more than its limit.
    fn rows_estimate(&self, field: &Field) -> u64 {
        let limit = match self.argument(field, "limit") {
            Argument::Absent => u64::from(LIMIT_DEFAULT),
            Argument::Known(Value::Number(number)) => number.as_u64().unwrap_or(1).min(u64::from(LIMIT_MAX)),
            Argument::Known(Value::Null) => u64::from(LIMIT_DEFAULT),
            Argument::Known(_) | Argument::Unknown => u64::from(LIMIT_MAX),
        };
        let groups = match field.name.node.as_str() {
            "channelSummary" => Dimension::Channel.groups_estimate(),
            "revenueReport" | "marginReport" => match self.argument(field, "groupBy") {
                Argument::Absent => Dimension::Day.groups_estimate(),
                Argument::Known(Value::List(names)) => groups_estimate(&names),
                Argument::Known(name) => groups_estimate(&[name]),
                Argument::Unknown => None,
            },
            _ => None,
        };
        groups.map_or(limit, |groups| groups.min(limit))
    }

    fn argument(&self, field: &Field, name: &str) -> Argument {
        let Some(value) = field.get_argument(name) else { return Argument::Absent };
        let default = |variable: &Name| {
            let definitions = &self.operation.variable_definitions;
            let definition = definitions.iter().find(|definition| definition.node.name.node == *variable)?;
            definition.node.default_value().cloned()
        };
        let resolved = value.node.clone().into_const_with(|variable| {
            self.variables.get(&variable).cloned().or_else(|| default(&variable)).ok_or(())
        });
        resolved.map_or(Argument::Unknown, Argument::Known)
    }
}

fn groups_estimate(names: &[Value]) -> Option<u64> {
    names.iter().try_fold(1_u64, |groups, name| {
        let name = match name {
            Value::Enum(name) => name.as_str(),
            Value::String(name) => name,
            _ => return None,
        };
        let dimension: Dimension = name.to_lowercase().parse().ok()?;
        Some(groups.saturating_mul(dimension.groups_estimate()?))
    })
}

#[cfg(test)]
mod tests;
