//! Reports on what is owed to suppliers.

use async_graphql::{Context, Object, Result};

use crate::report::{CompareTo, Input, Name, PayableAgeingRow, Report};
use crate::scalar::{DateText, text};
use crate::snapshot;

/// Reports on what is owed to suppliers.
#[derive(Default)]
pub struct PayableQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl PayableQuery {
    /// Open bills of each supplier by days after their due date, now or at the end of the day `asOf`. The greatest payable comes
    /// first. Needs the scope `costs:read`.
    async fn payable_ageing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Open bills at the end of this day. Absent: now.")] as_of: Option<DateText>,
        #[graphql(desc = "Documents that were recorded by the end of this day. Absent: by now.")]
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
    ) -> Result<Report<PayableAgeingRow>> {
        let input = Input {
            as_of: text(as_of),
            known_at: text(known_at),
            compare: compare.map(|to| <&str>::from(to).to_owned()),
            sort,
            limit: Some(i64::from(limit)),
            ..Input::default()
        };
        snapshot::report(context, Name::PayableAgeing, input).await
    }
}
