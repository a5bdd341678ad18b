//! The rows that suggestions follow from: one statement for each kind of row, for all products at once.

mod merge;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::expected_receipt::Supply;
use domain::id::{CategoryId, CustomerId, LocationId, OrderId, ProductId, SupplierId};
use domain::number::{Price, Quantity};
use domain::replenish::{ASSUMED_DAYS, ExpiringLot, OpenDemand, WEEKS_MAX};
use domain::tenant::Settings;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::{PgArguments, PgRow};
use sea_orm::sqlx::query::Query;
use sea_orm::sqlx::{self, Postgres, Row};
use uuid::Uuid;

use self::merge::{Merged, add_to_last_day, merge, sum_by_day, sum_by_order};
use super::pause::Pauses;
use super::policy::Stated;
use super::succession::Succession;
use super::{category, setting, supplier, terms};
use crate::listing::{number, optional_number};
use crate::posting::setup;
use crate::stock::incoming::{Incoming, find_incoming};
use crate::stock::pack::{self, Movement};
use crate::{Error, Tx};

/// Days of demand that are read: 52 weeks, which may end up to six days ago.
pub(super) const DEMAND_DAYS: u64 = WEEKS_MAX as u64 * 7 + 6;

/// A product at a location.
pub(super) type Pair = (ProductId, LocationId);

/// The rows of a tenant.
pub(super) struct Loaded {
    pub tenant: Settings,
    /// The tenant's day.
    pub as_of: NaiveDate,
    /// First day of which the demand was read.
    pub start: NaiveDate,
    /// Stocked, active products by id.
    pub products: Vec<Product>,
    /// Warehouses and stores.
    pub locations: HashMap<LocationId, Place>,
    pub stated: Stated,
    /// Facts of products at locations. Those of a product that supersedes others are the sums of all of them.
    pub facts: HashMap<Pair, Facts>,
    pub succession: Succession,
    pub merged: Merged,
    /// Days of the latest receipts of a product, the newest first.
    pub receipts: HashMap<ProductId, Vec<u16>>,
    /// Days of the latest receipts of all products of a supplier, the newest first. Only of preferred suppliers.
    pub supplier_receipts: HashMap<SupplierId, Vec<u16>>,
    /// Days of the latest transfers between two locations, the newest first.
    pub transfers: HashMap<(LocationId, LocationId), Vec<u16>>,
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub id: ProductId,
    pub sku: String,
    pub name: String,
    pub uom: String,
    pub decimals: i16,
    pub category: Option<CategoryId>,
    pub is_active: bool,
    pub list_price: Option<Price>,
    /// Cost of one unit: the average of all stock, else the cost last known.
    pub unit_cost: Option<Decimal>,
}

/// A warehouse or a store.
pub(super) struct Place {
    pub code: String,
}

/// The facts of a product at a location.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub on_hand: Quantity,
    pub available: Quantity,
    pub lots: Vec<ExpiringLot>,
    /// Day of the first movement. If stock was there before the first day that was read, the day before that one.
    pub first_day: Option<NaiveDate>,
    pub days: Vec<Day>,
    pub orders: Vec<Ordered>,
    pub returns: Vec<Return>,
    pub incoming: Vec<Supply>,
    pub open_demand: Vec<OpenDemand>,
    /// Units in drafts of purchase orders. They are no supply.
    pub drafted: Quantity,
}

impl Facts {
    /// Returns the units that were on hand before the first of the days.
    pub fn opening(&self) -> Quantity {
        let changes: Quantity = self.days.iter().map(|day| day.change).sum();
        self.on_hand - changes
    }
}

/// A day with movements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub on: NaiveDate,
    /// Units by which on hand changed.
    pub change: Quantity,
    /// Units that tills sold.
    pub sold: Quantity,
}

/// A wholesale order of the product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ordered {
    pub order_id: OrderId,
    pub customer_id: CustomerId,
    pub on: NaiveDate,
    pub ordered: Quantity,
}

/// Units that came back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Return {
    /// Day of the sale if the return names it, else its own.
    pub on: NaiveDate,
    pub quantity: Quantity,
    pub of: Returned,
}

/// The sale that a return names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returned {
    TillSale,
    Order(OrderId),
    Unnamed,
}

/// Reads the rows of all products, or of some, with the demand of so many days.
pub(super) async fn load(tx: &Tx, products: Option<&[Uuid]>, demand_days: u64) -> Result<Loaded, Error> {
    let tenant = setup::settings(tx).await?;
    let as_of = tenant.day(tx.now);
    let start = as_of.checked_sub_days(Days::new(demand_days)).unwrap_or(as_of);
    let settings = setting::all(tx, products).await?;
    let links = settings.iter().filter_map(|one| Some((one.product_id?.0, one.supersedes_id?.0)));
    let succession = Succession::new(links);
    let with_predecessors = products.map(|products| succession.with_predecessors(products));
    let wanted = Wanted { tx, products: with_predecessors.as_deref(), start, as_of, zone: tenant.time_zone };
    let mut facts = HashMap::new();
    let costs = wanted.levels(&mut facts).await?;
    let is_whole = wanted.days(&mut facts).await?;
    wanted.first_days(&mut facts, is_whole).await?;
    wanted.orders(&mut facts).await?;
    wanted.returns(&mut facts).await?;
    wanted.supplies(&mut facts).await?;
    wanted.open_demand(&mut facts).await?;
    wanted.drafts(&mut facts).await?;
    let read = wanted.products(&costs, succession.superseded()).await?;
    let superseded = read.iter().filter(|product| succession.newest(product.id.0).is_some());
    let superseded: HashMap<ProductId, Product> =
        superseded.map(|product| (product.id, product.clone())).collect();
    let products = asked_for(read, products);
    let merged = merge(&mut facts, &products, &superseded, &succession);
    let stated = Stated::new(settings, terms::all(tx, wanted.products).await?);
    let stated = stated.with_suppliers(supplier::all(tx).await?);
    let of_categories = category::all(tx).await?;
    let categories = products.iter().filter_map(|product| Some((product.id.0, product.category?)));
    Ok(Loaded {
        as_of,
        start,
        stated: stated.with_categories(of_categories, categories),
        products,
        locations: wanted.locations().await?,
        receipts: wanted.receipts().await?,
        supplier_receipts: wanted.supplier_receipts().await?,
        transfers: wanted.transfers().await?,
        tenant,
        facts,
        succession,
        merged,
    })
}

/// Returns the active products of those that were read, without predecessors that nothing asks for.
fn asked_for(read: Vec<Product>, products: Option<&[Uuid]>) -> Vec<Product> {
    let named: Option<HashSet<Uuid>> = products.map(|products| products.iter().copied().collect());
    let is_named = |product: &Product| named.as_ref().is_none_or(|named| named.contains(&product.id.0));
    read.into_iter().filter(|product| product.is_active && is_named(product)).collect()
}

/// A product that is superseded counts for another one even if it is archived.
const PRODUCTS: &str = "select id, sku, name, stock_uom, stock_decimals, category_id, status = 'active' as is_active, list_price \
     from product \
     where tenant_id = $1 and kind = 'stocked' and (status = 'active' or id = any($3::uuid[])) \
       and ($2::uuid[] is null or id = any($2)) \
     order by id";

const LOCATIONS: &str =
    "select id, code from location where tenant_id = $1 and kind in ('warehouse', 'store')";

const LEVELS: &str = "select s.product_id, s.location_id, s.on_hand, s.available, s.value, s.last_cost, s.expires_on \
     from bi.stock_level s where s.tenant_id = $1 and ($2::uuid[] is null or s.product_id = any($2))";

/// The first movement that was recorded, and the first ones that happened are in [`DAYS`].
const FIRST_DAYS: &str = "select l.product_id, l.location_id, (f.occurred_at at time zone $3)::date as on_day \
     from unnest($2::uuid[], $4::uuid[]) as l (product_id, location_id) \
     cross join lateral ( \
         select m.occurred_at from stock_movement m \
         where m.tenant_id = $1 and m.product_id = l.product_id and m.location_id = l.location_id \
         order by m.id limit 1) f";

/// The movements that are in no pack, one by one, in any order. They are added by product, location and day while they are read. Any grouping
/// here takes longer than the scan: movements are stored in the order of time, so those of a product are on many pages.
const DAYS: &str = "select m.product_id, m.location_id, m.occurred_at, m.quantity, \
            m.kind = 'sale' and m.document_kind = 'sale' as is_sale \
     from stock_movement m \
     where m.tenant_id = $1 and m.occurred_at >= $3 and ($2::uuid[] is null or m.product_id = any($2)) \
       and ($4::timestamptz is null or m.recorded_at >= $4)";

/// The lines one by one, in any order. Units that were cancelled before they were shipped are no demand. Lines of one order are added after
/// they are read: any grouping here takes longer than the join.
const ORDERS: &str = "select l.product_id, o.location_id, o.id as order_id, o.customer_id, \
            (o.occurred_at at time zone $3)::date as on_day, least(l.quantity - l.cancelled, 9000000000000) as quantity \
     from sales_order o \
     join sales_order_line l on l.tenant_id = $1 and l.order_id = o.id \
     where o.tenant_id = $1 and o.occurred_at >= $4 and o.status not in ('draft', 'on_hold', 'cancelled') \
       and l.quantity > l.cancelled and ($2::uuid[] is null or l.product_id = any($2))";

/// A return that names a sale counts at the location and on the day of the sale.
const RETURNS: &str = "select r.product_id, coalesce(s.location_id, r.location_id) as location_id, \
            (coalesce(s.occurred_at, r.occurred_at) at time zone $3)::date as on_day, -r.quantity as quantity, \
            s.document_kind, s.order_id \
     from sales_line r \
     left join sales_line s on s.tenant_id = $1 and s.document_id = r.original_id and s.line_no = r.original_line_no \
          and s.document_kind in ('sale', 'invoice') and s.product_id = r.product_id \
     where r.tenant_id = $1 and r.occurred_at >= $4 and r.quantity < 0 and ($2::uuid[] is null or r.product_id = any($2))";

const OPEN_DEMAND: &str = "select l.product_id, o.location_id, coalesce(o.requested_on, $3) as on_day, \
            sum(l.backordered) as quantity \
     from sales_order_line l \
     join sales_order o on o.tenant_id = $1 and o.id = l.order_id \
     where l.tenant_id = $1 and l.backordered_at is not null and ($2::uuid[] is null or l.product_id = any($2)) \
     group by 1, 2, 3";

const DRAFTS: &str = "select l.product_id, l.location_id, sum(l.quantity - l.cancelled) as quantity \
     from purchase_order d \
     join purchase_order_line l on l.tenant_id = $1 and l.purchase_order_id = d.id \
     where d.tenant_id = $1 and d.status = 'draft' and ($2::uuid[] is null or l.product_id = any($2)) \
     group by 1, 2";

/// The last receipt of an expected receipt completes it, and nothing changes it afterwards. A line of a purchase order takes from the
/// day on which the order was sent to that of the receipt that completed the line.
const RECEIPTS: &str = "select product_id, (array_agg(days order by done_at desc, id))[1:20] as days \
     from ( \
         select l.product_id, (d.updated_at at time zone $3)::date - (d.recorded_at at time zone $3)::date as days, \
                d.updated_at as done_at, d.id \
         from expected_receipt d \
         join expected_receipt_line l on l.tenant_id = $1 and l.expected_receipt_id = d.id \
         where d.tenant_id = $1 and d.status = 'received' and ($2::uuid[] is null or l.product_id = any($2)) \
         union all \
         select l.product_id, (max(s.occurred_at) at time zone $3)::date - (d.sent_at at time zone $3)::date, \
                max(s.occurred_at), d.id \
         from purchase_order_line l \
         join purchase_order d on d.tenant_id = $1 and d.id = l.purchase_order_id \
         join purchase_receipt_line r on r.tenant_id = $1 and r.purchase_order_id = d.id and r.line_no = l.line_no \
         join stock_document s on s.tenant_id = $1 and s.id = r.stock_document_id \
         where l.tenant_id = $1 and l.received + l.cancelled >= l.quantity \
           and ($2::uuid[] is null or l.product_id = any($2)) \
         group by l.product_id, l.line_no, d.id, d.sent_at \
     ) received \
     group by product_id";

/// The lines of purchase orders of each supplier that is preferred for a product.
const SUPPLIER_RECEIPTS: &str = "select supplier_id, (array_agg(days order by done_at desc, id))[1:20] as days \
     from ( \
         select d.supplier_id, (max(s.occurred_at) at time zone $3)::date - (d.sent_at at time zone $3)::date as days, \
                max(s.occurred_at) as done_at, d.id \
         from purchase_order d \
         join purchase_order_line l on l.tenant_id = $1 and l.purchase_order_id = d.id \
         join purchase_receipt_line r on r.tenant_id = $1 and r.purchase_order_id = d.id and r.line_no = l.line_no \
         join stock_document s on s.tenant_id = $1 and s.id = r.stock_document_id \
         where d.tenant_id = $1 and l.received + l.cancelled >= l.quantity and d.supplier_id in ( \
             select p.supplier_id from supplier_product p \
             where p.tenant_id = $1 and p.preferred and ($2::uuid[] is null or p.product_id = any($2))) \
         group by d.supplier_id, d.id, d.sent_at, l.line_no \
     ) received \
     group by supplier_id";

const TRANSFERS: &str = "select from_location_id, to_location_id, \
            (array_agg((updated_at at time zone $2)::date - (occurred_at at time zone $2)::date \
                       order by updated_at desc, id))[1:20] as days \
     from transfer where tenant_id = $1 and status = 'received' group by from_location_id, to_location_id";

/// The rows that are wanted.
struct Wanted<'tx> {
    tx: &'tx Tx,
    /// All products if absent.
    products: Option<&'tx [Uuid]>,
    start: NaiveDate,
    as_of: NaiveDate,
    zone: Tz,
}

type FactsByPair = HashMap<Pair, Facts>;

impl Wanted<'_> {
    /// Returns a statement with the tenant and the products bound.
    fn query(&self, text: &'static str) -> Query<'_, Postgres, PgArguments> {
        sqlx::query(text).bind(self.tx.tenant_id.0).bind(self.products)
    }

    /// Returns an instant before which nothing of the first day happened, in any time zone.
    fn earliest(&self) -> DateTime<Utc> {
        let before = self.start.pred_opt().unwrap_or(self.start);
        before.and_time(chrono::NaiveTime::MIN).and_utc()
    }

    async fn products(
        &self,
        costs: &HashMap<ProductId, Decimal>,
        superseded: Vec<Uuid>,
    ) -> Result<Vec<Product>, Error> {
        let read = |row: &PgRow| {
            let id = ProductId(row.try_get("id")?);
            Ok(Product {
                id,
                sku: row.try_get("sku")?,
                name: row.try_get("name")?,
                uom: row.try_get("stock_uom")?,
                decimals: row.try_get("stock_decimals")?,
                category: row.try_get::<Option<Uuid>, _>("category_id")?.map(CategoryId),
                is_active: row.try_get("is_active")?,
                list_price: optional_number(row, "list_price")?,
                unit_cost: costs.get(&id).copied(),
            })
        };
        self.tx.rows(self.query(PRODUCTS).bind(superseded)).await?.iter().map(read).collect()
    }

    async fn locations(&self) -> Result<HashMap<LocationId, Place>, Error> {
        let rows = self.tx.rows(sqlx::query(LOCATIONS).bind(self.tx.tenant_id.0)).await?;
        let read = |row: &PgRow| Ok((LocationId(row.try_get("id")?), Place { code: row.try_get("code")? }));
        rows.iter().map(read).collect()
    }

    /// Reads the levels. Returns the cost of one unit of each product.
    async fn levels(&self, facts: &mut FactsByPair) -> Result<HashMap<ProductId, Decimal>, Error> {
        let mut sums: HashMap<ProductId, (Decimal, Decimal, Decimal)> = HashMap::new();
        let mut pauses = Pauses::default();
        for row in &self.tx.rows(self.query(LEVELS)).await? {
            pauses.after_one().await;
            let pair = pair(row)?;
            let (on_hand, available): (Quantity, Quantity) =
                (number(row, "on_hand")?, number(row, "available")?);
            let there = facts.entry(pair).or_default();
            there.on_hand += on_hand;
            there.available += available;
            if let Some(expires_on) = row.try_get("expires_on")? {
                there.lots.push(ExpiringLot { expires_on, available });
            }
            let (units, value, last) = sums.entry(pair.0).or_default();
            if on_hand.is_positive() {
                *units += on_hand.get();
                *value += row.try_get::<Decimal, _>("value")?;
            }
            *last = (*last).max(row.try_get("last_cost")?);
        }
        let cost = |(units, value, last): (Decimal, Decimal, Decimal)| {
            let average = value.checked_div(units).filter(|average| *average > Decimal::ZERO);
            average.or(Some(last)).filter(|cost| *cost > Decimal::ZERO)
        };
        Ok(sums.into_iter().filter_map(|(product, sums)| Some((product, cost(sums)?))).collect())
    }

    /// Finds the first movement of each product at a location of which no stock tells that there was one before. If all movements are read
    /// (`is_whole`), the first one is among the days.
    async fn first_days(&self, facts: &mut FactsByPair, is_whole: bool) -> Result<(), Error> {
        let before = self.start.pred_opt().unwrap_or(self.start);
        let (mut products, mut locations) = (Vec::new(), Vec::new());
        for ((product, location), there) in facts.iter_mut() {
            if there.opening().is_zero() {
                products.push(product.0);
                locations.push(location.0);
            } else {
                there.first_day = Some(before);
            }
        }
        if is_whole {
            return Ok(());
        }
        let query = sqlx::query(FIRST_DAYS).bind(self.tx.tenant_id.0).bind(products);
        for row in &self.tx.rows(query.bind(self.zone.name()).bind(locations)).await? {
            facts.entry(pair(row)?).or_default().first_day = Some(row.try_get("on_day")?);
        }
        Ok(())
    }

    /// Reads the movements of the days. Returns whether all movements of the tenant are known to be among them. Those of some products are read
    /// from the index of the table, without packs.
    async fn days(&self, facts: &mut FactsByPair) -> Result<bool, Error> {
        let earliest = self.earliest();
        let packs = match self.products {
            Some(_) => None,
            None => pack::find(self.tx, earliest).await?,
        };
        if let Some(packs) = &packs {
            packs.each(self.tx, |pair, moved| self.add_to_days(facts, pair, moved)).await?;
        }
        let query = self.query(DAYS).bind(earliest).bind(packs.map(|packs| packs.known_until));
        let take = |row: &PgRow| -> Result<(), Error> {
            let moved = Movement {
                occurred_at: row.try_get("occurred_at")?,
                quantity: number(row, "quantity")?,
                is_sale: row.try_get("is_sale")?,
            };
            self.add_to_days(facts, pair(row)?, [moved]);
            Ok(())
        };
        self.tx.each_row(query, take).await?;
        let mut pauses = Pauses::default();
        for there in facts.values_mut() {
            pauses.after_one().await;
            there.days = sum_by_day(std::mem::take(&mut there.days));
        }
        match packs {
            Some(packs) => packs.are_whole(self.tx).await,
            None => Ok(false),
        }
    }

    /// Adds movements to their days in the time zone of the tenant.
    fn add_to_days(&self, facts: &mut FactsByPair, pair: Pair, moved: impl IntoIterator<Item = Movement>) {
        let days = &mut facts.entry(pair).or_default().days;
        for Movement { occurred_at, quantity: change, is_sale } in moved {
            let sold = if is_sale { -change } else { Quantity::ZERO };
            let on = occurred_at.with_timezone(&self.zone).date_naive();
            add_to_last_day(days, Day { on, change, sold });
        }
    }

    async fn orders(&self, facts: &mut FactsByPair) -> Result<(), Error> {
        let query = self.query(ORDERS).bind(self.zone.name()).bind(self.earliest());
        let take = |row: &PgRow| -> Result<(), Error> {
            let ordered = Ordered {
                order_id: OrderId(row.try_get("order_id")?),
                customer_id: CustomerId(row.try_get("customer_id")?),
                on: row.try_get("on_day")?,
                ordered: number(row, "quantity")?,
            };
            facts.entry(pair(row)?).or_default().orders.push(ordered);
            Ok(())
        };
        self.tx.each_row(query, take).await?;
        let mut pauses = Pauses::default();
        for there in facts.values_mut() {
            pauses.after_one().await;
            there.orders = sum_by_order(std::mem::take(&mut there.orders));
        }
        Ok(())
    }

    async fn returns(&self, facts: &mut FactsByPair) -> Result<(), Error> {
        let query = self.query(RETURNS).bind(self.zone.name()).bind(self.earliest());
        for row in &self.tx.rows(query).await? {
            let sale: Option<String> = row.try_get("document_kind")?;
            let order: Option<Uuid> = row.try_get("order_id")?;
            let of = match (sale.as_deref(), order) {
                (Some(_), Some(order)) => Returned::Order(OrderId(order)),
                (Some("sale"), None) => Returned::TillSale,
                (Some(_) | None, _) => Returned::Unnamed,
            };
            let returned = Return { on: row.try_get("on_day")?, quantity: number(row, "quantity")?, of };
            facts.entry(pair(row)?).or_default().returns.push(returned);
        }
        Ok(())
    }

    async fn supplies(&self, facts: &mut FactsByPair) -> Result<(), Error> {
        for incoming in find_incoming(self.tx, self.products).await? {
            let Incoming { product_id, location_id, source, quantity, .. } = incoming;
            let supply = Supply { source, on: self.expected_on(&incoming), quantity };
            facts.entry((product_id, location_id)).or_default().incoming.push(supply);
        }
        for there in facts.values_mut() {
            there.incoming.sort_by_key(|supply| (supply.on, supply.source));
        }
        Ok(())
    }

    /// Returns the day on which a supply counts as due. A transfer without a day is under way, so it counts as due today. A line of a
    /// purchase order without one has the lead time that is assumed of a supplier who states none.
    fn expected_on(&self, incoming: &Incoming) -> NaiveDate {
        let without_day = || {
            let sent_on = incoming.sent_at.map(|sent_at| sent_at.with_timezone(&self.zone).date_naive());
            let due = sent_on.and_then(|day| day.checked_add_days(Days::new(ASSUMED_DAYS.into())));
            due.map_or(self.as_of, |due| due.max(self.as_of))
        };
        incoming.expected_on.unwrap_or_else(without_day)
    }

    async fn open_demand(&self, facts: &mut FactsByPair) -> Result<(), Error> {
        for row in &self.tx.rows(self.query(OPEN_DEMAND).bind(self.as_of)).await? {
            let open = OpenDemand { on: row.try_get("on_day")?, quantity: number(row, "quantity")? };
            facts.entry(pair(row)?).or_default().open_demand.push(open);
        }
        Ok(())
    }

    async fn drafts(&self, facts: &mut FactsByPair) -> Result<(), Error> {
        for row in &self.tx.rows(self.query(DRAFTS)).await? {
            facts.entry(pair(row)?).or_default().drafted = number(row, "quantity")?;
        }
        Ok(())
    }

    async fn receipts(&self) -> Result<HashMap<ProductId, Vec<u16>>, Error> {
        let rows = self.tx.rows(self.query(RECEIPTS).bind(self.zone.name())).await?;
        rows.iter().map(|row| Ok((ProductId(row.try_get("product_id")?), whole_days(row)?))).collect()
    }

    async fn supplier_receipts(&self) -> Result<HashMap<SupplierId, Vec<u16>>, Error> {
        let rows = self.tx.rows(self.query(SUPPLIER_RECEIPTS).bind(self.zone.name())).await?;
        rows.iter().map(|row| Ok((SupplierId(row.try_get("supplier_id")?), whole_days(row)?))).collect()
    }

    async fn transfers(&self) -> Result<HashMap<(LocationId, LocationId), Vec<u16>>, Error> {
        let query = sqlx::query(TRANSFERS).bind(self.tx.tenant_id.0).bind(self.zone.name());
        let read = |row: &PgRow| {
            let from = LocationId(row.try_get("from_location_id")?);
            Ok(((from, LocationId(row.try_get("to_location_id")?)), whole_days(row)?))
        };
        self.tx.rows(query).await?.iter().map(read).collect()
    }
}

fn pair(row: &PgRow) -> Result<Pair, Error> {
    Ok((ProductId(row.try_get("product_id")?), LocationId(row.try_get("location_id")?)))
}

fn whole_days(row: &PgRow) -> Result<Vec<u16>, Error> {
    let days: Vec<i32> = row.try_get("days")?;
    Ok(days.into_iter().map(|days| u16::try_from(days.max(0)).unwrap_or(u16::MAX)).collect())
}
