//! Words about places.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// What a stock location is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    EnumIter,
    DeriveActiveEnum,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum LocationKind {
    /// Goods are kept and shipped from here.
    Warehouse,
    /// Goods are kept and sold over the counter here.
    Store,
    /// Goods on their way between two locations.
    Transit,
    /// Goods that may not be sold until somebody has decided about them.
    Quarantine,
}

impl LocationKind {
    /// Whether a channel may draw from such a place.
    pub fn sells(self) -> bool {
        matches!(self, LocationKind::Warehouse | LocationKind::Store)
    }
}
