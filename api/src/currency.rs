//! Decimals of the currency of each tenant, with which a response shows its amounts.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{PoisonError, RwLock};

use domain::id::TenantId;
use domain::number::{showing, shown_decimals};
use service::Db;

/// Most tenants that are remembered.
const TENANTS_MAX: usize = 100_000;

/// Decimals by tenant. The currency of a tenant never changes.
#[derive(Debug, Default)]
pub struct Currencies(RwLock<HashMap<TenantId, u32>>);

impl Currencies {
    /// Returns the decimals of a tenant's currency. If they can't be read, the request that needs them fails as well.
    pub async fn decimals(&self, db: &Db, tenant_id: TenantId) -> u32 {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&tenant_id).copied();
        if let Some(decimals) = known {
            return decimals;
        }
        match db.read(tenant_id, async |tx| service::tenant::currency_decimals(tx).await).await {
            Ok(decimals) => {
                let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= TENANTS_MAX {
                    known.clear();
                }
                known.insert(tenant_id, decimals);
                decimals
            }
            Err(error) => {
                tracing::warn!(%error, "the decimals of a currency were not read");
                shown_decimals()
            }
        }
    }
}

/// Shows amounts with these decimals while a future runs.
pub async fn showing_while<T>(decimals: u32, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|context| showing(decimals, || work.as_mut().poll(context))).await
}
