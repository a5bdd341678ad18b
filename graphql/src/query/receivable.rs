//! Reports on what customers owe.

use async_graphql::{Context, InputObject, Object, Result};

use crate::report::{CompareTo, CustomerStatementRow, Input, Name, ReceivableAgeingRow, Report, Values};
use crate::scalar::{DateText, text};
use crate::snapshot;

/// Selects the customers that a report shows.
#[derive(Debug, Clone, Default, InputObject)]
struct CustomerFilter {
    /// Customers, by number or id.
    #[graphql(default)]
    customer: Vec<String>,
}

/// Reports on what customers owe.
#[derive(Default)]
pub struct ReceivableQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl ReceivableQuery {
    /// Open invoices and credit notes of each customer and currency by days after their due date, now or at the end of the day `asOf`.
    /// The greatest receivable comes first.
    async fn receivable_ageing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Open items at the end of this day. Absent: now.")] as_of: Option<DateText>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier day that the figures are compared with. Needs `asOf`. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(desc = "Customers that count. Absent: all.")] filter: Option<CustomerFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<ReceivableAgeingRow>> {
        let CustomerFilter { customer } = filter.unwrap_or_default();
        let input = Input {
            as_of: text(as_of),
            known_at: text(known_at),
            compare: compare.map(|to| <&str>::from(to).to_owned()),
            time_zone,
            sort,
            values: Values { customer, ..Values::default() },
            limit: Some(i64::from(limit)),
            ..Input::default()
        };
        snapshot::report(context, Name::ReceivableAgeing, input).await
    }

    /// Documents of each customer in a period, each with the amount that the customer owes after it. The amount that was owed before the
    /// period is a row without a document.
    async fn customer_statement(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<DateText>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<DateText>,
        #[graphql(desc = "Documents that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Customers that count. Absent: all.")] filter: Option<CustomerFilter>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<CustomerStatementRow>> {
        let CustomerFilter { customer } = filter.unwrap_or_default();
        let input = Input {
            from: text(from),
            to: text(to),
            known_at: text(known_at),
            sort,
            values: Values { customer, ..Values::default() },
            limit: Some(i64::from(limit)),
            ..Input::default()
        };
        snapshot::report(context, Name::CustomerStatement, input).await
    }
}
