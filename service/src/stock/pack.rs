//! Packs: movements once more, many in a row, so that suggestions read those of a year in a tenth of the time.
//!
//! A quarter (UTC) has the movements that were recorded in it, packed by product and location. A run packs every quarter of which
//! movements were recorded since the last run, up to an instant before which nothing more can be recorded ([`settled_until`]). So a
//! document that comes in late belongs to the quarter in which it was recorded, and no write touches a pack. All movements are those in
//! packs, and those that were recorded since the last run.

use std::collections::HashMap;

use chrono::{DateTime, Months, Utc};
use domain::id::{LocationId, ProductId, TenantId};
use domain::number::Quantity;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};

use super::checkpoint::settled_until;
use crate::listing::number;
use crate::{Db, Error, Tx};

/// Fewest movements since the last run. Fewer are read one by one in a moment.
const SPACING: i64 = 20_000;
/// Most movements of one row.
const PART: i64 = 1_000;
/// Bytes of a movement.
const MOVEMENT_BYTES: usize = 17;
/// Microseconds from 1970 to 2000, from which the database counts.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Decimals of a quantity.
const DECIMALS: u32 = 6;

/// A product at a location.
type Pair = (ProductId, LocationId);

/// The rule of a run.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Movements recorded before this instant are packed. No older transaction may still be open.
    pub known_until: DateTime<Utc>,
    /// Fewest movements since the last run.
    pub spacing: i64,
}

/// A quarter that is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarter {
    pub begins_at: DateTime<Utc>,
    /// Movements of the quarter that were recorded before this instant are packed.
    pub known_until: DateTime<Utc>,
    /// Number of the movements.
    pub movements: i64,
}

/// A movement of a product at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Movement {
    pub occurred_at: DateTime<Utc>,
    pub quantity: Quantity,
    /// Whether a till sold it.
    pub is_sale: bool,
}

/// Packs what is due. Returns the quarters that were packed; none if too little was recorded since the last run.
pub async fn run(db: &Db, tenant_id: TenantId) -> Result<Vec<Quarter>, Error> {
    let known_until = db.job(tenant_id, async |tx| settled_until(tx).await).await?;
    run_by(db, tenant_id, Rule { known_until, spacing: SPACING }).await
}

/// Packs what is due by another rule. Each quarter has a transaction of its own, the earliest first, so everything before the latest
/// `known_until` is packed at any time.
pub async fn run_by(db: &Db, tenant_id: TenantId, rule: Rule) -> Result<Vec<Quarter>, Error> {
    let due = db.job(tenant_id, async |tx| find_due(tx, &rule).await).await?;
    pack_each(db, tenant_id, due).await
}

/// Packs every quarter again. Returns the quarters that were packed.
pub async fn repack(db: &Db, tenant_id: TenantId) -> Result<Vec<Quarter>, Error> {
    let known_until = db.job(tenant_id, async |tx| settled_until(tx).await).await?;
    let quarters = db.job(tenant_id, async |tx| count_by_quarter(tx, known_until).await).await?;
    pack_each(db, tenant_id, quarters).await
}

/// Packs quarters, each in a transaction of its own.
async fn pack_each(db: &Db, tenant_id: TenantId, quarters: Vec<Quarter>) -> Result<Vec<Quarter>, Error> {
    let mut packed = Vec::with_capacity(quarters.len());
    for quarter in quarters {
        if db.job(tenant_id, async |tx| pack(tx, &quarter).await).await? {
            packed.push(quarter);
        }
    }
    Ok(packed)
}

/// Returns the quarters whose packs lack movements.
async fn find_due(tx: &Tx, rule: &Rule) -> Result<Vec<Quarter>, Error> {
    assert!(rule.known_until <= tx.now && rule.spacing > 0, "what is still to come is not settled");
    let known = quarters(tx).await?;
    let known_from = known.iter().map(|quarter| quarter.known_until).max();
    if count_recorded(tx, known_from, rule.known_until).await? < rule.spacing {
        return Ok(Vec::new());
    }
    let known: HashMap<DateTime<Utc>, i64> =
        known.iter().map(|quarter| (quarter.begins_at, quarter.movements)).collect();
    let is_due = |quarter: &Quarter| known.get(&quarter.begins_at) != Some(&quarter.movements);
    Ok(count_by_quarter(tx, rule.known_until).await?.into_iter().filter(is_due).collect())
}

/// Returns the quarters that are packed.
async fn quarters(tx: &Tx) -> Result<Vec<Quarter>, Error> {
    let statement = "select begins_at, known_until, movements from movement_quarter where tenant_id = $1";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    let quarter = |row: &PgRow| {
        Ok(Quarter {
            begins_at: row.try_get("begins_at")?,
            known_until: row.try_get("known_until")?,
            movements: row.try_get("movements")?,
        })
    };
    rows.iter().map(quarter).collect()
}

/// Counts the movements that were recorded in a period.
async fn count_recorded(tx: &Tx, from: Option<DateTime<Utc>>, until: DateTime<Utc>) -> Result<i64, Error> {
    let statement = "select count(*) as movements from stock_movement \
         where tenant_id = $1 and recorded_at >= coalesce($2, '-infinity') and recorded_at < $3";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(from).bind(until)).await?;
    Ok(row.ok_or_else(|| Error::invariant("a count without a row"))?.try_get("movements")?)
}

/// Counts the movements of each quarter that were recorded before an instant. The earliest quarter comes first.
async fn count_by_quarter(tx: &Tx, until: DateTime<Utc>) -> Result<Vec<Quarter>, Error> {
    let statement = "select date_trunc('quarter', recorded_at, 'UTC') as begins_at, count(*) as movements \
         from stock_movement where tenant_id = $1 and recorded_at < $2 group by 1 order by 1";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(until)).await?;
    let quarter = |row: &PgRow| {
        let begins_at: DateTime<Utc> = row.try_get("begins_at")?;
        let end = begins_at.checked_add_months(Months::new(3)).unwrap_or(until);
        Ok(Quarter { begins_at, known_until: end.min(until), movements: row.try_get("movements")? })
    };
    rows.iter().map(quarter).collect()
}

/// A run that is late does not take back what a later one has packed.
const QUARTER: &str = "insert into movement_quarter \
         (tenant_id, begins_at, known_until, movements, first_at, last_at, made_at) \
     select $1, $2, $3, count(*), min(occurred_at), max(occurred_at), $4 \
     from stock_movement where tenant_id = $1 and recorded_at >= $2 and recorded_at < $3 \
     having count(*) > 0 \
     on conflict (tenant_id, begins_at) do update \
     set known_until = excluded.known_until, movements = excluded.movements, first_at = excluded.first_at, \
         last_at = excluded.last_at, made_at = excluded.made_at \
     where movement_quarter.known_until <= excluded.known_until";

const EARLIER_PACKS: &str = "delete from movement_pack where tenant_id = $1 and begins_at = $2";

const PACKS: &str = "insert into movement_pack \
         (tenant_id, begins_at, product_id, location_id, part, movements) \
     select $1, $2, product_id, location_id, part, string_agg(movement, '' order by occurred_at, id) \
     from ( \
         select product_id, location_id, occurred_at, id, \
             timestamptz_send(occurred_at) || int8send((quantity * 1000000)::bigint) \
                 || boolsend(kind = 'sale' and document_kind = 'sale') as movement, \
             ((row_number() over (partition by product_id, location_id order by occurred_at, id) - 1) / $4)::integer \
                 as part \
         from stock_movement where tenant_id = $1 and recorded_at >= $2 and recorded_at < $3 \
     ) moved \
     group by product_id, location_id, part \
     order by product_id, location_id, part";

/// Packs a quarter again. Returns whether it did: a later run may have packed it.
async fn pack(tx: &Tx, quarter: &Quarter) -> Result<bool, Error> {
    let Quarter { begins_at, known_until, .. } = *quarter;
    let query = sqlx::query(QUARTER).bind(tx.tenant_id.0).bind(begins_at).bind(known_until).bind(tx.now);
    // The row is locked until the end, so another run waits here.
    if tx.execute(query).await? == 0 {
        return Ok(false);
    }
    tx.execute(sqlx::query(EARLIER_PACKS).bind(tx.tenant_id.0).bind(begins_at)).await?;
    let query = sqlx::query(PACKS).bind(tx.tenant_id.0).bind(begins_at).bind(known_until).bind(PART);
    tx.execute(query).await?;
    check(tx, quarter).await?;
    Ok(true)
}

/// Sums of the movements of a product at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sums {
    movements: i64,
    quantity: Quantity,
    sold: Quantity,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
}

impl Sums {
    /// Returns those of one movement.
    fn of(one: Movement) -> Self {
        let sold = if one.is_sale { one.quantity } else { Quantity::ZERO };
        Sums {
            movements: 1,
            quantity: one.quantity,
            sold,
            first_at: one.occurred_at,
            last_at: one.occurred_at,
        }
    }

    /// Adds those of more movements.
    fn add(&mut self, more: Sums) {
        self.movements += more.movements;
        self.quantity += more.quantity;
        self.sold += more.sold;
        self.first_at = self.first_at.min(more.first_at);
        self.last_at = self.last_at.max(more.last_at);
    }
}

const SUMS: &str = "select product_id, location_id, count(*) as movements, sum(quantity) as quantity, \
         coalesce(sum(quantity) filter (where kind = 'sale' and document_kind = 'sale'), 0) as sold, \
         min(occurred_at) as first_at, max(occurred_at) as last_at \
     from stock_movement where tenant_id = $1 and recorded_at >= $2 and recorded_at < $3 \
     group by product_id, location_id";

/// Fails unless the packs of a quarter, as reports read them, have the sums of its movements.
async fn check(tx: &Tx, quarter: &Quarter) -> Result<(), Error> {
    let mut packed: HashMap<Pair, Sums> = HashMap::new();
    let statement = "select product_id, location_id, movements from movement_pack \
         where tenant_id = $1 and begins_at = $2";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(quarter.begins_at);
    let take = |row: &PgRow| -> Result<(), Error> {
        let pair = pair(row)?;
        for one in unpacked(row.try_get("movements")?)? {
            let sums = Sums::of(one);
            packed.entry(pair).and_modify(|all| all.add(sums)).or_insert(sums);
        }
        Ok(())
    };
    tx.each_row(query, take).await?;
    let mut differences = 0;
    let query = sqlx::query(SUMS).bind(tx.tenant_id.0).bind(quarter.begins_at).bind(quarter.known_until);
    let compare = |row: &PgRow| -> Result<(), Error> {
        let sums = Sums {
            movements: row.try_get("movements")?,
            quantity: number(row, "quantity")?,
            sold: number(row, "sold")?,
            first_at: row.try_get("first_at")?,
            last_at: row.try_get("last_at")?,
        };
        differences += usize::from(packed.remove(&pair(row)?) != Some(sums));
        Ok(())
    };
    tx.each_row(query, compare).await?;
    differences += packed.len();
    if differences == 0 {
        return Ok(());
    }
    Err(Error::invariant(format!(
        "the packs of {differences} products at locations in the quarter of {} are not their movements",
        quarter.begins_at
    )))
}

/// The packs of a tenant, as far as a report needs them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packs {
    /// Movements that were recorded from this instant on are in no pack.
    pub known_until: DateTime<Utc>,
    /// Beginning of the first quarter with movements that happened since the instant that the report reads from.
    begins_at: Option<DateTime<Utc>>,
    /// When the first movement of all packs happened.
    first_at: DateTime<Utc>,
    /// The instant that the report reads from.
    from: DateTime<Utc>,
}

/// Finds the packs for a report on what happened since an instant. Nothing if the tenant has none. The report reads all from one snapshot:
/// a run may move movements into packs meanwhile.
pub(crate) async fn find(tx: &Tx, from: DateTime<Utc>) -> Result<Option<Packs>, Error> {
    let statement = "select max(known_until) as known_until, min(first_at) as first_at, \
             min(begins_at) filter (where last_at >= $2) as begins_at \
         from movement_quarter where tenant_id = $1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(from)).await?;
    let row = row.ok_or_else(|| Error::invariant("a sum without a row"))?;
    let known: (Option<DateTime<Utc>>, Option<DateTime<Utc>>) =
        (row.try_get("known_until")?, row.try_get("first_at")?);
    let (Some(known_until), Some(first_at)) = known else { return Ok(None) };
    Ok(Some(Packs { known_until, begins_at: row.try_get("begins_at")?, first_at, from }))
}

impl Packs {
    /// Takes the movements that happened since the instant that the report reads from: those of each pack at once, with their product and
    /// location, in the order in which they happened.
    pub async fn each(&self, tx: &Tx, mut take: impl FnMut(Pair, Vec<Movement>)) -> Result<(), Error> {
        let Some(begins_at) = self.begins_at else { return Ok(()) };
        let statement = "select product_id, location_id, movements from movement_pack \
             where tenant_id = $1 and begins_at >= $2";
        let read = |row: &PgRow| -> Result<(), Error> {
            let mut movements = unpacked(row.try_get("movements")?)?;
            movements.retain(|one| one.occurred_at >= self.from);
            if !movements.is_empty() {
                take(pair(row)?, movements);
            }
            Ok(())
        };
        tx.each_row(sqlx::query(statement).bind(tx.tenant_id.0).bind(begins_at), read).await
    }

    /// Whether all movements happened since the instant that the report reads from.
    pub async fn are_whole(&self, tx: &Tx) -> Result<bool, Error> {
        if self.first_at < self.from {
            return Ok(false);
        }
        let statement = "select from stock_movement \
             where tenant_id = $1 and recorded_at >= $2 and occurred_at < $3 limit 1";
        let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(self.known_until).bind(self.from);
        Ok(tx.row(query).await?.is_none())
    }
}

fn pair(row: &PgRow) -> Result<Pair, Error> {
    Ok((ProductId(row.try_get("product_id")?), LocationId(row.try_get("location_id")?)))
}

/// Reads the movements of a pack.
fn unpacked(pack: &[u8]) -> Result<Vec<Movement>, Error> {
    let movements: Option<Vec<Movement>> = pack.chunks(MOVEMENT_BYTES).map(movement).collect();
    movements.ok_or_else(|| Error::invariant("a pack with bytes that are no movement"))
}

/// Reads a movement: the instant, the quantity in millionths, and whether a till sold it.
fn movement(bytes: &[u8]) -> Option<Movement> {
    let (instant, rest) = bytes.split_first_chunk::<8>()?;
    let (millionths, rest) = rest.split_first_chunk::<8>()?;
    let micros = i64::from_be_bytes(*instant).checked_add(EPOCH_MICROS)?;
    let is_sale = match rest {
        [0] => false,
        [1] => true,
        _ => return None,
    };
    Some(Movement {
        occurred_at: DateTime::from_timestamp_micros(micros)?,
        quantity: Quantity::new(Decimal::new(i64::from_be_bytes(*millionths), DECIMALS)),
        is_sale,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(micros: i64, millionths: i64, is_sale: u8) -> Vec<u8> {
        [micros.to_be_bytes().as_slice(), millionths.to_be_bytes().as_slice(), &[is_sale]].concat()
    }

    #[test]
    fn a_pack_has_its_movements() {
        let units = |text: &str| -> Quantity { text.parse().expect("a quantity") };
        let at = |text: &str| -> DateTime<Utc> { text.parse().expect("an instant") };
        // The largest quantity that the database takes, and an instant before the year 2000.
        let pack = [
            bytes(0, -3_000_000, 1),
            bytes(86_400_000_001, 1_500_001, 0),
            bytes(-1, 999_999_999_999_999_999, 0),
        ];
        let expected = [
            (at("2000-01-01T00:00:00Z"), units("-3"), true),
            (at("2000-01-02T00:00:00.000001Z"), units("1.500001"), false),
            (at("1999-12-31T23:59:59.999999Z"), units("999999999999.999999"), false),
        ];
        let read = unpacked(&pack.concat()).expect("movements");
        let read: Vec<(DateTime<Utc>, Quantity, bool)> =
            read.iter().map(|one| (one.occurred_at, one.quantity, one.is_sale)).collect();
        assert_eq!(read, expected);
        assert!(unpacked(&[]).expect("no movements").is_empty());
    }

    #[test]
    fn a_pack_that_was_cut_is_rejected() {
        let pack = bytes(0, 1, 0);
        assert!(unpacked(&pack[..16]).is_err());
        assert!(unpacked(&[pack, vec![0]].concat()).is_err());
        assert!(unpacked(&bytes(0, 1, 2)).is_err());
        assert!(unpacked(&bytes(i64::MAX, 1, 0)).is_err(), "an instant that no calendar has");
    }

    #[test]
    fn sums_of_movements_are_added() {
        let one = |at: i64, units: i64, is_sale| Movement {
            occurred_at: DateTime::UNIX_EPOCH + chrono::Duration::days(at),
            quantity: Quantity::new(units.into()),
            is_sale,
        };
        let mut sums = Sums::of(one(3, -2, true));
        sums.add(Sums::of(one(1, 9, false)));
        let (first, last) = (one(1, 0, false).occurred_at, one(3, 0, false).occurred_at);
        let units = |number: i64| Quantity::new(number.into());
        let expected =
            Sums { movements: 2, quantity: units(7), sold: units(-2), first_at: first, last_at: last };
        assert_eq!(sums, expected);
    }
}
