//! The price of one unit: one resolver for quotes, orders, tills, invoices, offline packs and imports.
//!
//! Price lists apply in order of precedence: the customer's own, that of the customer's tier, the location's,
//! the channel's. The first list with a rule that applies wins. Within it, the rule with the narrower product
//! scope wins, then the one with the deepest quantity break reached, then the later start, then the lower id.
//! So a break of a wider scope never takes over from the rules of a narrower one. This order is total, so the
//! order of insertion does not matter. If no rule applies, the list price counts. One rule wins: rules do not stack, and reductions are always off the list price. `service` admits only prices,
//! reductions and list prices that are not negative, percentages up to 100 and positive factors.
//!
//! Example: one company sells at an agreed price to A (15 % off everything), B (20 % off one category) and C
//! (a fixed sheet), and at list price over the counter, from one catalogue.

use crate::text_enum;

pub mod lint;
mod replaced;
mod trace;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::replaced::ReplacedPrices;
pub use self::trace::{
    Candidate, Loser, Lost, PriceTrace, RESOLVER_VERSION, Rounding, Step, StepMethod, Trace, explain,
};
use crate::id::{CategoryId, PriceListId, PriceRuleId, ProductId};
use crate::number::{Factor, Percent, Price, Quantity};

text_enum! {
    /// The source of a price, in order of precedence. An override is above them all.
    #[derive(PartialOrd, Ord)]
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
        /// A price by which a caller with the permission overrode the resolved one.
        Override,
    }
}

/// The products that a rule prices.
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

/// The method by which a rule makes a price.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr,
)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = PriceMethod)]
pub enum Method {
    /// This price per stock unit, independent of the list price.
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
    /// The products that it prices.
    pub scope: Scope,
    /// The method by which it makes a price.
    pub method: Method,
    /// The quantity break in stock units. A basket that reaches it exactly counts.
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

/// The product and unit to price.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The product.
    pub product_id: ProductId,
    /// Its category, then each parent up to the root, each once.
    pub lineage: &'a [CategoryId],
    /// The list price per stock unit, if the product has one.
    pub list_price: Option<Price>,
    /// The list price per sold unit, if the unit has one of its own.
    pub unit_list_price: Option<Price>,
    /// Stock units per sold unit.
    pub factor: Factor,
}

/// The quantity and the instant to price for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Stock units, summed over the basket's lines of this product. Not negative, also in a return.
    pub basket_quantity: Quantity,
    /// The instant whose rules and list prices count, past or future. Price lists and categories are those of now.
    pub at: DateTime<Utc>,
}

/// Neither a rule nor a list price gives a price. The line is rejected, because nothing is free by omission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no price list and no list price gives a price for {product_id}")]
pub struct Missing {
    /// The product without a price.
    pub product_id: ProductId,
}

/// An override of the resolved price: who made it, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = PriceOverride)]
pub struct Override {
    /// The user or API key that made it.
    pub who: String,
    /// The reason.
    pub reason: String,
}

/// The price of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The price per sold unit, at most 6 decimals.
    pub unit_price: Price,
    /// The list price per sold unit, if there is one.
    pub list_price: Option<Price>,
    /// The source of the price.
    pub source: Source,
    /// The rule that made it; none for a list price or an override.
    pub rule_id: Option<PriceRuleId>,
    /// The price trace; none for a plain list price.
    pub trace: Option<Box<PriceTrace>>,
    /// Whether the price includes tax, as its price list says; as the tenant's list prices do if absent.
    pub includes_tax: Option<bool>,
}

/// Every loaded rule, found by price list and scope.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The rules of one scope, deepest break first, then latest start, then lowest id. The first that applies
    /// is the best of its scope.
    by_list: HashMap<PriceListId, HashMap<Scope, Vec<Rule>>>,
    /// The lists that say whether their prices include tax.
    includes_tax: HashMap<PriceListId, bool>,
}

impl Rules {
    /// Indexes the rules. Their ids differ, and their order does not matter.
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
        Rules { by_list, includes_tax: HashMap::new() }
    }

    /// States which price lists say whether their prices include tax.
    #[must_use]
    pub fn with_tax_in(self, includes_tax: HashMap<PriceListId, bool>) -> Self {
        Rules { includes_tax, ..self }
    }

    /// Returns whether the prices of a list include tax. A reduction is off a list price, so it has the tax of that.
    fn includes_tax(&self, rule: &Rule) -> Option<bool> {
        let is_price = matches!(rule.method, Method::Fixed(_));
        self.includes_tax.get(&rule.list_id).copied().filter(|_| is_price)
    }

    /// Returns the rules of a list that price a product, scope by scope, the narrowest first.
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
    /// Returns the lists, each with the source of its prices, the highest precedence first.
    fn by_precedence(&self) -> impl Iterator<Item = (Source, PriceListId)> {
        let customer = self.customer.map(|list_id| (Source::CustomerList, list_id));
        let tier = self.tier.map(|list_id| (Source::TierList, list_id));
        let channel = self.channel.iter().map(|list_id| (Source::ChannelList, *list_id));
        customer.into_iter().chain(tier).chain(channel)
    }
}

impl Item<'_> {
    /// Returns the list price per sold unit: the unit's own, else the product's times the factor.
    pub fn list_price_per_sold_unit(&self) -> Option<Price> {
        match (self.unit_list_price, self.list_price) {
            (Some(own), _) => Some(own),
            (None, Some(price)) if self.factor == Factor::ONE => Some(price),
            (None, price) => price.map(|price| Price::rounded(self.factor.of(price))),
        }
    }
}

/// Resolves the price of an item.
///
/// A quote, an order and a till sale get the same price. Without price lists nothing is looked up and no
/// memory is allocated, so a till sale at list price costs nothing.
///
/// # Errors
///
/// [`Missing`] if neither a rule nor a list price gives a price. A price of zero is a price.
pub fn resolve(rules: &Rules, lists: &Lists, item: &Item<'_>, asked: &Asked) -> Result<Resolved, Missing> {
    let list_price = item.list_price_per_sold_unit();
    if let Some((source, rule)) = winner(rules, lists, item, asked)
        && let Some(exact) = exact_price(rule.method, item)
    {
        let unit_price = Price::rounded(exact);
        let includes_tax = rules.includes_tax(rule);
        let trace = Some(Box::new(PriceTrace { includes_tax, ..PriceTrace::new(item, Some(rule)) }));
        return Ok(Resolved { unit_price, list_price, source, rule_id: Some(rule.id), trace, includes_tax });
    }
    let unit_price = list_price.ok_or(Missing { product_id: item.product_id })?;
    let source = Source::ListPrice;
    Ok(Resolved { unit_price, list_price, source, rule_id: None, trace: None, includes_tax: None })
}

/// Overrides the resolved or missing price by one per sold unit that is not negative. The resolved price
/// stays visible in the trace. The override includes tax if the price before it does.
///
/// Example: a sales person matches a competitor's offer, or sells a product that has no price yet. The caller
/// has checked the permission.
pub fn override_price(
    resolved: Result<Resolved, Missing>,
    item: &Item<'_>,
    unit_price: Price,
    overridden: Override,
) -> Resolved {
    let list_price = item.list_price_per_sold_unit();
    let (before, trace, includes_tax) = match resolved {
        Ok(resolved) => (Some(resolved.unit_price), resolved.trace, resolved.includes_tax),
        Err(Missing { .. }) => (None, None, None),
    };
    let mut trace = trace.unwrap_or_else(|| Box::new(PriceTrace::new(item, None)));
    trace.add_override(before, unit_price, overridden);
    Resolved {
        unit_price,
        list_price,
        source: Source::Override,
        rule_id: None,
        trace: Some(trace),
        includes_tax,
    }
}

/// Returns the price trace that is stored with a line; nothing for a plain list price.
pub fn stored_trace(resolved: &Resolved) -> Option<serde_json::Value> {
    let trace = resolved.trace.as_ref()?;
    Some(serde_json::to_value(trace).expect("a trace has text keys and plain values only"))
}

/// Returns the winning rule, and the source of its list.
fn winner<'r>(rules: &'r Rules, lists: &Lists, item: &Item<'r>, asked: &Asked) -> Option<(Source, &'r Rule)> {
    lists
        .by_precedence()
        .find_map(|(source, list_id)| best_of_list(rules, list_id, item, asked).map(|rule| (source, rule)))
}

/// Returns the winning rule of one list.
fn best_of_list<'r>(
    rules: &'r Rules,
    list_id: PriceListId,
    item: &Item<'r>,
    asked: &Asked,
) -> Option<&'r Rule> {
    let mut scopes = rules.narrow_to_wide(list_id, item);
    scopes.find_map(|same_scope| same_scope.iter().find(|rule| misfit(rule, item, asked).is_none()))
}

/// Returns the reason why a rule for this item does not apply, if there is one.
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

/// Returns the price per sold unit before rounding, never below zero. Nothing if the method needs a list
/// price and there is none.
#[expect(clippy::arithmetic_side_effects, reason = "both are products of two numbers")]
fn exact_price(method: Method, item: &Item<'_>) -> Option<Decimal> {
    let list_price = || item.list_price_per_sold_unit().map(Price::get);
    let exact = match method {
        Method::Fixed(price) => Some(item.factor.of(price)),
        Method::PercentOff(percent) => list_price().map(|list| percent.off(list)),
        Method::AmountOff(amount) => list_price().map(|list| list - item.factor.of(amount)),
    };
    exact.map(|exact| exact.max(Decimal::ZERO))
}
