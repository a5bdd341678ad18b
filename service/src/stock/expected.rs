//! Expected receipts, for reading.

use chrono::NaiveDate;
use domain::expected_receipt::{ExpectedReceipt, ExpectedStatus};
use domain::id::{ExpectedReceiptId, LocationId};
use domain::refusal::Refusal;

use crate::listing::{Listing, Slice};
use crate::posting::stock_documents;
use crate::sales_lines::{self, Skus};
use crate::{Error, Tx};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub status: Option<ExpectedStatus>,
    pub location_id: Option<LocationId>,
    /// Expected before this day.
    pub before: Option<NaiveDate>,
    pub number: Option<String>,
    pub reference: Option<String>,
}

const SELECT: &str = "select id, number, location_id, expected_on, reference, status, recorded_at, version \
                      from expected_receipt where tenant_id = ";

/// Returns one page of expected receipts, without their lines.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<ExpectedReceipt>, Error> {
    let rows = Listing::new(tx, SELECT)
        .among("status", filter.status.as_slice())
        .with("location_id = ", filter.location_id.map(|id| id.0))
        .with("expected_on < ", filter.before)
        .with("number = ", filter.number.as_ref())
        .with("reference = ", filter.reference.as_ref())
        .since("updated_at >= ", slice)
        .page(tx, "id", slice)
        .await?;
    rows.iter().map(|row| Ok(stock_documents::expected(row)?.1)).collect()
}

pub async fn get(tx: &Tx, id: ExpectedReceiptId) -> Result<(ExpectedReceipt, Skus), Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    let mut found =
        stock_documents::with_lines(tx, &rows, stock_documents::expected, stock_documents::expected_lines)
            .await?;
    let expected = found.remove(&id).ok_or_else(|| Refusal::not_found("expected receipt"))?;
    let skus =
        sales_lines::skus_at(tx, expected.lines.iter().map(|line| line.product_id), expected.recorded_at)
            .await?;
    Ok((expected, skus))
}
