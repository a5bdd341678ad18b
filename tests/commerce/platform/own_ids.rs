//! Documents with an id from the caller: each id is one document, with any idempotency keys. A repeat gets the first result.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, sale, with_tenant};

const LETTERS: &str = "01h455vb4pex5vsknk084sn02q";

fn own(prefix: &str, mut body: Value) -> Value {
    body["id"] = json!(format!("{prefix}_{LETTERS}"));
    body
}

/// Returns one body for each kind of document that takes an id, with its path.
async fn documents(tenant: &Tenant) -> Vec<(&'static str, Value)> {
    tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
    let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
    let refund = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]), "tenders": [{ "kind": "card" }] });
    let order =
        json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]), "advance_to": "confirmed" });
    let back = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
    let payment = json!({ "customer_id": customer, "method": "bank", "amount": "5" });
    let receipt =
        json!({ "kind": "receipt", "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
    let supplier = tenant.make("/v1/suppliers", json!({ "code": "POTTERY", "name": "Pottery" })).await;
    let purchase =
        json!({ "supplier_id": supplier, "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "1" }] });
    let refund = {
        let mut refund = own("sal", refund);
        refund["id"] = json!("sal_01h455vb4pex5vsknk084sn03q");
        refund
    };
    vec![
        ("/v1/pos/sales", own("sal", sale(&till, &[("MUG", "1")]))),
        ("/v1/pos/refunds", refund),
        ("/v1/orders", own("ord", order)),
        ("/v1/returns", own("inv", back)),
        ("/v1/payments", own("pay", payment)),
        ("/v1/stock/documents", own("std", receipt)),
        ("/v1/purchase-orders", own("por", purchase)),
    ]
}

#[test]
fn an_id_is_used_once() {
    with_tenant(async |tenant| {
        for (path, body) in documents(tenant).await {
            let made = tenant.post(path, &body).await.created();
            assert_eq!(made["id"], body["id"], "{path}");
            let before = tenant.footprint().await;
            let again = tenant.post(path, &body).await;
            assert!(again.is_replayed(), "{path}");
            assert_eq!(again.created(), made, "{path}: the first result, also with another key");
            let changed: Vec<&str> = tenant
                .footprint()
                .await
                .iter()
                .zip(&before)
                .filter(|(after, before)| after.1 != before.1)
                .map(|(after, _)| after.0)
                .collect();
            assert!(changed.iter().all(|table| *table == "command"), "{path}: {changed:?}");
            assert!(tenant.check_now().await.is_empty(), "{path}");
        }
    });
}

#[test]
fn a_voucher_keeps_its_id() {
    with_tenant(async |tenant| {
        const PATH: &str = "/v1/vouchers";
        let body = own("vch", json!({ "amount": "50.00", "method": "bank" }));
        let made = tenant.post(PATH, &body).await.created();
        let again = tenant.post(PATH, &body).await;
        assert!(again.is_replayed(), "{}", again.text);
        assert_eq!(again.created(), made, "it has the code that was drawn first");
        let other = own("vch", json!({ "code": "SPRING", "amount": "10.00", "method": "bank" }));
        let problem = tenant.post(PATH, &other).await.refused(409, "already_exists");
        assert!(problem.pointers().contains(&"#/id"), "{}", problem.0);
        let known = tenant.get(&format!("{PATH}?code={}", made["code"].as_str().expect("a code"))).await.ok();
        assert_eq!(known["data"][0]["balance"], "50.00", "{known}");
        assert_eq!(tenant.count("voucher").await, 1);
        assert!(tenant.check_now().await.is_empty());
    });
}

#[test]
fn an_id_is_used_once_by_many_at_once() {
    with_tenant(async |tenant| {
        for (path, body) in documents(tenant).await {
            let replies = join_all((0..8).map(|_| tenant.post(path, &body))).await;
            let made = replies.iter().filter(|reply| !reply.is_replayed()).count();
            assert_eq!(made, 1, "{path}");
            for reply in &replies {
                assert_eq!(reply.created(), replies[0].created(), "{path}");
            }
        }
    });
}

#[test]
fn an_id_is_used_once_in_a_batch() {
    with_tenant(async |tenant| {
        for (path, body) in documents(tenant).await.into_iter().filter(|(path, _)| *path != "/v1/payments") {
            let item = |key: &str| json!({ "idempotency_key": format!("{path}{key}").replace('/', "."), "body": body });
            let items = json!({ "items": [item("a"), item("b"), item("c")] });
            let answer =
                tenant.call(Method::POST, &format!("{path}/batch")).json(&items).send().await.expect(207);
            let results = answer["results"].as_array().expect("results");
            let statuses: Vec<&Value> = results.iter().map(|result| &result["status"]).collect();
            assert_eq!(statuses, [201, 201, 201], "{path}: {answer}");
            let replayed: Vec<&Value> = results.iter().map(|result| &result["replayed"]).collect();
            assert_eq!(replayed, [false, true, true], "{path}: {answer}");
        }
    });
}

#[test]
fn a_new_order_under_a_used_id_does_not_touch_the_old_one() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = |quantity: &str| {
            own(
                "ord",
                json!({ "customer_id": customer, "lines": lines(&[("MUG", quantity)]), "advance_to": "confirmed" }),
            )
        };
        tenant.post("/v1/orders", &order("5")).await.created();
        let other = tenant.post("/v1/orders", &order("7")).await.refused(409, "already_exists");
        let difference = json!({ "recorded": "5", "requested": "7" });
        assert_eq!(other.params("#/lines/0/quantity"), &difference);
        assert_eq!(tenant.level("MUG").await, Level::of("50", "5", "200"));
    });
}

#[test]
fn a_document_of_another_kind_and_a_wrong_field_are_no_repeat() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("3", "4.00")).await;
        let till = tenant.till().await;
        let expires_at = (environment().now().await + chrono::Duration::hours(1)).to_rfc3339();
        let hold = json!({ "lines": lines(&[("MUG", "2")]), "expires_at": expires_at });
        tenant.post("/v1/stock/holds", &own("hld", hold)).await.created();
        let short = own("sal", sale(&till, &[("MUG", "2")]));
        tenant.post("/v1/pos/sales", &short).await.refused(409, "insufficient_stock");
        let sold = own("sal", sale(&till, &[("MUG", "1")]));
        tenant.post("/v1/pos/sales", &sold).await.created();
        let mut wrong = sold.clone();
        wrong["country"] = json!("XX");
        tenant.post("/v1/pos/sales", &wrong).await.refused(422, "validation_failed").names(&["#/country"]);
        assert!(tenant.post("/v1/pos/sales", &sold).await.is_replayed());
    });
}

#[test]
fn a_sale_that_is_sent_again_with_another_key_has_its_first_result_or_the_difference() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "10.00", ("3", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let first = own("sal", sale(&till, &[("MUG", "2")]));
        let made = tenant.post("/v1/pos/sales", &first).await.created();
        // One is left, and the price has changed: neither concerns what has happened.
        tenant.patch(&format!("/v1/products/{}", mug.id), &json!({ "list_price": "12.00" })).await.ok();
        let again = tenant.post("/v1/pos/sales", &first).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), made);
        assert_eq!(tenant.level("MUG").await.on_hand, "1");
        let mut other = own("sal", sale(&till, &[("MUG", "1")]));
        other["customer_id"] = json!(customer);
        let refused = tenant.post("/v1/pos/sales", &other).await.refused(409, "already_exists");
        assert_eq!(refused.params("#/lines/0/quantity"), &json!({ "recorded": "2", "requested": "1" }));
        assert_eq!(
            refused.params("#/lines/0/unit_price"),
            &json!({ "recorded": "10.00", "requested": "12.00" })
        );
        assert_eq!(refused.params("#/customer_id"), &json!({ "recorded": "none", "requested": customer }));
        assert!(!refused.0.to_string().contains("occurred_at"), "no time is stated: {}", refused.0);
        // A forced sale is decided in any case, so its difference is named although the stock is gone.
        let mut late = own("sal", sale(&till, &[("MUG", "5")]));
        (late["forced"], late["occurred_at"]) = (json!(true), made["occurred_at"].clone());
        let refused = tenant.post("/v1/pos/sales", &late).await.refused(409, "already_exists");
        assert_eq!(refused.params("#/lines/0/quantity"), &json!({ "recorded": "2", "requested": "5" }));
        // More than is left would be short without the document too: only the id is named.
        let short = own("sal", sale(&till, &[("MUG", "5")]));
        tenant.post("/v1/pos/sales", &short).await.refused(409, "already_exists").names(&["#/id"]);
        let blind = tenant.with_key(&crate::platform::auth::key(tenant, &["pos:write"]).await);
        let fewer = own("sal", sale(&till, &[("MUG", "1")]));
        blind.post("/v1/pos/sales", &fewer).await.refused(409, "already_exists").names(&["#/id"]);
        assert!(blind.post("/v1/pos/sales", &first).await.is_replayed());
        let close = format!("/v1/pos/sessions/{}/close", till.session_id);
        tenant.post(&close, &json!({ "counted": "24.00" })).await.ok();
        assert_eq!(tenant.post("/v1/pos/sales", &first).await.created(), made, "the till has no session now");
        assert_eq!(tenant.level("MUG").await.on_hand, "1");
    });
}
