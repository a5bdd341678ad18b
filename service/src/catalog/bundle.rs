//! The components of bundles.

use std::collections::HashSet;

use domain::id::ProductId;
use domain::number::Quantity;
use domain::product::{ItemRef, ProductKind};
use domain::refusal::{Problems, QUANTITY_ABOVE_ZERO, Refusal};
use domain::tag;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use super::lookup;
use crate::listing::{number, word};
use crate::{Error, Tx, input};

/// Most components of a bundle.
pub const COMPONENTS_MAX: usize = 100;

/// The components that a bundle gets.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BundleInput {
    /// Components, each product once.
    #[schema(min_items = 1, max_items = 100)]
    pub components: Vec<ComponentInput>,
}

/// A component. Name the product by exactly one of `product_id` and `sku`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentInput {
    /// Id of the product.
    pub product_id: Option<ProductId>,
    /// SKU of the product.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    pub sku: Option<String>,
    /// Stock units of the product per stock unit of the bundle, above zero.
    pub quantity: Quantity,
}

/// A bundle with its components.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Bundle {
    /// Id of the bundle.
    pub id: ProductId,
    /// Always `bundle`.
    pub object: tag::Bundle,
    /// SKU of the bundle.
    #[schema(max_length = 64, example = "GIFT-SET")]
    pub sku: String,
    /// Components of the bundle.
    #[schema(max_items = 100)]
    pub components: Vec<BundlePart>,
}

/// A component of a bundle.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BundlePart {
    /// Id of the product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// Stock unit of the product.
    #[schema(max_length = 8, example = "C62")]
    pub uom: String,
    /// Stock units of the product per stock unit of the bundle.
    pub quantity: Quantity,
}

/// Replaces the components of a bundle. Lines that were sold keep theirs.
pub async fn set(tx: &Tx, id: ProductId, input: &BundleInput) -> Result<Bundle, Error> {
    // The lock makes two changes of one bundle run one after the other.
    let lock = "select kind from product where tenant_id = $1 and id = $2 for no key update";
    let row = tx.row(sqlx::query(lock).bind(tx.tenant_id.0).bind(id.0)).await?;
    let kind: ProductKind = word(&row.ok_or_else(|| Refusal::not_found("product"))?, "kind")?;
    if kind != ProductKind::Bundle {
        return Err(Refusal::state("Only a product of kind bundle has components.").into());
    }
    let components = check(tx, input).await?;
    let delete = "delete from bundle_component where tenant_id = $1 and bundle_id = $2";
    tx.execute(sqlx::query(delete).bind(tx.tenant_id.0).bind(id.0)).await?;
    let insert = "insert into bundle_component (tenant_id, bundle_id, line_no, component_id, quantity) \
                  select $1, $2, v.* from unnest($3::int[], $4::uuid[], $5::numeric[]) as v";
    let numbers: Vec<i32> = (1..).take(components.len()).collect();
    let query = sqlx::query(insert)
        .bind(tx.tenant_id.0)
        .bind(id.0)
        .bind(numbers)
        .bind(components.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
        .bind(components.iter().map(|(_, quantity)| quantity.get()).collect::<Vec<_>>());
    tx.execute(query).await?;
    get(tx, id).await
}

async fn check(tx: &Tx, input: &BundleInput) -> Result<Vec<(ProductId, Quantity)>, Error> {
    let mut problems = Problems::default();
    if input.components.is_empty() || input.components.len() > COMPONENTS_MAX {
        problems.invalid("/components", format!("A bundle has 1 to {COMPONENTS_MAX} components."));
    }
    let mut items = Vec::with_capacity(input.components.len());
    for (index, component) in input.components.iter().enumerate() {
        match (component.product_id, &component.sku) {
            (Some(id), None) => items.push(ItemRef::Id(id)),
            (None, Some(sku)) => items.push(ItemRef::sku(sku)),
            _ => {
                problems.invalid(format!("/components/{index}"), "Name the product by product_id or by sku.")
            }
        }
    }
    problems.check()?;
    let found = lookup::find(tx, &items).await?;
    let mut problems = Problems::default();
    let mut seen = HashSet::new();
    let mut components = Vec::with_capacity(items.len());
    for (index, (item, component)) in items.iter().zip(&input.components).enumerate() {
        let field = if matches!(item, ItemRef::Id(_)) { "product_id" } else { "sku" };
        let pointer = format!("/components/{index}/{field}");
        let Some((product, _)) = found.get(item) else {
            input::add_unknown(&mut problems, pointer, "product");
            continue;
        };
        if product.kind == ProductKind::Bundle {
            problems.invalid(pointer.clone(), "A component is a stocked product or a service, not a bundle.");
        }
        if !seen.insert(product.id) {
            problems.invalid(pointer, "Name each component once.");
        }
        if !component.quantity.is_positive() {
            problems.invalid(format!("/components/{index}/quantity"), QUANTITY_ABOVE_ZERO);
        }
        components.push((product.id, component.quantity));
    }
    problems.check()?;
    Ok(components)
}

/// Returns the components of a product; none if it is not a bundle, or has none yet.
pub async fn get(tx: &Tx, id: ProductId) -> Result<Bundle, Error> {
    let statement = "select p.sku, b.component_id, b.quantity, c.sku as component_sku, c.stock_uom \
                     from product p \
                     left join bundle_component b on b.tenant_id = p.tenant_id and b.bundle_id = p.id \
                     left join product c on c.tenant_id = b.tenant_id and c.id = b.component_id \
                     where p.tenant_id = $1 and p.id = $2 order by b.line_no";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0)).await?;
    let first = rows.first().ok_or_else(|| Refusal::not_found("product"))?;
    let part = |row: &PgRow| -> Result<Option<BundlePart>, Error> {
        let Some(component) = row.try_get("component_id")? else { return Ok(None) };
        Ok(Some(BundlePart {
            product_id: ProductId(component),
            sku: row.try_get("component_sku")?,
            uom: row.try_get("stock_uom")?,
            quantity: number(row, "quantity")?,
        }))
    };
    let parts: Vec<Option<BundlePart>> = rows.iter().map(part).collect::<Result<_, _>>()?;
    let components = parts.into_iter().flatten().collect();
    Ok(Bundle { id, object: tag::Bundle, sku: first.try_get("sku")?, components })
}
