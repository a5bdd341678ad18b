//! Products as the domain sees them, found by id, SKU or barcode.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use domain::id::{CategoryId, ProductId, TaxClassId};
use domain::number::Factor;
use domain::product::{ItemRef, Product, Unit, barcode_forms};
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{self, Row};
use uuid::Uuid;

use crate::listing::{number, optional_number, optional_word, word};
use crate::{Error, Tx};

/// The products that a basket names.
#[derive(Debug, Default)]
pub struct BasketProducts {
    products: HashMap<ProductId, Product>,
    skus: HashMap<String, ProductId>,
    barcodes: HashMap<String, (ProductId, String)>,
}

impl BasketProducts {
    /// Returns the product that `item` names, and the unit of its barcode if it is named by one.
    pub fn get(&self, item: &ItemRef) -> Option<(&Product, Option<&str>)> {
        let (id, uom) = match item {
            ItemRef::Id(id) => (id, None),
            ItemRef::Sku(sku) => (self.skus.get(sku)?, None),
            ItemRef::Barcode(code) => {
                let (id, uom) = barcode_forms(code).find_map(|form| self.barcodes.get(&*form))?;
                (id, Some(uom.as_str()))
            }
            ItemRef::Unnamed => return None,
        };
        Some((self.products.get(id)?, uom))
    }

    pub fn ids(&self) -> Vec<ProductId> {
        self.products.keys().copied().collect()
    }

    /// Returns the categories of all products, and all categories above them.
    pub fn categories(&self) -> Vec<CategoryId> {
        let lineages = self.products.values().flat_map(|product| product.lineage.iter().copied());
        lineages.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Finds the products that `items` name, with their units.
pub async fn find(tx: &Tx, items: &[ItemRef]) -> Result<BasketProducts, Error> {
    let mut found = BasketProducts::default();
    let mut ids = BTreeSet::new();
    let mut skus = Vec::new();
    let mut codes = Vec::new();
    for item in items {
        match item {
            ItemRef::Id(id) => {
                ids.insert(id.0);
            }
            ItemRef::Sku(sku) => skus.push(sku.as_str()),
            ItemRef::Barcode(code) => codes.extend(barcode_forms(code).map(Cow::into_owned)),
            ItemRef::Unnamed => {}
        }
    }
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    for (code, id, uom) in barcodes(tx, &codes).await? {
        ids.insert(id.0);
        found.barcodes.insert(code, (id, uom));
    }
    let ids: Vec<Uuid> = ids.into_iter().collect();
    for product in [products_by_sku(tx, &skus).await?, products_by_id(tx, &ids).await?].into_iter().flatten()
    {
        found.skus.insert(product.sku.clone(), product.id);
        found.products.insert(product.id, product);
    }
    let ids: Vec<Uuid> = found.products.keys().map(|id| id.0).collect();
    for (id, unit) in units(tx, &ids).await? {
        if let Some(product) = found.products.get_mut(&id) {
            product.units.push(unit);
        }
    }
    Ok(found)
}

/// Returns the products and units of barcodes.
pub(crate) async fn barcodes(tx: &Tx, codes: &[&str]) -> Result<Vec<(String, ProductId, String)>, Error> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let statement = "select code, product_id, uom from barcode where tenant_id = $1 and code = any($2)";
    let rows = tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(codes)).await?;
    rows.iter()
        .map(|row| Ok((row.try_get("code")?, ProductId(row.try_get("product_id")?), row.try_get("uom")?)))
        .collect()
}

/// Returns the products with these SKUs, without their units and components.
pub(crate) async fn products_by_sku(tx: &Tx, skus: &[&str]) -> Result<Vec<Product>, Error> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    let statement = "select p.id, p.sku, p.kind, p.status, p.stock_uom, p.tax_class_id, p.list_price, c.lineage, \
                            p.costing_method, p.stock_decimals, p.tracking, p.name, p.version \
                     from product p left join category c on c.tenant_id = p.tenant_id and c.id = p.category_id \
                     where p.tenant_id = $1 and p.sku = any($2)";
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(skus)).await?.iter().map(read_product).collect()
}

/// Returns the products with these ids, without their units and components.
pub(crate) async fn products_by_id(tx: &Tx, ids: &[Uuid]) -> Result<Vec<Product>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = "select p.id, p.sku, p.kind, p.status, p.stock_uom, p.tax_class_id, p.list_price, c.lineage, \
                            p.costing_method, p.stock_decimals, p.tracking, p.name, p.version \
                     from product p left join category c on c.tenant_id = p.tenant_id and c.id = p.category_id \
                     where p.tenant_id = $1 and p.id = any($2)";
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(read_product).collect()
}

/// Returns the units of products besides their stock units.
pub(crate) async fn units(tx: &Tx, ids: &[Uuid]) -> Result<Vec<(ProductId, Unit)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let statement = "select product_id, uom, factor, factor_denominator, list_price from product_unit \
                     where tenant_id = $1 and product_id = any($2) order by uom";
    let unit = |row: &PgRow| -> Result<(ProductId, Unit), Error> {
        let unit = Unit {
            uom: row.try_get("uom")?,
            factor: Factor::stored(
                number(row, "factor")?,
                row.try_get::<i16, _>("factor_denominator")?.unsigned_abs(),
            ),
            list_price: optional_number(row, "list_price")?,
        };
        Ok((ProductId(row.try_get("product_id")?), unit))
    };
    tx.rows(sqlx::query(statement).bind(tx.tenant_id.0).bind(ids)).await?.iter().map(unit).collect()
}

fn read_product(row: &PgRow) -> Result<Product, Error> {
    let lineage: Option<Vec<Uuid>> = row.try_get("lineage")?;
    Ok(Product {
        id: ProductId(row.try_get("id")?),
        version: row.try_get("version")?,
        sku: row.try_get("sku")?,
        name: row.try_get("name")?,
        kind: word(row, "kind")?,
        status: word(row, "status")?,
        tracking: word(row, "tracking")?,
        lineage: lineage.unwrap_or_default().into_iter().map(CategoryId).collect(),
        stock_uom: row.try_get("stock_uom")?,
        stock_decimals: u8::try_from(row.try_get::<i16, _>("stock_decimals")?).unwrap_or_default(),
        tax_class_id: TaxClassId(row.try_get("tax_class_id")?),
        list_price: optional_number(row, "list_price")?,
        costing_method: optional_word(row, "costing_method")?,
        units: Vec::new(),
        components: Vec::new(),
    })
}
