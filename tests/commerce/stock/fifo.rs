//! First in, first out: the cost of issues, layer by layer, to the cent.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Product, Tenant, lines, with_tenant};

const DOCUMENTS: &str = "/v1/stock/documents";

/// Makes a product that is valued first in, first out.
pub(super) async fn fifo(tenant: &Tenant, sku: &str) -> Product {
    tenant.product_with(sku, json!({ "list_price": "10.00", "costing_method": "fifo" })).await
}

/// Posts a receipt in the warehouse on a day of January: SKU, quantity, unit cost.
pub(super) async fn receive(
    tenant: &Tenant,
    day: u8,
    (sku, quantity, unit_cost): (&str, &str, &str),
) -> Value {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
    let at = format!("2026-01-{day:02}T09:00:00Z");
    tenant.post(DOCUMENTS, &json!({ "kind": "receipt", "occurred_at": at, "lines": [line] })).await.created()
}

/// Posts an adjustment. Returns its value.
pub(super) async fn adjust(tenant: &Tenant, reason: &str, sku: &str, quantity: &str) -> Value {
    let body = json!({ "kind": "adjustment", "reason": reason, "lines": lines(&[(sku, quantity)]) });
    tenant.post(DOCUMENTS, &body).await.created()["value"].clone()
}

/// Returns quantity and value of each layer, the oldest first.
pub(super) async fn layers(tenant: &Tenant, location: &str, product: &Product) -> Vec<(String, String)> {
    let path = format!("/v1/stock/levels/{location}/{}/layers", product.id);
    let text = |layer: &Value, name: &str| layer[name].as_str().expect("a number").to_owned();
    let page = tenant.get(&path).await.ok();
    let layers = page["data"].as_array().expect("layers");
    layers.iter().map(|layer| (text(layer, "quantity"), text(layer, "value"))).collect()
}

pub(super) fn parts(parts: &[(&str, &str)]) -> Vec<(String, String)> {
    parts.iter().map(|(quantity, value)| ((*quantity).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_oldest_goods_leave_first_and_a_layer_leaves_no_remainder() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        receive(tenant, 2, ("MUG", "10", "2.00")).await;
        // Three for 10.00, recorded late: they were received first, so they leave first.
        let early = receive(tenant, 1, ("MUG", "3", "3.333333")).await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("3", "10.00"), ("10", "20.00")]));
        let costs = [
            adjust(tenant, "lost", "MUG", "-1").await,
            adjust(tenant, "lost", "MUG", "-1").await,
            adjust(tenant, "lost", "MUG", "-3").await,
        ];
        assert_eq!(costs, ["-3.33", "-3.34", "-7.33"], "the last one of a layer takes what is left of it");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("8", "16.00")]));
        assert_eq!(tenant.level("MUG").await, Level::of("8", "0", "16"));

        receive(tenant, 3, ("MUG", "1", "5.00")).await;
        let path = format!("/v1/stock/levels/{}/{}/layers", tenant.main, mug.id);
        let page = tenant.get(&path).await.ok();
        let young = &page["data"][1];
        assert_eq!(young["document_kind"], "receipt");
        assert_eq!(young["unit_cost"], "5.00");
        assert_eq!(young["received_at"], "2026-01-03T09:00:00Z");
        assert!(young["document_number"].is_string() && young["document_id"] != early["id"], "{young}");
        let first = tenant.get(&format!("{path}?limit=1")).await.ok();
        assert_eq!(first["data"].as_array().map(Vec::len), Some(1));
        let cursor = first["page"]["next_cursor"].as_str().expect("a cursor");
        let second = tenant.get(&format!("{path}?limit=1&cursor={cursor}")).await.ok();
        assert_eq!(second["data"][0]["id"], young["id"]);
        assert_eq!(adjust(tenant, "lost", "MUG", "-9").await, "-21.00");
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
        assert_eq!(adjust(tenant, "found", "MUG", "2").await, "10.00", "found at the last cost");
    });
}

#[test]
fn what_comes_back_comes_back_at_the_cost_it_left_with() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        receive(tenant, 1, ("MUG", "4", "1.00")).await;
        receive(tenant, 2, ("MUG", "4", "2.00")).await;
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MUG", "6")]).await.created();
        assert_eq!(tenant.balance("5010").await, "8.00", "four at 1.00 and two at 2.00");
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"],
            "original_lines": [{ "line_no": 1, "quantity": "3" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        assert_eq!(tenant.balance("5010").await, "3.00", "as if three had been sold");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("1", "1.00"), ("4", "8.00")]));
        let blind = json!({ "register_id": till.register_id, "lines": lines(&[("MUG", "1")]),
            "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &blind).await.created();
        let expected = parts(&[("1", "1.00"), ("4", "8.00"), ("1", "2.00")]);
        assert_eq!(
            layers(tenant, &tenant.main, &mug).await,
            expected,
            "without an original at the last cost"
        );

        let customer = tenant.customer("Alder Wholesale").await;
        let order = tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
        assert_eq!(tenant.balance("5000").await, "5.00", "one at 1.00 and two at 2.00");
        let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"] });
        tenant.post("/v1/returns", &back).await.created();
        assert_eq!(layers(tenant, &tenant.main, &mug).await, expected, "as before the order");
        assert_eq!(tenant.balance("5000").await, "0.00");
    });
}

#[test]
fn a_transfer_carries_what_its_goods_cost() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        receive(tenant, 1, ("MUG", "4", "1.00")).await;
        receive(tenant, 2, ("MUG", "4", "2.00")).await;
        let body = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "5")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        assert_eq!(transfer["lines"][0]["value"], "6.00");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("3", "6.00")]));
        let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        let some = json!({ "lines": [{ "line_no": 1, "quantity": "3" }] });
        tenant.post(&path, &some).await.ok();
        tenant
            .post(&path, &json!({ "missing_reason": "lost", "lines": [{ "line_no": 1, "quantity": "1" }] }))
            .await
            .ok();
        assert_eq!(layers(tenant, &tenant.shop, &mug).await, parts(&[("3", "3.00"), ("1", "1.00")]));
        assert_eq!(tenant.balance("5100").await, "2.00", "the youngest unit is missing");
        assert_eq!(tenant.balance("1210").await, "0.00");
    });
}

#[test]
fn a_layer_keeps_its_age_its_cost_and_its_receipt_through_transfers() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        let old = receive(tenant, 1, ("MUG", "4", "1.00")).await;
        receive(tenant, 9, ("MUG", "4", "2.00")).await;
        let line = json!({ "sku": "MUG", "quantity": "2", "unit_cost": "9.00" });
        let own = json!({ "kind": "receipt", "location_id": tenant.shop, "occurred_at": "2026-01-05T09:00:00Z",
            "lines": [line] });
        tenant.post(DOCUMENTS, &own).await.created();
        let moved = async |from: &str, to: &str, quantity: &str, parts: &[&str]| {
            let body = json!({ "from_location_id": from, "to_location_id": to, "lines": lines(&[("MUG", quantity)]) });
            let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
            let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
            for part in parts {
                let body = json!({ "lines": [{ "line_no": 1, "quantity": part }] });
                tenant.post(&path, &body).await.ok();
            }
        };
        moved(&tenant.main, &tenant.shop, "6", &["3", "2", "1"]).await;
        let expected = [("3", "3.00"), ("1", "1.00"), ("2", "18.00"), ("1", "2.00"), ("1", "2.00")];
        assert_eq!(
            layers(tenant, &tenant.shop, &mug).await,
            parts(&expected),
            "by the first receipt of each"
        );
        let page = tenant.get(&format!("/v1/stock/levels/{}/{}/layers", tenant.shop, mug.id)).await.ok();
        let first = &page["data"][0];
        assert_eq!(first["received_at"], "2026-01-01T09:00:00Z");
        assert_eq!((&first["document_kind"], &first["document_id"]), (&json!("receipt"), &old["id"]));
        // Back again: the oldest leave first, and are still the oldest.
        moved(&tenant.shop, &tenant.main, "5", &["5"]).await;
        let expected = [("3", "3.00"), ("1", "1.00"), ("1", "9.00"), ("2", "4.00")];
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&expected));
        let expected = [("1", "9.00"), ("1", "2.00"), ("1", "2.00")];
        assert_eq!(layers(tenant, &tenant.shop, &mug).await, parts(&expected));
        assert_eq!(tenant.balance("1210").await, "0.00");
    });
}

#[test]
fn carried_layers_settle_what_is_below_zero_the_oldest_first() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        receive(tenant, 1, ("MUG", "2", "1.00")).await;
        receive(tenant, 2, ("MUG", "2", "3.00")).await;
        let till = tenant.till_with(json!({ "location_id": tenant.shop })).await;
        let mut body = tests::sale(&till, &[("MUG", "1")]);
        body["forced"] = json!(true);
        body["occurred_at"] = json!("2026-02-01T09:00:00Z");
        tenant.post("/v1/pos/sales", &body).await.created();
        let body = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "4")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        let path = format!("/v1/stock/transfers/{}/receive", transfer["id"].as_str().expect("an id"));
        tenant.post(&path, &json!({})).await.ok();
        assert_eq!(layers(tenant, &tenant.shop, &mug).await, parts(&[("1", "1.00"), ("2", "6.00")]));
    });
}

#[test]
fn a_bundle_takes_the_layers_of_its_parts() {
    with_tenant(async |tenant| {
        let tea = fifo(tenant, "TEA").await;
        tenant.stocked("CUP", "4.00", ("10", "1.00")).await;
        tenant.open_stock(&[("CUP", "10", "2.00")]).await;
        receive(tenant, 1, ("TEA", "1", "1.00")).await;
        receive(tenant, 2, ("TEA", "9", "2.00")).await;
        let set = tenant.product_with("SET", json!({ "kind": "bundle", "list_price": "9.00" })).await;
        let parts_of = json!([{ "sku": "TEA", "quantity": "2" }, { "sku": "CUP", "quantity": "1" }]);
        let path = format!("/v1/products/{}/components", set.id);
        tenant.put(&path, &json!({ "components": parts_of })).await.ok();
        let till = tenant.till().await;
        tenant.sell(&till, &[("SET", "2")]).await.created();
        assert_eq!(tenant.balance("5010").await, "10.00", "tea: 1.00 and three at 2.00; two cups at 1.50");
        assert_eq!(layers(tenant, &tenant.main, &tea).await, parts(&[("6", "12.00")]));
    });
}

#[test]
fn a_change_of_method_leaves_every_value_as_it_is() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "10.00", ("2", "1.00")).await;
        tenant.open_stock(&[("MUG", "2", "2.00")]).await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[]));
        let settings = tenant.get("/v1/settings").await.ok();
        assert_eq!(settings["costing_method"], "moving_average");
        assert_eq!(settings["currency"], "GBP");
        let changed = tenant.patch("/v1/settings", &json!({ "costing_method": "fifo" })).await.ok();
        assert_eq!(changed["costing_method"], "fifo");
        assert_eq!(changed["version"], 2);
        tenant.patch("/v1/settings", &json!({ "currency": "EUR" })).await.refused(409, "setting_fixed");
        tenant
            .patch("/v1/settings", &json!({ "costing_method": "lifo" }))
            .await
            .refused(422, "validation_failed");
        let level = async || {
            let page = tenant.get("/v1/stock/levels?sku=MUG").await.ok();
            page["data"][0]["costing_method"].clone()
        };
        assert_eq!(level().await, "moving_average", "until something moves");
        receive(tenant, 1, ("MUG", "2", "7.00")).await;
        assert_eq!(level().await, "fifo");
        let kinds = tenant.get(&format!("/v1/stock/levels/{}/{}/layers", tenant.main, mug.id)).await.ok();
        let of = |place: usize, name: &str| kinds["data"][place][name].clone();
        assert_eq!(of(0, "document_kind"), json!("earlier_stock"));
        assert_eq!(of(1, "document_kind"), json!("receipt"));
        assert_eq!(of(0, "document_id"), Value::Null);
        assert_eq!(of(0, "line_no"), Value::Null);
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("4", "6.00"), ("2", "14.00")]));

        // The product switches back: the average of its layers.
        let path = format!("/v1/products/{}", mug.id);
        tenant.patch(&path, &json!({ "costing_method": "moving_average" })).await.ok();
        assert_eq!(adjust(tenant, "lost", "MUG", "-1").await, "-3.33");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[]));
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "16.67"));
        tenant.patch(&path, &json!({ "costing_method": null })).await.ok();
        assert_eq!(adjust(tenant, "lost", "MUG", "-1").await, "-3.33");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[("4", "13.34")]));
    });
}

#[test]
fn only_goods_that_are_counted_by_quantity_have_layers() {
    with_tenant(async |tenant| {
        for (sku, more) in [
            ("WORK", json!({ "kind": "service" })),
            ("SET", json!({ "kind": "bundle" })),
            ("MILK", json!({ "tracking": "lot" })),
        ] {
            let mut body = json!({ "sku": sku, "name": sku, "costing_method": "fifo" });
            for (name, value) in more.as_object().expect("members") {
                body[name] = value.clone();
            }
            let reply = tenant.post("/v1/products", &body).await;
            reply.refused(422, "validation_failed").names(&["#/costing_method"]);
        }
        let mug = fifo(tenant, "MUG").await;
        assert_eq!(layers(tenant, &tenant.main, &mug).await, [], "it was never here");
        let unknown = format!("/v1/stock/levels/loc_01h455vb4pex5vsknk084sn02q/{}/layers", mug.id);
        tenant.get(&unknown).await.refused(404, "not_found");
    });
}

/// 200 sales of one product by many tills at once: each layer is used to the last cent, none twice.
#[test]
fn many_tills_share_the_layers() {
    with_tenant(async |tenant| {
        let mug = fifo(tenant, "MUG").await;
        for day in 1..=20 {
            receive(tenant, day, ("MUG", "10", &format!("{day}.01"))).await;
        }
        let till = tenant.till().await;
        let sales = join_all((0..200).map(async |_| tenant.sell(&till, &[("MUG", "1")]).await.status)).await;
        assert_eq!(sales, vec![201; 200]);
        tenant.sell(&till, &[("MUG", "1")]).await.refused(409, "insufficient_stock");
        assert_eq!(layers(tenant, &tenant.main, &mug).await, parts(&[]));
        assert_eq!(tenant.balance("5010").await, "2102.00");
        assert_eq!(tenant.level("MUG").await, Level::of("0", "0", "0"));
    });
}
