//! The rules of a price list: list, create one or many, get, end.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use chrono::{DateTime, Utc};
use domain::id::{CategoryId, PriceListId, PriceRuleId, ProductId};
use domain::number::{Price, Quantity};
use domain::tag;
use serde::{Deserialize, Serialize};
use service::page::Sort;
use service::pricing::rule::{self, Filter, PriceRuleInput, RuleMethod, RuleScope};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::batch::{Batch, Items, Results};
use crate::body::{BatchBody, Body, sentence};
use crate::list::{List, Page, Sorted};
use crate::params::PathId;
use crate::problem::ErrorCode;
use crate::record::record;
use crate::version::{GuardedHeaders, IfNoneMatch, ReadHeaders};
use crate::write::Write;
use crate::{Answer, ApiError, App, Caller};

/// The routes of this area.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(list).service(create).service(create_batch).service(get).service(end);
}

/// One rule of a price list. It never changes: it is added, and it ends.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct PriceRule {
    /// Id of the rule.
    id: PriceRuleId,
    object: tag::PriceRule,
    /// Price list that it is part of.
    price_list_id: PriceListId,
    /// Scope of the rule: `product`, `category` or `all`.
    #[schema(value_type = RuleScope)]
    scope: String,
    /// The product, for the scope `product`.
    product_id: Option<ProductId>,
    /// The category, for the scope `category`.
    category_id: Option<CategoryId>,
    /// Method by which it makes a price.
    #[schema(value_type = RuleMethod)]
    method: String,
    /// Price per stock unit, or percentage or amount per stock unit off the list price, by `method`.
    value: Price,
    /// Quantity from which it applies, in stock units.
    min_quantity: Quantity,
    /// First instant at which it applies. Null: no beginning.
    #[schema(example = "2026-11-22T00:00:00Z")]
    valid_from: Option<DateTime<Utc>>,
    /// First instant at which it no longer applies. Null: no end.
    #[schema(example = "2027-01-01T00:00:00Z")]
    valid_until: Option<DateTime<Utc>>,
    /// Always 1, because it never changes.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// Same as `created_at`.
    updated_at: DateTime<Utc>,
}

impl From<entity::price_rule::Model> for PriceRule {
    fn from(row: entity::price_rule::Model) -> Self {
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
        }
    }
}

record!(PriceRule, PriceRuleId);

/// Which rules of a list to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Only rules for this product itself.
    product_id: Option<ProductId>,
    /// Only rules for this category itself.
    category_id: Option<CategoryId>,
    /// Whether to list rules that have ended, too.
    #[serde(default)]
    #[param(default = false, example = false)]
    include_ended: bool,
    sort: Option<Sort>,
    #[serde(rename = "updated_at[gte]")]
    updated_since: Option<DateTime<Utc>>,
}

/// List the rules of a price list
///
/// Returns one page of rules. Without `include_ended` it omits those that have ended.
#[utoipa::path(
    operation_id = "price_rules_list",
    security(("bearer" = ["prices:read"])),
    params(("id" = PriceListId, Path, description = "The price list's id."), Filters),
    responses((status = 200, description = "One page of rules.", body = Page<PriceRule>))
)]
#[get("/v1/price-lists/{id}/rules")]
async fn list(app: Data<App>, caller: Caller, id: PathId<PriceListId>, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        product_id: filters.product_id,
        category_id: filters.category_id,
        include_ended: filters.include_ended,
    };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let page = sorted.page(&list)?;
    let rows = app.db.read(caller.tenant_id, async |tx| rule::list(tx, id.0, &filter, &page).await).await?;
    list.answer(rows.into_iter().map(PriceRule::from).collect(), |row| {
        sorted.position(row.id.0, row.updated_at)
    })
}

/// Add a rule to a price list
///
/// A date without a time in `valid_from` or `valid_until` means the whole day in the tenant's time zone: an end date is
/// inclusive.
#[utoipa::path(
    operation_id = "price_rules_create",
    security(("bearer" = ["prices:write"])),
    params(("id" = PriceListId, Path, description = "The price list's id.")),
    request_body = PriceRuleInput,
    responses((status = 201, description = "The rule.", body = PriceRule))
)]
#[post("/v1/price-lists/{id}/rules")]
async fn create(write: Write, id: PathId<PriceListId>, body: Body<PriceRuleInput>) -> Answer {
    write
        .create("price_rule.created", body, PriceRule::from, async |tx, input| {
            rule::create(tx, id.0, input).await
        })
        .await
}

/// Add many rules to a price list
///
/// Takes up to 500 rules and returns one result each, in order. A rejected rule does not affect the others.
#[utoipa::path(
    operation_id = "price_rules_create_batch",
    security(("bearer" = ["prices:write"])),
    params(("id" = PriceListId, Path, description = "The price list's id.")),
    request_body = Batch<PriceRuleInput>,
    responses((status = 207, description = "One result per rule.", body = Results<PriceRule>))
)]
#[post("/v1/price-lists/{id}/rules/batch")]
async fn create_batch(write: Write, id: PathId<PriceListId>, body: BatchBody<Items>) -> Answer {
    write
        .batch("price_rule.batch_created", body, PriceRule::from, async |tx, inputs| {
            rule::create_all(tx, id.0, inputs).await
        })
        .await
}

/// Get a rule of a price list
///
/// Returns one rule.
#[utoipa::path(
    operation_id = "price_rules_get",
    security(("bearer" = ["prices:read"])),
    params(("id" = PriceListId, Path, description = "The price list's id."),
        ("rule_id" = PriceRuleId, Path, description = "The rule's id."), ReadHeaders),
    responses((status = 200, description = "The rule.", body = PriceRule))
)]
#[get("/v1/price-lists/{id}/rules/{rule_id}")]
async fn get(app: Data<App>, caller: Caller, path: Path<(String, String)>, seen: IfNoneMatch) -> Answer {
    let (list_id, id) = ids(&path)?;
    let row = app.db.read(caller.tenant_id, async |tx| rule::get(tx, list_id, id).await).await?;
    Ok(seen.answer(1, PriceRule::from(row)))
}

/// End a rule of a price list
///
/// The rule no longer applies from now on. A rule that has applied is kept as history, so that past prices can still be
/// explained. A rule that has not is deleted.
#[utoipa::path(
    operation_id = "price_rules_end",
    security(("bearer" = ["prices:write"])),
    params(("id" = PriceListId, Path, description = "The price list's id."),
        ("rule_id" = PriceRuleId, Path, description = "The rule's id."), GuardedHeaders),
    responses((status = 204, description = "The rule has ended."))
)]
#[delete("/v1/price-lists/{id}/rules/{rule_id}")]
async fn end(write: Write, path: Path<(String, String)>) -> Answer {
    let write = write.requiring_if_match()?;
    let (list_id, id) = ids(&path)?;
    write
        .delete("price_rule.ended", Some(id.0), async |tx, expected| {
            rule::end(tx, list_id, id, expected).await
        })
        .await
}

/// Parses the ids of a list and of a rule.
fn ids(path: &(String, String)) -> Result<(PriceListId, PriceRuleId), ApiError> {
    let refused = |name: &'static str, error: domain::id::InvalidId| {
        ApiError::new(ErrorCode::InvalidId, sentence(&error.to_string())).at_parameter(name)
    };
    let list_id = path.0.parse().map_err(|error| refused("id", error))?;
    let rule_id = path.1.parse().map_err(|error| refused("rule_id", error))?;
    Ok((list_id, rule_id))
}
