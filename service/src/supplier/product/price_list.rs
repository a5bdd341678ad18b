//! Many products of a supplier at once, as its price list has them. A list costs as many statements as one product.

use std::collections::{BTreeSet, HashMap};

use domain::id::{ProductId, SupplierId};
use domain::number::Quantity;
use domain::product::ProductKind;
use domain::refusal::{Problems, Refusal};
use domain::supplier;
use domain::text::Line64;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use super::{SupplierProductInput, check_stocked, check_values};
use crate::columns::Columns;
use crate::listing::{number, optional_number, word};
use crate::{Error, Tx};

/// A product that a price list names.
#[derive(Debug)]
pub struct Named {
    pub id: ProductId,
    sku: String,
    kind: ProductKind,
    /// Its stock unit and its other units.
    units: Vec<String>,
    /// The statement of it before, if the supplier sells it.
    pub before: Option<SupplierProductInput>,
}

impl Named {
    /// Rejects what can't be stated of the product.
    pub fn check(&self, input: &SupplierProductInput) -> Result<(), Refusal> {
        let mut problems = Problems::default();
        check_values(&mut problems, input);
        let uom = input.uom.as_deref();
        let has_unit = uom.is_none_or(|uom| self.units.iter().any(|unit| unit == uom));
        check_stocked(&mut problems, (self.sku.as_str(), self.kind), uom.filter(|_| !has_unit))?;
        problems.check()
    }
}

/// Locks a supplier, and the products with these SKUs. Returns the products, by the SKU that is stored.
pub async fn lock(
    tx: &Tx,
    supplier_id: SupplierId,
    skus: Vec<String>,
) -> Result<HashMap<String, Named>, Error> {
    // An import can wait longer than a till.
    tx.execute(sqlx::query("select set_config('lock_timeout', '10s', true)")).await?;
    super::lock(tx, supplier_id).await?;
    // Of two changes that prefer different suppliers, the second then sees the first.
    let statement = "select p.id, p.sku, p.kind, \
                            array(select u.uom from product_unit u where u.tenant_id = $1 and u.product_id = p.id) \
                                || p.stock_uom as units \
                     from product p where p.tenant_id = $1 and p.sku = any($2) \
                     order by p.id for no key update of p";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(skus)).await?;
    let ids = rows.iter().map(|row| row.try_get("id")).collect::<Result<Vec<Uuid>, sqlx::Error>>()?;
    let mut stated = find_stated(tx, supplier_id, ids).await?;
    let mut products = HashMap::with_capacity(rows.len());
    for row in &rows {
        let (id, sku): (Uuid, String) = (row.try_get("id")?, row.try_get("sku")?);
        let named = Named {
            id: ProductId(id),
            sku: sku.clone(),
            kind: word(row, "kind")?,
            units: row.try_get("units")?,
            before: stated.remove(&id),
        };
        products.insert(sku, named);
    }
    Ok(products)
}

/// Returns what was stated of products, and locks it: another supplier that becomes the preferred one changes it without a lock on
/// this supplier.
async fn find_stated(
    tx: &Tx,
    supplier_id: SupplierId,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, SupplierProductInput>, Error> {
    let statement = "select product_id, supplier_sku, uom, min_order_quantity, order_multiple, preferred, prices \
                     from supplier_product where tenant_id = $1 and supplier_id = $2 and product_id = any($3) \
                     order by product_id for no key update";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(supplier_id.0).bind(ids);
    let mut stated = HashMap::new();
    for row in &tx.rows(query).await? {
        let supplier_sku: Option<String> = row.try_get("supplier_sku")?;
        let input = SupplierProductInput {
            supplier_sku: supplier_sku.map(Line64::from),
            uom: row.try_get("uom")?,
            min_order_quantity: number(row, "min_order_quantity")?,
            order_multiple: optional_number(row, "order_multiple")?,
            preferred: row.try_get("preferred")?,
            prices: supplier::of_json(&row.try_get("prices")?),
        };
        stated.insert(row.try_get("product_id")?, input);
    }
    Ok(stated)
}

/// States products of a supplier, which were checked and are locked, and replaces what was stated before. Returns the suppliers that
/// are preferred no longer.
pub async fn set_all(
    tx: &Tx,
    supplier_id: SupplierId,
    stated: &[(ProductId, SupplierProductInput)],
) -> Result<Vec<SupplierId>, Error> {
    if stated.is_empty() {
        return Ok(Vec::new());
    }
    let before = take_preferences(tx, supplier_id, stated).await?;
    let statement = "insert into supplier_product (tenant_id, supplier_id, created_at, updated_at, product_id, supplier_sku, \
                                                   uom, min_order_quantity, order_multiple, preferred, prices) \
                     select $1, $2, $3, $3, v.* \
                     from unnest($4::uuid[], $5::text[], $6::text[], $7::numeric[], $8::numeric[], $9::bool[], $10::jsonb[]) as v \
                                (product_id, supplier_sku, uom, min_order_quantity, order_multiple, preferred, prices) \
                     on conflict (tenant_id, supplier_id, product_id) do update \
                     set supplier_sku = excluded.supplier_sku, uom = excluded.uom, \
                         min_order_quantity = excluded.min_order_quantity, order_multiple = excluded.order_multiple, \
                         preferred = excluded.preferred, prices = excluded.prices, updated_at = excluded.updated_at, \
                         version = supplier_product.version + 1";
    Columns::of(statement)
        .bind(tx.tenant_id.0)
        .bind(supplier_id.0)
        .bind(tx.now)
        .column("product_id", stated, |(id, _)| id.0)
        .column("supplier_sku", stated, |(_, input)| input.supplier_sku.clone().map(String::from))
        .column("uom", stated, |(_, input)| input.uom.clone())
        .column("min_order_quantity", stated, |(_, input)| input.min_order_quantity.get())
        .column("order_multiple", stated, |(_, input)| input.order_multiple.map(Quantity::get))
        .column("preferred", stated, |(_, input)| input.preferred)
        .column("prices", stated, |(_, input)| supplier::to_json(&input.prices))
        .execute(tx)
        .await?;
    Ok(before)
}

/// Takes the mark of products that are to be preferred from the other suppliers that have it. Returns these.
async fn take_preferences(
    tx: &Tx,
    supplier_id: SupplierId,
    stated: &[(ProductId, SupplierProductInput)],
) -> Result<Vec<SupplierId>, Error> {
    let preferred: Vec<Uuid> =
        stated.iter().filter(|(_, input)| input.preferred).map(|(id, _)| id.0).collect();
    if preferred.is_empty() {
        return Ok(Vec::new());
    }
    let statement = "update supplier_product set preferred = false, version = version + 1, updated_at = $4 \
                     where tenant_id = $1 and product_id = any($2) and supplier_id <> $3 and preferred \
                     returning supplier_id";
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(preferred).bind(supplier_id.0);
    let mut before = BTreeSet::new();
    for row in &tx.rows(query.bind(tx.now)).await? {
        before.insert(row.try_get::<Uuid, _>("supplier_id")?);
    }
    Ok(before.into_iter().map(SupplierId).collect())
}
