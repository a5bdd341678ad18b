//! A product at a location, as the rule takes it.

use std::collections::{BTreeSet, HashMap};

use domain::id::{LocationId, ProductId};
use domain::number::{Price, Quantity};
use domain::replenish::{AtLocation, DemandHistory, Item, LeadTime, Method, Micro, Stock, TRANSFER_DAYS};

use super::history::history;
use super::load::{Facts, Loaded, Product};
use super::policy::{Policy, step};
use crate::Error;

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

/// Returns a product at a location, without a season, and without a similar product that stands in for missing weeks.
pub(super) fn at_location(
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
        season: None,
        analogue: None,
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
    let unit_cost = product.unit_cost.map(|cost| Micro::from(Price::new(cost)));
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
    let (stated, seen, of_supplier) = match policy.source {
        Some(source) => {
            let seen = loaded.transfers.get(&(source, location)).unwrap_or(&none);
            (Some(TRANSFER_DAYS), seen, seen)
        }
        None => {
            let of_supplier = policy.supplier.and_then(|supplier| loaded.supplier_receipts.get(&supplier));
            let seen = loaded.receipts.get(&product).unwrap_or(&none);
            (policy.lead_time_days, seen, of_supplier.unwrap_or(&none))
        }
    };
    // The product may have come from other suppliers too.
    let of_supplier = if of_supplier.len() > seen.len() { of_supplier } else { seen };
    LeadTime::from_receipts(stated, seen, of_supplier)
        .map_err(|overflow| Error::invariant(overflow.to_string()))
}
