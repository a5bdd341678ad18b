//! Locks the levels of tracked products: those that are in use, and those that units come into.
//!
//! Each serial number that was sold leaves a level behind. An index covers only the levels that are not used up, so the
//! hundred-thousandth sale reads no more than the first.

use chrono::{DateTime, Utc};
use domain::book::Book;
use domain::id::LocationId;
use domain::lot::Lot;
use domain::product::Product;
use domain::stock::LevelKey;
use sea_orm::sqlx::postgres::PgRow;

use crate::columns::Columns;
use crate::{Error, Tx};

/// Locks levels in the order of their keys. There are four kinds: the level without a lot at each location; levels that
/// are not used up, and for a transfer the levels of the same lots in transit; levels of lots that units may come into;
/// and, for a document dated in the past, used-up levels that were counted since, because the units may have been of
/// any of those lots. The keys are gathered in arrays so that the generic plan finds each level by its key or by the
/// index.
pub const LOCK_LEVELS: &str = "
    with wanted as materialized (
        select * from unnest($2::uuid[], $3::uuid[]) as v (location_id, product_id)
    ), live as materialized (
        select
            array_agg(s.location_id) as locations, array_agg(s.product_id) as products, array_agg(s.lot_id) as lots
        from wanted w
        join stock_level s on s.location_id = w.location_id and s.product_id = w.product_id
        where s.tenant_id = $1 and not s.used_up and s.lot_id <> '00000000-0000-0000-0000-000000000000'
    ), counted as materialized (
        select
            array_agg(s.location_id) as locations, array_agg(s.product_id) as products, array_agg(s.lot_id) as lots
        from wanted w
        join stock_level s on s.location_id = w.location_id and s.product_id = w.product_id
        where $8::timestamptz is not null and s.tenant_id = $1 and s.counted_at >= $8 and s.used_up
    ), here as (
        select * from live union all select * from counted
    ), key as (
        select location_id, product_id, '00000000-0000-0000-0000-000000000000'::uuid as lot_id from wanted
        union
        select v.* from here, unnest(here.locations, here.products, here.lots) as v
        union
        select t.id, v.* from here, unnest(here.products, here.lots) as v, unnest($5::uuid[]) as t (id)
        union
        select w.location_id, w.product_id, v.lot_id
        from wanted w join unnest($6::uuid[], $7::uuid[]) as v (product_id, lot_id) on v.product_id = w.product_id
    ), keys as materialized (
        select array_agg(location_id) as locations, array_agg(product_id) as products, array_agg(lot_id) as lots from key
    )
    select
        l.location_id, l.product_id, l.lot_id, l.on_hand, l.reserved, l.value, l.last_cost,
        l.next_expiry <= $4 as has_expired, l.layered, l.backordered, l.allotted, l.counted_at
    from keys
    cross join unnest(keys.locations, keys.products, keys.lots) as key (location_id, product_id, lot_id)
    join stock_level l on l.location_id = key.location_id and l.product_id = key.product_id and l.lot_id = key.lot_id
    where l.tenant_id = $1
    order by l.location_id, l.product_id, l.lot_id for update of l";

/// Whether a product of the book is tracked.
pub(super) fn are_wanted(book: &Book) -> bool {
    book.products.values().any(Product::is_tracked)
}

/// Locks and reads the levels of products at locations, including those of their lots, which may be in `transit`.
pub(super) async fn lock(
    tx: &Tx,
    book: &Book,
    keys: &[LevelKey],
    transit: &[LocationId],
    since: Option<DateTime<Utc>>,
) -> Result<Vec<PgRow>, Error> {
    let lots: Vec<&Lot> = book.lots.iter().collect();
    let query = Columns::of(LOCK_LEVELS)
        .bind(tx.tenant_id.0)
        .column("location_id", keys, |key| key.location_id.0)
        .column("product_id", keys, |key| key.product_id.0)
        .bind(tx.now)
        .column("id", transit, |id| id.0)
        .column("product_id", &lots, |lot| lot.product_id.0)
        .column("lot_id", &lots, |lot| lot.id.0)
        .bind(since);
    query.rows(tx).await
}
