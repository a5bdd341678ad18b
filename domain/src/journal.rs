//! Journal entries posted by hand, opening balances, closes of years, valuations, and reversals of these.

mod opening;
pub mod recurring;
mod reverse;
mod valuation;
mod year;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::book::{Book, Posting, Setup};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CustomerId, EntryId};
use crate::ledger::control::{self, Use};
use crate::ledger::{Dimensions, Entry, EntryHead, Lines};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Faults, Problems, Refusal};
use crate::tenant::Channel;
use crate::text::is_blank;

pub use self::opening::OpenBooks;
pub use self::reverse::Reverse;
pub use self::valuation::{ValueForeign, valuation_id};
pub use self::year::{CloseYear, day_after};

/// The most lines of an entry.
const LINES_MAX: usize = 200;
/// The most lines of opening balances.
const OPENING_LINES_MAX: usize = 500;

/// An entry to post.
#[derive(Debug, Clone)]
pub struct Post {
    /// The id of the entry, if the caller chose one.
    pub id: Option<EntryId>,
    /// The day it belongs to, from 1970 to today. Today if absent.
    pub occurred_on: Option<NaiveDate>,
    /// The purpose of the entry. It must not be empty.
    pub memo: String,
    /// Its lines, 2 to 200.
    pub lines: Vec<PostLine>,
}

/// A line of an entry to post.
#[derive(Debug, Clone)]
pub struct PostLine {
    /// The account's code.
    pub account: String,
    /// The debit, above zero. A line has either this or a credit.
    pub debit: Option<Money>,
    /// The credit, above zero.
    pub credit: Option<Money>,
    /// The channel it belongs to.
    pub channel: Option<Channel>,
    /// The customer it belongs to.
    pub customer_id: Option<CustomerId>,
}

impl PostLine {
    /// Returns the debit less the credit.
    fn amount(&self) -> Money {
        self.debit.unwrap_or(Money::ZERO) - self.credit.unwrap_or(Money::ZERO)
    }
}

impl Rule for Post {
    fn name(&self) -> &'static str {
        "journal_entry.posted"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len().max(1)
    }

    fn needs(&self, needs: &mut Needs) {
        needs.accounts.extend(self.lines.iter().map(|line| line.account.clone()));
        needs.customer_ids.extend(self.lines.iter().filter_map(|line| line.customer_id));
        needs.posts_entries = true;
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        note_amounts(&book.setup, &self.lines, faults);
        let mut problems = Problems::default();
        check_head(book, self, &mut problems);
        check_lines(book, &self.lines, &mut problems);
        faults.take(problems.check());
    }

    fn decide(&self, book: &mut Book) -> Decision {
        post(book, self).map(|(entry, posting)| (Outcome::Entry(entry), posting))
    }
}

/// Posts an entry. Rejects it if it is not balanced, if an account does not exist, or if only documents post
/// to it.
fn post(book: &mut Book, command: &Post) -> Result<(Entry, Posting), Refusal> {
    let mut problems = Problems::default();
    let occurred_on = check_head(book, command, &mut problems);
    check_lines(book, &command.lines, &mut problems);
    let mut entry = Lines::default();
    for line in &command.lines {
        let party_id: Option<Uuid> = line.customer_id.map(|id| id.0);
        let dimensions = Dimensions { channel: line.channel, location_id: None, party_id };
        entry.debit(line.account.clone(), line.amount(), dimensions);
    }
    problems.check()?;
    let id = command.id.unwrap_or_else(|| EntryId(book.ids.next_id()));
    let head = EntryHead { id, document_kind: DocumentKind::Manual, document_id: id.0, occurred_on };
    let entry = entry.into_entry(head).map_err(|unbalanced| {
        let detail = format!("Debits and credits differ: {unbalanced}.");
        Problems::one("/lines", Code::UnbalancedEntry, detail)
    })?;
    let mut entry = entry.ok_or_else(|| {
        Refusal::invalid("/lines", "The lines cancel each other out: no account would change.")
    })?;
    entry.memo = Some(command.memo.clone());
    Ok((entry.clone(), Posting { entries: vec![entry], ..Posting::default() }))
}

/// Returns the day of an entry, and adds what is wrong with all but the fields of its lines.
fn check_head(book: &Book, command: &Post, problems: &mut Problems) -> NaiveDate {
    if is_blank(&command.memo) {
        problems.invalid("/memo", "An entry needs a memo: send its purpose.");
    }
    let today = book.setup.settings.day(book.now);
    let occurred_on = command.occurred_on.unwrap_or(today);
    check_day(book, "/occurred_on", occurred_on, problems);
    if command.lines.len() < 2 || command.lines.len() > LINES_MAX {
        problems.invalid("/lines", format!("An entry has 2 to {LINES_MAX} lines."));
    }
    occurred_on
}

/// Returns a memo that says something.
fn stated(memo: Option<&str>) -> Option<&str> {
    memo.filter(|memo| !is_blank(memo))
}

/// Adds what is wrong with the day of an entry.
fn check_day(book: &Book, pointer: &str, day: NaiveDate, problems: &mut Problems) {
    if day > book.setup.settings.day(book.now) {
        problems.invalid(pointer, "The day lies in the future: send today or an earlier day.");
    }
    if day < NaiveDate::default() {
        problems.invalid(pointer, "The day lies before 1970: send a later day.");
    }
}

fn check_lines(book: &Book, lines: &[PostLine], problems: &mut Problems) {
    for (index, line) in lines.iter().enumerate() {
        check_line(book, line, &format!("/lines/{index}"), problems);
    }
}

/// Notes what is wrong with the amounts of lines. They are faults of a whole line, so they are noted before those of its fields.
fn note_amounts(setup: &Setup, lines: &[PostLine], faults: &mut Faults) {
    let mut problems = Problems::default();
    for (index, line) in lines.iter().enumerate() {
        check_amount(setup, line, &format!("/lines/{index}"), &mut problems);
    }
    faults.take(problems.check());
}

fn check_line(book: &Book, line: &PostLine, pointer: &str, problems: &mut Problems) {
    check_account(&book.setup, line, pointer, Use::Entry, problems);
    if line.customer_id.is_some_and(|id| !book.customers.contains_key(&id)) {
        problems.add(format!("{pointer}/customer_id"), Code::NotFound, "There is no customer with this id.");
    }
    check_amount(&book.setup, line, pointer, problems);
}

/// Adds what is wrong with the account of a line.
fn check_account(setup: &Setup, line: &PostLine, pointer: &str, named: Use, problems: &mut Problems) {
    if !setup.accounts.contains(&line.account) {
        let detail = format!("There is no account {}.", line.account);
        problems.add(format!("{pointer}/account"), Code::NotFound, detail);
    } else if let Err(detail) = control::check(&line.account, setup.facts(&line.account), named) {
        problems.invalid(format!("{pointer}/account"), detail);
    }
}

/// Adds what is wrong with the amounts of a line.
fn check_amount(setup: &Setup, line: &PostLine, pointer: &str, problems: &mut Problems) {
    let amount = match (line.debit, line.credit) {
        (Some(amount), None) | (None, Some(amount)) => amount,
        _ => {
            problems.invalid(pointer, "A line has either a debit or a credit.");
            return;
        }
    };
    if !amount.is_positive() || amount != setup.settings.money(amount.get()) {
        let detail =
            format!("An amount must be above zero and have at most {} decimals.", setup.settings.exponent);
        problems.invalid(pointer, detail);
    }
}
