//! Opening balances: the balances of all accounts on the day from which the books are kept here, posted as one entry.
//!
//! Documents open the control accounts: stock documents open stock, vouchers open vouchers, invoices open receivables.
//! So their balances are named, compared with these documents, and not posted. The documents have posted the other side
//! to *Opening balances* (3000). The entry takes it off, so that 3000 ends with the balance that is named for it,
//! usually 0.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{OPENING_LINES_MAX, PostLine, check_account, check_amount, check_day, note_amounts, stated};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::EntryId;
use crate::ledger::control::{self, Use};
use crate::ledger::{Dimensions, Entry, EntryHead, Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Faults, Problems, Refusal};

/// The memo if the caller sends none.
const MEMO: &str = "Opening balances";

/// Opening balances to post.
#[derive(Debug, Clone)]
pub struct OpenBooks {
    /// The id of the entry, if the caller chose one.
    pub id: Option<EntryId>,
    /// The day at whose end the accounts have these balances, from 1970 to today, in an open period.
    pub opened_on: NaiveDate,
    /// The purpose of the entry.
    pub memo: Option<String>,
    /// The balances, 2 to 500. Lines of one account are added up.
    pub lines: Vec<PostLine>,
}

impl Rule for OpenBooks {
    fn name(&self) -> &'static str {
        "journal_entry.opened"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    fn lines(&self) -> usize {
        self.lines.len().max(1)
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.accounts.extend(self.lines.iter().map(|line| line.account.clone()));
        needs.opening_on.insert(self.opened_on);
        needs.posts_entries = true;
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        note_amounts(&book.setup, &self.lines, faults);
        let mut problems = Problems::default();
        check_fields(book, self, &mut problems);
        faults.take(problems.check());
    }

    fn decide(&self, book: &mut Book) -> Decision {
        open(book, self).map(|(entry, posting)| (Outcome::Entry(entry), posting))
    }
}

/// Posts opening balances. Rejects them if the books were opened before, or if a control account has another balance by its documents.
fn open(book: &mut Book, command: &OpenBooks) -> Result<(Entry, Posting), Refusal> {
    if let Some(id) = book.opened.entry {
        let detail = format!(
            "The books have opening balances already, the entry {id}: to post others, reverse it first."
        );
        return Err(Refusal::state(detail));
    }
    let mut problems = Problems::default();
    check_fields(book, command, &mut problems);
    problems.check()?;
    let (mut entry, mut total) = (Lines::default(), Money::ZERO);
    let mut controlled: BTreeMap<&str, (String, Money)> = BTreeMap::new();
    for (index, line) in command.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let amount = line.amount();
        total += amount;
        if control::is_checked(&line.account) {
            controlled.entry(line.account.as_str()).or_insert((pointer, Money::ZERO)).1 += amount;
        } else {
            entry.debit(line.account.clone(), amount, Dimensions::default());
        }
    }
    if !total.is_zero() {
        let detail = format!("Debits and credits differ: debits exceed credits by {total}.");
        return Err(Problems::one("/lines", Code::UnbalancedEntry, detail));
    }
    check_controls(book, command.opened_on, &controlled)?;
    let opened_before: Money = controlled.values().map(|(_, amount)| *amount).sum();
    entry.debit(account::OPENING_BALANCES, opened_before, Dimensions::default());
    post(book, command, entry)
}

fn post(book: &mut Book, command: &OpenBooks, lines: Lines) -> Result<(Entry, Posting), Refusal> {
    let id = command.id.unwrap_or_else(|| EntryId(book.ids.next_id()));
    let head = EntryHead {
        id,
        document_kind: DocumentKind::OpeningBalances,
        document_id: id.0,
        occurred_on: command.opened_on,
    };
    let entry = lines.into_entry(head).expect("what the control accounts have is on the other side");
    let mut entry = entry.ok_or_else(|| {
        let detail = "No account would change: the documents have posted all of it. Leave the opening out.";
        Refusal::invalid("/lines", detail)
    })?;
    entry.memo = Some(stated(command.memo.as_deref()).unwrap_or(MEMO).to_owned());
    book.opened.entry = Some(id);
    Ok((entry.clone(), Posting { entries: vec![entry], ..Posting::default() }))
}

/// Adds what is wrong with the day, and with the account and the amount of each line.
fn check_fields(book: &Book, command: &OpenBooks, problems: &mut Problems) {
    check_opened_on(book, command.opened_on, problems);
    if command.lines.len() < 2 || command.lines.len() > OPENING_LINES_MAX {
        problems.invalid("/lines", format!("Opening balances have 2 to {OPENING_LINES_MAX} lines."));
    }
    for (index, line) in command.lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        check_account(&book.setup, line, &pointer, Use::Opening, problems);
        check_amount(&book.setup, line, &pointer, problems);
    }
}

fn check_opened_on(book: &Book, opened_on: NaiveDate, problems: &mut Problems) {
    check_day(book, "/occurred_on", opened_on, problems);
    if let Some(last) = book.opened.locked_through.filter(|last| opened_on <= *last) {
        let first_open = last.succ_opt().unwrap_or(last);
        let detail = format!(
            "The books are closed through {last}: name {first_open}, the first open day, or a later one, or open the period again."
        );
        problems.invalid("/occurred_on", detail);
    }
}

/// Rejects a balance of a control account that differs from the balance by its documents. An account without a line has
/// the balance 0.
fn check_controls(
    book: &Book,
    opened_on: NaiveDate,
    controlled: &BTreeMap<&str, (String, Money)>,
) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for code in control::CHECKED {
        let posted = book.opened.balances.get(&(opened_on, code.to_owned())).copied().unwrap_or_default();
        let (pointer, named) = match controlled.get(code) {
            Some((pointer, amount)) => (pointer.as_str(), *amount),
            None => ("/lines", Money::ZERO),
        };
        if named != posted {
            let detail = format!(
                "Account {code} has {posted} by its documents at the end of {opened_on}, debits less credits, and the opening \
                 names {named}: post the documents that are missing, or correct the line."
            );
            problems.invalid(pointer, detail);
        }
    }
    problems.check()
}
