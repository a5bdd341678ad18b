//! Products. Creating is set-based: a batch of 500 costs as many statements as one product.

mod check;

use std::collections::HashMap;

use ::entity::{barcode, product, product_unit};
use domain::id::{CategoryId, ProductId, TaxClassId};
use domain::number::{Price, Quantity};
use domain::product::{ProductKind, ProductStatus, Tracking};
use domain::refusal::{Code, Problems, Refusal};
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
};
use serde::{Deserialize, Serialize};

use crate::input::{self, Change, Metadata};
use crate::page::Page;
use crate::rows::{insert_all, starts_with};
use crate::{Error, Tx};

use check::{Drafts, Known};

/// The most products of one batch.
pub const BATCH_MAX: usize = 500;

/// A product as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductCreate)]
pub struct ProductInput {
    /// Stock keeping unit: unique and case-sensitive.
    #[schema(min_length = 1, max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// The name.
    #[schema(min_length = 1, max_length = 200, example = "Bolt M8 x 40")]
    pub name: String,
    /// A longer text.
    #[serde(default)]
    #[schema(max_length = 10000, example = "Zinc-plated steel, DIN 933.")]
    pub description: String,
    /// The category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// Goods, a service or a bundle. It can't change once stock was kept.
    #[serde(default)]
    pub kind: ProductKind,
    /// Whether it may be sold.
    #[serde(default)]
    pub status: ProductStatus,
    /// How precisely its stock is followed. It can't change once stock was kept.
    #[serde(default)]
    pub tracking: Tracking,
    /// The unit that stock is counted in: a UN/ECE Rec 20 or 21 code. It can't change once stock was kept.
    #[serde(default = "piece")]
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "C62")]
    pub stock_uom: String,
    /// How it is taxed; the class with the code `standard`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class_id: Option<TaxClassId>,
    /// The list price per stock unit. Absent means that there is none, which is not the same as a price of zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Barcodes of the stock unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub barcodes: Vec<String>,
    /// Units in which it is sold, besides the stock unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub units: Vec<UnitInput>,
    /// Your own id of it, unique among products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "erp-4711")]
    pub external_ref: Option<String>,
    /// Your own notes: at most 50, each of at most 500 characters.
    #[serde(default)]
    #[schema(schema_with = input::metadata_schema)]
    pub metadata: Metadata,
}

/// A unit in which a product is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductUnitCreate)]
pub struct UnitInput {
    /// A UN/ECE Rec 20 or 21 code.
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "XCS")]
    pub uom: String,
    /// Stock units per unit: 24 for a case of 24 pieces.
    pub factor: Quantity,
    /// The list price per unit; the product's list price times the factor, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Barcodes of the unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub barcodes: Vec<String>,
}

/// A product with its units and barcodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// The product's own row.
    pub row: product::Model,
    /// Units besides the stock unit, by code.
    pub units: Vec<product_unit::Model>,
    /// Barcodes of all units, by code.
    pub barcodes: Vec<barcode::Model>,
}

/// Which products to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Exactly this SKU.
    pub sku: Option<String>,
    /// The name begins with this, in any case.
    pub name_prefix: Option<String>,
    /// In this category itself.
    pub category_id: Option<CategoryId>,
    /// With this status.
    pub status: Option<ProductStatus>,
    /// With this external reference.
    pub external_ref: Option<String>,
}

fn piece() -> String {
    "C62".to_owned()
}

impl Product {
    /// What its owner would state to get it as it is.
    pub fn input(&self) -> ProductInput {
        let row = &self.row;
        let barcodes_of = |uom: &str| -> Vec<String> {
            self.barcodes.iter().filter(|code| code.uom == uom).map(|code| code.code.clone()).collect()
        };
        ProductInput {
            sku: row.sku.clone(),
            name: row.name.clone(),
            description: row.description.clone(),
            category_id: row.category_id,
            kind: row.kind,
            status: row.status,
            tracking: row.tracking,
            stock_uom: row.stock_uom.clone(),
            tax_class_id: Some(row.tax_class_id),
            list_price: row.list_price,
            barcodes: barcodes_of(&row.stock_uom),
            units: self
                .units
                .iter()
                .map(|unit| UnitInput {
                    uom: unit.uom.clone(),
                    factor: unit.factor,
                    list_price: unit.list_price,
                    barcodes: barcodes_of(&unit.uom),
                })
                .collect(),
            external_ref: row.external_ref.clone(),
            metadata: input::metadata_of(&row.metadata),
        }
    }
}

/// Creates one product.
pub async fn create(tx: &Tx, input: &ProductInput) -> Result<Product, Error> {
    let created =
        create_all(tx, std::slice::from_ref(input)).await.map_err(|error| lost_race(error, input))?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one product in, none out"))?;
    Ok(created?)
}

/// Creates the products that can be created; answers for each of them, in order. A second product with the SKU, the
/// external reference or a barcode of an earlier one of the batch is refused.
pub async fn create_all(tx: &Tx, inputs: &[ProductInput]) -> Result<Vec<Result<Product, Refusal>>, Error> {
    let known = Known::load(tx, inputs).await?;
    let mut drafts = Drafts::new(known, None);
    let answers: Vec<Result<Product, Refusal>> = inputs
        .iter()
        .map(|input| {
            let tax_class_id = drafts.check(input)?;
            Ok(assemble(tx, ProductId(tx.next_id()), tax_class_id, input))
        })
        .collect();
    let created = || answers.iter().flatten();
    insert_all::<product::Entity, _>(tx, created().map(|product| product.row.clone()).collect()).await?;
    insert_parts(tx, created()).await?;
    Ok(answers)
}

/// Changes a product, if it is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: ProductId,
    expected: Option<i32>,
    change: Change<'_, ProductInput>,
) -> Result<Product, Error> {
    let locked =
        tx.select::<product::Entity>().filter(product::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(|| Refusal::not_found("product"))?;
    input::check_version(before.version, expected)?;
    let before = whole(tx, before).await?;
    let input = &change(&before.input())?;
    let known = Known::load(tx, std::slice::from_ref(input)).await?;
    let tax_class_id = Drafts::new(known, Some(id)).check(input)?;
    let before = before.row;
    check_unchangeable(tx, &before, input).await?;

    let mut after = assemble(tx, id, tax_class_id, input);
    after.row.version = before.version + 1;
    after.row.created_at = before.created_at;
    let row = after.row.clone().into_active_model().reset_all();
    after.row = row.update(tx).await.map_err(Error::from).map_err(|error| lost_race(error, input))?;
    delete_parts(tx, id).await?;
    insert_parts(tx, [&after]).await.map_err(|error| lost_race(error, input))?;
    Ok(after)
}

/// The product `id`.
pub async fn get(tx: &Tx, id: ProductId) -> Result<Product, Error> {
    let row = tx.select::<product::Entity>().filter(product::Column::Id.eq(id)).one(tx).await?;
    whole(tx, row.ok_or_else(|| Refusal::not_found("product"))?).await
}

/// The product that a barcode stands for, and the unit.
pub async fn by_barcode(tx: &Tx, code: &str) -> Result<(barcode::Model, Product), Error> {
    let row = tx.select::<barcode::Entity>().filter(barcode::Column::Code.eq(code)).one(tx).await?;
    let row = row.ok_or_else(|| Refusal::not_found("barcode"))?;
    let product = get(tx, row.product_id).await?;
    Ok((row, product))
}

/// One page of products.
pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Product>, Error> {
    let mut query = tx.select::<product::Entity>();
    if let Some(sku) = &filter.sku {
        query = query.filter(product::Column::Sku.eq(sku));
    }
    if let Some(prefix) = &filter.name_prefix {
        let name_key = Expr::col((product::Entity, "name_key"));
        query = query.filter(name_key.binary(starts_with(), Func::lower(Expr::val(prefix))));
    }
    if let Some(category_id) = filter.category_id {
        query = query.filter(product::Column::CategoryId.eq(category_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(product::Column::Status.eq(status));
    }
    if let Some(external_ref) = &filter.external_ref {
        query = query.filter(product::Column::ExternalRef.eq(external_ref));
    }
    let rows = page.of(query, product::Column::Id, product::Column::UpdatedAt).all(tx).await?;
    with_parts(tx, rows).await
}

/// The rows that `input` stands for.
fn assemble(tx: &Tx, id: ProductId, tax_class_id: TaxClassId, input: &ProductInput) -> Product {
    let row = product::Model {
        tenant_id: tx.tenant_id,
        id,
        sku: input.sku.clone(),
        name: input.name.clone(),
        description: input.description.clone(),
        category_id: input.category_id,
        kind: input.kind,
        status: input.status,
        tracking: input.tracking,
        stock_uom: input.stock_uom.clone(),
        tax_class_id,
        list_price: input.list_price,
        external_ref: input.external_ref.clone(),
        metadata: input::metadata_json(&input.metadata),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let mut units: Vec<product_unit::Model> = input
        .units
        .iter()
        .map(|unit| product_unit::Model {
            tenant_id: tx.tenant_id,
            product_id: id,
            uom: unit.uom.clone(),
            factor: unit.factor,
            list_price: unit.list_price,
        })
        .collect();
    units.sort_by(|one, other| one.uom.cmp(&other.uom));
    let mut barcodes: Vec<barcode::Model> = check::barcodes(input)
        .map(|(_, uom, code)| barcode::Model {
            tenant_id: tx.tenant_id,
            code: code.to_owned(),
            product_id: id,
            uom: uom.to_owned(),
        })
        .collect();
    barcodes.sort_by(|one, other| one.code.cmp(&other.code));
    Product { row, units, barcodes }
}

async fn insert_parts<'p>(
    tx: &Tx,
    products: impl IntoIterator<Item = &'p Product> + Clone,
) -> Result<(), Error> {
    let units = products.clone().into_iter().flat_map(|product| product.units.iter().cloned()).collect();
    insert_all::<product_unit::Entity, _>(tx, units).await?;
    let barcodes = products.into_iter().flat_map(|product| product.barcodes.iter().cloned()).collect();
    insert_all::<barcode::Entity, _>(tx, barcodes).await
}

async fn delete_parts(tx: &Tx, id: ProductId) -> Result<(), Error> {
    let units = product_unit::Entity::delete_many();
    let of_tenant = product_unit::Column::TenantId.eq(tx.tenant_id);
    units.filter(of_tenant).filter(product_unit::Column::ProductId.eq(id)).exec(tx).await?;
    let barcodes = barcode::Entity::delete_many();
    let of_tenant = barcode::Column::TenantId.eq(tx.tenant_id);
    barcodes.filter(of_tenant).filter(barcode::Column::ProductId.eq(id)).exec(tx).await?;
    Ok(())
}

async fn whole(tx: &Tx, row: product::Model) -> Result<Product, Error> {
    with_parts(tx, vec![row]).await?.pop().ok_or_else(|| Error::invariant("one row in, none out"))
}

/// The units and barcodes of many products in two statements.
async fn with_parts(tx: &Tx, rows: Vec<product::Model>) -> Result<Vec<Product>, Error> {
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
    Ok(products)
}

/// What stock depends on can't change once stock was kept: its history would mean something else.
async fn check_unchangeable(tx: &Tx, before: &product::Model, input: &ProductInput) -> Result<(), Error> {
    let mut problems = Problems::default();
    for (pointer, changed) in [
        ("/kind", before.kind != input.kind),
        ("/tracking", before.tracking != input.tracking),
        ("/stock_uom", before.stock_uom != input.stock_uom),
    ] {
        if changed {
            let detail = "This can't change any more, because stock of the product was kept.";
            problems.add(pointer, Code::InvalidStateTransition, detail);
        }
    }
    if problems.is_empty() || !has_stock(tx, before.id).await? {
        return Ok(());
    }
    Ok(problems.check()?)
}

async fn has_stock(tx: &Tx, id: ProductId) -> Result<bool, Error> {
    let query =
        sea_orm::sqlx::query("select 1 from stock_level where tenant_id = $1 and product_id = $2 limit 1");
    Ok(tx.row(query.bind(tx.tenant_id.0).bind(id.0)).await?.is_some())
}

/// Another transaction took a value between our look and our write.
fn lost_race(error: Error, input: &ProductInput) -> Error {
    let external_ref = input.external_ref.as_deref().unwrap_or_default();
    error
        .on_constraint("product_sku_key", || input::refuse_taken("/sku", "product", &input.sku))
        .on_constraint("product_external_ref_key", || input::refuse_external_ref_taken(external_ref))
        .on_constraint("barcode_pkey", || {
            Problems::one(
                "/barcodes",
                Code::AlreadyExists,
                "Another product has one of these barcodes already.",
            )
        })
}
