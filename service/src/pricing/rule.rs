//! Rules of a price list. A rule never changes: it is added, and it ends. A rule that has been in force is not
//! deleted, so that the prices of past sales can still be traced.

use std::collections::{HashMap, HashSet};

use ::entity::price_rule;
use chrono::{DateTime, Utc};
use domain::id::{CategoryId, PriceListId, PriceRuleId, ProductId};
use domain::moment::Moment;
use domain::number::{Price, Quantity};
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::text::Code64;
use domain::text_enum;
use rust_decimal::Decimal;
use sea_orm::sea_query::LockType;
use sea_orm::sqlx::{self, Row};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::lint::{self, PriceRuleWarning};
use super::list;
use crate::input::{self, TenantDefaults};
use crate::page::Page;
use crate::rows::insert_all;
use crate::{Error, Tx};

text_enum! {
    /// The products that a rule prices.
    pub enum RuleScope {
        /// One product.
        Product,
        /// Products of a category and of all categories below it.
        Category,
        /// Every product.
        All,
    }
}

text_enum! {
    /// The method by which a rule computes a price.
    pub enum RuleMethod {
        /// The value is the price per stock unit, independent of the list price.
        Fixed,
        /// The value is a percentage off the list price.
        PercentOff,
        /// The value is an amount per stock unit off the list price.
        AmountOff,
    }
}

/// The fields of a price rule that a caller can set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceRuleCreate)]
pub struct PriceRuleInput {
    /// Products that the rule prices.
    pub scope: RuleScope,
    /// Id of the product, for the scope `product`; or set `sku`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// SKU of the product, for the scope `product`, instead of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Code64>,
    /// Category, for the scope `category`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// Method by which the rule computes a price.
    pub method: RuleMethod,
    /// Price per stock unit, percentage (`15` is 15 %), or amount per stock unit off the list price, depending on the
    /// method.
    pub value: Price,
    /// Quantity break in stock units, added up over the lines of the same product in the basket. A quantity equal to
    /// it qualifies. Without it there is no break.
    #[serde(default)]
    pub min_quantity: Quantity,
    /// First instant of the validity; a bare date means the start of that day. Without it the rule has no beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Moment>,
    /// First instant after the validity; a bare date means the end of that day. Without it the rule has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Moment>,
}

/// One rule of a price list. It never changes: it is added, and it ends.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PriceRule {
    /// Id of the rule.
    pub id: PriceRuleId,
    pub object: tag::PriceRule,
    /// Price list that it is part of.
    pub price_list_id: PriceListId,
    /// Scope of the rule: `product`, `category` or `all`.
    #[schema(value_type = RuleScope)]
    pub scope: String,
    /// The product, for the scope `product`.
    pub product_id: Option<ProductId>,
    /// The category, for the scope `category`.
    pub category_id: Option<CategoryId>,
    /// Method by which it makes a price.
    #[schema(value_type = RuleMethod)]
    pub method: String,
    /// Price per stock unit, or percentage or amount per stock unit off the list price, by `method`.
    pub value: Price,
    /// Quantity from which it applies, in stock units.
    pub min_quantity: Quantity,
    /// First instant at which it applies. Null: no beginning.
    #[schema(example = "2026-11-22T00:00:00Z")]
    pub valid_from: Option<DateTime<Utc>>,
    /// First instant at which it no longer applies. Null: no end.
    #[schema(example = "2027-01-01T00:00:00Z")]
    pub valid_until: Option<DateTime<Utc>>,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, example = 1)]
    pub version: i32,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Same as `created_at`.
    pub updated_at: DateTime<Utc>,
    /// Warnings about the rule, as its list is now: a quantity break that is dearer than the one below it.
    #[schema(max_items = 2)]
    pub warnings: Vec<PriceRuleWarning>,
}

impl From<price_rule::Model> for PriceRule {
    fn from(row: price_rule::Model) -> Self {
        PriceRule {
            id: row.id,
            object: tag::PriceRule,
            price_list_id: row.price_list_id,
            scope: row.scope,
            product_id: row.product_id,
            category_id: row.category_id,
            method: row.method,
            value: row.value,
            min_quantity: row.min_quantity,
            valid_from: row.valid_from,
            valid_until: row.valid_until,
            version: 1,
            created_at: row.created_at,
            updated_at: row.created_at,
            warnings: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Rules for this product itself.
    pub product_id: Option<ProductId>,
    /// Rules for this category itself.
    pub category_id: Option<CategoryId>,
    /// Include rules that have ended.
    pub include_ended: bool,
}

pub async fn create(tx: &Tx, list_id: PriceListId, input: &PriceRuleInput) -> Result<PriceRule, Error> {
    let created = create_all(tx, list_id, std::slice::from_ref(input)).await?;
    let created = created.into_iter().next().ok_or_else(|| Error::invariant("one rule in, none out"))?;
    Ok(created?)
}

/// Adds every valid rule of a batch and returns one result per input, in order.
pub async fn create_all(
    tx: &Tx,
    list_id: PriceListId,
    inputs: &[PriceRuleInput],
) -> Result<Vec<Result<PriceRule, Refusal>>, Error> {
    list::lock_and_bump(tx, list_id).await?;
    let defaults = input::tenant_defaults(tx).await?;
    let known = References::load(tx, inputs).await?;
    let answers: Vec<Result<price_rule::Model, Refusal>> = inputs
        .iter()
        .map(|input| {
            let checked = known.check(&defaults, input)?;
            Ok(assemble(tx, list_id, input, checked))
        })
        .collect();
    let made: Vec<price_rule::Model> = answers.iter().flatten().cloned().collect();
    insert_all::<price_rule::Entity, _>(tx, made.clone()).await?;
    let mut shown = shown(tx, list_id, made).await?.into_iter();
    let mut next = || shown.next().ok_or_else(|| Error::invariant("each rule that was made is shown"));
    answers
        .into_iter()
        .map(|answer| answer.map_or_else(|refusal| Ok(Err(refusal)), |_| next().map(Ok)))
        .collect()
}

/// Returns rules of one list with the warnings about them, in the same order.
async fn shown(tx: &Tx, list_id: PriceListId, rows: Vec<price_rule::Model>) -> Result<Vec<PriceRule>, Error> {
    let mut warnings = lint::warnings(tx, list_id, &rows).await?;
    let shown = |row: price_rule::Model| {
        let warnings = warnings.remove(&row.id).unwrap_or_default();
        PriceRule { warnings, ..PriceRule::from(row) }
    };
    Ok(rows.into_iter().map(shown).collect())
}

pub async fn get(tx: &Tx, list_id: PriceListId, id: PriceRuleId) -> Result<PriceRule, Error> {
    let of_list = tx.select::<price_rule::Entity>().filter(price_rule::Column::PriceListId.eq(list_id));
    let row = of_list.filter(price_rule::Column::Id.eq(id)).one(tx).await?;
    let row = row.ok_or_else(|| Refusal::not_found("price rule"))?;
    let shown = shown(tx, list_id, vec![row]).await?.into_iter().next();
    shown.ok_or_else(|| Error::invariant("one rule in, none out"))
}

pub async fn list(
    tx: &Tx,
    list_id: PriceListId,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<PriceRule>, Error> {
    list::get(tx, list_id).await?;
    let mut query = tx.select::<price_rule::Entity>().filter(price_rule::Column::PriceListId.eq(list_id));
    if let Some(product_id) = filter.product_id {
        query = query.filter(price_rule::Column::ProductId.eq(product_id));
    }
    if let Some(category_id) = filter.category_id {
        query = query.filter(price_rule::Column::CategoryId.eq(category_id));
    }
    if !filter.include_ended {
        let endless = Condition::any().add(price_rule::Column::ValidUntil.is_null());
        query = query.filter(endless.add(price_rule::Column::ValidUntil.gt(tx.now)));
    }
    let rows = page.of(query, price_rule::Column::Id, price_rule::Column::CreatedAt).all(tx).await?;
    shown(tx, list_id, rows).await
}

/// Ends a rule. One that has been in force is kept for its history and no longer applies; any other is deleted. Its
/// only version is 1.
pub async fn end(tx: &Tx, list_id: PriceListId, id: PriceRuleId, expected: Option<i32>) -> Result<(), Error> {
    list::lock_and_bump(tx, list_id).await?;
    let of_list = tx.select::<price_rule::Entity>().filter(price_rule::Column::PriceListId.eq(list_id));
    let row = of_list.filter(price_rule::Column::Id.eq(id)).lock(LockType::Update).one(tx).await?;
    let row = row.filter(|row| row.valid_until.is_none_or(|until| until > tx.now));
    let mut row = row.ok_or_else(|| Refusal::not_found("price rule"))?;
    input::check_version(1, expected)?;
    if row.valid_from.is_some_and(|from| from >= tx.now) {
        let of_tenant = price_rule::Column::TenantId.eq(tx.tenant_id);
        price_rule::Entity::delete_many()
            .filter(of_tenant)
            .filter(price_rule::Column::Id.eq(id))
            .exec(tx)
            .await?;
    } else {
        row.valid_until = Some(tx.now);
        row.into_active_model().reset_all().update(tx).await?;
    }
    Ok(())
}

/// The products and categories that a batch of rules references.
#[derive(Debug, Default)]
struct References {
    products: HashSet<ProductId>,
    skus: HashMap<String, ProductId>,
    categories: HashSet<CategoryId>,
}

/// Product and validity of a valid rule.
struct Resolved {
    product_id: Option<ProductId>,
    category_id: Option<CategoryId>,
    valid_from: Option<DateTime<Utc>>,
    valid_until: Option<DateTime<Utc>>,
}

impl References {
    async fn load(tx: &Tx, inputs: &[PriceRuleInput]) -> Result<Self, Error> {
        let mut known = References::default();
        let ids: Vec<Uuid> = inputs.iter().filter_map(|input| input.product_id).map(|id| id.0).collect();
        let skus: Vec<&str> = inputs.iter().filter_map(|input| input.sku.as_deref()).collect();
        if !ids.is_empty() || !skus.is_empty() {
            let query = sqlx::query(
                "select id, sku from product where tenant_id = $1 and (id = any($2) or sku = any($3))",
            );
            for row in tx.rows(query.bind(tx.tenant_id.0).bind(ids).bind(skus)).await? {
                let id = ProductId(row.try_get(0)?);
                known.products.insert(id);
                known.skus.insert(row.try_get(1)?, id);
            }
        }
        let ids: Vec<Uuid> = inputs.iter().filter_map(|input| input.category_id).map(|id| id.0).collect();
        if !ids.is_empty() {
            let query = sqlx::query("select id from category where tenant_id = $1 and id = any($2)");
            for row in tx.rows(query.bind(tx.tenant_id.0).bind(ids)).await? {
                known.categories.insert(CategoryId(row.try_get(0)?));
            }
        }
        Ok(known)
    }

    fn check(&self, defaults: &TenantDefaults, input: &PriceRuleInput) -> Result<Resolved, Refusal> {
        let mut problems = Problems::default();
        let product_id = self.check_product(&mut problems, input);
        self.check_category(&mut problems, input);
        input::check_not_negative(&mut problems, "/value", Some(input.value));
        if input.method == RuleMethod::PercentOff && input.value.get() > Decimal::ONE_HUNDRED {
            problems.invalid("/value", "At most 100 percent can be taken off.");
        }
        input::check_not_negative(&mut problems, "/min_quantity", Some(input.min_quantity));
        let valid_from = input.valid_from.map(|moment| moment.start(defaults.time_zone));
        let valid_until = input.valid_until.map(|moment| moment.end(defaults.time_zone));
        if let (Some(from), Some(until)) = (valid_from, valid_until)
            && from >= until
        {
            problems.invalid("/valid_until", "The rule must end after it begins.");
        }
        problems.check()?;
        Ok(Resolved { product_id, category_id: input.category_id, valid_from, valid_until })
    }

    fn check_product(&self, problems: &mut Problems, input: &PriceRuleInput) -> Option<ProductId> {
        let wanted = input.scope == RuleScope::Product;
        match (input.product_id, input.sku.as_deref()) {
            (Some(_), Some(_)) => {
                problems.invalid("/sku", "Name the product by product_id or by sku, not by both.")
            }
            (Some(_), None) if !wanted => {
                problems.invalid("/product_id", "Only the scope product names a product.")
            }
            (None, Some(_)) if !wanted => problems.invalid("/sku", "Only the scope product names a product."),
            (None, None) if wanted => problems.invalid("/product_id", "The scope product needs a product."),
            (Some(id), None) => {
                if self.products.contains(&id) {
                    return Some(id);
                }
                input::add_unknown(problems, "/product_id", "product");
            }
            (None, Some(sku)) => {
                let known = self.skus.get(sku).copied();
                if known.is_none() {
                    input::add_unknown(problems, "/sku", "product");
                }
                return known;
            }
            (None, None) => {}
        }
        None
    }

    fn check_category(&self, problems: &mut Problems, input: &PriceRuleInput) {
        match input.category_id {
            Some(_) if input.scope != RuleScope::Category => {
                problems.invalid("/category_id", "Only the scope category names a category.");
            }
            Some(id) if !self.categories.contains(&id) => {
                input::add_unknown(problems, "/category_id", "category")
            }
            None if input.scope == RuleScope::Category => {
                problems.invalid("/category_id", "The scope category needs a category.");
            }
            _ => {}
        }
    }
}

fn assemble(tx: &Tx, list_id: PriceListId, input: &PriceRuleInput, checked: Resolved) -> price_rule::Model {
    price_rule::Model {
        tenant_id: tx.tenant_id,
        id: PriceRuleId(tx.next_id()),
        price_list_id: list_id,
        scope: <&str>::from(input.scope).to_owned(),
        product_id: checked.product_id,
        category_id: checked.category_id,
        method: <&str>::from(input.method).to_owned(),
        value: input.value,
        min_quantity: input.min_quantity,
        valid_from: checked.valid_from,
        valid_until: checked.valid_until,
        created_at: tx.now,
    }
}
