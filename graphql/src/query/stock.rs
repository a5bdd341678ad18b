//! Reports on stock.

use async_graphql::{Context, InputObject, Object, Result};

use crate::report::{
    CompareTo, Input, LotExpiryRow, LowStockRow, Name, Report, ShrinkageRow, SlowStockRow, StockAgeingRow,
    StockDimension, StockPositionRow, StockTurnoverRow, StockValuationRow, Values,
};
use crate::scalar::{Date, Decimal};
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

fn input(filter: Option<StockFilter>, sort: Option<String>, limit: i32) -> Input {
    let values = filter.unwrap_or_default().into();
    Input { values, sort, limit: Some(i64::from(limit)), ..Input::default() }
}

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl StockQuery {
    /// Quantity, reservations and value of the stock of each product in each location, as of now.
    async fn stock_position(
        &self,
        context: &Context<'_>,
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
    ) -> Result<Report<StockPositionRow>> {
        snapshot::report(context, Name::StockPosition, input(filter, sort, limit)).await
    }

    /// Quantity and value of stock at a past instant: movements that had happened by `asOf`, of those recorded by
    /// `knownAt`. The instant itself is included; a day is included to its end. Both default to now.
    async fn stock_valuation(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Movements that happened by the end of this day. Absent: by now.")] as_of: Option<
            Date,
        >,
        #[graphql(desc = "Movements that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(
            default_with = "vec![StockDimension::Product, StockDimension::Location]",
            desc = "Dimensions of a row."
        )]
        group_by: Vec<StockDimension>,
        #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
    ) -> Result<Report<StockValuationRow>> {
        let input = Input {
            as_of: as_of.map(|date| date.0.to_string()),
            known_at: known_at.map(|date| date.0.to_string()),
            group_by: Some(group_by.into_iter().map(Into::into).collect()),
            time_zone,
            ..input(filter, sort, limit)
        };
        snapshot::report(context, Name::StockValuation, input).await
    }

    /// Products whose available quantity is at or below the reorder point, as of now. The greatest shortage comes
    /// first.
    async fn low_stock(
        &self,
        context: &Context<'_>,
        #[graphql(
            desc = "Available quantity, in stock units, at or below which a product without a reorder point is low. Absent: 0."
        )]
        threshold: Option<Decimal>,
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
    ) -> Result<Report<LowStockRow>> {
        let input = Input { threshold: threshold.map(|threshold| threshold.0), ..input(filter, sort, limit) };
        snapshot::report(context, Name::LowStock, input).await
    }

    /// Lots by expiry date, as of now; the earliest comes first. `withinDays` counts from today. `expiresBefore` is
    /// the first day that is left out. Expired lots are included unless `includeExpired` is false.
    async fn lot_expiry(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Lots that expire within so many days from today, from 0. Absent: all.")]
        within_days: Option<i32>,
        #[graphql(desc = "First expiry day that is left out. Absent: no bound.")] expires_before: Option<
            Date,
        >,
        #[graphql(default = true, desc = "Whether lots that have expired are rows too.")]
        include_expired: bool,
        #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
    ) -> Result<Report<LotExpiryRow>> {
        let input = Input {
            within_days: within_days.map(i64::from),
            expires_before: expires_before.map(|date| date.0.to_string()),
            include_expired: Some(include_expired),
            time_zone,
            ..input(filter, sort, limit)
        };
        snapshot::report(context, Name::LotExpiry, input).await
    }

    /// Age of the stock on hand, first in, first out, now or at the end of the day `asOf`.
    async fn stock_ageing(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Stock at the end of this day. Absent: now.")] as_of: Option<Date>,
        #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
    ) -> Result<Report<StockAgeingRow>> {
        let as_of = as_of.map(|date| date.0.to_string());
        let input = Input { as_of, time_zone, ..input(filter, sort, limit) };
        snapshot::report(context, Name::StockAgeing, input).await
    }

    /// Turnover and days of cover of each product in each location, by its sales in the last `days` (90 if absent). The greatest
    /// value comes first.
    async fn stock_turnover(
        &self,
        context: &Context<'_>,
        #[graphql(default = 90, desc = "Days of sales that are compared with the stock, from 1.")] days: i32,
        #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
    ) -> Result<Report<StockTurnoverRow>> {
        let input = Input { days: Some(i64::from(days)), time_zone, ..input(filter, sort, limit) };
        snapshot::report(context, Name::StockTurnover, input).await
    }

    /// Stock that will not sell within `days` at the pace of the last `days`, now or at the end of the day `asOf`. The greatest
    /// value comes first.
    async fn slow_stock(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Stock and sales at the end of this day. Absent: now.")] as_of: Option<Date>,
        #[graphql(default = 90, desc = "Days of sales that are compared with the stock, from 1.")] days: i32,
        #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
    ) -> Result<Report<SlowStockRow>> {
        let (as_of, days) = (as_of.map(|date| date.0.to_string()), Some(i64::from(days)));
        let input = Input { as_of, days, time_zone, ..input(filter, sort, limit) };
        snapshot::report(context, Name::SlowStock, input).await
    }

    /// Stock lost and found, by reason and location. The greatest loss comes first.
    async fn shrinkage(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "First day of the period. Absent: no bound.")] from: Option<Date>,
        #[graphql(desc = "First day after the period. Absent: no bound.")] to: Option<Date>,
        #[graphql(desc = "Lines that were recorded by the end of this day. Absent: by now.")]
        known_at: Option<Date>,
        #[graphql(desc = "Earlier period that the figures are compared with. Absent: none.")] compare: Option<
            CompareTo,
        >,
        #[graphql(desc = "Stock that counts. Absent: all.")] filter: Option<StockFilter>,
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
    ) -> Result<Report<ShrinkageRow>> {
        let input = Input {
            from: from.map(|date| date.0.to_string()),
            to: to.map(|date| date.0.to_string()),
            known_at: known_at.map(|date| date.0.to_string()),
            compare: compare.map(|to| <&str>::from(to).to_owned()),
            time_zone,
            ..input(filter, sort, limit)
        };
        snapshot::report(context, Name::Shrinkage, input).await
    }
}
