//! What is on its way: expected receipts and transfers, by place and day.

use std::collections::HashMap;

use domain::id::{LocationId, ProductId};
use domain::supply::Flow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::{Error, Tx};

/// What comes in of `products`, at one location or at all of them.
pub async fn flows(
    tx: &Tx,
    products: &[Uuid],
    location_id: Option<LocationId>,
) -> Result<HashMap<(LocationId, ProductId), Vec<Flow>>, Error> {
    let statement = "select location_id, product_id, expected_on, sum(quantity) as quantity from ( \
             select d.location_id, l.product_id, d.expected_on, l.quantity - l.received as quantity \
             from expected_receipt_line l \
             join expected_receipt d on d.tenant_id = l.tenant_id and d.id = l.expected_receipt_id \
             where l.tenant_id = $1 and l.product_id = any($2) and d.status = 'open' and l.received < l.quantity \
             union all \
             select d.to_location_id, l.product_id, d.expected_on, l.quantity - l.received - l.missing \
             from transfer d \
             join transfer_line l on l.tenant_id = d.tenant_id and l.transfer_id = d.id \
             where d.tenant_id = $1 and d.status = 'in_transit' and d.expected_on is not null \
               and l.product_id = any($2) and l.received + l.missing < l.quantity \
         ) incoming \
         where $3::uuid is null or location_id = $3 \
         group by location_id, product_id, expected_on order by expected_on";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(products).bind(location_id.map(|id| id.0));
    let mut flows: HashMap<(LocationId, ProductId), Vec<Flow>> = HashMap::new();
    for row in tx.rows(query).await? {
        let place = (LocationId(row.try_get("location_id")?), ProductId(row.try_get("product_id")?));
        let flow = Flow { on: row.try_get("expected_on")?, quantity: number(&row, "quantity")? };
        flows.entry(place).or_default().push(flow);
    }
    Ok(flows)
}
