//! Price traces: the small one that is stored with a line, and the full one with every loser.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Asked, Item, Lists, Method, Override, Rule, Rules, Source, exact_price, misfit, winner};
use crate::id::{PriceListId, PriceRuleId, ProductId};
use crate::number::{Factor, Kind, Price, PriceKind, Quantity};

/// Version of the resolver's rules, stored with every trace. It is raised if the same input may give another
/// price.
pub const RESOLVER_VERSION: u32 = 2;

/// The trace of a price, stored with its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PriceTrace {
    /// Version of the resolver that made the price.
    pub resolver_version: u32,
    /// The winning rule; none if the list price won.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<PriceRuleId>,
    /// The price list of the winning rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_id: Option<PriceListId>,
    /// The list price per sold unit, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// The price per sold unit from which the steps start: the list price, or the fixed price of a rule. None
    /// if there was neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Price>,
    /// The steps from the base to the unit price.
    pub steps: Vec<Step>,
    /// The rounding, if it changed the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<Rounding>,
    /// Whether the price includes tax, if its price list says so. Otherwise it does if the tenant's list prices do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub includes_tax: Option<bool>,
    /// The override, if there was one.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<Override>,
}

/// One step of a calculation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PriceStep)]
pub struct Step {
    /// The method of the step.
    pub method: StepMethod,
    /// The figure that it uses: a price, an amount, or a percentage (`15` is 15 %).
    pub value: String,
    /// Stock units per sold unit, if the value is per stock unit and the two units differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// The price per sold unit before this step; none before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Price>,
    /// The price per sold unit after this step.
    pub after: Price,
}

/// The method of one step of a calculation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PriceStepMethod)]
pub enum StepMethod {
    /// Starts from the list price.
    ListPrice,
    /// Starts from the price that a rule fixes.
    Fixed,
    /// Takes a percentage off the list price.
    PercentOff,
    /// Takes an amount off the list price, not below zero.
    AmountOff,
    /// Replaces the price by the override.
    Override,
}

/// The rounding of the resolved unit price: half away from zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PriceRounding)]
pub struct Rounding {
    /// The decimals that were kept.
    pub decimals: u32,
    /// The price per sold unit before it was rounded.
    pub unrounded: String,
}

/// The full trace of a price: its winner, and everything that could have given another price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PriceExplanation)]
pub struct Trace {
    /// The product.
    pub product_id: ProductId,
    /// Stock units per sold unit.
    pub factor: Factor,
    /// Stock units of this product in the basket.
    pub basket_quantity: Quantity,
    /// The instant whose prices count.
    pub at: DateTime<Utc>,
    /// The candidate that gave the price; none if the price is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub winner: Option<Candidate>,
    /// The trace of the price; none if the price is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<PriceTrace>,
    /// The candidates that did not give the price, in order of precedence, then from narrow to wide, then
    /// from deep to shallow.
    pub losers: Vec<Loser>,
}

/// A rule or a list price that could give the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PriceCandidate)]
pub struct Candidate {
    /// Its source.
    pub source: Source,
    /// The rule; none for the list price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The price per sold unit that it gives, or would give; none if it needs a list price and there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<Price>,
}

/// A candidate that did not give the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PriceLoser)]
pub struct Loser {
    /// The candidate.
    pub candidate: Candidate,
    /// The reason why it lost.
    pub lost: Lost,
}

/// The reason why a candidate lost: the first of these that is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = PriceLost)]
pub enum Lost {
    /// It applies later.
    NotYetValid {
        /// The first instant at which it applies.
        valid_from: DateTime<Utc>,
    },
    /// It applied earlier.
    Expired {
        /// The first instant at which it no longer applied.
        valid_until: DateTime<Utc>,
    },
    /// The basket is smaller than its quantity break.
    ThresholdNotReached {
        /// Stock units that the basket lacks.
        needs_more: Quantity,
    },
    /// It takes something off the list price, and there is none.
    NoListPrice,
    /// A list with higher precedence has a rule that applies.
    LowerPrecedence,
    /// The winner has a narrower scope.
    WiderScope,
    /// The winner's quantity break is deeper.
    ShallowerBreak {
        /// The winner's quantity break, in stock units.
        winner_min_quantity: Quantity,
    },
    /// The winner started to apply later.
    EarlierStart,
    /// All else is equal, and the winner's id is lower.
    HigherRuleId,
}

/// Returns the winner that [`resolve`](super::resolve) finds for the same input, and every loser with its
/// reason.
///
/// Example: a customer asks why the invoice says 8.50. The rules as they were at that instant give the same
/// result today.
pub fn explain(rules: &Rules, lists: &Lists, item: &Item<'_>, asked: &Asked) -> Trace {
    let won = winner(rules, lists, item, asked);
    let list_price = item.list_price_per_sold_unit();
    let list_candidate =
        list_price.map(|price| Candidate { source: Source::ListPrice, rule: None, unit_price: Some(price) });
    let mut losers = losing_rules(rules, lists, item, asked, won.map(|(_, rule)| rule));
    let winner = match won {
        Some((source, rule)) => {
            losers.extend(list_candidate.map(|candidate| Loser { candidate, lost: Lost::LowerPrecedence }));
            Some(Candidate::of_rule(source, rule, item))
        }
        None => list_candidate,
    };
    Trace {
        product_id: item.product_id,
        factor: item.factor,
        basket_quantity: asked.basket_quantity,
        at: asked.at,
        winner,
        price: winner.map(|winner| PriceTrace {
            includes_tax: winner.rule.and_then(|rule| rules.includes_tax(&rule)),
            ..PriceTrace::new(item, winner.rule.as_ref())
        }),
        losers,
    }
}

impl PriceTrace {
    /// Traces how a rule makes the price of an item, or the list price if there is no rule.
    pub(super) fn new(item: &Item<'_>, rule: Option<&Rule>) -> Self {
        let list_price = item.list_price_per_sold_unit();
        let mut steps = Vec::with_capacity(2);
        if rule.is_none_or(|rule| !matches!(rule.method, Method::Fixed(_))) {
            steps.extend(list_price_step(item));
        }
        let mut exact = exact_list_price(item);
        if let Some(rule) = rule {
            exact = exact_price(rule.method, item);
            steps.extend(exact.map(|exact| rule_step(rule.method, item, Price::rounded(exact))));
        }
        PriceTrace {
            resolver_version: RESOLVER_VERSION,
            rule_id: rule.map(|rule| rule.id),
            list_id: rule.map(|rule| rule.list_id),
            list_price,
            base: steps.first().map(|step| step.after),
            steps,
            rounding: exact.and_then(Rounding::of),
            includes_tax: None,
            overridden: None,
        }
    }

    /// Adds the step of an override. `before` is none if the price was missing.
    pub(super) fn add_override(&mut self, before: Option<Price>, after: Price, overridden: Override) {
        let method = StepMethod::Override;
        self.steps.push(Step { method, value: after.to_string(), factor: None, before, after });
        self.overridden = Some(overridden);
    }
}

impl Rounding {
    /// Returns the rounding of a unit price, if it changes the price.
    fn of(exact: Decimal) -> Option<Self> {
        let decimals = PriceKind::DECIMALS as u32;
        let changed = Price::rounded(exact).get() != exact;
        changed.then(|| Rounding { decimals, unrounded: exact.normalize().to_string() })
    }
}

impl Candidate {
    fn of_rule(source: Source, rule: &Rule, item: &Item<'_>) -> Self {
        Candidate {
            source,
            rule: Some(*rule),
            unit_price: exact_price(rule.method, item).map(Price::rounded),
        }
    }
}

/// Returns the list price per sold unit, before rounding.
fn exact_list_price(item: &Item<'_>) -> Option<Decimal> {
    match item.unit_list_price {
        Some(own) => Some(own.get()),
        None => item.list_price.map(|price| item.factor.of(price)),
    }
}

/// Returns the step that starts from the list price, if there is one.
fn list_price_step(item: &Item<'_>) -> Option<Step> {
    let after = item.list_price_per_sold_unit()?;
    let value = item.unit_list_price.or(item.list_price)?.to_string();
    let factor = if item.unit_list_price.is_some() { None } else { shown_factor(item) };
    Some(Step { method: StepMethod::ListPrice, value, factor, before: None, after })
}

/// Returns the step of a rule.
fn rule_step(method: Method, item: &Item<'_>, after: Price) -> Step {
    let list_price = item.list_price_per_sold_unit();
    let (method, value, factor, before) = match method {
        Method::Fixed(price) => (StepMethod::Fixed, price.to_string(), shown_factor(item), None),
        Method::PercentOff(percent) => (StepMethod::PercentOff, percent.to_string(), None, list_price),
        Method::AmountOff(amount) => {
            (StepMethod::AmountOff, amount.to_string(), shown_factor(item), list_price)
        }
    };
    Step { method, value, factor, before, after }
}

fn shown_factor(item: &Item<'_>) -> Option<Factor> {
    (item.factor != Factor::ONE).then_some(item.factor)
}

/// Returns every rule for the item that is in one of the lists and did not win. A list that is named twice
/// counts once.
fn losing_rules(
    rules: &Rules,
    lists: &Lists,
    item: &Item<'_>,
    asked: &Asked,
    won: Option<&Rule>,
) -> Vec<Loser> {
    let mut losers = Vec::new();
    let mut seen: Vec<PriceListId> = Vec::new();
    for (source, list_id) in lists.by_precedence() {
        if seen.contains(&list_id) {
            continue;
        }
        seen.push(list_id);
        for rule in rules.narrow_to_wide(list_id, item).flatten() {
            let beaten = won.filter(|won| won.id != rule.id).map(|won| beaten_by(rule, won));
            if let Some(lost) = misfit(rule, item, asked).or(beaten) {
                losers.push(Loser { candidate: Candidate::of_rule(source, rule, item), lost });
            }
        }
    }
    losers
}

/// Returns the reason why a rule that applies lost to the winner.
fn beaten_by(rule: &Rule, won: &Rule) -> Lost {
    if rule.list_id != won.list_id {
        Lost::LowerPrecedence
    } else if rule.scope != won.scope {
        Lost::WiderScope
    } else if rule.min_quantity != won.min_quantity {
        Lost::ShallowerBreak { winner_min_quantity: won.min_quantity }
    } else if rule.valid_from != won.valid_from {
        Lost::EarlierStart
    } else {
        Lost::HigherRuleId
    }
}
