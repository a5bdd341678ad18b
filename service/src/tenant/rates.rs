//! Rate limits that a tenant has of its own. The operator sets them; the server's configuration has those of all others.

use std::collections::HashMap;

use domain::id::TenantId;
use sea_orm::sqlx::{self, Row};
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::{find, operator};
use crate::command::{self, Written};
use crate::tx::Move;
use crate::{Db, Error, Tx};

/// Limits of a tenant. What is absent is as the server's configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Rates {
    /// The most requests of one key or user in 10 seconds.
    pub burst: Option<u32>,
    /// The most requests of one key or user in a minute.
    pub minute: Option<u32>,
    /// The most requests of the tenant in a minute.
    pub tenant: Option<u32>,
    /// The most points of reports of the tenant in a minute.
    pub reports: Option<u32>,
}

/// Returns the limits of each tenant that has some of its own. Takes over which tenants are moving to another database.
pub async fn all(db: &Db) -> Result<HashMap<TenantId, Rates>, Error> {
    #[derive(Deserialize)]
    struct Own {
        tenant_id: Uuid,
        rates: Rates,
        /// Absent in a schema of the version before.
        #[serde(default, rename = "move")]
        state: Option<Move>,
    }
    let asked_at = Instant::now();
    let row = db.ask(|| sqlx::query("select rates from auth.tenant_rates()")).await?;
    let row = row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?;
    let own: Vec<Own> = serde_json::from_str(row.try_get("rates")?)
        .map_err(|error| Error::invariant(format!("rate limits: {error}")))?;
    let moves = own.iter().filter_map(|own| Some((TenantId(own.tenant_id), own.state?)));
    db.set_moves(moves.collect(), asked_at);
    Ok(own.into_iter().map(|own| (TenantId(own.tenant_id), own.rates)).collect())
}

/// Returns the limits of the tenant with this slug.
pub async fn get(db: &Db, slug: &str) -> Result<Rates, Error> {
    let tenant_id = find(db, slug).await?;
    db.read(tenant_id, read).await
}

/// Sets the limits of the tenant with this slug. Servers follow within 10 seconds.
pub async fn set(db: &Db, slug: &str, rates: Rates) -> Result<(), Error> {
    let tenant_id = find(db, slug).await?;
    let operator = operator(tenant_id);
    let set = async |tx: &Tx| {
        let column = |limit: Option<u32>| limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX));
        let update = sqlx::query(
            "update tenant set rate_burst = $2, rate_minute = $3, rate_tenant = $4, rate_reports = $5 \
             where tenant_id = $1",
        );
        let update = update.bind(tenant_id.0).bind(column(rates.burst)).bind(column(rates.minute));
        tx.execute(update.bind(column(rates.tenant)).bind(column(rates.reports))).await?;
        command::record(tx, &operator, "tenant.rates_set", None, &Written::created(tenant_id.0)).await?;
        Ok(())
    };
    db.write(&operator, set).await
}

async fn read(tx: &Tx) -> Result<Rates, Error> {
    let query = "select rate_burst, rate_minute, rate_tenant, rate_reports from tenant where tenant_id = $1";
    let row = tx.row(sqlx::query(query).bind(tx.tenant_id.0)).await?;
    let row = row.ok_or_else(|| Error::invariant("a tenant has a row"))?;
    let limit = |name: &str| -> Result<Option<u32>, Error> {
        Ok(row.try_get::<Option<i32>, _>(name)?.map(i32::unsigned_abs))
    };
    Ok(Rates {
        burst: limit("rate_burst")?,
        minute: limit("rate_minute")?,
        tenant: limit("rate_tenant")?,
        reports: limit("rate_reports")?,
    })
}
