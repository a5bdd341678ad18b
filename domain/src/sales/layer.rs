//! The cost of returned units: that of the cost layers which they left, or a part of the cost of their line.

use uuid::Uuid;

use super::{Line, SoldLine};
use crate::book::Book;
use crate::number::{Money, Quantity};
use crate::stock::{LayerUse, last_units};
use crate::tenant::Settings;

/// Returns the parts of cost layers that come back with each line of a return, with a part for units that left below zero. A line has
/// none if it left no layer. Must run before the lines are marked as returned.
pub(crate) fn layers_back(
    book: &Book,
    lines: &[(Line, Money)],
    originals: &[(Uuid, i32)],
) -> Vec<Vec<LayerUse>> {
    let of_line = |((line, _), (document_id, line_no)): (&(Line, Money), &(Uuid, i32))| {
        let mut sold = book.sold.get(document_id).into_iter().flatten();
        let sold = sold.find(|sold| sold.line.line_no == *line_no).filter(|_| line.lots.is_empty());
        sold.map_or_else(Vec::new, |sold| sold.layers_back(-line.quantity, &book.setup.settings))
    };
    lines.iter().zip(originals).map(of_line).collect()
}

impl Book {
    /// Returns the units of a sold line that left cost layers and did not come back. Its units that left below zero come back before
    /// them.
    pub(crate) fn out_of_layers(&self, (document_id, line_no): (Uuid, i32)) -> Quantity {
        let mut sold = self.sold.get(&document_id).into_iter().flatten();
        let Some(sold) = sold.find(|sold| sold.line.line_no == line_no) else { return Quantity::ZERO };
        let units: Quantity = sold.layer_uses.iter().map(|used| used.quantity).sum();
        units.min(sold.line.quantity - sold.returned)
    }
}

impl SoldLine {
    /// Returns the cost of `quantity` that comes back: that of the layers which it left. If these are not known, it is a share
    /// of the cost of the line. The costs of all that comes back add up to the cost of the line.
    pub(super) fn cost_back(&self, quantity: Quantity, settings: &Settings) -> Money {
        let layers = self.layers_back(quantity, settings);
        if !layers.is_empty() {
            return layers.iter().map(|part| part.value).sum();
        }
        let whole = self.line.quantity;
        if settings.slice(self.cost, Quantity::ZERO, self.returned, whole) == self.returned_cost {
            return settings.slice(self.cost, self.returned, quantity, whole);
        }
        // Other units came back at the cost of their layers, before the product changed its costing method.
        share_of_rest(self.cost - self.returned_cost, (quantity, whole - self.returned), settings)
    }

    /// Returns the parts of cost layers that come back with `quantity`, with a part for the units that left below zero. Returns none
    /// if no units left layers, or if others came back at another cost.
    fn layers_back(&self, quantity: Quantity, settings: &Settings) -> Vec<LayerUse> {
        let value = |parts: &[LayerUse]| -> Money { parts.iter().map(|part| part.value).sum() };
        let Some(last) = self.layer_uses.last() else { return Vec::new() };
        let mut parts = self.layer_uses.clone();
        let units: Quantity = parts.iter().map(|part| part.quantity).sum();
        let (below, cost) = (self.line.quantity - units, self.cost - value(&parts));
        if below.is_positive() && !cost.is_negative() {
            parts.push(LayerUse::below_zero(below, cost, last.source.clone()));
        } else if !below.is_zero() || !cost.is_zero() {
            return Vec::new();
        }
        let before = last_units(&parts, (Quantity::ZERO, self.returned), settings);
        if value(&before) != self.returned_cost {
            return Vec::new();
        }
        last_units(&parts, (self.returned, quantity), settings)
    }
}

/// Returns the cost of `quantity` of the units that are out, if `rest` is what is left of the cost of their line. A server of the version
/// before takes no account of layers that came back: then more than the cost of the line may have come back, and nothing is left.
fn share_of_rest(rest: Money, (quantity, out): (Quantity, Quantity), settings: &Settings) -> Money {
    settings.share(rest.max(Money::ZERO), quantity, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::tests::settings;

    #[test]
    fn no_unit_comes_back_at_a_cost_below_zero() {
        let back = |rest: &str, quantity: i64| {
            let part = (Quantity::new(quantity.into()), Quantity::new(4.into()));
            share_of_rest(rest.parse().expect("an amount"), part, &settings())
        };
        let money = |text: &str| -> Money { text.parse().expect("an amount") };
        assert_eq!([back("10", 1), back("10", 4)], [money("2.5"), money("10")]);
        assert_eq!([back("-1.33", 1), back("-1.33", 4)], [Money::ZERO; 2]);
    }
}
