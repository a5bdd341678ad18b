//! The locations and levels of a batch.

use std::collections::BTreeSet;

use domain::book::{Book, Setup};
use domain::id::{LocationId, ProductId};
use domain::location::LocationKind;
use domain::product::ProductKind;
use domain::stock::LevelKey;

use domain::needs::Needs;

/// Returns the locations where the batch may move stock, except transit locations.
pub(super) fn places(needs: &Needs, setup: &Setup) -> BTreeSet<LocationId> {
    let registers = needs.register_ids.iter().chain(&needs.leasing);
    let registers = registers.filter_map(|id| setup.registers.get(id));
    let mut locations: BTreeSet<LocationId> = registers.map(|register| register.location_id).collect();
    locations.extend(&needs.location_ids);
    if needs.default_location {
        locations.extend(setup.location(None).map(|location| location.id));
    }
    locations
}

/// Returns every level that the batch may change: its stocked products at its locations.
pub(super) fn level_keys(needs: &Needs, book: &Book) -> BTreeSet<LevelKey> {
    let mut locations = places(needs, &book.setup);
    locations.extend(transit(needs, book));
    let stocked = book.products.values().filter(|product| product.kind == ProductKind::Stocked);
    let stocked: Vec<ProductId> = stocked.map(|product| product.id).collect();
    let at =
        |location: LocationId| stocked.iter().map(move |product| LevelKey::untracked(location, *product));
    locations.into_iter().flat_map(at).collect()
}

/// Returns the transit locations, if the batch needs them.
pub(super) fn transit(needs: &Needs, book: &Book) -> impl Iterator<Item = LocationId> {
    let transit = book.setup.locations.iter().filter(|location| location.kind == LocationKind::Transit);
    transit.filter(|_| needs.transit).map(|location| location.id)
}
