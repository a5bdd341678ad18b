//! The terms of preferred suppliers. They count where no settings state a lead time, a smallest order or a pack.

use std::collections::HashMap;

use domain::id::SupplierId;
use domain::number::{Factor, Quantity};
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, optional_number};
use crate::{Error, Tx};

/// The terms on which the preferred supplier sells a product. Quantities are stock units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Terms {
    pub supplier: Option<SupplierId>,
    pub lead_time_days: Option<u32>,
    pub minimum: Option<Quantity>,
    pub pack: Option<Quantity>,
}

/// An archived supplier gets no orders. A unit that the product no longer has says nothing about quantities.
const TERMS: &str = "select s.product_id, s.supplier_id, v.lead_time_days, s.min_order_quantity, s.order_multiple, \
            case when coalesce(s.uom, p.stock_uom) = p.stock_uom then 1 else u.factor end as factor, \
            coalesce(u.factor_denominator, 1::smallint) as denominator, p.stock_decimals \
     from supplier_product s \
     join supplier v on v.tenant_id = $1 and v.id = s.supplier_id \
     join product p on p.tenant_id = $1 and p.id = s.product_id \
     left join product_unit u on u.tenant_id = $1 and u.product_id = s.product_id and u.uom = s.uom \
          and u.uom <> p.stock_uom \
     where s.tenant_id = $1 and s.preferred and v.status = 'active' and ($2::uuid[] is null or s.product_id = any($2))";

/// Returns the terms of some products, or of all that have a preferred supplier.
pub(super) async fn all(tx: &Tx, products: Option<&[Uuid]>) -> Result<HashMap<Uuid, Terms>, Error> {
    let rows = tx.rows(sqlx::query(TERMS).bind(tx.tenant_id.0).bind(products)).await?;
    rows.iter().map(|row| Ok((row.try_get("product_id")?, read(row)?))).collect()
}

fn read(row: &PgRow) -> Result<Terms, Error> {
    let lead_time_days: Option<i32> = row.try_get("lead_time_days")?;
    let denominator: i16 = row.try_get("denominator")?;
    let decimals = u32::try_from(row.try_get::<i16, _>("stock_decimals")?).unwrap_or_default();
    let factor: Option<Quantity> = optional_number(row, "factor")?;
    let factor = factor.map(|factor| Factor::stored(factor, denominator.unsigned_abs()));
    let units = |quantity: Quantity| factor.map(|factor| factor.of(quantity));
    let multiple: Option<Quantity> = optional_number(row, "order_multiple")?;
    Ok(Terms {
        supplier: Some(SupplierId(row.try_get("supplier_id")?)),
        lead_time_days: lead_time_days.map(i32::unsigned_abs),
        minimum: units(number(row, "min_order_quantity")?).and_then(minimum),
        pack: multiple.and_then(units).and_then(|units| pack(units, decimals)),
    })
}

/// Returns a smallest order; nothing for zero.
fn minimum(units: Decimal) -> Option<Quantity> {
    Some(Quantity::rounded(units)).filter(|units| units.is_positive())
}

/// Returns a pack, if it is a quantity that the product can have.
fn pack(units: Decimal, decimals: u32) -> Option<Quantity> {
    minimum(units).filter(|units| units.get().normalize().scale() <= decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_a_quantity_of_the_product_and_zero_is_no_minimum() {
        let units = Decimal::new;
        assert_eq!((minimum(units(0, 0)), minimum(units(5, 1))), (None, Some(Quantity::new(units(5, 1)))));
        assert_eq!(pack(units(120, 1), 0), Some(Quantity::new(units(12, 0))));
        assert_eq!((pack(units(125, 1), 0), pack(units(0, 0), 0)), (None, None));
        assert_eq!(pack(units(125, 1), 1), Some(Quantity::new(units(125, 1))));
    }
}
