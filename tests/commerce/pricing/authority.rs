//! Limits of discounts by credential and till, and sales below cost.

use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, Till, with_tenant};

use crate::platform::auth::{key, key_with};

/// A sale of mugs at a list price of 10.00, tendered exactly.
fn sale(till: &Till, lines: Value, more: Value) -> Value {
    let mut body =
        json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] });
    more.as_object().into_iter().flatten().for_each(|(name, value)| body[name] = value.clone());
    body
}

async fn shop(tenant: &Tenant) -> (Till, String) {
    tenant.stocked("MUG", "10.00", ("1000", "4")).await;
    (tenant.till().await, tenant.customer("Hotel").await)
}

/// Sends a basket as a sale, as the only item of a batch, and as an order. Returns the statuses and codes.
async fn everywhere(
    client: &Client,
    (till, customer): &(Till, String),
    lines: &Value,
    more: &Value,
) -> Vec<(u64, Value)> {
    let sale = sale(till, lines.clone(), more.clone());
    let mut order = json!({ "customer_id": customer, "lines": lines });
    more.as_object().into_iter().flatten().for_each(|(name, value)| order[name] = value.clone());
    let mut seen = Vec::new();
    for (path, body) in [("/v1/pos/sales", sale), ("/v1/orders", order)] {
        let reply = client.post(path, &body).await;
        seen.push((u64::from(reply.status), reply.json()["code"].clone()));
        let batch =
            json!({ "items": [{ "idempotency_key": uuid::Uuid::new_v4().to_string(), "body": body }] });
        let reply = client.call(reqwest::Method::POST, &format!("{path}/batch")).json(&batch).send().await;
        let result = reply.expect(207)["results"][0].clone();
        seen.push((result["status"].as_u64().expect("a status"), result["body"]["code"].clone()));
    }
    seen
}

fn all(status: u64, code: Value) -> Vec<(u64, Value)> {
    vec![(status, code); 4]
}

const SELLER: [&str; 2] = ["pos:write", "orders:write"];

#[test]
fn without_a_right_a_discount_is_ten_percent_at_most() {
    with_tenant(async |tenant| {
        let places = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &SELLER).await);
        let line = |quantity: &str, discount: Value| json!([{ "sku": "MUG", "quantity": quantity, "discount": discount }]);
        let none = json!({});
        for (lines, more) in [
            (line("1", json!({ "percent": "100" })), none.clone()),
            (line("1", json!({ "percent": "10.01" })), none.clone()),
            (line("1", json!({ "amount": "1.01" })), none.clone()),
            (json!([{ "sku": "MUG", "quantity": "2" }]), json!({ "discount": { "percent": "100" } })),
            (json!([{ "sku": "MUG", "quantity": "2" }]), json!({ "discount": { "amount": "2.01" } })),
            (line("1", json!({ "percent": "6" })), json!({ "discount": { "percent": "6" } })),
        ] {
            let seen = everywhere(&seller, &places, &lines, &more).await;
            assert_eq!(seen, all(403, json!("discount_exceeded")), "{lines} {more}");
        }
        let (till, _) = &places;
        for (lines, more) in [
            (line("1", json!({ "percent": "10" })), none.clone()),
            (line("1", json!({ "amount": "1.00" })), none.clone()),
            (json!([{ "sku": "MUG", "quantity": "3" }]), json!({ "discount": { "percent": "10" } })),
            (line("1", json!({ "percent": "5" })), json!({ "discount": { "percent": "5" } })),
        ] {
            let reply = seller.post("/v1/pos/sales", &sale(till, lines.clone(), more.clone())).await;
            assert_eq!(reply.status, 201, "{lines} {more}: {}", reply.text);
        }
        let reply =
            seller.post("/v1/pos/sales", &sale(till, line("1", json!({ "percent": "50" })), none)).await;
        let problem = reply.refused(403, "discount_exceeded").names(&["#/lines/0/discount"]);
        assert_eq!(problem.params("#/lines/0/discount")["discount_max"], "10");
    });
}

#[test]
fn more_than_a_hundred_percent_is_no_discount_whatever_the_limit() {
    with_tenant(async |tenant| {
        let (till, _) = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &SELLER).await);
        let line = |quantity: &str| json!([{ "sku": "MUG", "quantity": quantity, "discount": { "percent": "101" } }]);
        for client in [&**tenant, &seller] {
            for (quantity, pointers) in
                [("1", vec!["#/lines/0/discount"]), ("0", vec!["#/lines/0/discount", "#/lines/0/quantity"])]
            {
                let reply = client.post("/v1/pos/sales", &sale(&till, line(quantity), json!({}))).await;
                let problem = reply.refused(422, "validation_failed");
                let mut named = problem.pointers();
                named.sort_unstable();
                assert_eq!(named, pointers, "{}", problem.0);
                assert!(!problem.0.to_string().contains("off the resolved price"), "{}", problem.0);
            }
        }
    });
}

#[test]
fn rounding_refuses_no_discount_that_is_allowed() {
    with_tenant(async |tenant| {
        tenant.stocked("PIN", "0.05", ("1000", "0.01")).await;
        tenant.stocked("TAG", "0.04", ("1000", "0.01")).await;
        let till = tenant.till().await;
        let seller = tenant.with_key(&key(tenant, &SELLER).await);
        let ten = json!({ "percent": "10" });
        for sku in ["PIN", "TAG"] {
            for lines in 1..=5 {
                let with = json!({ "sku": sku, "quantity": "1", "discount": ten });
                let plain = json!({ "sku": sku, "quantity": "1" });
                for (line, more) in [(with, json!({})), (plain, json!({ "discount": ten }))] {
                    let lines: Vec<Value> = vec![line; lines];
                    let reply = seller.post("/v1/pos/sales", &sale(&till, json!(lines), more)).await;
                    assert_eq!(reply.status, 201, "{sku}: {}", reply.text);
                }
            }
        }
    });
}

#[test]
fn the_lowest_limit_of_key_and_till_counts() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("1000", "1")).await;
        let free = tenant.till().await;
        let strict = tenant.till_with(json!({ "discount_max": "5" })).await;
        let stated = |percent: &str| json!({ "scopes": SELLER, "discount_max": percent });
        let generous = tenant.with_key(&key_with(tenant, stated("30")).await.1);
        let mean = tenant.with_key(&key_with(tenant, stated("0")).await.1);
        let sell = async |client: &Client, till: &Till, percent: &str| -> Reply {
            let lines = json!([{ "sku": "MUG", "quantity": "1", "discount": { "percent": percent } }]);
            client.post("/v1/pos/sales", &sale(till, lines, json!({}))).await
        };
        sell(&generous, &free, "30").await.created();
        sell(&generous, &free, "31").await.refused(403, "discount_exceeded");
        sell(&generous, &strict, "5").await.created();
        sell(&generous, &strict, "6").await.refused(403, "discount_exceeded");
        sell(&mean, &free, "1").await.refused(403, "discount_exceeded");
        sell(tenant, &free, "80").await.created();
        sell(tenant, &strict, "80").await.refused(403, "discount_exceeded");
        for (body, status) in [(json!("101"), 422), (json!("-1"), 422)] {
            let key = json!({ "name": "x", "mode": "test", "scopes": ["pos:write"], "discount_max": body });
            assert_eq!(tenant.post("/v1/api-keys", &key).await.status, status);
            let till =
                json!({ "code": "T77", "name": "x", "location_id": tenant.main, "discount_max": body });
            assert_eq!(tenant.post("/v1/registers", &till).await.status, status);
        }
        // A key hands on no higher limit than it has.
        let maker = json!({ "scopes": ["pos:write", "api_keys:write"], "discount_max": "20" });
        let maker = tenant.with_key(&key_with(tenant, maker).await.1);
        let child = |percent: &str| json!({ "name": "x", "mode": "test", "scopes": ["pos:write"], "discount_max": percent });
        maker
            .post("/v1/api-keys", &child("21"))
            .await
            .refused(403, "bound_exceeded")
            .names(&["#/discount_max"]);
        maker.post("/v1/api-keys", &child("20")).await.created();
    });
}

#[test]
fn an_override_is_a_discount_too() {
    with_tenant(async |tenant| {
        let places = shop(tenant).await;
        let bound =
            json!({ "scopes": ["pos:write", "orders:write", "prices:override"], "discount_max": "10" });
        let client = tenant.with_key(&key_with(tenant, bound).await.1);
        let line = |price: &str| json!([{ "sku": "MUG", "quantity": "1", "unit_price": price }]);
        let seen = everywhere(&client, &places, &line("8.99"), &json!({})).await;
        assert_eq!(seen, all(403, json!("discount_exceeded")));
        client.post("/v1/pos/sales", &sale(&places.0, line("9.00"), json!({}))).await.created();
        client.post("/v1/pos/sales", &sale(&places.0, line("99.00"), json!({}))).await.created();
    });
}

#[test]
fn a_repeat_of_a_stated_price_needs_the_scope_too() {
    with_tenant(async |tenant| {
        let (till, _) = shop(tenant).await;
        let stated = json!([{ "sku": "MUG", "quantity": "1", "unit_price": "9.00" }]);
        let body = sale(&till, stated, json!({}));
        tenant.post_as("/v1/pos/sales", "stated", &body).await.created();
        let cashier = tenant.with_key(&key(tenant, &["pos:write"]).await);
        let refused = cashier.post_as("/v1/pos/sales", "stated", &body).await;
        refused.refused(403, "insufficient_scope").names(&["#/lines/0/unit_price"]);
        let items = json!({ "items": [{ "idempotency_key": "stated", "body": body }] });
        let results = cashier.post("/v1/pos/sales/batch", &items).await.expect(207);
        assert_eq!(results["results"][0]["status"], 403, "{results}");
        assert!(tenant.post_as("/v1/pos/sales", "stated", &body).await.is_replayed());
    });
}

#[test]
fn below_cost_needs_its_scope() {
    with_tenant(async |tenant| {
        let places = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &["pos:write", "orders:write", "prices:override"]).await);
        let none = json!({});
        for (lines, more) in [
            (json!([{ "sku": "MUG", "quantity": "1", "discount": { "percent": "61" } }]), none.clone()),
            (json!([{ "sku": "MUG", "quantity": "1", "unit_price": "3.99" }]), none.clone()),
            (json!([{ "sku": "MUG", "quantity": "2" }]), json!({ "discount": { "amount": "12.01" } })),
        ] {
            let seen = everywhere(&seller, &places, &lines, &more).await;
            assert_eq!(seen, all(403, json!("insufficient_scope")), "{lines} {more}");
        }
        let at_cost = json!([{ "sku": "MUG", "quantity": "1", "discount": { "percent": "60" } }]);
        seller.post("/v1/pos/sales", &sale(&places.0, at_cost, none.clone())).await.created();
        let below = json!([{ "sku": "MUG", "quantity": "1", "unit_price": "3.99" }]);
        let reply = seller.post("/v1/pos/sales", &sale(&places.0, below.clone(), none.clone())).await;
        let problem = reply.refused(403, "insufficient_scope").names(&["#/lines/0/unit_price"]);
        assert!(
            !problem.0["detail"].as_str().expect("a text").contains('4'),
            "the cost is not told: {}",
            problem.0
        );
        tenant.post("/v1/pos/sales", &sale(&places.0, below, none.clone())).await.created();
        // A list price below cost is a decision of who writes prices.
        tenant.stocked("LOSS", "1.00", ("10", "4")).await;
        let lines = json!([{ "sku": "LOSS", "quantity": "1" }]);
        seller.post("/v1/pos/sales", &sale(&places.0, lines, none)).await.created();
    });
}

#[test]
fn a_sale_that_has_happened_is_kept_and_flagged() {
    with_tenant(async |tenant| {
        let (till, _) = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &["pos:write", "stock:force"]).await);
        let forced = json!({ "forced": true, "occurred_at": tests::environment().now().await });
        let lines = json!([{ "sku": "MUG", "quantity": "1", "discount": { "percent": "100" } }]);
        let mut body = sale(&till, lines, forced);
        body["tenders"] = json!([]);
        let made = seller.post("/v1/pos/sales", &body).await.created();
        let kinds: Vec<String> = tenant
            .events("")
            .await
            .iter()
            .filter(|event| event["data"]["object"]["id"] == made["id"])
            .map(|event| event["type"].as_str().expect("a type").to_owned())
            .collect();
        for kind in ["pos_sale.completed", "pos_sale.over_discounted", "pos_sale.sold_below_cost"] {
            assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
        }
    });
}

#[test]
fn a_replay_needs_the_scopes_of_its_body() {
    with_tenant(async |tenant| {
        let (till, customer) = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &["pos:write", "orders:write"]).await);
        let lines = json!([{ "sku": "MUG", "quantity": "1", "unit_price": "9.00" }]);
        let order = json!({ "customer_id": customer, "lines": lines });
        for (path, body) in [("/v1/pos/sales", sale(&till, lines.clone(), json!({}))), ("/v1/orders", order)]
        {
            let key = path.replace('/', "-");
            tenant.post_as(path, &key, &body).await.created();
            seller
                .post_as(path, &key, &body)
                .await
                .refused(403, "insufficient_scope")
                .names(&["#/lines/0/unit_price"]);
            assert!(tenant.post_as(path, &key, &body).await.is_replayed());
        }
        let back = json!({ "customer_id": customer, "lines": [{ "sku": "MUG", "quantity": "1" }] });
        tenant.post_as("/v1/returns", "blind", &back).await.created();
        seller.post_as("/v1/returns", "blind", &back).await.refused(403, "insufficient_scope");
    });
}

#[test]
fn a_replay_needs_the_discount_of_its_body() {
    with_tenant(async |tenant| {
        let (till, customer) = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &["pos:write", "orders:write"]).await);
        let lines = json!([{ "sku": "MUG", "quantity": "1", "discount": { "percent": "11" } }]);
        let whole = json!({ "discount": { "percent": "11" } });
        let plain = json!([{ "sku": "MUG", "quantity": "1" }]);
        let order = |lines: &Value| json!({ "customer_id": customer, "lines": lines });
        for (key, path, body, pointer) in [
            ("a", "/v1/pos/sales", sale(&till, lines.clone(), json!({})), "#/lines/0/discount"),
            ("b", "/v1/pos/sales", sale(&till, plain.clone(), whole), "#/discount"),
            ("c", "/v1/orders", order(&lines), "#/lines/0/discount"),
        ] {
            tenant.post_as(path, key, &body).await.created();
            seller.post_as(path, key, &body).await.refused(403, "discount_exceeded").names(&[pointer]);
            assert!(tenant.post_as(path, key, &body).await.is_replayed());
            let batch = json!({ "items": [{ "idempotency_key": key, "body": body }] });
            let many = seller.call(reqwest::Method::POST, &format!("{path}/batch")).json(&batch).send().await;
            assert_eq!(many.expect(207)["results"][0]["status"], 403);
        }
        let forced = json!({ "forced": true, "occurred_at": tests::environment().now().await });
        let forced = sale(&till, lines, forced);
        tenant.post_as("/v1/pos/sales", "d", &forced).await.created();
        let porter = tenant.with_key(&key(tenant, &["pos:write", "stock:force"]).await);
        assert!(porter.post_as("/v1/pos/sales", "d", &forced).await.is_replayed(), "it has happened");
    });
}

#[test]
fn nothing_is_credited_without_its_document_or_the_scope() {
    with_tenant(async |tenant| {
        let (_, customer) = shop(tenant).await;
        let seller = tenant.with_key(&key(tenant, &["orders:write", "orders:read"]).await);
        let blind = json!({ "customer_id": customer, "lines": [{ "sku": "MUG", "quantity": "100" }] });
        let refused = seller.post("/v1/returns", &blind).await.refused(403, "insufficient_scope");
        assert_eq!(refused.0["required_scope"], "pos:blind_refund");
        let batch = json!({ "items": [{ "idempotency_key": "a", "body": blind }] });
        let out =
            seller.call(reqwest::Method::POST, "/v1/returns/batch").json(&batch).send().await.expect(207);
        assert_eq!(out["results"][0]["status"], 403);
        let order = tenant.order(&customer, &[("MUG", "1")], "invoiced").await.created();
        let named = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"] });
        seller.post("/v1/returns", &named).await.created();
    });
}

#[test]
fn an_exchange_rate_of_its_own_needs_the_right_to_any_price() {
    with_tenant(async |tenant| {
        let (_, customer) = shop(tenant).await;
        let recorded = json!({ "currency": "USD", "valid_from": "2026-01-01", "rate": "0.8" });
        tenant.post("/v1/exchange-rates", &recorded).await.created();
        let order = |rate: Value, price: &str| {
            json!({ "customer_id": customer, "currency": "USD", "exchange_rate": rate,
                "lines": [{ "sku": "MUG", "quantity": "1", "unit_price": price }] })
        };
        let scopes = json!(["orders:read", "orders:write", "prices:override"]);
        for (more, code) in
            [(json!({ "discount_max": "30" }), "discount_exceeded"), (json!({}), "insufficient_scope")]
        {
            let mut bounds = more;
            bounds["scopes"] = scopes.clone();
            let client = tenant.with_key(&key_with(tenant, bounds).await.1);
            // A mug of 10.00 for a cent: the list would come to 0.01 dollars, and the cent to 10.00 in the books.
            let rejected = client.post("/v1/orders", &order(json!("1000"), "0.01")).await;
            rejected.refused(403, code).names(&["#/exchange_rate"]);
            let sold = client.post("/v1/orders", &order(Value::Null, "12.50")).await.created();
            assert_eq!(sold["foreign"]["net"], "12.50");
        }
        let sold = tenant.post("/v1/orders", &order(json!("0.5"), "20.00")).await.created();
        assert_eq!((&sold["foreign"]["net"], &sold["net"]), (&json!("20.00"), &json!("10.00")));
    });
}
