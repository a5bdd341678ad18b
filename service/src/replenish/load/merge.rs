//! The facts of products that are superseded, added to those of the product that supersedes them.

use std::collections::HashMap;

use domain::id::{LocationId, OrderId, ProductId};
use domain::number::Quantity;
use rust_decimal::Decimal;

use super::super::succession::{Predecessor, Succession};
use super::{Day, Facts, Ordered, Pair, Product};

/// Most units of a day.
const UNITS_MAX: i64 = 9_000_000_000_000;

/// The products that count for others.
#[derive(Debug, Default)]
pub(in super::super) struct Merged {
    /// Products that count for another one, by product at location, the newest first.
    pub predecessors: HashMap<Pair, Vec<Predecessor>>,
    /// The product for which each of them counts.
    pub newest: HashMap<ProductId, ProductId>,
}

/// Adds facts to those of the newest product of each chain. A chain ends before a product that has another stock unit by now.
pub(super) fn merge(
    facts: &mut HashMap<Pair, Facts>,
    products: &[Product],
    former: &HashMap<ProductId, Product>,
    succession: &Succession,
) -> Merged {
    let mut merged = Merged::default();
    let mut locations: HashMap<ProductId, Vec<LocationId>> = HashMap::new();
    for (product, location) in facts.keys().filter(|(product, _)| former.contains_key(product)) {
        locations.entry(*product).or_default().push(*location);
    }
    for product in products {
        let chain = succession.counted_for(product.id.0).map_while(|id| former.get(&ProductId(id)));
        for predecessor in chain.take_while(|predecessor| predecessor.uom == product.uom) {
            merged.newest.insert(predecessor.id, product.id);
            for location in locations.get(&predecessor.id).into_iter().flatten() {
                let Some(theirs) = facts.get(&(predecessor.id, *location)).cloned() else { continue };
                let pair = (product.id, *location);
                let part = theirs.as_predecessor(predecessor.id, predecessor.sku.clone());
                merged.predecessors.entry(pair).or_default().push(part);
                facts.entry(pair).or_default().add(theirs);
            }
        }
    }
    merged
}

/// Adds a movement of a product at a location to the last of its days, or as a day of its own. Most movements are read in the order of
/// time, so there are about as many days as [`sum_by_day`] keeps.
pub(super) fn add_to_last_day(days: &mut Vec<Day>, moved: Day) {
    match days.last_mut().filter(|last| last.on == moved.on) {
        Some(last) => last.add(moved),
        None => days.push(moved),
    }
}

/// Adds the movements of each day of a product at a location. The earliest day comes first.
pub(super) fn sum_by_day(mut moved: Vec<Day>) -> Vec<Day> {
    moved.sort_unstable_by_key(|day| day.on);
    moved.dedup_by(|later, kept| {
        let is_same_day = later.on == kept.on;
        if is_same_day {
            kept.add(*later);
        }
        is_same_day
    });
    for day in &mut moved {
        day.change = clamp(day.change);
        day.sold = clamp(day.sold);
    }
    moved
}

/// Cuts a sum that no rule can compute with.
fn clamp(sum: Quantity) -> Quantity {
    let most = Quantity::new(Decimal::from(UNITS_MAX));
    sum.min(most).max(-most)
}

/// Adds the lines of each order of a product.
pub(super) fn sum_by_order(mut lines: Vec<Ordered>) -> Vec<Ordered> {
    lines.sort_unstable_by_key(|line| line.order_id.0);
    lines.dedup_by(|later, kept| {
        let is_same_order = later.order_id == kept.order_id;
        if is_same_order {
            kept.ordered += later.ordered;
        }
        is_same_order
    });
    lines
}

impl Day {
    /// Adds movements of the same day.
    fn add(&mut self, other: Day) {
        self.change += other.change;
        self.sold += other.sold;
    }
}

impl Facts {
    fn as_predecessor(&self, product_id: ProductId, sku: String) -> Predecessor {
        let ordered: Quantity = self.orders.iter().map(|order| order.ordered).sum();
        let sold: Quantity = self.days.iter().map(|day| day.sold).sum();
        Predecessor {
            product_id,
            sku,
            available: self.available,
            unreserved_orders: self.open_demand.iter().map(|open| open.quantity).sum(),
            incoming: self.incoming.iter().map(|supply| supply.quantity).sum(),
            demand: ordered + sold,
        }
    }

    /// Adds the facts of another product at the same location. Lines of one order are added.
    fn add(&mut self, other: Facts) {
        self.on_hand += other.on_hand;
        self.available += other.available;
        self.drafted += other.drafted;
        self.first_day = self.first_day.into_iter().chain(other.first_day).min();
        self.days.extend(other.days);
        self.days = sum_by_day(std::mem::take(&mut self.days));
        let own: HashMap<OrderId, usize> =
            self.orders.iter().enumerate().map(|(at, order)| (order.order_id, at)).collect();
        for order in other.orders {
            match own.get(&order.order_id) {
                Some(at) => self.orders[*at].ordered += order.ordered,
                None => self.orders.push(order),
            }
        }
        self.returns.extend(other.returns);
        self.lots.extend(other.lots);
        self.open_demand.extend(other.open_demand);
        self.incoming.extend(other.incoming);
        self.incoming.sort_by_key(|supply| (supply.on, supply.source));
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use domain::id::CustomerId;
    use uuid::Uuid;

    use super::*;

    fn units(number: i64) -> Quantity {
        Quantity::new(number.into())
    }

    fn on(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, number).expect("a day")
    }

    fn product(number: u128, uom: &str) -> Product {
        Product {
            id: ProductId(Uuid::from_u128(number)),
            sku: format!("P{number}"),
            name: "Mug".to_owned(),
            uom: uom.to_owned(),
            decimals: 0,
            category: None,
            is_active: true,
            list_price: None,
            unit_cost: None,
        }
    }

    fn facts(day: u32, sold: i64, orders: &[(u128, i64)]) -> Facts {
        let order = |(id, ordered): &(u128, i64)| Ordered {
            order_id: OrderId(Uuid::from_u128(*id)),
            customer_id: CustomerId(Uuid::from_u128(1)),
            on: on(day),
            ordered: units(*ordered),
        };
        Facts {
            on_hand: units(10),
            available: units(8),
            first_day: Some(on(day)),
            days: vec![Day { on: on(5), change: units(-sold), sold: units(sold) }],
            orders: orders.iter().map(order).collect(),
            ..Facts::default()
        }
    }

    #[test]
    fn movements_of_one_day_are_added() {
        let moved =
            |day: u32, change: i64, sold: i64| Day { on: on(day), change: units(change), sold: units(sold) };
        let many = moved(3, UNITS_MAX, 0);
        let days =
            sum_by_day(vec![moved(2, -3, 3), moved(1, 7, 0), moved(2, 5, 0), many, many, moved(2, -1, 1)]);
        let days: Vec<(NaiveDate, Quantity, Quantity)> =
            days.iter().map(|day| (day.on, day.change, day.sold)).collect();
        let expected =
            [(on(1), units(7), units(0)), (on(2), units(1), units(4)), (on(3), units(UNITS_MAX), units(0))];
        assert_eq!(days, expected);
        assert!(sum_by_day(Vec::new()).is_empty());
    }

    #[test]
    fn a_movement_of_the_last_day_is_added_to_it() {
        let mut days = Vec::new();
        for (day, change, sold) in [(2, -3, 3), (2, 5, 0), (3, -1, 1), (2, -4, 4), (2, -2, 2)] {
            add_to_last_day(&mut days, Day { on: on(day), change: units(change), sold: units(sold) });
        }
        let figures = |days: &[Day]| -> Vec<(NaiveDate, Quantity, Quantity)> {
            days.iter().map(|day| (day.on, day.change, day.sold)).collect()
        };
        let expected =
            [(on(2), units(2), units(3)), (on(3), units(-1), units(1)), (on(2), units(-6), units(6))];
        assert_eq!(figures(&days), expected);
        // A day that came up twice is one day in the end.
        assert_eq!(figures(&sum_by_day(days)), [(on(2), units(-4), units(9)), (on(3), units(-1), units(1))]);
    }

    #[test]
    fn lines_of_one_order_are_added() {
        let lines = facts(1, 0, &[(2, 5), (1, 3), (2, 4), (3, 1), (2, 1)]).orders;
        let orders: Vec<(u128, Quantity)> =
            sum_by_order(lines).iter().map(|order| (order.order_id.0.as_u128(), order.ordered)).collect();
        assert_eq!(orders, [(1, units(3)), (2, units(10)), (3, units(1))]);
        assert!(sum_by_order(Vec::new()).is_empty());
    }

    #[test]
    fn days_and_orders_that_both_have_are_added() {
        let here = LocationId(Uuid::from_u128(9));
        let pair = |number| (ProductId(Uuid::from_u128(number)), here);
        let mut all = HashMap::from([
            (pair(3), facts(4, 2, &[(1, 5)])),
            (pair(2), facts(2, 3, &[(1, 6), (2, 7)])),
            (pair(1), facts(1, 1, &[])),
        ]);
        let succession = Succession::new([
            (Uuid::from_u128(3), Uuid::from_u128(2)),
            (Uuid::from_u128(2), Uuid::from_u128(1)),
        ]);
        let former = |first: &str| -> HashMap<ProductId, Product> {
            [product(1, first), product(2, "C62")].into_iter().map(|one| (one.id, one)).collect()
        };
        let newest = [product(3, "C62")];
        // The oldest one has another unit.
        let merged = merge(&mut all.clone(), &newest, &former("KGM"), &succession);
        assert_eq!(merged.predecessors[&pair(3)].len(), 1);

        let merged = merge(&mut all, &newest, &former("C62"), &succession);
        let skus: Vec<&str> = merged.predecessors[&pair(3)].iter().map(|one| one.sku.as_str()).collect();
        assert_eq!(skus, ["P2", "P1"]);
        assert_eq!((merged.newest[&pair(1).0], merged.newest[&pair(2).0]), (pair(3).0, pair(3).0));
        let second = &merged.predecessors[&pair(3)][0];
        assert_eq!((second.available, second.demand), (units(8), units(6 + 7 + 3)));
        let sum = &all[&pair(3)];
        assert_eq!((sum.on_hand, sum.available, sum.first_day), (units(30), units(24), Some(on(1))));
        assert_eq!((sum.days.len(), sum.days[0].change, sum.days[0].sold), (1, units(-6), units(6)));
        let orders: Vec<Quantity> = sum.orders.iter().map(|order| order.ordered).collect();
        assert_eq!(orders, [units(11), units(7)]);
        assert_eq!(all[&pair(2)].on_hand, units(10), "its own facts stay");
    }
}
