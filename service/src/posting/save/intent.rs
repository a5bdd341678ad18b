//! Writes which tenders are payments on card terminals.

use domain::id::{PaymentIntentId, SaleId};

use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// A tender that is a payment on a card terminal.
struct Used {
    payment_intent_id: PaymentIntentId,
    sale_id: SaleId,
    /// From 1.
    line_no: i32,
}

/// Writes a row for each tender that names a payment intent. A batch without any costs no statement.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let rows: Vec<Used> = accepted.iter().flat_map(used).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into tender_payment_intent (tenant_id, payment_intent_id, sale_id, line_no) \
         select $1, v.* from unnest($2::uuid[], $3::uuid[], $4::integer[]) as v (payment_intent_id, sale_id, line_no)";
    let query = Columns::of(statement)
        .bind(tx.tenant_id.0)
        .column("payment_intent_id", &rows, |row| row.payment_intent_id.0)
        .column("sale_id", &rows, |row| row.sale_id.0)
        .column("line_no", &rows, |row| row.line_no);
    query.execute(tx).await?;
    Ok(())
}

fn used(accepted: &Accepted<'_>) -> Vec<Used> {
    let Outcome::Sale(sale) = &accepted.outcome else { return Vec::new() };
    let tenders = sale.tenders.iter().zip(1..);
    let used = tenders.filter_map(|(tender, line_no)| {
        let payment_intent_id = tender.payment_intent_id?;
        Some(Used { payment_intent_id, sale_id: sale.id, line_no })
    });
    used.collect()
}
