//! Broken promises: backordered lines whose stock will come later than promised, or not at all.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use domain::allocation::Free;
use domain::id::{CustomerId, ExpectedReceiptId, LocationId, LotId, OrderId, ProductId, PurchaseOrderId};
use domain::number::Quantity;
use domain::promise::{self, Waiting};
use domain::refusal::Refusal;
use domain::stock::LevelKey;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use super::incoming::find_supplies;
use crate::listing::{Listing, number};
use crate::posting::{setup, waiting};
use crate::{Error, Tx};

/// A backordered line whose promise is broken.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BrokenPromise {
    /// Always `broken_promise`.
    pub object: tag::BrokenPromise,
    /// Id of the order.
    pub order_id: OrderId,
    /// Number of the order.
    #[schema(max_length = 64, example = "SO-2026-000123")]
    pub order_number: String,
    /// Customer that ordered.
    pub customer_id: CustomerId,
    /// Number of the line.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// Location that ships the stock.
    pub location_id: LocationId,
    /// Id of the product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Stock units that the line waits for.
    pub backordered: Quantity,
    /// Promised day.
    #[schema(example = "2026-12-02")]
    pub promised_on: NaiveDate,
    /// Day on which present supplies will fill the line; null if they are too few.
    #[schema(example = "2026-12-09")]
    pub due_on: Option<NaiveDate>,
}

/// Position of a broken promise in the list: order and line.
pub type Position = (Uuid, i32);

/// The document on which promises were made.
#[derive(Debug, Clone, Copy)]
pub enum MadeOn {
    Expected(ExpectedReceiptId),
    Purchase(PurchaseOrderId),
}

impl BrokenPromise {
    pub fn position(&self) -> Position {
        (self.order_id.0, self.line_no)
    }
}

/// Returns one page of broken promises by order and line: all, or those pegged to one document. All lines that
/// wait on the same levels are read, because they are allocated in their order.
pub async fn list_broken(
    tx: &Tx,
    made_on: Option<MadeOn>,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<BrokenPromise>, Error> {
    if let Some(document) = made_on {
        check_exists(tx, document).await?;
    }
    let levels = find_available(tx, made_on).await?;
    let locations: Vec<Uuid> = levels.keys().map(|key| key.location_id.0).collect();
    let products: Vec<Uuid> = levels.keys().map(|key| key.product_id.0).collect();
    let queues = waiting::queues(tx, &locations, &products).await?;
    let supplies = find_supplies(tx, &products, None).await?;
    let today = setup::settings(tx).await?.day(tx.now);
    let mut broken: BTreeMap<Position, (LevelKey, Waiting, Option<NaiveDate>)> = BTreeMap::new();
    for (key, queue) in &queues {
        let supplies = supplies.get(&(key.location_id, key.product_id)).map_or(&[][..], Vec::as_slice);
        let free = levels.get(key).map_or(&[][..], Vec::as_slice);
        for (waiting, due) in queue.iter().zip(promise::due(free, today, supplies, queue)) {
            let position = (waiting.order_id.0, waiting.line_no);
            if !promise::holds(waiting.promised_on, due) && after.is_none_or(|after| position > after) {
                broken.insert(position, (*key, waiting.clone(), due));
            }
        }
    }
    if let Some(document) = made_on {
        let pegged = find_pegged(tx, document).await?;
        broken.retain(|position, _| pegged.contains(position));
    }
    let page: Vec<_> = broken.into_values().take(usize::try_from(rows).unwrap_or(usize::MAX)).collect();
    add_names(tx, page).await
}

async fn check_exists(tx: &Tx, document: MadeOn) -> Result<(), Error> {
    let (statement, what, id) = match document {
        MadeOn::Expected(id) => {
            ("select 1 from expected_receipt where tenant_id = $1 and id = $2", "expected receipt", id.0)
        }
        MadeOn::Purchase(id) => {
            ("select 1 from purchase_order where tenant_id = $1 and id = $2", "purchase order", id.0)
        }
    };
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id)).await?;
    row.map(|_| ()).ok_or_else(|| Refusal::not_found(what).into())
}

/// Returns the available stock by the level on which lines wait: for all lines, or for those pegged to one document.
async fn find_available(tx: &Tx, made_on: Option<MadeOn>) -> Result<BTreeMap<LevelKey, Vec<Free>>, Error> {
    let (expected, purchase) = match made_on {
        Some(MadeOn::Expected(id)) => (Some(id.0), None),
        Some(MadeOn::Purchase(id)) => (None, Some(id.0)),
        None => (None, None),
    };
    let select = "select l.location_id, l.product_id, l.lot_id, l.on_hand - l.reserved as free, l.expires_on \
                  from bi.stock_level l where l.sellable and l.tenant_id = ";
    let query = Listing::new(tx, select)
        .sql(
            " and (l.location_id, l.product_id) in (select o.location_id, w.product_id from sales_order_line w \
               join sales_order o on o.tenant_id = w.tenant_id and o.id = w.order_id \
               where w.backordered_at is not null and w.tenant_id = ",
        )
        .tenant(tx)
        .with(
            "exists (select from peg p where p.tenant_id = w.tenant_id and p.order_id = w.order_id \
               and p.line_no = w.line_no and p.expected_receipt_id = ",
            expected,
        )
        .with(
            "exists (select from peg p where p.tenant_id = w.tenant_id and p.order_id = w.order_id \
               and p.line_no = w.line_no and p.purchase_order_id = ",
            purchase,
        )
        .sql(if made_on.is_some() { "))" } else { ")" })
        .sql(" order by l.expires_on nulls last, l.lot_code");
    let mut levels: BTreeMap<LevelKey, Vec<Free>> = BTreeMap::new();
    for row in query.rows(tx).await? {
        let key = LevelKey {
            location_id: LocationId(row.try_get("location_id")?),
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
        };
        let free = Free { key, quantity: number(&row, "free")?, expires_on: row.try_get("expires_on")? };
        levels.entry(key.without_lot()).or_default().push(free);
    }
    Ok(levels)
}

/// Returns the order lines that are pegged to a document.
async fn find_pegged(tx: &Tx, document: MadeOn) -> Result<std::collections::BTreeSet<Position>, Error> {
    let (statement, id) = match document {
        MadeOn::Expected(id) => {
            ("select order_id, line_no from peg where tenant_id = $1 and expected_receipt_id = $2", id.0)
        }
        MadeOn::Purchase(id) => {
            ("select order_id, line_no from peg where tenant_id = $1 and purchase_order_id = $2", id.0)
        }
    };
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id)).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Adds the names of orders and products to the rows of a page.
async fn add_names(
    tx: &Tx,
    page: Vec<(LevelKey, Waiting, Option<NaiveDate>)>,
) -> Result<Vec<BrokenPromise>, Error> {
    let ids: Vec<Uuid> = page.iter().map(|(_, waiting, _)| waiting.order_id.0).collect();
    let statement = "select id, number, customer_id from sales_order where tenant_id = $1 and id = any($2)";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let order = |row: &PgRow| -> Result<(OrderId, (String, CustomerId)), Error> {
        let named = (row.try_get("number")?, CustomerId(row.try_get("customer_id")?));
        Ok((OrderId(row.try_get("id")?), named))
    };
    let orders: HashMap<_, _> = rows.iter().map(order).collect::<Result<_, _>>()?;
    let skus = crate::sales_lines::skus(tx, page.iter().map(|(key, ..)| key.product_id)).await?;
    let row = |(key, waiting, due_on): (LevelKey, Waiting, Option<NaiveDate>)| {
        let (order_number, customer_id) = orders.get(&waiting.order_id).cloned()?;
        Some(BrokenPromise {
            object: tag::BrokenPromise,
            order_id: waiting.order_id,
            order_number,
            customer_id,
            line_no: waiting.line_no,
            location_id: key.location_id,
            product_id: key.product_id,
            sku: skus.get(&key.product_id).cloned().unwrap_or_default(),
            backordered: waiting.backordered,
            promised_on: waiting.promised_on?,
            due_on,
        })
    };
    Ok(page.into_iter().filter_map(row).collect())
}
