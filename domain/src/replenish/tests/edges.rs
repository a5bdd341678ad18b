//! Edge cases of the rule, and properties of all its suggestions.

use super::*;

/// Returns the location of the first example.
fn steady(available: i64) -> AtLocation {
    let mut location = location(open(&[70; 8]));
    location.stock.available = units(available);
    location
}

#[test]
fn weeks_end_before_the_latest_review_day() {
    let mut history = DemandHistory::empty(before(3_000));
    history.first_day = Some(before(14));
    history.retail = vec![RetailDemand { on: before(1), sold: units(7), returned: units(0) }];
    let location = location(history);
    let on = |day: NaiveDate| {
        let suggestion =
            suggest(day, std::slice::from_ref(&location), &TransferTimes::new()).expect("no circle");
        assessed(&suggestion[0]).demand.weeks.iter().map(|week| (week.ends, week.demand)).collect::<Vec<_>>()
    };
    let of_week = vec![(before(8), micro("0")), (before(1), micro("7"))];
    assert_eq!((on(today()), on(ahead(6))), (of_week.clone(), of_week));
    assert_eq!(on(ahead(7)).len(), 3);
}

#[test]
fn weeks_that_are_not_known_whole_are_left_out() {
    let mut history = open(&[70; 8]);
    history.known_from = before(20);
    assert_eq!(demands(&suggested(&location(history))), ["70", "70"]);
    let year = suggested(&location(open(&[1; 60])));
    assert_eq!(assessed(&year).demand.weeks.len(), WEEKS_MAX);
}

#[test]
fn returns_lower_the_sale_that_they_name() {
    let mut history = open(&[10, 10]);
    history.retail[0].returned = units(4);
    history.retail[1].returned = units(12);
    history.orders.push(OrderDemand { returned: units(5), ..order(1, before(2), 8) });
    assert_eq!(demands(&suggested(&location(history))), ["6", "3"]);
}

#[test]
fn a_product_that_never_had_stock_has_no_sales_to_go_by() {
    let suggestion = suggested(&location(sold(&[(0, 0), (0, 0)])));
    assert!(suggestion.flags.contains(&Flag::NeverInStock));
    assert_eq!(suggestion.unsuggested, Some(Unsuggested::NoDemand));
    // A day that opened empty and sold something, such as a delivery of that day, is open.
    let mut history = sold(&[(0, 0), (0, 0)]);
    history.retail.push(RetailDemand { on: before(1), sold: units(2), returned: units(0) });
    assert_eq!(demands(&suggested(&location(history))), ["14", "14"]);
}

#[test]
fn the_rate_of_open_days_is_that_of_the_newest_weeks() {
    let mut weeks = vec![(70, 7); 10];
    weeks.extend([(7, 7); 12]);
    weeks.push((0, 0));
    let demands = demands(&suggested(&location(sold(&weeks))));
    assert_eq!((demands[0].as_str(), demands[22].as_str()), ("70", "7"));
    // With fewer than 21 open days in them, all weeks count: 700 units of 90 days.
    let mut weeks = vec![(70, 7); 10];
    weeks.extend([(0, 0); 11]);
    weeks.extend([(0, 7), (0, 7), (0, 6)]);
    let demands = super::demands(&suggested(&location(sold(&weeks))));
    assert_eq!((demands[12].as_str(), demands[23].as_str()), ("54.444444", "7.777778"));
}

#[test]
fn planned_factors_divide_the_past_and_multiply_the_horizon() {
    let factor = |from, to, percent: &str| {
        PlannedFactor::new(from, to, percent.parse::<Percent>().expect("a percentage")).expect("a plan")
    };
    let mut usual = location(open(&[70, 70, 70, 140]));
    let past = factor(before(7), before(1), "200");
    usual.planned = Plan::new(&[past]);
    let suggestion = suggested(&usual);
    assert_eq!(demands(&suggestion), ["70"; 4]);
    assert_eq!(assessed(&suggestion).demand.weeks[3].factor, micro("2"));
    assert_eq!(target(&suggestion).expected, micro("210"));
    usual.planned = Plan::new(&[past, factor(today(), ahead(20), "150")]);
    let promoted = target(&suggested(&usual));
    assert_eq!((promoted.planned, promoted.expected), (micro("1.5"), micro("315")));
    assert_eq!(promoted.economic_lot, target(&suggestion).economic_lot);
}

#[test]
fn stock_below_zero_and_open_orders_count_against_the_position() {
    let mut location = steady(-30);
    location.stock.open_demand = vec![
        OpenDemand { on: before(3), quantity: units(10) },
        OpenDemand { on: ahead(21), quantity: units(5) },
        OpenDemand { on: ahead(22), quantity: units(100) },
    ];
    location.stock.incoming = vec![supply(before(2), 20)];
    let suggestion = suggested(&location);
    let position = assessed(&suggestion).position;
    assert_eq!(
        (position.unreserved, position.incoming, position.total),
        (micro("15"), micro("20"), micro("-25"))
    );
    assert_eq!(bought(&suggestion), micro("655"));
    assert!(suggestion.flags.contains(&Flag::OverdueSupply));
    assert_eq!(suggestion.lasts_days, 0);
}

#[test]
fn the_shelf_life_limits_the_level_that_is_filled_up_to() {
    let mut location = steady(0);
    location.settings.shelf_days = Some(10);
    let limited = target(&suggested(&location));
    assert_eq!((limited.fill_to, limited.reorder_point), (micro("100"), micro("99")));
    assert_eq!(bought(&suggested(&location)), micro("100"));
}

#[test]
fn a_lot_counts_as_far_as_it_will_be_sold_in_time() {
    let mut location = steady(150);
    location.stock.lots = vec![
        ExpiringLot { expires_on: ahead(9), available: units(90) },
        ExpiringLot { expires_on: ahead(4), available: units(60) },
    ];
    let suggestion = suggested(&location);
    // 50 of the first lot are sold in 5 days, and 50 of the second in the 5 days after that.
    let position = assessed(&suggestion).position;
    assert_eq!((position.available, position.expiring), (micro("100"), micro("50")));
    assert!(suggestion.flags.contains(&Flag::Expiring));
}

#[test]
fn a_minimum_that_the_buyer_set_is_reached_below_it_only() {
    let mut location = steady(40);
    location.method = Method::MinMax { min: units(40), max: units(90) };
    assert!(suggested(&location).actions.is_empty());
    location.stock.available = units(39);
    let suggestion = suggested(&location);
    assert_eq!(bought(&suggestion), micro("51"));
    assert_eq!(target(&suggestion).reorder_point, micro("359"));
    location.method = Method::Never;
    assert_eq!(suggested(&location).unsuggested, Some(Unsuggested::Never));
}

#[test]
fn one_customer_and_a_large_pack_are_flagged() {
    let mut location = steady(0);
    location.history.largest_customer = units(336);
    location.size.pack = micro("5000");
    let suggestion = suggested(&location);
    assert_eq!(suggestion.flags, [Flag::OneCustomer, Flag::PackOverHalfYear]);
    location.history.largest_customer = units(335);
    location.size.pack = micro("7");
    assert!(suggested(&location).flags.is_empty());
}

#[test]
fn a_location_is_fed_by_another_which_orders_for_both() {
    let mut store = steady(20);
    (store.location_id, store.code) = (LocationId(Uuid::from_u128(2)), "B".to_owned());
    store.lead_time = LeadTime::of_transfers();
    store.fed_by = Some(LocationId(Uuid::from_u128(1)));
    let warehouse = steady(100);
    let both =
        suggest(today(), &[warehouse.clone(), store.clone()], &TransferTimes::new()).expect("no circle");
    let (of_warehouse, of_store) = (assessed(&both[0]), assessed(&both[1]));
    assert_eq!((of_warehouse.rate.week, of_store.rate.week), (micro("140"), micro("70")));
    assert_eq!(of_warehouse.position.total, micro("120"));
    assert!(bought(&both[0]).is_positive());
    // The store needs more than the warehouse has, and gets no more than that.
    let (from, expected_on) = (warehouse.location_id, ahead(1));
    assert_eq!(both[1].actions, [Action::Transfer { from, quantity: micro("100"), expected_on }]);

    let mut circle = [warehouse, store];
    circle[0].fed_by = Some(circle[1].location_id);
    let refused = suggest(today(), &circle, &TransferTimes::new()).expect_err("a circle");
    assert_eq!(refused, SourceCircle(vec!["A".to_owned(), "B".to_owned()]));
}

#[test]
fn stock_that_expires_at_a_fed_location_is_not_taken_off_what_feeds_it() {
    let mut store = steady(50);
    (store.location_id, store.code) = (LocationId(Uuid::from_u128(2)), "B".to_owned());
    store.lead_time = LeadTime::of_transfers();
    store.fed_by = Some(LocationId(Uuid::from_u128(1)));
    store.stock.lots = vec![ExpiringLot { expires_on: today(), available: units(50) }];
    let warehouse = steady(100);
    let both =
        suggest(today(), &[warehouse.clone(), store.clone()], &TransferTimes::new()).expect("no circle");
    // Both sell 20 a day: 30 of the store expire unsold, and none of the warehouse.
    let of_warehouse = assessed(&both[0]);
    assert_eq!((of_warehouse.position.expiring, of_warehouse.own_expiring), (micro("30"), micro("0")));
    let (from, expected_on) = (warehouse.location_id, ahead(1));
    assert_eq!(both[1].actions, [Action::Transfer { from, quantity: micro("100"), expected_on }]);
}

#[test]
fn transfers_that_arrive_too_late_are_not_taken() {
    let taker = steady(0);
    let mut giver = steady(2_000);
    (giver.location_id, giver.code) = (LocationId(Uuid::from_u128(2)), "B".to_owned());
    let pair = (giver.location_id, taker.location_id);
    let taken = |days: u32| {
        let lead = LeadTime::from_receipts(Some(days), &[], &[]).expect("in range");
        let locations = [taker.clone(), giver.clone()];
        let all = suggest(today(), &locations, &TransferTimes::from([(pair, lead)])).expect("no circle");
        all[0].actions.len() == 1 && matches!(all[0].actions[0], Action::Transfer { .. })
    };
    assert!(taken(21) && !taken(22));
}

#[test]
fn stock_of_a_product_that_is_asleep_is_given_away_whole() {
    let mut giver = location(open(&[0; 26]));
    (giver.location_id, giver.code) = (LocationId(Uuid::from_u128(2)), "B".to_owned());
    giver.stock.available = units(700);
    let all = suggest(today(), &[steady(0), giver], &TransferTimes::new()).expect("no circle");
    assert!(matches!(all[0].actions[..], [Action::Transfer { quantity, .. }] if quantity == micro("630")));
}

#[test]
fn demand_that_is_too_large_gives_no_suggestion() {
    let most: Quantity = "999999999999".parse().expect("a quantity");
    let mut history = open(&[1; 52]);
    for sale in &mut history.retail {
        sale.sold = most;
    }
    let mut location = location(history);
    location.lead_time = LeadTime::from_receipts(Some(4_000), &[], &[]).expect("in range");
    let suggestion = suggested(&location);
    assert_eq!((suggestion.unsuggested, suggestion.assessment), (Some(Unsuggested::TooLarge), None));
    // A hundred million a week is within the range, with a variance of a thousand days.
    let mut location = super::location(open(&[100_000_000; 52]));
    location.lead_time.variance = micro("1000");
    assert_eq!(assessed(&suggested(&location)).rate.week, micro("100000000"));
}

#[test]
fn the_slower_smoothing_follows_later() {
    let weeks: Vec<i64> = [vec![10; 20], vec![20; 5]].concat();
    let mut location = location(open(&weeks));
    let rate = |location: &AtLocation| assessed(&suggested(location)).rate.week;
    let fast = rate(&location);
    location.settings.smoothing = Smoothing::Tenth;
    assert!(rate(&location) < fast && fast < micro("20"));
    assert_eq!((rate(&location), fast), (micro("14.0951"), micro("16.7232")));
}

proptest! {
    /// An order fills up to the level, in whole packs, and never to less than the point. More stock never orders more.
    #[test]
    fn orders_fill_up(
        weeks in prop::collection::vec(0..500_i64, 2..60),
        available in -200..3_000_i64,
        more in 0..500_i64,
        pack in 0..50_u32,
        minimum in 0..100_u32,
        late in 0..500_i64,
    ) {
        let mut location = location(open(&weeks));
        location.stock.available = units(available);
        location.stock.incoming = if late > 0 { vec![supply(ahead(60), late)] } else { Vec::new() };
        location.size = OrderSize { minimum: Micro::whole(minimum), pack: Micro::whole(pack) };
        let suggestion = suggested(&location);
        let ordered = bought(&suggestion);
        if suggestion.unsuggested.is_none() {
            let target = target(&suggestion);
            prop_assert!(target.reorder_point <= target.fill_to && !target.reorder_point.is_zero() | !target.fill_to.is_zero());
            let total = assessed(&suggestion).position.total;
            if ordered.is_positive() {
                let after = total.plus(ordered).expect("in range");
                prop_assert!(total <= target.reorder_point && after >= target.reorder_point);
                prop_assert!(after.plus(units(late).into()).expect("in range") >= target.fill_to);
                prop_assert!(ordered >= Micro::whole(minimum));
                if pack > 0 {
                    prop_assert_eq!(ordered.get() % Micro::whole(pack).get(), 0);
                }
            } else {
                prop_assert!(total > target.reorder_point || total.plus(units(late).into()).expect("in range") >= target.fill_to);
            }
        } else {
            prop_assert!(suggestion.actions.is_empty());
        }
        location.stock.available = units(available + more);
        prop_assert!(bought(&suggested(&location)) <= ordered);
        prop_assert!(!reason(&suggestion, |_| "").is_empty());
    }

    /// Transfers leave every giver at the level that its own orders fill up to, and no unit is given twice.
    #[test]
    fn givers_keep_their_own(stocks in prop::collection::vec((1..200_i64, 0..4_000_i64), 2..6)) {
        let locations: Vec<AtLocation> = stocks.iter().zip(1..).map(|((weekly, available), number)| {
            let mut location = location(open(&[*weekly; 9]));
            location.location_id = LocationId(Uuid::from_u128(number));
            location.code = number.to_string();
            location.stock.available = units(*available);
            location
        }).collect();
        let all = suggest(today(), &locations, &TransferTimes::new()).expect("no circle");
        for (location, own) in locations.iter().zip(&all) {
            let given: i128 = all.iter().flat_map(|suggestion| &suggestion.actions).map(|action| match action {
                Action::Transfer { from, quantity, .. } if *from == location.location_id => quantity.get(),
                Action::Transfer { .. } | Action::Expedite { .. } | Action::Buy { .. } => 0,
            }).sum();
            if given > 0 {
                prop_assert!(own.actions.is_empty());
                prop_assert!(Micro::from(location.stock.available).get() - given >= target(own).fill_to.get());
            }
        }
    }

    /// The order of the recorded facts does not matter.
    #[test]
    fn facts_come_in_any_order(weeks in prop::collection::vec((0..100_i64, 0..=7_u64), 2..30), turn in 0..30_usize) {
        let mut location = location(sold(&weeks));
        location.history.orders = (0..30).map(|number| order(number, before(1 + number as u64), 5 + number as i64)).collect();
        let straight = suggested(&location);
        location.history.retail.reverse();
        location.history.without_stock.reverse();
        location.history.orders.rotate_left(turn);
        prop_assert_eq!(suggested(&location), straight);
    }
}

#[test]
fn stock_of_a_product_that_is_superseded_counts_and_is_not_transferred() {
    let taker = location(open(&[70; 8]));
    let mut giver = location(open(&[0; 30]));
    giver.location_id = LocationId(Uuid::from_u128(2));
    giver.code = "B".to_owned();
    giver.stock = Stock { available: units(100), of_predecessors: units(60), ..Stock::default() };
    let steps = |giver: &AtLocation| {
        let locations = [taker.clone(), giver.clone()];
        let suggestions = suggest(today(), &locations, &TransferTimes::new()).expect("no circle");
        let transfer = suggestions[0].actions.iter().find_map(|action| match action {
            Action::Transfer { quantity, .. } => Some(*quantity),
            Action::Expedite { .. } | Action::Buy { .. } => None,
        });
        (transfer, bought(&suggestions[0]))
    };
    // 630 are needed. The giver needs nothing, and 40 of its 100 are of the product itself.
    assert_eq!(steps(&giver), (Some(micro("40")), micro("590")));
    // Available stock of predecessors below zero does not raise that of the product.
    giver.stock.of_predecessors = units(-60);
    assert_eq!(steps(&giver), (Some(micro("100")), micro("530")));
    // At the location itself both count.
    let mut both = location(open(&[70; 8]));
    both.stock = Stock { available: units(150), of_predecessors: units(150), ..Stock::default() };
    assert_eq!(bought(&suggested(&both)), micro("480"));
}

#[test]
fn a_product_that_is_superseded_is_neither_ordered_nor_transferred() {
    let mut old = location(open(&[70; 8]));
    old.method = Method::Superseded;
    let suggestion = suggested(&old);
    assert_eq!((suggestion.unsuggested, suggestion.order_by), (Some(Unsuggested::Superseded), None));
    assert!(suggestion.actions.is_empty() && assessed(&suggestion).need.is_none());
    let mut taker = location(open(&[70; 8]));
    (taker.location_id, taker.code) = (LocationId(Uuid::from_u128(2)), "B".to_owned());
    old.stock.available = units(5_000);
    let suggestions = suggest(today(), &[old, taker], &TransferTimes::new()).expect("no circle");
    assert_eq!(bought(&suggestions[1]), micro("630"));
}
