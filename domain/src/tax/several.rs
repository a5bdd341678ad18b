//! Several taxes of one rate, each with its own base, amount and account.
//!
//! A tax takes a percentage of the net, or of the net and the taxes before it, or an amount for each stock unit. Every tax is
//! linear in the amount and the quantity of a line. So the net of an amount that contains them is found by one division.
//!
//! > A line of 2 units at 100.00 net: 6 % of the state are 12.00, 2 % of the city 4.00, an ecotax of 0.50 per unit is 1.00,
//! > and 10 % on all of it take 10 % of 217.00, 21.70. The tax of the line is 38.70.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Taxable;
use crate::number::{self, Money, Percent, Price, Quantity};
use crate::tenant::Settings;
use crate::text_enum;

/// The amount that a tax takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Levy {
    /// A percentage of its base.
    Percent(Percent),
    /// An amount for each stock unit.
    PerUnit(Price),
}

text_enum! {
    /// The base of a tax in percent.
    #[derive(PartialOrd, Ord, Default)]
    pub enum TaxBase {
        /// The net amount.
        #[default]
        Net,
        /// The net amount and the taxes before it: a tax on a tax.
        NetAndTaxes,
    }
}

/// One of several taxes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tax {
    /// The caller's code, unique in its rate.
    pub code: String,
    /// The name that documents show.
    pub name: String,
    /// The amount or the percentage that it takes.
    pub levy: Levy,
    /// The base of a percentage.
    pub base: TaxBase,
    /// The account that it is posted to; that of output tax if absent.
    pub account: Option<String>,
}

/// One of several taxes on a line, as it was posted. Negative in a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineTax {
    /// The code of the tax.
    pub code: String,
    /// Its name at the time.
    pub name: String,
    /// Its rate, if it is in percent.
    pub rate: Option<Percent>,
    /// Its amount for each stock unit, if it is per unit.
    pub amount_per_unit: Option<Price>,
    /// The amount that a rate is of: the net, and for a tax on a tax those before it. Zero for a tax per unit.
    pub base: Money,
    /// The stock units that a tax per unit is on. Zero for a tax in percent.
    pub base_quantity: Quantity,
    /// The tax.
    pub amount: Money,
    /// The account that it is posted to; that of output tax if absent.
    pub account: Option<String>,
}

/// A tax on a line: the line's only tax, or the place of one of several.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) line: usize,
    pub(super) tax: Option<usize>,
}

/// Returns the shares of a line.
pub(super) fn shares((line, taxable): (usize, &Taxable<'_>)) -> Vec<Share> {
    match taxable.taxes.len() {
        0 if taxable.rate.is_zero() => Vec::new(),
        0 => vec![Share { line, tax: None }],
        several => (0..several).map(|tax| Share { line, tax: Some(tax) }).collect(),
    }
}

/// Says which tax a share is of: shares of equal ones are rounded together.
pub(super) fn identity<'a>(line: &Taxable<'a>, tax: Option<usize>) -> (&'a str, Levy, TaxBase) {
    match tax.map(|place| &line.taxes[place]) {
        None => ("", Levy::Percent(line.rate), TaxBase::Net),
        Some(tax) => (&tax.code, tax.levy, tax.base),
    }
}

/// Returns how a line is taxed. Lines that are taxed alike can be added before their exact taxes are computed.
pub(super) fn kind<'a>(line: &Taxable<'a>) -> (bool, Percent, &'a [Tax]) {
    (line.includes_tax, line.rate, line.taxes)
}

/// A part of the net, and an amount for each unit.
type Linear = (Decimal, Decimal);

/// Returns each tax as a part of the net and an amount for each unit.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a rate has at most 3 digits, and a line at most 10 taxes"
)]
fn linear(taxes: &[Tax]) -> Vec<Linear> {
    let (mut of_net, mut per_unit) = (Decimal::ZERO, Decimal::ZERO);
    let part = |tax: &Tax| {
        let (of, per) = match (tax.levy, tax.base) {
            (Levy::PerUnit(amount), TaxBase::Net | TaxBase::NetAndTaxes) => (Decimal::ZERO, amount.get()),
            (Levy::Percent(rate), TaxBase::Net) => (rate.get() / Decimal::ONE_HUNDRED, Decimal::ZERO),
            (Levy::Percent(rate), TaxBase::NetAndTaxes) => {
                let rate = rate.get() / Decimal::ONE_HUNDRED;
                (rate * (Decimal::ONE + of_net), rate * per_unit)
            }
        };
        of_net += of;
        per_unit += per;
        (of, per)
    };
    taxes.iter().map(part).collect()
}

/// Returns one of several taxes on an amount and a quantity, before rounding.
#[expect(clippy::arithmetic_side_effects, reason = "taxes of one document")]
pub(super) fn exact(line: &Taxable<'_>, place: usize, (amount, quantity): (Decimal, Decimal)) -> Decimal {
    let taxes = linear(line.taxes);
    let (of_net, per_unit) = taxes[place];
    let on_units = per_unit * quantity;
    if !line.includes_tax {
        return amount * of_net + on_units;
    }
    let whole: Decimal = taxes.iter().map(|(of_net, _)| *of_net).sum();
    let all_on_units: Decimal = taxes.iter().map(|(_, per_unit)| *per_unit * quantity).sum();
    number::share(amount - all_on_units, of_net, Decimal::ONE + whole) + on_units
}

/// Returns the sum of the taxes in percent, of the net. Amounts per unit are not in it.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a rate has at most 3 digits, and a line at most 10 taxes"
)]
pub fn combined_rate(taxes: &[Tax]) -> Percent {
    let of_net: Decimal = linear(taxes).iter().map(|(of_net, _)| *of_net).sum();
    Percent::rounded(of_net * Decimal::ONE_HUNDRED)
}

/// Returns the taxes of a line with their bases, given its net and the amount of each.
pub fn of_line(taxes: &[Tax], net: Money, quantity: Quantity, amounts: &[Money]) -> Vec<LineTax> {
    let mut before = Money::ZERO;
    let mut line_taxes = Vec::with_capacity(taxes.len());
    for (tax, amount) in taxes.iter().zip(amounts) {
        let (rate, amount_per_unit) = match tax.levy {
            Levy::Percent(rate) => (Some(rate), None),
            Levy::PerUnit(amount) => (None, Some(amount)),
        };
        let base = match (tax.levy, tax.base) {
            (Levy::PerUnit(_), TaxBase::Net | TaxBase::NetAndTaxes) => Money::ZERO,
            (Levy::Percent(_), TaxBase::Net) => net,
            (Levy::Percent(_), TaxBase::NetAndTaxes) => net + before,
        };
        line_taxes.push(LineTax {
            code: tax.code.clone(),
            name: tax.name.clone(),
            rate,
            amount_per_unit,
            base,
            base_quantity: if amount_per_unit.is_some() { quantity } else { Quantity::ZERO },
            amount: *amount,
            account: tax.account.clone(),
        });
        before += *amount;
    }
    line_taxes
}

/// Returns the taxes of `step` units of a line of `whole` units, after `done` of them. They add up to the tax of that part of the line, and
/// the parts of all steps add up to each tax.
pub fn part(
    taxes: &[LineTax],
    (done, step, whole): (Quantity, Quantity, Quantity),
    settings: &Settings,
) -> Vec<LineTax> {
    let slice = |amount| settings.slice(amount, done, step, whole);
    let (mut passed, mut given) = (Money::ZERO, Money::ZERO);
    let of_tax = |tax: &LineTax| {
        passed += tax.amount;
        let up_to = slice(passed);
        let amount = up_to - given;
        given = up_to;
        let base_quantity = if tax.base_quantity.is_zero() { Quantity::ZERO } else { step };
        LineTax { base: slice(tax.base), base_quantity, amount, ..tax.clone() }
    };
    taxes.iter().map(of_tax).collect()
}

/// Returns the taxes of a return.
pub fn reversed(taxes: Vec<LineTax>) -> Vec<LineTax> {
    let of_tax = |tax: LineTax| LineTax {
        base: -tax.base,
        base_quantity: -tax.base_quantity,
        amount: -tax.amount,
        ..tax
    };
    taxes.into_iter().map(of_tax).collect()
}

/// Returns the sum of each tax of a document, by code and rate.
pub fn totals<'a>(taxes: impl IntoIterator<Item = &'a LineTax>) -> Vec<LineTax> {
    let mut totals: BTreeMap<(&str, Option<Percent>, Option<Price>), LineTax> = BTreeMap::new();
    for tax in taxes {
        let key = (tax.code.as_str(), tax.rate, tax.amount_per_unit);
        totals
            .entry(key)
            .and_modify(|total| {
                total.base += tax.base;
                total.base_quantity += tax.base_quantity;
                total.amount += tax.amount;
            })
            .or_insert_with(|| tax.clone());
    }
    totals.into_values().collect()
}

/// Returns the amounts of taxes that are posted to accounts of their own.
pub fn by_account<'a>(taxes: impl IntoIterator<Item = &'a LineTax>) -> BTreeMap<String, Money> {
    let mut amounts: BTreeMap<String, Money> = BTreeMap::new();
    for tax in taxes {
        if let Some(account) = &tax.account {
            *amounts.entry(account.clone()).or_default() += tax.amount;
        }
    }
    amounts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stock::tests::settings;
    use crate::tax::split;
    use crate::tenant::TaxRounding;

    fn tax(code: &str, levy: Levy, base: TaxBase) -> Tax {
        Tax { code: code.to_owned(), name: code.to_owned(), levy, base, account: None }
    }

    fn percent(code: &str, rate: &str, base: TaxBase) -> Tax {
        tax(code, Levy::Percent(rate.parse().expect("a rate")), base)
    }

    fn per_unit(code: &str, amount: &str) -> Tax {
        tax(code, Levy::PerUnit(amount.parse().expect("an amount")), TaxBase::Net)
    }

    /// State, city, ecotax, and a tax on all of them.
    fn four() -> Vec<Tax> {
        let all = percent("all", "10", TaxBase::NetAndTaxes);
        vec![
            percent("state", "6", TaxBase::Net),
            percent("city", "2", TaxBase::Net),
            per_unit("eco", "0.50"),
            all,
        ]
    }

    fn line<'a>(amount: &str, quantity: &str, taxes: &'a [Tax]) -> Taxable<'a> {
        Taxable {
            amount: amount.parse().expect("an amount"),
            includes_tax: false,
            rate: combined_rate(taxes),
            taxes,
            quantity: quantity.parse().expect("a quantity"),
        }
    }

    fn texts(amounts: &[Money]) -> Vec<String> {
        amounts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_tax_has_its_own_base() {
        let taxes = four();
        assert_eq!(combined_rate(&taxes).to_string(), "18.8", "8 and 10 % of 108");
        let taxed = split(&settings(), &[line("200.00", "2", &taxes)]);
        assert_eq!(texts(&taxed[0].parts), ["12.00", "4.00", "1.00", "21.70"]);
        assert_eq!((taxed[0].net.to_string(), taxed[0].tax.to_string()), ("200.00".into(), "38.70".into()));
        let shown = of_line(&taxes, taxed[0].net, "2".parse().expect("a quantity"), &taxed[0].parts);
        let bases: Vec<String> =
            shown.iter().map(|tax| format!("{} {}", tax.base, tax.base_quantity)).collect();
        assert_eq!(bases, ["200.00 0", "200.00 0", "0.00 2", "217.00 0"]);
    }

    #[test]
    fn a_price_that_contains_several_taxes_is_taken_apart() {
        let taxes = four();
        let contained = Taxable { includes_tax: true, ..line("238.70", "2", &taxes) };
        let taxed = split(&settings(), &[contained]);
        assert_eq!(texts(&taxed[0].parts), ["12.00", "4.00", "1.00", "21.70"]);
        assert_eq!(taxed[0].net.to_string(), "200.00");
    }

    #[test]
    fn per_document_each_tax_is_rounded_once_over_all_rates_that_have_it() {
        let both = [percent("state", "6", TaxBase::Net), percent("city", "2", TaxBase::Net)];
        let state = [percent("state", "6", TaxBase::Net)];
        let lines = [line("0.10", "1", &both), line("0.10", "1", &state), line("0.10", "1", &both)];
        let taxed = split(&settings(), &lines);
        // The state's 6 % of 0.30 are 0.018, the city's 2 % of 0.20 are 0.004.
        let parts: Vec<Vec<String>> = taxed.iter().map(|line| texts(&line.parts)).collect();
        assert_eq!(parts, [vec!["0.01", "0.00"], vec!["0.01"], vec!["0.00", "0.00"]]);
    }

    fn any_tax(place: usize) -> impl Strategy<Value = Tax> {
        let code = format!("t{place}");
        (any::<bool>(), any::<bool>(), 0..30_000_000_i64).prop_map(move |(is_percent, on_taxes, value)| {
            let base = if on_taxes { TaxBase::NetAndTaxes } else { TaxBase::Net };
            match is_percent {
                true => tax(&code, Levy::Percent(Percent::new(Decimal::new(value, 6))), base),
                false => tax(&code, Levy::PerUnit(Price::new(Decimal::new(value, 6))), base),
            }
        })
    }

    proptest! {
        /// The taxes of a line of any document add up to its tax, a line's amount is kept, each tax is right to the unit, and
        /// a tax that is rounded once per document is the rounded tax of all lines.
        #[test]
        fn the_taxes_add_up(
            combinations in prop::collection::vec((any_tax(0), any_tax(1), any_tax(2), 0..4_usize), 1..4),
            lines in prop::collection::vec((-1_000_000..1_000_000_i64, 1..500_i64, any::<bool>(), 0..4_usize), 1..20),
            per_line in any::<bool>(),
        ) {
            let rounding = if per_line { TaxRounding::Line } else { TaxRounding::Document };
            let settings = Settings { tax_rounding: rounding, ..settings() };
            let combinations: Vec<Vec<Tax>> = combinations
                .into_iter()
                .map(|(one, two, three, count)| [one, two, three].into_iter().take(count).collect())
                .collect();
            let lines: Vec<Taxable<'_>> = lines
                .iter()
                .map(|(cents, units, includes_tax, taxes)| {
                    let taxes = &combinations[taxes % combinations.len()];
                    let quantity = Quantity::new(Decimal::new(*units * cents.signum(), 1));
                    let amount = Money::new(Decimal::new(*cents, 2));
                    Taxable { amount, includes_tax: *includes_tax, rate: combined_rate(taxes), taxes, quantity }
                })
                .collect();
            let unit = Decimal::new(1, 2);
            let taxed = split(&settings, &lines);
            let mut of_tax: BTreeMap<_, (Decimal, Money)> = BTreeMap::new();
            for (line, taxed) in lines.iter().zip(&taxed) {
                prop_assert_eq!(taxed.parts.iter().copied().sum::<Money>(), taxed.tax);
                let amount = if line.includes_tax { taxed.net + taxed.tax } else { taxed.net };
                prop_assert_eq!(amount, line.amount);
                for (place, part) in taxed.parts.iter().enumerate() {
                    let exact = exact(line, place, (line.amount.get(), line.quantity.get()));
                    prop_assert!((part.get() - exact).abs() < unit);
                    let total = of_tax.entry(identity(line, Some(place))).or_default();
                    total.0 += exact;
                    total.1 += *part;
                }
            }
            for (exact, total) in of_tax.values().filter(|_| !per_line) {
                prop_assert!((total.get() - exact).abs() <= Decimal::new(5_000_001, 9));
            }
        }

        /// The parts of a line that is carried out in steps add up: over the taxes to the part's tax, and over the steps to
        /// each tax.
        #[test]
        fn the_parts_of_a_line_add_up(
            amounts in prop::collection::vec(-10_000..10_000_i64, 1..5),
            steps in prop::collection::vec(1..50_i64, 1..10),
        ) {
            let taxes = amounts.iter().map(|cents| LineTax {
                code: cents.to_string(),
                name: String::new(),
                rate: Some(Percent::ZERO),
                amount_per_unit: None,
                base: Money::new(Decimal::new(cents * 7, 2)),
                base_quantity: Quantity::ZERO,
                amount: Money::new(Decimal::new(*cents, 2)),
                account: None,
            });
            let taxes: Vec<LineTax> = taxes.collect();
            let quantity: Quantity = steps.iter().map(|step| Quantity::new((*step).into())).sum();
            let tax: Money = taxes.iter().map(|tax| tax.amount).sum();
            let (mut done, mut sums) = (Quantity::ZERO, vec![(Money::ZERO, Money::ZERO); taxes.len()]);
            for step in steps.into_iter().map(|step| Quantity::new(step.into())) {
                let parts = part(&taxes, (done, step, quantity), &settings());
                let of_part: Money = parts.iter().map(|part| part.amount).sum();
                prop_assert_eq!(of_part, settings().slice(tax, done, step, quantity));
                for (sum, part) in sums.iter_mut().zip(&parts) {
                    sum.0 += part.base;
                    sum.1 += part.amount;
                }
                done += step;
            }
            let expected: Vec<(Money, Money)> = taxes.iter().map(|tax| (tax.base, tax.amount)).collect();
            prop_assert_eq!(sums, expected);
        }
    }
}
