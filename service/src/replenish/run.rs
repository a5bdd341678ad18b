//! A run of the rule over the products of a tenant.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::expected_receipt::Supply;
use domain::id::{CategoryId, LocationId, ProductId};
use domain::number::Quantity;
use domain::refusal::{Code, Refusal};
use domain::replenish::{
    AtLocation, DemandHistory, Item, LeadTime, Method, Micro, Stock, Suggestion, TRANSFER_DAYS,
    TransferTimes, suggest,
};
use domain::tenant::Settings;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::history::history;
use super::load::{DEMAND_DAYS, Facts, Loaded, Product, load};
use super::pause::Pauses;
use super::policy::{Level, Policy, step};
use super::succession::Predecessor;
use crate::{Error, Tx};

/// Most products and locations of one run. A tenant with more asks for some products at a time.
pub const PAIRS_MAX: usize = 200_000;

/// The part of a suggestion that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Without weeks, capped orders and supplies.
    Row,
    /// Everything.
    Whole,
}

/// The suggestions of a run.
pub(super) struct Run {
    pub tenant: Settings,
    pub as_of: NaiveDate,
    pub suggested: Vec<Suggested>,
    pub products: HashMap<ProductId, Product>,
    codes: HashMap<LocationId, String>,
}

/// The suggestion for a product at a location, with the settings that it follows from.
pub(super) struct Suggested {
    pub product_id: ProductId,
    pub suggestion: Suggestion,
    pub policy: Policy,
    /// Number of weeks of demand that count.
    pub week_count: usize,
    /// Supplies of the location.
    pub supplies: Vec<Supply>,
    pub unit_cost: Option<Micro>,
    /// Units in drafts of purchase orders for the location.
    pub drafted: Quantity,
    /// Products that this one supersedes, as far as they have figures at the location.
    pub predecessors: Vec<Predecessor>,
    /// The newest product that supersedes this one.
    pub superseded_by: Option<ProductId>,
}

impl Suggested {
    pub fn location_id(&self) -> LocationId {
        self.suggestion.location_id
    }

    /// Returns the settings from which each field comes that is stated.
    pub fn origins(&self) -> BTreeMap<&'static str, Level> {
        self.policy.origins.iter().copied().collect()
    }

    /// Returns the categories from whose settings fields come.
    pub fn categories(&self) -> BTreeMap<&'static str, CategoryId> {
        self.policy.categories.iter().copied().collect()
    }
}

impl Run {
    /// Returns the code of a location.
    pub fn code(&self, id: LocationId) -> &str {
        self.codes.get(&id).map_or("", String::as_str)
    }

    /// Whether there is such a warehouse or store.
    pub fn has_location(&self, id: LocationId) -> bool {
        self.codes.contains_key(&id)
    }

    pub fn product(&self, suggested: &Suggested) -> Result<&Product, Error> {
        let product = self.products.get(&suggested.product_id);
        product.ok_or_else(|| Error::invariant("a suggestion of a product that was not read"))
    }
}

/// The products of a run, and the part of its suggestions that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'products> {
    /// All products if absent.
    pub products: Option<&'products [Uuid]>,
    pub extent: Extent,
    /// Without it, the cost of every product counts as unknown, because the figures would tell it.
    pub sees_costs: bool,
}

/// Runs the rule. Keeps the suggestions that `is_kept` names.
pub(super) async fn run(
    tx: &Tx,
    scope: Scope<'_>,
    is_kept: impl Fn(&Suggestion) -> bool,
) -> Result<Run, Error> {
    let Scope { products, extent, sees_costs } = scope;
    check_size(count_levels(tx, products).await?)?;
    let mut loaded = load(tx, products, DEMAND_DAYS).await?;
    if !sees_costs {
        loaded.products.iter_mut().for_each(|product| product.unit_cost = None);
    }
    let places = places(&loaded);
    check_size(count_active(&loaded.products, &places))?;
    let times = transfer_times(&loaded)?;
    let (mut suggested, mut pauses) = (Vec::new(), Pauses::default());
    for product in &loaded.products {
        let Some(places) = places.get(&product.id) else { continue };
        let (mut locations, mut policies) = (Vec::with_capacity(places.len()), Vec::new());
        for place in places {
            let (location, policy) = at_location(&loaded, product, *place)?;
            locations.push(location);
            policies.push(policy);
            pauses.after_one().await;
        }
        let suggestions = suggest(loaded.as_of, &locations, &times);
        let suggestions = suggestions.map_err(|circle| Refusal::state(circle.to_string()))?;
        for ((suggestion, policy), location) in suggestions.into_iter().zip(policies).zip(locations) {
            if is_kept(&suggestion) {
                let pair = (product.id, suggestion.location_id);
                let facts = loaded.facts.get(&pair);
                let predecessors = loaded.merged.predecessors.get(&pair).cloned().unwrap_or_default();
                let superseded_by = loaded.succession.newest(product.id.0).map(ProductId);
                let drafted = facts.map_or(Quantity::ZERO, |facts| facts.drafted);
                let kept = kept(product.id, suggestion, (location, policy), extent);
                suggested.push(Suggested { drafted, predecessors, superseded_by, ..kept });
            }
        }
    }
    let codes = loaded.locations.into_iter().map(|(id, place)| (id, place.code)).collect();
    let products = loaded.products.into_iter().map(|product| (product.id, product)).collect();
    Ok(Run { tenant: loaded.tenant, as_of: loaded.as_of, suggested, products, codes })
}

/// Returns the part of a suggestion that is kept. A tenant may have many.
fn kept(
    product_id: ProductId,
    mut suggestion: Suggestion,
    (location, policy): (AtLocation, Policy),
    extent: Extent,
) -> Suggested {
    let week_count = suggestion.assessment.as_ref().map_or(0, |one| one.demand.weeks.len());
    let (mut supplies, unit_cost) = (location.stock.incoming, location.item.unit_cost);
    if extent == Extent::Row {
        supplies = Vec::new();
        if let Some(assessment) = &mut suggestion.assessment {
            assessment.demand.weeks = Vec::new();
            assessment.demand.capped = Vec::new();
        }
    }
    let drafted = Quantity::ZERO;
    let (predecessors, superseded_by) = (Vec::new(), None);
    Suggested {
        product_id,
        suggestion,
        policy,
        week_count,
        supplies,
        unit_cost,
        drafted,
        predecessors,
        superseded_by,
    }
}

/// Rejects more products at locations than are computed at a time.
fn check_size(pairs: usize) -> Result<(), Refusal> {
    if pairs <= PAIRS_MAX {
        return Ok(());
    }
    let detail = format!(
        "More than {PAIRS_MAX} active products at locations are too many at a time. Ask for some products with product_id."
    );
    Err(Refusal::new(Code::ValidationFailed, detail))
}

/// Products at locations that ever had stock, counted up to one more than the most, before anything else is read.
const LEVELS: &str = "select count(*) as pairs from ( \
         select distinct s.product_id, s.location_id from stock_level s \
         join product p on p.tenant_id = $1 and p.id = s.product_id and p.kind = 'stocked' and p.status = 'active' \
         join location l on l.tenant_id = $1 and l.id = s.location_id and l.kind in ('warehouse', 'store') \
         where s.tenant_id = $1 and ($2::uuid[] is null or s.product_id = any($2)) \
         limit $3 \
     ) level";

async fn count_levels(tx: &Tx, products: Option<&[Uuid]>) -> Result<usize, Error> {
    let most = i64::try_from(PAIRS_MAX + 1).unwrap_or(i64::MAX);
    let row = tx.row(sqlx::query(LEVELS).bind(tx.tenant_id.0).bind(products).bind(most)).await?;
    let pairs: i64 = row.map_or(Ok(0), |row| row.try_get("pairs"))?;
    Ok(usize::try_from(pairs).unwrap_or_default())
}

/// Returns the number of locations of all active products. Facts of other products are not computed with.
fn count_active(products: &[Product], places: &HashMap<ProductId, BTreeSet<LocationId>>) -> usize {
    products.iter().filter_map(|product| places.get(&product.id)).map(BTreeSet::len).sum()
}

/// Returns the locations of each product: those that have facts or settings of it, and those that feed one of them.
pub(super) fn places(loaded: &Loaded) -> HashMap<ProductId, BTreeSet<LocationId>> {
    let stated = loaded.stated.pairs().map(|(product, location)| (ProductId(product), LocationId(location)));
    let mut places: HashMap<ProductId, BTreeSet<LocationId>> = HashMap::new();
    for (product, location) in loaded.facts.keys().copied().chain(stated) {
        let mut next = Some(location).filter(|location| loaded.locations.contains_key(location));
        let of_product = places.entry(product).or_default();
        while let Some(location) = next {
            // A location that is known was followed to its sources already.
            let is_new = of_product.insert(location);
            next = loaded.stated.of(product.0, location.0).source.filter(|_| is_new);
            next = next.filter(|source| loaded.locations.contains_key(source));
        }
    }
    places.retain(|_, locations| !locations.is_empty());
    places
}

fn at_location(
    loaded: &Loaded,
    product: &Product,
    location_id: LocationId,
) -> Result<(AtLocation, Policy), Error> {
    let policy = loaded.stated.of(product.id.0, location_id.0);
    let nothing = Facts::default();
    let facts = loaded.facts.get(&(product.id, location_id)).unwrap_or(&nothing);
    let history = match facts.days.is_empty() && facts.orders.is_empty() && facts.first_day.is_none() {
        true => DemandHistory::empty(loaded.start),
        false => history(facts, loaded.start, loaded.as_of),
    };
    let predecessors = loaded.merged.predecessors.get(&(product.id, location_id)).into_iter().flatten();
    let stock = Stock {
        available: facts.available,
        of_predecessors: predecessors.map(|one| one.available.max(Quantity::ZERO)).sum(),
        lots: facts.lots.clone(),
        open_demand: facts.open_demand.clone(),
        incoming: facts.incoming.clone(),
    };
    let at = AtLocation {
        location_id,
        code: loaded.locations.get(&location_id).map(|place| place.code.clone()).unwrap_or_default(),
        history,
        planned: policy.planned.clone(),
        analogue: policy.analogue_rate,
        lead_time: lead_time(loaded, product.id, location_id, &policy)?,
        review_weekday: policy.review_weekday,
        settings: policy.settings,
        item: item(product),
        method: match loaded.succession.newest(product.id.0) {
            Some(_) => Method::Superseded,
            None => policy.method,
        },
        size: policy.size,
        stock,
        fed_by: policy.source,
    };
    Ok((at, policy))
}

/// Returns step and cost of a product.
pub(super) fn item(product: &Product) -> Item {
    let unit_cost = product.unit_cost.map(|cost| Micro::from(domain::number::Price::new(cost)));
    Item { step: step(product.decimals), unit_cost }
}

/// Returns the lead time from the supplier, or from the location that feeds this one.
pub(super) fn lead_time(
    loaded: &Loaded,
    product: ProductId,
    location: LocationId,
    policy: &Policy,
) -> Result<LeadTime, Error> {
    let none = Vec::new();
    let (stated, seen) = match policy.source {
        Some(source) => {
            let seen = loaded.transfers.get(&(source, location)).unwrap_or(&none);
            (Some(TRANSFER_DAYS), seen)
        }
        None => (policy.lead_time_days, loaded.receipts.get(&product).unwrap_or(&none)),
    };
    LeadTime::from_receipts(stated, seen, seen).map_err(|overflow| Error::invariant(overflow.to_string()))
}

fn transfer_times(loaded: &Loaded) -> Result<TransferTimes, Error> {
    let time = |(pair, days): (&(LocationId, LocationId), &Vec<u16>)| {
        let time = LeadTime::from_receipts(Some(TRANSFER_DAYS), days, days);
        Ok((*pair, time.map_err(|overflow| Error::invariant(overflow.to_string()))?))
    };
    loaded.transfers.iter().map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_products_count_for_the_limit() {
        let id = |number| ProductId(Uuid::from_u128(number));
        let product = Product {
            id: id(1),
            sku: "MUG".to_owned(),
            name: "Mug".to_owned(),
            uom: "C62".to_owned(),
            decimals: 0,
            category: None,
            is_active: true,
            list_price: None,
            unit_cost: None,
        };
        let at = |count: u128| (1..=count).map(|number| LocationId(Uuid::from_u128(number))).collect();
        // The facts of the second product were read, and it is not sold any more.
        let places = HashMap::from([(id(1), at(2)), (id(2), at(5))]);
        assert_eq!(count_active(&[product], &places), 2);
        assert!(check_size(PAIRS_MAX).is_ok() && check_size(PAIRS_MAX + 1).is_err());
    }
}
