//! The cost layers of locked levels.

use std::collections::BTreeMap;

use domain::id::{LocationId, LotId, ProductId};
use domain::stock::{Layers, Level, LevelKey};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::stock::layer::read_layer;
use crate::{Error, Tx};

/// Reads the cost layers of locked levels. Runs no statement if no level has layers.
pub(super) async fn load(
    tx: &Tx,
    levels: &BTreeMap<LevelKey, Level>,
) -> Result<BTreeMap<LevelKey, Layers>, Error> {
    let keys: Vec<&LevelKey> =
        levels.iter().filter(|(_, level)| level.is_layered()).map(|(key, _)| key).collect();
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let statement = "select c.location_id, c.product_id, c.lot_id, c.id, c.quantity, c.value, c.document_kind, \
                            c.document_id, c.line_no, c.received_at \
                     from cost_layer c \
                     join unnest($2::uuid[], $3::uuid[], $4::uuid[]) as wanted (location_id, product_id, lot_id) \
                       on c.location_id = wanted.location_id and c.product_id = wanted.product_id \
                      and c.lot_id = wanted.lot_id \
                     where c.tenant_id = $1";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(keys.iter().map(|key| key.location_id.0).collect::<Vec<Uuid>>())
        .bind(keys.iter().map(|key| key.product_id.0).collect::<Vec<Uuid>>())
        .bind(keys.iter().map(|key| key.lot_id.0).collect::<Vec<Uuid>>());
    let mut layers: BTreeMap<LevelKey, Layers> = BTreeMap::new();
    for row in tx.rows(query).await? {
        let key = LevelKey {
            location_id: LocationId(row.try_get("location_id")?),
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
        };
        layers.entry(key).or_default().add(read_layer(&row)?);
    }
    Ok(layers)
}
