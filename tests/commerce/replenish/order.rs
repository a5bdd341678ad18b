//! Acceptance of suggestions with all their steps: transfers and drafts of purchase orders.

use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant, with_tenants};

use super::{Calendar, SETTINGS, SUGGESTIONS, explained, ship, steady, stock};
use crate::platform::auth::key;

const ORDERS: &str = "/v1/replenishment/orders";
const PURCHASES: &str = "/v1/purchase-orders";

/// Makes the preferred supplier of a product. It sells at 3, and from 100 units on at 2.50.
async fn supplier(tenant: &Tenant, code: &str, product: &str) -> String {
    let supplier = tenant.make("/v1/suppliers", json!({ "code": code, "name": code })).await;
    let prices = json!([{ "unit_cost": "3.00" }, { "min_quantity": "100", "unit_cost": "2.50" }]);
    let terms = json!({ "preferred": true, "prices": prices });
    tenant.put(&format!("/v1/suppliers/{supplier}/products/{product}"), &terms).await.ok();
    supplier
}

/// Returns the line that accepts the suggestion for a product in the warehouse.
async fn line(tenant: &Tenant, product: &str) -> Value {
    let row = explained(tenant, product).await;
    json!({ "product_id": product, "location_id": tenant.main, "fingerprint": row["fingerprint"] })
}

async fn purchases(tenant: &Tenant) -> Vec<Value> {
    tenant.get(PURCHASES).await.ok()["data"].as_array().cloned().unwrap_or_default()
}

#[test]
fn suggestions_become_transfers_and_one_draft_for_each_supplier() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mug = steady(tenant, calendar, 150).await;
        stock(tenant, &tenant.shop, calendar.at(28, 0, 6), ("MUG", "100", "2")).await;
        let pottery = supplier(tenant, "POTTERY", &mug).await;
        let cup = tenant.product("CUP", "4.00").await.id;
        let terms = json!({ "preferred": true, "prices": [{ "unit_cost": "1.00" }] });
        tenant.put(&format!("/v1/suppliers/{pottery}/products/{cup}"), &terms).await.ok();
        stock(tenant, &tenant.main, calendar.at(3, 0, 6), ("CUP", "30", "1")).await;
        let customer = tenant.customer("Bar").await;
        for week in (1..=3).rev() {
            ship(tenant, &customer, calendar.at(week, 0, 12), &[("CUP", "9")]).await;
        }
        let row = explained(tenant, &mug).await;
        assert_eq!(
            (&row["actions"][1]["action"], &row["actions"][1]["supplier_id"]),
            (&json!("buy"), &json!(pottery))
        );
        let lines = json!([line(tenant, &mug).await, line(tenant, &cup).await]);
        let body = json!({ "reference": "Week 48", "lines": lines });
        let first = tenant.post_as(ORDERS, "order-1", &body).await;
        let answer = first.expect(207);
        assert_eq!((&answer["accepted"], &answer["refused"]), (&json!(2), &json!(0)), "{answer}");
        let (transfer, order) = (&answer["results"][0]["body"], &answer["results"][1]["body"]);
        assert_eq!(
            (&transfer["object"], &transfer["lines"][0]["quantity"]),
            (&json!("transfer"), &json!("100"))
        );
        assert_eq!(
            (&order["object"], &order["status"], &order["supplier_id"], &order["reference"]),
            (&json!("purchase_order"), &json!("draft"), &json!(pottery), &json!("Week 48"))
        );
        let bought = order["lines"].as_array().expect("lines");
        assert_eq!(bought.len(), 2, "{order}");
        let of_mug = bought.iter().find(|line| line["product_id"] == json!(mug)).expect("mugs");
        assert_eq!(
            (&of_mug["quantity"], &of_mug["unit_cost"], &of_mug["location_id"]),
            (&json!("380"), &json!("2.50"), &json!(tenant.main))
        );

        let again = tenant.post_as(ORDERS, "order-1", &body).await;
        assert!(again.is_replayed(), "{}", again.text);
        assert_eq!(again.expect(207)["results"][1]["body"]["id"], order["id"]);
        tenant.post_as(ORDERS, "order-2", &body).await.refused(409, "invalid_state_transition");
        assert_eq!(purchases(tenant).await.len(), 1);
        // The draft is no supply until it is sent, and is shown.
        let row = explained(tenant, &mug).await;
        assert_eq!(
            (&row["position"]["drafted"], &row["position"]["incoming"], &row["need"]),
            (&json!("380"), &json!("100"), &json!("380"))
        );
    });
}

#[test]
fn of_orders_at_once_only_one_is_written() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        supplier(tenant, "POTTERY", &mug).await;
        let body = json!({ "lines": [line(tenant, &mug).await] });
        let replies = join_all((0..6).map(async |_| tenant.post(ORDERS, &body).await)).await;
        let made = replies.iter().filter(|reply| reply.status == 207).count();
        // A tenant computes few suggestions at a time, so some may be asked to wait.
        let refused = replies.iter().filter(|reply| matches!(reply.status, 409 | 429)).count();
        assert_eq!((made, refused), (1, 5), "{replies:?}");
        assert_eq!(purchases(tenant).await.len(), 1);
    });
}

#[test]
fn a_repeat_beside_the_first_order_has_its_results() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        supplier(tenant, "POTTERY", &mug).await;
        let body = json!({ "lines": [line(tenant, &mug).await] });
        let replies = join_all((0..6).map(async |_| tenant.post_as(ORDERS, "order-1", &body).await)).await;
        let mut made: Vec<Value> = Vec::new();
        for reply in &replies {
            match reply.status {
                207 => made.push(reply.json()["results"][0]["body"]["id"].clone()),
                429 => {}
                _ => _ = reply.refused(409, "idempotency_in_progress"),
            }
        }
        // A repeat may find the first one's document still being written.
        made.retain(Value::is_string);
        made.dedup();
        assert_eq!(made.len(), 1, "{replies:?}");
        assert_eq!(purchases(tenant).await.len(), 1);
    });
}

#[test]
fn what_can_not_be_ordered_names_its_line() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let good = line(tenant, &mug).await;
        let with = |field: &str, value: Value| {
            let mut line = good.clone();
            line[field] = value;
            json!({ "lines": [line] })
        };
        for (body, status, code, pointer) in [
            (json!({ "lines": [good] }), 422, "validation_failed", "#/lines/0/product_id"),
            (
                with("fingerprint", json!("0".repeat(32))),
                409,
                "invalid_state_transition",
                "#/lines/0/fingerprint",
            ),
            (with("fingerprint", json!("0")), 422, "validation_failed", "#/lines/0/fingerprint"),
            (
                with("product_id", json!("prd_01h455vb4pex5vsknk084sn02q")),
                404,
                "not_found",
                "#/lines/0/product_id",
            ),
            (
                with("location_id", json!("loc_01h455vb4pex5vsknk084sn02q")),
                404,
                "not_found",
                "#/lines/0/location_id",
            ),
            (with("location_id", json!(tenant.shop)), 409, "invalid_state_transition", "#/lines/0"),
            (json!({ "lines": [] }), 422, "validation_failed", "#/lines"),
            (json!({ "lines": [good, good] }), 422, "validation_failed", "#/lines/1"),
        ] {
            tenant.post(ORDERS, &body).await.refused(status, code).names(&[pointer]);
        }
        let clerk = tenant.with_key(&key(tenant, &["stock:write"]).await);
        clerk.post(ORDERS, &json!({ "lines": [good] })).await.refused(403, "insufficient_scope");
        // A supplier without a price rejects its order only.
        let pottery = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
        let terms = json!({ "preferred": true });
        tenant.put(&format!("/v1/suppliers/{pottery}/products/{mug}"), &terms).await.ok();
        let answer = tenant.post(ORDERS, &json!({ "lines": [line(tenant, &mug).await] })).await.expect(207);
        assert_eq!(
            (&answer["refused"], &answer["results"][0]["body"]["code"]),
            (&json!(1), &json!("price_missing"))
        );
        assert!(purchases(tenant).await.is_empty());
    });
}

/// Lets the claims be so old that they count no more. A server that stopped between the plan and its orders leaves the same.
async fn age_claims(tenant: &Tenant) {
    let earlier =
        "update replenish_order set accepted_at = accepted_at - interval '2 minutes' where tenant_id = $1";
    sqlx::query(earlier).bind(tenant.id.0).execute(&environment().root).await.expect("the claims are older");
}

/// Makes mugs whose supplier has no price, and orders them under a key. The order is rejected. Returns product and supplier, and the
/// body of the request.
async fn interrupted(tenant: &Tenant, key: &str) -> (String, String, Value) {
    let mug = steady(tenant, Calendar::now().await, 150).await;
    let pottery = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
    let terms = json!({ "preferred": true });
    tenant.put(&format!("/v1/suppliers/{pottery}/products/{mug}"), &terms).await.ok();
    let body = json!({ "lines": [line(tenant, &mug).await] });
    let answer = tenant.post_as(ORDERS, key, &body).await.expect(207);
    assert_eq!(answer["results"][0]["body"]["code"], "price_missing", "{answer}");
    age_claims(tenant).await;
    (mug, pottery, body)
}

async fn state_price(tenant: &Tenant, (mug, pottery): (&str, &str)) {
    let terms = json!({ "preferred": true, "prices": [{ "unit_cost": "3.00" }] });
    tenant.put(&format!("/v1/suppliers/{pottery}/products/{mug}"), &terms).await.ok();
}

#[test]
fn a_repeat_writes_no_order_that_another_acceptance_has_written() {
    with_tenant(async |tenant| {
        let (mug, pottery, body) = interrupted(tenant, "order-1").await;
        state_price(tenant, (&mug, &pottery)).await;
        let other = json!({ "lines": [line(tenant, &mug).await] });
        let written = tenant.post_as(ORDERS, "order-2", &other).await.expect(207);
        assert_eq!(written["accepted"], 1, "{written}");
        let answer = tenant.post_as(ORDERS, "order-1", &body).await.expect(207);
        assert_eq!(
            (&answer["refused"], &answer["results"][0]["status"], &answer["results"][0]["body"]["code"]),
            (&json!(1), &json!(409), &json!("invalid_state_transition"))
        );
        assert_eq!(purchases(tenant).await.len(), 1);
        let again = tenant.post_as(ORDERS, "order-2", &other).await.expect(207);
        assert_eq!(again["results"][0]["body"]["id"], written["results"][0]["body"]["id"]);
    });
}

#[test]
fn a_repeat_renews_its_claim_and_writes_what_is_missing() {
    with_tenant(async |tenant| {
        let (mug, pottery, body) = interrupted(tenant, "order-1").await;
        let answer = tenant.post_as(ORDERS, "order-1", &body).await.expect(207);
        assert_eq!(answer["refused"], 1, "{answer}");
        // The repeat is of now, so its claim holds off another acceptance.
        let other = json!({ "lines": [line(tenant, &mug).await] });
        let held_off = tenant.post_as(ORDERS, "order-2", &other).await;
        held_off.refused(409, "invalid_state_transition").names(&["#/lines/0/product_id"]);
        state_price(tenant, (&mug, &pottery)).await;
        age_claims(tenant).await;
        let answer = tenant.post_as(ORDERS, "order-1", &body).await.expect(207);
        assert_eq!(answer["accepted"], 1, "{answer}");
        tenant.post_as(ORDERS, "order-2", &other).await.refused(409, "invalid_state_transition");
        assert_eq!(purchases(tenant).await.len(), 1);
    });
}

#[test]
fn a_dry_run_writes_nothing() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        supplier(tenant, "POTTERY", &mug).await;
        let body = json!({ "lines": [line(tenant, &mug).await] });
        tenant.dry_run(ORDERS, &body).await.expect(207);
        assert!(purchases(tenant).await.is_empty());
        tenant.post(ORDERS, &body).await.expect(207);
        assert_eq!(purchases(tenant).await.len(), 1);
    });
}

#[test]
fn own_minimum_and_pack_are_ordered_as_suggested() {
    with_tenant(async |tenant| {
        let mug = steady(tenant, Calendar::now().await, 150).await;
        let pottery = supplier(tenant, "POTTERY", &mug).await;
        let terms = json!({ "preferred": true, "order_multiple": "7", "prices": [{ "unit_cost": "3.00" }] });
        tenant.put(&format!("/v1/suppliers/{pottery}/products/{mug}"), &terms).await.ok();
        tenant.put(SETTINGS, &json!({ "product_id": mug, "lead_time_days": 14, "pack": "50" })).await.ok();
        let body = json!({ "lines": [line(tenant, &mug).await] });
        let answer = tenant.post(ORDERS, &body).await.expect(207);
        assert_eq!(answer["results"][0]["body"]["lines"][0]["quantity"], "500", "{answer}");
    });
}

#[test]
fn another_tenant_orders_nothing() {
    with_tenants(async |owner, stranger| {
        let mug = steady(owner, Calendar::now().await, 150).await;
        supplier(owner, "POTTERY", &mug).await;
        let body = json!({ "lines": [line(owner, &mug).await] });
        stranger
            .post(ORDERS, &body)
            .await
            .refused(404, "not_found")
            .names(&["#/lines/0/product_id", "#/lines/0/location_id"]);
        assert!(owner.get(SUGGESTIONS).await.ok()["data"].as_array().is_some_and(|rows| !rows.is_empty()));
    });
}
