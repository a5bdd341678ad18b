//! The posting of a count sheet.

use std::collections::BTreeSet;

use super::lot::{check_piece, check_tracking, settle_key};
use super::{Anchor, Count, CountLine, CountStatus};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CountId, LotId, MovementId, StockDocumentId};
use crate::needs::Needs;
use crate::negative_stock::{COUNT_REASON, Issue};
use crate::number::{Money, Quantity};
use crate::refusal::{Code, Problem, Problems, Refusal};
use crate::stock::{self, LevelKey, Movement, MovementKind, Source};
use crate::stock_document::{self, MovedLine, StockDocument, StockDocumentKind};

/// A count sheet to post.
#[derive(Debug, Clone, Copy)]
pub struct Post {
    /// The sheet.
    pub count_id: CountId,
    /// Whether the caller may approve differences above the tenant's limit.
    pub is_approver: bool,
}

/// A line and the difference to post.
struct Due {
    at: usize,
    key: LevelKey,
    expected: Quantity,
    /// Counted less expected; zero if a later count of the level stands.
    off: Quantity,
    value: Money,
    superseded: bool,
}
impl Rule for Post {
    fn name(&self) -> &'static str {
        "count.posted"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.compare(self.count_id);
        needs.coming_in = true;
        needs.count_settings = true;
        needs.numbered.insert(DocumentKind::Adjustment);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        post(book, self)
            .map(|(count, document, posting)| (Outcome::Count(Box::new(count), document), posting))
    }
}

/// Posts the differences as one adjustment, and notes the time of the count on each level.
pub(super) fn post(
    book: &mut Book,
    command: &Post,
) -> Result<(Count, Option<StockDocument>, Posting), Refusal> {
    let count = book.count(command.count_id)?;
    count.require(&[CountStatus::Counted], "posted")?;
    let mut due: Vec<Due> =
        count.lines.iter().enumerate().filter_map(|(at, line)| due(book, count, at, line)).collect();
    check_lots(book, count, &due)?;
    check_left(book, count, &due)?;
    check_approved(book, &due, command.is_approver)?;

    // Nothing rejects the command from here on.
    let mut count = count.clone();
    let mut posting = Posting::default();
    let differs = due.iter().any(|due| !due.off.is_zero());
    let mut document = differs.then(|| document(book, &count));
    for due in &mut due {
        let line = &mut count.lines[due.at];
        if !due.off.is_zero() {
            due.key = settle_key(book, due.key, line, &mut posting);
        }
        line.expected = Some(due.expected);
        line.superseded = due.superseded;
        line.anchor = Some(Anchor::default());
        line.posted = Some((Quantity::ZERO, Money::ZERO));
        if let Some(document) = document.as_mut().filter(|_| !due.off.is_zero()) {
            let moved = adjust_level(book, (document, line), due, &mut posting);
            line.posted = Some((due.off, moved.value));
            document.value += moved.value;
            document.lines.push(moved);
        }
        // An unknown lot of which nothing was found has no level.
        let is_level = line.lot.is_none() || due.key.lot_id != LotId::default();
        if let Some(counted_at) = line.counted_at.filter(|_| is_level && !due.superseded) {
            line.anchor = Some(book.note_standing(count.id, due.key, counted_at));
            book.level_mut(due.key).note_count(counted_at);
            posting.anchors.push((due.key, Some(counted_at)));
        }
    }
    if let Some(document) = &document {
        let against = book.count_account();
        stock_document::post_value(book, document, against, &mut posting);
    }
    count.document_id = document.as_ref().map(|document| document.id);
    count.status = CountStatus::Posted;
    count.version += 1;
    let changed: BTreeSet<i32> = due.iter().map(|due| count.lines[due.at].line_no).collect();
    book.put_count(&count, &changed, &mut posting);
    Ok((count, document, posting))
}

fn due(book: &Book, count: &Count, at: usize, line: &CountLine) -> Option<Due> {
    let (counted, counted_at) = line.figure()?;
    let key = count.key(&book.lots, line);
    let expected = book.expected_at(&key, counted_at);
    let superseded = book.is_counted(&key, counted_at);
    let off = if superseded { Quantity::ZERO } else { counted - expected };
    Some(Due { at, key, expected, off, value: book.found_cost(&key, off.abs(), counted_at), superseded })
}

/// Rejects lines whose lots can't be posted as they were counted.
fn check_lots(book: &Book, count: &Count, due: &[Due]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for due in due {
        let (product, pointer) = (&book.products[&due.key.product_id], || format!("/lines/{}", due.at));
        let checked = check_tracking(product, &count.lines[due.at], pointer())
            .and_then(|()| check_piece(book, (product, &due.key), due.off, pointer()));
        if let Err(problem) = checked {
            problems.push(problem);
        }
    }
    problems.check()
}

/// Rejects lines of which more was issued since the count than was counted: one of the two is wrong.
fn check_left(book: &Book, count: &Count, due: &[Due]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for due in due.iter().filter(|due| due.off.is_negative()) {
        let left = book.level(&due.key).on_hand() + due.off;
        if left.is_negative() {
            let sku = book.products.get(&due.key.product_id).map_or_else(String::new, |row| row.sku.clone());
            problems.push(Problem {
                pointer: format!("/lines/{}", due.at),
                code: Code::InvalidStateTransition,
                detail: format!(
                    "{} more of {sku} left since line {} was counted than were found: count it again.",
                    -left, count.lines[due.at].line_no
                ),
                params: vec![("sku", sku)],
            });
        }
    }
    problems.check()
}

fn check_approved(book: &Book, due: &[Due], is_approver: bool) -> Result<(), Refusal> {
    let value: Money = due.iter().map(|due| due.value.abs()).sum();
    match book.count_settings.approval_value {
        Some(most) if value > most && !is_approver => {
            let detail = format!(
                "The differences add up to {value}: above {most}, posting needs the scope counts:approve."
            );
            Err(Refusal::new(Code::InsufficientScope, detail))
        }
        _ => Ok(()),
    }
}

/// Makes the adjustment of a sheet, without lines.
pub(super) fn document(book: &mut Book, count: &Count) -> StockDocument {
    let last = count.lines.iter().filter_map(|line| line.counted_at).max();
    StockDocument {
        id: StockDocumentId(book.ids.next_id()),
        number: book.number(DocumentKind::Adjustment),
        kind: StockDocumentKind::Adjustment,
        location_id: count.location_id,
        reason: Some(COUNT_REASON.to_owned()),
        reference: Some(count.number.clone()),
        value: Money::ZERO,
        occurred_at: last.unwrap_or(book.now),
        recorded_at: book.now,
        lines: Vec::new(),
    }
}

/// Adjusts a level to the counted quantity.
fn adjust_level(
    book: &mut Book,
    (document, line): (&StockDocument, &CountLine),
    due: &Due,
    posting: &mut Posting,
) -> MovedLine {
    let (key, line_no, occurred_at) = (due.key, line.line_no, line.counted_at.unwrap_or(book.now));
    let value = if due.off.is_negative() {
        // Reserved units may be missing: the issue may exceed what is available, but never what is on hand.
        let issue = Issue { key, quantity: -due.off, line_no, occurred_at, forced: true };
        -book.issue(&issue)
    } else {
        let source = Source::new(document.kind.into(), document.id.0, line_no, occurred_at);
        book.receive(key, due.off, due.value, &source);
        due.value
    };
    posting.movements.push(Movement {
        id: MovementId(book.ids.next_id()),
        kind: MovementKind::Count,
        key,
        quantity: due.off,
        value,
        unit_cost: stock::unit_cost(value, due.off),
        document_kind: document.kind.into(),
        document_id: document.id.0,
        line_no,
        channel: None,
        reason: document.reason.clone(),
        occurred_at,
    });
    MovedLine { line_no, product_id: key.product_id, lot_id: key.lot_id, quantity: due.off, value }
}
