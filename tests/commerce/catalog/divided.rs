//! No document takes a finer quantity than the stock unit of its product allows: in no command that moves stock, in no
//! unit, and not through a bundle.

use serde_json::{Value, json};
use tests::{Level, Tenant, Till, lines, sale, with_tenant};

/// Mugs are counted. Flour is weighed to 100 grams. A case has six mugs, so half a case is whole mugs.
async fn shop(tenant: &Tenant) -> Till {
    let units = json!([{ "uom": "XCS", "factor": "6" }]);
    tenant.product_with("MUG", json!({ "list_price": "10.00", "units": units })).await;
    let kilogram = json!({ "list_price": "1.00", "stock_uom": "KGM", "stock_decimals": 1 });
    tenant.product_with("FLOUR", kilogram).await;
    tenant.open_stock(&[("MUG", "100", "4.00"), ("FLOUR", "100", "0.50")]).await;
    tenant.till().await
}

/// Checks that the command is rejected with this pointer, and that it changes nothing. Returns its detail.
async fn refuses(tenant: &Tenant, path: &str, body: &Value, pointer: &str) -> String {
    let before = tenant.footprint().await;
    let refused = tenant.post(path, body).await.refused(422, "validation_failed").names(&[pointer]);
    let detail = refused.0["errors"][0]["detail"].as_str().expect("a detail").to_owned();
    assert!(detail.contains("is counted in") && detail.contains("correct the quantity"), "{path}: {detail}");
    let after = tenant.footprint().await;
    let changed: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
    let only_noted = changed.iter().all(|(old, _)| ["command", "number_series"].contains(&old.0));
    assert!(only_noted, "{path} left {changed:?}");
    detail
}

#[test]
fn every_command_that_takes_goods_takes_whole_ones() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let customer = tenant.customer("Alder Wholesale").await;
        for (sku, wrong) in [("MUG", "1.5"), ("FLOUR", "0.25")] {
            let wanted = lines(&[("MUG", "1"), (sku, wrong)]);
            let costly = |quantity: &str| json!([{ "sku": sku, "quantity": quantity, "unit_cost": "1" }]);
            let less = format!("-{wrong}");
            let mut blind = sale(&till, &[("MUG", "1"), (sku, wrong)]);
            for (path, body, line) in [
                ("/v1/pos/sales", blind.clone(), 1),
                ("/v1/orders", json!({ "customer_id": customer, "lines": wanted }), 1),
                ("/v1/returns", json!({ "customer_id": customer, "lines": wanted }), 1),
                ("/v1/stock/holds", json!({ "kind": "quarantine", "lines": wanted }), 1),
                ("/v1/stock/transfers", json!({ "to_location_id": tenant.shop, "lines": wanted }), 1),
                ("/v1/stock/expected-receipts", json!({ "expected_on": "2030-01-01", "lines": wanted }), 1),
                ("/v1/stock/documents", json!({ "kind": "receipt", "lines": costly(wrong) }), 0),
                ("/v1/stock/documents", json!({ "kind": "opening", "lines": costly(wrong) }), 0),
                (
                    "/v1/stock/documents",
                    json!({ "kind": "adjustment", "reason": "lost", "lines": lines(&[(sku, &less)]) }),
                    0,
                ),
            ] {
                refuses(tenant, path, &body, &format!("#/lines/{line}/quantity")).await;
            }
            blind["tenders"] = json!([{ "kind": "cash" }]);
            refuses(tenant, "/v1/pos/refunds", &blind, "#/lines/1/quantity").await;
        }
        tenant.sell(&till, &[("FLOUR", "0.5"), ("MUG", "2.000")]).await.created();
        assert_eq!(tenant.level("FLOUR").await, Level::of("99.5", "0", "49.75"));
    });
}

#[test]
fn what_counts_is_the_stock_unit_and_what_is_in_a_bundle() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let cases = |quantity: &str| {
            let line = json!({ "sku": "MUG", "uom": "XCS", "quantity": quantity });
            json!({ "register_id": till.register_id, "lines": [line], "tenders": [{ "kind": "cash" }] })
        };
        tenant.post("/v1/pos/sales", &cases("0.5")).await.created();
        assert_eq!(tenant.level("MUG").await, Level::of("97", "0", "388"));
        let detail = refuses(tenant, "/v1/pos/sales", &cases("0.25"), "#/lines/0/quantity").await;
        let expected = "MUG is counted in whole numbers of C62, which 0.25 XCS is not: correct the quantity. A multiple of \
                        1 XCS is possible.";
        assert_eq!(detail, expected);
        let more = json!({ "kind": "bundle", "list_price": "12.00", "stock_uom": "KGM" });
        let set = tenant.product_with("SET", more).await;
        let parts = json!([{ "sku": "MUG", "quantity": "2" }, { "sku": "FLOUR", "quantity": "0.4" }]);
        let path = format!("/v1/products/{}/components", set.id);
        tenant.put(&path, &json!({ "components": parts })).await.ok();
        tenant.sell(&till, &[("SET", "1.5")]).await.created();
        assert_eq!(tenant.level("FLOUR").await, Level::of("99.4", "0", "49.7"));
        let wrong = sale(&till, &[("SET", "1.25")]);
        let detail = refuses(tenant, "/v1/pos/sales", &wrong, "#/lines/0/quantity").await;
        let expected = "MUG is counted in whole numbers of C62: correct the quantity 1.25 of the bundle SET, which would \
                        contain 2.5 of it.";
        assert_eq!(detail, expected);
        let units = json!([{ "uom": "XBX", "factor": "1/3" }]);
        tenant.product_with("CUP", json!({ "list_price": "1.00", "units": units })).await;
        let boxed = json!([{ "sku": "CUP", "uom": "XBX", "quantity": "1" }]);
        let held = json!({ "kind": "quarantine", "lines": boxed });
        let detail = refuses(tenant, "/v1/stock/holds", &held, "#/lines/0/quantity").await;
        let expected = "CUP is counted in whole numbers of C62, which 1 XBX is not: correct the quantity. A multiple of \
                        3 XBX is possible.";
        assert_eq!(detail, expected);
    });
}

#[test]
fn a_part_of_a_document_is_whole_as_well() {
    with_tenant(async |tenant| {
        let till = shop(tenant).await;
        let customer = tenant.customer("Alder Wholesale").await;
        let id = |document: &Value| document["id"].as_str().expect("an id").to_owned();
        let part = |name: &str| json!({ name: [{ "line_no": 1, "quantity": "0.5" }] });
        let order = tenant.order(&customer, &[("MUG", "3")], "confirmed").await.created();
        let ship = format!("/v1/orders/{}/ship", id(&order));
        refuses(tenant, &ship, &part("lines"), "#/lines/0/quantity").await;
        let body = json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "3")]) });
        let transfer = tenant.post("/v1/stock/transfers", &body).await.created();
        let arrive = format!("/v1/stock/transfers/{}/receive", id(&transfer));
        refuses(tenant, &arrive, &part("lines"), "#/lines/0/quantity").await;
        let sold = tenant.sell(&till, &[("MUG", "3")]).await.created();
        let mut refund = part("original_lines");
        refund["original_id"] = sold["id"].clone();
        refund["register_id"] = json!(till.register_id);
        refund["tenders"] = json!([{ "kind": "cash" }]);
        refuses(tenant, "/v1/pos/refunds", &refund, "#/original_lines/0/quantity").await;
        let billed = tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
        let mut back = part("original_lines");
        back["original_id"] = billed["invoices"][0]["id"].clone();
        back["customer_id"] = json!(customer);
        refuses(tenant, "/v1/returns", &back, "#/original_lines/0/quantity").await;
        tenant.post(&ship, &json!({ "lines": [{ "line_no": 1, "quantity": "2" }] })).await.ok();
    });
}
