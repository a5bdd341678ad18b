//! Items and places of external texts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::input::{Input, SystemNo, Text};
use super::timeline::{Mapping, Target, Timeline};

/// Whether an external text is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum State {
    /// Item and place are known.
    Known,
    /// No item for the SKU.
    UnknownSku,
    /// No place for the location.
    UnknownLocation,
    /// Two items or two places at once.
    Ambiguous,
}

/// The item and place of external texts. What is unknown keeps the external text.
#[derive(Debug, Clone)]
pub(super) struct Resolved<'a> {
    /// Item.
    pub item: &'a Text,
    /// Place.
    pub place: &'a Text,
    /// Units of the reference in one external unit.
    pub factor: Decimal,
    /// Whether both are known.
    pub state: State,
}

/// The mappings, by system and external text.
pub(super) struct Resolver<'a> {
    reference: Option<SystemNo>,
    skus: HashMap<(SystemNo, Text), OfSku<'a>>,
    locations: HashMap<(SystemNo, Text), Timeline<'a>>,
    items: HashSet<Text>,
    places: HashSet<Text>,
}

/// The mappings of an external SKU. Those of one location win over those of all.
#[derive(Debug, Default)]
struct OfSku<'a> {
    everywhere: Timeline<'a>,
    at_location: HashMap<&'a Text, Timeline<'a>>,
}

impl<'a> Resolver<'a> {
    pub fn new(input: &'a Input, reference: Option<SystemNo>) -> Self {
        let (skus, locations) = (skus(input), locations(input));
        let mut items: HashSet<Text> =
            input.sku_mappings.iter().map(|mapping| Arc::clone(&mapping.item)).collect();
        let mut places: HashSet<Text> =
            input.location_mappings.iter().map(|mapping| Arc::clone(&mapping.location)).collect();
        items.extend(input.items.iter().map(|item| Arc::clone(&item.item)));
        for part in &input.bundles {
            items.insert(Arc::clone(&part.item));
            items.insert(Arc::clone(&part.component));
        }
        let mut add = |system: SystemNo, sku: &Text, location: &Text| {
            if Some(system) == reference {
                if !items.contains(sku) && !skus.contains_key(&(system, Arc::clone(sku))) {
                    items.insert(Arc::clone(sku));
                }
                if !places.contains(location) && !locations.contains_key(&(system, Arc::clone(location))) {
                    places.insert(Arc::clone(location));
                }
            }
        };
        input.snapshots.iter().for_each(|line| add(line.system, &line.external_sku, &line.external_location));
        input
            .events
            .iter()
            .for_each(|event| add(event.system, &event.external_sku, &event.external_location));
        Resolver { reference, skus, locations, items, places }
    }

    /// Returns the item and place of external texts at a true time.
    pub fn resolve(&self, system: SystemNo, sku: &'a Text, location: &'a Text, at: i64) -> Resolved<'a> {
        let (place, place_state) = self.place(system, location, at);
        let (item, factor, item_state) = self.item(system, sku, location, at);
        let state = if item_state == State::Known { place_state } else { item_state };
        match state {
            State::Known => Resolved { item, place, factor, state },
            State::UnknownSku | State::UnknownLocation | State::Ambiguous => {
                Resolved { item: sku, place: location, factor: Decimal::ONE, state }
            }
        }
    }

    fn place(&self, system: SystemNo, location: &'a Text, at: i64) -> (&'a Text, State) {
        let mappings = self.locations.get(&(system, Arc::clone(location)));
        match mappings.map_or(Target::Unknown, |mappings| mappings.at(at)) {
            Target::Known(place, _) => (place, State::Known),
            Target::Ambiguous => (location, State::Ambiguous),
            Target::Unknown if Some(system) == self.reference || self.places.contains(location) => {
                (location, State::Known)
            }
            Target::Unknown => (location, State::UnknownLocation),
        }
    }

    fn item(&self, system: SystemNo, sku: &'a Text, location: &Text, at: i64) -> (&'a Text, Decimal, State) {
        match self.target(system, sku, location, at) {
            Target::Known(item, factor) => (item, factor, State::Known),
            Target::Ambiguous => (sku, Decimal::ONE, State::Ambiguous),
            Target::Unknown if Some(system) == self.reference || self.items.contains(sku) => {
                (sku, Decimal::ONE, State::Known)
            }
            Target::Unknown => (sku, Decimal::ONE, State::UnknownSku),
        }
    }

    fn target(&self, system: SystemNo, sku: &Text, location: &Text, at: i64) -> Target<'a> {
        let Some(mappings) = self.skus.get(&(system, Arc::clone(sku))) else { return Target::Unknown };
        let here = mappings.at_location.get(location).map_or(Target::Unknown, |mappings| mappings.at(at));
        if here == Target::Unknown { mappings.everywhere.at(at) } else { here }
    }
}

fn micros(instant: Option<DateTime<Utc>>) -> Option<i64> {
    instant.map(|instant| instant.timestamp_micros())
}

/// Returns the mappings of each external SKU.
fn skus(input: &Input) -> HashMap<(SystemNo, Text), OfSku<'_>> {
    let mut rows: HashMap<(SystemNo, &Text, Option<&Text>), Vec<Mapping>> = HashMap::new();
    for mapping in &input.sku_mappings {
        let key = (mapping.system, &mapping.external_sku, mapping.external_location.as_ref());
        rows.entry(key).or_default().push(Mapping {
            from: micros(mapping.valid_from),
            until: micros(mapping.valid_until),
            target: &mapping.item,
            factor: mapping.factor,
        });
    }
    let mut skus: HashMap<(SystemNo, Text), OfSku> = HashMap::new();
    for ((system, sku, location), rows) in rows {
        let of_sku = skus.entry((system, Arc::clone(sku))).or_default();
        let timeline = Timeline::new(&rows);
        match location {
            Some(location) => _ = of_sku.at_location.insert(location, timeline),
            None => of_sku.everywhere = timeline,
        }
    }
    skus
}

/// Returns the mappings of each external location.
fn locations(input: &Input) -> HashMap<(SystemNo, Text), Timeline<'_>> {
    let mut rows: HashMap<(SystemNo, &Text), Vec<Mapping>> = HashMap::new();
    for mapping in &input.location_mappings {
        rows.entry((mapping.system, &mapping.external_location)).or_default().push(Mapping {
            from: micros(mapping.valid_from),
            until: micros(mapping.valid_until),
            target: &mapping.location,
            factor: Decimal::ONE,
        });
    }
    let rows = rows.into_iter();
    rows.map(|((system, location), rows)| ((system, Arc::clone(location)), Timeline::new(&rows))).collect()
}
