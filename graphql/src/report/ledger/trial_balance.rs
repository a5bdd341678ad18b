//! Trial balance: each account before a period, its debits and credits in it, and after it.
//!
//! - One row per account of the chart, also of one that nothing was posted to.
//! - `opening` and `closing` are debits less credits: assets and expenses are positive, liabilities, equity and revenue negative.
//!   `closing` = `opening` + `debit` − `credit`. Over all accounts both are 0, and the debits equal the credits.
//! - An entry counts on the day on which it is posted. That is later than the day of its document if the period was closed.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::{Figure, Figures, Parts, measures, part};
use crate::report::column::Measure;
use crate::report::compared::Compared;
use crate::report::{Dimension, Request, Row};
use crate::scalar::Amount;

/// One account; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct TrialBalanceRow {
    /// Code of the account; null in the totals.
    pub account_code: Option<String>,
    /// Name of the account; null in the totals.
    pub account_name: Option<String>,
    /// Kind of the account: `asset`, `liability`, `equity`, `revenue` or `expense`; null in the totals.
    pub account_kind: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Debits less credits before the period; 0 if the period has no beginning. Additive: over all accounts it is 0.
    pub opening: Amount,
    /// Sum of the debits in the period. Additive.
    pub debit: Amount,
    /// Sum of the credits in the period. Additive: over all accounts it is that of the debits.
    pub credit: Amount,
    /// Debits less credits until the end of the period: opening + debit − credit. Additive: over all accounts it is 0.
    pub closing: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<TrialBalanceRow>,
}

/// Figures over the lines `p` of an account.
const FIGURES: [Figure; 4] = [
    ("opening", "coalesce(sum(p.debit - p.credit) filter (where p.posted_on < :from_on), 0)"),
    (
        "debit",
        "coalesce(sum(p.debit) filter (where (:from_on::date is null or p.posted_on >= :from_on) \
         and (:to_on::date is null or p.posted_on < :to_on)), 0)",
    ),
    (
        "credit",
        "coalesce(sum(p.credit) filter (where (:from_on::date is null or p.posted_on >= :from_on) \
         and (:to_on::date is null or p.posted_on < :to_on)), 0)",
    ),
    (
        "closing",
        "coalesce(sum(p.debit - p.credit) filter (where :to_on::date is null or p.posted_on < :to_on), 0)",
    ),
];
const COLUMNS: [&str; 3] = ["account_code", "account_name", "account_kind"];

impl Row for TrialBalanceRow {
    fn measures() -> Vec<Measure> {
        measures(&FIGURES)
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        COLUMNS.to_vec()
    }

    fn statement(request: &Request) -> String {
        let sided = |sql: &'static str, is_before: bool| match is_before {
            true => sql.replace(":from_on", ":before_from_on").replace(":to_on", ":before_to_on"),
            false => sql.to_owned(),
        };
        let figures = Figures::of(&FIGURES, request.compare.is_some(), sided);
        let with = format!(
            "{}, level as materialized (
    select coalesce(a.code, p.account_code) as account_code, a.name as account_name, a.kind as account_kind{}
    from (select code, name, kind, dropped_at from public.account where tenant_id = :tenant_id) a
    full join part p on p.account_code = a.code
    where a.dropped_at is null or p.account_code is not null
    group by 1, 2, 3
)",
            part(request),
            figures.sums,
        );
        Parts { with, columns: &COLUMNS, figures, order: "m.account_code" }.statement(request)
    }
}
