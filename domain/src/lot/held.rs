//! The lots that a hold keeps back.

use super::{PickRule, Purpose};
use crate::book::{Book, Demand};
use crate::hold::{HeldLine, HoldKind, PlaceHold};
use crate::id::LocationId;
use crate::line_item::Goods;
use crate::refusal::Refusal;

/// What a new hold holds, lot by lot: lots that the customer could buy today, or those that are named.
pub(crate) fn held_lines(
    book: &Book,
    (command, location_id): (&PlaceHold, LocationId),
    goods: &[Goods],
    demand: &mut Demand,
) -> Result<Vec<HeldLine>, Refusal> {
    let customer = command.customer_id.and_then(|id| book.customers.get(&id));
    let purpose = match command.kind {
        HoldKind::Hold | HoldKind::TillAllotment | HoldKind::ChannelAllotment => Purpose::Sale {
            on: book.setup.settings.day(book.now),
            life_days: customer.map_or(0, |customer| customer.min_remaining_life_days),
            at_hand: false,
        },
        HoldKind::Quarantine => Purpose::Quarantine,
    };
    let parts =
        book.allocate_goods(demand, &PickRule { location_id, purpose, went: None }, (goods, &command.lines))?;
    let line = |((_, product_id, lot_id, quantity), line_no)| HeldLine {
        line_no,
        product_id,
        lot_id,
        quantity,
        left: quantity,
    };
    Ok(parts.into_iter().zip(1..).map(line).collect())
}
