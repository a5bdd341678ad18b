//! A count is an anchor: it includes what happened before it, and later changes come on top.

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Tenant, Till, environment, lines, sale, with_tenant};

use super::{enter, line, posted, sheet, step, text};

/// Returns an instant some minutes ago.
async fn ago(minutes: i64) -> DateTime<Utc> {
    environment().now().await - Duration::minutes(minutes)
}

/// Makes opening stock, an hour ago.
async fn opened(tenant: &Tenant, sku: &str, (quantity, unit_cost): (&str, &str)) {
    tenant.product(sku, "10.00").await;
    let opening = json!({ "kind": "opening", "occurred_at": ago(60).await,
        "lines": [{ "sku": sku, "quantity": quantity, "unit_cost": unit_cost }] });
    tenant.post("/v1/stock/documents", &opening).await.created();
}

/// Counts a product in the warehouse at an instant, and posts the sheet.
async fn counted(tenant: &Tenant, sku: &str, quantity: &str, at: DateTime<Utc>) -> Value {
    let count = sheet(tenant, json!({ "skus": [sku] })).await;
    enter(tenant, &count, json!([{ "sku": sku, "quantity": quantity, "counted_at": at }])).await;
    posted(tenant, &count).await
}

fn late(till: &Till, wanted: &[(&str, &str)], at: DateTime<Utc>) -> Value {
    let mut sale = sale(till, wanted);
    sale["occurred_at"] = json!(at);
    sale
}

#[test]
fn what_sells_between_the_counting_and_the_posting_comes_off() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("10", "4.00")).await;
        let till = tenant.till().await;
        let count = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "9", "counted_at": ago(10).await }])).await;
        // One is sold before the counting and recorded late; two are sold after it.
        tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "1")], ago(20).await)).await.created();
        tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "2")], ago(5).await)).await.created();
        let count = posted(tenant, &count).await;
        let mug = line(&count, "MUG");
        assert_eq!(text(mug, "expected"), "9", "nothing is missing");
        assert_eq!(text(mug, "variance"), "0", "nothing is missing");
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "28"));
    });
}

#[test]
fn a_sale_before_the_count_that_is_told_of_later_does_not_reduce_it_again() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("10", "4.00")).await;
        let till = tenant.till().await;
        counted(tenant, "MUG", "7", ago(10).await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "28"));
        assert_eq!(tenant.balance("5100").await, "12.00");
        // Two of the three missing units had been sold.
        let sold = tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "2")], ago(20).await)).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("7", "0", "28"), "as counted");
        assert_eq!(tenant.balance("5010").await, "8.00");
        assert_eq!(tenant.balance("5100").await, "4.00");
        assert_eq!(tenant.balance("4010").await, "-20.00", "the revenue stands");
        let moved = tenant
            .get(&format!(
                "/v1/stock/movements?sku=MUG&kind=count&document_id={}",
                sold["id"].as_str().expect("an id")
            ))
            .await
            .ok();
        assert_eq!(moved["data"][0]["quantity"], "2");
        assert_eq!(moved["data"][0]["reason"], "count");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        // A sale after the count lowers the level.
        tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "1")], ago(5).await)).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("6", "0", "24"));
        // The past reads as it was: eight before the count, seven after it.
        let at = async |when: DateTime<Utc>| {
            let when = when.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let report = tenant.get(&format!("/v1/reports/stock_valuation?as_of={when}")).await.ok();
            text(&report["rows"][0], "on_hand").to_owned()
        };
        assert_eq!(at(ago(15).await).await, "8");
        assert_eq!(at(ago(8).await).await, "7");
    });
}

#[test]
fn what_the_count_has_seen_leave_needs_no_stock() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("3", "4.00")).await;
        let till = tenant.till().await;
        counted(tenant, "MUG", "0", ago(10).await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
        tenant
            .post("/v1/pos/sales", &late(&till, &[("MUG", "1")], ago(5).await))
            .await
            .refused(409, "insufficient_stock");
        tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "2")], ago(20).await)).await.created();
        let mut forced = late(&till, &[("MUG", "1")], ago(20).await);
        forced["forced"] = json!(true);
        tenant.post("/v1/pos/sales", &forced).await.created();
        let gone = json!({ "kind": "adjustment", "reason": "theft", "occurred_at": ago(30).await,
            "lines": [{ "sku": "MUG", "quantity": "-1" }] });
        let gone = tenant.post("/v1/stock/documents", &gone).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
        assert_eq!(tenant.count("cost_to_settle").await, 0, "nothing is below zero");
        let read =
            tenant.get(&format!("/v1/stock/documents/{}", gone["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(read["lines"], gone["lines"], "what the count takes back is no line of it");
    });
}

#[test]
fn whatever_comes_late_changes_nothing_that_was_counted() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("10", "4.00")).await;
        counted(tenant, "MUG", "12", ago(10).await).await;
        let before = tenant.level("MUG").await;
        assert_eq!(before, Level::of("12", "0", "48"));
        // The delivery that explains the two.
        let receipt = json!({ "kind": "receipt", "occurred_at": ago(30).await,
            "lines": [{ "sku": "MUG", "quantity": "2", "unit_cost": "5.00" }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        assert_eq!(tenant.level("MUG").await, before);
        assert_eq!(tenant.balance("2100").await, "-10.00");
        assert_eq!(tenant.balance("5100").await, "2.00");
        // A shipment of an order, and a transfer to the shop.
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "3")]), "occurred_at": ago(30).await, "advance_to": "invoiced" });
        tenant.post("/v1/orders", &order).await.created();
        assert_eq!(tenant.level("MUG").await, before);
        let transfer = json!({ "to_location_id": tenant.shop, "occurred_at": ago(30).await, "lines": lines(&[("MUG", "4")]) });
        let transfer = tenant.post("/v1/stock/transfers", &transfer).await.created();
        let receive = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        tenant.post(&receive, &json!({})).await.ok();
        assert_eq!(tenant.level("MUG").await, before);
        let at_shop = tenant.get(&format!("/v1/stock/levels?sku=MUG&location_id={}", tenant.shop)).await.ok();
        assert_eq!(at_shop["data"][0]["value"], "16.67", "4 of the 12 that were there then, worth 50.00");
    });
}

#[test]
fn an_earlier_count_changes_nothing_that_a_later_one_has_counted() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("10", "4.00")).await;
        let first = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        enter(tenant, &first, json!([{ "sku": "MUG", "quantity": "3", "counted_at": ago(30).await }])).await;
        counted(tenant, "MUG", "8", ago(10).await).await;
        let first = posted(tenant, &first).await;
        let mug = line(&first, "MUG");
        assert_eq!(mug["superseded"], true);
        assert_eq!(text(mug, "posted_quantity"), "0");
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "32"));
    });
}

#[test]
fn more_can_not_have_gone_than_was_counted() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("10", "4.00")).await;
        let till = tenant.till().await;
        let count = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "4", "counted_at": ago(10).await }])).await;
        tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "5")], ago(5).await)).await.created();
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        tenant
            .post(&step(&count, "post"), &json!({}))
            .await
            .refused(409, "invalid_state_transition")
            .names(&["#/lines/0"]);
        tenant.post(&step(&count, "recount"), &json!({ "lines": [1] })).await.ok();
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "5" }])).await;
        posted(tenant, &count).await;
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "20"));
    });
}

#[test]
fn a_count_of_a_level_below_zero_settles_its_cost() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("2", "4.00")).await;
        let till = tenant.till().await;
        let mut sold = late(&till, &[("MUG", "5")], ago(20).await);
        sold["forced"] = json!(true);
        tenant.post("/v1/pos/sales", &sold).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("-3", "0", "-12"));
        counted(tenant, "MUG", "6", ago(10).await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("6", "0", "24"));
        assert_eq!(tenant.balance("5200").await, "0.00");
        assert_eq!(tenant.balance("5100").await, "-36.00");
        let open = tenant.get("/v1/stock/oversold?status=open").await.ok();
        assert_eq!(open["data"], json!([]));
    });
}

#[test]
fn what_is_promised_may_turn_out_to_be_missing() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order =
            json!({ "customer_id": customer, "lines": lines(&[("MUG", "8")]), "advance_to": "confirmed" });
        let order = tenant.post("/v1/orders", &order).await.created();
        counted(tenant, "MUG", "5", environment().now().await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("5", "8", "20"));
        let available = tenant.get("/v1/stock/availability?sku=MUG").await.ok();
        assert_eq!(available["data"][0]["available"], "0");
        let order = order["id"].as_str().expect("an id");
        tenant.step(order, "ship").await.refused(409, "insufficient_stock");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        tenant.step(order, "cancel").await.ok();
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "20"));
    });
}

#[test]
fn selling_goes_on_while_a_count_is_posted() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("100", "4.00")).await;
        opened(tenant, "CUP", ("100", "2.00")).await;
        let till = tenant.till().await;
        let count = sheet(tenant, json!({ "skus": ["MUG", "CUP"] })).await;
        let at = ago(1).await;
        let entries = json!([{ "sku": "MUG", "quantity": "97", "counted_at": at }, { "sku": "CUP", "quantity": "101", "counted_at": at }]);
        enter(tenant, &count, entries).await;
        let other = tenant.at(&environment().other_node().await.base_url);
        let sell = async |number: u32| {
            let client = if number.is_multiple_of(2) { &**tenant } else { &other };
            client.post("/v1/pos/sales", &sale(&till, &[("MUG", "1"), ("CUP", "1")])).await.created();
        };
        let finish = async || {
            tenant.post(&step(&count, "complete"), &json!({})).await.ok();
            tenant.post(&step(&count, "post"), &json!({})).await.ok()
        };
        let (_, done) = futures_util::future::join(join_all((0..50).map(sell)), finish()).await;
        let of = |sku: &str| text(line(&done, sku), "posted_quantity").to_owned();
        assert_eq!(of("MUG"), "-3", "independent of sales meanwhile");
        assert_eq!(of("CUP"), "1", "independent of sales meanwhile");
        assert_eq!(tenant.level("MUG").await.on_hand, "47");
        assert_eq!(tenant.level("CUP").await.on_hand, "51");
    });
}

#[test]
fn what_the_count_saw_leave_is_shipped_and_sent_late() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("8", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "occurred_at": ago(40).await, "advance_to": "confirmed",
            "lines": lines(&[("MUG", "3")]) });
        let order = tenant.post("/v1/orders", &order).await.created();
        counted(tenant, "MUG", "0", ago(10).await).await;
        assert_eq!(tenant.level("MUG").await, Level::of("0", "3", "0"));
        let ship = format!("/v1/orders/{}/ship", order["id"].as_str().expect("an id"));
        tenant.post(&ship, &json!({})).await.refused(409, "insufficient_stock");
        tenant.post(&ship, &json!({ "occurred_at": ago(20).await })).await.ok();
        let mut sent = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "5")]) });
        tenant.post("/v1/stock/transfers", &sent).await.refused(409, "insufficient_stock");
        sent["occurred_at"] = json!(ago(20).await);
        tenant.post("/v1/stock/transfers", &sent).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"), "as counted");
        assert_eq!(tenant.balance("5100").await, "0.00", "nothing was missing");
    });
}

#[test]
fn a_late_sale_that_was_counted_leaves_the_floor_of_its_channel_alone() {
    with_tenant(async |tenant| {
        opened(tenant, "MUG", ("8", "4.00")).await;
        let till = tenant.till().await;
        counted(tenant, "MUG", "5", ago(10).await).await;
        let ends = environment().now().await + Duration::hours(1);
        let floor = json!({ "kind": "channel_allotment", "channel": "retail", "expires_at": ends,
            "lines": lines(&[("MUG", "5")]) });
        tenant.post("/v1/stock/holds", &floor).await.created();
        tenant.post("/v1/pos/sales", &late(&till, &[("MUG", "3")], ago(20).await)).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("5", "5", "20"));
    });
}
