//! Documents in other currencies than the tenant's: their exchange rates, and their amounts in the tenant's currency.
//!
//! The books have one currency. A document in another one keeps the rate that it was recorded at, and its amounts in both
//! currencies. A rate is the number of units of the tenant's currency in one unit of the other.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::number::{ExchangeRate, InCurrency, Kind, Money, Number, Price, share};
use crate::refusal::{Code, Faults, Problem};
use crate::tenant::Settings;

/// The largest amount of a foreign document in the tenant's currency: 10,000,000,000,000.
pub const BASE_MAX: Decimal = Decimal::from_parts(0x4E72_A000, 0x918, 0, false, 0);

/// Currencies and rates that the commands of a batch need.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// Decimals of the named currencies, by ISO 4217 code. A code that is missing here is not a currency.
    pub decimals: HashMap<String, u32>,
    /// The rate of a currency on a day: the latest one of that day or before.
    pub rates: HashMap<(String, NaiveDate), ExchangeRate>,
}

/// Another currency and the rate of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// ISO 4217 code.
    pub currency: String,
    /// Decimals of the currency.
    pub decimals: u32,
    /// Units of the tenant's currency in one unit of the other.
    pub rate: ExchangeRate,
}

/// The value and the tax of a document or a line, in the currency of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts {
    /// The amount before tax.
    pub value: Money,
    /// The tax.
    pub tax: Money,
}

/// The currency and the rate that a document states.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// The currency; the tenant's currency if absent.
    pub currency: Option<&'a str>,
    /// The rate; the recorded one if absent.
    pub rate: Option<ExchangeRate>,
    /// The day of the document.
    pub day: NaiveDate,
}

/// The amounts of a document in its own currency, which is not the tenant's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignDocument {
    /// The currency and the rate.
    pub quote: Quote,
    /// The value and the tax of its lines; negative in a credit note and a reversal.
    pub amounts: Amounts,
    /// The amount that is not settled, of the same sign as the total.
    pub open: Money,
}

impl ForeignDocument {
    /// Returns a document without lines, with the rate of another one.
    pub(crate) fn without_lines(&self) -> Self {
        ForeignDocument { quote: self.quote.clone(), amounts: Amounts::default(), open: Money::ZERO }
    }
}

/// An open amount in the tenant's currency and, if its document has another one, in that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// In the tenant's currency.
    pub base: Money,
    /// In the currency of the document; none if that is the tenant's.
    pub foreign: Option<Money>,
}

impl Open {
    /// Returns the amount in the currency of the document.
    pub fn stated(self) -> Money {
        self.foreign.unwrap_or(self.base)
    }

    /// Returns whether something is open in one of the currencies. Amounts are from zero.
    pub fn is_open(self) -> bool {
        self.base.is_positive() || self.stated().is_positive()
    }

    /// Takes a part off that is stated in the currency of the document. Returns it in the tenant's currency: the same share
    /// of the open amount. The last part takes the rest. A small document may have come to nothing in its own currency: a part of
    /// zero takes all of it.
    pub fn take(&mut self, stated: Money, settings: &Settings) -> Money {
        let base = match self.foreign {
            Some(open) if open.is_zero() => self.base,
            Some(open) => relieved(self.base, (stated, open), settings),
            None => stated,
        };
        self.base -= base;
        self.foreign = self.foreign.map(|open| open - stated);
        base
    }
}

impl Amounts {
    /// Returns the amount with tax.
    pub fn total(self) -> Money {
        self.value + self.tax
    }

    /// Returns the amounts without a part of them.
    pub fn less(self, part: Self) -> Self {
        Amounts { value: self.value - part.value, tax: self.tax - part.tax }
    }

    /// Returns the opposite amounts.
    pub fn negative(self) -> Self {
        Amounts { value: -self.value, tax: -self.tax }
    }
}

impl Quote {
    /// Rounds to an amount of the other currency, half away from zero.
    pub fn amount(&self, value: Decimal) -> Money {
        Money::rounded_to(value, self.decimals)
    }

    /// Returns an amount or a price of the other currency as it is shown.
    pub fn shown<K: Kind>(&self, number: Number<K>) -> InCurrency<K> {
        number.in_currency(self.decimals)
    }

    /// Returns whether an amount has no more decimals than the other currency.
    pub fn is_amount(&self, amount: Money) -> bool {
        amount == self.amount(amount.get())
    }

    /// Returns `part` / `whole` of `amount`, rounded in the other currency. Returns zero if `whole` is zero.
    pub fn share<P: Kind>(&self, amount: Money, part: Number<P>, whole: Number<P>) -> Money {
        if whole.is_zero() {
            return Money::ZERO;
        }
        self.amount(share(amount.get(), part.get(), whole.get()))
    }

    /// Returns an amount in the tenant's currency, rounded to its decimals.
    pub fn base(&self, amount: Money, settings: &Settings) -> Money {
        settings.money(amount.times(self.rate))
    }

    /// Returns a payment of an amount in the tenant's currency. Rejects one that comes to nothing or to too much.
    pub fn paid(&self, amount: Money, settings: &Settings) -> Result<Money, Problem> {
        if amount.get() > BASE_MAX {
            let detail = format!("A payment has at most {BASE_MAX} in its currency.");
            return Err(problem("/amount", detail));
        }
        let base = self.base(amount, settings);
        if base.is_positive() && base.get() <= BASE_MAX {
            return Ok(base);
        }
        let detail = format!(
            "The payment comes to {base} {} at the rate {}: it must be above zero and at most {BASE_MAX}.",
            settings.currency, self.rate
        );
        Err(problem("/exchange_rate", detail))
    }

    /// Returns a price in the tenant's currency, rounded to 6 decimals.
    pub fn base_price(&self, price: Price) -> Price {
        Price::rounded(price.times(self.rate))
    }
}

impl Exchange {
    /// Returns the decimals of a currency. Rejects a text that is not the code of one.
    pub fn decimals_of(&self, currency: &str) -> Result<u32, Problem> {
        self.decimals.get(currency).copied().ok_or_else(|| {
            // The text may be of any length: it is not repeated.
            let detail =
                "Expected an ISO 4217 code of a currency such as USD, in capital letters.".to_owned();
            problem("/currency", detail)
        })
    }

    /// Returns the decimals of a currency that a document states, the tenant's if absent; none if there is no such currency.
    pub(crate) fn known_decimals(&self, currency: Option<&str>, settings: &Settings) -> Option<u32> {
        match currency.filter(|currency| *currency != settings.currency) {
            None => Some(settings.exponent),
            Some(other) => self.decimals_of(other).ok(),
        }
    }

    /// Returns the currency and the rate of a document; nothing if it is in the tenant's currency. A stated rate wins
    /// over the recorded one.
    pub fn quote(&self, stated: Stated<'_>, settings: &Settings) -> Result<Option<Quote>, Problem> {
        let own = &settings.currency;
        let Some(currency) = stated.currency.filter(|currency| currency != own) else {
            check_own(stated.rate, settings)?;
            return Ok(None);
        };
        let decimals = self.decimals_of(currency)?;
        if let Some(rate) = stated.rate {
            check_rate(rate).map_err(|detail| problem("/exchange_rate", detail))?;
        }
        let recorded = self.rates.get(&(currency.to_owned(), stated.day)).copied();
        let Some(rate) = stated.rate.or(recorded) else {
            let detail = format!(
                "There is no exchange rate of {currency} on {day} or before: record one with POST /v1/exchange-rates, or send \
                 exchange_rate.",
                day = stated.day
            );
            return Err(problem("/exchange_rate", detail));
        };
        Ok(Some(Quote { currency: currency.to_owned(), decimals, rate }))
    }

    /// Notes the faults of a stated currency and rate. Without a day, no recorded rate is missing.
    pub(crate) fn note_faults(
        &self,
        (currency, rate): (Option<&str>, Option<ExchangeRate>),
        day: Option<NaiveDate>,
        settings: &Settings,
        faults: &mut Faults,
    ) {
        let Some(other) = currency.filter(|currency| *currency != settings.currency) else {
            faults.keep(check_own(rate, settings));
            return;
        };
        let is_known = faults.keep(self.decimals_of(other)).is_some();
        if let Some(rate) = rate {
            // A rate of zero is wrong for any currency.
            faults.keep(check_rate(rate).map_err(|detail| problem("/exchange_rate", detail)));
        } else if let Some(day) = day.filter(|_| is_known) {
            faults.keep(self.quote(Stated { currency: Some(other), rate: None, day }, settings));
        }
    }
}

/// Rejects another rate than 1 for a document in the tenant's currency.
fn check_own(rate: Option<ExchangeRate>, settings: &Settings) -> Result<(), Problem> {
    if rate.is_none_or(|rate| rate == ExchangeRate::ONE) {
        return Ok(());
    }
    let own = &settings.currency;
    let detail = format!("The document is in {own}, the currency of the books: leave exchange_rate out.");
    Err(problem("/exchange_rate", detail))
}

/// Rejects a rate that is not above zero.
pub fn check_rate(rate: ExchangeRate) -> Result<(), String> {
    if rate.is_positive() {
        return Ok(());
    }
    Err("An exchange rate must be above zero: send the units of your currency in one unit of the other."
        .to_owned())
}

/// Returns `part` / `whole` of `amount` in the tenant's currency. `part` and `whole` are in the other currency. Returns
/// zero if `whole` is zero.
pub fn relieved(amount: Money, (part, whole): (Money, Money), settings: &Settings) -> Money {
    if whole.is_zero() { Money::ZERO } else { settings.share(amount, part, whole) }
}

fn problem(pointer: &str, detail: String) -> Problem {
    Problem { pointer: pointer.to_owned(), code: Code::ValidationFailed, detail, params: Vec::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stock::tests::settings;

    fn money(text: &str) -> Money {
        text.parse().expect("an amount")
    }

    fn quote(decimals: u32, rate: &str) -> Quote {
        Quote { currency: "USD".to_owned(), decimals, rate: rate.parse().expect("a rate") }
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn amounts_are_rounded_to_the_decimals_of_their_currency() {
        let settings = settings();
        assert_eq!(quote(2, "0.92").base(money("1000"), &settings), money("920"));
        assert_eq!(quote(0, "0.0061").base(money("12345"), &settings), money("75.30"));
        assert_eq!(quote(3, "3.0123456789").base(money("1.234"), &settings), money("3.72"));
        assert!(quote(0, "0.0061").is_amount(money("12345")) && !quote(0, "0.0061").is_amount(money("0.5")));
        assert!(quote(3, "3").is_amount(money("1.234")) && !quote(3, "3").is_amount(money("1.2345")));
    }

    #[test]
    fn the_last_part_has_the_rest() {
        let settings = settings();
        let (mut open, mut foreign, mut paid) = (money("0.10"), money("7"), Money::ZERO);
        for part in ["2", "2", "3"].map(money) {
            let of_part = relieved(open, (part, foreign), &settings);
            open -= of_part;
            foreign -= part;
            paid += of_part;
        }
        assert_eq!((open, foreign, paid), (Money::ZERO, Money::ZERO, money("0.10")));
    }

    #[test]
    fn a_document_without_an_amount_in_its_currency_is_taken_whole() {
        let settings = settings();
        let mut open = Open { base: money("0.01"), foreign: Some(Money::ZERO) };
        assert!(open.is_open());
        assert_eq!(open.take(Money::ZERO, &settings), money("0.01"));
        assert!(!open.is_open());
        let mut other = Open { base: money("0.92"), foreign: Some(money("1")) };
        assert_eq!(other.take(Money::ZERO, &settings), Money::ZERO);
        assert!(Open { base: Money::ZERO, foreign: Some(money("1")) }.is_open());
    }

    proptest! {
        /// Parts take all of an amount in both currencies, and none takes more than is there.
        #[test]
        fn parts_add_up_in_both_currencies(
            base in 0..100_000_i64,
            parts in prop::collection::vec(0..5_000_i64, 1..8),
        ) {
            let settings = settings();
            let cents = |cents: i64| Money::new(Decimal::new(cents, 2));
            let whole: Money = parts.iter().map(|part| cents(*part)).sum();
            let mut open = Open { base: cents(base), foreign: Some(whole) };
            let mut taken = Money::ZERO;
            for part in &parts {
                let of_part = open.take(cents(*part), &settings);
                prop_assert!(!of_part.is_negative() && !open.base.is_negative());
                taken += of_part;
            }
            prop_assert_eq!(taken, cents(base));
            prop_assert!(!open.is_open());
        }
    }

    #[test]
    fn a_document_has_its_own_rate_or_the_recorded_one() {
        let settings = settings();
        let other = if settings.currency == "USD" { "EUR" } else { "USD" };
        let on = day("2026-03-01");
        let exchange = Exchange {
            decimals: [(other.to_owned(), 2)].into(),
            rates: [((other.to_owned(), on), "0.92".parse().expect("a rate"))].into(),
        };
        let ask = |currency: Option<&str>, rate: Option<&str>, day: NaiveDate| {
            let rate = rate.map(|rate| rate.parse().expect("a rate"));
            exchange.quote(Stated { currency, rate, day }, &settings)
        };
        let rate = |found: Result<Option<Quote>, Problem>| {
            found.expect("a quote").map(|quote| quote.rate.to_string())
        };
        assert_eq!(rate(ask(Some(other), None, on)).as_deref(), Some("0.92"));
        assert_eq!(rate(ask(Some(other), Some("0.95"), on)).as_deref(), Some("0.95"));
        assert_eq!(rate(ask(None, None, on)), None);
        assert_eq!(rate(ask(Some(settings.currency.as_str()), Some("1"), on)), None);
        let pointer = |found: Result<Option<Quote>, Problem>| found.expect_err("a problem").pointer;
        assert_eq!(pointer(ask(Some(other), None, day("2026-02-28"))), "/exchange_rate");
        assert_eq!(pointer(ask(Some(other), Some("0"), on)), "/exchange_rate");
        assert_eq!(pointer(ask(Some(other), Some("-1"), on)), "/exchange_rate");
        assert_eq!(pointer(ask(None, Some("0.9"), on)), "/exchange_rate");
        assert_eq!(pointer(ask(Some("XYZ"), Some("1"), on)), "/currency");
    }
}
