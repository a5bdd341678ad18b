//! Imports of the chart of accounts. An account that is dropped keeps its row: a server that read the chart seconds ago may still post to it.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ledger::chart::{self, Present, Stated};
use domain::ledger::{AccountKind, CHART};
use domain::refusal::Problems;
use domain::tag;
use domain::text::Name;
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};

use super::control;
use crate::listing::word;
use crate::{Error, Tx};

/// The whole chart of accounts.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChartCreate)]
pub struct ChartInput {
    /// All accounts. One that is not named is dropped.
    #[schema(min_items = 1, max_items = 2000)]
    pub accounts: Vec<ChartAccount>,
}

/// An account of the chart.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartAccount {
    /// Code of the account, unique in the chart.
    #[schema(min_length = 1, max_length = 32, example = "6200")]
    pub code: String,
    /// Name of the account.
    pub name: Name,
    /// Kind of the account. The name `type` is accepted too.
    #[serde(alias = "type")]
    pub kind: AccountKind,
    /// Code of the account above it, which has the same kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 32, example = "6000")]
    pub parent: Option<String>,
}

/// Result of an import of the chart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ChartImport {
    pub object: tag::ChartImport,
    /// Number of accounts that are new, or were dropped before.
    #[schema(minimum = 0, maximum = 2000, example = 1)]
    pub created: usize,
    /// Number of accounts that changed.
    #[schema(minimum = 0, maximum = 2000, example = 1)]
    pub changed: usize,
    /// Number of accounts that needed no change.
    #[schema(minimum = 0, maximum = 2000, example = 31)]
    pub unchanged: usize,
    /// Codes of the accounts that were dropped.
    #[schema(max_items = 10000, example = json!(["6900"]))]
    pub dropped: Vec<String>,
}

/// An account that is there.
struct Known {
    name: String,
    kind: AccountKind,
    parent: Option<String>,
    dropped_at: Option<DateTime<Utc>>,
}

const KNOWN: &str = "select code, name, kind, parent_code, dropped_at from account where tenant_id = $1";

/// Accounts that records name: reason codes, taxes, recurring entries that have not ended, and rules of the mapping.
const NAMED: &str = "
    select r.account_code as code, 'the reason code ' || r.code || ' names it' as used_by
    from reason_code r where r.tenant_id = $1
    union all
    select x ->> 'account', 'the tax ' || (x ->> 'name') || ' is posted to it'
    from tax_rate t cross join jsonb_array_elements(t.taxes) x
    where t.tenant_id = $1 and x ->> 'account' is not null
    union all
    select x ->> 'account', 'the recurring entry ' || e.memo || ' names it'
    from recurring_entry e cross join jsonb_array_elements(e.lines) x
    where e.tenant_id = $1 and e.next_on is not null
    union all
    select a.code, 'a rule of the account mapping keeps it for ' || replace(a.purpose, '_', ' ')
    from account a where a.tenant_id = $1 and a.purpose is not null
    union all
    select x ->> 'account', 'a rule of the account mapping names it'
    from account_mapping m cross join jsonb_array_elements(m.rules) x
    where m.tenant_id = $1";

const STATE: &str = "
    insert into account (tenant_id, code, name, kind, parent_code)
    select $1, v.code, v.name, v.kind, v.parent_code
    from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as v (code, name, kind, parent_code)
    on conflict (tenant_id, code) do update
    set name = excluded.name, kind = excluded.kind, parent_code = excluded.parent_code, dropped_at = null";

/// Accounts that are kept for a purpose, and that no rule of the mapping names. None if the rules changed after an instant (`$2`).
const ENDED: &str = "
    select a.code from account a
    where a.tenant_id = $1 and a.purpose is not null
        and not exists (select from account_mapping m where m.tenant_id = $1 and m.updated_at > $2)
        and not exists (
            select from account_mapping m cross join jsonb_array_elements(m.rules) x
            where m.tenant_id = $1 and x ->> 'account' = a.code)";

const FREE: &str = "update account set purpose = null where tenant_id = $1 and code = any($2)";

/// Seconds after the last change of the rules for which an account is kept without a rule. Another server may post by the old rules for 5
/// seconds.
const KEPT_SECONDS: i64 = 60;

const DROP: &str = "update account set dropped_at = $2 where tenant_id = $1 and code = any($3)";

/// Replaces the chart. Rejects it if an account that is in use would be dropped, or would get another kind.
pub async fn import(tx: &Tx, input: &ChartInput) -> Result<ChartImport, Error> {
    // One import of a tenant at a time.
    let lock = "select 1 from tenant where tenant_id = $1 for no key update";
    tx.row(sqlx::query(lock).bind(tx.tenant_id.0)).await?;
    tx.plan_as_report().await?;
    free(tx).await?;
    let known = known(tx).await?;
    let mut problems = Problems::default();
    for (index, account) in input.accounts.iter().enumerate().take(chart::ACCOUNTS_MAX) {
        account.name.check(&mut problems, &format!("/accounts/{index}/name"));
    }
    let stated: Vec<Stated> = input.accounts.iter().map(stated).collect();
    chart::check(&present(tx, &known).await?, &stated, &mut problems);
    problems.check()?;
    let named: HashSet<&str> = stated.iter().map(|account| account.code.as_str()).collect();
    let mut dropped: Vec<String> = known
        .iter()
        .filter(|(code, account)| account.dropped_at.is_none() && !named.contains(code.as_str()))
        .map(|(code, _)| code.clone())
        .collect();
    dropped.sort_unstable();
    write(tx, &input.accounts, &dropped).await?;
    Ok(tally(&known, &input.accounts, dropped))
}

/// Frees accounts that were kept for a rule which is gone for a minute, and that have no entries. The caller has the lock of the tenant.
pub(super) async fn free(tx: &Tx) -> Result<(), Error> {
    let before = tx.now - TimeDelta::seconds(KEPT_SECONDS);
    let rows = tx.rows(sqlx::query(ENDED).bind(tx.tenant_id.0).bind(before)).await?;
    let ended: Vec<String> = rows.iter().map(|row| row.try_get("code")).collect::<Result<_, _>>()?;
    if ended.is_empty() {
        return Ok(());
    }
    let posted: HashSet<String> =
        control::balances(tx, None).await?.into_iter().map(|(code, _)| code).collect();
    let freed: Vec<String> = ended.into_iter().filter(|code| !posted.contains(code)).collect();
    tx.execute(sqlx::query(FREE).bind(tx.tenant_id.0).bind(freed)).await.map(drop)
}

async fn known(tx: &Tx) -> Result<HashMap<String, Known>, Error> {
    let mut known = HashMap::new();
    for row in tx.rows(sqlx::query(KNOWN).bind(tx.tenant_id.0)).await? {
        let account = Known {
            name: row.try_get("name")?,
            kind: word(&row, "kind")?,
            parent: row.try_get("parent_code")?,
            dropped_at: row.try_get("dropped_at")?,
        };
        known.insert(row.try_get("code")?, account);
    }
    Ok(known)
}

/// Returns the accounts in use, with the reasons as ends of sentences.
pub(super) async fn uses(tx: &Tx) -> Result<HashMap<String, String>, Error> {
    let mut used: HashMap<String, String> = HashMap::new();
    for (code, _) in control::balances(tx, None).await? {
        used.insert(code, "it has entries".to_owned());
    }
    for row in tx.rows(sqlx::query(NAMED).bind(tx.tenant_id.0)).await? {
        used.insert(row.try_get("code")?, row.try_get("used_by")?);
    }
    for (code, ..) in CHART {
        used.insert((*code).to_owned(), "documents post to it".to_owned());
    }
    Ok(used)
}

/// Returns the accounts that are not dropped, and those that were dropped and have entries, with the reasons why they are in use.
async fn present(tx: &Tx, known: &HashMap<String, Known>) -> Result<HashMap<String, Present>, Error> {
    let used = uses(tx).await?;
    let is_present = |code: &str, account: &Known| account.dropped_at.is_none() || used.contains_key(code);
    let present = known.iter().filter(|(code, account)| is_present(code, account));
    Ok(present
        .map(|(code, account)| {
            (code.clone(), Present { kind: account.kind, used_by: used.get(code).cloned() })
        })
        .collect())
}

fn stated(account: &ChartAccount) -> Stated {
    Stated { code: account.code.clone(), kind: account.kind, parent: account.parent.clone() }
}

async fn write(tx: &Tx, accounts: &[ChartAccount], dropped: &[String]) -> Result<(), Error> {
    let codes: Vec<&str> = accounts.iter().map(|account| account.code.as_str()).collect();
    let names: Vec<String> = accounts.iter().map(|account| account.name.to_string()).collect();
    let kinds: Vec<&str> = accounts.iter().map(|account| account.kind.into()).collect();
    let parents: Vec<Option<&str>> = accounts.iter().map(|account| account.parent.as_deref()).collect();
    let state = sqlx::query(STATE).bind(tx.tenant_id.0).bind(codes).bind(names).bind(kinds).bind(parents);
    tx.execute(state).await?;
    tx.execute(sqlx::query(DROP).bind(tx.tenant_id.0).bind(tx.now).bind(dropped)).await?;
    Ok(())
}

fn tally(known: &HashMap<String, Known>, accounts: &[ChartAccount], dropped: Vec<String>) -> ChartImport {
    let mut made = ChartImport { object: tag::ChartImport, created: 0, changed: 0, unchanged: 0, dropped };
    for account in accounts {
        match known.get(&account.code).filter(|before| before.dropped_at.is_none()) {
            None => made.created += 1,
            Some(before) => {
                let is_same = before.name == account.name.as_str()
                    && before.kind == account.kind
                    && before.parent == account.parent;
                if is_same {
                    made.unchanged += 1;
                } else {
                    made.changed += 1;
                }
            }
        }
    }
    made
}
