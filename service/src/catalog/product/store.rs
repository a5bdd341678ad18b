//! The rows of products: built from inputs, read with all parts, written many at a time.

use std::collections::HashMap;

use ::entity::{barcode, product, product_unit};
use domain::id::{ProductId, TaxClassId};
use domain::number::{Factor, Price};
use domain::product::{Barcode64, joined_gtin};
use domain::{annotation, metadata, tag};
use sea_orm::sqlx;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::check::to_stored;
use super::{Product, ProductInput, ProductUnit, UnitInput};
use crate::attachment::{self, ProductImage};
use crate::columns::Columns;
use crate::{Error, Tx};

/// `price_key` is the price in millionths with leading zeros: a text that sorts as the price does, and last without one.
/// `unit_fractions` has the factors that are fractions, for units that a server of the version before writes as decimals.
const INSERT: &str = "
    insert into product (tenant_id, id, sku, name, description, category_id, kind, status, tracking, stock_uom,
                         tax_class_id, list_price, external_ref, metadata, group_id, option_values, version,
                         created_at, updated_at, stock_decimals, costing_method, images, tags, attachments, price_key,
                         unit_fractions)
    select $1, r.id, r.sku, r.name, r.description, r.category_id, r.kind, r.status, r.tracking, r.stock_uom,
           r.tax_class_id, r.list_price, r.external_ref, r.metadata::jsonb, r.group_id, r.option_values, r.version,
           $18, $18, r.stock_decimals, r.costing_method, r.images::jsonb, r.tags::jsonb, r.attachments::jsonb,
           coalesce(lpad((r.list_price * 1000000)::bigint::text, 18, '0'), '~'), r.unit_fractions::jsonb
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::uuid[], $12::numeric[], $13::text[], $14::text[], $15::uuid[], $16::text[],
                $17::int[], $19::smallint[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[])
         r (id, sku, name, description, category_id, kind, status, tracking, stock_uom, tax_class_id, list_price,
            external_ref, metadata, group_id, option_values, version, stock_decimals, costing_method, images, tags,
            attachments, unit_fractions)";

const UPDATE: &str = "
    update product p
    set sku = r.sku, name = r.name, description = r.description, category_id = r.category_id, kind = r.kind,
        status = r.status, tracking = r.tracking, stock_uom = r.stock_uom, tax_class_id = r.tax_class_id,
        list_price = r.list_price, external_ref = r.external_ref, metadata = r.metadata::jsonb,
        group_id = r.group_id, option_values = r.option_values, version = r.version, updated_at = $18,
        stock_decimals = r.stock_decimals, costing_method = r.costing_method, images = r.images::jsonb,
        tags = r.tags::jsonb, attachments = r.attachments::jsonb,
        price_key = coalesce(lpad((r.list_price * 1000000)::bigint::text, 18, '0'), '~'),
        unit_fractions = r.unit_fractions::jsonb,
        sku_since = case when p.sku = r.sku then p.sku_since else $18 end
    from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::uuid[], $12::numeric[], $13::text[], $14::text[], $15::uuid[], $16::text[],
                $17::int[], $19::smallint[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[])
         r (id, sku, name, description, category_id, kind, status, tracking, stock_uom, tax_class_id, list_price,
            external_ref, metadata, group_id, option_values, version, stock_decimals, costing_method, images, tags,
            attachments, unit_fractions)
    where p.tenant_id = $1 and p.id = r.id";

/// Builds a new product.
pub(super) fn assemble(tx: &Tx, id: ProductId, tax_class_id: TaxClassId, input: &ProductInput) -> Product {
    let unit = |unit: &UnitInput| ProductUnit {
        uom: unit.uom.clone(),
        factor: unit.factor,
        list_price: unit.list_price,
        barcodes: texts(&unit.barcodes),
    };
    let mut product = Product {
        id,
        object: tag::Product,
        sku: input.sku.to_string(),
        name: input.name.to_string(),
        description: input.description.to_string(),
        category_id: input.category_id,
        kind: input.kind,
        status: input.status,
        tracking: input.tracking,
        stock_uom: input.stock_uom.clone(),
        stock_decimals: input.decimals().into(),
        tax_class_id,
        list_price: input.list_price,
        costing_method: input.costing_method,
        barcodes: texts(&input.barcodes),
        units: input.units.iter().map(unit).collect(),
        group_id: input.group_id,
        options: input.options.clone(),
        external_ref: input.external_ref.clone().map(String::from),
        images: input.images.clone(),
        image_files: Vec::new(),
        tags: input.tags.clone(),
        attachments: input.attachments.clone(),
        metadata: input.metadata.clone(),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    product.sort_parts();
    product
}

fn texts(codes: &[Barcode64]) -> Vec<String> {
    codes.iter().map(Barcode64::to_string).collect()
}

/// Makes a product of its row, without units, barcodes and image files.
fn without_parts(row: product::Model) -> Product {
    let options = row.option_values.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Product {
        id: row.id,
        object: tag::Product,
        sku: row.sku,
        name: row.name,
        description: row.description,
        category_id: row.category_id,
        kind: row.kind,
        status: row.status,
        tracking: row.tracking,
        stock_uom: row.stock_uom,
        stock_decimals: row.stock_decimals,
        tax_class_id: row.tax_class_id,
        list_price: row.list_price,
        costing_method: row.costing_method,
        barcodes: Vec::new(),
        units: Vec::new(),
        group_id: row.group_id,
        options: options.unwrap_or_default(),
        external_ref: row.external_ref,
        images: annotation::stored_links(&row.images),
        image_files: Vec::new(),
        tags: annotation::stored_tags(&row.tags),
        attachments: annotation::stored_links(&row.attachments),
        metadata: metadata::of_json(&row.metadata),
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

impl Product {
    fn sort_parts(&mut self) {
        self.units.sort_by(|one, other| one.uom.cmp(&other.uom));
        self.barcodes.sort();
        self.units.iter_mut().for_each(|unit| unit.barcodes.sort());
    }

    /// Returns the values of its group's options as the column has them; none if the product is not a variant.
    pub(super) fn option_values(&self) -> Option<String> {
        self.group_id.map(|_| to_stored(&self.options))
    }
}

pub(super) async fn insert(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    if products.is_empty() {
        return Ok(());
    }
    bind(tx, INSERT, products).execute(tx).await?;
    insert_parts(tx, products).await
}

/// Keeps the list prices that change, for instants before now. Of two changes in one transaction, the first has the price.
async fn keep_prices(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    let units = products.iter().flat_map(|product| {
        product.units.iter().map(|unit| (product.id, unit.uom.as_str(), unit.list_price))
    });
    let prices: Vec<(ProductId, &str, Option<Price>)> =
        products.iter().map(|product| (product.id, "", product.list_price)).chain(units).collect();
    let query = Columns::of(
        "with changed as (
             select * from unnest($2::uuid[], $3::text[], $4::numeric[]) v (product_id, uom, price)
         ), known as (
             select p.id as product_id, '' as uom, p.list_price as price
             from product p where p.tenant_id = $1 and p.id in (select product_id from changed)
             union all
             select u.product_id, u.uom, u.list_price
             from product_unit u where u.tenant_id = $1 and u.product_id in (select product_id from changed)
         )
         insert into replaced_price (tenant_id, product_id, uom, replaced_at, price)
         select $1, product_id, uom, $5, known.price
         from known full join changed using (product_id, uom)
         where known.price is distinct from changed.price
         on conflict do nothing",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .column("product_id", &prices, |(id, ..)| id.0)
        .column("uom", &prices, |(_, uom, _)| *uom)
        .column("price", &prices, |(.., price)| price.map(|price| price.get()))
        .bind(tx.now);
    query.execute(tx).await?;
    Ok(())
}

/// Keeps what documents print of products that change in it. Documents keep the version up to which it held.
async fn keep_printed(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    let query = Columns::of(
        "insert into replaced_product (tenant_id, product_id, version, sku, name, tax_class_id, replaced_at)
         select $1, p.id, p.version, p.sku, p.name, p.tax_class_id, $6
         from unnest($2::uuid[], $3::text[], $4::text[], $5::uuid[]) v (id, sku, name, tax_class_id)
         join product p on p.tenant_id = $1 and p.id = v.id
         where (p.sku, p.name, p.tax_class_id) is distinct from (v.sku, v.name, v.tax_class_id)",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .column("id", products, |product| product.id.0)
        .column("sku", products, |product| product.sku.clone())
        .column("name", products, |product| product.name.clone())
        .column("tax_class_id", products, |product| product.tax_class_id.0)
        .bind(tx.now);
    query.execute(tx).await?;
    Ok(())
}

/// Keeps the SKUs that change, for forced sales that name the product by one that it had.
async fn keep_skus(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    let query = Columns::of(
        "insert into former_sku (tenant_id, sku, product_id, replaced_at, since)
         select $1, p.sku, p.id, $2, p.sku_since
         from product p join unnest($3::uuid[], $4::text[]) v (id, sku) on v.id = p.id
         where p.tenant_id = $1 and p.sku <> v.sku
         on conflict do nothing",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .column("id", products, |product| product.id.0)
        .column("sku", products, |product| product.sku.clone());
    query.execute(tx).await?;
    Ok(())
}

/// Keeps the barcodes that are removed or get another unit, for forced sales that scanned them.
async fn keep_barcodes(tx: &Tx, ids: &[Uuid], staying: &[Barcode<'_>]) -> Result<(), Error> {
    let query = Columns::of(
        "insert into former_barcode (tenant_id, code, product_id, uom, since, replaced_at)
         select $1, b.code, b.product_id, b.uom, b.since, $2
         from barcode b
         where b.tenant_id = $1 and b.product_id = any($3) and not exists (
             select from unnest($4::uuid[], $5::text[], $6::text[]) s (product_id, uom, code)
             where s.product_id = b.product_id and s.uom = b.uom and s.code = b.code)
         on conflict do nothing",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(ids.to_vec())
        .column("product_id", staying, |(id, ..)| id.0)
        .column("uom", staying, |(_, uom, _)| *uom)
        .column("code", staying, |(.., code)| *code);
    query.execute(tx).await?;
    Ok(())
}

/// Keeps the units that are removed or get another factor, for forced sales in them.
async fn keep_units(tx: &Tx, ids: &[Uuid], products: &[&Product]) -> Result<(), Error> {
    let staying = products.iter().flat_map(|product| product.units.iter().map(|unit| (product.id, unit)));
    let staying: Vec<(ProductId, &ProductUnit)> = staying.collect();
    let query = Columns::of(
        "insert into former_unit (tenant_id, product_id, uom, factor, factor_denominator, list_price, replaced_at)
         select $1, u.product_id, u.uom, u.factor, u.factor_denominator, u.list_price, $2
         from product_unit u
         where u.tenant_id = $1 and u.product_id = any($3) and not exists (
             select from unnest($4::uuid[], $5::text[], $6::numeric[], $7::smallint[])
                         s (product_id, uom, factor, factor_denominator)
             where s.product_id = u.product_id and s.uom = u.uom and s.factor = u.factor
               and s.factor_denominator = u.factor_denominator)
         on conflict do nothing",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .bind(tx.now)
        .bind(ids.to_vec())
        .column("product_id", &staying, |(id, _)| id.0)
        .column("uom", &staying, |(_, unit)| unit.uom.as_str())
        .column("factor", &staying, |(_, unit)| unit.factor.rounded().get())
        .column("factor_denominator", &staying, |(_, unit)| unit.factor.denominator().cast_signed());
    query.execute(tx).await?;
    Ok(())
}

/// Writes changed products. Their units are replaced, and so are the barcodes that change.
pub(super) async fn update(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    if products.is_empty() {
        return Ok(());
    }
    keep_prices(tx, products).await?;
    keep_printed(tx, products).await?;
    keep_skus(tx, products).await?;
    let ids: Vec<Uuid> = products.iter().map(|product| product.id.0).collect();
    keep_units(tx, &ids, products).await?;
    keep_barcodes(tx, &ids, &barcodes_of(products)).await?;
    let units = sqlx::query("delete from product_unit where tenant_id = $1 and product_id = any($2)");
    tx.execute(units.bind(tx.tenant_id.0).bind(&ids)).await?;
    delete_barcodes(tx, &ids, &barcodes_of(products)).await?;
    bind(tx, UPDATE, products).execute(tx).await?;
    insert_parts(tx, products).await
}

/// Makes the next version of a product whose images changed.
pub async fn touch(tx: &Tx, id: ProductId) -> Result<(), Error> {
    let statement =
        "update product set version = version + 1, updated_at = $3 where tenant_id = $1 and id = $2";
    tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(id.0).bind(tx.now)).await?;
    Ok(())
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
        .column("id", products, |product| product.id.0)
        .column("sku", products, |product| product.sku.clone())
        .column("name", products, |product| product.name.clone())
        .column("description", products, |product| product.description.clone())
        .column("category_id", products, |product| product.category_id.map(|id| id.0))
        .column("kind", products, |product| <&'static str>::from(product.kind))
        .column("status", products, |product| <&'static str>::from(product.status))
        .column("tracking", products, |product| <&'static str>::from(product.tracking))
        .column("stock_uom", products, |product| product.stock_uom.clone())
        .column("tax_class_id", products, |product| product.tax_class_id.0)
        .column("list_price", products, |product| product.list_price.map(|price| price.get()))
        .column("external_ref", products, |product| product.external_ref.clone())
        .column("metadata", products, |product| metadata::to_json(&product.metadata).to_string())
        .column("group_id", products, |product| product.group_id.map(|id| id.0))
        .column("option_values", products, |product| product.option_values())
        .column("version", products, |product| product.version)
        .bind(tx.now)
        .column("stock_decimals", products, |product| product.stock_decimals)
        .column("costing_method", products, |product| product.costing_method.map(<&'static str>::from))
        .column("images", products, |product| json!(product.images).to_string())
        .column("tags", products, |product| json!(product.tags).to_string())
        .column("attachments", products, |product| json!(product.attachments).to_string())
        .column("unit_fractions", products, |product| unit_fractions(product).to_string())
}

/// Returns the units of a product whose factor is a fraction, as the column has them.
fn unit_fractions(product: &Product) -> Value {
    let fractions = product.units.iter().filter(|unit| unit.factor.is_fraction());
    let stored = |unit: &ProductUnit| json!({ "factor": unit.factor.rounded(), "denominator": unit.factor.denominator() });
    fractions.map(|unit| (unit.uom.clone(), stored(unit))).collect::<Map<_, _>>().into()
}

async fn insert_parts(tx: &Tx, products: &[&Product]) -> Result<(), Error> {
    let units = products.iter().flat_map(|product| product.units.iter().map(|unit| (product.id, unit)));
    let units: Vec<(ProductId, &ProductUnit)> = units.collect();
    if !units.is_empty() {
        let query = Columns::of(
            "insert into product_unit (tenant_id, product_id, uom, factor, list_price, factor_denominator)
             select $1, r.* from unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[], $6::smallint[])
                                 r (product_id, uom, factor, list_price, factor_denominator)",
        );
        let query = query
            .bind(tx.tenant_id.0)
            .column("product_id", &units, |(id, _)| id.0)
            .column("uom", &units, |(_, unit)| unit.uom.as_str())
            .column("factor", &units, |(_, unit)| unit.factor.rounded().get())
            .column("list_price", &units, |(_, unit)| unit.list_price.map(|price| price.get()))
            .column("factor_denominator", &units, |(_, unit)| unit.factor.denominator().cast_signed());
        query.execute(tx).await?;
    }
    write_barcodes(tx, &barcodes_of(products)).await
}

/// A barcode with its product and its unit.
type Barcode<'p> = (ProductId, &'p str, &'p str);

fn barcodes_of<'p>(products: &[&'p Product]) -> Vec<Barcode<'p>> {
    let of = |product: &&'p Product| {
        let product = *product;
        product.all_barcodes().map(|(uom, code)| (product.id, uom, code)).collect::<Vec<_>>()
    };
    products.iter().flat_map(of).collect()
}

/// Deletes the barcodes of products, except those that stay.
async fn delete_barcodes(tx: &Tx, ids: &[Uuid], staying: &[Barcode<'_>]) -> Result<(), Error> {
    let query = Columns::of(
        "delete from barcode b
         where b.tenant_id = $1 and b.product_id = any($2) and not exists (
             select from unnest($3::uuid[], $4::text[]) s (product_id, code)
             where s.product_id = b.product_id and s.code = b.code)",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .bind(ids.to_vec())
        .column("product_id", staying, |(id, ..)| id.0)
        .column("code", staying, |(_, _, code)| *code);
    query.execute(tx).await?;
    Ok(())
}

/// Writes the barcodes that products get. One that a product has already keeps its article: an older one has none, so that
/// two products which had it before barcodes were compared by article may keep it.
async fn write_barcodes(tx: &Tx, barcodes: &[Barcode<'_>]) -> Result<(), Error> {
    if barcodes.is_empty() {
        return Ok(());
    }
    let query = Columns::of(
        "with r as (
             select * from unnest($2::text[], $3::uuid[], $4::text[], $5::text[]) r (code, product_id, uom, gtin)
         ), moved as (
             update barcode b set uom = r.uom, since = $6 from r
             where b.tenant_id = $1 and b.code = r.code and b.product_id = r.product_id and b.uom <> r.uom
         )
         insert into barcode (tenant_id, code, product_id, uom, gtin, since)
         select $1, r.code, r.product_id, r.uom, r.gtin, nullif($6, p.created_at)
         from r join product p on p.tenant_id = $1 and p.id = r.product_id
         where not exists (
             select from barcode b where b.tenant_id = $1 and b.code = r.code and b.product_id = r.product_id)",
    );
    let query = query
        .bind(tx.tenant_id.0)
        .column("code", barcodes, |(_, _, code)| *code)
        .column("product_id", barcodes, |(id, ..)| id.0)
        .column("uom", barcodes, |(_, uom, _)| *uom)
        .column("gtin", barcodes, |(.., code)| joined_gtin(code))
        .bind(tx.now);
    query.execute(tx).await?;
    Ok(())
}

/// Returns the product of a row, with its units, barcodes and image files.
pub(super) async fn with_parts_of(tx: &Tx, row: product::Model) -> Result<Product, Error> {
    with_parts(tx, vec![row]).await?.pop().ok_or_else(|| Error::invariant("one row in, none out"))
}

/// Reads the units, barcodes and image files of many products in three statements.
pub(crate) async fn with_parts(tx: &Tx, rows: Vec<product::Model>) -> Result<Vec<Product>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ProductId> = rows.iter().map(|row| row.id).collect();
    let units =
        tx.select::<product_unit::Entity>().filter(product_unit::Column::ProductId.is_in(ids.clone()));
    let units = units.order_by_asc(product_unit::Column::Uom).all(tx).await?;
    let images = attachment::images(tx, &ids).await?;
    let barcodes = tx.select::<barcode::Entity>().filter(barcode::Column::ProductId.is_in(ids));
    let barcodes = barcodes.order_by_asc(barcode::Column::Code).all(tx).await?;
    let mut places: HashMap<ProductId, usize> = HashMap::with_capacity(rows.len());
    let mut products: Vec<Product> = Vec::with_capacity(rows.len());
    for row in rows {
        places.insert(row.id, products.len());
        products.push(without_parts(row));
    }
    for product_unit::Model { product_id, uom, factor, list_price, factor_denominator, .. } in units {
        let factor = Factor::stored(factor, factor_denominator.unsigned_abs());
        if let Some(place) = places.get(&product_id) {
            products[*place].units.push(ProductUnit { uom, factor, list_price, barcodes: Vec::new() });
        }
    }
    for barcode::Model { product_id, uom, code, .. } in barcodes {
        let Some(product) = places.get(&product_id).map(|place| &mut products[*place]) else { continue };
        if product.stock_uom == uom {
            product.barcodes.push(code);
        } else if let Some(unit) = product.units.iter_mut().find(|unit| unit.uom == uom) {
            unit.barcodes.push(code);
        }
    }
    for ProductImage { product_id, image } in images {
        if let Some(place) = places.get(&product_id) {
            products[*place].image_files.push(image);
        }
    }
    // The database sorts by another alphabet.
    products.iter_mut().for_each(Product::sort_parts);
    Ok(products)
}
