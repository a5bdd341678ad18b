//! Balance sheet: assets, liabilities and equity at the end of a day, or now.
//!
//! - One row per account of assets, liabilities or equity that has lines.
//! - What was earned and is not moved to an account of equity is equity too: a row *Result of the year* for the calendar year of the day,
//!   and a row *Result of earlier years*. So assets are liabilities and equity together: the total of `balance` is 0.
//! - *Closed results* (3110) is what year closes moved to retained earnings, and counts in the result of earlier years.
//! - Assets are debits less credits, liabilities and equity credits less debits. A figure that does not concern the section of the row
//!   is 0.
//! - An entry counts on the day on which it is posted.

use async_graphql::SimpleObject;
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::{Figure, Figures, Parts, measures, part};
use crate::report::column::Measure;
use crate::report::compared::Compared;
use crate::report::{Dimension, Request, Row};
use crate::scalar::Amount;

/// One account, or a result; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct BalanceSheetRow {
    /// Section of the row: `assets`, `liabilities` or `equity`; null in the totals.
    pub section: Option<String>,
    /// Code of the account; null for a result, and in the totals.
    pub account_code: Option<String>,
    /// Name of the account, *Result of the year* or *Result of earlier years*; null in the totals.
    pub account_name: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Debits less credits of accounts of assets. Additive.
    pub assets: Amount,
    /// Credits less debits of accounts of liabilities. Additive.
    pub liabilities: Amount,
    /// Credits less debits of accounts of equity, and the results: negative is a loss. Additive.
    pub equity: Amount,
    /// assets − liabilities − equity. Additive: the total is 0.
    pub balance: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<BalanceSheetRow>,
}

/// Figures over the lines `s` of a row, of one side of a comparison.
const FIGURES: [Figure; 4] = [
    ("assets", "coalesce(sum(s.debit - s.credit) filter (where SIDE and s.kind = 'asset'), 0)"),
    ("liabilities", "coalesce(sum(s.credit - s.debit) filter (where SIDE and s.kind = 'liability'), 0)"),
    (
        "equity",
        "coalesce(sum(s.credit - s.debit) filter (where SIDE and s.kind not in ('asset', 'liability')), 0)",
    ),
    ("balance", "coalesce(sum(s.debit - s.credit) filter (where SIDE), 0)"),
];
const COLUMNS: [&str; 3] = ["section", "account_code", "account_name"];

/// Lines of one side, with the first day of its year.
const SIDES: &str = ", side as (
    select
        p.account_code, p.posted_on, p.debit, p.credit, false as is_before,
        date_trunc('year', coalesce(:to_on::date - 1, (:now at time zone t.time_zone)::date)::timestamp)::date as year_on
    from part p join public.tenant t on t.tenant_id = :tenant_id";
const EARLIER: &str = "
    union all
    select p.account_code, p.posted_on, p.debit, p.credit, true, date_trunc('year', (:before_to_on::date - 1)::timestamp)::date
    from part p where p.posted_on < :before_to_on";
/// The lines with the row that each counts in.
const NAMED: &str = "
), named as (
    select
        a.kind, s.debit, s.credit, s.is_before,
        case a.kind when 'asset' then 'assets' when 'liability' then 'liabilities' else 'equity' end as section,
        case when a.kind in ('asset', 'liability') or a.kind = 'equity' and a.code <> '3110' then a.code end as account_code,
        case
            when a.kind in ('asset', 'liability') or a.kind = 'equity' and a.code <> '3110' then a.name
            when a.kind <> 'equity' and s.posted_on >= s.year_on then 'Result of the year'
            else 'Result of earlier years'
        end as account_name
    from side s join public.account a on a.tenant_id = :tenant_id and a.code = s.account_code
)";

impl Row for BalanceSheetRow {
    fn measures() -> Vec<Measure> {
        measures(&FIGURES)
    }

    fn dimensions(_: &[Dimension]) -> Vec<&'static str> {
        COLUMNS.to_vec()
    }

    fn statement(request: &Request) -> String {
        let is_compared = request.compare.is_some();
        let side = |is_before: bool| if is_before { "s.is_before" } else { "not s.is_before" };
        let figures =
            Figures::of(&FIGURES, is_compared, |sql, is_before| sql.replace("SIDE", side(is_before)));
        let earlier = if is_compared { EARLIER } else { "" };
        let with = format!(
            "{}{SIDES}{earlier}{NAMED}, level as materialized (
    select s.section, s.account_code, s.account_name{}
    from named s
    group by 1, 2, 3
)",
            part(request),
            figures.sums,
        );
        Parts { with, columns: &COLUMNS, figures, order: "m.account_code nulls last, m.account_name" }
            .statement(request)
    }
}
