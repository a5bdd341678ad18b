//! Counts: the stock that is really there.
//!
//! A count sheet names a location and products. It freezes nothing: stock moves while it is counted. So a
//! counted quantity is not compared with what the record says now, but with what it said at the time of the
//! counting (`counted_at`). The difference is posted, and that time is noted on the level. A movement dated
//! until then is in the count, so it changes nothing if it is recorded later (see [`crate::negative_stock`]).
//!
//! The status goes from counting to counted to posted. Lines that differ by more than the tolerance must be
//! counted again (recount) before the sheet is counted. Until it is posted, a sheet can be cancelled. After that, it can be
//! reversed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CountId, LocationId, LotId, ProductId, StockDocumentId};
use crate::line_item::LINES_MAX;
use crate::needs::Needs;
use crate::number::{Money, Percent, Quantity};
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::stock::LevelKey;
use crate::text_enum;

mod enter;
mod lot;
mod post;
mod reverse;

pub use enter::{CountEntry, Enter, EntryInput};
pub use lot::{CountedLot, Listed};
pub use post::Post;
pub use reverse::Reverse;

text_enum! {
    /// The status of a count sheet.
    pub enum CountStatus {
        /// Quantities are being entered.
        Counting,
        /// Some lines must be counted again.
        Recount,
        /// All lines are counted, and nothing is posted yet.
        Counted,
        /// The differences were posted.
        Posted,
        /// It was cancelled, and nothing was posted.
        Cancelled,
        /// Its adjustment was taken back.
        Reversed,
    }
}

/// The settings of a tenant for counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CountSettings {
    /// The highest difference without a recount, in percent of the expected quantity.
    pub tolerance_percent: Option<Percent>,
    /// The highest difference without a recount, as a value.
    pub tolerance_value: Option<Money>,
    /// The highest differences that a sheet may post without an approver: gains and losses at cost, added up
    /// without their signs.
    pub approval_value: Option<Money>,
}

/// A count sheet to open.
#[derive(Debug, Clone)]
pub struct Open {
    /// The id of the sheet, if the caller chose one.
    pub id: Option<CountId>,
    /// The location; the default one if absent.
    pub location_id: Option<LocationId>,
    /// The products and lots to count. Others that are found get a line when they are entered.
    pub lines: Vec<Listed>,
    /// Whether the counter does not see the expected quantities.
    pub blind: bool,
    /// The highest difference without a recount, in percent of the expected quantity. The tenant's setting if
    /// absent.
    pub tolerance_percent: Option<Percent>,
    /// The highest difference without a recount, as a value. The tenant's setting if absent.
    pub tolerance_value: Option<Money>,
    /// A remark.
    pub reference: Option<String>,
}

/// A count sheet to complete.
#[derive(Debug, Clone, Copy)]
pub struct Complete {
    /// The sheet.
    pub count_id: CountId,
    /// Whether lines without a count are left as they are.
    pub skip_uncounted: bool,
}

/// Lines to count again although they are within the tolerance.
#[derive(Debug, Clone)]
pub struct Recount {
    /// The sheet.
    pub count_id: CountId,
    /// The numbers of the lines.
    pub lines: Vec<i32>,
}

/// A count sheet.
#[derive(Debug, Clone)]
pub struct Count {
    /// Its id.
    pub id: CountId,
    /// Its number.
    pub number: String,
    /// The location.
    pub location_id: LocationId,
    /// Its status.
    pub status: CountStatus,
    /// Whether the counter does not see the expected quantities.
    pub blind: bool,
    /// The highest difference of a line without a recount, in percent of the expected quantity.
    pub tolerance_percent: Option<Percent>,
    /// The highest difference of a line without a recount, as a value.
    pub tolerance_value: Option<Money>,
    /// A remark.
    pub reference: Option<String>,
    /// The adjustment that was posted, if anything differed.
    pub document_id: Option<StockDocumentId>,
    /// The adjustment that took it back, if it was reversed.
    pub reversal_id: Option<StockDocumentId>,
    /// The current round of counting: 1, and one more with each recount.
    pub round: i32,
    /// The version. It grows with each change.
    pub version: i32,
    /// Its lines.
    pub lines: Vec<CountLine>,
}

/// A line of a count sheet. Quantities are in stock units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountLine {
    /// The number of the line, from 1.
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// The lot; none if the product is not tracked.
    pub lot: Option<CountedLot>,
    /// The round whose count stands; 0 before the first entry.
    pub round: i32,
    /// Whether it must be counted again.
    pub recount: bool,
    /// The quantity counted in that round.
    pub counted: Option<Quantity>,
    /// The time of the last entry of that round.
    pub counted_at: Option<DateTime<Utc>>,
    /// The stock on record at that time, as of the last step of the sheet.
    pub expected: Option<Quantity>,
    /// The posted difference: its quantity and cost.
    pub posted: Option<(Quantity, Money)>,
    /// Whether the level was counted later, so that nothing was posted.
    pub superseded: bool,
    /// Its place among the counts of the level. None before it is posted, and if a version of the program posted it that did
    /// not keep it.
    pub anchor: Option<Anchor>,
}

/// The place of a posted line among the counts of its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Anchor {
    /// Whether the level took the count on. It did not if it had been counted later, and an unknown lot of which nothing was
    /// found has no level.
    pub stands: bool,
    /// The count before it.
    pub earlier: Option<DateTime<Utc>>,
    /// Units and cost that counts had taken off movements when the sheet was posted. Of movements that happened after the
    /// count before, and not after this one.
    pub taken_off: (Quantity, Money),
}

/// The place of a posted sheet on a level, between the count before it and what was recorded since.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standing {
    /// The count before it, which stands again if the sheet is reversed.
    pub earlier: Option<DateTime<Utc>>,
    /// Units and cost that counts took off movements recorded after the sheet was posted, and before this batch. Of
    /// movements that the sheet has seen and the count before has not.
    pub taken_off: (Quantity, Money),
    /// The number of movements of this batch whose units a count had taken off when the sheet was posted.
    pub before: usize,
}

impl CountLine {
    /// Makes a line without a count.
    pub fn new(line_no: i32, product_id: ProductId, lot: Option<CountedLot>) -> Self {
        CountLine {
            line_no,
            product_id,
            lot,
            round: 0,
            recount: false,
            counted: None,
            counted_at: None,
            expected: None,
            posted: None,
            superseded: false,
            anchor: None,
        }
    }

    /// Returns the counted quantity and its time.
    fn figure(&self) -> Option<(Quantity, DateTime<Utc>)> {
        self.counted.zip(self.counted_at)
    }
}

impl Count {
    fn require(&self, allowed: &[CountStatus], what: &str) -> Result<(), Refusal> {
        if allowed.contains(&self.status) {
            return Ok(());
        }
        let allowed: Vec<&str> = allowed.iter().map(|status| (*status).into()).collect();
        Err(Refusal::status(&self.number, self.status.into(), what, &allowed))
    }

    /// Returns whether the difference on a level exceeds the tolerance of the sheet.
    fn is_beyond(
        &self,
        book: &Book,
        (key, at): (&LevelKey, DateTime<Utc>),
        (expected, counted): (Quantity, Quantity),
    ) -> bool {
        let off = (counted - expected).abs();
        if off.is_zero() {
            return false;
        }
        let allowed = |percent: Percent| percent.of(expected.abs().get());
        let by_share = self.tolerance_percent.is_some_and(|percent| off.get() > allowed(percent));
        let value = book.found_cost(key, off, at).abs();
        by_share || self.tolerance_value.is_some_and(|most| value > most)
    }
}

impl Book {
    /// Returns the stock on record of a level at an instant: the stock on hand now, less what moved since.
    fn expected_at(&self, key: &LevelKey, at: DateTime<Utc>) -> Quantity {
        let recorded = self.moved_since.get(&(*key, at)).copied().unwrap_or_default();
        let of_batch = self.moved.iter().filter(|(moved, when, _)| moved == key && *when > at);
        self.level(key).on_hand() - recorded - of_batch.map(|(.., quantity)| *quantity).sum()
    }

    /// Returns the value of `quantity` found on a level at an instant: at the level's own cost then, else at the cost of its
    /// lot elsewhere, else at the cost of the product elsewhere.
    fn found_cost(&self, key: &LevelKey, quantity: Quantity, at: DateTime<Utc>) -> Money {
        let own = self.cost_at(key, quantity, at);
        let of = |lot_id| self.costs_elsewhere.get(&(key.product_id, lot_id));
        match of(key.lot_id).or_else(|| of(LotId::default())) {
            Some(cost) if own.is_zero() && self.level(key).unit_cost().is_zero() => {
                self.setup.settings.money(cost.times(quantity))
            }
            _ => own,
        }
    }

    fn count(&self, id: CountId) -> Result<&Count, Refusal> {
        self.counts.get(&id).ok_or_else(|| Refusal::not_found("count"))
    }

    /// Puts back a changed sheet, and adds its changed lines to the posting.
    fn put_count(&mut self, count: &Count, changed: &BTreeSet<i32>, posting: &mut Posting) {
        let lines = count.lines.iter().filter(|line| changed.contains(&line.line_no));
        posting.count_lines.extend(lines.map(|line| (count.id, line.clone())));
        self.counts.insert(count.id, count.clone());
    }
}
impl Rule for Open {
    fn name(&self) -> &'static str {
        "count.opened"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.count_ids.extend(self.id);
        needs.opened.extend(self.id.map(|id| (id, self.location_id)));
        needs.named_places.extend(self.location_id);
        needs.product_ids.extend(self.lines.iter().map(|line| line.product_id));
        needs.count_settings = true;
        needs.numbered.insert(DocumentKind::Count);
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        faults.take(check_id(book, self));
        faults.take(book.place(self.location_id, "/location_id"));
        faults.take(check_tolerances(book, self));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        open(book, self).map(|(count, posting)| (Outcome::Count(Box::new(count), None), posting))
    }
}

/// Rejects an id that another sheet has.
fn check_id(book: &Book, command: &Open) -> Result<(), Refusal> {
    if command.id.is_none_or(|id| !book.counts.contains_key(&id)) {
        return Ok(());
    }
    Err(Problems::one("/id", Code::AlreadyExists, "Another count has this id."))
}

fn check_tolerances(book: &Book, command: &Open) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let decimals = book.setup.settings.exponent;
    check_tolerance(&mut problems, command.tolerance_percent, command.tolerance_value, decimals);
    problems.check()
}

/// Opens a count sheet. Leaves out products that became tracked, or untracked, since they were chosen.
fn open(book: &mut Book, command: &Open) -> Result<(Count, Posting), Refusal> {
    check_id(book, command)?;
    let location_id = book.place(command.location_id, "/location_id")?.id;
    check_tolerances(book, command)?;
    if command.lines.len() > LINES_MAX {
        // The body names no lines: the choice of its products makes them.
        let detail = format!("A sheet has at most {LINES_MAX} lines: choose fewer products.");
        return Err(Refusal::new(Code::ValidationFailed, detail));
    }

    // Nothing rejects the command from here on.
    let settings = book.count_settings;
    let listed = command.lines.iter().filter(|listed| listed.fits(book));
    let lines = listed.zip(1..).map(|(listed, line_no)| listed.line(line_no)).collect();
    let count = Count {
        id: command.id.unwrap_or_else(|| CountId(book.ids.next_id())),
        number: book.number(DocumentKind::Count),
        location_id,
        status: CountStatus::Counting,
        blind: command.blind,
        tolerance_percent: command.tolerance_percent.or(settings.tolerance_percent),
        tolerance_value: command.tolerance_value.or(settings.tolerance_value),
        reference: command.reference.clone(),
        document_id: None,
        reversal_id: None,
        round: 1,
        version: 1,
        lines,
    };
    let mut posting = Posting::default();
    let all = count.lines.iter().map(|line| line.line_no).collect();
    book.put_count(&count, &all, &mut posting);
    Ok((count, posting))
}

/// Adds a problem for a tolerance outside its limits, or with more decimals than the currency has.
pub fn check_tolerance(
    problems: &mut Problems,
    percent: Option<Percent>,
    value: Option<Money>,
    decimals: u32,
) {
    if percent.is_some_and(|percent| percent.is_negative() || percent.get() > Decimal::ONE_HUNDRED) {
        problems.invalid("/tolerance_percent", "A tolerance must be from 0 to 100 percent.");
    }
    if value.is_some_and(Money::is_negative) {
        problems.invalid("/tolerance_value", "A tolerance must not be negative.");
    }
    if value.is_some_and(|value| value != Money::rounded_to(value.get(), decimals)) {
        problems.invalid("/tolerance_value", format!("An amount has at most {decimals} decimals."));
    }
}
impl Rule for Complete {
    fn name(&self) -> &'static str {
        "count.completed"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.compare(self.count_id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        complete(book, self).map(|(count, posting)| (Outcome::Count(Box::new(count), None), posting))
    }
}

/// Completes a count sheet. A line in its first count that differs by more than the tolerance must be counted
/// again.
fn complete(book: &mut Book, command: &Complete) -> Result<(Count, Posting), Refusal> {
    let count = book.count(command.count_id)?;
    count.require(&[CountStatus::Counting, CountStatus::Recount], "completed")?;
    let is_missing = |line: &&CountLine| {
        if count.status == CountStatus::Recount {
            line.recount && line.round < count.round
        } else {
            line.counted.is_none()
        }
    };
    let missing = count.lines.iter().filter(is_missing).count();
    let may_skip = command.skip_uncounted && count.status == CountStatus::Counting;
    if missing > 0 && !may_skip {
        let detail = format!(
            "{missing} lines of {} are not counted yet: count them, or send skip_uncounted in the first round.",
            count.number
        );
        return Err(Refusal::state(detail));
    }
    if missing == count.lines.len() {
        return Err(Refusal::state(format!("No line of {} is counted: cancel the sheet.", count.number)));
    }

    // Nothing rejects the command from here on.
    let mut count = count.clone();
    let mut changed = BTreeSet::new();
    for at in 0..count.lines.len() {
        let line = &count.lines[at];
        let Some((counted, counted_at)) = line.figure() else { continue };
        let key = count.key(&book.lots, line);
        let expected = book.expected_at(&key, counted_at);
        let is_beyond = line.round == 1 && count.is_beyond(book, (&key, counted_at), (expected, counted));
        let line = &mut count.lines[at];
        (line.expected, line.recount) = (Some(expected), is_beyond);
        changed.insert(line.line_no);
    }
    let again = count.lines.iter().any(|line| line.recount);
    count.status = if again { CountStatus::Recount } else { CountStatus::Counted };
    count.round += i32::from(again);
    count.version += 1;
    let mut posting = Posting::default();
    book.put_count(&count, &changed, &mut posting);
    Ok((count, posting))
}
impl Rule for Recount {
    fn name(&self) -> &'static str {
        "count.recount_asked"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.count_ids.insert(self.count_id);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        recount(book, self).map(|(count, posting)| (Outcome::Count(Box::new(count), None), posting))
    }
}

/// Asks for a recount of lines.
fn recount(book: &mut Book, command: &Recount) -> Result<(Count, Posting), Refusal> {
    let count = book.count(command.count_id)?;
    count.require(&[CountStatus::Counted], "counted again")?;
    let mut problems = Problems::default();
    for (index, wanted) in command.lines.iter().enumerate() {
        if !count.lines.iter().any(|line| line.line_no == *wanted) {
            problems.add(format!("/lines/{index}"), Code::NotFound, "The count has no such line.");
        }
    }
    if command.lines.is_empty() {
        problems.invalid("/lines", "Name the lines to count again.");
    }
    problems.check()?;

    // Nothing rejects the command from here on.
    let mut count = count.clone();
    let changed: BTreeSet<i32> = command.lines.iter().copied().collect();
    for line in count.lines.iter_mut().filter(|line| changed.contains(&line.line_no)) {
        line.recount = true;
    }
    count.status = CountStatus::Recount;
    count.round += 1;
    count.version += 1;
    let mut posting = Posting::default();
    book.put_count(&count, &changed, &mut posting);
    Ok((count, posting))
}
/// A count sheet to cancel.
#[derive(Debug, Clone, Copy)]
pub struct Cancel(pub CountId);

impl Rule for Cancel {
    fn name(&self) -> &'static str {
        "count.cancelled"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.count_ids.insert(self.0);
    }

    fn decide(&self, book: &mut Book) -> Decision {
        cancel(book, self.0).map(|(count, posting)| (Outcome::Count(Box::new(count), None), posting))
    }
}

/// Cancels a count sheet.
fn cancel(book: &mut Book, id: CountId) -> Result<(Count, Posting), Refusal> {
    let count = book.count(id)?;
    count.require(&[CountStatus::Counting, CountStatus::Recount, CountStatus::Counted], "cancelled")?;
    let mut count = count.clone();
    count.status = CountStatus::Cancelled;
    count.version += 1;
    let mut posting = Posting::default();
    book.put_count(&count, &BTreeSet::new(), &mut posting);
    Ok((count, posting))
}

#[cfg(test)]
mod tests;
