//! Kinds of stock locations.

use sea_orm::{DeriveActiveEnum, EnumIter};

use crate::text_enum;

text_enum! {
    /// The kind of a stock location.
    #[derive(EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum LocationKind {
        /// Keeps and ships stock.
        Warehouse,
        /// Keeps stock and sells it over the counter.
        Store,
        /// Has the stock in transit between two locations.
        Transit,
        /// Keeps stock that must not be sold until its state is decided.
        Quarantine,
    }
}

impl LocationKind {
    /// Returns whether stock at such a location is sellable.
    pub fn sells(self) -> bool {
        matches!(self, LocationKind::Warehouse | LocationKind::Store)
    }
}
