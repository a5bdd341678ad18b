//! Costs to settle of levels below zero.

use std::collections::{BTreeMap, HashMap};

use domain::id::{CostId, LocationId, LotId, ProductId};
use domain::negative_stock::{OpenCost, SettledCost};
use domain::number::{Money, Quantity};
use domain::sales::SoldLine;
use domain::stock::{Level, LevelKey};
use domain::tenant::Channel;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::optional_word;
use crate::{Error, Tx};

/// Reads the costs to settle of locked levels below zero, the oldest first. Runs no statement if there is none. The
/// lock on a level also protects its costs.
pub(super) async fn load(
    tx: &Tx,
    levels: &BTreeMap<LevelKey, Level>,
) -> Result<HashMap<LevelKey, Vec<OpenCost>>, Error> {
    let below: Vec<&LevelKey> =
        levels.iter().filter(|(_, level)| level.on_hand().is_negative()).map(|(key, _)| key).collect();
    let mut costs: HashMap<LevelKey, Vec<OpenCost>> = HashMap::new();
    if below.is_empty() {
        return Ok(costs);
    }
    let locations: Vec<Uuid> = below.iter().map(|key| key.location_id.0).collect();
    let products: Vec<Uuid> = below.iter().map(|key| key.product_id.0).collect();
    let statement = "select c.id, c.location_id, c.product_id, c.lot_id, c.channel, c.open_quantity, c.open_value, \
                            c.variance \
         from cost_to_settle c \
         join (select distinct * from unnest($2::uuid[], $3::uuid[])) as v (location_id, product_id) \
           on c.location_id = v.location_id and c.product_id = v.product_id \
         where c.tenant_id = $1 and c.settled_at is null order by c.id";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(locations).bind(products);
    for row in tx.rows(query).await? {
        let key = LevelKey {
            location_id: LocationId(row.try_get("location_id")?),
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
        };
        costs.entry(key).or_default().push(OpenCost {
            id: CostId(row.try_get("id")?),
            key,
            channel: optional_word(&row, "channel")?,
            quantity: Quantity::new(row.try_get("open_quantity")?),
            value: Money::new(row.try_get("open_value")?),
            variance: Money::new(row.try_get("variance")?),
        });
    }
    Ok(costs)
}

/// Reads what was settled of the cost of sold lines. The levels are locked, so no settlement is added meanwhile. Runs no
/// statement if nothing is refunded: no shipment goes below zero.
pub(super) async fn load_settled(tx: &Tx, sold: &mut HashMap<Uuid, Vec<SoldLine>>) -> Result<(), Error> {
    let is_retail = |lines: &[SoldLine]| lines.iter().any(|line| line.channel == Channel::Retail);
    let documents: Vec<Uuid> = sold.iter().filter(|(_, lines)| is_retail(lines)).map(|(id, _)| *id).collect();
    if documents.is_empty() {
        return Ok(());
    }
    let statement = "select document_id, line_no, id, lot_id, variance, taken_back from cost_to_settle \
                     where tenant_id = $1 and document_id = any($2) order by id";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(documents)).await? {
        let (document_id, line_no): (Uuid, i32) = (row.try_get("document_id")?, row.try_get("line_no")?);
        let lines = sold.get_mut(&document_id).into_iter().flatten();
        for line in lines.filter(|line| line.line.line_no == line_no) {
            line.settled.push(SettledCost {
                id: CostId(row.try_get("id")?),
                lot_id: LotId(row.try_get("lot_id")?),
                variance: Money::new(row.try_get("variance")?),
                taken_back: Money::new(row.try_get("taken_back")?),
            });
        }
    }
    Ok(())
}
