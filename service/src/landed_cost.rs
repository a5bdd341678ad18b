//! Landed costs, for reading.

use domain::id::{LandedCostId, StockDocumentId};
use domain::landed_cost::LandedCost;
use domain::refusal::Refusal;

use crate::listing::{Listing, Period, Slice};
use crate::posting::{landed, setup, stock_documents};
use crate::sales_lines::{self, Skus};
use crate::{Error, Tx};

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub number: Option<String>,
    pub reference: Option<String>,
    /// Landed costs that are spread over this receipt.
    pub stock_document_id: Option<StockDocumentId>,
    /// Whether it was reversed. A reversal was not.
    pub reversed: Option<bool>,
    pub occurred: Period,
}

const SELECT: &str = "select d.id, d.number, d.spread_by, d.reference, d.reason, d.value, d.charges, d.original_id, \
                             d.reversed_by_id, d.occurred_at, d.recorded_at, d.version \
                      from landed_cost d where d.tenant_id = ";

/// Returns one page of landed costs, without their lines, each with the currency of its amounts.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<(LandedCost, String)>, Error> {
    let query = Listing::new(tx, SELECT)
        .with("d.number = ", filter.number.as_ref())
        .with("d.reference = ", filter.reference.as_ref())
        .with("(d.reversed_by_id is not null) = ", filter.reversed)
        .within("d.occurred_at", filter.occurred);
    let query = match filter.stock_document_id {
        Some(id) => query
            .sql(" and d.id in (select l.landed_cost_id from landed_cost_line l where l.tenant_id = ")
            .tenant(tx)
            .with("l.stock_document_id = ", Some(id.0))
            .sql(")"),
        None => query,
    };
    let rows = query.since("d.updated_at >= ", slice).page(tx, "d.id", slice).await?;
    let currency = setup::settings(tx).await?.currency;
    rows.iter().map(|row| Ok((landed::head(row)?.1, currency.clone()))).collect()
}

/// Returns a landed cost, the currency of its amounts, and the SKUs of its products.
pub async fn get(tx: &Tx, id: LandedCostId) -> Result<(LandedCost, String, Skus), Error> {
    let rows = Listing::new(tx, SELECT).with("d.id = ", Some(id.0)).rows(tx).await?;
    let mut found = stock_documents::with_lines(tx, &rows, landed::head, landed::lines).await?;
    let landed = found.remove(&id).ok_or_else(|| Refusal::not_found("landed cost"))?;
    let goods = landed.lines.iter().map(|line| (line.product_id, line.lot_id));
    let names = sales_lines::names_at(tx, goods, landed.recorded_at).await?;
    Ok((landed, setup::settings(tx).await?.currency, names.skus))
}
