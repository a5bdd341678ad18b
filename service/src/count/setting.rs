//! Limits up to which a count is posted without further approval.

use domain::count::check_tolerance;
use domain::number::{Money, Percent};
use domain::refusal::Problems;
use domain::tag;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use crate::listing::optional_number;
use crate::{Error, Tx, input};

/// The limits of counts. An absent value means no limit.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountSettingsInput {
    /// Difference of a line, in percent of the expected quantity, above which a recount is required. A sheet can
    /// override it.
    pub tolerance_percent: Option<Percent>,
    /// Difference of a line, in value, above which a recount is required. A sheet can override it.
    pub tolerance_value: Option<Money>,
    /// Sum of a sheet's gains and losses, without their signs, above which posting needs the scope `counts:approve`.
    pub approval_value: Option<Money>,
}

/// The limits of counts. Null means no limit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountSettings {
    /// Always `count_settings`.
    pub object: tag::CountSettings,
    /// Difference of a line, in percent of the expected quantity, above which a recount is required. A sheet can
    /// override it.
    pub tolerance_percent: Option<Percent>,
    /// Difference of a line, in value, above which a recount is required. A sheet can override it.
    pub tolerance_value: Option<Money>,
    /// Sum of a sheet's gains and losses, without their signs, above which posting needs the scope `counts:approve`.
    pub approval_value: Option<Money>,
    /// Version number. Each change adds 1. Zero: no limits were stated.
    #[schema(minimum = 0, example = 1)]
    pub version: i32,
}

pub async fn get(tx: &Tx) -> Result<CountSettings, Error> {
    let statement = "select tolerance_percent, tolerance_value, approval_value, version from count_setting \
                     where tenant_id = $1";
    let Some(row) = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await? else {
        return Ok(CountSettings {
            object: tag::CountSettings,
            tolerance_percent: None,
            tolerance_value: None,
            approval_value: None,
            version: 0,
        });
    };
    Ok(CountSettings {
        object: tag::CountSettings,
        tolerance_percent: optional_number(&row, "tolerance_percent")?,
        tolerance_value: optional_number(&row, "tolerance_value")?,
        approval_value: optional_number(&row, "approval_value")?,
        version: row.try_get("version")?,
    })
}

/// Replaces the limits if they are still at version `expected`. Open sheets keep their tolerance.
pub async fn set(tx: &Tx, expected: Option<i32>, input: &CountSettingsInput) -> Result<CountSettings, Error> {
    // The lock makes two changes run one after the other, also while no limits are stated.
    let lock = "select pg_advisory_xact_lock(hashtextextended('count_setting ' || $1::uuid, 0))";
    tx.execute(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    input::check_version(get(tx).await?.version, expected)?;
    let mut problems = Problems::default();
    let decimals = input::tenant_defaults(tx).await?.decimals;
    check_tolerance(&mut problems, input.tolerance_percent, input.tolerance_value, decimals);
    if input.approval_value.is_some_and(Money::is_negative) {
        problems.invalid("/approval_value", "A limit is not negative.");
    }
    input::check_decimals(&mut problems, "/approval_value", input.approval_value, decimals);
    problems.check()?;
    let statement = "insert into count_setting (tenant_id, tolerance_percent, tolerance_value, approval_value, version, \
                                                updated_at) \
         values ($1, $2, $3, $4, 1, $5) \
         on conflict (tenant_id) do update \
         set tolerance_percent = excluded.tolerance_percent, tolerance_value = excluded.tolerance_value, \
             approval_value = excluded.approval_value, version = count_setting.version + 1, \
             updated_at = excluded.updated_at";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(input.tolerance_percent.map(|percent| percent.get()))
        .bind(input.tolerance_value.map(|value| value.get()))
        .bind(input.approval_value.map(|value| value.get()))
        .bind(tx.now);
    tx.execute(query).await?;
    get(tx).await
}
