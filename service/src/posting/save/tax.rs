//! Writes the taxes of lines that have several, in one statement. A line with one tax has it in its own row.

use domain::sales::SalesLine;
use domain::tax::LineTax;

use crate::columns::Columns;
use crate::posting::Accepted;
use crate::{Error, Tx};

const WRITE: &str = "
    insert into sales_line_tax (
        tenant_id, document_id, document_kind, line_no, tax_no, code, name, rate, amount_per_unit, base, base_quantity,
        amount, account_code)
    select $1, v.*
    from unnest(
        $2::uuid[], $3::text[], $4::int[], $5::int[], $6::text[], $7::text[], $8::numeric[], $9::numeric[],
        $10::numeric[], $11::numeric[], $12::numeric[], $13::text[])
        as v (document_id, document_kind, line_no, tax_no, code, name, rate, amount_per_unit, base, base_quantity, amount,
              account_code)";

/// Writes the taxes. Runs no statement if every line has one tax.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let lines = accepted.iter().flat_map(|accepted| &accepted.posting.sales_lines);
    let rows: Vec<(&SalesLine, i32, &LineTax)> = lines
        .flat_map(|sold| (1..).zip(&sold.line.taxes).map(move |(tax_no, tax)| (sold, tax_no, tax)))
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let query = Columns::of(WRITE)
        .bind(tx.tenant_id.0)
        .column("document_id", &rows, |(sold, ..)| sold.document_id)
        .column("document_kind", &rows, |(sold, ..)| sold.document_kind.word())
        .column("line_no", &rows, |(sold, ..)| sold.line.line_no)
        .column("tax_no", &rows, |(_, tax_no, _)| *tax_no)
        .column("code", &rows, |(.., tax)| tax.code.clone())
        .column("name", &rows, |(.., tax)| tax.name.clone())
        .column("rate", &rows, |(.., tax)| tax.rate.map(|rate| rate.get()))
        .column("amount_per_unit", &rows, |(.., tax)| tax.amount_per_unit.map(|amount| amount.get()))
        .column("base", &rows, |(.., tax)| tax.base.get())
        .column("base_quantity", &rows, |(.., tax)| tax.base_quantity.get())
        .column("amount", &rows, |(.., tax)| tax.amount.get())
        .column("account_code", &rows, |(.., tax)| tax.account.clone());
    query.execute(tx).await?;
    Ok(())
}
