//! Lines of bank statements, and the invoices that they may pay.

use chrono::NaiveDate;

use crate::id::{CustomerId, InvoiceId};
use crate::number::Money;
use crate::text_enum;

/// Most invoices that are proposed for a line.
pub const PROPOSALS_MAX: usize = 5;

text_enum! {
    /// The ground on which a line may pay an invoice, the best first.
    #[derive(PartialOrd, Ord)]
    pub enum PaymentMatch {
        /// The text has the number of the invoice, and the amount equals its open amount.
        NumberAndAmount,
        /// The text has the number of the invoice.
        Number,
        /// The amount equals the open amount of the invoice.
        Amount,
    }
}

/// An invoice with an open amount.
#[derive(Debug, Clone)]
pub struct OpenInvoice {
    /// The invoice.
    pub id: InvoiceId,
    /// Its number.
    pub number: String,
    /// The customer.
    pub customer_id: CustomerId,
    /// The amount that is still to be paid, above zero.
    pub open: Money,
    /// The day on which it is due.
    pub due_on: NaiveDate,
}

/// Open invoices, with the letters and digits of their numbers.
#[derive(Debug, Default)]
pub struct OpenInvoices(Vec<(String, OpenInvoice)>);

impl OpenInvoices {
    /// Prepares invoices to be matched with many lines.
    pub fn new(invoices: Vec<OpenInvoice>) -> Self {
        OpenInvoices(invoices.into_iter().map(|invoice| (plain(&invoice.number), invoice)).collect())
    }

    /// Returns the invoices that a line may pay, at most [`PROPOSALS_MAX`]: the best match first, and of equal matches
    /// the invoice that is due first.
    pub fn propose(&self, text: &str, amount: Money) -> Vec<(PaymentMatch, &OpenInvoice)> {
        let letters = plain(text);
        let mut found: Vec<(PaymentMatch, &OpenInvoice)> = Vec::new();
        for (number, invoice) in &self.0 {
            let is_named = !number.is_empty() && letters.contains(number.as_str()) && names(text, number);
            let matched = match (is_named, invoice.open == amount) {
                (true, true) => PaymentMatch::NumberAndAmount,
                (true, false) => PaymentMatch::Number,
                (false, true) => PaymentMatch::Amount,
                (false, false) => continue,
            };
            found.push((matched, invoice));
        }
        found.sort_by_key(|(matched, invoice)| (*matched, invoice.due_on, invoice.id));
        found.truncate(PROPOSALS_MAX);
        found
    }
}

/// Returns letters and digits of a text, letters in upper case.
fn plain(text: &str) -> String {
    let known = text.chars().filter(|letter| letter.is_alphanumeric());
    known.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Whether a text has a number, which is plain and not empty, with any signs between its letters. A longer number is another one.
fn names(text: &str, number: &str) -> bool {
    let begins_with_digit = number.starts_with(|letter: char| letter.is_ascii_digit());
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        let is_inside = begins_with_digit && before.is_ascii_digit();
        if letter.is_alphanumeric() && !is_inside && begins_with(&text[at..], number) {
            return true;
        }
        before = letter;
    }
    false
}

fn begins_with(text: &str, number: &str) -> bool {
    let mut letters = text.chars();
    for wanted in number.chars() {
        let next = letters.by_ref().find(|letter| letter.is_alphanumeric());
        if next.map(|letter| letter.to_ascii_uppercase()) != Some(wanted) {
            return false;
        }
    }
    letters.next().is_none_or(|after| !after.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn invoices(of: &[(&str, &str, &str)]) -> OpenInvoices {
        let invoice = |(place, (number, open, due_on)): (u128, &(&str, &str, &str))| OpenInvoice {
            id: InvoiceId(Uuid::from_u128(place)),
            number: (*number).to_owned(),
            customer_id: CustomerId(Uuid::nil()),
            open: open.parse().expect("an amount"),
            due_on: due_on.parse().expect("a day"),
        };
        OpenInvoices::new((1..).zip(of).map(invoice).collect())
    }

    fn proposed(of: &OpenInvoices, text: &str, amount: &str) -> Vec<(PaymentMatch, String)> {
        let proposals = of.propose(text, amount.parse().expect("an amount"));
        proposals.into_iter().map(|(matched, invoice)| (matched, invoice.number.clone())).collect()
    }

    #[test]
    fn a_number_and_the_amount_come_before_one_of_them() {
        let of = invoices(&[
            ("INV-2026-000001", "100.00", "2026-01-31"),
            ("INV-2026-000002", "120.00", "2026-01-31"),
            ("INV-2026-000003", "120.00", "2026-01-15"),
            ("INV-2026-000004", "70.00", "2026-01-15"),
        ]);
        let named = |matched, number: &str| (matched, format!("INV-2026-00000{number}"));
        assert_eq!(
            proposed(&of, "Payment inv 2026/000002, and INV2026000001", "120.00"),
            [
                named(PaymentMatch::NumberAndAmount, "2"),
                named(PaymentMatch::Number, "1"),
                named(PaymentMatch::Amount, "3"),
            ]
        );
        assert!(proposed(&of, "thanks", "99.99").is_empty());
    }

    #[test]
    fn a_longer_number_is_another_one() {
        let of = invoices(&[("2026-12", "5.00", "2026-01-31")]);
        assert!(proposed(&of, "2026-123", "1.00").is_empty());
        assert!(proposed(&of, "12026-12", "1.00").is_empty());
        assert_eq!(proposed(&of, "no. 2026-12 3 days late", "1.00").len(), 1);
    }

    #[test]
    fn few_are_proposed_those_due_first() {
        let many: Vec<(String, String)> =
            (1..=9).map(|day| (format!("R-{day}"), format!("2026-02-0{day}"))).collect();
        let listed: Vec<(&str, &str, &str)> =
            many.iter().rev().map(|(number, day)| (number.as_str(), "5.00", day.as_str())).collect();
        let first: Vec<String> =
            proposed(&invoices(&listed), "", "5.00").into_iter().map(|(_, number)| number).collect();
        assert_eq!(first, ["R-1", "R-2", "R-3", "R-4", "R-5"]);
    }
}
