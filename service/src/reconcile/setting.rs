//! Settings of the reconciliation: the reference, the window, and the cost of work and of harm.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use domain::number::{Money, Quantity};
use domain::refusal::{Code, Problems};
use domain::tag;
use reconcile::term::{Class, TouchpointKind};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::ingest::note_change;
use super::system::{self, OWN};
use crate::columns::Columns;
use crate::listing::{Listing, number};
use crate::{Error, Tx, input};

/// Days of the window.
const WINDOW_DAYS: i16 = 45;
const WINDOW_DAYS_MIN: i16 = 30;
const WINDOW_DAYS_MAX: i16 = 60;
/// Most minutes of one touchpoint: a week.
pub const MINUTES_MAX: u32 = 7 * 24 * 60;

/// Settings of the reconciliation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileSettings)]
pub struct Settings {
    pub object: tag::ReconcileSettings,
    /// Code of the system that the others are compared with. `stockwell`: your own records.
    #[schema(max_length = 64, example = "erp")]
    pub reference: String,
    /// Days of the window that a run looks at.
    #[schema(minimum = 30, maximum = 60, example = 45)]
    pub window_days: i16,
    /// Cost of an hour of manual work.
    pub wage_per_hour: Money,
    /// ISO 4217 code of the currency of costs.
    #[schema(max_length = 3, example = "EUR")]
    pub currency: String,
    /// Minutes of a touchpoint that states none, by kind. A kind that is not here has its usual minutes.
    #[schema(value_type = BTreeMap<String, Quantity>, example = json!({ "csv_export": "5" }))]
    pub minutes: BTreeMap<TouchpointKind, Quantity>,
    /// Harm that an episode may do, by class.
    #[schema(value_type = BTreeMap<String, Harm>)]
    pub harm: BTreeMap<Class, Harm>,
    /// Version number. Each change adds 1. Zero: no settings were stated.
    #[schema(minimum = 0, example = 1)]
    pub version: i32,
    /// When they last changed. Null: no settings were stated.
    pub updated_at: Option<DateTime<Utc>>,
}

/// Settings of the reconciliation to be stated. A field that is absent gets its usual value.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileSettingsReplace)]
pub struct SettingsInput {
    /// Code of the system that the others are compared with. If absent, `stockwell`: your own records.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "erp")]
    pub reference: Option<String>,
    /// Days of the window that a run looks at. If absent, 45.
    #[serde(default)]
    #[schema(minimum = 30, maximum = 60)]
    pub window_days: Option<i16>,
    /// Cost of an hour of manual work. If absent, zero: manual work costs minutes only.
    #[serde(default)]
    pub wage_per_hour: Option<Money>,
    /// ISO 4217 code of the currency of costs. If absent, the currency of your settings.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3, example = "EUR")]
    pub currency: Option<String>,
    /// Minutes of a touchpoint that states none, by kind: a whole number, or a decimal as a string.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Quantity>)]
    pub minutes: BTreeMap<TouchpointKind, Minutes>,
    /// Harm that an episode may do, by class.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Harm>)]
    pub harm: BTreeMap<Class, Harm>,
}

/// Harm that an episode of a class may do, such as an oversold line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReconcileHarm)]
pub struct Harm {
    /// Probability that an episode does harm, from 0 to 1.
    #[schema(example = "0.05")]
    pub probability: Quantity,
    /// Cost of the harm.
    pub cost: Money,
}

/// Minutes, sent as a whole number or as a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Minutes(pub Quantity);

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = Minutes;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a whole number of minutes, or a decimal as a string such as \"2.5\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Minutes, E> {
                text.parse().map(Minutes).map_err(E::custom)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Minutes, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// Returns the settings, or the usual ones if none were stated.
pub async fn get(tx: &Tx) -> Result<Settings, Error> {
    let select = "select reference, window_days, wage_per_hour, currency, minutes, harm, version, updated_at \
                  from reconcile_setting where tenant_id = ";
    match Listing::new(tx, select).rows(tx).await?.first() {
        Some(row) => read(row),
        None => usual(tx).await,
    }
}

/// Replaces the settings if they are still at version `expected`.
pub async fn replace(tx: &Tx, expected: Option<i32>, input: &SettingsInput) -> Result<Settings, Error> {
    // The lock makes two changes run one after the other, also while no settings are stated.
    let lock = "select pg_advisory_xact_lock(hashtextextended('reconcile_setting ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    let before = get(tx).await?;
    input::check_version(before.version, expected)?;
    check(tx, input).await?;
    let usual = usual(tx).await?;
    let wanted = Settings {
        object: tag::ReconcileSettings,
        reference: input.reference.clone().unwrap_or(usual.reference),
        window_days: input.window_days.unwrap_or(usual.window_days),
        wage_per_hour: input.wage_per_hour.unwrap_or(usual.wage_per_hour),
        currency: input.currency.clone().unwrap_or(usual.currency),
        minutes: input.minutes.iter().map(|(kind, minutes)| (*kind, minutes.0)).collect(),
        harm: input.harm.clone(),
        version: before.version,
        updated_at: before.updated_at,
    };
    if wanted == before && before.version > 0 {
        return Ok(before);
    }
    let upsert = "insert into reconcile_setting as s (tenant_id, reference, window_days, wage_per_hour, currency, minutes, harm, \
                                                      updated_at) \
                  values ($1, $2, $3, $4, $5, $6, $7, $8) \
                  on conflict (tenant_id) do update \
                  set reference = excluded.reference, window_days = excluded.window_days, \
                      wage_per_hour = excluded.wage_per_hour, currency = excluded.currency, minutes = excluded.minutes, \
                      harm = excluded.harm, version = s.version + 1, updated_at = excluded.updated_at";
    Columns::of(upsert)
        .value("tenant_id", tx.tenant_id.0)
        .value("reference", wanted.reference.as_str())
        .value("window_days", wanted.window_days)
        .value("wage_per_hour", wanted.wage_per_hour.get())
        .value("currency", wanted.currency.as_str())
        .value("minutes", json(&wanted.minutes)?)
        .value("harm", json(&wanted.harm)?)
        .value("updated_at", tx.now)
        .execute(tx)
        .await?;
    note_change(tx).await?;
    get(tx).await
}

async fn usual(tx: &Tx) -> Result<Settings, Error> {
    Ok(Settings {
        object: tag::ReconcileSettings,
        reference: OWN.to_owned(),
        window_days: WINDOW_DAYS,
        wage_per_hour: Money::ZERO,
        currency: input::tenant_defaults(tx).await?.currency,
        minutes: BTreeMap::new(),
        harm: BTreeMap::new(),
        version: 0,
        updated_at: None,
    })
}

async fn check(tx: &Tx, input: &SettingsInput) -> Result<(), Error> {
    let mut problems = Problems::default();
    if let Some(reference) = &input.reference
        && reference != OWN
        && system::of_code(tx, reference).await?.is_none()
    {
        let detail = "There is no system with this code. Register it first, or send stockwell.";
        problems.add("/reference", Code::NotFound, detail);
    }
    check_values(&mut problems, input);
    let decimals = match &input.currency {
        None => Some(input::tenant_defaults(tx).await?.decimals),
        Some(currency) => input::decimals_of(currency).ok(),
    };
    // A wage per hour is a rate, which may be finer than the currency.
    for (class, harm) in input.harm.iter().filter(|_| decimals.is_some()) {
        let pointer = format!("/harm/{}/cost", class.word());
        input::check_decimals(&mut problems, &pointer, Some(harm.cost), decimals.unwrap_or_default());
    }
    Ok(problems.check()?)
}

fn check_values(problems: &mut Problems, input: &SettingsInput) {
    if input.window_days.is_some_and(|days| !(WINDOW_DAYS_MIN..=WINDOW_DAYS_MAX).contains(&days)) {
        let detail = format!("Send {WINDOW_DAYS_MIN} to {WINDOW_DAYS_MAX} days.");
        problems.invalid("/window_days", detail);
    }
    input::check_not_negative(problems, "/wage_per_hour", input.wage_per_hour);
    if input.currency.as_deref().is_some_and(|currency| !input::is_currency(currency)) {
        problems.invalid("/currency", "Send an ISO 4217 code such as EUR.");
    }
    let most = Quantity::new(MINUTES_MAX.into());
    for (kind, Minutes(minutes)) in &input.minutes {
        if minutes.is_negative() || *minutes > most {
            let detail = format!("Send 0 to {MINUTES_MAX} minutes.");
            problems.invalid(format!("/minutes/{}", kind.word()), detail);
        }
    }
    for (class, harm) in &input.harm {
        if harm.probability.is_negative() || harm.probability > Quantity::ONE {
            problems.invalid(format!("/harm/{}/probability", class.word()), "Send 0 to 1.");
        }
        input::check_not_negative(problems, &format!("/harm/{}/cost", class.word()), Some(harm.cost));
    }
}

fn json(value: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| Error::invariant(error.to_string()))
}

fn read(row: &PgRow) -> Result<Settings, Error> {
    Ok(Settings {
        object: tag::ReconcileSettings,
        reference: row.try_get("reference")?,
        window_days: row.try_get("window_days")?,
        wage_per_hour: number(row, "wage_per_hour")?,
        currency: row.try_get("currency")?,
        minutes: known(row.try_get("minutes")?),
        harm: known(row.try_get("harm")?),
        version: row.try_get("version")?,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Reads a map that a column stores as JSON. Entries that this version can't read are left out.
fn known<K: DeserializeOwned + Ord, V: DeserializeOwned>(stored: Value) -> BTreeMap<K, V> {
    let Value::Object(entries) = stored else { return BTreeMap::new() };
    let entry = |(key, value): (String, Value)| {
        let key = K::deserialize(Value::String(key)).ok()?;
        Some((key, V::deserialize(value).ok()?))
    };
    entries.into_iter().filter_map(entry).collect()
}
