//! Costing methods.

use sea_orm::{DeriveActiveEnum, EnumIter};

use crate::text_enum;

text_enum! {
    /// The costing method: how an issue is valued.
    #[derive(Default, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
    pub enum CostingMethod {
        /// At the average cost of the stock on the level.
        #[default]
        MovingAverage,
        /// At the cost of the oldest stock on the level: first in, first out.
        Fifo,
    }
}
