//! Tax classes and their rates.

mod several;

use ::entity::{tax_class, tax_rate};
use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{TaxClassId, TaxRateId};
use domain::number::Percent;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use domain::text::{Code64, Name, one_form};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

pub use self::several::TaxInput;
pub(crate) use self::several::stored_taxes;
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx, input};

/// A class of products that are taxed alike.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaxClass {
    /// Id of the tax class.
    pub id: TaxClassId,
    pub object: tag::TaxClass,
    /// Your code for it.
    #[schema(max_length = 64, example = "standard")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Standard rate")]
    pub name: String,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Same as `created_at`, because it never changes.
    pub updated_at: DateTime<Utc>,
}

impl From<tax_class::Model> for TaxClass {
    fn from(row: tax_class::Model) -> Self {
        let tax_class::Model { tenant_id: _, id, code, name, created_at } = row;
        TaxClass { id, object: tag::TaxClass, code, name, version: 1, created_at, updated_at: created_at }
    }
}

/// Rate of a tax class in a zone, for a span of days.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaxRate {
    /// Id of the tax rate.
    pub id: TaxRateId,
    pub object: tag::TaxRate,
    /// Tax class of the products.
    pub tax_class_id: TaxClassId,
    /// ISO 3166-1 alpha-2 code of the country. Null: every country without a rate of its own.
    #[schema(max_length = 2, example = "DE")]
    pub zone: Option<String>,
    /// Percent of the net amount. With several taxes: the sum of those in percent, a tax on a tax included.
    pub rate: Percent,
    /// Taxes that it consists of. Empty: it is one tax.
    #[schema(max_items = 10)]
    pub taxes: Vec<TaxInput>,
    /// First day. Null: no beginning.
    #[schema(example = "2027-01-01")]
    pub valid_from: Option<NaiveDate>,
    /// Last day. Null: until the next rate begins.
    #[schema(example = "2027-12-31")]
    pub valid_until: Option<NaiveDate>,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Same as `created_at`, because it never changes.
    pub updated_at: DateTime<Utc>,
}

impl TryFrom<tax_rate::Model> for TaxRate {
    type Error = Error;

    fn try_from(row: tax_rate::Model) -> Result<Self, Error> {
        Ok(TaxRate {
            id: row.id,
            object: tag::TaxRate,
            tax_class_id: row.tax_class_id,
            zone: Some(row.zone).filter(|zone| !zone.is_empty()),
            rate: row.rate,
            taxes: several::inputs(row.taxes)?,
            valid_from: Some(row.valid_from).filter(|from| *from > always()),
            valid_until: row.valid_until,
            version: 1,
            created_at: row.created_at,
            updated_at: row.created_at,
        })
    }
}

/// Highest rate, in percent.
const RATE_MAX: i64 = 100;

/// The fields of a tax class that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaxClassCreate)]
pub struct TaxClassInput {
    /// Your code for the class, unique among tax classes. A product without a class gets the one with the code
    /// `standard`.
    pub code: Code64,
    /// Name of the class.
    pub name: Name,
}

/// The fields of a tax rate that a caller can set. Send exactly one of `rate` and `taxes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaxRateCreate)]
pub struct TaxRateInput {
    /// Class of products to which the rate applies.
    pub tax_class_id: TaxClassId,
    /// ISO 3166-1 alpha-2 code of the country in which the buyer receives the products. If absent, the rate applies
    /// to every country without its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "DE")]
    pub zone: Option<String>,
    /// Percent of the net amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Percent>,
    /// Several taxes in the order in which they are computed: of a state and a city, an amount per unit, a tax on a tax. Each
    /// has its base and amount on every line and document, and may have an account of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 10)]
    pub taxes: Vec<TaxInput>,
    /// First day, in the tenant's time zone. Without it the rate has no beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-01-01")]
    #[serde(deserialize_with = "domain::day::optional")]
    pub valid_from: Option<NaiveDate>,
    /// Last day, in the tenant's time zone. Without it the rate applies until the next one begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-12-31")]
    #[serde(deserialize_with = "domain::day::optional")]
    pub valid_until: Option<NaiveDate>,
}

pub async fn create_class(tx: &Tx, input: &TaxClassInput) -> Result<TaxClass, Error> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    problems.check()?;
    let row = tax_class::Model {
        tenant_id: tx.tenant_id,
        id: TaxClassId(tx.next_id()),
        code: input.code.to_string(),
        name: input.name.to_string(),
        created_at: tx.now,
    };
    insert_all::<tax_class::Entity, _>(tx, vec![row.clone()]).await.map_err(|error| {
        error.on_constraint("tax_class_code_key", || input::reject_taken("/code", "tax class", &input.code))
    })?;
    Ok(row.into())
}

pub async fn get_class(tx: &Tx, id: TaxClassId) -> Result<TaxClass, Error> {
    let row = tx.select::<tax_class::Entity>().filter(tax_class::Column::Id.eq(id)).one(tx).await?;
    Ok(row.ok_or_else(|| Refusal::not_found("tax class"))?.into())
}

/// Returns one page of tax classes, or the one with a code.
pub async fn list_classes(tx: &Tx, code: Option<&str>, page: &Page) -> Result<Vec<TaxClass>, Error> {
    let mut query = tx.select::<tax_class::Entity>();
    if let Some(code) = code {
        query = query.filter(tax_class::Column::Code.eq(&*one_form(code)));
    }
    let rows = page.of(query, tax_class::Column::Id, tax_class::Column::CreatedAt).all(tx).await?;
    Ok(rows.into_iter().map(TaxClass::from).collect())
}

/// Creates a tax rate. A change of rate is a new row with a later start, which ends the old one.
pub async fn create_rate(tx: &Tx, input: &TaxRateInput) -> Result<TaxRate, Error> {
    let mut problems = Problems::default();
    if let Some(zone) = &input.zone {
        input::check_country(&mut problems, "/zone", zone);
    }
    let rate = check_rate(tx, &mut problems, input).await?;
    let valid_from = input.valid_from.unwrap_or(always());
    if input.valid_until.is_some_and(|until| until < valid_from) {
        problems.invalid("/valid_until", "The last day must not be before the first.");
    }
    let class = tx.select::<tax_class::Entity>().filter(tax_class::Column::Id.eq(input.tax_class_id));
    if class.one(tx).await?.is_none() {
        input::add_unknown(&mut problems, "/tax_class_id", "tax class");
    }
    problems.check()?;
    several::open_accounts(tx, &input.taxes).await?;
    let row = tax_rate::Model {
        tenant_id: tx.tenant_id,
        id: TaxRateId(tx.next_id()),
        tax_class_id: input.tax_class_id,
        zone: input.zone.clone().unwrap_or_default(),
        rate,
        taxes: several::stored(&input.taxes),
        valid_from,
        valid_until: input.valid_until,
        created_at: tx.now,
    };
    insert_all::<tax_rate::Entity, _>(tx, vec![row.clone()]).await.map_err(|error| {
        error.on_constraint("tax_rate_start_key", || match input.valid_from {
            Some(day) => input::reject_taken("/valid_from", "rate of this class and zone", &format!("the start {day}")),
            None => {
                let detail = "Another rate of this class and zone has no first day. Send valid_from, or delete that rate.";
                Problems::one("/valid_from", Code::AlreadyExists, detail)
            }
        })
    })?;
    row.try_into()
}

/// Returns the rate in percent of the net amount. Adds a problem if it is wrong, or if there is not exactly one of a rate
/// and taxes.
async fn check_rate(tx: &Tx, problems: &mut Problems, input: &TaxRateInput) -> Result<Percent, Error> {
    match (input.rate, input.taxes.as_slice()) {
        (Some(rate), []) => {
            if rate.is_negative() || rate > Percent::new(RATE_MAX.into()) {
                problems.invalid("/rate", format!("Expected 0 to {RATE_MAX} percent."));
            }
            Ok(rate)
        }
        (None, [_, ..]) => several::check(tx, problems, &input.taxes).await,
        (Some(_), [_, ..]) | (None, []) => {
            problems.invalid("/rate", "Send exactly one of rate and taxes.");
            Ok(Percent::ZERO)
        }
    }
}

pub async fn get_rate(tx: &Tx, id: TaxRateId) -> Result<TaxRate, Error> {
    let row = tx.select::<tax_rate::Entity>().filter(tax_rate::Column::Id.eq(id)).one(tx).await?;
    row.ok_or_else(|| Refusal::not_found("tax rate"))?.try_into()
}

/// Returns one page of tax rates, or those of a class.
pub async fn list_rates(tx: &Tx, class: Option<TaxClassId>, page: &Page) -> Result<Vec<TaxRate>, Error> {
    let mut query = tx.select::<tax_rate::Entity>();
    if let Some(class) = class {
        query = query.filter(tax_rate::Column::TaxClassId.eq(class));
    }
    let rows = page.of(query, tax_rate::Column::Id, tax_rate::Column::CreatedAt).all(tx).await?;
    rows.into_iter().map(TaxRate::try_from).collect()
}

/// Deletes a tax rate, whose only version is 1. Lines that were sold keep their rate.
pub async fn delete_rate(tx: &Tx, id: TaxRateId, expected: Option<i32>) -> Result<(), Error> {
    get_rate(tx, id).await?;
    input::check_version(1, expected)?;
    let of_tenant = tax_rate::Column::TenantId.eq(tx.tenant_id);
    let deleted = tax_rate::Entity::delete_many().filter(of_tenant).filter(tax_rate::Column::Id.eq(id));
    match deleted.exec(tx).await?.rows_affected {
        0 => Err(Refusal::not_found("tax rate").into()),
        _ => Ok(()),
    }
}

/// Returns the start of a rate that has none.
fn always() -> NaiveDate {
    NaiveDate::from_yo_opt(1, 1).unwrap_or(NaiveDate::MIN)
}
