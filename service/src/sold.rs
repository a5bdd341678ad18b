//! The lines of documents that were posted, and the names of their products, to read.

use std::collections::HashMap;

use domain::id::ProductId;
use domain::number::Money;
use domain::sales::Line;
use rust_decimal::Decimal;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::{Error, Tx};

/// The SKUs of products.
pub type Skus = HashMap<ProductId, String>;

/// The lines of documents.
#[derive(Debug, Default)]
pub(crate) struct Sold {
    /// By document: the lines in their order, each with the cost of its goods.
    pub(crate) lines: HashMap<Uuid, Vec<(Line, Money)>>,
    /// The SKUs of their products.
    pub(crate) skus: Skus,
}

/// Reads the lines of sales, refunds, invoices and credit notes.
pub(crate) async fn lines(tx: &Tx, documents: &[Uuid]) -> Result<Sold, Error> {
    let statement = "select s.document_id, s.line_no, s.product_id, s.category_id, p.kind = 'stocked', s.description, \
                s.uom, s.factor, s.entered, s.quantity, s.unit_price, s.list_price, s.price_source, \
                s.price_rule_id, s.price_trace, s.gross, s.discount, s.net, s.tax_rate, s.tax, s.cost, p.sku, s.bundle_id \
         from sales_line s join product p on p.tenant_id = s.tenant_id and p.id = s.product_id \
         where s.tenant_id = $1 and s.document_id = any($2) order by s.document_id, s.line_no";
    let mut sold = Sold::default();
    if documents.is_empty() {
        return Ok(sold);
    }
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(documents)).await? {
        let line = crate::posting::documents::line(&row, 1)?;
        let cost = Money::new(row.try_get::<Decimal, _>(20)?);
        sold.skus.insert(line.product_id, row.try_get(21)?);
        sold.lines.entry(row.try_get(0)?).or_default().push((line, cost));
    }
    Ok(sold)
}

/// Reads the SKUs of products.
pub(crate) async fn skus(tx: &Tx, products: impl Iterator<Item = ProductId>) -> Result<Skus, Error> {
    let ids: Vec<Uuid> = products.map(|id| id.0).collect();
    let query = sqlx::query("select id, sku from product where tenant_id = $1 and id = any($2)");
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok((ProductId(row.try_get(0)?), row.try_get(1)?))).collect()
}
