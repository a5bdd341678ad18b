//! A change of a difference, with its causes.

use std::collections::BTreeMap;

use super::cause::{Cause, Grade};
use super::context::Context;
use super::input::SystemNo;
use super::names::NameNo;
use super::resolve::State;
use super::term::Class;
use super::unit::Key;

/// A change of a difference, with its causes.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub system: SystemNo,
    pub key: Key,
    pub state: State,
    pub at: i64,
    pub theirs: Option<i64>,
    pub ours: Option<i64>,
    pub delta: i64,
    pub increment: i64,
    pub causes: Vec<Cause>,
    pub residual: i64,
}

/// Classifications of all keys.
#[derive(Debug, Default)]
pub(super) struct Classified {
    /// Rows by system, state, key and time.
    pub rows: Vec<Row>,
    /// Causes that cancel each other within one interval.
    pub silent: Vec<(SystemNo, Cause)>,
    /// Old differences: system, key, instant and units at the first snapshot.
    pub old: Vec<(SystemNo, Key, i64, i64)>,
}

/// Frequencies of the classes per system and place, out of 40.
pub(super) type Priors = BTreeMap<(SystemNo, NameNo, Class), u32>;

/// Returns the row of a key that a full snapshot lacks.
pub(super) fn absence(context: &Context, (system, key): (SystemNo, Key), at: i64, ours: i64) -> Row {
    Row {
        system,
        key,
        state: State::Known,
        at,
        theirs: None,
        ours: Some(ours),
        delta: -ours,
        increment: -ours,
        causes: vec![key_cause(context, system, (Class::UnmappedSku, -ours), at)],
        residual: 0,
    }
}

/// Returns a cause that holds for the key as such.
pub(super) fn key_cause(
    context: &Context,
    system: SystemNo,
    (class, quantity): (Class, i64),
    at: i64,
) -> Cause {
    Cause {
        class,
        quantity,
        from: context.reference,
        to: system,
        event_type: None,
        evidence: Vec::new(),
        grade: Grade::Event,
        heals: false,
        occurrence: None,
        at,
        cost: 0,
    }
}
