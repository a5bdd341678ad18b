//! Tenants that are moving to another database, or were moved. Their writes are rejected before a transaction begins.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::id::TenantId;
use serde::Deserialize;
use tokio::time::Instant;

use crate::Error;

/// Time for which what was read counts. It is shorter than the 15 seconds that a move waits: each transaction that begins later knows of
/// the move.
const COUNTS_FOR: Duration = Duration::from_secs(14);

/// The state of a tenant's move to another database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    /// Its rows are copied: reads go on, writes wait.
    Moving,
    /// It trades in the other database.
    Moved,
}

/// The moves that this process knows of.
#[derive(Debug, Clone, Default)]
pub(super) struct Moves(Arc<RwLock<Known>>);

#[derive(Debug, Default)]
struct Known {
    moves: HashMap<TenantId, Move>,
    reading: Reading,
}

/// When the moves were read.
#[derive(Debug, Clone, Copy, Default)]
enum Reading {
    /// This process does not read them: it is a command or a worker.
    #[default]
    Absent,
    /// They are read for the first time.
    Awaited,
    /// They were asked for at this instant.
    At(Instant),
}

impl Moves {
    /// States that this process reads the moves again and again.
    pub fn follow(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).reading = Reading::Awaited;
    }

    /// Replaces what is known by what was asked for at the instant `asked_at`.
    pub fn set(&self, moves: HashMap<TenantId, Move>, asked_at: Instant) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known { moves, reading: Reading::At(asked_at) };
    }

    /// Adds what a lookup of a credential found.
    pub fn note(&self, tenant_id: TenantId, state: Move) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).moves.insert(tenant_id, state);
    }

    pub fn of(&self, tenant_id: TenantId) -> Option<Move> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).moves.get(&tenant_id).copied()
    }

    /// Whether what was read is too old, so that the database must be asked.
    pub fn is_outdated(&self) -> bool {
        match self.0.read().unwrap_or_else(PoisonError::into_inner).reading {
            Reading::Absent => false,
            Reading::Awaited => true,
            Reading::At(asked_at) => asked_at.elapsed() >= COUNTS_FOR,
        }
    }

    /// Rejects a write of a tenant that is moving, or was moved.
    pub fn check_write(&self, tenant_id: TenantId) -> Result<(), Error> {
        match self.of(tenant_id) {
            None => Ok(()),
            Some(Move::Moving | Move::Moved) => Err(Error::TenantMoving),
        }
    }
}
