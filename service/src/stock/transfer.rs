//! Transfers, for reading.

use domain::id::{LocationId, TransferId};
use domain::refusal::Refusal;
use domain::transfer::{Transfer, TransferStatus};
use sea_orm::sqlx::Row;

use crate::listing::{Listing, Slice};
use crate::posting::stock_documents;
use crate::sales_lines::{self, Names};
use crate::{Error, Tx};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<TransferStatus>,
    pub from_location_id: Option<LocationId>,
    pub to_location_id: Option<LocationId>,
    pub number: Option<String>,
    pub reference: Option<String>,
}

const SELECT: &str = "select id, number, from_location_id, to_location_id, status, expected_on, reference, occurred_at, \
                             recorded_at, version \
                      from transfer where tenant_id = ";

/// Returns one page of transfers, without their lines.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Transfer>, Error> {
    let rows = Listing::new(tx, SELECT)
        .among("status", filter.status.as_slice())
        .with("from_location_id = ", filter.from_location_id.map(|id| id.0))
        .with("to_location_id = ", filter.to_location_id.map(|id| id.0))
        .with("number = ", filter.number.as_ref())
        .with("reference = ", filter.reference.as_ref())
        .since("updated_at >= ", slice)
        .page(tx, "id", slice)
        .await?;
    rows.iter().map(|row| Ok(stock_documents::transfer(row)?.1)).collect()
}

pub async fn get(tx: &Tx, id: TransferId) -> Result<(Transfer, Names), Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    let mut found =
        stock_documents::with_lines(tx, &rows, stock_documents::transfer, stock_documents::transfer_lines)
            .await?;
    let transfer = found.remove(&id).ok_or_else(|| Refusal::not_found("transfer"))?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("transfer"))?;
    let goods = transfer.lines.iter().map(|line| (line.product_id, line.lot_id));
    let names = sales_lines::names_at(tx, goods, row.try_get("recorded_at")?).await?;
    Ok((transfer, names))
}
