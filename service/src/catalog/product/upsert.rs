//! Products upserted by SKU: created if new, changed if different, otherwise left alone.
//!
//! It works on one chunk at a time. The chunks of an import share a transaction, so that a later one sees what
//! earlier ones wrote.

use std::collections::{HashMap, HashSet};

use ::entity::product;
use domain::id::ProductId;
use domain::refusal::{Code, Problems, Refusal};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, extension::postgres::PgFunc};
use sea_orm::sqlx::{self, Row};
use sea_orm::{QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::check::{Drafts, References};
use super::{Product, ProductInput, store};
use crate::{Error, Tx};

/// Most products of one chunk.
pub const CHUNK_MAX: usize = 500;

/// The result of one upsert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The product was created.
    Created,
    /// The product was changed.
    Updated,
    /// The product was the same already.
    Unchanged,
}

/// An upserted product with its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upserted {
    pub id: ProductId,
    pub outcome: Outcome,
}

/// Locks imports of a tenant, so that only one runs at a time: two over the same products in another order would wait
/// for each other. Raises the lock timeout, because an import can wait longer than a till. Also plans for index
/// lookups: statistics that have not seen the table grow would make the planner read the whole table for each chunk.
pub async fn lock(tx: &Tx) -> Result<(), Error> {
    let settings = "select set_config('lock_timeout', '10s', true), set_config('enable_seqscan', 'off', true), \
                           set_config('plan_cache_mode', 'force_custom_plan', true)";
    tx.execute(sqlx::query(settings)).await?;
    let query = sqlx::query("select 1 from tenant where tenant_id = $1 for no key update");
    tx.row(query.bind(tx.tenant_id.0)).await?;
    Ok(())
}

/// Returns and locks the products with these SKUs, by the SKU that is stored.
pub async fn lock_by_sku(tx: &Tx, skus: Vec<String>) -> Result<HashMap<String, Product>, Error> {
    let of_skus = Expr::col((product::Entity, product::Column::Sku)).eq(PgFunc::any(skus));
    let rows = tx.select::<product::Entity>().filter(of_skus).order_by_asc(product::Column::Id);
    let rows = rows.lock(LockType::NoKeyUpdate).all(tx).await?;
    let products = store::with_parts(tx, rows).await?;
    Ok(products.into_iter().map(|product| (product.sku.clone(), product)).collect())
}

/// A product as it is to be.
#[derive(Debug)]
pub struct Upsert<'p> {
    /// The present product, if there is one.
    pub before: Option<&'p Product>,
    pub input: ProductInput,
}

/// Creates and changes products, and returns one result per product, in order. A barcode that one product frees may be
/// taken by a later one.
pub async fn upsert_all(tx: &Tx, upserts: Vec<Upsert<'_>>) -> Result<Vec<Result<Upserted, Refusal>>, Error> {
    let (present, inputs): (Vec<Option<&Product>>, Vec<ProductInput>) =
        upserts.into_iter().map(|Upsert { before, input }| (before, input)).unzip();
    let mut drafts = Drafts::new(References::load(tx, &inputs).await?);
    let changing: Vec<&Product> = present
        .iter()
        .zip(&inputs)
        .filter_map(|(before, input)| before.filter(|before| changes_stock(before, input)))
        .collect();
    let kept = find_with_stock(tx, &changing).await?;
    let mut written = Changes::default();
    let mut answers = Vec::with_capacity(inputs.len());
    for (before, input) in present.into_iter().zip(inputs) {
        answers.push(match before {
            None => create(tx, &mut drafts, &mut written, &input),
            Some(before) if kept.contains(&before.id) => Err(reject_stock_fields(before, &input)),
            Some(before) => change(tx, &mut drafts, &mut written, (before, input)),
        });
    }
    store::release(tx, &written.released).await?;
    store::update(tx, &written.updated.iter().collect::<Vec<_>>()).await?;
    store::insert(tx, &written.created.iter().collect::<Vec<_>>()).await?;
    Ok(answers)
}

/// The products that a chunk writes.
#[derive(Debug, Default)]
struct Changes {
    created: Vec<Product>,
    updated: Vec<Product>,
    released: Vec<Uuid>,
}

fn create(
    tx: &Tx,
    drafts: &mut Drafts,
    written: &mut Changes,
    input: &ProductInput,
) -> Result<Upserted, Refusal> {
    let id = ProductId(tx.next_id());
    let tax_class_id = drafts.check(input, id, None)?;
    written.created.push(store::assemble(tx, id, tax_class_id, input));
    Ok(Upserted { id, outcome: Outcome::Created })
}

fn change(
    tx: &Tx,
    drafts: &mut Drafts,
    written: &mut Changes,
    (before, input): (&Product, ProductInput),
) -> Result<Upserted, Refusal> {
    let id = before.id;
    let input = &drafts.settle(input, before);
    let tax_class_id = drafts.check(input, id, Some(before))?;
    let mut after = store::assemble(tx, id, tax_class_id, input);
    after.created_at = before.created_at;
    after.image_files.clone_from(&before.image_files);
    after.updated_at = before.updated_at;
    after.version = before.version;
    if after == *before {
        return Ok(Upserted { id, outcome: Outcome::Unchanged });
    }
    after.updated_at = tx.now;
    after.version += 1;
    let unique =
        |product: &Product| (product.external_ref.clone(), product.group_id, product.options.clone());
    if unique(before) != unique(&after) {
        written.released.push(before.id.0);
    }
    written.updated.push(after);
    Ok(Upserted { id, outcome: Outcome::Updated })
}

/// Whether the change would alter the meaning of the product's stock history.
fn changes_stock(before: &Product, input: &ProductInput) -> bool {
    before.kind != input.kind
        || before.tracking != input.tracking
        || before.stock_uom != input.stock_uom
        || before.stock_decimals > i16::from(input.decimals())
}

/// Rejects a change that alters the meaning of the stock history, after the product has had stock.
pub(super) async fn check_stock_fields(tx: &Tx, before: &Product, input: &ProductInput) -> Result<(), Error> {
    if changes_stock(before, input) && !find_with_stock(tx, &[before]).await?.is_empty() {
        return Err(reject_stock_fields(before, input).into());
    }
    Ok(())
}

fn reject_stock_fields(before: &Product, input: &ProductInput) -> Refusal {
    let mut problems = Problems::default();
    for (pointer, changed) in [
        ("/kind", before.kind != input.kind),
        ("/tracking", before.tracking != input.tracking),
        ("/stock_uom", before.stock_uom != input.stock_uom),
        ("/stock_decimals", before.stock_decimals > i16::from(input.decimals())),
    ] {
        if changed {
            let detail = "This cannot change, because the product has had stock.";
            problems.add(pointer, Code::InvalidStateTransition, detail);
        }
    }
    problems.check().err().unwrap_or_else(|| Refusal::state("The product has had stock."))
}

/// Returns the products that have ever had stock.
async fn find_with_stock(tx: &Tx, products: &[&Product]) -> Result<HashSet<ProductId>, Error> {
    if products.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<Uuid> = products.iter().map(|product| product.id.0).collect();
    let query = sqlx::query(
        "select distinct product_id from stock_level where tenant_id = $1 and product_id = any($2)",
    );
    let rows = tx.rows(query.bind(tx.tenant_id.0).bind(ids)).await?;
    rows.iter().map(|row| Ok(ProductId(row.try_get(0)?))).collect()
}
