//! Tests of the pricing rules, one by one, then against each other.

use chrono::TimeDelta;
use uuid::Uuid;

use super::*;

mod properties;
mod traces;

const PRODUCT: ProductId = ProductId(Uuid::from_u128(1));
const OTHER_PRODUCT: ProductId = ProductId(Uuid::from_u128(2));
const CATEGORY: CategoryId = CategoryId(Uuid::from_u128(10));
const PARENT: CategoryId = CategoryId(Uuid::from_u128(11));
const OTHER_CATEGORY: CategoryId = CategoryId(Uuid::from_u128(12));
const LINEAGE: [CategoryId; 2] = [CATEGORY, PARENT];
const CUSTOMER: PriceListId = PriceListId(Uuid::from_u128(20));
const TIER: PriceListId = PriceListId(Uuid::from_u128(21));
const LOCATION: PriceListId = PriceListId(Uuid::from_u128(22));
const CHANNEL: PriceListId = PriceListId(Uuid::from_u128(23));
/// In order of precedence.
const LISTS: [PriceListId; 4] = [CUSTOMER, TIER, LOCATION, CHANNEL];

fn price(text: &str) -> Price {
    text.parse().expect("a price")
}

fn quantity(text: &str) -> Quantity {
    text.parse().expect("a quantity")
}

fn fixed(text: &str) -> Method {
    Method::Fixed(price(text))
}

fn percent_off(text: &str) -> Method {
    Method::PercentOff(text.parse().expect("a percentage"))
}

fn amount_off(text: &str) -> Method {
    Method::AmountOff(price(text))
}

fn now() -> DateTime<Utc> {
    days(0)
}

/// Returns the instant that many days from now.
fn days(count: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).expect("an instant") + TimeDelta::days(count)
}

fn rule(id: u128, list_id: PriceListId, scope: Scope, method: Method) -> Rule {
    let min_quantity = Quantity::ZERO;
    Rule {
        id: PriceRuleId(Uuid::from_u128(id)),
        list_id,
        scope,
        method,
        min_quantity,
        valid_from: None,
        valid_until: None,
    }
}

fn from_quantity(min_quantity: &str, rule: Rule) -> Rule {
    Rule { min_quantity: quantity(min_quantity), ..rule }
}

fn every_list() -> Lists {
    Lists { customer: Some(CUSTOMER), tier: Some(TIER), channel: vec![LOCATION, CHANNEL] }
}

fn piece(list_price: &str) -> Item<'static> {
    Item {
        product_id: PRODUCT,
        lineage: &LINEAGE,
        list_price: Some(price(list_price)),
        unit_list_price: None,
        factor: Factor::ONE,
    }
}

fn asked(basket_quantity: &str) -> Asked {
    Asked { basket_quantity: quantity(basket_quantity), at: now() }
}

fn find(rules: Vec<Rule>, item: &Item<'_>, asked: &Asked) -> Resolved {
    resolve(&Rules::new(rules), &every_list(), item, asked).expect("a price")
}

/// Returns the unit price and the number of the winning rule, 0 for none.
fn found(rules: Vec<Rule>, item: &Item<'_>, asked: &Asked) -> (String, u128) {
    let resolved = find(rules, item, asked);
    (resolved.unit_price.to_string(), resolved.rule_id.map_or(0, |id| id.0.as_u128()))
}

#[test]
fn a_pays_15_percent_less_for_everything() {
    let rules = vec![rule(1, CUSTOMER, Scope::All, percent_off("15"))];
    let resolved = find(rules, &piece("10.00"), &asked("1"));
    assert_eq!(resolved.unit_price, price("8.50"));
    assert_eq!(resolved.list_price, Some(price("10.00")));
    assert_eq!(resolved.source, Source::CustomerList);
}

#[test]
fn b_pays_20_percent_less_in_one_category_and_list_elsewhere() {
    let rules = vec![rule(1, CUSTOMER, Scope::Category(PARENT), percent_off("20"))];
    assert_eq!(found(rules.clone(), &piece("10.00"), &asked("1")), ("8.00".to_owned(), 1));
    let elsewhere = Item { product_id: OTHER_PRODUCT, lineage: &[OTHER_CATEGORY], ..piece("10.00") };
    let resolved = find(rules, &elsewhere, &asked("1"));
    assert_eq!((resolved.unit_price, resolved.source), (price("10.00"), Source::ListPrice));
    assert_eq!(resolved.trace, None);
}

#[test]
fn c_pays_what_was_agreed_six_months_ago_wherever_list_moves() {
    let agreed =
        Rule { valid_from: Some(days(-182)), ..rule(1, CUSTOMER, Scope::Product(PRODUCT), fixed("8.00")) };
    for list_price in ["10.00", "12.50", "7.00"] {
        assert_eq!(found(vec![agreed], &piece(list_price), &asked("1")), ("8.00".to_owned(), 1));
    }
    let unlisted = Item { list_price: None, ..piece("0") };
    assert_eq!(found(vec![agreed], &unlisted, &asked("1")), ("8.00".to_owned(), 1));
    let earlier = Asked { at: days(-183), ..asked("1") };
    assert_eq!(found(vec![agreed], &piece("10.00"), &earlier), ("10.00".to_owned(), 0));
}

#[test]
fn the_first_list_with_a_rule_that_applies_wins() {
    let mut rules: Vec<Rule> = vec![
        rule(4, CUSTOMER, Scope::All, fixed("9")),
        rule(3, TIER, Scope::Product(PRODUCT), fixed("1")),
        rule(2, LOCATION, Scope::Product(PRODUCT), fixed("2")),
        rule(1, CHANNEL, Scope::Product(PRODUCT), fixed("3")),
    ];
    let expected = [
        ("9.00", Source::CustomerList),
        ("1.00", Source::TierList),
        ("2.00", Source::ChannelList),
        ("3.00", Source::ChannelList),
        ("10.00", Source::ListPrice),
    ];
    for (unit_price, source) in expected {
        let resolved = find(rules.clone(), &piece("10.00"), &asked("1"));
        assert_eq!((resolved.unit_price, resolved.source), (price(unit_price), source));
        if !rules.is_empty() {
            rules.remove(0);
        }
    }
}

#[test]
fn the_narrower_scope_wins_then_the_deepest_break_reached() {
    // The breaks of wider scopes are dearer than the price of the product: they must not take over.
    let sheet = vec![
        rule(1, CUSTOMER, Scope::Product(PRODUCT), fixed("9")),
        from_quantity("10", rule(2, CUSTOMER, Scope::Product(PRODUCT), fixed("8"))),
        from_quantity("100", rule(3, CUSTOMER, Scope::All, percent_off("10"))),
        from_quantity("100", rule(4, CUSTOMER, Scope::Category(PARENT), percent_off("5"))),
        rule(5, CUSTOMER, Scope::Category(CATEGORY), percent_off("3")),
    ];
    for (basket, winner) in [("0", 1), ("9.999999", 1), ("10", 2), ("99", 2), ("100", 2), ("100000", 2)] {
        assert_eq!(found(sheet.clone(), &piece("10.00"), &asked(basket)).1, winner, "{basket}");
    }
    let elsewhere = Item { product_id: OTHER_PRODUCT, ..piece("10.00") };
    assert_eq!(found(sheet.clone(), &elsewhere, &asked("100")).1, 5);
    let parent = Item { lineage: &[PARENT], ..elsewhere };
    for (basket, winner) in [("99", 0), ("100", 4)] {
        assert_eq!(found(sheet.clone(), &parent, &asked(basket)).1, winner, "{basket}");
    }
}

#[test]
fn then_the_later_start_wins_then_the_lower_id() {
    let all = |id| rule(id, TIER, Scope::All, percent_off("5"));
    let started = |id, day| Rule { valid_from: Some(days(day)), ..all(id) };
    assert_eq!(found(vec![all(1), started(9, -2), started(8, -3)], &piece("1"), &asked("1")).1, 9);
    assert_eq!(found(vec![started(7, -2), started(6, -2), all(1)], &piece("1"), &asked("1")).1, 6);
    assert_eq!(found(vec![all(5), all(4)], &piece("1"), &asked("1")).1, 4);
}

#[test]
fn a_rule_applies_from_its_start_until_just_before_its_end() {
    let (from, until) = (now(), days(1));
    let rules = vec![Rule {
        valid_from: Some(from),
        valid_until: Some(until),
        ..rule(1, CUSTOMER, Scope::All, fixed("1"))
    }];
    let moment = TimeDelta::microseconds(1);
    for (at, winner) in [(from - moment, 0), (from, 1), (until - moment, 1), (until, 0)] {
        assert_eq!(found(rules.clone(), &piece("10"), &Asked { at, ..asked("1") }).1, winner, "{at}");
    }
}

#[test]
fn units_scale_prices_per_stock_unit() {
    let case = Item { factor: quantity("12").into(), ..piece("2.50") };
    let priced_case = Item { unit_list_price: Some(price("27.00")), ..case };
    let of = |method, item: &Item<'_>| found(vec![rule(1, TIER, Scope::All, method)], item, &asked("12")).0;
    assert_eq!(found(vec![], &case, &asked("12")).0, "30.00");
    assert_eq!(found(vec![], &priced_case, &asked("12")).0, "27.00");
    assert_eq!(of(percent_off("10"), &case), "27.00");
    assert_eq!(of(percent_off("10"), &priced_case), "24.30");
    assert_eq!(of(amount_off("0.25"), &case), "27.00");
    assert_eq!(of(amount_off("0.25"), &priced_case), "24.00");
    assert_eq!(of(amount_off("2.51"), &case), "0.00");
    assert_eq!(of(fixed("2"), &priced_case), "24.00");
}

#[test]
fn unit_prices_keep_six_decimals_rounded_half_away_from_zero() {
    let gram = Item { factor: quantity("0.001").into(), ..piece("3.4705") };
    assert_eq!(found(vec![], &gram, &asked("1")).0, "0.003471");
    let rules = vec![rule(1, TIER, Scope::All, percent_off("33.333333"))];
    let resolved = find(rules, &piece("0.99"), &asked("1"));
    assert_eq!(resolved.unit_price, price("0.66"));
    let rounding = resolved.trace.expect("a trace").rounding.expect("a rounding");
    assert_eq!((rounding.decimals, rounding.unrounded.as_str()), (6, "0.6600000033"));
}

#[test]
fn a_missing_price_is_missing_and_zero_is_a_price() {
    let unlisted = Item { list_price: None, ..piece("0") };
    let reductions =
        vec![rule(1, CUSTOMER, Scope::All, percent_off("15")), rule(2, TIER, Scope::All, amount_off("1"))];
    let rules = Rules::new(reductions.clone());
    let missing = Err(Missing { product_id: PRODUCT });
    assert_eq!(resolve(&rules, &every_list(), &unlisted, &asked("1")), missing);
    let trace = explain(&rules, &every_list(), &unlisted, &asked("1"));
    assert_eq!((trace.winner, trace.price), (None, None));
    assert!(
        trace
            .losers
            .iter()
            .all(|loser| loser.lost == Lost::NoListPrice && loser.candidate.unit_price.is_none())
    );
    assert_eq!(trace.losers.len(), 2);

    assert_eq!(found(vec![], &piece("0"), &asked("1")).0, "0.00");
    assert_eq!(
        found(vec![rule(1, TIER, Scope::All, fixed("0"))], &piece("5"), &asked("1")),
        ("0.00".to_owned(), 1)
    );
    // A rule that can't apply gives way to a list with lower precedence.
    let mut with_sheet = reductions;
    with_sheet.push(rule(3, CHANNEL, Scope::All, fixed("4")));
    assert_eq!(found(with_sheet, &unlisted, &asked("1")), ("4.00".to_owned(), 3));
    let priced_unit = Item { unit_list_price: Some(price("20")), ..unlisted };
    assert_eq!(
        found(vec![rule(1, TIER, Scope::All, percent_off("15"))], &priced_unit, &asked("1")).0,
        "17.00"
    );
}

#[test]
fn names_are_stable() {
    assert_eq!("channel_list".parse::<Source>(), Ok(Source::ChannelList));
    assert_eq!(<&'static str>::from(Source::ListPrice), "list_price");
    assert_eq!(<&'static str>::from(percent_off("1")), "percent_off");
    let shown = serde_json::to_value(rule(1, TIER, Scope::All, percent_off("15"))).expect("json");
    assert_eq!(shown["scope"], serde_json::json!({"kind": "all"}));
    assert_eq!(shown["method"], serde_json::json!({"kind": "percent_off", "value": "15"}));
    let lost = serde_json::to_value(Lost::ThresholdNotReached { needs_more: Quantity::ONE }).expect("json");
    assert_eq!(lost, serde_json::json!({"reason": "threshold_not_reached", "needs_more": "1"}));
}
