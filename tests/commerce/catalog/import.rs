//! Bulk import of products: by SKU as JSON or CSV, once or again, and the export in the same form.

use std::fmt::Write as _;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, Reply, environment, with_tenant};
use uuid::Uuid;

const IMPORT: &str = "/v1/products/import";
const EXPORT: &str = "/v1/products/export";

/// Sends a CSV file.
async fn send(client: &Client, path: &str, text: impl Into<Vec<u8>>) -> Reply {
    let call = client.call(Method::POST, path).key(&Uuid::new_v4().to_string());
    call.body("text/csv; charset=utf-8", text).send().await
}

/// Returns the counts of an import: created, updated, unchanged, rejected.
fn counts(report: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|name| report[name].as_i64().expect("a number"))
}

/// Returns row and column of each error of a report.
fn errors(report: &Value) -> Vec<(i64, &str)> {
    let errors = report["errors"].as_array().expect("errors").iter();
    errors
        .map(|error| (error["row"].as_i64().expect("a row"), error["column"].as_str().unwrap_or("-")))
        .collect()
}

/// Returns row and column of each error of a problem.
fn refused_cells(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("errors").iter();
    errors
        .map(|error| {
            let params = &error["params"];
            (params["row"].as_str().expect("a row"), params["column"].as_str().unwrap_or("-"))
        })
        .collect()
}

#[test]
fn one_file_twice_changes_nothing_the_second_time() {
    with_tenant(async |tenant| {
        tenant.make("/v1/categories", json!({ "code": "mugs", "name": "Mugs" })).await;
        let file = "\u{feff}name,sku,list_price,category,units,barcodes\r\n\
                    \"Mug, \"\"blue\"\"\",MUG,4.50,mugs,XCS=12|XBX=6@25,4006381333931\r\n\
                    Cup,CUP,,,,\r\n";
        assert_eq!(counts(&send(tenant, IMPORT, file).await.ok()), [2, 0, 0, 0]);
        let mug = &tenant.get("/v1/products?sku=MUG").await.ok()["data"][0];
        assert_eq!(mug["name"], "Mug, \"blue\"");
        assert_eq!(mug["list_price"], "4.50");
        assert_eq!(mug["units"][0]["list_price"], "25.00");
        assert_eq!(mug["units"][1]["uom"], "XCS");
        assert_eq!(mug["units"][1]["factor"], "12");
        assert_eq!(mug["barcodes"], json!(["4006381333931"]));
        assert_eq!(counts(&send(tenant, IMPORT, file).await.ok()), [0, 0, 2, 0]);
        let again = &tenant.get("/v1/products?sku=MUG").await.ok()["data"][0];
        assert_eq!(again["version"], 1, "an unchanged product keeps its version");
    });
}

#[test]
fn a_column_that_is_not_there_leaves_what_is_there_and_an_empty_cell_clears_it() {
    with_tenant(async |tenant| {
        let more = json!({ "list_price": "4.50", "description": "Blue", "external_ref": "erp-1" });
        tenant.product_with("MUG", more).await;
        let report = send(tenant, IMPORT, "sku,description\nMUG,\nCUP,Small\n").await;
        let problem = report.refused(422, "validation_failed");
        assert_eq!(refused_cells(&problem.0), [("3", "name")], "a new product needs a name");
        assert_eq!(counts(&send(tenant, IMPORT, "sku,description\nMUG,\n").await.ok()), [0, 1, 0, 0]);
        let mug = &tenant.get("/v1/products?sku=MUG").await.ok()["data"][0];
        assert_eq!(mug["description"], "");
        assert_eq!(mug["version"], 2);
        assert_eq!(mug["list_price"], "4.50");
        assert_eq!(mug["external_ref"], "erp-1");
    });
}

#[test]
fn one_bad_row_writes_nothing_unless_the_rest_is_asked_for() {
    with_tenant(async |tenant| {
        tenant.product("TAKEN", "1").await;
        let file = "sku,name,list_price,kind,category,barcodes,external_ref,units\n\
                    A,Good,1,,,,,\n\
                    B,,2,,,,,\n\
                    C,Wrong price,\"1,5\",thing,nowhere,4006381333932,,\n\
                    A,Again,1,,,,,\n\
                    D,Too few cells\n\
                    E,Case of nothing,1,,,,,XCS=0\n\
                    F,Also good,1,,,,,\n";
        let expected = [
            (3, "name"),
            (4, "list_price"),
            (4, "kind"),
            (4, "category"),
            (5, "sku"),
            (6, "-"),
            (7, "units"),
        ];
        let problem = send(tenant, IMPORT, file).await.refused(422, "validation_failed").0;
        let mut told: Vec<(i64, &str)> = refused_cells(&problem)
            .into_iter()
            .map(|(row, column)| (row.parse().expect("a number"), column))
            .collect();
        told.sort_by_key(|(row, _)| *row);
        assert_eq!(told, expected);
        assert_eq!(problem["refused"], "5");
        assert_eq!(problem["rows"], "7");
        assert_eq!(tenant.count("product").await, 1, "nothing is written");

        let partial = format!("{IMPORT}?mode=partial");
        let report = send(tenant, &partial, file).await.ok();
        assert_eq!(counts(&report), [2, 0, 0, 5]);
        assert_eq!(errors(&report).len(), expected.len());
        let codes: Vec<&Value> =
            report["errors"].as_array().expect("errors").iter().map(|error| &error["code"]).collect();
        assert!(codes.contains(&&json!("malformed_csv")) && codes.contains(&&json!("already_exists")));
        assert_eq!(tenant.count("product").await, 3);
        let barcode = "sku,barcodes\nF,4006381333932\n";
        let problem = send(tenant, IMPORT, barcode).await.refused(422, "validation_failed").0;
        assert_eq!(refused_cells(&problem), [("2", "barcodes")], "a check digit is verified");
    });
}

#[test]
fn json_items_point_at_their_fields() {
    with_tenant(async |tenant| {
        tenant.product_with("MUG", json!({ "list_price": "4.50", "description": "Blue" })).await;
        let items = json!({ "items": [
            { "sku": "MUG", "list_price": "5", "description": null },
            { "sku": "CUP", "name": "Cup", "units": [{ "uom": "XCS", "factor": "0" }] },
            { "sku": "JUG", "name": "Jug", "colour": "red" },
            { "name": "No SKU" },
        ]});
        let problem = tenant.post(IMPORT, &items).await.refused(422, "validation_failed");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, ["#/items/1/units/0/factor", "#/items/2/colour", "#/items/3/sku"]);
        let report = tenant.post(&format!("{IMPORT}?mode=partial"), &items).await.ok();
        assert_eq!(counts(&report), [0, 1, 0, 3]);
        let mug = &tenant.get("/v1/products?sku=MUG").await.ok()["data"][0];
        assert_eq!(mug["list_price"], "5.00");
        assert_eq!(mug["description"], "");
        assert_eq!(mug["name"], "Product MUG", "what is not named stays");
        let again = tenant.post(&format!("{IMPORT}?mode=partial"), &items).await.ok();
        assert_eq!(counts(&again), [0, 0, 1, 3]);
    });
}

#[test]
fn a_dry_run_tells_what_would_happen() {
    with_tenant(async |tenant| {
        let file = "sku,name\nMUG,Mug\nCUP,Cup\n";
        let call = tenant.call(Method::POST, IMPORT).key("once").header("prefer", "dry-run");
        let reply = call.body("text/csv", file).send().await;
        assert_eq!(counts(&reply.ok()), [2, 0, 0, 0]);
        assert_eq!(reply.header("preference-applied"), Some("dry-run"));
        assert_eq!(tenant.count("product").await, 0);
        let import = async |path: &str| {
            tenant.call(Method::POST, path).key("once").body("text/csv", file).send().await
        };
        assert_eq!(counts(&import(IMPORT).await.ok()), [2, 0, 0, 0]);
        let repeated = import(IMPORT).await;
        assert_eq!(counts(&repeated.ok()), [2, 0, 0, 0]);
        assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
        import(&format!("{IMPORT}?mode=partial")).await.refused(422, "idempotency_key_reused");
    });
}

#[test]
fn the_head_of_a_file_is_checked_before_its_rows() {
    with_tenant(async |tenant| {
        let unknown = send(tenant, IMPORT, "sku,name,colour\nA,B,red\n").await.refused(400, "unknown_field");
        assert!(
            unknown.0["detail"].as_str().is_some_and(|detail| detail.contains("colour")),
            "{}",
            unknown.0
        );
        send(tenant, IMPORT, "").await.refused(400, "malformed_csv");
        let open = send(tenant, IMPORT, "sku,name,list_price\nA1,Cup,1\nA2,\"unclosed\n").await;
        let detail =
            "The quoted cell that begins in line 3 has no end. Close it, or write a quote in a cell twice.";
        assert_eq!(open.refused(400, "malformed_csv").0["detail"], detail);
        send(tenant, IMPORT, b"sku,n\xe4me\n".to_vec()).await.refused(400, "malformed_csv");
        send(tenant, IMPORT, "sku,name,sku\n").await.refused(422, "validation_failed");
        send(tenant, IMPORT, "name\nMug\n").await.refused(422, "validation_failed");
        assert_eq!(counts(&send(tenant, IMPORT, "sku,name\n").await.ok()), [0, 0, 0, 0]);
        let latin1 =
            send(tenant, &format!("{IMPORT}?mode=partial"), b"sku,name\nA,M\xfcg\nB,Mug\n".to_vec()).await;
        assert_eq!(counts(&latin1.ok()), [1, 0, 0, 1]);
        assert_eq!(errors(&latin1.ok()), vec![(2, "-")]);
        assert!(latin1.text.contains("CSV UTF-8"), "{}", latin1.text);
        let call = tenant.call(Method::POST, IMPORT).key("k").body("text/plain", "sku,name\n");
        call.send().await.refused(415, "unsupported_media_type");
        tenant.post(IMPORT, &json!([])).await.refused(422, "validation_failed");
        tenant.post(&format!("{IMPORT}?mode=some"), &json!({})).await.refused(400, "invalid_parameter");
        send(tenant, &format!("{IMPORT}?mode=partial"), "sku,name\n\0,Mug\n").await.ok();
    });
}

#[test]
fn rows_are_carried_out_in_order_so_that_products_may_swap_what_is_unique() {
    with_tenant(async |tenant| {
        let file = "sku,name,barcodes,external_ref\nA,A,4006381333931,one\nB,B,96385074,two\nC,C,,\n";
        send(tenant, IMPORT, file).await.ok();
        let taken = "sku,barcodes,external_ref\nB,4006381333931,one\nA,96385074,two\n";
        let problem = send(tenant, IMPORT, taken).await.refused(422, "validation_failed").0;
        assert_eq!(problem["errors"][0]["code"], "duplicate_external_ref");
        let passed_on = "sku,barcodes,external_ref\nA,,\nB,4006381333931,one\nC,96385074,two\n";
        assert_eq!(counts(&send(tenant, IMPORT, passed_on).await.ok()), [0, 3, 0, 0]);
        assert_eq!(tenant.get("/v1/barcodes/4006381333931").await.ok()["product"]["sku"], "B");
        assert_eq!(tenant.get("/v1/products?external_ref=two").await.ok()["data"][0]["sku"], "C");
    });
}

#[test]
fn what_stock_depends_on_does_not_change_by_import() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "4.50", ("1", "1")).await;
        tenant.product("CUP", "1").await;
        let report =
            send(tenant, &format!("{IMPORT}?mode=partial"), "sku,stock_uom\nMUG,KGM\nCUP,KGM\n").await;
        let report = report.ok();
        assert_eq!(counts(&report), [0, 1, 0, 1]);
        assert_eq!(errors(&report), vec![(2, "stock_uom")]);
    });
}

#[test]
fn semicolons_and_tabs_stand_between_cells_as_well() {
    with_tenant(async |tenant| {
        let file = "\u{feff}sku;name;description\r\nA;Mug;\"blue, or; green\"\r\nB;Cup;\r\n";
        assert_eq!(counts(&send(tenant, IMPORT, file).await.ok()), [2, 0, 0, 0]);
        let mug = &tenant.get("/v1/products?sku=A").await.ok()["data"][0];
        assert_eq!(mug["description"], "blue, or; green");
        let tabs = "sku\tname\tdescription\nA\tMug\tblue, or; green\nB\tCup\t\n";
        assert_eq!(counts(&send(tenant, IMPORT, tabs).await.ok()), [0, 0, 2, 0]);
        assert_eq!(counts(&send(tenant, IMPORT, "sku\nA\n").await.ok()), [0, 0, 1, 0]);
    });
}

#[test]
fn one_file_sent_by_many_at_once_is_imported_once() {
    with_tenant(async |tenant| {
        let file: String = (0..50).map(|number| format!("SKU-{number},Thing {number}\n")).collect();
        let file = format!("sku,name\n{file}");
        let replies = join_all((0..4).map(|_| send(tenant, IMPORT, file.clone()))).await;
        let created: i64 = replies.iter().map(|reply| counts(&reply.ok())[0]).sum();
        let unchanged: i64 = replies.iter().map(|reply| counts(&reply.ok())[2]).sum();
        assert_eq!(created, 50);
        assert_eq!(unchanged, 150);
    });
}

#[test]
fn an_import_costs_by_the_chunk_and_not_by_the_row() {
    with_tenant(async |tenant| {
        let node = environment().own_node().await;
        let client = tenant.at(&node.base_url);
        let file = |rows: usize, name: &str| {
            let rows: String = (0..rows).map(|row| format!("SKU-{row},{name},{row}-{name}\n")).collect();
            format!("sku,name,barcodes\n{rows}")
        };
        client.get("/v1/me").await.ok();
        let cost = async |file: String| {
            let before = node.app.db.statements();
            client.call(Method::POST, IMPORT).body("text/csv", file).send().await.ok();
            node.app.db.statements() - before
        };
        for name in ["first", "second", "second"] {
            let (one, many) = (cost(file(1, name)).await, cost(file(500, name)).await);
            assert!(many <= one + 6, "{name}: one row costs {one} statements, 500 cost {many}");
            assert!(many <= 29, "{name}: {many} statements");
        }
    });
}

#[test]
fn what_is_exported_can_be_imported() {
    with_tenant(async |tenant| {
        tenant.make("/v1/categories", json!({ "code": "mugs", "name": "Mugs" })).await;
        let mut items = vec![
            json!({ "sku": "=A,\"1\"", "name": "=1+1", "description": "two\r\nlines; \"quoted\"", "list_price": "0" }),
            json!({ "sku": "B", "name": "Grün", "barcodes": ["a|b", "4006381333931"],
                "units": [{ "uom": "XCS", "factor": "12", "barcodes": ["10614141000415"] },
                          { "uom": "GRM", "factor": "0.001", "list_price": "1.234567" }], "stock_uom": "KGM",
                "metadata": { "shelf": "A, 12" }, "external_ref": "erp-1", "status": "archived" }),
            json!({ "sku": "C", "name": "Post", "kind": "service", "stock_uom": "HUR" }),
        ];
        items.extend((0..1_100).map(|number| json!({ "sku": format!("N-{number}"), "name": "Many" })));
        tenant.post(IMPORT, &json!({ "items": items })).await.ok();
        send(tenant, IMPORT, "sku,category\nB,mugs\n").await.ok();

        let exported = tenant.get(EXPORT).await;
        assert!(exported.header("content-type").is_some_and(|kind| kind.starts_with("text/csv")));
        assert!(exported.text.starts_with("sku,name,description,category,"), "{}", &exported.text[..200]);
        let same = send(tenant, IMPORT, exported.text.clone()).await.ok();
        assert_eq!(counts(&same), [0, 0, 1_103, 0]);
        assert_eq!(tenant.get(EXPORT).await.text, exported.text);
        let marked = tenant.get(&format!("{EXPORT}?bom=true&status=archived")).await.text;
        assert_eq!(marked.strip_prefix('\u{feff}').map(|text| text.lines().count()), Some(2));
        assert_eq!(counts(&send(tenant, IMPORT, marked).await.ok()), [0, 0, 1, 0]);
    });
}

#[test]
fn a_hundred_thousand_rows_go_in_and_no_more() {
    let rows = |count: usize| {
        let mut file = String::from("sku,name,list_price\r\n");
        for number in 0..count {
            let (units, cents) = (number / 100, number % 100);
            let _ = write!(file, "SKU-{number},\"Thing, no. {number}\",{units}.{cents:02}\r\n");
        }
        file
    };
    // A transaction of this size delays the events of all tenants on its database server.
    environment().runtime.block_on(async {
        let apart = environment().tenant_apart(|_| {}).await;
        let client = &apart.tenant;
        assert_eq!(counts(&send(client, IMPORT, rows(100_000)).await.ok()), [100_000, 0, 0, 0]);
        assert_eq!(client.get("/v1/products?sku=SKU-99999").await.ok()["data"][0]["list_price"], "999.99");
        let problem = send(client, IMPORT, rows(100_001)).await.refused(422, "validation_failed").0;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("100000")), "{problem}");

        let bad = rows(4_000).replace(",\"Thing", ", \"Thing");
        let problem = send(client, IMPORT, bad).await.refused(422, "validation_failed").0;
        assert_eq!(problem["errors"].as_array().map(Vec::len), Some(1_000), "the first errors are listed");
        assert_eq!(problem["errors_total"], "4000", "all of them are counted");
    });
}
