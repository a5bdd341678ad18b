//! Several taxes of one rate: their input, their checks, and how they are stored.

use domain::ledger::AccountKind;
use domain::ledger::chart::is_code;
use domain::ledger::control::{self, Facts, Use};
use domain::number::{Percent, Price};
use domain::refusal::Problems;
use domain::tax::{Levy, Tax, TaxBase, combined_rate};
use domain::text::{Line64, Name};
use sea_orm::sqlx::{self, Row};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RATE_MAX;
use crate::listing::word;
use crate::{Error, Tx};

/// Most taxes of one rate.
const TAXES_MAX: usize = 10;

/// One of several taxes of a rate. Send exactly one of `rate` and `amount_per_unit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Tax)]
pub struct TaxInput {
    /// Your code for the tax, unique in this rate. Taxes of several rates with one code are rounded together.
    pub code: Line64,
    /// Name of the tax, as documents show it.
    pub name: Name,
    /// Percent of its base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<Percent>,
    /// Amount for each stock unit, in the tenant's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_per_unit: Option<Price>,
    /// Base of the percentage: `net`, or `net_and_taxes`, the net amount and the taxes before this one in the list.
    #[serde(default)]
    pub base: TaxBase,
    /// Code of the account that the tax is posted to, a liability that is no control account. If there is none, it is made, with the
    /// name of the tax. The default is 2200, output tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 32, example = "2210")]
    pub account: Option<String>,
}

/// Adds the problems of several taxes. Returns the sum of those in percent.
pub(super) async fn check(tx: &Tx, problems: &mut Problems, taxes: &[TaxInput]) -> Result<Percent, Error> {
    if taxes.len() > TAXES_MAX {
        problems.invalid("/taxes", format!("A rate has at most {TAXES_MAX} taxes."));
        return Ok(Percent::ZERO);
    }
    let maximum = Percent::new(RATE_MAX.into());
    let mut parsed = Vec::with_capacity(taxes.len());
    for (place, tax) in taxes.iter().enumerate() {
        let pointer = |field: &str| format!("/taxes/{place}{field}");
        tax.code.check(problems, &pointer("/code"));
        tax.name.check(problems, &pointer("/name"));
        if taxes[..place].iter().any(|before| before.code == tax.code) {
            problems.invalid(pointer("/code"), "Another tax of this rate has the code: give each its own.");
        }
        if tax.rate.is_some_and(|rate| rate.is_negative() || rate > maximum) {
            problems.invalid(pointer("/rate"), format!("Expected 0 to {RATE_MAX} percent."));
        }
        if tax.amount_per_unit.is_some_and(|amount| amount.is_negative()) {
            problems.invalid(pointer("/amount_per_unit"), "An amount per unit must not be negative.");
        }
        match read(tax) {
            Some(tax) => parsed.push(tax),
            None => problems.invalid(pointer(""), "Send exactly one of rate and amount_per_unit."),
        }
        if let Some(account) = &tax.account {
            check_account(tx, problems, &pointer("/account"), account).await?;
        }
    }
    let sum: Percent = taxes.iter().filter_map(|tax| tax.rate).sum();
    if sum > maximum {
        problems
            .invalid("/taxes", format!("The taxes of a rate may have at most {RATE_MAX} percent in all."));
        return Ok(Percent::ZERO);
    }
    Ok(combined_rate(&parsed))
}

async fn check_account(tx: &Tx, problems: &mut Problems, pointer: &str, account: &str) -> Result<(), Error> {
    if !is_code(account) {
        let detail = "Expected 1 to 32 letters, digits, dots or hyphens, such as 2210.";
        problems.invalid(pointer, detail);
        return Ok(());
    }
    let query = sqlx::query(
        "select a.kind, a.purpose is not null as is_mapped, r.code as reason \
         from account a left join reason_code r on r.tenant_id = $1 and r.account_code = a.code \
         where a.tenant_id = $1 and a.code = $2 limit 1",
    );
    let Some(row) = tx.row(query.bind(tx.tenant_id.0).bind(account)).await? else { return Ok(()) };
    let is_liability = word::<AccountKind>(&row, "kind")? == AccountKind::Liability;
    let facts = Facts { is_liability, is_mapped: row.try_get("is_mapped")? };
    let checked = control::check(account, facts, Use::Tax);
    let reason: Option<String> = row.try_get("reason")?;
    if let Err(detail) = checked {
        problems.invalid(pointer, detail);
    } else if let Some(reason) = reason {
        let detail = format!(
            "Adjustments with the reason {reason} are posted to account {account}: name another account, or 2200."
        );
        problems.invalid(pointer, detail);
    }
    Ok(())
}

/// Makes the accounts of taxes that do not exist yet.
pub(super) async fn open_accounts(tx: &Tx, taxes: &[TaxInput]) -> Result<(), Error> {
    for tax in taxes {
        let Some(account) = &tax.account else { continue };
        let statement = "insert into account (tenant_id, code, name, kind) values ($1, $2, $3, 'liability') \
                         on conflict (tenant_id, code) do update set dropped_at = null \
                         where account.dropped_at is not null";
        tx.execute(sqlx::query(statement).bind(tx.tenant_id.0).bind(account).bind(tax.name.to_string()))
            .await?;
    }
    Ok(())
}

fn read(tax: &TaxInput) -> Option<Tax> {
    let levy = match (tax.rate, tax.amount_per_unit) {
        (Some(rate), None) => Levy::Percent(rate),
        (None, Some(amount)) => Levy::PerUnit(amount),
        (Some(_), Some(_)) | (None, None) => return None,
    };
    Some(Tax {
        code: tax.code.to_string(),
        name: tax.name.to_string(),
        levy,
        base: tax.base,
        account: tax.account.clone(),
    })
}

/// Returns the taxes as they are stored; nothing if the rate is one tax.
pub(super) fn stored(taxes: &[TaxInput]) -> Option<Value> {
    (!taxes.is_empty())
        .then(|| serde_json::to_value(taxes).expect("taxes have text keys and plain values only"))
}

/// Reads stored taxes in the form of the API.
pub(super) fn inputs(stored: Option<Value>) -> Result<Vec<TaxInput>, Error> {
    stored.map_or(Ok(Vec::new()), |stored| {
        serde_json::from_value(stored).map_err(|error| Error::invariant(format!("stored taxes: {error}")))
    })
}

/// Reads stored taxes in the form of the domain.
pub(crate) fn stored_taxes(stored: Option<Value>) -> Result<Vec<Tax>, Error> {
    let unreadable = || Error::invariant("a stored tax has a rate or an amount");
    inputs(stored)?.iter().map(|tax| read(tax).ok_or_else(unreadable)).collect()
}
