//! Settings of replenishment for suppliers. They hold for the products of which a supplier is the preferred one, at locations that no other
//! location feeds.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::SupplierId;
use domain::number::Money;
use domain::refusal::Problems;
use domain::replenish::ServiceLevel;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::setting::{self, ReviewDay, SettingInput};
use crate::columns::Columns;
use crate::listing::{optional_number, optional_word};
use crate::{Error, Tx, input};

/// Settings of replenishment to be stated for the products of a supplier. A field that is absent comes from the category of the product,
/// then from the location, then from the tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReplenishmentSupplierSettingsReplace)]
pub struct SupplierSettingInput {
    /// Supplier of the settings.
    pub supplier_id: SupplierId,
    /// Share of order cycles that should pass without a shortage.
    pub service: Option<ServiceLevel>,
    /// Days from one review to the next: the supplier gets at most one order in this time.
    #[schema(minimum = 1, maximum = 90, example = 14)]
    pub review_days: Option<i16>,
    /// Weekday of the reviews. Weeks of demand end on the day before it.
    pub review_weekday: Option<ReviewDay>,
    /// Cost of a line of an order.
    pub order_cost: Option<Money>,
}

/// Settings of replenishment of a supplier, as they were stated. A null field comes from the category of the product, then from the
/// location, then from the tenant.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentSupplierSettings)]
pub struct SupplierSetting {
    /// Always `replenishment_supplier_settings`.
    pub object: tag::ReplenishmentSupplierSettings,
    /// Supplier of the settings.
    pub supplier_id: SupplierId,
    /// Share of order cycles that should pass without a shortage.
    pub service: Option<ServiceLevel>,
    /// Days from one review to the next.
    #[schema(minimum = 1, maximum = 90, example = 14)]
    pub review_days: Option<i16>,
    /// Weekday of the reviews.
    pub review_weekday: Option<ReviewDay>,
    /// Cost of a line of an order.
    pub order_cost: Option<Money>,
    /// When the settings were stated. Null: the supplier has none.
    pub updated_at: Option<DateTime<Utc>>,
}

impl SupplierSetting {
    fn of(stated: SupplierSettingInput, updated_at: Option<DateTime<Utc>>) -> Self {
        let SupplierSettingInput { supplier_id, service, review_days, review_weekday, order_cost } = stated;
        let object = tag::ReplenishmentSupplierSettings;
        SupplierSetting { object, supplier_id, service, review_days, review_weekday, order_cost, updated_at }
    }

    /// Returns the position of the settings in the list.
    pub fn position(&self) -> Uuid {
        self.supplier_id.0
    }
}

impl SupplierSettingInput {
    /// Whether it states nothing.
    fn is_empty(&self) -> bool {
        *self == SupplierSettingInput { supplier_id: self.supplier_id, ..Self::default() }
    }

    /// Returns them in the form of the settings of products and locations.
    fn settings(&self) -> SettingInput {
        SettingInput {
            service: self.service,
            review_days: self.review_days,
            review_weekday: self.review_weekday,
            order_cost: self.order_cost,
            ..SettingInput::default()
        }
    }
}

/// Returns one page of the settings, by supplier.
pub async fn list(
    tx: &Tx,
    supplier: Option<SupplierId>,
    after: Option<Uuid>,
    rows: u64,
) -> Result<Vec<SupplierSetting>, Error> {
    let statement = "select supplier_id, service, review_days, review_weekday, order_cost, updated_at \
                     from replenish_supplier \
                     where tenant_id = $1 and ($2::uuid is null or supplier_id = $2) and ($3::uuid is null or supplier_id > $3) \
                     order by supplier_id limit $4";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(supplier.map(|id| id.0))
        .bind(after)
        .bind(rows.cast_signed());
    let rows = tx.rows(query).await?;
    rows.iter().map(|row| Ok(SupplierSetting::of(read(row)?, Some(row.try_get("updated_at")?)))).collect()
}

/// Replaces the settings of a supplier. An input that states nothing removes them.
pub async fn replace(tx: &Tx, input: &SupplierSettingInput) -> Result<SupplierSetting, Error> {
    let mut problems = Problems::default();
    setting::check_days(&mut problems, &input.settings());
    input::check_not_negative(&mut problems, "/order_cost", input.order_cost);
    let decimals = input::tenant_defaults(tx).await?.decimals;
    input::check_decimals(&mut problems, "/order_cost", input.order_cost, decimals);
    // The lock makes two changes of one supplier's settings run one after the other.
    let lock = "select id from supplier where tenant_id = $1 and id = $2 for no key update";
    if tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(input.supplier_id.0)).await?.is_none() {
        input::add_unknown(&mut problems, "/supplier_id", "supplier");
    }
    problems.check()?;
    let delete = "delete from replenish_supplier where tenant_id = $1 and supplier_id = $2";
    tx.execute(sqlx::query(delete).bind(tx.tenant_id.0).bind(input.supplier_id.0)).await?;
    if !input.is_empty() {
        insert(tx, input).await?;
    }
    Ok(SupplierSetting::of(input.clone(), Some(tx.now).filter(|_| !input.is_empty())))
}

async fn insert(tx: &Tx, input: &SupplierSettingInput) -> Result<(), Error> {
    let statement = "insert into replenish_supplier \
                     (tenant_id, supplier_id, service, review_days, review_weekday, order_cost, updated_at) \
                     values ($1, $2, $3, $4, $5, $6, $7)";
    Columns::of(statement)
        .value("tenant_id", tx.tenant_id.0)
        .value("supplier_id", input.supplier_id.0)
        .value("service", input.service.map(<&str>::from))
        .value("review_days", input.review_days)
        .value("review_weekday", input.review_weekday.map(<&str>::from))
        .value("order_cost", input.order_cost.map(Money::get))
        .value("updated_at", tx.now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Returns the settings of each supplier that has some.
pub(super) async fn all(tx: &Tx) -> Result<HashMap<SupplierId, SettingInput>, Error> {
    let statement = "select supplier_id, service, review_days, review_weekday, order_cost from replenish_supplier \
                     where tenant_id = $1";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    let stated = |row: &PgRow| read(row).map(|stated| (stated.supplier_id, stated.settings()));
    rows.iter().map(stated).collect()
}

fn read(row: &PgRow) -> Result<SupplierSettingInput, Error> {
    Ok(SupplierSettingInput {
        supplier_id: SupplierId(row.try_get("supplier_id")?),
        service: optional_word(row, "service")?,
        review_days: row.try_get("review_days")?,
        review_weekday: optional_word(row, "review_weekday")?,
        order_cost: optional_number(row, "order_cost")?,
    })
}
