//! Limits of the tenants that have some of their own, as the operator sets them.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use service::Db;
use service::tenant::rates;
use tokio::task::JoinHandle;

use super::Rates;

/// Time after which the limits are read again.
const READ_EVERY: Duration = Duration::from_secs(10);

/// Reads the limits until it is dropped.
#[derive(Debug)]
pub struct Own(JoinHandle<()>);

impl Own {
    /// Reads the limits from `db`. If that fails, those that were read before go on.
    pub fn start(rates: &Rates, db: &Db) -> Self {
        let (inner, db) = (Arc::clone(&rates.0), db.for_server());
        Own(tokio::spawn(async move {
            loop {
                match rates::all(&db).await {
                    Ok(own) => *inner.own.write().unwrap_or_else(PoisonError::into_inner) = own,
                    Err(error) => tracing::warn!(%error, "the tenants' own rate limits were not read"),
                }
                tokio::time::sleep(READ_EVERY).await;
            }
        }))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.abort();
    }
}
