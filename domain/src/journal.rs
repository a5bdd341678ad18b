//! Journal entries posted by hand.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{CustomerId, EntryId};
use crate::ledger::{Dimensions, Entry, EntryHead, Lines, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Problems, Refusal};
use crate::tenant::Channel;

/// The most lines of an entry.
const LINES_MAX: usize = 200;

/// Accounts to which only documents post, so that the accounts agree with the documents. Neither an entry by
/// hand nor a reason code may name them.
pub const CONTROLLED: [&str; 13] = [
    account::RECEIVABLE,
    account::INVENTORY,
    account::IN_TRANSIT,
    account::SHIPPED_NOT_INVOICED,
    account::CASH,
    account::STORE_CREDIT,
    account::SALES_WHOLESALE,
    account::SALES_RETAIL,
    account::RETURNS_WHOLESALE,
    account::RETURNS_RETAIL,
    account::SALES_DISCOUNTS,
    account::COGS_WHOLESALE,
    account::COGS_RETAIL,
];

/// An entry to post.
#[derive(Debug, Clone)]
pub struct Post {
    /// The id of the entry, if the caller chose one.
    pub id: Option<EntryId>,
    /// The day it belongs to, from 1970 to today. Today if absent.
    pub occurred_on: Option<NaiveDate>,
    /// The text that says what the entry is for. It must not be empty.
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
impl Rule for Post {
    fn name(&self) -> &'static str {
        "journal_entry.posted"
    }

    fn needs(&self, needs: &mut Needs) {
        needs.accounts.extend(self.lines.iter().map(|line| line.account.clone()));
        needs.customer_ids.extend(self.lines.iter().filter_map(|line| line.customer_id));
    }

    fn decide(&self, book: &mut Book) -> Decision {
        post(book, self).map(|(entry, posting)| (Outcome::Entry(entry), posting))
    }
}

/// Posts an entry. Rejects it if it is not balanced, if an account does not exist, or if only documents post
/// to it.
fn post(book: &mut Book, command: &Post) -> Result<(Entry, Posting), Refusal> {
    let mut problems = Problems::default();
    if command.memo.trim().is_empty() {
        problems.invalid("/memo", "An entry needs a memo that says what it is for.");
    }
    let today = book.setup.settings.day(book.now);
    let occurred_on = command.occurred_on.unwrap_or(today);
    if occurred_on > today {
        problems.invalid("/occurred_on", "The day lies in the future.");
    }
    if occurred_on < NaiveDate::default() {
        problems.invalid("/occurred_on", "The day lies before 1970.");
    }
    if command.lines.len() < 2 || command.lines.len() > LINES_MAX {
        problems.invalid("/lines", format!("An entry has 2 to {LINES_MAX} lines."));
    }
    let mut entry = Lines::default();
    for (index, line) in command.lines.iter().enumerate() {
        check_line(book, line, &format!("/lines/{index}"), &mut problems);
        let party_id: Option<Uuid> = line.customer_id.map(|id| id.0);
        let dimensions = Dimensions { channel: line.channel, location_id: None, party_id };
        let amount = line.debit.unwrap_or(Money::ZERO) - line.credit.unwrap_or(Money::ZERO);
        entry.debit(line.account.clone(), amount, dimensions);
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

fn check_line(book: &Book, line: &PostLine, pointer: &str, problems: &mut Problems) {
    if !book.setup.accounts.contains(&line.account) {
        let detail = format!("There is no account {}.", line.account);
        problems.add(format!("{pointer}/account"), Code::NotFound, detail);
    } else if CONTROLLED.contains(&line.account.as_str()) {
        let detail = format!("Only documents post to account {}.", line.account);
        problems.invalid(format!("{pointer}/account"), detail);
    }
    if line.customer_id.is_some_and(|id| !book.customers.contains_key(&id)) {
        problems.add(format!("{pointer}/customer_id"), Code::NotFound, "There is no customer with this id.");
    }
    let amount = match (line.debit, line.credit) {
        (Some(amount), None) | (None, Some(amount)) => amount,
        _ => {
            problems.invalid(pointer, "A line has either a debit or a credit.");
            return;
        }
    };
    if !amount.is_positive() || amount != book.setup.settings.money(amount.get()) {
        let detail = format!(
            "An amount must be above zero and have at most {} decimals.",
            book.setup.settings.exponent
        );
        problems.invalid(pointer, detail);
    }
}
