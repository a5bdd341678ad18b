//! The reversal of a posted count sheet.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::lot::check_piece;
use super::post::document;
use super::{Anchor, Count, CountStatus, Standing};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CountId, MovementId};
use crate::needs::Needs;
use crate::negative_stock::Issue;
use crate::number::{Money, Quantity};
use crate::refusal::{Code, Problem, Problems, Refusal};
use crate::stock::{self, LevelKey, Movement, MovementKind, Source};
use crate::stock_document::{self, MovedLine, StockDocument};

/// A posted count sheet to reverse.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The sheet.
    pub count_id: CountId,
    /// The reason, a remark of the adjustment.
    pub reason: String,
}

impl Book {
    /// Notes where a sheet stands on a level that it is about to count, and returns its place. Reversed sheets have left
    /// their places: each sheet stands on the count that the level has now.
    pub(super) fn note_standing(&mut self, id: CountId, key: LevelKey, counted_at: DateTime<Utc>) -> Anchor {
        let earlier = self.level(&key).counted_at();
        let before = self.already_counted.get(&key).map_or(0, Vec::len);
        let recorded = self.taken_off.get(&(key, counted_at)).copied().unwrap_or_default();
        let taken_off = self.taken_off_in_batch((&key, 0), (earlier, counted_at), recorded);
        self.standings.insert((id, key), Standing { earlier, before, ..Standing::default() });
        Anchor { stands: true, earlier, taken_off }
    }

    /// Returns what counts took off movements that only this sheet has seen: they happened after the count before it, and
    /// were recorded since it was posted. What the count before has seen stays as it was counted.
    fn taken_off_since(
        &self,
        standing: &Standing,
        key: &LevelKey,
        counted_at: DateTime<Utc>,
    ) -> (Quantity, Money) {
        self.taken_off_in_batch((key, standing.before), (standing.earlier, counted_at), standing.taken_off)
    }

    /// Adds to `recorded` what counts took off movements of this batch that happened between two counts. Leaves out the
    /// first ones of the level.
    fn taken_off_in_batch(
        &self,
        (key, first): (&LevelKey, usize),
        (earlier, counted_at): (Option<DateTime<Utc>>, DateTime<Utc>),
        recorded: (Quantity, Money),
    ) -> (Quantity, Money) {
        let of_batch = self.already_counted.get(key).into_iter().flatten().skip(first);
        let between = of_batch.filter(|row| row.happened_at <= counted_at && Some(row.happened_at) > earlier);
        between.fold(recorded, |(quantity, value), row| (quantity + row.quantity, value + row.value))
    }
}

/// A line, and what its count moved: the posted difference, and what it took off late movements.
struct Undone {
    at: usize,
    key: LevelKey,
    counted_at: DateTime<Utc>,
    moved: (Quantity, Money),
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "count.reversed"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.compare(self.count_id);
        needs.coming_in = true;
        needs.numbered.insert(DocumentKind::Adjustment);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self)
            .map(|(count, document, posting)| (Outcome::Count(Box::new(count), document), posting))
    }
}

/// Takes back what a count moved, as one adjustment. Each level is as if it had not been counted: its last count is the one before.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(Count, Option<StockDocument>, Posting), Refusal> {
    let count = book.count(command.count_id)?;
    count.require(&[CountStatus::Posted], "reversed")?;
    let undone: Vec<Undone> = (0..count.lines.len()).filter_map(|at| undone(book, count, at)).collect();
    check_last(book, count, &undone)?;
    check_there(book, &undone)?;

    // Nothing rejects the command from here on.
    let mut count = count.clone();
    let mut posting = Posting::default();
    let differs = undone.iter().any(|undone| !undone.moved.0.is_zero());
    let mut document = differs.then(|| StockDocument {
        reference: Some(format!("{} reversed: {}", count.number, command.reason)),
        occurred_at: book.now,
        ..document(book, &count)
    });
    let sheet_document = count.document_id.map_or(Uuid::nil(), |id| id.0);
    for undone in &undone {
        let earlier = book.standings.get(&(count.id, undone.key)).and_then(|standing| standing.earlier);
        book.level_mut(undone.key).restore_count(earlier);
        posting.anchors.push((undone.key, earlier));
        if let Some(document) = document.as_mut().filter(|_| !undone.moved.0.is_zero()) {
            let posted = (sheet_document, count.lines[undone.at].line_no);
            let moved = take_back(book, document, posted, undone, &mut posting);
            document.value += moved.value;
            document.lines.push(moved);
        }
    }
    if let Some(document) = &document {
        let against = book.count_account();
        stock_document::post_value(book, document, against, &mut posting);
    }
    count.reversal_id = document.as_ref().map(|document| document.id);
    count.status = CountStatus::Reversed;
    count.version += 1;
    book.put_count(&count, &BTreeSet::new(), &mut posting);
    Ok((count, document, posting))
}

/// Returns what a line moved; nothing if its count did not stand when it was posted.
fn undone(book: &Book, count: &Count, at: usize) -> Option<Undone> {
    let line = &count.lines[at];
    let (counted_at, posted) = line.counted_at.zip(line.posted)?;
    let key = count.key(&book.lots, line);
    let standing = book.standings.get(&(count.id, key))?;
    let taken_off = book.taken_off_since(standing, &key, counted_at);
    Some(Undone { at, key, counted_at, moved: (posted.0 + taken_off.0, posted.1 + taken_off.1) })
}

/// Rejects lines whose level was counted again: that count stands on this one.
fn check_last(book: &Book, count: &Count, undone: &[Undone]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let later = undone.iter().filter(|undone| book.level(&undone.key).counted_at() > Some(undone.counted_at));
    for undone in later {
        let line_no = count.lines[undone.at].line_no;
        let detail = format!("Line {line_no} was counted again since: reverse the later count first.");
        problems.add(format!("/lines/{}", undone.at), Code::InvalidStateTransition, detail);
    }
    problems.check()
}

/// Rejects lines whose found units have left, and serial numbers that are somewhere else by now.
fn check_there(book: &Book, undone: &[Undone]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for undone in undone {
        let (pointer, product) = (format!("/lines/{}", undone.at), &book.products[&undone.key.product_id]);
        let left = book.level(&undone.key).on_hand() - undone.moved.0;
        if undone.moved.0.is_positive() && left.is_negative() {
            let detail = format!(
                "{} of {} that the count found have left since: count it again instead.",
                -left, product.sku
            );
            let (code, params) = (Code::InvalidStateTransition, vec![("sku", product.sku.clone())]);
            problems.push(Problem { pointer, code, detail, params });
        } else if let Err(problem) = check_piece(book, (product, &undone.key), -undone.moved.0, pointer) {
            problems.push(problem);
        }
    }
    problems.check()
}

/// Takes back what a line of the sheet moved. Lost units come back to the cost layers that they left, and found units leave the layer
/// that they made. `posted` is the line of the adjustment of the sheet.
fn take_back(
    book: &mut Book,
    document: &StockDocument,
    posted: (Uuid, i32),
    undone: &Undone,
    posting: &mut Posting,
) -> MovedLine {
    let (key, line_no, occurred_at) = (undone.key, posted.1, document.occurred_at);
    let (quantity, value) = (-undone.moved.0, -undone.moved.1);
    let value = if quantity.is_negative() {
        // Reserved units may go, as they may when a count does not find them.
        let issue = Issue { key, quantity: -quantity, line_no, occurred_at, forced: true };
        -book.issue_received(&issue, undone.moved.1, |source| (source.document_id, source.line_no) == posted)
    } else {
        // A late movement that the count had seen may have cost more than all that was lost: then the units come back without a value.
        let value = value.max(Money::ZERO);
        let source = Source::new(document.kind.into(), document.id.0, line_no, occurred_at);
        book.receive_back(posted, (key, quantity, value), &source);
        value
    };
    posting.movements.push(Movement {
        id: MovementId(book.ids.next_id()),
        kind: MovementKind::Count,
        key,
        quantity,
        value,
        unit_cost: stock::unit_cost(value, quantity),
        document_kind: document.kind.into(),
        document_id: document.id.0,
        line_no,
        channel: None,
        reason: document.reason.clone(),
        occurred_at,
    });
    MovedLine { line_no, product_id: key.product_id, lot_id: key.lot_id, quantity, value }
}
