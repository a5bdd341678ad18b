//! The figures of the ledger that a report agrees with.
//!
//! - The ledger has no product, category or country, and its days are those of the tenant. So a report is not compared if it is
//!   filtered by one of them or by currency, if a bound is an instant, or if its days are of another time zone.
//! - Manual entries don't count, because they have no document, and reports count documents.
//! - The statement adds up the journal lines of some accounts. Its time grows with the ledger and not with the report: 2.5 s for
//!   2.5 million lines, 0.6 s for one month of them. So it runs only if the caller asks for it.
//! - An entry is posted on its own day, or later if that day is closed. So the lines of a period are posted from its first day on.

use async_graphql::SimpleObject;
use domain::ledger::account;
use domain::moment::Moment;
use domain::number::Number;
use rust_decimal::Decimal;
use sea_orm::sqlx::postgres::PgRow;
use sea_orm::sqlx::{Error as SqlError, Row as _};
use serde::Serialize;
use service::{Error, Tx};

use super::named::Named;
use super::{Name, Request, range};
use crate::scalar::{Amount, Exact};

/// A figure of a report beside the ledger.
#[derive(Debug, Clone, Serialize, SimpleObject, utoipa::ToSchema)]
#[graphql(name = "ReportTie")]
#[schema(as = ReportTie)]
pub struct Tie {
    /// Name of the column whose total is compared.
    #[schema(max_length = 64, example = "net_revenue")]
    pub figure: String,
    /// Codes of the accounts.
    #[schema(max_items = 100, example = json!(["4000", "4010", "4100", "4110", "4200"]))]
    pub accounts: Vec<String>,
    /// Balance that the documents of the period have left on the accounts: credits less debits of revenue and tax, debits less
    /// credits of the others. Additive over periods.
    #[schema(value_type = String, max_length = 32, example = "1200.00")]
    pub ledger: Amount,
    /// Total of the report. Additive as the figure is.
    #[schema(value_type = String, max_length = 32, example = "1200.00")]
    pub report: Amount,
    /// report − ledger: always 0. Additive.
    #[schema(value_type = String, max_length = 32, example = "0.00")]
    pub difference: Amount,
}

/// A figure of a report, and its accounts.
struct Figure {
    name: &'static str,
    accounts: &'static [&'static str],
    grows_by_credit: bool,
}

/// Rules of the mapping may give it, and the cost, further accounts, which the statement adds. Only lines with a channel count there: a server
/// that had read the chart before may have posted others.
const NET_REVENUE: Figure = Figure {
    name: "net_revenue",
    accounts: &[
        account::SALES_WHOLESALE,
        account::SALES_RETAIL,
        account::RETURNS_WHOLESALE,
        account::RETURNS_RETAIL,
        account::SALES_DISCOUNTS,
    ],
    grows_by_credit: true,
};
/// Taxes may have accounts of their own, which the statement adds.
const TAX: Figure = Figure { name: "tax", accounts: &[account::OUTPUT_TAX], grows_by_credit: true };
const COST: Figure = Figure {
    name: "cost",
    accounts: &[account::COGS_WHOLESALE, account::COGS_RETAIL],
    grows_by_credit: false,
};
const VALUE: Figure =
    Figure { name: "value", accounts: &[account::INVENTORY, account::IN_TRANSIT], grows_by_credit: false };
const OWED: Figure = Figure { name: "owed", accounts: &[account::RECEIVABLE], grows_by_credit: false };
const OWED_AFTER: Figure =
    Figure { name: "owed_after", accounts: &[account::RECEIVABLE], grows_by_credit: false };
const PAYABLE: Figure = Figure { name: "payable", accounts: &[account::PAYABLE], grows_by_credit: true };
/// Its accounts are those of the reason codes, which the statement adds.
const SHRINKAGE: Figure = Figure {
    name: "shrinkage_value",
    accounts: &[account::SHRINKAGE, account::STOCK_FOUND],
    grows_by_credit: false,
};

const TIES: &str = "with asked as materialized (
    select
        asked.figure, asked.is_credit,
        array(
            select unnest(string_to_array(asked.codes, ','))
            union
            select account_code from public.sales_line_tax where tenant_id = :tenant_id and asked.figure = 'tax'
            union
            select account_code from public.reason_code where tenant_id = :tenant_id and asked.figure = 'shrinkage_value'
            union
            select code from public.account
            where tenant_id = :tenant_id and (
                asked.figure = 'net_revenue' and purpose in ('revenue', 'returns', 'discount')
                or asked.figure = 'cost' and purpose = 'cost_of_goods')
            order by 1) as accounts
    from public.tenant t cross join unnest(:figures::text[], :codes::text[], :credits::boolean[]) as asked (figure, codes, is_credit)
    where t.tenant_id = :tenant_id and (:time_zone::text is null or t.time_zone = :time_zone)
), balance as (
    select l.account_code, sum(l.credit - l.debit) as amount
    from public.journal_line l
    join public.journal_entry e on e.tenant_id = :tenant_id and e.id = l.entry_id and e.document_kind not in ('manual', 'opening_balances')
    where l.tenant_id = :tenant_id and l.account_code in (select unnest(accounts) from asked)
        and (l.channel is not null or l.account_code not in (
            select code from public.account where tenant_id = :tenant_id and purpose is not null))
        and (:from_day::date is null or e.occurred_on >= :from_day and l.posted_on >= :from_day)
        and (:before_day::date is null or e.occurred_on < :before_day)
        and e.recorded_at < coalesce(
            :known_at::timestamptz,
            public.day_begin(:known_day, (select time_zone from public.tenant where tenant_id = :tenant_id)), 'infinity')
        and (cardinality(:channels::text[]) = 0 or l.channel = any(:channels))
        and (cardinality(:location_ids::uuid[]) = 0 or l.location_id = any(:location_ids))
        and (cardinality(:customer_ids::uuid[]) = 0 or l.party_id = any(:customer_ids))";
/// Entries that changed stock by adjustments and counts.
const OF_SHRINKAGE: &str = "
        and e.document_id in (
            select document_id from public.stock_movement where tenant_id = :tenant_id and kind in ('adjustment', 'count'))";
const BALANCES: &str = "
    group by l.account_code
)
select
    asked.figure, asked.accounts,
    coalesce(sum(case when asked.is_credit then b.amount else -b.amount end), 0) as ledger
from asked left join balance b on b.account_code = any(asked.accounts)
group by asked.figure, asked.accounts order by asked.figure";

impl Name {
    /// Returns the figures of the report that the ledger has too. The ledger may have a greater total than the report: see
    /// [`tied`](Name::tied).
    fn of_ledger(self) -> &'static [Figure] {
        match self {
            Name::Revenue => &[NET_REVENUE, TAX],
            Name::TaxSummary => &[TAX],
            Name::Margin | Name::ChannelSummary => &[NET_REVENUE, TAX, COST],
            Name::ProductPerformance | Name::Abc | Name::CustomerValue | Name::BestCustomers => {
                &[NET_REVENUE, COST]
            }
            Name::StockPosition | Name::StockValuation | Name::StockAgeing => &[VALUE],
            Name::Shrinkage => &[SHRINKAGE],
            Name::ReceivableAgeing => &[OWED],
            Name::CustomerStatement => &[OWED_AFTER],
            Name::PayableAgeing => &[PAYABLE],
            // They show only some of the products or of the stock.
            Name::WeakMargins
            | Name::StockTurnover
            | Name::LowStock
            | Name::LotExpiry
            | Name::SlowStock
            | Name::Reorder => &[],
            // They are the ledger.
            Name::TrialBalance
            | Name::GeneralLedger
            | Name::ProfitAndLoss
            | Name::BalanceSheet
            | Name::TieOut => &[],
        }
    }

    /// Returns the figures whose totals equal balances of the ledger.
    fn tied(self) -> &'static [Figure] {
        match self {
            // The first two leave out walk-in sales, the third negative stock. The last one counts what was owed before the period.
            Name::CustomerValue | Name::BestCustomers | Name::StockAgeing | Name::CustomerStatement => &[],
            Name::Revenue
            | Name::Margin
            | Name::ChannelSummary
            | Name::ProductPerformance
            | Name::Abc
            | Name::StockPosition
            | Name::StockValuation
            | Name::Shrinkage
            | Name::ReceivableAgeing
            | Name::PayableAgeing
            | Name::WeakMargins
            | Name::StockTurnover
            | Name::LowStock
            | Name::LotExpiry
            | Name::SlowStock
            | Name::TrialBalance
            | Name::GeneralLedger
            | Name::ProfitAndLoss
            | Name::BalanceSheet
            | Name::TieOut
            | Name::TaxSummary
            | Name::Reorder => self.of_ledger(),
        }
    }

    /// Whether a total of the report equals a balance of the ledger.
    pub(crate) fn is_tied(self) -> bool {
        !self.tied().is_empty()
    }

    /// Returns the codes of the accounts that have the figures of the report, in the default chart of accounts.
    pub(super) fn ledger_accounts(self) -> Vec<&'static str> {
        self.of_ledger().iter().flat_map(|figure| figure.accounts).copied().collect()
    }
}

/// A figure of a report, as the ledger has it.
#[derive(Debug)]
pub struct Balance {
    figure: String,
    accounts: Vec<String>,
    ledger: Decimal,
}

/// Reads the ledger beside a report. Returns nothing if the two can't be compared.
pub async fn read(tx: &Tx, request: &Request) -> Result<Option<Vec<Balance>>, Error> {
    let Some((from_day, before_day)) = days(request).filter(|_| is_possible(request)) else {
        return Ok(None);
    };
    let figures = request.name.tied();
    let filter = &request.filter;
    let channels: Vec<&str> = filter.channels.iter().map(|channel| (*channel).into()).collect();
    let (known_at, known_day) = range::after(request.known_at);
    let of_shrinkage = if request.name == Name::Shrinkage { OF_SHRINKAGE } else { "" };
    let query = Named::of(format!("{TIES}{of_shrinkage}{BALANCES}"))
        .value("tenant_id", tx.tenant_id.0)
        .value("time_zone", request.time_zone.map(|zone| zone.name()))
        .value("figures", figures.iter().map(|figure| figure.name).collect::<Vec<_>>())
        .value("codes", figures.iter().map(|figure| figure.accounts.join(",")).collect::<Vec<_>>())
        .value("credits", figures.iter().map(|figure| figure.grows_by_credit).collect::<Vec<_>>())
        .value("from_day", from_day)
        .value("before_day", before_day)
        .value("known_at", known_at)
        .value("known_day", known_day)
        .value("channels", channels)
        .value("location_ids", &filter.locations.ids)
        .value("customer_ids", &filter.customers.ids)
        .query()?;
    let rows = tx.rows(query).await?;
    let balance = |row: &PgRow| {
        Ok(Balance {
            figure: row.try_get("figure")?,
            accounts: row.try_get("accounts")?,
            ledger: row.try_get("ledger")?,
        })
    };
    let balances: Vec<Balance> = rows.iter().map(balance).collect::<Result<_, SqlError>>()?;
    Ok(Some(balances).filter(|balances| !balances.is_empty()))
}

/// Returns the first day of the report's period and the first day after it. Returns nothing if a bound is an instant.
fn days(request: &Request) -> Option<(Option<chrono::NaiveDate>, Option<chrono::NaiveDate>)> {
    let day = |bound: Option<Moment>| match bound {
        None => Some(None),
        Some(Moment::Day(day)) => Some(Some(day)),
        Some(Moment::Instant(_)) => None,
    };
    let until = match request.as_of {
        Some(Moment::Day(day)) => Some(Moment::Day(day.succ_opt()?)),
        other @ (Some(Moment::Instant(_)) | None) => other.or(request.range.to),
    };
    Some((day(request.range.from)?, day(until)?))
}

/// Whether the ledger has the filters of a report.
fn is_possible(request: &Request) -> bool {
    let filter = &request.filter;
    filter.products.is_empty()
        && filter.categories.is_empty()
        && filter.product_kinds.is_empty()
        && filter.countries.is_empty()
        && filter.currencies.is_empty()
        && (filter.customers.is_empty() || request.name == Name::ReceivableAgeing)
        && (filter.locations.is_empty() || request.name != Name::Shrinkage)
}

/// Puts the balances beside the totals of the report. Returns nothing if the report has several currencies.
pub fn beside(balances: Vec<Balance>, totals: &[&PgRow]) -> Result<Option<Vec<Tie>>, Error> {
    let [total] = totals else { return Ok(None) };
    let tie = |balance: Balance| -> Result<Tie, Error> {
        let amount = |value: Decimal| Exact(Number::new(value));
        let report: Decimal = total.try_get(balance.figure.as_str())?;
        let difference = Exact(amount(report).0 - amount(balance.ledger).0);
        let (ledger, report) = (amount(balance.ledger), amount(report));
        Ok(Tie { figure: balance.figure, accounts: balance.accounts, ledger, report, difference })
    };
    balances.into_iter().map(tie).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use domain::ledger::CHART;
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn a_report_ties_by_its_own_figures_to_accounts_of_the_chart() {
        for name in Name::iter() {
            let measures = name.measures();
            for figure in name.of_ledger() {
                assert!(measures.iter().any(|own| own.name == figure.name), "{name} has {}", figure.name);
                for account in figure.accounts {
                    assert!(CHART.iter().any(|(code, ..)| code == account), "{name}: {account}");
                }
            }
        }
    }

    #[test]
    fn a_report_names_the_accounts_of_each_of_its_figures_once() {
        let accounts = |name: Name| name.ledger_accounts().join(" ");
        assert_eq!(accounts(Name::Revenue), "4000 4010 4100 4110 4200 2200");
        assert_eq!(accounts(Name::Margin), "4000 4010 4100 4110 4200 2200 5000 5010");
        assert_eq!(accounts(Name::ProductPerformance), "4000 4010 4100 4110 4200 5000 5010", "it has no tax");
        assert_eq!(accounts(Name::StockAgeing), "1200 1210");
        assert_eq!(accounts(Name::TaxSummary), "2200");
        assert_eq!(accounts(Name::PayableAgeing), "2000");
        assert_eq!(accounts(Name::CustomerStatement), "1100");
        assert_eq!(accounts(Name::Shrinkage), "5100 5110");
        assert_eq!(accounts(Name::LowStock), "");
    }
}
