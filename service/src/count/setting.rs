//! What a tenant allows a count to do without asking again.

use domain::count::check_tolerance;
use domain::number::{Money, Percent};
use domain::refusal::Problems;
use sea_orm::sqlx;
use serde::{Deserialize, Serialize};

use crate::posting::counts;
use crate::{Error, Tx};

/// What counts are allowed to do. What is absent has no limit.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountSettingsInput {
    /// By how many percent of what is expected a line may differ without a recount; sheets may say otherwise.
    pub tolerance_percent: Option<Percent>,
    /// By how much value a line may differ without a recount; sheets may say otherwise.
    pub tolerance_value: Option<Money>,
    /// What a sheet's gains and losses, added up without their signs, may come to without the scope `counts:approve`.
    pub approval_value: Option<Money>,
}

/// What counts are allowed to do. What is null has no limit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountSettings {
    /// Always `count_settings`.
    #[schema(value_type = String, max_length = 14, example = "count_settings")]
    pub object: &'static str,
    /// By how many percent of what is expected a line may differ without a recount; sheets may say otherwise.
    pub tolerance_percent: Option<Percent>,
    /// By how much value a line may differ without a recount; sheets may say otherwise.
    pub tolerance_value: Option<Money>,
    /// What a sheet's gains and losses, added up without their signs, may come to without the scope `counts:approve`.
    pub approval_value: Option<Money>,
}

/// The settings as they are.
pub async fn get(tx: &Tx) -> Result<CountSettings, Error> {
    let domain::count::CountSettings { tolerance_percent, tolerance_value, approval_value } =
        counts::settings(tx).await?;
    Ok(CountSettings { object: "count_settings", tolerance_percent, tolerance_value, approval_value })
}

/// States the settings. Sheets that are open keep their tolerance.
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
