//! Finds what late sales need besides the rows of other sales: closed sessions, the products that had a SKU, a barcode or a
//! unit at their time, and bundles whose components were replaced.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::book::Book;
use domain::id::{ProductId, RegisterId, SessionId};
use domain::needs::Needs;
use domain::number::Factor;
use domain::pos::{ClosedSession, Drawer};
use domain::product::{BarcodeHolders, FormerUnit, ProductKind, SkuHolder, Unit, article_of};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, optional_number};
use crate::{Error, Tx};

/// Reads the closed session of each forced sale that happened before the open session of its till, or whose till has no open
/// one: the last session that was opened before the sale, else the last one. The session that was made for sales of a till without
/// one is only the last one: it has no count that cash could explain.
pub(super) async fn closed_sessions(
    tx: &Tx,
    needs: &Needs,
    drawers: &HashMap<RegisterId, Drawer>,
) -> Result<HashMap<(RegisterId, DateTime<Utc>), ClosedSession>, Error> {
    let is_of_open = |(id, at): &&(RegisterId, DateTime<Utc>)| {
        let open = drawers.get(id).and_then(|drawer| drawer.session);
        open.is_some_and(|session| session.opened_at <= *at)
    };
    let late: Vec<&(RegisterId, DateTime<Utc>)> =
        needs.late_sales.iter().filter(|sale| !is_of_open(sale)).collect();
    if late.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select w.register_id, w.at, s.id, s.opened_at, s.closed_at \
         from unnest($2::uuid[], $3::timestamptz[]) w (register_id, at) \
         cross join lateral ( \
             (select s.id, s.opened_at, s.closed_at from pos_session s \
              where s.tenant_id = $1 and s.register_id = w.register_id and s.status = 'closed' and s.opened_at <= w.at \
                and s.id <> w.register_id \
              order by s.id desc limit 1) \
             union all \
             (select s.id, s.opened_at, s.closed_at from pos_session s \
              where s.tenant_id = $1 and s.register_id = w.register_id and s.status = 'closed' \
              order by s.id desc limit 1) \
             limit 1) s";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(late.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
        .bind(late.iter().map(|(_, at)| *at).collect::<Vec<DateTime<Utc>>>());
    let mut closed = HashMap::new();
    for row in tx.rows(query).await? {
        let session = ClosedSession {
            id: SessionId(row.try_get("id")?),
            opened_at: row.try_get("opened_at")?,
            closed_at: row.try_get("closed_at")?,
            is_new: false,
        };
        closed.insert((RegisterId(row.try_get("register_id")?), row.try_get("at")?), session);
    }
    Ok(closed)
}

/// Time for which a product has had its SKU if `load_sales_3` takes it as the only one that ever had it.
/// That function has the same time.
const RENAMED_LONG_AGO: Duration = Duration::days(14);

/// Returns whether a sale is so old that a product may have got its SKU or barcode later, although that was of no other product
/// before, and the product has had it for long.
pub(super) fn has_old_sale(tx: &Tx, needs: &Needs) -> bool {
    let is_named = !needs.former_skus.is_empty() || !needs.former_barcodes.is_empty();
    is_named && needs.late_sales.iter().any(|(_, at)| *at < tx.now - RENAMED_LONG_AGO)
}

/// Returns the products that have or had the SKUs which forced sales name, in the order of their times. A product that was
/// made with its SKU has it from then on if another one had it before, else from ever: it was sold before it was entered.
pub(super) async fn sku_holders(tx: &Tx, needs: &Needs) -> Result<HashMap<String, Vec<SkuHolder>>, Error> {
    let mut holders: HashMap<String, Vec<SkuHolder>> = HashMap::new();
    if needs.former_skus.is_empty() {
        return Ok(holders);
    }
    let statement = "with holder as ( \
             select sku, product_id, since, replaced_at from former_sku where tenant_id = $1 and sku = any($2) \
             union all \
             select sku, id, sku_since, null from product where tenant_id = $1 and sku = any($2) \
         ), placed as ( \
             select h.*, row_number() over (partition by h.sku order by h.replaced_at nulls last) as place from holder h \
         ) \
         select h.sku, h.product_id, coalesce(h.since, case when h.place > 1 then p.created_at end) as since, h.replaced_at \
         from placed h join product p on p.tenant_id = $1 and p.id = h.product_id \
         order by h.sku, h.place";
    let skus: Vec<&str> = needs.former_skus.iter().map(String::as_str).collect();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(skus)).await? {
        let holder = SkuHolder {
            product_id: ProductId(row.try_get("product_id")?),
            since: row.try_get("since")?,
            until: row.try_get("replaced_at")?,
        };
        holders.entry(row.try_get("sku")?).or_default().push(holder);
    }
    Ok(holders)
}

/// Returns the products that have or had the barcodes which forced sales name, in the order of their times, by article.
pub(super) async fn barcode_holders(
    tx: &Tx,
    needs: &Needs,
) -> Result<HashMap<String, BarcodeHolders>, Error> {
    let mut holders: HashMap<String, BarcodeHolders> = HashMap::new();
    if needs.former_barcodes.is_empty() {
        return Ok(holders);
    }
    let statement = "select h.code, h.product_id, h.uom, h.replaced_at, h.since, p.created_at \
         from ( \
             select code, product_id, uom, since, replaced_at from former_barcode where tenant_id = $1 and code = any($2) \
             union all \
             select code, product_id, uom, since, null from barcode where tenant_id = $1 and code = any($2) \
         ) h \
         join product p on p.tenant_id = $1 and p.id = h.product_id \
         order by h.replaced_at nulls last";
    let codes: Vec<&str> = needs.former_barcodes.iter().map(String::as_str).collect();
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(codes)).await? {
        let code: String = row.try_get("code")?;
        let of_article = holders.entry(article_of(&code)).or_default();
        let since: Option<DateTime<Utc>> = row.try_get("since")?;
        let is_first = of_article.product_ids().next().is_none();
        let made: Option<DateTime<Utc>> = row.try_get("created_at")?;
        let holder = SkuHolder {
            product_id: ProductId(row.try_get("product_id")?),
            since: since.or(made.filter(|_| !is_first)),
            until: row.try_get("replaced_at")?,
        };
        of_article.add(holder, row.try_get("uom")?);
    }
    Ok(holders)
}

/// Returns the units that products of forced sales had before, in the order of their times: those that were replaced after the
/// earliest of the sales, and those of a name that the product does not have now.
pub(super) async fn former_units(
    tx: &Tx,
    needs: &Needs,
    book: &Book,
) -> Result<HashMap<(ProductId, String), Vec<FormerUnit>>, Error> {
    let mut former: HashMap<(ProductId, String), Vec<FormerUnit>> = HashMap::new();
    if !needs.former_units || book.products.is_empty() {
        return Ok(former);
    }
    let products: Vec<Uuid> = book.products.keys().map(|id| id.0).collect();
    let earliest = needs.late_sales.iter().map(|(_, at)| *at).min().unwrap_or(tx.now);
    let statement = "select f.product_id, f.uom, f.factor, f.factor_denominator, f.list_price, f.replaced_at \
         from former_unit f \
         where f.tenant_id = $1 and f.product_id = any($2) and (f.replaced_at > $3 or not exists ( \
             select from product_unit u \
             where u.tenant_id = $1 and u.product_id = f.product_id and u.uom = f.uom)) \
         order by f.replaced_at";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(products).bind(earliest);
    for row in tx.rows(query).await? {
        let uom: String = row.try_get("uom")?;
        let denominator: i16 = row.try_get("factor_denominator")?;
        let factor = Factor::stored(number(&row, "factor")?, denominator.unsigned_abs());
        let unit = Unit { uom: uom.clone(), factor, list_price: optional_number(&row, "list_price")? };
        let unit = FormerUnit { unit, until: row.try_get("replaced_at")? };
        former.entry((ProductId(row.try_get("product_id")?), uom)).or_default().push(unit);
    }
    Ok(former)
}

/// Returns when the components of bundles of forced sales were last replaced. Components that were stated once have replaced none: the
/// bundle may have been sold before it was entered.
pub(super) async fn repacked(
    tx: &Tx,
    needs: &Needs,
    book: &Book,
) -> Result<HashMap<ProductId, DateTime<Utc>>, Error> {
    let bundles = book.products.values().filter(|product| product.kind == ProductKind::Bundle);
    let bundles: Vec<Uuid> = bundles.map(|product| product.id.0).collect();
    let mut repacked = HashMap::new();
    if needs.late_sales.is_empty() || bundles.is_empty() {
        return Ok(repacked);
    }
    let statement = "select document_id, max(occurred_at) as replaced_at from event \
         where tenant_id = $1 and document_id = any($2) and kind = 'bundle.stated' \
         group by document_id having count(*) > 1";
    for row in tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(bundles)).await? {
        repacked.insert(ProductId(row.try_get("document_id")?), row.try_get("replaced_at")?);
    }
    Ok(repacked)
}
