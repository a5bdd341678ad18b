//! Promises: what may be promised by day, the pegs of backorders, and what happens when a supply is late.

use chrono::{Days, TimeDelta, Utc};
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant_as, with_tenants};

const EXPECTED: &str = "/v1/stock/expected-receipts";
const ORDERS: &str = "/v1/orders";
const BROKEN: &str = "/v1/orders/broken-promises";

/// Runs a test with a tenant whose day is the day of the tests.
fn in_utc(test: impl AsyncFnOnce(&Tenant)) {
    with_tenant_as(|tenant| tenant.time_zone = "UTC".to_owned(), test);
}

fn id(document: &Value) -> String {
    document["id"].as_str().expect("an id").to_owned()
}

/// Returns the day `days` from today.
async fn day(days: u64) -> String {
    (environment().today(&Utc).await + Days::new(days)).to_string()
}

async fn expect(tenant: &Tenant, days: u64, wanted: &[(&str, &str)]) -> Value {
    let body = json!({ "expected_on": day(days).await, "lines": lines(wanted) });
    tenant.post(EXPECTED, &body).await.created()
}

async fn wait_for(tenant: &Tenant, customer: &str, wanted: &[(&str, &str)], priority: i64) -> Value {
    let body = json!({ "customer_id": customer, "policy": "backorder", "priority": priority,
        "advance_to": "confirmed", "lines": lines(wanted) });
    tenant.post(ORDERS, &body).await.created()
}

/// Returns day and quantity of every step.
fn steps(of: &Value) -> Vec<(String, String)> {
    let text = |step: &Value, name: &str| step[name].as_str().expect("a text").to_owned();
    let steps = of["steps"].as_array().expect("steps");
    steps.iter().map(|step| (text(step, "on"), text(step, "available"))).collect()
}

async fn available(tenant: &Tenant, query: &str) -> Value {
    tenant.get(&format!("/v1/stock/availability?steps=true&{query}")).await.ok()["data"][0].clone()
}

async fn stairs(wanted: &[(u64, &str)]) -> Vec<(String, String)> {
    let mut stairs = Vec::new();
    for (days, available) in wanted {
        stairs.push((day(*days).await, (*available).to_owned()));
    }
    stairs
}

/// Returns order, old day and new day of every broken promise.
async fn broken(tenant: &Tenant, path: &str) -> Vec<[Value; 3]> {
    let page = tenant.get(path).await.ok();
    let row = |row: &Value| ["order_id", "promised_on", "due_on"].map(|name| row[name].clone());
    page["data"].as_array().expect("rows").iter().map(row).collect()
}

/// Returns the number of events of broken promises. The feed itself waits for the transactions of all other tests.
async fn told(tenant: &Tenant) -> i64 {
    let query = sqlx::query_scalar(
        "select count(*) from event where tenant_id = $1 and kind = 'order.promise_broken'",
    );
    query.bind(tenant.id.0).fetch_one(&environment().root).await.expect("events are counted")
}

#[test]
fn the_staircase_adds_what_comes_and_takes_off_what_is_owed() {
    in_utc(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        assert_eq!(steps(&available(tenant, "sku=BOLT").await), stairs(&[(0, "10")]).await);
        expect(tenant, 5, &[("BOLT", "20")]).await;
        let second = expect(tenant, 9, &[("BOLT", "4"), ("BOLT", "1")]).await;
        let dated = json!({ "to_location_id": tenant.shop, "expected_on": day(3).await, "lines": lines(&[("BOLT", "2")]) });
        tenant.post("/v1/stock/transfers", &dated).await.created();
        let undated = json!({ "to_location_id": tenant.shop, "lines": lines(&[("BOLT", "1")]) });
        tenant.post("/v1/stock/transfers", &undated).await.created();
        let all = available(tenant, "sku=BOLT").await;
        assert_eq!(steps(&all), stairs(&[(0, "7"), (3, "9"), (5, "29"), (9, "34")]).await);
        assert_eq!(all["available"], "7", "a transfer without a day is not promised");
        let places = all["locations"].as_array().expect("places");
        let shop = places.iter().find(|place| place["location_id"] == tenant.shop).expect("the shop");
        assert_eq!(steps(shop), stairs(&[(0, "0"), (3, "2")]).await, "it never had any");

        // Waiting orders come first when stock is received.
        wait_for(tenant, &customer, &[("BOLT", "30")], 0).await;
        let main = available(tenant, &format!("sku=BOLT&location_id={}", tenant.main)).await;
        assert_eq!(steps(&main), stairs(&[(0, "0"), (5, "0"), (9, "2")]).await);
        assert_eq!(main["locations"][0]["backordered"], "23");
        assert_eq!(main["steps"][0]["outgoing"], "23");
        tenant.post(&format!("{EXPECTED}/{}/cancel", id(&second)), &json!({})).await.ok();
        let main = available(tenant, &format!("sku=BOLT&location_id={}", tenant.main)).await;
        assert_eq!(steps(&main), stairs(&[(0, "0"), (5, "0")]).await, "never below zero");
        let plain = tenant.get("/v1/stock/availability?sku=BOLT").await.ok();
        assert_eq!(plain["data"][0]["steps"], Value::Null);
    });
}

#[test]
fn many_products_are_asked_for_in_a_body() {
    in_utc(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        tenant.product_with("HELP", json!({ "kind": "service" })).await;
        expect(tenant, 5, &[("BOLT", "20")]).await;
        let ask = async |body: Value| tenant.post("/v1/stock/availability", &body).await;
        let answer = ask(json!({ "skus": ["BOLT", "HELP", "NONE"], "steps": true })).await.ok();
        assert_eq!(steps(&answer["data"][0]), stairs(&[(0, "10"), (5, "30")]).await);
        assert_eq!(answer["data"][1]["steps"], Value::Null);
        assert_eq!(answer["unknown"], json!(["NONE"]));
        for unclear in [json!({ "skus": ["BOLT"], "barcodes": ["1"] }), json!({})] {
            ask(unclear).await.refused(422, "validation_failed").names(&["#/product_ids"]);
        }
        let many: Vec<String> = (0..1000).map(|number| format!("SKU-{number}")).collect();
        assert_eq!(ask(json!({ "skus": many })).await.ok()["unknown"].as_array().map(Vec::len), Some(1000));
        let more: Vec<String> = (0..1001).map(|number| format!("SKU-{number}")).collect();
        ask(json!({ "skus": more })).await.refused(422, "validation_failed").names(&["#/skus"]);
        let (fits, long) = ("x".repeat(200), "x".repeat(201));
        assert_eq!(ask(json!({ "skus": [fits] })).await.ok()["unknown"], json!([fits]));
        // A letter and its mark are two characters on some systems, and one in the code.
        let marked = "e\u{301}".repeat(200);
        assert_eq!(ask(json!({ "skus": [marked] })).await.ok()["unknown"], json!([marked]));
        for field in ["skus", "barcodes"] {
            let place = format!("#/{field}/1");
            let asked = json!({ field: ["BOLT", long] });
            ask(asked).await.refused(422, "validation_failed").names(&[place.as_str()]);
        }
    });
}

#[test]
fn a_channel_sees_only_where_it_may_draw_from() {
    in_utc(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let only = json!({ "code": "WEB", "name": "Web", "kind": "warehouse", "channels": ["wholesale"] });
        let depot = tenant.make("/v1/locations", only).await;
        let body =
            json!({ "location_id": depot, "expected_on": day(4).await, "lines": lines(&[("BOLT", "5")]) });
        tenant.post(EXPECTED, &body).await.created();
        let retail = available(tenant, "sku=BOLT&channel=retail").await;
        assert_eq!(steps(&retail), stairs(&[(0, "10")]).await);
        let wholesale = available(tenant, "sku=BOLT&channel=wholesale").await;
        assert_eq!(steps(&wholesale), stairs(&[(0, "10"), (4, "15")]).await);
    });
}

#[test]
fn what_waits_is_promised_for_the_day_of_what_it_stands_on() {
    in_utc(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("3", "1.00")).await;
        tenant.product("NUT", "1.00").await;
        let customer = tenant.customer("Nordwind Supply").await;
        expect(tenant, 5, &[("BOLT", "4")]).await;
        expect(tenant, 9, &[("BOLT", "10")]).await;
        let promised = async |quantity: &str| {
            wait_for(tenant, &customer, &[("BOLT", quantity)], 0).await["lines"][0]["promised_on"].clone()
        };
        assert_eq!(promised("2").await, Value::Null, "it has what it wants");
        assert_eq!(promised("3").await, json!(day(5).await), "one that is there, and two that come");
        // The rejection of an order that may not wait names the same day.
        let order =
            json!({ "customer_id": customer, "advance_to": "confirmed", "lines": lines(&[("BOLT", "3")]) });
        let refused = tenant.post(ORDERS, &order).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["next_available_on"], json!(day(9).await));
        assert_eq!(promised("3").await, json!(day(9).await));
        assert_eq!(promised("10").await, Value::Null, "too little is on its way");
        // The second line of an order waits behind its first line of the same product.
        expect(tenant, 12, &[("NUT", "4")]).await;
        expect(tenant, 15, &[("NUT", "4")]).await;
        let order = wait_for(tenant, &customer, &[("NUT", "3"), ("NUT", "3")], 0).await;
        let days: Vec<&Value> =
            order["lines"].as_array().expect("lines").iter().map(|line| &line["promised_on"]).collect();
        assert_eq!(days, [&json!(day(12).await), &json!(day(15).await)]);
        assert_eq!(tenant.count("peg").await, 1 + 2 + 1 + 2, "the last line stands on both receipts");
        assert_eq!(broken(tenant, BROKEN).await, Vec::<[Value; 3]>::new());
    });
}

#[test]
fn when_a_supply_slips_its_promises_are_named() {
    in_utc(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        let customer = tenant.customer("Nordwind Supply").await;
        let first = expect(tenant, 5, &[("BOLT", "4")]).await;
        let second = expect(tenant, 9, &[("BOLT", "4")]).await;
        let early = wait_for(tenant, &customer, &[("BOLT", "3")], 0).await;
        let late = wait_for(tenant, &customer, &[("BOLT", "4")], 0).await;
        let of = async |receipt: &Value| {
            broken(tenant, &format!("{EXPECTED}/{}/broken-promises", id(receipt))).await
        };
        assert_eq!(of(&first).await, Vec::<[Value; 3]>::new());

        let path = format!("{EXPECTED}/{}/reschedule", id(&first));
        tenant.post(&path, &json!({ "expected_on": day(12).await })).await.ok();
        let slipped = [early["id"].clone(), json!(day(5).await), json!(day(9).await)];
        // The receipt of the ninth day goes to the order that has waited longer. The later order gets the rest on the
        // twelfth.
        let pushed = [late["id"].clone(), json!(day(9).await), json!(day(12).await)];
        assert_eq!(broken(tenant, BROKEN).await, [slipped.clone(), pushed.clone()]);
        assert_eq!(
            of(&first).await,
            [slipped.clone(), pushed.clone()],
            "one unit of the later one stood on it"
        );
        assert_eq!(of(&second).await, std::slice::from_ref(&pushed));
        assert_eq!(told(tenant).await, 2);
        let page = tenant.get(&format!("{BROKEN}?limit=1")).await.ok();
        assert_eq!(page["data"][0]["order_id"], early["id"]);
        let cursor = page["page"]["next_cursor"].as_str().expect("a cursor");
        let page = tenant.get(&format!("{BROKEN}?limit=1&cursor={cursor}")).await.ok();
        assert_eq!(page["data"][0]["order_id"], late["id"]);
        assert_eq!(page["data"][0]["sku"], "BOLT");
        assert_eq!(page["page"]["has_more"], false);

        // A new promise, after the customer knows; and one that holds again without a command.
        let anew = tenant.step(&id(&early), "promise").await.ok();
        assert_eq!(anew["lines"][0]["promised_on"], json!(day(9).await));
        assert_eq!(broken(tenant, BROKEN).await, [pushed]);
        assert_eq!(of(&first).await.len(), 1);
        tenant.post(&path, &json!({ "expected_on": day(5).await })).await.ok();
        assert_eq!(broken(tenant, BROKEN).await, Vec::<[Value; 3]>::new());

        tenant.post(&format!("{EXPECTED}/{}/cancel", id(&second)), &json!({})).await.ok();
        let never = [late["id"].clone(), json!(day(9).await), Value::Null];
        assert_eq!(broken(tenant, BROKEN).await, std::slice::from_ref(&never));
        assert_eq!(of(&second).await, [never], "its stock will not come at all");
        tenant.step(&id(&late), "cancel").await.ok();
        assert_eq!(broken(tenant, BROKEN).await, Vec::<[Value; 3]>::new());
        tenant.step(&id(&late), "promise").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn who_goes_before_breaks_the_promise_of_who_stands_behind() {
    in_utc(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        let customer = tenant.customer("Nordwind Supply").await;
        expect(tenant, 5, &[("BOLT", "4")]).await;
        expect(tenant, 9, &[("BOLT", "4")]).await;
        let waits = wait_for(tenant, &customer, &[("BOLT", "4")], 0).await;
        let goes_before = wait_for(tenant, &customer, &[("BOLT", "2")], 5).await;
        assert_eq!(goes_before["lines"][0]["promised_on"], json!(day(5).await));
        let behind = [waits["id"].clone(), json!(day(5).await), json!(day(9).await)];
        assert_eq!(broken(tenant, BROKEN).await, [behind]);
        assert_eq!(told(tenant).await, 1);
        let confirmed = wait_for(tenant, &customer, &[("BOLT", "1")], 0).await;
        assert_eq!(confirmed["lines"][0]["promised_on"], json!(day(9).await));
        let draft = tenant.order(&customer, &[("BOLT", "1")], "draft").await.created();
        tenant.step(&id(&draft), "promise").await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn a_transfer_is_a_supply_until_what_is_missing_is_written_off() {
    in_utc(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("6", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let body = json!({ "to_location_id": tenant.shop, "expected_on": day(3).await, "lines": lines(&[("BOLT", "6")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        let order = json!({ "customer_id": customer, "location_id": tenant.shop, "policy": "backorder",
            "advance_to": "confirmed", "lines": lines(&[("BOLT", "6")]) });
        let order = tenant.post(ORDERS, &order).await.created();
        assert_eq!(order["lines"][0]["promised_on"], json!(day(3).await));
        let path = format!("/v1/stock/transfers/{}/receive", id(&transfer));
        let part = json!({ "lines": [{ "line_no": 1, "quantity": "2" }] });
        tenant.post(&path, &part).await.ok();
        assert_eq!(broken(tenant, BROKEN).await, Vec::<[Value; 3]>::new());
        let rest = json!({ "lines": [{ "line_no": 1, "quantity": "3" }], "missing_reason": "damage" });
        tenant.post(&path, &rest).await.ok();
        assert_eq!(broken(tenant, BROKEN).await, [[order["id"].clone(), json!(day(3).await), Value::Null]]);
        assert_eq!(told(tenant).await, 1);
        let shown = tenant.get(&format!("{ORDERS}/{}", id(&order))).await.ok();
        assert_eq!(shown["lines"][0]["reserved"], "5");
        assert_eq!(shown["lines"][0]["backordered"], "1");
    });
}

#[test]
fn a_line_that_is_filled_or_ended_stands_on_no_supply() {
    in_utc(async |tenant| {
        tenant.product("BOLT", "2.50").await;
        let customer = tenant.customer("Nordwind Supply").await;
        expect(tenant, 5, &[("BOLT", "20")]).await;
        wait_for(tenant, &customer, &[("BOLT", "3")], 0).await;
        let cancelled = wait_for(tenant, &customer, &[("BOLT", "4")], 0).await;
        let closed = wait_for(tenant, &customer, &[("BOLT", "5")], 0).await;
        assert_eq!(tenant.count("peg").await, 3);
        let receive = async |quantity: &str| {
            let line = json!({ "sku": "BOLT", "quantity": quantity, "unit_cost": "1" });
            let body = json!({ "kind": "receipt", "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created();
        };
        receive("3").await;
        assert_eq!(tenant.count("peg").await, 2, "the first one is filled");
        tenant.step(&id(&cancelled), "cancel").await.ok();
        receive("2").await;
        assert_eq!(tenant.count("peg").await, 1, "the last one still waits for three");
        tenant.step(&id(&closed), "ship").await.ok();
        tenant.step(&id(&closed), "close").await.ok();
        assert_eq!(tenant.count("peg").await, 0);

        // A step of the order itself gets what an expired hold frees.
        receive("4").await;
        let ends = environment().now().await + TimeDelta::hours(1);
        let hold = json!({ "expires_at": ends.to_rfc3339(), "lines": lines(&[("BOLT", "4")]) });
        tenant.post("/v1/stock/holds", &hold).await.created();
        let served = wait_for(tenant, &customer, &[("BOLT", "4")], 0).await;
        assert_eq!(tenant.count("peg").await, 1);
        tenant.age_holds(TimeDelta::hours(1)).await;
        tenant.step(&id(&served), "ship").await.ok();
        assert_eq!(tenant.count("peg").await, 0);
    });
}

#[test]
fn broken_promises_are_asked_for_of_what_there_is() {
    with_tenants(async |one, other| {
        one.product("BOLT", "2.50").await;
        let receipt = expect(one, 5, &[("BOLT", "4")]).await;
        let path = format!("{EXPECTED}/{}/broken-promises", id(&receipt));
        one.get(&path).await.ok();
        other.get(&path).await.refused(404, "not_found");
        one.get(&format!("{EXPECTED}/no-id/broken-promises")).await.refused(400, "invalid_id");
        one.get(&format!("{BROKEN}?cursor=x")).await.refused(400, "invalid_cursor");
    });
}
