//! Sales tax: which rate applies, and how much of an amount is tax.

use std::cmp::Reverse;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::id::TaxClassId;
use crate::number::{self, Money, Percent};
use crate::tenant::{Settings, TaxRounding};

/// The rate of a tax class in a zone for a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The class of products that it taxes.
    pub tax_class_id: TaxClassId,
    /// The country in which the buyer gets the goods; empty for every country without a rate of its own.
    pub zone: String,
    /// The tax in percent of the net amount, not negative.
    pub rate: Percent,
    /// The first day.
    pub valid_from: NaiveDate,
    /// The last day; no end if absent.
    pub valid_until: Option<NaiveDate>,
}

/// One line to tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxable {
    /// The line after discounts, negative for a return. With inclusive prices it contains the tax.
    pub amount: Money,
    /// Its tax rate in percent of the net amount.
    pub rate: Percent,
}

/// The net and tax of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taxed {
    /// Without tax.
    pub net: Money,
    /// The tax, at the currency's exponent.
    pub tax: Money,
}

/// Returns the rate in percent of a tax class in a zone on a day: the zone's own, else that of every other
/// zone, else zero.
///
/// If the days of rates overlap, the one that started last applies: a change of rate is a new row, and the
/// old row needs no end. A rate of zero is a rate.
pub fn rate(rates: &[Rate], class: TaxClassId, zone: &str, on: NaiveDate) -> Percent {
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
        .map_or(Percent::ZERO, |rate| rate.rate)
}

/// Returns net and tax of each line of one document, in the order of the lines.
///
/// Tax is rounded half away from zero to the currency's exponent: per line, or once per document and rate. In
/// the second case the tax of a rate is spread over its lines by largest remainder, the earlier line first
/// among equals, so that the lines add up to the tax that the document states. If prices include tax, net =
/// amount − tax; otherwise net = amount. A return is taxed as the sale was, with the signs reversed.
///
/// A tax return declares the sum of the lines, to the cent, in any grouping.
pub fn split(settings: &Settings, lines: &[Taxable]) -> Vec<Taxed> {
    let taxes = match settings.tax_rounding {
        TaxRounding::Line => {
            lines.iter().map(|line| rounded_tax(settings, line.amount.get(), line.rate)).collect()
        }
        TaxRounding::Document => taxes_of_document(settings, lines),
    };
    lines
        .iter()
        .zip(taxes)
        .map(|(line, tax)| {
            let tax = Money::new(tax);
            let net = if settings.prices_include_tax { line.amount - tax } else { line.amount };
            Taxed { net, tax }
        })
        .collect()
}

/// Returns the tax on or in an amount, before rounding.
#[expect(clippy::arithmetic_side_effects, reason = "a rate has at most 3 digits")]
fn exact_tax(settings: &Settings, amount: Decimal, rate: Percent) -> Decimal {
    if !rate.is_positive() {
        return Decimal::ZERO;
    }
    let rate = rate.get();
    let whole = if settings.prices_include_tax { Decimal::ONE_HUNDRED + rate } else { Decimal::ONE_HUNDRED };
    number::share(amount, rate, whole)
}

fn rounded_tax(settings: &Settings, amount: Decimal, rate: Percent) -> Decimal {
    number::round(exact_tax(settings, amount, rate), settings.exponent)
}

/// Returns the tax of each line, rounded once per rate.
fn taxes_of_document(settings: &Settings, lines: &[Taxable]) -> Vec<Decimal> {
    let mut taxes = vec![Decimal::ZERO; lines.len()];
    let mut taxed: Vec<usize> = (0..lines.len()).filter(|line| lines[*line].rate.is_positive()).collect();
    taxed.sort_by_key(|line| lines[*line].rate);
    for same_rate in taxed.chunk_by(|one, other| lines[*one].rate == lines[*other].rate) {
        spread(settings, lines, same_rate, &mut taxes);
    }
    taxes
}

/// Rounds the tax of the lines of one rate once, and spreads it over them.
///
/// Each line first gets its tax cut off at the exponent. The units that are left go one each to the lines
/// that lost most. A line without tax loses nothing. There are always enough lines, because each lost less
/// than a unit.
#[expect(clippy::arithmetic_side_effects, reason = "taxes of the lines of one document")]
fn spread(settings: &Settings, lines: &[Taxable], same_rate: &[usize], taxes: &mut [Decimal]) {
    let rate = lines[same_rate[0]].rate;
    let amount: Money = same_rate.iter().map(|line| lines[*line].amount).sum();
    let mut left = rounded_tax(settings, amount.get(), rate);
    let mut lost: Vec<(Decimal, usize)> = Vec::with_capacity(same_rate.len());
    for line in same_rate {
        let exact = exact_tax(settings, lines[*line].amount.get(), rate);
        taxes[*line] = exact.trunc_with_scale(settings.exponent);
        left -= taxes[*line];
        lost.push((exact - taxes[*line], *line));
    }
    let mut unit = Decimal::new(1, settings.exponent);
    unit.set_sign_negative(left.is_sign_negative());
    lost.sort_by_key(|(lost, _)| Reverse(lost * unit));
    for (_, line) in lost {
        if left.is_zero() {
            break;
        }
        taxes[line] += unit;
        left -= unit;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::TaxClassId;

    fn settings(prices_include_tax: bool, tax_rounding: TaxRounding, exponent: u32) -> Settings {
        Settings {
            currency: "EUR".to_owned(),
            exponent,
            time_zone: chrono_tz::Europe::Berlin,
            country: "DE".to_owned(),
            prices_include_tax,
            tax_rounding,
            costing_method: crate::stock::CostingMethod::MovingAverage,
            hold_unpaid: true,
        }
    }

    fn line(amount: &str, rate: &str) -> Taxable {
        Taxable { amount: amount.parse().expect("an amount"), rate: rate.parse().expect("a percentage") }
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
            assert_eq!(found.to_string(), percent, "{zone} on {on}");
        }
        let other = TaxClassId(uuid::Uuid::from_u128(1));
        assert!(rate(&rates, other, "DE", day("2022-01-01")).is_zero());
    }

    #[test]
    fn of_overlapping_rates_the_latest_counts_whatever_their_order() {
        let mut rates = vec![row("DE", "19", "2007-01-01", None), row("DE", "21", "2027-01-01", None)];
        for _ in 0..2 {
            assert_eq!(rate(&rates, TaxClassId::default(), "DE", day("2026-12-31")).to_string(), "19");
            assert_eq!(rate(&rates, TaxClassId::default(), "DE", day("2027-01-01")).to_string(), "21");
            rates.reverse();
        }
    }

    #[test]
    fn per_line_each_tax_is_rounded() {
        let lines = [line("0.50", "7"), line("0.50", "7"), line("-0.50", "7"), line("9.99", "0")];
        let exclusive = split(&settings(false, TaxRounding::Line, 2), &lines);
        assert_eq!(shown(&exclusive), ["0.50 0.04", "0.50 0.04", "-0.50 -0.04", "9.99 0.00"]);
        let inclusive =
            split(&settings(true, TaxRounding::Line, 2), &[line("1.19", "19"), line("0.10", "19")]);
        assert_eq!(shown(&inclusive), ["1.00 0.19", "0.08 0.02"]);
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
        let exclusive = split(&settings(false, TaxRounding::Document, 2), &lines);
        let expected =
            ["0.50 0.04", "0.00 0.00", "0.50 0.04", "0.03 0.01", "0.50 0.03", "0.05 0.01", "5.00 0.00"];
        assert_eq!(shown(&exclusive), expected);
    }

    #[test]
    fn an_exchange_mixes_signs() {
        let lines = [line("10.07", "19"), line("-10.03", "19"), line("0.02", "19")];
        let taxed = split(&settings(false, TaxRounding::Document, 2), &lines);
        // 0.06 at 19 % is 0.0114.
        assert_eq!(taxed.iter().map(|line| line.tax).sum::<Money>().to_string(), "0.01");
    }

    #[test]
    fn the_exponent_of_the_currency_counts() {
        for (exponent, tax) in [(0, "12.00"), (2, "12.33"), (3, "12.334")] {
            for rounding in [TaxRounding::Line, TaxRounding::Document] {
                let taxed = split(&settings(false, rounding, exponent), &[line("123.335", "10")]);
                assert_eq!(taxed[0].tax.to_string(), tax);
            }
        }
        assert!(split(&settings(true, TaxRounding::Document, 2), &[]).is_empty());
    }

    fn documents() -> impl Strategy<Value = (Settings, Vec<Taxable>)> {
        let rates = prop::sample::select(vec!["0", "7", "7.7", "19", "8.875", "100", "0.000001"]);
        let amounts = prop_oneof![Just(0_i64), -50..50_i64, -1_000_000_000..1_000_000_000_i64];
        let exponents = prop::sample::select(vec![0_u32, 2, 3]);
        (any::<bool>(), any::<bool>(), exponents, prop::collection::vec((amounts, rates), 0..30)).prop_map(
            |(include, per_line, exponent, lines)| {
                let rounding = if per_line { TaxRounding::Line } else { TaxRounding::Document };
                let taxable = |(amount, rate): (i64, &str)| Taxable {
                    amount: Money::new(Decimal::new(amount, exponent)),
                    rate: rate.parse().expect("a percentage"),
                };
                (settings(include, rounding, exponent), lines.into_iter().map(taxable).collect())
            },
        )
    }

    proptest! {
        #[test]
        fn the_lines_add_up((settings, lines) in documents()) {
            let taxed = split(&settings, &lines);
            prop_assert_eq!(taxed.len(), lines.len());
            let one_unit = Decimal::new(1, settings.exponent);
            for (line, taxed) in lines.iter().zip(&taxed) {
                let amount = if settings.prices_include_tax { taxed.net + taxed.tax } else { taxed.net };
                prop_assert_eq!(amount, line.amount);
                prop_assert_eq!(settings.money(taxed.tax.get()), taxed.tax);
                let exact = exact_tax(&settings, line.amount.get(), line.rate);
                prop_assert!((taxed.tax.get() - exact).abs() < one_unit);
                prop_assert!(!(line.amount.is_zero() || line.rate.is_zero()) || taxed.tax.is_zero());
            }
            for rate in lines.iter().map(|line| line.rate) {
                let of_rate = || lines.iter().zip(&taxed).filter(|(line, _)| line.rate == rate);
                let rounded = |amount: Money| settings.money(exact_tax(&settings, amount.get(), rate));
                let expected = match settings.tax_rounding {
                    TaxRounding::Line => of_rate().map(|(line, _)| rounded(line.amount)).sum(),
                    TaxRounding::Document => rounded(of_rate().map(|(line, _)| line.amount).sum()),
                };
                prop_assert_eq!(of_rate().map(|(_, taxed)| taxed.tax).sum::<Money>(), expected);
            }
        }

        #[test]
        fn a_return_reverses_the_sale((settings, lines) in documents()) {
            let returned: Vec<Taxable> =
                lines.iter().map(|line| Taxable { amount: -line.amount, rate: line.rate }).collect();
            let sold = split(&settings, &lines);
            let reversed: Vec<Taxed> =
                sold.iter().map(|line| Taxed { net: -line.net, tax: -line.tax }).collect();
            prop_assert_eq!(split(&settings, &returned), reversed);
        }
    }
}
