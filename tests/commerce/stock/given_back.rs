//! Goods that come back to the cost layers that they left, first in, first out.

use serde_json::{Value, json};
use tests::{Level, Product, Tenant, Till, environment, lines, with_tenant};

use super::fifo::{adjust, fifo, layers, parts, receive};

/// Quantity, value, receipt and its day of each layer of ten mugs at 2.00 and ten at 4.00.
struct Whole {
    mug: Product,
    layers: Value,
}

/// Receives ten mugs at 2.00, and ten at 4.00 a day later.
async fn two_layers(tenant: &Tenant) -> Whole {
    let mug = fifo(tenant, "MUG").await;
    receive(tenant, 1, ("MUG", "10", "2.00")).await;
    receive(tenant, 2, ("MUG", "10", "4.00")).await;
    let layers = listed(tenant, &tenant.main, &mug).await;
    Whole { mug, layers }
}

/// Returns the layers of a product as they are listed.
async fn listed(tenant: &Tenant, location: &str, product: &Product) -> Value {
    tenant.get(&format!("/v1/stock/levels/{location}/{}/layers", product.id)).await.ok()["data"].clone()
}

async fn refund(tenant: &Tenant, till: &Till, sold: &Value, line: Value) {
    let body = json!({ "register_id": till.register_id, "original_id": sold["id"], "original_lines": [line],
        "tenders": [{ "kind": "cash" }] });
    tenant.post("/v1/pos/refunds", &body).await.created();
}

async fn ship(tenant: &Tenant, order: &Value, quantity: &str) -> Value {
    let body = json!({ "lines": [{ "line_no": 1, "quantity": quantity }] });
    let path = format!("/v1/orders/{}/ship", order["id"].as_str().expect("an id"));
    tenant.post(&path, &body).await.ok()
}

#[test]
fn an_undone_shipment_gives_back_the_layers_that_it_took() {
    with_tenant(async |tenant| {
        let Whole { mug, layers: whole } = two_layers(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "15")], "confirmed").await.created();
        let shipped = ship(tenant, &order, "15").await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("5", "20.00")]));
        let path = format!("/v1/shipments/{}/undo", shipped["shipments"][0]["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({})).await.ok();
        assert_eq!(listed(tenant, &tenant.main, &mug).await, whole);
        assert_eq!(tenant.level("MUG").await, Level::of("20", "15", "60"));
        ship(tenant, &order, "5").await;
        assert_eq!(tenant.balance("1300").await, "10.00", "the next five cost 2.00 each");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("5", "10.00"), ("10", "40.00")]));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_refund_gives_back_the_layers_of_its_sale_and_what_left_last_first() {
    with_tenant(async |tenant| {
        let Whole { mug, layers: whole } = two_layers(tenant).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "15")]).await.created();
        assert_eq!(tenant.balance("5010").await, "40.00");
        refund(tenant, &till, &sold, json!({ "line_no": 1, "quantity": "5" })).await;
        assert_eq!(tenant.balance("5010").await, "20.00", "as if ten had been sold");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("10", "40.00")]));
        refund(tenant, &till, &sold, json!({ "line_no": 1, "quantity": "3" })).await;
        refund(tenant, &till, &sold, json!({ "line_no": 1 })).await;
        assert_eq!(listed(tenant, &tenant.main, &mug).await, whole);
        assert_eq!(tenant.balance("5010").await, "0.00");
        assert_eq!(adjust(tenant, "lost", "MUG", "-5").await, "-10.00");

        // A bundle, whose parts come back.
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "9.00" })).await;
        let components = json!({ "components": [{ "sku": "MUG", "quantity": "4" }] });
        tenant.put(&format!("/v1/products/{}/components", set.id), &components).await.ok();
        let before = listed(tenant, &tenant.main, &mug).await;
        let sold = tenant.sell(&till, &[("SET", "2")]).await.created();
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("7", "28.00")]));
        let body = json!({ "register_id": till.register_id, "original_id": sold["id"] });
        tenant.post("/v1/pos/refunds", &body).await.created();
        assert_eq!(listed(tenant, &tenant.main, &mug).await, before);
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn units_that_left_below_zero_come_back_before_the_layers_of_their_sale() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        receive(tenant, 1, ("MUG", "10", "2.00")).await;
        let till = tenant.till().await;
        let mut body = tests::sale(&till, &[("MUG", "15")]);
        body["forced"] = json!(true);
        body["occurred_at"] = json!(environment().now().await);
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4.00" });
        let receipt = json!({ "kind": "receipt", "lines": [line] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        assert_eq!(tenant.balance("5200").await, "10.00", "five at 4.00 settle five at 2.00");
        refund(tenant, &till, &sold, json!({ "line_no": 1, "quantity": "3" })).await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("5", "20.00"), ("3", "12.00")]));
        assert_eq!(
            (tenant.balance("5010").await, tenant.balance("5200").await),
            ("24.00".into(), "4.00".into())
        );
        refund(tenant, &till, &sold, json!({ "line_no": 1 })).await;
        let expected = parts(&[("10", "20.00"), ("5", "20.00"), ("3", "12.00"), ("2", "8.00")]);
        assert_eq!(layers(tenant, &tenant.main, &mug).await, expected);
        assert_eq!(
            (tenant.balance("5010").await, tenant.balance("5200").await),
            ("0.00".into(), "0.00".into())
        );
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_wholesale_return_keeps_age_and_receipt_at_any_location() {
    with_tenant(async |tenant| {
        let Whole { mug, layers: whole } = two_layers(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "15")], "invoiced").await.created();
        let back = async |location: &str, line: Value| {
            let body = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"],
                "location_id": location, "original_lines": [line] });
            tenant.post("/v1/returns", &body).await.created();
        };
        back(&tenant.shop, json!({ "line_no": 1, "quantity": "6" })).await;
        assert_eq!(tenant.balance("5000").await, "18.00", "nine at 2.00");
        let there = listed(tenant, &tenant.shop, &mug).await;
        for (at, quantity, value) in [(0, "1", "2.00"), (1, "5", "20.00")] {
            assert_eq!((&there[at]["quantity"], &there[at]["value"]), (&json!(quantity), &json!(value)));
            for name in ["document_id", "document_kind", "line_no", "received_at"] {
                assert_eq!(there[at][name], whole[at][name], "{name}");
            }
        }
        back(&tenant.main, json!({ "line_no": 1 })).await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("9", "18.00"), ("5", "20.00")]));
        assert_eq!(tenant.balance("5000").await, "0.00");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_cancelled_transfer_gives_back_the_layers_that_it_took() {
    with_tenant(async |tenant| {
        let Whole { mug, layers: whole } = two_layers(tenant).await;
        let body = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "15")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        let path = format!("/v1/stock/transfers/{}/cancel", transfer["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({})).await.ok();
        assert_eq!(listed(tenant, &tenant.main, &mug).await, whole);
        assert_eq!(adjust(tenant, "lost", "MUG", "-5").await, "-10.00");
    });
}

#[test]
fn what_comes_back_adds_up_to_its_sale_also_after_a_change_of_method_or_cost() {
    with_tenant(async |tenant| {
        let Whole { mug, .. } = two_layers(tenant).await;
        let till = tenant.till().await;
        // Five at 4.00 stay. They are revalued, so those that come back are another layer.
        let sold = tenant.sell(&till, &[("MUG", "15")]).await.created();
        let body = json!({ "reason": "revaluation", "location_id": tenant.main,
            "lines": [{ "sku": "MUG", "unit_cost": "6.00" }] });
        tenant.post("/v1/stock/revaluations", &body).await.created();
        refund(tenant, &till, &sold, json!({ "line_no": 1, "quantity": "2" })).await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("5", "30.00"), ("2", "8.00")]));
        assert_eq!(tenant.balance("5010").await, "32.00");

        let average = json!({ "costing_method": "moving_average" });
        tenant.patch(&format!("/v1/products/{}", mug.id), &average).await.ok();
        assert_eq!(adjust(tenant, "lost", "MUG", "-1").await, "-5.43", "a seventh of 38.00");
        refund(tenant, &till, &sold, json!({ "line_no": 1, "quantity": "6" })).await;
        assert_eq!(tenant.balance("5010").await, "17.23", "6 of the 13 for 32.00");
        refund(tenant, &till, &sold, json!({ "line_no": 1 })).await;
        assert_eq!(tenant.balance("5010").await, "0.00");
        assert_eq!(tenant.level("MUG").await, Level::of("19", "0", "64.57"));
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}
