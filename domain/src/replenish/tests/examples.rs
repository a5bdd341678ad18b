//! The fourteen worked examples.

use super::*;

/// Returns the location of the first example: eight weeks of 70 units.
fn steady(available: i64) -> AtLocation {
    let mut location = location(open(&[70; 8]));
    location.stock.available = units(available);
    location
}

#[test]
fn example_1_steady_demand() {
    let suggestion = suggested(&steady(150));
    let (assessment, target) = (assessed(&suggestion), target(&suggestion));
    assert_eq!((assessment.rate.week, assessment.rate.spread), (micro("70"), micro("1781.818182")));
    assert_eq!((assessment.lead_time.days, assessment.lead_time.variance), (micro("14"), micro("12.25")));
    assert_eq!((target.horizon, target.expected, target.sd), (micro("21"), micro("210"), micro("81.05834")));
    assert_eq!((target.ratio, target.factor), (micro("0.385992"), micro("1.830057")));
    assert_eq!((target.reorder_point, target.safety), (micro("359"), micro("149")));
    assert_eq!((target.economic_lot, target.fill_to), (micro("270.185121"), micro("630")));
    assert_eq!((assessment.need, bought(&suggestion)), (Some(micro("480")), micro("480")));
    assert_eq!((suggestion.cover_before, suggestion.cover_after), (Some(15), Some(63)));
    assert_eq!(suggestion.order_by, Some(today()));
    assert_eq!(
        reason(&suggestion, |_| ""),
        "Order 480: 150 are here or due within 21 days, 210 will be asked for until a next order could arrive (70 a week), \
         149 are kept for 95 % service, so the point is 359; filled up to 630."
    );
}

#[test]
fn example_2_rate_and_spread_of_uneven_weeks() {
    let rate = assessed(&suggested(&location(open(&[10, 0, 20, 0, 0, 30, 0, 10])))).rate;
    assert_eq!((rate.week, rate.spread), (micro("8.912"), micro("109.56318")));
}

#[test]
fn example_3_days_without_stock_get_the_rate_of_open_days() {
    let weeks = [(14, 7), (14, 7), (4, 2), (0, 0), (14, 7)];
    assert_eq!(demands(&suggested(&location(sold(&weeks)))), ["14"; 5]);
    let as_sold: Vec<i64> = weeks.iter().map(|(sold, _)| *sold).collect();
    assert_eq!(assessed(&suggested(&location(open(&as_sold)))).rate.week, micro("9.2"));
}

#[test]
fn example_4_one_off_orders_count_up_to_the_cap() {
    let sizes: Vec<i64> = [vec![10; 12], vec![12; 6], vec![40, 500]].concat();
    let with = |sizes: &[i64]| {
        let mut history = DemandHistory::empty(before(3_000));
        history.first_day = Some(before(7));
        history.orders =
            sizes.iter().zip(1..).map(|(size, number)| order(number, before(3), *size)).collect();
        let suggestion = suggested(&location(history));
        (assessed(&suggestion).demand.clone(), suggestion.flags)
    };
    let (demand, flags) = with(&sizes);
    assert_eq!(demand.cap, Some(micro("80")));
    let order_id = OrderId(Uuid::from_u128(20));
    assert_eq!(demand.capped, [CappedOrder { order_id, ordered: micro("500"), counted: micro("80") }]);
    assert_eq!(demand.weeks[0].demand, micro("312"));
    assert!(flags.contains(&Flag::LargeOrdersCapped));
    let (demand, flags) = with(&sizes[..19]);
    assert_eq!((demand.cap, demand.weeks[0].demand), (None, micro("232")));
    assert!(demand.capped.is_empty() && !flags.contains(&Flag::LargeOrdersCapped));
}

// Examples 5 and 6 are tests of `lead_time` and `service_level`.

#[test]
fn example_7_lots_follow_the_unit_cost() {
    for (unit_cost, lot) in
        [(Some("2"), "270.185121"), (Some("100"), "140"), (Some("0.01"), "1820"), (None, "280")]
    {
        let mut location = steady(0);
        location.item.unit_cost = unit_cost.map(micro);
        assert_eq!(target(&suggested(&location)).economic_lot, micro(lot), "{unit_cost:?}");
    }
}

#[test]
fn example_8_rare_demand_with_pack_and_minimum() {
    let mut location = location(open(&[0, 0, 48, 0, 12, 0, 0, 96, 0, 0, 24, 0]));
    location.stock.available = units(20);
    location.stock.incoming = vec![supply(ahead(7), 24)];
    location.size = OrderSize { minimum: micro("100"), pack: micro("24") };
    let suggestion = suggested(&location);
    let (assessment, target) = (assessed(&suggestion), target(&suggestion));
    assert_eq!((assessment.rate.week, assessment.rate.spread), (micro("14.220902"), micro("689.929081")));
    assert_eq!(
        (target.expected, target.sd, target.factor),
        (micro("42.662706"), micro("46.047212"), micro("2.001031"))
    );
    assert_eq!((target.reorder_point, target.fill_to), (micro("135"), micro("257")));
    assert_eq!((assessment.need, bought(&suggestion)), (Some(micro("213")), micro("216")));
    assert_eq!((suggestion.cover_before, suggestion.cover_after), (Some(22), Some(128)));
    assert_eq!(assessment.class, DemandClass::Lumpy);
}

#[test]
fn example_9_an_order_that_is_not_due_has_a_day() {
    let suggestion = suggested(&steady(500));
    assert_eq!((assessed(&suggestion).need, suggestion.actions.len()), (None, 0));
    assert_eq!((suggestion.order_by, suggestion.cover_before), (Some(ahead(14)), Some(50)));
    assert_eq!(
        reason(&suggestion, |_| ""),
        "Order nothing before 2011-12-19: 500 are here or due within 21 days, and the point is 359."
    );
}

#[test]
fn example_10_late_supply_is_pulled_forward_and_not_bought_twice() {
    let mut location = steady(150);
    location.stock.incoming = vec![supply(ahead(22), 200)];
    location.size.pack = micro("12");
    let suggestion = suggested(&location);
    assert_eq!(assessed(&suggestion).position.late, micro("200"));
    assert_eq!((assessed(&suggestion).need, bought(&suggestion)), (Some(micro("280")), micro("288")));
    assert_eq!(suggestion.actions[0], Action::Expedite { supply: supply(ahead(22), 200) });
    assert!(suggestion.flags.contains(&Flag::LateSupply));
    assert_eq!(
        reason(&suggestion, |_| ""),
        "Ask for the 200 expected on 2011-12-27 to come earlier and order 288 (24 packs of 12): 150 are here or due within \
         21 days, 210 will be asked for until a next order could arrive (70 a week), 149 are kept for 95 % service, so the \
         point is 359; filled up to 430 (200 more come later) and rounded to the pack."
    );
}

#[test]
fn example_11_own_surplus_comes_first() {
    let of = |number: u128, code: &str, min_max: (i64, i64), available: i64| {
        let mut location = steady(available);
        (location.location_id, location.code) = (LocationId(Uuid::from_u128(number)), code.to_owned());
        location.method = Method::MinMax { min: units(min_max.0), max: units(min_max.1) };
        location
    };
    let transfers = |available: i64| {
        let locations = [
            of(1, "A", (500, 630), available),
            of(2, "B", (10, 50), 150),
            of(3, "C", (10, 50), 230),
            of(4, "D", (10, 50), 50),
        ];
        let suggestion = suggest(today(), &locations, &TransferTimes::new()).expect("no circle").remove(0);
        let code = |id: LocationId| {
            locations
                .iter()
                .find(|location| location.location_id == id)
                .map_or("", |location| location.code.as_str())
        };
        let given: Vec<(String, Micro)> = suggestion
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::Transfer { from, quantity, .. } => Some((code(*from).to_owned(), *quantity)),
                Action::Expedite { .. } | Action::Buy { .. } => None,
            })
            .collect();
        (given, bought(&suggestion), reason(&suggestion, code))
    };
    let given = |c: &str, b: &str| vec![("C".to_owned(), micro(c)), ("B".to_owned(), micro(b))];
    let (transferred, left, why) = transfers(400);
    assert_eq!((transferred, left), (given("180", "50"), Micro::ZERO));
    assert_eq!(
        why,
        "Transfer 180 from C and transfer 50 from B: 400 are here or due within 21 days, below the minimum of 500 that was \
         set; filled up to 630."
    );
    let (transferred, left, _) = transfers(300);
    assert_eq!((transferred, left), (given("180", "100"), micro("50")));
}

#[test]
fn example_12_both_channels() {
    let mut history = sold(&[(10, 7), (12, 7), (6, 4), (0, 0), (5, 3), (10, 7), (12, 7), (11, 7)]);
    // Wholesale 24, 12, 36, 480, 0, 24, 12, 24 in twenty orders, of which 19 are at most 24.
    let orders = [(1, 24), (2, 6), (6, 6), (1, 480), (0, 0), (4, 6), (2, 6), (4, 6)];
    for (week, (count, size)) in (0..).zip(orders) {
        for number in 0..count {
            history.orders.push(order(week * 100 + number, before(56 - 7 * week as u64), size));
        }
    }
    history.returned = vec![Returned { on: before(20), quantity: units(9) }];
    let mut location = location(history);
    location.lead_time = LeadTime::from_receipts(Some(14), &[15, 19, 14], &[]).expect("in range");
    location.stock.available = units(60);
    location.stock.incoming = vec![supply(ahead(7), 48)];
    location.size = OrderSize { minimum: micro("48"), pack: micro("12") };
    let suggestion = suggested(&location);
    let (assessment, target) = (assessed(&suggestion), target(&suggestion));
    assert_eq!(assessment.demand.cap, Some(micro("48")));
    assert_eq!(
        demands(&suggestion),
        [
            "32.858209",
            "23.19403",
            "45.145523",
            "57.018657",
            "10.906716",
            "32.858209",
            "23.19403",
            "33.824627"
        ]
    );
    assert_eq!((assessment.rate.week, assessment.rate.spread), (micro("32.000029"), micro("499.858141")));
    assert_eq!(
        (target.horizon, target.expected, target.sd),
        (micro("22.2"), micro("101.485806"), micro("42.265915"))
    );
    assert_eq!((target.ratio, target.factor), (micro("0.416471"), micro("1.842553")));
    assert_eq!((target.safety, target.reorder_point), (micro("78.514194"), micro("180")));
    assert_eq!((target.economic_lot, target.fill_to), (micro("182.678566"), micro("363")));
    assert_eq!(assessment.need, Some(micro("255")));
    let rounded = Rounded { quantity: micro("264"), minimum: Micro::ZERO, pack: micro("9") };
    let packs = Some(micro("22"));
    assert_eq!(suggestion.actions, [Action::Buy { rounded, packs, expected_on: ahead(16) }]);
    assert_eq!((suggestion.cover_before, suggestion.cover_after), (Some(24), Some(81)));
    assert_eq!(suggestion.flags, [Flag::LargeOrdersCapped]);
    assert_eq!(assessment.class, DemandClass::Smooth);
    assert_eq!(
        reason(&suggestion, |_| ""),
        "Order 264 (22 packs of 12): 108 are here or due within 22 days, 101 will be asked for until a next order could \
         arrive (32 a week), 79 are kept for 95 % service, so the point is 180; filled up to 363 and rounded to the pack."
    );
}

#[test]
fn example_13_a_new_product_takes_an_analogue() {
    let mut new = location(open(&[60, 30]));
    new.analogue = Some(Analogue::stated(micro("20")));
    let suggestion = suggested(&new);
    let (rate, target_of) = (assessed(&suggestion).rate, target(&suggestion));
    assert_eq!((rate.week, rate.spread), (micro("32.5"), micro("935")));
    assert_eq!((target_of.reorder_point, target_of.fill_to), (micro("203"), micro("388")));
    new.history = open(&[]);
    let suggestion = suggested(&new);
    let (rate, target_of) = (assessed(&suggestion).rate, target(&suggestion));
    assert_eq!((rate.week, rate.spread), (micro("20"), micro("400")));
    assert_eq!((target_of.reorder_point, target_of.fill_to), (micro("129"), micro("274")));
    assert_eq!(suggestion.flags, [Flag::FewWeeks, Flag::Analogue]);
}

#[test]
fn a_similar_product_gives_a_share_of_its_rate() {
    let rates = |locations: &[AtLocation]| own_rates(today(), locations).expect("no circle");
    let known = [open(&[40; 8]), open(&[40]), open(&[0; 3])].map(location);
    assert_eq!(rates(&known[..1]), [Some(micro("40"))]);
    assert_eq!((rates(&known[1..2]), rates(&known[2..])), (vec![None], vec![None]));
    let asleep = location(open(&[vec![20; 10], vec![0; 26]].concat()));
    assert_eq!(rates(&[asleep]), [None]);
    // The rate has nothing of a similar product of its own.
    let mut twice = location(open(&[40, 40]));
    twice.analogue = Some(Analogue::stated(micro("400")));
    assert_eq!(rates(&[twice]), [Some(micro("40"))]);

    // Half of 40 is the rate of example 13.
    let half = Analogue::of_product(micro("40"), "50".parse().expect("a percentage")).expect("in range");
    let mut new = location(open(&[60, 30]));
    new.analogue = Some(half);
    let suggestion = suggested(&new);
    assert_eq!(assessed(&suggestion).rate.week, micro("32.5"));
    assert_eq!(assessed(&suggestion).analogue, Some(half));
    let third = Analogue::of_product(micro("10"), "33.3333".parse().expect("a percentage"));
    assert_eq!(third.expect("in range").rate, micro("3.33333"));
}

#[test]
fn the_median_of_the_category_stands_in_until_eight_weeks_are_known() {
    let median = |rates: &[&str]| {
        let rates = rates.iter().map(|rate| micro(rate)).collect();
        Analogue::of_category(rates).expect("in range").map(|analogue| analogue.rate)
    };
    assert_eq!((median(&[]), median(&["7"])), (None, Some(micro("7"))));
    assert_eq!(median(&["90", "10", "20"]), Some(micro("20")));
    assert_eq!(median(&["90", "10", "20", "15"]), Some(micro("17.5")));

    let of_category = Analogue::of_category(vec![micro("20")]).expect("in range");
    let with = |weeks: &[i64]| {
        let mut new = location(open(weeks));
        new.analogue = of_category;
        suggested(&new)
    };
    let none = with(&[]);
    assert_eq!((none.unsuggested, target(&none).reorder_point), (None, micro("129")));
    assert_eq!(assessed(&with(&[60, 30])).rate.week, micro("32.5"));
    let (new, known) = (with(&[70; 7]), with(&[70; 8]));
    assert!(assessed(&new).rate.week < micro("70") && new.flags.contains(&Flag::Analogue));
    assert_eq!((assessed(&known).rate.week, assessed(&known).analogue), (micro("70"), None));
    assert!(!known.flags.contains(&Flag::Analogue));
}

#[test]
fn example_14_asleep_and_returned() {
    let weeks: Vec<i64> = [vec![20; 10], vec![0; 26]].concat();
    let mut asleep = location(open(&weeks));
    asleep.stock.available = units(3);
    let suggestion = suggested(&asleep);
    assert_eq!((suggestion.unsuggested, suggestion.actions.len()), (Some(Unsuggested::Asleep), 0));
    assert_eq!(suggestion.order_by, None);
    assert_eq!(suggested(&location(open(&weeks[..35]))).unsuggested, None);

    let returned = |quantity: i64| {
        let mut history = open(&[10, 0, 30]);
        history.returned = vec![Returned { on: before(1), quantity: units(quantity) }];
        suggested(&location(history))
    };
    assert_eq!(demands(&returned(4)), ["9", "0", "27"]);
    let suggestion = returned(50);
    assert_eq!(demands(&suggestion), ["0", "0", "0"]);
    assert_eq!(suggestion.unsuggested, Some(Unsuggested::ReturnsExceedSales));
    assert!(suggestion.flags.contains(&Flag::ReturnsExceedSales));
}
