//! Wholesale returns: one transaction receives the stock and credits the customer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::exposure;
use super::invoice::{Invoice, InvoiceKind, of_lines, post};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::customer::Customer;
use crate::document::DocumentKind;
use crate::exchange::{ForeignDocument, Open};
use crate::id::{CustomerId, InvoiceId, LocationId, MovementId};
use crate::ledger::account;
use crate::lot::{self, BackTo};
use crate::needs::Needs;
use crate::number::{Money, Quantity};
use crate::open_item::{Applied, CreditRef, Used};
use crate::printed::{Addresses, PrintedCustomer};
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::sales::{self, Basket, Judged, Line, LineInput, OriginalLine, SoldLine, TakenBack, Totals};
use crate::stock::{self, LayerUse, LevelKey, Movement, MovementKind, Source};
use crate::tenant::{Channel, Settings};
use crate::text_enum;

text_enum! {
    /// The condition of returned goods.
    #[derive(Default)]
    pub enum Condition {
        /// They are received into stock.
        #[default]
        Resellable,
        /// They are written off.
        Damaged,
    }
}

/// A return to receive.
#[derive(Debug, Clone)]
pub struct Return {
    /// The id of the credit note, if the caller chose one.
    pub id: Option<InvoiceId>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The original invoice, if it is known.
    pub original_id: Option<InvoiceId>,
    /// The lines of the original to return; all of them if empty.
    pub original_lines: Vec<OriginalLine>,
    /// The lines to return if there is no original.
    pub lines: Vec<LineInput>,
    /// The location that receives the stock. If absent: that of the original, else the default one.
    pub location_id: Option<LocationId>,
    /// The country of the return, whose taxes come back: that of the original, else the customer's. Another one than that of the original is
    /// rejected.
    pub country: Option<String>,
    /// The condition of the goods.
    pub condition: Condition,
    /// The reason.
    pub reason: Option<String>,
    /// The time; now if absent.
    pub occurred_at: Option<DateTime<Utc>>,
    /// The caller who may override prices; `None` if the caller may not.
    pub overrider: Option<String>,
}
impl Rule for Return {
    fn name(&self) -> &'static str {
        "return.received"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.customer_ids.insert(self.customer_id);
        needs.sold_ids.extend(self.original_id.map(|id| id.0));
        needs.add_time(self.occurred_at);
        needs.invoice_ids.extend(self.original_id);
        needs.location(self.location_id);
        needs.numbered.insert(DocumentKind::CreditNote);
        needs.add_returned_lots(self.original_lines.iter().map(|line| &*line.lots));
        needs.add_blind_lines(&self.lines);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let original = self.original_id.map(|id| id.0);
        let at = faults.take(sales::returned_at(book, self.occurred_at, original));
        let customer = faults.take(returner(book, self));
        let location_id = faults.take(location(book, self));
        let has_original = self.original_id.is_some();
        faults.take(sales::check_return_lines(has_original, self.original_lines.len(), self.lines.len()));
        if let Some(original_id) = self.original_id {
            // The invoices of an unknown customer are not known.
            let back = customer.is_some().then_some(|| with_original(book, self, original_id));
            sales::note_faults_of_original_lines(&self.original_lines, back, faults);
            if customer.is_some() {
                faults.take(sales::check_country(book, self.country.as_deref(), Some(original_id.0)));
            }
        } else {
            let is_known = at.is_some() && customer.is_some() && location_id.is_some();
            let basket = basket(book, self, location_id.unwrap_or_default(), at.unwrap_or(book.now));
            let decimals = Some(book.setup.settings.exponent);
            sales::note_faults(book, &basket, Judged { prices: is_known, decimals, lots: true }, faults);
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        give_back(book, self).map(|(note, posting)| (Outcome::CreditNote(note), posting))
    }
}

/// Receives a return. With an original, at the price charged and at the cost with which the units left;
/// without one, at the price of today or an override, and at the current cost.
fn give_back(book: &mut Book, command: &Return) -> Result<(Invoice, Posting), Refusal> {
    let occurred_at = sales::returned_at(book, command.occurred_at, command.original_id.map(|id| id.0))?;
    let customer = returner(book, command)?;
    let (country, printed) = (customer.country.clone(), Arc::clone(&customer.printed));
    let has_original = command.original_id.is_some();
    sales::check_return_lines(has_original, command.original_lines.len(), command.lines.len())?;
    let location_id = location(book, command)?;
    let (lines, originals) = match command.original_id {
        Some(original_id) => {
            let taken_back = with_original(book, command, original_id)?;
            sales::check_country(book, command.country.as_deref(), Some(original_id.0))?;
            taken_back
        }
        None => (without_original(book, command, occurred_at)?, Vec::new()),
    };
    let sold_to = command.original_id.and_then(|id| book.sold.get(&id.0)).and_then(|sold| sold.first());
    let country = sold_to.map_or(country, |sold| sold.country.clone());
    let totals = Totals::of(lines.iter().map(|(line, _)| line));

    // Nothing rejects the command from here on.
    let layers = sales::layers_back(book, &lines, &originals);
    if let Some(sold) = command.original_id.and_then(|id| book.sold.get_mut(&id.0)) {
        sales::mark_returned(sold, &lines, &originals);
    }
    lines.iter().for_each(|(line, _)| book.lots.note_back(&line.lots, Some(command.customer_id)));
    let id = command.id.unwrap_or_else(|| InvoiceId(book.ids.next_id()));
    let rounding = rounding(book, command, &totals);
    let total = totals.total() + rounding;
    let settled = settle_original(book, command, id, total, &lines);
    let note = Invoice {
        id,
        number: book.number(DocumentKind::CreditNote),
        kind: InvoiceKind::CreditNote,
        customer_id: command.customer_id,
        addresses: addresses(book, command, &printed),
        customer: printed,
        seller: Arc::clone(&book.setup.seller),
        order_id: None,
        location_id,
        original_id: command.original_id,
        country: command.country.clone().unwrap_or(country),
        lines,
        totals,
        rounding,
        open: settled.open,
        foreign: settled.foreign,
        applied: settled.applied,
        due_on: book.setup.settings.day(occurred_at),
        reason: command.reason.clone(),
        occurred_at,
        recorded_at: book.now,
        updated_at: book.now,
        version: 1,
    };
    let mut posting = Posting::default();
    let goods = match command.condition {
        Condition::Resellable => {
            restock(book, &note, (originals.as_slice(), layers.as_slice()), &mut posting);
            account::INVENTORY
        }
        Condition::Damaged => {
            write_off(book, &note, &mut posting);
            account::SHRINKAGE
        }
    };
    post(book, &note, goods, &originals, &mut posting);
    exposure(book, command.customer_id).receivable += total + note.difference();
    Ok((note, posting))
}

/// Returns the addresses of a credit note: those of its invoice. Without one, the customer's for billing.
fn addresses(book: &Book, command: &Return, customer: &PrintedCustomer) -> Addresses {
    match command.original_id {
        Some(id) => book.credited.get(&id).cloned().unwrap_or_default(),
        None => Addresses { bill_to: customer.bill_to.clone(), ship_to: None },
    }
}

/// Returns what rounding adds to the total of a credit note, and counts it as a part of the invoice's. Without an invoice, the
/// note is rounded alone.
fn rounding(book: &mut Book, command: &Return, totals: &Totals) -> Money {
    let (settings, total) = (&book.setup.settings, totals.total());
    let sold = command.original_id.and_then(|id| book.sold.get(&id.0));
    let invoice = command.original_id.and_then(|id| book.invoices.get_mut(&id));
    let (Some(sold), Some(invoice)) = (sold, invoice) else { return settings.round_invoice(total) - total };
    if invoice.foreign.is_some() {
        return Money::ZERO;
    }
    let kept = |line: &SoldLine| line.line.net + line.line.tax - line.returned_total(settings);
    let rounding = rounding_back(total, sold.iter().map(kept).sum(), invoice.rounding, settings);
    invoice.rounding += rounding;
    rounding
}

/// Returns what rounding adds to the total of a credit note of an invoice: as much as makes invoice and notes come to the
/// rounded total of `kept`, the amount of what did not come back. `rounded` is the rounding of the invoice and the notes before.
/// If the tenant rounds otherwise since, that may be more than was owed before the note: then the note comes to zero.
///
/// > Totals are rounded to 0.05. An invoice over 3 × 1.01 has 3.05. After one piece, 2.02 are left, rounded 2.00: the first
/// > note has -1.05. The second leaves 1.01, rounded 1.00, and has -1.00, the third -1.00. They add up to -3.05.
fn rounding_back(total: Money, kept: Money, rounded: Money, settings: &Settings) -> Money {
    (settings.round_invoice(kept) - kept - rounded).min(-total)
}

/// The open amount of a credit note after it was applied to its invoice.
struct Settled {
    open: Money,
    foreign: Option<ForeignDocument>,
    applied: Option<Applied>,
}

/// Applies a credit note of a total and lines to the invoice that it corrects, as far as that is open. The rest stays a credit
/// of the customer. A credit note has the currency and the rate of its invoice.
fn settle_original(
    book: &mut Book,
    command: &Return,
    id: InvoiceId,
    total: Money,
    lines: &[(Line, Money)],
) -> Settled {
    let invoice = command.original_id.and_then(|id| Some((id, book.invoices.get_mut(&id)?)));
    let Some((original_id, invoice)) = invoice else {
        return Settled { open: total, foreign: None, applied: None };
    };
    let mut foreign = invoice.foreign.as_ref().map(|foreign| of_lines(foreign.quote.clone(), lines));
    let mut left = Open { base: -total, foreign: foreign.as_ref().map(|foreign| -foreign.open) };
    let mut open = invoice.remaining();
    let used = Used::of_most(&mut left, &mut open, &book.setup.settings);
    invoice.keep(open);
    if let (Some(foreign), Some(left)) = (&mut foreign, left.foreign) {
        foreign.open = -left;
    }
    let applied = used.map(|used| Applied::new(CreditRef::CreditNote(id), Some(original_id), used));
    Settled { open: -left.base, foreign, applied }
}

/// Receives the units of a credit note, into the cost layers that they left if these are known.
fn restock(
    book: &mut Book,
    note: &Invoice,
    (originals, layers): (&[(Uuid, i32)], &[Vec<LayerUse>]),
    posting: &mut Posting,
) {
    for (index, (line, cost)) in note.lines.iter().enumerate() {
        let source = Source::new(DocumentKind::CreditNote, note.id.0, line.line_no, note.occurred_at);
        for (key, quantity, cost) in lot::moves(note.location_id, line, *cost) {
            let came = (key, -quantity, -cost);
            match originals.get(index).zip(layers.get(index)) {
                Some((original, layers)) => book.receive_returned(*original, came, layers, &source),
                None => book.receive(key, -quantity, -cost, &source),
            }
            let goods = (key, -quantity, -cost);
            posting.movements.push(moved(book, note, (MovementKind::Return, line.line_no), goods));
        }
    }
}

/// Writes damaged units off. They never become stock, and change no level. Units of a lot get a return and an
/// adjustment at once, so that the lot's trace adds up.
fn write_off(book: &mut Book, note: &Invoice, posting: &mut Posting) {
    for (line, cost) in note.lines.iter().filter(|(line, _)| !line.lots.is_empty()) {
        for (key, quantity, cost) in lot::moves(note.location_id, line, *cost) {
            for (kind, goods) in [
                (MovementKind::Return, (key, -quantity, -cost)),
                (MovementKind::Adjustment, (key, quantity, cost)),
            ] {
                posting.movements.push(moved(book, note, (kind, line.line_no), goods));
            }
        }
    }
}

fn moved(
    book: &mut Book,
    note: &Invoice,
    (kind, line_no): (MovementKind, i32),
    (key, quantity, value): (LevelKey, Quantity, Money),
) -> Movement {
    Movement {
        id: MovementId(book.ids.next_id()),
        kind,
        key,
        quantity,
        value,
        unit_cost: stock::unit_cost(value, quantity),
        document_kind: DocumentKind::CreditNote,
        document_id: note.id.0,
        line_no,
        channel: Some(Channel::Wholesale),
        reason: note.reason.clone().filter(|_| kind == MovementKind::Return),
        occurred_at: note.occurred_at,
    }
}

fn location(book: &Book, command: &Return) -> Result<LocationId, Refusal> {
    let original = command.original_id.and_then(|id| book.sold.get(&id.0)).and_then(|sold| sold.first());
    let wanted = command.location_id.or(original.map(|sold| sold.location_id));
    Ok(book.place(wanted, "/location_id")?.id)
}

fn with_original(book: &Book, command: &Return, original_id: InvoiceId) -> Result<TakenBack, Refusal> {
    let sold = book
        .sold
        .get(&original_id.0)
        .filter(|sold| sold.iter().all(|line| line.customer_id == Some(command.customer_id)))
        .filter(|sold| sold.iter().all(|line| line.channel == Channel::Wholesale))
        .ok_or_else(|| {
            let detail =
                "The customer has no invoice with this id. Name an invoice: a credit note can't be credited.";
            Problems::one("/original_id", Code::NotFound, detail)
        })?;
    sales::take_back(book, (original_id.0, sold), &command.original_lines)
}

fn without_original(book: &Book, command: &Return, at: DateTime<Utc>) -> Result<Vec<(Line, Money)>, Refusal> {
    let location_id = location(book, command)?;
    let lines = sales::price(book, &basket(book, command, location_id, at))?;
    let to = BackTo { location_id, at, customer_id: Some(command.customer_id) };
    sales::given_back(book, to, &command.lines, lines)
}

/// Returns the customer who returns goods. A blocked customer may not buy, but may return.
fn returner<'b>(book: &'b Book, command: &Return) -> Result<&'b Customer, Refusal> {
    let customer = book.customers.get(&command.customer_id);
    customer
        .ok_or_else(|| Problems::one("/customer_id", Code::NotFound, "There is no customer with this id."))
}

/// Returns the lines of a return without an original, with the customer, the location and the time that price them.
fn basket<'a>(book: &'a Book, command: &'a Return, location_id: LocationId, at: DateTime<Utc>) -> Basket<'a> {
    let customer = book.customers.get(&command.customer_id);
    let home = customer.map(|customer| customer.country.as_str());
    Basket {
        lines: &command.lines,
        discount: None,
        channel: Channel::Wholesale,
        location_id,
        customer,
        country: command.country.as_deref().or(home).unwrap_or(&book.setup.settings.country),
        at,
        overrider: command.overrider.as_deref(),
        discount_max: None,
        is_return: true,
        forced: false,
        foreign: None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;

    fn cents(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2))
    }

    fn rounding_to(step: i64) -> Settings {
        Settings { invoice_rounding: cents(step), ..crate::stock::tests::settings() }
    }

    proptest! {
        /// An invoice and its credit notes come to the rounded total of what did not come back, and to zero in the end. No note
        /// takes money from the customer, also if the tenant rounds otherwise since the invoice.
        #[test]
        fn notes_of_an_invoice_come_to_what_was_owed(
            step in prop::sample::select(vec![0_i64, 5, 10, 100]),
            notes in prop::collection::vec((1..500_i64, prop::option::of(prop::sample::select(vec![0_i64, 5, 50, 1000]))), 1..8),
        ) {
            let mut settings = rounding_to(step);
            let whole = cents(notes.iter().map(|(part, _)| part).sum());
            let (mut kept, mut owed) = (whole, settings.round_invoice(whole));
            let (mut rounded, mut is_same) = (owed - whole, true);
            for (part, other) in notes {
                if let Some(step) = other {
                    (settings, is_same) = (rounding_to(step), false);
                }
                kept -= cents(part);
                let rounding = rounding_back(cents(-part), kept, rounded, &settings);
                rounded += rounding;
                let note = cents(-part) + rounding;
                owed += note;
                prop_assert!(!note.is_positive() && !owed.is_negative());
                prop_assert_eq!(owed, kept + rounded);
                prop_assert!(!is_same || owed == settings.round_invoice(kept));
            }
            prop_assert!(kept.is_zero() && owed.is_zero());
        }
    }
}
