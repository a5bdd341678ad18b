//! What may be promised, by day: the staircase of a product over the places that count.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use domain::id::{LocationId, ProductId};
use domain::number::Quantity;
use domain::product::ProductKind;
use domain::supply::{self, Step, Supply};
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use super::{LocationAvailability, ProductAvailability, Scope};
use crate::posting::setup;
use crate::stock::supply::coming;
use crate::{Error, Tx};

/// From a day on, until the next step: what may be promised.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct PromiseStep {
    /// The day, in the tenant's time zone; the first is today.
    #[schema(example = "2026-12-02")]
    pub on: NaiveDate,
    /// Stock units that come on that day: of expected receipts, and of transfers whose day is known.
    pub incoming: Quantity,
    /// Stock units that go on that day. What confirmed orders wait for goes today: whatever comes is theirs first.
    pub outgoing: Quantity,
    /// Stock units that may be promised for that day, never below zero.
    pub available: Quantity,
}

impl PromiseStep {
    /// The steps of a place. What is free of goods in lots although somebody waits will not do for who waits: it may be
    /// promised beside what comes.
    fn of_place(place: &LocationAvailability, today: NaiveDate, supplies: &[Supply]) -> Vec<Self> {
        let flows = supply::flows(today, supplies, place.backordered);
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
        supply::staircase(free, today, &flows).into_iter().map(step).collect()
    }
}

/// Adds the steps of stocked products, by place and over all places that count, including those to which something is on
/// its way and that never had any. Three statements, however many products there are.
pub(super) async fn add(tx: &Tx, scope: &Scope, products: &mut [ProductAvailability]) -> Result<(), Error> {
    let stocked: BTreeSet<Uuid> = products
        .iter()
        .filter(|product| product.kind == ProductKind::Stocked)
        .map(|product| product.product_id.0)
        .collect();
    let today = setup::settings(tx).await?.day(tx.now);
    let places = places(tx, scope).await?;
    let stocked: Vec<Uuid> = stocked.into_iter().collect();
    let supplies = coming(tx, &stocked, scope.location_id).await?;
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
        product.steps = Some(summed(today, &of_places));
    }
    Ok(())
}

/// The code of each location that counts.
async fn places(tx: &Tx, scope: &Scope) -> Result<BTreeMap<LocationId, String>, Error> {
    let channel: Option<&str> = scope.channel.map(Into::into);
    let statement = "select id, code from location \
                     where tenant_id = $1 and channels <> '{}' and ($2::text is null or channels @> array[$2])";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(channel)).await?;
    rows.iter().map(|row| Ok((LocationId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Adds a place that never had the product, where there is none of it.
fn add_place(product: &mut ProductAvailability, location_id: LocationId, code: &str) {
    let at = product.locations.partition_point(|place| place.location_id < location_id);
    if product.locations.get(at).is_none_or(|place| place.location_id != location_id) {
        let place = LocationAvailability::none(location_id, code.to_owned());
        product.locations.insert(at, place);
    }
}

/// The steps of all places as one staircase: on each day the sum of what every place may promise.
fn summed(today: NaiveDate, places: &[&[PromiseStep]]) -> Vec<PromiseStep> {
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
