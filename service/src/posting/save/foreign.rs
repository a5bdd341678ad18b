//! Writes the amounts of lines of orders, invoices and credit notes in the currency of the document, in one statement.

use domain::document::DocumentKind;
use domain::sales::{ForeignLine, Line};
use uuid::Uuid;

use super::documents::Documents;
use crate::columns::Columns;
use crate::{Error, Tx};

const WRITE: &str = "
    insert into foreign_line (tenant_id, document_kind, document_id, line_no, decimals, unit_price, gross, net, tax)
    select $1, v.*
    from unnest($2::text[], $3::uuid[], $4::int[], $5::int[], $6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[])
        as v (document_kind, document_id, line_no, decimals, unit_price, gross, net, tax)";

/// A line of a document in another currency.
struct Row {
    kind: DocumentKind,
    document_id: Uuid,
    line_no: i32,
    amounts: ForeignLine,
}

/// Writes the lines of new documents. Runs no statement if all are in the tenant's currency.
pub(super) async fn write(tx: &Tx, documents: &Documents<'_>) -> Result<(), Error> {
    let mut rows = Vec::new();
    for (order, _) in documents.orders.values() {
        if documents.new_orders.contains(&order.id) {
            rows.extend(
                order.lines.iter().filter_map(|line| row(DocumentKind::Order, order.id.0, &line.line)),
            );
        }
    }
    for (invoice, _) in &documents.invoices {
        let kind = DocumentKind::from(invoice.kind);
        rows.extend(invoice.lines.iter().filter_map(|(line, _)| row(kind, invoice.id.0, line)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    let query = Columns::of(WRITE)
        .bind(tx.tenant_id.0)
        .column("document_kind", &rows, |row| row.kind.word())
        .column("document_id", &rows, |row| row.document_id)
        .column("line_no", &rows, |row| row.line_no)
        .column("decimals", &rows, |row| row.amounts.decimals.cast_signed())
        .column("unit_price", &rows, |row| row.amounts.unit_price.get())
        .column("gross", &rows, |row| row.amounts.gross.get())
        .column("net", &rows, |row| row.amounts.net.get())
        .column("tax", &rows, |row| row.amounts.tax.get());
    query.execute(tx).await?;
    Ok(())
}

fn row(kind: DocumentKind, document_id: Uuid, line: &Line) -> Option<Row> {
    let amounts = line.foreign?;
    Some(Row { kind, document_id, line_no: line.line_no, amounts })
}
