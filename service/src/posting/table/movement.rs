//! `stock_movement`: every change of every level.

use chrono::{DateTime, Utc};
use domain::id::{CommandId, LocationId, LotId, MovementId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::stock::Movement;
use uuid::Uuid;

use crate::caller::EntryMode;
use crate::posting::table::saved_row;

saved_row! {
    /// A movement and the command that made it.
    MovementRow<'a> as "stock_movement_row_1" {
        product_id: ProductId,
        location_id: LocationId,
        lot_id: LotId,
        id: MovementId,
        kind: &'static str,
        quantity: Quantity,
        value: Money,
        unit_cost: Price,
        document_kind: &'static str,
        document_id: Uuid,
        line_no: i32,
        channel: Option<&'static str>,
        reason: Option<&'a str>,
        occurred_at: DateTime<Utc>,
        entry_mode: &'static str,
        command_id: CommandId,
    }
}

impl<'a> MovementRow<'a> {
    pub(in crate::posting) fn new(movement: &'a Movement, entry_mode: EntryMode, by: CommandId) -> Self {
        MovementRow {
            product_id: movement.key.product_id,
            location_id: movement.key.location_id,
            lot_id: movement.key.lot_id,
            id: movement.id,
            kind: movement.kind.into(),
            quantity: movement.quantity,
            value: movement.value,
            unit_cost: movement.unit_cost,
            document_kind: movement.document_kind.word(),
            document_id: movement.document_id,
            line_no: movement.line_no,
            channel: movement.channel.map(Into::into),
            reason: movement.reason.as_deref(),
            occurred_at: movement.occurred_at,
            entry_mode: entry_mode.into(),
            command_id: by,
        }
    }
}
