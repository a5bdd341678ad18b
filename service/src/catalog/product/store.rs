//! The rows of products: built from inputs, read with all parts, written many at a time.

use std::collections::HashMap;

use ::entity::{barcode, product, product_unit};
use domain::id::ProductId;
use rust_decimal::Decimal;
use sea_orm::sqlx;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::check::{self, Resolved};
use super::{Product, ProductInput};
use crate::columns::Columns;
use crate::{Error, Tx, input};

const INSERT: &str = "
    insert into product (tenant_id, id, sku, name, description, category_id, kind, status, tracking, stock_uom,
                         tax_class_id, list_price, external_ref, metadata, group_id, option_values, version,
                         created_at, updated_at, stock_decimals, costing_method)
    select $1, r.id, r.sku, r.name, r.description, r.category_id, r.kind, r.status, r.tracking, r.stock_uom,
           r.tax_class_id, r.list_price, r.external_ref, r.metadata::jsonb, r.group_id, r.option_values, r.version,
           $18, $18, r.stock_decimals, r.costing_method
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::uuid[], $12::numeric[], $13::text[], $14::text[], $15::uuid[], $16::text[],
                $17::int[], $19::smallint[], $20::text[])
         r (id, sku, name, description, category_id, kind, status, tracking, stock_uom, tax_class_id, list_price,
            external_ref, metadata, group_id, option_values, version, stock_decimals, costing_method)";

const UPDATE: &str = "
    update product p
    set sku = r.sku, name = r.name, description = r.description, category_id = r.category_id, kind = r.kind,
        status = r.status, tracking = r.tracking, stock_uom = r.stock_uom, tax_class_id = r.tax_class_id,
        list_price = r.list_price, external_ref = r.external_ref, metadata = r.metadata::jsonb,
        group_id = r.group_id, option_values = r.option_values, version = r.version, updated_at = $18,
        stock_decimals = r.stock_decimals, costing_method = r.costing_method
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::uuid[], $12::numeric[], $13::text[], $14::text[], $15::uuid[], $16::text[],
                $17::int[], $19::smallint[], $20::text[])
         r (id, sku, name, description, category_id, kind, status, tracking, stock_uom, tax_class_id, list_price,
            external_ref, metadata, group_id, option_values, version, stock_decimals, costing_method)
    where p.tenant_id = $1 and p.id = r.id";

/// Builds the rows of a new product.
pub(super) fn assemble(tx: &Tx, id: ProductId, checked: Resolved, input: &ProductInput) -> Product {
    let row = product::Model {
        tenant_id: tx.tenant_id,
        id,
        sku: input.sku.to_string(),
        name: input.name.to_string(),
        description: input.description.to_string(),
        category_id: input.category_id,
        kind: input.kind,
        status: input.status,
        tracking: input.tracking,
        stock_uom: input.stock_uom.clone(),
        stock_decimals: input.decimals().into(),
        tax_class_id: checked.tax_class_id,
        list_price: input.list_price,
        costing_method: input.costing_method,
        external_ref: input.external_ref.clone().map(String::from),
        metadata: input::metadata_json(&input.metadata),
        group_id: input.group_id,
        option_values: checked.option_values,
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let unit = |unit: &super::UnitInput| product_unit::Model {
        tenant_id: tx.tenant_id,
        product_id: id,
        uom: unit.uom.clone(),
        factor: unit.factor,
        list_price: unit.list_price,
    };
    let barcode = |(_, uom, code): (String, &str, &str)| barcode::Model {
        tenant_id: tx.tenant_id,
        code: code.to_owned(),
        product_id: id,
        uom: uom.to_owned(),
    };
    let (units, barcodes) = (input.units.iter().map(unit), check::barcodes(input).map(barcode));
    let mut product = Product { row, units: units.collect(), barcodes: barcodes.collect() };
    product.sort_parts();
    product
}

impl Product {
    fn sort_parts(&mut self) {
        self.units.sort_by(|one, other| one.uom.cmp(&other.uom));
        self.barcodes.sort_by(|one, other| one.code.cmp(&other.code));
    }
}

pub(super) async fn insert(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    if products.is_empty() {
        return Ok(());
    }
    bind(tx, INSERT, products).execute(tx).await?;
    insert_parts(tx, products).await
}

/// Writes changed products. Their units and barcodes are replaced.
pub(super) async fn update(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    if products.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = products.iter().map(|product| product.row.id.0).collect();
    for delete in [
        "delete from product_unit where tenant_id = $1 and product_id = any($2)",
        "delete from barcode where tenant_id = $1 and product_id = any($2)",
    ] {
        tx.execute(sqlx::query(delete).bind(tx.tenant_id.0).bind(&ids)).await?;
    }
    bind(tx, UPDATE, products).execute(tx).await?;
    insert_parts(tx, products).await
}

/// Clears unique values, so that products written together may swap them.
pub(super) async fn release(tx: &Tx, ids: &[Uuid]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let query = sqlx::query(
        "update product set external_ref = null, group_id = null, option_values = null
         where tenant_id = $1 and id = any($2)",
    );
    tx.execute(query.bind(tx.tenant_id.0).bind(ids)).await?;
    Ok(())
}

/// Binds the columns of products for [`INSERT`] and [`UPDATE`].
fn bind(tx: &Tx, text: &'static str, products: &[&Product]) -> Columns<'static> {
    Columns::of(text)
        .bind(tx.tenant_id.0)
        .column("id", products, |product| product.row.id.0)
        .column("sku", products, |product| product.row.sku.clone())
        .column("name", products, |product| product.row.name.clone())
        .column("description", products, |product| product.row.description.clone())
        .column("category_id", products, |product| product.row.category_id.map(|id| id.0))
        .column("kind", products, |product| <&'static str>::from(product.row.kind))
        .column("status", products, |product| <&'static str>::from(product.row.status))
        .column("tracking", products, |product| <&'static str>::from(product.row.tracking))
        .column("stock_uom", products, |product| product.row.stock_uom.clone())
        .column("tax_class_id", products, |product| product.row.tax_class_id.0)
        .column("list_price", products, |product| product.row.list_price.map(|price| price.get()))
        .column("external_ref", products, |product| product.row.external_ref.clone())
        .column("metadata", products, |product| product.row.metadata.to_string())
        .column("group_id", products, |product| product.row.group_id.map(|id| id.0))
        .column("option_values", products, |product| product.row.option_values.clone())
        .column("version", products, |product| product.row.version)
        .bind(tx.now)
        .column("stock_decimals", products, |product| product.row.stock_decimals)
        .column("costing_method", products, |product| product.row.costing_method.map(<&'static str>::from))
}

async fn insert_parts(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    let units: Vec<&product_unit::Model> = products.iter().flat_map(|product| &product.units).collect();
    if !units.is_empty() {
        let query = sqlx::query(
            "insert into product_unit (tenant_id, product_id, uom, factor, list_price)
             select $1, r.* from unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[]) r",
        );
        let query = query
            .bind(tx.tenant_id.0)
            .bind(units.iter().map(|unit| unit.product_id.0).collect::<Vec<Uuid>>())
            .bind(units.iter().map(|unit| unit.uom.as_str()).collect::<Vec<&str>>())
            .bind(units.iter().map(|unit| unit.factor.get()).collect::<Vec<Decimal>>())
            .bind(units.iter().map(|unit| unit.list_price.map(|price| price.get())).collect::<Vec<_>>());
        tx.execute(query).await?;
    }
    let barcodes: Vec<&barcode::Model> = products.iter().flat_map(|product| &product.barcodes).collect();
    if !barcodes.is_empty() {
        let query = sqlx::query(
            "insert into barcode (tenant_id, code, product_id, uom)
             select $1, r.* from unnest($2::text[], $3::uuid[], $4::text[]) r",
        );
        let query = query
            .bind(tx.tenant_id.0)
            .bind(barcodes.iter().map(|barcode| barcode.code.as_str()).collect::<Vec<&str>>())
            .bind(barcodes.iter().map(|barcode| barcode.product_id.0).collect::<Vec<Uuid>>())
            .bind(barcodes.iter().map(|barcode| barcode.uom.as_str()).collect::<Vec<&str>>());
        tx.execute(query).await?;
    }
    Ok(())
}

/// Returns the product of a row, with its units and barcodes.
pub(super) async fn with_parts_of(tx: &Tx, row: product::Model) -> Result<Product, Error> {
    with_parts(tx, vec![row]).await?.pop().ok_or_else(|| Error::invariant("one row in, none out"))
}

/// Reads the units and barcodes of many products in two statements.
pub(crate) async fn with_parts(tx: &Tx, rows: Vec<product::Model>) -> Result<Vec<Product>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ProductId> = rows.iter().map(|row| row.id).collect();
    let units =
        tx.select::<product_unit::Entity>().filter(product_unit::Column::ProductId.is_in(ids.clone()));
    let units = units.order_by_asc(product_unit::Column::Uom).all(tx).await?;
    let barcodes = tx.select::<barcode::Entity>().filter(barcode::Column::ProductId.is_in(ids));
    let barcodes = barcodes.order_by_asc(barcode::Column::Code).all(tx).await?;
    let mut places: HashMap<ProductId, usize> = HashMap::with_capacity(rows.len());
    let mut products: Vec<Product> = Vec::with_capacity(rows.len());
    for row in rows {
        places.insert(row.id, products.len());
        products.push(Product { row, units: Vec::new(), barcodes: Vec::new() });
    }
    for unit in units {
        if let Some(place) = places.get(&unit.product_id) {
            products[*place].units.push(unit);
        }
    }
    for barcode in barcodes {
        if let Some(place) = places.get(&barcode.product_id) {
            products[*place].barcodes.push(barcode);
        }
    }
    // The database sorts by another alphabet.
    products.iter_mut().for_each(Product::sort_parts);
    Ok(products)
}
