//! Writes what the clocks of tills said that were ahead.

use chrono::{DateTime, Utc};
use domain::id::SaleId;

use crate::columns::Columns;
use crate::posting::{Accepted, Outcome};
use crate::{Error, Tx};

/// Writes a row for each sale and refund of a till whose clock was ahead. Most batches have none, and cost no statement.
pub(super) async fn write(tx: &Tx, accepted: &[Accepted<'_>]) -> Result<(), Error> {
    let rows: Vec<(SaleId, DateTime<Utc>)> = accepted.iter().filter_map(ahead).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let statement = "insert into till_clock (tenant_id, sale_id, said_at) \
         select $1, v.* from unnest($2::uuid[], $3::timestamptz[]) as v (sale_id, said_at)";
    let query = Columns::of(statement).bind(tx.tenant_id.0).column("sale_id", &rows, |(id, _)| id.0).column(
        "said_at",
        &rows,
        |(_, said_at)| *said_at,
    );
    query.execute(tx).await?;
    Ok(())
}

fn ahead(accepted: &Accepted<'_>) -> Option<(SaleId, DateTime<Utc>)> {
    let Outcome::Sale(sale) = &accepted.outcome else { return None };
    sale.said_at.map(|said_at| (sale.id, said_at))
}
