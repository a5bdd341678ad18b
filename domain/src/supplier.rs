//! Suppliers, the products that they sell, and their prices.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::id::{ProductId, SupplierId};
use crate::number::{Percent, Price, Quantity};
use crate::refusal::Problems;

/// Most prices of one product of a supplier.
pub const PRICES_MAX: usize = 100;
/// Most discounts for early payment that a supplier or a bill may have.
pub const DISCOUNTS_MAX: usize = 2;
/// Longest time for a discount.
const DISCOUNT_DAYS_MAX: u16 = 365;

/// Whether a supplier gets new purchase orders.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Default,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    EnumIter,
    DeriveActiveEnum,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum SupplierStatus {
    /// Gets purchase orders.
    #[default]
    Active,
    /// Gets no new purchase orders. It is kept for its history.
    Archived,
}

/// A price of a supplier, with the smallest quantity and the period for which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplierPrice {
    /// Quantity from which the price applies, in the unit that the supplier sells. A quantity equal to it qualifies.
    #[serde(default)]
    pub min_quantity: Quantity,
    /// Price of one such unit, before tax, in the currency of the supplier.
    pub unit_cost: Price,
    /// First day of the validity. Without it the price has no beginning.
    #[serde(default)]
    #[schema(example = "2026-01-01")]
    #[serde(deserialize_with = "crate::day::optional")]
    pub valid_from: Option<NaiveDate>,
    /// Last day of the validity. Without it the price has no end.
    #[serde(default)]
    #[schema(example = "2026-12-31")]
    #[serde(deserialize_with = "crate::day::optional")]
    pub valid_until: Option<NaiveDate>,
}

/// A discount that a supplier gives for early payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountTerm {
    /// Percentage of the amount with tax, above 0 and below 100.
    pub percent: Percent,
    /// Days after the day of a bill, with the last one included, in which a payment has the discount.
    #[schema(minimum = 0, maximum = 365, example = 10)]
    pub days: u16,
}

/// A supplier, with what the rules of a purchase order need.
#[derive(Debug, Clone)]
pub struct Supplier {
    /// Its id.
    pub id: SupplierId,
    /// Its code.
    pub code: String,
    /// Whether it gets new purchase orders.
    pub status: SupplierStatus,
    /// The currency of its prices, and of its orders unless they state another one.
    pub currency: String,
    /// Days from an order to its delivery, as it states them.
    pub lead_time_days: Option<u32>,
    /// The percentage by which a delivery may exceed a line.
    pub over_receipt_percent: Percent,
    /// The products of the batch that it sells.
    pub terms: HashMap<ProductId, Terms>,
}

/// The terms on which a supplier sells a product. Quantities and prices are for the unit that it sells.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its own code of the product.
    pub supplier_sku: Option<String>,
    /// The unit that it sells; the stock unit if absent.
    pub uom: Option<String>,
    /// The smallest quantity of an order line.
    pub min_order_quantity: Quantity,
    /// The quantity of which an order line is a multiple, above zero.
    pub order_multiple: Option<Quantity>,
    /// Its prices.
    pub prices: Vec<SupplierPrice>,
}

impl SupplierPrice {
    fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_until.is_none_or(|until| day <= until)
    }
}

/// Returns the price on a day for an order that reaches the breaks which `reaches` accepts. The largest break wins, and of
/// several with the same break the one that began last.
pub fn price_on(
    prices: &[SupplierPrice],
    day: NaiveDate,
    reaches: impl Fn(Quantity) -> bool,
) -> Option<Price> {
    let of_day = prices.iter().filter(|price| price.is_valid_on(day) && reaches(price.min_quantity));
    of_day.max_by_key(|price| (price.min_quantity, price.valid_from)).map(|price| price.unit_cost)
}

/// Adds everything that is wrong with the prices of a product to `problems`.
pub fn check_prices(problems: &mut Problems, prices: &[SupplierPrice]) {
    if prices.len() > PRICES_MAX {
        problems.invalid("/prices", format!("Send at most {PRICES_MAX} prices of a product."));
        return;
    }
    let mut seen = HashSet::with_capacity(prices.len());
    for (index, price) in prices.iter().enumerate() {
        let pointer = |field: &str| format!("/prices/{index}/{field}");
        if price.min_quantity.is_negative() {
            problems.invalid(pointer("min_quantity"), "This must not be below zero.");
        }
        if price.unit_cost.is_negative() {
            problems.invalid(pointer("unit_cost"), "This must not be below zero.");
        }
        if let (Some(from), Some(until)) = (price.valid_from, price.valid_until)
            && until < from
        {
            problems.invalid(pointer("valid_until"), "The last day must not lie before valid_from.");
        }
        if !seen.insert((price.min_quantity, price.valid_from)) {
            let detail = "Another price has the same min_quantity and valid_from: send one of them.";
            problems.invalid(pointer("min_quantity"), detail);
        }
    }
}

/// Adds the problems of the discounts for early payment that a supplier gives to `problems`.
pub fn check_discounts(problems: &mut Problems, terms: &[DiscountTerm]) {
    if terms.len() > DISCOUNTS_MAX {
        problems.invalid("/discounts", format!("A supplier has at most {DISCOUNTS_MAX} discounts."));
        return;
    }
    for (index, term) in terms.iter().enumerate() {
        let pointer = |field: &str| format!("/discounts/{index}/{field}");
        check_discount_percent(problems, pointer("percent"), term.percent);
        if term.days > DISCOUNT_DAYS_MAX {
            problems.invalid(pointer("days"), format!("Expected 0 to {DISCOUNT_DAYS_MAX} days."));
        } else if terms[..index].iter().any(|other| other.days == term.days) {
            problems.invalid(pointer("days"), "Another discount has the same days: send one of them.");
        }
    }
}

/// Rejects a percentage that is no discount.
pub(crate) fn check_discount_percent(problems: &mut Problems, pointer: String, percent: Percent) {
    if !percent.is_positive() || percent.get() >= Decimal::ONE_HUNDRED {
        problems.invalid(pointer, "Expected a percentage above 0 and below 100.");
    }
}

/// Returns prices as a column stores them.
pub fn to_json(prices: &[SupplierPrice]) -> Value {
    json!(prices)
}

/// Reads prices that were stored. Prices that this version can't read are left out.
pub fn of_json(json: &Value) -> Vec<SupplierPrice> {
    let stored = json.as_array().into_iter().flatten();
    stored.filter_map(|price| SupplierPrice::deserialize(price).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn price(min_quantity: &str, unit_cost: &str, from: Option<&str>, until: Option<&str>) -> SupplierPrice {
        SupplierPrice {
            min_quantity: min_quantity.parse().expect("a quantity"),
            unit_cost: unit_cost.parse().expect("a price"),
            valid_from: from.map(day),
            valid_until: until.map(day),
        }
    }

    #[test]
    fn the_largest_break_reached_on_the_day_wins() {
        let prices = [
            price("0", "10", None, None),
            price("0", "11", Some("2026-03-01"), None),
            price("50", "9", None, Some("2026-02-28")),
            price("100", "8.5", Some("2026-01-01"), Some("2026-12-31")),
        ];
        let cost = |on: &str, quantity: &str| {
            let quantity: Quantity = quantity.parse().expect("a quantity");
            price_on(&prices, day(on), |least| least <= quantity).map(|cost| cost.to_string())
        };
        for (on, quantity, expected) in [
            ("2026-02-28", "49", "10.00"),
            ("2026-02-28", "50", "9.00"),
            ("2026-03-01", "50", "11.00"),
            ("2026-03-01", "100", "8.50"),
            ("2026-12-31", "1000", "8.50"),
            ("2027-01-01", "1000", "11.00"),
            ("2025-12-31", "100", "9.00"),
        ] {
            assert_eq!(cost(on, quantity).as_deref(), Some(expected), "{quantity} on {on}");
        }
        assert_eq!(price_on(&prices[3..], day("2026-05-01"), |least| least.is_zero()), None);
    }

    #[test]
    fn a_stored_price_is_read_as_it_was() {
        let prices = [price("0", "1.234567", None, None), price("12.5", "1", Some("2026-01-01"), None)];
        assert_eq!(of_json(&to_json(&prices)), prices);
    }

    #[test]
    fn everything_wrong_with_prices_is_named() {
        let prices = [
            price("-1", "-1", None, None),
            price("0", "1", Some("2026-02-01"), Some("2026-01-31")),
            price("0", "2", Some("2026-02-01"), None),
        ];
        let mut problems = Problems::default();
        check_prices(&mut problems, &prices);
        let refused = problems.check().expect_err("a refusal");
        let pointers: Vec<&str> = refused.problems.iter().map(|problem| problem.pointer.as_str()).collect();
        let expected = [
            "/prices/0/min_quantity",
            "/prices/0/unit_cost",
            "/prices/1/valid_until",
            "/prices/2/min_quantity",
        ];
        assert_eq!(pointers, expected);
    }
}
