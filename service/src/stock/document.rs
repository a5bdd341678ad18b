//! Receipts, openings and adjustments.

use chrono::{DateTime, Utc};
use domain::id::{LocationId, LotId, ProductId, StockDocumentId};
use domain::number::Money;
use domain::refusal::Refusal;
use domain::stock_document::{MovedLine, StockDocument, StockDocumentKind};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;

use crate::listing::{Listing, Period, Slice, number, word};
use crate::sold::{self, Names};
use crate::{Error, Tx};

/// A stock document in a list: without its lines.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct StockDocumentSummary {
    /// Its id.
    pub id: StockDocumentId,
    /// Always `stock_document`.
    #[schema(value_type = String, max_length = 14, example = "stock_document")]
    pub object: &'static str,
    /// Its number.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    pub number: String,
    /// What it did.
    pub kind: StockDocumentKind,
    /// Where.
    pub location_id: LocationId,
    /// The reason code.
    #[schema(max_length = 64, example = "damage")]
    pub reason: Option<String>,
    /// A remark.
    #[schema(max_length = 200, example = "Delivery note 8812")]
    pub reference: Option<String>,
    /// The currency of every amount.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// By how much the stock's value changed.
    pub value: Money,
    /// When it happened.
    #[schema(example = "2026-11-22T01:20:00Z")]
    pub occurred_at: DateTime<Utc>,
    /// When it was written down here.
    #[schema(example = "2026-11-22T01:20:00.123456Z")]
    pub created_at: DateTime<Utc>,
}

/// Which stock documents to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<StockDocumentKind>,
    /// At this location.
    pub location_id: Option<LocationId>,
    /// With this reason code.
    pub reason: Option<String>,
    /// With this number.
    pub number: Option<String>,
    /// When it happened.
    pub occurred: Period,
}

const SELECT: &str = "select d.id, d.number, d.kind, d.location_id, d.reason, d.reference, t.currency, d.value, \
                             d.occurred_at, d.recorded_at \
                      from stock_document d join tenant t on t.tenant_id = d.tenant_id where d.tenant_id = ";

/// One page of stock documents.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<StockDocumentSummary>, Error> {
    let rows = Listing::new(tx, SELECT)
        .among("d.kind", filter.kind.as_slice())
        .with("d.location_id = ", filter.location_id.map(|id| id.0))
        .with("d.reason = ", filter.reason.as_ref())
        .with("d.number = ", filter.number.as_ref())
        .within("d.occurred_at", filter.occurred)
        .page(tx, "d.id", slice)
        .await?;
    let summary = |row: &PgRow| -> Result<StockDocumentSummary, Error> {
        let StockDocument { id, number, kind, location_id, reason, reference, value, occurred_at, .. } =
            head(row)?;
        Ok(StockDocumentSummary {
            id,
            object: "stock_document",
            number,
            kind,
            location_id,
            reason,
            reference,
            currency: row.try_get("currency")?,
            value,
            occurred_at,
            created_at: row.try_get("recorded_at")?,
        })
    };
    rows.iter().map(summary).collect()
}

/// One stock document with its lines, which are its movements; the currency; and what the lines are called.
pub async fn get(tx: &Tx, id: StockDocumentId) -> Result<(StockDocument, String, Names), Error> {
    let rows = Listing::new(tx, SELECT).with("d.id = ", Some(id.0)).rows(tx).await?;
    let row = rows.first().ok_or_else(|| Refusal::not_found("stock document"))?;
    let mut document = head(row)?;
    // As in the index stock_movement_by_document. What follows from a line (a settled cost, the half that a count has
    // seen already) is not a line.
    let statement = "select line_no, product_id, quantity, value, lot_id from stock_movement \
                     where tenant_id = $1 and document_id = $2 \
                       and document_kind in ('receipt', 'opening', 'adjustment', 'revaluation') \
                       and kind <> 'settlement' and reason is not distinct from $3 \
                     order by line_no";
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
    let names = sold::names(tx, document.lines.iter().map(|line| (line.product_id, line.lot_id))).await?;
    Ok((document, row.try_get("currency")?, names))
}

fn head(row: &PgRow) -> Result<StockDocument, Error> {
    Ok(StockDocument {
        id: StockDocumentId(row.try_get("id")?),
        number: row.try_get("number")?,
        kind: word(row, "kind")?,
        location_id: LocationId(row.try_get("location_id")?),
        reason: row.try_get("reason")?,
        reference: row.try_get("reference")?,
        value: number(row, "value")?,
        occurred_at: row.try_get("occurred_at")?,
        lines: Vec::new(),
    })
}
