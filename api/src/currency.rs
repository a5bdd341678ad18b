//! Decimals of the currency of each tenant, with which a response shows its amounts.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::id::TenantId;
use domain::number::{showing, shown_decimals};
use service::Db;
use service::tenant::CurrencyDecimals;

/// Most tenants that are remembered.
const TENANTS_MAX: usize = 100_000;

/// Time for which the decimals of a currency may be out of date, as those of other settings.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// Decimals by tenant. Those of a currency that documents fix are known for good.
#[derive(Debug, Default)]
pub struct Currencies(RwLock<HashMap<TenantId, Known>>);

/// The decimals of a tenant's currency.
#[derive(Debug, Clone, Copy)]
struct Known {
    decimals: u32,
    /// The end of this knowledge. None if the currency can't change.
    until: Option<Instant>,
}

impl Currencies {
    /// Returns the decimals of a tenant's currency. If they can't be read, the request that needs them fails as well.
    pub async fn decimals(&self, db: &Db, tenant_id: TenantId) -> u32 {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&tenant_id).copied();
        if let Some(Known { decimals, until }) = known
            && until.is_none_or(|until| Instant::now() < until)
        {
            return decimals;
        }
        match db.read(tenant_id, async |tx| service::tenant::currency_decimals(tx).await).await {
            Ok(CurrencyDecimals { decimals, is_fixed }) => {
                let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
                if known.len() >= TENANTS_MAX {
                    known.clear();
                }
                let until = (!is_fixed).then(|| Instant::now() + KEPT_FOR);
                known.insert(tenant_id, Known { decimals, until });
                decimals
            }
            Err(error) => {
                tracing::warn!(%error, "the decimals of a currency were not read");
                shown_decimals()
            }
        }
    }

    /// Forgets the decimals of a tenant, because its settings changed.
    pub fn forget(&self, tenant_id: TenantId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant_id);
    }
}

/// Shows amounts with these decimals while a future runs.
pub async fn showing_while<T>(decimals: u32, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|context| showing(decimals, || work.as_mut().poll(context))).await
}
