//! Discounts for early payment, as a bill keeps them.
//!
//! A bill keeps the discounts of its day; a later change of the supplier does not affect it. The discount is the part
//! of a settled amount that is not paid. If parts of a bill are settled with one percentage, their discounts add up to
//! the discount of the whole, to the cent.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Bill, KnownBill, foreign};
use crate::number::{Money, Percent};
use crate::refusal::Problems;
use crate::supplier::{DISCOUNTS_MAX, DiscountTerm, check_discount_percent};
use crate::tenant::Settings;

/// A discount that a bill has if it is paid early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillDiscount {
    /// Percentage of the amount with tax, above 0 and below 100.
    pub percent: Percent,
    /// Last day on which a payment has it.
    #[schema(example = "2026-11-30")]
    #[serde(deserialize_with = "crate::day::stored")]
    pub until: NaiveDate,
}

impl BillDiscount {
    /// Returns the discounts of a bill of a day by the terms of its supplier.
    pub fn of_terms(terms: &[DiscountTerm], dated: NaiveDate) -> Vec<Self> {
        let of_term = |term: &DiscountTerm| {
            let until = dated.checked_add_days(Days::new(term.days.into())).unwrap_or(dated);
            BillDiscount { percent: term.percent, until }
        };
        terms.iter().map(of_term).collect()
    }
}

/// Adds everything that is wrong with the discounts of a bill of a day to `problems`.
pub(super) fn check(problems: &mut Problems, discounts: &[BillDiscount], dated: NaiveDate) {
    if discounts.len() > DISCOUNTS_MAX {
        problems.invalid("/discounts", format!("A bill has at most {DISCOUNTS_MAX} discounts."));
        return;
    }
    for (index, discount) in discounts.iter().enumerate() {
        let pointer = |field: &str| format!("/discounts/{index}/{field}");
        check_discount_percent(problems, pointer("percent"), discount.percent);
        if discount.until < dated {
            problems.invalid(pointer("until"), "The last day must not lie before that of the bill.");
        } else if discounts[..index].iter().any(|other| other.until == discount.until) {
            problems.invalid(pointer("until"), "Another discount has the same last day: send one of them.");
        }
    }
}

impl Bill {
    /// Returns the largest percentage that a payment of a day has.
    pub fn discount_percent(&self, day: NaiveDate) -> Percent {
        let of_day = self.discounts.iter().filter(|discount| day <= discount.until);
        of_day.map(|discount| discount.percent).max().unwrap_or_default()
    }
}

impl KnownBill {
    /// Returns the discount of `amount` that settles a part of the bill on a day. Both are in the currency of the bill.
    pub fn discount_on(&self, day: NaiveDate, amount: Money, settings: &Settings) -> Money {
        let percent = self.bill.discount_percent(day);
        let settled = self.bill.stated().total() + self.credited - self.bill.stated_open();
        let decimals = self.bill.decimals(settings);
        let up_to = |settled: Money| Money::rounded_to(percent.of(settled.get()), decimals);
        up_to(settled + amount) - up_to(settled)
    }

    /// Returns the input tax in a discount: the share that tax has of the bill. Both are in the currency of the bill.
    pub fn tax_of_discount(&self, discount: Money, settings: &Settings) -> Money {
        let stated = self.bill.stated();
        foreign::share(&self.bill, stated.tax, (discount, stated.total()), settings)
    }
}
