//! The mapping of accounts: a tenant's rules as a whole, with one version.

use std::collections::{HashMap, HashSet};

use domain::id::{CategoryId, LocationId};
use domain::ledger::control;
use domain::ledger::mapping::{self, Case, EntryPurpose, Known, Mapping, Named, RULES_MAX, Rule};
use domain::number::Percent;
use domain::refusal::{Problems, Refusal};
use domain::tag;
use domain::tenant::Channel;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::chart;
use crate::listing::{optional_word, word};
use crate::{Error, Tx, input, known};

/// The whole mapping of accounts.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountMappingInput {
    /// All rules. Without any, every posting has the account of the default chart.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub rules: Vec<AccountRule>,
}

/// A rule: postings of a purpose to which all conditions apply get an account.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountRule {
    /// Part of the document that is posted.
    pub purpose: EntryPurpose,
    /// Channel of the sale. Only for revenue, returns, discount and cost of goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_id: Option<LocationId>,
    /// Category of the product; it covers those below it. Only for revenue, returns, discount and cost of goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// Tax rate of the line in percent of the net; with several taxes, the sum of those in percent. Only for revenue, returns, discount and cost
    /// of goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_rate: Option<Percent>,
    /// Code of the account.
    #[schema(min_length = 1, max_length = 32, example = "4020")]
    pub account: String,
}

/// The mapping of accounts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccountMapping {
    pub object: tag::AccountMapping,
    /// All rules, as they were stated.
    #[schema(max_items = 500)]
    pub rules: Vec<AccountRule>,
    /// Version number. Each change adds 1. Zero: no rules were stated.
    #[schema(minimum = 0, example = 1)]
    pub version: i32,
}

/// The account that a posting would get.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ResolvedAccount {
    pub object: tag::ResolvedAccount,
    /// Code of the account.
    #[schema(max_length = 32, example = "4020")]
    pub account: String,
    /// Index of the rule that gives the account, from 0. Null if no rule applies: then it is the account of the default
    /// chart.
    #[schema(minimum = 0, maximum = 499, example = 0)]
    pub rule: Option<usize>,
    /// Reason, for people.
    #[schema(max_length = 200, example = "Rule 0 applies: it names category_id.")]
    pub reason: String,
}

/// Returns the mapping of the tenant.
pub async fn get(tx: &Tx) -> Result<AccountMapping, Error> {
    let select = "select rules::text as rules, version from account_mapping where tenant_id = $1";
    let Some(row) = tx.row(sqlx::query(select).bind(tx.tenant_id.0)).await? else {
        return Ok(AccountMapping { object: tag::AccountMapping, rules: Vec::new(), version: 0 });
    };
    let rules: String = row.try_get("rules")?;
    Ok(AccountMapping {
        object: tag::AccountMapping,
        rules: serde_json::from_str(&rules).map_err(|error| Error::invariant(error.to_string()))?,
        version: row.try_get("version")?,
    })
}

const STATE: &str = "
    insert into account_mapping (tenant_id, rules, version, updated_at)
    values ($1, $2::jsonb, 1, $3)
    on conflict (tenant_id) do update
    set rules = excluded.rules, version = account_mapping.version + 1, updated_at = excluded.updated_at";

/// Replaces the rules if they are still at version `expected`. The accounts of sales that they name are kept for their purposes. Entries
/// that were posted stay as they are.
pub async fn set(
    tx: &Tx,
    expected: Option<i32>,
    input: &AccountMappingInput,
) -> Result<AccountMapping, Error> {
    // An import of the chart takes the same lock, so no account is dropped meanwhile.
    let lock = "select 1 from tenant where tenant_id = $1 for no key update";
    tx.row(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    input::check_version(get(tx).await?.version, expected)?;
    if input.rules.len() > RULES_MAX {
        let detail = format!("A mapping has at most {RULES_MAX} rules.");
        return Err(Refusal::invalid("/rules", detail).into());
    }
    let rules: Vec<Rule> = input.rules.iter().map(rule).collect();
    chart::free(tx).await?;
    let mut problems = Problems::default();
    mapping::check(&named(tx, &rules).await?, &rules, &mut problems);
    problems.check()?;
    keep(tx, &rules).await?;
    let stated = serde_json::to_string(&input.rules).map_err(|error| Error::invariant(error.to_string()))?;
    tx.execute(sqlx::query(STATE).bind(tx.tenant_id.0).bind(stated).bind(tx.now)).await?;
    get(tx).await
}

/// Returns the account that a posting would get now, and why. Rejects a location or a category that does not exist.
pub async fn resolve(tx: &Tx, posted: &Case) -> Result<ResolvedAccount, Error> {
    let stated = [
        ("location_id", posted.location_id.map(|id| id.to_string())),
        ("category_id", posted.category_id.map(|id| id.to_string())),
    ];
    let stated = stated.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let stated: Vec<known::Named> = stated
        .map(|(name, value)| known::Named { parameter: name.to_owned(), value, kind: known::Kind::ById })
        .collect();
    known::check(tx, &stated).await?;
    let mapping = read(tx, HashSet::new()).await?;
    let given = mapping.find(posted);
    let reason = match given {
        None => "No rule applies: it is the account of the default chart.".to_owned(),
        Some(given) => {
            let case = &given.case;
            let named = [
                ("category_id", case.category_id.is_some()),
                ("location_id", case.location_id.is_some()),
                ("tax_rate", case.tax_rate.is_some()),
                ("channel", case.channel.is_some()),
            ];
            let named = named.iter().filter(|(_, is_named)| *is_named).map(|(name, _)| *name);
            match named.collect::<Vec<_>>().join(", ") {
                named if named.is_empty() => format!("Rule {} applies: it has no conditions.", given.rule),
                named => format!("Rule {} applies: it names {named}.", given.rule),
            }
        }
    };
    Ok(ResolvedAccount {
        object: tag::ResolvedAccount,
        account: mapping.account(posted).into_owned(),
        rule: given.map(|given| given.rule),
        reason,
    })
}

/// Reads the rules for postings. `kept` are the accounts that rules keep or kept for a purpose of sales.
pub(crate) async fn read(tx: &Tx, kept: HashSet<String>) -> Result<Mapping, Error> {
    let rules: Vec<Rule> = get(tx).await?.rules.iter().map(rule).collect();
    let mut parents = HashMap::new();
    if rules.iter().any(|rule| rule.case.category_id.is_some()) {
        let select = "select id, parent_id from category where tenant_id = $1 and parent_id is not null";
        for row in tx.rows(sqlx::query(select).bind(tx.tenant_id.0)).await? {
            parents.insert(CategoryId(row.try_get("id")?), CategoryId(row.try_get("parent_id")?));
        }
    }
    Ok(Mapping::new(&rules, parents, kept))
}

fn rule(stated: &AccountRule) -> Rule {
    let case = Case {
        purpose: stated.purpose,
        channel: stated.channel,
        location_id: stated.location_id,
        category_id: stated.category_id,
        tax_rate: stated.tax_rate,
    };
    Rule { case, account: stated.account.clone() }
}

/// Whether a rule keeps its account for a purpose of sales. The default accounts are kept without that.
fn keeps(rule: &Rule) -> bool {
    rule.case.purpose.is_of_sales() && !control::is_control(&rule.account)
}

/// Reads the records that the rules name. The reasons why accounts are in use are read only if one is to be kept that is not yet.
async fn named(tx: &Tx, rules: &[Rule]) -> Result<Named, Error> {
    let mut named = Named::default();
    let codes: Vec<&str> = rules.iter().map(|rule| rule.account.as_str()).collect();
    let select = "select code, kind, purpose from account \
                  where tenant_id = $1 and dropped_at is null and code = any($2)";
    for row in tx.rows(sqlx::query(select).bind(tx.tenant_id.0).bind(codes)).await? {
        let known =
            Known { kind: word(&row, "kind")?, kept_for: optional_word(&row, "purpose")?, used_by: None };
        named.accounts.insert(row.try_get("code")?, known);
    }
    let is_new = |rule: &Rule| {
        keeps(rule) && named.accounts.get(&rule.account).is_some_and(|known| known.kept_for.is_none())
    };
    if rules.iter().any(is_new) {
        tx.plan_as_report().await?;
        for (code, used_by) in chart::uses(tx).await? {
            if let Some(known) = named.accounts.get_mut(&code) {
                known.used_by = Some(used_by);
            }
        }
    }
    let locations: Vec<Uuid> = rules.iter().filter_map(|rule| rule.case.location_id).map(|id| id.0).collect();
    let select = "select id from location where tenant_id = $1 and id = any($2)";
    for row in tx.rows(sqlx::query(select).bind(tx.tenant_id.0).bind(locations)).await? {
        named.locations.insert(LocationId(row.try_get("id")?));
    }
    let categories: Vec<Uuid> =
        rules.iter().filter_map(|rule| rule.case.category_id).map(|id| id.0).collect();
    let select = "select id from category where tenant_id = $1 and id = any($2)";
    for row in tx.rows(sqlx::query(select).bind(tx.tenant_id.0).bind(categories)).await? {
        named.categories.insert(CategoryId(row.try_get("id")?));
    }
    Ok(named)
}

const KEEP: &str = "
    update account a set purpose = v.purpose
    from unnest($2::text[], $3::text[]) as v (code, purpose)
    where a.tenant_id = $1 and a.code = v.code and a.purpose is null";

/// Keeps the accounts of rules for their purposes.
async fn keep(tx: &Tx, rules: &[Rule]) -> Result<(), Error> {
    let kept: HashMap<&str, &str> = rules
        .iter()
        .filter(|rule| keeps(rule))
        .map(|rule| (rule.account.as_str(), rule.case.purpose.into()))
        .collect();
    if kept.is_empty() {
        return Ok(());
    }
    let (codes, purposes): (Vec<&str>, Vec<&str>) = kept.into_iter().unzip();
    let keep = sqlx::query(KEEP).bind(tx.tenant_id.0).bind(codes).bind(purposes);
    tx.execute(keep).await.map(drop)
}
