//! Similar products, whose rates stand in for the missing weeks of new ones: those that settings name, and those of the category.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use domain::id::{CategoryId, LocationId, ProductId};
use domain::refusal::Refusal;
use domain::replenish::{Analogue, AtLocation, Micro, Overflow, own_rates};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::analogue::StatedAnalogue;
use super::history::first_day;
use super::load::{DEMAND_DAYS, Loaded, Pair, Product, load};
use super::located::{at_location, places};
use super::pause::Pauses;
use super::policy::Policy;
use super::size::{check_size, count_levels};
use crate::{Error, Tx};

/// Most products of a category that count for its median: those that were made first.
const MEMBERS_MAX: usize = 200;

/// Most days since its first day of a product that has fewer than eight weeks: seven weeks, which may end up to six days ago.
const NEW_DAYS: i64 = 55;

/// A product of a category.
#[derive(Debug, Clone)]
struct Member {
    id: ProductId,
    uom: String,
}

/// The rates that may stand in for missing weeks.
#[derive(Debug, Default)]
pub(super) struct Similar {
    /// Rates a week of products, from their own weeks alone.
    rates: HashMap<Pair, Micro>,
    /// The products that count for the median of each category.
    members: HashMap<CategoryId, Vec<Member>>,
}

impl Similar {
    /// Returns the rate that stands in for missing weeks of a product at a location. A product that is named and has no rate there is
    /// none, so the median of the category stands in for it.
    pub fn analogue(
        &self,
        as_of: NaiveDate,
        product: &Product,
        location: &AtLocation,
        policy: &Policy,
    ) -> Result<Option<Analogue>, Error> {
        match policy.analogue {
            Some(StatedAnalogue::Rate(rate)) => return Ok(Some(Analogue::stated(rate.into()))),
            Some(StatedAnalogue::Product(id, percent)) => {
                if let Some(rate) = self.rates.get(&(id, location.location_id)) {
                    return Ok(Some(Analogue::of_product(*rate, percent).map_err(too_large)?));
                }
            }
            None => {}
        }
        if !may_be_new(as_of, location.history.first_day) {
            return Ok(None);
        }
        let members = product.category.and_then(|category| self.members.get(&category));
        let others =
            members.into_iter().flatten().filter(|one| one.id != product.id && one.uom == product.uom);
        let rates = others.filter_map(|one| self.rates.get(&(one.id, location.location_id)).copied());
        Analogue::of_category(rates.collect()).map_err(too_large)
    }
}

fn too_large(overflow: Overflow) -> Error {
    Error::invariant(overflow.to_string())
}

/// Whether a product may have fewer than eight weeks. The weekday of its reviews may be any.
fn may_be_new(as_of: NaiveDate, first_day: Option<NaiveDate>) -> bool {
    first_day.is_none_or(|first| as_of.signed_duration_since(first).num_days() <= NEW_DAYS)
}

/// Computes the rates that the products of a run may need. A run of some products reads the similar ones beside them, so that their
/// figures are those of a run of all.
pub(super) async fn find(
    tx: &Tx,
    loaded: &Loaded,
    places: &HashMap<ProductId, BTreeSet<LocationId>>,
    is_whole: bool,
) -> Result<Similar, Error> {
    let categories = wanted_categories(loaded, places);
    let mut wanted: BTreeSet<Uuid> = loaded.stated.analogue_products().map(|id| id.0).collect();
    if wanted.is_empty() && categories.is_empty() {
        return Ok(Similar::default());
    }
    if is_whole {
        let members = first_members(&loaded.products, &categories);
        wanted.extend(members.values().flatten().map(|one| one.id.0));
        return rates(loaded, &wanted, members).await;
    }
    wanted.extend(find_members(tx, &categories).await?);
    let wanted_ids: Vec<Uuid> = wanted.iter().copied().collect();
    check_size(count_levels(tx, Some(&wanted_ids)).await?)?;
    let others = load(tx, Some(&wanted_ids), DEMAND_DAYS).await?;
    let members = first_members(&others.products, &categories);
    rates(&others, &wanted, members).await
}

/// Returns the categories of the products that may be new somewhere and have no stated rate there.
fn wanted_categories(
    loaded: &Loaded,
    places: &HashMap<ProductId, BTreeSet<LocationId>>,
) -> BTreeSet<CategoryId> {
    let mut categories = BTreeSet::new();
    for product in &loaded.products {
        let Some(category) = product.category.filter(|category| !categories.contains(category)) else {
            continue;
        };
        let is_wanted = |place: &LocationId| {
            let facts = loaded.facts.get(&(product.id, *place));
            may_be_new(loaded.as_of, facts.and_then(first_day))
                && loaded.stated.of(product.id.0, place.0).analogue.and_then(StatedAnalogue::rate).is_none()
        };
        let is_newest = loaded.succession.newest(product.id.0).is_none();
        if is_newest && places.get(&product.id).into_iter().flatten().any(is_wanted) {
            categories.insert(category);
        }
    }
    categories
}

/// Returns the first products of each category, as [`find_members`] does.
fn first_members(
    products: &[Product],
    categories: &BTreeSet<CategoryId>,
) -> HashMap<CategoryId, Vec<Member>> {
    let mut members: HashMap<CategoryId, Vec<Member>> = HashMap::new();
    for product in products {
        let Some(category) = product.category.filter(|category| categories.contains(category)) else {
            continue;
        };
        let of_category = members.entry(category).or_default();
        if of_category.len() < MEMBERS_MAX {
            of_category.push(Member { id: product.id, uom: product.uom.clone() });
        }
    }
    members
}

/// Returns the first active stocked products of some categories, by one statement.
async fn find_members(tx: &Tx, categories: &BTreeSet<CategoryId>) -> Result<Vec<Uuid>, Error> {
    if categories.is_empty() {
        return Ok(Vec::new());
    }
    let statement = "select m.id from unnest($2::uuid[]) as c (id) \
                     cross join lateral ( \
                         select p.id from product p \
                         where p.tenant_id = $1 and p.category_id = c.id and p.kind = 'stocked' and p.status = 'active' \
                         order by p.id limit $3) m";
    let ids: Vec<Uuid> = categories.iter().map(|id| id.0).collect();
    let most = i64::try_from(MEMBERS_MAX).unwrap_or(i64::MAX);
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(most)).await?;
    Ok(rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<Uuid>, _>>()?)
}

/// Computes the rates of the wanted products. A product that is superseded does not count for its category: its demand is in that of
/// the newest one.
async fn rates(
    loaded: &Loaded,
    wanted: &BTreeSet<Uuid>,
    mut members: HashMap<CategoryId, Vec<Member>>,
) -> Result<Similar, Error> {
    for of_category in members.values_mut() {
        of_category.retain(|one| loaded.succession.newest(one.id.0).is_none());
    }
    let (places, mut pauses) = (places(loaded), Pauses::default());
    let mut found = HashMap::new();
    for product in loaded.products.iter().filter(|product| wanted.contains(&product.id.0)) {
        let mut locations = Vec::new();
        for place in places.get(&product.id).into_iter().flatten() {
            locations.push(at_location(loaded, product, *place)?.0);
            pauses.after_one().await;
        }
        let own = own_rates(loaded.as_of, &locations);
        let own = own.map_err(|circle| Refusal::state(circle.to_string()))?;
        for (location, rate) in locations.iter().zip(own) {
            found.extend(rate.map(|rate| ((product.id, location.location_id), rate)));
        }
    }
    Ok(Similar { rates: found, members })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_new_for_seven_weeks_with_reviews_on_any_weekday() {
        let day = |number: u64| {
            let first = NaiveDate::from_ymd_opt(2026, 6, 1).expect("a day");
            first + chrono::Days::new(number)
        };
        assert!(may_be_new(day(55), Some(day(0))) && may_be_new(day(55), None));
        assert!(!may_be_new(day(56), Some(day(0))));
    }
}
