//! Tenants that are moving to another database, or were moved. Their writes are rejected before a transaction begins.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use domain::id::TenantId;
use serde::Deserialize;

use crate::Error;

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
pub(super) struct Moves(Arc<RwLock<HashMap<TenantId, Move>>>);

impl Moves {
    /// Replaces what is known.
    pub fn set(&self, moves: HashMap<TenantId, Move>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = moves;
    }

    /// Adds what a lookup of a credential found.
    pub fn note(&self, tenant_id: TenantId, state: Move) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(tenant_id, state);
    }

    pub fn of(&self, tenant_id: TenantId) -> Option<Move> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&tenant_id).copied()
    }

    /// Rejects a write of a tenant that is moving, or was moved.
    pub fn check_write(&self, tenant_id: TenantId) -> Result<(), Error> {
        match self.of(tenant_id) {
            None => Ok(()),
            Some(Move::Moving | Move::Moved) => Err(Error::TenantMoving),
        }
    }
}
