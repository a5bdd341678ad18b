//! Valuation of items that are open in other currencies: one entry at the end of a day, and its reversal on the next day.
//!
//! A payment realises the difference between its rate and that of the bill or invoice. So the unrealised difference is taken back before
//! the next payment, and no difference counts twice.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};
use uuid::Uuid;

use super::stated;
use crate::book::{Book, Posting};
use crate::command::{Decision, Outcome, Rule};
use crate::document::DocumentKind;
use crate::id::{EntryId, TenantId};
use crate::ledger::valuation::{ITEMS_MAX, KnownValuation};
use crate::ledger::{Dimensions, Entry, EntryHead, Lines, Posted, account};
use crate::needs::Needs;
use crate::number::Money;
use crate::refusal::{Code, Refusal};

/// The valuation of all items that are open in other currencies.
#[derive(Debug, Clone)]
pub struct ValueForeign {
    /// The tenant. The id of the entry follows from it and from the day.
    pub tenant_id: TenantId,
    /// The day, which must be over.
    pub day: NaiveDate,
    /// The purpose of the entry. It names the day if absent.
    pub memo: Option<String>,
}

impl Rule for ValueForeign {
    fn name(&self) -> &'static str {
        "journal_entry.valued"
    }

    /// The entry and its reversal have at most three lines each: bills and items of customers have one account each.
    fn lines(&self) -> usize {
        6
    }

    fn is_alone(&self) -> bool {
        true
    }

    fn needs(&self, needs: &mut Needs) {
        needs.valued_on.insert(self.day);
        needs.posts_entries = true;
        needs.accounts.insert(account::UNREALISED_DIFFERENCES.to_owned());
        needs.accounts.insert(account::PAYABLE_VALUATION.to_owned());
        needs.accounts.insert(account::RECEIVABLE_VALUATION.to_owned());
    }

    fn decide(&self, book: &mut Book) -> Decision {
        value(book, self).map(|(entry, posting)| (Outcome::Entry(entry), posting))
    }
}

/// Returns the id of the entry of a day. Two requests for one day choose one id, so that the day is valued once.
pub fn valuation_id(tenant_id: TenantId, day: NaiveDate) -> EntryId {
    let millis = day.and_time(NaiveTime::MIN).and_utc().timestamp_millis().max(0).unsigned_abs();
    let rest = tenant_id.0.as_u128() & ((1 << 80) - 1);
    EntryId(Uuid::from_u128((u128::from(millis) << 80) | rest))
}

/// Values all open items. A day that is valued already has its first entry, and nothing is posted.
fn value(book: &mut Book, command: &ValueForeign) -> Result<(Entry, Posting), Refusal> {
    let day = command.day;
    let today = book.setup.settings.day(book.now);
    let next = day.succ_opt().filter(|next| *next <= today).ok_or_else(|| {
        Refusal::new(Code::ValidationFailed, format!("{day} is not over: value it when it is."))
    })?;
    if day < NaiveDate::default() {
        return Err(Refusal::new(Code::ValidationFailed, "The day lies before 1970: send a later day."));
    }
    let known = book.valuations.get(&day).cloned().unwrap_or_default();
    if let Some(entry) = &known.entry {
        book.journal.posted.extend(known.posted.map(|posted| (entry.id, posted)));
        return Ok((entry.clone(), Posting::default()));
    }
    check_accounts(book, &known)?;
    let losses = losses(book, day, &known)?;
    let mut lines = Lines::default();
    for (account, loss) in losses {
        lines.debit(account::UNREALISED_DIFFERENCES, loss, Dimensions::default());
        lines.credit(account, loss, Dimensions::default());
    }
    let id = valuation_id(command.tenant_id, day);
    let head = EntryHead { id, document_kind: DocumentKind::Manual, document_id: id.0, occurred_on: day };
    let entry = lines.into_entry(head).expect("both sides are the same amount");
    let mut entry = entry.ok_or_else(|| {
        let detail =
            format!("The open items have no other value at the rates of {day}: there is nothing to post.");
        Refusal::new(Code::ValidationFailed, detail)
    })?;
    let memo = stated(command.memo.as_deref()).map(str::to_owned);
    let memo = memo.unwrap_or_else(|| format!("Open items in other currencies at the rates of {day}"));
    let mut reversal = reversal(&entry, EntryId(book.ids.next_id()), next);
    reversal.memo = Some(format!("Reversal of the valuation of {day}"));
    entry.memo = Some(memo);
    let posted = Posted { reversed_by: Some(reversal.id), ..book.posted(&entry) };
    book.journal.posted.insert(entry.id, posted);
    let known = KnownValuation { entry: Some(entry.clone()), posted: Some(posted), ..known };
    book.valuations.insert(day, known);
    Ok((entry.clone(), Posting { entries: vec![entry, reversal], ..Posting::default() }))
}

/// Returns the entry of the next day, with the opposite lines.
fn reversal(entry: &Entry, id: EntryId, occurred_on: NaiveDate) -> Entry {
    let mut lines = Lines::default();
    for line in &entry.lines {
        lines.credit(line.account.clone(), line.amount, line.dimensions);
    }
    let head = EntryHead { id, document_kind: DocumentKind::Manual, document_id: entry.id.0, occurred_on };
    let reversal = lines.into_entry(head).expect("the opposite of a balanced entry balances");
    reversal.expect("the opposite of an entry has its lines")
}

/// Rejects the valuation if the chart has one of its accounts for something else. A tenant from before these accounts may have one.
fn check_accounts(book: &Book, known: &KnownValuation) -> Result<(), Refusal> {
    let setup = &book.setup;
    let has = |codes: &[String], code: &str| codes.iter().any(|known| known == code);
    let (payable, receivable) = (account::PAYABLE_VALUATION, account::RECEIVABLE_VALUATION);
    let unrealised = account::UNREALISED_DIFFERENCES;
    let is_used = |code: &str| known.items.iter().any(|item| item.kind.account() == code);
    let is_other = |code: &str| has(&setup.accounts, code) && !has(&setup.liabilities, code);
    let is_sound = is_other(unrealised)
        && (!is_used(payable) || has(&setup.liabilities, payable))
        && (!is_used(receivable) || is_other(receivable));
    if is_sound {
        return Ok(());
    }
    let detail = format!(
        "Open items are valued on the accounts {payable}, a liability, {receivable}, an asset, and {unrealised}, an expense, which the \
         chart lacks or has for something else."
    );
    Err(Refusal::state(detail))
}

/// Returns the loss of the items by the account of their change of value. Rejects a closed day, too many items, and a currency without a
/// rate.
fn losses(
    book: &Book,
    day: NaiveDate,
    known: &KnownValuation,
) -> Result<BTreeMap<&'static str, Money>, Refusal> {
    if let Some(last) = known.locked_through.filter(|last| day <= *last) {
        let detail = format!("The books are closed through {last}: open the period again to value {day}.");
        return Err(Refusal::state(detail));
    }
    if known.items.len() > ITEMS_MAX {
        let detail = format!("More than {ITEMS_MAX} items are open in other currencies: value them by hand.");
        return Err(Refusal::state(detail));
    }
    let mut losses: BTreeMap<&'static str, Money> = BTreeMap::new();
    for item in &known.items {
        let loss = item.loss(&book.setup.settings).ok_or_else(|| {
            let detail = format!(
                "There is no rate of {} on {day} or before: record one with POST /v1/exchange-rates.",
                item.currency
            );
            Refusal::new(Code::ValidationFailed, detail)
        })?;
        *losses.entry(item.kind.account()).or_default() += loss;
    }
    Ok(losses)
}
