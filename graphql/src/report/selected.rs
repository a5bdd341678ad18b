//! Records that a filter names: they must exist, and a comma may be part of a code.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use domain::id::{CategoryId, CustomerId, LocationId, ProductId};
use domain::refusal::{Code, Problems};
use sea_orm::prelude::Uuid;
use sea_orm::sqlx::{self, Row};
use service::{Error, Tx};

use super::filter::{Filter, Selector};

const LOCATIONS: &str =
    "select code, id from location where tenant_id = $1 and (code = any($2) or id = any($3))";
const PRODUCTS: &str = "select sku, id from product where tenant_id = $1 and (sku = any($2) or id = any($3))";
const CATEGORIES: &str =
    "select code, id from category where tenant_id = $1 and (code = any($2) or id = any($3))";
const CUSTOMERS: &str =
    "select number, id from customer where tenant_id = $1 and (number = any($2) or id = any($3))";
const UNKNOWN_ACCOUNTS: &str = "select named.code from unnest($2::text[]) with ordinality named (code, place) \
    where not exists (select from account where tenant_id = $1 and code = named.code) order by named.place";

/// Returns the filter with records only that exist. Rejects a filter that names others: its report would be empty, and the
/// caller would not learn why.
pub(super) async fn find(tx: &Tx, filter: &Filter) -> Result<Filter, Error> {
    let mut problems = Problems::default();
    let mut found = filter.clone();
    found.locations =
        named(tx, |id: LocationId| id.0, (LOCATIONS, "location"), &filter.locations, &mut problems).await?;
    found.products =
        named(tx, |id: ProductId| id.0, (PRODUCTS, "product"), &filter.products, &mut problems).await?;
    found.categories =
        named(tx, |id: CategoryId| id.0, (CATEGORIES, "category"), &filter.categories, &mut problems).await?;
    found.customers =
        named(tx, |id: CustomerId| id.0, (CUSTOMERS, "customer"), &filter.customers, &mut problems).await?;
    check_accounts(tx, &filter.accounts, &mut problems).await?;
    problems.check()?;
    Ok(found)
}

async fn check_accounts(tx: &Tx, codes: &[String], problems: &mut Problems) -> Result<(), Error> {
    if codes.is_empty() {
        return Ok(());
    }
    let unknown = tx.rows(sqlx::query(UNKNOWN_ACCOUNTS).bind(tx.tenant_id.0).bind(codes)).await?;
    for row in unknown {
        let code: String = row.try_get("code")?;
        problems.add("/account", Code::NotFound, format!("There is no account {code}."));
    }
    Ok(())
}

async fn named<I: FromStr + From<Uuid> + fmt::Display>(
    tx: &Tx,
    uuid: impl Fn(I) -> Uuid,
    (statement, what): (&'static str, &'static str),
    selector: &Selector,
    problems: &mut Problems,
) -> Result<Selector, Error> {
    if selector.is_empty() {
        return Ok(Selector::default());
    }
    let parts = |list: &str| -> Vec<String> {
        list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    };
    let mut codes = selector.codes.clone();
    let mut ids = selector.ids.clone();
    for text in selector.lists.iter().flat_map(|list| parts(list)).chain(selector.lists.iter().cloned()) {
        match text.parse::<I>() {
            Ok(id) => ids.push(uuid(id)),
            Err(_) => codes.push(text),
        }
    }
    let query = sqlx::query(statement).bind(tx.tenant_id.0).bind(&codes).bind(&ids);
    let mut by_code: HashMap<String, Uuid> = HashMap::new();
    let mut known: HashSet<Uuid> = HashSet::new();
    for row in tx.rows(query).await? {
        known.insert(row.try_get(1)?);
        if let Some(code) = row.try_get::<Option<String>, _>(0)? {
            by_code.insert(code, row.try_get(1)?);
        }
    }
    let wholes = selector.lists.iter().flat_map(|list| match by_code.contains_key(list) {
        true => vec![list.clone()],
        false => parts(list),
    });
    let mut asked: Vec<String> = selector.codes.iter().cloned().chain(wholes).collect();
    asked.extend(selector.ids.iter().map(|id| I::from(*id).to_string()));
    let mut found = Selector::default();
    for text in asked {
        let id = by_code.get(&text).copied().or_else(|| text.parse::<I>().ok().map(&uuid));
        match id.filter(|id| known.contains(id)) {
            Some(id) => found.ids.push(id),
            None => problems.add(format!("/{what}"), Code::NotFound, format!("There is no {what} {text}.")),
        }
    }
    Ok(found)
}
