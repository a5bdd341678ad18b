//! A run of the rule over the products of a tenant.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use domain::expected_receipt::Supply;
use domain::id::{CategoryId, LocationId, ProductId};
use domain::number::Quantity;
use domain::refusal::Refusal;
use domain::replenish::{AtLocation, LeadTime, Micro, Suggestion, TRANSFER_DAYS, TransferTimes, suggest};
use domain::tenant::Settings;
use uuid::Uuid;

use super::load::{DEMAND_DAYS, Loaded, Product, load};
use super::located::{at_location, places};
use super::pause::Pauses;
use super::policy::{Level, Policy};
use super::size::{check_size, count_active, count_levels};
use super::succession::Predecessor;
use super::{season, similar};
use crate::{Error, Tx};

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
    /// Category whose season may count.
    pub season_category: Option<CategoryId>,
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
    let similar = similar::find(tx, &loaded, &places, products.is_none()).await?;
    let seasons = season::find(tx, loaded.as_of).await?;
    let (mut suggested, mut pauses) = (Vec::new(), Pauses::default());
    for product in &loaded.products {
        let Some(places) = places.get(&product.id) else { continue };
        let (mut locations, mut policies) = (Vec::with_capacity(places.len()), Vec::new());
        let (season_category, season) = seasons.of(product.category).unzip();
        for place in places {
            let (mut location, policy) = at_location(&loaded, product, *place)?;
            location.season = season;
            location.analogue = similar.analogue(loaded.as_of, product, &location, &policy)?;
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
                suggested.push(Suggested { season_category, drafted, predecessors, superseded_by, ..kept });
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
        season_category: None,
        predecessors,
        superseded_by,
    }
}

fn transfer_times(loaded: &Loaded) -> Result<TransferTimes, Error> {
    let time = |(pair, days): (&(LocationId, LocationId), &Vec<u16>)| {
        let time = LeadTime::from_receipts(Some(TRANSFER_DAYS), days, days);
        Ok((*pair, time.map_err(|overflow| Error::invariant(overflow.to_string()))?))
    };
    loaded.transfers.iter().map(time).collect()
}
