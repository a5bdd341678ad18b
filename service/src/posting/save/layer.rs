//! Writes cost layers and layer uses in one statement. Runs none if nothing changed.

use std::collections::BTreeMap;

use domain::id::MovementId;
use domain::stock::{Layer, LayerUse, Layers, LevelKey};
use uuid::Uuid;

use crate::columns::Columns;
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
            $30::timestamptz[])
            as v (movement_id, layer_id, quantity, value, document_kind, document_id, line_no, received_at)
    )
    insert into cost_layer (
        tenant_id, location_id, product_id, lot_id, id, received_at, quantity, value, document_kind, document_id, line_no,
        recorded_at)
    select $1, v.*, $2
    from unnest(
        $13::uuid[], $14::uuid[], $15::uuid[], $16::uuid[], $17::timestamptz[], $18::numeric[], $19::numeric[],
        $20::text[], $21::uuid[], $22::int[])
        as v (location_id, product_id, lot_id, id, received_at, quantity, value, document_kind, document_id, line_no)";

/// A layer and its level.
type Row<'a> = (LevelKey, &'a Layer);

fn rows(layers: &BTreeMap<LevelKey, Layers>) -> BTreeMap<(LevelKey, Uuid), &Layer> {
    layers
        .iter()
        .flat_map(|(key, layers)| layers.iter().map(move |layer| ((*key, layer.id().0), layer)))
        .collect()
}

/// Writes new layers, updates changed ones, deletes used-up ones, and writes which movement used which layer. The lock
/// on a level also protects its layers.
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
    // A layer that one command of the batch brought in and another one used up has layer uses, but no row.
    let layer_uses: Vec<&(MovementId, LayerUse)> =
        accepted.iter().flat_map(|accepted| &accepted.posting.layer_uses).collect();
    if gone.is_empty() && changed.is_empty() && fresh.is_empty() && layer_uses.is_empty() {
        return Ok(());
    }
    let query = Columns::of(WRITE)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("location_id", &gone, |(key, _)| key.location_id.0)
        .column("product_id", &gone, |(key, _)| key.product_id.0)
        .column("lot_id", &gone, |(key, _)| key.lot_id.0)
        .column("id", &gone, |(_, id)| *id)
        .column("location_id", &changed, |(key, _)| key.location_id.0)
        .column("product_id", &changed, |(key, _)| key.product_id.0)
        .column("lot_id", &changed, |(key, _)| key.lot_id.0)
        .column("id", &changed, |(_, layer)| layer.id().0)
        .column("quantity", &changed, |(_, layer)| layer.quantity().get())
        .column("value", &changed, |(_, layer)| layer.value().get())
        .column("location_id", &fresh, |(key, _)| key.location_id.0)
        .column("product_id", &fresh, |(key, _)| key.product_id.0)
        .column("lot_id", &fresh, |(key, _)| key.lot_id.0)
        .column("id", &fresh, |(_, layer)| layer.id().0)
        .column("received_at", &fresh, |(_, layer)| layer.source().occurred_at)
        .column("quantity", &fresh, |(_, layer)| layer.quantity().get())
        .column("value", &fresh, |(_, layer)| layer.value().get())
        .column("document_kind", &fresh, |(_, layer)| layer.source().document_kind.word())
        .column("document_id", &fresh, |(_, layer)| layer.source().document_id)
        .column("line_no", &fresh, |(_, layer)| layer.source().line_no)
        .column("movement_id", &layer_uses, |(movement_id, _)| movement_id.0)
        .column("layer_id", &layer_uses, |(_, layer_use)| layer_use.layer_id.0)
        .column("quantity", &layer_uses, |(_, layer_use)| layer_use.quantity.get())
        .column("value", &layer_uses, |(_, layer_use)| layer_use.value.get())
        .column("document_kind", &layer_uses, |(_, layer_use)| layer_use.source.document_kind.word())
        .column("document_id", &layer_uses, |(_, layer_use)| layer_use.source.document_id)
        .column("line_no", &layer_uses, |(_, layer_use)| layer_use.source.line_no)
        .column("received_at", &layer_uses, |(_, layer_use)| layer_use.source.occurred_at);
    query.execute(tx).await?;
    Ok(())
}
