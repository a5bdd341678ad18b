//! Exchange rates of other currencies. A rate never changes; a newer one of the same currency and day corrects it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::exchange;
use domain::id::ExchangeRateId;
use domain::number::ExchangeRate as Rate;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Name;
use sea_orm::sqlx::Row;
use sea_orm::sqlx::postgres::PgRow;
use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::listing::{Listing, Slice, number};
use crate::posting::setup;
use crate::{Error, Tx, input};

/// Most rates of an import.
pub const RATES_MAX: usize = 2_000;
/// Days after today up to which a rate may begin.
const AHEAD_DAYS_MAX: u64 = 366;

/// An exchange rate to record.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExchangeRateCreate)]
pub struct ExchangeRateInput {
    /// ISO 4217 code of the other currency.
    #[schema(min_length = 3, max_length = 3, pattern = "^[A-Z]{3}$", example = "USD")]
    pub currency: String,
    /// First day of the rate, from 1970 to a year ahead. It holds until the next day that has a rate.
    #[schema(example = "2026-11-20")]
    #[serde(deserialize_with = "domain::day::required")]
    pub valid_from: NaiveDate,
    /// Units of your currency in one unit of the other, above zero.
    pub rate: Rate,
    /// Source of the rate, such as a central bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Name>,
}

/// Exchange rates to import.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExchangeRatesCreate)]
pub struct ExchangeRatesInput {
    /// Rates, each of another currency or day.
    #[schema(min_items = 1, max_items = 2000)]
    pub rates: Vec<ExchangeRateInput>,
}

/// An exchange rate of another currency. It never changes; the newest one of its currency and day holds.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ExchangeRate {
    /// Id of the rate.
    pub id: ExchangeRateId,
    /// Always `exchange_rate`.
    pub object: tag::ExchangeRate,
    /// ISO 4217 code of the other currency.
    #[schema(max_length = 3, example = "USD")]
    pub currency: String,
    /// First day of the rate.
    #[schema(example = "2026-11-20")]
    pub valid_from: NaiveDate,
    /// Units of your currency in one unit of the other.
    pub rate: Rate,
    /// Source of the rate. Null: none is stated.
    #[schema(max_length = 200, example = "European Central Bank")]
    pub source: Option<String>,
    /// When it was recorded.
    pub created_at: DateTime<Utc>,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, maximum = 1, example = 1)]
    pub version: i32,
}

/// Result of an import of exchange rates.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ExchangeRateImport {
    pub object: tag::ExchangeRateImport,
    /// Number of rates that were recorded.
    #[schema(minimum = 0, maximum = 2000, example = 2)]
    pub added: usize,
    /// Number of rates that held before with the same day and value.
    #[schema(minimum = 0, maximum = 2000, example = 0)]
    pub unchanged: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub currency: Option<String>,
    /// Rates that hold on this day.
    pub on: Option<NaiveDate>,
}

/// Records a rate.
pub async fn create(tx: &Tx, input: &ExchangeRateInput) -> Result<ExchangeRate, Error> {
    let checks = Checks::read(tx).await?;
    let mut problems = Problems::default();
    checks.check(&mut problems, "", input);
    problems.check()?;
    let made = assemble(tx, input);
    insert(tx, std::slice::from_ref(&made)).await?;
    Ok(made)
}

/// Records the rates of a list that do not hold yet. Rejects the list with every wrong rate.
pub async fn import(tx: &Tx, input: &ExchangeRatesInput) -> Result<ExchangeRateImport, Error> {
    let rates = &input.rates;
    if rates.is_empty() || rates.len() > RATES_MAX {
        let detail = format!("Send 1 to {RATES_MAX} rates; send more in several requests.");
        return Err(Refusal::invalid("/rates", detail).into());
    }
    let checks = Checks::read(tx).await?;
    let mut problems = Problems::default();
    let mut seen: HashSet<(&str, NaiveDate)> = HashSet::with_capacity(rates.len());
    for (index, rate) in rates.iter().enumerate() {
        checks.check(&mut problems, &format!("/rates/{index}"), rate);
        if !seen.insert((rate.currency.as_str(), rate.valid_from)) {
            let detail = "An earlier rate of the list has the same currency and day: send one of them.";
            problems.invalid(format!("/rates/{index}/valid_from"), detail);
        }
    }
    problems.check()?;
    let known = stated(tx, rates).await?;
    let is_new = |rate: &&ExchangeRateInput| {
        known.get(&(rate.currency.clone(), rate.valid_from)).is_none_or(|known| *known != rate.rate)
    };
    let made: Vec<ExchangeRate> = rates.iter().filter(is_new).map(|rate| assemble(tx, rate)).collect();
    insert(tx, &made).await?;
    let unchanged = rates.len().saturating_sub(made.len());
    Ok(ExchangeRateImport { object: tag::ExchangeRateImport, added: made.len(), unchanged })
}

/// The facts that rates are checked with.
struct Checks {
    own: String,
    last: NaiveDate,
}

impl Checks {
    /// Reads the currency of the tenant, which does not change until the end of the transaction.
    async fn read(tx: &Tx) -> Result<Self, Error> {
        let own = input::tenant_defaults_of_new(tx).await?.currency;
        let today = setup::settings(tx).await?.day(tx.now);
        Ok(Checks { own, last: today.checked_add_days(Days::new(AHEAD_DAYS_MAX)).unwrap_or(today) })
    }

    fn check(&self, problems: &mut Problems, pointer: &str, input: &ExchangeRateInput) {
        let currency = &input.currency;
        if *currency == self.own {
            let detail = format!("The books are in {currency}, which needs no rate: send another currency.");
            problems.invalid(format!("{pointer}/currency"), detail);
        } else if !input::is_currency(currency) {
            problems.invalid(format!("{pointer}/currency"), input::CURRENCY_EXPECTED);
        }
        if input.valid_from < NaiveDate::default() || input.valid_from > self.last {
            let detail = format!("Expected a day from 1970-01-01 to {}.", self.last);
            problems.invalid(format!("{pointer}/valid_from"), detail);
        }
        if let Err(detail) = exchange::check_rate(input.rate) {
            problems.invalid(format!("{pointer}/rate"), detail);
        }
        if let Some(source) = &input.source {
            source.check(problems, &format!("{pointer}/source"));
        }
    }
}

fn assemble(tx: &Tx, input: &ExchangeRateInput) -> ExchangeRate {
    ExchangeRate {
        id: ExchangeRateId(tx.next_id()),
        object: tag::ExchangeRate,
        currency: input.currency.clone(),
        valid_from: input.valid_from,
        rate: input.rate,
        source: input.source.clone().map(String::from),
        created_at: tx.now,
        version: 1,
    }
}

/// Returns the rates that hold of the currencies and first days of a list.
async fn stated(tx: &Tx, rates: &[ExchangeRateInput]) -> Result<HashMap<(String, NaiveDate), Rate>, Error> {
    let statement = "select distinct on (r.currency, r.valid_from) r.currency, r.valid_from, r.rate \
                     from unnest($2::text[], $3::date[]) as v (currency, valid_from) \
                     join exchange_rate r on r.tenant_id = $1 and r.currency = v.currency and r.valid_from = v.valid_from \
                     order by r.currency, r.valid_from, r.id desc";
    let rows = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("currency", rates, |rate| rate.currency.clone())
        .column("valid_from", rates, |rate| rate.valid_from)
        .rows(tx)
        .await?;
    let mut stated = HashMap::with_capacity(rows.len());
    for row in &rows {
        stated.insert((row.try_get("currency")?, row.try_get("valid_from")?), number(row, "rate")?);
    }
    Ok(stated)
}

async fn insert(tx: &Tx, rates: &[ExchangeRate]) -> Result<(), Error> {
    let statement = "insert into exchange_rate (tenant_id, recorded_at, command_id, id, currency, valid_from, rate, source) \
                     select $1, $2, $3, v.* \
                     from unnest($4::uuid[], $5::text[], $6::date[], $7::numeric[], $8::text[]) as v \
                                (id, currency, valid_from, rate, source)";
    Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(tx.command_id().0)
        .column("id", rates, |rate| rate.id.0)
        .column("currency", rates, |rate| rate.currency.clone())
        .column("valid_from", rates, |rate| rate.valid_from)
        .column("rate", rates, |rate| rate.rate.get())
        .column("source", rates, |rate| rate.source.clone())
        .execute(tx)
        .await
        .map(drop)
}

const SELECT: &str = "select r.id, r.currency, r.valid_from, r.rate, r.source, r.recorded_at \
                      from exchange_rate r where r.tenant_id = ";

/// Returns one page of rates.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<ExchangeRate>, Error> {
    let query = Listing::new(tx, SELECT).with("r.currency = ", filter.currency.as_ref());
    let query = match filter.on {
        Some(on) => query
            .with("r.valid_from <= ", Some(on))
            .sql(" and not exists (select from exchange_rate n where n.tenant_id = ")
            .tenant(tx)
            .sql(" and n.currency = r.currency and (n.valid_from, n.id) > (r.valid_from, r.id)")
            .with("n.valid_from <= ", Some(on))
            .sql(")"),
        None => query,
    };
    query.page(tx, "r.id", slice).await?.iter().map(read).collect()
}

/// Returns a rate.
pub async fn get(tx: &Tx, id: ExchangeRateId) -> Result<ExchangeRate, Error> {
    let rows = Listing::new(tx, SELECT).with("r.id = ", Some(id.0)).rows(tx).await?;
    read(rows.first().ok_or_else(|| Refusal::not_found("exchange rate"))?)
}

fn read(row: &PgRow) -> Result<ExchangeRate, Error> {
    Ok(ExchangeRate {
        id: ExchangeRateId(row.try_get("id")?),
        object: tag::ExchangeRate,
        currency: row.try_get("currency")?,
        valid_from: row.try_get("valid_from")?,
        rate: number(row, "rate")?,
        source: row.try_get("source")?,
        created_at: row.try_get("recorded_at")?,
        version: 1,
    })
}
