//! Documents with an id from the caller: each id is one document, with any idempotency keys.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Level, Tenant, lines, sale, with_tenant};

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
            tenant.post(path, &body).await.refused(409, "already_exists").names(&["#/id"]);
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
fn an_id_is_used_once_by_many_at_once() {
    with_tenant(async |tenant| {
        for (path, body) in documents(tenant).await {
            let replies = join_all((0..8).map(|_| tenant.post(path, &body))).await;
            let made = replies.iter().filter(|reply| reply.status == 201).count();
            assert_eq!(made, 1, "{path}");
            for reply in replies.iter().filter(|reply| reply.status != 201) {
                reply.refused(409, "already_exists");
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
            assert_eq!(statuses, [201, 409, 409], "{path}: {answer}");
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
        tenant.post("/v1/orders", &order("7")).await.refused(409, "already_exists");
        assert_eq!(tenant.level("MUG").await, Level::of("50", "5", "200"));
    });
}
