//! The lint of price lists: rules that are valid, and that are surely a mistake.

use super::{Method, Rule};
use crate::id::PriceRuleId;
use crate::number::{Price, Quantity};
use crate::text_enum;

text_enum! {
    /// Kind of a warning about a price rule.
    #[schema(as = PriceRuleWarningCode)]
    pub enum RuleWarning {
        /// From this quantity on, a unit costs more than below it.
        DearerBreak,
    }
}

/// Two neighbouring breaks, of which the upper one is dearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DearerBreak {
    /// Quantity from which a unit costs more.
    pub from_quantity: Quantity,
    /// The other rule. None: the list price below the first break.
    pub other: Option<PriceRuleId>,
}

/// Returns the breaks next to `rule` from which on a unit costs more than below them: that of the rule itself, and the next one
/// above it. `breaks` are those with the same products, with or without the rule. Two methods are compared by the list price,
/// if it is known. The time is proportional to the number of breaks.
pub fn dearer_breaks(rule: &Rule, breaks: &[Rule], list_price: Option<Price>) -> Vec<DearerBreak> {
    let others = || breaks.iter().filter(|other| other.id != rule.id && meet(other, rule));
    let lower = others().filter(|other| other.min_quantity < rule.min_quantity);
    let upper = others().filter(|other| other.min_quantity > rule.min_quantity);
    let mut found = Vec::new();
    match lower.max_by_key(|other| other.min_quantity) {
        Some(lower) if is_dearer(rule.method, lower.method, list_price) => {
            found.push(DearerBreak { from_quantity: rule.min_quantity, other: Some(lower.id) });
        }
        None if rule.min_quantity.is_positive() && is_above_list(rule.method, list_price) => {
            found.push(DearerBreak { from_quantity: rule.min_quantity, other: None });
        }
        Some(_) | None => {}
    }
    match upper.min_by_key(|other| other.min_quantity) {
        Some(upper) if is_dearer(upper.method, rule.method, list_price) => {
            found.push(DearerBreak { from_quantity: upper.min_quantity, other: Some(upper.id) });
        }
        Some(_) | None => {}
    }
    found
}

/// Whether two rules both apply at some instant.
fn meet(one: &Rule, other: &Rule) -> bool {
    let begins_before_end = |one: &Rule, other: &Rule| match (one.valid_from, other.valid_until) {
        (Some(from), Some(until)) => from < until,
        (None, _) | (_, None) => true,
    };
    begins_before_end(one, other) && begins_before_end(other, one)
}

/// Whether a unit costs more by `upper` than by `lower`.
fn is_dearer(upper: Method, lower: Method, list_price: Option<Price>) -> bool {
    match (upper, lower) {
        (Method::Fixed(upper), Method::Fixed(lower)) => upper > lower,
        (Method::PercentOff(upper), Method::PercentOff(lower)) => upper < lower,
        (Method::AmountOff(upper), Method::AmountOff(lower)) => upper < lower,
        (
            Method::Fixed(_) | Method::PercentOff(_) | Method::AmountOff(_),
            Method::Fixed(_) | Method::PercentOff(_) | Method::AmountOff(_),
        ) => list_price.is_some_and(|list| unit_price(upper, list) > unit_price(lower, list)),
    }
}

/// Whether a unit costs more than by the list price.
fn is_above_list(method: Method, list_price: Option<Price>) -> bool {
    list_price.is_some_and(|list| unit_price(method, list) > list)
}

/// Returns the price of a stock unit.
fn unit_price(method: Method, list_price: Price) -> Price {
    match method {
        Method::Fixed(price) => price,
        Method::PercentOff(percent) => Price::new(percent.off(list_price.get())),
        Method::AmountOff(amount) => list_price - amount,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::super::Scope;
    use super::*;
    use crate::id::PriceListId;
    use crate::number::Percent;

    fn price(text: &str) -> Price {
        Price::new(text.parse().expect("a price"))
    }

    fn rule(id: u128, from: i64, method: Method) -> Rule {
        Rule {
            id: PriceRuleId(Uuid::from_u128(id)),
            list_id: PriceListId(Uuid::nil()),
            scope: Scope::All,
            method,
            min_quantity: Quantity::new(from.into()),
            valid_from: None,
            valid_until: None,
        }
    }

    fn found(rule: &Rule, breaks: &[Rule], list_price: Option<&str>) -> Vec<(String, Option<u128>)> {
        let found = dearer_breaks(rule, breaks, list_price.map(price)).into_iter();
        found.map(|one| (one.from_quantity.get().to_string(), one.other.map(|id| id.0.as_u128()))).collect()
    }

    #[test]
    fn ten_that_cost_more_each_than_nine_are_found() {
        let fixed = |id, from, text| rule(id, from, Method::Fixed(price(text)));
        let breaks = [fixed(1, 0, "7.00"), fixed(2, 10, "7.50"), fixed(3, 20, "6.00")];
        assert_eq!(found(&breaks[0], &breaks, None), [("10".to_owned(), Some(2))]);
        assert_eq!(found(&breaks[1], &breaks, None), [("10".to_owned(), Some(1))]);
        assert!(found(&breaks[2], &breaks, None).is_empty());
        let equal = [fixed(1, 0, "7.00"), fixed(2, 10, "7.00")];
        assert!(found(&equal[1], &equal, None).is_empty());
    }

    #[test]
    fn reductions_are_compared_too() {
        let percent = |id, from, share: i64| rule(id, from, Method::PercentOff(Percent::new(share.into())));
        let amount = |id, from, text| rule(id, from, Method::AmountOff(price(text)));
        let breaks = [percent(1, 0, 15), percent(2, 10, 10)];
        assert_eq!(found(&breaks[1], &breaks, None), [("10".to_owned(), Some(1))]);
        let breaks = [amount(1, 0, "2"), amount(2, 10, "3")];
        assert!(found(&breaks[1], &breaks, None).is_empty());
        // 15 % off 10 is 8.50, and 1 off is 9.
        let breaks = [percent(1, 0, 15), amount(2, 10, "1")];
        assert_eq!(found(&breaks[1], &breaks, Some("10.00")), [("10".to_owned(), Some(1))]);
        assert!(found(&breaks[1], &breaks, None).is_empty());
        assert!(found(&breaks[1], &breaks, Some("6.00")).is_empty(), "5.10 and 5.00");
    }

    #[test]
    fn a_break_above_the_list_price_is_found() {
        let rule = rule(1, 10, Method::Fixed(price("10.50")));
        assert_eq!(found(&rule, &[rule], Some("10.00")), [("10".to_owned(), None)]);
        assert!(found(&rule, &[rule], Some("10.50")).is_empty());
        let without_break = Rule { min_quantity: Quantity::ZERO, ..rule };
        assert!(found(&without_break, &[], Some("10.00")).is_empty(), "a price may be above the list price");
    }

    #[test]
    fn breaks_of_other_times_are_not_compared() {
        let at = |text: &str| Some(text.parse::<DateTime<Utc>>().expect("an instant"));
        let old = Rule { valid_until: at("2026-01-01T00:00:00Z"), ..rule(1, 0, Method::Fixed(price("7"))) };
        let new = Rule { valid_from: at("2026-01-01T00:00:00Z"), ..rule(2, 10, Method::Fixed(price("8"))) };
        assert!(found(&new, &[old, new], None).is_empty());
        let longer = Rule { valid_until: at("2026-01-02T00:00:00Z"), ..old };
        assert_eq!(found(&new, &[longer, new], None), [("10".to_owned(), Some(1))]);
    }
}
