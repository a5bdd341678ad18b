//! Lines of posted documents, with the names of products and lots, for reading.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::id::{LotId, ProductId};
use domain::number::{Money, Quantity};
use domain::sales::Line;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::number;
use crate::posting::lots;
use crate::{Error, Tx};

pub type Skus = HashMap<ProductId, String>;

/// SKUs and lot codes of a document's lines.
#[derive(Debug, Default)]
pub struct Names {
    pub skus: Skus,
    pub lots: HashMap<LotId, String>,
}

/// The lines of documents, in their order, each with its cost.
type DocumentLines = HashMap<Uuid, Vec<(Line, Money)>>;

/// Reads the lines of sales, refunds, invoices and credit notes.
pub(crate) async fn lines(tx: &Tx, documents: &[Uuid]) -> Result<DocumentLines, Error> {
    let statement = "select s.document_id, s.line_no, s.product_id, s.category_id, p.kind = 'stocked' as stocked, s.description, \
                s.uom, s.factor, s.entered, s.quantity, s.unit_price, s.list_price, s.price_source, \
                s.price_rule_id, s.price_trace, s.gross, s.discount, s.net, s.tax_rate, s.tax, s.cost, s.bundle_id, \
                (select json_agg(json_build_object('code', x.code, 'name', x.name, 'rate', x.rate::text, \
                    'amount_per_unit', x.amount_per_unit::text, 'base', x.base::text, 'base_quantity', x.base_quantity::text, \
                    'amount', x.amount::text, 'account', x.account_code) order by x.tax_no) \
                 from sales_line_tax x \
                 where x.tenant_id = s.tenant_id and x.document_id = s.document_id \
                   and x.document_kind = s.document_kind and x.line_no = s.line_no) as taxes, \
                p.tracking <> 'none' as is_tracked, s.product_version, n.sku, n.name, n.tax_name, \
                f.decimals as foreign_decimals, f.unit_price as foreign_unit_price, f.gross as foreign_gross, \
                f.net as foreign_net, f.tax as foreign_tax \
         from sales_line s join product p on p.tenant_id = s.tenant_id and p.id = s.product_id \
         cross join lateral printed_product(s.tenant_id, s.product_id, s.product_version) n \
         left join foreign_line f on f.tenant_id = s.tenant_id and f.document_id = s.document_id \
           and f.document_kind = s.document_kind and f.line_no = s.line_no \
         where s.tenant_id = $1 and s.document_id = any($2) order by s.document_id, s.line_no";
    let (mut sold, mut has_lots) = (DocumentLines::new(), false);
    if documents.is_empty() {
        return Ok(sold);
    }
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(documents)).await? {
        let line = crate::posting::documents::line(&row)?;
        let cost = number(&row, "cost")?;
        has_lots |= row.try_get::<bool, _>("is_tracked")?;
        sold.entry(row.try_get("document_id")?).or_default().push((line, cost));
    }
    if has_lots {
        let mut lots = lots::moved_of(tx, documents).await?;
        for (id, lines) in &mut sold {
            for (line, _) in lines {
                line.lots = lots.remove(&(*id, line.line_no)).unwrap_or_default();
            }
        }
    }
    Ok(sold)
}

/// Reads what was returned of the lines of a sale or an invoice, by line number.
pub(crate) async fn returned(tx: &Tx, document_id: Uuid) -> Result<HashMap<i32, Quantity>, Error> {
    let statement = "select original_line_no, -sum(quantity) as returned from sales_line \
                     where tenant_id = $1 and original_id = $2 group by original_line_no";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(document_id)).await?;
    rows.iter().map(|row| Ok((row.try_get("original_line_no")?, number(row, "returned")?))).collect()
}

pub(crate) async fn skus(tx: &Tx, products: impl Iterator<Item = ProductId>) -> Result<Skus, Error> {
    let ids: Vec<Uuid> = products.map(|id| id.0).collect();
    let query = sqlx::query("select id, sku from product where tenant_id = $1 and id = any($2)");
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok((ProductId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Reads the SKUs that products had at an instant. Documents inside the house and those for suppliers keep no versions.
pub(crate) async fn skus_at(
    tx: &Tx,
    products: impl Iterator<Item = ProductId>,
    at: DateTime<Utc>,
) -> Result<Skus, Error> {
    let ids: Vec<Uuid> = products.map(|id| id.0).collect();
    let statement = "select p.id, coalesce(r.sku, p.sku) from product p \
         left join lateral ( \
             select r.sku from replaced_product r \
             where r.tenant_id = $1 and r.product_id = p.id and r.replaced_at > $3 order by r.version limit 1) r on true \
         where p.tenant_id = $1 and p.id = any($2)";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids).bind(at)).await?;
    rows.iter().map(|row| Ok((ProductId(row.try_get(0)?), row.try_get(1)?))).collect()
}

/// Reads the SKUs that products had at an instant, and the codes of lots.
pub(crate) async fn names_at(
    tx: &Tx,
    goods: impl Iterator<Item = (ProductId, LotId)> + Clone,
    at: DateTime<Utc>,
) -> Result<Names, Error> {
    let skus = skus_at(tx, goods.clone().map(|(id, _)| id), at).await?;
    Ok(Names { skus, lots: crate::stock::lot::codes(tx, goods.map(|(_, lot_id)| lot_id)).await? })
}

/// Reads the SKUs of products and the codes of lots.
pub(crate) async fn names(
    tx: &Tx,
    goods: impl Iterator<Item = (ProductId, LotId)> + Clone,
) -> Result<Names, Error> {
    let skus = skus(tx, goods.clone().map(|(product_id, _)| product_id)).await?;
    Ok(Names { skus, lots: crate::stock::lot::codes(tx, goods.map(|(_, lot_id)| lot_id)).await? })
}
