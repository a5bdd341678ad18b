//! Several faults of one line: a rejection lists all of them.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

use super::{also, goods, lists, refused, with};
use crate::platform::auth::key_with;

#[test]
fn a_line_lists_all_of_its_faults() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        tenant.product_with("MILK", json!({ "list_price": "1.00", "tracking": "lot" })).await;
        let old = tenant.product("OLD", "10.00").await;
        tenant.patch(&format!("/v1/products/{}", old.id), &json!({ "status": "archived" })).await.ok();
        let customer = tenant.customer("Nordwind Supply").await;
        let twice = json!([{ "code": "A", "quantity": "0" }, { "code": "A" }]);
        let unknown = json!({ "sku": "MILK", "quantity": "1", "lots": [{ "code": "NONE" }] });
        let lines = json!([{ "sku": "OLD", "quantity": "-1", "uom": "XPX", "lots": twice }, unknown]);
        let order = json!({ "customer_id": customer, "advance_to": "confirmed", "lines": lines });
        let expected = [
            "#/lines/0/sku",
            "#/lines/0/quantity",
            "#/lines/0/uom",
            "#/lines/0/lots/0/quantity",
            "#/lines/0/lots/1/code",
            "#/lines/1/lots/0/code",
        ];
        refused(&tenant.post("/v1/orders", &order).await, &expected);
        let with_lots = || {
            let line = |code: &str| json!({ "sku": "MUG", "quantity": "1", "lots": [{ "code": code }] });
            json!([line("A"), line("B")])
        };
        let draft = json!({ "customer_id": customer, "advance_to": "draft", "lines": with_lots() });
        let waiting = [("advance_to", json!("confirmed")), ("policy", json!("backorder"))];
        for order in [draft.clone(), with(&draft, &waiting)] {
            refused(&tenant.post("/v1/orders", &order).await, &["#/lines/0/lots", "#/lines/1/lots"]);
        }
        let awaited = json!({ "expected_on": "2999-01-01", "lines": with_lots() });
        let reply = tenant.post("/v1/stock/expected-receipts", &awaited).await;
        refused(&reply, &["#/lines/0/lots", "#/lines/1/lots"]);

        let made = tenant.order(&customer, &[("MUG", "1")], "confirmed").await.created();
        let path = format!("/v1/orders/{}/ship", made["id"].as_str().expect("an id"));
        let lines = json!([{ "line_no": 9, "quantity": "0", "lots": twice }]);
        let parcel = json!({ "occurred_at": "2999-01-01T00:00:00Z", "lines": lines });
        let of_lots = ["#/lines/0/lots/0/quantity", "#/lines/0/lots/1/code"];
        let expected = ["#/occurred_at", "#/lines/0/line_no", "#/lines/0/quantity"];
        refused(&tenant.post(&path, &parcel).await, &also(&expected, &of_lots));
        refuse_lines_of_stock(tenant, &twice).await;
        refuse_lines_of_buying(tenant, &twice).await;
    });
}

/// Sends documents of stock whose lines have several faults each.
async fn refuse_lines_of_stock(tenant: &Tenant, twice: &Value) {
    let issued = json!({ "sku": "NOSUCH", "quantity": "-1", "unit_cost": "1", "lots": twice });
    let milk = |quantity: &str| json!({ "sku": "MILK", "quantity": quantity, "lots": [{ "code": "NONE" }] });
    let unnamed = json!({ "sku": "MILK", "quantity": "1" });
    let lines = json!([issued, milk("-1"), unnamed]);
    let moved = json!({ "kind": "adjustment", "reason": "nonsense", "lines": lines });
    let of_lots = ["#/lines/0/lots/0/quantity", "#/lines/0/lots/1/code", "#/lines/1/lots/0/code"];
    let expected = ["#/reason", "#/lines/0/sku", "#/lines/0/unit_cost", "#/lines/2/lots"];
    refused(&tenant.post("/v1/stock/documents", &moved).await, &also(&of_lots, &expected));
    let line = json!({ "sku": "MUG", "quantity": "1", "unit_cost": "1" });
    let sideways = json!({ "kind": "revaluation", "reason": "nonsense", "lines": [line] });
    refused(&tenant.post("/v1/stock/documents", &sideways).await, &["#/kind", "#/reason"]);

    let untracked = json!({ "sku": "MUG", "quantity": "1", "lots": [{ "code": "A" }] });
    let lines = json!([{ "sku": "NOSUCH", "quantity": "0", "lots": twice }, milk("1"), untracked]);
    let sent = json!({ "to_location_id": tenant.main, "lines": lines });
    let of_lines = ["#/lines/0/sku", "#/lines/0/quantity", "#/lines/2/lots"];
    let expected = also(&also(&of_lots, &of_lines), &["#/to_location_id"]);
    refused(&tenant.post("/v1/stock/transfers", &sent).await, &expected);
    let held = json!({ "register_id": "reg_01h455vb4pex5vsknk084sn02q", "channel": "retail",
        "location_id": "loc_01h455vb4pex5vsknk084sn02q", "expires_at": "2020-01-01T00:00:00Z", "lines": lines });
    let of_head = ["#/register_id", "#/channel", "#/location_id", "#/expires_at"];
    let expected = also(&also(&of_lots, &of_lines), &of_head);
    refused(&tenant.post("/v1/stock/holds", &held).await, &expected);
    let sound = json!({ "to_location_id": tenant.shop, "lines": [{ "sku": "MUG", "quantity": "1" }] });
    let sound = tenant.make("/v1/stock/transfers", sound).await;
    let came = json!({ "missing_reason": "nonsense", "lines": [{ "line_no": 9, "quantity": "-1" }] });
    let reply = tenant.post(&format!("/v1/stock/transfers/{sound}/receive"), &came).await;
    refused(&reply, &["#/missing_reason", "#/lines/0/line_no", "#/lines/0/quantity"]);

    let count = tenant.make("/v1/counts", json!({})).await;
    let entries = json!({ "entries": [
        { "sku": "MILK", "quantity": "-1" },
        { "sku": "MUG", "quantity": "-1", "uom": "XPX", "lot_code": "A" },
    ] });
    let expected = [
        "#/entries/0/quantity",
        "#/entries/0/lot_code",
        "#/entries/1/quantity",
        "#/entries/1/uom",
        "#/entries/1/lot_code",
    ];
    refused(&tenant.post(&format!("/v1/counts/{count}/entries"), &entries).await, &expected);
}

/// Orders, receives and bills goods with several faults a line.
async fn refuse_lines_of_buying(tenant: &Tenant, twice: &Value) {
    let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
    // A currency without a rate hides no line.
    let wrong = json!({ "purchase_order_id": "por_01h455vb4pex5vsknk084sn02q", "order_line_no": 1, "quantity": "0",
        "unit_cost": "-1", "tax_value": "-1" });
    let bill = json!({ "supplier_id": supplier, "supplier_number": "4711", "dated": "2026-01-02",
        "currency": "USD", "lines": [wrong] });
    let expected = ["#/lines/0/purchase_order_id", "#/lines/0/quantity", "#/lines/0/unit_cost"];
    let expected = also(&expected, &["#/lines/0/tax_value", "#/exchange_rate"]);
    refused(&tenant.post("/v1/bills", &bill).await, &expected);
    let line = |quantity: &str| json!({ "sku": "MUG", "quantity": quantity, "unit_cost": "2" });
    let order = json!({ "supplier_id": supplier, "lines": [line("5"), line("0")] });
    // The lines have the location of the order, whose fault is listed once.
    let nowhere = with(&order, &[("location_id", json!("loc_01h455vb4pex5vsknk084sn02q"))]);
    let problem = tenant.post("/v1/purchase-orders", &nowhere).await.refused(404, "not_found");
    lists(&problem, &["#/location_id", "#/lines/1/quantity"]);
    let order = with(&order, &[("lines", json!([line("5")]))]);
    let order = tenant.make("/v1/purchase-orders", order).await;
    let step = |verb: &str| format!("/v1/purchase-orders/{order}/{verb}");
    tenant.post(&step("send"), &json!({})).await.ok();
    let fewer = json!({ "lines": [{ "line_no": 9, "expected_on": "2999-01-01", "open": "-1" }] });
    let problem = tenant.post(&step("confirm"), &fewer).await.refused(404, "not_found");
    // Line 1 has no day.
    lists(&problem, &["#/lines/0/line_no", "#/lines", "#/lines/0/open"]);
    let lines = json!([
        { "line_no": 9, "quantity": "0", "unit_cost": "-1" },
        { "line_no": 1, "quantity": "-1", "unit_cost": "-1", "uom": "XPX", "lots": twice },
    ]);
    let expected = [
        "#/lines/0/line_no",
        "#/lines/0/quantity",
        "#/lines/0/unit_cost",
        "#/lines/1/uom",
        "#/lines/1/quantity",
        "#/lines/1/unit_cost",
        "#/lines/1/lots/0/quantity",
        "#/lines/1/lots/1/code",
    ];
    let problem = tenant.post(&step("receive"), &json!({ "lines": lines })).await.refused(404, "not_found");
    lists(&problem, &expected);
}

#[test]
fn a_line_of_an_original_that_comes_back_lists_all_of_its_faults() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let till = tenant.till().await;
        let back = |original: &Value, lines: Value| {
            json!({ "register_id": till.register_id, "original_id": original, "original_lines": lines,
                "tenders": [{ "kind": "cash" }] })
        };
        let unknown =
            back(&json!("sal_01h455vb4pex5vsknk084sn02q"), json!([{ "line_no": 0, "quantity": "0" }]));
        let problem = tenant.post("/v1/pos/refunds", &unknown).await.refused(404, "not_found");
        lists(&problem, &["#/original_id", "#/original_lines/0/line_no", "#/original_lines/0/quantity"]);

        let sold = tenant.sell(&till, &[("MUG", "2")]).await.created();
        let lines = json!([{ "line_no": 1, "quantity": "5" }, { "line_no": 1, "quantity": "1" },
            { "line_no": 1, "quantity": "0" }]);
        let problem = tenant.post("/v1/pos/refunds", &back(&sold["id"], lines)).await;
        let problem = problem.refused(422, "return_exceeds_sale");
        let expected =
            ["#/original_lines/0/quantity", "#/original_lines/1/line_no", "#/original_lines/2/quantity"];
        lists(&problem, &expected);
        assert_eq!(problem.0["errors"][2]["detail"], "The quantity must be above zero.");
    });
}

#[test]
fn a_line_of_an_amendment_hides_no_fault_of_the_others() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let old = tenant.product("OLD", "10.00").await;
        tenant.patch(&format!("/v1/products/{}", old.id), &json!({ "status": "archived" })).await.ok();
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "1")], "confirmed").await.created();
        let path = format!("/v1/orders/{}/amend", order["id"].as_str().expect("an id"));
        let lines = json!([
            { "line_no": 9, "quantity": "1" },
            { "sku": "NOSUCH", "quantity": "0" },
            { "sku": "MUG", "quantity": "-1" },
            { "line_no": 0, "quantity": "0" },
            { "sku": "NOPRICE", "quantity": "1" },
            { "sku": "OLD", "quantity": "1" },
        ]);
        let expected = [
            "#/lines/0/line_no",
            "#/lines/1/sku",
            "#/lines/1/quantity",
            "#/lines/2/quantity",
            "#/lines/3/line_no",
            "#/lines/3/quantity",
            "#/lines/4/sku",
            "#/lines/5/sku",
        ];
        refused(&tenant.post(&path, &json!({ "lines": lines })).await, &expected);
    });
}

#[test]
fn an_unknown_product_hides_no_price_below_the_limit_of_the_caller() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("MUG", "1")], "confirmed").await.created();
        let amended = format!("/v1/orders/{}/amend", order["id"].as_str().expect("an id"));
        let scopes = json!({ "scopes": ["orders:write", "prices:override"], "discount_max": "5" });
        let seller = tenant.with_key(&key_with(tenant, scopes).await.1);
        let lines = json!([
            { "sku": "MUG", "quantity": "1", "unit_price": "5.00" },
            { "sku": "NOSUCH", "quantity": "1" },
        ]);
        let placed = json!({ "customer_id": customer, "lines": lines });
        for (path, body) in [("/v1/orders", placed), (amended.as_str(), json!({ "lines": lines }))] {
            let problem = seller.post(path, &body).await.refused(404, "not_found");
            lists(&problem, &["#/lines/0/unit_price", "#/lines/1/sku"]);
        }
    });
}
