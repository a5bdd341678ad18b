//! The rows that a system has sent: lines of snapshots, events and touchpoints.
//!
//! Each kind is read in pages of its primary key, so that the rows of the database and those of the engine are never in memory
//! together.

use chrono::{DateTime, Utc};
use domain::number::Quantity;
use reconcile::input::{Event, Input, SnapshotLine, Touchpoint};
use reconcile::term::{EventType, Sign};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::text::Texts;
use super::{Memory, Sender, Window, told};
use crate::listing::{number, optional_number, word};
use crate::{Error, Tx};

/// Rows of a page, as the statements have it.
const PAGE: usize = 20_000;

/// The end of a page: instant, digest and copy of its last row.
type Position = (DateTime<Utc>, Uuid, i32);

/// Reads all rows of a system in the window.
pub async fn read(
    tx: &Tx,
    sender: &Sender,
    window: Window,
    memory: &mut Memory,
    input: &mut Input,
) -> Result<(), Error> {
    let window = sender.window(window);
    let mut from = Some(beginning(window));
    while let Some(after) = from {
        let rows = page(tx, SNAPSHOTS, sender, window, after).await?;
        memory.take(rows.len())?;
        for row in &rows {
            input.snapshots.push(snapshot_line(sender, row, &mut memory.texts)?);
        }
        from = end(&rows, "taken_at")?;
    }
    from = Some(beginning(window));
    while let Some(after) = from {
        let rows = page(tx, EVENTS, sender, window, after).await?;
        memory.take(rows.len())?;
        for row in &rows {
            input.events.push(event(sender, row, &mut memory.texts)?);
        }
        from = end(&rows, "occurred_at")?;
    }
    from = Some(beginning(window));
    while let Some(after) = from {
        let rows = page(tx, TOUCHPOINTS, sender, window, after).await?;
        memory.take(rows.len())?;
        for row in &rows {
            input.touchpoints.push(touchpoint(sender, row, &mut memory.texts)?);
        }
        from = end(&rows, "at")?;
    }
    Ok(())
}

const SNAPSHOTS: &str = "select l.taken_at, l.content, l.copy, s.is_full, l.external_sku, l.external_location, \
            l.quantity, l.reserved, l.quarantined, l.incoming \
     from reconcile_snapshot_line l \
     join reconcile_snapshot s on s.tenant_id = $1 and s.system_id = l.system_id and s.taken_at = l.taken_at \
     where l.tenant_id = $1 and l.system_id = $2 and l.taken_at <= $3 \
       and (l.taken_at, l.content, l.copy) > ($4, $5, $6) \
     order by l.taken_at, l.content, l.copy limit 20000";
const EVENTS: &str = "select occurred_at, content, copy, external_id, type, external_sku, external_location, quantity, \
            recorded_at, reference, actor, entry_mode \
     from reconcile_event \
     where tenant_id = $1 and system_id = $2 and occurred_at <= $3 and (occurred_at, content, copy) > ($4, $5, $6) \
     order by occurred_at, content, copy limit 20000";
const TOUCHPOINTS: &str = "select at, content, copy, kind, minutes, external_sku, external_location \
     from reconcile_touchpoint \
     where tenant_id = $1 and system_id = $2 and at <= $3 and (at, content, copy) > ($4, $5, $6) \
     order by at, content, copy limit 20000";

/// Returns the position before the first row of a window: no row has a negative number of its copy.
fn beginning(window: Window) -> Position {
    (window.from, Uuid::nil(), -1)
}

async fn page(
    tx: &Tx,
    statement: &'static str,
    sender: &Sender,
    window: Window,
    (at, content, copy): Position,
) -> Result<Vec<PgRow>, Error> {
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(sender.id).bind(window.through);
    tx.rows(query.bind(at).bind(content).bind(copy)).await
}

/// Returns the position of the last row of a full page. Nothing follows a page that is not full.
fn end(rows: &[PgRow], at: &str) -> Result<Option<Position>, Error> {
    if rows.len() < PAGE {
        return Ok(None);
    }
    let last = rows.last().ok_or_else(|| Error::invariant("a full page without a row"))?;
    Ok(Some((last.try_get(at)?, last.try_get("content")?, last.try_get("copy")?)))
}

fn snapshot_line(sender: &Sender, row: &PgRow, texts: &mut Texts) -> Result<SnapshotLine, Error> {
    Ok(SnapshotLine {
        system: sender.no,
        taken_at: row.try_get("taken_at")?,
        full: row.try_get("is_full")?,
        external_sku: texts.of(row.try_get("external_sku")?),
        external_location: texts.of(row.try_get("external_location")?),
        quantity: number(row, "quantity")?,
        reserved: optional_number(row, "reserved")?,
        quarantined: optional_number(row, "quarantined")?,
        incoming: optional_number(row, "incoming")?,
        expired: None,
    })
}

fn event(sender: &Sender, row: &PgRow, texts: &mut Texts) -> Result<Event, Error> {
    let event_type: EventType = word(row, "type")?;
    let entry_mode: &str = row.try_get("entry_mode")?;
    Ok(Event {
        system: sender.no,
        external_id: texts.of(row.try_get("external_id")?),
        event_type,
        external_sku: texts.of(row.try_get("external_sku")?),
        external_location: texts.of(row.try_get("external_location")?),
        quantity: signed(sender.sign, event_type, number(row, "quantity")?),
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        reference: told(texts, row.try_get("reference")?),
        actor: told(texts, row.try_get("actor")?),
        // A mode of a newer version counts as none.
        entry_mode: entry_mode.parse().ok(),
    })
}

/// Returns the signed effect on stock of a quantity as the system wrote it.
fn signed(sign: Sign, event_type: EventType, quantity: Quantity) -> Quantity {
    let size = if quantity < Quantity::ZERO { -quantity } else { quantity };
    match (sign, event_type) {
        (Sign::Natural, _)
        | (Sign::Absolute, EventType::Adjustment | EventType::Count | EventType::Overwrite) => quantity,
        (Sign::Absolute, EventType::Sale | EventType::TransferOut) => -size,
        (Sign::Absolute, EventType::Return | EventType::TransferIn | EventType::Receipt) => size,
    }
}

fn touchpoint(sender: &Sender, row: &PgRow, texts: &mut Texts) -> Result<Touchpoint, Error> {
    Ok(Touchpoint {
        system: sender.no,
        at: row.try_get("at")?,
        kind: word(row, "kind")?,
        minutes: row.try_get("minutes")?,
        external_sku: told(texts, row.try_get("external_sku")?),
        external_location: told(texts, row.try_get("external_location")?),
    })
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    #[test]
    fn the_type_gives_the_sign_of_absolute_quantities() {
        let three = Quantity::new(Decimal::from(3));
        for (event_type, expected) in [
            (EventType::Sale, -three),
            (EventType::TransferOut, -three),
            (EventType::Return, three),
            (EventType::Receipt, three),
            (EventType::Adjustment, -three),
        ] {
            assert_eq!(signed(Sign::Absolute, event_type, -three), expected, "{event_type:?}");
        }
        assert_eq!(signed(Sign::Natural, EventType::Sale, three), three);
    }
}
