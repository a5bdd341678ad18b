//! Lines of an original document that come back.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Line, SoldLine};
use crate::book::Book;
use crate::line_item::{LINES_MAX, check_part};
use crate::lot::{self, NamedLot};
use crate::number::{Money, Quantity};
use crate::refusal::{Code, Faults, Problems, QUANTITY_ABOVE_ZERO, Refusal};

/// A line of the original document to return.
#[derive(Debug, Clone)]
pub struct OriginalLine {
    /// The number of the line in the original.
    pub line_no: i32,
    /// Stock units; all that were not returned yet if absent.
    pub quantity: Option<Quantity>,
    /// The lots that come back.
    pub lots: Vec<NamedLot>,
}

/// Lines of a return, negative, with their cost; and the original document and line of each.
pub type TakenBack = (Vec<(Line, Money)>, Vec<(Uuid, i32)>);

/// Rejects a return with an original and lines of its own, or with lines of an original that it does not
/// name.
pub fn check_return_lines(has_original: bool, original_lines: usize, lines: usize) -> Result<(), Refusal> {
    match has_original {
        true if lines > 0 => Err(Refusal::invalid(
            "/lines",
            "With an original, name its lines in original_lines, and leave lines out.",
        )),
        false if original_lines > 0 => {
            let detail = "These lines need an original_id. Without an original, use lines.";
            Err(Refusal::invalid("/original_lines", detail))
        }
        // Each line is searched in the original.
        true if original_lines > LINES_MAX => {
            Err(Refusal::invalid("/original_lines", format!("Name at most {LINES_MAX} lines.")))
        }
        _ => Ok(()),
    }
}

/// Notes the faults of lines of an original: those that `take_back` finds, if there is one, and those of numbers, quantities and lots.
pub(crate) fn note_faults_of_original_lines(
    lines: &[OriginalLine],
    take_back: Option<impl FnOnce() -> Result<TakenBack, Refusal>>,
    faults: &mut Faults,
) {
    if lines.len() > LINES_MAX {
        return;
    }
    if let Some(take_back) = take_back {
        faults.take(take_back());
    }
    for (index, line) in lines.iter().enumerate() {
        if !usize::try_from(line.line_no).is_ok_and(|line_no| (1..=LINES_MAX).contains(&line_no)) {
            let detail = format!("A line_no is from 1 to {LINES_MAX}: send that of a line of the original.");
            faults.invalid(format!("/original_lines/{index}/line_no"), detail);
        }
        if line.quantity.is_some_and(|quantity| !quantity.is_positive()) {
            faults.invalid(format!("/original_lines/{index}/quantity"), QUANTITY_ABOVE_ZERO);
        }
        lot::note_faults(&line.lots, &format!("/original_lines/{index}"), faults);
    }
}

/// Returns the time of a return. Rejects a time before that of the document that it names.
pub(crate) fn returned_at(
    book: &Book,
    named: Option<DateTime<Utc>>,
    original_id: Option<Uuid>,
) -> Result<DateTime<Utc>, Refusal> {
    match original_id.and_then(|id| book.sold.get(&id)).and_then(|sold| sold.first()) {
        Some(sold) => book.occurred_after(named, ("the original", sold.occurred_at)),
        None => book.occurred_at(named),
    }
}

/// Rejects a return that states another country than that of its original, whose taxes come back.
pub(crate) fn check_country(
    book: &Book,
    stated: Option<&str>,
    original_id: Option<Uuid>,
) -> Result<(), Refusal> {
    let original = original_id.and_then(|id| book.sold.get(&id)).and_then(|sold| sold.first());
    let Some(original) = original.filter(|original| stated.is_some_and(|stated| stated != original.country))
    else {
        return Ok(());
    };
    let detail =
        format!("The original was sold in {}, and its taxes come back: leave country out.", original.country);
    Err(Refusal::invalid("/country", detail))
}

/// Makes the return of lines of a sold document, by number and quantity. Rejects more than is left to return.
/// If no line is named, all that is left is returned.
pub fn take_back(
    book: &Book,
    (document_id, sold): (Uuid, &[SoldLine]),
    wanted: &[OriginalLine],
) -> Result<TakenBack, Refusal> {
    let everything: Vec<OriginalLine> = sold
        .iter()
        .filter(|line| line.returned < line.line.quantity)
        .map(|line| OriginalLine { line_no: line.line.line_no, quantity: None, lots: Vec::new() })
        .collect();
    let wanted = if wanted.is_empty() { everything.as_slice() } else { wanted };
    let mut problems = Problems::default();
    let mut lines: Vec<(Line, Money)> = Vec::with_capacity(wanted.len());
    let mut originals = Vec::with_capacity(wanted.len());
    for (index, OriginalLine { line_no, quantity, lots }) in wanted.iter().enumerate() {
        let pointer = format!("/original_lines/{index}");
        let Some(line) = sold.iter().find(|line| line.line.line_no == *line_no) else {
            problems.add(format!("{pointer}/line_no"), Code::NotFound, "The original has no such line.");
            continue;
        };
        let out = line.line.quantity - line.returned;
        if quantity.is_some_and(|quantity| !quantity.is_positive()) {
            problems.invalid(format!("{pointer}/quantity"), QUANTITY_ABOVE_ZERO);
            continue;
        }
        let quantity = quantity.unwrap_or(out);
        if !quantity.is_positive() || quantity > out {
            let detail = format!("{out} of line {line_no} can still be returned, not {quantity}.");
            problems.add(format!("{pointer}/quantity"), Code::ReturnExceedsSale, detail);
            originals.push((document_id, *line_no));
        } else if originals.contains(&(document_id, *line_no)) {
            problems.invalid(format!("{pointer}/line_no"), "Name each line once.");
        } else if let Err(problem) = check_part(book, line.line.product_id, (quantity, out), &pointer) {
            problems.push(problem);
        } else {
            match lot::shares_back(book, line, quantity, lots, &pointer) {
                Ok(lots) => {
                    let line_no = lines.len() as i32 + 1;
                    lines.push(line.take_back(quantity, lots, line_no, &book.setup.settings));
                }
                Err(problem) => problems.push(problem),
            }
            originals.push((document_id, *line_no));
        }
    }
    problems.check()?;
    if lines.is_empty() {
        return Err(Refusal::new(
            Code::ReturnExceedsSale,
            "Everything of this document was returned already.",
        ));
    }
    Ok((lines, originals))
}
