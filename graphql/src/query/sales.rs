//! Reports on sales.

use async_graphql::{Context, Enum, InputObject, Object, Result};

use crate::report::{
    AbcMeasure, AbcRow, BestCustomersRow, ChannelRow, CompareTo, CustomerValueRow, Dimension, Input,
    MarginRow, Name, ProductPerformanceRow, Report, RevenueRow, Values, WeakMarginsRow,
};
use crate::scalar::{Date, Decimal};
use crate::snapshot;

/// Selects the lines that a report counts. A line must match one value of every filter that has values.
#[derive(Debug, Clone, Default, InputObject)]
struct ReportFilter {
    /// Sales channels: `wholesale`, `retail`.
    #[graphql(default)]
    channel: Vec<String>,
    /// Stock locations, by code or id.
    #[graphql(default)]
    location: Vec<String>,
    /// Products, by SKU or id.
    #[graphql(default)]
    product: Vec<String>,
    /// Categories by code or id, including all categories below them.
    #[graphql(default)]
    category: Vec<String>,
    /// Customers, by number or id.
    #[graphql(default)]
    customer: Vec<String>,
    /// Countries of sale, ISO 3166-1 alpha-2.
    #[graphql(default)]
    country: Vec<String>,
    /// Currencies, ISO 4217.
    #[graphql(default)]
    currency: Vec<String>,
    /// Kinds of products: `stocked` for goods, `service` for postage, fees and work.
    #[graphql(default)]
    product_kind: Vec<String>,
}

impl From<ReportFilter> for Values {
    fn from(filter: ReportFilter) -> Self {
        let ReportFilter { channel, location, product, category, customer, country, currency, product_kind } =
            filter;
        Values { channel, location, product, category, customer, country, currency, product_kind }
    }
}

/// The rows of units of time without trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum Fill {
    /// A row of zeros.
    Zero,
}

impl Fill {
    fn text(self) -> String {
        match self {
            Fill::Zero => "zero".to_owned(),
        }
    }
}

struct Period {
    from: Option<Date>,
    to: Option<Date>,
    filter: Option<ReportFilter>,
    time_zone: Option<String>,
    compare: Option<CompareTo>,
    known_at: Option<Date>,
    sort: Option<String>,
    limit: i32,
}

impl From<Period> for Input {
    fn from(period: Period) -> Self {
        Input {
            from: period.from.map(|date| date.0.to_string()),
            to: period.to.map(|date| date.0.to_string()),
            time_zone: period.time_zone,
            sort: period.sort,
            known_at: period.known_at.map(|date| date.0.to_string()),
            compare: period.compare.map(|to| <&str>::from(to).to_owned()),
            values: period.filter.unwrap_or_default().into(),
            limit: Some(i64::from(period.limit)),
            ..Input::default()
        }
    }
}

/// Reports on sales.
#[derive(Default)]
pub struct SalesQuery;

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl SalesQuery {
    /// Revenue: sales less returns, by any dimensions.
    async fn revenue_report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(default_with = "vec![Dimension::Day]", desc = "Dimensions of a row.")] group_by: Vec<
            Dimension,
        >,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(desc = "`ZERO` adds a row of zeros for each unit of time without lines.")] fill: Option<
            Fill,
        >,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<RevenueRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let input = Input { group_by: Some(group_by), fill: fill.map(Fill::text), ..period.into() };
        snapshot::report(context, Name::Revenue, input).await
    }

    /// Margin: revenue and the cost of sales, by any dimensions.
    async fn margin_report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(default_with = "vec![Dimension::Day]", desc = "Dimensions of a row.")] group_by: Vec<
            Dimension,
        >,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(desc = "`ZERO` adds a row of zeros for each unit of time without lines.")] fill: Option<
            Fill,
        >,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<MarginRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let input = Input { group_by: Some(group_by), fill: fill.map(Fill::text), ..period.into() };
        snapshot::report(context, Name::Margin, input).await
    }

    /// Wholesale and retail side by side, with the whole business in the totals.
    async fn channel_summary(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<ChannelRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::ChannelSummary, period.into()).await
    }

    /// Units, revenue and margin of each product, in total and by channel. The greatest revenue comes first.
    async fn product_performance(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<ProductPerformanceRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::ProductPerformance, period.into()).await
    }

    /// Revenue, cost and contribution of each customer over both channels, after returns and discounts. The greatest
    /// contribution comes first. Without a period the report shows the lifetime value.
    async fn customer_value(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<CustomerValueRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::CustomerValue, period.into()).await
    }

    /// Recency, frequency and value of each customer who bought in the period, with scores from 1 to 5. The best come first.
    async fn best_customers(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<BestCustomersRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        snapshot::report(context, Name::BestCustomers, period.into()).await
    }

    /// Products whose margin in a channel is below `belowPct` percent (10 if absent), and those sold below cost. The greatest loss
    /// comes first.
    async fn weak_margins(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Margin in percent below which a product is weak.")] below_pct: Option<Decimal>,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<WeakMarginsRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let input = Input { below_pct: below_pct.map(|percent| percent.0), ..period.into() };
        snapshot::report(context, Name::WeakMargins, input).await
    }

    /// Products ranked by revenue or margin: A up to 80 %, B up to 95 %, C the rest.
    async fn abc(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(default, desc = "Figure by which products are ranked.")] measure: AbcMeasure,
        #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
        )]
        sort: Option<String>,
        #[graphql(
            default = 10_000,
            desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
        )]
        limit: i32,
    ) -> Result<Report<AbcRow>> {
        let period = Period { from, to, filter, time_zone, compare, known_at, sort, limit };
        let measure: &str = measure.into();
        let input = Input { measure: Some(measure.to_owned()), ..period.into() };
        snapshot::report(context, Name::Abc, input).await
    }
}
