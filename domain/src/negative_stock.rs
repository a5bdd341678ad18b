//! The doors through which goods come and go, and what happens where more went than the record had.
//!
//! Goods that have left can't be refused: a till that was offline, a sale made elsewhere. Where the record has too few,
//! the rest goes below zero at the last known cost, which is provisional, and leaves a *cost to settle*: the next goods
//! that come to the level say what they really cost. The difference is posted at once, beside what brought them. So a
//! level below zero is worth exactly what its open costs say, with the other sign, and one above zero has none.
//!
//! A movement that happened before its level was last counted changes nothing any more: the count has seen its effect.
//! It is posted like any other, and a second one of kind `count` takes it back from what the count had found.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::document::DocumentKind;
use crate::id::{CostId, EntryId, MovementId};
use crate::ledger::{Dimensions, EntryHead, Lines, account};
use crate::number::{Money, Price, Quantity};
use crate::stock::{self, LayerUse, LevelKey, Movement, MovementKind, Source};
use crate::tenant::{Channel, Settings};

/// The reason code under which counts are posted. Nothing but a count may name it.
pub const COUNT_REASON: &str = "count";

/// Goods that go.
#[derive(Debug, Clone, Copy)]
pub struct Issue {
    /// From which level.
    pub key: LevelKey,
    /// Stock units.
    pub quantity: Quantity,
    /// The line of their document.
    pub line_no: i32,
    /// When they went.
    pub occurred_at: DateTime<Utc>,
    /// Whether they go although the level has too few.
    pub forced: bool,
}

/// Goods that went below zero at a provisional cost.
#[derive(Debug, Clone)]
pub struct Oversold {
    /// The cost to settle, all of it open.
    pub cost: OpenCost,
    /// What kind of document they went with.
    pub document_kind: DocumentKind,
    /// The document.
    pub document_id: Uuid,
    /// Its line.
    pub line_no: i32,
    /// When they went.
    pub occurred_at: DateTime<Utc>,
}

/// A cost to settle, as far as it is open.
#[derive(Debug, Clone, Copy)]
pub struct OpenCost {
    /// Its id.
    pub id: CostId,
    /// The level.
    pub key: LevelKey,
    /// The channel that sold them.
    pub channel: Option<Channel>,
    /// Stock units whose cost is provisional.
    pub quantity: Quantity,
    /// Their provisional cost.
    pub value: Money,
    /// What was settled of it so far cost more (or, below zero, less) than provisionally said.
    pub variance: Money,
}

/// What a command left to be posted beside its document.
#[derive(Debug, Default)]
pub struct Consequences {
    /// Levels from which more went than was available.
    short: Vec<LevelKey>,
    /// Line, and the part of it that went below zero.
    owed: Vec<(LevelKey, i32, Quantity, Money)>,
    /// Costs of which something was settled, and by how much they differed.
    settled: Vec<(OpenCost, Money)>,
    /// Line, and what it took from a cost layer.
    layer_uses: Vec<(LevelKey, i32, LayerUse)>,
}

impl Book {
    /// Whether what happened at `occurred_at` is in the last count of the level already.
    pub fn is_counted(&self, key: &LevelKey, occurred_at: DateTime<Utc>) -> bool {
        self.level(key).counted_at.is_some_and(|counted_at| occurred_at <= counted_at)
    }

    /// Takes goods out; answers their cost. Whoever asks has checked that the level has them, unless they are forced.
    pub fn issue(&mut self, issue: &Issue) -> Money {
        let Issue { key, quantity, line_no, .. } = *issue;
        if self.is_counted(&key, issue.occurred_at) {
            return self.current_cost(&key, quantity);
        }
        if !issue.forced {
            return self.issue_for(key, quantity, line_no);
        }
        let level = self.level(&key);
        if quantity > level.available() {
            self.consequences.short.push(key);
        }
        let there = quantity.min(level.on_hand.max(Quantity::ZERO));
        let cost = if there.is_positive() { self.issue_for(key, there, line_no) } else { Money::ZERO };
        let owed = quantity - there;
        if owed.is_zero() {
            return cost;
        }
        let setup = std::sync::Arc::clone(&self.setup);
        let level = self.level_mut(key);
        let provisional = setup.settings.money(level.last_cost.get() * owed.get());
        level.on_hand -= owed;
        level.value -= provisional;
        self.consequences.owed.push((key, line_no, owed, provisional));
        cost + provisional
    }

    /// Takes what is there, and notes for which line from which cost layers; answers its cost.
    fn issue_for(&mut self, key: LevelKey, quantity: Quantity, line_no: i32) -> Money {
        let issued = self.issue_layers(key, quantity);
        self.consequences
            .layer_uses
            .extend(issued.layer_uses.into_iter().map(|layer_use| (key, line_no, layer_use)));
        issued.cost
    }

    /// Brings goods in that cost `value`. The first of them settle what went below zero before.
    pub fn receive(&mut self, key: LevelKey, quantity: Quantity, value: Money, source: &Source) {
        if self.is_counted(&key, source.occurred_at) {
            return;
        }
        let covered = quantity.min((-self.level(&key).on_hand).max(Quantity::ZERO));
        if covered.is_zero() {
            return self.receive_layers(key, quantity, value, source);
        }
        let setup = std::sync::Arc::clone(&self.setup);
        let real = share(value, (covered, quantity), &setup.settings);
        let variance = self.settle(key, (covered, real), &setup.settings);
        let level = self.level_mut(key);
        level.on_hand += covered;
        level.value += real - variance;
        level.last_cost = stock::unit_cost(value, quantity);
        if covered < quantity {
            self.receive_layers(key, quantity - covered, value - real, source);
        }
    }

    /// Settles the oldest open costs of a level; answers by how much they differ from what was provisionally said.
    fn settle(&mut self, key: LevelKey, (covered, real): (Quantity, Money), settings: &Settings) -> Money {
        let (mut quantity_left, mut real_left, mut total) = (covered, real, Money::ZERO);
        let open = self.costs.entry(key).or_default();
        while quantity_left.is_positive() {
            let cost = open.first_mut().expect("a level below zero has open costs for all that it lacks");
            let quantity = quantity_left.min(cost.quantity);
            let provisional = share(cost.value, (quantity, cost.quantity), settings);
            let real = share(real_left, (quantity, quantity_left), settings);
            cost.quantity -= quantity;
            cost.value -= provisional;
            cost.variance += real - provisional;
            total += real - provisional;
            quantity_left -= quantity;
            real_left -= real;
            self.consequences.settled.push((*cost, real - provisional));
            if cost.quantity.is_zero() {
                open.remove(0);
            }
        }
        total
    }

    /// Adds to what a command posts what follows from it by itself: costs to settle, settled ones, and the other half of
    /// what a count has seen already.
    pub fn post_consequences(&mut self, posting: &mut Posting) {
        let Consequences { short, owed, settled, layer_uses } = std::mem::take(&mut self.consequences);
        posting.short.extend(short);
        for (key, line_no, layer_use) in layer_uses {
            let went = went(posting, key, line_no).id;
            posting.layer_uses.push((went, layer_use));
        }
        for (key, line_no, quantity, value) in owed {
            self.owe((key, line_no), (quantity, value), posting);
        }
        self.post_settled(&settled, posting);
        self.keep_counted(posting);
        if !self.counts.is_empty() {
            let moved = posting.movements.iter().filter(|row| !row.quantity.is_zero());
            self.moved.extend(moved.map(|row| (row.key, row.occurred_at, row.quantity)));
        }
    }

    fn owe(
        &mut self,
        (key, line_no): (LevelKey, i32),
        (quantity, value): (Quantity, Money),
        posting: &mut Posting,
    ) {
        let went = went(posting, key, line_no);
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

    /// The difference to what goods below zero really cost goes from inventory to cost variance: one movement without
    /// goods per level, and one entry.
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
            let came = came.expect("what settles a cost came in with a movement").clone();
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
        self.post_beside(entry, "Cost of goods that had left before they came in", posting);
    }

    /// Takes back from the last count what happened before it and was learnt of after it, so that the level stays as it
    /// was counted.
    fn keep_counted(&mut self, posting: &mut Posting) {
        let mut entry = Lines::default();
        let mut counted = Vec::new();
        for row in &posting.movements {
            let Some(counted_at) = self.level(&row.key).counted_at else { continue };
            // A count says nothing of what goods are worth.
            let is_counted = row.kind != MovementKind::Count && row.occurred_at <= counted_at;
            if !is_counted || row.quantity.is_zero() {
                continue;
            }
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
            self.post_beside(entry, "Was in the count already", posting);
        }
    }

    /// The account that bears what counts find and miss.
    pub fn count_account(&self) -> String {
        let named = self.setup.reasons.get(COUNT_REASON).cloned();
        named.unwrap_or_else(|| account::SHRINKAGE.to_owned())
    }

    /// An entry of its own for the document that the posting is of.
    fn post_beside(&mut self, entry: Lines, memo: &str, posting: &mut Posting) {
        let Some(first) = posting.movements.first() else { return };
        let head = EntryHead {
            id: EntryId(self.ids.next_id()),
            document_kind: first.document_kind,
            document_id: first.document_id,
            occurred_on: self.setup.settings.day(first.occurred_at),
        };
        let entry = entry.into_entry(head).expect("both sides are the same amount");
        posting
            .entries
            .extend(entry.map(|entry| crate::ledger::Entry { memo: Some(memo.to_owned()), ..entry }));
    }
}

/// The movement with which goods of a line went.
fn went(posting: &Posting, key: LevelKey, line_no: i32) -> &Movement {
    let mut movements = posting.movements.iter();
    let went = movements.find(|row| row.key == key && row.line_no == line_no && row.quantity.is_negative());
    went.expect("goods that went have their movement")
}

/// The part of `value` that falls on `part` of `whole`; the last part takes the rest.
fn share(value: Money, (part, whole): (Quantity, Quantity), settings: &Settings) -> Money {
    if part == whole { value } else { settings.money(value.get() * part.get() / whole.get()) }
}

fn at(key: LevelKey) -> Dimensions {
    Dimensions { location_id: Some(key.location_id), ..Dimensions::default() }
}

#[cfg(test)]
pub(crate) mod tests;
