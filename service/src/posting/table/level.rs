//! `stock_level`: quantities and value of a product at a location.

use domain::id::{LocationId, LotId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::stock::{Level, LevelKey};

use crate::posting::table::saved_row;

saved_row! {
    /// A level as a batch leaves it.
    LevelRow as "stock_level_row_1" {
        location_id: LocationId,
        product_id: ProductId,
        lot_id: LotId,
        on_hand: Quantity,
        reserved: Quantity,
        value: Money,
        last_cost: Price,
        layered: bool,
    }
}

impl LevelRow {
    pub(in crate::posting) fn new((key, level): &(LevelKey, Level)) -> Self {
        LevelRow {
            location_id: key.location_id,
            product_id: key.product_id,
            lot_id: key.lot_id,
            on_hand: level.on_hand(),
            reserved: level.reserved(),
            value: level.value(),
            last_cost: level.last_cost(),
            layered: level.is_layered(),
        }
    }
}
