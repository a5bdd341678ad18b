//! The replenishment rule and its back-test on a real year of trade, with the figures that they must have.
//!
//! The scenario has no chance in it: goods come on the 17th day after the order, and orders are made on Mondays from 2 May 2011
//! on. The data have no costs and no stock, so a unit costs half of its mean price, and the opening stock is 45 days of sales.
//! Without the data set, which is not part of the sources, the tests say so and check nothing.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::thread;

use chrono::{Days, NaiveDate, Weekday};
use domain::id::LocationId;
use domain::number::Quantity;
use domain::replenish::backtest::{
    EqualStock, Past, Policy, Tally, Window, class_of, equal_stock_days, simulate,
};
use domain::replenish::{
    AtLocation, DemandClass, LeadTime, Method, Micro, OrderSize, Plan, ServiceLevel, Settings, Stock, Target,
    TransferTimes, suggest,
};
use rust_decimal::Decimal;

mod plain;
mod trade;

use trade::Product;

/// Stated lead time in days.
const LEAD_DAYS: u32 = 17;

/// First simulated day: Monday, 2 May 2011. Days are counted from 1 December 2010.
const START: u64 = 152;

/// Friday, 1 July 2011.
const FROM: u64 = 212;

/// First of the last ninety days.
const LAST_90: u64 = 284;

/// Friday, 9 December 2011.
const TO: u64 = 373;

fn day(number: u64) -> NaiveDate {
    trade::first_day() + Days::new(number)
}

/// Returns the products of the data set. If it is not here, returns nothing, and says which test checks nothing: past the test runner,
/// which shows no output of a test that passes.
fn products(test: &str) -> Option<&'static [Product]> {
    static PRODUCTS: OnceLock<Option<Vec<Product>>> = OnceLock::new();
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/online_retail.csv.zst"));
    let products = PRODUCTS.get_or_init(|| path.is_file().then(|| trade::read(&path))).as_deref();
    if products.is_none() {
        let skipped = format!("skipped: {test} needs the data set {}, which is not here\n", path.display());
        std::io::stderr().write_all(skipped.as_bytes()).expect("the terminal takes a line");
    }
    products
}

/// Returns a product as the back-test sees it.
fn past(product: &Product) -> Past {
    Past {
        history: product.history(TO + 1),
        planned: Plan::default(),
        analogue: None,
        lead_time: lead_time(),
        arrival_days: Some(LEAD_DAYS),
        review_weekday: Weekday::Mon,
        settings: Settings::default(),
        item: product.item(),
        size: OrderSize::default(),
        price: Micro::ZERO,
        opening: Quantity::new(Decimal::from(product.opening())),
        backordered: Quantity::ZERO,
        incoming: Vec::new(),
    }
}

fn lead_time() -> LeadTime {
    LeadTime::from_receipts(Some(LEAD_DAYS), &[], &[]).expect("in range")
}

fn window(from: u64) -> Window {
    Window { start: day(START), from: day(from), to: day(TO) }
}

fn rule(service: ServiceLevel) -> Policy {
    Policy::Rule(service)
}

/// Returns minimum and maximum of the last 90 days, recomputed weekly.
fn weekly(safety_days: u32) -> Policy {
    Policy::MinMax { average_days: Some(90), safety_days }
}

/// Returns minimum and maximum of all days before the first simulated one.
fn set_once(safety_days: u32) -> Policy {
    Policy::MinMax { average_days: None, safety_days }
}

/// Runs a policy for each product.
fn run(pasts: &[Past], policy: Policy, from: u64) -> Vec<Tally> {
    pasts.iter().map(|past| simulate(past, policy, &window(from)).expect("in range")).collect()
}

/// Adds the figures of products.
fn sum<'tallies>(tallies: impl IntoIterator<Item = &'tallies Tally>) -> Tally {
    let mut sum = Tally::default();
    for tally in tallies {
        sum.add(tally).expect("in range");
    }
    sum
}

/// Returns the figures as they are published: shares with four decimals, stock in pounds, order lines.
fn figures(tally: &Tally, from: u64) -> (String, String, String, i64, u64) {
    let share = |share: Result<Option<Micro>, _>| {
        let share = share.expect("in range").and_then(Micro::decimal).expect("a share");
        format!("{:.4}", domain::number::round(share, 4))
    };
    let stock = tally.average_stock(window(from).days()).expect("in range").nearest();
    (
        share(tally.fill_rate()),
        share(tally.days_served()),
        share(tally.days_empty()),
        stock,
        tally.order_lines,
    )
}

/// Shares of units, of days served and of days empty, average stock, and order lines.
type Figures = (&'static str, &'static str, &'static str, i64, u64);

#[track_caller]
fn check(tally: &Tally, from: u64, expected: Figures, case: &str) {
    let (fill, days, empty, stock, lines) = figures(tally, from);
    assert_eq!((fill.as_str(), days.as_str(), empty.as_str(), stock, lines), expected, "{case}");
}

#[test]
fn the_scenario_has_the_published_extent() {
    let Some(products) = products("the_scenario_has_the_published_extent") else { return };
    assert_eq!(products.len(), 3_103);
    let units = |from: u64, to: u64| products.iter().map(|product| product.units(from, to)).sum::<u64>();
    assert_eq!((units(0, START), units(START, TO + 1)), (1_620_360, 2_861_154));
    assert_eq!(products.iter().map(|product| product.cost_pence).sum::<u64>(), 564_945);
}

#[test]
fn every_policy_has_its_published_figures() {
    let Some(products) = products("every_policy_has_its_published_figures") else { return };
    let pasts: Vec<Past> = products.iter().map(past).collect();
    let expected: [(Policy, u64, Figures); 12] = [
        (rule(ServiceLevel::P95), FROM, ("0.8835", "0.9372", "0.0285", 642_714, 4_760)),
        (weekly(14), FROM, ("0.8012", "0.8466", "0.0970", 452_248, 9_096)),
        (weekly(29), FROM, ("0.8647", "0.8990", "0.0659", 638_364, 9_173)),
        (weekly(30), FROM, ("0.8676", "0.9017", "0.0641", 650_804, 9_213)),
        (set_once(14), FROM, ("0.6814", "0.7661", "0.1345", 347_485, 11_840)),
        (set_once(44), FROM, ("0.7815", "0.8501", "0.0863", 640_307, 11_918)),
        (rule(ServiceLevel::P80), FROM, ("0.8172", "0.8964", "0.0477", 483_932, 4_812)),
        (rule(ServiceLevel::P90), FROM, ("0.8552", "0.9207", "0.0357", 561_474, 4_829)),
        (rule(ServiceLevel::P98), FROM, ("0.9105", "0.9516", "0.0220", 749_151, 4_710)),
        (rule(ServiceLevel::P99), FROM, ("0.9230", "0.9587", "0.0187", 833_370, 4_664)),
        (weekly(29), LAST_90, ("0.8374", "0.8837", "0.0727", 658_556, 5_794)),
        (rule(ServiceLevel::P95), LAST_90, ("0.8597", "0.9263", "0.0322", 653_007, 3_025)),
    ];
    let tallies: Vec<Vec<Tally>> = thread::scope(|scope| {
        let pasts = &pasts;
        let start = |(policy, from, _): &(Policy, u64, Figures)| {
            let (policy, from) = (*policy, *from);
            scope.spawn(move || run(pasts, policy, from))
        };
        let running: Vec<_> = expected.iter().map(start).collect();
        running.into_iter().map(|thread| thread.join().expect("a policy runs")).collect()
    });
    for ((policy, from, figures), tallies) in expected.iter().zip(&tallies) {
        check(&sum(tallies), *from, *figures, &format!("{policy:?}"));
    }
    check_classes(&pasts, [&tallies[0], &tallies[1], &tallies[2]]);

    // Thirty safety days are the fewest with at least the stock of the rule.
    let [of_rule, of_29, of_30] = [0, 2, 3].map(|policy| sum(&tallies[policy]).stock_value);
    let found = equal_stock_days(of_rule, |days| match days {
        30.. => Ok(of_30),
        29 => Ok(of_29),
        _ => Ok(Micro::ZERO),
    });
    assert_eq!(found, Ok(EqualStock { safety_days: 30, is_out_of_reach: false }));
}

/// Checks the figures by class: of the rule, and of minimum and maximum with 14 and with 29 safety days.
fn check_classes(pasts: &[Past], [rule, weekly_14, weekly_29]: [&[Tally]; 3]) {
    let classes: Vec<DemandClass> =
        pasts.iter().map(|past| class_of(past, &window(FROM)).expect("in range")).collect();
    let of = |class: DemandClass, tallies: &[Tally]| {
        sum(tallies.iter().zip(&classes).filter(|(_, of)| **of == class).map(|(tally, _)| tally))
    };
    let expected: [(DemandClass, usize, &[Tally], Figures, Figures); 4] = [
        (
            DemandClass::Smooth,
            190,
            weekly_14,
            ("0.9365", "0.9474", "0.0428", 89_730, 796),
            ("0.9434", "0.9649", "0.0266", 89_843, 644),
        ),
        (
            DemandClass::Erratic,
            896,
            weekly_29,
            ("0.9294", "0.9514", "0.0357", 359_684, 3_259),
            ("0.9072", "0.9521", "0.0307", 302_758, 2_044),
        ),
        (
            DemandClass::Intermittent,
            534,
            weekly_29,
            ("0.7259", "0.7977", "0.0840", 20_869, 1_100),
            ("0.8692", "0.9360", "0.0183", 41_770, 399),
        ),
        (
            DemandClass::Lumpy,
            1_334,
            weekly_29,
            ("0.6545", "0.7756", "0.0870", 126_493, 3_957),
            ("0.7881", "0.8949", "0.0321", 206_111, 1_618),
        ),
    ];
    for (class, products, weekly, min_max, of_rule) in expected {
        assert_eq!(classes.iter().filter(|of| **of == class).count(), products, "{class:?}");
        check(&of(class, weekly), FROM, min_max, &format!("{class:?}, minimum and maximum"));
        check(&of(class, rule), FROM, of_rule, &format!("{class:?}, the rule"));
    }
}

/// Returns the target of a product on a Monday, with demand as it was recorded.
fn target(product: &Product, monday: u64) -> Option<Target> {
    let location = AtLocation {
        location_id: LocationId::default(),
        code: String::new(),
        history: product.history(monday),
        planned: Plan::default(),
        season: None,
        analogue: None,
        lead_time: lead_time(),
        review_weekday: Weekday::Mon,
        settings: Settings::default(),
        item: product.item(),
        method: Method::Computed,
        size: OrderSize::default(),
        stock: Stock::default(),
        fed_by: None,
    };
    let suggestions = suggest(day(monday), std::slice::from_ref(&location), &TransferTimes::new());
    let suggestion = suggestions.expect("no circle").remove(0);
    let is_suggested = suggestion.unsuggested.is_none();
    suggestion.assessment.expect("in range").target.filter(|_| is_suggested)
}

#[test]
fn products_have_their_published_points() {
    let Some(products) = products("products_have_their_published_points") else { return };
    for (code, pence, point, fill_to) in [
        ("85123A", 137, 3_169, 4_382),
        ("22423", 636, 1_068, 1_462),
        ("84077", 12, 4_957, 8_905),
        ("20713", 96, 1_502, 2_217),
        ("90214A", 43, 19, 84),
    ] {
        let product = products.iter().find(|product| product.code == code).expect("a product");
        let target = target(product, 369).expect("demand");
        assert_eq!(product.cost_pence, pence, "{code}");
        assert_eq!(
            (target.reorder_point, target.fill_to),
            (Micro::whole(point), Micro::whole(fill_to)),
            "{code}"
        );
    }
}

#[test]
fn a_plain_computation_has_the_same_points_for_every_product() {
    let Some(products) = products("a_plain_computation_has_the_same_points_for_every_product") else {
        return;
    };
    for monday in [166, 257, 369] {
        let mut compared = 0;
        for product in products.iter().filter(|product| product.first < monday) {
            let found = target(product, monday)
                .map(|target| (target.reorder_point.decimal(), target.fill_to.decimal()));
            let plain = plain::point_and_level(product, monday);
            let plain = plain.map(|(point, level)| (Some(point), Some(level)));
            assert_eq!(found, plain, "{} on day {monday}", product.code);
            compared += usize::from(plain.is_some());
        }
        assert!(compared > 2_000, "{compared} products on day {monday}");
    }
}
