//! Rows that other systems send: snapshots, events and touchpoints, and the lock and the result of every input.
//!
//! Rows are kept as they were sent. The key of a row is a digest of all its fields and the number of its copy. So a file that is
//! sent again, whole or in parts, adds nothing, and the n-th copy of a row in a file is the n-th that is held.

mod content;
mod rows;

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::refusal::Refusal;
use sea_orm::sqlx;
use uuid::Uuid;

use crate::{Error, Tx};

pub use rows::{EventRow, SnapshotRow, TouchpointRow, save_events, save_snapshots, save_touchpoints};

/// Most rows of one statement.
pub const CHUNK_MAX: usize = 10_000;
/// Largest difference between the clock of a system and ours that its offset need not state.
const CLOCK_SKEW_MAX: Duration = Duration::minutes(5);

/// The result of a request, or of a part of it.
#[derive(Debug, Default)]
pub struct Taken {
    /// Rows that added or changed something.
    pub accepted: usize,
    /// Rows that were there already.
    pub repeated: usize,
    /// Rejected rows, by their place among the rows.
    pub rejected: Vec<(usize, Refusal)>,
}

impl Taken {
    pub(super) fn reject(&mut self, index: usize, refusal: Refusal) {
        self.rejected.push((index, refusal));
    }

    /// Notes rows, so many of which changed something. The others were there already.
    pub(super) fn note(&mut self, changed: u64, rows: usize) {
        let changed = usize::try_from(changed).unwrap_or(rows).min(rows);
        self.accepted += changed;
        self.repeated += rows - changed;
    }

    fn of(changed: u64, rows: usize) -> Self {
        let mut taken = Taken::default();
        taken.note(changed, rows);
        taken
    }
}

/// The copies of each row of a request, so far.
#[derive(Debug, Default)]
pub struct Copies(HashMap<Uuid, i32>);

impl Copies {
    /// Returns the number of the next copy of a row: 1 for the first.
    fn next(&mut self, content: Uuid) -> i32 {
        let copy = self.0.entry(content).or_default();
        *copy += 1;
        *copy
    }
}

/// Locks the inputs of the tenant, so that one request at a time writes them.
pub async fn lock(tx: &Tx) -> Result<(), Error> {
    tx.execute(sqlx::query("select set_config('lock_timeout', '10s', true)")).await?;
    let make = "insert into reconcile_input (tenant_id) values ($1) on conflict do nothing";
    tx.execute(sqlx::query(make).bind(tx.tenant_id.0)).await?;
    let lock = "select from reconcile_input where tenant_id = $1 for update";
    tx.row(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    Ok(())
}

/// Notes that the inputs of the tenant changed, so that the worker makes a run. Each change has an instant of its own, later than that
/// of the change before, also if its transaction began earlier.
pub async fn note_change(tx: &Tx) -> Result<(), Error> {
    let note = "insert into reconcile_input as i (tenant_id, changed_at) values ($1, $2) \
                on conflict (tenant_id) do update \
                set changed_at = greatest(excluded.changed_at, i.changed_at + interval '1 microsecond')";
    tx.execute(sqlx::query(note).bind(tx.tenant_id.0).bind(tx.now)).await?;
    Ok(())
}

/// Returns the latest instant that a system can have seen, by its clock, which differs from true time by its offset.
pub fn latest_instant(tx: &Tx, clock_offset_seconds: i32) -> DateTime<Utc> {
    tx.now + CLOCK_SKEW_MAX + Duration::seconds(i64::from(clock_offset_seconds))
}
