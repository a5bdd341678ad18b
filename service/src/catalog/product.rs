//! Products. A batch of 500 is created with as many statements as one product.

mod check;
mod sort;
pub(crate) mod store;
pub mod upsert;

use std::borrow::Cow;

use ::entity::{barcode, product};
use chrono::{DateTime, Utc};
use domain::annotation::{Link, Tag};
use domain::id::{CategoryId, ProductGroupId, ProductId, TaxClassId};
use domain::metadata::{self, Metadata};
use domain::number::{Factor, Price};
use domain::product::{Barcode64, ProductKind, ProductStatus, Tracking, barcode_forms, decimals_of};
use domain::refusal::{Code, Problems, Refusal};
use domain::stock::CostingMethod;
use domain::tag;
use domain::text::{Code64, Description, Line200, Name, one_form};
use domain::variant::Choice;
use sea_orm::sea_query::LockType;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

use crate::attachment::ImageFile;
use crate::input::{self, Change, Patched};
use crate::listing::{self, Columns, Listing};
use crate::page::{Ordering, Page, Placed};
use crate::search::{Noted, Pairs, Search, Searchable};
use crate::{Error, Tx};

pub use sort::ProductSort;
pub use store::touch;

use check::{Drafts, References};
use store::{assemble, with_parts, with_parts_of};
use upsert::check_stock_fields;

/// The fields of a product that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductCreate)]
pub struct ProductInput {
    /// Stock keeping unit: unique and case-sensitive. It is kept in Unicode's form NFKC, without invisible characters.
    pub sku: Code64,
    /// Name of the product.
    pub name: Name,
    /// Description of the product.
    #[serde(default)]
    pub description: Description,
    /// Category of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// Kind of the product: stocked, a service or a bundle. It cannot change after the product has had stock.
    #[serde(default)]
    pub kind: ProductKind,
    /// Whether the product may be sold.
    #[serde(default)]
    pub status: ProductStatus,
    /// Whether stock is tracked by lot or serial number. It cannot change after the product has had stock.
    #[serde(default)]
    pub tracking: Tracking,
    /// Unit in which stock is counted: a UN/ECE Rec 20 or 21 code. It cannot change after the product has had stock.
    #[serde(default = "piece")]
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "C62")]
    pub stock_uom: String,
    /// Decimals of a quantity in that unit. The default is 0 for pieces and packages, and 6 for other units. It
    /// cannot decrease after the product has had stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 6, example = 0)]
    pub stock_decimals: Option<u8>,
    /// Tax class. The default is the class with the code `standard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class_id: Option<TaxClassId>,
    /// List price per stock unit. Absent means that there is none, which differs from a price of zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Costing method. The default is the one in the settings. A change does not alter any value: with its next
    /// movement, the stock on hand becomes one layer at its present value, or an average of its layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costing_method: Option<CostingMethod>,
    /// Barcodes of the stock unit. A UPC-A, an EAN-13 and a GTIN-14 that differ in leading zeros only are one barcode. Blanks and
    /// hyphens of a GTIN are removed, and a UPC-E becomes its UPC-A. A UPC-E that is also a GTIN-8 is kept as it is: lookups find it by its
    /// UPC-A too.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub barcodes: Vec<Barcode64>,
    /// Units of sale besides the stock unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub units: Vec<UnitInput>,
    /// Group of which the product is a variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<ProductGroupId>,
    /// For a variant: its value for each option of the group, by the option's name.
    #[serde(default)]
    #[schema(schema_with = options_schema)]
    pub options: Choice,
    /// Your own id of the product, unique among products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<Line200>,
    /// Links to images of the product, the main one first: at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub images: Vec<Link>,
    /// Tags: at most 50, each once.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
    /// Links to other files, such as a data sheet: at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub attachments: Vec<Link>,
    /// Your own notes: at most 50, each of at most 500 characters.
    #[serde(default)]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
}

/// A unit in which a product is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductUnitCreate)]
pub struct UnitInput {
    /// UN/ECE Rec 20 or 21 code of the unit.
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "XCS")]
    pub uom: String,
    /// Stock units per unit: `24` for a case of 24 pieces, `1/12` for a piece if stock is counted in dozens. A fraction is
    /// exact, and is returned in lowest terms.
    pub factor: Factor,
    /// List price per unit. The default is the product's list price times the factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// Barcodes of the unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub barcodes: Vec<Barcode64>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Product {
    /// Id of the product.
    pub id: ProductId,
    pub object: tag::Product,
    /// Stock keeping unit: unique and case-sensitive.
    #[schema(max_length = 64, example = "BOLT-M8")]
    pub sku: String,
    /// The name.
    #[schema(max_length = 200, example = "Bolt M8 x 40")]
    pub name: String,
    /// Longer text about the product.
    #[schema(max_length = 10000, example = "Zinc-plated steel, DIN 933.")]
    pub description: String,
    /// Category of the product.
    pub category_id: Option<CategoryId>,
    /// Stocked, a service or a bundle.
    pub kind: ProductKind,
    /// Whether it may be sold.
    pub status: ProductStatus,
    /// Whether its stock is tracked in lots, by serial number, or not at all.
    pub tracking: Tracking,
    /// Unit in which its stock is counted (UN/ECE Rec 20 or 21).
    #[schema(max_length = 3, example = "C62")]
    pub stock_uom: String,
    /// Decimals that a quantity in that unit may have.
    #[schema(minimum = 0, maximum = 6, example = 0)]
    pub stock_decimals: i16,
    /// Tax class of the product.
    pub tax_class_id: TaxClassId,
    /// List price per stock unit. Null: no list price, which is not a price of zero.
    pub list_price: Option<Price>,
    /// Costing method of its issues. Null: as the tenant's settings say.
    pub costing_method: Option<CostingMethod>,
    /// Barcodes of the stock unit.
    #[schema(max_items = 20, example = json!(["4006381333931"]))]
    pub barcodes: Vec<String>,
    /// Units in which it is sold besides the stock unit.
    #[schema(max_items = 20)]
    pub units: Vec<ProductUnit>,
    /// Group that it is a variant of.
    pub group_id: Option<ProductGroupId>,
    /// Its values of the group's options.
    #[schema(schema_with = options_schema)]
    pub options: Choice,
    /// Your own id of it.
    #[schema(max_length = 200, example = "erp-4711")]
    pub external_ref: Option<String>,
    /// Links to images of the product, the main one first.
    #[schema(max_items = 20)]
    pub images: Vec<Link>,
    /// Images that are stored here, the main one first: `POST /v1/attachments` adds one.
    #[schema(max_items = 50)]
    pub image_files: Vec<ImageFile>,
    /// Tags.
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
    /// Links to other files.
    #[schema(max_items = 20)]
    pub attachments: Vec<Link>,
    /// Your own notes.
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
    /// Version number. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A unit in which a product is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ProductUnit {
    /// A UN/ECE Rec 20 or 21 code.
    #[schema(max_length = 3, example = "XCS")]
    pub uom: String,
    /// Stock units per unit.
    pub factor: Factor,
    /// List price per unit. Null: the product's list price times the factor.
    pub list_price: Option<Price>,
    /// Barcodes of the unit.
    #[schema(max_items = 20, example = json!(["10614141000415"]))]
    pub barcodes: Vec<String>,
}

/// A barcode with its product and unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Barcode {
    /// The code.
    #[schema(max_length = 64, example = "4006381333931")]
    pub id: String,
    pub object: tag::Barcode,
    /// The code.
    #[schema(max_length = 64, example = "4006381333931")]
    pub code: String,
    /// Unit that the code stands for.
    #[schema(max_length = 3, example = "C62")]
    pub uom: String,
    /// Stock units per unit.
    pub factor: Factor,
    /// The product.
    pub product: Product,
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub sku: Option<String>,
    /// A text in the SKU or name; case does not matter.
    pub search: Option<Search>,
    /// Products directly in this category.
    pub category_id: Option<CategoryId>,
    pub status: Option<ProductStatus>,
    pub external_ref: Option<String>,
    pub group_id: Option<ProductGroupId>,
    /// A tag of the product.
    pub tag: Option<String>,
    /// Pairs that the record has in its metadata.
    pub metadata: Pairs,
}

/// Returns the OpenAPI schema of a variant's options.
pub fn options_schema() -> Object {
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(64));
    ObjectBuilder::new()
        .description(Some("For a variant: the value that it chose of each option of its group."))
        .additional_properties(Some(Schema::from(value)))
        .max_properties(Some(domain::variant::OPTIONS_MAX))
        .examples([serde_json::json!({ "Size": "M", "Colour": "Red" })])
        .build()
}

fn codes(texts: &[String]) -> Vec<Barcode64> {
    texts.iter().map(|text| text.as_str().into()).collect()
}

fn piece() -> String {
    "C62".to_owned()
}

impl ProductInput {
    /// Returns the decimals that a quantity of the product may have.
    pub fn decimals(&self) -> u8 {
        self.stock_decimals.unwrap_or_else(|| decimals_of(&self.stock_uom))
    }

    /// Returns a product with default values and this SKU.
    pub fn new(sku: impl Into<Code64>) -> Self {
        ProductInput {
            sku: sku.into(),
            name: Name::default(),
            description: Description::default(),
            category_id: None,
            kind: ProductKind::default(),
            status: ProductStatus::default(),
            tracking: Tracking::default(),
            stock_uom: piece(),
            stock_decimals: None,
            tax_class_id: None,
            list_price: None,
            costing_method: None,
            barcodes: Vec::new(),
            units: Vec::new(),
            group_id: None,
            options: Choice::new(),
            external_ref: None,
            images: Vec::new(),
            tags: Vec::new(),
            attachments: Vec::new(),
            metadata: Metadata::new(),
        }
    }
}

impl Product {
    /// Returns the barcodes of all units, each with its unit.
    fn all_barcodes(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_units = self.units.iter().map(|unit| (unit.uom.as_str(), &unit.barcodes));
        let all = std::iter::once((self.stock_uom.as_str(), &self.barcodes)).chain(of_units);
        all.flat_map(|(uom, codes)| codes.iter().map(move |code| (uom, code.as_str())))
    }

    /// Returns the input that would create the product as it is now.
    pub fn input(&self) -> ProductInput {
        // A default that follows from the unit is left out, so that it follows a change of the unit.
        let stated = u8::try_from(self.stock_decimals).unwrap_or_default();
        let unit = |unit: &ProductUnit| UnitInput {
            uom: unit.uom.clone(),
            factor: unit.factor,
            list_price: unit.list_price,
            barcodes: codes(&unit.barcodes),
        };
        ProductInput {
            sku: self.sku.clone().into(),
            name: Name::stored(&self.name),
            description: self.description.clone().into(),
            category_id: self.category_id,
            kind: self.kind,
            status: self.status,
            tracking: self.tracking,
            stock_uom: self.stock_uom.clone(),
            stock_decimals: (stated != decimals_of(&self.stock_uom)).then_some(stated),
            tax_class_id: Some(self.tax_class_id),
            list_price: self.list_price,
            costing_method: self.costing_method,
            barcodes: codes(&self.barcodes),
            units: self.units.iter().map(unit).collect(),
            group_id: self.group_id,
            options: self.options.clone(),
            external_ref: self.external_ref.clone().map(Line200::from),
            images: self.images.clone(),
            tags: self.tags.clone(),
            attachments: self.attachments.clone(),
            metadata: self.metadata.clone(),
        }
    }
}

pub async fn create(tx: &Tx, input: &ProductInput) -> Result<Product, Error> {
    let created = create_all(tx, std::slice::from_ref(input))
        .await
        .map_err(|error| reject_taken_value(error, input))?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one product in, none out"))?;
    Ok(created?)
}

/// Creates every valid product of a batch and returns one result per input, in order. Rejects an SKU, external
/// reference or barcode that an earlier product of the batch has.
pub async fn create_all(tx: &Tx, inputs: &[ProductInput]) -> Result<Vec<Result<Product, Refusal>>, Error> {
    let mut drafts = Drafts::new(References::load(tx, inputs).await?);
    let answers: Vec<Result<Product, Refusal>> = inputs
        .iter()
        .map(|input| {
            let id = ProductId(tx.next_id());
            let tax_class_id = drafts.check(input, id, None)?;
            Ok(assemble(tx, id, tax_class_id, input))
        })
        .collect();
    store::insert(tx, &answers.iter().flatten().collect::<Vec<_>>()).await?;
    Ok(answers)
}

/// Changes a product that is still at version `expected`.
pub async fn update(
    tx: &Tx,
    id: ProductId,
    expected: Option<i32>,
    change: Change<'_, ProductInput>,
) -> Result<Patched<Product>, Error> {
    let locked =
        tx.select::<product::Entity>().filter(product::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let before = locked.one(tx).await?.ok_or_else(|| Refusal::not_found("product"))?;
    input::check_version(before.version, expected)?;
    let before = with_parts_of(tx, before).await?;
    let Some(input) = change(&before.input())? else {
        return Ok(Patched::unchanged(before));
    };
    check_stock_fields(tx, &before, &input).await?;
    let mut drafts = Drafts::new(References::load(tx, std::slice::from_ref(&input)).await?);
    let input = &drafts.settle(input, &before);
    let tax_class_id = drafts.check(input, id, Some(&before))?;
    let mut after = assemble(tx, id, tax_class_id, input);
    (after.version, after.created_at, after.updated_at) =
        (before.version, before.created_at, before.updated_at);
    after.image_files.clone_from(&before.image_files);
    // A patch may state the default of a field that the input leaves out.
    if after == before {
        return Ok(Patched::unchanged(before));
    }
    (after.version, after.updated_at) = (before.version + 1, tx.now);
    store::update(tx, &[&after]).await.map_err(|error| reject_taken_value(error, input))?;
    Ok(Patched::changed(after))
}

pub async fn get(tx: &Tx, id: ProductId) -> Result<Product, Error> {
    let row = tx.select::<product::Entity>().filter(product::Column::Id.eq(id)).one(tx).await?;
    with_parts_of(tx, row.ok_or_else(|| Refusal::not_found("product"))?).await
}

/// Returns at most `rows` products by SKU, after the SKU `after`, with all pairs of `metadata`, for an export.
pub async fn list_by_sku(
    tx: &Tx,
    status: Option<ProductStatus>,
    metadata: &Pairs,
    after: Option<&str>,
    rows: u64,
) -> Result<Vec<Product>, Error> {
    let query = NOTED.add(tx, Listing::new(tx, SEARCHED.all), metadata).await?;
    let query = query
        .among("p.status", status.as_slice())
        .with("p.sku > ", after.map(str::to_owned))
        .sql(" order by p.sku limit ")
        .bind(rows.cast_signed());
    let rows = query.rows(tx).await?;
    let found = rows.into_iter().map(|row| product::Model::from_query_result(&row.into(), ""));
    with_parts(tx, found.collect::<Result<_, _>>()?).await
}

/// Returns the product and the unit of a barcode.
pub async fn by_barcode(tx: &Tx, code: &str) -> Result<Barcode, Error> {
    let code = one_form(code);
    let forms: Vec<String> = barcode_forms(&code).map(Cow::into_owned).collect();
    let rows = tx.select::<barcode::Entity>().filter(barcode::Column::Code.is_in(&forms)).all(tx).await?;
    let place = |row: &barcode::Model| forms.iter().position(|form| *form == row.code);
    let row = rows.into_iter().min_by_key(place);
    let barcode::Model { code, product_id, uom, .. } = row.ok_or_else(|| Refusal::not_found("barcode"))?;
    let product = get(tx, product_id).await?;
    let unit = product.units.iter().find(|unit| unit.uom == uom);
    let factor = unit.map_or(Factor::ONE, |unit| unit.factor);
    Ok(Barcode { id: code.clone(), object: tag::Barcode, code, uom, factor, product })
}

/// The list, and its searches.
const SEARCHED: Searchable = Searchable {
    all: "select p.* from product p where p.tenant_id = ",
    found: "select p.*, f.rank from auth.find_products(",
    joined: ") f join product p on p.id = f.id where p.tenant_id = ",
    tagged: "select auth.find_tagged_products($1, $2)",
    is_one: "p.id = any(",
    has_tag: "p.tags @> ",
};

const NOTED: Noted =
    Noted { find: "select auth.find_noted_products($1, $2)", is_one: "p.id = any(", has: "p.metadata @> " };

/// Columns of the list's order.
const ORDERED: Columns = Columns { id: "p.id", updated_at: "p.updated_at" };

pub async fn list(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<Placed<Product>>, Error> {
    let is_highest_first = page.order == Ordering::from(ProductSort::ListPriceDescending);
    let rows = match is_highest_first {
        true => rows_by_highest_price(tx, filter, page).await?,
        false => rows_of(tx, filter, "", page).await?,
    };
    let mut positions =
        rows.iter().map(|row| listing::position(row, page.order)).collect::<Result<Vec<_>, _>>()?;
    for position in positions.iter_mut().filter(|_| is_highest_first) {
        position.text = position.text.take().map(sort::place_of_key);
    }
    let found = rows.into_iter().map(|row| product::Model::from_query_result(&row.into(), ""));
    let products = with_parts(tx, found.collect::<Result<_, _>>()?).await?;
    let placed = products.into_iter().zip(positions);
    Ok(placed.map(|(record, position)| Placed { record, position }).collect())
}

/// Reads one page with the highest list price first. The key of a product without one is the greatest, so these products are a
/// second statement, after the last product with a price.
async fn rows_by_highest_price(tx: &Tx, filter: &Filter, page: &Page) -> Result<Vec<PgRow>, Error> {
    let mut page = page.clone();
    if sort::has_passed_prices(&mut page) {
        return rows_of(tx, filter, sort::WITHOUT_PRICE, &page).await;
    }
    let mut rows = rows_of(tx, filter, sort::WITH_PRICE, &page).await?;
    page.rows = page.rows.saturating_sub(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    page.after = None;
    if page.rows > 0 {
        rows.extend(rows_of(tx, filter, sort::WITHOUT_PRICE, &page).await?);
    }
    Ok(rows)
}

async fn rows_of(
    tx: &Tx,
    filter: &Filter,
    condition: &'static str,
    page: &Page,
) -> Result<Vec<PgRow>, Error> {
    let query = SEARCHED.listing(tx, filter.search.as_ref(), filter.tag.as_deref()).await?;
    let query = NOTED.add(tx, query, &filter.metadata).await?;
    query
        .with("p.sku = ", filter.sku.as_deref().map(|sku| one_form(sku).into_owned()))
        .with("p.category_id = ", filter.category_id.map(|id| id.0))
        .among("p.status", filter.status.as_slice())
        .with("p.external_ref = ", filter.external_ref.as_ref())
        .with("p.group_id = ", filter.group_id.map(|id| id.0))
        .sql(condition)
        .paged(&ORDERED, page)
        .rows(tx)
        .await
}

/// Turns a unique violation into a rejection: another transaction took the value after the check.
fn reject_taken_value(error: Error, input: &ProductInput) -> Error {
    let external_ref = input.external_ref.as_deref().unwrap_or_default();
    error
        .on_constraint("product_sku_key", || input::reject_taken("/sku", "product", &input.sku))
        .on_constraint("product_external_ref_key", || input::reject_external_ref_taken(external_ref))
        .on_constraint("product_variant_key", check::reject_taken_options)
        .on_constraint("barcode_pkey", reject_taken_barcode)
        .on_constraint("barcode_gtin_key", reject_taken_barcode)
}

fn reject_taken_barcode() -> Refusal {
    let detail = "Another product has one of these barcodes already.";
    Problems::one("/barcodes", Code::AlreadyExists, detail)
}
