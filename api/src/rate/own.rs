//! Limits of the tenants that have some of their own, as the operator sets them.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use service::Db;
use service::tenant::rates;
use tokio::task::JoinHandle;

use super::Rates;

/// Time after which the limits are read again.
const READ_EVERY: Duration = Duration::from_secs(10);
/// Time after which they are read again if that failed: the tenants that are moving are read with them.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Reads the limits until it is dropped.
#[derive(Debug)]
pub struct Own(JoinHandle<()>);

impl Own {
    /// Reads the limits from `db`. If that fails, those that were read before go on.
    pub fn start(rates: &Rates, db: &Db) -> Self {
        let (inner, db) = (Arc::clone(&rates.0), db.for_server());
        db.follow_moves();
        Own(tokio::spawn(async move {
            loop {
                let pause = match rates::all(&db).await {
                    Ok(own) => {
                        *inner.own.write().unwrap_or_else(PoisonError::into_inner) = own;
                        READ_EVERY
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the tenants' own rate limits were not read");
                        READ_AGAIN
                    }
                };
                tokio::time::sleep(pause).await;
            }
        }))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.abort();
    }
}
