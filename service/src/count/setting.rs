//! Limits up to which a count is posted without further approval.

use domain::count::check_tolerance;
use domain::number::{Money, Percent};
use domain::refusal::Problems;
use domain::tag;
use sea_orm::sqlx;
use serde::{Deserialize, Serialize};

use crate::posting::counts;
use crate::{Error, Tx};

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
}

pub async fn get(tx: &Tx) -> Result<CountSettings, Error> {
    let domain::count::CountSettings { tolerance_percent, tolerance_value, approval_value } =
        counts::settings(tx).await?;
    Ok(CountSettings { object: tag::CountSettings, tolerance_percent, tolerance_value, approval_value })
}

/// Replaces the limits. Open sheets keep their tolerance.
pub async fn set(tx: &Tx, input: &CountSettingsInput) -> Result<CountSettings, Error> {
    let mut problems = Problems::default();
    check_tolerance(&mut problems, input.tolerance_percent, input.tolerance_value);
    if input.approval_value.is_some_and(Money::is_negative) {
        problems.invalid("/approval_value", "A limit is not negative.");
    }
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
