//! Writes orders and their lines.

use domain::book::Book;
use domain::metadata;
use domain::order::Order;
use domain::sales::Line;
use serde_json::{Value, json};
use uuid::Uuid;

use super::documents::Documents;
use super::{column, word};
use crate::columns::Columns;
use crate::{Error, Tx, printed};

/// An order and the command that changed it.
type Row<'a> = &'a (&'a Order, Uuid);

/// Writes the orders of a batch and their lines. If the id of a new order exists, this fails: it never changes the
/// existing order.
pub(super) async fn write(tx: &Tx, book: &Book, documents: &Documents<'_>) -> Result<(), Error> {
    let (fresh, known): (Vec<Row<'_>>, Vec<Row<'_>>) =
        documents.orders.values().partition(|(order, _)| documents.new_orders.contains(&order.id));
    insert(tx, book, &fresh).await?;
    update(tx, &known).await?;
    write_lines(tx, documents).await
}

async fn insert(tx: &Tx, book: &Book, rows: &[Row<'_>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let totals = column(rows, |(order, _)| order.totals());
    let statement = "insert into sales_order (tenant_id, id, number, customer_id, location_id, status, country, reference, \
                 external_ref, requested_on, net, tax, total, occurred_at, version, command_id, \
                 policy, priority, hold_reasons, customer_version, seller_version, bill_to, ship_to, metadata, notes, tags, \
                 foreign_currency, exchange_rate, released_at, release_command_id, discount_percent, currency, recorded_at, updated_at) \
             select $1, v.id, v.number, v.customer_id, v.location_id, v.status, v.country, v.reference, \
                 v.external_ref, v.requested_on, v.net, v.tax, v.net + v.tax, v.occurred_at, v.version, \
                 v.command_id, v.policy, v.priority, case when v.hold_reason = '' then '{}'::text[] else array[v.hold_reason] end, \
                 v.customer_version, v.seller_version, v.bill_to, v.ship_to, v.metadata, v.notes, v.tags, \
                 v.foreign_currency, v.exchange_rate, v.released_at, \
                 case when v.released_at is not null then v.command_id end, v.discount_percent, $2, $3, $3 \
             from unnest($4::uuid[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::text[], $10::text[], \
                         $11::text[], $12::date[], $13::numeric[], $14::numeric[], $15::timestamptz[], $16::int[], \
                         $17::uuid[], $18::text[], $19::text[], $20::smallint[], $21::int[], $22::int[], $23::jsonb[], $24::jsonb[], \
                         $25::jsonb[], $26::text[], $27::jsonb[], $28::text[], $29::numeric[], $30::timestamptz[], $31::numeric[]) \
                 as v (id, number, customer_id, location_id, status, country, reference, external_ref, \
                       requested_on, net, tax, occurred_at, version, command_id, hold_reason, policy, priority, \
                       customer_version, seller_version, bill_to, ship_to, metadata, notes, tags, foreign_currency, \
                       exchange_rate, released_at, discount_percent)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(&book.setup.settings.currency)
        .bind(tx.now)
        .column("id", rows, |(order, _)| order.id.0)
        .column("number", rows, |(order, _)| order.number.clone())
        .column("customer_id", rows, |(order, _)| order.customer_id.0)
        .column("location_id", rows, |(order, _)| order.location_id.0)
        .column("status", rows, |(order, _)| word(order.status))
        .column("country", rows, |(order, _)| order.country.clone())
        .column("reference", rows, |(order, _)| order.reference.clone())
        .column("external_ref", rows, |(order, _)| order.external_ref.clone())
        .column("requested_on", rows, |(order, _)| order.requested_on)
        .column("net", &totals, |totals| totals.net.get())
        .column("tax", &totals, |totals| totals.tax.get())
        .column("occurred_at", rows, |(order, _)| order.occurred_at)
        .column("version", rows, |(order, _)| order.version)
        .column("command_id", rows, |(_, by)| *by)
        .column("hold_reason", rows, |(order, _)| order.hold_reasons.join(" "))
        .column("policy", rows, |(order, _)| word(order.policy))
        .column("priority", rows, |(order, _)| order.priority)
        .column("customer_version", rows, |(order, _)| order.customer.version)
        .column("seller_version", rows, |(order, _)| order.seller.version)
        .column("bill_to", rows, |(order, _)| printed::to_json(order.addresses.bill_to.as_ref()))
        .column("ship_to", rows, |(order, _)| printed::to_json(order.addresses.ship_to.as_ref()))
        .column("metadata", rows, |(order, _)| metadata::to_json(&order.annotations.metadata))
        .column("notes", rows, |(order, _)| order.annotations.notes.clone())
        .column("tags", rows, |(order, _)| json!(order.annotations.tags))
        .column("foreign_currency", rows, |(order, _)| {
            order.foreign.as_ref().map(|quote| quote.currency.clone())
        })
        .column("exchange_rate", rows, |(order, _)| order.foreign.as_ref().map(|quote| quote.rate.get()))
        .column("released_at", rows, |(order, _)| order.released_at)
        .column("discount_percent", rows, |(order, _)| order.discount_percent.map(|percent| percent.get()));
    query.execute(tx).await?;
    Ok(())
}

/// Updates the columns of known orders that a command may change.
async fn update(tx: &Tx, rows: &[Row<'_>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let query = Columns::of(
        "update sales_order o \
         set status = v.status, version = v.version, updated_at = $2, \
             hold_reasons = case when v.hold_reason = '' then '{}'::text[] else array[v.hold_reason] end, \
             released_at = v.released_at, \
             release_command_id = case when v.released_at is not null \
                                       then coalesce(o.release_command_id, v.command_id) end \
         from unnest($3::uuid[], $4::text[], $5::int[], $6::text[], $7::timestamptz[], $8::uuid[]) \
             as v (id, status, version, hold_reason, released_at, command_id) \
         where o.tenant_id = $1 and o.id = v.id",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(order, _)| order.id.0)
        .column("status", rows, |(order, _)| word(order.status))
        .column("version", rows, |(order, _)| order.version)
        .column("hold_reason", rows, |(order, _)| order.hold_reasons.join(" "))
        .column("released_at", rows, |(order, _)| order.released_at)
        .column("command_id", rows, |(_, by)| *by);
    query.execute(tx).await?;
    Ok(())
}

/// Inserts new lines. Updates only the quantities of known ones.
async fn write_lines(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let rows: Vec<_> = documents
        .orders
        .values()
        .flat_map(|(order, _)| order.lines.iter().map(|line| (order.id, line)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into sales_order_line (tenant_id, order_id, line_no, product_id, description, uom, factor, \
                 entered, quantity, reserved, shipped, invoiced, unit_price, list_price, price_source, \
                 price_rule_id, price_trace, gross, discount, net, tax_rate, tax, bundle_id, backordered, cancelled, \
                 backordered_at, promised_on, product_version, taxes, discount_percent, discount_amount) \
             select $1, v.* \
             from unnest($2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], \
                         $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], \
                         $14::numeric[], $15::text[], $16::uuid[], $17::jsonb[], $18::numeric[], $19::numeric[], \
                         $20::numeric[], $21::numeric[], $22::numeric[], $23::uuid[], $24::numeric[], \
                         $25::numeric[], $26::timestamptz[], $27::date[], $28::int[], $29::jsonb[], $30::numeric[], $31::numeric[]) as v \
                        (order_id, line_no, product_id, description, uom, factor, entered, quantity, \
                         reserved, shipped, invoiced, unit_price, list_price, price_source, price_rule_id, \
                         price_trace, gross, discount, net, tax_rate, tax, bundle_id, backordered, \
                         cancelled, backordered_at, promised_on, product_version, taxes, discount_percent, discount_amount) \
             on conflict (tenant_id, order_id, line_no) do update \
             set reserved = excluded.reserved, shipped = excluded.shipped, invoiced = excluded.invoiced, \
                 backordered = excluded.backordered, cancelled = excluded.cancelled, \
                 promised_on = excluded.promised_on, \
                 backordered_at = case when excluded.backordered > 0 \
                     then coalesce(sales_order_line.backordered_at, excluded.backordered_at) end";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("order_id", &rows, |(id, _)| id.0)
        .column("line_no", &rows, |(_, row)| row.line.line_no)
        .column("product_id", &rows, |(_, row)| row.line.product_id.0)
        .column("description", &rows, |(_, row)| row.line.description.clone())
        .column("uom", &rows, |(_, row)| row.line.uom.clone())
        .column("factor", &rows, |(_, row)| row.line.factor.get())
        .column("entered", &rows, |(_, row)| row.line.entered.get())
        .column("quantity", &rows, |(_, row)| row.line.quantity.get())
        .column("reserved", &rows, |(_, row)| row.reserved.get())
        .column("shipped", &rows, |(_, row)| row.shipped.get())
        .column("invoiced", &rows, |(_, row)| row.invoiced.get())
        .column("unit_price", &rows, |(_, row)| row.line.unit_price.get())
        .column("list_price", &rows, |(_, row)| row.line.list_price.map(|price| price.get()))
        .column("price_source", &rows, |(_, row)| word(row.line.source))
        .column("price_rule_id", &rows, |(_, row)| row.line.rule_id.map(|id| id.0))
        .column("price_trace", &rows, |(_, row)| row.line.trace.clone())
        .column("gross", &rows, |(_, row)| row.line.gross.get())
        .column("discount", &rows, |(_, row)| row.line.discount.get())
        .column("net", &rows, |(_, row)| row.line.net.get())
        .column("tax_rate", &rows, |(_, row)| row.line.tax_rate.get())
        .column("tax", &rows, |(_, row)| row.line.tax.get())
        .column("bundle_id", &rows, |(_, row)| row.line.bundle_id.map(|id| id.0))
        .column("backordered", &rows, |(_, row)| row.backordered.get())
        .column("cancelled", &rows, |(_, row)| row.cancelled.get())
        .column("backordered_at", &rows, |(_, row)| row.backordered.is_positive().then_some(tx.now))
        .column("promised_on", &rows, |(_, row)| row.promised_on)
        .column("product_version", &rows, |(_, row)| row.line.printed.version)
        .column("taxes", &rows, |(_, row)| stored_taxes(&row.line))
        .column("discount_percent", &rows, |(_, row)| row.line.discount_percent.map(|percent| percent.get()))
        .column("discount_amount", &rows, |(_, row)| row.line.discount_amount.map(|amount| amount.get()));
    query.execute(tx).await?;
    Ok(())
}

/// Returns the taxes of a line that has several.
pub(super) fn stored_taxes(line: &Line) -> Option<Value> {
    (!line.taxes.is_empty())
        .then(|| serde_json::to_value(&line.taxes).expect("taxes have text keys and plain values only"))
}
