//! Properties that hold for any rules, item and question.

use std::cmp::Reverse;

use proptest::prelude::*;

use super::*;

fn methods() -> impl Strategy<Value = Method> {
    (0..3, 0..=100_000_000_i64).prop_map(|(kind, value)| match kind {
        0 => Method::Fixed(Price::new(Decimal::new(value, 6))),
        1 => Method::PercentOff(Percent::new(Decimal::new(value, 6))),
        _ => Method::AmountOff(Price::new(Decimal::new(value, 6))),
    })
}

/// Makes rules from few values, so that they often meet. Each is numbered by its place.
fn rule_sets() -> impl Strategy<Value = Vec<Rule>> {
    let scopes = prop::sample::select(vec![
        Scope::Product(PRODUCT),
        Scope::Product(OTHER_PRODUCT),
        Scope::Category(CATEGORY),
        Scope::Category(PARENT),
        Scope::Category(OTHER_CATEGORY),
        Scope::All,
    ]);
    let breaks = prop::sample::select(vec!["0", "0.5", "1", "10", "20"]);
    let day = || prop::option::of((-2..=2_i64).prop_map(days));
    let one = (prop::sample::select(LISTS.to_vec()), scopes, methods(), breaks, (day(), day()));
    prop::collection::vec(one, 0..40).prop_map(|rules| {
        (1..)
            .zip(rules)
            .map(|(id, (list_id, scope, method, min_quantity, (valid_from, valid_until)))| Rule {
                valid_from,
                valid_until,
                ..from_quantity(min_quantity, rule(id, list_id, scope, method))
            })
            .collect()
    })
}

fn items() -> impl Strategy<Value = Item<'static>> {
    let list_prices =
        || prop::option::of((0..50_000_000_i64).prop_map(|value| Price::new(Decimal::new(value, 6))));
    let factors = prop::sample::select(vec!["1", "12", "0.001", "2.5"]);
    (list_prices(), list_prices(), factors).prop_map(|(list_price, unit_list_price, factor)| Item {
        product_id: PRODUCT,
        lineage: &LINEAGE,
        list_price,
        unit_list_price,
        factor: quantity(factor).into(),
    })
}

fn questions() -> impl Strategy<Value = Asked> {
    (prop::sample::select(vec!["0.5", "1", "9", "10", "15", "20"]), -3..=3_i64)
        .prop_map(|(basket, day)| Asked { at: days(day), ..asked(basket) })
}

/// Returns the winner by the words of the module page, one rule after the other, without an index.
fn winner_by_the_book(rules: &[Rule], item: &Item<'_>, asked: &Asked) -> Option<PriceRuleId> {
    let width = |rule: &Rule| match rule.scope {
        Scope::Product(product) => (product == item.product_id).then_some(0),
        Scope::Category(category) => {
            item.lineage.iter().position(|known| *known == category).map(|at| at + 1)
        }
        Scope::All => Some(usize::MAX),
    };
    let precedence = |rule: &Rule| LISTS.iter().position(|list| *list == rule.list_id);
    rules
        .iter()
        .filter(|rule| width(rule).is_some() && exact_price(rule.method, item).is_some())
        .filter(|rule| rule.valid_from.is_none_or(|from| from <= asked.at))
        .filter(|rule| rule.valid_until.is_none_or(|until| asked.at < until))
        .filter(|rule| rule.min_quantity <= asked.basket_quantity)
        .min_by_key(|rule| {
            (precedence(rule), width(rule), Reverse(rule.min_quantity), Reverse(rule.valid_from), rule.id)
        })
        .map(|rule| rule.id)
}

fn winning_list(rules: &[Rule], item: &Item<'_>, asked: &Asked) -> Option<PriceListId> {
    let won = winner_by_the_book(rules, item, asked)?;
    rules.iter().find(|rule| rule.id == won).map(|rule| rule.list_id)
}

/// Makes the same rules in two orders.
fn shuffled_rules() -> impl Strategy<Value = (Vec<Rule>, Vec<Rule>)> {
    rule_sets().prop_flat_map(|rules| (Just(rules.clone()), Just(rules).prop_shuffle()))
}

proptest! {
    #[test]
    fn the_winner_is_the_one_by_the_book(rules in rule_sets(), item in items(), asked in questions()) {
        let expected = winner_by_the_book(&rules, &item, &asked);
        let resolved = resolve(&Rules::new(rules), &every_list(), &item, &asked);
        prop_assert_eq!(resolved.ok().and_then(|resolved| resolved.rule_id), expected);
    }

    #[test]
    fn the_order_of_rules_does_not_matter(
        (rules, shuffled) in shuffled_rules(),
        item in items(),
        asked in questions(),
    ) {
        let (rules, shuffled) = (Rules::new(rules), Rules::new(shuffled));
        let lists = every_list();
        prop_assert_eq!(resolve(&rules, &lists, &item, &asked), resolve(&shuffled, &lists, &item, &asked));
        prop_assert_eq!(explain(&rules, &lists, &item, &asked), explain(&shuffled, &lists, &item, &asked));
    }

    #[test]
    fn the_explanation_is_of_the_price(rules in rule_sets(), item in items(), asked in questions()) {
        let about_it = rules.iter().filter(|rule| match rule.scope {
            Scope::Product(product) => product == item.product_id,
            Scope::Category(category) => item.lineage.contains(&category),
            Scope::All => true,
        });
        let candidates = about_it.count() + usize::from(item.list_price_per_sold_unit().is_some());
        let rules = Rules::new(rules);
        let trace = explain(&rules, &every_list(), &item, &asked);
        prop_assert_eq!(trace.losers.len() + usize::from(trace.winner.is_some()), candidates);
        match resolve(&rules, &every_list(), &item, &asked) {
            Err(_) => prop_assert_eq!(trace.winner, None),
            Ok(resolved) => {
                let winner = trace.winner.expect("a winner");
                prop_assert_eq!(winner.unit_price, Some(resolved.unit_price));
                prop_assert_eq!(winner.source, resolved.source);
                prop_assert_eq!(winner.rule.map(|rule| rule.id), resolved.rule_id);
                let shown = trace.price.expect("a trace");
                prop_assert_eq!(shown.steps.last().map(|step| step.after), Some(resolved.unit_price));
                prop_assert_eq!(resolved.trace.is_some(), resolved.source != Source::ListPrice);
                prop_assert!(resolved.trace.is_none_or(|stored| *stored == shown));
            }
        }
    }

    #[test]
    fn a_list_that_counts_less_changes_nothing(
        rules in rule_sets(),
        added in methods(),
        item in items(),
        asked in questions(),
    ) {
        let lists = every_list();
        let Some(won) = winning_list(&rules, &item, &asked) else { return Ok(()) };
        let before = resolve(&Rules::new(rules.clone()), &lists, &item, &asked);
        let lower = LISTS.iter().skip_while(|list| **list != won).skip(1);
        let mut more = rules;
        more.extend(lower.map(|list| from_quantity("0.5", rule(0, *list, Scope::Product(PRODUCT), added))));
        prop_assert_eq!(resolve(&Rules::new(more), &lists, &item, &asked), before);
    }

    #[test]
    fn no_price_is_negative(rules in rule_sets(), item in items(), asked in questions()) {
        if let Ok(resolved) = resolve(&Rules::new(rules), &every_list(), &item, &asked) {
            prop_assert!(!resolved.unit_price.is_negative());
            prop_assert_eq!(Price::rounded(resolved.unit_price.get()), resolved.unit_price);
        }
    }
}
