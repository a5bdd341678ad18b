//! The count plan: products to count next.
//!
//! risk = value × (1 + velocity) × (1 + past variance) × (1 + unexplained difference) × days since the last count. Stock without
//! value, or counted today, has no risk. Stock that never differed or never sells still comes up in time. A difference is
//! unexplained if another system shows another quantity, and the latest run of the reconciliation found no cause.

use chrono::{DateTime, Utc};
use domain::id::{CategoryId, LocationId, ProductId};
use domain::number::{Money, Percent, Quantity};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::integrity::Figure;
use crate::listing::number;
use crate::{Error, Tx};

/// A product at a location in the count plan.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PlannedCount {
    /// Rank in the plan, from 1.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub rank: i64,
    /// Id of the product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// `value` × (1 + `velocity`) × (1 + `variance_percent` / 100) × (1 + `unexplained_percent` / 100) × `days`.
    pub risk: Figure,
    /// Stock units on hand.
    pub on_hand: Quantity,
    /// Currency of the value.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Value of the stock on hand, without its sign.
    pub value: Money,
    /// Stock units issued per day in the last 90 days, without counts.
    pub velocity: Quantity,
    /// Past difference of its counts, in percent of the expected or the counted quantity, whichever is greater.
    pub variance_percent: Percent,
    /// Largest unexplained difference, in percent of the stock on hand or of the difference, whichever is greater. Counts open differences
    /// from other systems for which the latest run of the reconciliation found no cause, or a count as the cause. Zero if your own records
    /// are not the reference of that run.
    pub unexplained_percent: Percent,
    /// Days since the last count, or since the first movement here if it was never counted.
    #[schema(minimum = 0, maximum = 100_000, example = 41)]
    pub days: i64,
    /// When it was last counted.
    #[schema(example = "2026-10-12T09:00:00Z")]
    pub counted_at: Option<DateTime<Utc>>,
}

const PLAN: &str = "with level as ( \
         select l.product_id, sum(l.on_hand) as on_hand, sum(l.value) as value, max(l.counted_at) as counted_at \
         from stock_level l where l.tenant_id = $1 and l.location_id = $2 group by l.product_id \
     ), went as ( \
         select m.product_id, -sum(m.quantity) as units \
         from stock_movement m \
         where m.tenant_id = $1 and m.location_id = $2 and m.quantity < 0 and m.kind <> 'count' \
           and m.occurred_at > $3 - interval '90 days' and m.recorded_at > $3 - interval '90 days' \
         group by m.product_id \
     ), past as ( \
         select i.product_id, sum(abs(i.counted - i.expected)) as off, \
                sum(greatest(i.counted, i.expected, 0)) as base \
         from stock_count c \
         join stock_count_line i on i.tenant_id = c.tenant_id and i.count_id = c.id \
         where c.tenant_id = $1 and c.location_id = $2 and c.status = 'posted' \
           and i.posted_quantity is not null and not i.superseded \
         group by i.product_id \
     ), run as ( \
         select r.id, r.reference from reconcile_run r where r.tenant_id = $1 order by r.id desc limit 1 \
     ), unexplained as ( \
         select e.sku, max(abs((e.content ->> 'residual')::numeric)) as units \
         from run r \
         join location o on o.tenant_id = $1 and o.id = $2 \
         join reconcile_episode e on e.tenant_id = $1 and e.run_id = r.id and e.place = o.code \
         where r.reference = 'stockwell' and e.healed_at is null and e.class in ('unexplained', 'count_variance') \
         group by e.sku \
     ), factor as ( \
         select p.id as product_id, p.sku, p.stock_uom, l.on_hand, abs(l.value) as value, l.counted_at, \
                round(coalesce(w.units, 0) / 90, 6) as velocity, \
                round(least(coalesce(100 * a.off / nullif(a.base, 0), 0), 1000), 4) as variance, \
                round(coalesce(100 * x.units / nullif(greatest(abs(l.on_hand), x.units), 0), 0), 4) as unexplained, \
                greatest(floor(extract(epoch from $3 - coalesce(l.counted_at, f.occurred_at, $3)) / 86400), 0) as days \
         from level l \
         join product p on p.tenant_id = $1 and p.id = l.product_id and p.kind = 'stocked' \
         left join category c on c.tenant_id = p.tenant_id and c.id = p.category_id \
         left join went w on w.product_id = l.product_id \
         left join past a on a.product_id = l.product_id \
         left join unexplained x on x.sku = p.sku \
         left join lateral ( \
             select m.occurred_at from stock_movement m \
             where m.tenant_id = $1 and m.product_id = l.product_id and m.location_id = $2 \
             order by m.id limit 1) f on true \
         where $4::uuid is null or $4 = any(c.lineage) \
     ) \
     select row_number() over (order by r.risk desc, f.value desc, f.sku) as rank, f.*, t.currency, r.risk \
     from factor f join tenant t on t.tenant_id = $1 \
     cross join lateral ( \
         select round(least(f.value * (1 + f.velocity) * (1 + f.variance / 100) * (1 + f.unexplained / 100) * f.days, \
                            99999999999999), 2) as risk) r \
     order by r.risk desc, f.value desc, f.sku limit $5";

/// Returns the products to count next at a location, the greatest risk first.
pub async fn plan(
    tx: &Tx,
    location_id: LocationId,
    category_id: Option<CategoryId>,
    rows: u32,
) -> Result<Vec<PlannedCount>, Error> {
    let query = sqlx::query(PLAN).bind(tx.tenant_id.0).bind(location_id.0).bind(tx.now);
    let query = query.bind(category_id.map(|id| id.0)).bind(i64::from(rows));
    tx.rows(query).await?.iter().map(read_planned).collect()
}

fn read_planned(row: &PgRow) -> Result<PlannedCount, Error> {
    let days: rust_decimal::Decimal = row.try_get("days")?;
    Ok(PlannedCount {
        rank: row.try_get("rank")?,
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        uom: row.try_get("stock_uom")?,
        risk: number(row, "risk")?,
        on_hand: number(row, "on_hand")?,
        currency: row.try_get("currency")?,
        value: number(row, "value")?,
        velocity: number(row, "velocity")?,
        variance_percent: number(row, "variance")?,
        unexplained_percent: number(row, "unexplained")?,
        days: days.try_into().map_err(|_| Error::invariant("days since a count are a whole number"))?,
        counted_at: row.try_get("counted_at")?,
    })
}
