//! Mappings of another system's locations and SKUs, for a period. The own location or product of a code follows from them.

mod validity;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use domain::id::{ReconcileMappingId, SystemId};
use domain::number::Quantity;
use domain::refusal::{Code, Problems, Refusal};
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use super::ingest::{Taken, note_change};
use super::system::{self, OWN};
use crate::columns::Columns;
use crate::listing::{Listing, Slice, number};
use crate::{Error, Tx};

use validity::{Fit, Key, Slots, Stated};

/// A location of another system, and the location that it is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileLocationMapping)]
pub struct LocationMapping {
    /// Id of the mapping.
    pub id: ReconcileMappingId,
    pub object: tag::ReconcileLocationMapping,
    /// Code of the other system.
    #[schema(max_length = 64, example = "till")]
    pub system: String,
    /// Location in that system.
    #[schema(max_length = 100, example = "Store 01")]
    pub external_location: String,
    /// Code of your location, or of the location in the reference.
    #[schema(max_length = 100, example = "2010")]
    pub location: String,
    /// First instant at which it applies. Null: no beginning.
    #[schema(example = json!(null))]
    pub valid_from: Option<DateTime<Utc>>,
    /// First instant at which it no longer applies. Null: no end.
    #[schema(example = json!(null))]
    pub valid_until: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// An SKU of another system, and the item of the reference to which it is mapped.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ReconcileSkuMapping)]
pub struct ItemMapping {
    /// Id of the mapping.
    pub id: ReconcileMappingId,
    pub object: tag::ReconcileSkuMapping,
    /// Code of the other system.
    #[schema(max_length = 64, example = "till")]
    pub system: String,
    /// SKU in that system.
    #[schema(max_length = 100, example = "00010042")]
    pub external_sku: String,
    /// Location in that system. Null: every location without a mapping of its own.
    #[schema(max_length = 100, example = json!(null))]
    pub external_location: Option<String>,
    /// SKU of the reference.
    #[schema(max_length = 100, example = "A-10042")]
    pub item: String,
    /// Units of the reference in one unit of the other system.
    pub factor: Quantity,
    /// First instant at which it applies. Null: no beginning.
    #[schema(example = json!(null))]
    pub valid_from: Option<DateTime<Utc>>,
    /// First instant at which it no longer applies. Null: no end.
    #[schema(example = json!(null))]
    pub valid_until: Option<DateTime<Utc>>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
}

/// A mapping of a location to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocationRow {
    pub system: String,
    pub external_location: String,
    pub location: String,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
}

/// A mapping of an SKU to be added. An empty location: all without a mapping of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    pub system: String,
    pub external_sku: String,
    pub external_location: String,
    pub item: String,
    pub factor: Quantity,
    pub valid_from: Option<DateTime<Utc>>,
    pub valid_until: Option<DateTime<Utc>>,
}

/// Adds mappings of locations that do not compete with each other or with those that are there.
pub async fn add_locations(tx: &Tx, rows: &[LocationRow]) -> Result<Taken, Error> {
    let systems = Systems::load(tx).await?;
    let codes: HashSet<&str> = rows.iter().map(|row| row.external_location.as_str()).collect();
    let mut slots = Slots::default();
    let held = sqlx::query(
        "select system_id, external_location, '' as place, location as target, 1::numeric as factor, valid_from, valid_until
         from reconcile_location_mapping where tenant_id = $1 and external_location = any($2)",
    );
    let codes: Vec<&str> = codes.into_iter().collect();
    for row in tx.rows(held.bind(tx.tenant_id.0).bind(codes)).await? {
        let key = (row.try_get("system_id")?, row.try_get("external_location")?, String::new());
        slots.hold(key, read_stated(&row)?);
    }
    let stated = |row: &LocationRow| Stated {
        target: row.location.clone(),
        factor: Quantity::ONE,
        valid_from: row.valid_from,
        valid_until: row.valid_until,
    };
    let (mut taken, mut made) = (Taken::default(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let placed = systems.find(&row.system).and_then(|system_id| {
            let key = (system_id, row.external_location.clone(), String::new());
            Ok((system_id, slots.place(key, stated(row)).map_err(|clash| clash.refusal("location"))?))
        });
        match placed {
            Ok((system_id, Fit::New)) => made.push((tx.next_id(), system_id, row)),
            Ok((_, Fit::Held)) => taken.repeated += 1,
            Err(refusal) => taken.reject(index, refusal),
        }
    }
    insert_locations(tx, &made).await?;
    taken.accepted = made.len();
    Ok(taken)
}

/// Adds mappings of SKUs, as [`add_locations`] does.
pub async fn add_items(tx: &Tx, rows: &[ItemRow]) -> Result<Taken, Error> {
    let systems = Systems::load(tx).await?;
    let skus: HashSet<&str> = rows.iter().map(|row| row.external_sku.as_str()).collect();
    let mut slots = Slots::default();
    let held = sqlx::query(
        "select system_id, external_sku, external_location, item as target, factor, valid_from, valid_until
         from reconcile_sku_mapping where tenant_id = $1 and external_sku = any($2)",
    );
    let skus: Vec<&str> = skus.into_iter().collect();
    for row in tx.rows(held.bind(tx.tenant_id.0).bind(skus)).await? {
        let key: Key =
            (row.try_get("system_id")?, row.try_get("external_sku")?, row.try_get("external_location")?);
        slots.hold(key, read_stated(&row)?);
    }
    let (mut taken, mut made) = (Taken::default(), Vec::new());
    for (index, row) in rows.iter().enumerate() {
        let stated = Stated {
            target: row.item.clone(),
            factor: row.factor,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
        };
        let placed =
            check_factor(row.factor).and_then(|()| systems.find(&row.system)).and_then(|system_id| {
                let key = (system_id, row.external_sku.clone(), row.external_location.clone());
                Ok((system_id, slots.place(key, stated).map_err(|clash| clash.refusal("SKU"))?))
            });
        match placed {
            Ok((system_id, Fit::New)) => made.push((tx.next_id(), system_id, row)),
            Ok((_, Fit::Held)) => taken.repeated += 1,
            Err(refusal) => taken.reject(index, refusal),
        }
    }
    insert_items(tx, &made).await?;
    taken.accepted = made.len();
    Ok(taken)
}

/// Returns one page of the mappings of locations.
pub async fn list_locations(
    tx: &Tx,
    system: Option<SystemId>,
    slice: &Slice,
) -> Result<Vec<LocationMapping>, Error> {
    let select = "select m.id, s.code as system, m.external_location, m.location, m.valid_from, m.valid_until, m.created_at \
                  from reconcile_location_mapping m join reconcile_system s on s.tenant_id = m.tenant_id and s.id = m.system_id \
                  where m.tenant_id = ";
    let listing = Listing::new(tx, select).with("m.system_id = ", system.map(|id| id.0));
    let rows = listing.page(tx, "m.id", slice).await?;
    let read = |row: &PgRow| {
        Ok(LocationMapping {
            id: ReconcileMappingId(row.try_get("id")?),
            object: tag::ReconcileLocationMapping,
            system: row.try_get("system")?,
            external_location: row.try_get("external_location")?,
            location: row.try_get("location")?,
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
            created_at: row.try_get("created_at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Returns one page of the mappings of SKUs.
pub async fn list_items(tx: &Tx, system: Option<SystemId>, slice: &Slice) -> Result<Vec<ItemMapping>, Error> {
    let select = "select m.id, s.code as system, m.external_sku, m.external_location, m.item, m.factor, m.valid_from, \
                         m.valid_until, m.created_at \
                  from reconcile_sku_mapping m join reconcile_system s on s.tenant_id = m.tenant_id and s.id = m.system_id \
                  where m.tenant_id = ";
    let listing = Listing::new(tx, select).with("m.system_id = ", system.map(|id| id.0));
    let rows = listing.page(tx, "m.id", slice).await?;
    let read = |row: &PgRow| {
        let location: String = row.try_get("external_location")?;
        Ok(ItemMapping {
            id: ReconcileMappingId(row.try_get("id")?),
            object: tag::ReconcileSkuMapping,
            system: row.try_get("system")?,
            external_sku: row.try_get("external_sku")?,
            external_location: Some(location).filter(|location| !location.is_empty()),
            item: row.try_get("item")?,
            factor: number(row, "factor")?,
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
            created_at: row.try_get("created_at")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Deletes a mapping of a location. The next run reads every row without it.
pub async fn delete_location(tx: &Tx, id: ReconcileMappingId) -> Result<(), Error> {
    let delete = sqlx::query("delete from reconcile_location_mapping where tenant_id = $1 and id = $2");
    deleted(tx, tx.execute(delete.bind(tx.tenant_id.0).bind(id.0)).await?).await
}

/// Deletes a mapping of an SKU. The next run reads every row without it.
pub async fn delete_item(tx: &Tx, id: ReconcileMappingId) -> Result<(), Error> {
    let delete = sqlx::query("delete from reconcile_sku_mapping where tenant_id = $1 and id = $2");
    deleted(tx, tx.execute(delete.bind(tx.tenant_id.0).bind(id.0)).await?).await
}

async fn deleted(tx: &Tx, rows: u64) -> Result<(), Error> {
    if rows == 0 {
        return Err(Refusal::not_found("mapping").into());
    }
    note_change(tx).await
}

/// The systems that a mapping may name, by code.
struct Systems(HashMap<String, Uuid>);

impl Systems {
    async fn load(tx: &Tx) -> Result<Self, Error> {
        let systems = system::all(tx).await?;
        Ok(Systems(systems.into_iter().map(|system| (system.code, system.id.0)).collect()))
    }

    fn find(&self, code: &str) -> Result<Uuid, Refusal> {
        self.0.get(code).copied().ok_or_else(|| match code {
            OWN => Refusal::invalid("/system", "Your own records need no mapping. Name the other system."),
            _ => {
                let detail = "There is no system with this code. Register it first, or correct the code.";
                Problems::one("/system", Code::NotFound, detail)
            }
        })
    }
}

fn check_factor(factor: Quantity) -> Result<(), Refusal> {
    if factor.is_positive() {
        return Ok(());
    }
    let detail =
        "This must be above zero: it says how many units of the reference one unit of the other system has.";
    Err(Refusal::invalid("/factor", detail))
}

fn read_stated(row: &PgRow) -> Result<Stated, Error> {
    Ok(Stated {
        target: row.try_get("target")?,
        factor: number(row, "factor")?,
        valid_from: row.try_get("valid_from")?,
        valid_until: row.try_get("valid_until")?,
    })
}

async fn insert_locations(tx: &Tx, made: &[(Uuid, Uuid, &LocationRow)]) -> Result<(), Error> {
    let text = "insert into reconcile_location_mapping (tenant_id, created_at, id, system_id, external_location, location,
                    valid_from, valid_until)
                select $1, $2, v.* from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::timestamptz[],
                    $8::timestamptz[]) as v (id, system_id, external_location, location, valid_from, valid_until)";
    Columns::of(text)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", made, |(id, ..)| *id)
        .column("system_id", made, |(_, system_id, _)| *system_id)
        .column("external_location", made, |(.., row)| row.external_location.as_str())
        .column("location", made, |(.., row)| row.location.as_str())
        .column("valid_from", made, |(.., row)| row.valid_from)
        .column("valid_until", made, |(.., row)| row.valid_until)
        .execute(tx)
        .await?;
    Ok(())
}

async fn insert_items(tx: &Tx, made: &[(Uuid, Uuid, &ItemRow)]) -> Result<(), Error> {
    let text = "insert into reconcile_sku_mapping (tenant_id, created_at, id, system_id, external_sku, external_location, item,
                    factor, valid_from, valid_until)
                select $1, $2, v.* from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::numeric[],
                    $9::timestamptz[], $10::timestamptz[]) as v (id, system_id, external_sku, external_location, item, factor,
                    valid_from, valid_until)";
    Columns::of(text)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", made, |(id, ..)| *id)
        .column("system_id", made, |(_, system_id, _)| *system_id)
        .column("external_sku", made, |(.., row)| row.external_sku.as_str())
        .column("external_location", made, |(.., row)| row.external_location.as_str())
        .column("item", made, |(.., row)| row.item.as_str())
        .column("factor", made, |(.., row)| row.factor.get())
        .column("valid_from", made, |(.., row)| row.valid_from)
        .column("valid_until", made, |(.., row)| row.valid_until)
        .execute(tx)
        .await?;
    Ok(())
}
