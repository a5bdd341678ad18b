//! The cost of an issue: the moving average of its level, or layer by layer, first in, first out.
//!
//! The costing method is a setting of the tenant that a product may override. Stock of a lot always costs the
//! average of the lot, and stock in transit costs what it left its origin with, so neither has layers. A
//! level changes its method with its next movement. This changes no figure: the first layer has all the stock
//! on hand at its present value, and an average starts from the sum of the layers.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{CostingMethod, LevelKey, unit_cost};
use crate::book::Book;
use crate::document::DocumentKind;
use crate::id::{CostLayerId, LotId};
use crate::location::LocationKind;
use crate::number::{self, Money, Price, Quantity};
use crate::tenant::Settings;

mod given_back;

pub(crate) use given_back::{at_value, last_units};

/// The document line that received stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The kind of the document.
    pub document_kind: DocumentKind,
    /// The document; nil for stock on hand before its level had layers.
    pub document_id: Uuid,
    /// The line; 0 if there is none.
    pub line_no: i32,
    /// The time of the receipt.
    pub occurred_at: DateTime<Utc>,
}

impl Source {
    /// Names the line `line_no` of a document.
    pub fn new(kind: DocumentKind, id: Uuid, line_no: i32, occurred_at: DateTime<Utc>) -> Self {
        Source { document_kind: kind, document_id: id, line_no, occurred_at }
    }
}

/// A cost layer: what is left of one receipt, at its own cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    id: CostLayerId,
    quantity: Quantity,
    value: Money,
    source: Source,
}

impl Layer {
    /// Makes a layer.
    ///
    /// # Panics
    ///
    /// If it has no units, or a cost below zero.
    pub fn new(id: CostLayerId, quantity: Quantity, value: Money, source: Source) -> Self {
        assert!(quantity.is_positive() && !value.is_negative(), "a layer holds goods at a cost");
        Layer { id, quantity, value, source }
    }

    /// Returns its id. Ids ascend in the order in which layers were made.
    pub fn id(&self) -> CostLayerId {
        self.id
    }

    /// Returns the stock units left, above zero.
    pub fn quantity(&self) -> Quantity {
        self.quantity
    }

    /// Returns the cost of the units left.
    pub fn value(&self) -> Money {
        self.value
    }

    /// Returns the line that received them.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Returns the cost of one stock unit.
    pub fn unit_cost(&self) -> Price {
        unit_cost(self.value, self.quantity)
    }

    /// Returns whether a line of a receipt received it.
    fn is_of(&self, (document_id, line_no): (Uuid, i32)) -> bool {
        let source = &self.source;
        source.document_kind == DocumentKind::Receipt
            && (source.document_id, source.line_no) == (document_id, line_no)
    }

    /// Takes `quantity` of it and returns the cost. The last unit takes what is left of the value.
    fn take(&mut self, quantity: Quantity, settings: &Settings) -> Money {
        let cost = if quantity == self.quantity {
            self.value
        } else {
            settings.share(self.value, quantity, self.quantity).min(self.value)
        };
        self.quantity -= quantity;
        self.value -= cost;
        cost
    }
}

/// The units that an issue took of one cost layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerUse {
    /// The layer. It may be used up since.
    pub layer_id: CostLayerId,
    /// Stock units, above zero.
    pub quantity: Quantity,
    /// Their cost.
    pub value: Money,
    /// The line that had received them.
    pub source: Source,
}

/// Units that a transfer carries, with the line that first received them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Stock units, above zero.
    pub quantity: Quantity,
    /// Their cost.
    pub value: Money,
    /// The line that first received them.
    pub source: Source,
    /// The layer that they left, if they come back to it.
    pub layer_id: Option<CostLayerId>,
}

/// The way in which a new value reaches the cost layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// Every unit costs the same afterwards.
    UnitCost,
    /// Every unit that was received up to an instant costs the same afterwards. The others keep their cost.
    UnitCostUntil(DateTime<Utc>),
    /// The value of every unit changes by the same amount.
    Amount,
}

/// The cost of an issue.
#[derive(Debug, Default)]
pub struct Issued {
    /// The cost of all its units.
    pub cost: Money,
    /// The layers used, the oldest first. Empty if the level has none.
    pub layer_uses: Vec<LayerUse>,
}

/// The cost layers of one level, the oldest first. They add up to its stock on hand and its value, unless it
/// is below zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Layers(Vec<Layer>);

impl Layers {
    /// Iterates over the layers, the oldest first.
    pub fn iter(&self) -> std::slice::Iter<'_, Layer> {
        self.0.iter()
    }

    /// Returns the units that are left of a line of a receipt, and their value.
    pub(super) fn left_of(&self, line: (Uuid, i32)) -> (Quantity, Money) {
        let of_line = || self.iter().filter(|layer| layer.is_of(line));
        (of_line().map(|layer| layer.quantity).sum(), of_line().map(|layer| layer.value).sum())
    }

    /// Adds a layer at the place of its date. A receipt dated back does not change the cost of earlier
    /// issues.
    pub fn add(&mut self, layer: Layer) {
        let key = |layer: &Layer| (layer.source.occurred_at, layer.id);
        let place = self.0.partition_point(|known| key(known) < key(&layer));
        self.0.insert(place, layer);
    }

    /// Takes `quantity`, the oldest first. Returns the cost and the layers used, and the unit cost of the
    /// last of them.
    fn take(&mut self, quantity: Quantity, settings: &Settings) -> (Issued, Price) {
        let (left, issued, last) = self.draw(quantity, |_| true, settings);
        assert!(left.is_zero(), "layers hold what their level holds");
        (issued, last)
    }

    /// Like [`take`](Layers::take), but takes those whose receipt `is_own` names before all others.
    fn take_own_first(
        &mut self,
        quantity: Quantity,
        is_own: impl Fn(&Source) -> bool,
        settings: &Settings,
    ) -> (Issued, Price) {
        let (left, mut issued, last) = self.draw(quantity, is_own, settings);
        if left.is_zero() {
            return (issued, last);
        }
        let (others, last) = self.take(left, settings);
        issued.cost += others.cost;
        issued.layer_uses.extend(others.layer_uses);
        (issued, last)
    }

    /// Takes up to `quantity` of the layers whose receipt `is_wanted` names, the oldest first. Returns what they lack, the cost and
    /// the layers used, and the unit cost of the last of them.
    fn draw(
        &mut self,
        quantity: Quantity,
        is_wanted: impl Fn(&Source) -> bool,
        settings: &Settings,
    ) -> (Quantity, Issued, Price) {
        let (mut wanted, mut issued, mut last) = (quantity, Issued::default(), Price::ZERO);
        for layer in self.0.iter_mut().filter(|layer| is_wanted(&layer.source)) {
            if wanted.is_zero() {
                break;
            }
            last = layer.unit_cost();
            let part = wanted.min(layer.quantity);
            let value = layer.take(part, settings);
            issued.cost += value;
            let (layer_id, source) = (layer.id, layer.source.clone());
            issued.layer_uses.push(LayerUse { layer_id, quantity: part, value, source });
            wanted -= part;
        }
        self.0.retain(|layer| layer.quantity.is_positive());
        (wanted, issued, last)
    }

    /// Gives every unit the same cost, or every unit that was received until an instant. The layers add up to `value`.
    fn set_unit_cost(&mut self, value: Money, until: Option<DateTime<Utc>>, settings: &Settings) {
        let is_meant = |layer: &Layer| until.is_none_or(|until| layer.source.occurred_at <= until);
        let kept: Money = self.0.iter().filter(|layer| !is_meant(layer)).map(|layer| layer.value).sum();
        let meant: Vec<usize> = (0..self.0.len()).filter(|at| is_meant(&self.0[*at])).collect();
        meant.iter().for_each(|at| self.0[*at].value = Money::ZERO);
        self.spread(value - kept, &meant, settings);
    }

    /// Adds `change` to the value, the same for every unit. No layer gets a value below zero: a layer with less than its
    /// part has no value then, and the other ones bear the rest.
    fn add_value(&mut self, change: Money, settings: &Settings) {
        self.add_value_at((0..self.0.len()).collect(), change, settings);
    }

    /// Like [`Layers::add_value`], for the layers that a line of a receipt left, or for all layers if it left none.
    fn add_cost(&mut self, change: Money, line: (Uuid, i32), settings: &Settings) {
        let all: Vec<usize> = (0..self.0.len()).collect();
        let own: Vec<usize> = all.iter().copied().filter(|at| self.0[*at].is_of(line)).collect();
        self.add_value_at(if own.is_empty() { all } else { own }, change, settings);
    }

    fn add_value_at(&mut self, mut order: Vec<usize>, change: Money, settings: &Settings) {
        let mut left = change;
        if change.is_negative() {
            order.sort_by_key(|at| self.0[*at].value.per(self.0[*at].quantity));
            let mut units: Quantity = order.iter().map(|at| self.0[*at].quantity).sum();
            let has_less = |layer: &Layer, left: Money, units: Quantity| {
                layer.value.get() <= number::share((-left).get(), layer.quantity.get(), units.get())
            };
            order.retain(|at| {
                let layer = &mut self.0[*at];
                if !has_less(layer, left, units) {
                    return true;
                }
                units -= layer.quantity;
                left += std::mem::take(&mut layer.value);
                false
            });
            order.sort_unstable();
        }
        self.spread(left, &order, settings);
    }

    /// Adds `value` to the layers at `places` by their quantities. The parts add up to it.
    fn spread(&mut self, value: Money, places: &[usize], settings: &Settings) {
        let whole: Quantity = places.iter().map(|at| self.0[*at].quantity).sum();
        let (mut passed, mut spread) = (Quantity::ZERO, Money::ZERO);
        for at in places {
            let layer = &mut self.0[*at];
            passed += layer.quantity;
            let up_to = settings.share(value, passed, whole);
            layer.value += up_to - spread;
            spread = up_to;
        }
    }
}

impl Book {
    /// Issues `quantity` of a level that has enough on hand, and returns its cost.
    pub fn issue_layers(&mut self, key: LevelKey, quantity: Quantity) -> Issued {
        self.issue_own_layers(key, quantity, |_| true)
    }

    /// Like [`Book::issue_layers`], but uses the layers whose receipt `is_own` names before all others.
    pub(crate) fn issue_own_layers(
        &mut self,
        key: LevelKey,
        quantity: Quantity,
        is_own: impl Fn(&Source) -> bool,
    ) -> Issued {
        let setup = Arc::clone(&self.setup);
        if !self.apply_costing_method(key, self.now) {
            let cost = self.level_mut(key).issue(quantity, &setup.settings);
            return Issued { cost, layer_uses: Vec::new() };
        }
        let (issued, last_cost) = self.layers_mut(key).take_own_first(quantity, is_own, &setup.settings);
        self.level_mut(key).issue_at(quantity, issued.cost, last_cost);
        self.check_layers(&key);
        issued
    }

    /// Issues `quantity` of a level without layers that has enough on hand, and takes `value` off it.
    pub(crate) fn issue_valued(&mut self, key: LevelKey, quantity: Quantity, value: Money) {
        let is_layered = self.apply_costing_method(key, self.now);
        assert!(!is_layered, "layers have costs of their own");
        let level = self.level_mut(key);
        level.issue_at(quantity, value, level.unit_cost());
    }

    /// Issues `quantity` of stock in transit, at the cost with which it left its origin.
    pub fn issue_from_transit(&mut self, key: LevelKey, quantity: Quantity, value: Money) {
        let is_layered = self.apply_costing_method(key, self.now);
        assert!(!is_layered, "goods in transit have no layers");
        let level = self.level_mut(key);
        level.issue_at(quantity, value, level.unit_cost());
    }

    /// Receives `quantity` at a total cost of `value`.
    pub fn receive_layers(&mut self, key: LevelKey, quantity: Quantity, value: Money, source: &Source) {
        let is_layered = self.apply_costing_method(key, source.occurred_at);
        self.level_mut(key).receive(quantity, value);
        if is_layered {
            let id = CostLayerId(self.ids.next_id());
            self.layers_mut(key).add(Layer::new(id, quantity, value, source.clone()));
            self.check_layers(&key);
        }
    }

    /// Sets the value of the stock on hand, and returns the change. By unit cost, every cost layer gets the new cost, or every
    /// one that was there at an instant; by amount, the change is the same for every unit.
    pub fn revalue(&mut self, key: LevelKey, value: Money, by: Spread) -> Money {
        let setup = Arc::clone(&self.setup);
        if self.apply_costing_method(key, self.now) {
            let change = value - self.level(&key).value();
            let layers = self.layers_mut(key);
            match by {
                Spread::UnitCost => layers.set_unit_cost(value, None, &setup.settings),
                Spread::UnitCostUntil(at) => layers.set_unit_cost(value, Some(at), &setup.settings),
                Spread::Amount => layers.add_value(change, &setup.settings),
            }
        }
        let change = self.level_mut(key).revalue(value);
        self.check_layers(&key);
        change
    }

    /// Adds `change` to the value of the stock on hand. A level with cost layers adds it to those that a line of a receipt left,
    /// the same for every unit. `line` is the receipt and the number of its line.
    pub(super) fn add_cost(&mut self, key: LevelKey, change: Money, line: (Uuid, i32)) {
        let setup = Arc::clone(&self.setup);
        if self.apply_costing_method(key, self.now) {
            self.layers_mut(key).add_cost(change, line, &setup.settings);
        }
        let level = self.level_mut(key);
        level.revalue(level.value() + change);
        self.check_layers(&key);
    }

    /// Returns the value of what a line of a receipt left at a level: of its layers, or of all stock on hand if no layer is of
    /// the line.
    pub(super) fn value_left(&self, key: &LevelKey, line: (Uuid, i32)) -> Money {
        let of_line = self.layers().get(key).map(|layers| layers.left_of(line));
        match of_line {
            Some((units, value)) if units.is_positive() => value,
            Some(_) | None => self.level(key).value(),
        }
    }

    /// Returns the value of `quantity` that is received without a cost of its own: at the unit cost of the
    /// youngest layer, else at the average of the level, else at its last known cost.
    pub fn current_cost(&self, key: &LevelKey, quantity: Quantity) -> Money {
        let settings = &self.setup.settings;
        let layers = self.layers().get(key).filter(|_| self.wants_layers(key));
        match layers.and_then(|layers| layers.0.last()) {
            Some(layer) => settings.share(layer.value, quantity, layer.quantity),
            None => self.level(key).cost_of(quantity, settings),
        }
    }

    /// Panics in a build with debug checks if the layers of a level do not add up to what is on hand and to its value.
    fn check_layers(&self, key: &LevelKey) {
        let level = self.level(key);
        let add_up = || {
            let layers = || self.layers().get(key).into_iter().flat_map(Layers::iter);
            layers().map(|layer| layer.quantity).sum::<Quantity>() == level.on_hand()
                && layers().map(|layer| layer.value).sum::<Money>() == level.value()
        };
        debug_assert!(
            !level.is_layered() || level.on_hand().is_negative() || add_up(),
            "layers add up to their level"
        );
    }

    /// Returns whether a level should have layers.
    pub(crate) fn wants_layers(&self, key: &LevelKey) -> bool {
        let default = self.setup.settings.costing_method;
        let product = self.products.get(&key.product_id);
        let method = product.and_then(|product| product.costing_method).unwrap_or(default);
        let is_transit =
            |id| self.setup.location(Some(id)).is_some_and(|at| at.kind == LocationKind::Transit);
        method == CostingMethod::Fifo && key.lot_id == LotId::default() && !is_transit(key.location_id)
    }

    /// Changes a level to the costing method of its product, before a movement at the instant `at`. Returns
    /// whether the level has layers. The stock on hand counts as older than what the movement receives.
    fn apply_costing_method(&mut self, key: LevelKey, at: DateTime<Utc>) -> bool {
        let wants_layers = self.wants_layers(&key);
        let level = self.level(&key);
        if level.is_layered() == wants_layers {
            return wants_layers;
        }
        let mut layers = Layers::default();
        if wants_layers && level.on_hand().is_positive() {
            let source = Source::new(DocumentKind::EarlierStock, Uuid::nil(), 0, at);
            let id = CostLayerId(self.ids.next_id());
            layers.add(Layer::new(id, level.on_hand(), level.value(), source));
        }
        *self.layers_mut(key) = layers;
        self.level_mut(key).set_layered(wants_layers);
        wants_layers
    }
}

#[cfg(test)]
mod tests;
