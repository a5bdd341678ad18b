//! Reads receipts of purchase orders of which something goes back, and returns to suppliers that are taken back. Their orders are
//! locked before, so none of it changes meanwhile.

use std::collections::HashMap;

use domain::book::Book;
use domain::id::{LocationId, LotId, ProductId, PurchaseOrderId, StockDocumentId};
use domain::needs::Needs;
use domain::purchase_order::{KnownReceipt, KnownReceiptLine, KnownReturn, ReceivedLine};
use domain::stock_document::MovedLine;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::layer_uses;
use crate::listing::number;
use crate::rows::uuids;
use crate::{Error, Tx};

/// Reads them into the book, and adds the locations of the returns to the needs.
pub(super) async fn load(tx: &Tx, needs: &mut Needs, book: &mut Book) -> Result<(), Error> {
    if !needs.receipt_ids.is_empty() {
        book.purchase_receipts = receipts(tx, needs).await?;
    }
    if !needs.supplier_return_ids.is_empty() {
        book.supplier_returns = returns(tx, needs).await?;
        needs.location_ids.extend(book.supplier_returns.values().map(|back| back.location_id));
    }
    Ok(())
}

async fn receipts(tx: &Tx, needs: &Needs) -> Result<HashMap<StockDocumentId, KnownReceipt>, Error> {
    let statement = "select r.stock_document_id, r.purchase_order_id, d.number, d.location_id, d.occurred_at, r.line_no, \
                            r.quantity, r.value, coalesce(b.quantity, 0) as returned, coalesce(b.value, 0) as returned_value \
         from purchase_receipt_line r \
         join stock_document d on d.tenant_id = r.tenant_id and d.id = r.stock_document_id \
         left join lateral ( \
             select sum(b.quantity) as quantity, sum(b.value) as value from supplier_return_line b \
             where b.tenant_id = r.tenant_id and b.receipt_id = r.stock_document_id \
               and b.purchase_order_id = r.purchase_order_id and b.line_no = r.line_no and b.reversal_id is null) b on true \
         where r.tenant_id = $1 and r.stock_document_id = any($2) and r.purchase_order_id = any($3) \
         order by r.stock_document_id, r.line_no";
    let ids = uuids(&needs.receipt_ids, |id| id.0);
    let orders = uuids(&needs.purchase_ids, |id| id.0);
    let mut receipts: HashMap<StockDocumentId, KnownReceipt> = HashMap::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids).bind(orders)).await? {
        let receipt = receipts.entry(StockDocumentId(row.try_get("stock_document_id")?));
        receipt.or_insert(head_of_receipt(&row)?).lines.push(KnownReceiptLine {
            received: received(&row)?,
            returned: number(&row, "returned")?,
            returned_value: number(&row, "returned_value")?,
        });
    }
    // The conditions on document_kind are those of the indexes stock_movement_by_document and stock_movement_by_supplier_return.
    let statement = "select m.document_id as receipt_id, true as came, m.line_no, m.product_id, m.lot_id, m.quantity, m.value \
         from stock_movement m \
         where m.tenant_id = $1 and m.document_id = any($2) and m.document_kind = 'receipt' and m.kind = 'receipt' \
         union all \
         select b.receipt_id, false, m.line_no, m.product_id, m.lot_id, m.quantity, m.value \
         from ( \
             select receipt_id, stock_document_id as id from supplier_return_line where tenant_id = $1 and receipt_id = any($2) \
             union \
             select receipt_id, reversal_id from supplier_return_line \
             where tenant_id = $1 and receipt_id = any($2) and reversal_id is not null) b \
         join stock_movement m on m.tenant_id = $1 and m.document_id = b.id and m.document_kind = 'supplier_return' \
             and m.kind = 'supplier_return' \
         order by receipt_id, line_no";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await? {
        let Some(receipt) = receipts.get_mut(&StockDocumentId(row.try_get("receipt_id")?)) else { continue };
        let lines = if row.try_get("came")? { &mut receipt.came } else { &mut receipt.back };
        lines.push(moved(&row)?);
    }
    Ok(receipts)
}

fn head_of_receipt(row: &PgRow) -> Result<KnownReceipt, Error> {
    Ok(KnownReceipt {
        purchase_id: PurchaseOrderId(row.try_get("purchase_order_id")?),
        number: row.try_get("number")?,
        location_id: LocationId(row.try_get("location_id")?),
        occurred_at: row.try_get("occurred_at")?,
        lines: Vec::new(),
        came: Vec::new(),
        back: Vec::new(),
    })
}

async fn returns(tx: &Tx, needs: &Needs) -> Result<HashMap<StockDocumentId, KnownReturn>, Error> {
    let statement = "select b.stock_document_id, b.purchase_order_id, b.receipt_id, d.number, d.location_id, d.occurred_at, \
                            b.replaces, b.reversal_id is not null as is_taken_back, b.line_no, b.quantity, b.value \
         from supplier_return_line b \
         join stock_document d on d.tenant_id = b.tenant_id and d.id = b.stock_document_id \
         where b.tenant_id = $1 and b.stock_document_id = any($2) and b.purchase_order_id = any($3) \
         order by b.stock_document_id, b.line_no";
    let ids = uuids(&needs.supplier_return_ids, |id| id.0);
    let orders = uuids(&needs.purchase_ids, |id| id.0);
    let mut returns: HashMap<StockDocumentId, KnownReturn> = HashMap::new();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids).bind(orders)).await? {
        let back = returns.entry(StockDocumentId(row.try_get("stock_document_id")?));
        back.or_insert(head_of_return(&row)?).lines.push(received(&row)?);
    }
    // The condition on document_kind is that of the index stock_movement_by_supplier_return.
    let statement = "select m.document_id, m.line_no, m.product_id, m.lot_id, m.quantity, m.value, u.layer_id, \
                            u.quantity as used, u.value as used_value, u.document_kind, u.document_id as source_id, \
                            u.line_no as source_line_no, u.received_at \
         from stock_movement m \
         left join layer_use u on u.tenant_id = m.tenant_id and u.movement_id = m.id \
         where m.tenant_id = $1 and m.document_id = any($2) and m.document_kind = 'supplier_return' \
           and m.kind = 'supplier_return' \
         order by m.document_id, m.line_no, u.received_at, u.layer_id";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await? {
        let Some(back) = returns.get_mut(&StockDocumentId(row.try_get("document_id")?)) else { continue };
        let line = moved(&row)?;
        if back.moved.last().is_none_or(|(last, _)| last.line_no != line.line_no) {
            back.moved.push((line, Vec::new()));
        }
        let has_layer = row.try_get::<Option<Uuid>, _>("layer_id")?.is_some();
        if let Some((_, uses)) = back.moved.last_mut().filter(|_| has_layer) {
            uses.push(layer_uses::used(&row)?);
        }
    }
    Ok(returns)
}

fn head_of_return(row: &PgRow) -> Result<KnownReturn, Error> {
    Ok(KnownReturn {
        purchase_id: PurchaseOrderId(row.try_get("purchase_order_id")?),
        receipt_id: StockDocumentId(row.try_get("receipt_id")?),
        number: row.try_get("number")?,
        location_id: LocationId(row.try_get("location_id")?),
        occurred_at: row.try_get("occurred_at")?,
        replaces: row.try_get("replaces")?,
        is_taken_back: row.try_get("is_taken_back")?,
        lines: Vec::new(),
        moved: Vec::new(),
        unmatched: Vec::new(),
    })
}

fn received(row: &PgRow) -> Result<ReceivedLine, Error> {
    let (quantity, value) = (number(row, "quantity")?, number(row, "value")?);
    Ok(ReceivedLine { line_no: row.try_get("line_no")?, quantity, value })
}

fn moved(row: &PgRow) -> Result<MovedLine, Error> {
    Ok(MovedLine {
        line_no: row.try_get("line_no")?,
        product_id: ProductId(row.try_get("product_id")?),
        lot_id: LotId(row.try_get("lot_id")?),
        quantity: number(row, "quantity")?,
        value: number(row, "value")?,
    })
}
