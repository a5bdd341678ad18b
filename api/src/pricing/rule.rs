//! The rules of a price list: list, create one or many, get, end.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use domain::id::{CategoryId, PriceListId, PriceRuleId, ProductId};
use domain::moment::Instant;
use serde::Deserialize;
use service::Tx;
use service::page::{self, Sort};
use service::pricing::rule::{self, Filter, PriceRule, PriceRuleInput};
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
    updated_since: Option<Instant>,
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
async fn list(caller: Caller, id: PathId<PriceListId>, list: List<Filters>) -> Answer {
    let filters = &list.filters;
    let filter = Filter {
        product_id: filters.product_id,
        category_id: filters.category_id,
        include_ended: filters.include_ended,
    };
    let sorted = Sorted::new(filters.sort, filters.updated_since);
    let read = async move |tx: &Tx, page: &page::Page| rule::list(tx, id.0, &filter, page).await;
    sorted.serve_records(list, caller, read).await
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
    write.create("price_rule.created", body, async |tx, input| rule::create(tx, id.0, input).await).await
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
        .batch("price_rule.batch_created", body, async |tx, inputs| rule::create_all(tx, id.0, inputs).await)
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
    // The warnings follow from the other rules of the list.
    seen.answer_content(1, row)
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
