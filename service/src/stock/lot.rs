//! Lots: their stock, and the fields that a caller can correct.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{LocationId, LotId, ProductId};
use domain::lot::{Lot, LotStatus};
use domain::number::Quantity;
use domain::refusal::{Problems, Refusal};
use domain::text::{Line64, Line200};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::input::{self, Change};
use crate::listing::{Listing, Slice, number};
use crate::posting::lots;
use crate::{Error, Tx};

/// A lot with its stock.
#[derive(Debug)]
pub struct LotDetail {
    pub lot: Lot,
    pub sku: String,
    /// Unit of every quantity.
    pub uom: String,
    /// Units on hand at all locations, including units in transit.
    pub on_hand: Quantity,
    pub reserved: Quantity,
    /// Whether the lot may be sold today.
    pub is_sellable: bool,
    pub updated_at: DateTime<Utc>,
}

/// The stock of a lot at a location.
#[derive(Debug)]
pub struct LotLevel {
    pub location_id: LocationId,
    pub location_code: String,
    /// Whether the location is one for stock in transit.
    pub is_transit: bool,
    pub on_hand: Quantity,
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
    pub expires_on: Option<NaiveDate>,
    /// Code that the supplier uses for the lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier_lot: Option<Line64>,
    /// Sender of the lot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_from: Option<Line200>,
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
        .with("p.sku = ", filter.sku.as_ref())
        .with("t.code = ", filter.code.as_ref())
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
    query.page(tx, "t.id", slice).await?.iter().map(read_lot).collect()
}

pub async fn get(tx: &Tx, id: LotId) -> Result<LotDetail, Error> {
    let rows = Listing::new(tx, SELECT).with("t.id = ", Some(id.0)).rows(tx).await?;
    read_lot(rows.first().ok_or_else(|| Refusal::not_found("lot"))?)
}

/// Returns every location with units of a lot on hand or reserved.
pub async fn levels(tx: &Tx, lot: &Lot) -> Result<Vec<LotLevel>, Error> {
    let select = "select l.location_id, o.code, o.kind = 'transit' as is_transit, l.on_hand, l.reserved \
                  from bi.stock_level l join location o on o.tenant_id = l.tenant_id and o.id = l.location_id \
                  where l.tenant_id = ";
    let rows = Listing::new(tx, select)
        .with("l.lot_id = ", Some(lot.id.0))
        .sql(" and l.lot_id <> '00000000-0000-0000-0000-000000000000' and l.on_hand <> 0 order by o.code")
        .rows(tx)
        .await?;
    let level = |row: &PgRow| -> Result<LotLevel, Error> {
        Ok(LotLevel {
            location_id: LocationId(row.try_get("location_id")?),
            location_code: row.try_get("code")?,
            is_transit: row.try_get("is_transit")?,
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
        received_from: lot.received_from.clone().map(Line200::from),
    }
}

/// Corrects a lot that is still at version `expected`. Sales under the old expiry date stay as they are.
pub async fn update(
    tx: &Tx,
    id: LotId,
    expected: Option<i32>,
    change: Change<'_, LotInput>,
) -> Result<LotDetail, Error> {
    let query = sqlx::query(
        "select id, product_id, code, expires_on, supplier_lot, received_from, received_at, status, version \
         from lot where tenant_id = $1 and id = $2 for update",
    );
    let row = tx.row(query.bind(tx.tenant_id.0).bind(id.0)).await?;
    let before = lots::lot(&row.ok_or_else(|| Refusal::not_found("lot"))?)?;
    input::check_version(before.version, expected)?;
    let input = change(&input_of(&before))?;
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
    get(tx, id).await
}

fn read_lot(row: &PgRow) -> Result<LotDetail, Error> {
    Ok(LotDetail {
        lot: lots::lot(row)?,
        sku: row.try_get("sku")?,
        uom: row.try_get("stock_uom")?,
        on_hand: number(row, "on_hand")?,
        reserved: number(row, "reserved")?,
        is_sellable: row.try_get("is_sellable")?,
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
