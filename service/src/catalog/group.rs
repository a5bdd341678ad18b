//! Product groups: products that are variants of each other, and what they differ in.

use std::collections::HashSet;

use ::entity::{product, product_group};
use domain::id::{CategoryId, ProductGroupId, TaxClassId};
use domain::number::Price;
use domain::product::{ProductKind, ProductStatus, Tracking};
use domain::refusal::{Problem, Problems, Refusal};
use domain::stock::CostingMethod;
use domain::text::{Description, Line64, Line200, Name};
use domain::variant::{Choice, GroupOption, check_choice, check_options, choices, filled};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::product::{Product, ProductInput, create_all, store};
use crate::input::{self, Change, Metadata};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

/// A product group as its owner states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductGroupCreate)]
pub struct GroupInput {
    /// Your code for it, unique among groups.
    pub code: Line64,
    /// The name.
    pub name: Name,
    /// What its variants differ in. They may allow at most 500 variants.
    #[schema(min_items = 1, max_items = 5)]
    pub options: Vec<GroupOption>,
}

/// How the missing variants of a group are made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VariantsCreate)]
pub struct VariantsInput {
    /// The SKU of each, with option names in braces for the chosen values; the group's code and all values with
    /// dashes between, if absent.
    #[serde(default)]
    pub sku_pattern: Option<Line200>,
    /// The name of each, likewise; the group's name and all values with blanks between, if absent.
    #[serde(default)]
    pub name_pattern: Option<Line200>,
    /// What all of them have in common.
    #[serde(default)]
    pub product: VariantTemplate,
}

/// What the variants of a group have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantTemplate {
    /// A longer text.
    #[serde(default)]
    pub description: Description,
    /// The category.
    #[serde(default)]
    pub category_id: Option<CategoryId>,
    /// Goods or a service.
    #[serde(default)]
    pub kind: ProductKind,
    /// Whether they may be sold.
    #[serde(default)]
    pub status: ProductStatus,
    /// How precisely their stock is followed.
    #[serde(default)]
    pub tracking: Tracking,
    /// The unit that stock is counted in; pieces (`C62`), if absent.
    #[serde(default)]
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "C62")]
    pub stock_uom: Option<String>,
    /// How many decimals a quantity in that unit may have; none for pieces and packages and 6 for other units, if
    /// absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 6, example = 0)]
    pub stock_decimals: Option<u8>,
    /// How they are taxed; the class with the code `standard`, if absent.
    #[serde(default)]
    pub tax_class_id: Option<TaxClassId>,
    /// The list price per stock unit.
    #[serde(default)]
    pub list_price: Option<Price>,
    /// How goods that leave are valued; as the settings say, if absent.
    #[serde(default)]
    pub costing_method: Option<CostingMethod>,
    /// Your own notes.
    #[serde(default)]
    #[schema(schema_with = input::metadata_schema)]
    pub metadata: Metadata,
}

/// A group with its variants.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The group's own row.
    pub row: product_group::Model,
    /// What its variants differ in.
    pub options: Vec<GroupOption>,
    /// Its variants by SKU, at most 500.
    pub variants: Vec<Product>,
}

/// The options of a group, as they are kept.
pub(super) fn options_of(json: &serde_json::Value) -> Result<Vec<GroupOption>, Error> {
    serde::Deserialize::deserialize(json)
        .map_err(|error| Error::invariant(format!("options of a group: {error}")))
}

fn kept(options: &[GroupOption]) -> serde_json::Value {
    let list =
        options.iter().map(|option| serde_json::json!({ "name": option.name, "values": option.values }));
    serde_json::Value::Array(list.collect())
}

/// Creates a group.
pub async fn create(tx: &Tx, input: &GroupInput) -> Result<Group, Error> {
    check(input, &[])?;
    let row = product_group::Model {
        tenant_id: tx.tenant_id,
        id: ProductGroupId(tx.next_id()),
        code: input.code.to_string(),
        name: input.name.to_string(),
        options: kept(&input.options),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<product_group::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| code_taken(error, input))?;
    Ok(Group { row, options: input.options.clone(), variants: Vec::new() })
}

/// Changes a group, if it is still at version `expected`. Its options must allow the variants that it has.
pub async fn update(
    tx: &Tx,
    id: ProductGroupId,
    expected: Option<i32>,
    change: Change<'_, GroupInput>,
) -> Result<Group, Error> {
    let before = locked(tx, id).await?;
    input::check_version(before.row.version, expected)?;
    let input = &change(&GroupInput {
        code: before.row.code.clone().into(),
        name: before.row.name.clone().into(),
        options: before.options,
    })?;
    check(input, &before.variants)?;
    let after = product_group::Model {
        code: input.code.to_string(),
        name: input.name.to_string(),
        options: kept(&input.options),
        version: before.row.version + 1,
        updated_at: tx.now,
        ..before.row
    };
    let row = after.into_active_model().reset_all();
    let row = row.update(tx).await.map_err(Error::from).map_err(|error| code_taken(error, input))?;
    Ok(Group { row, options: input.options.clone(), variants: before.variants })
}

/// The group `id` with its variants.
pub async fn get(tx: &Tx, id: ProductGroupId) -> Result<Group, Error> {
    let row = tx.select::<product_group::Entity>().filter(product_group::Column::Id.eq(id)).one(tx).await?;
    whole(tx, row.ok_or_else(|| Refusal::not_found("product group"))?).await
}

/// One page of groups, without their variants.
pub async fn list(tx: &Tx, code: Option<&str>, page: &Page) -> Result<Vec<Group>, Error> {
    let mut query = tx.select::<product_group::Entity>();
    if let Some(code) = code {
        query = query.filter(product_group::Column::Code.eq(code));
    }
    let query = page.of(query, product_group::Column::Id, product_group::Column::UpdatedAt);
    let group = |row: product_group::Model| {
        let options = options_of(&row.options)?;
        Ok(Group { row, options, variants: Vec::new() })
    };
    query.all(tx).await?.into_iter().map(group).collect()
}

/// Makes every variant that the options allow and that is not there; answers them and how many were there. Makes all
/// of them or none.
pub async fn create_missing(
    tx: &Tx,
    id: ProductGroupId,
    input: &VariantsInput,
) -> Result<(Vec<Product>, usize), Error> {
    let group = locked(tx, id).await?;
    check_patterns(input)?;
    let there: HashSet<Choice> = group.variants.iter().map(Product::options).collect();
    let missing = choices(&group.options).into_iter().filter(|choice| !there.contains(choice));
    let inputs: Vec<ProductInput> = missing.map(|choice| variant(&group, input, choice)).collect();
    let mut created = Vec::with_capacity(inputs.len());
    let mut problems: Vec<Problem> = Vec::new();
    for answer in create_all(tx, &inputs).await? {
        match answer {
            Ok(product) => created.push(product),
            Err(refusal) => problems.extend(refusal.problems.into_iter().map(of_template)),
        }
    }
    // What is wrong with the template is wrong with every variant.
    let mut seen = HashSet::new();
    problems.retain(|problem| seen.insert((problem.pointer.clone(), problem.detail.clone())));
    let mut all = Problems::default();
    problems.into_iter().for_each(|problem| all.push(problem));
    all.check()?;
    Ok((created, group.variants.len()))
}

fn variant(group: &Group, input: &VariantsInput, choice: Choice) -> ProductInput {
    let values: Vec<&str> =
        group.options.iter().filter_map(|option| choice.get(&option.name)).map(String::as_str).collect();
    let text = |pattern: Option<&Line200>, own: &str, between: &str| match pattern {
        Some(pattern) => filled(pattern, &choice),
        None => format!("{own}{between}{}", values.join(between)),
    };
    let sku = text(input.sku_pattern.as_ref(), &group.row.code, "-");
    let name = text(input.name_pattern.as_ref(), &group.row.name, " ");
    let VariantTemplate { stock_uom, .. } = &input.product;
    let of_all = input.product.clone();
    let bare = ProductInput::new(sku);
    ProductInput {
        name: name.into(),
        description: of_all.description,
        category_id: of_all.category_id,
        kind: of_all.kind,
        status: of_all.status,
        tracking: of_all.tracking,
        stock_uom: stock_uom.clone().unwrap_or_else(|| bare.stock_uom.clone()),
        stock_decimals: of_all.stock_decimals,
        tax_class_id: of_all.tax_class_id,
        list_price: of_all.list_price,
        costing_method: of_all.costing_method,
        metadata: of_all.metadata,
        group_id: Some(group.row.id),
        options: choice,
        ..bare
    }
}

/// A problem of a variant as one of what it was made from.
fn of_template(problem: Problem) -> Problem {
    let pointer = match problem.pointer.as_str() {
        "/sku" => "/sku_pattern".to_owned(),
        "/name" => "/name_pattern".to_owned(),
        other => format!("/product{other}"),
    };
    Problem { pointer, ..problem }
}

/// The group `id` with its variants, locked: no variant is added meanwhile.
async fn locked(tx: &Tx, id: ProductGroupId) -> Result<Group, Error> {
    let query = tx.select::<product_group::Entity>().filter(product_group::Column::Id.eq(id));
    let row = query.lock(LockType::NoKeyUpdate).one(tx).await?;
    whole(tx, row.ok_or_else(|| Refusal::not_found("product group"))?).await
}

async fn whole(tx: &Tx, row: product_group::Model) -> Result<Group, Error> {
    let variants = tx.select::<product::Entity>().filter(product::Column::GroupId.eq(row.id));
    let variants = variants.order_by_asc(product::Column::Sku).all(tx).await?;
    let options = options_of(&row.options)?;
    Ok(Group { row, options, variants: store::with_parts(tx, variants).await? })
}

fn check(input: &GroupInput, variants: &[Product]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    check_options(&mut problems, &input.options);
    problems.check()?;
    for variant in variants {
        let mut of_variant = Problems::default();
        check_choice(&mut of_variant, &input.options, &variant.options());
        if !of_variant.is_empty() {
            let detail = format!("These options do not allow {}, which is a variant.", variant.row.sku);
            return Err(Refusal::invalid("/options", detail));
        }
    }
    Ok(())
}

fn check_patterns(input: &VariantsInput) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    let patterns = [("/sku_pattern", &input.sku_pattern), ("/name_pattern", &input.name_pattern)];
    for (pointer, pattern) in patterns {
        if let Some(pattern) = pattern {
            pattern.check(&mut problems, pointer);
        }
    }
    problems.check()
}

fn code_taken(error: Error, input: &GroupInput) -> Error {
    error.on_constraint("product_group_code_key", || {
        input::refuse_taken("/code", "product group", &input.code)
    })
}
