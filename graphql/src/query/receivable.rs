//! Reports on what customers owe.

use async_graphql::{Context, InputObject, Object, Result};

use crate::report::{Input, Name, ReceivableAgeingRow, Report, Values};
use crate::scalar::Date;
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
    /// Open invoices and credit notes of each customer by days after their due date, now or at the end of the day `asOf`.
    /// The greatest receivable comes first.
    async fn receivable_ageing(
        &self,
        context: &Context<'_>,
        as_of: Option<Date>,
        known_at: Option<Date>,
        filter: Option<CustomerFilter>,
        time_zone: Option<String>,
        sort: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<ReceivableAgeingRow>> {
        let CustomerFilter { customer } = filter.unwrap_or_default();
        let input = Input {
            as_of: as_of.map(|date| date.0.to_string()),
            known_at: known_at.map(|date| date.0.to_string()),
            time_zone,
            sort,
            values: Values { customer, ..Values::default() },
            limit: Some(i64::from(limit)),
            ..Input::default()
        };
        snapshot::report(context, Name::ReceivableAgeing, input).await
    }
}
