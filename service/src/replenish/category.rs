//! Settings of replenishment for categories. Each field comes from the nearest category that states it, from that of the product up to
//! the root.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::CategoryId;
use domain::number::Quantity;
use domain::refusal::Problems;
use domain::replenish::ServiceLevel;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::setting::{self, MethodName, ReviewDay, SettingInput};
use crate::columns::Columns;
use crate::listing::{optional_number, optional_word};
use crate::{Error, Tx, input};

/// Settings of replenishment to be stated for the products of a category and of those below it. A field that is absent comes from the
/// next category above, then from the location, then from the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplenishmentCategorySettingsReplace)]
pub struct CategorySettingInput {
    /// Category of the settings.
    pub category_id: CategoryId,
    /// Share of order cycles that should pass without a shortage.
    pub service: Option<ServiceLevel>,
    /// Days from one review to the next.
    #[schema(minimum = 1, maximum = 90, example = 7)]
    pub review_days: Option<i16>,
    /// Weekday of the reviews. Weeks of demand end on the day before it.
    pub review_weekday: Option<ReviewDay>,
    /// Way in which the reorder point is set.
    pub method: Option<MethodName>,
    /// Position below which an order is due, in stock units of each product. Only with the method `min_max`, and then required.
    pub min: Option<Quantity>,
    /// Position that an order fills up to, in stock units of each product, not below `min`. Only with the method `min_max`, and then
    /// required.
    pub max: Option<Quantity>,
}

/// Settings of replenishment of a category, as they were stated. A null field comes from the next category above, then from the
/// location, then from the tenant.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentCategorySettings)]
pub struct CategorySetting {
    /// Always `replenishment_category_settings`.
    pub object: tag::ReplenishmentCategorySettings,
    /// Category of the settings.
    pub category_id: CategoryId,
    /// Share of order cycles that should pass without a shortage.
    pub service: Option<ServiceLevel>,
    /// Days from one review to the next.
    #[schema(minimum = 1, maximum = 90, example = 7)]
    pub review_days: Option<i16>,
    /// Weekday of the reviews.
    pub review_weekday: Option<ReviewDay>,
    /// Way in which the reorder point is set.
    pub method: Option<MethodName>,
    /// Position below which an order is due, in stock units of each product.
    pub min: Option<Quantity>,
    /// Position that an order fills up to, in stock units of each product.
    pub max: Option<Quantity>,
    /// When they were stated. Null: they are not stated, or no longer.
    pub updated_at: Option<DateTime<Utc>>,
}

impl CategorySetting {
    fn of(stated: CategorySettingInput, updated_at: Option<DateTime<Utc>>) -> Self {
        let CategorySettingInput { category_id, service, review_days, review_weekday, method, min, max } =
            stated;
        let object = tag::ReplenishmentCategorySettings;
        CategorySetting {
            object,
            category_id,
            service,
            review_days,
            review_weekday,
            method,
            min,
            max,
            updated_at,
        }
    }

    /// Returns the position of the settings in the list.
    pub fn position(&self) -> Uuid {
        self.category_id.0
    }
}

impl CategorySettingInput {
    /// Whether it states nothing.
    fn is_empty(&self) -> bool {
        *self == CategorySettingInput { category_id: self.category_id, ..Self::default() }
    }

    /// Returns them in the form of the settings of products and locations.
    fn settings(&self) -> SettingInput {
        SettingInput {
            service: self.service,
            review_days: self.review_days,
            review_weekday: self.review_weekday,
            method: self.method,
            min: self.min,
            max: self.max,
            ..SettingInput::default()
        }
    }
}

/// The settings of a category, with those of the categories above it where it states nothing.
#[derive(Debug, Default)]
pub(super) struct OfCategory {
    pub settings: SettingInput,
    /// The category that states each field.
    pub stated_by: HashMap<&'static str, CategoryId>,
}

impl OfCategory {
    /// Takes the fields that no nearer category states. Minimum and maximum belong to the method.
    fn add(&mut self, above: &CategorySettingInput) {
        let mut taken = Vec::new();
        let own = &mut self.settings;
        if own.service.is_none() && above.service.is_some() {
            own.service = above.service;
            taken.push("service");
        }
        if own.review_days.is_none() && above.review_days.is_some() {
            own.review_days = above.review_days;
            taken.push("review_days");
        }
        if own.review_weekday.is_none() && above.review_weekday.is_some() {
            own.review_weekday = above.review_weekday;
            taken.push("review_weekday");
        }
        if own.method.is_none() && above.method.is_some() {
            (own.method, own.min, own.max) = (above.method, above.min, above.max);
            taken.push("method");
        }
        self.stated_by.extend(taken.into_iter().map(|name| (name, above.category_id)));
    }
}

/// Returns one page of the settings, by category.
pub async fn list(
    tx: &Tx,
    category: Option<CategoryId>,
    after: Option<Uuid>,
    rows: u64,
) -> Result<Vec<CategorySetting>, Error> {
    let statement = "select category_id, service, review_days, review_weekday, method, min_stock, max_stock, updated_at \
                     from replenish_category \
                     where tenant_id = $1 and ($2::uuid is null or category_id = $2) and ($3::uuid is null or category_id > $3) \
                     order by category_id limit $4";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(category.map(|id| id.0))
        .bind(after)
        .bind(rows.cast_signed());
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(CategorySetting::of(read(row)?, Some(row.try_get("updated_at")?)))).collect()
}

/// Replaces the settings of a category. An input that states nothing removes them.
pub async fn replace(tx: &Tx, input: &CategorySettingInput) -> Result<CategorySetting, Error> {
    let mut problems = Problems::default();
    setting::check_days(&mut problems, &input.settings());
    setting::check_method(&mut problems, &input.settings());
    // The lock makes two changes of one category's settings run one after the other.
    let lock = "select id from category where tenant_id = $1 and id = $2 for no key update";
    if tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(input.category_id.0)).await?.is_none() {
        input::add_unknown(&mut problems, "/category_id", "category");
    }
    problems.check()?;
    let delete = "delete from replenish_category where tenant_id = $1 and category_id = $2";
    tx.execute(sqlx::query(delete).bind(tx.tenant_id.0).bind(input.category_id.0)).await?;
    if !input.is_empty() {
        insert(tx, input).await?;
    }
    Ok(CategorySetting::of(input.clone(), Some(tx.now).filter(|_| !input.is_empty())))
}

async fn insert(tx: &Tx, input: &CategorySettingInput) -> Result<(), Error> {
    let statement = "insert into replenish_category \
                     (tenant_id, category_id, service, review_days, review_weekday, method, min_stock, max_stock, updated_at) \
                     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    Columns::of(statement)
        .value("tenant_id", tx.tenant_id.0)
        .value("category_id", input.category_id.0)
        .value("service", input.service.map(<&str>::from))
        .value("review_days", input.review_days)
        .value("review_weekday", input.review_weekday.map(<&str>::from))
        .value("method", input.method.map(<&str>::from))
        .value("min_stock", input.min.map(Quantity::get))
        .value("max_stock", input.max.map(Quantity::get))
        .value("updated_at", tx.now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Returns what holds for each category of which settings hold, by one statement.
pub(super) async fn all(tx: &Tx) -> Result<HashMap<CategoryId, OfCategory>, Error> {
    let statement = "select c.id as of_category, s.category_id, s.service, s.review_days, s.review_weekday, s.method, \
                            s.min_stock, s.max_stock \
                     from category c \
                     cross join lateral unnest(c.lineage) with ordinality as l (category_id, distance) \
                     join replenish_category s on s.tenant_id = $1 and s.category_id = l.category_id \
                     where c.tenant_id = $1 \
                     order by c.id, l.distance";
    let mut categories: HashMap<CategoryId, OfCategory> = HashMap::new();
    for row in &tx.rows(sqlx::query(statement).bind(tx.tenant_id.0)).await? {
        let category = CategoryId(row.try_get("of_category")?);
        categories.entry(category).or_default().add(&read(row)?);
    }
    Ok(categories)
}

fn read(row: &PgRow) -> Result<CategorySettingInput, Error> {
    Ok(CategorySettingInput {
        category_id: CategoryId(row.try_get("category_id")?),
        service: optional_word(row, "service")?,
        review_days: row.try_get("review_days")?,
        review_weekday: optional_word(row, "review_weekday")?,
        method: optional_word(row, "method")?,
        min: optional_number(row, "min_stock")?,
        max: optional_number(row, "max_stock")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_category_that_states_a_field_counts() {
        let id = |number| CategoryId(Uuid::from_u128(number));
        let units = |number: i64| Some(Quantity::new(number.into()));
        let cups = CategorySettingInput {
            category_id: id(1),
            service: Some(ServiceLevel::P98),
            method: Some(MethodName::Computed),
            ..CategorySettingInput::default()
        };
        let kitchen = CategorySettingInput {
            category_id: id(2),
            service: Some(ServiceLevel::P80),
            review_days: Some(14),
            method: Some(MethodName::MinMax),
            min: units(5),
            max: units(9),
            ..CategorySettingInput::default()
        };
        let mut of = OfCategory::default();
        of.add(&cups);
        of.add(&kitchen);
        assert_eq!((of.settings.service, of.settings.review_days), (Some(ServiceLevel::P98), Some(14)));
        // The maximum of a method that does not count does not count either.
        assert_eq!((of.settings.method, of.settings.max), (Some(MethodName::Computed), None));
        let expected = [("service", id(1)), ("review_days", id(2)), ("method", id(1))];
        assert_eq!(of.stated_by, HashMap::from(expected));
    }
}
