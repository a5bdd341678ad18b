//! Reports on the ledger.

use async_graphql::{Context, InputObject, Object, Result};

use crate::report::{
    BalanceSheetRow, CompareTo, GeneralLedgerRow, Input, Name, ProfitAndLossRow, Report, StatementDimension,
    TieOutRow, TrialBalanceRow, Values,
};
use crate::scalar::{DateText, text};
use crate::snapshot;

/// Selects the lines of the ledger that a report shows. A line must match one value of every filter that has values.
#[derive(Debug, Clone, Default, InputObject)]
struct LedgerFilter {
    /// Accounts, by code.
    #[graphql(default)]
    account: Vec<String>,
    /// Sales channels: `wholesale`, `retail`.
    #[graphql(default)]
    channel: Vec<String>,
}

/// A period of posting days.
struct Posted {
    from: Option<DateText>,
    to: Option<DateText>,
    known_at: Option<DateText>,
    sort: Option<String>,
    limit: i32,
}

impl From<Posted> for Input {
    fn from(posted: Posted) -> Self {
        Input {
            from: text(posted.from),
            to: text(posted.to),
            known_at: text(posted.known_at),
            sort: posted.sort,
            limit: Some(i64::from(posted.limit)),
            ..Input::default()
        }
    }
}

/// Reports on the ledger.
#[derive(Default)]
pub struct LedgerQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl LedgerQuery {
    /// Each account before a period, its debits and credits in it, and after it. Needs the scopes `ledger:read` and `costs:read`.
    async fn trial_balance(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<DateText>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<DateText>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<TrialBalanceRow>> {
        let compare = compare.map(|to| <&str>::from(to).to_owned());
        let input = Input { compare, ..Posted { from, to, known_at, sort, limit }.into() };
        snapshot::report(context, Name::TrialBalance, input).await
    }

    /// The lines of accounts in a period, each with the balance of its account after it. Needs the scopes `ledger:read` and
    /// `costs:read`.
    async fn general_ledger(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<DateText>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<DateText>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<LedgerFilter>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
        #[graphql(
            desc = "`nextCursor` of the page before: the rows begin after it. Not with `sort`. Absent: the first page."
        )]
        cursor: Option<String>,
    ) -> Result<Report<GeneralLedgerRow>> {
        let LedgerFilter { account, channel } = filter.unwrap_or_default();
        let values = Values { account, channel, ..Values::default() };
        let input = Input { values, cursor, ..Posted { from, to, known_at, sort, limit }.into() };
        snapshot::report(context, Name::GeneralLedger, input).await
    }

    /// Revenue less costs and expenses, by account and by month, quarter, year or channel. Needs the scopes `ledger:read` and
    /// `costs:read`.
    async fn profit_and_loss(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<DateText>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<DateText>,
        #[graphql(
            default_with = "vec![StatementDimension::Month]",
            desc = "Dimensions of a row, besides the account."
        )]
        group_by: Vec<StatementDimension>,
        #[graphql(default, desc = "Sales channels that count: `wholesale`, `retail`. Empty: every line.")]
        channel: Vec<String>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<ProfitAndLossRow>> {
        let input = Input {
            group_by: Some(group_by.into_iter().map(Into::into).collect()),
            compare: compare.map(|to| <&str>::from(to).to_owned()),
            values: Values { channel, ..Values::default() },
            ..Posted { from, to, known_at, sort, limit }.into()
        };
        snapshot::report(context, Name::ProfitAndLoss, input).await
    }

    /// Assets, liabilities and equity at the end of the day `asOf`, or now, with the result. Needs the scopes `ledger:read` and
    /// `costs:read`.
    async fn balance_sheet(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Entries posted by the end of this day. Absent: by now.")] as_of: Option<DateText>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier day that the figures are compared with. Needs `asOf`. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<BalanceSheetRow>> {
        let input = Input {
            as_of: text(as_of),
            compare: compare.map(|to| <&str>::from(to).to_owned()),
            ..Posted { from: None, to: None, known_at, sort, limit }.into()
        };
        snapshot::report(context, Name::BalanceSheet, input).await
    }

    /// Each control account beside the sum of its sub-ledger, as of now. Needs the scopes `ledger:read` and `costs:read`.
    async fn tie_out(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<TieOutRow>> {
        let input = Posted { from: None, to: None, known_at: None, sort, limit };
        snapshot::report(context, Name::TieOut, input.into()).await
    }
}
