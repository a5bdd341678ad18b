//! Products. Creating is set-based: a batch of 500 costs as many statements as one product.

mod check;
pub(crate) mod store;
pub mod upsert;

use ::entity::{barcode, product, product_unit};
use domain::id::{CategoryId, ProductGroupId, ProductId, TaxClassId};
use domain::number::{Price, Quantity};
use domain::product::{ProductKind, ProductStatus, Tracking, decimals_of};
use domain::refusal::{Code, Problems, Refusal};
use domain::stock::CostingMethod;
use domain::text::{Description, Line64, Line200, Name};
use domain::variant::Choice;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LockType};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};

use crate::input::{self, Change, Metadata};
use crate::page::Page;
use crate::rows::starts_with;
use crate::{Error, Tx};

use check::{Drafts, Known};
use store::{assemble, whole, with_parts};
use upsert::check_unchangeable;

/// The most products that a search within names and SKUs finds.
const FOUND_MAX: i32 = 10_000;

/// A product as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductCreate)]
pub struct ProductInput {
    /// Stock keeping unit: unique and case-sensitive.
    pub sku: Line64,
    /// The name.
    pub name: Name,
    /// A longer text.
    #[serde(default)]
    pub description: Description,
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
    /// How many decimals a quantity in that unit may have; none for pieces and packages and 6 for other units, if
    /// absent. It can't become less once stock was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 6, example = 0)]
    pub stock_decimals: Option<u8>,
    /// How it is taxed; the class with the code `standard`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_class_id: Option<TaxClassId>,
    /// The list price per stock unit. Absent means that there is none, which is not the same as a price of zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_price: Option<Price>,
    /// How goods that leave are valued; as the settings say, if absent. A change leaves every value as it is: stock that
    /// is there becomes one layer at its present value, or an average of its layers, with its next movement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costing_method: Option<CostingMethod>,
    /// Barcodes of the stock unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub barcodes: Vec<String>,
    /// Units in which it is sold, besides the stock unit.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub units: Vec<UnitInput>,
    /// The group that it is a variant of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<ProductGroupId>,
    /// For a variant: the value that it chose of each option of its group, by the option's name.
    #[serde(default)]
    #[schema(schema_with = options_schema)]
    pub options: Choice,
    /// Your own id of it, unique among products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<Line200>,
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
    /// With this text in its SKU or its name, in any case.
    pub text: Option<Text>,
    /// In this category itself.
    pub category_id: Option<CategoryId>,
    /// With this status.
    pub status: Option<ProductStatus>,
    /// With this external reference.
    pub external_ref: Option<String>,
    /// A variant of this group.
    pub group_id: Option<ProductGroupId>,
}

/// Where a text is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// At the beginning.
    Prefix(String),
    /// Anywhere; of more than 10,000 products the newest are found.
    Within(String),
}

impl Text {
    fn condition(&self) -> Condition {
        match self {
            Text::Prefix(prefix) => {
                let begins = |column: &'static str| {
                    let column = Expr::col((product::Entity, column));
                    column.binary(starts_with(), Func::lower(Expr::val(prefix)))
                };
                Condition::any().add(begins("name_key")).add(begins("sku_key"))
            }
            Text::Within(text) => {
                let values = [sea_orm::Value::from(text.as_str()), sea_orm::Value::from(FOUND_MAX)];
                let found = "product.id = any(array(select auth.find_products($1, $2)))";
                Condition::all().add(Expr::cust_with_values(found, values))
            }
        }
    }
}

/// The form of a variant's choice in the API's description.
pub fn options_schema() -> Object {
    let value = ObjectBuilder::new().schema_type(Type::String).max_length(Some(64));
    ObjectBuilder::new()
        .description(Some("For a variant: the value that it chose of each option of its group."))
        .additional_properties(Some(Schema::from(value)))
        .max_properties(Some(domain::variant::OPTIONS_MAX))
        .examples([serde_json::json!({ "Size": "M", "Colour": "Red" })])
        .build()
}

fn piece() -> String {
    "C62".to_owned()
}

impl ProductInput {
    /// How many decimals a quantity of it may have.
    pub fn decimals(&self) -> u8 {
        self.stock_decimals.unwrap_or_else(|| decimals_of(&self.stock_uom))
    }

    /// A product of which nothing is known but its SKU.
    pub fn new(sku: impl Into<Line64>) -> Self {
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
            metadata: Metadata::new(),
        }
    }
}

impl Product {
    /// What it chose of its group's options; nothing where it is no variant.
    pub fn options(&self) -> Choice {
        let text = self.row.option_values.as_deref().unwrap_or("{}");
        serde_json::from_str(text).unwrap_or_default()
    }

    /// What its owner would state to get it as it is.
    pub fn input(&self) -> ProductInput {
        let row = &self.row;
        // What follows from the unit is not stated, so that it follows a change of the unit.
        let stated = u8::try_from(row.stock_decimals).unwrap_or_default();
        let barcodes_of = |uom: &str| -> Vec<String> {
            self.barcodes.iter().filter(|code| code.uom == uom).map(|code| code.code.clone()).collect()
        };
        ProductInput {
            sku: row.sku.clone().into(),
            name: row.name.clone().into(),
            description: row.description.clone().into(),
            category_id: row.category_id,
            kind: row.kind,
            status: row.status,
            tracking: row.tracking,
            stock_uom: row.stock_uom.clone(),
            stock_decimals: (stated != decimals_of(&row.stock_uom)).then_some(stated),
            tax_class_id: Some(row.tax_class_id),
            list_price: row.list_price,
            costing_method: row.costing_method,
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
            group_id: row.group_id,
            options: self.options(),
            external_ref: row.external_ref.clone().map(Line200::from),
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
    let mut drafts = Drafts::new(Known::load(tx, inputs).await?);
    let answers: Vec<Result<Product, Refusal>> = inputs
        .iter()
        .map(|input| {
            let id = ProductId(tx.next_id());
            let checked = drafts.check(input, id, None)?;
            Ok(assemble(tx, id, checked, input))
        })
        .collect();
    store::insert(tx, &answers.iter().flatten().collect::<Vec<_>>()).await?;
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
    check_unchangeable(tx, &before, input).await?;
    let known = Known::load(tx, std::slice::from_ref(input)).await?;
    let checked = Drafts::new(known).check(input, id, Some(&before))?;
    let mut after = assemble(tx, id, checked, input);
    after.row.version = before.row.version + 1;
    after.row.created_at = before.row.created_at;
    store::update(tx, &[&after]).await.map_err(|error| lost_race(error, input))?;
    Ok(after)
}

/// The product `id`.
pub async fn get(tx: &Tx, id: ProductId) -> Result<Product, Error> {
    let row = tx.select::<product::Entity>().filter(product::Column::Id.eq(id)).one(tx).await?;
    whole(tx, row.ok_or_else(|| Refusal::not_found("product"))?).await
}

/// The next products by SKU, for an export of all of them: at most `rows` after the SKU `after`.
pub async fn list_by_sku(
    tx: &Tx,
    status: Option<ProductStatus>,
    after: Option<&str>,
    rows: u64,
) -> Result<Vec<Product>, Error> {
    let mut query = tx.select::<product::Entity>();
    if let Some(status) = status {
        query = query.filter(product::Column::Status.eq(status));
    }
    if let Some(after) = after {
        query = query.filter(product::Column::Sku.gt(after));
    }
    let rows = query.order_by_asc(product::Column::Sku).limit(rows).all(tx).await?;
    with_parts(tx, rows).await
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
    if let Some(text) = &filter.text {
        query = query.filter(text.condition());
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
    if let Some(group_id) = filter.group_id {
        query = query.filter(product::Column::GroupId.eq(group_id));
    }
    let rows = page.of(query, product::Column::Id, product::Column::UpdatedAt).all(tx).await?;
    with_parts(tx, rows).await
}

/// Another transaction took a value between our look and our write.
fn lost_race(error: Error, input: &ProductInput) -> Error {
    let external_ref = input.external_ref.as_deref().unwrap_or_default();
    error
        .on_constraint("product_sku_key", || input::refuse_taken("/sku", "product", &input.sku))
        .on_constraint("product_external_ref_key", || input::refuse_external_ref_taken(external_ref))
        .on_constraint("product_variant_key", check::taken_choice)
        .on_constraint("barcode_pkey", || {
            Problems::one(
                "/barcodes",
                Code::AlreadyExists,
                "Another product has one of these barcodes already.",
            )
        })
}
