//! Entries of counted quantities.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::lot::{CountedLot, check_entry};
use super::{Count, CountLine, CountStatus};
use crate::book::{Book, CLOCK_SKEW_MAX, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::id::{CountId, ProductId};
use crate::line_item::invalid;
use crate::line_item::{AMOUNT_MAX, LINES_MAX};
use crate::needs::Needs;
use crate::number::Quantity;
use crate::product::{ItemRef, Product, Tracking};
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};

/// Counted quantities to enter on a sheet.
#[derive(Debug, Clone)]
pub struct Enter {
    /// The sheet.
    pub count_id: CountId,
    /// The entries. Those of one product or lot add up: it may lie in two places, or two people may count it.
    pub entries: Vec<EntryInput>,
}

/// A counted quantity to enter.
#[derive(Debug, Clone)]
pub struct EntryInput {
    /// The counted product.
    pub item: ItemRef,
    /// The lot; none if the product is not tracked.
    pub lot: Option<CountedLot>,
    /// The unit. If absent: the unit of the barcode, else the stock unit.
    pub uom: Option<String>,
    /// The quantity in that unit; zero if there is none.
    pub quantity: Quantity,
    /// The time of the counting; now if absent.
    pub counted_at: Option<DateTime<Utc>>,
    /// Whether it replaces earlier entries of this round for the product or lot.
    pub replaces: bool,
}

/// An entry on a count sheet.
#[derive(Debug, Clone)]
pub struct CountEntry {
    /// The sheet.
    pub count_id: CountId,
    /// The line.
    pub line_no: i32,
    /// The round.
    pub round: i32,
    /// The unit.
    pub uom: String,
    /// The quantity in that unit.
    pub entered: Quantity,
    /// Stock units in one of that unit.
    pub factor: Quantity,
    /// Stock units.
    pub quantity: Quantity,
    /// The time of the counting.
    pub counted_at: DateTime<Utc>,
    /// Whether it replaced earlier entries.
    pub replaces: bool,
}

struct Checked {
    product_id: ProductId,
    lot: Option<CountedLot>,
    /// The most units that can be there.
    most: Option<Quantity>,
    uom: String,
    entered: Quantity,
    factor: Quantity,
    quantity: Quantity,
    counted_at: DateTime<Utc>,
    replaces: bool,
}
impl Rule for Enter {
    fn name(&self) -> &'static str {
        "count.entered"
    }

    fn lines(&self) -> usize {
        self.entries.len()
    }

    fn needs(&self, needs: &mut Needs) {
        needs.count_ids.insert(self.count_id);
        for entry in &self.entries {
            needs.item(&entry.item, entry.uom.is_some());
            // An expiry date must agree with that of the lot.
            let lot = entry.lot.as_ref().filter(|lot| lot.expires_on.is_some());
            needs.lot_codes.extend(lot.map(|lot| lot.code.clone()));
            needs.found_codes.extend(entry.lot.as_ref().map(|lot| lot.code.clone()));
        }
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        let Ok(count) = book.count(self.count_id) else { return };
        if self.entries.len() > LINES_MAX {
            return;
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let pointer = format!("/entries/{index}");
            faults.keep(check(book, count, entry, &pointer));
            if entry.quantity.is_negative() {
                faults.invalid(format!("{pointer}/quantity"), units_expected());
            }
            faults.keep(counted_at(book, entry, &pointer));
            if let Ok((product, _)) = book.find_stocked(&entry.item, None, &pointer) {
                // The quantity is judged with its unit.
                let counted = (entry.lot.as_ref(), Quantity::ZERO);
                faults.keep(check_entry(book, product, counted, &pointer));
            }
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        enter(book, self).map(|(count, posting)| (Outcome::Count(Box::new(count), None), posting))
    }
}

/// Enters counted quantities. A product or lot that is not on the sheet gets a line, except in a recount.
pub(super) fn enter(book: &mut Book, command: &Enter) -> Result<(Count, Posting), Refusal> {
    let count = book.count(command.count_id)?;
    count.require(&[CountStatus::Counting, CountStatus::Recount], "counted")?;
    if command.entries.is_empty() || command.entries.len() > LINES_MAX {
        return Err(Refusal::invalid("/entries", format!("Send 1 to {LINES_MAX} entries.")));
    }
    let mut problems = Problems::default();
    let mut checked = Vec::with_capacity(command.entries.len());
    for (index, entry) in command.entries.iter().enumerate() {
        match check(book, count, entry, &format!("/entries/{index}")) {
            Ok(entry) => checked.push(entry),
            Err(problem) => problems.push(problem),
        }
    }
    problems.check()?;
    let known: BTreeSet<(ProductId, Option<&str>)> = count.lines.iter().map(CountLine::names).collect();
    let named: BTreeSet<(ProductId, Option<&str>)> = checked.iter().map(Checked::names).collect();
    if known.union(&named).count() > LINES_MAX {
        let detail = format!("A sheet has at most {LINES_MAX} lines: open another one.");
        return Err(Refusal::invalid("/entries", detail));
    }

    // Nothing rejects the command from here on.
    let mut count = count.clone();
    let mut posting = Posting::default();
    let mut changed = BTreeSet::new();
    for entry in checked {
        let line_no = note(&mut count, &entry);
        changed.insert(line_no);
        posting.count_entries.push(CountEntry {
            count_id: count.id,
            line_no,
            round: count.round,
            quantity: entry.quantity,
            uom: entry.uom,
            entered: entry.entered,
            factor: entry.factor,
            counted_at: entry.counted_at,
            replaces: entry.replaces,
        });
    }
    count.version += 1;
    book.put_count(&count, &changed, &mut posting);
    Ok((count, posting))
}

fn check(book: &Book, count: &Count, entry: &EntryInput, pointer: &str) -> Result<Checked, Problem> {
    let (product, unit) = book.find_stocked(&entry.item, entry.uom.as_deref(), pointer)?;
    let problem = |field: &str, detail: &str| invalid(product, format!("{pointer}/{field}"), detail);
    if entry.quantity.is_negative() || unit.factor.of(entry.quantity) > AMOUNT_MAX {
        return Err(problem("quantity", &units_expected()));
    }
    let quantity = product.in_stock_units(&unit, entry.quantity);
    let quantity = quantity.map_err(|detail| problem("quantity", &detail))?;
    let counted_at = counted_at(book, entry, pointer)?;
    check_entry(book, product, (entry.lot.as_ref(), quantity), pointer)?;
    check_asked(count, product, entry.lot.as_ref(), pointer)?;
    Ok(Checked {
        product_id: product.id,
        lot: entry.lot.clone(),
        most: (product.tracking == Tracking::Serial).then_some(Quantity::ONE),
        uom: unit.uom,
        entered: entry.quantity,
        factor: unit.factor.rounded(),
        quantity,
        counted_at: counted_at.min(book.now),
        replaces: entry.replaces,
    })
}

fn units_expected() -> String {
    format!("A count must be from 0 to {AMOUNT_MAX} stock units.")
}

/// Returns the time of a counting. Rejects one in the future, and one before 1970.
fn counted_at(book: &Book, entry: &EntryInput, pointer: &str) -> Result<DateTime<Utc>, Problem> {
    let at = entry.counted_at.unwrap_or(book.now);
    if at <= book.now + CLOCK_SKEW_MAX && at >= DateTime::UNIX_EPOCH {
        return Ok(at);
    }
    Err(Problem {
        pointer: format!("{pointer}/counted_at"),
        code: Code::ValidationFailed,
        detail: "counted_at lies in the future, or before 1970.".to_owned(),
        params: Vec::new(),
    })
}

/// Rejects an entry that a recount does not ask for.
fn check_asked(
    count: &Count,
    product: &Product,
    lot: Option<&CountedLot>,
    pointer: &str,
) -> Result<(), Problem> {
    let names = (product.id, lot.map(|lot| lot.code.as_str()));
    let is_asked = count.lines.iter().any(|line| line.recount && line.names() == names);
    if count.status != CountStatus::Recount || is_asked {
        return Ok(());
    }
    let what = lot.map_or_else(|| product.sku.clone(), |lot| format!("Lot {} of {}", lot.code, product.sku));
    Err(Problem {
        pointer: pointer.to_owned(),
        code: Code::InvalidStateTransition,
        detail: format!("{what} needs no recount: see recount in the lines of the count."),
        params: vec![("sku", product.sku.clone())],
    })
}

impl Checked {
    fn names(&self) -> (ProductId, Option<&str>) {
        (self.product_id, self.lot.as_ref().map(|lot| lot.code.as_str()))
    }
}

/// Adds an entry to its line, and returns the number of the line.
fn note(count: &mut Count, entry: &Checked) -> i32 {
    let round = count.round;
    let at = count.lines.iter().position(|line| line.names() == entry.names());
    let at = at.unwrap_or_else(|| {
        let line_no = count.lines.last().map_or(1, |line| line.line_no + 1);
        count.lines.push(CountLine::new(line_no, entry.product_id, entry.lot.clone()));
        count.lines.len() - 1
    });
    let line = &mut count.lines[at];
    let adds = line.round == round && !entry.replaces;
    let before = line.counted.filter(|_| adds).unwrap_or_default();
    let sum = before + entry.quantity;
    line.counted = Some(entry.most.map_or(sum, |most| sum.min(most)));
    if let Some((lot, named)) = line.lot.as_mut().zip(entry.lot.as_ref()) {
        lot.expires_on = named.expires_on.or(lot.expires_on);
    }
    line.counted_at = line.counted_at.filter(|_| adds).max(Some(entry.counted_at));
    line.round = round;
    line.line_no
}
