//! Promise steps: quantities that may be promised by day, for one location and over all locations that count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::expected_receipt::{self, Step, Supply};
use domain::id::{LocationId, ProductId};
use domain::number::Quantity;
use domain::product::ProductKind;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use super::{LocationAvailability, ProductAvailability, Scope};
use crate::posting::setup;
use crate::stock::incoming::find_supplies;
use crate::{Error, Tx};

/// The quantity that may be promised from a day until the next step.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct PromiseStep {
    /// Day in the tenant's time zone; the first is today.
    #[schema(example = "2026-12-02")]
    pub on: NaiveDate,
    /// Stock units that come in on that day from expected receipts and from transfers with a known day.
    pub incoming: Quantity,
    /// Stock units that go out on that day. Backorders of confirmed orders go out today, because they are allocated
    /// first.
    pub outgoing: Quantity,
    /// Stock units that may be promised for that day, never negative.
    pub available: Quantity,
}

impl PromiseStep {
    /// Returns the steps of one location. A tracked product may have available stock although orders wait, because
    /// its lots do not suit them. That stock may be promised in addition to incoming stock.
    fn of_place(place: &LocationAvailability, today: NaiveDate, supplies: &[Supply]) -> Vec<Self> {
        let flows = expected_receipt::flows(today, supplies, place.backordered);
        let (free, kept, beside) = if place.in_lots {
            (Quantity::ZERO, Quantity::ZERO, place.available)
        } else {
            (place.left, place.kept, Quantity::ZERO)
        };
        let step = |step: Step| PromiseStep {
            on: step.on,
            incoming: step.incoming,
            outgoing: step.outgoing,
            available: step.available.max(kept) + beside,
        };
        expected_receipt::staircase(free, today, &flows).into_iter().map(step).collect()
    }
}

/// Adds the steps of stocked products, by location and over all locations that count. Includes locations that never
/// had the product if a supply is on its way there. Runs three statements, however many products there are.
pub(super) async fn add(tx: &Tx, scope: &Scope, products: &mut [ProductAvailability]) -> Result<(), Error> {
    let stocked: BTreeSet<Uuid> = products
        .iter()
        .filter(|product| product.kind == ProductKind::Stocked)
        .map(|product| product.product_id.0)
        .collect();
    let today = setup::settings(tx).await?.day(tx.now);
    let places = places(tx, scope).await?;
    let stocked: Vec<Uuid> = stocked.into_iter().collect();
    let supplies = find_supplies(tx, &stocked, scope.location_id).await?;
    let mut awaited: BTreeMap<ProductId, BTreeSet<LocationId>> = BTreeMap::new();
    for (location_id, product_id) in supplies.keys() {
        awaited.entry(*product_id).or_default().insert(*location_id);
    }
    for product in products.iter_mut().filter(|product| product.kind == ProductKind::Stocked) {
        for location_id in awaited.get(&product.product_id).into_iter().flatten() {
            if let Some(code) = places.get(location_id) {
                add_place(product, *location_id, code);
            }
        }
        for place in &mut product.locations {
            let supplies = supplies.get(&(place.location_id, product.product_id));
            let supplies = supplies.map_or(&[][..], Vec::as_slice);
            place.steps = Some(PromiseStep::of_place(place, today, supplies));
        }
        let of_places: Vec<&[PromiseStep]> =
            product.locations.iter().filter_map(|place| place.steps.as_deref()).collect();
        product.steps = Some(add_up_steps(today, &of_places));
    }
    Ok(())
}

/// Returns the code of each location that counts.
async fn places(tx: &Tx, scope: &Scope) -> Result<BTreeMap<LocationId, String>, Error> {
    let channel: Option<&str> = scope.channel.map(Into::into);
    let statement = "select id, code from location \
                     where tenant_id = $1 and channels <> '{}' and ($2::text is null or channels @> array[$2])";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(channel)).await?;
    rows.iter().map(|row| Ok((LocationId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Adds a location that has never had the product, if it is missing.
fn add_place(product: &mut ProductAvailability, location_id: LocationId, code: &str) {
    let at = product.locations.partition_point(|place| place.location_id < location_id);
    if product.locations.get(at).is_none_or(|place| place.location_id != location_id) {
        let place = LocationAvailability::none(location_id, code.to_owned());
        product.locations.insert(at, place);
    }
}

/// Adds up the steps of all locations: each day has the sum of what the locations may promise.
fn add_up_steps(today: NaiveDate, places: &[&[PromiseStep]]) -> Vec<PromiseStep> {
    let days: BTreeSet<NaiveDate> =
        places.iter().flat_map(|steps| steps.iter().map(|step| step.on)).chain([today]).collect();
    let mut at = vec![0; places.len()];
    let sum = |day: NaiveDate| {
        let mut sum = PromiseStep {
            on: day,
            incoming: Quantity::ZERO,
            outgoing: Quantity::ZERO,
            available: Quantity::ZERO,
        };
        for (steps, at) in places.iter().zip(&mut at) {
            while steps.get(*at + 1).is_some_and(|next| next.on <= day) {
                *at += 1;
            }
            let step = steps[*at];
            sum.available += step.available;
            if step.on == day {
                sum.incoming += step.incoming;
                sum.outgoing += step.outgoing;
            }
        }
        sum
    };
    days.into_iter().map(sum).collect()
}
