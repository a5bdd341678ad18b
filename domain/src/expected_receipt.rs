//! Expected receipts, and what may be promised on them.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{ExpectedReceiptId, LocationId, ProductId, PurchaseOrderId, TransferId};
use crate::line_item::GoodsLine;
use crate::needs::Needs;
use crate::number::Quantity;
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::text_enum;

mod incoming;

use incoming::note;
pub use incoming::note_all;
pub(crate) use incoming::{note_purchase, note_transfer};

/// Stock that comes to a location on a day, or leaves it if negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// The tenant's day.
    pub on: NaiveDate,
    /// Stock units.
    pub quantity: Quantity,
}

/// The document line from which stock is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A line of an expected receipt.
    Expected(ExpectedReceiptId, i32),
    /// A line of a transfer.
    Transfer(TransferId, i32),
    /// A line of a purchase order.
    Purchase(PurchaseOrderId, i32),
}

/// A future receipt: what is still to come of a document line. A transfer without an expected day is no
/// supply, nor is a line of a purchase order without one: nothing is promised on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Supply {
    /// The line.
    pub source: Source,
    /// The tenant's day on which it is expected.
    pub on: NaiveDate,
    /// Stock units, above zero.
    pub quantity: Quantity,
}

/// Supplies by location and product, the earliest first.
pub type Supplies = HashMap<(LocationId, ProductId), Vec<Supply>>;

/// A step of what may be promised: from a day on, until the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The tenant's day.
    pub on: NaiveDate,
    /// Stock units that come on that day.
    pub incoming: Quantity,
    /// Stock units that leave on that day.
    pub outgoing: Quantity,
    /// Stock units that may be promised for that day without breaking a promise for a later one: the least
    /// that is left on that day and on every day after it.
    pub available: Quantity,
}

/// Returns what may be promised, by day. The first step is today, with what is available now.
///
/// A supply that was expected before today is left out: nothing is promised on it until it gets a new day.
pub fn staircase(available: Quantity, today: NaiveDate, flows: &[Flow]) -> Vec<Step> {
    let mut days: std::collections::BTreeMap<NaiveDate, (Quantity, Quantity)> =
        [(today, Default::default())].into();
    for flow in flows {
        let late = flow.on < today;
        if late && flow.quantity.is_positive() {
            continue;
        }
        let (incoming, outgoing) = days.entry(flow.on.max(today)).or_default();
        if flow.quantity.is_positive() { *incoming += flow.quantity } else { *outgoing -= flow.quantity }
    }
    let mut left = available;
    let mut steps: Vec<Step> = days
        .into_iter()
        .map(|(on, (incoming, outgoing))| {
            left += incoming - outgoing;
            Step { on, incoming, outgoing, available: left }
        })
        .collect();
    let mut least = left;
    for step in steps.iter_mut().rev() {
        least = least.min(step.available);
        step.available = least;
    }
    steps
}

/// Returns the first day for which `wanted` may be promised, or nothing if too little is expected. Waiting
/// orders get the first `ahead` units of the available stock and the supplies.
pub fn promise(
    (free, ahead): (Quantity, Quantity),
    today: NaiveDate,
    supplies: &[Supply],
    wanted: Quantity,
) -> Option<NaiveDate> {
    let steps = staircase(free, today, &flows(today, supplies, ahead));
    steps.iter().find(|step| step.available >= wanted).map(|step| step.on)
}

/// Returns the flows of a level: its supplies, and the units that waiting orders are to get, as leaving
/// today.
pub fn flows(today: NaiveDate, supplies: &[Supply], owed: Quantity) -> Vec<Flow> {
    let owed = owed.is_positive().then_some(Flow { on: today, quantity: -owed });
    let incoming = supplies.iter().map(|supply| Flow { on: supply.on, quantity: supply.quantity });
    incoming.chain(owed).collect()
}

text_enum! {
    /// The status of an expected receipt.
    pub enum ExpectedStatus {
        /// Some of it is still to come.
        Open,
        /// All of it was received.
        Received,
        /// The rest will not come.
        Cancelled,
    }
}

/// An expected receipt to record.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The id of the document, if the caller chose one.
    pub id: Option<ExpectedReceiptId>,
    /// The location; the default one if absent.
    pub location_id: Option<LocationId>,
    /// The day on which it is expected.
    pub expected_on: NaiveDate,
    /// A remark, such as the supplier's confirmation.
    pub reference: Option<String>,
    /// Its lines, 1 to 2,000.
    pub lines: Vec<GoodsLine>,
}

/// Stock that a supplier is to deliver on a day. Promises are made on it.
#[derive(Debug, Clone)]
pub struct ExpectedReceipt {
    /// Its id.
    pub id: ExpectedReceiptId,
    /// Its number.
    pub number: String,
    /// The location.
    pub location_id: LocationId,
    /// The day on which it is expected.
    pub expected_on: NaiveDate,
    /// A remark.
    pub reference: Option<String>,
    /// Its status.
    pub status: ExpectedStatus,
    /// The time at which it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// The version. It grows with each change.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<ExpectedLine>,
}

/// A line of an expected receipt.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// Stock units expected.
    pub quantity: Quantity,
    /// Stock units received; more than expected if the supplier sent more.
    pub received: Quantity,
}

impl ExpectedLine {
    /// Returns the stock units that are still to come.
    pub fn open(&self) -> Quantity {
        (self.quantity - self.received).max(Quantity::ZERO)
    }
}
impl Rule for Expect {
    fn name(&self) -> &'static str {
        "expected_receipt.created"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.expected_ids.extend(self.id);
        needs.location(self.location_id);
        needs.numbered.insert(DocumentKind::ExpectedReceipt);
        needs.goods(&self.lines);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_id(book, self));
        faults.take(book.place(self.location_id, "/location_id"));
        faults.take(not_past(book, self.expected_on));
        faults.take(refuse_lots(&self.lines));
        book.note_faults_of_goods(&self.lines, faults);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        expect(book, self).map(|(expected, posting)| (Outcome::Expected(expected), posting))
    }
}

/// Rejects an id that another expected receipt has.
fn check_id(book: &Book, command: &Expect) -> Result<(), Refusal> {
    if command.id.is_none_or(|id| !book.expected.contains_key(&id)) {
        return Ok(());
    }
    Err(Problems::one("/id", Code::AlreadyExists, "Another expected receipt has this id."))
}

/// Rejects lines that name lots.
fn refuse_lots(lines: &[GoodsLine]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, _) in lines.iter().enumerate().filter(|(_, line)| !line.lots.is_empty()) {
        let detail = "Leave lots out: name them on the receipt, when the stock comes in.";
        problems.invalid(format!("/lines/{index}/lots"), detail);
    }
    problems.check()
}

/// Records an expected receipt.
fn expect(book: &mut Book, command: &Expect) -> Result<(ExpectedReceipt, Posting), Refusal> {
    check_id(book, command)?;
    let location_id = book.place(command.location_id, "/location_id")?.id;
    not_past(book, command.expected_on)?;
    let goods = book.goods(&command.lines)?;
    refuse_lots(&command.lines)?;

    // Nothing rejects the command from here on.
    let line = |(goods, line_no): (crate::line_item::Goods, i32)| ExpectedLine {
        line_no,
        product_id: goods.product_id,
        quantity: goods.quantity,
        received: Quantity::ZERO,
    };
    let expected = ExpectedReceipt {
        id: command.id.unwrap_or_else(|| ExpectedReceiptId(book.ids.next_id())),
        number: book.number(DocumentKind::ExpectedReceipt),
        location_id,
        expected_on: command.expected_on,
        reference: command.reference.clone(),
        status: ExpectedStatus::Open,
        recorded_at: book.now,
        version: 1,
        lines: goods.into_iter().zip(1..).map(line).collect(),
    };
    Ok(kept(book, expected))
}
/// A new day for an expected receipt.
#[derive(Debug, Clone, Copy)]
pub struct Reschedule {
    pub id: ExpectedReceiptId,
    pub expected_on: NaiveDate,
}

impl Rule for Reschedule {
    fn name(&self) -> &'static str {
        "expected_receipt.rescheduled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.expected_ids.insert(self.id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reschedule(book, self.id, self.expected_on)
            .map(|(expected, posting)| (Outcome::Expected(expected), posting))
    }
}

/// Changes the day of an expected receipt.
fn reschedule(
    book: &mut Book,
    id: ExpectedReceiptId,
    expected_on: NaiveDate,
) -> Result<(ExpectedReceipt, Posting), Refusal> {
    let expected = open(book, id, "rescheduled")?;
    not_past(book, expected_on)?;
    Ok(kept(book, ExpectedReceipt { expected_on, version: expected.version + 1, ..expected }))
}
/// An expected receipt to cancel.
#[derive(Debug, Clone, Copy)]
pub struct Cancel(pub ExpectedReceiptId);

impl Rule for Cancel {
    fn name(&self) -> &'static str {
        "expected_receipt.cancelled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.breaks = true;
        needs.expected_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        cancel(book, self.0).map(|(expected, posting)| (Outcome::Expected(expected), posting))
    }
}

/// Cancels what is still to come of an expected receipt.
fn cancel(book: &mut Book, id: ExpectedReceiptId) -> Result<(ExpectedReceipt, Posting), Refusal> {
    let expected = open(book, id, "cancelled")?;
    let version = expected.version + 1;
    Ok(kept(book, ExpectedReceipt { status: ExpectedStatus::Cancelled, version, ..expected }))
}

/// Rejects a receipt for an expected receipt that does not expect any more stock, or not at `location_id`, or that was
/// recorded on a later day than that of the receipt.
pub(crate) fn check_arrival(
    book: &Book,
    id: ExpectedReceiptId,
    (location_id, occurred_at): (LocationId, DateTime<Utc>),
) -> Result<(), Refusal> {
    let pointer = "/expected_receipt_id";
    let Some(expected) = book.expected.get(&id) else {
        return Err(Problems::one(pointer, Code::NotFound, "There is no expected receipt with this id."));
    };
    if expected.status != ExpectedStatus::Open {
        let status: &str = expected.status.into();
        return Err(Refusal::state(format!("{} is {status}: nothing more is expected.", expected.number)));
    }
    if expected.location_id != location_id {
        let detail = format!("{} is expected at another location.", expected.number);
        return Err(Refusal::invalid(pointer, detail));
    }
    // It may have been ordered earlier on the day on which it was recorded.
    let recorded_on = book.setup.settings.day(expected.recorded_at);
    if book.setup.settings.day(occurred_at) < recorded_on {
        let detail =
            format!("occurred_at lies before {}, which was recorded on {recorded_on}.", expected.number);
        return Err(Refusal::invalid("/occurred_at", detail));
    }
    Ok(())
}

/// Adds received stock to an expected receipt. What exceeds a line goes to the next line of the product, and
/// at last beyond what was expected.
pub(crate) fn arrive(
    book: &mut Book,
    id: ExpectedReceiptId,
    goods: &[(ProductId, Quantity)],
    posting: &mut Posting,
) {
    let expected = book.expected.get_mut(&id).expect("the arrival was checked before");
    for (product_id, quantity) in goods {
        let mut left = *quantity;
        for line in expected.lines.iter_mut().filter(|line| line.product_id == *product_id) {
            let taken = left.min(line.open());
            line.received += taken;
            left -= taken;
        }
        if let Some(last) = expected.lines.iter_mut().rfind(|line| line.product_id == *product_id) {
            last.received += left;
        }
    }
    expected.version += 1;
    if expected.lines.iter().all(|line| line.open().is_zero()) {
        expected.status = ExpectedStatus::Received;
    }
    let expected = expected.clone();
    note(book, &expected);
    posting.expected.push(expected);
}

fn open(book: &Book, id: ExpectedReceiptId, verb: &str) -> Result<ExpectedReceipt, Refusal> {
    let expected = book.expected.get(&id).ok_or_else(|| Refusal::not_found("expected receipt"))?;
    if expected.status == ExpectedStatus::Open {
        return Ok(expected.clone());
    }
    Err(Refusal::status(&expected.number, expected.status.into(), verb, &["open"]))
}

fn not_past(book: &Book, on: NaiveDate) -> Result<(), Refusal> {
    let today = book.setup.settings.day(book.now);
    if on < today {
        return Err(Refusal::invalid("/expected_on", format!("The day has passed; today is {today}.")));
    }
    Ok(())
}

fn kept(book: &mut Book, expected: ExpectedReceipt) -> (ExpectedReceipt, Posting) {
    book.expected.insert(expected.id, expected.clone());
    note(book, &expected);
    let posting = Posting { expected: vec![expected.clone()], ..Posting::default() };
    (expected, posting)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, 1).expect("a day") + chrono::Days::new(number.into())
    }

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    fn supply(on: u32, quantity: i64) -> Supply {
        let source = Source::Expected(ExpectedReceiptId::default(), 1);
        Supply { source, on: day(on), quantity: units(quantity) }
    }

    #[test]
    fn a_promise_never_breaks_a_later_one() {
        let flows = [(3, 50), (5, -40), (9, 30)]
            .map(|(on, quantity)| Flow { on: day(on), quantity: units(quantity) });
        let shown: Vec<_> = staircase(units(5), day(0), &flows).iter().map(|step| step.available).collect();
        // 55 are on hand on the third day, but 40 of them are promised for the fifth.
        assert_eq!(shown, [units(5), units(15), units(15), units(45)]);
    }

    #[test]
    fn what_is_late_is_no_supply() {
        let supplies = [supply(0, 10)];
        assert_eq!(promise((units(1), units(0)), day(1), &supplies, units(2)), None);
        assert_eq!(promise((units(1), units(0)), day(0), &supplies, units(2)), Some(day(0)));
    }

    #[test]
    fn who_waits_is_served_before_anybody_new() {
        let supplies = [supply(3, 10), supply(9, 10)];
        let promised = |ahead, wanted| promise((units(0), units(ahead)), day(0), &supplies, units(wanted));
        assert_eq!(promised(0, 10), Some(day(3)));
        assert_eq!(promised(4, 6), Some(day(3)));
        assert_eq!(promised(4, 7), Some(day(9)));
        assert_eq!(promised(11, 10), None);
    }

    proptest! {
        /// A promise for the promised day leaves no later day below zero.
        #[test]
        fn promises_are_kept(
            now in 0..50_i64,
            flows in prop::collection::vec((0..20_u32, -30..60_i64), 0..15),
            wanted in 1..120_i64,
        ) {
            let flows: Vec<Flow> =
                flows.into_iter().map(|(on, quantity)| Flow { on: day(on), quantity: units(quantity) }).collect();
            let left = |until: NaiveDate| {
                let all = flows.iter().filter(|flow| flow.on <= until).map(|flow| flow.quantity);
                units(now) + all.sum::<Quantity>()
            };
            let days = (0..21).map(day);
            let expected = days.clone().find(|on| days.clone().filter(|later| later >= on).all(|later| left(later) >= units(wanted)));
            let steps = staircase(units(now), day(0), &flows);
            let promised = steps.iter().find(|step| step.available >= units(wanted)).map(|step| step.on);
            prop_assert_eq!(promised, expected);
        }
    }
}
