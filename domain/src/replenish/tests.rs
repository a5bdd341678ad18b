//! The worked examples of the rule, with their figures.

use chrono::{Days, NaiveDate, Weekday};
use proptest::prelude::*;
use uuid::Uuid;

use super::micro::tests::micro;
use super::*;
use crate::expected_receipt::{Source, Supply};
use crate::id::{ExpectedReceiptId, LocationId, OrderId};
use crate::number::{Percent, Quantity};

mod edges;
mod examples;
mod season;

/// Monday, 5 December 2011.
fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2011, 12, 5).expect("a day")
}

fn ahead(days: u64) -> NaiveDate {
    today() + Days::new(days)
}

fn before(days: u64) -> NaiveDate {
    today() - Days::new(days)
}

fn units(number: i64) -> Quantity {
    Quantity::new(number.into())
}

/// A week of sales at tills: the units, sold on its first day, and the days that opened with stock.
type Week = (i64, u64);

/// Returns a history of sales at tills.
fn sold(weeks: &[Week]) -> DemandHistory {
    let mut history = DemandHistory::empty(before(3_000));
    history.first_day = (!weeks.is_empty()).then(|| before(7 * weeks.len() as u64));
    for (index, (sold, open)) in weeks.iter().enumerate() {
        let first = before(7 * (weeks.len() - index) as u64);
        if *sold > 0 {
            history.retail.push(RetailDemand { on: first, sold: units(*sold), returned: units(0) });
        }
        if *open < 7 {
            history.without_stock.push(DayRange { from: first + Days::new(*open), to: first + Days::new(6) });
        }
    }
    history
}

/// Returns a history of sales at tills that never ran out of stock.
fn open(weeks: &[i64]) -> DemandHistory {
    sold(&weeks.iter().map(|units| (*units, 7)).collect::<Vec<Week>>())
}

fn order(number: u128, on: NaiveDate, ordered: i64) -> OrderDemand {
    let order_id = OrderId(Uuid::from_u128(number));
    OrderDemand { order_id, on, ordered: units(ordered), returned: units(0) }
}

/// Returns a location with the settings of the examples: lead time 14 days, no receipts, unit cost 2, and nothing available.
fn location(history: DemandHistory) -> AtLocation {
    AtLocation {
        location_id: LocationId(Uuid::from_u128(1)),
        code: "A".to_owned(),
        history,
        planned: Plan::default(),
        season: None,
        analogue: None,
        lead_time: LeadTime::from_receipts(Some(14), &[], &[]).expect("in range"),
        review_weekday: Weekday::Mon,
        settings: Settings::default(),
        item: Item { step: Micro::ONE, unit_cost: Some(micro("2")) },
        method: Method::Computed,
        size: OrderSize::default(),
        stock: Stock::default(),
        fed_by: None,
    }
}

fn supply(on: NaiveDate, quantity: i64) -> Supply {
    Supply { source: Source::Expected(ExpectedReceiptId::default(), 1), on, quantity: units(quantity) }
}

/// Returns the suggestion of a single location.
fn suggested(location: &AtLocation) -> Suggestion {
    let mut all = suggest(today(), std::slice::from_ref(location), &TransferTimes::new()).expect("no circle");
    all.remove(0)
}

fn assessed(suggestion: &Suggestion) -> &Assessment {
    suggestion.assessment.as_ref().expect("figures in range")
}

fn target(suggestion: &Suggestion) -> Target {
    assessed(suggestion).target.expect("demand")
}

fn demands(suggestion: &Suggestion) -> Vec<String> {
    assessed(suggestion).demand.weeks.iter().map(|week| week.demand.to_string()).collect()
}

/// Returns the units that are to be bought.
fn bought(suggestion: &Suggestion) -> Micro {
    let bought = suggestion.actions.iter().find_map(|action| match action {
        Action::Buy { rounded, .. } => Some(rounded.quantity),
        Action::Expedite { .. } | Action::Transfer { .. } => None,
    });
    bought.unwrap_or_default()
}
