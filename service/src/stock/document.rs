//! Receipts, openings, adjustments, revaluations and returns to suppliers, for reading.

use chrono::{DateTime, Utc};
use domain::id::{LocationId, LotId, ProductId, StockDocumentId};
use domain::number::Money;
use domain::refusal::Refusal;
use domain::stock_document::{MovedLine, StockDocument, StockDocumentKind};
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::listing::{Listing, Period, Slice, number, word};
use crate::sales_lines::{self, Names};
use crate::{Error, Tx};

/// A stock document in a list, without its lines.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StockDocumentSummary {
    /// Id of the document.
    pub id: StockDocumentId,
    /// Always `stock_document`.
    pub object: tag::StockDocument,
    /// Number of the document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    pub number: String,
    /// Kind of the document.
    pub kind: StockDocumentKind,
    /// Location of the document.
    pub location_id: LocationId,
    /// Reason code.
    #[schema(max_length = 64, example = "damage")]
    pub reason: Option<String>,
    /// Remark.
    #[schema(max_length = 200, example = "Delivery note 8812")]
    pub reference: Option<String>,
    /// Currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// Change of the stock's value.
    pub value: Money,
    /// When the document happened.
    pub occurred_at: DateTime<Utc>,
    /// When the document was recorded.
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub kind: Option<StockDocumentKind>,
    pub location_id: Option<LocationId>,
    pub reason: Option<String>,
    pub number: Option<String>,
    pub reference: Option<String>,
    pub occurred: Period,
}

const SELECT: &str = "select d.id, d.number, d.kind, d.location_id, d.reason, d.reference, t.currency, d.value, \
                             d.occurred_at, d.recorded_at \
                      from stock_document d join tenant t on t.tenant_id = d.tenant_id where d.tenant_id = ";

pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<StockDocumentSummary>, Error> {
    let rows = Listing::new(tx, SELECT)
        .among("d.kind", filter.kind.as_slice())
        .with("d.location_id = ", filter.location_id.map(|id| id.0))
        .with("d.reason = ", filter.reason.as_ref())
        .with("d.number = ", filter.number.as_ref())
        .with("d.reference = ", filter.reference.as_ref())
        .within("d.occurred_at", filter.occurred)
        .since("d.recorded_at >= ", slice)
        .page(tx, "d.id", slice)
        .await?;
    let summary = |row: &PgRow| -> Result<StockDocumentSummary, Error> {
        let document = read_header(row)?;
        let StockDocument { id, number, kind, location_id, reason, reference, value, .. } = document;
        Ok(StockDocumentSummary {
            id,
            object: tag::StockDocument,
            number,
            kind,
            location_id,
            reason,
            reference,
            currency: row.try_get("currency")?,
            value,
            occurred_at: document.occurred_at,
            created_at: document.recorded_at,
        })
    };
    rows.iter().map(summary).collect()
}

/// The statement for the lines of a stock document. It takes the condition on its kind.
macro_rules! lines {
    ($of_kind:literal) => {
        concat!(
            "select line_no, product_id, quantity, value, lot_id from stock_movement \
             where tenant_id = $1 and document_id = $2 and ",
            $of_kind,
            " and kind <> 'settlement' and reason is not distinct from $3 order by line_no"
        )
    };
}

/// Returns one stock document with its lines, which are its movements; the currency; and the names of products and
/// lots.
pub async fn get(tx: &Tx, id: StockDocumentId) -> Result<(StockDocument, String, Names), Error> {
    let rows = Listing::new(tx, SELECT).with("d.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("stock document"))?;
    let mut document = read_header(row)?;
    // The condition of the index stock_movement_by_document, or stock_movement_by_supplier_return. Consequences of a line (a
    // settled cost, the part that a count has already seen) are not lines.
    let statement = match document.kind {
        StockDocumentKind::SupplierReturn => lines!("document_kind = 'supplier_return'"),
        StockDocumentKind::Receipt
        | StockDocumentKind::Opening
        | StockDocumentKind::Adjustment
        | StockDocumentKind::Revaluation => {
            lines!("document_kind in ('receipt', 'opening', 'adjustment', 'revaluation')")
        }
    };
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(&document.reason);
    for row in tx.rows(query).await? {
        document.lines.push(MovedLine {
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            lot_id: LotId(row.try_get("lot_id")?),
            quantity: number(&row, "quantity")?,
            value: number(&row, "value")?,
        });
    }
    let goods = document.lines.iter().map(|line| (line.product_id, line.lot_id));
    let names = sales_lines::names_at(tx, goods, document.recorded_at).await?;
    Ok((document, row.try_get("currency")?, names))
}

fn read_header(row: &PgRow) -> Result<StockDocument, Error> {
    Ok(StockDocument {
        id: StockDocumentId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        location_id: LocationId(row.try_get("location_id")?),
        reason: row.try_get("reason")?,
        reference: row.try_get("reference")?,
        value: number(row, "value")?,
        occurred_at: row.try_get("occurred_at")?,
        recorded_at: row.try_get("recorded_at")?,
        lines: Vec::new(),
    })
}
