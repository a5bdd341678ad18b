//! Revaluations: a new value for the stock of a level. No unit moves.
//!
//! Examples: a write-down at the end of the year (lower of cost and market), or the correction of a wrong
//! cost for the units still on hand. Units issued before keep their cost.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{LocationId, LotId, MovementId, StockDocumentId};
use crate::line_item::invalid;
use crate::line_item::{AMOUNT_MAX, LINES_MAX};
use crate::moment;
use crate::needs::Needs;
use crate::number::{Money, Price, Quantity};
use crate::product::ItemRef;
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};
use crate::stock::{LevelKey, Movement, MovementKind, Spread};
use crate::stock_document::{MovedLine, StockDocument, StockDocumentKind, post_value};

/// A revaluation to post.
#[derive(Debug, Clone)]
pub struct Revalue {
    /// The id of the document, if the caller chose one.
    pub id: Option<StockDocumentId>,
    /// The location; the default one if absent.
    pub location_id: Option<LocationId>,
    /// The reason code. Its account takes the difference.
    pub reason: String,
    /// A remark.
    pub reference: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<RevaluedLine>,
}

/// A product, or one lot of it, and its new value.
#[derive(Debug, Clone)]
pub struct RevaluedLine {
    /// The product.
    pub item: ItemRef,
    /// The lot; nil if the product is not tracked by lot.
    pub lot_id: LotId,
    /// The new value.
    pub worth: Worth,
}

/// A new value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The cost of one stock unit, of every cost layer that was there at the time of the revaluation. Without cost layers it is that
    /// of the units which were there if only receipts are recorded since, else that of all units on hand.
    Unit(Price),
    /// The value of all units on hand. The change is the same for each unit.
    Whole(Money),
}
impl Rule for Revalue {
    fn name(&self) -> &'static str {
        "stock.revalued"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.location(self.location_id);
        needs.add_time(self.occurred_at);
        needs.numbered.insert(DocumentKind::Revaluation);
        needs.reasons.insert(self.reason.clone());
        self.lines.iter().for_each(|line| needs.item(&line.item, false));
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(book.occurred_at(self.occurred_at));
        faults.take(book.place(self.location_id, "/location_id"));
        faults.take(contra_account(book, self));
        if self.lines.len() > LINES_MAX {
            return;
        }
        for (index, line) in self.lines.iter().enumerate() {
            let pointer = format!("/lines/{index}");
            faults.keep(book.find_stocked(&line.item, None, &pointer));
            let (field, is_negative) = match line.worth {
                Worth::Unit(cost) => ("unit_cost", cost.is_negative()),
                Worth::Whole(value) => ("value", value.is_negative()),
            };
            if is_negative {
                faults.invalid(format!("{pointer}/{field}"), worth_expected());
            }
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        revalue(book, self).map(|(document, posting)| (Outcome::StockDocument(document), posting))
    }
}

/// Sets a new value for all stock of each product, or of each lot, at the location. A new unit cost is that of every cost
/// layer that was there. A new value of the whole changes every unit by the same amount.
fn revalue(book: &mut Book, command: &Revalue) -> Result<(StockDocument, Posting), Refusal> {
    let occurred_at = book.occurred_at(command.occurred_at)?;
    let location_id = book.place(command.location_id, "/location_id")?.id;
    let against = contra_account(book, command)?;
    if command.lines.is_empty() || command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("A document has 1 to {LINES_MAX} lines.")));
    }
    let mut problems = Problems::default();
    let mut values = Vec::with_capacity(command.lines.len());
    let mut named = BTreeSet::new();
    for (index, line) in command.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        match check_line(book, (location_id, occurred_at), line, &pointer) {
            Ok((key, ..)) if !named.insert(key) => {
                problems.invalid(pointer, "Name each product, or each lot of it, once.");
            }
            Ok(line) => values.push(line),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| StockDocumentId(book.ids.next_id()));
    let number = book.number(DocumentKind::Revaluation);
    let mut posting = Posting::default();
    let mut lines = Vec::with_capacity(values.len());
    for ((key, value, by), line_no) in values.into_iter().zip(1..) {
        let change = book.revalue(key, value, by);
        let (product_id, lot_id, quantity) = (key.product_id, key.lot_id, Quantity::ZERO);
        lines.push(MovedLine { line_no, product_id, lot_id, quantity, value: change });
        posting.movements.push(Movement {
            id: MovementId(book.ids.next_id()),
            kind: MovementKind::Revaluation,
            key,
            quantity,
            value: change,
            unit_cost: book.level(&key).unit_cost(),
            document_kind: DocumentKind::Revaluation,
            document_id: id.0,
            line_no,
            channel: None,
            reason: Some(command.reason.clone()),
            occurred_at,
        });
    }
    let document = StockDocument {
        id,
        number,
        kind: StockDocumentKind::Revaluation,
        location_id,
        reason: Some(command.reason.clone()),
        reference: command.reference.clone(),
        value: lines.iter().map(|line| line.value).sum(),
        occurred_at,
        recorded_at: book.now,
        lines,
    };
    post_value(book, &document, against, &mut posting);
    Ok((document, posting))
}

/// Returns the account of the reason.
fn contra_account(book: &Book, command: &Revalue) -> Result<String, Refusal> {
    book.setup.reasons.get(&command.reason).cloned().ok_or_else(|| {
        let detail = format!("There is no reason code {}; see GET /v1/reason-codes.", command.reason);
        Refusal::invalid("/reason", detail)
    })
}

fn worth_expected() -> String {
    format!("The value must be from 0 to {AMOUNT_MAX}.")
}

/// Returns the level that a line names, and its new value.
fn check_line(
    book: &Book,
    (location_id, occurred_at): (LocationId, DateTime<Utc>),
    line: &RevaluedLine,
    pointer: &str,
) -> Result<(LevelKey, Money, Spread), Problem> {
    let (product, _) = book.find_stocked(&line.item, None, pointer)?;
    let key = LevelKey { lot_id: line.lot_id, ..LevelKey::untracked(location_id, product.id) };
    let on_hand = book.level(&key).on_hand();
    if !on_hand.is_positive() {
        let detail = format!("The location has no stock of {} to revalue.", product.sku);
        let problem = invalid(product, pointer.to_owned(), detail);
        return Err(Problem { code: Code::InvalidStateTransition, ..problem });
    }
    let (field, worth, by) = match line.worth {
        Worth::Unit(cost) => match book.value_at_unit_cost(&key, cost, occurred_at) {
            Some(value) => ("unit_cost", value.get(), Spread::UnitCostUntil(occurred_at)),
            None => ("unit_cost", cost.times(on_hand), Spread::UnitCost),
        },
        Worth::Whole(value) => ("value", value.get(), Spread::Amount),
    };
    let value = book.setup.settings.money(worth);
    let at_field = format!("{pointer}/{field}");
    if value.is_negative() || value.get() > AMOUNT_MAX {
        return Err(invalid(product, at_field, worth_expected()));
    }
    if matches!(line.worth, Worth::Whole(wanted) if wanted != value) {
        let detail = format!("The value has too many decimals for {}.", book.setup.settings.currency);
        return Err(invalid(product, at_field, detail));
    }
    if let Err(detail) = check_time(book, (&key, product.sku.as_str()), (value, by), occurred_at) {
        let problem = invalid(product, pointer.to_owned(), detail);
        return Err(Problem { code: Code::InvalidStateTransition, ..problem });
    }
    Ok((key, value, by))
}

/// Rejects a time at which the stock was not there, or whose units have left since. Rejects one after which the change leaves
/// value without units, or a value below zero.
fn check_time(
    book: &Book,
    (key, sku): (&LevelKey, &str),
    (value, by): (Money, Spread),
    at: DateTime<Utc>,
) -> Result<(), String> {
    let is_of_units = match by {
        Spread::UnitCost | Spread::UnitCostUntil(_) => true,
        Spread::Amount => false,
    };
    let change = value - book.level(key).value();
    let shown = moment::text(at);
    if !book.units_at(key, at).is_positive() && (is_of_units || !change.is_zero()) {
        return Err(format!(
            "The location had no stock of {sku} at {shown}: state a time at which it had, or leave occurred_at out."
        ));
    }
    if is_of_units && book.is_gone(key, at) {
        return Err(format!(
            "The stock of {sku} that was there at {shown} has left since: revalue at a later time what came after it."
        ));
    }
    if !book.can_change_value(key, at, change) {
        return Err(format!(
            "At {shown} or later, the stock of {sku} came to no units, or had less value than is taken off: revalue it at a \
             later time."
        ));
    }
    Ok(())
}
