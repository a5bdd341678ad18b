//! A statement as CAMT.053 (ISO 20022), in any of its versions.
//!
//! No document type is read, so no entity of its own is ever expanded. Elements are found by their local names.

use domain::number::Money;
use domain::refusal::Code;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::entry::Entry;
use crate::faults::Faults;
use crate::problem::ApiError;

/// Deepest element that is read. The standard has fewer than 20.
const DEPTH_MAX: usize = 64;
/// Most names of an entry with several transactions.
const NAMES_MAX: usize = 10;
/// Most transactions of an entry that is split.
const TRANSACTIONS_MAX: usize = 10_000;
/// Most characters that are kept of a text that every entry or transaction repeats. An account and a reference have fewer.
const REPEATED_MAX: usize = 1_000;
/// Texts that banks write in place of a reference.
const NO_REFERENCES: [&str; 2] = ["NONREF", "NOTPROVIDED"];

/// Entries of a file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) entries: Vec<Entry>,
    /// Number of entries that the bank has not booked yet.
    pub(super) pending: usize,
    /// Number of lines that the entries may become.
    pub(super) lines: usize,
    /// Entries whose amount is not clear.
    pub(super) faults: Faults,
}

/// A file while it is read.
#[derive(Debug, Default)]
struct Reading {
    file: File,
    /// Local names of the open elements.
    path: Vec<String>,
    /// Text of the innermost element.
    text: String,
    account: String,
    statement: String,
    entry: Raw,
}

/// An entry while it is read.
#[derive(Debug, Default)]
struct Raw {
    entry: Entry,
    /// `CRDT` for money that came in, `DBIT` for money that went out. A reversal has its own direction.
    direction: String,
    is_pending: bool,
    /// Reference within the statement.
    own_reference: String,
    /// Reference of the first transaction of the entry.
    of_transaction: String,
    debtors: Vec<String>,
    creditors: Vec<String>,
    /// Text about the whole entry.
    about: String,
    /// Its transactions, at most [`TRANSACTIONS_MAX`].
    transactions: Vec<Transaction>,
    /// Number of transactions of its batches, which may be stated without the transactions.
    of_batches: usize,
}

/// A transaction of an entry.
#[derive(Debug, Default)]
struct Transaction {
    amount: String,
    currency: String,
    /// As that of the entry. Empty: the same.
    direction: String,
    debtor: String,
    creditor: String,
    text: String,
}

/// Reads at most `entries_max` entries, and one more. A file that is no such statement, or that is cut, is rejected with its line.
pub(super) fn read(text: &str, entries_max: usize) -> Result<File, ApiError> {
    let mut reader = Reader::from_str(text);
    let mut reading = Reading::default();
    let mut lines = Lines { text, at: 0, line: 1 };
    loop {
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let line = lines.line_at(reader.error_position());
                return Err(broken(line, &error.to_string()));
            }
        };
        let line = lines.line_at(reader.buffer_position());
        match event {
            Event::Start(element) => reading.open(&element, line)?,
            Event::Empty(element) => {
                reading.open(&element, line)?;
                reading.close();
            }
            Event::End(_) => reading.close(),
            Event::Text(part) => reading.text.push_str(&part),
            Event::CData(part) => reading.text.push_str(&part),
            Event::GeneralRef(reference) => reading.text.push(letter(&reference, line)?),
            Event::DocType(_) => return Err(broken(line, "it has a document type; leave it out")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return reading.end(line),
        }
        if reading.file.lines + reading.file.pending > entries_max {
            return Ok(reading.file);
        }
    }
}

impl Reading {
    fn open(&mut self, element: &BytesStart<'_>, line: usize) -> Result<(), ApiError> {
        if self.path.len() >= DEPTH_MAX {
            return Err(broken(line, "its elements are nested too deeply"));
        }
        let name = element.local_name().as_ref().to_owned();
        self.path.push(name.clone());
        self.text.clear();
        match name.as_str() {
            "Stmt" => (self.account, self.statement) = (String::new(), String::new()),
            "Ntry" => {
                self.entry = Raw::default();
                self.entry.entry.place = line;
            }
            "TxDtls" if within(&self.path, "Ntry") == ["NtryDtls", "TxDtls"] => {
                self.entry.entry.transactions += 1;
                if self.entry.transactions.len() < TRANSACTIONS_MAX {
                    self.entry.transactions.push(Transaction::default());
                }
            }
            "Amt" => {
                let currency = element.attributes().flatten().find(|one| one.key.as_ref() == "Ccy");
                let currency = currency.map(|one| one.value.trim().to_owned()).unwrap_or_default();
                self.note_currency(currency);
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self) {
        let text = self.text.trim().to_owned();
        self.text.clear();
        if self.path.iter().any(|open| open == "Ntry") {
            if within(&self.path, "Ntry").is_empty() {
                self.finish();
            } else if !text.is_empty() {
                self.note(text);
            }
        } else if !text.is_empty() {
            match within(&self.path, "Stmt").as_slice() {
                ["Id"] => self.statement = cut(text),
                ["Acct", "Id", "IBAN"] | ["Acct", "Id", "Othr", "Id"] => self.account = cut(text),
                _ => {}
            }
        }
        self.path.pop();
    }

    /// Notes the currency of an amount.
    fn note_currency(&mut self, currency: String) {
        let raw = &mut self.entry;
        match within(&self.path, "Ntry").as_slice() {
            ["Amt"] => raw.entry.currency = cut(currency),
            ["NtryDtls", "TxDtls", "Amt"] | ["NtryDtls", "TxDtls", "AmtDtls", "TxAmt", "Amt"] => {
                if let Some(open) = raw.transactions.last_mut().filter(|open| open.amount.is_empty()) {
                    open.currency = currency;
                }
            }
            _ => {}
        }
    }

    /// Notes the text of an element of an entry, and of its latest transaction.
    fn note(&mut self, text: String) {
        let inner = within(&self.path, "Ntry");
        let raw = &mut self.entry;
        if let (["NtryDtls", "TxDtls", rest @ ..], Some(open)) =
            (inner.as_slice(), raw.transactions.last_mut())
        {
            open.note(rest, &text);
        }
        match inner.as_slice() {
            ["NtryRef"] if is_reference(&text) => raw.own_reference = cut(text),
            ["AcctSvcrRef"] if is_reference(&text) => raw.entry.reference = cut(text),
            ["Amt"] => raw.entry.amount = text,
            ["CdtDbtInd"] => raw.direction = text,
            ["Sts"] | ["Sts", "Cd"] => raw.is_pending = text != "BOOK",
            ["BookgDt", "Dt" | "DtTm"] => raw.entry.booked_on = text.chars().take(10).collect(),
            ["NtryDtls", "TxDtls", "Refs", "AcctSvcrRef"]
                if raw.of_transaction.is_empty() && is_reference(&text) =>
            {
                raw.of_transaction = cut(text);
            }
            ["NtryDtls", "TxDtls", "RltdPties", "Dbtr", "Nm"]
            | ["NtryDtls", "TxDtls", "RltdPties", "Dbtr", "Pty", "Nm"] => add_name(&mut raw.debtors, text),
            ["NtryDtls", "TxDtls", "RltdPties", "Cdtr", "Nm"]
            | ["NtryDtls", "TxDtls", "RltdPties", "Cdtr", "Pty", "Nm"] => add_name(&mut raw.creditors, text),
            ["NtryDtls", "Btch", "NbOfTxs"] => {
                raw.of_batches = raw.of_batches.saturating_add(text.parse().unwrap_or(0));
            }
            ["AddtlNtryInf"] => {
                add_text(&mut raw.entry.text, &text);
                raw.about = cut(text);
            }
            ["NtryDtls", "TxDtls", "RmtInf", "Ustrd"]
            | ["NtryDtls", "TxDtls", "RmtInf", "Strd", "CdtrRefInf", "Ref"] => {
                add_text(&mut raw.entry.text, &text);
            }
            _ => {}
        }
    }

    /// Ends an entry.
    fn finish(&mut self) {
        let Raw {
            mut entry,
            direction,
            is_pending,
            own_reference,
            of_transaction,
            debtors,
            creditors,
            about,
            transactions,
            of_batches,
        } = std::mem::take(&mut self.entry);
        if is_pending {
            self.file.pending += 1;
            return;
        }
        entry.account.clone_from(&self.account);
        if entry.reference.is_empty() {
            entry.reference = of_transaction;
        }
        // A reference within the statement is unique with that of the statement.
        if entry.reference.is_empty() && !own_reference.is_empty() && !self.statement.is_empty() {
            entry.reference = format!("{}/{own_reference}", self.statement);
        }
        let is_debit = direction == "DBIT";
        if !is_debit && direction != "CRDT" {
            let detail = "The entry does not say whether money came in: send CdtDbtInd, as CRDT or DBIT.";
            self.file.faults.invalid(entry.place, "amount", detail);
        }
        if entry.amount.starts_with('-') {
            let detail = "An amount (Amt) has no sign: CdtDbtInd says whether money came in or went out.";
            self.file.faults.invalid(entry.place, "amount", detail);
        } else if is_debit {
            entry.amount.insert(0, '-');
        }
        if entry.currency.is_empty() {
            self.file.faults.invalid(
                entry.place,
                "currency",
                "The amount has no currency: send Ccy with Amt.",
            );
        }
        let names = if is_debit { creditors } else { debtors };
        entry.counterparty = names.join(", ");
        entry.parts = split(&entry, is_debit, transactions, &about).unwrap_or_default();
        entry.transactions = entry.transactions.max(of_batches);
        self.file.lines += entry.lines();
        self.file.entries.push(entry);
    }

    /// Ends the file. Rejects one that ends within an element, and one without a statement.
    fn end(self, line: usize) -> Result<File, ApiError> {
        match self.path.last() {
            Some(open) => Err(broken(line, &format!("it ends within {open}, so a part of it is missing"))),
            None if self.account.is_empty() => {
                Err(broken(line, "it has no account of a statement (Stmt/Acct/Id): send a CAMT.053 file"))
            }
            None => Ok(self.file),
        }
    }
}

impl Transaction {
    /// Notes the text of an element, whose path within the transaction is `inner`.
    fn note(&mut self, inner: &[&str], text: &str) {
        match inner {
            ["Amt"] | ["AmtDtls", "TxAmt", "Amt"] if self.amount.is_empty() => {
                text.clone_into(&mut self.amount)
            }
            ["CdtDbtInd"] => text.clone_into(&mut self.direction),
            ["RltdPties", "Dbtr", "Nm"] | ["RltdPties", "Dbtr", "Pty", "Nm"] => {
                text.clone_into(&mut self.debtor)
            }
            ["RltdPties", "Cdtr", "Nm"] | ["RltdPties", "Cdtr", "Pty", "Nm"] => {
                text.clone_into(&mut self.creditor);
            }
            ["RmtInf", "Ustrd"] | ["RmtInf", "Strd", "CdtrRefInf", "Ref"] => add_text(&mut self.text, text),
            _ => {}
        }
    }
}

/// Returns the transactions of an entry as entries of their own, with the reference of the entry and their number. Nothing if it has
/// fewer than two, if the amount, the currency or the direction of one is not clear, or if they do not add up to the entry.
fn split(entry: &Entry, is_debit: bool, transactions: Vec<Transaction>, about: &str) -> Option<Vec<Entry>> {
    if transactions.len() < 2 || transactions.len() != entry.transactions || entry.reference.is_empty() {
        return None;
    }
    let mut left = entry.amount.parse::<Money>().ok()?;
    let mut parts = Vec::with_capacity(transactions.len());
    for (number, transaction) in (1..).zip(transactions) {
        let Transaction { amount, currency, direction, debtor, creditor, mut text } = transaction;
        let is_debit = match direction.as_str() {
            "" => is_debit,
            "DBIT" => true,
            "CRDT" => false,
            _ => return None,
        };
        let stated = amount.parse::<Money>().ok().filter(|stated| stated.is_positive())?;
        if currency != entry.currency {
            return None;
        }
        left -= if is_debit { -stated } else { stated };
        add_text(&mut text, about);
        parts.push(Entry {
            place: entry.place,
            account: entry.account.clone(),
            reference: format!("{}/{number}", entry.reference),
            booked_on: entry.booked_on.clone(),
            amount: if is_debit { format!("-{amount}") } else { amount },
            currency,
            counterparty: if is_debit { creditor } else { debtor },
            text,
            transactions: 1,
            parts: Vec::new(),
        });
    }
    left.is_zero().then_some(parts)
}

/// Adds a text to another, with a blank after it.
fn add_text(to: &mut String, text: &str) {
    to.push_str(text);
    to.push(' ');
}

/// Returns the beginning of a text that each entry or transaction repeats, so that a long one does not cost its length each time.
fn cut(text: String) -> String {
    if text.chars().nth(REPEATED_MAX).is_none() { text } else { text.chars().take(REPEATED_MAX).collect() }
}

/// Whether a text is a reference of the bank.
fn is_reference(text: &str) -> bool {
    !NO_REFERENCES.iter().any(|none| text.eq_ignore_ascii_case(none))
}

/// Adds the name of a payer or a payee. Several transactions of an entry often have the same.
fn add_name(names: &mut Vec<String>, name: String) {
    if names.len() < NAMES_MAX && !names.contains(&name) {
        names.push(name);
    }
}

/// Returns the names of the open elements within the innermost one of this name. Empty if none is open.
fn within<'p>(path: &'p [String], name: &str) -> Vec<&'p str> {
    let place = path.iter().rposition(|open| open == name);
    let inner = place.map(|place| &path[place + 1..]).unwrap_or_default();
    inner.iter().map(String::as_str).collect()
}

/// Returns the letter of a reference such as `&amp;`. A document can define no others.
fn letter(reference: &BytesRef<'_>, line: usize) -> Result<char, ApiError> {
    let named = match &**reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    };
    named.filter(|letter| *letter != '\0').ok_or_else(|| broken(line, "it has an entity that is not known"))
}

fn broken(line: usize, detail: &str) -> ApiError {
    let detail = format!("Line {line} of the statement: {detail}.");
    ApiError::new(Code::ValidationFailed, detail).with_member("line", line.to_string())
}

/// Counts the lines of a text up to a place that moves on.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// Returns the line at a place, which is not before the last one.
    fn line_at(&mut self, place: u64) -> usize {
        let place = usize::try_from(place).unwrap_or(usize::MAX).clamp(self.at, self.text.len());
        let passed = &self.text.as_bytes()[self.at..place];
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.at = place;
        self.line
    }
}

#[cfg(test)]
mod tests;
