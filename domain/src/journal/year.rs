//! Closing a year: its result moves to retained earnings by one entry of the first day after it.
//!
//! Revenue and expenses keep their balances, because a statement of any period adds up their lines. The entry debits
//! *Closed results* instead. The balance sheet adds this account to the result of earlier years, so the closed result
//! no longer shows there.

use chrono::NaiveDate;
use uuid::Uuid;

use super::stated;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::EntryId;
use crate::ledger::{Dimensions, Entry, EntryHead, Lines, account};
use crate::needs::Needs;
use crate::refusal::{Code, Refusal};

/// The close of a calendar year.
#[derive(Debug, Clone)]
pub struct CloseYear {
    /// The id of the entry, if the caller chose one.
    pub id: Option<EntryId>,
    /// The year, which must be over.
    pub year: i32,
    /// The purpose of the entry. It names the year if absent.
    pub memo: Option<String>,
}

impl Rule for CloseYear {
    fn name(&self) -> &'static str {
        "journal_entry.year_closed"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    /// The entry has two lines.
    fn lines(&self) -> usize {
        2
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.closed_years.insert(self.year);
        needs.posts_entries = true;
        needs.accounts.insert(account::CLOSED_RESULTS.to_owned());
    }

    fn decide(&self, book: &mut Book) -> Decision {
        close(book, self).map(|(entry, posting)| (Outcome::Entry(entry), posting))
    }
}

/// Returns the first day after a year. Nothing if the calendar has no such day.
pub fn day_after(year: i32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year.checked_add(1)?, 1, 1)
}

/// Rejects the close if a tax has the code of closed results. A tenant from before this account may have such a tax.
fn check_account(book: &Book) -> Result<(), Refusal> {
    let is_closed_results = |code: &String| code == account::CLOSED_RESULTS;
    let (setup, code) = (&book.setup, account::CLOSED_RESULTS);
    if setup.accounts.iter().any(is_closed_results) && !setup.liabilities.iter().any(is_closed_results) {
        return Ok(());
    }
    let detail = format!(
        "A year is closed to account {code}, Closed results, which the chart has for something else."
    );
    Err(Refusal::state(detail))
}

fn close(book: &mut Book, command: &CloseYear) -> Result<(Entry, Posting), Refusal> {
    let year = command.year;
    let today = book.setup.settings.day(book.now);
    let occurred_on = day_after(year).filter(|day| *day <= today).ok_or_else(|| {
        Refusal::new(Code::ValidationFailed, format!("{year} is not over: close it when it is."))
    })?;
    check_account(book)?;
    let known = book.years.get(&year).copied().unwrap_or_default();
    if let Some(id) = known.entry {
        let detail = format!("{year} is closed already, by the entry {id}: to close it again, reverse that.");
        return Err(Refusal::state(detail));
    }
    let mut lines = Lines::default();
    lines.debit(account::CLOSED_RESULTS, known.result, Dimensions::default());
    lines.credit(account::RETAINED_EARNINGS, known.result, Dimensions::default());
    let id = command.id.unwrap_or_else(|| EntryId(book.ids.next_id()));
    let head = EntryHead { id, document_kind: DocumentKind::YearClose, document_id: id.0, occurred_on };
    let entry = lines.into_entry(head).expect("both sides are the same amount");
    let mut entry = entry.ok_or_else(|| {
        let detail = format!("{year} has no result: there is nothing to move to retained earnings.");
        Refusal::new(Code::ValidationFailed, detail)
    })?;
    let memo = stated(command.memo.as_deref()).map(str::to_owned);
    entry.memo = Some(memo.unwrap_or_else(|| format!("Result of {year}")));
    book.years.entry(year).or_default().entry = Some(id);
    Ok((entry.clone(), Posting { entries: vec![entry], ..Posting::default() }))
}

#[cfg(test)]
mod tests {
    use super::super::OpenBooks;
    use super::*;

    #[test]
    fn a_command_that_reads_sums_joins_no_batch() {
        let opening = OpenBooks { id: None, opened_on: NaiveDate::default(), memo: None, lines: Vec::new() };
        assert!(CloseYear { id: None, year: 2025, memo: None }.is_alone() && opening.is_alone());
    }
}
