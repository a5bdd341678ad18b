//! The stream sends expiries, although no command writes them.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant};

use super::browser::Stream;
use super::figures;

/// Holds four of ten for this many seconds.
async fn hold(tenant: &Tenant, seconds: i64) -> DateTime<Utc> {
    let end = environment().now().await + TimeDelta::seconds(seconds);
    let body = json!({ "expires_at": end.to_rfc3339(), "lines": lines(&[("MUG", "4")]) });
    tenant.post("/v1/stock/holds", &body).await.created();
    end
}

/// Reads until all ten are available.
async fn hear_of_ten(stream: &mut Stream) -> Value {
    loop {
        let message = stream.next().await.expect("the stream goes on");
        if message.name == "stock_level" && figures(&message.data) == ("MUG", "10", "0", "10") {
            return message.data;
        }
    }
}

#[test]
fn a_hold_that_ends_is_told() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let mut stream = Stream::open(tenant, "", "").await;
        let end = hold(tenant, 6).await;
        let level = hear_of_ten(&mut stream).await;
        assert!(environment().now().await >= end, "it is not sent before its time");
        assert_eq!(level["sellable"], true);
    });
}

#[test]
fn who_comes_back_is_told_what_ended_meanwhile() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let mut stream = Stream::open(tenant, "?levels=false&type=*", "").await;
        let end = hold(tenant, 8).await;
        tenant.make("/v1/categories", json!({ "code": "LATER", "name": "Later" })).await;
        while stream.expect("event").await["type"] != "category.created" {}
        let heard = stream.last_id.clone();
        drop(stream);
        let wait = (end - environment().now().await).to_std().unwrap_or_default() + Duration::from_millis(50);
        tokio::time::sleep(wait).await;
        hear_of_ten(&mut Stream::open(tenant, "", &heard).await).await;
    });
}

#[test]
fn a_lot_that_may_not_be_sold_any_more_is_told() {
    with_tenant(async |tenant| {
        tenant
            .make(
                "/v1/products",
                json!({ "sku": "MILK", "name": "Milk", "list_price": "1", "tracking": "lot" }),
            )
            .await;
        let line = json!({ "sku": "MILK", "quantity": "5", "unit_cost": "1", "lots": [{ "code": "A", "expires_on": "2099-01-01" }] });
        let receipt = json!({ "kind": "receipt", "location_id": tenant.main, "lines": [line] });
        let receipt = tenant.post("/v1/stock/documents", &receipt).await.created();
        let lot = receipt["lines"][0]["lot_id"].as_str().expect("a lot");
        let mut stream = Stream::open(tenant, "", "").await;
        tenant.patch(&format!("/v1/lots/{lot}"), &json!({ "expires_on": "2020-01-01" })).await.ok();
        let mut level = Value::Null;
        while level["sellable"] != false {
            level = stream.expect("stock_level").await;
        }
        assert_eq!(figures(&level), ("MILK", "5", "0", "5"));
        assert_eq!(level["lot_id"], json!(lot));
    });
}
