//! Computes the cost of a selection set. Each fragment is weighed once per kind of parent.

use std::collections::HashMap;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};
use service::reconcile::run::part::EXCEPTIONS_MAX;

use super::{EXCEPTIONS_DEFAULT, Rejection, too_costly};
use crate::report::{Dimension, LIMIT_DEFAULT, LIMIT_MAX};

/// Longest path from an operation through fields and fragments.
const LEVELS_MAX: usize = 64;
/// Assumed number of columns of a report.
const COLUMNS_ESTIMATE: u64 = 30;
/// Assumed number of totals of a report, one for each currency.
const TOTALS_ESTIMATE: u64 = 5;
/// Usual number of accounts at most.
const ACCOUNTS_ESTIMATE: u64 = 200;
/// Usual number of taxes and rates at most.
const TAXES_ESTIMATE: u64 = 20;

/// The parent of a selection set. It decides the cost of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Parent {
    /// The root of an operation.
    Root,
    /// The field `reconciliation` at the root. Each field below it reads the database, as a report does.
    Reconciliation,
    /// A report or a part of a reconciliation, or an object below it.
    Data,
    /// `__schema` or `__type`, or an object below them.
    Schema,
}

/// The cost of a selection set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// Selections after fragments are expanded.
    pub visits: u64,
    /// Fields at the root, and fields of a reconciliation.
    pub roots: u64,
    /// Statements besides that of each of these fields.
    pub statements: u64,
    /// Values of the response outside rows.
    pub values: u64,
    /// Values of one row, if the parent is a report.
    values_of_row: u64,
    /// Nesting of fields outside the schema.
    pub depth: u32,
    /// Nesting of fields below the schema.
    pub depth_of_schema: u32,
}

impl Weight {
    fn add(&mut self, other: Weight) {
        self.visits = self.visits.saturating_add(other.visits).saturating_add(1);
        self.roots = self.roots.saturating_add(other.roots);
        self.statements = self.statements.saturating_add(other.statements);
        self.values = self.values.saturating_add(other.values);
        self.values_of_row = self.values_of_row.saturating_add(other.values_of_row);
        self.depth = self.depth.max(other.depth);
        self.depth_of_schema = self.depth_of_schema.max(other.depth_of_schema);
    }
}

pub struct Scale<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// Weight of each fragment by parent; `None` while it is being weighed.
    fragments: HashMap<(&'a Name, Parent), Option<Weight>>,
    /// Current depth in fields and fragments.
    level: usize,
    /// Selection sets read so far. Tests compare it with the size of the document.
    pub sets_read: usize,
}

impl<'a> Scale<'a> {
    pub fn new(
        document: &'a ExecutableDocument,
        operation: &'a OperationDefinition,
        variables: &'a Variables,
    ) -> Self {
        Scale { document, operation, variables, fragments: HashMap::new(), level: 0, sets_read: 0 }
    }

    pub fn weigh(&mut self) -> Result<Weight, Rejection> {
        self.selections(&self.operation.selection_set, Parent::Root)
    }

    fn selections(&mut self, set: &'a Positioned<SelectionSet>, parent: Parent) -> Result<Weight, Rejection> {
        self.sets_read += 1;
        self.level += 1;
        if self.level > LEVELS_MAX {
            return Err(too_costly(format!("Fields and fragments are nested more than {LEVELS_MAX} deep.")));
        }
        let mut weight = Weight::default();
        for selection in &set.node.items {
            weight.add(match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent)?,
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, parent)?
                }
                Selection::InlineFragment(inline) => self.selections(&inline.node.selection_set, parent)?,
            });
        }
        self.level -= 1;
        Ok(weight)
    }

    fn fragment(&mut self, name: &'a Name, parent: Parent) -> Result<Weight, Rejection> {
        match self.fragments.get(&(name, parent)) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => return Err(too_costly("A fragment contains itself.")),
            None => {}
        }
        // Validation reports an unknown fragment.
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Weight::default()) };
        self.fragments.insert((name, parent), None);
        let weight = self.selections(&fragment.node.selection_set, parent)?;
        self.fragments.insert((name, parent), Some(weight));
        Ok(weight)
    }

    fn field(&mut self, field: &'a Field, parent: Parent) -> Result<Weight, Rejection> {
        let name = field.name.node.as_str();
        let below = match (parent, name) {
            (Parent::Root, "__schema" | "__type") | (Parent::Schema, _) => Parent::Schema,
            (Parent::Root, "reconciliation") => Parent::Reconciliation,
            (Parent::Root | Parent::Reconciliation | Parent::Data, _) => Parent::Data,
        };
        let mut weight = self.selections(&field.selection_set, below)?;
        let values = weight.values.saturating_add(1);
        match parent {
            Parent::Root => {
                let rows = self.rows_estimate(field);
                weight.values = values.saturating_add(rows.saturating_mul(weight.values_of_row));
                weight.values_of_row = 0;
                weight.roots = weight.roots.saturating_add(1);
            }
            Parent::Reconciliation => {
                let groups = if name == "exceptions" { self.exceptions_estimate(field) } else { 1 };
                weight.values = values.saturating_mul(groups);
                weight.roots = 1;
            }
            Parent::Data if name == "rows" => {
                weight.values_of_row = weight.values_of_row.saturating_add(weight.values);
                weight.values = 0;
            }
            Parent::Data => {
                weight.values = values.saturating_mul(times(name, field.selection_set.node.items.is_empty()));
                weight.statements = weight.statements.saturating_add(statements(name));
            }
            Parent::Schema => weight.values = values.saturating_mul(times_in_schema(name)),
        }
        let depth = if below == Parent::Schema { &mut weight.depth_of_schema } else { &mut weight.depth };
        *depth = depth.saturating_add(1);
        Ok(weight)
    }
}

/// Returns the assumed number of values of a field below a report or a part of a reconciliation.
fn times(name: &str, is_leaf: bool) -> u64 {
    match name {
        // The health has a list of weeks, a fix has their number.
        "weeks" if is_leaf => 1,
        "columns" => COLUMNS_ESTIMATE,
        "totals" => TOTALS_ESTIMATE,
        // Fields of a reconciliation.
        "next" => 4,
        "examples" => 3,
        "edges" | "findings" => 20,
        "nodes" | "weeks" | "ownerConflicts" | "settleWith" | "notes" | "willNotFix" => 10,
        _ => 1,
    }
}

/// Returns the number of statements that a field below a report adds to that of the report.
fn statements(name: &str) -> u64 {
    match name {
        "tiesTo" | "trade" => 1,
        _ => 0,
    }
}

/// Returns the number of values of a field of the schema, per object.
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

/// An argument, as far as it is known before execution.
enum Argument {
    Absent,
    Known(Value),
    Unknown,
}

impl Scale<'_> {
    /// Estimates the rows of a report: the usual number for its grouping, at most its limit.
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
            "trialBalance" | "balanceSheet" | "tieOut" => Some(ACCOUNTS_ESTIMATE),
            "profitAndLoss" => match self.argument(field, "groupBy") {
                Argument::Absent => Dimension::Month.groups_estimate(),
                Argument::Known(Value::List(names)) => groups_estimate(&names),
                Argument::Known(name) => groups_estimate(&[name]),
                Argument::Unknown => None,
            }
            .map(|groups| groups.saturating_mul(ACCOUNTS_ESTIMATE)),
            "taxSummary" => match self.argument(field, "groupBy") {
                Argument::Absent => Dimension::Month.groups_estimate(),
                Argument::Known(Value::List(names)) => groups_estimate(&names),
                Argument::Known(name) => groups_estimate(&[name]),
                Argument::Unknown => None,
            }
            .map(|groups| groups.saturating_mul(TAXES_ESTIMATE)),
            "stockValuation" => match self.argument(field, "groupBy") {
                Argument::Known(Value::List(names)) => groups_estimate(&names),
                Argument::Known(name) => groups_estimate(&[name]),
                Argument::Absent | Argument::Unknown => None,
            },
            _ => None,
        };
        groups.map_or(limit, |groups| groups.min(limit))
    }

    /// Estimates the groups of a reconciliation: its limit.
    fn exceptions_estimate(&self, field: &Field) -> u64 {
        match self.argument(field, "limit") {
            Argument::Absent | Argument::Known(Value::Null) => u64::from(EXCEPTIONS_DEFAULT),
            Argument::Known(Value::Number(number)) => number.as_u64().unwrap_or(1).min(EXCEPTIONS_MAX as u64),
            Argument::Known(_) | Argument::Unknown => EXCEPTIONS_MAX as u64,
        }
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
            Value::Null
            | Value::Number(_)
            | Value::Boolean(_)
            | Value::Binary(_)
            | Value::List(_)
            | Value::Object(_) => return None,
        };
        let dimension: Dimension = name.to_lowercase().parse().ok()?;
        Some(groups.saturating_mul(dimension.groups_estimate()?))
    })
}
