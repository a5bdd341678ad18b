//! The lots that a caller names on a line.

use std::collections::HashSet;

use super::NamedLot;
use crate::book::Book;
use crate::line_item::{GoodsLine, LINES_MAX, invalid};
use crate::number::Quantity;
use crate::product::{Product, Tracking};
use crate::refusal::{Code, Faults, Problem, QUANTITY_ABOVE_ZERO};

/// The goods of a line, and the lots that it names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedLots<'a> {
    pub(crate) product: &'a Product,
    /// Stock units of the line.
    pub(crate) quantity: Quantity,
    pub(crate) named: &'a [NamedLot],
    pub(crate) pointer: &'a str,
}

/// Notes the faults that the named lots of the line at `pointer` have with any product: no units, and a code that is named twice.
pub(crate) fn note_faults(named: &[NamedLot], pointer: &str, faults: &mut Faults) {
    let mut codes = HashSet::with_capacity(named.len());
    for (index, lot) in named.iter().enumerate() {
        if lot.quantity.is_some_and(|quantity| !quantity.is_positive()) {
            faults.invalid(format!("{pointer}/lots/{index}/quantity"), QUANTITY_ABOVE_ZERO);
        }
        if !codes.insert(lot.code.as_str()) {
            faults.invalid(format!("{pointer}/lots/{index}/code"), named_twice(&lot.code));
        }
    }
}

/// Notes the lots that a line of stock names of a product that is not tracked, and each lot that the product does not have.
pub(crate) fn note_unknown(
    book: &Book,
    product: &Product,
    named: &[NamedLot],
    pointer: &str,
    faults: &mut Faults,
) {
    if !product.is_tracked() && !named.is_empty() {
        faults.note(invalid(product, format!("{pointer}/lots"), untracked(product)));
        return;
    }
    for (index, lot) in named.iter().enumerate() {
        if book.lots.find(product.id, &lot.code).is_none() {
            faults.note(unknown(product, &lot.code, &format!("{pointer}/lots/{index}")));
        }
    }
}

impl Book {
    /// Notes the faults of all lines. A line whose product is not known is judged by its quantity and its lots.
    pub(crate) fn note_faults_of_goods(&self, lines: &[GoodsLine], faults: &mut Faults) {
        if lines.len() > LINES_MAX {
            return;
        }
        for (index, line) in lines.iter().enumerate() {
            let pointer = format!("/lines/{index}");
            faults.keep(self.goods_of(line, &pointer));
            if !line.quantity.is_positive() {
                faults.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
            }
            note_faults(&line.lots, &pointer, faults);
        }
    }

    /// Notes the lots that lines name and that are not there.
    pub(crate) fn note_unknown_lots(&self, lines: &[GoodsLine], faults: &mut Faults) {
        if lines.len() > LINES_MAX {
            return;
        }
        for (index, line) in lines.iter().enumerate() {
            let pointer = format!("/lines/{index}");
            if let Ok((product, _)) = self.find_stocked(&line.item, None, &pointer) {
                note_unknown(self, product, &line.lots, &pointer, faults);
            }
        }
    }
}

fn untracked(product: &Product) -> String {
    format!("{} is not tracked by lot: leave lots out.", product.sku)
}

fn named_twice(code: &str) -> String {
    format!("{code} is named twice.")
}

/// Returns the stock units of each named lot of a line. Rejects lots of a product that is not tracked, and
/// quantities that do not add up to the line.
pub(crate) fn divided(
    product: &Product,
    quantity: Quantity,
    named: &[NamedLot],
    pointer: &str,
) -> Result<Vec<Quantity>, Problem> {
    let refuse = |field: String, detail: String| Err(invalid(product, format!("{pointer}/{field}"), detail));
    let sku = &product.sku;
    if !product.is_tracked() {
        return refuse("lots".to_owned(), untracked(product));
    }
    let is_serial = product.tracking == Tracking::Serial;
    let mut parts: Vec<Quantity> = Vec::with_capacity(named.len());
    for (index, lot) in named.iter().enumerate() {
        let part = match lot.quantity {
            Some(part) => part,
            None if is_serial => Quantity::ONE,
            None if named.len() == 1 => quantity,
            None => {
                return refuse(
                    format!("lots/{index}/quantity"),
                    "State the quantity of each lot.".to_owned(),
                );
            }
        };
        if !part.is_positive() {
            return refuse(format!("lots/{index}/quantity"), QUANTITY_ABOVE_ZERO.to_owned());
        }
        if is_serial && part != Quantity::ONE {
            let detail = format!("{} is one unit: name each serial number of {sku} separately.", lot.code);
            return refuse(format!("lots/{index}/quantity"), detail);
        }
        if named[..index].iter().any(|earlier| earlier.code == lot.code) {
            return refuse(format!("lots/{index}/code"), named_twice(&lot.code));
        }
        parts.push(part);
    }
    let sum: Quantity = parts.iter().copied().sum();
    if sum != quantity {
        let detail =
            format!("The lots add up to {sum} {} of {sku}, but the line has {quantity}.", product.stock_uom);
        return refuse("lots".to_owned(), detail);
    }
    Ok(parts)
}

/// Returns the problem of a line that names no lots of a tracked product.
pub(crate) fn unnamed(product: &Product, pointer: &str) -> Problem {
    let what = match product.tracking {
        Tracking::Serial => "by serial number: name each one",
        Tracking::Lot | Tracking::None => "by lot: name them",
    };
    invalid(product, format!("{pointer}/lots"), format!("{} is tracked {what} in lots.", product.sku))
}

pub(crate) fn problem(product: &Product, pointer: String, code: Code, detail: String) -> Problem {
    Problem { pointer, code, detail, params: vec![("sku", product.sku.clone())] }
}

/// Returns the text for a lot code that only another product has.
pub(crate) fn of_other_product(product: &Product, code: &str, other: &str) -> String {
    let sku = &product.sku;
    format!(
        "{sku} has no lot {code}: it is a lot of {other}. If {sku} has a lot with this code too, receive it first."
    )
}

pub(crate) fn unknown(product: &Product, code: &str, pointer: &str) -> Problem {
    let detail = format!("There is no lot {code} of {}.", product.sku);
    problem(product, format!("{pointer}/code"), Code::NotFound, detail)
}
