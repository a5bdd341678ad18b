//! Locks and reads the count sheets that commands name, and what has moved since their lines were counted.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::book::Book;
use domain::count::{Anchor, Count, CountLine, CountSettings, CountedLot, Standing};
use domain::id::{CountId, LocationId, LotId, ProductId, StockDocumentId};
use domain::number::{Money, Price, Quantity};
use domain::stock::LevelKey;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::Command;
use super::stock_documents::{HasLines, with_lines};
use crate::columns::Columns;
use crate::listing::{number, optional_number};
use crate::rows::{parsed, uuids};
use crate::stock::movement::first_of;
use crate::{Error, Tx};
use domain::needs::Needs;

/// Locks and reads the sheets of a batch. Runs no statement if no command names one.
pub(super) async fn load(tx: &Tx, needs: &Needs) -> Result<HashMap<CountId, Count>, Error> {
    if needs.count_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select id, number, location_id, status, blind, tolerance_percent, tolerance_value, reference, \
                            document_id, reversal_id, round, version \
                     from stock_count where tenant_id = $1 and id = any($2) order by id for update";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&needs.count_ids, |id| id.0));
    with_lines(tx, &tx.rows(query).await?, head, lines).await
}

/// Returns the tenant's settings for counts.
pub(crate) async fn settings(tx: &Tx) -> Result<CountSettings, Error> {
    let statement =
        "select tolerance_percent, tolerance_value, approval_value from count_setting where tenant_id = $1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    let Some(row) = row else { return Ok(CountSettings::default()) };
    Ok(CountSettings {
        tolerance_percent: optional_number(&row, "tolerance_percent")?,
        tolerance_value: optional_number(&row, "tolerance_value")?,
        approval_value: optional_number(&row, "approval_value")?,
    })
}

impl HasLines for Count {
    type Line = CountLine;

    fn lines(&mut self) -> &mut Vec<CountLine> {
        &mut self.lines
    }
}

/// Reads a sheet without its lines.
pub(crate) fn head(row: &PgRow) -> Result<(CountId, Count), Error> {
    let id = CountId(row.try_get("id")?);
    let count = Count {
        id,
        number: row.try_get("number")?,
        location_id: LocationId(row.try_get("location_id")?),
        status: parsed(row.try_get("status")?)?,
        blind: row.try_get("blind")?,
        tolerance_percent: optional_number(row, "tolerance_percent")?,
        tolerance_value: optional_number(row, "tolerance_value")?,
        reference: row.try_get("reference")?,
        document_id: row.try_get::<Option<Uuid>, _>("document_id")?.map(StockDocumentId),
        reversal_id: row.try_get::<Option<Uuid>, _>("reversal_id")?.map(StockDocumentId),
        round: row.try_get("round")?,
        version: row.try_get("version")?,
        lines: Vec::new(),
    };
    Ok((id, count))
}

/// Returns the lines of sheets.
pub(crate) async fn lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(CountId, CountLine)>, Error> {
    let statement = "select count_id, line_no, product_id, lot_code, expires_on, round, recount, counted, counted_at, \
                            expected, posted_quantity, posted_value, superseded, stands, earlier_counted_at, \
                            taken_off_quantity, taken_off_value \
                     from stock_count_line where tenant_id = $1 and count_id = any($2) order by count_id, line_no";
    let line = |row: &PgRow| -> Result<(CountId, CountLine), Error> {
        let posted: Option<Quantity> = optional_number(row, "posted_quantity")?;
        let (code, expires_on) = (row.try_get::<Option<String>, _>("lot_code")?, row.try_get("expires_on")?);
        let line = CountLine {
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            lot: code.map(|code| CountedLot { code, expires_on }),
            round: row.try_get("round")?,
            recount: row.try_get("recount")?,
            counted: optional_number(row, "counted")?,
            counted_at: row.try_get("counted_at")?,
            expected: optional_number(row, "expected")?,
            posted: posted.zip(optional_number(row, "posted_value")?),
            superseded: row.try_get("superseded")?,
            anchor: anchor(row)?,
        };
        Ok((CountId(row.try_get("count_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

fn anchor(row: &PgRow) -> Result<Option<Anchor>, Error> {
    let Some(stands) = row.try_get::<Option<bool>, _>("stands")? else { return Ok(None) };
    let quantity: Option<Quantity> = optional_number(row, "taken_off_quantity")?;
    let value: Option<Money> = optional_number(row, "taken_off_value")?;
    let taken_off = (quantity.unwrap_or_default(), value.unwrap_or_default());
    Ok(Some(Anchor { stands, earlier: row.try_get("earlier_counted_at")?, taken_off }))
}

/// A line of a sheet, and the part of its level's movements that it is compared with.
struct Compared<'a> {
    key: LevelKey,
    counted_at: DateTime<Utc>,
    /// The count before it.
    earlier: Option<DateTime<Utc>>,
    /// Only movements with a later id are read.
    after_id: Uuid,
    line: &'a CountLine,
}

/// The movements of a level that a line is compared with, and what counts took off them.
struct Moved {
    /// Units that moved after the counting.
    since: Quantity,
    /// Units and cost that counts took off movements between the count before and this one.
    taken_off: (Quantity, Money),
}

/// Loads what a command needs that compares a sheet with the levels: movements since the lines were counted, and the
/// average cost elsewhere. The levels are locked, so no movement is added meanwhile.
pub(super) async fn look(tx: &Tx, book: &mut Book, command: &Command) -> Result<(), Error> {
    let id = if let Command::CompleteCount(complete) = command {
        complete.count_id
    } else if let Command::PostCount(post) = command {
        post.count_id
    } else if let Command::ReverseCount(reverse) = command {
        return look_back(tx, book, reverse.count_id).await;
    } else {
        return Ok(());
    };
    let Some(count) = book.counts.get(&id) else { return Ok(()) };
    let compared: Vec<Compared<'_>> = compared(book, count).collect();
    if compared.is_empty() {
        return Ok(());
    }
    let keys: Vec<(LevelKey, DateTime<Utc>)> = compared.iter().map(|row| (row.key, row.counted_at)).collect();
    let products: Vec<Uuid> = keys.iter().map(|(key, _)| key.product_id.0).collect();
    let moved = moved(tx, &compared).await?;
    book.moved_since = keys.iter().copied().zip(moved.iter().map(|moved| moved.since)).collect();
    book.taken_off = keys.iter().copied().zip(moved.iter().map(|moved| moved.taken_off)).collect();
    book.costs_elsewhere = costs_elsewhere(tx, &products).await?;
    Ok(())
}

/// Returns the counted lines of a sheet, as their levels are now.
fn compared<'a>(book: &'a Book, count: &'a Count) -> impl Iterator<Item = Compared<'a>> {
    count.lines.iter().filter_map(|line| {
        let (key, counted_at) = (count.key(&book.lots, line), line.counted_at?);
        let earlier = book.level(&key).counted_at();
        Some(Compared { key, counted_at, earlier, after_id: first_of(counted_at - WAIT_MAX), line })
    })
}

/// Loads where a sheet to reverse stands. A sheet that was posted in this batch has noted it already.
///
/// The line has what counts had taken off between the count before it and its own when it was posted. Both sums are read
/// under the lock of the level. So what they differ by was taken off since, in any order of clocks.
async fn look_back(tx: &Tx, book: &mut Book, id: CountId) -> Result<(), Error> {
    let Some(count) = book.counts.get(&id) else { return Ok(()) };
    let compared = compared(book, count).filter(|row| !book.standings.contains_key(&(id, row.key)));
    let posted: Vec<Compared<'_>> = compared.filter(|row| row.line.posted.is_some()).collect();
    let (kept, unkept): (Vec<_>, Vec<_>) = posted.into_iter().partition(|row| row.line.anchor.is_some());
    let standing = kept.into_iter().filter_map(|row| {
        let anchor = row.line.anchor.filter(|anchor| anchor.stands)?;
        Some(Compared { earlier: anchor.earlier, ..row })
    });
    let mut standing: Vec<Compared<'_>> = standing.collect();
    if !unkept.is_empty() {
        standing.extend(place(tx, id, unkept).await?);
    }
    if standing.is_empty() {
        return Ok(());
    }
    let mut standings = Vec::with_capacity(standing.len());
    for (row, moved) in standing.iter().zip(moved(tx, &standing).await?) {
        let before = row.line.anchor.map(|anchor| anchor.taken_off).unwrap_or_default();
        let taken_off = (moved.taken_off.0 - before.0, moved.taken_off.1 - before.1);
        standings.push(((id, row.key), Standing { earlier: row.earlier, taken_off, before: 0 }));
    }
    book.standings.extend(standings);
    Ok(())
}

/// The place of lines that an earlier version of the program posted, without their anchor. The counts that stand on a level
/// are in the order of their times, so the count before a line is the latest one with an earlier time. An unknown lot of
/// which nothing was found was not counted, also if the lot has come in since. A movement that a count took off was recorded
/// after the sheet was posted if its id is later.
const PLACES: &str = "
    select v.place, e.counted_at as earlier, p.id as posting_id
    from unnest($2::int[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::boolean[])
        as v (place, location_id, product_id, counted_at, lot_code, found)
    left join lateral (
        select p.id, p.recorded_at from command p
        where p.tenant_id = $1 and p.document_id = $8 and p.name = 'count.posted' and p.name not like 'pos_sale.%'
          and p.status between 200 and 299
        order by p.id limit 1) p on true
    cross join lateral (
        select max(l.counted_at) as counted_at from stock_count_line l
        join stock_count c on c.tenant_id = $1 and c.id = l.count_id and c.location_id = v.location_id
        where l.tenant_id = $1 and l.product_id = v.product_id and l.lot_code is not distinct from v.lot_code
          and l.posted_quantity is not null and not l.superseded and l.counted_at < v.counted_at
          and c.status = 'posted' and c.id <> $8
          and coalesce(l.stands, l.lot_code is null or l.posted_quantity <> 0 or exists (
              select from lot o join command k on k.tenant_id = $1 and k.id = o.command_id
              where o.tenant_id = $1 and o.product_id = l.product_id and o.code = l.lot_code
                and k.recorded_at <= c.updated_at))) e
    where v.lot_code is null or v.found or exists (
        select from lot o join command k on k.tenant_id = $1 and k.id = o.command_id
        where o.tenant_id = $1 and o.product_id = v.product_id and o.code = v.lot_code
          and k.recorded_at <= p.recorded_at)";

/// Returns the lines that stood on their levels when an earlier version of the program posted them.
async fn place<'a>(tx: &Tx, id: CountId, rows: Vec<Compared<'a>>) -> Result<Vec<Compared<'a>>, Error> {
    let rows: Vec<Compared<'a>> = rows.into_iter().filter(|row| !row.line.superseded).collect();
    let places: Vec<i32> = (0..rows.len() as i32).collect();
    let is_found = |row: &Compared<'_>| row.line.posted.is_some_and(|(quantity, _)| !quantity.is_zero());
    let query = Columns::of(PLACES)
        .bind(tx.tenant_id.0)
        .column("place", &places, |place| *place)
        .column("location_id", &rows, |row| row.key.location_id.0)
        .column("product_id", &rows, |row| row.key.product_id.0)
        .column("counted_at", &rows, |row| row.counted_at)
        .column("lot_code", &rows, |row| row.line.lot_code().map(str::to_owned))
        .column("found", &rows, is_found)
        .bind(id.0);
    let found = query.rows(tx).await?;
    let mut places: HashMap<i32, (Option<DateTime<Utc>>, Option<Uuid>)> = HashMap::with_capacity(found.len());
    for row in found {
        places.insert(row.try_get("place")?, (row.try_get("earlier")?, row.try_get("posting_id")?));
    }
    let placed = rows.into_iter().zip(0..).filter_map(|(row, place)| {
        let (earlier, posting_id) = places.remove(&place)?;
        Some(Compared { earlier, after_id: posting_id.unwrap_or(Uuid::max()), ..row })
    });
    Ok(placed.collect())
}

/// No movement is recorded before it happens, so ids that are read begin with the instant of the counting. A movement of the
/// time before has a late id, except if its server read its clock, and then waited for the level, or if that clock was behind.
/// Neither comes near to an hour.
const WAIT_MAX: Duration = Duration::hours(1);

/// A late movement is followed by one of kind `count` in its line, which takes it off.
const MOVED: &str = "
    select v.place, t.*
    from unnest($2::int[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::uuid[])
        as v (place, location_id, product_id, lot_id, earlier, counted_at, after_id)
    cross join lateral (
        select
            coalesce(sum(m.quantity) filter (where m.occurred_at > v.counted_at), 0) as since,
            coalesce(sum(m.quantity) filter (where m.is_taken_off), 0) as quantity,
            coalesce(sum(m.value) filter (where m.is_taken_off), 0) as value
        from (
            select o.occurred_at, o.quantity, o.value,
                   o.kind = 'count' and o.happened_at <= v.counted_at
                       and o.happened_at > coalesce(v.earlier, '-infinity') as is_taken_off
            from (
                select m.kind, m.occurred_at, m.quantity, m.value,
                       max(m.occurred_at) filter (where m.kind <> 'count' and m.quantity <> 0)
                           over (partition by m.command_id, m.document_id, m.line_no) as happened_at
                from stock_movement m
                where m.tenant_id = $1 and m.product_id = v.product_id and m.location_id = v.location_id
                  and m.lot_id = v.lot_id and m.id > v.after_id) o) m) t
    order by v.place";

/// Returns what moved on the levels of lines, in the order of the lines.
async fn moved(tx: &Tx, rows: &[Compared<'_>]) -> Result<Vec<Moved>, Error> {
    let places: Vec<i32> = (0..rows.len() as i32).collect();
    let query = Columns::of(MOVED)
        .bind(tx.tenant_id.0)
        .column("place", &places, |place| *place)
        .column("location_id", rows, |row| row.key.location_id.0)
        .column("product_id", rows, |row| row.key.product_id.0)
        .column("lot_id", rows, |row| row.key.lot_id.0)
        .column("earlier", rows, |row| row.earlier)
        .column("counted_at", rows, |row| row.counted_at)
        .column("after_id", rows, |row| row.after_id);
    let moved = |row: &PgRow| -> Result<Moved, Error> {
        Ok(Moved {
            since: number(row, "since")?,
            taken_off: (number(row, "quantity")?, number(row, "value")?),
        })
    };
    query.rows(tx).await?.iter().map(moved).collect()
}

/// Returns the average unit cost of each product where it has stock: of each lot, and of all lots together.
async fn costs_elsewhere(tx: &Tx, products: &[Uuid]) -> Result<HashMap<(ProductId, LotId), Price>, Error> {
    let statement = "select product_id, coalesce(lot_id, '00000000-0000-0000-0000-000000000000') as lot_id, \
                            sum(value) / sum(on_hand) as cost \
         from stock_level where tenant_id = $1 and product_id = any($2) and on_hand > 0 \
         group by grouping sets ((product_id), (product_id, lot_id))";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(products)).await?;
    rows.iter()
        .map(|row| {
            let place = (ProductId(row.try_get("product_id")?), LotId(row.try_get("lot_id")?));
            Ok((place, Price::rounded(row.try_get::<Decimal, _>("cost")?)))
        })
        .collect()
}
