//! Snapshots, events and touchpoints: each chunk of rows is one statement.

use chrono::{DateTime, Utc};
use domain::id::SystemId;
use domain::number::Quantity;
use reconcile::term::{EntryMode, EventType, TouchpointKind};
use sea_orm::sqlx;
use uuid::Uuid;

use super::content::Content;
use super::{Copies, Taken};
use crate::columns::Columns;
use crate::{Error, Tx};

/// A line of a snapshot. An empty text: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRow {
    pub taken_at: DateTime<Utc>,
    pub external_sku: String,
    pub external_location: String,
    pub quantity: Quantity,
    pub lot: String,
    pub reserved: Option<Quantity>,
    pub quarantined: Option<Quantity>,
    pub incoming: Option<Quantity>,
}

/// An event of another system. An empty text: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    pub external_id: String,
    pub event_type: EventType,
    pub external_sku: String,
    pub external_location: String,
    /// As it was sent: the sign of the system is not applied.
    pub quantity: Quantity,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: Option<DateTime<Utc>>,
    pub reference: String,
    pub actor: String,
    pub entry_mode: Option<EntryMode>,
}

/// Manual work on another system. An empty text: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchpointRow {
    pub at: DateTime<Utc>,
    pub kind: TouchpointKind,
    pub minutes: Option<Quantity>,
    pub actor: String,
    pub external_sku: String,
    pub external_location: String,
    pub note: String,
}

/// A row with its digest and the number of its copy.
#[derive(Debug)]
struct Keyed<'r, R> {
    content: Uuid,
    copy: i32,
    row: &'r R,
}

fn keyed<'r, R>(copies: &mut Copies, rows: &'r [R], content: impl Fn(&R) -> Uuid) -> Vec<Keyed<'r, R>> {
    let key = |row: &'r R| {
        let content = content(row);
        Keyed { content, copy: copies.next(content), row }
    };
    rows.iter().map(key).collect()
}

/// Adds lines of snapshots of a system. Each of their snapshots is full or not as this request says.
pub async fn save_snapshots(
    tx: &Tx,
    system_id: SystemId,
    is_full: bool,
    copies: &mut Copies,
    rows: &[SnapshotRow],
) -> Result<Taken, Error> {
    let mut instants: Vec<DateTime<Utc>> = rows.iter().map(|row| row.taken_at).collect();
    instants.sort_unstable();
    instants.dedup();
    let heads = sqlx::query(
        "insert into reconcile_snapshot as s (tenant_id, system_id, taken_at, is_full, received_at)
         select $1, $2, v.taken_at, $3, $4 from unnest($5::timestamptz[]) as v (taken_at)
         on conflict (tenant_id, system_id, taken_at) do update set is_full = excluded.is_full
         where s.is_full <> excluded.is_full",
    );
    let heads = heads.bind(tx.tenant_id.0).bind(system_id.0).bind(is_full).bind(tx.now).bind(instants);
    let changed = tx.execute(heads).await?;
    let rows = keyed(copies, rows, |row| {
        Content::default()
            .instant(row.taken_at)
            .text(&row.external_sku)
            .text(&row.external_location)
            .text(&row.lot)
            .number(row.quantity)
            .optional_number(row.reserved)
            .optional_number(row.quarantined)
            .optional_number(row.incoming)
            .finish()
    });
    let text = "insert into reconcile_snapshot_line (tenant_id, system_id, received_at, taken_at, content, copy, external_sku,
                    external_location, lot, quantity, reserved, quarantined, incoming)
                select $1, $2, $3, v.* from unnest($4::timestamptz[], $5::uuid[], $6::integer[], $7::text[], $8::text[],
                    $9::text[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[]) as v (taken_at, content, copy,
                    external_sku, external_location, lot, quantity, reserved, quarantined, incoming)
                on conflict do nothing";
    let query = Columns::of(text).bind(tx.tenant_id.0).bind(system_id.0).bind(tx.now);
    let added = query
        .column("taken_at", &rows, |keyed| keyed.row.taken_at)
        .column("content", &rows, |keyed| keyed.content)
        .column("copy", &rows, |keyed| keyed.copy)
        .column("external_sku", &rows, |keyed| keyed.row.external_sku.as_str())
        .column("external_location", &rows, |keyed| keyed.row.external_location.as_str())
        .column("lot", &rows, |keyed| keyed.row.lot.as_str())
        .column("quantity", &rows, |keyed| keyed.row.quantity.get())
        .column("reserved", &rows, |keyed| keyed.row.reserved.map(Quantity::get))
        .column("quarantined", &rows, |keyed| keyed.row.quarantined.map(Quantity::get))
        .column("incoming", &rows, |keyed| keyed.row.incoming.map(Quantity::get))
        .execute(tx)
        .await?;
    if changed > 0 {
        super::note_change(tx).await?;
    }
    Ok(Taken::of(added, rows.len()))
}

/// Adds events of a system.
pub async fn save_events(
    tx: &Tx,
    system_id: SystemId,
    copies: &mut Copies,
    rows: &[EventRow],
) -> Result<Taken, Error> {
    let rows = keyed(copies, rows, |row| {
        Content::default()
            .instant(row.occurred_at)
            .text(&row.external_id)
            .text(row.event_type.word())
            .text(&row.external_sku)
            .text(&row.external_location)
            .number(row.quantity)
            .optional_instant(row.recorded_at)
            .text(&row.reference)
            .text(&row.actor)
            .text(row.entry_mode.map_or("", EntryMode::word))
            .finish()
    });
    let text = "insert into reconcile_event (tenant_id, system_id, received_at, occurred_at, content, copy, external_id, type,
                    external_sku, external_location, quantity, recorded_at, reference, actor, entry_mode)
                select $1, $2, $3, v.* from unnest($4::timestamptz[], $5::uuid[], $6::integer[], $7::text[], $8::text[],
                    $9::text[], $10::text[], $11::numeric[], $12::timestamptz[], $13::text[], $14::text[], $15::text[])
                    as v (occurred_at, content, copy, external_id, type, external_sku, external_location, quantity,
                    recorded_at, reference, actor, entry_mode)
                on conflict do nothing";
    let query = Columns::of(text).bind(tx.tenant_id.0).bind(system_id.0).bind(tx.now);
    let added = query
        .column("occurred_at", &rows, |keyed| keyed.row.occurred_at)
        .column("content", &rows, |keyed| keyed.content)
        .column("copy", &rows, |keyed| keyed.copy)
        .column("external_id", &rows, |keyed| keyed.row.external_id.as_str())
        .column("type", &rows, |keyed| keyed.row.event_type.word())
        .column("external_sku", &rows, |keyed| keyed.row.external_sku.as_str())
        .column("external_location", &rows, |keyed| keyed.row.external_location.as_str())
        .column("quantity", &rows, |keyed| keyed.row.quantity.get())
        .column("recorded_at", &rows, |keyed| keyed.row.recorded_at)
        .column("reference", &rows, |keyed| keyed.row.reference.as_str())
        .column("actor", &rows, |keyed| keyed.row.actor.as_str())
        .column("entry_mode", &rows, |keyed| keyed.row.entry_mode.map_or("", EntryMode::word))
        .execute(tx)
        .await?;
    Ok(Taken::of(added, rows.len()))
}

/// Adds touchpoints of a system.
pub async fn save_touchpoints(
    tx: &Tx,
    system_id: SystemId,
    copies: &mut Copies,
    rows: &[TouchpointRow],
) -> Result<Taken, Error> {
    let rows = keyed(copies, rows, |row| {
        Content::default()
            .instant(row.at)
            .text(row.kind.word())
            .optional_number(row.minutes)
            .text(&row.actor)
            .text(&row.external_sku)
            .text(&row.external_location)
            .text(&row.note)
            .finish()
    });
    let text = "insert into reconcile_touchpoint (tenant_id, system_id, received_at, at, content, copy, kind, minutes, actor,
                    external_sku, external_location, note)
                select $1, $2, $3, v.* from unnest($4::timestamptz[], $5::uuid[], $6::integer[], $7::text[], $8::numeric[],
                    $9::text[], $10::text[], $11::text[], $12::text[]) as v (at, content, copy, kind, minutes, actor,
                    external_sku, external_location, note)
                on conflict do nothing";
    let query = Columns::of(text).bind(tx.tenant_id.0).bind(system_id.0).bind(tx.now);
    let added = query
        .column("at", &rows, |keyed| keyed.row.at)
        .column("content", &rows, |keyed| keyed.content)
        .column("copy", &rows, |keyed| keyed.copy)
        .column("kind", &rows, |keyed| keyed.row.kind.word())
        .column("minutes", &rows, |keyed| keyed.row.minutes.map(Quantity::get))
        .column("actor", &rows, |keyed| keyed.row.actor.as_str())
        .column("external_sku", &rows, |keyed| keyed.row.external_sku.as_str())
        .column("external_location", &rows, |keyed| keyed.row.external_location.as_str())
        .column("note", &rows, |keyed| keyed.row.note.as_str())
        .execute(tx)
        .await?;
    Ok(Taken::of(added, rows.len()))
}
