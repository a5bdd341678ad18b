//! The past of a product at a location, as the back-test takes it.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::id::{LocationId, ProductId};
use domain::number::Quantity;
use domain::replenish::backtest::{Happened, Past, Window};
use domain::replenish::{ASSUMED_DAYS, Micro};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::super::analogue::StatedAnalogue;
use super::super::history::{first_day, history};
use super::super::load::{Facts, Loaded, Pair, Product};
use super::super::located::{item, lead_time, places};
use crate::listing::number;
use crate::{Error, Tx};

/// A product at a location.
pub(super) struct Subject {
    pub past: Past,
    pub happened: Happened,
    /// Receipts that its lead time follows from.
    pub receipts: u32,
    facts: Facts,
    purchases: Vec<Purchase>,
}

/// A line of an expected receipt or of a purchase order.
#[derive(Debug, Clone, Copy)]
struct Purchase {
    recorded_on: NaiveDate,
    arrives_on: NaiveDate,
    quantity: Quantity,
}

/// The expected day stands in for the arrival of what is still to come. A line of a purchase order without one arrives after the days
/// that are assumed, `$5`.
const PURCHASES: &str = "select l.product_id, d.location_id, (d.recorded_at at time zone $3)::date as recorded_on, \
            case d.status when 'received' then (d.updated_at at time zone $3)::date else d.expected_on end as arrives_on, \
            l.quantity \
     from expected_receipt d \
     join expected_receipt_line l on l.tenant_id = $1 and l.expected_receipt_id = d.id \
     where d.tenant_id = $1 and d.status <> 'cancelled' and l.product_id = any($2) \
       and (d.status = 'open' or d.updated_at >= $4) \
     union all \
     select l.product_id, l.location_id, (d.sent_at at time zone $3)::date, \
            case when l.received + l.cancelled >= l.quantity then (r.last_at at time zone $3)::date \
                 else coalesce(l.expected_on, (d.sent_at at time zone $3)::date + $5) end, \
            greatest(l.quantity - l.cancelled, l.received) \
     from purchase_order_line l \
     join purchase_order d on d.tenant_id = $1 and d.id = l.purchase_order_id \
     cross join lateral ( \
         select max(s.occurred_at) as last_at from purchase_receipt_line r \
         join stock_document s on s.tenant_id = $1 and s.id = r.stock_document_id \
         where r.tenant_id = $1 and r.purchase_order_id = d.id and r.line_no = l.line_no) r \
     where l.tenant_id = $1 and l.product_id = any($2) and d.sent_at is not null \
       and greatest(l.quantity - l.cancelled, l.received) > 0 \
       and (l.received + l.cancelled < l.quantity or r.last_at >= $4)";

/// Returns the products at locations that were sold or received before the first day that counts.
pub(super) async fn subjects(
    tx: &Tx,
    loaded: &Loaded,
    location: Option<LocationId>,
    from: NaiveDate,
) -> Result<Vec<Subject>, Error> {
    let mut purchases = purchases(tx, loaded).await?;
    let places = places(loaded);
    let mut subjects = Vec::new();
    // The figures of a product that is superseded are in those of the newest one.
    let is_newest = |product: &&Product| loaded.succession.newest(product.id.0).is_none();
    for product in loaded.products.iter().filter(is_newest) {
        for place in places.get(&product.id).into_iter().flatten() {
            let facts = loaded.facts.get(&(product.id, *place));
            let is_wanted = location.is_none_or(|wanted| wanted == *place);
            let known = facts.filter(|facts| is_wanted && first_day(facts).is_some_and(|day| day < from));
            let Some(facts) = known else { continue };
            let policy = loaded.stated.of(product.id.0, place.0);
            let lead_time = lead_time(loaded, product.id, *place, &policy)?;
            let past = Past {
                history: history(facts, loaded.start, loaded.as_of),
                planned: policy.planned,
                analogue: policy.analogue.and_then(StatedAnalogue::rate).map(Micro::from),
                lead_time,
                arrival_days: None,
                review_weekday: policy.review_weekday,
                settings: policy.settings,
                item: item(product),
                size: policy.size,
                price: product.list_price.map(Micro::from).unwrap_or_default(),
                opening: Quantity::ZERO,
                backordered: Quantity::ZERO,
                incoming: Vec::new(),
            };
            subjects.push(Subject {
                past,
                happened: Happened::default(),
                receipts: lead_time.receipts,
                facts: facts.clone(),
                purchases: purchases.remove(&(product.id, *place)).unwrap_or_default(),
            });
        }
    }
    Ok(subjects)
}

async fn purchases(tx: &Tx, loaded: &Loaded) -> Result<HashMap<Pair, Vec<Purchase>>, Error> {
    let newest = &loaded.merged.newest;
    let own = loaded.products.iter().map(|product| product.id.0);
    let products: Vec<Uuid> = own.chain(newest.keys().map(|id| id.0)).collect();
    let since = loaded.start.and_time(chrono::NaiveTime::MIN).and_utc();
    let query = sqlx::query(PURCHASES).bind(tx.tenant_id.0).bind(products);
    let query = query.bind(loaded.tenant.time_zone.name()).bind(since).bind(ASSUMED_DAYS.cast_signed());
    let mut found: HashMap<Pair, Vec<Purchase>> = HashMap::new();
    for row in &tx.rows(query).await? {
        let product = ProductId(row.try_get("product_id")?);
        // Lines of a product that is superseded count for the newest one.
        let pair =
            (newest.get(&product).copied().unwrap_or(product), LocationId(row.try_get("location_id")?));
        let purchase = Purchase {
            recorded_on: row.try_get("recorded_on")?,
            arrives_on: row.try_get("arrives_on")?,
            quantity: number(row, "quantity")?,
        };
        found.entry(pair).or_default().push(purchase);
    }
    Ok(found)
}

impl Subject {
    /// Returns the days of lead time and review period, before which the simulation begins.
    pub fn run_in_days(&self) -> i64 {
        self.past.lead_time.days.whole_above().saturating_add(self.past.settings.review_days.into())
    }

    /// Takes over stock and supply of the first simulated day, and the real course of the window.
    pub fn begin(&mut self, window: &Window) {
        let mut on_hand = self.facts.opening();
        let mut at_start = on_hand;
        let mut closing = vec![(NaiveDate::MIN, on_hand)];
        for day in &self.facts.days {
            on_hand += day.change;
            closing.push((day.on, on_hand));
            if day.on < window.start {
                at_start = on_hand;
            }
        }
        self.past.opening = at_start.max(Quantity::ZERO);
        self.past.backordered = (-at_start).max(Quantity::ZERO);
        let open = self.purchases.iter().filter(|one| one.recorded_on < window.start);
        let open = open.filter(|one| one.arrives_on >= window.start);
        self.past.incoming = open.map(|one| (one.arrives_on, one.quantity)).collect();
        let bought = self.purchases.iter().map(|one| (one.recorded_on, one.quantity)).collect();
        self.happened = Happened { closing, bought, backordered: Vec::new() };
    }
}
