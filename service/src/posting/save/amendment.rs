//! Writes the lines of amended orders, before the statements of all orders write their quantities.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::book::Book;
use domain::id::OrderId;
use domain::order::{Order, OrderLine};
use uuid::Uuid;

use super::documents::Documents;
use super::order::stored_taxes;
use super::{column, word};
use crate::columns::Columns;
use crate::{Error, Tx};

/// The time since when each line of an order waits, by its number.
type Since = BTreeMap<(OrderId, i32), DateTime<Utc>>;

/// Writes the heads of amended orders, deletes lines that were left out, and updates those that were kept. New lines are inserted with
/// the quantities of all orders. Runs no statement if no order was amended.
pub(super) async fn write(tx: &Tx, book: &Book, documents: &Documents<'_>) -> Result<(), Error> {
    let is_amended =
        |order: &&Order| documents.amended.contains(&order.id) && !documents.new_orders.contains(&order.id);
    let orders: Vec<&Order> = documents.orders.values().map(|(order, _)| *order).filter(is_amended).collect();
    if orders.is_empty() {
        return Ok(());
    }
    let lines: Vec<(OrderId, &OrderLine)> =
        orders.iter().flat_map(|order| order.lines.iter().map(|line| (order.id, line))).collect();
    write_heads(tx, &orders).await?;
    delete_lines(tx, &orders, &lines).await?;
    update_lines(tx, &lines, &waiting_since(book, &orders)).await
}

/// Returns the time since when each line of the orders waits.
fn waiting_since(book: &Book, orders: &[&Order]) -> Since {
    let ids: BTreeSet<OrderId> = orders.iter().map(|order| order.id).collect();
    let waiting = book.waiting.values().flatten().filter(|waiting| ids.contains(&waiting.order_id));
    waiting.map(|waiting| ((waiting.order_id, waiting.line_no), waiting.since)).collect()
}

/// Updates the sums of the orders, and what else an amendment may change besides their status.
async fn write_heads(tx: &Tx, orders: &[&Order]) -> Result<(), Error> {
    let totals = column(orders, |order| order.totals());
    let statement = "update sales_order o set net = v.net, tax = v.tax, total = v.net + v.tax, reference = v.reference, \
             requested_on = v.requested_on \
         from unnest($2::uuid[], $3::numeric[], $4::numeric[], $5::text[], $6::date[]) \
             as v (id, net, tax, reference, requested_on) \
         where o.tenant_id = $1 and o.id = v.id";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("id", orders, |order| order.id.0)
        .column("net", &totals, |totals| totals.net.get())
        .column("tax", &totals, |totals| totals.tax.get())
        .column("reference", orders, |order| order.reference.clone())
        .column("requested_on", orders, |order| order.requested_on);
    query.execute(tx).await?;
    Ok(())
}

/// Deletes the lines that the orders no longer have, after their pegs.
async fn delete_lines(tx: &Tx, orders: &[&Order], lines: &[(OrderId, &OrderLine)]) -> Result<(), Error> {
    let ids: Vec<Uuid> = column(orders, |order| order.id.0);
    for statement in [
        "delete from peg p where p.tenant_id = $1 and p.order_id = any($2) and not exists ( \
             select from unnest($3::uuid[], $4::int[]) as v (order_id, line_no) \
             where v.order_id = p.order_id and v.line_no = p.line_no)",
        "delete from sales_order_line l where l.tenant_id = $1 and l.order_id = any($2) and not exists ( \
             select from unnest($3::uuid[], $4::int[]) as v (order_id, line_no) \
             where v.order_id = l.order_id and v.line_no = l.line_no)",
    ] {
        let query = Columns::of(statement)
            .bind(tx.tenant_id.0)
            .bind(ids.clone())
            .column("order_id", lines, |(id, _)| id.0)
            .column("line_no", lines, |(_, row)| row.line.line_no);
        query.execute(tx).await?;
    }
    Ok(())
}

/// Updates the lines that were kept, with their quantities: no line has more reserved than it has. A number may have become that of another
/// product, if the batch removed a line and then added one.
async fn update_lines(tx: &Tx, lines: &[(OrderId, &OrderLine)], since: &Since) -> Result<(), Error> {
    let waits_since = |(id, row): &(OrderId, &OrderLine)| {
        let since = since.get(&(*id, row.line.line_no)).copied();
        row.backordered.is_positive().then(|| since.unwrap_or(tx.now))
    };
    let statement = "update sales_order_line l \
         set product_id = v.product_id, description = v.description, uom = v.uom, factor = v.factor, entered = v.entered, \
             quantity = v.quantity, reserved = v.reserved, shipped = v.shipped, invoiced = v.invoiced, \
             backordered = v.backordered, cancelled = v.cancelled, unit_price = v.unit_price, list_price = v.list_price, \
             price_source = v.price_source, price_rule_id = v.price_rule_id, price_trace = v.price_trace, gross = v.gross, \
             discount = v.discount, net = v.net, tax_rate = v.tax_rate, tax = v.tax, taxes = v.taxes, \
             bundle_id = v.bundle_id, backordered_at = v.backordered_at, product_version = v.product_version, \
             promised_on = v.promised_on, discount_percent = v.discount_percent, discount_amount = v.discount_amount \
         from unnest($2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], $9::numeric[], \
                     $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], \
                     $16::numeric[], $17::text[], $18::uuid[], $19::jsonb[], $20::numeric[], $21::numeric[], \
                     $22::numeric[], $23::numeric[], $24::numeric[], $25::jsonb[], $26::uuid[], $27::timestamptz[], \
                     $28::int[], $29::date[], $30::numeric[], $31::numeric[]) \
             as v (order_id, line_no, product_id, description, uom, factor, entered, quantity, reserved, shipped, invoiced, \
                   backordered, cancelled, unit_price, list_price, price_source, price_rule_id, price_trace, gross, \
                   discount, net, tax_rate, tax, taxes, bundle_id, backordered_at, product_version, promised_on, \
                   discount_percent, discount_amount) \
         where l.tenant_id = $1 and l.order_id = v.order_id and l.line_no = v.line_no";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("order_id", lines, |(id, _)| id.0)
        .column("line_no", lines, |(_, row)| row.line.line_no)
        .column("product_id", lines, |(_, row)| row.line.product_id.0)
        .column("description", lines, |(_, row)| row.line.description.clone())
        .column("uom", lines, |(_, row)| row.line.uom.clone())
        .column("factor", lines, |(_, row)| row.line.factor.get())
        .column("entered", lines, |(_, row)| row.line.entered.get())
        .column("quantity", lines, |(_, row)| row.line.quantity.get())
        .column("reserved", lines, |(_, row)| row.reserved.get())
        .column("shipped", lines, |(_, row)| row.shipped.get())
        .column("invoiced", lines, |(_, row)| row.invoiced.get())
        .column("backordered", lines, |(_, row)| row.backordered.get())
        .column("cancelled", lines, |(_, row)| row.cancelled.get())
        .column("unit_price", lines, |(_, row)| row.line.unit_price.get())
        .column("list_price", lines, |(_, row)| row.line.list_price.map(|price| price.get()))
        .column("price_source", lines, |(_, row)| word(row.line.source))
        .column("price_rule_id", lines, |(_, row)| row.line.rule_id.map(|id| id.0))
        .column("price_trace", lines, |(_, row)| row.line.trace.clone())
        .column("gross", lines, |(_, row)| row.line.gross.get())
        .column("discount", lines, |(_, row)| row.line.discount.get())
        .column("net", lines, |(_, row)| row.line.net.get())
        .column("tax_rate", lines, |(_, row)| row.line.tax_rate.get())
        .column("tax", lines, |(_, row)| row.line.tax.get())
        .column("taxes", lines, |(_, row)| stored_taxes(&row.line))
        .column("bundle_id", lines, |(_, row)| row.line.bundle_id.map(|id| id.0))
        .column("backordered_at", lines, waits_since)
        .column("product_version", lines, |(_, row)| row.line.printed.version)
        .column("promised_on", lines, |(_, row)| row.promised_on)
        .column("discount_percent", lines, |(_, row)| row.line.discount_percent.map(|percent| percent.get()))
        .column("discount_amount", lines, |(_, row)| row.line.discount_amount.map(|amount| amount.get()));
    query.execute(tx).await?;
    Ok(())
}
