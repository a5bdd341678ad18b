//! Reads orders in the form of the domain, for a command or a response.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::annotation::Annotations;
use domain::book::Book;
use domain::id::{CustomerId, InvoiceId, LocationId, OrderId, ProductId, ShipmentId};
use domain::metadata;
use domain::number::Money;
use domain::order::{JUDGED_LINES_MAX, JUDGED_MAX, Order, OrderLine, Parcel, Shipment, ShipmentLine};
use domain::sales::Line;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{documents, exchange, lots};
use crate::listing::{number, optional_number, word};
use crate::rows::{self, uuids};
use crate::{Error, Tx, printed};
use domain::needs::Needs;

/// Adds the orders that are judged again to the needs: those on credit hold of customers who pay, the oldest first.
async fn need_held(tx: &Tx, needs: &mut Needs) -> Result<(), Error> {
    if needs.judged.is_empty() {
        return Ok(());
    }
    let statement = "select o.id from unnest($2::uuid[]) as payer (id) \
         cross join lateral ( \
             select o.id, row_number() over oldest as place, sum(o.lines) over oldest as lines \
             from (select o.id, (select count(*) from sales_order_line l \
                                 where l.tenant_id = $1 and l.order_id = o.id) as lines \
                   from sales_order o \
                   where o.tenant_id = $1 and o.customer_id = payer.id and o.status = 'on_hold' \
                   order by o.id limit $3) o \
             window oldest as (order by o.id)) o \
         where o.place = 1 or o.lines <= $4";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(uuids(&needs.judged, |id| id.0))
        .bind(JUDGED_MAX)
        .bind(JUDGED_LINES_MAX);
    for row in tx.rows(query).await? {
        needs.order_ids.insert(OrderId(row.try_get("id")?));
    }
    Ok(())
}

/// Returns the orders of the shipments that are undone, and adds them to the needs.
pub(super) async fn of_shipments(tx: &Tx, needs: &mut Needs) -> Result<HashMap<ShipmentId, OrderId>, Error> {
    if needs.shipment_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select id, order_id from shipment where tenant_id = $1 and id = any($2)";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&needs.shipment_ids, |id| id.0));
    let mut orders = HashMap::new();
    for row in tx.rows(query).await? {
        let order_id = OrderId(row.try_get("order_id")?);
        needs.order_ids.insert(order_id);
        orders.insert(ShipmentId(row.try_get("id")?), order_id);
    }
    Ok(orders)
}

/// Reads and locks the orders of a batch, with their lines and the shipments that are not invoiced yet.
pub(super) async fn load(tx: &Tx, needs: &mut Needs) -> Result<HashMap<OrderId, Order>, Error> {
    need_held(tx, needs).await?;
    if needs.order_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = uuids(&needs.order_ids, |id| id.0);
    let statement = "select o.id, o.number, o.customer_id, o.location_id, o.status, o.country, o.reference, o.external_ref, \
                o.requested_on, o.hold_reasons, o.released_at, o.occurred_at, o.recorded_at, o.updated_at, o.version, o.policy, o.priority, o.discount_percent, o.customer_version, c.*, \
                o.seller_version, s.*, o.bill_to, o.ship_to, o.metadata, o.notes, o.tags, o.foreign_currency, o.exchange_rate \
         from sales_order o \
         cross join lateral printed_customer(o.tenant_id, o.customer_id, o.customer_version) c \
         cross join lateral printed_seller(o.tenant_id, o.seller_version) s \
         where o.tenant_id = $1 and o.id = any($2) order by o.id for update of o";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await?;
    let mut orders: HashMap<OrderId, Order> =
        rows.iter().map(|row| head(row).map(|order| (order.id, order))).collect::<Result<_, _>>()?;
    if orders.is_empty() {
        return Ok(orders);
    }
    for (id, mut line) in lines(tx, &ids).await? {
        if let Some(order) = orders.get_mut(&id) {
            // A problem of a line names its place. Numbers of lines have gaps in an amended order.
            line.line.input = order.lines.len();
            order.lines.push(line);
        }
    }
    for (id, shipment) in shipments(tx, &ids, true).await? {
        if let Some(order) = orders.get_mut(&id) {
            order.shipments.push(shipment);
        }
    }
    Ok(orders)
}

/// Returns the named shipments that were undone before. Their orders are locked. Runs no statement if all that are named are open.
pub(super) async fn undone(tx: &Tx, book: &Book) -> Result<HashSet<ShipmentId>, Error> {
    let open = book.orders.values().flat_map(|order| &order.shipments);
    let open: HashSet<ShipmentId> = open.map(|shipment| shipment.id).collect();
    let closed = book.shipments.keys().filter(|&id| !open.contains(id));
    let closed: Vec<Uuid> = closed.map(|id| id.0).collect();
    if closed.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = "select id from shipment where tenant_id = $1 and id = any($2) and undone_at is not null";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(closed)).await?;
    rows.iter().map(|row| Ok(ShipmentId(row.try_get("id")?))).collect()
}

/// Returns the lines of amended orders of which a shipment was undone before. Runs no statement if no order is amended.
pub(super) async fn undone_lines(tx: &Tx, needs: &Needs) -> Result<HashSet<(OrderId, i32)>, Error> {
    if needs.amended.is_empty() {
        return Ok(HashSet::new());
    }
    let statement = "select distinct s.order_id, l.order_line_no \
         from shipment s join shipment_line l on l.tenant_id = s.tenant_id and l.shipment_id = s.id \
         where s.tenant_id = $1 and s.order_id = any($2) and s.undone_at is not null";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(uuids(&needs.amended, |id| id.0));
    let line = |row: &PgRow| -> Result<(OrderId, i32), Error> {
        Ok((OrderId(row.try_get("order_id")?), row.try_get("order_line_no")?))
    };
    tx.rows(query).await?.iter().map(line).collect()
}

/// Returns the amounts of open orders outside of the batch that don't count against each order that leaves and whose customer is
/// beyond the limit, or may be after a payment or payout of the batch was taken back: those of the customer that were placed later
/// or were released. The rules count the orders of the batch, which other commands of it may change.
pub(super) async fn uncounted(tx: &Tx, needs: &Needs, book: &Book) -> Result<HashMap<OrderId, Money>, Error> {
    let settings = &book.setup.settings;
    let is_beyond = |order: &&Order| {
        let customer = book.customers.get(&order.customer_id);
        let excess = customer.and_then(|customer| customer.excess(Money::ZERO, settings.hold_unpaid));
        let may_grow = !needs.reversed.is_empty() || needs.crediting.contains(&order.customer_id);
        order.released_at.is_none() && excess.is_some_and(|excess| may_grow || excess.is_positive())
    };
    let leaving = needs.leaving.iter().filter_map(|id| book.orders.get(id));
    let beyond: Vec<Uuid> = leaving.filter(is_beyond).map(|order| order.id.0).collect();
    if beyond.is_empty() {
        return Ok(HashMap::new());
    }
    let known: Vec<Uuid> = book.orders.keys().map(|id| id.0).collect();
    let statement = "select o.id, \
                sum(round(l.net * (l.quantity - l.cancelled) / l.quantity, $3) - round(l.net * l.shipped / l.quantity, $3) \
                  + round(l.tax * (l.quantity - l.cancelled) / l.quantity, $3) - round(l.tax * l.shipped / l.quantity, $3)) \
                  as open \
         from sales_order o \
         join sales_order x on x.tenant_id = o.tenant_id and x.customer_id = o.customer_id and x.id <> all($4) \
         join sales_order_line l on l.tenant_id = x.tenant_id and l.order_id = x.id \
         where o.tenant_id = $1 and o.id = any($2) and x.status in ('confirmed', 'partially_shipped') \
           and (x.id > o.id or x.released_at is not null) \
         group by o.id";
    let decimals = i32::try_from(settings.exponent).unwrap_or_default();
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(beyond).bind(decimals).bind(known);
    let amount = |row: &PgRow| -> Result<(OrderId, Money), Error> {
        Ok((OrderId(row.try_get("id")?), number(row, "open")?))
    };
    tx.rows(query).await?.iter().map(amount).collect()
}

/// Reads an order without its lines.
pub(crate) fn head(row: &PgRow) -> Result<Order, Error> {
    Ok(Order {
        id: OrderId(row.try_get("id")?),
        number: row.try_get("number")?,
        customer_id: CustomerId(row.try_get("customer_id")?),
        customer: printed::customer(row)?,
        location_id: LocationId(row.try_get("location_id")?),
        status: word(row, "status")?,
        country: row.try_get("country")?,
        reference: row.try_get("reference")?,
        external_ref: row.try_get("external_ref")?,
        requested_on: row.try_get("requested_on")?,
        addresses: printed::of_order(row)?,
        annotations: Arc::new(Annotations {
            metadata: metadata::of_json(&row.try_get("metadata")?),
            notes: row.try_get("notes")?,
            tags: rows::listed(&row.try_get("tags")?),
        }),
        seller: printed::seller(row)?,
        policy: word(row, "policy")?,
        priority: row.try_get("priority")?,
        discount_percent: optional_number(row, "discount_percent")?,
        foreign: exchange::quote(row)?,
        hold_reasons: row.try_get("hold_reasons")?,
        released_at: row.try_get("released_at")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get("version")?,
        lines: Vec::new(),
        shipments: Vec::new(),
    })
}

/// Returns the lines of orders. A line that was filled by a server of the version before may still have the day that was promised for it.
pub(crate) async fn lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(OrderId, OrderLine)>, Error> {
    let statement = "select l.order_id, l.line_no, l.product_id, p.category_id, p.kind = 'stocked' as stocked, l.description, \
                l.uom, l.factor, l.entered, l.quantity, l.unit_price, l.list_price, l.price_source, \
                l.price_rule_id, l.price_trace, l.gross, l.discount, l.discount_percent, l.discount_amount, l.net, l.tax_rate, l.tax, l.taxes, l.reserved, \
                l.shipped, l.invoiced, l.bundle_id, l.backordered, l.cancelled, \
                case when l.backordered > 0 then l.promised_on end as promised_on, l.product_version, \
                n.sku, n.name, n.tax_name, f.decimals as foreign_decimals, f.unit_price as foreign_unit_price, \
                f.gross as foreign_gross, f.net as foreign_net, f.tax as foreign_tax \
         from sales_order_line l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
         cross join lateral printed_product(l.tenant_id, l.product_id, l.product_version) n \
         left join foreign_line f on f.tenant_id = l.tenant_id and f.document_id = l.order_id \
           and f.document_kind = 'order' and f.line_no = l.line_no \
         where l.tenant_id = $1 and l.order_id = any($2) order by l.order_id, l.line_no";
    let line = |row: &PgRow| -> Result<(OrderId, OrderLine), Error> {
        let line = OrderLine {
            line: Line {
                discount_percent: optional_number(row, "discount_percent")?,
                discount_amount: optional_number(row, "discount_amount")?,
                ..documents::line(row)?
            },
            reserved: number(row, "reserved")?,
            shipped: number(row, "shipped")?,
            invoiced: number(row, "invoiced")?,
            backordered: number(row, "backordered")?,
            cancelled: number(row, "cancelled")?,
            promised_on: row.try_get("promised_on")?,
        };
        Ok((OrderId(row.try_get("order_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

/// Adds the lots to an order that is read for a response: what is reserved of them, and what was shipped.
pub(crate) async fn add_lots(tx: &Tx, order: &mut Order) -> Result<(), Error> {
    let products: Vec<Uuid> = order.lines.iter().map(|line| line.line.product_id.0).collect();
    let statement =
        "select 1 from product where tenant_id = $1 and id = any($2) and tracking <> 'none' limit 1";
    if tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(products)).await?.is_none() {
        return Ok(());
    }
    let mut reserved = lots::reserved_of(tx, &[order.id.0]).await?;
    for line in &mut order.lines {
        line.line.lots = reserved.remove(&(order.id.0, line.line.line_no)).unwrap_or_default();
    }
    let shipments: Vec<Uuid> = order.shipments.iter().map(|shipment| shipment.id.0).collect();
    let mut moved = lots::moved_of(tx, &shipments).await?;
    for shipment in &mut order.shipments {
        for line in &mut shipment.lines {
            line.lots = moved.remove(&(shipment.id.0, line.line_no)).unwrap_or_default();
        }
    }
    Ok(())
}

/// Returns the shipments of orders: all of them, or those without an invoice.
pub(crate) async fn shipments(
    tx: &Tx,
    ids: &[Uuid],
    open_only: bool,
) -> Result<Vec<(OrderId, Shipment)>, Error> {
    let statement = "select s.order_id, s.id, s.number, s.occurred_at, s.invoice_id, s.undone_at, s.carrier, s.tracking_number, s.tracking_url, \
                s.version, \
                l.line_no, l.order_line_no, l.product_id, l.quantity, l.cost, o.product_version, n.sku, n.name, n.tax_name \
         from shipment s join shipment_line l on l.tenant_id = s.tenant_id and l.shipment_id = s.id \
         join sales_order_line o on o.tenant_id = s.tenant_id and o.order_id = s.order_id and o.line_no = l.order_line_no \
         cross join lateral printed_product(o.tenant_id, o.product_id, o.product_version) n \
         where s.tenant_id = $1 and s.order_id = any($2) and (not $3 or s.invoice_id is null and s.undone_at is null) \
         order by s.id, l.line_no";
    let mut shipments: Vec<(OrderId, Shipment)> = Vec::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(open_only)).await? {
        let id = ShipmentId(row.try_get("id")?);
        if shipments.last().is_none_or(|(_, last)| last.id != id) {
            let shipment = Shipment {
                id,
                number: row.try_get("number")?,
                occurred_at: row.try_get("occurred_at")?,
                invoice_id: row.try_get::<Option<Uuid>, _>("invoice_id")?.map(InvoiceId),
                parcel: Parcel {
                    carrier: row.try_get("carrier")?,
                    tracking_number: row.try_get("tracking_number")?,
                    tracking_url: row.try_get("tracking_url")?,
                },
                version: row.try_get("version")?,
                undone_at: row.try_get("undone_at")?,
                lines: Vec::new(),
                is_new: false,
            };
            shipments.push((OrderId(row.try_get("order_id")?), shipment));
        }
        let line = ShipmentLine {
            line_no: row.try_get("line_no")?,
            order_line_no: row.try_get("order_line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            printed: printed::product(&row)?,
            quantity: number(&row, "quantity")?,
            cost: number(&row, "cost")?,
            lots: Vec::new(),
        };
        if let Some((_, shipment)) = shipments.last_mut() {
            shipment.lines.push(line);
        }
    }
    Ok(shipments)
}
