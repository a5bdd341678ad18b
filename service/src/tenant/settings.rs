//! A tenant's settings: currency, country and time zone stay; the costing method and the hold of unpaid orders may change.

use ::entity::tenant;
use domain::stock::CostingMethod;
use sea_orm::{ActiveModelTrait, IntoActiveModel, QuerySelect, sea_query::LockType};
use serde::{Deserialize, Serialize};

use crate::input::{self, Change};
use crate::{Error, Tx};

pub use ::entity::tenant::Model as Settings;

/// The settings that may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsInput {
    /// Costing method of products that state none. A change does not alter any value: with its next movement, the
    /// stock on hand becomes one layer at its present value, or an average of its layers. Other servers may take
    /// seconds to see the change.
    pub costing_method: CostingMethod,
    /// Whether orders of prepaid customers are held until they are paid. Other servers may take seconds to see the change.
    #[schema(example = true)]
    pub hold_unpaid: bool,
}

pub async fn get(tx: &Tx) -> Result<Settings, Error> {
    tx.select::<tenant::Entity>().one(tx).await?.ok_or_else(unknown)
}

/// Changes settings that are still at version `expected`.
pub async fn update(
    tx: &Tx,
    expected: Option<i32>,
    change: Change<'_, SettingsInput>,
) -> Result<Settings, Error> {
    let locked = tx.select::<tenant::Entity>().lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(unknown)?;
    input::check_version(before.version, expected)?;
    let stated = SettingsInput { costing_method: before.costing_method, hold_unpaid: before.hold_unpaid };
    let SettingsInput { costing_method, hold_unpaid } = change(&stated)?;
    let after =
        Settings { costing_method, hold_unpaid, version: before.version + 1, updated_at: tx.now, ..before };
    Ok(after.into_active_model().reset_all().update(tx).await?)
}

fn unknown() -> Error {
    Error::invariant("the tenant of the credential does not exist")
}
