//! The demand of a product at a location, from its facts.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use domain::id::{CustomerId, OrderId};
use domain::number::Quantity;
use domain::replenish::{DayRange, DemandHistory, OrderDemand, RetailDemand, Returned};

use super::load::{self, Facts};

/// Returns the demand that is known on `as_of`, of the days from `start` on.
pub(super) fn history(facts: &Facts, start: NaiveDate, as_of: NaiveDate) -> DemandHistory {
    let first_day = first_day(facts);
    let returns = Returns::of(facts);
    DemandHistory {
        known_from: start,
        first_day,
        orders: orders(facts, &returns),
        retail: retail(facts, &returns),
        returned: returns.unnamed,
        without_stock: first_day.map_or_else(Vec::new, |first| without_stock(facts, first.max(start), as_of)),
        largest_customer: largest_customer(facts),
    }
}

/// Returns the day on which the product was first sold, ordered or received at the location.
pub(super) fn first_day(facts: &Facts) -> Option<NaiveDate> {
    let moved = facts.days.iter().map(|day| day.on);
    let ordered = facts.orders.iter().map(|order| order.on);
    facts.first_day.into_iter().chain(moved).chain(ordered).min()
}

/// Returns of a product at a location.
struct Returns {
    by_day: HashMap<NaiveDate, Quantity>,
    by_order: HashMap<OrderId, Quantity>,
    unnamed: Vec<Returned>,
}

impl Returns {
    fn of(facts: &Facts) -> Self {
        let mut returns = Returns { by_day: HashMap::new(), by_order: HashMap::new(), unnamed: Vec::new() };
        for one in &facts.returns {
            match one.of {
                load::Returned::TillSale => *returns.by_day.entry(one.on).or_default() += one.quantity,
                load::Returned::Order(id) => *returns.by_order.entry(id).or_default() += one.quantity,
                load::Returned::Unnamed => {
                    returns.unnamed.push(Returned { on: one.on, quantity: one.quantity });
                }
            }
        }
        returns
    }
}

fn orders(facts: &Facts, returns: &Returns) -> Vec<OrderDemand> {
    let order = |order: &load::Ordered| OrderDemand {
        order_id: order.order_id,
        on: order.on,
        ordered: order.ordered,
        returned: returns.by_order.get(&order.order_id).copied().unwrap_or_default(),
    };
    facts.orders.iter().map(order).collect()
}

fn retail(facts: &Facts, returns: &Returns) -> Vec<RetailDemand> {
    let sold = facts.days.iter().filter(|day| day.sold.is_positive());
    let day = |day: &load::Day| RetailDemand {
        on: day.on,
        sold: day.sold,
        returned: returns.by_day.get(&day.on).copied().unwrap_or_default(),
    };
    sold.map(day).collect()
}

/// Returns the days from `from` to the day before `end` that opened with nothing on hand.
fn without_stock(facts: &Facts, from: NaiveDate, end: NaiveDate) -> Vec<DayRange> {
    let mut ranges = Vec::new();
    let (mut on_hand, mut begin) = (facts.opening(), from);
    // A change of a day is on hand when the next day opens.
    let changes = facts.days.iter().map(|day| (next(day.on), day.change));
    for (opens, change) in changes.chain([(end, Quantity::ZERO)]) {
        let until = opens.min(end);
        if until > begin {
            if !on_hand.is_positive() {
                ranges.push(DayRange { from: begin, to: until.pred_opt().unwrap_or(begin) });
            }
            begin = until;
        }
        on_hand += change;
    }
    ranges
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

/// Returns the units that the customer who ordered most of them ordered.
fn largest_customer(facts: &Facts) -> Quantity {
    let mut sums: HashMap<CustomerId, Quantity> = HashMap::new();
    for order in &facts.orders {
        *sums.entry(order.customer_id).or_default() += order.ordered;
    }
    sums.into_values().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::id::CustomerId;
    use uuid::Uuid;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, 1).expect("a day") + Days::new(number)
    }

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    fn moved(number: u64, change: i64, sold: i64) -> load::Day {
        load::Day { on: day(number), change: units(change), sold: units(sold) }
    }

    #[test]
    fn days_that_opened_with_nothing_follow_from_the_movements() {
        // 10 come on day 2 and are sold on day 4; 5 come on day 7.
        let facts = Facts {
            on_hand: units(5),
            days: vec![moved(2, 10, 0), moved(4, -10, 10), moved(7, 5, 0)],
            ..Facts::default()
        };
        let ranges = without_stock(&facts, day(0), day(10));
        let expected = [(0, 2), (5, 7)].map(|(from, to)| DayRange { from: day(from), to: day(to) });
        assert_eq!(ranges, expected);
        // Only days from the first one on count.
        assert_eq!(without_stock(&facts, day(3), day(10)), expected[1..]);
        assert_eq!(without_stock(&facts, day(3), day(6)), [DayRange { from: day(5), to: day(5) }]);
        // The product came first on day 2, which opened with nothing.
        let came = DayRange { from: day(2), to: day(2) };
        assert_eq!(history(&facts, day(0), day(10)).without_stock, [came, expected[1]]);
    }

    #[test]
    fn days_without_movements_have_the_stock_of_now() {
        let facts = |on_hand| Facts { on_hand: units(on_hand), ..Facts::default() };
        assert!(without_stock(&facts(3), day(0), day(9)).is_empty());
        assert_eq!(without_stock(&facts(-2), day(0), day(9)), [DayRange { from: day(0), to: day(8) }]);
    }

    #[test]
    fn a_return_lowers_the_sale_that_it_names() {
        let order_id = OrderId(Uuid::from_u128(1));
        let ordered = |id, customer, quantity| load::Ordered {
            order_id: OrderId(Uuid::from_u128(id)),
            customer_id: CustomerId(Uuid::from_u128(customer)),
            on: day(1),
            ordered: units(quantity),
        };
        let back = |on, quantity, of| load::Return { on: day(on), quantity: units(quantity), of };
        let facts = Facts {
            days: vec![moved(2, -4, 4), moved(3, -5, 5)],
            orders: vec![ordered(1, 1, 8), ordered(2, 2, 6), ordered(3, 2, 6)],
            returns: vec![
                back(2, 1, load::Returned::TillSale),
                back(1, 3, load::Returned::Order(order_id)),
                back(5, 2, load::Returned::Unnamed),
            ],
            ..Facts::default()
        };
        let history = history(&facts, day(0), day(10));
        let kept: Vec<Quantity> = history.retail.iter().map(|sale| sale.sold - sale.returned).collect();
        assert_eq!(kept, [units(3), units(5)]);
        let kept: Vec<Quantity> = history.orders.iter().map(|order| order.ordered - order.returned).collect();
        assert_eq!(kept, [units(5), units(6), units(6)]);
        assert_eq!(history.returned, [Returned { on: day(5), quantity: units(2) }]);
        assert_eq!((history.largest_customer, history.first_day), (units(12), Some(day(1))));
    }
}
