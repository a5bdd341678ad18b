//! The own ledger as one of the systems: movements are its events, levels its snapshots, and documents that people type are its
//! touchpoints.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use domain::id::MovementId;
use domain::stock::MovementKind;
use reconcile::input::{
    BundlePart, Event, Input, Item, SkuMapping, SnapshotLine, System, SystemNo, Touchpoint,
};
use reconcile::term::{EntryMode, EventType, QuantityMeaning, SystemKind, TouchpointKind};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::text::Texts;
use super::{Memory, Window, told};
use crate::listing::{number, optional_number, word};
use crate::reconcile::system::OWN;
use crate::stock::movement::first_of;
use crate::{Error, Tx};

/// Minutes between two transports: its events are there at once.
const INTERVAL_MINUTES: u32 = 1;
/// Products of a page.
const PAGE: i64 = 20_000;

/// Returns the own ledger as a system.
pub fn system(texts: &mut Texts) -> System {
    System {
        code: texts.of(OWN),
        kind: SystemKind::Stockwell,
        quantity_meaning: QuantityMeaning::OnHand,
        sync_interval_minutes: INTERVAL_MINUTES,
        clock_offset_seconds: 0,
    }
}

/// Returns when stock last moved.
pub async fn newest(tx: &Tx) -> Result<Option<DateTime<Utc>>, Error> {
    let statement = "select max(moved_at) as newest from stock_level where tenant_id = $1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0)).await?;
    Ok(row.ok_or_else(|| Error::invariant("an aggregate returns one row"))?.try_get("newest")?)
}

/// Reads products, their packs and sets, and the mappings of other systems to them.
pub async fn items(tx: &Tx, memory: &mut Memory, input: &mut Input) -> Result<(), Error> {
    read_items(tx, memory, input).await?;
    let statement = "select b.sku as item, c.sku as component, k.quantity from bundle_component k \
         join product b on b.tenant_id = $1 and b.id = k.bundle_id \
         join product c on c.tenant_id = $1 and c.id = k.component_id \
         where k.tenant_id = $1 order by k.bundle_id, k.line_no limit $2";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(memory.rows_max())).await?;
    memory.take(rows.len())?;
    let texts = &mut memory.texts;
    for row in rows {
        input.bundles.push(BundlePart {
            item: texts.of(row.try_get("item")?),
            component: texts.of(row.try_get("component")?),
            quantity: row.try_get("quantity")?,
        });
    }
    let numbers: HashMap<Arc<str>, SystemNo> =
        (0..).zip(&input.systems).map(|(no, system)| (Arc::clone(&system.code), no)).collect();
    let statement = "select m.system, m.external_sku, m.external_location, p.sku as item, m.factor, m.valid_from, \
                m.valid_until \
         from sku_mapping m join product p on p.tenant_id = $1 and p.id = m.product_id \
         where m.tenant_id = $1 and m.system in (select s.code from reconcile_system s where s.tenant_id = $1) \
         order by m.id limit $2";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(memory.rows_max())).await?;
    memory.take(rows.len())?;
    let texts = &mut memory.texts;
    for row in rows {
        let Some(system) = numbers.get(row.try_get::<&str, _>("system")?).copied() else { continue };
        input.sku_mappings.push(SkuMapping {
            system,
            external_sku: texts.of(row.try_get("external_sku")?),
            external_location: told(texts, row.try_get("external_location")?),
            item: texts.of(row.try_get("item")?),
            factor: row.try_get("factor")?,
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
        });
    }
    Ok(())
}

async fn read_items(tx: &Tx, memory: &mut Memory, input: &mut Input) -> Result<(), Error> {
    let statement = "select p.id, p.sku, c.code as category, \
                array(select u.factor from product_unit u where u.tenant_id = $1 and u.product_id = p.id order by u.uom) \
                    as packs \
         from product p left join category c on c.tenant_id = $1 and c.id = p.category_id \
         where p.tenant_id = $1 and p.id > $2 order by p.id limit $3";
    let mut after = Uuid::nil();
    loop {
        let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(after).bind(PAGE);
        let rows = tx.rows(query).await?;
        memory.take(rows.len())?;
        let texts = &mut memory.texts;
        for row in &rows {
            let category: Option<&str> = row.try_get("category")?;
            input.items.push(Item {
                item: texts.of(row.try_get("sku")?),
                category: category.map(|category| texts.of(category)),
                packs: row.try_get("packs")?,
            });
        }
        match rows.last() {
            Some(last) if rows.len() as i64 == PAGE => after = last.try_get("id")?,
            _ => return Ok(()),
        }
    }
}

/// Reads levels, movements and touchpoints of the window.
pub async fn read(
    tx: &Tx,
    no: SystemNo,
    window: Window,
    memory: &mut Memory,
    input: &mut Input,
) -> Result<(), Error> {
    let opening = tx.rows(levels(tx, OPENING, memory).bind(window.from)).await?;
    memory.take(opening.len())?;
    for row in &opening {
        input.snapshots.push(snapshot_line(no, window.from, row, &mut memory.texts)?);
    }
    if newest(tx).await?.is_none_or(|moved| moved <= window.through) {
        let present = tx.rows(levels(tx, PRESENT, memory)).await?;
        memory.take(present.len())?;
        for row in &present {
            input.snapshots.push(snapshot_line(no, window.through, row, &mut memory.texts)?);
        }
    }
    // A day at a time: so the index over the time of movements is used, and few rows are in memory.
    let mut from = window.from;
    while from <= window.through {
        let until = from + Duration::days(1);
        let end = until.min(window.through + Duration::microseconds(1));
        let query = sqlx::query(MOVEMENTS).bind(tx.tenant_id.0).bind(from).bind(end).bind(memory.rows_max());
        let rows = tx.rows(query).await?;
        memory.take(rows.len())?;
        for row in &rows {
            input.events.push(event(no, row, &mut memory.texts)?);
        }
        from = until;
    }
    let query = sqlx::query(TOUCHPOINTS).bind(tx.tenant_id.0).bind(window.from).bind(window.through);
    let query = query.bind(first_of(window.from)).bind(first_of(window.through + Duration::milliseconds(1)));
    let rows = tx.rows(query.bind(memory.rows_max())).await?;
    memory.take(rows.len())?;
    for row in &rows {
        input.touchpoints.push(touchpoint(no, row, &mut memory.texts)?);
    }
    Ok(())
}

fn levels<'q>(
    tx: &Tx,
    statement: &'static str,
    memory: &Memory,
) -> sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments> {
    sqlx::query(statement).bind(tx.tenant_id.0).bind(memory.rows_max())
}

/// The stock of each product in each location at an instant: the latest checkpoint before it, the movements since, and those that
/// came in late. A level that began later had none.
const OPENING: &str = "with base as materialized ( \
         select as_of, max(known_until) as known_until from stock_checkpoint where tenant_id = $1 and as_of <= $3 \
         group by as_of order by as_of desc limit 1), \
     part as ( \
         select c.product_id, c.location_id, c.quantity from base b \
         join stock_checkpoint_level c on c.tenant_id = $1 and c.as_of = b.as_of \
         union all \
         select m.product_id, m.location_id, m.quantity from stock_movement m \
         where m.tenant_id = $1 and m.occurred_at >= coalesce((select as_of from base), '-infinity') \
           and m.occurred_at < $3 \
         union all \
         select m.product_id, m.location_id, m.quantity from base b \
         join stock_movement m on m.tenant_id = $1 and m.occurred_at < b.as_of and m.recorded_at >= b.known_until \
         union all \
         select s.product_id, s.location_id, 0 from stock_level s where s.tenant_id = $1), \
     level as (select product_id, location_id, sum(quantity) as quantity from part group by 1, 2) \
     select p.sku, o.code as location, l.quantity, null::numeric as reserved, null::numeric as quarantined, \
            null::numeric as expired \
     from level l join product p on p.tenant_id = $1 and p.id = l.product_id \
     join location o on o.tenant_id = $1 and o.id = l.location_id \
     order by l.product_id, l.location_id limit $2";

/// The stock now. Recalled lots and quarantine locations count as quarantined.
const PRESENT: &str = "select p.sku, o.code as location, l.quantity, l.reserved, l.quarantined, l.expired from ( \
         select s.product_id, s.location_id, sum(s.on_hand) as quantity, sum(s.reserved) as reserved, \
                coalesce(sum(s.on_hand) filter (where t.status = 'recalled' or q.kind = 'quarantine'), 0) as quarantined, \
                coalesce(sum(s.on_hand) filter (where t.expires_on < current_date and t.status <> 'recalled' \
                                                  and q.kind <> 'quarantine'), 0) as expired \
         from stock_level s \
         join location q on q.tenant_id = $1 and q.id = s.location_id \
         left join lot t on t.tenant_id = $1 and t.id = s.lot_id \
         where s.tenant_id = $1 group by 1, 2) l \
     join product p on p.tenant_id = $1 and p.id = l.product_id \
     join location o on o.tenant_id = $1 and o.id = l.location_id \
     order by l.product_id, l.location_id limit $2";

/// Movements of units, each with the text of its document that another system may know too.
const MOVEMENTS: &str = "select m.id, m.kind, p.sku, o.code as location, m.quantity, m.occurred_at, m.recorded_at, \
            coalesce(r.external_ref, r.reference, r.number, s.number, d.reference, d.number, t.reference, t.number) \
                as reference, \
            coalesce(k.name, u.name) as actor, c.actor_kind \
     from stock_movement m \
     join product p on p.tenant_id = $1 and p.id = m.product_id \
     join location o on o.tenant_id = $1 and o.id = m.location_id \
     left join command c on c.tenant_id = $1 and c.id = m.command_id \
     left join api_key k on k.tenant_id = $1 and k.id = c.actor_id and c.actor_kind = 'api_key' \
     left join app_user u on u.tenant_id = $1 and u.id = c.actor_id and c.actor_kind = 'user' \
     left join pos_sale s on s.tenant_id = $1 and s.id = m.document_id and m.document_kind in ('sale', 'refund') \
     left join shipment h on h.tenant_id = $1 and h.id = m.document_id and m.document_kind = 'shipment' \
     left join sales_order r on r.tenant_id = $1 and r.id = h.order_id \
     left join stock_document d on d.tenant_id = $1 and d.id = m.document_id \
                               and m.document_kind in ('receipt', 'opening', 'adjustment', 'supplier_return') \
     left join transfer t on t.tenant_id = $1 and t.id = m.document_id and m.document_kind = 'transfer' \
     where m.tenant_id = $1 and m.occurred_at >= $2 and m.occurred_at < $3 and m.quantity <> 0 \
     order by m.id limit $4";

/// Adjustments and transfers that people enter, and file imports.
const TOUCHPOINTS: &str = "select d.occurred_at as at, 'manual_adjustment' as kind, p.sku, o.code as location \
     from stock_document d \
     join command c on c.tenant_id = $1 and c.id = d.command_id and c.actor_kind = 'user' \
     join location o on o.tenant_id = $1 and o.id = d.location_id \
     cross join lateral (select min(m.product_id::text)::uuid as product_id, count(distinct m.product_id) as products \
                         from stock_movement m where m.tenant_id = $1 and m.document_id = d.id \
                           and m.document_kind = 'adjustment') m \
     left join product p on p.tenant_id = $1 and p.id = m.product_id and m.products = 1 \
     where d.tenant_id = $1 and d.kind = 'adjustment' and d.occurred_at >= $2 and d.occurred_at <= $3 and d.id >= $4 \
     union all \
     select t.occurred_at, 'manual_transfer', null, o.code \
     from transfer t \
     join command c on c.tenant_id = $1 and c.id = t.command_id and c.actor_kind = 'user' \
     join location o on o.tenant_id = $1 and o.id = t.to_location_id \
     where t.tenant_id = $1 and t.occurred_at >= $2 and t.occurred_at <= $3 and t.id >= $4 \
     union all \
     select c.recorded_at, 'csv_import', null, null \
     from command c \
     where c.tenant_id = $1 and c.name = 'product.imported' and c.status < 300 and c.id >= $4 and c.id < $5 limit $6";

fn snapshot_line(
    no: SystemNo,
    taken_at: DateTime<Utc>,
    row: &PgRow,
    texts: &mut Texts,
) -> Result<SnapshotLine, Error> {
    Ok(SnapshotLine {
        system: no,
        taken_at,
        full: true,
        external_sku: texts.of(row.try_get("sku")?),
        external_location: texts.of(row.try_get("location")?),
        quantity: number(row, "quantity")?,
        reserved: optional_number(row, "reserved")?,
        quarantined: optional_number(row, "quarantined")?,
        incoming: None,
        expired: optional_number(row, "expired")?,
    })
}

fn event(no: SystemNo, row: &PgRow, texts: &mut Texts) -> Result<Event, Error> {
    let kind: MovementKind = word(row, "kind")?;
    let (reference, actor): (Option<&str>, Option<&str>) = (row.try_get("reference")?, row.try_get("actor")?);
    let actor_kind: Option<&str> = row.try_get("actor_kind")?;
    Ok(Event {
        system: no,
        external_id: texts.of(&MovementId(row.try_get("id")?).to_string()),
        event_type: event_type(kind),
        external_sku: texts.of(row.try_get("sku")?),
        external_location: texts.of(row.try_get("location")?),
        quantity: number(row, "quantity")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        reference: reference.map(|reference| texts.of(reference)),
        actor: actor.map(|actor| texts.of(actor)),
        entry_mode: Some(match actor_kind {
            Some("user") => EntryMode::Ui,
            Some("operator" | "worker") => EntryMode::Worker,
            _ => EntryMode::Api,
        }),
    })
}

fn event_type(kind: MovementKind) -> EventType {
    match kind {
        MovementKind::Sale => EventType::Sale,
        MovementKind::Return => EventType::Return,
        MovementKind::TransferOut => EventType::TransferOut,
        MovementKind::TransferIn => EventType::TransferIn,
        MovementKind::Count => EventType::Count,
        MovementKind::Receipt | MovementKind::SupplierReturn => EventType::Receipt,
        // Revaluations and settlements move no unit, so none is read.
        MovementKind::Opening
        | MovementKind::Adjustment
        | MovementKind::Revaluation
        | MovementKind::Settlement => EventType::Adjustment,
    }
}

fn touchpoint(no: SystemNo, row: &PgRow, texts: &mut Texts) -> Result<Touchpoint, Error> {
    let kind: TouchpointKind = word(row, "kind")?;
    let text = |texts: &mut Texts, column: &str| -> Result<Option<Arc<str>>, Error> {
        Ok(row.try_get::<Option<&str>, _>(column)?.map(|text| texts.of(text)))
    };
    Ok(Touchpoint {
        system: no,
        at: row.try_get("at")?,
        kind,
        minutes: None,
        external_sku: text(texts, "sku")?,
        external_location: text(texts, "location")?,
    })
}
