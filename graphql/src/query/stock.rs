//! The reports of stock.

use async_graphql::{Context, InputObject, Object, Result};

use crate::report::{
    Input, LotExpiryRow, LowStockRow, Name, Report, ShrinkageRow, SlowStockRow, StockAgeingRow,
    StockDimension, StockPositionRow, StockValuationRow, Values,
};
use crate::scalar::{Date, Decimal};
use crate::snapshot;

/// Which stock is shown.
#[derive(Debug, Clone, Default, InputObject)]
struct StockFilter {
    /// Stock locations, by code or id.
    #[graphql(default)]
    location: Vec<String>,
    /// Products, by SKU or id.
    #[graphql(default)]
    product: Vec<String>,
    /// Categories and everything below them, by code or id.
    #[graphql(default)]
    category: Vec<String>,
}

impl From<StockFilter> for Values {
    fn from(filter: StockFilter) -> Self {
        let StockFilter { location, product, category } = filter;
        Values { location, product, category, ..Values::default() }
    }
}

/// The reports of stock.
#[derive(Default)]
pub struct StockQuery;

fn input(filter: Option<StockFilter>, limit: i32) -> Input {
    let values = filter.unwrap_or_default().into();
    Input { values, limit: Some(i64::from(limit)), ..Input::default() }
}

#[expect(clippy::too_many_arguments, reason = "the arguments of a GraphQL field are one flat list")]
#[Object]
impl StockQuery {
    /// What lies where, what of it is promised, and what it is worth: as it is now.
    async fn stock_position(
        &self,
        context: &Context<'_>,
        filter: Option<StockFilter>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<StockPositionRow>> {
        snapshot::report(context, Name::StockPosition, input(filter, limit)).await
    }

    /// What lay where, and what it was worth: of what had happened by `asOf`, what we knew by `knownAt`. An instant
    /// itself, and a day to its end, belong to it; both are now where they are absent.
    async fn stock_valuation(
        &self,
        context: &Context<'_>,
        as_of: Option<Date>,
        known_at: Option<Date>,
        #[graphql(default_with = "vec![StockDimension::Product, StockDimension::Location]")] group_by: Vec<
            StockDimension,
        >,
        filter: Option<StockFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<StockValuationRow>> {
        let input = Input {
            as_of: as_of.map(|date| date.0.to_string()),
            known_at: known_at.map(|date| date.0.to_string()),
            group_by: Some(group_by.into_iter().map(Into::into).collect()),
            time_zone,
            ..input(filter, limit)
        };
        snapshot::report(context, Name::StockValuation, input).await
    }

    /// What is available at or below a threshold, the greatest shortage first: as it is now.
    async fn low_stock(
        &self,
        context: &Context<'_>,
        threshold: Option<Decimal>,
        filter: Option<StockFilter>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<LowStockRow>> {
        let input = Input { threshold: threshold.map(|threshold| threshold.0), ..input(filter, limit) };
        snapshot::report(context, Name::LowStock, input).await
    }

    /// What expires by when, first what expires first: as it is now. `withinDays` counts from today, `expiresBefore` is the
    /// first day that does not count; what has expired already is shown unless `includeExpired` is false.
    async fn lot_expiry(
        &self,
        context: &Context<'_>,
        within_days: Option<i32>,
        expires_before: Option<Date>,
        #[graphql(default = true)] include_expired: bool,
        filter: Option<StockFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<LotExpiryRow>> {
        let input = Input {
            within_days: within_days.map(i64::from),
            expires_before: expires_before.map(|date| date.0.to_string()),
            include_expired: Some(include_expired),
            time_zone,
            ..input(filter, limit)
        };
        snapshot::report(context, Name::LotExpiry, input).await
    }

    /// How long what is on hand has been there, first in, first out: as it is now.
    async fn stock_ageing(
        &self,
        context: &Context<'_>,
        filter: Option<StockFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<StockAgeingRow>> {
        let input = Input { time_zone, ..input(filter, limit) };
        snapshot::report(context, Name::StockAgeing, input).await
    }

    /// What was sold less in the last days than there is of it, the most money first: as it is now.
    async fn slow_stock(
        &self,
        context: &Context<'_>,
        #[graphql(default = 90)] days: i32,
        filter: Option<StockFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<SlowStockRow>> {
        let input = Input { days: Some(i64::from(days)), time_zone, ..input(filter, limit) };
        snapshot::report(context, Name::SlowStock, input).await
    }

    /// What was lost and what was found, by reason and location; the greatest loss first.
    async fn shrinkage(
        &self,
        context: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        filter: Option<StockFilter>,
        time_zone: Option<String>,
        #[graphql(default = 10_000)] limit: i32,
    ) -> Result<Report<ShrinkageRow>> {
        let input = Input {
            from: from.map(|date| date.0.to_string()),
            to: to.map(|date| date.0.to_string()),
            time_zone,
            ..input(filter, limit)
        };
        snapshot::report(context, Name::Shrinkage, input).await
    }
}
