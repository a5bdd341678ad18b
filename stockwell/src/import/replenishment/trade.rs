//! The trade of the data set by product and day.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Europe::London;
use domain::id::OrderId;
use domain::number::Quantity;
use domain::replenish::{DemandHistory, Item, Micro, OrderDemand, RetailDemand, Returned};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::rows::{self, Row};

/// Days after its sale within which a cancellation removes it.
const CANCELLED_WITHIN: TimeDelta = TimeDelta::days(7);

/// Last day of the first sale of a product that counts.
const FIRST_SALE_UNTIL: u64 = 96;

/// Day before which prices count.
const PRICED_UNTIL: u64 = 152;

/// A product and its trade, by days from the first one.
#[derive(Debug, Clone, Default)]
pub struct Product {
    /// Stock code.
    pub code: String,
    /// Day of the first sale.
    pub first: u64,
    /// Cost of a unit in pence.
    pub cost_pence: u64,
    /// Units of each invoice of a customer, by day and number of the invoice.
    pub orders: BTreeMap<(u64, u64), u64>,
    /// Units sold to others, by day.
    pub retail: BTreeMap<u64, u64>,
    /// Units returned without a sale, by day.
    pub returned: BTreeMap<u64, u64>,
}

/// Returns day 0.
pub fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2010, 12, 1).expect("a day")
}

fn units(number: u64) -> Quantity {
    Quantity::new(Decimal::from(number))
}

impl Product {
    /// Returns the units sold from a day to the day before another.
    pub fn units(&self, from: u64, to: u64) -> u64 {
        let ordered = self.orders.range((from, 0)..(to, 0)).map(|(_, units)| units);
        ordered.chain(self.retail.range(from..to).map(|(_, units)| units)).sum()
    }

    /// Returns the opening stock: 45 days of the sales before the first simulated day.
    pub fn opening(&self) -> u64 {
        let days = (PRICED_UNTIL - self.first).max(56);
        (self.units(0, PRICED_UNTIL) * 45).div_ceil(days).max(1)
    }

    /// Returns its step and cost.
    pub fn item(&self) -> Item {
        let cost = Micro::millionths(i128::from(self.cost_pence) * 10_000);
        Item { step: Micro::ONE, unit_cost: Some(cost) }
    }

    /// Returns the demand of the days before `end`.
    pub fn history(&self, end: u64) -> DemandHistory {
        let on = |day: u64| first_day() + Days::new(day);
        let order = |(&(day, number), ordered): (&(u64, u64), &u64)| OrderDemand {
            order_id: OrderId(Uuid::from_u128(number.into())),
            on: on(day),
            ordered: units(*ordered),
            returned: Quantity::ZERO,
        };
        let sale = |(day, sold): (&u64, &u64)| RetailDemand {
            on: on(*day),
            sold: units(*sold),
            returned: Quantity::ZERO,
        };
        let returned = |(day, quantity): (&u64, &u64)| Returned { on: on(*day), quantity: units(*quantity) };
        DemandHistory {
            known_from: first_day(),
            first_day: Some(on(self.first)),
            orders: self.orders.range(..(end, 0)).map(order).collect(),
            retail: self.retail.range(..end).map(sale).collect(),
            returned: self.returned.range(..end).map(returned).collect(),
            without_stock: Vec::new(),
            largest_customer: Quantity::ZERO,
        }
    }
}

/// Reads the products.
pub fn read(path: &Path) -> Vec<Product> {
    let mut rows: Vec<Row> = rows::read(path).expect("the data set is read");
    rows.retain(|row| {
        let is_numbered = row.code.len() >= 5 && row.code.bytes().take(5).all(|byte| byte.is_ascii_digit());
        is_numbered && row.price > Decimal::ZERO && !row.invoice.starts_with('A')
    });
    rows.sort_by_key(|row| row.at);
    let (sales, returns) = cancelled(&rows);
    let day = |row: &Row| (local(row).date() - first_day()).num_days() as u64;
    let mut products: BTreeMap<&str, Product> = BTreeMap::new();
    let (mut invoices, mut prices) = (HashMap::new(), HashMap::new());
    for row in sales {
        let (on, sold) = (day(row), row.quantity as u64);
        let product = products.entry(&row.code).or_insert_with(|| Product {
            code: row.code.clone(),
            first: on,
            ..Product::default()
        });
        if row.customer.is_empty() {
            *product.retail.entry(on).or_default() += sold;
        } else {
            let next = invoices.len() as u64;
            let number = *invoices.entry(&row.invoice).or_insert(next);
            *product.orders.entry((on, number)).or_default() += sold;
        }
        if on < PRICED_UNTIL {
            let (value, units) = prices.entry(&row.code).or_insert((Decimal::ZERO, Decimal::ZERO));
            *value += row.price * Decimal::from(sold);
            *units += Decimal::from(sold);
        }
    }
    products.retain(|_, product| product.first <= FIRST_SALE_UNTIL);
    for row in returns {
        if let Some(product) = products.get_mut(row.code.as_str()) {
            *product.returned.entry(day(row)).or_default() += row.quantity.unsigned_abs();
        }
    }
    let mut products: Vec<Product> = products.into_values().collect();
    for product in &mut products {
        let (value, units) = prices[&product.code];
        let half = domain::number::round(value * Decimal::from(50) / units, 0);
        product.cost_pence = u64::try_from(half).expect("a price").max(5);
    }
    products
}

/// Returns the time that the file states.
fn local(row: &Row) -> NaiveDateTime {
    row.at.with_timezone(&London).naive_local()
}

/// Returns the sales that were not cancelled, and the returns that name no sale. A cancellation removes the latest earlier sale
/// of its customer, product and quantity.
fn cancelled(rows: &[Row]) -> (Vec<&Row>, Vec<&Row>) {
    let mut sales: Vec<Option<&Row>> = Vec::new();
    let mut returns = Vec::new();
    let mut open: HashMap<(&str, &str, i64), Vec<usize>> = HashMap::new();
    for row in rows {
        let key = |quantity| (row.customer.as_str(), row.code.as_str(), quantity);
        if !row.invoice.starts_with('C') {
            if !row.customer.is_empty() {
                open.entry(key(row.quantity)).or_default().push(sales.len());
            }
            sales.push(Some(row));
            continue;
        }
        let sold = if row.customer.is_empty() { None } else { open.get_mut(&key(-row.quantity)) };
        let latest = sold.and_then(|sold| {
            let at = *sold.last()?;
            let is_recent = sales[at].is_some_and(|sale| local(row) - local(sale) <= CANCELLED_WITHIN);
            if is_recent { sold.pop() } else { None }
        });
        match latest {
            Some(at) => sales[at] = None,
            None => returns.push(row),
        }
    }
    (sales.into_iter().flatten().collect(), returns)
}
