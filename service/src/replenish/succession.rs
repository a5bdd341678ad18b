//! Products that supersede others. Demand, stock and supply of all products of a chain count for the newest one.

use std::collections::HashMap;

use domain::id::{LocationId, ProductId};
use domain::number::Quantity;
use domain::product::ProductKind;
use domain::refusal::{Problems, Refusal};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use crate::listing::word;
use crate::{Error, Tx, input};

/// Most products that supersede each other in a row.
const CHAIN_MAX: usize = 10;

const POINTER: &str = "/supersedes_id";

/// A product that another one supersedes, with what it adds to the figures of that one at a location. Quantities are stock units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentPredecessor)]
pub struct Predecessor {
    /// The product.
    pub product_id: ProductId,
    /// SKU of the product.
    #[schema(max_length = 64, example = "BOLT-M8-OLD")]
    pub sku: String,
    /// Stock units available, with those that expire before they would be sold.
    pub available: Quantity,
    /// Stock units of orders that wait, due at any time.
    pub unreserved_orders: Quantity,
    /// Stock units of supply, due at any time.
    pub incoming: Quantity,
    /// Stock units ordered and sold in the last 370 days, before returns.
    pub demand: Quantity,
}

/// Which product supersedes which.
#[derive(Debug, Default)]
pub(super) struct Succession {
    predecessors: HashMap<Uuid, Uuid>,
    successors: HashMap<Uuid, Uuid>,
}

impl Succession {
    /// Takes pairs of a product and the one that it supersedes.
    pub fn new(links: impl IntoIterator<Item = (Uuid, Uuid)>) -> Self {
        let mut succession = Succession::default();
        for (product, predecessor) in links {
            succession.predecessors.insert(product, predecessor);
            succession.successors.insert(predecessor, product);
        }
        succession
    }

    /// Returns the newest product of the chain, if another product supersedes this one.
    pub fn newest(&self, product: Uuid) -> Option<Uuid> {
        walk(product, &self.successors).last()
    }

    /// Returns the products whose figures count for this one, the newest first. None count for a product that is superseded.
    pub fn counted_for(&self, product: Uuid) -> impl Iterator<Item = Uuid> {
        let is_newest = !self.successors.contains_key(&product);
        walk(product, &self.predecessors).filter(move |_| is_newest)
    }

    /// Returns products with all that count for them, each once.
    pub fn with_predecessors(&self, products: &[Uuid]) -> Vec<Uuid> {
        let mut all = products.to_vec();
        all.extend(products.iter().flat_map(|product| self.counted_for(*product)));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Returns all products that are superseded.
    pub fn superseded(&self) -> Vec<Uuid> {
        self.successors.keys().copied().collect()
    }
}

/// Returns the products that follow one, without that one.
fn walk(from: Uuid, next: &HashMap<Uuid, Uuid>) -> impl Iterator<Item = Uuid> {
    std::iter::successors(next.get(&from).copied(), move |at| next.get(at).copied()).take(CHAIN_MAX - 1)
}

/// The settings that state a predecessor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated {
    pub product_id: Option<ProductId>,
    pub location_id: Option<LocationId>,
    pub supersedes_id: ProductId,
}

/// Rejects a predecessor that the settings can't have.
pub(super) async fn check(tx: &Tx, problems: &mut Problems, stated: Stated) -> Result<(), Error> {
    let Stated { product_id, location_id, supersedes_id } = stated;
    let Some(product_id) = product_id.filter(|_| location_id.is_none()) else {
        problems.invalid(
            POINTER,
            "A product supersedes another one at all locations: send product_id without location_id.",
        );
        return Ok(());
    };
    if product_id == supersedes_id {
        problems.invalid(POINTER, "A product does not supersede itself. Leave it out.");
        return Ok(());
    }
    let select = "select p.sku, p.kind, p.stock_uom, o.stock_uom as own_uom from product p \
                  left join product o on o.tenant_id = $1 and o.id = $3 \
                  where p.tenant_id = $1 and p.id = $2";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(supersedes_id.0).bind(product_id.0);
    let Some(row) = tx.row(query).await? else {
        input::add_unknown(problems, POINTER, "product");
        return Ok(());
    };
    if word::<ProductKind>(&row, "kind")? != ProductKind::Stocked {
        problems.invalid(POINTER, "Only a stocked product is superseded.");
    }
    let (uom, own): (String, Option<String>) = (row.try_get("stock_uom")?, row.try_get("own_uom")?);
    if let Some(own) = own.filter(|own| *own != uom) {
        let sku: String = row.try_get("sku")?;
        let detail = format!(
            "The stock unit of {sku} is {uom}, and that of this product is {own}. Name a product with the same unit."
        );
        problems.invalid(POINTER, detail);
    }
    Ok(())
}

/// Rejects a predecessor that another product supersedes already.
pub(super) async fn reject_taken(tx: &Tx, product: Uuid, predecessor: ProductId) -> Result<(), Error> {
    let select = "select p.sku from replenish_setting s \
                  join product p on p.tenant_id = $1 and p.id = s.product_id \
                  where s.tenant_id = $1 and s.supersedes_id = $2 and s.product_id <> $3";
    let query = sqlx::query(select).bind(tx.tenant_id.0).bind(predecessor.0).bind(product);
    let Some(row) = tx.row(query).await? else { return Ok(()) };
    let sku: String = row.try_get("sku")?;
    let detail =
        format!("The product {sku} supersedes it already. Remove it from the settings of {sku} first.");
    Err(Refusal::invalid(POINTER, detail).into())
}

/// The products before a product (steps below zero), the product itself, and those that it supersedes, one step each. A walk ends after
/// so many steps.
const CHAIN: &str = "with recursive below (product_id, step) as ( \
         select $2::uuid, 0 \
         union all \
         select s.supersedes_id, b.step + 1 from below b \
         join replenish_setting s on s.tenant_id = $1 and s.product_id = b.product_id and s.location_id = $3 \
         where s.supersedes_id is not null and b.step < $4::integer), \
     above (product_id, step) as ( \
         select $2::uuid, 0 \
         union all \
         select s.product_id, a.step - 1 from above a \
         join replenish_setting s on s.tenant_id = $1 and s.supersedes_id = a.product_id \
         where a.step > -$4::integer) \
     select w.product_id, w.step, p.sku from ( \
         select b.product_id, b.step from below b \
         union all \
         select a.product_id, a.step from above a where a.step < 0) w \
     join product p on p.tenant_id = $1 and p.id = w.product_id \
     order by w.step";

/// A product of a chain.
struct Link {
    product: Uuid,
    step: i32,
    sku: String,
}

/// Rejects a chain that the product closes to a circle, and one of too many products.
pub(super) async fn reject_circle(tx: &Tx, product: Uuid) -> Result<(), Error> {
    let most = i32::try_from(CHAIN_MAX).unwrap_or(i32::MAX);
    let query = sqlx::query(CHAIN).bind(tx.tenant_id.0).bind(product).bind(Uuid::nil()).bind(most);
    let read = |row: &PgRow| {
        Ok(Link { product: row.try_get("product_id")?, step: row.try_get("step")?, sku: row.try_get("sku")? })
    };
    let chain: Vec<Link> = tx.rows(query).await?.iter().map(read).collect::<Result<_, Error>>()?;
    check_chain(product, &chain).map_err(|detail| Refusal::invalid(POINTER, detail))?;
    Ok(())
}

/// Checks a chain in the order of its steps. A new circle has the product whose predecessor changed.
fn check_chain(product: Uuid, chain: &[Link]) -> Result<(), String> {
    let back = chain.iter().find(|link| link.step > 0 && link.product == product);
    if let Some(back) = back {
        let circle = chain.iter().filter(|link| (0..back.step).contains(&link.step));
        let skus: Vec<&str> = circle.map(|link| link.sku.as_str()).collect();
        return Err(format!(
            "The products {} would supersede each other in a circle. Name another one, or none.",
            skus.join(", ")
        ));
    }
    if chain.len() > CHAIN_MAX {
        return Err(format!(
            "At most {CHAIN_MAX} products supersede each other in a row. Leave out the oldest ones."
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn link(number: u128, step: i32) -> Link {
        Link { product: id(number), step, sku: format!("P{number}") }
    }

    #[test]
    fn all_products_of_a_chain_count_for_the_newest() {
        // 3 supersedes 2, which supersedes 1.
        let succession = Succession::new([(id(3), id(2)), (id(2), id(1))]);
        assert_eq!(succession.counted_for(id(3)).collect::<Vec<_>>(), [id(2), id(1)]);
        assert_eq!(succession.counted_for(id(2)).count(), 0);
        assert_eq!(
            [1, 2, 3, 4].map(|number| succession.newest(id(number))),
            [Some(id(3)), Some(id(3)), None, None]
        );
        assert_eq!(succession.with_predecessors(&[id(3), id(4)]), [id(1), id(2), id(3), id(4)]);
        assert_eq!(succession.with_predecessors(&[id(2), id(2)]), [id(2)]);
    }

    #[test]
    fn a_circle_and_a_long_chain_are_rejected() {
        let circle = [link(1, 0), link(2, 1), link(1, 2), link(2, 3)];
        let found = check_chain(id(1), &circle).expect_err("a circle");
        assert!(found.contains("P1, P2 would"), "{found}");
        let chain: Vec<Link> =
            (0..10).map(|number| link(number, i32::try_from(number).expect("small") - 4)).collect();
        assert_eq!(check_chain(id(4), &chain), Ok(()));
        let longer: Vec<Link> = chain.into_iter().chain([link(10, 6)]).collect();
        let found = check_chain(id(4), &longer).expect_err("too many");
        assert!(found.contains("At most 10"), "{found}");
    }
}
