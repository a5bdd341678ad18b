//! The steps of a purchase order before its goods come: it is sent, and confirmed for days.

use std::collections::HashSet;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::PurchaseOrderStatus::{Confirmed, Draft, PartlyReceived, Sent};
use super::{PurchaseLine, PurchaseOrder, alone, check_not_past, find, keep};
use crate::book::Book;
use crate::command::{Decision, Rule};
use crate::id::PurchaseOrderId;
use crate::line_item::LINES_MAX;
use crate::needs::Needs;
use crate::number::Quantity;
use crate::refusal::{Code, Faults, Problems, Refusal};

/// A purchase order to send to its supplier.
#[derive(Debug, Clone, Copy)]
pub struct SendToSupplier {
    /// The purchase order.
    pub id: PurchaseOrderId,
    /// The time at which the supplier got it; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// The days that a supplier confirms, and fewer units of a line.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// The purchase order.
    pub id: PurchaseOrderId,
    /// The day of the open lines that are not named.
    pub expected_on: Option<NaiveDate>,
    /// The days of single lines.
    pub lines: Vec<ConfirmLine>,
}

/// The day of a line.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmLine {
    /// The line of the purchase order.
    pub line_no: i32,
    /// The day on which it is expected.
    pub expected_on: NaiveDate,
    /// Stock units that are still to come, if the supplier delivers fewer. The others are cancelled.
    pub open: Option<Quantity>,
}

impl Rule for SendToSupplier {
    fn name(&self) -> &'static str {
        "purchase_order.sent"
    }

    /// Returns the limit of lines, because the lines of the order are known only after it is loaded.
    fn lines(&self) -> usize {
        LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.purchase_ids.insert(self.id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        send(book, *self).map(alone)
    }
}

/// Sends a draft. A line without a day is expected after the lead time of the supplier.
fn send(book: &mut Book, command: SendToSupplier) -> Result<PurchaseOrder, Refusal> {
    let mut order = find(book, command.id)?;
    order.require(&[Draft], "sent")?;
    let sent_at = book.occurred_at(command.occurred_at)?;
    let sent_on = book.setup.settings.day(sent_at);
    let due = order.lead_time_days.and_then(|days| sent_on.checked_add_days(Days::new(days.into())));
    for line in &mut order.lines {
        line.expected_on = line.expected_on.or(due);
    }
    order.status = Sent;
    order.sent_at = Some(sent_at);
    Ok(keep(book, order))
}

impl Rule for Confirm {
    fn name(&self) -> &'static str {
        "purchase_order.confirmed"
    }

    /// Returns the number of lines that it may change: all lines of the order if one day is stated for the rest.
    fn lines(&self) -> usize {
        if self.expected_on.is_some() { LINES_MAX } else { self.lines.len().max(1) }
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.purchase_ids.insert(self.id);
    }

    fn note_faults(&self, _book: &Book, faults: &mut Faults) {
        for (index, line) in self.lines.iter().enumerate() {
            if line.open.is_some_and(Quantity::is_negative) {
                faults.invalid(format!("/lines/{index}/open"), "The open units must not be negative.");
            }
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        confirm(book, self).map(alone)
    }
}

/// Confirms the days of the open lines, or changes them.
fn confirm(book: &mut Book, command: &Confirm) -> Result<PurchaseOrder, Refusal> {
    let mut order = find(book, command.id)?;
    order.require(&[Sent, Confirmed, PartlyReceived], "confirmed")?;
    if command.lines.len() > LINES_MAX {
        return Err(Refusal::invalid("/lines", format!("Name at most {LINES_MAX} lines.")));
    }
    let mut problems = Problems::default();
    if let Err(detail) = check_not_past(book, command.expected_on) {
        problems.invalid("/expected_on", detail);
    }
    let mut named = HashSet::with_capacity(command.lines.len());
    for (index, day) in command.lines.iter().enumerate() {
        let pointer = |field: &str| format!("/lines/{index}/{field}");
        let place = usize::try_from(day.line_no).ok().and_then(|number| number.checked_sub(1));
        match place.and_then(|place| order.lines.get_mut(place)) {
            None => problems.add(pointer("line_no"), Code::NotFound, "The purchase order has no such line."),
            Some(_) if !named.insert(day.line_no) => {
                problems.invalid(pointer("line_no"), "Name each line once.");
            }
            Some(line) if line.open().is_zero() => {
                problems.invalid(pointer("line_no"), "Nothing more of this line is expected: leave it out.");
            }
            Some(line) => {
                line.expected_on = Some(day.expected_on);
                if let Err(detail) = reduce(book, line, day.open) {
                    problems.invalid(pointer("open"), detail);
                }
            }
        }
        if let Err(detail) = check_not_past(book, Some(day.expected_on)) {
            problems.invalid(pointer("expected_on"), detail);
        }
    }
    for line in order.lines.iter_mut().filter(|line| line.open().is_positive()) {
        if !named.contains(&line.line_no) {
            line.expected_on = command.expected_on.or(line.expected_on);
        }
        if line.expected_on.is_none() {
            let detail = format!("State the day of line {}, or expected_on for all lines.", line.line_no);
            problems.invalid("/lines", detail);
        }
    }
    problems.check()?;
    if order.lines.iter().all(|line| line.open().is_zero()) {
        let detail = "Nothing would be left to come: cancel the order, or close it if goods were received.";
        return Err(Refusal::invalid("/lines", detail));
    }
    if order.status == Sent {
        order.status = Confirmed;
    }
    Ok(keep(book, order))
}

/// Cancels the units of a line that the supplier does not deliver.
fn reduce(book: &Book, line: &mut PurchaseLine, open: Option<Quantity>) -> Result<(), String> {
    let Some(stated) = open else { return Ok(()) };
    let left = line.open();
    if stated.is_negative() || stated > left {
        return Err(format!(
            "{left} stock units are still to come: send as many or fewer, and order more with another purchase order."
        ));
    }
    if let Some(product) = book.products.get(&line.product_id) {
        product.to_stock_quantity(stated.get())?;
    }
    line.cancelled += left - stated;
    Ok(())
}
