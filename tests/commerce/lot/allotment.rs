//! Till and channel allotments of tracked products.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, Till, environment, lines, sale, with_tenant};

use crate::lot::{available, day, lot, lots_of, pairs, posted, received, sale_of, tracked};

const HOLDS: &str = "/v1/stock/holds";

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

async fn ends() -> String {
    (environment().now().await + chrono::Duration::hours(1)).to_rfc3339()
}

async fn lease(till: &Till, wanted: &[(&str, &str)]) -> Value {
    json!({ "kind": "till_allotment", "register_id": till.register_id, "expires_at": ends().await, "lines": lines(wanted) })
}

async fn floor(channel: &str, wanted: &[(&str, &str)]) -> Value {
    json!({ "kind": "channel_allotment", "channel": channel, "expires_at": ends().await, "lines": lines(wanted) })
}

/// Returns what is left of each line of a hold.
async fn left(tenant: &Tenant, hold: &Value) -> Vec<String> {
    let shown = tenant.get(&format!("{HOLDS}/{}", id(hold))).await.ok();
    let lines = shown["lines"].as_array().expect("lines");
    lines.iter().map(|line| line["left"].as_str().expect("a quantity").to_owned()).collect()
}

/// Returns the available quantity of milk in a channel, by lot.
async fn sellable(tenant: &Tenant, channel: &str) -> Vec<(String, String)> {
    let answer = tenant.get(&format!("/v1/stock/availability?sku=MILK&channel={channel}")).await.ok();
    let lots = answer["data"][0]["locations"][0]["lots"].as_array().cloned().unwrap_or_default();
    let text = |lot: &Value, name: &str| lot[name].as_str().expect("a text").to_owned();
    lots.iter().map(|lot| (text(lot, "code"), text(lot, "available"))).collect()
}

/// Opens a second till at the same location.
async fn second(tenant: &Tenant) -> Till {
    tenant.till_with(json!({ "code": "T2", "location_id": tenant.main })).await
}

#[test]
fn a_till_sells_the_lots_that_it_leases_and_nobody_else_does() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "GONE", ("9", &day(-1).await)).await;
        received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
        received(tenant, "MILK", "LATE", ("5", &day(60).await)).await;
        let (till, other) = (tenant.till().await, second(tenant).await);
        let leased = tenant.post(HOLDS, &lease(&till, &[("MILK", "4")]).await).await.created();
        let codes: Vec<(&Value, &Value)> = leased["lines"]
            .as_array()
            .expect("lines")
            .iter()
            .map(|line| (&line["lot_code"], &line["quantity"]))
            .collect();
        assert_eq!(codes, [(&json!("EARLY"), &json!("3")), (&json!("LATE"), &json!("1"))]);
        assert_eq!(available(tenant, "MILK").await["available"], "4");
        let refused = tenant.sell(&other, &[("MILK", "5")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "4");
        let early = sale_of(&other, "MILK", "1", json!([{ "code": "EARLY" }]));
        tenant.post("/v1/pos/sales", &early).await.refused(409, "insufficient_stock");
        let sold = tenant.sell(&other, &[("MILK", "2")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("LATE", "2")]));
        // Its own till uses up the allotment first, over all of its lots.
        let sold = tenant.sell(&till, &[("MILK", "2"), ("MILK", "3")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "2")]));
        assert_eq!(lots_of(&sold["lines"][1]), pairs(&[("EARLY", "1"), ("LATE", "2")]));
        assert_eq!(left(tenant, &leased).await, ["0", "0"]);
        assert_eq!(lot(tenant, "LATE").await["reserved"], "0");
        tenant.post(&format!("{HOLDS}/{}/release", id(&leased)), &json!({})).await.ok();
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_till_leases_serial_numbers_and_names_what_it_sells() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        let serials = json!([{ "code": "S1" }, { "code": "S2" }, { "code": "S3" }]);
        posted(tenant, "receipt", ("PHONE", "3"), serials).await.created();
        let (till, other) = (tenant.till().await, second(tenant).await);
        let mut body = lease(&till, &[("PHONE", "1")]).await;
        body["lines"][0]["lots"] = json!([{ "code": "S2" }]);
        let leased = tenant.post(HOLDS, &body).await.created();
        let of = |till: &Till, code: &str| sale_of(till, "PHONE", "1", json!([{ "code": code }]));
        tenant.post("/v1/pos/sales", &of(&other, "S2")).await.refused(409, "insufficient_stock");
        tenant.post("/v1/pos/sales", &of(&till, "S1")).await.created();
        assert_eq!(
            left(tenant, &leased).await,
            ["1"],
            "the named lot is sold, and the allotment stays in its lots"
        );
        tenant.post("/v1/pos/sales", &of(&till, "S2")).await.created();
        assert_eq!(left(tenant, &leased).await, ["0"]);
    });
}

#[test]
fn a_floor_is_a_quantity_whatever_lots_its_channel_takes() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "EARLY", ("4", &day(20).await)).await;
        received(tenant, "MILK", "GONE", ("9", &day(-1).await)).await;
        received(tenant, "MILK", "LATE", ("6", &day(60).await)).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Hansa Foods").await);
        let kept = tenant.post(HOLDS, &floor("retail", &[("MILK", "6")]).await).await.created();
        assert_eq!(sellable(tenant, "wholesale").await, pairs(&[("LATE", "4")]));
        assert_eq!(sellable(tenant, "retail").await, pairs(&[("EARLY", "4"), ("LATE", "6")]));
        let refused = tenant.order(&customer, &[("MILK", "5")], "confirmed").await;
        assert_eq!(refused.refused(409, "insufficient_stock").params("#/lines/0/quantity")["available"], "4");
        // Its channel sells the lot that expires first. The same quantity of the other lot is allotted in its place.
        let sold = tenant.sell(&till, &[("MILK", "3")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "3")]));
        assert_eq!(left(tenant, &kept).await, ["4", "2"].map(str::to_owned));
        assert_eq!(sellable(tenant, "wholesale").await, pairs(&[("LATE", "1")]));
        tenant.order(&customer, &[("MILK", "1")], "confirmed").await.created();
        tenant.order(&customer, &[("MILK", "1")], "confirmed").await.refused(409, "insufficient_stock");
        // Nothing else is available now: from here on sales use up the allotment.
        tenant.sell(&till, &[("MILK", "2")]).await.created();
        assert_eq!(lot(tenant, "LATE").await["reserved"], "5");
        assert_eq!(sellable(tenant, "wholesale").await, pairs(&[]));
        received(tenant, "MILK", "NEW", ("2", &day(90).await)).await;
        assert_eq!(sellable(tenant, "wholesale").await, pairs(&[("NEW", "2")]), "it is not filled up again");
        let path = format!("{HOLDS}/{}", id(&kept));
        let later =
            json!({ "expires_at": (environment().now().await + chrono::Duration::hours(9)).to_rfc3339() });
        tenant.post(&format!("{path}/extend"), &later).await.ok();
        tenant.post(&format!("{path}/release"), &json!({})).await.ok();
        assert_eq!(sellable(tenant, "wholesale").await, pairs(&[("LATE", "4"), ("NEW", "2")]));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn an_order_takes_of_the_floor_of_wholesale_and_a_new_floor_takes_the_place_of_one_that_moved() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "EARLY", ("4", &day(20).await)).await;
        received(tenant, "MILK", "LATE", ("4", &day(60).await)).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Hansa Foods").await);
        let mut body = floor("wholesale", &[("MILK", "4")]).await;
        body["reference"] = json!("trade");
        tenant.post(HOLDS, &body).await.created();
        let named = sale_of(&till, "MILK", "1", json!([{ "code": "EARLY" }]));
        tenant.post("/v1/pos/sales", &named).await.refused(409, "insufficient_stock");
        let order = tenant.order(&customer, &[("MILK", "3")], "confirmed").await.created();
        assert_eq!(lots_of(&order["lines"][0]), pairs(&[("EARLY", "3")]));
        assert_eq!(sellable(tenant, "retail").await, pairs(&[("LATE", "1")]));
        body["lines"] = lines(&[("MILK", "5")]);
        let new = tenant.post(HOLDS, &body).await.created();
        assert_eq!(left(tenant, &new).await, ["1", "4"].map(str::to_owned));
        let waits = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
            "lines": lines(&[("MILK", "7")]) });
        let waits = tenant.post("/v1/orders", &waits).await.created();
        assert_eq!(waits["lines"][0]["reserved"], "5");
        assert_eq!(waits["lines"][0]["backordered"], "2");
        tenant.step(id(&order), "cancel").await.ok();
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn leases_floors_orders_and_tills_race_for_the_same_lots() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        for (code, days) in [("L1", 10), ("L2", 20), ("L3", 30)] {
            received(tenant, "MILK", code, ("10", &day(days).await)).await;
        }
        let (till, other) = (tenant.till().await, second(tenant).await);
        let customer = tenant.customer("Hansa Foods").await;
        let node = tenant.at(&environment().other_node().await.base_url);
        let (leased, kept) = (lease(&till, &[("MILK", "3")]).await, floor("retail", &[("MILK", "2")]).await);
        let replies = join_all((0..48_usize).map(async |number| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &node };
            let policy = if number % 12 == 1 { "backorder" } else { "ship_complete" };
            let order = json!({ "customer_id": customer, "policy": policy, "advance_to": "confirmed",
                "lines": lines(&[("MILK", "2")]) });
            let reply = match number % 6 {
                0 => client.post(HOLDS, &leased).await,
                1 | 2 => client.post("/v1/orders", &order).await,
                3 => client.post(HOLDS, &kept).await,
                4 => client.post("/v1/pos/sales", &sale(&till, &[("MILK", "1")])).await,
                _ => client.post("/v1/pos/sales", &sale(&other, &[("MILK", "1")])).await,
            };
            assert!(matches!(reply.status, 201 | 409), "{}", reply.text);
            reply.status
        }));
        assert!(replies.await.contains(&409), "there was not enough for all");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        // All allotted stock is on hand: the till can sell it, and only the orders' reservations are left.
        while tenant.sell(&till, &[("MILK", "1")]).await.status == 201 {}
        let (mut on_hand, mut reserved) = (0, 0);
        for code in ["L1", "L2", "L3"] {
            let lot = lot(tenant, code).await;
            let number = |name: &str| lot[name].as_str().expect("a number").parse::<i64>().expect("a number");
            (on_hand, reserved) = (on_hand + number("on_hand"), reserved + number("reserved"));
        }
        assert_eq!(on_hand, reserved);
    });
}

#[test]
fn a_floor_is_not_kept_in_goods_that_are_not_there() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "A", ("5", &day(20).await)).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Hansa Foods").await);
        tenant.post(HOLDS, &floor("retail", &[("MILK", "5")]).await).await.created();
        // A sale of C takes lots that are really here.
        received(tenant, "MILK", "C", ("1", &day(60).await)).await;
        let mut gone = sale_of(&till, "MILK", "6", json!([{ "code": "C" }]));
        gone["forced"] = json!(true);
        gone["occurred_at"] = json!(environment().now().await);
        tenant.post("/v1/pos/sales", &gone).await.created();
        received(tenant, "MILK", "B", ("5", &day(40).await)).await;
        let order = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
            "lines": lines(&[("MILK", "5")]) });
        let order = tenant.post("/v1/orders", &order).await.created();
        assert_eq!(order["lines"][0]["backordered"], "5");
        let sold = tenant.sell(&till, &[("MILK", "5")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("A", "5")]));
        received(tenant, "MILK", "C", ("5", &day(60).await)).await;
        let order = tenant.get(&format!("/v1/orders/{}", id(&order))).await.ok();
        assert_eq!(order["lines"][0]["backordered"], "0");
        assert_eq!(order["lines"][0]["reserved"], "5");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}
