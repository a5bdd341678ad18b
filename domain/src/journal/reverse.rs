//! Reversals: an entry by hand, opening balances or the close of a year, taken back by an entry with the opposite lines.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{OPENING_LINES_MAX, check_day, stated};
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::EntryId;
use crate::ledger::{Entry, EntryHead, KnownEntry, Lines};
use crate::needs::Needs;
use crate::refusal::{Code, Faults, Problem, Problems, Refusal};

/// The most characters of a memo.
const MEMO_MAX: usize = 500;

/// The reversal of an entry.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The entry to take back.
    pub entry_id: EntryId,
    /// The id of the reversal, if the caller chose one.
    pub id: Option<EntryId>,
    /// The day of the reversal, not before the day on which the entry is posted and not in the future. Today if absent.
    pub occurred_on: Option<NaiveDate>,
    /// The purpose. If absent, it quotes the memo of the entry.
    pub memo: Option<String>,
    /// Whether the caller may post opening balances and close years, which needs the scope `costs:read`. Without it, none of these is
    /// taken back.
    pub may_open: bool,
}

impl Rule for Reverse {
    fn name(&self) -> &'static str {
        "journal_entry.reversed"
    }

    fn own_id(&self) -> Option<Uuid> {
        self.id.map(|id| id.0)
    }

    /// Returns the limit of lines of an entry by hand, because the lines of the original are known only after it is
    /// loaded.
    fn lines(&self) -> usize {
        OPENING_LINES_MAX
    }

    fn needs(&self, needs: &mut Needs) {
        needs.reversed_entries.insert(self.entry_id);
        needs.posts_entries = true;
    }

    fn note_faults(&self, book: &Book, faults: &mut Faults) {
        if let Some(known) = book.entries.get(&self.entry_id) {
            faults.take(check_reversed_on(book, self, known));
        }
    }

    fn decide(&self, book: &mut Book) -> Decision {
        reverse(book, self).map(|(entry, posting)| (Outcome::Entry(entry), posting))
    }
}

/// Reverses an entry. Rejects the entry of a document, a reversal, and an entry that was reversed before.
fn reverse(book: &mut Book, command: &Reverse) -> Result<(Entry, Posting), Refusal> {
    let original_id = command.entry_id;
    let known = book.entries.get(&original_id).ok_or_else(|| Refusal::not_found("journal entry"))?;
    check_state(original_id, known)?;
    check_scope(known, command.may_open)?;
    let occurred_on = check_reversed_on(book, command, known)?;
    let mut lines = Lines::default();
    for line in &known.lines {
        lines.credit(line.account.clone(), line.amount, line.dimensions);
    }
    let memo: String = match stated(command.memo.as_deref()) {
        Some(memo) => memo.to_owned(),
        None => {
            let of = known.memo.as_deref().unwrap_or_default();
            format!("Reversal: {of}").chars().take(MEMO_MAX).collect()
        }
    };

    // Nothing rejects the command from here on.
    let id = command.id.unwrap_or_else(|| EntryId(book.ids.next_id()));
    let head = EntryHead { id, document_kind: DocumentKind::Manual, document_id: original_id.0, occurred_on };
    let entry = lines.into_entry(head).expect("the opposite of a balanced entry balances");
    let mut entry = entry.expect("the opposite of an entry has its lines");
    entry.memo = Some(memo);
    if let Some(known) = book.entries.get_mut(&original_id) {
        known.reversed_by = Some(id);
    }
    if book.opened.entry == Some(original_id) {
        book.opened.entry = None;
    }
    for known in book.years.values_mut().filter(|known| known.entry == Some(original_id)) {
        known.entry = None;
    }
    Ok((entry.clone(), Posting { entries: vec![entry], ..Posting::default() }))
}

/// Returns the day of a reversal. Rejects one in the future, and one before the entry is posted.
fn check_reversed_on(book: &Book, command: &Reverse, known: &KnownEntry) -> Result<NaiveDate, Refusal> {
    let today = book.setup.settings.day(book.now);
    let occurred_on = command.occurred_on.unwrap_or(today);
    let mut problems = Problems::default();
    check_day(book, "/occurred_on", occurred_on, &mut problems);
    if occurred_on < known.posted_on {
        let detail = format!("The entry is posted on {}: name that day or a later one.", known.posted_on);
        problems.invalid("/occurred_on", detail);
    }
    problems.check()?;
    Ok(occurred_on)
}

/// Rejects the reversal of an entry that the caller could not post.
fn check_scope(known: &KnownEntry, may_open: bool) -> Result<(), Refusal> {
    let is_of_all_accounts =
        [DocumentKind::OpeningBalances, DocumentKind::YearClose].contains(&known.document_kind);
    if is_of_all_accounts && !may_open {
        let detail =
            "The credential has no scope costs:read, which opening balances and closes of years need."
                .to_owned();
        let params = vec![("required_scope", "costs:read".to_owned())];
        let mut refusal = Refusal::new(Code::InsufficientScope, "This needs the scope costs:read.");
        refusal.problems.push(Problem {
            pointer: String::new(),
            code: Code::InsufficientScope,
            detail,
            params,
        });
        return Err(refusal);
    }
    Ok(())
}

fn check_state(id: EntryId, known: &KnownEntry) -> Result<(), Refusal> {
    let is_by_hand = known.document_kind == DocumentKind::Manual;
    let has_no_document =
        [DocumentKind::OpeningBalances, DocumentKind::YearClose].contains(&known.document_kind);
    if !is_by_hand && !has_no_document {
        let document = known.document_kind.path(known.document_id);
        let document = document.unwrap_or_else(|| known.document_kind.encode(known.document_id));
        let detail = format!("The entry {id} is that of a document: correct the document, {document}.");
        return Err(Refusal::state(detail));
    }
    if is_by_hand && known.document_id != id.0 {
        let original = EntryId(known.document_id);
        let detail = format!("The entry {id} is the reversal of {original}: post the entry again instead.");
        return Err(Refusal::state(detail));
    }
    match known.reversed_by {
        Some(by) => Err(Refusal::state(format!("The entry {id} was reversed already, by {by}."))),
        None => Ok(()),
    }
}
