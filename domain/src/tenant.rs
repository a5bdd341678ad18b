//! The settings of a tenant on which rules depend.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::number::{self, Kind, Money, Number, Percent, Quantity};
use crate::stock::CostingMethod;
use crate::text_enum;

text_enum! {
    /// The rounding of a document's tax.
    pub enum TaxRounding {
        /// Each line's tax is rounded.
        Line,
        /// The tax of each rate is rounded once per document and spread over its lines.
        Document,
    }
}

text_enum! {
    /// The channel of a sale. Both channels sell the same stock.
    #[derive(PartialOrd, Ord)]
    pub enum Channel {
        /// Orders at negotiated prices, shipped and invoiced.
        Wholesale,
        /// Sales at a till.
        Retail,
    }
}

/// A tenant's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// ISO 4217 code of the only currency of the books.
    pub currency: String,
    /// Decimals of that currency.
    pub exponent: u32,
    /// The zone in which days begin.
    pub time_zone: Tz,
    /// ISO 3166-1 alpha-2 code of the country where the tenant trades; the tax zone of walk-in sales.
    pub country: String,
    /// Whether list prices contain tax.
    pub prices_include_tax: bool,
    /// The rounding of a document's tax.
    pub tax_rounding: TaxRounding,
    /// The costing method of products that have none of their own.
    pub costing_method: CostingMethod,
    /// Whether orders of prepaid customers are held until they are paid.
    pub hold_unpaid: bool,
    /// The amount to whose multiples the total of an invoice is rounded; zero if it is not.
    pub invoice_rounding: Money,
    /// The differences up to which a bill of a supplier matches.
    pub bill_tolerance: BillTolerance,
}

/// Differences between a bill and what was ordered and received, up to which the bill matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BillTolerance {
    /// The percentage by which the billed units of a line may exceed those ordered and those received.
    pub quantity_percent: Percent,
    /// The percentage by which the price of a line may differ.
    pub price_percent: Percent,
    /// The amount by which a line may differ because of its price.
    pub amount: Money,
}

impl Settings {
    /// Rounds `value` to an amount of the currency, half away from zero.
    pub fn money(&self, value: Decimal) -> Money {
        Money::rounded_to(value, self.exponent)
    }

    /// Rounds the total of an invoice, half away from zero.
    #[expect(clippy::arithmetic_side_effects, reason = "the product is not larger than the total and a step")]
    pub fn round_invoice(&self, total: Money) -> Money {
        if self.invoice_rounding.is_zero() {
            return total;
        }
        let step = self.invoice_rounding.get();
        self.money(number::round(number::share(total.get(), Decimal::ONE, step), 0) * step)
    }

    /// Returns the part of `amount` that belongs to `part` of `whole`. The whole amount belongs to the whole.
    pub fn share<P: Kind>(&self, amount: Money, part: Number<P>, whole: Number<P>) -> Money {
        self.money(number::share(amount.get(), part.get(), whole.get()))
    }

    /// Returns the part of `amount` for the units from `done` to `done + step` of `whole`, for a document
    /// that is carried out in steps. The parts of all steps add up to `amount`.
    pub fn slice(&self, amount: Money, done: Quantity, step: Quantity, whole: Quantity) -> Money {
        number::slice(self.exponent, amount, (done, step, whole))
    }

    /// Returns the tenant's calendar day at an instant.
    pub fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.time_zone).date_naive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The total of an invoice is a multiple of the step, and at most half a step away.
        #[test]
        fn a_total_is_rounded_to_a_step(
            cents in -1_000_000_000..1_000_000_000_i64,
            step in prop::sample::select(vec![0_i64, 5, 10, 50, 100]),
        ) {
            let (total, step) = (Money::new(Decimal::new(cents, 2)), Money::new(Decimal::new(step, 2)));
            let settings = Settings { invoice_rounding: step, ..crate::stock::tests::settings() };
            let rounded = settings.round_invoice(total);
            prop_assert_eq!(settings.round_invoice(-total), -rounded);
            if step.is_zero() {
                prop_assert_eq!(rounded, total);
            } else {
                prop_assert!((rounded.get() % step.get()).is_zero());
                prop_assert!((rounded.get() - total.get()).abs() * Decimal::TWO <= step.get());
            }
        }

        /// The parts of a document that is carried out in steps add up to the whole.
        #[test]
        fn slices_add_up(cents in -100_000..100_000_i64, steps in prop::collection::vec(1..50_i64, 1..10)) {
            let settings = Settings {
                currency: "GBP".to_owned(),
                exponent: 2,
                time_zone: Tz::Europe__London,
                country: "GB".to_owned(),
                prices_include_tax: false,
                tax_rounding: TaxRounding::Document,
                costing_method: CostingMethod::MovingAverage,
                hold_unpaid: true,
                invoice_rounding: Money::ZERO,
                bill_tolerance: BillTolerance::default(),
            };
            let amount = Money::new(Decimal::new(cents, 2));
            let whole: Quantity = steps.iter().map(|step| Quantity::new((*step).into())).sum();
            let (mut done, mut total) = (Quantity::ZERO, Money::ZERO);
            for step in steps.into_iter().map(|step| Quantity::new(step.into())) {
                total += settings.slice(amount, done, step, whole);
                done += step;
            }
            prop_assert_eq!(total, amount);
        }
    }
}
