//! Bills that are rejected: for what they say, and for the rights of the caller.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{environment, with_tenant};

use super::super::{order, supplier};
use super::{BILLS, bill, bill_path, of, received};
use crate::platform::auth::{key, key_with};

#[test]
fn everything_that_is_wrong_with_a_bill_is_named() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let other = supplier(tenant, "OTHER", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let draft =
            json!({ "supplier_id": pottery, "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "4" }] });
        let draft = order(tenant, draft, &[]).await;
        let line = |field: &str, value: Value| {
            let mut line = of(&made, "1", "4");
            line[field] = value;
            line
        };
        let lines = json!([
            line("quantity", json!("0")),
            line("unit_cost", json!("-1")),
            line("tax_value", json!("0.001")),
            line("order_line_no", json!(2)),
            line("uom", json!("XBX")),
            of(&draft, "1", "4"),
            { "account": "9999", "unit_cost": "1" },
            { "account": "2100", "unit_cost": "1" },
            { "account": "1200", "unit_cost": "1" },
            of(&made, "1", "4"),
            of(&made, "2", "4"),
        ]);
        let refused = tenant.post(BILLS, &bill(&pottery, "1", &lines)).await;
        let pointers: Vec<Value> = refused.json()["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|problem| problem["pointer"].clone())
            .collect();
        let expected = [
            "#/lines/0/quantity",
            "#/lines/1/unit_cost",
            "#/lines/2/tax_value",
            "#/lines/3/order_line_no",
            "#/lines/4/uom",
            "#/lines/5/purchase_order_id",
            "#/lines/6/account",
            "#/lines/7/account",
            "#/lines/8/account",
            "#/lines/10",
        ];
        assert_eq!(pointers, expected, "{}", refused.text);
        for lines in [json!([{ "unit_cost": "1" }]), json!([line("account", json!("5300"))])] {
            let refused = tenant.post(BILLS, &bill(&pottery, "1", &lines)).await;
            refused.refused(422, "validation_failed").names(&["#/lines/0"]);
        }
        let refused = tenant.post(BILLS, &bill(&other, "1", &json!([of(&made, "1", "4")]))).await;
        refused.refused(404, "not_found").names(&["#/lines/0/purchase_order_id"]);
        for (field, value, pointer) in [
            ("currency", json!("USD"), "#/exchange_rate"),
            ("dated", json!("2999-01-01"), "#/dated"),
            ("due_on", json!("2026-01-01"), "#/due_on"),
            ("lines", json!([]), "#/lines"),
        ] {
            let mut body = bill(&pottery, "1", &json!([of(&made, "1", "4")]));
            body[field] = value;
            let refused = tenant.post(BILLS, &body).await;
            refused.refused(422, "validation_failed").names(&[pointer]);
            let names_currency = refused.text.contains("no exchange rate of USD");
            assert!(field != "currency" || names_currency, "{}", refused.text);
        }
        assert_eq!(tenant.count("bill").await, 0);
        assert_eq!(tenant.balance("2100").await, "-40.00");
    });
}

#[test]
fn a_number_of_a_supplier_is_used_once() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let other = supplier(tenant, "OTHER", json!({})).await;
        let lines = json!([{ "account": "5300", "unit_cost": "10" }]);
        let first = tenant.post(BILLS, &bill(&pottery, "RE-1", &lines)).await.created();
        let again = tenant.post(BILLS, &bill(&pottery, "RE-1", &lines)).await;
        again.refused(409, "already_exists").names(&["#/supplier_number"]);
        for text in [first["number"].as_str(), first["id"].as_str()] {
            assert!(again.text.contains(text.expect("a text")), "{}", again.text);
        }
        tenant.post(BILLS, &bill(&other, "RE-1", &lines)).await.created();
        let second = environment().other_node().await;
        let here_and_there = [tenant.at(tenant.base_url()), tenant.at(&second.base_url)];
        let body = bill(&pottery, "RE-2", &lines);
        let sent = (0..8).map(|number: usize| here_and_there[number % 2].post(BILLS, &body));
        let replies = join_all(sent).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1, "{replies:?}");
        for reply in replies.iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "already_exists");
        }
    });
}

#[test]
fn bills_need_their_scopes_and_show_costs_to_those_who_may_see_them() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let lines = json!([{ "account": "5300", "unit_cost": "10", "tax_value": "2" }]);
        let reader = tenant.with_key(&key(tenant, &["purchasing:read"]).await);
        reader.post(BILLS, &bill(&pottery, "1", &lines)).await.refused(403, "insufficient_scope");
        let writer = tenant.with_key(&key(tenant, &["purchasing:read", "purchasing:write"]).await);
        let blind = writer.post(BILLS, &bill(&pottery, "1", &lines)).await.created();
        let shown = reader.get(&bill_path(&blind)).await.ok();
        let listed = reader.get(BILLS).await.ok();
        for document in [&blind, &shown, &listed["data"][0]] {
            for field in ["value", "tax_value", "total_value", "open_value"] {
                assert_eq!(document[field], Value::Null, "{field}: {document}");
            }
        }
        for field in ["unit_cost", "value", "tax_value", "expected_value"] {
            assert_eq!(shown["lines"][0][field], Value::Null, "{field}");
        }
        assert_eq!(tenant.get(&bill_path(&blind)).await.ok()["open_value"], "12.00");
        let part = json!({ "supplier_id": pottery, "bills": [{ "bill_id": blind["id"], "amount": "1" }] });
        writer.post("/v1/supplier-payments", &part).await.refused(403, "insufficient_scope");
        let payer = tenant.with_key(&key(tenant, &["purchasing:pay"]).await);
        payer.post("/v1/supplier-payments", &part).await.created();
        let mut more = part.clone();
        more["bills"][0]["amount"] = json!("99");
        let mut old = part.clone();
        old["bills"][0]["version"] = json!(1);
        for (body, pointer) in [(&more, "#/bills/0/amount"), (&old, "#/bills/0/version")] {
            let shown = tenant.post("/v1/supplier-payments", body).await;
            assert!(shown.text.contains("11.00"), "{}", shown.text);
            let blind = payer.post("/v1/supplier-payments", body).await;
            assert_eq!(blind.json()["errors"][0]["pointer"], pointer, "{}", blind.text);
            assert!(!blind.text.contains("11.00"), "{}", blind.text);
        }
        old["bills"][0]["version"] = json!(0);
        let never = tenant.post("/v1/supplier-payments", &old).await.refused(422, "validation_failed");
        never.names(&["#/bills/0/version"]);
        let credit = |value: &str| {
            json!({ "supplier_number": "GS", "dated": "2026-01-02",
            "lines": [{ "line_no": 1, "value": value, "tax_value": "2" }] })
        };
        let path = format!("{}/credit", bill_path(&blind));
        for (value, open) in [("10", "11.00"), ("11", "10.00")] {
            let shown = tenant.post(&path, &credit(value)).await;
            assert!(shown.status == 422 && shown.text.contains(open), "{}", shown.text);
            let blind = writer.post(&path, &credit(value)).await;
            assert!(blind.status == 422 && !blind.text.contains(open), "{}", blind.text);
        }
        let bounds = json!({ "scopes": ["purchasing:write"], "amount_max": "11" });
        let small = tenant.with_key(&key_with(tenant, bounds).await.1);
        small.post(BILLS, &bill(&pottery, "2", &lines)).await.refused(403, "bound_exceeded");
    });
}

#[test]
fn a_key_of_one_location_bills_the_goods_of_that_location() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let made =
            received(tenant, &pottery, json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" })).await;
        let bounds = json!({ "scopes": ["purchasing:write"], "locations": [tenant.shop] });
        let elsewhere = tenant.with_key(&key_with(tenant, bounds).await.1);
        let body = bill(&pottery, "1", &json!([of(&made, "10", "4")]));
        elsewhere.post(BILLS, &body).await.refused(403, "bound_exceeded");
        let recorded = tenant.post(BILLS, &body).await.created();
        let reverse = format!("{}/reverse", bill_path(&recorded));
        elsewhere.post(&reverse, &json!({ "reason": "Twice" })).await.refused(403, "bound_exceeded");
    });
}
