//! The records of a tenant that seldom change, cached for seconds.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::book::{Location, Register, Setup};
use domain::id::{LocationId, PriceListId, RegisterId, TaxClassId, TenantId};
use domain::ledger::AccountKind;
use domain::ledger::mapping::Mapping;
use domain::needs::Needs;
use domain::printed::Seller;
use domain::tax::Rate;
use domain::tenant::{BillTolerance, Channel, Settings};
use moka::future::Cache;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::ledger::mapping;
use crate::listing::{number, optional_number, word};
use crate::rows::parsed;
use crate::{Error, Tx, input, printed, tax};

/// Time for which settings, locations, tills, tax rates and accounts may be out of date in a process that did not
/// change them.
const KEPT_FOR: Duration = Duration::from_secs(5);
/// Most tenants in the cache.
const TENANTS_MAX: u64 = 10_000;

/// The cache of setups.
#[derive(Debug, Clone)]
pub struct Setups(Cache<TenantId, Arc<Setup>>);

impl Default for Setups {
    fn default() -> Self {
        Setups(Cache::builder().time_to_live(KEPT_FOR).max_capacity(TENANTS_MAX).build())
    }
}

impl Setups {
    /// Returns the setup of the transaction's tenant.
    pub(crate) async fn of(&self, tx: &Tx) -> Result<Arc<Setup>, Error> {
        if let Some(setup) = self.0.get(&tx.tenant_id).await {
            return Ok(setup);
        }
        let setup = Arc::new(read(tx).await?);
        self.0.insert(tx.tenant_id, Arc::clone(&setup)).await;
        Ok(setup)
    }

    /// Returns the setup of the transaction's tenant. Reads it again if a command names something that the cached one
    /// lacks.
    pub(super) async fn with(&self, tx: &Tx, needs: &Needs) -> Result<Arc<Setup>, Error> {
        let setup = self.of(tx).await?;
        let mut registers = needs.register_ids.iter().chain(&needs.leasing);
        let mut locations = needs.location_ids.iter().chain(&needs.named_places);
        let is_complete = registers.all(|id| setup.registers.contains_key(id))
            && locations.all(|id| setup.location(Some(*id)).is_some())
            && needs.reasons.iter().all(|reason| setup.reasons.contains_key(reason))
            && needs.accounts.iter().all(|account| setup.accounts.contains(account));
        if is_complete {
            return Ok(setup);
        }
        self.forget(tx.tenant_id).await;
        self.of(tx).await
    }

    /// Removes a tenant's setup from the cache, because it changed or lacks something that a command names.
    pub async fn forget(&self, tenant_id: TenantId) {
        self.0.invalidate(&tenant_id).await;
    }
}

/// Reads a tenant's setup.
pub(crate) async fn read(tx: &Tx) -> Result<Setup, Error> {
    let Chart { accounts, liabilities, kept, has_mapping } = chart(tx).await?;
    let mapping = match has_mapping {
        true => mapping::read(tx, kept).await?,
        false => Mapping::new(&[], HashMap::new(), kept),
    };
    Ok(Setup {
        settings: settings(tx).await?,
        seller: seller(tx).await?,
        locations: locations(tx).await?,
        registers: registers(tx).await?,
        tax_rates: tax_rates(tx).await?,
        tax_names: tax_names(tx).await?,
        channel_lists: channel_lists(tx).await?,
        accounts,
        liabilities,
        reasons: reasons(tx).await?,
        mapping,
    })
}

async fn rows(tx: &Tx, statement: &'static str) -> Result<Vec<PgRow>, Error> {
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0)).await
}

/// The chart of accounts.
#[derive(Default)]
struct Chart {
    /// Codes of all accounts.
    accounts: Vec<String>,
    /// Those of the liabilities.
    liabilities: Vec<String>,
    /// Those that a rule of the mapping keeps or kept.
    kept: HashSet<String>,
    /// Whether the tenant has stated a mapping. Only then another statement reads it.
    has_mapping: bool,
}

/// Reads the chart of accounts.
async fn chart(tx: &Tx) -> Result<Chart, Error> {
    let mut chart = Chart::default();
    let select = "select code, kind, purpose is not null as is_kept, \
                      exists (select from account_mapping m where m.tenant_id = $1) as has_mapping \
                  from account where tenant_id = $1 and dropped_at is null";
    for row in rows(tx, select).await? {
        let code: String = row.try_get("code")?;
        if word::<AccountKind>(&row, "kind")? == AccountKind::Liability {
            chart.liabilities.push(code.clone());
        }
        if row.try_get::<bool, _>("is_kept")? {
            chart.kept.insert(code.clone());
        }
        chart.has_mapping = row.try_get("has_mapping")?;
        chart.accounts.push(code);
    }
    Ok(chart)
}

/// Reads a tenant's settings.
pub async fn settings(tx: &Tx) -> Result<Settings, Error> {
    let row = tx
        .row(
            sqlx::query(
                "select currency, time_zone, country, prices_include_tax, tax_rounding, costing_method, hold_unpaid, \
                        invoice_rounding, bill_quantity_percent, bill_price_percent, bill_amount \
                 from tenant \
                 where tenant_id = $1",
            )
            .bind(tx.tenant_id.0),
        )
        .await?
        .ok_or_else(|| Error::invariant("the tenant of the credential does not exist"))?;
    let currency: String = row.try_get("currency")?;
    let exponent = input::decimals_of(&currency)?;
    let zone: String = row.try_get("time_zone")?;
    Ok(Settings {
        exponent,
        time_zone: zone.parse().map_err(|_| Error::invariant(format!("{zone} is no time zone")))?,
        country: row.try_get("country")?,
        prices_include_tax: row.try_get("prices_include_tax")?,
        tax_rounding: word(&row, "tax_rounding")?,
        costing_method: word(&row, "costing_method")?,
        hold_unpaid: row.try_get("hold_unpaid")?,
        invoice_rounding: number(&row, "invoice_rounding")?,
        bill_tolerance: BillTolerance {
            quantity_percent: number(&row, "bill_quantity_percent")?,
            price_percent: number(&row, "bill_price_percent")?,
            amount: number(&row, "bill_amount")?,
        },
        currency,
    })
}

/// Reads the tenant as documents print it.
pub(crate) async fn seller(tx: &Tx) -> Result<Arc<Seller>, Error> {
    let statement = "select version as seller_version, name as seller_name, tax_number as seller_tax_number, \
                            address as seller_address, logo_url as seller_logo_url \
                     from tenant where tenant_id = $1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    printed::seller(&row.ok_or_else(|| Error::invariant("the tenant of the credential does not exist"))?)
}

async fn locations(tx: &Tx) -> Result<Vec<Location>, Error> {
    // The default location is the oldest warehouse.
    let statement = "select id, code, channels, kind from location where tenant_id = $1 \
                     order by kind <> 'warehouse', created_at, id";
    let location = |row: &PgRow| -> Result<Location, Error> {
        let channels: Vec<String> = row.try_get("channels")?;
        Ok(Location {
            id: LocationId(row.try_get("id")?),
            code: row.try_get("code")?,
            channels: channels.into_iter().map(parsed).collect::<Result<_, _>>()?,
            kind: word(row, "kind")?,
        })
    };
    rows(tx, statement).await?.iter().map(location).collect()
}

async fn registers(tx: &Tx) -> Result<HashMap<RegisterId, Register>, Error> {
    let statement =
        "select id, code, location_id, cash_rounding, discount_max from register where tenant_id = $1";
    let register = |row: &PgRow| -> Result<(RegisterId, Register), Error> {
        let register = Register {
            id: RegisterId(row.try_get("id")?),
            code: row.try_get("code")?,
            location_id: LocationId(row.try_get("location_id")?),
            cash_rounding: number(row, "cash_rounding")?,
            discount_max: optional_number(row, "discount_max")?,
        };
        Ok((register.id, register))
    };
    rows(tx, statement).await?.iter().map(register).collect()
}

async fn tax_rates(tx: &Tx) -> Result<Vec<Rate>, Error> {
    let statement =
        "select tax_class_id, zone, rate, taxes, valid_from, valid_until from tax_rate where tenant_id = $1";
    let rate = |row: &PgRow| -> Result<Rate, Error> {
        Ok(Rate {
            tax_class_id: TaxClassId(row.try_get("tax_class_id")?),
            zone: row.try_get("zone")?,
            rate: number(row, "rate")?,
            taxes: tax::stored_taxes(row.try_get("taxes")?)?.into(),
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
        })
    };
    rows(tx, statement).await?.iter().map(rate).collect()
}

async fn tax_names(tx: &Tx) -> Result<HashMap<TaxClassId, String>, Error> {
    let statement = "select id, name from tax_class where tenant_id = $1";
    rows(tx, statement).await?.iter().map(|row| Ok((TaxClassId(row.try_get(0)?), row.try_get(1)?))).collect()
}

async fn channel_lists(tx: &Tx) -> Result<Vec<(Channel, Option<LocationId>, PriceListId)>, Error> {
    let statement = "select channel, location_id, price_list_id from channel_price_list where tenant_id = $1";
    let list = |row: &PgRow| -> Result<_, Error> {
        let location: Uuid = row.try_get("location_id")?;
        let location = (!location.is_nil()).then_some(LocationId(location));
        Ok((word(row, "channel")?, location, PriceListId(row.try_get("price_list_id")?)))
    };
    rows(tx, statement).await?.iter().map(list).collect()
}

async fn reasons(tx: &Tx) -> Result<HashMap<String, String>, Error> {
    let statement = "select code, account_code from reason_code where tenant_id = $1";
    rows(tx, statement).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
