//! Payments of bills in another currency.
//!
//! The bank pays the amount at the rate of the payment. The open amount of a bill falls by the same share, at the rate
//! of the bill; the last part takes the rest. The difference is realised: an exchange loss if the bank paid more, a
//! gain if it paid less.

use chrono::{DateTime, Utc};

use super::{PaidBill, PartToPay, Pay};
use crate::bill::Bill;
use crate::book::Book;
use crate::exchange::{Open, Quote, Stated};
use crate::number::Money;
use crate::refusal::{Problems, Refusal};
use crate::tenant::Settings;

/// The amount of a payment in the currency of its bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignPayment {
    /// The currency and the rate of the payment.
    pub quote: Quote,
    /// The amount; negative in a reversal.
    pub amount: Money,
}

/// A payment in another currency, and its amount in the tenant's.
pub(super) struct Quoted {
    pub(super) payment: ForeignPayment,
    pub(super) base: Money,
}

impl ForeignPayment {
    /// Returns the amount of the reversal.
    pub(super) fn negative(&self) -> Self {
        ForeignPayment { quote: self.quote.clone(), amount: -self.amount }
    }
}

/// Returns the decimals of the currency of a bill.
pub(super) fn decimals(bill: &Bill, settings: &Settings) -> u32 {
    bill.foreign.as_ref().map_or(settings.exponent, |foreign| foreign.quote.decimals)
}

/// Returns the payment in the currency of its bills; nothing if it is the tenant's currency. Rejects bills of several
/// currencies.
pub(super) fn quote(
    book: &Book,
    command: &Pay,
    occurred_at: DateTime<Utc>,
) -> Result<Option<Quoted>, Refusal> {
    let settings = &book.setup.settings;
    let currency = |part: &PartToPay| {
        let bill = book.bills.get(&part.bill_id).map(|known| &known.bill);
        bill.and_then(|bill| bill.foreign.as_ref()).map(|foreign| foreign.quote.currency.as_str())
    };
    let first = command.parts.first().and_then(currency);
    let mut problems = Problems::default();
    for (index, part) in command.parts.iter().enumerate() {
        let own = currency(part);
        if own != first {
            let (own, first) = (own.unwrap_or(&settings.currency), first.unwrap_or(&settings.currency));
            let detail = format!(
                "The bill is in {own}, and the first one in {first}: record a payment for each currency."
            );
            problems.invalid(format!("/bills/{index}/bill_id"), detail);
        }
    }
    problems.check()?;
    let stated = Stated { currency: first, rate: command.exchange_rate, day: settings.day(occurred_at) };
    let quote = book.exchange.quote(stated, settings).map_err(Problems::of)?;
    let Some(quote) = quote else { return Ok(None) };
    if command.advance.is_some() {
        let detail = format!(
            "An advance is in {}, and the bills are in {}: record it as a payment of its own.",
            settings.currency, quote.currency
        );
        return Err(Refusal::invalid("/advance", detail));
    }
    let amount: Money = command.parts.iter().map(|part| part.amount).sum();
    let base = quote.paid(amount, settings).map_err(Problems::of)?;
    Ok(Some(Quoted { payment: ForeignPayment { quote, amount }, base }))
}

/// Rejects bills in another currency, because an advance is in the tenant's currency.
pub(super) fn check_none(book: &Book, parts: &[PartToPay]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (index, part) in parts.iter().enumerate() {
        let bill = book.bills.get(&part.bill_id).map(|known| &known.bill);
        if let Some(foreign) = bill.and_then(|bill| bill.foreign.as_ref()) {
            let detail = format!(
                "The bill is in {}, and the advance in {}: pay the bill by the bank.",
                foreign.quote.currency, book.setup.settings.currency
            );
            problems.invalid(format!("/bills/{index}/bill_id"), detail);
        }
    }
    problems.check()
}

/// Converts a part to the tenant's currency: to the amount that it takes off the open amount of its bill.
pub(super) fn relieve(book: &Book, part: &PaidBill) -> PaidBill {
    let bill = book.bills.get(&part.bill_id).map(|known| &known.bill);
    match bill.and_then(|bill| bill.foreign.as_ref().map(|foreign| (bill.open, foreign.open))) {
        Some((base, foreign)) => PaidBill {
            bill_id: part.bill_id,
            amount: Open { base, foreign: Some(foreign) }.take(part.amount, &book.setup.settings),
            foreign: Some(part.amount),
            discount: part.discount,
            discount_tax: part.discount_tax,
        },
        None => *part,
    }
}
