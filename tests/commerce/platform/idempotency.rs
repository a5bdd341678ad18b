//! Idempotency: the same key is the same request, with one effect and one response.

use std::collections::HashSet;

use futures_util::future::join_all;
use reqwest::Method;
use sea_orm::sqlx::{self, Connection};
use serde_json::{Value, json};
use tests::{Reply, Tenant, environment, lines, sale, with_tenant, with_tenants};

const SALES: &str = "/v1/pos/sales";

/// Checks that all responses are the same, except those that say that the first request is still in progress.
#[track_caller]
fn one_answer(replies: &[Reply], status: u16) -> Value {
    let finished: Vec<&Reply> = replies.iter().filter(|reply| reply.status != 409).collect();
    for unfinished in replies.iter().filter(|reply| reply.status == 409) {
        unfinished.refused(409, "idempotency_in_progress");
        assert!(unfinished.header("retry-after").is_some());
    }
    let first: Vec<&&Reply> = finished.iter().filter(|reply| !reply.is_replayed()).collect();
    assert_eq!(first.len(), 1, "{} of {} responses are not replayed", first.len(), finished.len());
    let bodies: HashSet<&str> = finished.iter().map(|reply| reply.text.as_str()).collect();
    assert_eq!(bodies.len(), 1, "responses differ: {bodies:?}");
    first[0].expect(status)
}

async fn fifty(tenant: &Tenant, path: &str, key: &str, body: &Value) -> Vec<Reply> {
    join_all((0..50).map(|_| tenant.post_as(path, key, body))).await
}

#[test]
fn fifty_equal_requests_at_once_have_one_effect() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let replies = fifty(tenant, SALES, "till-7-000123", &sale(&till, &[("MUG", "1")])).await;
        one_answer(&replies, 201);
        assert_eq!(tenant.level("MUG").await.on_hand.as_str(), "4");
        assert_eq!(tenant.count("pos_sale").await, 1);
        let again = tenant.post_as(SALES, "till-7-000123", &sale(&till, &[("MUG", "1")])).await;
        assert!(again.is_replayed());
        assert_eq!(again.text, replies[0].text);
        let quoted = tenant.post_as(SALES, "\"till-7-000123\"", &sale(&till, &[("MUG", "1")])).await;
        assert!(quoted.is_replayed(), "a key in quotes is the same key");
    });
}

#[test]
fn fifty_equal_requests_with_an_id_of_the_callers_own_have_one_effect() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let mut body = sale(&till, &[("MUG", "1")]);
        body["id"] = json!("sal_01h455vb4pex5vsknk084sn02q");
        let replies = fifty(tenant, SALES, "own-id", &body).await;
        one_answer(&replies, 201);
        assert_eq!(tenant.count("pos_sale").await, 1);
    });
}

#[test]
fn equal_requests_on_two_machines_have_one_effect() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        let node = environment().other_node().await;
        let other = tenant.at(&node.base_url);
        for round in 0..12 {
            let mut body = sale(&till, &[("MUG", "1")]);
            if round % 2 == 0 {
                body["id"] = json!(format!("sal_01h455vb4pex5vsknk084sn0{round:02}"));
            }
            let key = format!("round-{round}");
            let mut sends = Vec::new();
            for _ in 0..4 {
                sends.push(tenant.post_as(SALES, &key, &body));
                sends.push(other.post_as(SALES, &key, &body));
            }
            one_answer(&join_all(sends).await, 201);
            let order = json!({ "customer_id": customer, "external_ref": format!("shop-{round}"),
                "lines": lines(&[("MUG", "1")]), "advance_to": "confirmed" });
            let key = format!("order-{round}");
            let sends = [&**tenant, &other, &**tenant, &other]
                .map(|client| client.post_as("/v1/orders", &key, &order));
            one_answer(&join_all(sends).await, 201);
        }
        assert_eq!(tenant.count("pos_sale").await, 12);
        assert_eq!(tenant.count("sales_order").await, 12);
    });
}

#[test]
fn other_content_under_a_used_key_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        tenant.post_as(SALES, "a", &sale(&till, &[("MUG", "1")])).await.created();
        tenant
            .post_as(SALES, "a", &sale(&till, &[("MUG", "2")]))
            .await
            .refused(422, "idempotency_key_reused");
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
        tenant.post_as("/v1/orders", "a", &order).await.refused(422, "idempotency_key_reused");
        let product = json!({ "sku": "NEW", "name": "New" });
        tenant.post_as("/v1/products", "a", &product).await.refused(422, "idempotency_key_reused");
        let order = tenant.post_as("/v1/orders", "b", &order).await.created();
        let first = format!("/v1/orders/{}/confirm", order["id"].as_str().expect("an id"));
        tenant.post_as(&first, "c", &json!({})).await.ok();
        let cancel = format!("/v1/orders/{}/cancel", order["id"].as_str().expect("an id"));
        tenant.post_as(&cancel, "c", &json!({})).await.refused(422, "idempotency_key_reused");
    });
}

#[test]
fn the_key_of_another_tenant_is_another_key() {
    with_tenants(async |one, other| {
        for tenant in [one, other] {
            tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
            let till = tenant.till().await;
            let reply = tenant.post_as(SALES, "the-same", &sale(&till, &[("MUG", "1")])).await;
            assert!(!reply.is_replayed());
            reply.created();
        }
    });
}

#[test]
fn the_same_json_in_another_form_is_the_same_request() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let register = &till.register_id;
        let first = format!(
            r#"{{"register_id":"{register}","lines":[{{"sku":"MUG","quantity":"1"}}],"tenders":[{{"kind":"cash"}}]}}"#
        );
        let other = format!(
            "\u{feff}{{\r\n  \"tenders\": [ {{ \"kind\" : \"cash\" }} ],\n\t\"lines\": [{{\"quantity\":\"1\", \"sku\":\"M\\u0055G\"}}],\n  \
             \"register_id\": \"{register}\" }}\n"
        );
        let send = |path: &str, body: &str| tenant.call(Method::POST, path).key("once").raw(body).send();
        send(SALES, &first).await.created();
        for body in [&first, &other] {
            assert!(send(SALES, body).await.is_replayed(), "{body}");
            assert!(send("/v1/pos/sales/", body).await.is_replayed(), "{body}");
        }
        let batch = format!(
            "{{\"items\":[{{\"body\":{},\"idempotency_key\":\"once\"}}]}}",
            other.trim_start_matches('\u{feff}')
        );
        let result = tenant.call(Method::POST, "/v1/pos/sales/batch").raw(batch).send().await.expect(207);
        assert_eq!(result["results"][0]["replayed"], true);
        let reordered = first.replace("\"quantity\":\"1\"", "\"quantity\":\"2\"");
        send(SALES, &reordered).await.refused(422, "idempotency_key_reused");
        assert_eq!(tenant.count("pos_sale").await, 1);
        let product = |body: &str| tenant.call(Method::POST, "/v1/products").key("product").raw(body).send();
        product(r#"{"sku":"CUP","name":"Cup"}"#).await.created();
        assert!(product("{ \"name\": \"Cup\", \"sku\": \"CUP\" }").await.is_replayed());
    });
}

#[test]
fn a_refusal_is_decided_again() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("1", "4.00")).await;
        let till = tenant.till().await;
        let body = sale(&till, &[("MUG", "2")]);
        let first = tenant.post_as(SALES, "short", &body).await;
        first.refused(409, "insufficient_stock");
        tenant.open_stock(&[("MUG", "5", "4.00")]).await;
        let again = tenant.post_as(SALES, "short", &body).await;
        assert!(!again.is_replayed(), "goods came in");
        let sold = again.created();
        let replay = tenant.post_as(SALES, "short", &body).await;
        assert!(replay.is_replayed(), "what was accepted stays accepted");
        assert_eq!(replay.created(), sold);
        // A refused document may be put right under its key.
        let body = sale(&till, &[("MUG", "50")]);
        tenant.post_as(SALES, "too-many", &body).await.refused(409, "insufficient_stock");
        tenant.post_as(SALES, "too-many", &sale(&till, &[("MUG", "1")])).await.created();
        tenant.post_as(SALES, "too-many", &body).await.refused(422, "idempotency_key_reused");
        let twice =
            |quantity: &str| json!({ "idempotency_key": "batch", "body": sale(&till, &[("MUG", quantity)]) });
        let items = json!({ "items": [twice("50"), twice("50")] });
        let results = tenant.call(Method::POST, "/v1/pos/sales/batch").json(&items).send().await.expect(207);
        for at in 0..2 {
            assert_eq!(results["results"][at]["status"], 409);
            assert_eq!(results["results"][at]["replayed"], false);
        }
        tenant.post_as(SALES, "batch", &sale(&till, &[("MUG", "1")])).await.created();

        let body = sale(&till, &[("CUP", "1")]);
        tenant.post_as(SALES, "unknown", &body).await.refused(404, "not_found");
        tenant.stocked("CUP", "3.00", ("1", "1.00")).await;
        let now = tenant.post_as(SALES, "unknown", &body).await;
        assert!(!now.is_replayed(), "what was missing may be there now");
        now.created();
    });
}

#[test]
fn a_key_means_the_same_alone_and_in_a_batch() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("9", "4.00")).await;
        let till = tenant.till().await;
        let (one, two) = (sale(&till, &[("MUG", "1")]), sale(&till, &[("MUG", "2")]));
        let alone = tenant.post_as(SALES, "one", &one).await;
        let item = |key: &str, body: &Value| json!({ "idempotency_key": key, "body": body });
        let items =
            json!({ "items": [item("one", &one), item("two", &two), item("two", &two), item("two", &one)] });
        let send = || tenant.call(Method::POST, "/v1/pos/sales/batch").json(&items).send();
        let answer = send().await.expect(207);
        let shown: Vec<(&Value, &Value)> = answer["results"]
            .as_array()
            .expect("results")
            .iter()
            .map(|result| (&result["status"], &result["replayed"]))
            .collect();
        let expected = [(201, true), (201, false), (201, true), (422, false)];
        assert_eq!(
            shown,
            expected
                .map(|(status, replayed)| (json!(status), json!(replayed)))
                .each_ref()
                .map(|pair| (&pair.0, &pair.1))
        );
        assert_eq!(answer["results"][0]["body"], alone.created());
        assert_eq!(answer["results"][2]["body"], answer["results"][1]["body"]);
        let again = send().await.expect(207);
        assert_eq!(again["results"][1]["replayed"], true);
        let alone = tenant.post_as(SALES, "two", &two).await;
        assert!(alone.is_replayed());
        assert_eq!(alone.json(), answer["results"][1]["body"]);
        assert_eq!(tenant.count("pos_sale").await, 2);
    });
}

#[test]
fn a_key_is_needed_and_has_a_form() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let body = sale(&till, &[("MUG", "1")]);
        let problem =
            tenant.call(Method::POST, SALES).json(&body).send().await.refused(400, "idempotency_key_missing");
        assert_eq!(problem.0["errors"][0]["header"], "Idempotency-Key");
        let too_long = "a".repeat(256);
        for key in ["", "\"", "a b", "a,b", "\"a\";p=1", too_long.as_str()] {
            tenant.post_as(SALES, key, &body).await.refused(400, "idempotency_key_invalid");
        }
    });
}

#[test]
fn a_wrong_key_of_an_item_is_named_by_its_member() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let till = tenant.till().await;
        let item = |key: &str| json!({ "idempotency_key": key, "body": sale(&till, &[("MUG", "1")]) });
        let too_long = "a".repeat(256);
        let wrong = ["", "a b", "\"a\"", too_long.as_str()];
        let items: Vec<Value> = wrong.into_iter().chain(["right"]).map(item).collect();
        let call = tenant.call(Method::POST, "/v1/pos/sales/batch").json(&json!({ "items": items }));
        let answer = call.send().await.expect(207);
        assert_eq!((&answer["accepted"], &answer["refused"]), (&json!(1), &json!(4)), "{answer}");
        for (place, key) in wrong.into_iter().enumerate() {
            let result = &answer["results"][place];
            let problem = &result["body"];
            assert_eq!(
                (&result["status"], &problem["code"]),
                (&json!(400), &json!("idempotency_key_invalid")),
                "{key}"
            );
            assert_eq!(problem["errors"][0]["pointer"], "#/idempotency_key", "{key}");
            let detail = problem["detail"].as_str().expect("a detail");
            assert!(detail.contains("idempotency_key") && !detail.contains("header"), "{detail}");
        }
        assert_eq!(tenant.count("pos_sale").await, 1);
    });
}

#[test]
fn records_are_made_once_under_one_key() {
    with_tenant(async |tenant| {
        let product = json!({ "sku": "MUG", "name": "Mug" });
        let replies = fifty(tenant, "/v1/products", "product", &product).await;
        one_answer(&replies, 201);
        assert!(replies.iter().all(|reply| reply.status == 409 || reply.header("location").is_some()));
        let customer = json!({ "kind": "wholesale", "name": "Nordwind Supply" });
        one_answer(&fifty(tenant, "/v1/customers", "customer", &customer).await, 201);
        assert_eq!(tenant.count("product").await, 1);
        assert_eq!(tenant.count("customer").await, 1);
        let other = json!({ "sku": "CUP", "name": "Cup" });
        tenant.post_as("/v1/products", "product", &other).await.refused(422, "idempotency_key_reused");
    });
}

#[test]
fn fifty_equal_payments_pay_once() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let body = json!({ "customer_id": customer, "method": "bank", "amount": "10" });
        one_answer(&fifty(tenant, "/v1/payments", "payment", &body).await, 201);
        assert_eq!(tenant.balance("1010").await, "10.00");
    });
}

#[test]
fn a_key_is_made_once_and_shown_once() {
    with_tenant(async |tenant| {
        let wanted = json!({ "name": "Web shop", "scopes": ["catalog:read"] });
        let first = tenant.post_as("/v1/api-keys", "web-shop", &wanted).await.created();
        let again = tenant.post_as("/v1/api-keys", "web-shop", &wanted).await;
        assert!(again.is_replayed() && again.header("location").is_some());
        let again = again.created();
        assert_eq!(again["api_key"], first["api_key"]);
        assert_eq!(again["secret"], json!(null));
        assert!(first["secret"].is_string());
        let before = tenant.count("api_key").await;
        assert_eq!(tenant.dry_run("/v1/api-keys", &wanted).await.ok()["secret"], json!(null));
        assert_eq!(tenant.count("api_key").await, before);
        let stored = "select count(*) from command where tenant_id = $1 and response like '%sw_live_sk_%' and length(response) > 0 \
                      and response like '%\"secret\":\"%'";
        let stored: i64 = sea_orm::sqlx::query_scalar(stored)
            .bind(tenant.id.0)
            .fetch_one(&tests::environment().root)
            .await
            .expect("a count");
        assert_eq!(stored, 0, "no stored response has a key");
    });
}

#[test]
fn a_batch_can_be_rehearsed() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let before = tenant.footprint().await;
        let item = |key: &str, quantity: &str| {
            let body = json!({ "customer_id": customer, "lines": lines(&[("MUG", quantity)]), "advance_to": "invoiced" });
            json!({ "idempotency_key": key, "body": body })
        };
        let batch = json!({ "items": [item("one", "5"), item("two", "6"), item("three", "5")] });
        let call =
            tenant.call(reqwest::Method::POST, "/v1/orders/batch").header("prefer", "dry-run").json(&batch);
        let reply = call.send().await;
        assert_eq!(reply.header("preference-applied"), Some("dry-run"));
        let results = reply.expect(207)["results"].clone();
        let statuses: Vec<_> = (0..3).map(|at| results[at]["status"].clone()).collect();
        // Each is decided alone: the first and the third want the same stock.
        assert_eq!(statuses, [200, 409, 200]);
        assert_eq!(results[0]["body"]["object"], "dry_run");
        assert_eq!(tenant.footprint().await, before);
    });
}

#[test]
fn a_request_whose_first_one_still_runs_is_rejected_by_every_door() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        let product = json!({ "sku": "CUP", "name": "Cup" });
        tenant.post_as("/v1/products", "finished", &product).await.created();
        let mut connection = environment().connect().await;
        let mut first = connection.begin().await.expect("a transaction");
        let row = "insert into command select (jsonb_populate_record( \
                       command, jsonb_build_object('id', gen_random_uuid(), 'idempotency_key', 'running'))).* \
                   from command where tenant_id = $1 and idempotency_key = 'finished'";
        sqlx::query(row).bind(tenant.id.0).execute(&mut *first).await.expect("a row");
        let product = json!({ "sku": "JUG", "name": "Jug" });
        for (path, body) in [("/v1/products", &product), (SALES, &sale(&till, &[("MUG", "1")]))] {
            let reply = tenant.post_as(path, "running", body).await;
            reply.refused(409, "idempotency_in_progress");
        }
        first.rollback().await.expect("it ends");
        tenant.post_as("/v1/products", "running", &product).await.created();
    });
}
