//! Stock levels, for reading: quantity and cost by location, product and lot.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{LocationId, LotId, ProductId};
use domain::number::{Money, Price, Quantity};
use domain::refusal::Refusal;
use domain::stock::{CostingMethod, Level, LevelKey, StoredLevel};
use domain::tag;
use domain::text::one_form;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, number};
use crate::live::Snapshot;
use crate::{Error, Tx};

/// The stock level of a product at a location, in one lot.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StockLevel {
    /// Always `stock_level`.
    pub object: tag::StockLevel,
    /// Id of the location.
    pub location_id: LocationId,
    /// Id of the product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Lot, if the product is tracked.
    pub lot_id: Option<LotId>,
    /// Lot code, or the serial number.
    #[schema(max_length = 64, example = json!(null))]
    pub lot_code: Option<String>,
    /// Last day on which the lot may be sold.
    #[schema(example = json!(null))]
    pub expires_on: Option<NaiveDate>,
    /// Whether the lot may be sold today: it has not expired and is not recalled. Always true without a lot.
    #[schema(example = true)]
    pub sellable: bool,
    /// Unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Units on hand.
    pub on_hand: Quantity,
    /// Units reserved for orders and holds.
    pub reserved: Quantity,
    /// On hand less reserved.
    pub available: Quantity,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Cost of the units on hand; null without the scope `costs:read`.
    pub value: Option<Money>,
    /// Average cost of one unit, or the last known cost if nothing is on hand; null without the scope `costs:read`.
    pub unit_cost: Option<Price>,
    /// Costing method of the level. It adopts a changed setting with its next movement.
    pub costing_method: CostingMethod,
    /// When the level last changed; null if the location never had the product.
    pub moved_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub location_id: Option<LocationId>,
    pub product_id: Option<ProductId>,
    pub sku: Option<String>,
    /// Whether it is below zero, or more of it is reserved than on hand. Both if absent.
    pub forced: Option<bool>,
}

/// Position of a level in the list: location, product, lot.
pub type Position = (Uuid, Uuid, Uuid);

impl StockLevel {
    /// Removes value and unit cost.
    #[must_use]
    pub fn without_cost(self) -> Self {
        StockLevel { value: None, unit_cost: None, ..self }
    }

    pub fn position(&self) -> Position {
        (self.location_id.0, self.product_id.0, self.lot_id.unwrap_or_default().0)
    }
}

const SELECT: &str = "select l.location_id, l.product_id, l.lot_id, l.on_hand, l.reserved, l.value, l.last_cost, \
                             l.layered, l.moved_at, l.lot_code, l.expires_on, l.sellable, p.sku, p.stock_uom, t.currency \
                      from bi.stock_level l \
                      join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
                       and (p.tracking = 'none' or l.lot_code is not null) \
                      join tenant t on t.tenant_id = l.tenant_id \
                      where l.tenant_id = ";

/// Returns one page of levels, by location, product and lot.
pub async fn list(
    tx: &Tx,
    filter: &Filter,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<StockLevel>, Error> {
    let mut query = Listing::new(tx, SELECT)
        .with("l.location_id = ", filter.location_id.map(|id| id.0))
        .with("l.product_id = ", filter.product_id.map(|id| id.0))
        .with("p.sku = ", filter.sku.as_deref().map(one_form))
        .sql(match filter.forced {
            Some(true) => " and (l.on_hand < 0 or l.reserved > l.on_hand)",
            Some(false) => " and l.on_hand >= 0 and l.reserved <= l.on_hand",
            None => "",
        });
    if let Some((location, product, lot)) = after {
        query = query.with("(l.location_id, l.product_id, l.lot_id) > (", Some(location));
        query = query.sql(", ").bind(product).sql(", ").bind(lot).sql(")");
    }
    let rows = query
        .sql(" order by l.location_id, l.product_id, l.lot_id limit ")
        .bind(rows.cast_signed())
        .rows(tx)
        .await?;
    rows.iter().map(read_level).collect()
}

/// A level that no stock ever came to: zero of everything. A product that is tracked has levels of its lots only.
const NEVER: &str = "select lo.id as location_id, p.id as product_id, $4::uuid as lot_id, 0::numeric as on_hand, \
        0::numeric as reserved, 0::numeric as value, 0::numeric as last_cost, \
        coalesce(p.costing_method, n.costing_method) = 'fifo' and t.id is null as layered, \
        null::timestamptz as moved_at, t.code as lot_code, t.expires_on, p.sku, p.stock_uom, n.currency, \
        coalesce(t.status = 'open' and coalesce(t.expires_on, 'infinity') >= (now() at time zone n.time_zone)::date, \
            true) as sellable \
     from product p \
     join tenant n on n.tenant_id = p.tenant_id \
     join location lo on lo.tenant_id = p.tenant_id and lo.id = $2 \
     left join lot t on t.tenant_id = p.tenant_id and t.product_id = p.id and t.id = $4 \
     where p.tenant_id = $1 and p.id = $3 and p.kind = 'stocked' \
       and case when p.tracking = 'none' then $4 = '00000000-0000-0000-0000-000000000000' else t.id is not null end";

/// Returns one level: zero of everything if the location never had the product. Rejects one of an unknown location,
/// product or lot.
pub async fn get(tx: &Tx, key: LevelKey) -> Result<StockLevel, Error> {
    let rows = Listing::new(tx, SELECT)
        .with("l.location_id = ", Some(key.location_id.0))
        .with("l.product_id = ", Some(key.product_id.0))
        .with("l.lot_id = ", Some(key.lot_id.0))
        .rows(tx)
        .await?;
    match rows.first() {
        Some(row) => read_level(row),
        None => never_stocked(tx, key).await,
    }
}

/// Returns the level of a location that never had the product.
async fn never_stocked(tx: &Tx, key: LevelKey) -> Result<StockLevel, Error> {
    let query = sqlx::query(NEVER).bind(tx.tenant_id.0).bind(key.location_id.0).bind(key.product_id.0);
    let rows = tx.rows(query.bind(key.lot_id.0)).await?;
    read_level(rows.first().ok_or_else(|| Refusal::not_found("stock level"))?)
}

fn read_level(row: &PgRow) -> Result<StockLevel, Error> {
    let level = Level::from(StoredLevel {
        on_hand: number(row, "on_hand")?,
        reserved: number(row, "reserved")?,
        value: number(row, "value")?,
        last_cost: number(row, "last_cost")?,
        layered: row.try_get("layered")?,
        ..StoredLevel::default()
    });
    let lot_id: Uuid = row.try_get("lot_id")?;
    Ok(StockLevel {
        object: tag::StockLevel,
        location_id: LocationId(row.try_get("location_id")?),
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        lot_id: (!lot_id.is_nil()).then_some(LotId(lot_id)),
        lot_code: row.try_get("lot_code")?,
        expires_on: row.try_get("expires_on")?,
        sellable: row.try_get("sellable")?,
        uom: row.try_get("stock_uom")?,
        on_hand: level.on_hand(),
        reserved: level.reserved(),
        available: level.available().max(Quantity::ZERO),
        currency: row.try_get("currency")?,
        value: Some(level.value()),
        unit_cost: Some(level.unit_cost()),
        costing_method: if level.is_layered() { CostingMethod::Fifo } else { CostingMethod::MovingAverage },
        moved_at: row.try_get("moved_at")?,
    })
}

/// A changed level with its present figures.
#[derive(Debug, Clone)]
pub struct ChangedLevel {
    pub location_id: LocationId,
    pub product_id: ProductId,
    pub sku: String,
    /// Set if the product is tracked.
    pub lot_id: Option<LotId>,
    /// Whether the lot may be sold today.
    pub sellable: bool,
    /// Unit of every quantity.
    pub uom: String,
    pub on_hand: Quantity,
    pub reserved: Quantity,
    /// On hand less reserved.
    pub available: Quantity,
    pub moved_at: DateTime<Utc>,
    /// The transaction that changed it.
    pub transaction: u64,
}

impl ChangedLevel {
    /// Returns the key of the level.
    pub(crate) fn key(&self) -> LevelKey {
        let lot_id = self.lot_id.unwrap_or_default();
        LevelKey { location_id: self.location_id, product_id: self.product_id, lot_id }
    }
}

/// A part of some levels, in the order of their keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// The last level of the part before. None: from the first level on.
    pub after: Option<LevelKey>,
    /// Most levels of the part.
    pub rows: usize,
}

const CHANGED: &str = "select l.location_id, l.product_id, l.lot_id, l.on_hand, l.reserved, l.sellable, l.moved_at, \
                              p.sku, p.stock_uom, l.transaction::bigint \
                       from bi.stock_level l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
                        and (p.tracking = 'none' or l.lot_code is not null) \
                       where l.tenant_id = ";

/// Returns the levels that transactions changed from `position` on, or a part of them; all levels if the position is too old. It
/// reads every level of the tenant: an index would make each sale more expensive for a read that is far less frequent.
pub(crate) async fn find_changed(
    tx: &Tx,
    snapshot: &Snapshot,
    position: i64,
    part: Option<Part>,
) -> Result<Vec<ChangedLevel>, Error> {
    let mut query = Listing::new(tx, CHANGED);
    if let Some(half) = snapshot.truncate(position) {
        query = query.sql(" and age(l.transaction::xid) <= age(").bind(half.to_string()).sql("::xid)");
    }
    read_changed_levels(tx, snapshot, query, part).await
}

/// Returns the levels on which something expired since `since`, or a part of them: a hold or an allotment by its end, a lot by
/// the tenant's date. A hold that has been released meanwhile is left out, because that was a write.
pub(crate) async fn find_expired(
    tx: &Tx,
    snapshot: &Snapshot,
    since: DateTime<Utc>,
    part: Option<Part>,
) -> Result<Vec<ChangedLevel>, Error> {
    let query = sqlx::query(
        "select r.location_id, r.product_id, r.lot_id \
         from hold h join reservation r on r.tenant_id = h.tenant_id and r.document_id = h.id \
         where h.tenant_id = $1 and h.status = 'open' and h.expires_at > $2 and h.expires_at <= $3 \
         union \
         select s.location_id, s.product_id, s.lot_id \
         from tenant n \
         join lot t on t.tenant_id = n.tenant_id and t.expires_on >= ($2 at time zone n.time_zone)::date \
             and t.expires_on < ($3 at time zone n.time_zone)::date \
         join stock_level s on s.tenant_id = t.tenant_id and s.product_id = t.product_id and s.lot_id = t.id \
             and not s.used_up and s.lot_id <> '00000000-0000-0000-0000-000000000000' \
         where n.tenant_id = $1 \
             and ($2 at time zone n.time_zone)::date < ($3 at time zone n.time_zone)::date",
    );
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(since).bind(snapshot.at())).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let column = |name: &str| rows.iter().map(|row| row.try_get(name)).collect::<Result<Vec<Uuid>, _>>();
    let keys = " and (l.location_id, l.product_id, l.lot_id) in (select * from unnest(";
    let query = Listing::new(tx, CHANGED).sql(keys).bind(column("location_id")?).sql(", ");
    let query = query.bind(column("product_id")?).sql(", ").bind(column("lot_id")?).sql("))");
    read_changed_levels(tx, snapshot, query, part).await
}

async fn read_changed_levels(
    tx: &Tx,
    snapshot: &Snapshot,
    query: Listing,
    part: Option<Part>,
) -> Result<Vec<ChangedLevel>, Error> {
    let query = match part.and_then(|part| part.after) {
        Some(LevelKey { location_id, product_id, lot_id }) => {
            let query = query.sql(" and (l.location_id, l.product_id, l.lot_id) > (").bind(location_id.0);
            query.sql(", ").bind(product_id.0).sql(", ").bind(lot_id.0).sql(")")
        }
        None => query,
    };
    let query = query.sql(" order by l.location_id, l.product_id, l.lot_id");
    let query = match part {
        Some(Part { rows, .. }) => query.sql(" limit ").bind(rows as i64),
        None => query,
    };
    let rows = query.rows(tx).await?;
    rows.iter().map(|row| read_changed_level(row, snapshot)).collect()
}

fn read_changed_level(row: &PgRow, snapshot: &Snapshot) -> Result<ChangedLevel, Error> {
    let (on_hand, reserved): (Quantity, Quantity) = (number(row, "on_hand")?, number(row, "reserved")?);
    let lot_id: Uuid = row.try_get("lot_id")?;
    let half: i64 = row.try_get("transaction")?;
    Ok(ChangedLevel {
        location_id: LocationId(row.try_get("location_id")?),
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        lot_id: (!lot_id.is_nil()).then_some(LotId(lot_id)),
        sellable: row.try_get("sellable")?,
        uom: row.try_get("stock_uom")?,
        on_hand,
        reserved,
        available: (on_hand - reserved).max(Quantity::ZERO),
        moved_at: row.try_get("moved_at")?,
        transaction: snapshot.widen(half.cast_unsigned()),
    })
}
