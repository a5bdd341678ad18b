//! One article has one identity: barcodes that differ in leading zeros, and codes that look the same.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Reply, Tenant, environment, lines, with_tenant};
use uuid::Uuid;

/// One article as UPC-A, EAN-13, GTIN-14, and as a spreadsheet shows it.
const FORMS: [&str; 4] = ["036000291452", "0036000291452", "00036000291452", "36000291452"];

async fn import(tenant: &Tenant, mode: &str, file: &str) -> Reply {
    let call = tenant.call(Method::POST, &format!("/v1/products/import?mode={mode}"));
    call.key(&Uuid::new_v4().to_string()).body("text/csv", file).send().await
}

#[test]
fn a_barcode_is_one_with_blanks_hyphens_and_in_its_short_form() {
    with_tenant(async |tenant| {
        for (number, (written, kept)) in [
            ("0 36000 29145 2", FORMS[0]),
            ("978-0-306-40615-7", "9780306406157"),
            ("04252614", "042100005264"),
        ]
        .into_iter()
        .enumerate()
        {
            let sku = format!("WRITTEN-{number}");
            let units = json!([{ "uom": "XBX", "factor": "6", "barcodes": [written] }]);
            let product = tenant.product_with(&sku, json!({ "list_price": "2.00", "units": units })).await;
            let stored = tenant.get(&format!("/v1/products/{}", product.id)).await.ok();
            assert_eq!(stored["units"][0]["barcodes"], json!([kept]), "{stored}");
            for scanned in [written.to_owned(), kept.to_owned(), format!("{kept:0>14}")] {
                let found = tenant.get(&format!("/v1/barcodes/{}", scanned.replace(' ', "%20"))).await.ok();
                assert_eq!((&found["product"]["sku"], &found["uom"]), (&json!(sku), &json!("XBX")));
                let quote =
                    json!({ "channel": "retail", "lines": [{ "barcode": scanned, "quantity": "1" }] });
                let quote = tenant.post("/v1/prices/resolve", &quote).await.ok();
                assert_eq!(quote["lines"][0]["unit_price"], "12.00", "{quote}");
                let other = json!({ "sku": "OTHER", "name": "Other", "barcodes": [scanned] });
                let taken = tenant.post("/v1/products", &other).await.refused(409, "already_exists");
                taken.names(&["#/barcodes/0"]);
                let file = format!("sku,name,barcodes\nOTHER,Other,{scanned}\n");
                import(tenant, "all_or_nothing", &file).await.refused(422, "validation_failed");
            }
        }
        let decimal = json!({ "sku": "D", "name": "D", "barcodes": ["4006381333931.0", "1.5"] });
        let problem = tenant.post("/v1/products", &decimal).await.refused(422, "validation_failed");
        problem.names(&["#/barcodes/0"]);
        let file = "sku,name,barcodes\nD,D,4006381333931.0\n";
        assert_eq!(import(tenant, "all_or_nothing", file).await.ok()["corrections_total"], 1);
    });
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

/// Eight digits that are sound as a GTIN-8 and as a UPC-E may name the article of each.
#[test]
fn a_short_form_that_is_a_code_of_its_own_is_found_by_both_readings() {
    with_tenant(async |tenant| {
        let till = tenant.till().await;
        let pairs = [("01234558", "012345000058", 0), ("01128604", "011000002864", 1)];
        for (short, long, kept) in pairs {
            let stored = [short, long][kept];
            let sku = format!("STORED-{stored}");
            let product = json!({ "list_price": "2.00", "barcodes": [stored] });
            let product = tenant.product_with(&sku, product).await;
            tenant.open_stock(&[(&sku, "50", "1.00")]).await;
            for scanned in
                [short.to_owned(), long.to_owned(), format!("{short:0>14}"), format!("{long:0>13}")]
            {
                let found = tenant.get(&format!("/v1/barcodes/{scanned}")).await.ok();
                assert_eq!(
                    (&found["product"]["sku"], &found["code"]),
                    (&json!(sku), &json!(stored)),
                    "{scanned}"
                );
                let mut sale = json!({ "register_id": till.register_id, "tenders": [{ "kind": "cash" }],
                    "lines": [{ "barcode": scanned, "quantity": "1" }] });
                let sold = tenant.post("/v1/pos/sales", &sale).await.created();
                assert_eq!(sold["lines"][0]["sku"], json!(sku), "{scanned}");
                sale["forced"] = json!(true);
                sale["occurred_at"] = json!("2026-01-02T10:00:00Z");
                sale["lines"][0]["unit_price"] = json!("2.00");
                let sold = tenant.post("/v1/pos/sales", &sale).await.created();
                assert_eq!(sold["lines"][0]["sku"], json!(sku), "{scanned}");
                let there = tenant.get(&format!("/v1/stock/availability?barcode={scanned}")).await.ok();
                assert_eq!((&there["data"][0]["sku"], &there["unknown"]), (&json!(sku), &json!([])));
                let other = json!({ "sku": "OTHER", "name": "Other", "barcodes": [scanned] });
                let taken = tenant.post("/v1/products", &other).await;
                taken.refused(409, "already_exists").names(&["#/barcodes/0"]);
                assert!(taken.text.contains("short form of the other"), "{}", taken.text);
                let file = format!("sku,name,barcodes\nOTHER,Other,{scanned}\n");
                import(tenant, "all_or_nothing", &file).await.refused(422, "validation_failed");
            }
            let both = json!({ "barcodes": [stored, ([long, short][kept])] });
            let twice = tenant.patch(&format!("/v1/products/{}", product.id), &both).await;
            twice.refused(422, "validation_failed").names(&["#/barcodes/1"]);
        }
        // In one file.
        let file = "sku,name,barcodes\nA,A,01360905\nB,B,013000006095\n";
        import(tenant, "all_or_nothing", file).await.refused(422, "validation_failed");
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
        let body = json!({ "sku": "A", "name": "A", "barcodes": ["5,901,234,123,457", "5,901,234,123,458"] });
        let problem = tenant.post("/v1/products", &body).await.refused(422, "validation_failed");
        problem.names(&["#/barcodes/0", "#/barcodes/1"]);
        let file = "sku,name,barcodes\nF,F,\"5,901,234,123,457\"\nG,G,4.006.381.333.962\nH,H,4'006'381'333'979\n\
                    I,I,4\u{202f}006\u{202f}381\u{202f}333\u{202f}986\n";
        let report = import(tenant, "all_or_nothing", file).await.ok();
        assert_eq!((&report["created"], &report["corrections_total"]), (&json!(4), &json!(3)), "{report}");
        for (barcode, sku) in
            [("5901234123457", "F"), ("4006381333962", "G"), ("4006381333979", "H"), ("4006381333986", "I")]
        {
            assert_eq!(
                tenant.get(&format!("/v1/barcodes/{barcode}")).await.ok()["product"]["sku"],
                json!(sku)
            );
        }
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
        tenant.product_with(ALIKE[1], json!({ "list_price": "1.00", "tags": ["Half price"] })).await;
        let list = tenant.make("/v1/price-lists", json!({ "code": ALIKE[4], "name": "List" })).await;
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
            let tagged = format!("/v1/products?tag={}", encoded("Half\u{200b} price"));
            one(&tagged, "sku").await;
            let mapping = json!({ "system": "shop", "external_sku": url, "sku": code });
            tenant.post("/v1/sku-mappings", &mapping).await.created();
            let rule = json!({ "scope": "product", "sku": code, "method": "percent_off", "value": "5" });
            tenant.post(&format!("/v1/price-lists/{list}/rules"), &rule).await.created();
            let sheet = tenant.dry_run("/v1/counts", &json!({ "skus": [code] })).await.ok();
            assert_eq!(sheet["document"]["lines"][0]["sku"], json!("AB-é1"), "{sheet}");
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

/// Runs a statement of a server from before codes had one form; `$1` is the tenant.
async fn write_before(tenant: &Tenant, statement: &'static str) {
    let written = sqlx::query(statement).bind(tenant.id.0).execute(&environment().root).await;
    assert!(written.expect("a row as it was written before").rows_affected() > 0, "{statement}");
}

/// A product with a code that is written like that of another product, and barcodes that no product may get any more: of
/// the article of another product, twice, and without its digits.
async fn product_of_before(tenant: &Tenant) -> String {
    let old = tenant.product_with("OLD", json!({ "list_price": "1.00", "barcodes": ["OLD-1"] })).await;
    tenant.product_with("AB-1", json!({ "list_price": "2.00", "barcodes": [FORMS[0]] })).await;
    write_before(tenant, "update product set sku = 'AB\u{2011}1' where tenant_id = $1 and sku = 'OLD'").await;
    write_before(
        tenant,
        "insert into barcode (tenant_id, code, product_id, uom)
         select $1, v.code, p.id, p.stock_uom
         from product p
         cross join (values ('0036000291452'), ('00036000291452'), ('4.00638E+12'), ('４００６３８１３３３９３１'), ('96385075'))
              v (code)
         where p.tenant_id = $1 and p.sku = 'AB\u{2011}1'",
    )
    .await;
    format!("/v1/products/{}", old.id)
}

#[test]
fn a_product_from_before_codes_had_one_form_can_be_changed() {
    with_tenant(async |tenant| {
        let path = product_of_before(tenant).await;
        let before = tenant.get(&path).await.ok();
        let after = tenant.patch(&path, &json!({ "name": "Renamed" })).await.ok();
        assert_eq!(after["name"], "Renamed");
        // The SKU of another product, and the article of its barcode. A barcode whose form is free gets it.
        assert_eq!(after["sku"], "AB\u{2011}1");
        let mut kept = before["barcodes"].as_array().expect("barcodes").clone();
        for code in &mut kept {
            if *code == "４００６３８１３３３９３１" {
                *code = json!("4006381333931");
            }
        }
        kept.sort_by_key(ToString::to_string);
        assert_eq!(after["barcodes"], json!(kept));
        assert_eq!(tenant.get(&path).await.ok(), after);
        // A barcode moves to another unit as it is.
        let units = json!({ "barcodes": kept[1..], "units": [{ "uom": "XBX", "factor": "6", "barcodes": [kept[0]] }] });
        let moved = tenant.patch(&path, &units).await.ok();
        assert_eq!(moved["units"][0]["barcodes"], json!([kept[0]]), "{moved}");
        assert_eq!(tenant.get(&path).await.ok(), moved);
        // A barcode that it gets is checked.
        for (code, status, error) in [
            (FORMS[3], 422, "validation_failed"),
            ("5.00638E+12", 422, "validation_failed"),
            ("96385076", 422, "validation_failed"),
        ] {
            let more = json!({ "barcodes": [kept[1], kept[2], code] });
            tenant.patch(&path, &more).await.refused(status, error).names(&["#/barcodes/2"]);
        }
        tenant.patch(&path, &json!({ "sku": "AB-1" })).await.refused(409, "already_exists").names(&["#/sku"]);
        // The export can be imported again.
        let file = tenant.get("/v1/products/export").await.text;
        assert_eq!(import(tenant, "all_or_nothing", &file).await.ok()["unchanged"], json!(2), "{file}");
        // It gets the one form with the next change once that is free.
        let other = tenant.get("/v1/products?sku=AB-1").await.ok()["data"][0]["id"].clone();
        let other = format!("/v1/products/{}", other.as_str().expect("an id"));
        tenant.patch(&other, &json!({ "sku": "OTHER" })).await.ok();
        assert_eq!(tenant.patch(&path, &json!({ "name": "Free" })).await.ok()["sku"], "AB-1");
    });
}

#[test]
fn an_import_finds_a_product_by_the_sku_that_it_had_before_codes_had_one_form() {
    with_tenant(async |tenant| {
        let tea = tenant.product("TEA-1", "3.00").await;
        let path = format!("/v1/products/{}", tea.id);
        for (number, form) in ["csv", "json"].into_iter().enumerate() {
            write_before(
                tenant,
                "update product set sku = 'ＴＥＡ－1' where tenant_id = $1 and sku = 'TEA-1'",
            )
            .await;
            let name = format!("Tea {number}");
            let imported = match form {
                "csv" => import(tenant, "all_or_nothing", &format!("sku,name\nＴＥＡ－1,{name}\n")).await,
                _ => {
                    let items = json!({ "items": [{ "sku": "ＴＥＡ－1", "name": name }] });
                    tenant.post("/v1/products/import", &items).await
                }
            };
            let imported = imported.ok();
            assert_eq!(
                (&imported["created"], &imported["updated"]),
                (&json!(0), &json!(1)),
                "{form}: {imported}"
            );
            let product = tenant.get(&path).await.ok();
            assert_eq!((&product["sku"], &product["name"]), (&json!("TEA-1"), &json!(name)), "{form}");
        }
        let twice = "sku,name\nTEA-1,Tea\nＴＥＡ－1,Tea\nNEW-1,New\nNEW\u{2011}1,New\n";
        let twice = import(tenant, "partial", twice).await.ok();
        assert_eq!(
            (&twice["created"], &twice["updated"], &twice["refused"]),
            (&json!(1), &json!(1), &json!(2))
        );
    });
}

#[test]
fn a_record_whose_code_is_of_another_in_the_one_form_can_be_renamed() {
    with_tenant(async |tenant| {
        for (path, body, statement) in [
            (
                "/v1/categories",
                json!({ "name": "One" }),
                "update category set code = 'AB\u{2011}1' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/product-groups",
                json!({ "name": "One", "options": [{ "name": "Size", "values": ["S", "M"] }] }),
                "update product_group set code = 'AB\u{2011}1' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/locations",
                json!({ "name": "One", "kind": "store" }),
                "update location set code = 'AB\u{2011}1' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/price-lists",
                json!({ "name": "One" }),
                "update price_list set code = 'AB\u{2011}1' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/price-tiers",
                json!({ "name": "One" }),
                "update price_tier set code = 'AB\u{2011}1' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/customers",
                json!({ "name": "One", "kind": "retail" }),
                "update customer set number = 'AB\u{2011}1' where tenant_id = $1 and number = 'OLD'",
            ),
        ] {
            let field = if path == "/v1/customers" { "number" } else { "code" };
            let with = |code: &str| {
                let mut body = body.clone();
                body[field] = json!(code);
                body
            };
            let id = tenant.make(path, with("OLD")).await;
            write_before(tenant, statement).await;
            let one = format!("{path}/{id}");
            let other = format!("{path}/{}", tenant.make(path, with("AB-1")).await);
            let patch = async |path: &str, change: Value| {
                tenant.call(Method::PATCH, path).header("if-match", "*").json(&change).send().await
            };
            let renamed = patch(&one, json!({ "name": "Two" })).await.ok();
            assert_eq!((&renamed["name"], &renamed[field]), (&json!("Two"), &json!("AB\u{2011}1")), "{path}");
            patch(&one, json!({ field: "AB-1" })).await.refused(409, "already_exists");
            patch(&other, json!({ field: "FREE" })).await.ok();
            assert_eq!(patch(&one, json!({ "name": "Three" })).await.ok()[field], "AB-1", "{path}");
        }
    });
}

#[test]
fn a_name_from_before_names_lost_invisible_characters_is_cleaned_by_a_patch() {
    with_tenant(async |tenant| {
        let address =
            json!({ "code": "main", "address": { "line1": "Mug", "city": "Mug", "country": "GB" } });
        let kept = json!({ "number": "OLD", "name": "Mug", "kind": "retail", "addresses": [address],
            "contacts": [{ "name": "Mug" }], "tags": ["Mug"] });
        let named = json!({ "code": "OLD", "name": "Mug" });
        for (path, body, statement) in [
            (
                "/v1/products",
                json!({ "sku": "OLD", "name": "Mug", "tags": ["Mug"] }),
                "update product set name = 'Mu\u{200b}g', tags = '[\"Mu\u{200b}g\"]' where tenant_id = $1 and sku = 'OLD'",
            ),
            (
                "/v1/customers",
                kept,
                "update customer set name = 'Mu\u{200b}g', tags = replace(tags::text, 'Mug', 'Mu\u{200b}g')::jsonb, \
                     contacts = replace(contacts::text, 'Mug', 'Mu\u{200b}g')::jsonb, \
                     addresses = replace(addresses::text, 'Mug', 'Mu\u{200b}g')::jsonb \
                 where tenant_id = $1 and number = 'OLD'",
            ),
            (
                "/v1/suppliers",
                named.clone(),
                "update supplier set name = 'Mu\u{200b}g' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/categories",
                named.clone(),
                "update category set name = 'Mu\u{200b}g' where tenant_id = $1 and code = 'OLD'",
            ),
            (
                "/v1/price-lists",
                named,
                "update price_list set name = 'Mu\u{200b}g' where tenant_id = $1 and code = 'OLD'",
            ),
        ] {
            let record = format!("{path}/{}", tenant.make(path, body.clone()).await);
            write_before(tenant, statement).await;
            let mut version = tenant.get(&record).await.ok()["version"].as_i64().expect("a version");
            let patch = async |change: &Value| {
                let call = tenant.call(Method::PATCH, &record).header("if-match", "*").json(change);
                call.send().await.ok()
            };
            for field in ["name", "tags", "contacts", "addresses"] {
                let Some(clean) = body.get(field) else { continue };
                write_before(tenant, statement).await;
                let stated = json!({ field: clean });
                version += 1;
                for _ in 0..2 {
                    let patched = patch(&stated).await;
                    assert_eq!(patched["version"], version, "{path} {field}");
                    assert!(!patched[field].to_string().contains('\u{200b}'), "{path} {field}: {patched}");
                }
            }
            write_before(tenant, statement).await;
            let restated = json!({ "name": "Mu\u{200b}g" });
            assert_eq!(patch(&restated).await["version"], version, "{path} as it is stored");
        }
        write_before(tenant, "update tenant set name = 'Mu\u{200b}g' where tenant_id = $1").await;
        assert_eq!(tenant.patch("/v1/settings", &json!({ "name": "Mug" })).await.ok()["name"], "Mug");
        assert_eq!(tenant.get("/v1/settings").await.ok()["name"], "Mug");
    });
}
