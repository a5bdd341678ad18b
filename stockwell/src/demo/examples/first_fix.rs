//! A run of the reconciliation with a fix: five weeks in which a web shop hears of no return.

use chrono::{DateTime, Days, Duration, Utc};
use serde_json::{Value, json};

use super::{World, text};
use crate::import::ClientError;

/// Codes of the systems: the reference, and the one that loses the returns.
const SYSTEMS: [(&str, &str); 2] = [("example-erp", "erp"), ("example-shop", "storefront")];
const DAYS: u64 = 35;
const ITEMS: [&str; 3] = ["EX-BOLT", "EX-NUT", "EX-RING"];
const PATH: &str = "/v1/reconciliation";

impl World<'_> {
    /// Makes a run, and notes its fix and one of its episodes. The settings are the usual ones afterwards.
    pub(super) async fn first_fix(&mut self) -> Result<(), ClientError> {
        let systems: Vec<Value> =
            SYSTEMS.iter().map(|(code, kind)| json!({ "code": code, "kind": kind })).collect();
        self.post("fix:systems", &format!("{PATH}/systems"), json!({ "data": systems })).await?;
        self.client.put(&format!("{PATH}/settings"), json!({ "reference": SYSTEMS[0].0 })).await?;
        for (place, (code, _)) in SYSTEMS.into_iter().enumerate() {
            let (levels, events) = days(code, place == 0);
            let path = format!("{PATH}/snapshots?system={code}&full=true");
            self.post(&format!("fix:levels:{code}"), &path, json!({ "data": levels })).await?;
            let path = format!("{PATH}/events?system={code}");
            self.post(&format!("fix:events:{code}"), &path, json!({ "data": events })).await?;
        }
        let through = (first_day() + Days::new(DAYS)).to_rfc3339();
        self.make("rcr:example", &format!("{PATH}/runs"), json!({ "through": through })).await?;
        let run = self.id("rcr:example").to_owned();
        let told = self.client.get(&format!("{PATH}/first-fix?run={run}")).await?;
        self.note("fix:example", text(&told["fix"]["id"]));
        let episodes = self.client.list(&format!("{PATH}/episodes?run={run}")).await?;
        self.note("epi:example", episodes.first().map_or("", |episode| text(&episode["id"])));
        self.client.put(&format!("{PATH}/settings"), json!({})).await?;
        Ok(())
    }
}

fn first_day() -> DateTime<Utc> {
    DateTime::from_timestamp(1_770_000_000, 0).unwrap_or_default()
}

/// Returns the levels at the end of each day, and the events: each item is sold and comes back once a day.
fn days(system: &str, with_returns: bool) -> (Vec<Value>, Vec<Value>) {
    let (mut levels, mut events) = (Vec::new(), Vec::new());
    for day in 0..DAYS {
        let begin = first_day() + Days::new(day);
        for (place, item) in (0_u64..).zip(ITEMS) {
            let returned = if with_returns { day + 1 } else { 0 };
            let left = 500 + returned - 2 * (day + 1);
            let mut event = |kind: &str, hours: i64, quantity: &str| {
                let at = begin
                    + Duration::hours(hours)
                    + Duration::minutes(i64::try_from(place).unwrap_or_default());
                events.push(json!({ "external_id": format!("{system}-{kind}-{day}-{place}"), "type": kind,
                    "external_sku": item, "external_location": "MAIN", "quantity": quantity, "occurred_at": at,
                    "reference": format!("{kind}-{day}-{place}") }));
            };
            event("sale", 3, "-2");
            if with_returns {
                event("return", 8, "1");
            }
            levels.push(json!({ "taken_at": begin + Duration::hours(20), "external_sku": item,
                "external_location": "MAIN", "quantity": left.to_string() }));
        }
    }
    (levels, events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_lacks_the_returns_only() {
        let ((levels, events), (of_shop, sales)) = (days("erp", true), days("shop", false));
        assert_eq!(events.len(), 2 * sales.len());
        let last = |levels: &[Value]| text(&levels[levels.len() - 1]["quantity"]).to_owned();
        assert_eq!((last(&levels), last(&of_shop)), ("465".to_owned(), "430".to_owned()));
    }
}
