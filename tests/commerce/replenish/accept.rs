//! Acceptance of suggested transfers.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, explained, steady, stock};

const ACCEPT: &str = "/v1/replenishment/accept";

/// Makes a suggestion to transfer 100 mugs from the shop to the warehouse, and to buy 380. Returns the body that accepts it.
async fn suggested(tenant: &Tenant) -> (String, Value) {
    let calendar = Calendar::now().await;
    let mug = steady(tenant, calendar, 150).await;
    stock(tenant, &tenant.shop, calendar.at(28, 0, 6), ("MUG", "100", "2")).await;
    let row = explained(tenant, &mug).await;
    let line = json!({ "product_id": mug, "fingerprint": row["fingerprint"] });
    let body = json!({ "from_location_id": tenant.shop, "to_location_id": tenant.main, "reference": "Van 2", "lines": [line] });
    (mug, body)
}

#[test]
fn a_suggested_transfer_is_dispatched_once() {
    with_tenant(async |tenant| {
        let (mug, body) = suggested(tenant).await;
        let first = tenant.post_as(ACCEPT, "accept-1", &body).await;
        let transfer = first.created();
        assert_eq!((&transfer["object"], &transfer["status"]), (&json!("transfer"), &json!("in_transit")));
        assert_eq!(
            (&transfer["lines"][0]["quantity"], &transfer["reference"]),
            (&json!("100"), &json!("Van 2"))
        );
        let calendar = Calendar::now().await;
        assert_eq!(transfer["expected_on"], calendar.ahead(1));
        let path = first.header("location").expect("a location").to_owned();
        assert_eq!(tenant.get(&path).await.ok()["id"], transfer["id"]);
        // The same request again has the same response. Another one finds other numbers.
        let again = tenant.post_as(ACCEPT, "accept-1", &body).await;
        assert!(again.is_replayed() && again.created() == transfer, "{}", again.text);
        tenant
            .post_as(ACCEPT, "accept-2", &body)
            .await
            .refused(409, "invalid_state_transition")
            .names(&["#/lines/0/product_id"]);
        let row = explained(tenant, &mug).await;
        assert_eq!((&row["position"]["incoming"], &row["need"]), (&json!("100"), &json!("380")));
        assert_eq!(row["actions"].as_array().map(Vec::len), Some(1), "only the order is left: {row}");
        assert_eq!(tenant.get("/v1/stock/transfers").await.ok()["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn of_acceptances_at_once_only_one_is_carried_out() {
    with_tenant(async |tenant| {
        let (_, body) = suggested(tenant).await;
        // The shop has enough for three transfers of 480.
        let line = json!({ "sku": "MUG", "quantity": "1400", "unit_cost": "2" });
        let more = json!({ "kind": "receipt", "location_id": tenant.shop, "lines": [line] });
        tenant.post("/v1/stock/documents", &more).await.created();
        let row = explained(tenant, body["lines"][0]["product_id"].as_str().expect("an id")).await;
        let mut body = body;
        body["lines"][0]["fingerprint"] = row["fingerprint"].clone();
        let replies = join_all((0..6).map(async |_| tenant.post(ACCEPT, &body).await)).await;
        let made = replies.iter().filter(|reply| reply.status == 201).count();
        // A tenant computes few suggestions at a time, so some may be asked to wait.
        let refused = replies.iter().filter(|reply| matches!(reply.status, 409 | 429)).count();
        assert_eq!((made, refused), (1, 5), "{replies:?}");
        assert_eq!(row["actions"][0]["quantity"], "480");
        assert_eq!(tenant.get("/v1/stock/transfers").await.ok()["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_dry_run_dispatches_nothing() {
    with_tenant(async |tenant| {
        let (_, body) = suggested(tenant).await;
        tenant.dry_run(ACCEPT, &body).await.ok();
        assert_eq!(tenant.get("/v1/stock/transfers").await.ok()["data"], json!([]));
        tenant.post(ACCEPT, &body).await.created();
    });
}

#[test]
fn other_numbers_are_rejected() {
    with_tenant(async |tenant| {
        let (mug, body) = suggested(tenant).await;
        let with = |pointer: &str, value: Value| {
            let mut body = body.clone();
            *body.pointer_mut(pointer).expect("a member") = value;
            body
        };
        for (body, status, code, pointer) in [
            (
                with("/lines/0/fingerprint", json!("0".repeat(32))),
                409,
                "invalid_state_transition",
                "#/lines/0/fingerprint",
            ),
            (with("/lines/0/fingerprint", json!("0")), 422, "validation_failed", "#/lines/0/fingerprint"),
            (
                with("/from_location_id", json!(tenant.main)),
                409,
                "invalid_state_transition",
                "#/lines/0/product_id",
            ),
            (with("/lines", json!([])), 422, "validation_failed", "#/lines"),
            (
                with("/lines", json!([body["lines"][0], body["lines"][0]])),
                422,
                "validation_failed",
                "#/lines/1/product_id",
            ),
            (
                with("/to_location_id", json!("loc_01h455vb4pex5vsknk084sn02q")),
                404,
                "not_found",
                "#/to_location_id",
            ),
        ] {
            tenant.post(ACCEPT, &body).await.refused(status, code).names(&[pointer]);
        }
        // The settings change the numbers as well.
        let service = json!({ "product_id": mug, "lead_time_days": 14, "service": "0.99" });
        tenant.put(SETTINGS, &service).await.ok();
        tenant
            .post(ACCEPT, &body)
            .await
            .refused(409, "invalid_state_transition")
            .names(&["#/lines/0/fingerprint"]);
        assert_eq!(tenant.get("/v1/stock/transfers").await.ok()["data"], json!([]));
    });
}

#[test]
fn another_tenant_accepts_nothing() {
    with_tenants(async |owner, stranger| {
        let (_, body) = suggested(owner).await;
        stranger.post(ACCEPT, &body).await.refused(404, "not_found").names(&[
            "#/from_location_id",
            "#/to_location_id",
            "#/lines/0/product_id",
        ]);
    });
}

#[test]
fn a_repeat_beside_the_first_request_gets_its_response() {
    with_tenant(async |tenant| {
        let (_, body) = suggested(tenant).await;
        let replies = join_all((0..6).map(async |_| tenant.post_as(ACCEPT, "accept-1", &body).await)).await;
        let mut made: Vec<Value> = Vec::new();
        for reply in &replies {
            match reply.status {
                201 => made.push(reply.created()["id"].clone()),
                // A tenant computes few suggestions at a time.
                429 => {}
                _ => _ = reply.refused(409, "idempotency_in_progress"),
            }
        }
        made.dedup();
        assert_eq!(made.len(), 1, "{replies:?}");
        assert!(tenant.post_as(ACCEPT, "accept-1", &body).await.is_replayed());
    });
}

/// Makes a tracked product that the warehouse needs, and receipts of its lots at the shop, where it is asleep.
async fn tracked(tenant: &Tenant, sku: &str, tracking: &str, lots: Value) -> Value {
    let calendar = Calendar::now().await;
    let product = tenant.tracked(sku, tracking).await.id;
    let settings = json!({ "product_id": product, "location_id": tenant.main, "analogue_rate": "7",
        "lead_time_days": 14 });
    tenant.put(SETTINGS, &settings).await.ok();
    let quantity: u32 = lots
        .as_array()
        .into_iter()
        .flatten()
        .map(|lot| lot["quantity"].as_str().map_or(1_u32, |text| text.parse().expect("a number")))
        .sum();
    let line = json!({ "sku": sku, "quantity": quantity.to_string(), "unit_cost": "2", "lots": lots });
    let receipt = json!({ "kind": "receipt", "location_id": tenant.shop, "occurred_at": calendar.at(28, 0, 6),
        "lines": [line] });
    tenant.post("/v1/stock/documents", &receipt).await.created();
    let row = explained(tenant, &product).await;
    assert_eq!(row["actions"][0]["action"], "transfer", "{row}");
    let line = json!({ "product_id": product, "fingerprint": row["fingerprint"] });
    let body = json!({ "from_location_id": tenant.shop, "to_location_id": tenant.main, "lines": [line] });
    tenant.post(ACCEPT, &body).await.created()
}

#[test]
fn serial_numbers_of_a_suggested_transfer_are_chosen() {
    with_tenant(async |tenant| {
        let lots = json!([{ "code": "S2" }, { "code": "S1" }, { "code": "S3" }]);
        let transfer = tracked(tenant, "DRILL", "serial", lots).await;
        let sent: Vec<&str> = transfer["lines"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|line| line["lot_code"].as_str())
            .collect();
        assert_eq!(sent.len(), 3, "{transfer}");
        assert!(["S1", "S2", "S3"].iter().all(|code| sent.contains(code)), "{transfer}");
    });
}

#[test]
fn a_lot_that_expires_on_the_way_is_not_sent() {
    with_tenant(async |tenant| {
        let today = Calendar::now().await.ahead(0);
        let lots =
            json!([{ "code": "A", "quantity": "5", "expires_on": today }, { "code": "B", "quantity": "10" }]);
        let transfer = tracked(tenant, "MILK", "lot", lots).await;
        let lines = transfer["lines"].as_array().expect("lines");
        assert_eq!(lines.len(), 1, "{transfer}");
        assert_eq!((&lines[0]["lot_code"], &lines[0]["quantity"]), (&json!("B"), &json!("10")));
    });
}
