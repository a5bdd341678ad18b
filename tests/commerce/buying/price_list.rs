//! Price lists of suppliers: many products and prices by SKU as JSON or CSV, once or again.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, Tenant, environment, with_tenant};
use uuid::Uuid;

use super::{order, sells, supplier};

/// Sends a CSV file. `query` is `?prices=add`, or empty.
async fn send(client: &Client, supplier: &str, query: &str, text: impl Into<Vec<u8>>) -> Reply {
    let path = format!("/v1/suppliers/{supplier}/products/import{query}");
    let call = client.call(Method::POST, &path).key(&Uuid::new_v4().to_string());
    call.body("text/csv; charset=utf-8", text).send().await
}

/// Returns the counts of an import: rows, created, updated, unchanged.
fn counts(report: &Value) -> [i64; 4] {
    ["rows", "created", "updated", "unchanged"].map(|name| report[name].as_i64().expect("a number"))
}

/// Returns row and column of each error.
fn cells(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("errors").iter();
    errors
        .map(|error| {
            let params = &error["params"];
            (params["row"].as_str().expect("a row"), params["column"].as_str().unwrap_or("-"))
        })
        .collect()
}

/// Returns a product of a supplier.
async fn shown(tenant: &Tenant, supplier: &str, sku: &str) -> Value {
    let page = tenant.get(&format!("/v1/suppliers/{supplier}/products?sku={sku}")).await.ok();
    page["data"][0].clone()
}

/// Returns quantity and cost of each price.
fn prices(shown: &Value) -> Vec<(&str, &str)> {
    let prices = shown["prices"].as_array().expect("prices").iter();
    prices
        .map(|price| {
            let [quantity, cost] = ["min_quantity", "unit_cost"].map(|name| price[name].as_str());
            (quantity.expect("a quantity"), cost.expect("a cost"))
        })
        .collect()
}

#[test]
fn one_list_twice_changes_nothing_the_second_time() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XBX", "factor": "100" }]);
        tenant.product_with("BOLT", json!({ "units": units })).await;
        tenant.product("NUT", "0.10").await;
        let nordbolt = supplier(tenant, "NORDBOLT", json!({})).await;
        let list = "\u{feff}SKU;Supplier SKU;uom;min_order_quantity;order_multiple;preferred;min_quantity;unit_cost;valid_from;valid_until\r\n\
                    BOLT;NB-0840;XBX;5;5;TRUE;0;95.00;;\r\n\
                    NUT;NB-0900;;;;;;0.05;;\r\n\
                    BOLT;NB-0840;XBX;5;5;TRUE;50;90.125;2026-01-01;2099-12-31\r\n";
        assert_eq!(counts(&send(tenant, &nordbolt, "", list).await.ok()), [3, 2, 0, 0]);
        let bolt = shown(tenant, &nordbolt, "BOLT").await;
        assert_eq!(
            [&bolt["supplier_sku"], &bolt["uom"], &bolt["min_order_quantity"], &bolt["order_multiple"]],
            ["NB-0840", "XBX", "5", "5"]
        );
        assert_eq!(bolt["preferred"], true);
        assert_eq!(prices(&bolt), [("0", "95.00"), ("50", "90.125")]);
        assert_eq!(
            (&bolt["prices"][1]["valid_from"], &bolt["prices"][1]["valid_until"]),
            (&json!("2026-01-01"), &json!("2099-12-31"))
        );
        assert_eq!(counts(&send(tenant, &nordbolt, "", list).await.ok()), [3, 0, 0, 2]);
        assert_eq!(shown(tenant, &nordbolt, "BOLT").await, bolt, "an unchanged product keeps its version");
        let german = "sku;unit_cost\r\nNUT;0,06\r\n";
        assert_eq!(counts(&send(tenant, &nordbolt, "?locale=de-DE", german).await.ok()), [1, 0, 1, 0]);
        assert_eq!(prices(&shown(tenant, &nordbolt, "NUT").await), [("0", "0.06")]);

        let lines = json!([{ "sku": "BOLT", "quantity": "50" }, { "sku": "NUT", "quantity": "10" }]);
        let made = order(tenant, json!({ "supplier_id": nordbolt, "lines": lines }), &[]).await;
        assert_eq!(made["value"], "4506.85", "an order has the prices of the list");
    });
}

#[test]
fn every_bad_row_is_named_and_nothing_is_written() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "CUP", "JUG", "POT"] {
            tenant.product(sku, "10.00").await;
        }
        tenant.product_with("HELP", json!({ "kind": "service" })).await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let list = "sku,uom,preferred,order_multiple,min_quantity,unit_cost,valid_from,valid_until\n\
                    MUG,,,,0,4.00,,\n\
                    NONE,,,,0,4.00,,\n\
                    CUP,XBX,,,0,4.00,,\n\
                    JUG,,perhaps,x,0,\"4,00\",yesterday,\n\
                    MUG,,true,,5,3.50,,\n\
                    MUG,,,,0,3.75,,\n\
                    POT,,,0,-1,-4.00,2026-02-01,2026-01-31\n\
                    POT,,,0,10,,,\n\
                    HELP,,,,0,1.00,,\n\
                    MUG,too few cells\n";
        let problem = send(tenant, &pottery, "", list).await.refused(422, "validation_failed").0;
        let expected = [
            ("3", "sku"),
            ("4", "uom"),
            ("5", "preferred"),
            ("5", "order_multiple"),
            ("5", "unit_cost"),
            ("5", "valid_from"),
            ("6", "preferred"),
            ("7", "min_quantity"),
            ("9", "unit_cost"),
            ("10", "sku"),
            ("11", "-"),
        ];
        let mut named = cells(&problem);
        named.sort_by_key(|(row, _)| row.parse::<usize>().expect("a number"));
        assert_eq!(named, expected);
        assert_eq!((&problem["rows"], &problem["refused"]), (&json!("10"), &json!("8")));
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("Nothing was written")));
        assert_eq!(tenant.count("supplier_product").await, 0);
        // What only the whole product shows is named at its row as well.
        let list = "sku,order_multiple,min_quantity,unit_cost,valid_from,valid_until\n\
                    POT,0,0,4.00,,\n\
                    POT,0,-1,-4.00,2026-02-01,2026-01-31\n";
        let problem = send(tenant, &pottery, "", list).await.refused(422, "validation_failed").0;
        let expected =
            [("2", "order_multiple"), ("3", "min_quantity"), ("3", "unit_cost"), ("3", "valid_until")];
        assert_eq!(cells(&problem), expected);
        // A list of one product only takes as long as one of many products.
        let many: String = (0..20_000).map(|number| format!("POT,{number},1\n")).collect();
        let problem = send(tenant, &pottery, "", format!("sku,min_quantity,unit_cost\n{many}")).await;
        assert_eq!(cells(&problem.refused(422, "validation_failed").0), [("2", "unit_cost")]);
    });
}

#[test]
fn prices_are_replaced_or_added_and_columns_that_are_not_there_stay() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "10.00").await.id;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let stated = json!({ "supplier_sku": "P-1", "min_order_quantity": "2",
            "prices": [{ "unit_cost": "4.00" }, { "min_quantity": "10", "unit_cost": "3.50" }] });
        sells(tenant, &pottery, &mug, stated).await;
        let next = "sku,min_quantity,unit_cost,valid_from\nMUG,0,4.20,2099-01-01\nMUG,10,3.60,\n";
        assert_eq!(counts(&send(tenant, &pottery, "?prices=add", next).await.ok()), [2, 0, 1, 0]);
        let added = shown(tenant, &pottery, "MUG").await;
        assert_eq!(prices(&added), [("0", "4.00"), ("10", "3.60"), ("0", "4.20")]);
        assert_eq!((&added["supplier_sku"], &added["min_order_quantity"]), (&json!("P-1"), &json!("2")));
        assert_eq!(counts(&send(tenant, &pottery, "?prices=add", next).await.ok()), [2, 0, 0, 1]);
        assert_eq!(counts(&send(tenant, &pottery, "", next).await.ok()), [2, 0, 1, 0]);
        assert_eq!(
            prices(&shown(tenant, &pottery, "MUG").await),
            [("0", "4.20"), ("10", "3.60")],
            "the list replaces all prices of a product that it names"
        );
        let code = "sku,supplier_sku,min_order_quantity\nMUG,P-2,\n";
        assert_eq!(counts(&send(tenant, &pottery, "", code).await.ok()), [1, 0, 1, 0]);
        let kept = shown(tenant, &pottery, "MUG").await;
        assert_eq!((&kept["supplier_sku"], &kept["min_order_quantity"]), (&json!("P-2"), &json!("0")));
        assert_eq!(prices(&kept).len(), 2);
        assert_eq!(counts(&send(tenant, &pottery, "", "sku,unit_cost\nMUG,\n").await.ok()), [1, 0, 1, 0]);
        assert!(prices(&shown(tenant, &pottery, "MUG").await).is_empty());
        send(tenant, &pottery, "?prices=some", code).await.refused(400, "invalid_parameter");
    });
}

#[test]
fn the_supplier_that_loses_the_mark_has_an_event_too() {
    with_tenant(async |tenant| {
        let (mug, cup) = (tenant.product("MUG", "10.00").await.id, tenant.product("CUP", "9.00").await.id);
        let (first, second) =
            (supplier(tenant, "FIRST", json!({})).await, supplier(tenant, "SECOND", json!({})).await);
        for product in [&mug, &cup] {
            sells(tenant, &first, product, json!({ "preferred": true })).await;
        }
        let list = "sku,preferred\nMUG,true\nCUP,true\n";
        assert_eq!(counts(&send(tenant, &second, "", list).await.ok()), [2, 2, 0, 0]);
        assert_eq!(shown(tenant, &first, "MUG").await["preferred"], false);
        assert_eq!(shown(tenant, &second, "CUP").await["preferred"], true);
        let events = tenant.events("type=supplier.prices_imported").await;
        let about: Vec<&Value> = events.iter().map(|event| &event["data"]["object"]["id"]).collect();
        assert_eq!(about, [&second, &first]);
        send(tenant, &second, "", list).await.ok();
        let events = tenant.events("type=supplier.prices_imported").await;
        assert_eq!(events.len(), 3, "a list without a change is an event of its supplier only");
    });
}

#[test]
fn json_items_point_at_their_fields_and_a_dry_run_writes_nothing() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let path = format!("/v1/suppliers/{pottery}/products/import");
        let wrong =
            json!({ "items": [{ "sku": "MUG", "unit_cost": 4, "colour": "red" }, { "unit_cost": "4" }, []] });
        let problem = tenant.post(&path, &wrong).await.refused(422, "validation_failed");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(
            pointers,
            ["#/items/0/colour", "#/items/0/unit_cost", "#/items/1/sku", "#/items/2"],
            "{}",
            problem.0
        );
        let items = json!({ "items": [{ "sku": "MUG", "preferred": true, "unit_cost": "4.00", "valid_until": null }] });
        assert_eq!(counts(&tenant.dry_run(&path, &items).await.ok()), [1, 1, 0, 0]);
        assert_eq!(tenant.count("supplier_product").await, 0);
        assert_eq!(counts(&tenant.post_as(&path, "once", &items).await.ok()), [1, 1, 0, 0]);
        let again = tenant.post_as(&path, "once", &items).await;
        assert!(again.is_replayed() && counts(&again.ok()) == [1, 1, 0, 0], "{}", again.text);
        let nowhere = "/v1/suppliers/sup_01h455vb4pex5vsknk084sn02q/products/import";
        tenant.post(nowhere, &items).await.refused(404, "not_found");
    });
}

#[test]
fn the_head_and_the_length_of_a_list_are_checked() {
    with_tenant(async |tenant| {
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let refused = async |text: &str| send(tenant, &pottery, "", text).await;
        let unknown = refused("sku,colour\nA,red\n").await;
        unknown.refused(400, "unknown_field");
        assert!(unknown.text.contains("colour") && unknown.text.contains("unit_cost"), "{}", unknown.text);
        refused("").await.refused(400, "malformed_csv");
        refused("sku,unit_cost,sku\n").await.refused(422, "validation_failed");
        refused("unit_cost\n4.00\n").await.refused(422, "validation_failed");
        assert_eq!(counts(&refused("sku,unit_cost\n").await.ok()), [0, 0, 0, 0]);
        let many = format!("sku,unit_cost\n{}", "MUG,1\n".repeat(20_001));
        let long = refused(&many).await;
        long.refused(422, "validation_failed");
        assert!(long.text.contains("20000"), "{}", long.text);
    });
}

#[test]
fn a_list_costs_as_many_statements_as_a_product() {
    with_tenant(async |tenant| {
        let items: Vec<Value> =
            (0..200).map(|row| json!({ "sku": format!("SKU-{row}"), "name": "Thing" })).collect();
        tenant.post("/v1/products/import", &json!({ "items": items })).await.ok();
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        client.get("/v1/me").await.ok();
        let cost = async |rows: usize, cost: &str| {
            let rows: String = (0..rows).map(|row| format!("SKU-{row},true,{cost}\n")).collect();
            let before = node.app.db.statements();
            send(&client, &pottery, "", format!("sku,preferred,unit_cost\n{rows}")).await.ok();
            node.app.db.statements() - before
        };
        let (one, many) = (cost(1, "1").await, cost(200, "2").await);
        assert!(many <= one + 2, "one row costs {one} statements, 200 cost {many}");
    });
}
