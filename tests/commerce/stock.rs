//! Receipts, openings and adjustments: quantities, costs, and rejections.

mod channel_allotment;
mod expected_receipt;
mod explain;
mod fifo;
mod forced;
mod given_back;
mod hold;
mod late;
mod promise;
mod revaluation;
mod till_allotment;
mod transfer;
mod valuation;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, with_tenant};

const DOCUMENTS: &str = "/v1/stock/documents";

fn receipt(lines: Value) -> Value {
    json!({ "kind": "receipt", "lines": lines })
}

fn adjustment(reason: &str, lines: Value) -> Value {
    json!({ "kind": "adjustment", "reason": reason, "lines": lines })
}

#[test]
fn a_receipt_raises_stock_and_what_is_owed_for_it() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let body = json!({ "kind": "receipt", "reference": "Delivery note 8812",
            "lines": [{ "sku": "BOLT", "quantity": "10", "unit_cost": "1.25" }] });
        let document = tenant.post(DOCUMENTS, &body).await.created();
        assert_eq!(document["value"].as_str(), Some("12.50"));
        assert_eq!(document["kind"].as_str(), Some("receipt"));
        assert_eq!(document["lines"][0]["sku"], "BOLT");
        assert_eq!(tenant.level("BOLT").await, Level::of("10", "0", "12.5"));
        assert_eq!(tenant.balance("1200").await, "12.50");
        assert_eq!(tenant.balance("2100").await, "-12.50");
    });
}

#[test]
fn an_opening_is_equity() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        tenant.product_with("NUT", json!({ "stock_uom": "KGM" })).await;
        let document = tenant.open_stock(&[("BOLT", "10", "1.25"), ("NUT", "0.5", "0.33")]).await;
        assert_eq!(document["value"], "12.67", "0.165 is rounded half away from zero");
        assert_eq!(tenant.level("NUT").await, Level::of("0.5", "0", "0.17"));
        assert_eq!(tenant.balance("3000").await, "-12.67");
    });
}

#[test]
fn goods_leave_at_the_moving_average_and_the_last_unit_takes_the_remainder() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("10", "1.00")).await;
        tenant.open_stock(&[("BOLT", "10", "2.00")]).await;
        let out = adjustment("damage", json!([{ "sku": "BOLT", "quantity": "-1" }]));
        assert_eq!(tenant.post(DOCUMENTS, &out).await.created()["value"], "-1.50");
        assert_eq!(tenant.level("BOLT").await, Level::of("19", "0", "28.5"));

        tenant.stocked("NUT", "9.00", ("3", "3.333333")).await;
        assert_eq!(tenant.level("NUT").await.value, "10");
        let one = adjustment("lost", json!([{ "sku": "NUT", "quantity": "-1" }]));
        let mut costs = Vec::new();
        for _ in 0..3 {
            costs.push(tenant.post(DOCUMENTS, &one).await.created()["value"].clone());
        }
        assert_eq!(costs, ["-3.33", "-3.34", "-3.33"]);
        assert_eq!(tenant.level("NUT").await, Level::of("0", "0", "0"));
    });
}

#[test]
fn a_find_comes_in_at_the_current_or_the_last_known_cost() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("4", "1.50")).await;
        let found = adjustment("found", json!([{ "sku": "BOLT", "quantity": "2" }]));
        assert_eq!(tenant.post(DOCUMENTS, &found).await.created()["value"], "3.00");
        assert_eq!(tenant.balance("5110").await, "-3.00", "found stock is a gain");
        let lost = adjustment("lost", json!([{ "sku": "BOLT", "quantity": "-6" }]));
        assert_eq!(tenant.post(DOCUMENTS, &lost).await.created()["value"], "-9.00");
        assert_eq!(tenant.post(DOCUMENTS, &found).await.created()["value"], "3.00", "the last known cost");
        let named = adjustment("found", json!([{ "sku": "BOLT", "quantity": "1", "unit_cost": "7.00" }]));
        assert_eq!(tenant.post(DOCUMENTS, &named).await.created()["value"], "7.00");
    });
}

#[test]
fn a_reason_of_the_tenants_own_names_its_account() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("4", "1.50")).await;
        let reason = json!({ "code": "training", "name": "Used up in training", "account": "5300" });
        tenant.post("/v1/reason-codes", &reason).await.created();
        let used = adjustment("training", json!([{ "sku": "BOLT", "quantity": "-1" }]));
        tenant.post(DOCUMENTS, &used).await.created();
        assert_eq!(tenant.balance("5300").await, "1.50");
    });
}

#[test]
fn units_and_barcodes_stand_for_stock_units() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XCS", "factor": "12", "barcodes": ["10614141000415"] }]);
        let more = json!({ "list_price": "2.00", "barcodes": ["4006381333931"], "units": units,
            "stock_decimals": 1 });
        let product = tenant.product_with("BOLT", more).await;
        let lines = json!([
            { "sku": "BOLT", "uom": "XCS", "quantity": "2", "unit_cost": "12.00" },
            { "barcode": "4006381333931", "quantity": "1", "unit_cost": "1.00" },
            { "product_id": product.id, "quantity": "0.5", "unit_cost": "1.00" },
        ]);
        let document = tenant.post(DOCUMENTS, &receipt(lines)).await.created();
        assert_eq!(document["lines"][0]["quantity"], "24");
        assert_eq!(tenant.level("BOLT").await, Level::of("25.5", "0", "25.5"));
        let by_case = json!([{ "barcode": "10614141000415", "quantity": "1", "unit_cost": "12.00" }]);
        let document = tenant.post(DOCUMENTS, &receipt(by_case)).await.created();
        assert_eq!(document["lines"][0]["quantity"], "12", "a barcode names its unit");
    });
}

#[test]
fn taking_out_more_than_is_available_names_every_short_line() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("5", "1.00")).await;
        tenant.stocked("NUT", "2.00", ("5", "1.00")).await;
        tenant.stocked("WASHER", "2.00", ("5", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("NUT", "3")], "confirmed").await.created();
        let before = tenant.footprint().await;
        let lines = json!([
            { "sku": "BOLT", "quantity": "-4" },
            { "sku": "WASHER", "quantity": "-5" },
            { "sku": "NUT", "quantity": "-3" },
            { "sku": "BOLT", "quantity": "-4" },
        ]);
        let problem =
            tenant.post(DOCUMENTS, &adjustment("theft", lines)).await.refused(409, "insufficient_stock");
        let mut pointers = problem.pointers();
        pointers.sort_unstable();
        assert_eq!(pointers, ["#/lines/0/quantity", "#/lines/2/quantity", "#/lines/3/quantity"]);
        let bolt = problem.params("#/lines/3/quantity");
        assert_eq!(bolt, &json!({ "sku": "BOLT", "requested": "8", "available": "5", "uom": "C62" }));
        assert_eq!(
            problem.params("#/lines/2/quantity")["available"],
            "2",
            "what is reserved is not available"
        );
        let after = tenant.footprint().await;
        let commands: i64 = after.iter().zip(&before).map(|(after, before)| after.1 - before.1).sum();
        assert_eq!(commands, 1, "a rejection leaves only its command row: {before:?} {after:?}");
    });
}

#[test]
fn every_wrong_field_is_named() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("5", "1.00")).await;
        tenant.product_with("POSTAGE", json!({ "kind": "service", "list_price": "3.00" })).await;
        let line = |line: Value| json!([line]);
        let cases = [
            (receipt(line(json!({ "sku": "BOLT", "quantity": "1" }))), 422, "#/lines/0/unit_cost"),
            (
                receipt(line(json!({ "sku": "BOLT", "quantity": "0", "unit_cost": "1" }))),
                422,
                "#/lines/0/quantity",
            ),
            (
                receipt(line(json!({ "sku": "BOLT", "quantity": "-1", "unit_cost": "1" }))),
                422,
                "#/lines/0/quantity",
            ),
            (
                receipt(line(json!({ "sku": "BOLT", "quantity": "1", "unit_cost": "-1" }))),
                422,
                "#/lines/0/unit_cost",
            ),
            (
                receipt(line(json!({ "sku": "POSTAGE", "quantity": "1", "unit_cost": "1" }))),
                422,
                "#/lines/0/sku",
            ),
            (
                receipt(line(json!({ "sku": "BOLT", "uom": "XCS", "quantity": "1", "unit_cost": "1" }))),
                422,
                "#/lines/0/uom",
            ),
            (
                receipt(line(json!({ "sku": "bolt", "quantity": "1", "unit_cost": "1" }))),
                404,
                "#/lines/0/sku",
            ),
            (
                receipt(line(json!({ "barcode": "x", "quantity": "1", "unit_cost": "1" }))),
                404,
                "#/lines/0/barcode",
            ),
            (
                receipt(line(json!({ "sku": "BOLT", "barcode": "x", "quantity": "1", "unit_cost": "1" }))),
                422,
                "#/lines/0",
            ),
            (receipt(line(json!({ "quantity": "1", "unit_cost": "1" }))), 422, "#/lines/0"),
            (receipt(json!([])), 422, "#/lines"),
            (
                adjustment("damage", line(json!({ "sku": "BOLT", "quantity": "-1", "unit_cost": "1" }))),
                422,
                "#/lines/0/unit_cost",
            ),
            (adjustment("whim", line(json!({ "sku": "BOLT", "quantity": "-1" }))), 422, "#/reason"),
            (
                json!({ "kind": "adjustment", "lines": [{ "sku": "BOLT", "quantity": "-1" }] }),
                422,
                "#/reason",
            ),
        ];
        for (body, status, pointer) in cases {
            let code = if status == 404 { "not_found" } else { "validation_failed" };
            tenant.post(DOCUMENTS, &body).await.refused(status, code).names(&[pointer]);
        }
    });
}

#[test]
fn every_wrong_line_is_named_at_once() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("5", "1.00")).await;
        let lines = json!([
            { "sku": "BOLT", "quantity": "0", "unit_cost": "1" },
            { "sku": "BOLT", "quantity": "1", "unit_cost": "1" },
            { "sku": "NAIL", "quantity": "1", "unit_cost": "1" },
        ]);
        let problem = tenant.post(DOCUMENTS, &receipt(lines)).await.refused(422, "validation_failed");
        problem.names(&["#/lines/0/quantity", "#/lines/2/sku"]);
    });
}

#[test]
fn unreadable_bodies_point_at_the_field() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let typo = receipt(json!([{ "sku": "BOLT", "quanttiy": "1", "quantity": "1", "unit_cost": "1" }]));
        tenant.post(DOCUMENTS, &typo).await.refused(400, "unknown_field").names(&["#/lines/0/quanttiy"]);
        for wrong in [
            json!(1),
            json!(1.5),
            json!("1e5"),
            json!("1_000"),
            json!("1,5"),
            json!(" 1"),
            json!("+1"),
            json!(""),
        ] {
            let body = receipt(json!([{ "sku": "BOLT", "quantity": wrong, "unit_cost": "1" }]));
            let problem = tenant.post(DOCUMENTS, &body).await.refused(422, "validation_failed");
            problem.names(&["#/lines/0/quantity"]);
        }
        let call = |raw: &str| tenant.call(reqwest::Method::POST, DOCUMENTS).key("a").raw(raw).send();
        call("{").await.refused(400, "malformed_json");
        call("").await.refused(422, "validation_failed").names(&["#/kind", "#/lines"]);
        call("[]").await.refused(422, "validation_failed");
        let form = tenant.call(reqwest::Method::POST, DOCUMENTS).key("a").body("text/plain", "{}");
        form.send().await.refused(415, "unsupported_media_type");
    });
}

#[test]
fn a_document_may_be_late_but_never_early() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let at = |instant: &str| {
            json!({ "kind": "receipt", "occurred_at": instant,
                "lines": [{ "sku": "BOLT", "quantity": "1", "unit_cost": "1" }] })
        };
        let late = tenant.post(DOCUMENTS, &at("2011-07-01T23:30:00Z")).await.created();
        assert_eq!(late["occurred_at"], "2011-07-01T23:30:00Z");
        let early = tenant.post(DOCUMENTS, &at("2999-01-01T00:00:00Z")).await;
        early.refused(422, "validation_failed").names(&["#/occurred_at"]);
        let number = late["number"].as_str().expect("a number");
        assert!(number.starts_with("GR-") && number.ends_with("-000001"), "{number}");
    });
}

#[test]
fn a_dry_run_shows_everything_and_leaves_nothing() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let before = tenant.footprint().await;
        let body = receipt(json!([{ "sku": "BOLT", "quantity": "10", "unit_cost": "1.25" }]));
        let reply = tenant.dry_run(DOCUMENTS, &body).await;
        assert_eq!(reply.header("preference-applied"), Some("dry-run"));
        let shown = reply.ok();
        assert_eq!(shown["object"], "dry_run");
        assert_eq!(shown["document"]["value"], "12.50");
        assert_eq!(shown["effects"]["stock"][0]["quantity"], "10");
        assert_eq!(shown["effects"]["journal"].as_array().map(Vec::len), Some(2));
        assert_eq!(tenant.footprint().await, before);
        let refused = tenant
            .dry_run(DOCUMENTS, &adjustment("lost", json!([{ "sku": "BOLT", "quantity": "-1" }])))
            .await;
        refused.refused(409, "insufficient_stock");
        assert_eq!(tenant.footprint().await, before, "not even a command row");
    });
}

#[test]
fn a_refused_document_of_a_batch_does_not_spoil_the_others() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        let item = |key: &str, body: Value| json!({ "idempotency_key": key, "body": body });
        let line = |quantity: &str| json!([{ "sku": "BOLT", "quantity": quantity, "unit_cost": "1" }]);
        let items = json!({ "items": [
            item("one", receipt(line("5"))),
            item("two", receipt(line("0"))),
            item("three", adjustment("lost", json!([{ "sku": "BOLT", "quantity": "-6" }]))),
            item("four", receipt(line("1"))),
            item("five", adjustment("lost", json!([{ "sku": "BOLT", "quantity": "-6" }]))),
            item("six", json!({ "kind": "receipt" })),
            item("not a key", receipt(line("1"))),
        ]});
        let answer =
            tenant.call(reqwest::Method::POST, "/v1/stock/documents/batch").json(&items).send().await;
        let answer = answer.expect(207);
        let results = answer["results"].as_array().expect("results").clone();
        let statuses: Vec<i64> = results.iter().filter_map(|result| result["status"].as_i64()).collect();
        assert_eq!(statuses, [201, 422, 409, 201, 201, 422, 400]);
        assert_eq!(answer["accepted"], 3);
        assert_eq!(answer["refused"], 4);
        assert_eq!(
            tenant.level("BOLT").await,
            Level::of("0", "0", "0"),
            "each sees what the ones before it left"
        );
    });
}

#[test]
fn first_receipts_of_the_same_goods_do_not_collide() {
    with_tenant(async |tenant| {
        let skus: Vec<String> = (0..6).map(|number| format!("NEW-{number}")).collect();
        for sku in &skus {
            tenant.product(sku, "1.00").await;
        }
        let receive = async |shift: usize| {
            let line = |sku: &String| json!({ "sku": sku, "quantity": "1", "unit_cost": "1" });
            let mut lines: Vec<Value> = skus.iter().map(line).collect();
            lines.rotate_left(shift % skus.len());
            tenant.post(DOCUMENTS, &receipt(Value::Array(lines))).await.created();
        };
        join_all((0..24).map(receive)).await;
        for sku in &skus {
            assert_eq!(tenant.level(sku).await, Level::of("24", "0", "24"));
        }
    });
}
