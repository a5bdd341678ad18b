//! What a buyer pays for one unit: one resolver for quote, order, till, invoice, offline pack and import.
//!
//! Price lists apply in order of precedence: the customer's own, the customer's tier's, the location's, the
//! channel's. The first list with a matching rule wins, and within it the rule with the deepest quantity
//! break reached, then the narrower product scope, then the later start, then the lower id: a total order,
//! never insertion luck. Where no rule matches the list price counts. One rule wins, rules do not stack, and
//! reductions are always off the list price. `service` lets in only prices, reductions and list prices that
//! are not negative, percentages up to 100 and positive factors.
//!
//! Business case: one company sells at its own agreed price to A (15 % off everything), B (20 % off one
//! category) and C (a fixed sheet), and at list price over the counter, from one catalogue.

mod trace;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::trace::{
    Candidate, Loser, Lost, PriceTrace, RESOLVER_VERSION, Rounding, Step, StepMethod, Trace, explain,
};
use crate::id::{CategoryId, PriceListId, PriceRuleId, ProductId};
use crate::number::{Percent, Price, Quantity};

/// Where a price comes from, in order of precedence; an override stands above them all.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = PriceSource)]
pub enum Source {
    /// A rule of the customer's own price list.
    CustomerList,
    /// A rule of the price list of the customer's tier.
    TierList,
    /// A rule of a price list of the location or the channel.
    ChannelList,
    /// The list price of the product or of the sold unit.
    ListPrice,
    /// A price that a person with the permission to do so put in place of the resolved one.
    Override,
}

/// Which products a rule prices.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr,
)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = PriceScope)]
pub enum Scope {
    /// One product.
    Product(ProductId),
    /// The products of a category and of every category below it.
    Category(CategoryId),
    /// Every product.
    All,
}

/// How a rule makes a price.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr,
)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = PriceMethod)]
pub enum Method {
    /// This price per stock unit, whatever the list price is or becomes.
    Fixed(Price),
    /// This share off the list price of the sold unit: 15 is 15 %.
    PercentOff(Percent),
    /// This amount per stock unit off the list price of the sold unit, not below zero.
    AmountOff(Price),
}

/// One rule of a price list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PriceRuleTerms)]
pub struct Rule {
    /// The rule.
    pub id: PriceRuleId,
    /// The price list that it is part of.
    pub list_id: PriceListId,
    /// Which products it prices.
    pub scope: Scope,
    /// How it makes a price.
    pub method: Method,
    /// The quantity break in stock units; a basket that reaches it exactly counts.
    pub min_quantity: Quantity,
    /// The first instant at which it applies; always, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<DateTime<Utc>>,
    /// The first instant at which it no longer applies; forever, if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<DateTime<Utc>>,
}

/// The price lists that apply to one buyer, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lists {
    /// The customer's own price list.
    pub customer: Option<PriceListId>,
    /// The price list of the customer's tier.
    pub tier: Option<PriceListId>,
    /// The location's price list, then the channel's: each is a step of its own in the order of precedence.
    pub channel: Vec<PriceListId>,
}

/// What is sold.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The product.
    pub product_id: ProductId,
    /// Its own category, then that one's parent, up to the root, each once.
    pub lineage: &'a [CategoryId],
    /// The list price per stock unit, if the product has one.
    pub list_price: Option<Price>,
    /// The list price per sold unit, if the unit has one of its own.
    pub unit_list_price: Option<Price>,
    /// Stock units per sold unit.
    pub factor: Quantity,
}

/// How much is asked for, and when.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Stock units, summed over the basket's lines of this product; not negative, for a return neither.
    pub basket_quantity: Quantity,
    /// The instant whose prices count, past or future.
    pub at: DateTime<Utc>,
}

/// Neither a rule nor a list price gives a price: the line is refused, because nothing is free by omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no price list and no list price gives a price for {product_id}")]
pub struct Missing {
    /// The product without a price.
    pub product_id: ProductId,
}

/// Who put another price in place of the resolved one, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PriceOverride)]
pub struct Override {
    /// The user or key that did it.
    pub who: String,
    /// Why.
    pub reason: String,
}

/// The price of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Per sold unit, at most 6 decimals.
    pub unit_price: Price,
    /// The list price per sold unit, if there is one.
    pub list_price: Option<Price>,
    /// Where the price comes from.
    pub source: Source,
    /// The rule that made it; none for a list price or an override.
    pub rule_id: Option<PriceRuleId>,
    /// How it came about; none for a plain list price, which explains itself.
    pub trace: Option<Box<PriceTrace>>,
}

/// Every loaded rule, found by price list and scope.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The rules of one scope are kept deepest break first, then latest start, then lowest id: the first that
    /// fits is the best of its scope.
    by_list: HashMap<PriceListId, HashMap<Scope, Vec<Rule>>>,
}

impl Rules {
    /// Indexes the rules, whose ids differ; their order does not matter.
    pub fn new(rules: Vec<Rule>) -> Self {
        let mut by_list: HashMap<PriceListId, HashMap<Scope, Vec<Rule>>> = HashMap::new();
        for rule in rules {
            by_list.entry(rule.list_id).or_default().entry(rule.scope).or_default().push(rule);
        }
        for same_scope in by_list.values_mut().flat_map(HashMap::values_mut) {
            same_scope.sort_unstable_by(|one, other| {
                let deepest_then_latest =
                    (other.min_quantity, other.valid_from).cmp(&(one.min_quantity, one.valid_from));
                deepest_then_latest.then(one.id.cmp(&other.id))
            });
        }
        Rules { by_list }
    }

    /// The rules of a list that price a product, scope by scope, the narrowest first.
    fn narrow_to_wide<'r>(
        &'r self,
        list_id: PriceListId,
        item: &Item<'r>,
    ) -> impl Iterator<Item = &'r [Rule]> {
        let product = std::iter::once(Scope::Product(item.product_id));
        let categories = item.lineage.iter().copied().map(Scope::Category);
        let scopes = product.chain(categories).chain(std::iter::once(Scope::All));
        self.by_list
            .get(&list_id)
            .into_iter()
            .flat_map(move |list| scopes.clone().filter_map(|scope| list.get(&scope)).map(Vec::as_slice))
    }
}

impl Lists {
    /// The lists and what a price from them is called, the one that counts most first.
    fn by_precedence(&self) -> impl Iterator<Item = (Source, PriceListId)> {
        let customer = self.customer.map(|list_id| (Source::CustomerList, list_id));
        let tier = self.tier.map(|list_id| (Source::TierList, list_id));
        let channel = self.channel.iter().map(|list_id| (Source::ChannelList, *list_id));
        customer.into_iter().chain(tier).chain(channel)
    }
}

impl Item<'_> {
    /// The list price per sold unit: the unit's own, else the product's times the factor.
    pub fn list_price_per_sold_unit(&self) -> Option<Price> {
        match (self.unit_list_price, self.list_price) {
            (Some(own), _) => Some(own),
            (None, Some(price)) if self.factor == Quantity::ONE => Some(price),
            (None, price) => price.map(|price| Price::rounded(price.get() * self.factor.get())),
        }
    }
}

/// The price of an item.
///
/// Business case: the same figures whether a clerk quotes, an order is taken or a wholesale customer stands
/// at the till. Without price lists nothing is looked up or allocated, so that a till sale at list price
/// costs nothing.
///
/// # Errors
///
/// [`Missing`] where neither a rule nor a list price gives a price. A price of zero is a price.
pub fn resolve(rules: &Rules, lists: &Lists, item: &Item<'_>, asked: &Asked) -> Result<Resolved, Missing> {
    let list_price = item.list_price_per_sold_unit();
    if let Some((source, rule)) = winner(rules, lists, item, asked)
        && let Some(exact) = exact_price(rule.method, item)
    {
        let unit_price = Price::rounded(exact);
        let trace = Some(Box::new(PriceTrace::new(item, Some(rule))));
        return Ok(Resolved { unit_price, list_price, source, rule_id: Some(rule.id), trace });
    }
    let unit_price = list_price.ok_or(Missing { product_id: item.product_id })?;
    Ok(Resolved { unit_price, list_price, source: Source::ListPrice, rule_id: None, trace: None })
}

/// Puts a price, per sold unit and not negative, in place of the resolved or missing one, which stays visible
/// in the trace.
///
/// Business case: a sales person matches a competitor's offer, or sells something that has no price yet. The
/// caller has checked that this person may.
pub fn override_price(
    resolved: Result<Resolved, Missing>,
    item: &Item<'_>,
    unit_price: Price,
    overridden: Override,
) -> Resolved {
    let list_price = item.list_price_per_sold_unit();
    let (before, trace) = match resolved {
        Ok(resolved) => (Some(resolved.unit_price), resolved.trace),
        Err(Missing { .. }) => (None, None),
    };
    let mut trace = trace.unwrap_or_else(|| Box::new(PriceTrace::new(item, None)));
    trace.put_in_place(before, unit_price, overridden);
    Resolved { unit_price, list_price, source: Source::Override, rule_id: None, trace: Some(trace) }
}

/// What is stored with a line to tell how its price came about; nothing for a plain list price.
pub fn stored_trace(resolved: &Resolved) -> Option<serde_json::Value> {
    let trace = resolved.trace.as_ref()?;
    Some(serde_json::to_value(trace).expect("a trace has text keys and plain values only"))
}

/// The winning rule and what kind of list it stands in.
fn winner<'r>(rules: &'r Rules, lists: &Lists, item: &Item<'r>, asked: &Asked) -> Option<(Source, &'r Rule)> {
    lists
        .by_precedence()
        .find_map(|(source, list_id)| best_of_list(rules, list_id, item, asked).map(|rule| (source, rule)))
}

/// The winning rule of one list.
fn best_of_list<'r>(
    rules: &'r Rules,
    list_id: PriceListId,
    item: &Item<'r>,
    asked: &Asked,
) -> Option<&'r Rule> {
    let mut best: Option<&Rule> = None;
    for same_scope in rules.narrow_to_wide(list_id, item) {
        let first = same_scope.iter().find(|rule| misfit(rule, item, asked).is_none());
        // A wider scope must go deeper to win.
        if let Some(rule) = first
            && best.is_none_or(|best| rule.min_quantity > best.min_quantity)
        {
            best = Some(rule);
        }
    }
    best
}

/// Why a rule for this item does not apply at all, if it doesn't.
fn misfit(rule: &Rule, item: &Item<'_>, asked: &Asked) -> Option<Lost> {
    let needs_list_price = !matches!(rule.method, Method::Fixed(_));
    if let Some(valid_from) = rule.valid_from.filter(|from| asked.at < *from) {
        Some(Lost::NotYetValid { valid_from })
    } else if let Some(valid_until) = rule.valid_until.filter(|until| asked.at >= *until) {
        Some(Lost::Expired { valid_until })
    } else if asked.basket_quantity < rule.min_quantity {
        Some(Lost::ThresholdNotReached { needs_more: rule.min_quantity - asked.basket_quantity })
    } else if needs_list_price && item.list_price.is_none() && item.unit_list_price.is_none() {
        Some(Lost::NoListPrice)
    } else {
        None
    }
}

/// The price per sold unit before rounding, never negative; none where the method needs a list price and
/// there is none.
fn exact_price(method: Method, item: &Item<'_>) -> Option<Decimal> {
    let factor = item.factor.get();
    let list_price = || item.list_price_per_sold_unit().map(Price::get);
    let exact = match method {
        Method::Fixed(price) => Some(price.get() * factor),
        Method::PercentOff(percent) => {
            list_price().map(|list| list - list * percent.get() / Decimal::ONE_HUNDRED)
        }
        Method::AmountOff(amount) => list_price().map(|list| list - amount.get() * factor),
    };
    exact.map(|exact| exact.max(Decimal::ZERO))
}
