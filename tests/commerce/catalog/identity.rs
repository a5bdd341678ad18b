//! One article has one identity: barcodes that differ in leading zeros, and codes that look the same.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, lines, with_tenant};
use uuid::Uuid;

/// One article as UPC-A, EAN-13, GTIN-14, and as a spreadsheet shows it.
const FORMS: [&str; 4] = ["036000291452", "0036000291452", "00036000291452", "36000291452"];

async fn import(tenant: &Tenant, mode: &str, file: &str) -> Reply {
    let call = tenant.call(Method::POST, &format!("/v1/products/import?mode={mode}"));
    call.key(&Uuid::new_v4().to_string()).body("text/csv", file).send().await
}

#[test]
fn a_barcode_is_found_with_and_without_leading_zeros() {
    with_tenant(async |tenant| {
        for (number, stored) in FORMS.iter().enumerate() {
            let sku = format!("TISSUES-{number}");
            let product =
                tenant.product_with(&sku, json!({ "list_price": "2.00", "barcodes": [stored] })).await;
            tenant.open_stock(&[(&sku, "50", "1.00")]).await;
            let till = tenant.till().await;
            let customer = tenant.customer(&format!("Shop {number}")).await;
            for scanned in FORMS {
                let found = tenant.get(&format!("/v1/barcodes/{scanned}")).await.ok();
                assert_eq!((&found["product"]["sku"], &found["code"]), (&json!(sku), &json!(stored)));
                let line = json!([{ "barcode": scanned, "quantity": "1" }]);
                let sale = json!({ "register_id": till.register_id, "lines": line, "tenders": [{ "kind": "card" }] });
                assert_eq!(
                    tenant.post("/v1/pos/sales", &sale).await.created()["lines"][0]["sku"],
                    json!(sku)
                );
                let order = json!({ "customer_id": customer, "lines": line });
                assert_eq!(tenant.post("/v1/orders", &order).await.created()["lines"][0]["sku"], json!(sku));
                let quote = json!({ "channel": "retail", "lines": line });
                assert_eq!(
                    tenant.post("/v1/prices/resolve", &quote).await.ok()["lines"][0]["sku"],
                    json!(sku)
                );
                let there = tenant.get(&format!("/v1/stock/availability?barcode={scanned}")).await.ok();
                assert_eq!((&there["data"][0]["asked"], &there["unknown"]), (&json!(scanned), &json!([])));
                let other = json!({ "sku": "OTHER", "name": "Other", "barcodes": [scanned] });
                tenant
                    .post("/v1/products", &other)
                    .await
                    .refused(409, "already_exists")
                    .names(&["#/barcodes/0"]);
                let batch = json!({ "items": [other] });
                let batch = tenant.post("/v1/products/batch", &batch).await.expect(207);
                assert_eq!(batch["results"][0]["status"], json!(409), "{batch}");
                let file = format!("sku,name,barcodes\nOTHER,Other,{scanned}\n");
                import(tenant, "all_or_nothing", &file).await.refused(422, "validation_failed");
            }
            let all = tenant.get(&format!("/v1/stock/availability?barcode={}", FORMS.join(","))).await.ok();
            assert_eq!(all["data"].as_array().map(Vec::len), Some(4), "each is answered: {all}");
            let gone = json!({ "barcodes": [] });
            tenant.patch(&format!("/v1/products/{}", product.id), &gone).await.ok();
        }
        let twice = json!({ "sku": "TWICE", "name": "Twice", "barcodes": [FORMS[0], FORMS[1]] });
        let problem = tenant.post("/v1/products", &twice).await.refused(422, "validation_failed");
        problem.names(&["#/barcodes/1"]);
        // The case has a digit in front of the zeros: it is another barcode.
        let units = json!([{ "uom": "XCS", "factor": "12", "barcodes": ["10036000291459"] }]);
        tenant.product_with("CASED", json!({ "barcodes": [FORMS[0]], "units": units })).await;
        assert_eq!(tenant.get("/v1/barcodes/10036000291459").await.ok()["uom"], "XCS");
    });
}

#[test]
fn two_writers_can_not_add_one_article_twice() {
    with_tenant(async |tenant| {
        for round in 0..8 {
            let product = |form: usize| {
                let sku = format!("SKU-{round}-{form}");
                json!({ "sku": sku, "name": sku, "barcodes": [FORMS[form]] })
            };
            let path = "/v1/products";
            let bodies: Vec<Value> = (0..FORMS.len()).map(product).collect();
            let made =
                futures_util::future::join_all(bodies.iter().map(|body| tenant.post(path, body))).await;
            let made: Vec<&Reply> = made.iter().filter(|reply| reply.status == 201).collect();
            assert_eq!(made.len(), 1);
            let id = made[0].json()["id"].as_str().expect("an id").to_owned();
            tenant.patch(&format!("{path}/{id}"), &json!({ "barcodes": [] })).await.ok();
        }
    });
}

#[test]
fn a_barcode_that_a_spreadsheet_changed_is_rejected_or_corrected() {
    with_tenant(async |tenant| {
        for cell in ["4.00638E+12", "\"4,00638E+12\"", "4E+12", "96385074|4.00638E+12", "4.006e12"] {
            let problem = import(tenant, "all_or_nothing", &format!("sku,name,barcodes\nA,A,{cell}\n")).await;
            let problem = problem.refused(422, "validation_failed").0;
            let error = &problem["errors"][0];
            assert_eq!(error["params"]["column"], json!("barcodes"), "{problem}");
            assert!(error["detail"].as_str().is_some_and(|text| text.contains("text")), "{problem}");
        }
        let body = json!({ "sku": "A", "name": "A", "barcodes": ["4.00638E+12"] });
        tenant.post("/v1/products", &body).await.refused(422, "validation_failed").names(&["#/barcodes/0"]);
        let file = "sku,name,barcodes\nA,A,36000291452\nB,B,1234565\nC,C,4.006381333931E+12\nD,D,4006381333948.0\n\
                    E,E,1234567\n";
        let report = import(tenant, "all_or_nothing", file).await.ok();
        assert_eq!((&report["created"], &report["corrections_total"]), (&json!(5), &json!(4)), "{report}");
        let stored: Vec<&Value> =
            report["corrections"].as_array().expect("a list").iter().map(|one| &one["stored"]).collect();
        assert_eq!(json!(stored), json!(["036000291452", "01234565", "4006381333931", "4006381333948"]));
        assert_eq!(report["corrections"][0]["row"], json!(2));
        assert!(report["corrections"][0]["detail"].as_str().is_some_and(|text| text.contains("zeros")));
        assert_eq!(tenant.get("/v1/barcodes/036000291452").await.ok()["product"]["sku"], "A");
        assert_eq!(tenant.get("/v1/barcodes/1234567").await.ok()["product"]["sku"], "E");
        assert_eq!(
            import(tenant, "all_or_nothing", file).await.ok()["unchanged"],
            json!(5),
            "the second time"
        );
    });
}

/// Codes that look like `AB-é1`.
const ALIKE: [&str; 6] =
    ["AB-é1", "AB-e\u{301}1", "ＡＢ－é１", "A\u{200b}B-é\u{feff}1", "AB\u{2011}é1", "\u{410}B-é1"];

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn codes_that_look_the_same_are_one() {
    with_tenant(async |tenant| {
        tenant.product_with(ALIKE[1], json!({ "list_price": "1.00" })).await;
        tenant.open_stock(&[(ALIKE[2], "90", "1.00")]).await;
        tenant.make("/v1/categories", json!({ "code": ALIKE[1], "name": "Category" })).await;
        tenant.make("/v1/locations", json!({ "code": ALIKE[2], "name": "Shop", "kind": "store" })).await;
        let number = json!({ "number": ALIKE[3] });
        tenant.customer_with("Nordwind", number).await;
        let customer = tenant.customer("Ostwind").await;
        let till = tenant.till().await;
        for code in ALIKE {
            let url = encoded(code);
            let one = async |path: &str, member: &str| {
                let list = tenant.get(path).await.ok();
                assert_eq!(list["data"].as_array().map(Vec::len), Some(1), "{path}: {list}");
                assert_eq!(list["data"][0][member], json!("AB-é1"), "{path}");
            };
            one(&format!("/v1/products?sku={url}"), "sku").await;
            one(&format!("/v1/categories?code={url}"), "code").await;
            one(&format!("/v1/locations?code={url}"), "code").await;
            one(&format!("/v1/customers?number={url}"), "number").await;
            one(&format!("/v1/stock/availability?sku={url}"), "sku").await;
            one(&format!("/v1/stock/levels?sku={url}"), "sku").await;
            let report = tenant.get(&format!("/v1/reports/stock_position?product={url}")).await.ok();
            assert_eq!(report["rows"][0]["sku"], json!("AB-é1"), "{report}");
            tenant.sell(&till, &[(code, "1")]).await.created();
            let order = json!({ "customer_id": customer, "lines": lines(&[(code, "1")]) });
            tenant.post("/v1/orders", &order).await.created();
            for (path, body) in [
                ("/v1/products", json!({ "sku": code, "name": "Other" })),
                ("/v1/categories", json!({ "code": code, "name": "Other" })),
                ("/v1/customers", json!({ "kind": "retail", "name": "Other", "number": code })),
            ] {
                tenant.post(path, &body).await.refused(409, "already_exists");
            }
            let file = format!("sku,name,category\n{code},Renamed {},{code}\n", url.len());
            assert_eq!(import(tenant, "partial", &file).await.ok()["updated"], json!(1), "{code}");
        }
        // Words of another alphabet, and letters in upper and lower case, are codes of their own.
        for code in ["СОК-1", "COK-1", "ab-é1"] {
            let made = tenant.post("/v1/products", &json!({ "sku": code, "name": code })).await.created();
            assert_eq!(made["sku"], json!(code));
        }
    });
}

#[test]
fn lots_and_serial_numbers_that_look_the_same_are_one() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        for code in ALIKE {
            let lots = json!([{ "code": code }]);
            crate::lot::posted(tenant, "receipt", ("MILK", "2"), lots).await.created();
        }
        let lots = tenant.get(&format!("/v1/lots?code={}", encoded(ALIKE[3]))).await.ok();
        assert_eq!(lots["data"].as_array().map(Vec::len), Some(1), "{lots}");
        assert_eq!((&lots["data"][0]["code"], &lots["data"][0]["on_hand"]), (&json!("AB-é1"), &json!("12")));
        let till = tenant.till().await;
        let sale = crate::lot::sale_of(&till, "MILK", "1", json!([{ "code": ALIKE[5] }]));
        assert_eq!(
            tenant.post("/v1/pos/sales", &sale).await.created()["lines"][0]["lots"][0]["code"],
            "AB-é1"
        );
        tenant.tracked("PHONE", "serial").await;
        crate::lot::posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "IMEI-１" }])).await.created();
        let again =
            crate::lot::posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "IMEI-1" }])).await;
        again.refused(409, "already_exists");
    });
}
