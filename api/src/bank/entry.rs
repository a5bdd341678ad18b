//! An entry of a statement, as the file has it, and its check.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use domain::day;
use domain::number::Money;
use domain::text::{Line100, holds_card_number};
use service::bank::NewLine;

use crate::body::sentence;
use crate::faults::Faults;

/// Most characters of the name of a payer, and of a text. The rest is left out.
const NAME_LENGTH_MAX: usize = 200;
const TEXT_LENGTH_MAX: usize = 1_000;
/// Lengths of an IBAN (ISO 13616).
const IBAN_LENGTHS: RangeInclusive<usize> = 15..=34;

/// An entry of a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Row of CSV, where the header is 1, or line of XML.
    pub(super) place: usize,
    pub(super) account: String,
    pub(super) reference: String,
    pub(super) booked_on: String,
    pub(super) amount: String,
    /// Empty: that of the tenant.
    pub(super) currency: String,
    pub(super) counterparty: String,
    pub(super) text: String,
    /// Number of its transactions, if it states any.
    pub(super) transactions: usize,
    /// Its transactions, if they add up to it.
    pub(super) parts: Vec<Entry>,
}

impl Entry {
    /// Returns the number of lines that it may become.
    pub(super) fn lines(&self) -> usize {
        self.parts.len().max(1)
    }
}

/// Returns the line of an entry. `currency` is the tenant's currency, with its `decimals`. Adds every error to
/// `faults`.
pub(super) fn checked(entry: &Entry, currency: &str, decimals: u32, faults: &mut Faults) -> Option<NewLine> {
    let before = faults.total();
    let mut wrong = |column: &str, detail: &str| faults.invalid(entry.place, column, detail);
    for (column, text) in [("account", &entry.account), ("reference", &entry.reference)] {
        if text.is_empty() {
            wrong(column, "Send this value: account and reference identify a line.");
        } else if !Line100::from(text.as_str()).is_allowed() {
            // Numbers of banks may look like card numbers, as those of orders and devices do.
            wrong(column, "Send one line of at most 100 characters.");
        }
    }
    let booked_on = day::read(&entry.booked_on);
    if !booked_on.as_ref().is_ok_and(|day| *day >= NaiveDate::default()) {
        wrong("booked_on", "Write a day as 2026-01-31, from 1970 on.");
    }
    let amount = entry.amount.parse::<Money>();
    match &amount {
        Err(error) => wrong("amount", &sentence(&error.to_string())),
        Ok(amount) if *amount != Money::rounded_to(amount.get(), decimals) => {
            wrong("amount", &format!("An amount of {currency} has at most {decimals} decimals."));
        }
        Ok(_) => {}
    }
    if !entry.currency.is_empty() && entry.currency != currency {
        wrong("currency", &format!("Your currency is {currency}: lines in another one are not imported."));
    }
    if faults.total() > before {
        return None;
    }
    Some(NewLine {
        account: plain_account(&entry.account),
        reference: entry.reference.clone(),
        booked_on: booked_on.ok()?,
        amount: amount.ok()?,
        counterparty: kept(&entry.counterparty, NAME_LENGTH_MAX),
        text: kept(&entry.text, TEXT_LENGTH_MAX),
        transactions: i32::try_from(entry.transactions.max(1)).unwrap_or(i32::MAX),
    })
}

/// Returns a line for each transaction of an entry. Returns nothing if they do not add up to the entry, or if one is
/// invalid.
pub(super) fn parts(entry: &Entry, currency: &str, decimals: u32) -> Option<Vec<NewLine>> {
    if entry.parts.is_empty() {
        return None;
    }
    let mut unused = Faults::default();
    entry.parts.iter().map(|part| checked(part, currency, decimals, &mut unused)).collect()
}

/// Returns the account. An IBAN is written in groups on paper, and without blanks in files: both are one account.
fn plain_account(text: &str) -> String {
    let joined: String = text.split_whitespace().collect();
    let is_iban = IBAN_LENGTHS.contains(&joined.len())
        && joined.bytes().all(|letter| letter.is_ascii_alphanumeric())
        && joined.bytes().take(2).all(|letter| letter.is_ascii_alphabetic())
        && joined.bytes().skip(2).take(2).all(|letter| letter.is_ascii_digit());
    if is_iban { joined.to_ascii_uppercase() } else { text.to_owned() }
}

/// Returns a text in one line, without a rest that is too long. A text with a card number is left out, because no record may have one.
fn kept(text: &str, length_max: usize) -> String {
    if holds_card_number(text) {
        return String::new();
    }
    let words: Vec<&str> = text.split(|letter: char| letter.is_whitespace() || letter.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(length_max).collect()
}
