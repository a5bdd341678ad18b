//! The table of a back-test as the API shows it.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::number::{Money, Quantity};
use domain::replenish::backtest::{Columns, Distrust, Report, Tally, report};
use domain::replenish::{DemandClass, Micro, Overflow, ServiceLevel};
use domain::tag;
use serde::Serialize;

use super::super::load::Loaded;
use super::Tested;

/// The rule over the past, beside what really happened and beside minimum and maximum.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ReplenishmentBacktest {
    /// Always `replenishment_backtest`.
    pub object: tag::ReplenishmentBacktest,
    /// First day that counts.
    pub from: NaiveDate,
    /// Last day, yesterday.
    pub to: NaiveDate,
    /// Days that count.
    #[schema(minimum = 28, maximum = 180, example = 90)]
    pub days: u32,
    /// First simulated day. The days before `from` are a run-in and do not count.
    pub simulated_from: NaiveDate,
    /// Products at locations that were simulated.
    #[schema(minimum = 0, maximum = 500, example = 4)]
    pub product_locations: usize,
    /// Currency of the amounts.
    #[schema(max_length = 3, example = "GBP")]
    pub currency: String,
    /// The real course. Its wholesale orders count as served, because it is not recorded which of them had to wait: so its fill
    /// rate is that of tills, and it has neither days served nor backorders.
    pub really: BacktestColumn,
    /// The rule at the service level of the settings.
    pub rule: BacktestColumn,
    /// Minimum and maximum: daily demand of the 90 days before each review × (lead time + review period + 14 days), and 28 days more.
    pub min_max: BacktestColumn,
    /// The same with so many safety days that it holds at least the stock of the rule: the fair comparison.
    pub equal_stock: BacktestColumn,
    /// Safety days of `equal_stock`.
    #[schema(minimum = 0, maximum = 730, example = 30)]
    pub equal_stock_safety_days: u32,
    /// Whether even 730 safety days hold less stock than the rule.
    pub equal_stock_is_out_of_reach: bool,
    /// The rule at each service level, from the lowest.
    #[schema(max_items = 5)]
    pub services: Vec<BacktestService>,
    /// The rule beside equal stock, by class of demand.
    #[schema(max_items = 5)]
    pub classes: Vec<BacktestClass>,
    /// Products at locations with fewer days without stock under the rule than at equal stock.
    #[schema(minimum = 0, maximum = 500, example = 3)]
    pub better: u64,
    /// Those with as many.
    #[schema(minimum = 0, maximum = 500, example = 1)]
    pub equal: u64,
    /// Those with more.
    #[schema(minimum = 0, maximum = 500, example = 0)]
    pub worse: u64,
    /// Reasons to distrust the figures, each with the products at locations that it concerns.
    #[schema(max_items = 8)]
    pub distrust: Vec<BacktestDistrust>,
}

/// Figures of one policy.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentBacktestColumn)]
pub struct BacktestColumn {
    /// Share of the units that were served on the day they were asked for. Null without demand.
    #[schema(value_type = Option<Quantity>)]
    pub fill_rate: Option<Micro>,
    /// The same of the units of wholesale orders. Null without such demand, and for the real course.
    #[schema(value_type = Option<Quantity>)]
    pub wholesale_fill_rate: Option<Micro>,
    /// The same of the units that tills were asked for. Null without such demand.
    #[schema(value_type = Option<Quantity>)]
    pub retail_fill_rate: Option<Micro>,
    /// Share of the days with demand on which all of it was served. Null without demand.
    #[schema(value_type = Option<Quantity>)]
    pub days_served: Option<Micro>,
    /// Share of the days that closed with nothing on hand.
    #[schema(value_type = Option<Quantity>)]
    pub days_empty: Option<Micro>,
    /// Average value of the stock at cost.
    pub average_stock: Money,
    /// Order lines.
    #[schema(minimum = 0, example = 12)]
    pub order_lines: u64,
    /// Stock units ordered.
    #[schema(value_type = Quantity)]
    pub bought: Micro,
    /// Value of the sales that tills lost, at the list price of today.
    pub lost: Money,
    /// Stock units that orders had to wait for. Null if it is not recorded.
    #[schema(value_type = Option<Quantity>)]
    pub backordered: Option<Micro>,
}

/// The rule at a service level.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentBacktestService)]
pub struct BacktestService {
    /// Service level.
    pub service: ServiceLevel,
    /// Its figures.
    pub rule: BacktestColumn,
}

/// Products at locations of a class of demand.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentBacktestClass)]
pub struct BacktestClass {
    /// Class of the demand before the window.
    pub class: DemandClass,
    /// Products at locations of the class.
    #[schema(minimum = 1, maximum = 500, example = 2)]
    pub product_locations: usize,
    /// The rule.
    pub rule: BacktestColumn,
    /// Minimum and maximum at the stock of the rule.
    pub equal_stock: BacktestColumn,
}

/// A reason to distrust the figures.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
#[schema(as = ReplenishmentBacktestDistrust)]
pub struct BacktestDistrust {
    /// The reason.
    pub reason: Distrust,
    /// Products at locations that it concerns.
    #[schema(minimum = 1, maximum = 500, example = 2)]
    pub product_locations: usize,
}

/// The facts that a column depends on besides its figures.
struct Frame<'loaded> {
    loaded: &'loaded Loaded,
    days: u32,
}

/// Returns the table.
pub(super) fn table(loaded: &Loaded, tested: &Tested) -> Result<ReplenishmentBacktest, Overflow> {
    let frame = Frame { loaded, days: tested.window.days() };
    let all = report(&tested.columns)?;
    let service = |(service, tally): (ServiceLevel, &Tally)| {
        Ok(BacktestService { service, rule: frame.column(tally)? })
    };
    let services = ServiceLevel::ALL.into_iter().zip(&all.services).map(service);
    Ok(ReplenishmentBacktest {
        object: tag::ReplenishmentBacktest,
        from: tested.window.from,
        to: tested.window.to,
        days: frame.days,
        simulated_from: tested.window.start,
        product_locations: tested.subjects.len(),
        currency: loaded.tenant.currency.clone(),
        really: frame.really(&all)?,
        rule: frame.column(&all.rule)?,
        min_max: frame.column(&all.min_max)?,
        equal_stock: frame.column(&all.equal_stock)?,
        equal_stock_safety_days: tested.equal_stock.safety_days,
        equal_stock_is_out_of_reach: tested.equal_stock.is_out_of_reach,
        services: services.collect::<Result<_, _>>()?,
        classes: frame.classes(&tested.columns)?,
        better: all.better,
        equal: all.equal,
        worse: all.worse,
        distrust: distrusted(tested.distrust.iter().flatten()),
    })
}

impl Frame<'_> {
    fn column(&self, tally: &Tally) -> Result<BacktestColumn, Overflow> {
        let tenant = &self.loaded.tenant;
        let money = |value: Micro| value.decimal().map(|value| tenant.money(value)).ok_or(Overflow);
        Ok(BacktestColumn {
            fill_rate: tally.fill_rate()?,
            wholesale_fill_rate: tally.wholesale.fill_rate()?,
            retail_fill_rate: tally.retail.fill_rate()?,
            days_served: tally.days_served()?,
            days_empty: tally.days_empty()?,
            average_stock: money(tally.average_stock(self.days)?)?,
            order_lines: tally.order_lines,
            bought: tally.bought,
            lost: money(tally.lost)?,
            backordered: Some(tally.backordered),
        })
    }

    /// Returns the figures of the real course, without those that are not recorded.
    fn really(&self, all: &Report) -> Result<BacktestColumn, Overflow> {
        let column = self.column(&all.really)?;
        let fill_rate = column.retail_fill_rate;
        Ok(BacktestColumn {
            fill_rate,
            wholesale_fill_rate: None,
            days_served: None,
            backordered: None,
            ..column
        })
    }

    fn classes(&self, columns: &[Columns]) -> Result<Vec<BacktestClass>, Overflow> {
        let mut by_class: BTreeMap<DemandClass, Vec<&Columns>> = BTreeMap::new();
        for one in columns {
            by_class.entry(one.class).or_default().push(one);
        }
        let class = |(class, columns): (DemandClass, Vec<&Columns>)| {
            let product_locations = columns.len();
            let of = report(columns)?;
            let (rule, equal_stock) = (self.column(&of.rule)?, self.column(&of.equal_stock)?);
            Ok(BacktestClass { class, product_locations, rule, equal_stock })
        };
        by_class.into_iter().map(class).collect()
    }
}

fn distrusted<'reasons>(reasons: impl Iterator<Item = &'reasons Distrust>) -> Vec<BacktestDistrust> {
    let mut counts: BTreeMap<Distrust, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(*reason).or_default() += 1;
    }
    let counted = |(reason, product_locations)| BacktestDistrust { reason, product_locations };
    counts.into_iter().map(counted).collect()
}
