//! Reports on stock.

use async_graphql::{Context, InputObject, Object, Result};

use crate::report::{
    CompareTo, Input, LotExpiryRow, LowStockRow, Name, ReorderRow, Report, ShrinkageRow, SlowStockRow,
    StockAgeingRow, StockDimension, StockPositionRow, StockTurnoverRow, StockValuationRow, Values,
};
use crate::scalar::{DateText, Decimal, text};
use crate::snapshot;

/// Selects the stock that a report shows.
#[derive(Debug, Clone, Default, InputObject)]
struct StockFilter {
    /// Stock locations, by code or id.
    #[graphql(default)]
    location: Vec<String>,
    /// Products, by SKU or id.
    #[graphql(default)]
    product: Vec<String>,
    /// Categories by code or id, including all categories below them.
    #[graphql(default)]
    category: Vec<String>,
}

impl From<StockFilter> for Values {
    fn from(filter: StockFilter) -> Self {
        let StockFilter { location, product, category } = filter;
        Values { location, product, category, ..Values::default() }
    }
}

/// Reports on stock.
#[derive(Default)]
pub struct StockQuery;

/// Declares the fields of [`StockQuery`]. Each has its own arguments, in parentheses, and those of all reports on stock. The
/// braces have the members of [`Input`] that follow from its own arguments.
macro_rules! stock_fields {
    ($(
        $(#[$($doc:tt)*])*
        fn $field:ident($($own:tt)*) -> $row:ident = Name::$report:ident { $($members:tt)* }
    )*) => {
        #[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
        #[Object]
        impl StockQuery {
            $(
                $(#[$($doc)*])*
                async fn $field(
                    &self,
                    context: &Context<'_>,
                    $($own)*
                    #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
                        values: filter.unwrap_or_default().into(),
                        sort,
                        limit: Some(i64::from(limit)),
                        ..Input::default()
                    };
                    snapshot::report(context, Name::$report, input).await
                }
            )*
        }
    };
}

stock_fields! {
    /// Quantity, reservations and value of the stock of each product in each location, as of now.
    fn stock_position() -> StockPositionRow = Name::StockPosition {}

    /// Quantity and value of stock at a past instant: movements that had happened by `asOf`, of those recorded by
    /// `knownAt`. The instant itself is included; a day is included to its end. Both default to now.
    fn stock_valuation(
        #[graphql(desc = "Movements that happened by the end of this day. Absent: by now.")]
        as_of: Option<DateText>,
        #[graphql(desc = "Movements that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier day that the figures are compared with. Needs `asOf`. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(
            default_with = "vec![StockDimension::Product, StockDimension::Location]",
            desc = "Dimensions of a row."
        )]
        group_by: Vec<StockDimension>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
    ) -> StockValuationRow = Name::StockValuation {
        as_of: text(as_of),
        known_at: text(known_at),
        compare: compare.map(|to| <&str>::from(to).to_owned()),
        group_by: Some(group_by.into_iter().map(Into::into).collect()),
        time_zone,
    }

    /// Products whose available quantity is at or below the reorder point, as of now. The greatest shortage comes
    /// first.
    fn low_stock(
        #[graphql(
            desc = "Available quantity, in stock units, at or below which a product without a reorder point is low. Absent: 0."
        )]
        threshold: Option<Decimal>,
    ) -> LowStockRow = Name::LowStock { threshold: threshold.map(|threshold| threshold.0), }

    /// Products to order or to transfer, how much and when, as of now; those that are due come first. Each figure is computed by the
    /// rule of replenishment.
    fn reorder() -> ReorderRow = Name::Reorder {}

    /// Lots by expiry date, now or at the end of the day `asOf`; the earliest comes first. `withinDays` counts from that day.
    /// `expiresBefore` is the first day that is left out. Expired lots are included unless `includeExpired` is false.
    fn lot_expiry(
        #[graphql(desc = "Stock at the end of this day. Absent: now.")]
        as_of: Option<DateText>,
        #[graphql(desc = "Movements that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Lots that expire within so many days from that day, from 0. Absent: all.")]
        within_days: Option<i32>,
        #[graphql(desc = "First expiry day that is left out. Absent: no bound.")]
        expires_before: Option<DateText>,
        #[graphql(default = true, desc = "Whether lots that have expired are rows too.")]
        include_expired: bool,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
    ) -> LotExpiryRow = Name::LotExpiry {
        as_of: text(as_of),
        known_at: text(known_at),
        within_days: within_days.map(i64::from),
        expires_before: text(expires_before),
        include_expired: Some(include_expired),
        time_zone,
    }

    /// Age of the stock on hand, first in, first out, now or at the end of the day `asOf`.
    fn stock_ageing(
        #[graphql(desc = "Stock at the end of this day. Absent: now.")]
        as_of: Option<DateText>,
        #[graphql(desc = "Movements that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier day that the figures are compared with. Needs `asOf`. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
    ) -> StockAgeingRow = Name::StockAgeing {
        as_of: text(as_of),
        known_at: text(known_at),
        compare: compare.map(|to| <&str>::from(to).to_owned()),
        time_zone,
    }

    /// Turnover and days of cover of each product in each location, by its sales in the last `days` (90 if absent), now or at the end
    /// of the day `asOf`. The greatest value comes first.
    fn stock_turnover(
        #[graphql(default = 90, desc = "Days of sales that are compared with the stock, from 1.")]
        days: i32,
        #[graphql(desc = "Stock at the end of this day, and the days before it. Absent: now.")]
        as_of: Option<DateText>,
        #[graphql(desc = "Movements that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier days that the figures are compared with. Needs `asOf`. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
    ) -> StockTurnoverRow = Name::StockTurnover {
        days: Some(i64::from(days)),
        as_of: text(as_of),
        known_at: text(known_at),
        compare: compare.map(|to| <&str>::from(to).to_owned()),
        time_zone,
    }

    /// Stock that will not sell within `days` at the pace of the last `days`, now or at the end of the day `asOf`. The greatest
    /// value comes first.
    fn slow_stock(
        #[graphql(desc = "Stock and sales at the end of this day. Absent: now.")]
        as_of: Option<DateText>,
        #[graphql(default = 90, desc = "Days of sales that are compared with the stock, from 1.")]
        days: i32,
        #[graphql(desc = "Movements that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier days that the figures are compared with. Needs `asOf`. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
    ) -> SlowStockRow = Name::SlowStock {
        as_of: text(as_of),
        days: Some(i64::from(days)),
        known_at: text(known_at),
        compare: compare.map(|to| <&str>::from(to).to_owned()),
        time_zone,
    }

    /// Stock lost and found, by reason and location. The greatest loss comes first.
    fn shrinkage(
        #[graphql(desc = "First day of the period. Absent: no bound.")]
        from: Option<DateText>,
        #[graphql(desc = "First day after the period. Absent: no bound.")]
        to: Option<DateText>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<DateText>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")]
        compare: Option<CompareTo>,
        #[graphql(desc = "IANA name of the time zone in which days begin. Absent: the tenant's own.")]
        time_zone: Option<String>,
    ) -> ShrinkageRow = Name::Shrinkage {
        from: text(from),
        to: text(to),
        known_at: text(known_at),
        compare: compare.map(|to| <&str>::from(to).to_owned()),
        time_zone,
    }
}
