//! Locks and reads the count sheets that commands name, and what has moved since their lines were counted.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::book::Book;
use domain::count::{Count, CountLine, CountSettings, CountedLot, Standing};
use domain::id::{CountId, LocationId, LotId, ProductId, StockDocumentId};
use domain::number::{Price, Quantity};
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
                            expected, posted_quantity, posted_value, superseded \
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
        };
        Ok((CountId(row.try_get("count_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
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
    let counted = count.lines.iter().filter_map(|line| Some((count.key(&book.lots, line), line.counted_at?)));
    let counted: Vec<(LevelKey, DateTime<Utc>)> = counted.collect();
    if counted.is_empty() {
        return Ok(());
    }
    let products: Vec<Uuid> = counted.iter().map(|(key, _)| key.product_id.0).collect();
    book.moved_since = moved_since(tx, &counted).await?;
    book.costs_elsewhere = costs_elsewhere(tx, &products).await?;
    Ok(())
}

/// The counts that stand on a level are in the order of their times and of their postings. So the count before a sheet is
/// the latest one with an earlier time. A movement that happened between the two, and was recorded after the sheet was posted,
/// is one that this sheet alone has seen: its command posted a second movement of kind `count`, which took it off. No sheet
/// was posted before it was counted, so only ids that begin with that instant or later are read.
const STANDINGS: &str = "
    select v.place, e.counted_at as earlier, t.quantity, t.value
    from unnest($2::int[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::text[], $8::uuid[])
        as v (place, location_id, product_id, lot_id, counted_at, lot_code, first_id)
    cross join lateral (
        select max(l.counted_at) as counted_at from stock_count_line l
        join stock_count c on c.tenant_id = $1 and c.id = l.count_id and c.location_id = v.location_id
        where l.tenant_id = $1 and l.product_id = v.product_id and l.lot_code is not distinct from v.lot_code
          and l.posted_quantity is not null and not l.superseded and l.counted_at < v.counted_at
          and c.status = 'posted' and c.id <> $9) e
    cross join lateral (
        select coalesce(sum(m.quantity), 0) as quantity, coalesce(sum(m.value), 0) as value
        from (
            select m.kind, m.quantity, m.value,
                   max(m.occurred_at) filter (where m.kind <> 'count' and m.quantity <> 0)
                       over (partition by m.command_id, m.document_id, m.line_no) as happened_at
            from stock_movement m
            where m.tenant_id = $1 and m.product_id = v.product_id and m.location_id = v.location_id
              and m.lot_id = v.lot_id and m.id >= v.first_id and m.id > (
                  select p.id from command p
                  where p.tenant_id = $1 and p.document_id = $9 and p.name = 'count.posted'
                    and p.name not like 'pos_sale.%' and p.status between 200 and 299
                  order by p.id limit 1)) m
        where m.kind = 'count' and m.happened_at <= v.counted_at
          and m.happened_at > coalesce(e.counted_at, '-infinity')) t";

/// Loads where a sheet to reverse stands. A sheet that was posted in this batch has noted it already.
async fn look_back(tx: &Tx, book: &mut Book, id: CountId) -> Result<(), Error> {
    let Some(count) = book.counts.get(&id) else { return Ok(()) };
    let counted = count.lines.iter().filter_map(|line| {
        Some((count.key(&book.lots, line), line.counted_at?, line.lot_code().map(str::to_owned)))
    });
    let counted: Vec<(LevelKey, DateTime<Utc>, Option<String>)> = counted.collect();
    let places: Vec<i32> = (0..counted.len() as i32).collect();
    let query = Columns::of(STANDINGS)
        .bind(tx.tenant_id.0)
        .column("place", &places, |place| *place)
        .column("location_id", &counted, |(key, ..)| key.location_id.0)
        .column("product_id", &counted, |(key, ..)| key.product_id.0)
        .column("lot_id", &counted, |(key, ..)| key.lot_id.0)
        .column("counted_at", &counted, |(_, at, _)| *at)
        .column("lot_code", &counted, |(.., code)| code.clone())
        .column("first_id", &counted, |(_, at, _)| first_of(*at))
        .bind(id.0);
    for row in query.rows(tx).await? {
        let place: i32 = row.try_get("place")?;
        let (key, ..) = counted[place.unsigned_abs() as usize];
        let standing = Standing {
            earlier: row.try_get("earlier")?,
            taken_off: (number(&row, "quantity")?, number(&row, "value")?),
            before: 0,
        };
        book.standings.entry((id, key)).or_insert(standing);
    }
    Ok(())
}

/// Returns what moved on levels after each was counted. No movement is recorded before it happens, so only ids that
/// begin with that instant or later are read.
async fn moved_since(
    tx: &Tx,
    counted: &[(LevelKey, DateTime<Utc>)],
) -> Result<HashMap<(LevelKey, DateTime<Utc>), Quantity>, Error> {
    let statement = "select v.place, coalesce(sum(m.quantity), 0) as moved \
         from unnest($2::int[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::uuid[]) \
             as v (place, location_id, product_id, lot_id, counted_at, first_id) \
         join stock_movement m on m.tenant_id = $1 and m.product_id = v.product_id \
             and m.location_id = v.location_id and m.lot_id = v.lot_id \
             and m.id >= v.first_id and m.occurred_at > v.counted_at \
         group by v.place";
    let places: Vec<i32> = (0..counted.len() as i32).collect();
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("place", &places, |place| *place)
        .column("location_id", counted, |(key, _)| key.location_id.0)
        .column("product_id", counted, |(key, _)| key.product_id.0)
        .column("lot_id", counted, |(key, _)| key.lot_id.0)
        .column("counted_at", counted, |(_, at)| *at)
        .column("first_id", counted, |(_, at)| first_of(*at));
    let moved = |row: &PgRow| -> Result<_, Error> {
        let place: i32 = row.try_get("place")?;
        Ok((counted[place.unsigned_abs() as usize], number(row, "moved")?))
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
