//! Purchase orders, their receipts and their returns, for reading.

pub mod document;

use chrono::{DateTime, Utc};
use domain::id::{ProductId, PurchaseOrderId, StockDocumentId, SupplierId};
use domain::number::{Money, Quantity};
use domain::purchase_order::{PurchaseOrder, PurchaseOrderStatus};
use domain::refusal::Refusal;
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::{Listing, Slice, number};
use crate::posting::{purchases, setup, stock_documents};
use crate::sales_lines::{self, Skus};
use crate::{Error, Tx};

/// The part of a line of a purchase order that one receipt received.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PurchaseReceiptLine {
    /// Always `purchase_receipt_line`.
    pub object: tag::PurchaseReceiptLine,
    /// Stock document that received the goods.
    pub stock_document_id: StockDocumentId,
    /// Number of the stock document.
    #[schema(max_length = 64, example = "GR-2026-000123")]
    pub number: String,
    /// When the goods came.
    pub occurred_at: DateTime<Utc>,
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Stock units received.
    pub quantity: Quantity,
    /// Their cost, before tax. Null without the scope `costs:read`.
    #[schema(value_type = Option<Money>)]
    pub value: Money,
}

/// The part of a line of a purchase order that one return sent back to the supplier.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SupplierReturnLine {
    /// Always `supplier_return_line`.
    pub object: tag::SupplierReturnLine,
    /// Stock document that issued the goods.
    pub stock_document_id: StockDocumentId,
    /// Number of the stock document.
    #[schema(max_length = 64, example = "SR-2026-000012")]
    pub number: String,
    /// When the goods left.
    pub occurred_at: DateTime<Utc>,
    /// Stock document of the receipt that had received them.
    pub receipt_id: StockDocumentId,
    /// Line of the purchase order.
    #[schema(minimum = 1, maximum = 2000, example = 1)]
    pub line_no: i32,
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Stock units that went back.
    pub quantity: Quantity,
    /// Cost of the units as the supplier credits it, before tax: the cost of the receipt. Null without the scope
    /// `costs:read`.
    #[schema(value_type = Option<Money>)]
    pub value: Money,
    /// Whether the supplier sends others in their place.
    #[schema(example = true)]
    pub replace: bool,
    /// Stock document that reverses the return. Null if the return is not reversed.
    pub reversal_id: Option<StockDocumentId>,
}

/// Position of a line of a receipt or of a return in the list: stock document and line.
pub type Position = (Uuid, i32);

impl SupplierReturnLine {
    pub fn position(&self) -> Position {
        (self.stock_document_id.0, self.line_no)
    }
}

impl PurchaseReceiptLine {
    pub fn position(&self) -> Position {
        (self.stock_document_id.0, self.line_no)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any status if empty.
    pub statuses: Vec<PurchaseOrderStatus>,
    pub supplier_id: Option<SupplierId>,
    pub number: Option<String>,
    pub reference: Option<String>,
    /// Orders with a line of this product.
    pub product_id: Option<ProductId>,
    /// Whether units were received that no bill has and that did not go back.
    pub unbilled: Option<bool>,
    /// Only units of receipts before this instant count for `unbilled`.
    pub received_before: Option<DateTime<Utc>>,
}

/// An order has units of a receipt that no bill has and that did not go back.
const UNBILLED: &str = "(select from purchase_receipt_line r \
        join stock_document s on s.tenant_id = r.tenant_id and s.id = r.stock_document_id \
        where r.tenant_id = d.tenant_id and r.purchase_order_id = d.id \
          and r.quantity - coalesce((select sum(b.quantity) from supplier_return_line b \
              where b.tenant_id = r.tenant_id and b.receipt_id = r.stock_document_id and b.line_no = r.line_no \
                and b.purchase_order_id = r.purchase_order_id and b.reversal_id is null), 0) \
              > coalesce((select sum(m.quantity) from bill_match m \
              join bill_line l on l.tenant_id = m.tenant_id and l.bill_id = m.bill_id and l.line_no = m.line_no \
              where m.tenant_id = r.tenant_id and m.stock_document_id = r.stock_document_id \
                and l.purchase_order_id = r.purchase_order_id and l.order_line_no = r.line_no), 0)";

const SELECT: &str = "select id, number, supplier_id, status, reference, over_receipt_percent, lead_time_days, value, \
                             foreign_currency, exchange_rate, foreign_value, sent_at, recorded_at, version \
                      from purchase_order d where tenant_id = ";

/// Returns one page of purchase orders, without their lines, each with the currency of its amounts.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<(PurchaseOrder, String)>, Error> {
    let query = Listing::new(tx, SELECT)
        .among("status", &filter.statuses)
        .with("supplier_id = ", filter.supplier_id.map(|id| id.0))
        .with("number = ", filter.number.as_ref())
        .with("reference = ", filter.reference.as_ref());
    let query = match filter.product_id {
        Some(product_id) => query
            .sql(" and id in (select l.purchase_order_id from purchase_order_line l where l.tenant_id = ")
            .tenant(tx)
            .with("l.product_id = ", Some(product_id.0))
            .sql(")"),
        None => query,
    };
    let query = match filter.unbilled {
        Some(true) => query.sql(" and exists ").sql(UNBILLED),
        Some(false) => query.sql(" and not exists ").sql(UNBILLED),
        None => query,
    };
    let query = match filter.unbilled {
        Some(_) => query.with("s.occurred_at < ", filter.received_before).sql(")"),
        None => query,
    };
    let rows = query.since("updated_at >= ", slice).page(tx, "id", slice).await?;
    let currency = setup::settings(tx).await?.currency;
    rows.iter().map(|row| Ok((purchases::head(row)?.1, currency.clone()))).collect()
}

/// Returns a purchase order, the currency of its amounts, and the SKUs of its products: those with which it was sent, and the
/// present ones of a draft.
pub async fn get(tx: &Tx, id: PurchaseOrderId) -> Result<(PurchaseOrder, String, Skus), Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    let mut found = stock_documents::with_lines(tx, &rows, purchases::head, purchases::lines).await?;
    let order = found.remove(&id).ok_or_else(|| Refusal::not_found("purchase order"))?;
    let products = order.lines.iter().map(|line| line.product_id);
    let skus = sales_lines::skus_at(tx, products, order.sent_at.unwrap_or(tx.now)).await?;
    Ok((order, setup::settings(tx).await?.currency, skus))
}

/// Returns one page of the receipts of a purchase order, line by line, the oldest first. Each line has the SKU that its receipt has.
pub async fn receipts(
    tx: &Tx,
    id: PurchaseOrderId,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<PurchaseReceiptLine>, Error> {
    require(tx, id).await?;
    let statement = "select r.stock_document_id, d.number, d.occurred_at, r.line_no, l.product_id, coalesce(n.sku, p.sku) as sku, \
                            r.quantity, r.value \
         from purchase_receipt_line r \
         join stock_document d on d.tenant_id = r.tenant_id and d.id = r.stock_document_id \
         join purchase_order_line l on l.tenant_id = r.tenant_id and l.purchase_order_id = r.purchase_order_id \
          and l.line_no = r.line_no \
         join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
         left join lateral ( \
             select o.sku from replaced_product o \
             where o.tenant_id = $1 and o.product_id = l.product_id and o.replaced_at > d.recorded_at \
             order by o.version limit 1) n on true \
         where r.tenant_id = $1 and r.purchase_order_id = $2 and (r.stock_document_id, r.line_no) > ($3, $4) \
         order by r.stock_document_id, r.line_no limit $5";
    let (document, line_no) = after.unwrap_or_default();
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(document).bind(line_no);
    let rows = tx.rows(query.bind(rows.cast_signed())).await?;
    rows.iter().map(read).collect()
}

/// Returns one page of the returns of a purchase order to its supplier, line by line, the oldest first. Each line has the SKU that its
/// return has.
pub async fn returns(
    tx: &Tx,
    id: PurchaseOrderId,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<SupplierReturnLine>, Error> {
    require(tx, id).await?;
    let statement = "select b.stock_document_id, d.number, d.occurred_at, b.receipt_id, b.line_no, l.product_id, \
                            coalesce(n.sku, p.sku) as sku, b.quantity, b.value, b.replaces, b.reversal_id \
         from supplier_return_line b \
         join stock_document d on d.tenant_id = b.tenant_id and d.id = b.stock_document_id \
         join purchase_order_line l on l.tenant_id = b.tenant_id and l.purchase_order_id = b.purchase_order_id \
          and l.line_no = b.line_no \
         join product p on p.tenant_id = l.tenant_id and p.id = l.product_id \
         left join lateral ( \
             select o.sku from replaced_product o \
             where o.tenant_id = $1 and o.product_id = l.product_id and o.replaced_at > d.recorded_at \
             order by o.version limit 1) n on true \
         where b.tenant_id = $1 and b.purchase_order_id = $2 and (b.stock_document_id, b.line_no) > ($3, $4) \
         order by b.stock_document_id, b.line_no limit $5";
    let (document, line_no) = after.unwrap_or_default();
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(document).bind(line_no);
    let rows = tx.rows(query.bind(rows.cast_signed())).await?;
    let line = |row: &PgRow| -> Result<SupplierReturnLine, Error> {
        Ok(SupplierReturnLine {
            object: tag::SupplierReturnLine,
            stock_document_id: StockDocumentId(row.try_get("stock_document_id")?),
            number: row.try_get("number")?,
            occurred_at: row.try_get("occurred_at")?,
            receipt_id: StockDocumentId(row.try_get("receipt_id")?),
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            sku: row.try_get("sku")?,
            quantity: number(row, "quantity")?,
            value: number(row, "value")?,
            replace: row.try_get("replaces")?,
            reversal_id: row.try_get::<Option<Uuid>, _>("reversal_id")?.map(StockDocumentId),
        })
    };
    rows.iter().map(line).collect()
}

/// Rejects a purchase order that does not exist.
async fn require(tx: &Tx, id: PurchaseOrderId) -> Result<(), Error> {
    let known = "select 1 from purchase_order where tenant_id = $1 and id = $2";
    let known = tx.row(sqlx::query(known).bind(tx.tenant_id.0).bind(id.0)).await?;
    known.map(|_| ()).ok_or_else(|| Refusal::not_found("purchase order").into())
}

fn read(row: &PgRow) -> Result<PurchaseReceiptLine, Error> {
    Ok(PurchaseReceiptLine {
        object: tag::PurchaseReceiptLine,
        stock_document_id: StockDocumentId(row.try_get("stock_document_id")?),
        number: row.try_get("number")?,
        occurred_at: row.try_get("occurred_at")?,
        line_no: row.try_get("line_no")?,
        product_id: ProductId(row.try_get("product_id")?),
        sku: row.try_get("sku")?,
        quantity: number(row, "quantity")?,
        value: number(row, "value")?,
    })
}
