//! Writes what became of cost layers, and what was taken from them: one statement, none where no level has some.

use std::collections::BTreeMap;

use domain::id::MovementId;
use domain::stock::{Layer, LayerUse, Layers, LevelKey};
use sea_orm::sqlx;
use uuid::Uuid;

use super::column;
use crate::posting::Accepted;
use crate::{Error, Tx};

const WRITE: &str = "
    with gone as (
        delete from cost_layer c
        using unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[]) as v (location_id, product_id, lot_id, id)
        where c.tenant_id = $1 and c.location_id = v.location_id and c.product_id = v.product_id and c.lot_id = v.lot_id
          and c.id = v.id
    ), changed as (
        update cost_layer c set quantity = v.quantity, value = v.value
        from unnest($7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], $11::numeric[], $12::numeric[])
            as v (location_id, product_id, lot_id, id, quantity, value)
        where c.tenant_id = $1 and c.location_id = v.location_id and c.product_id = v.product_id and c.lot_id = v.lot_id
          and c.id = v.id
    ), used as (
        insert into layer_use (
            tenant_id, movement_id, layer_id, quantity, value, document_kind, document_id, line_no, received_at)
        select $1, v.*
        from unnest(
            $23::uuid[], $24::uuid[], $25::numeric[], $26::numeric[], $27::text[], $28::uuid[], $29::int[],
            $30::timestamptz[]) as v
    )
    insert into cost_layer (
        tenant_id, location_id, product_id, lot_id, id, received_at, quantity, value, document_kind, document_id, line_no,
        recorded_at)
    select $1, v.*, $2
    from unnest(
        $13::uuid[], $14::uuid[], $15::uuid[], $16::uuid[], $17::timestamptz[], $18::numeric[], $19::numeric[],
        $20::text[], $21::uuid[], $22::int[]) as v";

/// A layer and its level.
type Row<'a> = (LevelKey, &'a Layer);

fn rows(layers: &BTreeMap<LevelKey, Layers>) -> BTreeMap<(LevelKey, Uuid), &Layer> {
    layers
        .iter()
        .flat_map(|(key, layers)| layers.iter().map(move |layer| ((*key, layer.id().0), layer)))
        .collect()
}

/// Writes new layers, what is left of old ones, and takes away what is used up; and which movements took what. The locks
/// on their levels are the locks on the layers.
pub(super) async fn write(
    tx: &Tx,
    before: &BTreeMap<LevelKey, Layers>,
    after: &BTreeMap<LevelKey, Layers>,
    accepted: &[Accepted<'_>],
) -> Result<(), Error> {
    let (before, after) = (rows(before), rows(after));
    let gone: Vec<(LevelKey, Uuid)> = before.keys().filter(|id| !after.contains_key(id)).copied().collect();
    let (mut changed, mut fresh): (Vec<Row<'_>>, Vec<Row<'_>>) = (Vec::new(), Vec::new());
    for (id, layer) in &after {
        match before.get(id) {
            Some(old) if old == layer => {}
            Some(_) => changed.push((id.0, layer)),
            None => fresh.push((id.0, layer)),
        }
    }
    // A layer that one command of the batch brought and another used up is drawn from and never written.
    let layer_uses: Vec<&(MovementId, LayerUse)> =
        accepted.iter().flat_map(|accepted| &accepted.posting.layer_uses).collect();
    if gone.is_empty() && changed.is_empty() && fresh.is_empty() && layer_uses.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(WRITE)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(column(&gone, |(key, _)| key.location_id.0))
        .bind(column(&gone, |(key, _)| key.product_id.0))
        .bind(column(&gone, |(key, _)| key.lot_id.0))
        .bind(column(&gone, |(_, id)| *id))
        .bind(column(&changed, |(key, _)| key.location_id.0))
        .bind(column(&changed, |(key, _)| key.product_id.0))
        .bind(column(&changed, |(key, _)| key.lot_id.0))
        .bind(column(&changed, |(_, layer)| layer.id().0))
        .bind(column(&changed, |(_, layer)| layer.quantity().get()))
        .bind(column(&changed, |(_, layer)| layer.value().get()))
        .bind(column(&fresh, |(key, _)| key.location_id.0))
        .bind(column(&fresh, |(key, _)| key.product_id.0))
        .bind(column(&fresh, |(key, _)| key.lot_id.0))
        .bind(column(&fresh, |(_, layer)| layer.id().0))
        .bind(column(&fresh, |(_, layer)| layer.source().occurred_at))
        .bind(column(&fresh, |(_, layer)| layer.quantity().get()))
        .bind(column(&fresh, |(_, layer)| layer.value().get()))
        .bind(column(&fresh, |(_, layer)| layer.source().document_kind.word()))
        .bind(column(&fresh, |(_, layer)| layer.source().document_id))
        .bind(column(&fresh, |(_, layer)| layer.source().line_no))
        .bind(column(&layer_uses, |(movement_id, _)| movement_id.0))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.layer_id.0))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.quantity.get()))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.value.get()))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.source.document_kind.word()))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.source.document_id))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.source.line_no))
        .bind(column(&layer_uses, |(_, layer_use)| layer_use.source.occurred_at));
    tx.execute(query).await?;
    Ok(())
}
