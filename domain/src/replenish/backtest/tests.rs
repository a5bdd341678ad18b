//! Simulations small enough to follow by hand.

use chrono::{Days, NaiveDate, Weekday};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::OrderId;
use crate::number::{Percent, Quantity};
use crate::replenish::micro::tests::micro;
use crate::replenish::{
    DayRange, DemandClass, DemandHistory, Item, LeadTime, Micro, OrderDemand, OrderSize, Plan, PlannedFactor,
    RetailDemand, Returned, ServiceLevel, Settings,
};

/// Monday, 3 October 2011: the first day that is simulated.
fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2011, 10, 3).expect("a day")
}

fn day(number: i64) -> NaiveDate {
    first() + chrono::TimeDelta::days(number)
}

fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

fn window(days: i64) -> Window {
    Window { start: first(), from: first(), to: day(days - 1) }
}

/// Returns a product without demand: lead time 14 days, cost 2, price 5, and nothing on hand.
fn past() -> Past {
    Past {
        history: DemandHistory::empty(day(-200)),
        planned: Plan::default(),
        analogue: None,
        lead_time: LeadTime::from_receipts(Some(14), &[], &[]).expect("in range"),
        arrival_days: None,
        review_weekday: Weekday::Mon,
        settings: Settings::default(),
        item: Item { step: Micro::ONE, unit_cost: Some(micro("2")) },
        size: OrderSize::default(),
        price: micro("5"),
        opening: units(0),
        backordered: units(0),
        incoming: Vec::new(),
    }
}

fn order(on: NaiveDate, ordered: i64) -> OrderDemand {
    OrderDemand { order_id: OrderId(Uuid::from_u128(1)), on, ordered: units(ordered), returned: units(0) }
}

fn sale(on: NaiveDate, sold: i64) -> RetailDemand {
    RetailDemand { on, sold: units(sold), returned: units(0) }
}

/// Returns a product of which tills sell ten a day, from 70 days before the first day on.
fn steady() -> Past {
    let mut past = past();
    past.history.first_day = Some(day(-70));
    past.history.retail = (-70..200).map(|number| sale(day(number), 10)).collect();
    past
}

const MIN_MAX: Policy = Policy::MinMax { average_days: Some(90), safety_days: 14 };

fn tally(past: &Past, policy: Policy, window: &Window) -> Tally {
    simulate(past, policy, window).expect("in range")
}

#[test]
fn tills_get_their_share_of_what_is_short_and_orders_wait() {
    let mut past = past();
    past.history.first_day = Some(first());
    past.history.orders = vec![order(first(), 12)];
    past.history.retail = vec![sale(first(), 8)];
    past.opening = units(10);
    let tally = tally(&past, MIN_MAX, &window(1));
    assert_eq!((tally.retail.demanded, tally.retail.served), (micro("8"), micro("4")));
    assert_eq!((tally.wholesale.demanded, tally.wholesale.served), (micro("12"), micro("6")));
    assert_eq!((tally.lost, tally.backordered), (micro("20"), micro("6")));
    assert_eq!((tally.demand_days, tally.served_days, tally.empty_days), (1, 0, 1));
    assert_eq!(tally.fill_rate(), Ok(Some(micro("0.5"))));
}

#[test]
fn supply_fills_backorders_before_the_day_opens() {
    let mut past = past();
    past.history.first_day = Some(first());
    past.history.orders = vec![order(first(), 12)];
    past.history.retail = vec![sale(day(2), 5)];
    past.history.returned = vec![Returned { on: day(1), quantity: units(1) }];
    past.opening = units(10);
    past.incoming = vec![(day(2), units(6))];
    let tally = tally(&past, MIN_MAX, &window(3));
    // One unit comes back on the second day. Six arrive on the third, and two of the seven go to the order.
    assert_eq!((tally.retail.served, tally.wholesale.served), (micro("5"), micro("10")));
    assert_eq!((tally.backordered, tally.lost), (micro("2"), micro("0")));
    // Nothing, one unit, nothing: at a cost of two.
    assert_eq!((tally.stock_value, tally.empty_days), (micro("2"), 2));
}

#[test]
fn minimum_and_maximum_are_days_of_the_average() {
    // 10 a day: ordered at 10 × (14 + 7 + 14) = 350, up to 630. On the first Monday 349 are there.
    let mut past = steady();
    past.opening = units(349);
    let once = tally(&past, MIN_MAX, &window(7));
    assert_eq!((once.order_lines, once.bought), (1, micro("281")));
    past.opening = units(351);
    assert_eq!(tally(&past, MIN_MAX, &window(7)).order_lines, 0);
    // 281 are left on the second Monday.
    assert_eq!(tally(&past, MIN_MAX, &window(8)).bought, micro("349"));
    past.size.pack = micro("100");
    assert_eq!(tally(&past, MIN_MAX, &window(8)).bought, micro("400"));
}

#[test]
fn figures_that_are_set_once_do_not_follow_demand() {
    let mut past = steady();
    for sale in past.history.retail.iter_mut().filter(|sale| sale.on >= first()) {
        sale.sold = units(40);
    }
    past.opening = units(2_000);
    let of = |average_days| tally(&past, Policy::MinMax { average_days, safety_days: 14 }, &window(63));
    let (once, weekly) = (of(None), of(Some(90)));
    assert!(once.retail.served < weekly.retail.served && weekly.retail.served <= weekly.retail.demanded);
}

#[test]
fn the_rule_serves_steady_demand_and_the_run_in_is_not_counted() {
    let mut past = steady();
    past.opening = units(400);
    let window = Window { start: first(), from: day(28), to: day(117) };
    let tally = tally(&past, Policy::Rule(ServiceLevel::P95), &window);
    assert_eq!(tally.fill_rate(), Ok(Some(Micro::ONE)));
    assert_eq!((tally.demand_days, tally.served_days, tally.location_days), (90, 90, 90));
    assert_eq!((tally.retail.demanded, tally.empty_days), (micro("900"), 0));
    assert_eq!(class_of(&past, &window), Ok(DemandClass::Smooth));
}

#[test]
fn supply_comes_after_the_lead_time_or_after_that_of_the_window() {
    let mut past = steady();
    let served = |past: &Past| tally(past, Policy::Rule(ServiceLevel::P95), &window(28)).retail.served;
    assert_eq!(served(&past), micro("140"));
    past.arrival_days = Some(20);
    assert_eq!(served(&past), micro("80"));
    past.arrival_days = Some(28);
    let tally = tally(&past, Policy::Rule(ServiceLevel::P95), &window(28));
    assert_eq!((tally.retail.served, tally.lost), (Micro::ZERO, micro("1400")));
    // Sales that were lost are estimated by the rule, so the rate stays, and nothing is ordered twice.
    assert_eq!(tally.order_lines, 1);
}

#[test]
fn sales_of_days_that_were_really_empty_are_estimated() {
    let mut past = steady();
    past.history.retail.retain(|sale| sale.on < day(-10) || sale.on >= day(4));
    past.history.without_stock = vec![DayRange { from: day(-10), to: day(3) }];
    past.opening = units(1_000);
    let window = Window { start: day(-10), from: first(), to: day(9) };
    let happened = Happened {
        closing: vec![(day(-11), units(0)), (day(3), units(80))],
        bought: vec![(day(-20), units(500)), (day(1), units(80))],
        backordered: Vec::new(),
    };
    let really = really_happened(&past, &happened, &window).expect("in range");
    assert_eq!((really.retail.demanded, really.retail.served), (micro("100"), micro("60")));
    assert_eq!((really.lost, really.empty_days), (micro("200"), 3));
    assert_eq!((really.order_lines, really.bought), (1, micro("80")));
    // 80 units at a cost of two, on seven of ten days.
    assert_eq!(really.average_stock(10), Ok(micro("112")));
    let tally = tally(&past, Policy::Rule(ServiceLevel::P95), &window);
    assert_eq!((tally.retail.demanded, tally.retail.served), (micro("100"), micro("100")));
}

#[test]
fn the_fair_comparison_never_has_less_stock() {
    let found = |of_rule: &str| equal_stock_days(micro(of_rule), |days| Ok(Micro::whole(100 + days * 10)));
    let days = |safety_days, is_out_of_reach| Ok(EqualStock { safety_days, is_out_of_reach });
    assert_eq!((found("100"), found("101"), found("240")), (days(0, false), days(1, false), days(14, false)));
    assert_eq!(
        (found("399"), found("400"), found("401")),
        (days(30, false), days(30, false), days(31, false))
    );
    assert_eq!(found("99999"), days(730, true));
}

#[test]
fn the_table_has_a_column_for_each_policy() {
    let mut past = steady();
    past.opening = units(400);
    let one = columns(&past, &Happened::default(), &window(90), 20).expect("in range");
    assert_eq!(one.rule, one.services[2]);
    assert!(one.services[0].stock_value < one.services[4].stock_value);
    assert!(one.min_max.stock_value < one.equal_stock.stock_value);
    let report = report([&one, &one]).expect("in range");
    assert_eq!(report.rule.retail.demanded, micro("1800"));
    assert_eq!((report.better, report.equal, report.worse), (0, 2, 0));
}

#[test]
fn a_back_test_says_why_it_may_mislead() {
    let mut past = steady();
    past.opening = units(400);
    let known = Evidence { receipts: 5, is_changed: false };
    let reasons = |past: &Past, days: i64, evidence| {
        let rule = tally(past, Policy::Rule(ServiceLevel::P95), &window(days));
        distrust(past, &window(days), &rule, evidence).expect("in range")
    };
    assert!(reasons(&past, 90, known).is_empty());
    assert_eq!(reasons(&past, 55, known), [Distrust::FewDays, Distrust::OpeningStock]);
    let unknown = Evidence { receipts: 4, is_changed: true };
    let factor = PlannedFactor::new(day(89), day(200), Percent::new(150.into())).expect("a plan");
    past.planned = Plan::new(&[factor]);
    past.history.largest_customer = units(1_620);
    let expected = [Distrust::Planned, Distrust::FewReceipts, Distrust::OneCustomer, Distrust::Changed];
    assert_eq!(reasons(&past, 90, unknown), expected);
    past = steady();
    past.history.retail.retain(|sale| sale.on < first() || sale.on >= day(70));
    past.history.without_stock = vec![DayRange { from: first(), to: day(69) }];
    assert_eq!(reasons(&past, 90, known), [Distrust::MostlyEstimated]);
    past.history.without_stock.clear();
    assert_eq!(reasons(&past, 90, known), [Distrust::FewDemandDays]);
}

proptest! {
    /// Units that are asked for are served, lost or backordered under each policy; and there is no chance in it.
    #[test]
    fn demand_is_conserved(
        sales in prop::collection::vec((-90..120_i64, 1..40_i64), 0..60),
        orders in prop::collection::vec((-90..120_i64, 1..200_i64), 0..40),
        opening in 0..500_i64,
        owed in 0..50_i64,
    ) {
        let mut past = past();
        past.history.first_day = sales.iter().chain(&orders).map(|(on, _)| day(*on)).min();
        past.history.retail = sales.iter().map(|(on, sold)| sale(day(*on), *sold)).collect();
        past.history.orders = orders.iter().map(|(on, ordered)| order(day(*on), *ordered)).collect();
        (past.opening, past.backordered) = (units(opening), units(owed));
        for policy in [Policy::Rule(ServiceLevel::P98), MIN_MAX] {
            let tally = tally(&past, policy, &window(100));
            let lost = tally.retail.demanded.minus(tally.retail.served).expect("in range");
            prop_assert_eq!(tally.lost.get(), lost.get() * 5);
            prop_assert_eq!(tally.backordered, tally.wholesale.demanded.minus(tally.wholesale.served).expect("in range"));
            prop_assert!(tally.served_days <= tally.demand_days && tally.demand_days <= tally.location_days);
            let within = |on: &i64| (0..100).contains(on);
            let sold: i64 = sales.iter().filter(|(on, _)| within(on)).map(|(_, sold)| sold).sum();
            prop_assert_eq!(tally.retail.demanded, Micro::from(units(sold)));
            prop_assert_eq!(simulate(&past, policy, &window(100)), Ok(tally));
        }
    }
}

#[test]
fn days_are_counted_from_the_first_to_the_last() {
    assert_eq!(window(90).days(), 90);
    assert_eq!(first() + Days::new(89), window(90).to);
}
