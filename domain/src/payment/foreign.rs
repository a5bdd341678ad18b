//! Payments and payouts in another currency than the tenant's.
//!
//! The money is converted at the rate of the payment. An invoice falls by the same share in both currencies, at its own
//! rate. The difference is realised when the payment is applied: a gain if the customer paid more in the tenant's currency
//! than was owed, a loss if less.

use chrono::{DateTime, Utc};

use super::PaymentMethod;
use crate::book::Book;
use crate::exchange::{Open, Quote, Stated};
use crate::number::{ExchangeRate, Money};
use crate::refusal::{Faults, Problems, Refusal};

/// The amounts of a payment in its own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPayment {
    /// The currency and the rate.
    pub quote: Quote,
    /// The amount; negative if the money went to the customer or back to the payer.
    pub amount: Money,
    /// The part that is applied to no invoice.
    pub unapplied: Money,
}

/// The currency and the rate that a payment states.
#[derive(Debug, Clone, Copy)]
pub(super) struct Currency<'a> {
    pub(super) currency: Option<&'a str>,
    pub(super) rate: Option<ExchangeRate>,
    pub(super) method: PaymentMethod,
}

/// Returns the currency and the rate of a payment; none if it is in the tenant's currency. Rejects cash in another one.
pub(super) fn quote(book: &Book, named: Currency<'_>, at: DateTime<Utc>) -> Result<Option<Quote>, Refusal> {
    let settings = &book.setup.settings;
    let stated = Stated { currency: named.currency, rate: named.rate, day: settings.day(at) };
    let quote = book.exchange.quote(stated, settings).map_err(Problems::of)?;
    if quote.is_some() {
        check_method(book, named.method)?;
    }
    Ok(quote)
}

/// Rejects cash in another currency than the tenant's.
fn check_method(book: &Book, method: PaymentMethod) -> Result<(), Refusal> {
    if method != PaymentMethod::Cash {
        return Ok(());
    }
    let own = &book.setup.settings.currency;
    let detail = format!("Tills have cash in {own} only: use another method, or leave currency out.");
    Err(Refusal::invalid("/method", detail))
}

/// Notes the faults of a currency, a rate and the method. The recorded rate is that of a time, which is absent if it is not allowed.
pub(super) fn note_faults(book: &Book, named: Currency<'_>, at: Option<DateTime<Utc>>, faults: &mut Faults) {
    let settings = &book.setup.settings;
    let day = at.map(|at| settings.day(at));
    book.exchange.note_faults((named.currency, named.rate), day, settings, faults);
    let other = named.currency.filter(|currency| *currency != settings.currency);
    if other.is_some_and(|other| book.exchange.decimals_of(other).is_ok()) {
        faults.take(check_method(book, named.method));
    }
}

/// Returns the decimals of a currency that a payment states; none if there is no such currency.
pub(super) fn known_decimals(book: &Book, currency: Option<&str>) -> Option<u32> {
    book.exchange.known_decimals(currency, &book.setup.settings)
}

/// Returns the decimals of the currency of a payment.
pub(super) fn decimals(book: &Book, quote: Option<&Quote>) -> u32 {
    quote.map_or(book.setup.settings.exponent, |quote| quote.decimals)
}

/// Converts the amount of a payment, which is stated in its own currency.
pub(super) fn convert(book: &Book, quote: Option<&Quote>, stated: Money) -> Result<Open, Refusal> {
    match quote {
        None => Ok(Open { base: stated, foreign: None }),
        Some(quote) => {
            let base = quote.paid(stated, &book.setup.settings).map_err(Problems::of)?;
            Ok(Open { base, foreign: Some(stated) })
        }
    }
}
