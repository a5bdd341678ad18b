//! Settings, systems, mappings and items, as the tenant has stated them.

use std::collections::HashMap;

use chrono::Duration;
use reconcile::input::{
    BundlePart, Harm, Hop, Input, Item, LocationMapping, Ownership, Resolution, Settings, SkuMapping, System,
    SystemNo,
};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::text::Texts;
use super::{Memory, Sender, told};
use crate::listing::word;
use crate::reconcile::{ownership, setting, system};
use crate::{Error, Tx};

/// Most resolutions that give a prior: the newest.
const RESOLUTIONS_MAX: i64 = 10_000;

/// Reads the settings, or takes the usual ones.
pub async fn settings(tx: &Tx, texts: &mut Texts) -> Result<Settings, Error> {
    let stated = setting::get(tx).await?;
    let harm = |harm: setting::Harm| Harm { probability: harm.probability.get(), cost: harm.cost.get() };
    Ok(Settings {
        reference: texts.of(&stated.reference),
        window_days: u32::from(stated.window_days.unsigned_abs()),
        wage_per_hour: stated.wage_per_hour.get(),
        minutes: stated.minutes.into_iter().map(|(kind, minutes)| (kind, minutes.get())).collect(),
        harm: stated.harm.into_iter().map(|(class, stated)| (class, harm(stated))).collect(),
    })
}

/// Reads the systems in the order of their codes.
pub async fn systems(tx: &Tx, texts: &mut Texts) -> Result<(Vec<System>, Vec<Sender>), Error> {
    let (mut systems, mut senders) = (Vec::new(), Vec::new());
    for stated in system::all(tx).await? {
        let no = SystemNo::try_from(systems.len()).map_err(|_| Error::invariant("too many systems"))?;
        let offset = i64::from(stated.clock_offset_seconds);
        systems.push(System {
            code: texts.of(&stated.code),
            kind: stated.kind,
            quantity_meaning: stated.quantity_meaning,
            sync_interval_minutes: stated.sync_interval_minutes,
            clock_offset_seconds: offset,
        });
        senders.push(Sender { no, id: stated.id.0, sign: stated.sign, offset: Duration::seconds(offset) });
    }
    Ok((systems, senders))
}

/// Reads who owns what.
pub async fn ownership(tx: &Tx, texts: &mut Texts) -> Result<Vec<Ownership>, Error> {
    let mut owners = Vec::new();
    for stated in ownership::all(tx).await? {
        let hops = stated.next_hops.iter();
        owners.push(Ownership {
            process: stated.process,
            concern: stated.concern,
            owner: texts.of(&stated.owner),
            next_hops: hops
                .map(|hop| Hop { system: texts.of(&hop.system), latency_minutes: hop.latency_minutes })
                .collect(),
        });
    }
    Ok(owners)
}

/// Returns the number of each system by its id.
fn numbers(senders: &[Sender]) -> HashMap<Uuid, SystemNo> {
    senders.iter().map(|sender| (sender.id, sender.no)).collect()
}

fn number(numbers: &HashMap<Uuid, SystemNo>, row: &PgRow) -> Result<SystemNo, Error> {
    let id: Uuid = row.try_get("system_id")?;
    numbers.get(&id).copied().ok_or_else(|| Error::invariant(format!("a mapping of the system {id}")))
}

/// Reads the mappings of locations.
pub async fn location_mappings(
    tx: &Tx,
    senders: &[Sender],
    memory: &mut Memory,
) -> Result<Vec<LocationMapping>, Error> {
    let statement = "select system_id, external_location, location, valid_from, valid_until \
                     from reconcile_location_mapping where tenant_id = $1 order by id limit $2";
    let numbers = numbers(senders);
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(memory.rows_max())).await?;
    memory.take(rows.len())?;
    let texts = &mut memory.texts;
    let mapping = |row: &PgRow| -> Result<LocationMapping, Error> {
        Ok(LocationMapping {
            system: number(&numbers, row)?,
            external_location: texts.of(row.try_get("external_location")?),
            location: texts.of(row.try_get("location")?),
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
        })
    };
    rows.iter().map(mapping).collect()
}

/// Reads mappings of SKUs, items and sets of a tenant whose reference is another system.
pub async fn shadow_items(
    tx: &Tx,
    senders: &[Sender],
    memory: &mut Memory,
    input: &mut Input,
) -> Result<(), Error> {
    let statement = "select system_id, external_sku, external_location, item, factor, valid_from, valid_until \
                     from reconcile_sku_mapping where tenant_id = $1 order by id limit $2";
    let numbers = numbers(senders);
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(memory.rows_max())).await?;
    memory.take(rows.len())?;
    let texts = &mut memory.texts;
    for row in rows {
        input.sku_mappings.push(SkuMapping {
            system: number(&numbers, &row)?,
            external_sku: texts.of(row.try_get("external_sku")?),
            external_location: told(texts, row.try_get("external_location")?),
            item: texts.of(row.try_get("item")?),
            factor: row.try_get("factor")?,
            valid_from: row.try_get("valid_from")?,
            valid_until: row.try_get("valid_until")?,
        });
    }
    let statement =
        "select item, category from reconcile_item where tenant_id = $1 order by item collate \"C\" limit $2";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(memory.rows_max())).await?;
    memory.take(rows.len())?;
    let texts = &mut memory.texts;
    for row in rows {
        let (item, category) = (texts.of(row.try_get("item")?), told(texts, row.try_get("category")?));
        input.items.push(Item { item, category, packs: Vec::new() });
    }
    let statement = "select item, component, quantity from reconcile_bundle where tenant_id = $1 \
                     order by item collate \"C\", component collate \"C\" limit $2";
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
    Ok(())
}

/// Reads the newest decision on each episode, the newest decisions first.
pub async fn resolutions(tx: &Tx, texts: &mut Texts) -> Result<Vec<Resolution>, Error> {
    let statement = "select system, found_class, class from ( \
             select distinct on (episode_id) id, system, found_class, class from reconcile_resolution \
             where tenant_id = $1 order by episode_id, id desc) r order by id desc limit $2";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(RESOLUTIONS_MAX)).await?;
    let resolution = |row: &PgRow| -> Result<Resolution, Error> {
        Ok(Resolution {
            system: texts.of(row.try_get("system")?),
            found: word(row, "found_class")?,
            class: word(row, "class")?,
        })
    };
    rows.iter().map(resolution).collect()
}
