//! Expected receipts, and the day that a rejection names.

use chrono::{Days, Utc};
use serde_json::{Value, json};
use tests::{environment, lines, with_tenant};

const EXPECTED: &str = "/v1/stock/expected-receipts";

/// Returns the day `days` from today, so far ahead that no time zone matters.
async fn day(days: u64) -> String {
    (environment().today(&Utc).await + Days::new(days)).to_string()
}

fn path(expected: &Value, verb: &str) -> String {
    format!("{EXPECTED}/{}/{verb}", expected["id"].as_str().expect("an id"))
}

#[test]
fn a_refusal_names_the_day_on_which_there_will_be_enough() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let short = async |quantity: &str| {
            let refused = tenant.order(&customer, &[("MUG", quantity)], "confirmed").await;
            refused.refused(409, "insufficient_stock").params("#/lines/0/quantity")["next_available_on"]
                .clone()
        };
        assert_eq!(short("3").await, Value::Null, "nothing is expected");
        let body =
            |on: &str, quantity: &str| json!({ "expected_on": on, "lines": lines(&[("MUG", quantity)]) });
        let first = tenant.post(EXPECTED, &body(&day(10).await, "5")).await.created();
        let second = tenant.post(EXPECTED, &body(&day(20).await, "5")).await.created();
        assert_eq!(short("7").await, json!(day(10).await));
        assert_eq!(short("8").await, json!(day(20).await));
        assert_eq!(short("13").await, Value::Null, "more than will ever be there");
        let too_many = tenant.order(&customer, &[("MUG", "13")], "confirmed").await;
        assert!(too_many.text.contains("available 2; not enough is expected."), "{}", too_many.text);
        let refused = tenant.sell(&till, &[("MUG", "3")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["next_available_on"], json!(day(10).await));
        let moved =
            tenant.post(&path(&first, "reschedule"), &json!({ "expected_on": day(30).await })).await.ok();
        assert_eq!(moved["expected_on"], json!(day(30).await));
        assert_eq!(moved["version"], 2);
        assert_eq!(short("7").await, json!(day(20).await));
        tenant.post(&path(&second, "cancel"), &json!({})).await.ok();
        assert_eq!(short("7").await, json!(day(30).await));
        tenant.post(&path(&second, "cancel"), &json!({})).await.refused(409, "invalid_state_transition");
    });
}

#[test]
fn what_has_come_is_expected_no_longer() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        tenant.product("JUG", "10.00").await;
        let body = json!({ "expected_on": day(10).await, "lines": lines(&[("MUG", "5"), ("JUG", "2"), ("MUG", "4")]) });
        let expected = tenant.post(EXPECTED, &body).await.created();
        let receipt = |quantity: &str, sku: &str| {
            json!({ "kind": "receipt", "expected_receipt_id": expected["id"],
                "lines": [{ "sku": sku, "quantity": quantity, "unit_cost": "1" }] })
        };
        tenant.post("/v1/stock/documents", &receipt("7", "MUG")).await.created();
        let id = expected["id"].as_str().expect("an id");
        let shown = tenant.get(&format!("{EXPECTED}/{id}")).await.ok();
        let received: Vec<&Value> =
            shown["lines"].as_array().expect("lines").iter().map(|line| &line["received"]).collect();
        assert_eq!(received, ["5", "0", "2"]);
        assert_eq!(shown["status"], "open");
        tenant.post("/v1/stock/documents", &receipt("2", "JUG")).await.created();
        tenant.post("/v1/stock/documents", &receipt("3", "MUG")).await.created();
        let shown = tenant.get(&format!("{EXPECTED}/{id}")).await.ok();
        assert_eq!(shown["status"], "received");
        assert_eq!(shown["lines"][2]["received"], "5");
        tenant
            .post("/v1/stock/documents", &receipt("1", "MUG"))
            .await
            .refused(409, "invalid_state_transition");
    });
}

#[test]
fn an_expectation_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("2", "4.00")).await;
        let past = json!({ "expected_on": "2020-01-01", "lines": lines(&[("MUG", "5")]) });
        tenant.post(EXPECTED, &past).await.refused(422, "validation_failed").names(&["#/expected_on"]);
        let none = json!({ "expected_on": day(5).await, "lines": [] });
        tenant.post(EXPECTED, &none).await.refused(422, "validation_failed").names(&["#/lines"]);
        let unknown = "exr_01h455vb4pex5vsknk084sn02q";
        let receipt = json!({ "kind": "receipt", "expected_receipt_id": unknown,
            "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
        tenant
            .post("/v1/stock/documents", &receipt)
            .await
            .refused(404, "not_found")
            .names(&["#/expected_receipt_id"]);
        let adjustment = json!({ "kind": "adjustment", "reason": "found", "expected_receipt_id": unknown,
            "lines": lines(&[("MUG", "1")]) });
        let pointer = "#/expected_receipt_id";
        tenant
            .post("/v1/stock/documents", &adjustment)
            .await
            .refused(422, "validation_failed")
            .names(&[pointer]);
        let id = json!({ "id": unknown, "expected_on": day(5).await, "lines": lines(&[("MUG", "5")]) });
        let made = tenant.post(EXPECTED, &id).await.created();
        let again = tenant.post(EXPECTED, &id).await;
        assert!(again.is_replayed() && again.created() == made, "{}", again.text);
        let more = json!({ "id": unknown, "expected_on": day(5).await, "lines": lines(&[("MUG", "6")]) });
        let refused = tenant.post(EXPECTED, &more).await;
        refused.refused(409, "already_exists").names(&["#/id", "#/lines/0/quantity"]);
    });
}

#[test]
fn a_transfer_that_is_expected_may_be_promised_where_it_goes() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let page = tenant.get("/v1/locations").await.ok();
        let all = page["data"].as_array().expect("locations").clone();
        let shop = all.iter().find(|location| location["code"] == "SHOP").expect("the shop")["id"].clone();
        let body =
            json!({ "to_location_id": shop, "expected_on": day(3).await, "lines": lines(&[("MUG", "4")]) });
        tenant.post("/v1/stock/transfers", &body).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = json!({ "customer_id": customer, "location_id": shop, "advance_to": "confirmed",
            "lines": lines(&[("MUG", "4")]) });
        let refused = tenant.post("/v1/orders", &order).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["next_available_on"], json!(day(3).await));
    });
}
