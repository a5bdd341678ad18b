//! Issues and receipts, also below zero.
//!
//! An issue that has already happened can't be rejected: a sale at a till that was offline, or a sale made
//! elsewhere. If the record has too little stock, the rest goes below zero at the last known cost. This cost
//! is provisional and leaves a *cost to settle*. The next receipt on the level settles it with the real cost,
//! and the difference is posted at once, beside the receipt. So a level below zero has the value of its open
//! costs, with the other sign, and a level above zero has no open costs.
//!
//! A document may happen before what is already recorded: see `late`.
//!
//! A movement dated before the last count of its level changes nothing, because the count has seen its
//! effect. It is posted like any other, and a second movement of kind `count` reverses it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::{CostId, CostLayerId, LotId, MovementId};
use crate::ledger::{Dimensions, Lines, account};
use crate::number::{Money, Price, Quantity};
use crate::stock::{self, Carried, LayerUse, LevelKey, Movement, MovementKind, Source};
use crate::tenant::{Channel, Settings};

mod back;
mod late;

use late::Rest;
pub use late::{History, Step};

/// The reason code of what counts post. Only a count may name it.
pub const COUNT_REASON: &str = "count";

/// Stock to issue.
#[derive(Debug, Clone, Copy)]
pub struct Issue {
    /// The level.
    pub key: LevelKey,
    /// Stock units.
    pub quantity: Quantity,
    /// The line of its document.
    pub line_no: i32,
    /// The time at which it left.
    pub occurred_at: DateTime<Utc>,
    /// Whether a shortage does not stop it.
    pub forced: bool,
}

/// Units that left below zero at a provisional cost.
#[derive(Debug, Clone)]
pub struct Oversold {
    /// The cost to settle, all of it open.
    pub cost: OpenCost,
    /// The kind of the document that issued them.
    pub document_kind: DocumentKind,
    /// That document.
    pub document_id: Uuid,
    /// Its line.
    pub line_no: i32,
    /// The time at which they left.
    pub occurred_at: DateTime<Utc>,
}

/// A cost to settle, as far as it is open.
#[derive(Debug, Clone, Copy)]
pub struct OpenCost {
    /// Its id.
    pub id: CostId,
    /// The level below zero.
    pub key: LevelKey,
    /// The channel that sold the units.
    pub channel: Option<Channel>,
    /// Stock units whose cost is provisional.
    pub quantity: Quantity,
    /// Their provisional cost.
    pub value: Money,
    /// Real less provisional cost of what was settled so far.
    pub variance: Money,
}

/// The units and the cost that a count took off a movement that it had seen.
#[derive(Debug, Clone, Copy)]
pub struct AlreadyCounted {
    /// The time at which the movement happened.
    pub happened_at: DateTime<Utc>,
    /// Stock units that came back to the level.
    pub quantity: Quantity,
    /// Their cost.
    pub value: Money,
}

/// The cost to settle of a sold line, by lot, with what came back of it.
#[derive(Debug, Clone, Copy)]
pub struct SettledCost {
    /// The cost to settle.
    pub id: CostId,
    /// The lot; nil if the product is not tracked.
    pub lot_id: LotId,
    /// Real less provisional cost of what was settled so far.
    pub variance: Money,
    /// The part of the variance that came back with returned units.
    pub taken_back: Money,
}

/// Consequences of a command, to be posted beside its document.
#[derive(Debug, Clone, Default)]
pub struct Consequences {
    /// Levels from which more was issued than was available.
    short: Vec<LevelKey>,
    /// Level, line, and the quantity and provisional cost that went below zero.
    owed: Vec<(LevelKey, i32, Quantity, Money)>,
    /// Costs that were settled in part or whole, with the variance of that part.
    settled: Vec<(OpenCost, Money)>,
    /// Level, line, and what it took of a cost layer.
    layer_uses: Vec<(LevelKey, i32, LayerUse)>,
    /// Rests of value that late documents left.
    rests: Vec<Rest>,
    /// Level, line, the cost to settle of the sale, and the variance that comes back with its units.
    taken_back: Vec<(LevelKey, i32, SettledCost, Money)>,
}

impl Book {
    /// Returns whether the last count of the level includes what happened at `occurred_at`.
    pub fn is_counted(&self, key: &LevelKey, occurred_at: DateTime<Utc>) -> bool {
        self.level(key).counted_at().is_some_and(|counted_at| occurred_at <= counted_at)
    }

    /// Issues stock and returns its cost. The caller has checked that the level has enough, unless the issue
    /// is forced. Leaves the level as it is if it was counted after the issue.
    pub fn issue(&mut self, issue: &Issue) -> Money {
        let Issue { key, quantity, line_no, .. } = *issue;
        if self.is_counted(&key, issue.occurred_at) {
            return self.counted_cost(issue);
        }
        if !issue.forced {
            return self.issue_for(issue, quantity);
        }
        let unit_cost = self.unit_cost_at(&key, issue.occurred_at);
        let level = self.level(&key);
        if quantity > level.available() {
            self.consequences.short.push(key);
        }
        let there = quantity.min(level.on_hand().max(Quantity::ZERO));
        let cost = if there.is_positive() { self.issue_for(issue, there) } else { Money::ZERO };
        let owed = quantity - there;
        if owed.is_zero() {
            return cost;
        }
        let provisional = self.setup.settings.money(unit_cost.times(owed));
        self.level_mut(key).issue_below_zero(owed, provisional);
        self.note_passing_rests((key, line_no), issue.occurred_at);
        self.consequences.owed.push((key, line_no, owed, provisional));
        cost + provisional
    }

    /// Issues stock on hand, notes the layer uses of the line, and returns the cost.
    fn issue_for(&mut self, issue: &Issue, quantity: Quantity) -> Money {
        let (key, line_no) = (issue.key, issue.line_no);
        let (cost, layer_uses) = if self.is_late(&key, issue.occurred_at) {
            self.issue_late(issue, quantity)
        } else {
            let issued = self.issue_layers(key, quantity);
            (issued.cost, issued.layer_uses)
        };
        self.note_layer_uses((key, line_no), layer_uses);
        cost
    }

    fn note_layer_uses(&mut self, (key, line_no): (LevelKey, i32), layer_uses: Vec<LayerUse>) {
        let uses = layer_uses.into_iter().map(|layer_use| (key, line_no, layer_use));
        self.consequences.layer_uses.extend(uses);
    }

    /// Receives stock at a total cost of `value`. The first units settle what is below zero. Leaves the level
    /// as it is if it was counted after the receipt.
    pub fn receive(&mut self, key: LevelKey, quantity: Quantity, value: Money, source: &Source) {
        if self.is_counted(&key, source.occurred_at) {
            return;
        }
        self.receive_or_settle(key, (quantity, value), source, None);
        self.note_passing_rests((key, source.line_no), source.occurred_at);
    }

    /// Receives the units that a transfer carries, with the age and the cost that they had at its origin. `arrival` is the
    /// line of the transfer. Leaves the level as it is if it was counted after the arrival.
    pub fn receive_carried(&mut self, key: LevelKey, parts: Vec<Carried>, arrival: &Source) {
        if self.is_counted(&key, arrival.occurred_at) {
            return;
        }
        for Carried { quantity, value, source, layer_id } in parts {
            self.receive_or_settle(key, (quantity, value), &source, layer_id);
        }
        self.note_passing_rests((key, arrival.line_no), arrival.occurred_at);
    }

    /// Receives units of an issue that is taken back into the cost layers that they left, with their age and the line that first
    /// received them. `back` is the line that takes it back. Leaves the level as it is if it was counted after that.
    pub(crate) fn receive_into_layers(&mut self, key: LevelKey, layer_uses: &[LayerUse], back: &Source) {
        if self.is_counted(&key, back.occurred_at) {
            return;
        }
        for LayerUse { layer_id, quantity, value, source } in layer_uses {
            self.receive_or_settle(key, (*quantity, *value), source, Some(*layer_id));
        }
        self.note_passing_rests((key, back.line_no), back.occurred_at);
    }

    /// Receives the units that left last of those that the line `issued` of a document issued, at a total cost of `value`. They come
    /// back to their cost layers if these are known, and are received by `back` otherwise.
    pub(crate) fn receive_back(
        &mut self,
        issued: (Uuid, i32),
        (key, quantity, value): (LevelKey, Quantity, Money),
        back: &Source,
    ) {
        let layer_uses = self.layer_uses.get(&issued).map_or(&[][..], Vec::as_slice);
        let parts = stock::last_units(layer_uses, (Quantity::ZERO, quantity), &self.setup.settings);
        if parts.iter().map(|part| part.quantity).sum::<Quantity>() != quantity {
            return self.receive(key, quantity, value, back);
        }
        self.receive_into_layers(key, &stock::at_value(parts, value), back);
    }

    /// Returns what an issue of this command took of cost layers, the oldest first.
    pub fn layer_uses_of(&self, issue: &Issue) -> Vec<LayerUse> {
        let of_line =
            |use_of: &&(LevelKey, i32, LayerUse)| (use_of.0, use_of.1) == (issue.key, issue.line_no);
        self.consequences.layer_uses.iter().filter(of_line).map(|(.., layer_use)| layer_use.clone()).collect()
    }

    /// Settles what is below zero, and receives the rest: into the layer that the units left, if one is named.
    fn receive_or_settle(
        &mut self,
        key: LevelKey,
        (quantity, value): (Quantity, Money),
        source: &Source,
        layer_id: Option<CostLayerId>,
    ) {
        let receive = |book: &mut Book, quantity, value| match layer_id {
            None => book.receive_layers(key, quantity, value, source),
            Some(id) => book.receive_into_layer(key, (quantity, value), source, id),
        };
        let covered = quantity.min((-self.level(&key).on_hand()).max(Quantity::ZERO));
        if covered.is_zero() {
            return receive(self, quantity, value);
        }
        let setup = std::sync::Arc::clone(&self.setup);
        let real = share(value, (covered, quantity), &setup.settings);
        let variance = self.settle(key, (covered, real), None);
        let last_cost = stock::unit_cost(value, quantity);
        self.level_mut(key).settle_below_zero(covered, real - variance, last_cost);
        if covered < quantity {
            receive(self, quantity - covered, value - real);
        }
    }

    /// Settles open costs of a level: the named one first, then the oldest. Returns real less provisional cost.
    fn settle(&mut self, key: LevelKey, (covered, real): (Quantity, Money), own: Option<CostId>) -> Money {
        let setup = std::sync::Arc::clone(&self.setup);
        let (mut quantity_left, mut real_left, mut total) = (covered, real, Money::ZERO);
        let open = self.costs.entry(key).or_default();
        while quantity_left.is_positive() {
            let place = open.iter().position(|cost| Some(cost.id) == own).unwrap_or(0);
            let cost = open.get_mut(place).expect("a level below zero has open costs for all that it lacks");
            let quantity = quantity_left.min(cost.quantity);
            let provisional = share(cost.value, (quantity, cost.quantity), &setup.settings);
            let real = share(real_left, (quantity, quantity_left), &setup.settings);
            cost.quantity -= quantity;
            cost.value -= provisional;
            cost.variance += real - provisional;
            total += real - provisional;
            quantity_left -= quantity;
            real_left -= real;
            self.consequences.settled.push((*cost, real - provisional));
            let (id, variance) = (cost.id, cost.variance);
            let of_sales = self.sold.values_mut().flatten().flat_map(|line| &mut line.settled);
            of_sales.filter(|known| known.id == id).for_each(|known| known.variance = variance);
            if cost.quantity.is_zero() {
                open.remove(place);
            }
        }
        total
    }

    /// Adds the consequences of a command to its posting: shortages, layer uses, costs to settle,
    /// settlements, and reversals of what a count includes.
    pub fn post_consequences(&mut self, posting: &mut Posting) {
        let Consequences { short, owed, settled, layer_uses, rests, taken_back } =
            std::mem::take(&mut self.consequences);
        posting.short.extend(short);
        for (key, line_no, layer_use) in layer_uses {
            let went = find_issue(posting, key, line_no);
            let (id, line) = (went.id, (went.document_id, line_no));
            self.layer_uses.entry(line).or_default().push(layer_use.clone());
            posting.layer_uses.push((id, layer_use));
        }
        for (key, line_no, quantity, value) in owed {
            self.add_open_cost((key, line_no), (quantity, value), posting);
        }
        self.post_settled(&settled, posting);
        self.post_taken_back(taken_back, posting);
        self.reverse_counted(posting);
        self.add_to_histories(&posting.movements);
        // The histories have the rests already.
        self.post_rests(&rests, posting);
        if !self.counts.is_empty() {
            let moved = posting.movements.iter().filter(|row| !row.quantity.is_zero());
            self.moved.extend(moved.map(|row| (row.key, row.occurred_at, row.quantity)));
        }
    }

    fn add_open_cost(
        &mut self,
        (key, line_no): (LevelKey, i32),
        (quantity, value): (Quantity, Money),
        posting: &mut Posting,
    ) {
        let went = find_issue(posting, key, line_no);
        let (channel, variance) = (went.channel, Money::ZERO);
        let cost = OpenCost { id: CostId(self.ids.next_id()), key, channel, quantity, value, variance };
        posting.oversold.push(Oversold {
            cost,
            document_kind: went.document_kind,
            document_id: went.document_id,
            line_no,
            occurred_at: went.occurred_at,
        });
        self.costs.entry(key).or_default().push(cost);
    }

    /// Posts real less provisional cost from inventory to cost variance: one entry, and one movement without
    /// quantity for each level.
    fn post_settled(&mut self, settled: &[(OpenCost, Money)], posting: &mut Posting) {
        if settled.is_empty() {
            return;
        }
        posting.settled.extend(settled.iter().map(|(cost, _)| *cost));
        let mut entry = Lines::default();
        let keys: BTreeSet<LevelKey> = settled.iter().map(|(cost, _)| cost.key).collect();
        for key in keys {
            let of_level = settled.iter().filter(|(cost, _)| cost.key == key);
            let variance: Money = of_level.clone().map(|(_, variance)| *variance).sum();
            for (cost, variance) in of_level {
                let (location_id, channel) = (Some(key.location_id), cost.channel);
                entry.debit(
                    account::COST_VARIANCE,
                    *variance,
                    Dimensions { channel, location_id, party_id: None },
                );
            }
            entry.credit(account::INVENTORY, variance, at(key));
            let came = posting.movements.iter().find(|row| row.key == key && row.quantity.is_positive());
            let came = came.expect("a settlement has the movement of its receipt").clone();
            if !variance.is_zero() {
                posting.movements.push(Movement {
                    id: MovementId(self.ids.next_id()),
                    kind: MovementKind::Settlement,
                    quantity: Quantity::ZERO,
                    value: -variance,
                    unit_cost: Price::ZERO,
                    channel: None,
                    reason: None,
                    ..came
                });
            }
        }
        let at = posting.movements.first().map_or(self.now, |first| first.occurred_at);
        self.post_beside((entry, at), "Settlement of stock below zero", posting);
    }

    /// Receives returned units of a sold line at the cost with which they left. Units that left cost layers come back into them:
    /// `layer_uses` are these parts, and the part that left below zero. If they are not known, it is empty.
    pub(crate) fn receive_returned(
        &mut self,
        original: (Uuid, i32),
        (key, quantity, cost): (LevelKey, Quantity, Money),
        layer_uses: &[LayerUse],
        source: &Source,
    ) {
        // A count has seen units that came back before it, at a cost of its own.
        if self.is_counted(&key, source.occurred_at) {
            return;
        }
        let below: Vec<&LayerUse> = layer_uses.iter().filter(|part| part.is_below_zero()).collect();
        let rest: (LevelKey, Quantity, Money) = match layer_uses {
            [] => (key, quantity, cost),
            _ => {
                (key, below.iter().map(|part| part.quantity).sum(), below.iter().map(|part| part.value).sum())
            }
        };
        if rest.1.is_positive() {
            self.receive_without_layer(original, rest, !layer_uses.is_empty(), source);
        }
        for part in layer_uses.iter().filter(|part| !part.is_below_zero()) {
            self.receive_or_settle(key, (part.quantity, part.value), &part.source, Some(part.layer_id));
        }
        self.note_passing_rests((key, source.line_no), source.occurred_at);
    }

    /// Receives returned units of a sold line whose layers are not known, or which left below zero. The first units settle what is still
    /// open of the cost of that line: they never had another cost than the provisional one. The rest brings back its share of
    /// what was settled.
    ///
    /// > A forced sale of 10 at 1. A receipt of 4 at 2 settles 4 of them. All 10 come back: 6 settle the open 6 at 1, and 4
    /// > are on hand at 2.
    fn receive_without_layer(
        &mut self,
        original: (Uuid, i32),
        (key, quantity, cost): (LevelKey, Quantity, Money),
        has_layers: bool,
        source: &Source,
    ) {
        let open = self.open_cost_of(original, key);
        let covered = open.map_or(Quantity::ZERO, |open| open.quantity.min(quantity));
        let real = match open {
            Some(open) if covered < quantity => open.value.min(cost),
            Some(_) => cost,
            None => Money::ZERO,
        };
        let rest = (key, quantity - covered, cost - real);
        let still_open = open.map_or(Quantity::ZERO, |open| open.quantity);
        let in_layers = if has_layers { self.out_of_layers(original) } else { Quantity::ZERO };
        let back = self.take_variance_back(original, rest, (source.line_no, still_open + in_layers));
        if covered.is_positive() {
            let variance = self.settle(key, (covered, real), open.map(|open| open.id));
            let last_cost = stock::unit_cost(real, covered);
            self.level_mut(key).settle_below_zero(covered, real - variance, last_cost);
        }
        if covered < quantity {
            self.receive_or_settle(key, (quantity - covered, cost - real + back), source, None);
        }
    }

    /// Returns what is open of the cost of a sold line in the lot of a level.
    fn open_cost_of(&self, (original_id, original_line_no): (Uuid, i32), key: LevelKey) -> Option<OpenCost> {
        let sold = self.sold.get(&original_id)?.iter().find(|sold| sold.line.line_no == original_line_no)?;
        let known = sold.settled.iter().find(|settled| settled.lot_id == key.lot_id)?;
        self.costs.get(&key)?.iter().find(|cost| cost.id == known.id).copied()
    }

    /// Returns what comes back with units of a sold line whose cost was settled: the share of its settlement that has not come
    /// back yet. `unsettled` of the units that are out have no settlement.
    fn take_variance_back(
        &mut self,
        (original_id, original_line_no): (Uuid, i32),
        (key, quantity, cost): (LevelKey, Quantity, Money),
        (line_no, unsettled): (i32, Quantity),
    ) -> Money {
        let setup = std::sync::Arc::clone(&self.setup);
        let lines = self.sold.get_mut(&original_id).into_iter().flatten();
        let Some(sold) = lines.into_iter().find(|sold| sold.line.line_no == original_line_no) else {
            return Money::ZERO;
        };
        let of_lot = sold.lots.iter().find(|lot| lot.share.lot_id == key.lot_id);
        let out = of_lot.map_or(sold.line.quantity - sold.returned, |lot| lot.out()) - unsettled;
        let Some(settled) = sold.settled.iter_mut().find(|settled| settled.lot_id == key.lot_id) else {
            return Money::ZERO;
        };
        if !quantity.is_positive() || !out.is_positive() {
            return Money::ZERO;
        }
        let back = setup.settings.share(settled.variance - settled.taken_back, quantity, out).max(-cost);
        settled.taken_back += back;
        self.consequences.taken_back.push((key, line_no, *settled, back));
        back
    }

    /// Posts the variance that came back with returned units, from cost variance to inventory.
    fn post_taken_back(
        &mut self,
        taken_back: Vec<(LevelKey, i32, SettledCost, Money)>,
        posting: &mut Posting,
    ) {
        let mut entry = Lines::default();
        for (key, line_no, settled, back) in taken_back.into_iter().filter(|(.., back)| !back.is_zero()) {
            let mut movements = posting.movements.iter();
            let came =
                movements.find(|row| row.key == key && row.line_no == line_no && row.quantity.is_positive());
            let came = came.expect("a return has its movement").clone();
            entry.debit(account::INVENTORY, back, at(key));
            entry.credit(account::COST_VARIANCE, back, Dimensions { channel: came.channel, ..at(key) });
            posting.taken_back.push(settled);
            posting.movements.push(Movement {
                id: MovementId(self.ids.next_id()),
                kind: MovementKind::Settlement,
                quantity: Quantity::ZERO,
                value: back,
                unit_cost: Price::ZERO,
                channel: None,
                reason: None,
                ..came
            });
        }
        let at = posting.movements.first().map_or(self.now, |first| first.occurred_at);
        self.post_beside((entry, at), "Settlement of returned units", posting);
    }

    /// Reverses movements dated before the last count of their level, so that the counted quantity stands.
    fn reverse_counted(&mut self, posting: &mut Posting) {
        let mut entry = Lines::default();
        let mut counted = Vec::new();
        for row in &posting.movements {
            let Some(counted_at) = self.level(&row.key).counted_at() else { continue };
            // A count finds no values, so a movement without quantity stands.
            let is_counted = row.kind != MovementKind::Count && row.occurred_at <= counted_at;
            if !is_counted || row.quantity.is_zero() {
                continue;
            }
            self.already_counted.entry(row.key).or_default().push(AlreadyCounted {
                happened_at: row.occurred_at,
                quantity: -row.quantity,
                value: -row.value,
            });
            counted.push(Movement {
                id: MovementId(self.ids.next_id()),
                kind: MovementKind::Count,
                quantity: -row.quantity,
                value: -row.value,
                channel: None,
                reason: Some(COUNT_REASON.to_owned()),
                occurred_at: counted_at,
                ..row.clone()
            });
            entry.debit(account::INVENTORY, -row.value, at(row.key));
            entry.credit(self.count_account(), -row.value, at(row.key));
        }
        if !counted.is_empty() {
            posting.movements.extend(counted);
            let at = posting.movements[0].occurred_at;
            self.post_beside((entry, at), "Reversal: already counted", posting);
        }
    }

    /// Returns the account of the differences that counts find.
    pub fn count_account(&self) -> String {
        let named = self.setup.reasons.get(COUNT_REASON).cloned();
        named.unwrap_or_else(|| account::SHRINKAGE.to_owned())
    }

    /// Posts one more entry, of an instant, for the document of the posting.
    fn post_beside(&mut self, (entry, at): (Lines, DateTime<Utc>), memo: &str, posting: &mut Posting) {
        let Some(first) = posting.movements.first() else { return };
        let head = self.entry_head(first.document_kind, first.document_id, at);
        let entry = entry.into_entry(head).expect("both sides are the same amount");
        posting
            .entries
            .extend(entry.map(|entry| crate::ledger::Entry { memo: Some(memo.to_owned()), ..entry }));
    }
}

/// Returns the movement that issued the stock of a line.
fn find_issue(posting: &Posting, key: LevelKey, line_no: i32) -> &Movement {
    let mut movements = posting.movements.iter();
    let went = movements.find(|row| row.key == key && row.line_no == line_no && row.quantity.is_negative());
    went.expect("an issue has its movement")
}

/// Returns the part of `value` that belongs to `part` of `whole`. The last part takes the rest.
fn share(value: Money, (part, whole): (Quantity, Quantity), settings: &Settings) -> Money {
    settings.share(value, part, whole)
}

fn at(key: LevelKey) -> Dimensions {
    Dimensions { location_id: Some(key.location_id), ..Dimensions::default() }
}

#[cfg(test)]
pub(crate) mod tests;
