//! The order lines that wait for stock on the levels of a batch.
//!
//! What a line waits for and what is reserved for it change only under the lock on its level. An order is read before
//! that lock is taken, so a waiting order is read again afterwards. A level without waiting lines costs nothing.

use std::collections::{BTreeMap, BTreeSet};

use domain::book::Book;
use domain::id::{LocationId, OrderId, ProductId};
use domain::order::{Order, OrderStatus, Policy};
use domain::product::Product;
use domain::promise::Waiting;
use domain::stock::LevelKey;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::lots;
use crate::listing::number;
use crate::{Error, Tx};

/// Reads the queues of the locked levels, and again the lines of the book's waiting orders.
pub(super) async fn load(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    refresh(tx, book).await?;
    let on: Vec<LevelKey> = book
        .levels()
        .iter()
        .filter(|(_, level)| level.backordered().is_positive())
        .map(|(key, _)| *key)
        .collect();
    if on.is_empty() {
        return Ok(());
    }
    let locations: Vec<Uuid> = on.iter().map(|key| key.location_id.0).collect();
    let products: Vec<Uuid> = on.iter().map(|key| key.product_id.0).collect();
    book.waiting = queues(tx, &locations, &products).await?;
    add_lots(tx, book).await
}

/// Adds the lots that are reserved for waiting lines.
async fn add_lots(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let products = &book.products;
    let in_lots = |key: &LevelKey| products.get(&key.product_id).is_some_and(Product::is_tracked);
    let mut waiting: Vec<&mut Waiting> =
        book.waiting.iter_mut().filter(|(key, _)| in_lots(key)).flat_map(|(_, queue)| queue).collect();
    let orders: BTreeSet<Uuid> = waiting.iter().map(|waiting| waiting.order_id.0).collect();
    let orders: Vec<Uuid> = orders.into_iter().collect();
    let mut reserved = lots::reserved_of(tx, &orders).await?;
    for waiting in &mut waiting {
        waiting.lots = reserved.remove(&(waiting.order_id.0, waiting.line_no)).unwrap_or_default();
    }
    Ok(())
}

/// Returns the queues of levels, in the order in which their lines get stock.
pub(crate) async fn queues(
    tx: &Tx,
    locations: &[Uuid],
    products: &[Uuid],
) -> Result<BTreeMap<LevelKey, Vec<Waiting>>, Error> {
    let statement = "select o.location_id, l.product_id, l.order_id, l.line_no, o.priority, l.backordered_at, \
                l.reserved, l.backordered, l.promised_on, c.min_remaining_life_days \
         from sales_order_line l \
         join sales_order o on o.tenant_id = l.tenant_id and o.id = l.order_id \
         join customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id \
         join (select distinct * from unnest($2::uuid[], $3::uuid[])) as wanted (location_id, product_id) \
           on o.location_id = wanted.location_id and l.product_id = wanted.product_id \
         where l.tenant_id = $1 and l.backordered_at is not null and l.product_id = any($3) \
         order by o.priority desc, l.backordered_at, l.order_id, l.line_no";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(locations).bind(products);
    let mut queues: BTreeMap<LevelKey, Vec<Waiting>> = BTreeMap::new();
    for row in tx.rows(query).await? {
        let (location, product) = (row.try_get("location_id")?, row.try_get("product_id")?);
        let waiting = Waiting {
            order_id: OrderId(row.try_get("order_id")?),
            line_no: row.try_get("line_no")?,
            priority: row.try_get("priority")?,
            since: row.try_get("backordered_at")?,
            reserved: number(&row, "reserved")?,
            backordered: number(&row, "backordered")?,
            promised_on: row.try_get("promised_on")?,
            life_days: row.try_get::<i32, _>("min_remaining_life_days")?.unsigned_abs(),
            lots: Vec::new(),
        };
        let key = LevelKey::untracked(LocationId(location), ProductId(product));
        queues.entry(key).or_default().push(waiting);
    }
    Ok(queues)
}

/// Whether the order may wait for stock after it is confirmed or released.
pub(super) fn may_wait(order: &Order) -> bool {
    order.policy == Policy::Backorder && matches!(order.status, OrderStatus::Draft | OrderStatus::OnHold)
}

/// Whether a line of the order waits for stock.
pub(super) fn waits(order: &Order) -> bool {
    order.lines.iter().any(|line| line.backordered.is_positive())
}

async fn refresh(tx: &Tx, book: &mut Book) -> Result<(), Error> {
    let ids: Vec<Uuid> = book.orders.values().filter(|order| waits(order)).map(|order| order.id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let statement = "select order_id, line_no, reserved, backordered from sales_order_line \
                     where tenant_id = $1 and order_id = any($2)";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await? {
        let (id, line_no) = (OrderId(row.try_get("order_id")?), row.try_get::<i32, _>("line_no")?);
        let order = book.orders.get_mut(&id);
        let line = order.and_then(|order| order.lines.iter_mut().find(|line| line.line.line_no == line_no));
        if let Some(line) = line {
            line.reserved = number(&row, "reserved")?;
            line.backordered = number(&row, "backordered")?;
        }
    }
    lots::reserved(tx, book).await
}
