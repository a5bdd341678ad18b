//! The lots that a hold keeps back.

use super::{Draw, Purpose};
use crate::book::{Book, Demand};
use crate::goods::{Goods, invalid};
use crate::hold::{HeldLine, HoldKind, PlaceHold};
use crate::id::LocationId;
use crate::product::Tracking;
use crate::refusal::{Problems, Refusal};

/// What a new hold holds, lot by lot: lots that the customer could buy today, or those that are named.
pub(crate) fn held_lines(
    book: &Book,
    (command, location_id): (&PlaceHold, LocationId),
    goods: &[Goods],
    demand: &mut Demand,
) -> Result<Vec<HeldLine>, Refusal> {
    let customer = command.customer_id.and_then(|id| book.customers.get(&id));
    let purpose = match command.kind {
        HoldKind::Hold => Purpose::Sale {
            on: book.setup.settings.day(book.now),
            life_days: customer.map_or(0, |customer| customer.min_remaining_life_days),
            at_hand: false,
        },
        HoldKind::Quarantine => Purpose::Quarantine,
        HoldKind::TillLease | HoldKind::ChannelFloor => {
            refuse_tracked(book, goods)?;
            Purpose::Transfer { on: book.setup.settings.day(book.now) }
        }
    };
    let parts =
        book.draw_goods(demand, &Draw { location_id, purpose, went: None }, (goods, &command.lines))?;
    let line = |((_, product_id, lot_id, quantity), line_no)| HeldLine {
        line_no,
        product_id,
        lot_id,
        quantity,
        left: quantity,
    };
    Ok(parts.into_iter().zip(1..).map(line).collect())
}

/// Tills and channels keep goods of a product, whatever they are of; those in lots are not leased yet.
fn refuse_tracked(book: &Book, goods: &[Goods]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, goods) in goods.iter().enumerate() {
        let product = &book.products[&goods.product_id];
        if product.tracking != Tracking::None {
            let detail = format!("{} is tracked by lot: place a hold that names the lots.", product.sku);
            problems.push(invalid(product, format!("/lines/{index}/sku"), detail));
        }
    }
    problems.check()
}
