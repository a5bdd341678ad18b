//! Items and places of external texts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::input::{Input, LocationMapping, SkuMapping, SystemNo, Text};

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
    skus: HashMap<(SystemNo, Text), Vec<&'a SkuMapping>>,
    locations: HashMap<(SystemNo, Text), Vec<&'a LocationMapping>>,
    items: HashSet<Text>,
    places: HashSet<Text>,
}

impl<'a> Resolver<'a> {
    pub fn new(input: &'a Input, reference: Option<SystemNo>) -> Self {
        let mut skus: HashMap<_, Vec<&SkuMapping>> = HashMap::new();
        let mut locations: HashMap<_, Vec<&LocationMapping>> = HashMap::new();
        let (mut items, mut places) = (HashSet::new(), HashSet::new());
        for mapping in &input.sku_mappings {
            skus.entry((mapping.system, Arc::clone(&mapping.external_sku))).or_default().push(mapping);
            items.insert(Arc::clone(&mapping.item));
        }
        for mapping in &input.location_mappings {
            let of_text = locations.entry((mapping.system, Arc::clone(&mapping.external_location)));
            of_text.or_default().push(mapping);
            places.insert(Arc::clone(&mapping.location));
        }
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

    /// Returns the factors of all mappings.
    pub fn factors(&self) -> impl Iterator<Item = Decimal> {
        self.skus.values().flatten().map(|mapping| mapping.factor)
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
        let mut found: Option<&'a Text> = None;
        for mapping in self.locations.get(&(system, Arc::clone(location))).into_iter().flatten() {
            if is_valid((mapping.valid_from, mapping.valid_until), at) {
                if found.is_some_and(|other| *other != mapping.location) {
                    return (location, State::Ambiguous);
                }
                found = Some(&mapping.location);
            }
        }
        match found {
            Some(place) => (place, State::Known),
            None if Some(system) == self.reference || self.places.contains(location) => {
                (location, State::Known)
            }
            None => (location, State::UnknownLocation),
        }
    }

    fn item(&self, system: SystemNo, sku: &'a Text, location: &Text, at: i64) -> (&'a Text, Decimal, State) {
        let mut found: Option<&'a SkuMapping> = None;
        for mapping in self.skus.get(&(system, Arc::clone(sku))).into_iter().flatten() {
            let here = mapping.external_location.as_ref();
            if !is_valid((mapping.valid_from, mapping.valid_until), at)
                || here.is_some_and(|here| here != location)
            {
                continue;
            }
            match found {
                // The mapping of one location wins over the one of all.
                Some(other) if other.external_location.is_some() && here.is_none() => {}
                Some(other) if other.external_location.is_none() && here.is_some() => found = Some(mapping),
                Some(other) if other.item != mapping.item => return (sku, Decimal::ONE, State::Ambiguous),
                Some(other) if other.factor <= mapping.factor => {}
                _ => found = Some(mapping),
            }
        }
        match found {
            Some(mapping) => (&mapping.item, mapping.factor, State::Known),
            None if Some(system) == self.reference || self.items.contains(sku) => {
                (sku, Decimal::ONE, State::Known)
            }
            None => (sku, Decimal::ONE, State::UnknownSku),
        }
    }
}

fn is_valid((from, until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>), at: i64) -> bool {
    from.is_none_or(|from| from.timestamp_micros() <= at)
        && until.is_none_or(|until| at < until.timestamp_micros())
}
