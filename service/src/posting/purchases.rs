//! Locks and reads the purchase orders that commands name, and reads suppliers with their terms.

use std::collections::HashMap;

use domain::book::Book;
use domain::id::{LocationId, ProductId, PurchaseOrderId, SupplierId};
use domain::needs::Needs;
use domain::number::{Factor, Money};
use domain::purchase_order::{PurchaseLine, PurchaseOrder};
use domain::supplier::{self, Supplier, Terms};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::bills;
use super::exchange;
use super::stock_documents::with_lines;
use crate::listing::{number, optional_number, word};
use crate::rows::uuids;
use crate::{Error, Tx};

/// Locks and reads purchase orders, and adds their products and locations to the needs.
pub(super) async fn load(
    tx: &Tx,
    needs: &mut Needs,
) -> Result<HashMap<PurchaseOrderId, PurchaseOrder>, Error> {
    if needs.purchase_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select id, number, supplier_id, status, reference, over_receipt_percent, lead_time_days, value, \
                            sent_at, recorded_at, version, foreign_currency, exchange_rate, foreign_value \
                     from purchase_order where tenant_id = $1 and id = any($2) order by id for update";
    let ids = uuids(&needs.purchase_ids, |id| id.0);
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?;
    let orders = with_lines(tx, &rows, head, lines).await?;
    for line in orders.values().flat_map(|order| &order.lines) {
        needs.product_ids.insert(line.product_id);
        needs.location_ids.insert(line.location_id);
    }
    bills::need_layers(tx, needs).await?;
    Ok(orders)
}

/// Reads a purchase order without its lines.
pub(crate) fn head(row: &PgRow) -> Result<(PurchaseOrderId, PurchaseOrder), Error> {
    let id = PurchaseOrderId(row.try_get("id")?);
    let order = PurchaseOrder {
        id,
        number: row.try_get("number")?,
        supplier_id: SupplierId(row.try_get("supplier_id")?),
        status: word(row, "status")?,
        reference: row.try_get("reference")?,
        over_receipt_percent: number(row, "over_receipt_percent")?,
        lead_time_days: row.try_get::<Option<i32>, _>("lead_time_days")?.map(i32::unsigned_abs),
        value: number(row, "value")?,
        foreign: exchange::order(row)?,
        sent_at: row.try_get("sent_at")?,
        recorded_at: row.try_get("recorded_at")?,
        version: row.try_get("version")?,
        lines: Vec::new(),
    };
    Ok((id, order))
}

/// Returns the lines of purchase orders.
pub(crate) async fn lines(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(PurchaseOrderId, PurchaseLine)>, Error> {
    let statement = "select l.purchase_order_id, l.line_no, l.product_id, l.supplier_sku, l.location_id, l.uom, l.factor, \
                            l.factor_denominator, l.entered, l.unit_cost, l.value, l.quantity, l.received, l.cancelled, \
                            l.expected_on, l.foreign_unit_cost, l.foreign_value, coalesce(k.quantity, 0) as returned, \
                            coalesce((select sum(b.quantity) from bill_line b \
                                      where b.tenant_id = l.tenant_id and b.purchase_order_id = l.purchase_order_id \
                                        and b.order_line_no = l.line_no), 0) as billed \
                     from purchase_order_line l \
                     left join (select purchase_order_id, line_no, sum(quantity) as quantity from supplier_return_line \
                                where tenant_id = $1 and purchase_order_id = any($2) and not replaces and reversal_id is null \
                                group by 1, 2) k on k.purchase_order_id = l.purchase_order_id and k.line_no = l.line_no \
                     where l.tenant_id = $1 and l.purchase_order_id = any($2) order by l.purchase_order_id, l.line_no";
    let line = |row: &PgRow| -> Result<(PurchaseOrderId, PurchaseLine), Error> {
        let denominator = row.try_get::<i16, _>("factor_denominator")?.unsigned_abs();
        let value: Money = number(row, "value")?;
        let line = PurchaseLine {
            line_no: row.try_get("line_no")?,
            product_id: ProductId(row.try_get("product_id")?),
            supplier_sku: row.try_get("supplier_sku")?,
            location_id: LocationId(row.try_get("location_id")?),
            uom: row.try_get("uom")?,
            factor: Factor::stored(number(row, "factor")?, denominator),
            entered: number(row, "entered")?,
            unit_cost: number(row, "unit_cost")?,
            value,
            foreign: exchange::order_line(row)?,
            quantity: number(row, "quantity")?,
            received: number(row, "received")?,
            returned: number(row, "returned")?,
            cancelled: number(row, "cancelled")?,
            billed: number(row, "billed")?,
            expected_on: row.try_get("expected_on")?,
        };
        Ok((PurchaseOrderId(row.try_get("purchase_order_id")?), line))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(line).collect()
}

/// Reads the suppliers that get purchase orders, with their terms for the products of the book.
pub(super) async fn suppliers(tx: &Tx, needs: &Needs, book: &mut Book) -> Result<(), Error> {
    if needs.supplier_ids.is_empty() {
        return Ok(());
    }
    let ids = uuids(&needs.supplier_ids, |id| id.0);
    let statement = "select id, code, status, currency, lead_time_days, over_receipt_percent from supplier \
                     where tenant_id = $1 and id = any($2)";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(&ids)).await? {
        let supplier = Supplier {
            id: SupplierId(row.try_get("id")?),
            code: row.try_get("code")?,
            status: word(&row, "status")?,
            currency: row.try_get("currency")?,
            lead_time_days: row.try_get::<Option<i32>, _>("lead_time_days")?.map(i32::unsigned_abs),
            over_receipt_percent: number(&row, "over_receipt_percent")?,
            terms: HashMap::new(),
        };
        book.suppliers.insert(supplier.id, supplier);
    }
    let products: Vec<Uuid> = book.products.keys().map(|id| id.0).collect();
    let statement = "select supplier_id, product_id, supplier_sku, uom, min_order_quantity, order_multiple, prices \
                     from supplier_product where tenant_id = $1 and supplier_id = any($2) and product_id = any($3)";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(products);
    for row in tx.rows(query).await? {
        let terms = Terms {
            supplier_sku: row.try_get("supplier_sku")?,
            uom: row.try_get("uom")?,
            min_order_quantity: number(&row, "min_order_quantity")?,
            order_multiple: optional_number(&row, "order_multiple")?,
            prices: supplier::of_json(&row.try_get("prices")?),
        };
        if let Some(supplier) = book.suppliers.get_mut(&SupplierId(row.try_get("supplier_id")?)) {
            supplier.terms.insert(ProductId(row.try_get("product_id")?), terms);
        }
    }
    exchange::read_supplier_rates(tx, book).await
}
