//! Replenishment: suggestions from real documents, with the figures of the worked examples of the rule.

mod accept;
mod analogue;
mod backtest;
mod category;
mod order;
mod packed;
mod purchase;
mod reorder;
mod season;
mod setting;
mod suggestion;
mod supersede;
mod supplier;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Europe::London;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines};

const SUGGESTIONS: &str = "/v1/replenishment/suggestions";
const SETTINGS: &str = "/v1/replenishment/settings";

/// The days of a test.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    /// Today, in the time zone of the tenant.
    pub today: NaiveDate,
    /// The latest Monday: weeks of demand end on the day before.
    pub monday: NaiveDate,
}

impl Calendar {
    pub async fn now() -> Self {
        let today = environment().today(&London).await;
        let monday = today - Days::new(today.weekday().num_days_from_monday().into());
        Calendar { today, monday }
    }

    /// Returns an hour of a day, counted from the Monday so many weeks ago.
    pub fn at(self, weeks_ago: u64, day: u64, hour: u32) -> DateTime<Utc> {
        let on = self.monday - Days::new(7 * weeks_ago) + Days::new(day);
        on.and_hms_opt(hour, 0, 0).expect("an hour").and_utc()
    }

    /// Returns a day after today.
    pub fn ahead(self, days: u64) -> String {
        (self.today + Days::new(days)).to_string()
    }
}

/// Brings stock to a location.
async fn stock(
    tenant: &Tenant,
    location: &str,
    at: DateTime<Utc>,
    (sku, quantity, cost): (&str, &str, &str),
) {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": cost });
    let body = json!({ "kind": "receipt", "location_id": location, "occurred_at": at, "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

/// Ships an order.
async fn ship(tenant: &Tenant, customer: &str, at: DateTime<Utc>, wanted: &[(&str, &str)]) -> Value {
    let order = json!({ "customer_id": customer, "location_id": tenant.main, "occurred_at": at, "lines": lines(wanted),
        "advance_to": "shipped" });
    tenant.post("/v1/orders", &order).await.created()
}

/// Makes a mug at a cost of 2 with a lead time of 14 days and eight weeks of 70 each, of which so many are left in the
/// warehouse. Returns its id.
async fn steady(tenant: &Tenant, calendar: Calendar, left: u32) -> String {
    let mug = tenant.product("MUG", "5.00").await.id;
    let settings = json!({ "product_id": mug, "lead_time_days": 14 });
    tenant.put(SETTINGS, &settings).await.ok();
    weekly(tenant, calendar, left).await;
    mug
}

/// Sells 70 mugs in each of eight weeks, at a cost of 2, and leaves so many in the warehouse.
async fn weekly(tenant: &Tenant, calendar: Calendar, left: u32) {
    let quantity = (8 * 70 + left).to_string();
    stock(tenant, &tenant.main, calendar.at(8, 0, 6), ("MUG", &quantity, "2")).await;
    let customer = tenant.customer("Hotel").await;
    for week in (1..=8).rev() {
        ship(tenant, &customer, calendar.at(week, 0, 12), &[("MUG", "70")]).await;
    }
}

/// Returns the suggestion for a product in the warehouse, with everything that led to it.
async fn explained(tenant: &Tenant, product: &str) -> Value {
    let found = tenant.get(&format!("{SUGGESTIONS}/{product}")).await.ok();
    let suggestions = found["suggestions"].as_array().expect("suggestions");
    let of_main = suggestions.iter().find(|one| one["location_code"] == "MAIN");
    of_main.unwrap_or_else(|| panic!("no suggestion for the warehouse: {found}")).clone()
}
