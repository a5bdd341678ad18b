//! Documents that happened before something that is recorded already.
//!
//! A late document counts from when it happened. What it issues or finds costs what the stock of the level cost *then*, as
//! it is known now. The documents recorded before it keep their costs, so a level may come to zero units with a rest of
//! value, now or at an instant in between. This rest goes to cost variance at that instant: no day shows value without
//! quantity.
//!
//! > 10 units at 100 in December, 10 at 300 on 10 January. On 15 January 10 are sold at the average of 200, so 10 are left,
//! > worth 2,000. A sale of 10 on 31 December is recorded afterwards: it costs 1,000. The rest of 1,000 goes to cost variance
//! > on 15 January, when the level came to zero.

use chrono::{DateTime, Utc};

use super::Issue;
use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::MovementId;
use crate::ledger::{Dimensions, Lines, account};
use crate::number::{Money, Price, Quantity};
use crate::stock::{self, LayerUse, LevelKey, Movement, MovementKind};

/// One change of a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The time at which it happened.
    pub at: DateTime<Utc>,
    /// Stock units, negative out.
    pub quantity: Quantity,
    /// The change of value.
    pub value: Money,
}

/// The changes of a level since an instant, by the time at which they happened.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Whether it has so many steps that they were not read. Then no document is late.
    is_too_long: bool,
    /// The cost of one unit in the last movement before it begins, if there was one.
    cost_before: Option<Price>,
    steps: Vec<Step>,
}

impl History {
    /// Makes a history of steps in any order.
    pub fn new(cost_before: Option<Price>, mut steps: Vec<Step>) -> Self {
        steps.sort_by_key(|step| step.at);
        History { is_too_long: false, cost_before, steps }
    }

    /// Makes the history of a level with too many steps to read.
    pub fn too_long() -> Self {
        History { is_too_long: true, ..History::default() }
    }

    fn after(&self, at: DateTime<Utc>) -> &[Step] {
        &self.steps[self.steps.partition_point(|step| step.at <= at)..]
    }

    fn add(&mut self, step: Step) {
        if self.is_too_long {
            return;
        }
        let place = self.steps.partition_point(|known| known.at <= step.at);
        self.steps.insert(place, step);
    }

    /// Returns the cost of one unit in the last movement up to an instant.
    fn last_cost(&self, at: DateTime<Utc>) -> Option<Price> {
        let until = &self.steps[..self.steps.partition_point(|step| step.at <= at)];
        let moved = until.iter().rev().find(|step| !step.quantity.is_zero());
        moved.map(|step| stock::unit_cost(step.value, step.quantity)).or(self.cost_before)
    }
}

/// Units on hand and their value.
type State = (Quantity, Money);

/// A rest of value that leaves a level, or comes back to it if positive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    key: LevelKey,
    line_no: i32,
    step: Step,
}

impl Book {
    /// Returns the value of `quantity` that is received at an instant without a cost of its own: what the stock of the level
    /// cost then.
    pub fn cost_at(&self, key: &LevelKey, quantity: Quantity, at: DateTime<Utc>) -> Money {
        if !self.is_late(key, at) {
            return self.current_cost(key, quantity);
        }
        let settings = &self.setup.settings;
        let mut layers = self.layers().get(key).into_iter().flat_map(stock::Layers::iter);
        match (layers.rfind(|layer| layer.source().occurred_at <= at), self.state_at(key, at)) {
            (Some(layer), _) => settings.share(layer.value(), quantity, layer.quantity()),
            (None, (units, value)) if units.is_positive() && !value.is_negative() => {
                settings.share(value, quantity, units)
            }
            _ => settings.money(self.unit_cost_at(key, at).times(quantity)),
        }
    }

    /// Returns whether the value of a level may change at an instant: no instant since then shows value without
    /// quantity, or a value below zero.
    pub(crate) fn can_change_value(&self, key: &LevelKey, at: DateTime<Utc>, change: Money) -> bool {
        let is_sound = |(units, value): State| {
            change.is_zero() || (units.is_positive() && !(value + change).is_negative())
        };
        let mut state = self.state_at(key, at);
        let mut later = self.steps_after(key, at).chunk_by(|one, other| one.at == other.at);
        is_sound(state)
            && later.all(|steps| {
                state = changed(state, steps);
                is_sound(state)
            })
    }

    /// Returns the value of a level if each unit that was on hand at an instant costs `cost`, and units received later keep their cost.
    /// Returns none if nothing is recorded after that instant. Returns none if the cost layers don't show which units were on hand, or if
    /// a level without layers had an issue since.
    ///
    /// > 10 units at 7 in December, 10 at 17 in January. A unit cost of 10 that is dated in December adds 30.
    pub(crate) fn value_at_unit_cost(&self, key: &LevelKey, cost: Price, at: DateTime<Utc>) -> Option<Money> {
        let later = self.steps_after(key, at);
        let (units, value) = self.state_at(key, at);
        if later.is_empty() || !units.is_positive() || cost.is_negative() {
            return None;
        }
        if !later.iter().all(|step| step.quantity.is_positive()) {
            let (held, of_others) = self.held_since(key, at)?;
            return held.is_positive().then(|| of_others + self.setup.settings.money(cost.times(held)));
        }
        if self.wants_layers(key) {
            let layers = self.layers().get(key).into_iter().flat_map(stock::Layers::iter);
            let of_then = layers.filter(|layer| layer.source().occurred_at <= at);
            if of_then.map(stock::Layer::quantity).sum::<Quantity>() != units {
                return None;
            }
        }
        Some(self.level(key).value() + self.setup.settings.money(cost.times(units)) - value)
    }

    /// Returns the units of a level that were on hand at an instant, as it is known now.
    pub(crate) fn units_at(&self, key: &LevelKey, at: DateTime<Utc>) -> Quantity {
        self.state_at(key, at).0
    }

    /// Returns whether the cost layers show that no unit of an instant is on hand any more.
    pub(crate) fn is_gone(&self, key: &LevelKey, at: DateTime<Utc>) -> bool {
        self.is_late(key, at) && self.held_since(key, at).is_some_and(|(units, _)| units.is_zero())
    }

    /// Returns the units of a level that were on hand at an instant and still are, and the cost of the units that were received later.
    /// Returns none if the level has no cost layers.
    fn held_since(&self, key: &LevelKey, at: DateTime<Utc>) -> Option<(Quantity, Money)> {
        let layers = self.layers().get(key).filter(|_| self.wants_layers(key))?;
        let units = |is_of_then: bool| -> Quantity {
            let wanted = layers.iter().filter(|layer| (layer.source().occurred_at <= at) == is_of_then);
            wanted.map(stock::Layer::quantity).sum()
        };
        let is_earlier = |layer: &stock::Layer| layer.source().document_kind == DocumentKind::EarlierStock;
        let (held, since) = (units(true), units(false));
        let tells = held + since == self.level(key).on_hand()
            && held <= self.state_at(key, at).0
            && !layers.iter().any(is_earlier);
        let later = layers.iter().filter(|layer| layer.source().occurred_at > at);
        tells.then(|| (held, later.map(stock::Layer::value).sum()))
    }

    /// Returns whether something is recorded on a level that happened after `at`.
    pub(super) fn is_late(&self, key: &LevelKey, at: DateTime<Utc>) -> bool {
        !self.steps_after(key, at).is_empty()
    }

    fn steps_after(&self, key: &LevelKey, at: DateTime<Utc>) -> &[Step] {
        let history = self.histories.as_ref().and_then(|all| all.get(key));
        history.map_or(&[], |history| history.after(at))
    }

    /// Returns the state of a level at an instant, as it is known now.
    fn state_at(&self, key: &LevelKey, at: DateTime<Utc>) -> State {
        let (level, later) = (self.level(key), self.steps_after(key, at));
        let units: Quantity = later.iter().map(|step| step.quantity).sum();
        let value: Money = later.iter().map(|step| step.value).sum();
        (level.on_hand() - units, level.value() - value)
    }

    /// Returns the cost of one unit at an instant: the average of what was on hand, else that of the last movement before,
    /// else the last known cost.
    pub(super) fn unit_cost_at(&self, key: &LevelKey, at: DateTime<Utc>) -> Price {
        if !self.is_late(key, at) {
            return self.level(key).last_cost();
        }
        let (units, value) = self.state_at(key, at);
        if units.is_positive() && !value.is_negative() {
            return Price::rounded(value.per(units));
        }
        let history = self.histories.as_ref().and_then(|all| all.get(key));
        history.and_then(|history| history.last_cost(at)).unwrap_or_else(|| self.level(key).unit_cost())
    }

    /// Issues stock on hand at what it cost at the time of a late issue. Returns that cost, and the layers used.
    pub(super) fn issue_late(&mut self, issue: &Issue, quantity: Quantity) -> (Money, Vec<LayerUse>) {
        let Issue { key, line_no, occurred_at: at, .. } = *issue;
        let (then, was) = (self.state_at(&key, at), self.level(&key));
        if self.wants_layers(&key) {
            let issued = self.issue_layers(key, quantity);
            let were_there = issued.layer_uses.iter().all(|layer| layer.source.occurred_at <= at);
            let cost = match then {
                (units, value) if units > quantity && were_there && issued.cost <= value => issued.cost,
                _ => self.cost_of_part(then, quantity, issued.cost),
            };
            let noted = self.note_rests((key, line_no), at, changed_by(then, -quantity, -cost));
            self.note_rest((key, line_no), self.now, cost - issued.cost - noted);
            return (cost, self.at_cost(issued.layer_uses, quantity, cost));
        }
        let settings = std::sync::Arc::clone(&self.setup);
        let present = was.cost_of(quantity, &settings.settings).min(was.value());
        let cost = self.cost_of_part(then, quantity, present);
        let noted = self.note_rests((key, line_no), at, changed_by(then, -quantity, -cost));
        let released = match quantity == was.on_hand() {
            true => was.value(),
            false => (cost - noted).max(Money::ZERO).min(was.value()),
        };
        self.issue_valued(key, quantity, released);
        self.note_rest((key, line_no), self.now, cost - released - noted);
        (cost, Vec::new())
    }

    /// Gives layer uses the cost of their issue: each unit the same, if that is not the cost of the layers.
    fn at_cost(&self, mut layer_uses: Vec<LayerUse>, quantity: Quantity, cost: Money) -> Vec<LayerUse> {
        if layer_uses.iter().map(|layer_use| layer_use.value).sum::<Money>() == cost {
            return layer_uses;
        }
        let mut passed = Quantity::ZERO;
        for layer_use in &mut layer_uses {
            layer_use.value = self.setup.settings.slice(cost, passed, layer_use.quantity, quantity);
            passed += layer_use.quantity;
        }
        layer_uses
    }

    /// Returns the cost of an issue from a state of the past. Units that were not there then have the present cost.
    fn cost_of_part(&self, (units, value): State, quantity: Quantity, present: Money) -> Money {
        let settings = &self.setup.settings;
        let cost = if units >= quantity {
            settings.share(value, quantity, units)
        } else if units.is_positive() {
            value + settings.share(present, quantity - units, quantity)
        } else {
            present
        };
        cost.max(Money::ZERO)
    }

    /// Notes the rests of value that a late change left, which the level has already. Its present value must stay as it is, so
    /// they go and come back now.
    pub(super) fn note_passing_rests(&mut self, (key, line_no): (LevelKey, i32), at: DateTime<Utc>) {
        if self.is_late(&key, at) {
            let noted = self.note_rests((key, line_no), at, self.state_at(&key, at));
            self.note_rest((key, line_no), self.now, -noted);
        }
    }

    /// Returns the cost of an issue that the last count of its level includes. The level stays as it is: another movement
    /// reverses the issue at the time of the count.
    pub(super) fn counted_cost(&mut self, issue: &Issue) -> Money {
        let Issue { key, quantity, line_no, occurred_at: at, .. } = *issue;
        if !self.is_late(&key, at) {
            return self.current_cost(&key, quantity);
        }
        let (then, present) = (self.state_at(&key, at), self.cost_at(&key, quantity, at));
        let cost = self.cost_of_part(then, quantity, present);
        let counted_at = self.level(&key).counted_at().unwrap_or(at);
        let noted =
            self.note_rests_until((key, line_no), (at, Some(counted_at)), changed_by(then, -quantity, -cost));
        self.note_rest((key, line_no), counted_at, -noted);
        cost
    }

    fn note_rests(&mut self, line: (LevelKey, i32), at: DateTime<Utc>, state: State) -> Money {
        self.note_rests_until(line, (at, None), state)
    }

    /// Takes the value off a level at every instant from `at` on at which it has no units. `state` is that at `at`, with the
    /// change of the late document. Returns the sum of what was taken off, as a change of the value.
    fn note_rests_until(
        &mut self,
        line: (LevelKey, i32),
        (at, until): (DateTime<Utc>, Option<DateTime<Utc>>),
        mut state: State,
    ) -> Money {
        let mut rests = Vec::new();
        let mut check = |state: &mut State, at| {
            if state.0.is_zero() && !state.1.is_zero() {
                rests.push((at, -state.1));
                state.1 = Money::ZERO;
            }
        };
        check(&mut state, at);
        for steps in self.steps_after(&line.0, at).chunk_by(|one, other| one.at == other.at) {
            let at = steps[0].at;
            if until.is_some_and(|until| at >= until) {
                break;
            }
            state = changed(state, steps);
            check(&mut state, at);
        }
        rests.iter().for_each(|(at, value)| self.note_rest(line, *at, *value));
        rests.into_iter().map(|(_, value)| value).sum()
    }

    fn note_rest(&mut self, (key, line_no): (LevelKey, i32), at: DateTime<Utc>, value: Money) {
        if value.is_zero() {
            return;
        }
        let step = Step { at, quantity: Quantity::ZERO, value };
        if let Some(history) = self.histories.as_mut().map(|all| all.entry(key).or_default()) {
            history.add(step);
        }
        self.consequences.rests.push(Rest { key, line_no, step });
    }

    /// Adds the movements of a document to the histories of their levels.
    pub(super) fn add_to_histories(&mut self, movements: &[Movement]) {
        let Some(histories) = &mut self.histories else { return };
        for row in movements {
            let step = Step { at: row.occurred_at, quantity: row.quantity, value: row.value };
            histories.entry(row.key).or_default().add(step);
        }
    }

    /// Posts the rests that a late document left: one movement without quantity and one entry for each instant.
    pub(super) fn post_rests(&mut self, rests: &[Rest], posting: &mut Posting) {
        for Rest { key, line_no, step } in rests {
            let mut rows = posting.movements.iter();
            let moved =
                rows.find(|row| row.key == *key && row.line_no == *line_no && !row.quantity.is_zero());
            let moved = moved.expect("a late change of a level has its movement").clone();
            let mut entry = Lines::default();
            let place = Dimensions { location_id: Some(key.location_id), ..Dimensions::default() };
            entry.debit(account::INVENTORY, step.value, place);
            entry.credit(account::COST_VARIANCE, step.value, Dimensions { channel: moved.channel, ..place });
            posting.movements.push(Movement {
                id: MovementId(self.ids.next_id()),
                kind: MovementKind::Settlement,
                quantity: Quantity::ZERO,
                value: step.value,
                unit_cost: Price::ZERO,
                channel: None,
                reason: None,
                occurred_at: step.at,
                ..moved
            });
            self.post_beside((entry, step.at), "Rest of value after a late document", posting);
        }
    }
}

fn changed(state: State, steps: &[Step]) -> State {
    steps.iter().fold(state, |state, step| changed_by(state, step.quantity, step.value))
}

fn changed_by((units, value): State, quantity: Quantity, change: Money) -> State {
    (units + quantity, value + change)
}
