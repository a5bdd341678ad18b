//! The reversal of a landed cost.

use uuid::Uuid;

use super::{Change, Charge, LINES_MAX, LandedCost, LandedLine, change_value, post_entry};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::LandedCostId;
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::refusal::{Faults, Refusal};
use crate::stock::LevelKey;
use crate::text::is_blank;

/// A landed cost to take back.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The landed cost.
    pub original_id: LandedCostId,
    /// The id of the reversal, if the caller chose one.
    pub id: Option<LandedCostId>,
    /// The reason. It must not be empty.
    pub reason: String,
    /// A remark.
    pub reference: Option<String>,
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "landed_cost.reversed"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    /// Returns the limit of lines, because the lines of the original are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.landed_ids.insert(self.original_id);
        needs.numbered.insert(DocumentKind::LandedCost);
    }

    fn note_faults(&self, _book: &Book, faults: &mut Faults) {
        faults.take(check_reason(self));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self).map(|(document, posting)| (Outcome::LandedCost(Box::new(document)), posting))
    }
}

fn check_reason(command: &Reverse) -> Result<(), Refusal> {
    if is_blank(&command.reason) {
        return Err(Refusal::invalid("/reason", "A reversal needs a reason."));
    }
    Ok(())
}

/// Reverses a landed cost: takes the share of the units that are still held off the stock value, and the rest off cost
/// variance. The stock value falls by no more than the landed cost added, and never below zero.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(LandedCost, Posting), Refusal> {
    let original = book.landed.get(&command.original_id).cloned();
    let original = original.ok_or_else(|| Refusal::not_found("landed cost"))?;
    if original.original_id.is_some() {
        let detail = format!("{} is a reversal itself: post the landed cost again.", original.number);
        return Err(Refusal::state(detail));
    }
    if original.reversed_by.is_some() {
        return Err(Refusal::state(format!("{} was reversed already.", original.number)));
    }
    check_reason(command)?;

    // Nothing rejects the command from here on.
    let taken_back = |charge: &Charge| Charge { amount: -charge.amount, ..charge.clone() };
    let mut document = LandedCost {
        id: command.id.unwrap_or_else(|| LandedCostId(book.ids.next_id())),
        number: book.number(DocumentKind::LandedCost),
        spread_by: original.spread_by,
        reference: command.reference.clone(),
        reason: Some(command.reason.clone()),
        value: -original.value,
        original_id: Some(original.id),
        reversed_by: None,
        occurred_at: book.now.max(original.occurred_at),
        recorded_at: book.now,
        version: 1,
        charges: original.charges.iter().map(taken_back).collect(),
        lines: Vec::with_capacity(original.lines.len()),
    };
    // What is held is found before a change, which may change the costing method of its level.
    let held: Vec<Held> = original.lines.iter().map(|line| find_held(book, line)).collect();
    let mut posting = Posting::default();
    for (line, held) in original.lines.iter().zip(held) {
        let taken = take_back(book, &document, (line, held), &mut posting);
        document.lines.push(taken);
    }
    post_entry(book, &document, Some(format!("Reversal of {}", original.number)), &mut posting);
    if let Some(known) = book.landed.get_mut(&original.id) {
        known.reversed_by = Some(document.id);
        known.version += 1;
    }
    book.landed.insert(document.id, document.clone());
    Ok((document, posting))
}

/// The units of a line that are held, and their share of its value by level.
type Held = (Quantity, Vec<(LevelKey, Money)>);

fn find_held(book: &Book, line: &LandedLine) -> Held {
    let receipt = book.receipts.get(&line.stock_document_id);
    let goods =
        receipt.and_then(|receipt| receipt.lines.iter().find(|goods| goods.line_no == line.receipt_line_no));
    goods.map_or_else(Held::default, |goods| book.held_shares(&goods.part(), (line.value, line.quantity)))
}

/// Takes a line back, and returns the line of the reversal.
fn take_back(
    book: &mut Book,
    document: &LandedCost,
    (line, (held, shares)): (&LandedLine, Held),
    posting: &mut Posting,
) -> LandedLine {
    let source = (line.stock_document_id.0, line.receipt_line_no);
    let mut taken = Money::ZERO;
    for (key, share) in shares {
        let value = share.min(line.held_value - taken);
        let change = Change { key, source, value: -value, line_no: line.line_no };
        taken -= change_value(book, document, &change, posting);
    }
    LandedLine { value: -line.value, held, held_value: -taken, ..*line }
}
