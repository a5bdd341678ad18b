//! Writes orders, shipments and invoices: one statement per table, none for a table that the batch does not touch.

use domain::book::Book;
use domain::exchange::ForeignDocument;
use domain::order::Invoice;
use sea_orm::sqlx;

use super::documents::Documents;
use super::{amendment, column, foreign, money, order, word};
use crate::columns::Columns;
use crate::posting::Accepted;
use crate::{Error, Tx};

/// Writes the documents of a batch.
pub(super) async fn write(tx: &Tx, book: &Book, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let mut documents = Documents::of(accepted);
    amendment::write(tx, book, &documents).await?;
    order::write(tx, book, &documents).await?;
    write_shipments(tx, &documents).await?;
    write_invoices(tx, book, &documents).await?;
    foreign::write(tx, &documents).await?;
    bill_shipments(tx, &documents).await?;
    undo_shipments(tx, &documents).await?;
    money::write_payments(tx, &documents).await?;
    money::write_applications(tx, &documents).await?;
    money::write_open(tx, book, &documents).await?;
    money::write_sessions(tx, &documents).await?;
    money::write_cash_moves(tx, &documents).await?;
    mark_returned(tx, &documents).await?;
    documents.customers.sort_unstable();
    documents.customers.dedup();
    money::write_exposures(tx, book, &documents.customers).await
}

async fn write_shipments(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let rows = &documents.shipments;
    if rows.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = rows
        .iter()
        .flat_map(|(_, shipment, _)| shipment.lines.iter().map(|line| (shipment.id, line)))
        .collect();
    let statement = "with head as ( \
                 insert into shipment (tenant_id, id, number, order_id, location_id, cost, occurred_at, command_id, \
                                       carrier, tracking_number, tracking_url, recorded_at) \
                 select $1, v.*, $2 \
                 from unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::numeric[], $8::timestamptz[], \
                             $9::uuid[], $10::text[], $11::text[], $12::text[]) as v \
                        (id, number, order_id, location_id, cost, occurred_at, command_id, carrier, tracking_number, \
                         tracking_url)) \
             insert into shipment_line (tenant_id, shipment_id, line_no, order_line_no, product_id, quantity, cost) \
             select $1, v.* \
             from unnest($13::uuid[], $14::int[], $15::int[], $16::uuid[], $17::numeric[], $18::numeric[]) as v \
                        (shipment_id, line_no, order_line_no, product_id, quantity, cost)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", rows, |(_, shipment, _)| shipment.id.0)
        .column("number", rows, |(_, shipment, _)| shipment.number.clone())
        .column("order_id", rows, |(order, ..)| order.id.0)
        .column("location_id", rows, |(order, ..)| order.location_id.0)
        .column("cost", rows, |(_, shipment, _)| shipment.cost().get())
        .column("occurred_at", rows, |(_, shipment, _)| shipment.occurred_at)
        .column("command_id", rows, |(.., by)| *by)
        .column("carrier", rows, |(_, shipment, _)| shipment.parcel.carrier.clone())
        .column("tracking_number", rows, |(_, shipment, _)| shipment.parcel.tracking_number.clone())
        .column("tracking_url", rows, |(_, shipment, _)| shipment.parcel.tracking_url.clone())
        .column("shipment_id", &lines, |(id, _)| id.0)
        .column("line_no", &lines, |(_, line)| line.line_no)
        .column("order_line_no", &lines, |(_, line)| line.order_line_no)
        .column("product_id", &lines, |(_, line)| line.product_id.0)
        .column("quantity", &lines, |(_, line)| line.quantity.get())
        .column("cost", &lines, |(_, line)| line.cost.get());
    query.execute(tx).await?;
    Ok(())
}

async fn write_invoices(tx: &Tx, book: &Book, documents: &Documents<'_>) -> Result<(), Error> {
    let rows = &documents.invoices;
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into invoice (tenant_id, id, number, kind, customer_id, order_id, location_id, original_id, \
                 country, gross, discount, net, tax, total, open, due_on, reason, occurred_at, command_id, \
                 customer_version, seller_version, rounding, foreign_currency, exchange_rate, foreign_value, foreign_tax, \
                 foreign_open, currency, recorded_at, updated_at) \
             select $1, v.*, $2, $3, $3 \
             from unnest($4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[], $10::uuid[], \
                         $11::text[], $12::numeric[], $13::numeric[], $14::numeric[], $15::numeric[], \
                         $16::numeric[], $17::numeric[], $18::date[], $19::text[], $20::timestamptz[], \
                         $21::uuid[], $22::int[], $23::int[], $24::numeric[], $25::text[], $26::numeric[], \
                         $27::numeric[], $28::numeric[], $29::numeric[]) as v \
                        (id, number, kind, customer_id, order_id, location_id, original_id, country, \
                         gross, discount, net, tax, total, open, due_on, reason, occurred_at, command_id, \
                         customer_version, seller_version, rounding, foreign_currency, exchange_rate, foreign_value, \
                         foreign_tax, foreign_open)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(&book.setup.settings.currency)
        .bind(tx.now)
        .column("id", rows, |(row, _)| row.id.0)
        .column("number", rows, |(row, _)| row.number.clone())
        .column("kind", rows, |(row, _)| word(row.kind))
        .column("customer_id", rows, |(row, _)| row.customer_id.0)
        .column("order_id", rows, |(row, _)| row.order_id.map(|id| id.0))
        .column("location_id", rows, |(row, _)| row.location_id.0)
        .column("original_id", rows, |(row, _)| row.original_id.map(|id| id.0))
        .column("country", rows, |(row, _)| row.country.clone())
        .column("gross", rows, |(row, _)| row.totals.gross.get())
        .column("discount", rows, |(row, _)| row.totals.discount.get())
        .column("net", rows, |(row, _)| row.totals.net.get())
        .column("tax", rows, |(row, _)| row.totals.tax.get())
        .column("total", rows, |(row, _)| row.total().get())
        .column("open", rows, |(row, _)| row.open.get())
        .column("due_on", rows, |(row, _)| row.due_on)
        .column("reason", rows, |(row, _)| row.reason.clone())
        .column("occurred_at", rows, |(row, _)| row.occurred_at)
        .column("command_id", rows, |(_, by)| *by)
        .column("customer_version", rows, |(row, _)| row.customer.version)
        .column("seller_version", rows, |(row, _)| row.seller.version)
        .column("rounding", rows, |(row, _)| row.rounding.get())
        .column("foreign_currency", rows, |(row, _)| own(row).map(|own| own.quote.currency.clone()))
        .column("exchange_rate", rows, |(row, _)| own(row).map(|own| own.quote.rate.get()))
        .column("foreign_value", rows, |(row, _)| own(row).map(|own| own.amounts.value.get()))
        .column("foreign_tax", rows, |(row, _)| own(row).map(|own| own.amounts.tax.get()))
        .column("foreign_open", rows, |(row, _)| own(row).map(|own| own.open.get()));
    query.execute(tx).await?;
    Ok(())
}

/// Returns the amounts of an invoice in its own currency; none if that is the tenant's.
fn own(invoice: &Invoice) -> Option<&ForeignDocument> {
    invoice.foreign.as_ref()
}

/// Writes the invoice on the shipments that it bills.
async fn bill_shipments(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let billed: Vec<_> = documents
        .orders
        .values()
        .flat_map(|(order, _)| &order.shipments)
        .filter_map(|shipment| shipment.invoice_id.map(|invoice_id| (shipment.id, invoice_id)))
        .collect();
    if billed.is_empty() {
        return Ok(());
    }
    tx.execute(
        sqlx::query(
            "update shipment s set invoice_id = v.invoice_id, updated_at = $4 \
             from unnest($2::uuid[], $3::uuid[]) as v (id, invoice_id) \
             where s.tenant_id = $1 and s.id = v.id",
        )
        .bind(tx.tenant_id.0)
        .bind(column(&billed, |(id, _)| id.0))
        .bind(column(&billed, |(_, invoice_id)| invoice_id.0))
        .bind(tx.now),
    )
    .await?;
    Ok(())
}

/// Writes when shipments were undone.
async fn undo_shipments(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let undone: Vec<_> = documents
        .orders
        .values()
        .flat_map(|(order, _)| &order.shipments)
        .filter_map(|shipment| Some((shipment.id, shipment.undone_at?)))
        .collect();
    if undone.is_empty() {
        return Ok(());
    }
    let statement = "update shipment s set undone_at = v.undone_at, version = s.version + 1, updated_at = $4 \
                     from unnest($2::uuid[], $3::timestamptz[]) as v (id, undone_at) \
                     where s.tenant_id = $1 and s.id = v.id";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(column(&undone, |(id, _)| id.0))
        .bind(column(&undone, |(_, at)| *at))
        .bind(tx.now);
    tx.execute(query).await?;
    Ok(())
}

async fn mark_returned(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    if documents.returned.is_empty() {
        return Ok(());
    }
    for statement in [
        "update pos_sale set returned = true where tenant_id = $1 and id = any($2) and not returned",
        "update invoice set returned = true, version = version + 1, updated_at = $3 \
         where tenant_id = $1 and id = any($2) and not returned",
    ] {
        let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(&documents.returned);
        let query = if statement.contains("$3") { query.bind(tx.now) } else { query };
        tx.execute(query).await?;
    }
    Ok(())
}
