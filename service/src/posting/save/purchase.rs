//! Writes purchase orders, and the parts of their lines that receipts received and returns sent back: one statement per table,
//! none for a table that the batch does not touch.

use domain::id::{PurchaseOrderId, StockDocumentId};
use domain::purchase_order::{MovedGoods, PurchaseLine, PurchaseOrder, PurchaseReceipt, SupplierReturn};
use sea_orm::sqlx;

use super::stock::{Latest, Row};
use super::{column, word};
use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes all of it. The stock documents of the receipts are written before.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let mut orders: Latest<'_, PurchaseOrder> = Latest::default();
    let mut receipts: Vec<(PurchaseOrderId, &PurchaseReceipt)> = Vec::new();
    let mut returns: Vec<(PurchaseOrderId, &SupplierReturn)> = Vec::new();
    let mut taken_back: Vec<(StockDocumentId, StockDocumentId)> = Vec::new();
    for accepted in accepted {
        let Outcome::PurchaseOrder(order, goods) = &accepted.outcome else { continue };
        orders.add(order.id.0, order.version, order, accepted.command_id.0);
        match goods.as_deref() {
            Some(MovedGoods::Received(receipt)) => receipts.push((order.id, receipt)),
            Some(MovedGoods::Returned(back)) => returns.push((order.id, back)),
            Some(MovedGoods::TakenBack(document, return_id)) => taken_back.push((*return_id, document.id)),
            None => {}
        }
    }
    let (fresh, known) = orders.parted();
    write_known(tx, &known).await?;
    write_fresh(tx, &fresh).await?;
    write_known_lines(tx, &lines_of(&known)).await?;
    write_fresh_lines(tx, &lines_of(&fresh)).await?;
    write_received(tx, &receipts).await?;
    write_returned(tx, &returns).await?;
    write_taken_back(tx, &taken_back).await
}

fn lines_of<'a>(orders: &[Row<'a, PurchaseOrder>]) -> Vec<(PurchaseOrderId, &'a PurchaseLine)> {
    orders.iter().flat_map(|(order, _)| order.lines.iter().map(|line| (order.id, line))).collect()
}

async fn write_known(tx: &Tx, rows: &[Row<'_, PurchaseOrder>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update purchase_order d \
             set status = v.status, sent_at = v.sent_at, version = v.version, updated_at = $2 \
             from unnest($3::uuid[], $4::text[], $5::timestamptz[], $6::int[]) as v (id, status, sent_at, version) \
             where d.tenant_id = $1 and d.id = v.id";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(column(rows, |(row, _)| row.id.0))
        .bind(column(rows, |(row, _)| word(row.status)))
        .bind(column(rows, |(row, _)| row.sent_at))
        .bind(column(rows, |(row, _)| row.version));
    tx.execute(query).await?;
    Ok(())
}

async fn write_fresh(tx: &Tx, rows: &[Row<'_, PurchaseOrder>]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let days = |order: &PurchaseOrder| order.lead_time_days.and_then(|days| i32::try_from(days).ok());
    let statement = "insert into purchase_order (tenant_id, id, number, supplier_id, status, reference, \
                                         over_receipt_percent, lead_time_days, value, sent_at, version, command_id, \
                                         foreign_currency, exchange_rate, foreign_value, recorded_at, updated_at) \
             select $1, v.*, $2, $2 \
             from unnest($3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::numeric[], $9::int[], \
                         $10::numeric[], $11::timestamptz[], $12::int[], $13::uuid[], $14::text[], $15::numeric[], $16::numeric[]) as v \
                        (id, number, supplier_id, status, reference, over_receipt_percent, lead_time_days, value, \
                         sent_at, version, command_id, foreign_currency, exchange_rate, foreign_value)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("supplier_id", rows, |(row, _)| row.supplier_id.0)
        .column("status", rows, |(row, _)| word(row.status))
        .column("reference", rows, |(row, _)| row.reference.clone())
        .column("over_receipt_percent", rows, |(row, _)| row.over_receipt_percent.get())
        .column("lead_time_days", rows, |(row, _)| days(row))
        .column("value", rows, |(row, _)| row.value.get())
        .column("sent_at", rows, |(row, _)| row.sent_at)
        .column("version", rows, |(row, _)| row.version)
        .column("command_id", rows, |(_, by)| *by)
        .column("foreign_currency", rows, |(row, _)| {
            row.foreign.as_ref().map(|foreign| foreign.quote.currency.clone())
        })
        .column("exchange_rate", rows, |(row, _)| {
            row.foreign.as_ref().map(|foreign| foreign.quote.rate.get())
        })
        .column("foreign_value", rows, |(row, _)| row.foreign.as_ref().map(|foreign| foreign.value.get()));
    query.execute(tx).await?;
    Ok(())
}

/// Writes the lines that changed. A step changes few lines of a long order.
async fn write_known_lines(tx: &Tx, rows: &[(PurchaseOrderId, &PurchaseLine)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update purchase_order_line l \
             set received = v.received, cancelled = v.cancelled, expected_on = v.expected_on \
             from unnest($2::uuid[], $3::int[], $4::numeric[], $5::numeric[], $6::date[]) as v \
                        (purchase_order_id, line_no, received, cancelled, expected_on) \
             where l.tenant_id = $1 and l.purchase_order_id = v.purchase_order_id and l.line_no = v.line_no \
               and (l.received, l.cancelled, l.expected_on) is distinct from (v.received, v.cancelled, v.expected_on)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("purchase_order_id", rows, |(id, _)| id.0)
        .column("line_no", rows, |(_, line)| line.line_no)
        .column("received", rows, |(_, line)| line.received.get())
        .column("cancelled", rows, |(_, line)| line.cancelled.get())
        .column("expected_on", rows, |(_, line)| line.expected_on);
    query.execute(tx).await?;
    Ok(())
}

async fn write_fresh_lines(tx: &Tx, rows: &[(PurchaseOrderId, &PurchaseLine)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into purchase_order_line (tenant_id, purchase_order_id, line_no, product_id, supplier_sku, \
                                              location_id, uom, factor, factor_denominator, entered, unit_cost, value, \
                                              quantity, received, cancelled, expected_on, foreign_unit_cost, foreign_value) \
             select $1, v.* \
             from unnest($2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::numeric[], \
                         $9::smallint[], $10::numeric[], $11::numeric[], $12::numeric[], $13::numeric[], $14::numeric[], \
                         $15::numeric[], $16::date[], $17::numeric[], $18::numeric[]) as v \
                        (purchase_order_id, line_no, product_id, supplier_sku, location_id, uom, factor, \
                         factor_denominator, entered, unit_cost, value, quantity, received, cancelled, expected_on, \
                         foreign_unit_cost, foreign_value)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("purchase_order_id", rows, |(id, _)| id.0)
        .column("line_no", rows, |(_, line)| line.line_no)
        .column("product_id", rows, |(_, line)| line.product_id.0)
        .column("supplier_sku", rows, |(_, line)| line.supplier_sku.clone())
        .column("location_id", rows, |(_, line)| line.location_id.0)
        .column("uom", rows, |(_, line)| line.uom.clone())
        .column("factor", rows, |(_, line)| line.factor.rounded().get())
        .column("factor_denominator", rows, |(_, line)| line.factor.denominator().cast_signed())
        .column("entered", rows, |(_, line)| line.entered.get())
        .column("unit_cost", rows, |(_, line)| line.unit_cost.get())
        .column("value", rows, |(_, line)| line.value.get())
        .column("quantity", rows, |(_, line)| line.quantity.get())
        .column("received", rows, |(_, line)| line.received.get())
        .column("cancelled", rows, |(_, line)| line.cancelled.get())
        .column("expected_on", rows, |(_, line)| line.expected_on)
        .column("foreign_unit_cost", rows, |(_, line)| line.foreign.map(|foreign| foreign.unit_cost.get()))
        .column("foreign_value", rows, |(_, line)| line.foreign.map(|foreign| foreign.value.get()));
    query.execute(tx).await?;
    Ok(())
}

async fn write_received(tx: &Tx, receipts: &[(PurchaseOrderId, &PurchaseReceipt)]) -> Result<(), Error> {
    let rows: Vec<_> = receipts
        .iter()
        .flat_map(|(id, receipt)| receipt.lines.iter().map(move |line| (*id, receipt.document.id, line)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into purchase_receipt_line (tenant_id, purchase_order_id, stock_document_id, line_no, quantity, value) \
             select $1, v.* \
             from unnest($2::uuid[], $3::uuid[], $4::int[], $5::numeric[], $6::numeric[]) as v \
                        (purchase_order_id, stock_document_id, line_no, quantity, value)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("purchase_order_id", &rows, |(id, ..)| id.0)
        .column("stock_document_id", &rows, |(_, document, _)| document.0)
        .column("line_no", &rows, |(.., line)| line.line_no)
        .column("quantity", &rows, |(.., line)| line.quantity.get())
        .column("value", &rows, |(.., line)| line.value.get());
    query.execute(tx).await?;
    Ok(())
}

async fn write_returned(tx: &Tx, returns: &[(PurchaseOrderId, &SupplierReturn)]) -> Result<(), Error> {
    let rows: Vec<_> =
        returns.iter().flat_map(|(id, back)| back.lines.iter().map(move |line| (*id, *back, line))).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into supplier_return_line (tenant_id, purchase_order_id, stock_document_id, receipt_id, line_no, \
                                                       quantity, value, replaces) \
             select $1, v.* \
             from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::numeric[], $7::numeric[], $8::bool[]) as v \
                        (purchase_order_id, stock_document_id, receipt_id, line_no, quantity, value, replaces)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("purchase_order_id", &rows, |(id, ..)| id.0)
        .column("stock_document_id", &rows, |(_, back, _)| back.document.id.0)
        .column("receipt_id", &rows, |(_, back, _)| back.receipt_id.0)
        .column("line_no", &rows, |(.., line)| line.line_no)
        .column("quantity", &rows, |(.., line)| line.quantity.get())
        .column("value", &rows, |(.., line)| line.value.get())
        .column("replaces", &rows, |(_, back, _)| back.replaces);
    query.execute(tx).await?;
    Ok(())
}

/// Notes which stock documents took returns back.
async fn write_taken_back(tx: &Tx, rows: &[(StockDocumentId, StockDocumentId)]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "update supplier_return_line l set reversal_id = v.reversal_id \
             from unnest($2::uuid[], $3::uuid[]) as v (stock_document_id, reversal_id) \
             where l.tenant_id = $1 and l.stock_document_id = v.stock_document_id";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("stock_document_id", rows, |(id, _)| id.0)
        .column("reversal_id", rows, |(_, id)| id.0);
    query.execute(tx).await?;
    Ok(())
}
