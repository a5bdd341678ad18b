//! Items of the reference and the components of its sets, in shadow mode, where a tenant needs no products.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use domain::number::Quantity;
use domain::refusal::{Code, Problems, Refusal};
use sea_orm::sqlx;

use super::ingest::Taken;
use crate::columns::Columns;
use crate::{Error, Tx};

/// An item with its category. An empty category: none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRow {
    pub item: String,
    pub category: String,
}

/// A component of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleRow {
    pub item: String,
    pub component: String,
    /// Units of the component in one set. Zero: the set does not have it any longer.
    pub quantity: Quantity,
}

/// Adds items, and changes the category of those that are there.
pub async fn save_items(tx: &Tx, rows: &[ItemRow]) -> Result<Taken, Error> {
    let mut taken = Taken::default();
    let stated =
        rows.iter().enumerate().map(|(index, row)| (index, row.item.as_str(), row.category.as_str()));
    let wanted = first_of_each(stated, &mut taken, |category| {
        let detail = format!("Another row has this item in the category {category}. Send each item once.");
        Problems::one("/item", Code::AlreadyExists, detail)
    });
    let text = "insert into reconcile_item as i (tenant_id, updated_at, item, category)
                select $1, $2, v.* from unnest($3::text[], $4::text[]) as v (item, category)
                on conflict (tenant_id, item) do update set category = excluded.category, updated_at = excluded.updated_at
                where i.category <> excluded.category";
    let query = Columns::of(text).bind(tx.tenant_id.0).bind(tx.now);
    let changed = query
        .column("item", &wanted, |(item, _)| *item)
        .column("category", &wanted, |(_, category)| *category)
        .execute(tx)
        .await?;
    taken.note(changed, wanted.len());
    Ok(taken)
}

/// Adds components, changes the quantities of those that are there, and removes those whose quantity is zero.
pub async fn save_bundles(tx: &Tx, rows: &[BundleRow]) -> Result<Taken, Error> {
    let mut taken = Taken::default();
    let mut valid = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        match check_bundle(row) {
            Ok(()) => valid.push((index, row)),
            Err(refusal) => taken.reject(index, refusal),
        }
    }
    let stated = valid
        .into_iter()
        .map(|(index, row)| (index, (row.item.as_str(), row.component.as_str()), row.quantity));
    let wanted = first_of_each(stated, &mut taken, |quantity| {
        let detail = format!(
            "Another row has this component with the quantity {quantity}. Send each component of a set once."
        );
        Problems::one("/component", Code::AlreadyExists, detail)
    });
    let (kept, ended): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, quantity)| !quantity.is_zero());
    let changed = upsert_components(tx, &kept).await?;
    taken.note(changed, kept.len());
    let (items, components): (Vec<&str>, Vec<&str>) = ended.iter().map(|(key, _)| *key).unzip();
    let delete = sqlx::query(
        "delete from reconcile_bundle b using unnest($2::text[], $3::text[]) v (item, component)
         where b.tenant_id = $1 and b.item = v.item and b.component = v.component",
    );
    let removed = tx.execute(delete.bind(tx.tenant_id.0).bind(items).bind(components)).await?;
    taken.note(removed, ended.len());
    Ok(taken)
}

fn check_bundle(row: &BundleRow) -> Result<(), Refusal> {
    if row.quantity.is_negative() {
        let detail = "This must be above zero, or zero to remove the component from the set.";
        return Err(Refusal::invalid("/quantity", detail));
    }
    if row.item == row.component {
        return Err(Refusal::invalid("/component", "A set is no component of its own."));
    }
    Ok(())
}

/// Returns the first value of each key. A row that says the same again is repeated, another one is rejected.
fn first_of_each<K: Eq + Hash, V: PartialEq + Copy>(
    rows: impl Iterator<Item = (usize, K, V)>,
    taken: &mut Taken,
    clash: impl Fn(V) -> Refusal,
) -> Vec<(K, V)> {
    let mut wanted: HashMap<K, V> = HashMap::new();
    for (index, key, value) in rows {
        match wanted.entry(key) {
            Entry::Vacant(vacant) => _ = vacant.insert(value),
            Entry::Occupied(present) if *present.get() == value => taken.repeated += 1,
            Entry::Occupied(present) => taken.reject(index, clash(*present.get())),
        }
    }
    wanted.into_iter().collect()
}

async fn upsert_components(tx: &Tx, kept: &[((&str, &str), Quantity)]) -> Result<u64, Error> {
    let text = "insert into reconcile_bundle as b (tenant_id, updated_at, item, component, quantity)
                select $1, $2, v.* from unnest($3::text[], $4::text[], $5::numeric[]) as v (item, component, quantity)
                on conflict (tenant_id, item, component) do update
                set quantity = excluded.quantity, updated_at = excluded.updated_at
                where b.quantity <> excluded.quantity";
    Columns::of(text)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("item", kept, |((item, _), _)| *item)
        .column("component", kept, |((_, component), _)| *component)
        .column("quantity", kept, |(_, quantity)| quantity.get())
        .execute(tx)
        .await
}
