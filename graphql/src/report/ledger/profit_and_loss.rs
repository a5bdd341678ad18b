//! Profit and loss: revenue less costs and expenses, by account and by month, quarter, year or channel.
//!
//! - One row per account of revenue or expense that has lines, in each group. An account counts in one of three sections: `revenue`,
//!   `cost` (cost of sales: 5000, 5010 and accounts that the mapping keeps for it), and `expense`, which is every other expense.
//! - A figure that does not concern the section of the row is 0, so each adds up to the statement. `result` is the profit: negative is a
//!   loss.
//! - Lines without a channel, such as shrinkage, are a group of their own if the rows are grouped by channel.
//! - `revenue`, `cost` and `gross_margin` are those of the report `margin` over the same days, if no period was closed before a late
//!   document: `margin` counts on the day of the document.

use async_graphql::{Enum, SimpleObject};
use sea_orm::FromQueryResult;
use serde::Serialize;

use super::{Figure, Figures, Parts, measures, part};
use crate::report::column::Measure;
use crate::report::compared::Compared;
use crate::report::{Dimension, Request, Row, dimension};
use crate::scalar::{Amount, Date};

/// A dimension of the profit and loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum StatementDimension {
    /// Calendar months, named by their first day.
    Month,
    /// Calendar quarters, named by their first day.
    Quarter,
    /// Calendar years, named by their first day.
    Year,
    /// Sales channels; lines without a channel are one group.
    Channel,
    /// One group for everything. It cannot be combined.
    None,
}

impl From<StatementDimension> for Dimension {
    fn from(dimension: StatementDimension) -> Self {
        match dimension {
            StatementDimension::Month => Dimension::Month,
            StatementDimension::Quarter => Dimension::Quarter,
            StatementDimension::Year => Dimension::Year,
            StatementDimension::Channel => Dimension::Channel,
            StatementDimension::None => Dimension::None,
        }
    }
}

/// One account in one group; in the totals, all of them.
#[derive(Debug, Clone, SimpleObject, FromQueryResult, Serialize)]
pub struct ProfitAndLossRow {
    /// First day of the calendar month of posting; null if the report is not grouped by month.
    pub month: Option<Date>,
    /// First day of the calendar quarter of posting; null if the report is not grouped by quarter.
    pub quarter: Option<Date>,
    /// First day of the calendar year of posting; null if the report is not grouped by year.
    pub year: Option<Date>,
    /// Sales channel: `wholesale` or `retail`; null for lines without one, and if the report is not grouped by channel. New values
    /// may appear.
    pub channel: Option<String>,
    /// Section of the account: `revenue`, `cost` or `expense`; null in the totals.
    pub section: Option<String>,
    /// Code of the account; null in the totals.
    pub account_code: Option<String>,
    /// Name of the account; null in the totals.
    pub account_name: Option<String>,
    /// ISO 4217 code of the currency of every amount in the row.
    pub currency: String,
    /// Credits less debits of the accounts of revenue: sales less returns and discounts. Additive.
    pub revenue: Amount,
    /// Debits less credits of the accounts of cost of sales. Additive.
    pub cost: Amount,
    /// revenue − cost. Additive.
    pub gross_margin: Amount,
    /// Debits less credits of all other accounts of expense. Additive.
    pub expense: Amount,
    /// gross_margin − expense: the profit; negative is a loss. Additive.
    pub result: Amount,
    #[graphql(flatten)]
    #[sea_orm(nested)]
    #[serde(flatten)]
    pub compared: Compared<ProfitAndLossRow>,
}

/// Figures over the lines `c` of an account `a`, of one side of a comparison.
const FIGURES: [Figure; 5] = [
    ("revenue", "coalesce(sum(c.credit - c.debit) filter (where SIDE and a.kind = 'revenue'), 0)"),
    (
        "cost",
        "coalesce(sum(c.debit - c.credit) filter (
            where SIDE and (a.code in ('5000', '5010') or a.purpose = 'cost_of_goods')), 0)",
    ),
    (
        "gross_margin",
        "coalesce(sum(c.credit - c.debit) filter (
            where SIDE and (a.kind = 'revenue' or a.code in ('5000', '5010') or a.purpose = 'cost_of_goods')), 0)",
    ),
    (
        "expense",
        "coalesce(sum(c.debit - c.credit) filter (
            where SIDE and a.kind = 'expense' and a.code not in ('5000', '5010') and a.purpose is null), 0)",
    ),
    ("result", "coalesce(sum(c.credit - c.debit) filter (where SIDE), 0)"),
];
/// A rule of the mapping may keep further accounts for cost.
const SECTION: &str = "case
        when a.kind = 'revenue' then 'revenue'
        when a.code in ('5000', '5010') or a.purpose = 'cost_of_goods' then 'cost'
        else 'expense' end";
const COLUMNS: [&str; 7] = ["month", "quarter", "year", "channel", "section", "account_code", "account_name"];

/// Lines of the period, each with its day.
const CHANGES: &str = ", change as (
    select p.posted_on as day, p.account_code, p.channel, p.debit, p.credit, false as is_before
    from part p
    where (:from_on::date is null or p.posted_on >= :from_on) and (:to_on::date is null or p.posted_on < :to_on)
        and (cardinality(:channels::text[]) = 0 or p.channel = any(:channels))";
/// Those of the earlier period, with the day that each is compared with. It is within the period.
const EARLIER: &str = "
    union all
    select
        greatest(least((p.posted_on + :shift)::date, :to_on - 1), :from_on), p.account_code, p.channel, p.debit, p.credit,
        true
    from part p
    where p.posted_on >= :before_from_on and p.posted_on < :before_to_on
        and (cardinality(:channels::text[]) = 0 or p.channel = any(:channels))";

/// Returns the SQL of a key of lines `c`; null if the report is not grouped by it.
fn key(request: &Request, dimension: Dimension, sql: &'static str, kind: &'static str) -> String {
    if request.group_by.contains(&dimension) { sql.to_owned() } else { format!("null::{kind}") }
}

impl Row for ProfitAndLossRow {
    fn measures() -> Vec<Measure> {
        measures(&FIGURES)
    }

    fn dimensions(group_by: &[Dimension]) -> Vec<&'static str> {
        let mut names = dimension::column_names(group_by);
        names.extend(["section", "account_code", "account_name"]);
        names
    }

    fn statement(request: &Request) -> String {
        let is_compared = request.compare.is_some();
        let side = |is_before: bool| if is_before { "c.is_before" } else { "not c.is_before" };
        let figures =
            Figures::of(&FIGURES, is_compared, |sql, is_before| sql.replace("SIDE", side(is_before)));
        let earlier = if is_compared { EARLIER } else { "" };
        let month = key(request, Dimension::Month, "date_trunc('month', c.day::timestamp)::date", "date");
        let quarter =
            key(request, Dimension::Quarter, "date_trunc('quarter', c.day::timestamp)::date", "date");
        let year = key(request, Dimension::Year, "date_trunc('year', c.day::timestamp)::date", "date");
        let channel = key(request, Dimension::Channel, "nullif(c.channel, '')", "text");
        let with = format!(
            "{}{CHANGES}{earlier}
), level as materialized (
    select
        {month} as month, {quarter} as quarter, {year} as year, {channel} as channel, {SECTION} as section,
        a.code as account_code, a.name as account_name{}
    from change c
    join public.account a on a.tenant_id = :tenant_id and a.code = c.account_code and a.kind in ('revenue', 'expense')
    group by 1, 2, 3, 4, 5, 6, 7
)",
            part(request),
            figures.sums,
        );
        let order = "m.year, m.quarter, m.month, m.channel, m.account_code";
        Parts { with, columns: &COLUMNS, figures, order }.statement(request)
    }
}

#[cfg(test)]
mod tests {
    use domain::ledger::{CHART, cost_account};
    use domain::tenant::Channel;

    use super::*;

    #[test]
    fn the_accounts_of_cost_are_those_of_sales() {
        let codes = [Channel::Wholesale, Channel::Retail].map(cost_account);
        let listed = format!("('{}', '{}')", codes[0], codes[1]);
        assert!(SECTION.contains(&listed), "{listed}");
        let naming = FIGURES.iter().filter(|(_, sql)| sql.contains("a.code"));
        assert!(naming.clone().count() == 3 && naming.clone().all(|(_, sql)| sql.contains(&listed)));
        assert!(codes.iter().all(|code| CHART.iter().any(|(known, ..)| known == code)));
    }
}
