//! Units that come back to the cost layers that they left, because their issue is taken back.
//!
//! The units that left last come back first. So after a part came back, the level is as if the issue had been smaller.
//!
//! > 10 units at 2 and 10 at 4. 15 are issued for 40, and 5 come back: those at 4. Issued are 10 for 20, and 10 at 4 are on hand.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{Layer, LayerUse, Layers, Source};
use crate::book::Book;
use crate::id::CostLayerId;
use crate::number::{Money, Quantity};
use crate::stock::LevelKey;
use crate::tenant::Settings;

/// Returns `step` units of an issue that come back after `done` of them did, by the layers that they left. Returns fewer units if
/// the issue took fewer of layers.
pub(crate) fn last_units(
    layer_uses: &[LayerUse],
    (done, step): (Quantity, Quantity),
    settings: &Settings,
) -> Vec<LayerUse> {
    let (mut passed, mut parts) = (Quantity::ZERO, Vec::new());
    for used in layer_uses.iter().rev() {
        let (from, to) = (done.max(passed) - passed, (done + step).min(passed + used.quantity) - passed);
        passed += used.quantity;
        if to > from {
            let value = settings.slice(used.value, from, to - from, used.quantity);
            parts.push(LayerUse { quantity: to - from, value, ..used.clone() });
        }
    }
    parts.reverse();
    parts
}

impl LayerUse {
    /// Makes the part of an issue that left below zero, after the units of all layers.
    pub(crate) fn below_zero(quantity: Quantity, value: Money, source: Source) -> Self {
        LayerUse { layer_id: CostLayerId::default(), quantity, value, source }
    }

    /// Returns whether its units left below zero.
    pub(crate) fn is_below_zero(&self) -> bool {
        self.layer_id == CostLayerId::default()
    }
}

/// Gives parts of layers a total cost of `value`. The oldest part takes the difference, as far as its cost does not fall below
/// zero.
///
/// > A count did not find 10 units at 2 and 5 at 4. It had seen a sale of 1, which is recorded later and costs 3. So its reversal
/// > brings back 14 units for 37: 9 for 17, and 5 for 20.
pub(crate) fn at_value(mut parts: Vec<LayerUse>, value: Money) -> Vec<LayerUse> {
    let mut left = value - parts.iter().map(|part| part.value).sum();
    for part in &mut parts {
        let change = left.max(-part.value);
        part.value += change;
        left -= change;
    }
    parts
}

impl Layers {
    /// Adds units to the layer that they left if it is there and its units cost the same, to the cent. Adds them as a layer of
    /// their own otherwise: with the id that it had, so that it has the place that it had, or with the id `fresh` if the layer
    /// was given another cost meanwhile.
    fn give_back(&mut self, layer: Layer, fresh: CostLayerId, settings: &Settings) {
        match self.0.iter().position(|known| known.id == layer.id) {
            None => self.add(layer),
            Some(at) if cost_the_same(&self.0[at], &layer, settings) => {
                let known = &mut self.0[at];
                known.quantity += layer.quantity;
                known.value += layer.value;
            }
            Some(_) => self.add(Layer { id: fresh, ..layer }),
        }
    }
}

/// Returns whether units of two layers cost the same. An issue rounds, so its cost may be a cent above or below its share.
fn cost_the_same(one: &Layer, other: &Layer, settings: &Settings) -> bool {
    let (less, more) = if one.quantity <= other.quantity { (one, other) } else { (other, one) };
    let cent = Money::new(Decimal::new(1, settings.exponent));
    (settings.share(more.value, less.quantity, more.quantity) - less.value).abs() <= cent
}

impl Book {
    /// Receives units into the layer `id` that they left. A level without layers receives them at their cost.
    pub(crate) fn receive_into_layer(
        &mut self,
        key: LevelKey,
        (quantity, value): (Quantity, Money),
        source: &Source,
        id: CostLayerId,
    ) {
        let setup = Arc::clone(&self.setup);
        let is_layered = self.apply_costing_method(key, source.occurred_at);
        self.level_mut(key).receive(quantity, value);
        if is_layered {
            let fresh = CostLayerId(self.ids.next_id());
            let layer = Layer::new(id, quantity, value, source.clone());
            self.layers_mut(key).give_back(layer, fresh, &setup.settings);
            self.check_layers(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::document::DocumentKind;
    use crate::stock::tests::settings;

    fn layer(number: u128, quantity: i64, cents: i64) -> Layer {
        let source = Source::new(DocumentKind::Receipt, Uuid::nil(), 1, DateTime::UNIX_EPOCH);
        let id = CostLayerId(Uuid::from_u128(number));
        Layer::new(id, Quantity::new(quantity.into()), Money::new(Decimal::new(cents, 2)), source)
    }

    fn layers(all: &[(u128, i64, i64)]) -> Layers {
        let mut layers = Layers::default();
        all.iter().for_each(|(number, quantity, cents)| layers.add(layer(*number, *quantity, *cents)));
        layers
    }

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    fn bring(layers: &mut Layers, parts: Vec<LayerUse>) {
        let fresh = CostLayerId(Uuid::from_u128(99));
        for LayerUse { layer_id, quantity, value, source } in parts {
            layers.give_back(Layer::new(layer_id, quantity, value, source), fresh, &settings());
        }
    }

    #[test]
    fn the_units_that_left_last_come_back_first() {
        let whole = layers(&[(1, 10, 2_000), (2, 10, 4_000)]);
        let mut rest = whole.clone();
        let (issued, _) = rest.take(units(15), &settings());
        bring(&mut rest, last_units(&issued.layer_uses, (Quantity::ZERO, units(5)), &settings()));
        assert_eq!(rest, layers(&[(2, 10, 4_000)]));
        bring(&mut rest, last_units(&issued.layer_uses, (units(5), units(10)), &settings()));
        assert_eq!(rest, whole, "also if both were received at the same time");
    }

    #[test]
    fn units_of_a_layer_that_was_revalued_come_back_beside_it() {
        let mut rest = layers(&[(1, 10, 2_000)]);
        let (issued, _) = rest.take(units(4), &settings());
        rest.set_unit_cost(Money::new(Decimal::new(3_000, 2)), None, &settings());
        bring(&mut rest, issued.layer_uses);
        assert_eq!(rest, layers(&[(1, 6, 3_000), (99, 4, 800)]));
    }

    #[test]
    fn the_oldest_part_takes_the_difference() {
        let of = |number: u128, cents: i64| LayerUse {
            layer_id: CostLayerId(Uuid::from_u128(number)),
            quantity: units(5),
            value: Money::new(Decimal::new(cents, 2)),
            source: Source::new(DocumentKind::Receipt, Uuid::nil(), 1, DateTime::UNIX_EPOCH),
        };
        for (total, after) in [(3_100, [1_100, 2_000]), (3_000, [1_000, 2_000]), (1_500, [0, 1_500])] {
            let parts = at_value(vec![of(1, 1_000), of(2, 2_000)], Money::new(Decimal::new(total, 2)));
            assert_eq!(parts, [of(1, after[0]), of(2, after[1])]);
        }
    }

    proptest! {
        /// In any steps, an issue gives back the layers that it took, to the cent.
        #[test]
        fn an_issue_gives_back_what_it_took(
            all in prop::collection::vec((1..50_i64, 0..10_000_i64), 1..6), steps in prop::collection::vec(1..20_i64, 1..12),
        ) {
            let numbered: Vec<(u128, i64, i64)> =
                (1..).zip(&all).map(|(number, (quantity, cents))| (number, *quantity, *cents)).collect();
            let whole = layers(&numbered);
            let most: i64 = all.iter().map(|(quantity, _)| quantity).sum();
            let wanted = steps.iter().sum::<i64>().min(most);
            let mut rest = whole.clone();
            let (issued, _) = rest.take(units(wanted), &settings());
            let (mut done, mut back) = (0, Money::ZERO);
            for step in steps {
                let step = step.min(wanted - done);
                let parts = last_units(&issued.layer_uses, (units(done), units(step)), &settings());
                prop_assert_eq!(parts.iter().map(|part| part.quantity).sum::<Quantity>(), units(step));
                back += parts.iter().map(|part| part.value).sum::<Money>();
                bring(&mut rest, parts);
                done += step;
            }
            prop_assert_eq!(back, issued.cost);
            let of = |layers: &Layers| -> (Quantity, Money) {
                let all = || layers.iter();
                (all().map(Layer::quantity).sum(), all().map(Layer::value).sum())
            };
            prop_assert_eq!(of(&rest), of(&whole));
        }
    }
}
