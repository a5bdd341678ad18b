//! Shipments that did not leave: stock, cost, reservation and exposure are as before.

use serde_json::{Value, json};
use tests::{Level, Tenant, with_tenant};

async fn undo(tenant: &Tenant, shipment: &Value) -> tests::Reply {
    tenant.post(&format!("/v1/shipments/{}/undo", shipment["id"].as_str().expect("an id")), &json!({})).await
}

async fn account(tenant: &Tenant, customer: &str) -> Value {
    tenant.get(&format!("/v1/customers/{customer}/account")).await.ok()
}

#[test]
fn a_shipment_that_did_not_leave_is_taken_back_and_shipped_again() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            tenant.product_with("MUG", json!({ "list_price": "10.00", "costing_method": method })).await;
            tenant.open_stock(&[("MUG", "3", "3.00")]).await;
            tenant.open_stock(&[("MUG", "7", "4.00")]).await;
            let customer = tenant.customer("Nordwind Supply").await;
            let order = tenant.order(&customer, &[("MUG", "5")], "confirmed").await.created();
            let (before, level) = (account(tenant, &customer).await, tenant.level("MUG").await);
            let id = order["id"].as_str().expect("an id");
            let shipped = tenant.step(id, "ship").await.ok();
            let undone = undo(tenant, &shipped["shipments"][0]).await.ok();
            assert_eq!(undone["status"], "confirmed");
            let line = &undone["lines"][0];
            assert_eq!((&line["reserved"], &line["shipped"]), (&json!("5"), &json!("0")));
            assert_eq!(tenant.level("MUG").await, level);
            assert_eq!(account(tenant, &customer).await, before);
            assert_eq!(
                (tenant.balance("1200").await, tenant.balance("1300").await),
                ("37.00".into(), "0.00".into())
            );
            let path = format!("/v1/shipments/{}", shipped["shipments"][0]["id"].as_str().expect("an id"));
            assert!(tenant.get(&path).await.ok()["undone_at"].is_string());
            let again = undo(tenant, &shipped["shipments"][0]).await.refused(409, "invalid_state_transition");
            let detail = again.0["detail"].as_str().expect("a text");
            assert!(detail.contains("undone already") && !detail.contains("invoiced"), "{detail}");
            assert_eq!(tenant.check_now().await, Vec::<String>::new());
            tenant.step(id, "ship").await.ok();
            let invoiced = tenant.step(id, "invoice").await.ok();
            assert_eq!(invoiced["status"], "invoiced");
            assert_eq!(invoiced["invoices"].as_array().map(Vec::len), Some(1));
            assert_eq!(tenant.events("type=order.shipment_undone").await.len(), 1);
        });
    }
}

#[test]
fn one_of_several_shipments_is_undone_and_the_rest_is_invoiced() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "3.333333", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "6")], "confirmed").await.created();
        let id = order["id"].as_str().expect("an id");
        let ship = async |quantity: &str| {
            let body = json!({ "lines": [{ "line_no": 1, "quantity": quantity }] });
            tenant.post(&format!("/v1/orders/{id}/ship"), &body).await.ok()
        };
        let first = ship("1").await;
        ship("2").await;
        let undone = undo(tenant, &first["shipments"][0]).await.ok();
        assert_eq!(undone["status"], "partially_shipped");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
        ship("3").await;
        let invoiced = tenant.step(id, "invoice").await.ok();
        assert_eq!(invoiced["invoices"].as_array().map(Vec::len), Some(2));
        let again = ship("1").await;
        assert_eq!(again["status"], "shipped");
        let last = tenant.step(id, "invoice").await.ok();
        assert_eq!(last["status"], "invoiced");
        assert_eq!(tenant.balance("1100").await, "24.00");
    });
}

#[test]
fn an_invoiced_shipment_is_returned_and_not_undone() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "5")], "invoiced").await.created();
        let refused = undo(tenant, &order["shipments"][0]).await.refused(409, "invalid_state_transition");
        let detail = refused.0["detail"].as_str().expect("a text");
        assert!(detail.contains("/v1/returns") && !detail.contains("undone"), "{detail}");
        let unknown = json!({ "id": "shp_7zzzzzzzzzzzzzzzzzzzzzzzzz" });
        undo(tenant, &unknown).await.refused(404, "not_found");
        let early = tenant.order(&customer, &[("MUG", "1")], "shipped").await.created();
        let path = format!("/v1/shipments/{}/undo", early["shipments"][0]["id"].as_str().expect("an id"));
        let before = json!({ "occurred_at": "2020-01-01T00:00:00Z" });
        tenant.post(&path, &before).await.refused(422, "validation_failed").names(&["#/occurred_at"]);
    });
}

#[test]
fn lots_come_back_where_they_were_and_a_closed_order_opens_again() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let lots = json!([{ "code": "A", "quantity": "3", "expires_on": "2998-01-01" },
            { "code": "B", "quantity": "7", "expires_on": "2999-01-01" }]);
        let receipt = json!({ "kind": "receipt", "lines": [{ "sku": "MILK", "quantity": "10", "unit_cost": "2.00", "lots": lots }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MILK", "6")], "confirmed").await.created();
        let id = order["id"].as_str().expect("an id");
        let body = json!({ "lines": [{ "line_no": 1, "quantity": "5" }] });
        let shipped = tenant.post(&format!("/v1/orders/{id}/ship"), &body).await.ok();
        tenant.step(id, "close").await.ok();
        let undone = undo(tenant, &shipped["shipments"][0]).await.ok();
        let line = &undone["lines"][0];
        assert_eq!((&line["reserved"], &line["cancelled"]), (&json!("5"), &json!("1")));
        let reserved: Vec<String> = line["lots"]
            .as_array()
            .expect("lots")
            .iter()
            .map(|lot| {
                format!(
                    "{} {}",
                    lot["code"].as_str().expect("a code"),
                    lot["quantity"].as_str().expect("units")
                )
            })
            .collect();
        assert_eq!(reserved, ["A 3", "B 2"]);
        let again = tenant.step(id, "ship").await.ok();
        assert_eq!(again["status"], "shipped");
    });
}

#[test]
fn a_serial_number_that_is_in_stock_again_does_not_come_back_twice() {
    with_tenant(async |tenant| {
        tenant.tracked("PHONE", "serial").await;
        let customer = tenant.customer("Nordwind Supply").await;
        for (code, place) in [("S1", &tenant.main), ("S2", &tenant.shop)] {
            let document = async |kind: &str, place: &str, more: Value| {
                let mut line = json!({ "sku": "PHONE", "quantity": "1", "lots": [{ "code": code }] });
                line.as_object_mut().expect("a line").extend(more.as_object().expect("fields").clone());
                let reason = (kind == "adjustment").then_some("found");
                let body = json!({ "kind": kind, "reason": reason, "location_id": place, "lines": [line] });
                tenant.post("/v1/stock/documents", &body).await.created();
            };
            document("receipt", &tenant.main, json!({ "unit_cost": "4.00" })).await;
            let order = tenant.order(&customer, &[("PHONE", "1")], "shipped").await.created();
            document("adjustment", place, json!({})).await;
            let refused = undo(tenant, &order["shipments"][0]).await.refused(409, "invalid_state_transition");
            assert!(refused.0["detail"].as_str().expect("a text").contains(code));
            document("adjustment", place, json!({ "quantity": "-1" })).await;
            assert_eq!(undo(tenant, &order["shipments"][0]).await.ok()["status"], "confirmed");
            let id = order["id"].as_str().expect("an id");
            tenant.step(id, "ship").await.ok();
        }
    });
}

#[test]
fn a_till_may_have_sold_the_goods_meanwhile() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let (customer, till) = (tenant.customer("Nordwind Supply").await, tenant.till().await);
        let order = tenant.order(&customer, &[("MUG", "5")], "shipped").await.created();
        let mut sold = tests::sale(&till, &[("MUG", "2")]);
        sold["forced"] = json!(true);
        sold["occurred_at"] = json!(tests::environment().now().await);
        tenant.post("/v1/pos/sales", &sold).await.created();
        let undone = undo(tenant, &order["shipments"][0]).await.ok();
        assert_eq!(undone["lines"][0]["reserved"], "5");
        assert_eq!(tenant.level("MUG").await, Level::of("3", "5", "12"));
        let told = tenant.events("type=stock.oversold").await;
        assert_eq!(told.len(), 2, "the sale, and the shipment that is undone");
    });
}
