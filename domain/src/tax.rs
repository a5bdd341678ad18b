//! Sales taxes: which rate applies, and how much of an amount is tax.
//!
//! A rate is usually one tax in percent. It may consist of several: of a state and a city, an amount per unit such as an
//! ecotax, a tax on another tax. Then each has its own base, amount and account.

mod several;

use std::cmp::Reverse;
use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

pub use self::several::{
    Levy, LineTax, Tax, TaxBase, by_account, combined_rate, of_line, part, reversed, totals,
};
use crate::id::TaxClassId;
use crate::number::{self, Money, Percent, Quantity};
use crate::tenant::{Settings, TaxRounding};

/// The rate of a tax class in a zone for a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The class of products that it taxes.
    pub tax_class_id: TaxClassId,
    /// The country in which the buyer gets the goods; empty for every country without a rate of its own.
    pub zone: String,
    /// The tax in percent of the net amount, not negative. With several taxes: the sum of those in percent.
    pub rate: Percent,
    /// The taxes that it consists of; none if it is one tax.
    pub taxes: Arc<[Tax]>,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day; no end if absent.
    pub valid_until: Option<NaiveDate>,
}

/// One line to tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxable<'a> {
    /// The line after discounts, negative for a return.
    pub amount: Money,
    /// Whether the amount contains the taxes.
    pub includes_tax: bool,
    /// Its tax rate in percent of the net amount.
    pub rate: Percent,
    /// Its taxes, if there are several.
    pub taxes: &'a [Tax],
    /// Stock units, negative for a return. Taxes per unit are on them.
    pub quantity: Quantity,
}

/// The net and tax of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxed {
    /// Without tax.
    pub net: Money,
    /// The tax, at the currency's exponent.
    pub tax: Money,
    /// The part of each of several taxes, which add up to it; empty if the line has one.
    pub parts: Vec<Money>,
}

/// Returns the rate of a tax class in a zone on a day: the zone's own, else that of every other zone, else none.
///
/// If the days of rates overlap, the one that started last applies: a change of rate is a new row, and the
/// old row needs no end. A rate of zero is a rate.
pub fn rate<'r>(rates: &'r [Rate], class: TaxClassId, zone: &str, on: NaiveDate) -> Option<&'r Rate> {
    let valid = |rate: &&Rate| {
        rate.tax_class_id == class
            && rate.valid_from <= on
            && rate.valid_until.is_none_or(|until| on <= until)
    };
    rates
        .iter()
        .filter(valid)
        .filter(|rate| rate.zone == zone || rate.zone.is_empty())
        .max_by_key(|rate| (rate.zone == zone, rate.valid_from, rate.rate))
}

/// Returns net and tax of each line of one document, in the order of the lines.
///
/// Tax is rounded half away from zero to the currency's exponent: per line, or once per document and tax. In
/// the second case a tax is spread over its lines by largest remainder, the earlier line first
/// among equals, so that the lines add up to the tax that the document states. If the amount includes tax, net =
/// amount − tax; otherwise net = amount. A return is taxed as the sale was, with the signs reversed.
///
/// A tax return declares the sum of the lines, to the cent, in any grouping.
pub fn split(settings: &Settings, lines: &[Taxable<'_>]) -> Vec<Taxed> {
    let shares: Vec<several::Share> = lines.iter().enumerate().flat_map(several::shares).collect();
    let taxes = match settings.tax_rounding {
        TaxRounding::Line => shares.iter().map(|share| round(settings, exact_share(lines, share))).collect(),
        TaxRounding::Document => taxes_of_document(settings, lines, &shares),
    };
    let mut taxed: Vec<Taxed> = lines
        .iter()
        .map(|line| Taxed { net: line.amount, tax: Money::ZERO, parts: Vec::with_capacity(line.taxes.len()) })
        .collect();
    for (share, tax) in shares.iter().zip(taxes) {
        let (line, tax) = (&lines[share.line], Money::new(tax));
        let taxed = &mut taxed[share.line];
        taxed.tax += tax;
        taxed.net -= if line.includes_tax { tax } else { Money::ZERO };
        if !line.taxes.is_empty() {
            taxed.parts.push(tax);
        }
    }
    taxed
}

/// Returns the tax on or in an amount, before rounding.
#[expect(clippy::arithmetic_side_effects, reason = "a rate has at most 3 digits")]
fn exact_tax(includes_tax: bool, amount: Decimal, rate: Percent) -> Decimal {
    if !rate.is_positive() {
        return Decimal::ZERO;
    }
    let rate = rate.get();
    let whole = if includes_tax { Decimal::ONE_HUNDRED + rate } else { Decimal::ONE_HUNDRED };
    number::share(amount, rate, whole)
}

/// Returns the tax of a share, before rounding.
fn exact_share(lines: &[Taxable<'_>], share: &several::Share) -> Decimal {
    exact_of(&lines[share.line], share.tax, (lines[share.line].amount, lines[share.line].quantity))
}

/// Returns a tax on other amounts than those of its line, before rounding. It is linear in amount and quantity.
fn exact_of(line: &Taxable<'_>, tax: Option<usize>, (amount, quantity): (Money, Quantity)) -> Decimal {
    match tax {
        None => exact_tax(line.includes_tax, amount.get(), line.rate),
        Some(place) => several::exact(line, place, (amount.get(), quantity.get())),
    }
}

fn round(settings: &Settings, exact: Decimal) -> Decimal {
    number::round(exact, settings.exponent)
}

/// Returns each share, rounded once per tax.
fn taxes_of_document(settings: &Settings, lines: &[Taxable<'_>], shares: &[several::Share]) -> Vec<Decimal> {
    let mut taxes = vec![Decimal::ZERO; shares.len()];
    let tax = |share: &usize| several::identity(&lines[shares[*share].line], shares[*share].tax);
    let kind = |share: &usize| (tax(share), several::kind(&lines[shares[*share].line]));
    let mut sorted: Vec<usize> = (0..shares.len()).collect();
    // Lines that are taxed alike stand together.
    sorted.sort_by(|one, other| kind(one).cmp(&kind(other)));
    for same_tax in sorted.chunk_by(|one, other| tax(one) == tax(other)) {
        let total = same_tax.chunk_by(|one, other| kind(one) == kind(other));
        let total = total.map(|alike| exact_total(lines, shares, alike)).sum();
        spread(settings, (lines, shares), (same_tax, total), &mut taxes);
    }
    taxes
}

/// Returns the sum of the shares of lines that are taxed alike, before rounding. One division gives it.
fn exact_total(lines: &[Taxable<'_>], shares: &[several::Share], alike: &[usize]) -> Decimal {
    let of_lines = alike.iter().map(|share| &lines[shares[*share].line]);
    let amount: Money = of_lines.clone().map(|line| line.amount).sum();
    let quantity: Quantity = of_lines.map(|line| line.quantity).sum();
    let share = &shares[alike[0]];
    exact_of(&lines[share.line], share.tax, (amount, quantity))
}

/// Rounds `total`, the tax on all shares of one tax, and spreads it over them.
///
/// Each line first gets its tax cut off at the exponent. The units that are left go one each to the lines
/// that lost most. A line without tax loses nothing. There are always enough lines, because each lost less
/// than a unit.
#[expect(clippy::arithmetic_side_effects, reason = "taxes of the lines of one document")]
fn spread(
    settings: &Settings,
    (lines, shares): (&[Taxable<'_>], &[several::Share]),
    (same_tax, total): (&[usize], Decimal),
    taxes: &mut [Decimal],
) {
    let mut left = round(settings, total);
    let mut lost: Vec<(Decimal, usize)> = Vec::with_capacity(same_tax.len());
    for share in same_tax {
        let exact = exact_share(lines, &shares[*share]);
        taxes[*share] = exact.trunc_with_scale(settings.exponent);
        left -= taxes[*share];
        lost.push((exact - taxes[*share], *share));
    }
    let mut unit = Decimal::new(1, settings.exponent);
    unit.set_sign_negative(left.is_sign_negative());
    lost.sort_by_key(|(lost, share)| (Reverse(lost * unit), *share));
    for (_, share) in lost {
        if left.is_zero() {
            break;
        }
        taxes[share] += unit;
        left -= unit;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::TaxClassId;

    fn settings(tax_rounding: TaxRounding, exponent: u32) -> Settings {
        Settings {
            currency: "EUR".to_owned(),
            exponent,
            time_zone: chrono_tz::Europe::Berlin,
            country: "DE".to_owned(),
            prices_include_tax: false,
            tax_rounding,
            costing_method: crate::stock::CostingMethod::MovingAverage,
            hold_unpaid: true,
            invoice_rounding: Money::ZERO,
            bill_tolerance: crate::tenant::BillTolerance::default(),
        }
    }

    fn line(amount: &str, rate: &str) -> Taxable<'static> {
        Taxable {
            amount: amount.parse().expect("an amount"),
            includes_tax: false,
            rate: rate.parse().expect("a percentage"),
            taxes: &[],
            quantity: Quantity::ONE,
        }
    }

    fn inclusive(line: Taxable<'_>) -> Taxable<'_> {
        Taxable { includes_tax: true, ..line }
    }

    /// Shows `net tax` of each line.
    fn shown(taxed: &[Taxed]) -> Vec<String> {
        taxed.iter().map(|line| format!("{} {}", line.net, line.tax)).collect()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn row(zone: &str, percent: &str, from: &str, until: Option<&str>) -> Rate {
        Rate {
            tax_class_id: TaxClassId::default(),
            zone: zone.to_owned(),
            rate: percent.parse().expect("a percentage"),
            taxes: Arc::default(),
            valid_from: day(from),
            valid_until: until.map(day),
        }
    }

    #[test]
    fn the_zones_own_rate_comes_first_then_the_general_one_then_zero() {
        let rates = [
            row("DE", "19", "2021-01-01", None),
            row("DE", "16", "2020-07-01", Some("2020-12-31")),
            row("", "10", "2000-01-01", Some("2030-12-31")),
            row("CH", "0", "2000-01-01", None),
        ];
        for (zone, on, percent) in [
            ("DE", "2020-12-31", "16"),
            ("DE", "2021-01-01", "19"),
            ("DE", "2020-06-30", "10"),
            ("FR", "2020-06-30", "10"),
            ("", "2020-06-30", "10"),
            ("CH", "2020-06-30", "0"),
            ("FR", "2030-12-31", "10"),
            ("FR", "2031-01-01", "0"),
            ("DE", "1999-12-31", "0"),
        ] {
            let found = rate(&rates, TaxClassId::default(), zone, day(on));
            let found = found.map_or(Percent::ZERO, |found| found.rate);
            assert_eq!(found.to_string(), percent, "{zone} on {on}");
        }
        let other = TaxClassId(uuid::Uuid::from_u128(1));
        assert_eq!(rate(&rates, other, "DE", day("2022-01-01")), None);
    }

    #[test]
    fn of_overlapping_rates_the_latest_counts_whatever_their_order() {
        let mut rates = vec![row("DE", "19", "2007-01-01", None), row("DE", "21", "2027-01-01", None)];
        for _ in 0..2 {
            let on = |day: NaiveDate| {
                rate(&rates, TaxClassId::default(), "DE", day).expect("a rate").rate.to_string()
            };
            assert_eq!((on(day("2026-12-31")), on(day("2027-01-01"))), ("19".to_owned(), "21".to_owned()));
            rates.reverse();
        }
    }

    #[test]
    fn per_line_each_tax_is_rounded() {
        let lines = [line("0.50", "7"), line("0.50", "7"), line("-0.50", "7"), line("9.99", "0")];
        let exclusive = split(&settings(TaxRounding::Line, 2), &lines);
        assert_eq!(shown(&exclusive), ["0.50 0.04", "0.50 0.04", "-0.50 -0.04", "9.99 0.00"]);
        let contained =
            split(&settings(TaxRounding::Line, 2), &[line("1.19", "19"), line("0.10", "19")].map(inclusive));
        assert_eq!(shown(&contained), ["1.00 0.19", "0.08 0.02"]);
    }

    #[test]
    fn per_document_the_tax_of_each_rate_is_rounded_once() {
        let lines = [
            line("0.50", "7"),
            line("0.00", "7"),
            line("0.50", "7"),
            line("0.03", "19"),
            line("0.50", "7.00"),
            line("0.05", "19"),
            line("5", "0"),
        ];
        // 7 %: 0.105 -> 0.11 over three lines that each lost half a cent; 19 %: 0.0152 -> 0.02 over 0.0057
        // and 0.0095.
        let exclusive = split(&settings(TaxRounding::Document, 2), &lines);
        let expected =
            ["0.50 0.04", "0.00 0.00", "0.50 0.04", "0.03 0.01", "0.50 0.03", "0.05 0.01", "5.00 0.00"];
        assert_eq!(shown(&exclusive), expected);
    }

    #[test]
    fn an_exchange_mixes_signs() {
        let lines = [line("10.07", "19"), line("-10.03", "19"), line("0.02", "19")];
        let taxed = split(&settings(TaxRounding::Document, 2), &lines);
        // 0.06 at 19 % is 0.0114.
        assert_eq!(taxed.iter().map(|line| line.tax).sum::<Money>().to_string(), "0.01");
    }

    #[test]
    fn the_exponent_of_the_currency_counts() {
        for (exponent, tax) in [(0, "12.00"), (2, "12.33"), (3, "12.334")] {
            for rounding in [TaxRounding::Line, TaxRounding::Document] {
                let taxed = split(&settings(rounding, exponent), &[line("123.335", "10")]);
                assert_eq!(taxed[0].tax.to_string(), tax);
            }
        }
        assert!(split(&settings(TaxRounding::Document, 2), &[]).is_empty());
    }

    fn documents() -> impl Strategy<Value = (Settings, Vec<Taxable<'static>>)> {
        let rates = prop::sample::select(vec!["0", "7", "7.7", "19", "8.875", "100", "0.000001"]);
        let amounts = prop_oneof![Just(0_i64), -50..50_i64, -1_000_000_000..1_000_000_000_i64];
        let exponents = prop::sample::select(vec![0_u32, 2, 3]);
        let lines = prop::collection::vec((amounts, rates, any::<bool>()), 0..30);
        (any::<bool>(), exponents, lines).prop_map(|(per_line, exponent, lines)| {
            let rounding = if per_line { TaxRounding::Line } else { TaxRounding::Document };
            let taxable = |(amount, rate, includes_tax): (i64, &str, bool)| Taxable {
                amount: Money::new(Decimal::new(amount, exponent)),
                includes_tax,
                ..line("0", rate)
            };
            (settings(rounding, exponent), lines.into_iter().map(taxable).collect())
        })
    }

    proptest! {
        #[test]
        fn the_lines_add_up((settings, lines) in documents()) {
            let taxed = split(&settings, &lines);
            prop_assert_eq!(taxed.len(), lines.len());
            let one_unit = Decimal::new(1, settings.exponent);
            let exact = |line: &Taxable<'_>| exact_tax(line.includes_tax, line.amount.get(), line.rate);
            for (line, taxed) in lines.iter().zip(&taxed) {
                let amount = if line.includes_tax { taxed.net + taxed.tax } else { taxed.net };
                prop_assert_eq!(amount, line.amount);
                prop_assert_eq!(settings.money(taxed.tax.get()), taxed.tax);
                prop_assert!((taxed.tax.get() - exact(line)).abs() < one_unit);
                prop_assert!(!(line.amount.is_zero() || line.rate.is_zero()) || taxed.tax.is_zero());
            }
            for rate in lines.iter().map(|line| line.rate) {
                let of_rate = || lines.iter().zip(&taxed).filter(|(line, _)| line.rate == rate);
                let total_of = |includes_tax: bool| {
                    let of_kind = of_rate().filter(|(line, _)| line.includes_tax == includes_tax);
                    exact_tax(includes_tax, of_kind.map(|(line, _)| line.amount).sum::<Money>().get(), rate)
                };
                let expected = match settings.tax_rounding {
                    TaxRounding::Line => of_rate().map(|(line, _)| settings.money(exact(line))).sum(),
                    TaxRounding::Document => settings.money(total_of(false) + total_of(true)),
                };
                prop_assert_eq!(of_rate().map(|(_, taxed)| taxed.tax).sum::<Money>(), expected);
            }
        }

        #[test]
        fn a_return_reverses_the_sale((settings, lines) in documents()) {
            let returned: Vec<Taxable<'_>> =
                lines.iter().map(|line| Taxable { amount: -line.amount, ..*line }).collect();
            let sold = split(&settings, &lines);
            let reversed: Vec<Taxed> = sold
                .into_iter()
                .map(|line| Taxed { net: -line.net, tax: -line.tax, parts: line.parts })
                .collect();
            prop_assert_eq!(split(&settings, &returned), reversed);
        }
    }
}
