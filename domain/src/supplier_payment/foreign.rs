//! Payments in another currency.
//!
//! The bank pays the amount at the rate of the payment. The open amount of a bill falls by the same share, at the rate
//! of the bill; the last part takes the rest. The difference is realised: an exchange loss if the bank paid more, a
//! gain if it paid less. A discount is a share of what is taken off the bill, so it has no exchange difference. An advance
//! keeps the rate of its payment until it is applied.

use chrono::NaiveDate;

use super::{Paid, PaidBill, PartToPay, Pay, SupplierPayment};
use crate::bill::Bill;
use crate::book::Book;
use crate::exchange::{Open, Quote, Stated, check_rate, relieved};
use crate::id::BillId;
use crate::number::Money;
use crate::refusal::{Faults, Problems, Refusal};
use crate::tenant::Settings;

/// The amounts of a payment in its currency. They are negative in a reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPayment {
    /// The currency and the rate of the payment; those of the advance in an application.
    pub quote: Quote,
    /// The amount that was paid, without discounts.
    pub amount: Money,
    /// The discounts of all bills.
    pub discount: Money,
    /// The part of the amount that was paid in advance.
    pub advance: Money,
    /// The part of the advance that is not applied to bills.
    pub unapplied: Money,
}

/// The amounts of a part of a payment in the currency of its bill. They are negative in a reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignPart {
    /// The amount that is settled, with the discount.
    pub amount: Money,
    /// The discount for early payment.
    pub discount: Money,
    /// The input tax in the discount.
    pub discount_tax: Money,
}

impl ForeignPayment {
    /// Returns the amounts of the reversal.
    pub(super) fn negative(&self) -> Self {
        ForeignPayment {
            quote: self.quote.clone(),
            amount: -self.amount,
            discount: -self.discount,
            advance: -self.advance,
            unapplied: Money::ZERO,
        }
    }
}

impl ForeignPart {
    /// Returns the amount that was paid, without the discount.
    pub(super) fn paid(self) -> Money {
        self.amount - self.discount
    }

    /// Returns the part of a reversal.
    pub(super) fn negative(self) -> Self {
        ForeignPart { amount: -self.amount, discount: -self.discount, discount_tax: -self.discount_tax }
    }
}

/// Returns the currency and the rate of a payment of a day; nothing if it is in the tenant's currency. Rejects bills of
/// another currency.
pub(super) fn quote(book: &Book, command: &Pay, day: NaiveDate) -> Result<Option<Quote>, Refusal> {
    let settings = &book.setup.settings;
    let stated = command.currency.as_deref();
    if let Some(other) = stated.filter(|currency| *currency != settings.currency) {
        // A problem of a bill repeats the currency, so the text is one.
        book.exchange.decimals_of(other).map_err(Problems::of)?;
    }
    let first = command.parts.first().map(|part| currency(book, part.bill_id));
    let own = stated.or(first).unwrap_or(&settings.currency);
    let whose = if stated.is_some() { "the payment" } else { "the first one" };
    check_bills(book, &command.parts, |of_bill| {
        (of_bill != own).then(|| {
            format!("The bill is in {of_bill}, and {whose} in {own}: record a payment for each currency.")
        })
    })?;
    let stated = Stated { currency: Some(own), rate: command.exchange_rate, day };
    book.exchange.quote(stated, settings).map_err(Problems::of)
}

/// Notes the faults of the currency and the rate that a payment states. Without a currency it has that of its bills, which may not be
/// known: a rate of zero is wrong for any.
pub(super) fn note_faults(book: &Book, command: &Pay, day: Option<NaiveDate>, faults: &mut Faults) {
    let (currency, rate) = (command.currency.as_deref(), command.exchange_rate);
    if currency.is_some() || command.parts.is_empty() {
        book.exchange.note_faults((currency, rate), day, &book.setup.settings, faults);
    } else if let Some(Err(detail)) = rate.map(check_rate) {
        faults.invalid("/exchange_rate", detail);
    }
}

/// Returns the decimals of the currency of a payment: the stated one, or that of all its bills. None if there is no such currency, or if
/// the bills have several or are not known.
pub(super) fn known_decimals(book: &Book, command: &Pay) -> Option<u32> {
    let settings = &book.setup.settings;
    let own = settings.currency.as_str();
    let named = match command.currency.as_deref() {
        Some(stated) => stated,
        None => {
            let of_part =
                |part: &PartToPay| book.bills.get(&part.bill_id).map(|_| currency(book, part.bill_id));
            let mut currencies = command.parts.iter().map(of_part);
            let first = currencies.next().unwrap_or(Some(own))?;
            currencies.all(|other| other == Some(first)).then_some(first)?
        }
    };
    book.exchange.known_decimals(Some(named), settings)
}

/// Rejects bills in another currency than that of an advance.
pub(super) fn check_currency(
    book: &Book,
    advance: &SupplierPayment,
    parts: &[PartToPay],
) -> Result<(), Refusal> {
    let foreign = advance.foreign.as_ref();
    let own =
        foreign.map_or(book.setup.settings.currency.as_str(), |foreign| foreign.quote.currency.as_str());
    check_bills(book, parts, |of_bill| {
        (of_bill != own)
            .then(|| format!("The bill is in {of_bill}, and the advance in {own}: pay the bill by the bank."))
    })
}

/// Rejects the bills whose currency has a problem. A bill that is not there is rejected elsewhere.
fn check_bills(
    book: &Book,
    parts: &[PartToPay],
    problem: impl Fn(&str) -> Option<String>,
) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, part) in parts.iter().enumerate() {
        let is_known = book.bills.contains_key(&part.bill_id);
        if let Some(detail) = is_known.then(|| problem(currency(book, part.bill_id))).flatten() {
            problems.invalid(format!("/bills/{index}/bill_id"), detail);
        }
    }
    problems.check()
}

/// Returns the currency of a bill.
fn currency(book: &Book, id: BillId) -> &str {
    let foreign = book.bills.get(&id).and_then(|known| known.bill.foreign.as_ref());
    foreign.map_or(book.setup.settings.currency.as_str(), |foreign| foreign.quote.currency.as_str())
}

/// Converts a payment to the tenant's currency. Rejects an amount or an advance that comes to nothing in it.
pub(super) fn convert(quote: Option<&Quote>, stated: Paid, settings: &Settings) -> Result<Paid, Refusal> {
    let Some(quote) = quote else { return Ok(stated) };
    let amount = quote.paid(stated.amount, settings).map_err(Problems::of)?;
    let advance = quote.base(stated.advance, settings);
    if stated.advance.is_positive() && !advance.is_positive() {
        let detail = format!(
            "The advance comes to {advance} {} at the rate {}: it must be above zero.",
            settings.currency, quote.rate
        );
        return Err(Refusal::invalid("/advance", detail));
    }
    Ok(Paid { amount, advance })
}

/// Converts parts to the tenant's currency: to the amounts that they take off the open amounts of their bills.
pub(super) fn relieve(book: &Book, parts: &[PaidBill]) -> Vec<PaidBill> {
    let settings = &book.setup.settings;
    let part = |part: &PaidBill| match book.bills.get(&part.bill_id) {
        Some(known) => relieved_part(&known.bill, part, settings),
        None => *part,
    };
    parts.iter().map(part).collect()
}

/// Returns a part in both currencies. The discount is the same share of what is taken off as in the currency of the bill,
/// and its tax the share that tax has of the bill.
fn relieved_part(bill: &Bill, part: &PaidBill, settings: &Settings) -> PaidBill {
    let Some(foreign) = &bill.foreign else { return *part };
    let mut open = Open { base: bill.open, foreign: Some(foreign.open) };
    let amount = open.take(part.amount, settings);
    let discount = relieved(amount, (part.discount, part.amount), settings);
    let stated =
        ForeignPart { amount: part.amount, discount: part.discount, discount_tax: part.discount_tax };
    PaidBill {
        bill_id: part.bill_id,
        amount,
        foreign: Some(stated),
        discount,
        discount_tax: relieved(bill.tax, (discount, bill.total()), settings),
    }
}
