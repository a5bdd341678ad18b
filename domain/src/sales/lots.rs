//! Lots of priced lines, in sales and returns.

use super::{Line, LineInput, SoldLine};
use crate::allocation::{Demand, LineRequest, PickRule};
use crate::book::Book;
use crate::lot::{self, BackTo, Incoming, NamedLot, NamedLots};
use crate::number::{Money, Quantity};
use crate::refusal::{Problem, Problems, Refusal};
use crate::tax;
use uuid::Uuid;

/// Adds the demand of priced lines, and picks the lots of tracked products. Rejects with a problem for every
/// wrong lot. Shortages stay with the demand.
pub(crate) fn allot(
    book: &Book,
    lines: &mut [Line],
    inputs: &[LineInput],
    demand: &mut Demand,
    rule: &PickRule,
) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for line in lines.iter_mut() {
        let pointer = format!("/lines/{}", line.input);
        match named(book, inputs, line, &pointer) {
            Err(problem) => problems.push(problem),
            Ok(_) if !line.stocked => {}
            Ok(named) => {
                let product = &book.products[&line.product_id];
                let covered = Quantity::ZERO;
                let request =
                    LineRequest { product, quantity: line.quantity, named, covered, pointer: &pointer };
                match demand.allocate(book, rule, &request) {
                    Ok(shares) => line.lots = shares,
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    problems.check()
}

/// Returns the lots that the input of a line names. Rejects lots of a service or a bundle.
fn named<'a>(
    book: &Book,
    inputs: &'a [LineInput],
    line: &Line,
    pointer: &str,
) -> Result<&'a [NamedLot], Problem> {
    let named = inputs.get(line.input).map_or(&[][..], |input| input.lots.as_slice());
    if named.is_empty() || (line.stocked && line.bundle_id.is_none()) {
        return Ok(named);
    }
    let product = &book.products[&line.bundle_id.unwrap_or(line.product_id)];
    let detail =
        format!("{} has no lots of its own: leave lots out, or send its components as lines.", product.sku);
    Err(crate::line_item::invalid(product, format!("{pointer}/lots"), detail))
}

/// Makes the return of priced lines without an original: negative, at the cost at that time, and for tracked
/// products into the named lots.
pub(crate) fn given_back(
    book: &Book,
    to: BackTo,
    inputs: &[LineInput],
    lines: Vec<Line>,
) -> Result<Vec<(Line, Money)>, Refusal> {
    let mut problems = Problems::default();
    let mut incoming = Incoming::returning();
    let mut back = Vec::with_capacity(lines.len());
    for line in lines {
        let pointer = format!("/lines/{}", line.input);
        let lots = named(book, inputs, &line, &pointer).and_then(|named| {
            if !line.stocked {
                return Ok(Vec::new());
            }
            let product = &book.products[&line.product_id];
            let lots = NamedLots { product, quantity: line.quantity, named, pointer: &pointer };
            lot::named_back(book, &mut incoming, to, &lots)
        });
        match lots {
            Ok(lots) => back.push(reversed(book, to, Line { lots, ..line })),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    Ok(back)
}

fn reversed(book: &Book, to: BackTo, line: Line) -> (Line, Money) {
    let cost = match line.lots.as_slice() {
        [] if line.stocked => -book.cost_at(&super::level_key(to.location_id, &line), line.quantity, to.at),
        lots => lots.iter().map(|share| share.cost).sum(),
    };
    let line = Line {
        entered: -line.entered,
        quantity: -line.quantity,
        gross: -line.gross,
        discount: -line.discount,
        net: -line.net,
        tax: -line.tax,
        taxes: tax::reversed(line.taxes),
        ..line
    };
    (line, cost)
}

/// Adds what was returned to the sold lines.
pub(crate) fn mark_returned(sold: &mut [SoldLine], lines: &[(Line, Money)], originals: &[(Uuid, i32)]) {
    for ((line, cost), (_, line_no)) in lines.iter().zip(originals) {
        let Some(sold) = sold.iter_mut().find(|sold| sold.line.line_no == *line_no) else { continue };
        sold.returned += -line.quantity;
        sold.returned_cost += -*cost;
        for share in &line.lots {
            if let Some(lot) = sold.lots.iter_mut().find(|lot| lot.share.lot_id == share.lot_id) {
                lot.returned += -share.quantity;
            }
        }
    }
}
