//! Suggestions: a page of those that are due, and all of one product.

use chrono::NaiveDate;
use domain::id::{CategoryId, LocationId, ProductId, TenantId};
use domain::refusal::Refusal;
use domain::replenish::Suggestion;
use domain::tag;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::run::{Extent, Scope, Suggested, run};
use super::shown::{Shown, shown};
use crate::{Db, Error, Tx};

/// A caller who reads suggestions.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    pub tenant_id: TenantId,
    pub sees_costs: bool,
}

/// Which suggestions to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub product_id: Option<ProductId>,
    pub location_id: Option<LocationId>,
    /// Products of this category and of those below it.
    pub category_id: Option<CategoryId>,
}

/// The position of a suggestion in the list: the smallest cover first, then SKU and code of the location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    cover: Option<i64>,
    sku: String,
    location: String,
}

impl Position {
    /// Returns the position of a suggestion.
    pub fn of(row: &Shown) -> Self {
        Position { cover: row.cover_days.before, sku: row.sku.clone(), location: row.location_code.clone() }
    }
}

/// Suggestions for a product: one for each location that has it, also where nothing is due.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplenishmentProduct {
    /// The product.
    pub id: ProductId,
    /// Always `replenishment_product`.
    pub object: tag::ReplenishmentProduct,
    /// Day of the figures.
    pub as_of: NaiveDate,
    /// Suggestions by the code of their location.
    #[schema(max_items = 1000)]
    pub suggestions: Vec<Shown>,
}

/// Returns one page of the suggestions that are due now.
pub async fn list(
    db: &Db,
    caller: Reader,
    filter: Filter,
    after: Option<Position>,
    rows: u64,
) -> Result<Vec<Shown>, Error> {
    let page = async |tx: &Tx| find_due(tx, filter, caller.sees_costs, (after.as_ref(), rows)).await;
    db.report(caller.tenant_id, page).await
}

/// Returns all suggestions of a product, with everything that led to them.
pub async fn explain(db: &Db, caller: Reader, id: ProductId) -> Result<ReplenishmentProduct, Error> {
    db.report(caller.tenant_id, async |tx| explain_in(tx, id, caller.sees_costs).await).await
}

async fn find_due(
    tx: &Tx,
    filter: Filter,
    sees_costs: bool,
    (after, rows): (Option<&Position>, u64),
) -> Result<Vec<Shown>, Error> {
    let products = named_products(tx, filter).await?;
    if products.as_ref().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let is_wanted = |id: LocationId| filter.location_id.is_none_or(|wanted| wanted == id);
    let is_kept = |one: &Suggestion| !one.actions.is_empty() && is_wanted(one.location_id);
    let run =
        run(tx, Scope { products: products.as_deref(), extent: Extent::Row, sees_costs }, is_kept).await?;
    let position = |suggested: &Suggested| -> Result<Position, Error> {
        Ok(Position {
            cover: suggested.suggestion.cover_before,
            sku: run.product(suggested)?.sku.clone(),
            location: run.code(suggested.location_id()).to_owned(),
        })
    };
    let mut placed = Vec::new();
    for suggested in &run.suggested {
        let position = position(suggested)?;
        if after.is_none_or(|after| position > *after) {
            placed.push((position, suggested));
        }
    }
    placed.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    placed.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    placed.into_iter().map(|(_, one)| shown(&run, one, Extent::Row)).collect()
}

/// Returns the products that a filter names. Nothing if it names none, so that all are wanted.
async fn named_products(tx: &Tx, filter: Filter) -> Result<Option<Vec<Uuid>>, Error> {
    let Some(category_id) = filter.category_id else {
        return Ok(filter.product_id.map(|id| vec![id.0]));
    };
    let statement = "with recursive below (id) as ( \
                         select c.id from category c where c.tenant_id = $1 and c.id = $2 \
                         union \
                         select c.id from category c join below b on c.parent_id = b.id where c.tenant_id = $1) \
                     select p.id from product p \
                     where p.tenant_id = $1 and p.category_id in (select b.id from below b) \
                         and ($3::uuid is null or p.id = $3)";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(category_id.0);
    let rows = tx.rows(query.bind(filter.product_id.map(|id| id.0))).await?;
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<Uuid>, _>>()?;
    Ok(Some(ids))
}

async fn explain_in(tx: &Tx, id: ProductId, sees_costs: bool) -> Result<ReplenishmentProduct, Error> {
    let select = "select from product where tenant_id = $1 and id = $2";
    if tx.row(sqlx::query(select).bind(tx.tenant_id.0).bind(id.0)).await?.is_none() {
        return Err(Refusal::not_found("product").into());
    }
    let products = [id.0];
    let scope = Scope { products: Some(products.as_slice()), extent: Extent::Whole, sees_costs };
    let run = run(tx, scope, |_| true).await?;
    let whole = |one: &Suggested| shown(&run, one, Extent::Whole);
    let mut suggestions: Vec<Shown> = run.suggested.iter().map(whole).collect::<Result<_, _>>()?;
    suggestions.sort_by(|left, right| left.location_code.cmp(&right.location_code));
    Ok(ReplenishmentProduct { id, object: tag::ReplenishmentProduct, as_of: run.as_of, suggestions })
}
