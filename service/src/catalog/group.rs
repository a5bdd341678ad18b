//! Product groups: products that are variants of each other, and the options in which they differ.

use std::collections::HashSet;

use ::entity::{product, product_group};
use chrono::{DateTime, Utc};
use domain::annotation::{Link, Tag};
use domain::id::{CategoryId, ProductGroupId, TaxClassId};
use domain::metadata::{self, Metadata};
use domain::number::Price;
use domain::product::{ProductKind, ProductStatus, Tracking};
use domain::refusal::{Problem, Problems, Refusal};
use domain::stock::CostingMethod;
use domain::tag;
use domain::text::{Code64, Description, Line200, Name, one_form};
use domain::variant::{
    Choice, GroupOption, check_choice, check_options, choices, fill_pattern, options_json, parse_options,
};
use sea_orm::sea_query::LockType;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};

use super::product::{Product, ProductInput, create_all, store};
use crate::input::{self, Change, Patched};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

/// The fields of a product group that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductGroupCreate)]
pub struct GroupInput {
    /// Your code for the group, unique among groups.
    pub code: Code64,
    /// Name of the group.
    pub name: Name,
    /// Options in which the variants differ. They may allow at most 500 variants.
    #[schema(min_items = 1, max_items = 5)]
    pub options: Vec<GroupOption>,
}

/// Rules for creating the missing variants of a group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VariantsCreate)]
pub struct VariantsInput {
    /// Pattern for SKUs, with option names in braces for the chosen values. The default is the group's code and all
    /// values, joined by dashes.
    #[serde(default)]
    pub sku_pattern: Option<Line200>,
    /// Pattern for names, with option names in braces. The default is the group's name and all values, joined by
    /// spaces.
    #[serde(default)]
    pub name_pattern: Option<Line200>,
    /// Fields that all new variants share.
    #[serde(default)]
    pub product: VariantTemplate,
}

/// Fields that the variants of a group share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VariantTemplate {
    /// Description of the products.
    #[serde(default)]
    pub description: Description,
    /// Category of the products.
    #[serde(default)]
    pub category_id: Option<CategoryId>,
    /// Kind of the products: stocked or a service.
    #[serde(default)]
    pub kind: ProductKind,
    /// Whether the products may be sold.
    #[serde(default)]
    pub status: ProductStatus,
    /// Whether stock is tracked by lot or serial number.
    #[serde(default)]
    pub tracking: Tracking,
    /// Unit in which stock is counted; pieces (`C62`) if absent.
    #[serde(default)]
    #[schema(min_length = 2, max_length = 3, pattern = "^[A-Z0-9]{2,3}$", example = "C62")]
    pub stock_uom: Option<String>,
    /// Decimals of a quantity in that unit. The default is 0 for pieces and packages, and 6 for other units.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 6, example = 0)]
    pub stock_decimals: Option<u8>,
    /// Tax class. The default is the class with the code `standard`.
    #[serde(default)]
    pub tax_class_id: Option<TaxClassId>,
    /// List price per stock unit.
    #[serde(default)]
    pub list_price: Option<Price>,
    /// Costing method. The default is the one in the settings.
    #[serde(default)]
    pub costing_method: Option<CostingMethod>,
    /// Links to images of each variant: at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub images: Vec<Link>,
    /// Tags of each variant: at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<Tag>,
    /// Links to other files of each variant: at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub attachments: Vec<Link>,
    /// Your own notes.
    #[serde(default)]
    #[schema(schema_with = metadata::schema)]
    pub metadata: Metadata,
}

/// A group of products that are variants of each other.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProductGroup {
    /// Id of the group.
    pub id: ProductGroupId,
    pub object: tag::ProductGroup,
    /// Your code for it.
    #[schema(max_length = 64, example = "SHIRT")]
    pub code: String,
    /// The name.
    #[schema(max_length = 200, example = "Work shirt")]
    pub name: String,
    /// Options that its variants differ in.
    #[schema(max_items = 5)]
    pub options: Vec<GroupOption>,
    /// Its variants, by SKU. Lists omit them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 500)]
    pub variants: Option<Vec<Product>>,
    /// Version number of the group itself. Each change adds 1.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Variants that were created.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CreatedVariants {
    pub object: tag::CreatedVariants,
    /// Number of variants that existed already.
    #[schema(minimum = 0, maximum = 500, example = 2)]
    pub existing: usize,
    /// Variants that were missing.
    #[schema(max_items = 500)]
    pub created: Vec<Product>,
}

impl ProductGroup {
    /// Makes a group of its row, without its variants.
    fn bare(row: product_group::Model) -> Result<Self, Error> {
        let options = parse_options(&row.options);
        Ok(ProductGroup {
            id: row.id,
            object: tag::ProductGroup,
            code: row.code,
            name: row.name,
            options: options.map_err(|error| Error::invariant(format!("options of a group: {error}")))?,
            variants: None,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }

    fn variants(&self) -> &[Product] {
        self.variants.as_deref().unwrap_or_default()
    }
}

pub async fn create(tx: &Tx, input: &GroupInput) -> Result<ProductGroup, Error> {
    check(input, &[])?;
    let row = product_group::Model {
        tenant_id: tx.tenant_id,
        id: ProductGroupId(tx.next_id()),
        code: input.code.to_string(),
        name: input.name.to_string(),
        options: options_json(&input.options),
        version: 1,
        created_at: tx.now,
        updated_at: tx.now,
    };
    insert_all::<product_group::Entity, _>(tx, vec![row.clone()])
        .await
        .map_err(|error| reject_taken_code(error, input))?;
    Ok(ProductGroup { variants: Some(Vec::new()), ..ProductGroup::bare(row)? })
}

/// Changes a group that is still at version `expected`. Rejects options that do not allow its existing variants.
pub async fn update(
    tx: &Tx,
    id: ProductGroupId,
    expected: Option<i32>,
    change: Change<'_, GroupInput>,
) -> Result<Patched<ProductGroup>, Error> {
    let (row, before) = lock(tx, id).await?;
    input::check_version(before.version, expected)?;
    let present = GroupInput {
        code: before.code.clone().into(),
        name: Name::stored(&before.name),
        options: before.options.clone(),
    };
    let Some(mut input) = change(&present)? else {
        return Ok(Patched::unchanged(before));
    };
    input::settle_code(
        tx,
        &mut input.code,
        &before.code,
        "select 1 from product_group where tenant_id = $1 and code = $2",
    )
    .await?;
    let input = &input;
    check(input, before.variants())?;
    let after = product_group::Model {
        code: input.code.to_string(),
        name: input.name.to_string(),
        options: options_json(&input.options),
        version: before.version + 1,
        updated_at: tx.now,
        ..row
    };
    let row = after.into_active_model().reset_all();
    let row = row.update(tx).await.map_err(Error::from).map_err(|error| reject_taken_code(error, input))?;
    Ok(Patched::changed(ProductGroup { variants: before.variants, ..ProductGroup::bare(row)? }))
}

/// Returns a group with its variants.
pub async fn get(tx: &Tx, id: ProductGroupId) -> Result<ProductGroup, Error> {
    let row = tx.select::<product_group::Entity>().filter(product_group::Column::Id.eq(id)).one(tx).await?;
    with_variants(tx, row.ok_or_else(|| Refusal::not_found("product group"))?).await
}

/// Returns one page of groups, without their variants.
pub async fn list(tx: &Tx, code: Option<&str>, page: &Page) -> Result<Vec<ProductGroup>, Error> {
    let mut query = tx.select::<product_group::Entity>();
    if let Some(code) = code {
        query = query.filter(product_group::Column::Code.eq(&*one_form(code)));
    }
    let query = page.of(query, product_group::Column::Id, product_group::Column::UpdatedAt);
    query.all(tx).await?.into_iter().map(ProductGroup::bare).collect()
}

/// Creates every variant that the options allow and that does not exist yet: all of them or none.
pub async fn create_missing(
    tx: &Tx,
    id: ProductGroupId,
    input: &VariantsInput,
) -> Result<CreatedVariants, Error> {
    let (_, group) = lock(tx, id).await?;
    check_patterns(input)?;
    let there: HashSet<&Choice> = group.variants().iter().map(|variant| &variant.options).collect();
    let missing = choices(&group.options).into_iter().filter(|choice| !there.contains(choice));
    let inputs: Vec<ProductInput> = missing.map(|choice| build_variant(&group, input, choice)).collect();
    let mut created = Vec::with_capacity(inputs.len());
    let mut problems: Vec<Problem> = Vec::new();
    for answer in create_all(tx, &inputs).await? {
        match answer {
            Ok(product) => created.push(product),
            Err(refusal) => problems.extend(refusal.problems.into_iter().map(to_template_problem)),
        }
    }
    // A problem of the template occurs in every variant; it is reported once.
    let mut seen = HashSet::new();
    problems.retain(|problem| seen.insert((problem.pointer.clone(), problem.detail.clone())));
    let mut all = Problems::default();
    problems.into_iter().for_each(|problem| all.push(problem));
    all.check()?;
    Ok(CreatedVariants { object: tag::CreatedVariants, existing: group.variants().len(), created })
}

fn build_variant(group: &ProductGroup, input: &VariantsInput, choice: Choice) -> ProductInput {
    let values: Vec<&str> =
        group.options.iter().filter_map(|option| choice.get(&option.name)).map(String::as_str).collect();
    let text = |pattern: Option<&Line200>, own: &str, between: &str| match pattern {
        Some(pattern) => fill_pattern(pattern, &choice),
        None => format!("{own}{between}{}", values.join(between)),
    };
    let sku = text(input.sku_pattern.as_ref(), &group.code, "-");
    let name = text(input.name_pattern.as_ref(), &group.name, " ");
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
        images: of_all.images,
        tags: of_all.tags,
        attachments: of_all.attachments,
        metadata: of_all.metadata,
        group_id: Some(group.id),
        options: choice,
        ..bare
    }
}

/// Turns a problem of a variant into one of the template.
fn to_template_problem(problem: Problem) -> Problem {
    let pointer = match problem.pointer.as_str() {
        "/sku" => "/sku_pattern".to_owned(),
        "/name" => "/name_pattern".to_owned(),
        other => format!("/product{other}"),
    };
    Problem { pointer, ..problem }
}

/// Returns a group with its variants and locks it, so that no variant is added meanwhile.
async fn lock(tx: &Tx, id: ProductGroupId) -> Result<(product_group::Model, ProductGroup), Error> {
    let query = tx.select::<product_group::Entity>().filter(product_group::Column::Id.eq(id));
    let row = query.lock(LockType::NoKeyUpdate).one(tx).await?;
    let row = row.ok_or_else(|| Refusal::not_found("product group"))?;
    let group = with_variants(tx, row.clone()).await?;
    Ok((row, group))
}

async fn with_variants(tx: &Tx, row: product_group::Model) -> Result<ProductGroup, Error> {
    let variants = tx.select::<product::Entity>().filter(product::Column::GroupId.eq(row.id));
    let variants = variants.order_by_asc(product::Column::Sku).all(tx).await?;
    let variants = Some(store::with_parts(tx, variants).await?);
    Ok(ProductGroup { variants, ..ProductGroup::bare(row)? })
}

fn check(input: &GroupInput, variants: &[Product]) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    input.code.check(&mut problems, "/code");
    input.name.check(&mut problems, "/name");
    check_options(&mut problems, &input.options);
    problems.check()?;
    for variant in variants {
        let mut of_variant = Problems::default();
        check_choice(&mut of_variant, &input.options, &variant.options);
        if !of_variant.is_empty() {
            let detail = format!("These options do not allow the existing variant {}.", variant.sku);
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

fn reject_taken_code(error: Error, input: &GroupInput) -> Error {
    error.on_constraint("product_group_code_key", || {
        input::reject_taken("/code", "product group", &input.code)
    })
}
