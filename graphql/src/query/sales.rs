//! Reports on sales.

use async_graphql::{Context, Enum, InputObject, Object, Result};

use crate::report::{
    AbcMeasure, AbcRow, BestCustomersRow, ChannelRow, CompareTo, CustomerValueRow, Dimension, Input,
    MarginRow, Name, ProductPerformanceRow, Report, RevenueRow, TaxDimension, TaxSummaryRow, Values,
    WeakMarginsRow,
};
use crate::scalar::{DateText, Decimal, text};
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
        Values {
            channel,
            location,
            product,
            category,
            customer,
            country,
            currency,
            product_kind,
            ..Values::default()
        }
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

/// Reports on sales.
#[derive(Default)]
pub struct SalesQuery;

/// Declares the fields of [`SalesQuery`]. Each has its own arguments, in parentheses, and those of all reports on sales. The
/// braces have the members of [`Input`] that follow from its own arguments.
macro_rules! sales_fields {
    ($(
        $(#[$($doc:tt)*])*
        fn $field:ident($($own:tt)*) -> $row:ident = Name::$report:ident { $($members:tt)* }
    )*) => {
        #[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
        #[Object]
        impl SalesQuery {
            $(
                $(#[$($doc)*])*
                async fn $field(
                    &self,
                    context: &Context<'_>,
                    $($own)*
                    #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<DateText>,
                    #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<DateText>,
                    #[graphql(desc = "Lines that count. Absent: all.")] filter: Option<ReportFilter>,
                    #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
                    time_zone: Option<String>,
                    #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")]
                    compare: Option<CompareTo>,
                    #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
                    known_at: Option<DateText>,
                    #[graphql(
                        desc = "Figure by which the rows are sorted, in snake case. A minus in front: the greatest first."
                    )]
                    sort: Option<String>,
                    #[graphql(
                        default = 10_000,
                        desc = "Most rows, from 1 to 50000. The first of the order are kept, and totals cover all."
                    )]
                    limit: i32,
                ) -> Result<Report<$row>> {
                    let input = Input {
                        $($members)*
                        from: text(from),
                        to: text(to),
                        time_zone,
                        sort,
                        known_at: text(known_at),
                        compare: compare.map(|to| <&str>::from(to).to_owned()),
                        values: filter.unwrap_or_default().into(),
                        limit: Some(i64::from(limit)),
                        ..Input::default()
                    };
                    snapshot::report(context, Name::$report, input).await
                }
            )*
        }
    };
}

sales_fields! {
    /// Revenue: sales less returns, by any dimensions.
    fn revenue_report(
        #[graphql(default_with = "vec![Dimension::Day]", desc = "Dimensions of a row.")]
        group_by: Vec<Dimension>,
        #[graphql(desc = "`ZERO` adds a row of zeros for each unit of time without lines.")]
        fill: Option<Fill>,
    ) -> RevenueRow = Name::Revenue { group_by: Some(group_by), fill: fill.map(Fill::text), }

    /// Base and amount of each tax at each rate, by month, quarter, year, channel or country.
    fn tax_summary(
        #[graphql(
            default_with = "vec![TaxDimension::Month]",
            desc = "Dimensions of a row, besides the tax and its rate."
        )]
        group_by: Vec<TaxDimension>,
    ) -> TaxSummaryRow = Name::TaxSummary { group_by: Some(group_by.into_iter().map(Into::into).collect()), }

    /// Margin: revenue and the cost of sales, by any dimensions.
    fn margin_report(
        #[graphql(default_with = "vec![Dimension::Day]", desc = "Dimensions of a row.")]
        group_by: Vec<Dimension>,
        #[graphql(desc = "`ZERO` adds a row of zeros for each unit of time without lines.")]
        fill: Option<Fill>,
    ) -> MarginRow = Name::Margin { group_by: Some(group_by), fill: fill.map(Fill::text), }

    /// Wholesale and retail side by side, with the whole business in the totals.
    fn channel_summary() -> ChannelRow = Name::ChannelSummary {}

    /// Units, revenue and margin of each product, in total and by channel. The greatest revenue comes first.
    fn product_performance() -> ProductPerformanceRow = Name::ProductPerformance {}

    /// Revenue, cost and contribution of each customer over both channels, after returns and discounts. The greatest
    /// contribution comes first. Without a period the report shows the lifetime value.
    fn customer_value() -> CustomerValueRow = Name::CustomerValue {}

    /// Recency, frequency and value of each customer who bought in the period, with scores from 1 to 5. The best come first.
    fn best_customers() -> BestCustomersRow = Name::BestCustomers {}

    /// Products whose margin in a channel is below `belowPct` percent (10 if absent), and those sold below cost. The greatest loss
    /// comes first.
    fn weak_margins(
        #[graphql(desc = "Margin in percent below which a product is weak.")]
        below_pct: Option<Decimal>,
    ) -> WeakMarginsRow = Name::WeakMargins { below_pct: below_pct.map(|percent| percent.0), }

    /// Products ranked by revenue or margin: A up to 80 %, B up to 95 %, C the rest.
    fn abc(
        #[graphql(default, desc = "Figure by which products are ranked.")]
        measure: AbcMeasure,
    ) -> AbcRow = Name::Abc { measure: Some(<&str>::from(measure).to_owned()), }
}
