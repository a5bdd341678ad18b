//! Writes the numbers that till sales and refunds have in other systems.

use domain::id::SaleId;

use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes a row for each sale and refund with a number of the caller's own. A batch without one costs no statement.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let rows: Vec<(SaleId, &str)> = accepted.iter().filter_map(named).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into sale_external_ref (tenant_id, sale_id, external_ref) \
         select $1, v.* from unnest($2::uuid[], $3::text[]) as v (sale_id, external_ref)";
    let query = Columns::of(statement).bind(tx.tenant_id.0).column("sale_id", &rows, |(id, _)| id.0).column(
        "external_ref",
        &rows,
        |(_, external_ref)| *external_ref,
    );
    query.execute(tx).await?;
    Ok(())
}

fn named<'a>(accepted: &'a Accepted<'_>) -> Option<(SaleId, &'a str)> {
    let Outcome::Sale(sale) = &accepted.outcome else { return None };
    Some((sale.id, sale.external_ref.as_deref()?))
}
