//! Tests of price traces.

use super::*;

/// Returns a rule by which the product costs 8 from ten units on, since yesterday.
fn sheet() -> Rule {
    let agreed = rule(1, CUSTOMER, Scope::Product(PRODUCT), fixed("8"));
    Rule { valid_from: Some(days(-1)), ..from_quantity("10", agreed) }
}

fn like_the_sheet(id: u128) -> Rule {
    Rule { id: PriceRuleId(Uuid::from_u128(id)), ..sheet() }
}

/// Returns the reason why each rule loses to the sheet for twelve units, by its number; 0 is the list price.
fn lost_to_the_sheet(mut rules: Vec<Rule>) -> Vec<(u128, Lost)> {
    rules.push(sheet());
    let trace = explain(&Rules::new(rules), &every_list(), &piece("10.00"), &asked("12"));
    assert_eq!(trace.winner.and_then(|winner| winner.rule), Some(sheet()));
    let number = |loser: &Loser| loser.candidate.rule.map_or(0, |rule| rule.id.0.as_u128());
    let mut lost: Vec<(u128, Lost)> = trace.losers.iter().map(|loser| (number(loser), loser.lost)).collect();
    lost.sort_by_key(|(number, _)| *number);
    lost
}

#[test]
fn a_rule_that_does_not_apply_hears_why() {
    let lost = lost_to_the_sheet(vec![
        Rule { valid_from: Some(days(1)), ..like_the_sheet(2) },
        Rule { valid_until: Some(now()), ..like_the_sheet(3) },
        from_quantity("15.5", like_the_sheet(4)),
        Rule { scope: Scope::Product(OTHER_PRODUCT), ..like_the_sheet(5) },
    ]);
    let expected = [
        (0, Lost::LowerPrecedence),
        (2, Lost::NotYetValid { valid_from: days(1) }),
        (3, Lost::Expired { valid_until: now() }),
        (4, Lost::ThresholdNotReached { needs_more: quantity("3.5") }),
    ];
    assert_eq!(lost, expected);
}

#[test]
fn a_rule_that_is_beaten_hears_why() {
    let lost = lost_to_the_sheet(vec![
        from_quantity("9", like_the_sheet(2)),
        Rule { scope: Scope::All, ..like_the_sheet(3) },
        Rule { valid_from: None, ..like_the_sheet(4) },
        like_the_sheet(5),
        Rule { list_id: TIER, ..like_the_sheet(6) },
    ]);
    let expected = [
        (0, Lost::LowerPrecedence),
        (2, Lost::ShallowerBreak { winner_min_quantity: quantity("10") }),
        (3, Lost::WiderScope),
        (4, Lost::EarlierStart),
        (5, Lost::HigherRuleId),
        (6, Lost::LowerPrecedence),
    ];
    assert_eq!(lost, expected);
}

#[test]
fn a_list_that_is_named_twice_counts_once() {
    let rules =
        Rules::new(vec![rule(1, TIER, Scope::All, fixed("1")), rule(2, TIER, Scope::All, fixed("2"))]);
    let lists = Lists { customer: Some(TIER), tier: Some(TIER), channel: vec![TIER] };
    let trace = explain(&rules, &lists, &piece("10"), &asked("1"));
    assert_eq!(trace.winner.map(|winner| winner.source), Some(Source::CustomerList));
    assert_eq!(trace.losers.len(), 2);
}

#[test]
fn the_stored_trace_is_small_and_says_it_all() {
    let case = Item { factor: quantity("12").into(), ..piece("2.50") };
    assert_eq!(stored_trace(&find(vec![], &case, &asked("1"))), None);
    let resolved = find(vec![rule(1, TIER, Scope::All, amount_off("0.50"))], &case, &asked("12"));
    let by = Override { who: "Mia".to_owned(), reason: "matches a competitor".to_owned() };
    let overridden = override_price(Ok(resolved.clone()), &case, price("20"), by);
    assert_eq!(
        (overridden.unit_price, overridden.source, overridden.rule_id),
        (price("20"), Source::Override, None)
    );
    let stored = stored_trace(&overridden).expect("a trace");
    let expected = serde_json::json!({
        "resolver_version": 2,
        "rule_id": PriceRuleId(Uuid::from_u128(1)).to_string(),
        "list_id": TIER.to_string(),
        "list_price": "30.00",
        "base": "30.00",
        "steps": [
            {"method": "list_price", "value": "2.50", "factor": "12", "after": "30.00"},
            {"method": "amount_off", "value": "0.50", "factor": "12", "before": "30.00", "after": "24.00"},
            {"method": "override", "value": "20.00", "before": "24.00", "after": "20.00"},
        ],
        "override": {"who": "Mia", "reason": "matches a competitor"},
    });
    assert_eq!(stored, expected);
    let read: PriceTrace = serde_json::from_value(stored).expect("a trace");
    assert_eq!(Some(read), overridden.trace.map(|trace| *trace));
}

#[test]
fn an_override_gives_a_price_where_none_was() {
    let unlisted = Item { list_price: None, ..piece("0") };
    let missing = resolve(&Rules::default(), &Lists::default(), &unlisted, &asked("1"));
    let by = Override { who: "Mia".to_owned(), reason: "new in the shop".to_owned() };
    let overridden = override_price(missing, &unlisted, price("3"), by.clone());
    let trace = overridden.trace.expect("a trace");
    assert_eq!((overridden.unit_price, trace.base, trace.steps.len()), (price("3"), None, 1));
    let of_list = override_price(Ok(find(vec![], &piece("5"), &asked("1"))), &piece("5"), price("3"), by);
    let steps = of_list.trace.expect("a trace").steps;
    assert_eq!(steps.iter().map(|step| step.after).collect::<Vec<_>>(), [price("5"), price("3")]);
}
