//! Prices of a basket, line by line, each with its price trace. Nothing is written.

use std::collections::HashMap;

use ::entity::location;
use chrono::{DateTime, Utc};
use domain::id::{CustomerId, LocationId, PriceRuleId, ProductId};
use domain::moment::Instant;
use domain::number::{Factor, Price, Quantity};
use domain::pricing::{self, Asked, Item, Lists, ReplacedPrices, Rules, Source, Trace};
use domain::product::{ItemRef, Product, Unit};
use domain::refusal::{Code, Problem, Problems, QUANTITY_ABOVE_ZERO};
use domain::tag;
use domain::tenant::Channel;
use sea_orm::{ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::catalog::lookup::{self, BasketProducts};
use crate::{Error, Tx, input};

/// Most lines of one basket.
pub const LINES_MAX: usize = 200;

/// A basket to price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceQuery)]
pub struct QuoteInput {
    /// Customer; without one, prices for an unknown customer are returned.
    #[serde(default)]
    pub customer_id: Option<CustomerId>,
    /// Sales channel.
    pub channel: Channel,
    /// Location of the sale. Without it only the price list of the channel applies.
    #[serde(default)]
    pub location_id: Option<LocationId>,
    /// Instant of the sale, past or future: its price rules and list prices count. Price lists, categories and units are those of today.
    /// The default is now.
    #[serde(default)]
    pub at: Option<Instant>,
    /// Lines of the basket. Quantity breaks add up the lines of the same product.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<QuoteLineInput>,
}

/// One line of a basket. Name the product by exactly one of `product_id`, `sku` and `barcode`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceQueryLine)]
pub struct QuoteLineInput {
    /// Id of the product.
    #[serde(default)]
    pub product_id: Option<ProductId>,
    /// SKU of the product.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    pub sku: Option<String>,
    /// Barcode of the product, which also determines the unit.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, example = "4006381333931")]
    pub barcode: Option<String>,
    /// Unit. The default is the barcode's unit, or the stock unit.
    #[serde(default)]
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "C62")]
    pub uom: Option<String>,
    /// Quantity in that unit.
    pub quantity: Quantity,
}

/// The prices of a basket.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Prices {
    pub object: tag::Prices,
    /// ISO 4217 code of every price.
    #[schema(max_length = 3, example = "EUR")]
    pub currency: String,
    /// Instant whose prices apply.
    pub at: DateTime<Utc>,
    /// Lines, in the order of the request.
    #[schema(max_items = 200)]
    pub lines: Vec<PriceLine>,
}

/// The price of one line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceLine {
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Unit that the price is for.
    #[schema(max_length = 3, example = "C62")]
    pub uom: String,
    /// Quantity in that unit.
    pub quantity: Quantity,
    /// Stock units per unit.
    pub factor: Factor,
    /// Price of one unit before discounts given at the sale. Null: the product has no price here, as `error` says.
    pub unit_price: Option<Price>,
    /// Whether the price includes tax: as its price list says, otherwise as the tenant's list prices do.
    #[schema(example = false)]
    pub includes_tax: bool,
    /// List price of one unit. Null: there is none.
    pub list_price: Option<Price>,
    /// Source of the price. Null without a price.
    pub source: Option<Source>,
    /// Rule that gave the price. Null for a list price, and for a publishable key.
    pub rule_id: Option<PriceRuleId>,
    /// Trace of the price: the rule that won, and why every other one lost. Null for a publishable key.
    pub trace: Option<Trace>,
    /// The reason why there is no price. Null with a price. A sale or an order of this line is rejected with it.
    pub error: Option<LineError>,
}

/// The reason why a line has no price.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PriceLineError)]
pub struct LineError {
    /// Code of the problem. New codes may appear.
    #[schema(max_length = 64, example = "price_missing")]
    pub code: &'static str,
    /// The fix.
    #[schema(max_length = 500, example = "BOLT-M8 has no price here. Give it a list price or a price rule.")]
    pub detail: String,
}

/// Prices a basket. A line that has no price says so, and the others have theirs.
pub async fn resolve(tx: &Tx, input: &QuoteInput) -> Result<Prices, Error> {
    let mut problems = Problems::default();
    check_location(tx, &mut problems, input.location_id).await?;
    let has_size = (1..=LINES_MAX).contains(&input.lines.len());
    if !has_size {
        problems.invalid("/lines", format!("A basket has 1 to {LINES_MAX} lines."));
    }
    let asked = if has_size { input.lines.as_slice() } else { &[] };
    let items = item_of_each(asked);
    let found = lookup::find(tx, &items).await?;
    let lines = resolve_lines(&mut problems, asked, &items, &found);
    let lists = super::load_lists(tx, input.customer_id, input.channel, input.location_id).await;
    let is_unknown = |error: &Error| error.code() == Some(Code::NotFound);
    if lists.as_ref().is_err_and(is_unknown) {
        input::add_unknown(&mut problems, "/customer_id", "customer");
    }
    problems.check()?;
    let lists = lists?;
    let rules = super::load_rules(tx, &super::all_lists(&lists), &found.ids(), &found.categories()).await?;
    let at = input.at.map_or(tx.now, Instant::get);
    let replaced = super::load_replaced(tx, &found.ids(), at).await?;
    let defaults = input::tenant_defaults(tx).await?;
    Ok(Prices {
        object: tag::Prices,
        currency: defaults.currency,
        at,
        lines: price((&rules, &replaced), &lists, (at, defaults.prices_include_tax), lines),
    })
}

/// A line with its product and unit.
struct Draft<'a> {
    product: &'a Product,
    unit: Unit,
    quantity: Quantity,
}

async fn check_location(tx: &Tx, problems: &mut Problems, id: Option<LocationId>) -> Result<(), Error> {
    let Some(id) = id else { return Ok(()) };
    let known = tx.select::<location::Entity>().filter(location::Column::Id.eq(id)).one(tx).await?;
    if known.is_none() {
        input::add_unknown(problems, "/location_id", "location");
    }
    Ok(())
}

/// Returns the item of each line.
fn item_of_each(lines: &[QuoteLineInput]) -> Vec<ItemRef> {
    let item = |line: &QuoteLineInput| match (line.product_id, &line.sku, &line.barcode) {
        (Some(id), None, None) => ItemRef::Id(id),
        (None, Some(sku), None) => ItemRef::sku(sku),
        (None, None, Some(code)) => ItemRef::barcode(code),
        _ => ItemRef::Unnamed,
    };
    lines.iter().map(item).collect()
}

/// Returns the product and the unit of each line. Reports every wrong line.
fn resolve_lines<'a>(
    problems: &mut Problems,
    lines: &[QuoteLineInput],
    items: &[ItemRef],
    found: &'a BasketProducts,
) -> Vec<Draft<'a>> {
    let mut drafts = Vec::with_capacity(lines.len());
    for (place, (line, item)) in lines.iter().zip(items).enumerate() {
        let pointer = |field: &str| format!("/lines/{place}/{field}");
        if !line.quantity.is_positive() {
            problems.invalid(pointer("quantity"), QUANTITY_ABOVE_ZERO);
        }
        let (field, name) = match item {
            ItemRef::Id(id) => ("product_id", id.to_string()),
            ItemRef::Sku(sku) => ("sku", sku.clone()),
            ItemRef::Barcode(code) => ("barcode", code.clone()),
            ItemRef::Unnamed => {
                problems.invalid(format!("/lines/{place}"), ItemRef::UNNAMED);
                continue;
            }
        };
        let Some((product, barcode_uom)) = found.get(item) else {
            problems.push(Problem {
                pointer: pointer(field),
                code: Code::NotFound,
                detail: format!("There is no product {name}."),
                params: vec![(field, name)],
            });
            continue;
        };
        let uom = line.uom.as_deref().or(barcode_uom);
        match product.unit(uom) {
            Some(unit) => drafts.push(Draft { product, unit, quantity: line.quantity }),
            None => {
                let uom = uom.unwrap_or_default();
                problems.invalid(pointer("uom"), format!("{} has no unit {uom}.", product.sku));
            }
        }
    }
    drafts
}

fn price(
    (rules, replaced): (&Rules, &ReplacedPrices),
    lists: &Lists,
    (at, prices_include_tax): (DateTime<Utc>, bool),
    lines: Vec<Draft<'_>>,
) -> Vec<PriceLine> {
    let mut baskets: HashMap<ProductId, Quantity> = HashMap::new();
    for line in &lines {
        let stock_units = Quantity::rounded(line.unit.factor.of(line.quantity));
        *baskets.entry(line.product.id).or_default() += stock_units;
    }
    let mut priced = Vec::with_capacity(lines.len());
    for Draft { product, unit, quantity } in lines {
        let item = Item {
            product_id: product.id,
            lineage: &product.lineage,
            list_price: replaced.at(product.id, None, at, product.list_price),
            unit_list_price: replaced.at(product.id, Some(&unit.uom), at, unit.list_price),
            factor: unit.factor,
        };
        let asked = Asked { basket_quantity: baskets[&product.id], at };
        let resolved = pricing::resolve(rules, lists, &item, &asked).ok();
        let error = resolved.is_none().then(|| LineError {
            code: Code::PriceMissing.as_str(),
            detail: format!("{} has no price here. Give it a list price or a price rule.", product.sku),
        });
        let trace = pricing::explain(rules, lists, &item, &asked);
        priced.push(PriceLine {
            product_id: product.id,
            sku: product.sku.clone(),
            uom: unit.uom,
            quantity,
            factor: unit.factor,
            unit_price: resolved.as_ref().map(|resolved| resolved.unit_price),
            includes_tax: resolved
                .as_ref()
                .and_then(|resolved| resolved.includes_tax)
                .unwrap_or(prices_include_tax),
            list_price: resolved.as_ref().and_then(|resolved| resolved.list_price),
            source: resolved.as_ref().map(|resolved| resolved.source),
            rule_id: resolved.and_then(|resolved| resolved.rule_id),
            trace: Some(trace),
            error,
        });
    }
    priced
}
