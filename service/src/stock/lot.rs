//! Lots: their stock, and the fields that a caller can correct.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{LocationId, LotId, ProductId};
use domain::lot::{Lot, LotStatus};
use domain::number::Quantity;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::{Line64, Name, one_form};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::caller::Limits;
use crate::input::{self, Change, Patched};
use crate::listing::{Listing, Slice, number};
use crate::posting::lots;
use crate::{Error, Tx};

/// A lot, or a serial number, which is a lot of one unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Lot)]
pub struct LotDetail {
    /// Id of the lot.
    pub id: LotId,
    pub object: tag::Lot,
    /// Code on the label, unique per product.
    #[schema(max_length = 64, example = "L-2026-117")]
    pub code: String,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Last day on which it may be sold.
    #[schema(example = "2027-03-31")]
    pub expires_on: Option<NaiveDate>,
    /// Supplier's own code of the lot.
    #[schema(max_length = 64, example = "BATCH-7781")]
    pub supplier_lot: Option<String>,
    /// Name of the supplier.
    #[schema(max_length = 200, example = "Hansa Foods")]
    pub received_from: Option<String>,
    /// When the first stock of it was received.
    pub received_at: DateTime<Utc>,
    /// Status that was set for the lot. It does not reflect expiry.
    pub status: LotStatus,
    /// Whether it may be sold today: it is open and has not expired.
    #[schema(example = true)]
    pub sellable: bool,
    /// The unit of every quantity.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Stock units on hand at all locations, including in transit.
    pub on_hand: Quantity,
    /// Stock units of them that are reserved.
    pub reserved: Quantity,
    /// Quantities by location. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 1000)]
    pub levels: Option<Vec<LotLevel>>,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Quantities of a lot at a location.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LotLevel {
    /// The location.
    pub location_id: LocationId,
    /// Code of the location.
    #[schema(max_length = 64, example = "MAIN")]
    pub location_code: String,
    /// Whether the units are in transit between two locations.
    #[schema(example = false)]
    pub in_transit: bool,
    /// Units on hand.
    pub on_hand: Quantity,
    /// Units reserved for orders and holds.
    pub reserved: Quantity,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub product_id: Option<ProductId>,
    pub sku: Option<String>,
    pub code: Option<String>,
    pub status: Option<LotStatus>,
    /// Lots on hand at this location.
    pub location_id: Option<LocationId>,
    /// Lots that expire before this day.
    pub expires_before: Option<NaiveDate>,
}

/// The fields of a lot that a caller can correct. Code and product never change, because they are printed on the
/// product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LotUpdate)]
pub struct LotInput {
    /// Last day on which the lot may be sold. Without it the lot does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-03-31")]
    #[serde(deserialize_with = "domain::day::optional")]
    pub expires_on: Option<NaiveDate>,
    /// Code that the supplier uses for the lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_lot: Option<Line64>,
    /// Sender of the lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_from: Option<Name>,
}

const SELECT: &str = "select t.id, t.product_id, t.code, t.expires_on, t.supplier_lot, t.received_from, t.received_at, \
            t.status, t.version, t.updated_at, p.sku, p.stock_uom, coalesce(l.on_hand, 0) as on_hand, \
            coalesce(l.reserved, 0) as reserved, \
            t.status = 'open' and coalesce(t.expires_on, 'infinity') >= (now() at time zone n.time_zone)::date \
                as is_sellable \
     from lot t \
     join tenant n on n.tenant_id = t.tenant_id \
     join product p on p.tenant_id = t.tenant_id and p.id = t.product_id \
     left join lateral (select sum(l.on_hand) as on_hand, sum(l.reserved) as reserved from bi.stock_level l \
                        where l.tenant_id = t.tenant_id and l.lot_id = t.id \
                          and l.lot_id <> '00000000-0000-0000-0000-000000000000') l on true \
     where t.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<LotDetail>, Error> {
    let query = Listing::new(tx, SELECT)
        .with("t.product_id = ", filter.product_id.map(|id| id.0))
        .with("p.sku = ", filter.sku.as_deref().map(one_form))
        .with("t.code = ", filter.code.as_deref().map(one_form))
        .with("t.expires_on < ", filter.expires_before)
        .among("t.status", filter.status.as_slice());
    let query = match filter.location_id {
        None => query,
        Some(location_id) => query
            .sql(
                " and exists (select 1 from stock_level o where o.tenant_id = t.tenant_id \
                    and o.product_id = t.product_id and o.lot_id = t.id and o.on_hand > 0",
            )
            .with("o.location_id = ", Some(location_id.0))
            .sql(")"),
    };
    let query = query.since("t.updated_at >= ", slice);
    query.page(tx, "t.id", slice).await?.iter().map(read_lot).collect()
}

/// Returns a lot with its quantities by location.
pub async fn get(tx: &Tx, id: LotId) -> Result<LotDetail, Error> {
    let lot = get_without_levels(tx, id).await?;
    Ok(LotDetail { levels: Some(levels(tx, id).await?), ..lot })
}

async fn get_without_levels(tx: &Tx, id: LotId) -> Result<LotDetail, Error> {
    let rows = Listing::new(tx, SELECT).with("t.id = ", Some(id.0)).rows(tx).await?;
    read_lot(rows.first().ok_or_else(|| Refusal::not_found("lot"))?)
}

/// Returns every location with units of a lot on hand or reserved.
async fn levels(tx: &Tx, id: LotId) -> Result<Vec<LotLevel>, Error> {
    let select = "select l.location_id, o.code, o.kind = 'transit' as is_transit, l.on_hand, l.reserved \
                  from bi.stock_level l join location o on o.tenant_id = l.tenant_id and o.id = l.location_id \
                  where l.tenant_id = ";
    let rows = Listing::new(tx, select)
        .with("l.lot_id = ", Some(id.0))
        .sql(" and l.lot_id <> '00000000-0000-0000-0000-000000000000' and l.on_hand <> 0 order by o.code")
        .rows(tx)
        .await?;
    let level = |row: &PgRow| -> Result<LotLevel, Error> {
        Ok(LotLevel {
            location_id: LocationId(row.try_get("location_id")?),
            location_code: row.try_get("code")?,
            in_transit: row.try_get("is_transit")?,
            on_hand: number(row, "on_hand")?,
            reserved: number(row, "reserved")?,
        })
    };
    rows.iter().map(level).collect()
}

/// Returns the input that would give the lot its present fields.
pub fn input_of(lot: &Lot) -> LotInput {
    LotInput {
        expires_on: lot.expires_on,
        supplier_lot: lot.supplier_lot.clone().map(Line64::from),
        received_from: lot.received_from.as_deref().map(Name::stored),
    }
}

/// Corrects a lot that is still at version `expected`. Sales under the old expiry date stay as they are. A caller who is bound
/// to locations corrects only lots whose stock lies nowhere else.
pub async fn update(
    tx: &Tx,
    (id, limits): (LotId, &Limits),
    expected: Option<i32>,
    change: Change<'_, LotInput>,
) -> Result<Patched<LotDetail>, Error> {
    let before = find(tx, id, " for update").await?;
    if limits.bounds.locations.is_some() {
        for level in levels(tx, id).await? {
            limits.require_location(level.location_id, "")?;
        }
    }
    input::check_version(before.version, expected)?;
    let Some(input) = change(&input_of(&before))? else {
        return Ok(Patched::unchanged(get_without_levels(tx, id).await?));
    };
    let mut problems = Problems::default();
    if let Some(lot) = &input.supplier_lot {
        lot.check(&mut problems, "/supplier_lot");
    }
    if let Some(supplier) = &input.received_from {
        supplier.check(&mut problems, "/received_from");
    }
    problems.check()?;
    let query = sqlx::query(
        "update lot set expires_on = $3, supplier_lot = $4, received_from = $5, version = version + 1, updated_at = $6 \
         where tenant_id = $1 and id = $2",
    );
    let query =
        query.bind(tx.tenant_id.0).bind(id.0).bind(input.expires_on).bind(input.supplier_lot.as_deref());
    tx.execute(query.bind(input.received_from.as_deref()).bind(tx.now)).await?;
    Ok(Patched::changed(get_without_levels(tx, id).await?))
}

/// Returns a lot without its stock. `lock` is empty or the lock on its row.
pub(super) async fn find(tx: &Tx, id: LotId, lock: &'static str) -> Result<Lot, Error> {
    let select = "select id, product_id, code, expires_on, supplier_lot, received_from, received_at, status, version \
                  from lot where tenant_id = ";
    let rows = Listing::new(tx, select).with("id = ", Some(id.0)).sql(lock).rows(tx).await?;
    lots::lot(rows.first().ok_or_else(|| Refusal::not_found("lot"))?)
}

fn read_lot(row: &PgRow) -> Result<LotDetail, Error> {
    let lot = lots::lot(row)?;
    Ok(LotDetail {
        id: lot.id,
        object: tag::Lot,
        code: lot.code,
        product_id: lot.product_id,
        sku: row.try_get("sku")?,
        expires_on: lot.expires_on,
        supplier_lot: lot.supplier_lot,
        received_from: lot.received_from,
        received_at: lot.received_at,
        status: lot.status,
        sellable: row.try_get("is_sellable")?,
        uom: row.try_get("stock_uom")?,
        on_hand: number(row, "on_hand")?,
        reserved: number(row, "reserved")?,
        levels: None,
        version: lot.version,
        updated_at: row.try_get("updated_at")?,
    })
}

/// Returns the codes of lots.
pub(crate) async fn codes(
    tx: &Tx,
    lots: impl Iterator<Item = LotId>,
) -> Result<std::collections::HashMap<LotId, String>, Error> {
    let ids: Vec<Uuid> = lots.map(|id| id.0).filter(|id| !id.is_nil()).collect();
    if ids.is_empty() {
        return Ok(std::collections::HashMap::new());
    }
    let query = sqlx::query("select id, code from lot where tenant_id = $1 and id = any($2)");
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok((LotId(row.try_get(0)?), row.try_get(1)?))).collect()
}
