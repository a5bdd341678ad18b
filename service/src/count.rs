//! Count sheets: the products to count, and the sheets to read.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::count::{Count, CountStatus, Listed};
use domain::id::{CategoryId, CountId, LocationId, ProductId};
use domain::refusal::{Code, Problems, Refusal};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{Listing, Period, Slice};
use crate::posting::{counts, stock_documents};
use crate::sales_lines::{self, Skus};
use crate::{Error, Tx};

pub mod entry;
pub mod plan;
pub mod setting;

/// The products for which a sheet is opened.
#[derive(Debug, Clone)]
pub enum Selection {
    /// No products yet: each gets a line when it is counted.
    None,
    /// Products by id.
    Ids(Vec<ProductId>),
    /// Products by SKU.
    Skus(Vec<String>),
    /// Products of a category and of those below it that have ever had a level at the location.
    Category(CategoryId),
    /// Products with stock on hand at the location.
    WithStock,
    /// The first so many products of the count plan.
    Plan(u32),
}

/// Returns the lines of a new sheet: products by SKU, those of the plan in its order. A tracked product has one line
/// per lot on hand, the earliest expiry first. Adds to `problems` each product or category that can't be counted, also if
/// the location is unknown.
pub async fn select(
    tx: &Tx,
    location_id: Option<LocationId>,
    selection: &Selection,
    problems: &mut Problems,
) -> Result<Vec<Listed>, Error> {
    let mut products = find_named(tx, selection, problems).await?;
    // Opening the sheet rejects an unknown location.
    let Some(location_id) = resolve_location(tx, location_id).await? else { return Ok(Vec::new()) };
    products.extend(find_there(tx, location_id, selection).await?);
    let mut lots = find_lot_codes(tx, location_id, &products).await?;
    let listed = products.into_iter().flat_map(|product_id| match lots.remove(&product_id) {
        None => vec![Listed { product_id, lot_code: None }],
        Some(codes) => {
            codes.into_iter().map(|code| Listed { product_id, lot_code: Some(code) }).collect::<Vec<_>>()
        }
    });
    Ok(listed.collect())
}

/// Returns the products that a choice names. Adds to `problems` what it names and can't be counted.
async fn find_named(
    tx: &Tx,
    selection: &Selection,
    problems: &mut Problems,
) -> Result<Vec<ProductId>, Error> {
    match selection {
        Selection::Ids(ids) => check_ids(tx, ids, problems).await,
        Selection::Skus(skus) => check_skus(tx, skus, problems).await,
        Selection::Category(id) => {
            let known = "select 1 from category where tenant_id = $1 and id = $2";
            if tx.row(sqlx::query(known).bind(tx.tenant_id.0).bind(id.0)).await?.is_none() {
                problems.add("/category_id", Code::NotFound, "There is no category with this id.");
            }
            Ok(Vec::new())
        }
        Selection::None | Selection::WithStock | Selection::Plan(_) => Ok(Vec::new()),
    }
}

/// Returns the products that a choice finds at a location.
async fn find_there(
    tx: &Tx,
    location_id: LocationId,
    selection: &Selection,
) -> Result<Vec<ProductId>, Error> {
    match selection {
        Selection::Plan(rows) => {
            let plan = plan::plan(tx, location_id, None, *rows).await?;
            Ok(plan.into_iter().map(|row| row.product_id).collect())
        }
        Selection::WithStock => products_on_hand(tx, location_id, None).await,
        Selection::Category(id) => products_on_hand(tx, location_id, Some(*id)).await,
        Selection::None | Selection::Ids(_) | Selection::Skus(_) => Ok(Vec::new()),
    }
}

/// Returns the location `id`, or the default one if none is named.
pub async fn resolve_location(tx: &Tx, id: Option<LocationId>) -> Result<Option<LocationId>, Error> {
    let statement = "select id from location where tenant_id = $1 and ($2::uuid is null or id = $2) \
                     order by kind <> 'warehouse', created_at, id limit 1";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.map(|id| id.0))).await?;
    row.map(|row| Ok(LocationId(row.try_get(0)?))).transpose()
}

/// Returns the codes of the lots that tracked products among `products` have on hand at a location.
async fn find_lot_codes(
    tx: &Tx,
    location_id: LocationId,
    products: &[ProductId],
) -> Result<HashMap<ProductId, Vec<String>>, Error> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = "select p.id, t.code from product p \
         left join (stock_level l join lot t on t.tenant_id = l.tenant_id and t.id = l.lot_id) \
           on l.tenant_id = p.tenant_id and l.location_id = $2 and l.product_id = p.id and l.on_hand <> 0 \
         where p.tenant_id = $1 and p.id = any($3) and p.tracking <> 'none' \
         order by t.expires_on nulls last, t.received_at, t.code";
    let plain: Vec<Uuid> = products.iter().map(|id| id.0).collect();
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(location_id.0).bind(plain);
    let mut lots: HashMap<ProductId, Vec<String>> = HashMap::new();
    for row in tx.rows(query).await? {
        lots.entry(ProductId(row.try_get(0)?)).or_default().extend(row.try_get::<Option<String>, _>(1)?);
    }
    Ok(lots)
}

async fn products_on_hand(
    tx: &Tx,
    location_id: LocationId,
    category_id: Option<CategoryId>,
) -> Result<Vec<ProductId>, Error> {
    let statement = "select p.id from product p \
         left join category c on c.tenant_id = p.tenant_id and c.id = p.category_id \
         where p.tenant_id = $1 and p.kind = 'stocked' and ($3::uuid is null or $3 = any(c.lineage)) \
           and exists (select 1 from stock_level l where l.tenant_id = p.tenant_id and l.location_id = $2 \
                       and l.product_id = p.id and (l.on_hand <> 0 or $3 is not null)) \
         order by p.sku";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(location_id.0);
    let rows = tx.rows(query.bind(category_id.map(|id| id.0))).await?;
    rows.iter().map(|row| Ok(ProductId(row.try_get(0)?))).collect()
}

async fn check_ids(tx: &Tx, ids: &[ProductId], problems: &mut Problems) -> Result<Vec<ProductId>, Error> {
    let plain: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let statement = "select id, kind from product where tenant_id = $1 and id = any($2) order by sku";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(plain)).await?;
    let mut found = Vec::with_capacity(rows.len());
    let mut kinds: HashMap<ProductId, String> = HashMap::new();
    for row in rows {
        let id = ProductId(row.try_get(0)?);
        kinds.insert(id, row.try_get(1)?);
        found.push(id);
    }
    let named = ids.iter().map(|id| (id.to_string(), kinds.get(id)));
    check_named("/product_ids", named, problems);
    Ok(found)
}

async fn check_skus(tx: &Tx, skus: &[String], problems: &mut Problems) -> Result<Vec<ProductId>, Error> {
    let statement = "select id, sku, kind from product where tenant_id = $1 and sku = any($2) order by sku";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(skus)).await?;
    let mut found = Vec::with_capacity(rows.len());
    let mut kinds: HashMap<String, String> = HashMap::new();
    for row in rows {
        found.push(ProductId(row.try_get("id")?));
        kinds.insert(row.try_get("sku")?, row.try_get("kind")?);
    }
    let named = skus.iter().map(|sku| (sku.clone(), kinds.get(sku)));
    check_named("/skus", named, problems);
    Ok(found)
}

/// Adds to `problems` each named product that does not exist or is not stocked.
fn check_named<'a>(
    pointer: &str,
    named: impl Iterator<Item = (String, Option<&'a String>)>,
    problems: &mut Problems,
) {
    for (index, (name, kind)) in named.enumerate() {
        let pointer = format!("{pointer}/{index}");
        match kind.map(String::as_str) {
            None => problems.add(pointer, Code::NotFound, format!("There is no product {name}.")),
            Some("stocked") => {}
            Some(_) => problems.invalid(pointer, format!("{name} is not a stocked product.")),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Any status if empty.
    pub statuses: Vec<CountStatus>,
    pub location_id: Option<LocationId>,
    pub number: Option<String>,
    pub reference: Option<String>,
    pub created: Period,
}

const SELECT: &str = "select id, number, location_id, status, blind, tolerance_percent, tolerance_value, reference, \
                             document_id, reversal_id, round, version \
                      from stock_count where tenant_id = ";

/// Returns one page of sheets, without their lines.
pub async fn list(tx: &Tx, filter: &Filter, slice: &Slice) -> Result<Vec<Count>, Error> {
    let rows = Listing::new(tx, SELECT)
        .among("status", &filter.statuses)
        .with("location_id = ", filter.location_id.map(|id| id.0))
        .with("number = ", filter.number.as_ref())
        .with("reference = ", filter.reference.as_ref())
        .within("recorded_at", filter.created)
        .since("updated_at >= ", slice)
        .page(tx, "id", slice)
        .await?;
    rows.iter().map(|row| Ok(counts::head(row)?.1)).collect()
}

/// Returns one sheet with its lines, and the SKUs of its products: the present ones while it is open.
pub async fn get(tx: &Tx, id: CountId) -> Result<(Count, Skus), Error> {
    let rows = Listing::new(tx, SELECT).with("id = ", Some(id.0)).rows(tx).await?;
    let mut found = stock_documents::with_lines(tx, &rows, counts::head, counts::lines).await?;
    let count = found.remove(&id).ok_or_else(|| Refusal::not_found("count"))?;
    let products = count.lines.iter().map(|line| line.product_id);
    let skus = sales_lines::skus_at(tx, products, printed_at(tx, id).await?).await?;
    Ok((count, skus))
}

/// Returns the instant whose SKUs a sheet shows: that of its adjustment, so that both say the same. A sheet that is ended
/// without an adjustment shows those of its end, and an open sheet those of now.
async fn printed_at(tx: &Tx, id: CountId) -> Result<DateTime<Utc>, Error> {
    let statement = "select coalesce(d.recorded_at, \
                case when c.status in ('posted', 'reversed', 'cancelled') then c.updated_at end) as printed_at \
         from stock_count c left join stock_document d on d.tenant_id = c.tenant_id and d.id = c.document_id \
         where c.tenant_id = $1 and c.id = $2";
    let row = tx.row(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let row = row.ok_or_else(|| Refusal::not_found("count"))?;
    Ok(row.try_get::<Option<DateTime<Utc>>, _>("printed_at")?.unwrap_or(tx.now))
}
