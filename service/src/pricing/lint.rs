//! Warnings about rules of a price list, which are valid and surely a mistake.

use std::collections::HashMap;

use ::entity::price_rule;
use domain::id::{PriceListId, PriceRuleId};
use domain::number::{Price, Quantity};
use domain::pricing::Rule;
use domain::pricing::lint::{DearerBreak, RuleWarning, dearer_breaks};
use sea_orm::sqlx::{self, Row};
use serde::Serialize;
use uuid::Uuid;

use super::read_rule;
use crate::listing::optional_number;
use crate::{Error, Tx};

/// Most rules with which the rules of one request are compared.
const RULES_MAX: i64 = 10_000;

/// A warning about a rule. The rule is valid and applies.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct PriceRuleWarning {
    /// Kind of the warning. New values may appear.
    pub code: RuleWarning,
    /// Quantity from which a unit costs more, in stock units.
    pub from_quantity: Quantity,
    /// The rule beside it with which it was compared. Null: the list price.
    #[schema(example = json!(null))]
    pub other_rule_id: Option<PriceRuleId>,
    /// Explanation for a person.
    #[schema(max_length = 200, example = "A unit costs more from 10 units on than below.")]
    pub detail: String,
}

impl From<DearerBreak> for PriceRuleWarning {
    fn from(found: DearerBreak) -> Self {
        PriceRuleWarning {
            code: RuleWarning::DearerBreak,
            from_quantity: found.from_quantity,
            other_rule_id: found.other,
            detail: format!("A unit costs more from {} units on than below.", found.from_quantity),
        }
    }
}

/// Products that rules price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Target {
    product_id: Option<Uuid>,
    category_id: Option<Uuid>,
}

/// Rules that price the same products, with their list price.
#[derive(Debug, Default)]
struct Breaks {
    rules: Vec<Rule>,
    list_price: Option<Price>,
}

/// Returns the warnings about rules of a list by their ids. A rule that has ended has none. Runs one statement, or none without
/// rules.
pub(super) async fn warnings(
    tx: &Tx,
    list_id: PriceListId,
    rules: &[price_rule::Model],
) -> Result<HashMap<PriceRuleId, Vec<PriceRuleWarning>>, Error> {
    let mut warnings = HashMap::new();
    if rules.is_empty() {
        return Ok(warnings);
    }
    let breaks = load(tx, list_id, rules).await?;
    for rule in rules {
        let target = Target {
            product_id: rule.product_id.map(|id| id.0),
            category_id: rule.category_id.map(|id| id.0),
        };
        let Some(Breaks { rules, list_price }) = breaks.get(&target) else { continue };
        if let Some(own) = rules.iter().find(|own| own.id == rule.id) {
            let found = dearer_breaks(own, rules, *list_price).into_iter();
            warnings.insert(rule.id, found.map(PriceRuleWarning::from).collect());
        }
    }
    Ok(warnings)
}

/// Reads the rules of a list that have not ended and price the same products as some of `rules`. The list price counts only if it
/// is stated as the list states its prices, with tax or without.
async fn load(
    tx: &Tx,
    list_id: PriceListId,
    rules: &[price_rule::Model],
) -> Result<HashMap<Target, Breaks>, Error> {
    let products: Vec<Uuid> = rules.iter().filter_map(|rule| rule.product_id).map(|id| id.0).collect();
    let categories: Vec<Uuid> = rules.iter().filter_map(|rule| rule.category_id).map(|id| id.0).collect();
    let has_all = rules.iter().any(|rule| rule.product_id.is_none() && rule.category_id.is_none());
    let statement = "select r.id, r.price_list_id, r.product_id, r.category_id, r.method, r.value, r.min_quantity, r.valid_from, \
                r.valid_until, \
                case when coalesce(l.includes_tax, t.prices_include_tax) = t.prices_include_tax then p.list_price end \
                    as list_price \
         from price_rule r \
         join price_list l on l.tenant_id = r.tenant_id and l.id = r.price_list_id \
         join tenant t on t.tenant_id = r.tenant_id \
         left join product p on p.tenant_id = r.tenant_id and p.id = r.product_id \
         where r.tenant_id = $1 and r.price_list_id = $2 and (r.valid_until is null or r.valid_until > now()) \
           and (r.product_id = any($3) or r.category_id = any($4) or (r.scope = 'all' and $5)) \
         order by r.id desc limit $6";
    let query = sqlx::query(statement)
        .bind(tx.tenant_id.0)
        .bind(list_id.0)
        .bind(products)
        .bind(categories)
        .bind(has_all)
        .bind(RULES_MAX);
    let mut breaks: HashMap<Target, Breaks> = HashMap::new();
    for row in tx.rows(query).await? {
        let target =
            Target { product_id: row.try_get("product_id")?, category_id: row.try_get("category_id")? };
        let of_target = breaks.entry(target).or_default();
        of_target.list_price = optional_number(&row, "list_price")?;
        of_target.rules.push(read_rule(&row)?);
    }
    Ok(breaks)
}
