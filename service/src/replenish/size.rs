//! The number of products at locations that are computed at a time.

use std::collections::{BTreeSet, HashMap};

use domain::id::{LocationId, ProductId};
use domain::refusal::{Code, Refusal};
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::load::Product;
use crate::{Error, Tx};

/// Most products and locations of one run. A tenant with more asks for some products at a time.
pub const PAIRS_MAX: usize = 200_000;

/// Rejects more products at locations than are computed at a time.
pub(super) fn check_size(pairs: usize) -> Result<(), Refusal> {
    if pairs <= PAIRS_MAX {
        return Ok(());
    }
    let detail = format!(
        "More than {PAIRS_MAX} active products at locations are too many at a time. Ask for some products with product_id."
    );
    Err(Refusal::new(Code::ValidationFailed, detail))
}

/// Products at locations that ever had stock, counted up to one more than the most, before anything else is read.
const LEVELS: &str = "select count(*) as pairs from ( \
         select distinct s.product_id, s.location_id from stock_level s \
         join product p on p.tenant_id = $1 and p.id = s.product_id and p.kind = 'stocked' and p.status = 'active' \
         join location l on l.tenant_id = $1 and l.id = s.location_id and l.kind in ('warehouse', 'store') \
         where s.tenant_id = $1 and ($2::uuid[] is null or s.product_id = any($2)) \
         limit $3 \
     ) level";

pub(super) async fn count_levels(tx: &Tx, products: Option<&[Uuid]>) -> Result<usize, Error> {
    let most = i64::try_from(PAIRS_MAX + 1).unwrap_or(i64::MAX);
    let row = tx.row(sqlx::query(LEVELS).bind(tx.tenant_id.0).bind(products).bind(most)).await?;
    let pairs: i64 = row.map_or(Ok(0), |row| row.try_get("pairs"))?;
    Ok(usize::try_from(pairs).unwrap_or_default())
}

/// Returns the number of locations of all active products. Facts of other products are not computed with.
pub(super) fn count_active(products: &[Product], places: &HashMap<ProductId, BTreeSet<LocationId>>) -> usize {
    products.iter().filter_map(|product| places.get(&product.id)).map(BTreeSet::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_products_count_for_the_limit() {
        let id = |number| ProductId(Uuid::from_u128(number));
        let product = Product {
            id: id(1),
            sku: "MUG".to_owned(),
            name: "Mug".to_owned(),
            uom: "C62".to_owned(),
            decimals: 0,
            category: None,
            is_active: true,
            list_price: None,
            unit_cost: None,
        };
        let at = |count: u128| (1..=count).map(|number| LocationId(Uuid::from_u128(number))).collect();
        // The facts of the second product were read, and it is not sold any more.
        let places = HashMap::from([(id(1), at(2)), (id(2), at(5))]);
        assert_eq!(count_active(&[product], &places), 2);
        assert!(check_size(PAIRS_MAX).is_ok() && check_size(PAIRS_MAX + 1).is_err());
    }
}
