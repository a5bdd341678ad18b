//! Revaluations: by how much, against which account, and when reports show them.

use serde_json::{Value, json};
use tests::{Level, Tenant, with_tenant};

const REVALUATIONS: &str = "/v1/stock/revaluations";

fn body(lines: Value) -> Value {
    json!({ "reason": "write_down", "lines": lines })
}

/// Returns the value of the stock at the end of a day, as known now.
async fn worth(tenant: &Tenant, day: &str) -> Value {
    let table = tenant.get(&format!("/v1/reports/stock_valuation?as_of={day}&group_by=none")).await.ok();
    table["rows"][0]["value"].clone()
}

async fn receive(tenant: &Tenant, day: &str, sku: &str, quantity: &str, unit_cost: &str) {
    let line = json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost });
    let at = format!("{day}T09:00:00Z");
    let body = json!({ "kind": "receipt", "occurred_at": at, "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await.created();
}

#[test]
fn goods_stay_and_their_value_changes_against_the_account_of_the_reason() {
    with_tenant(async |tenant| {
        let bolt = tenant.product("BOLT", "2.00").await;
        tenant.product("NUT", "1.00").await;
        receive(tenant, "2026-01-05", "BOLT", "3", "10.00").await;
        receive(tenant, "2026-01-05", "NUT", "7", "1.00").await;
        let lines = json!([{ "sku": "BOLT", "unit_cost": "3.333333" }, { "sku": "NUT", "value": "8.05" }]);
        let mut down = body(lines);
        down["occurred_at"] = json!("2026-01-20T12:00:00Z");
        down["reference"] = json!("Lower of cost and market");
        let document = tenant.post(REVALUATIONS, &down).await.created();
        assert_eq!(document["kind"], "revaluation");
        assert_eq!(document["value"], "-18.95");
        assert!(document["number"].as_str().is_some_and(|number| number.starts_with("RV-")), "{document}");
        let changes: Vec<_> = (0..2)
            .map(|at| (document["lines"][at]["quantity"].clone(), document["lines"][at]["value"].clone()))
            .collect();
        assert_eq!(changes, [(json!("0"), json!("-20.00")), (json!("0"), json!("1.05"))]);
        let id = document["id"].as_str().expect("an id");
        assert_eq!(tenant.get(&format!("/v1/stock/documents/{id}")).await.ok(), document);
        assert_eq!(
            tenant.entry(id).await,
            [("1200".into(), "-18.95".into()), ("5400".into(), "18.95".into())]
        );
        assert_eq!(tenant.level("BOLT").await, Level::of("3", "0", "10"));
        assert_eq!(tenant.level("NUT").await, Level::of("7", "0", "8.05"));

        assert_eq!(worth(tenant, "2026-01-04").await, "0.00");
        assert_eq!(worth(tenant, "2026-01-19").await, "37.00");
        assert_eq!(worth(tenant, "2026-01-20").await, "18.05");
        let path = format!("/v1/stock/levels/{}/{}/explain", tenant.main, bolt.id);
        let story = tenant.get(&path).await.ok();
        let line = &story["data"][1];
        assert_eq!(line["kind"], "revaluation");
        assert_eq!(line["quantity"], "0");
        assert_eq!(line["value"], "-20.00");
        assert_eq!(line["unit_cost"], "3.333333");
        assert_eq!(line["balance"], json!({ "on_hand": "3", "value": "10.00" }));
        assert_eq!(line["document_number"], document["number"]);
        assert_eq!(line["document_id"], document["id"]);
        assert_eq!(line["reason"], "write_down");
        let shrinkage = tenant.get("/v1/reports/shrinkage").await.ok();
        assert_eq!(shrinkage["rows"], json!([]), "nothing was lost");

        let till = tenant.till().await;
        tenant.sell(&till, &[("BOLT", "1")]).await.created();
        assert_eq!(tenant.balance("5010").await, "3.33", "what leaves later leaves at the new cost");
    });
}

#[test]
fn a_new_value_changes_each_unit_by_the_same_amount_and_layers_add_up() {
    with_tenant(async |tenant| {
        let more = json!({ "list_price": "9.00", "costing_method": "fifo" });
        let mug = tenant.product_with("MUG", more).await;
        for (day, quantity, cost) in
            [("01", "1", "1.00"), ("02", "1", "1.00"), ("03", "1", "1.00"), ("04", "2", "0.00")]
        {
            receive(tenant, &format!("2026-01-{day}"), "MUG", quantity, cost).await;
        }
        let values = async || {
            let path = format!("/v1/stock/levels/{}/{}/layers", tenant.main, mug.id);
            let page = tenant.get(&path).await.ok();
            let layers = page["data"].as_array().expect("layers").iter();
            layers.map(|layer| layer["value"].as_str().expect("a value").to_owned()).collect::<Vec<_>>()
        };
        let revalue = async |value: &str| {
            let lines = json!([{ "sku": "MUG", "value": value }]);
            tenant.post(REVALUATIONS, &body(lines)).await.created()["value"].clone()
        };
        assert_eq!(revalue("10.00").await, "7.00");
        assert_eq!(values().await, ["2.40", "2.40", "2.40", "2.80"]);
        assert_eq!(revalue("0").await, "-10.00");
        assert_eq!(values().await, ["0.00", "0.00", "0.00", "0.00"]);
        assert_eq!(revalue("0.08").await, "0.08");
        assert_eq!(values().await, ["0.02", "0.01", "0.02", "0.03"]);
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "0.08"));
        assert_eq!(revalue("0.08").await, "0.00", "what is right already is right");
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "4")]).await.created();
        assert_eq!(tenant.balance("5010").await, "0.07");
    });
}

#[test]
fn a_unit_cost_is_that_of_every_layer_and_an_amount_is_spread_by_quantity() {
    with_tenant(async |tenant| {
        for (sku, line, after) in [
            ("COST", json!({ "unit_cost": "4" }), ["40.00", "40.00"]),
            ("MORE", json!({ "value": "80" }), ["30.00", "50.00"]),
            ("LESS", json!({ "value": "40" }), ["10.00", "30.00"]),
            ("LEAST", json!({ "value": "15" }), ["0.00", "15.00"]),
            ("NONE", json!({ "unit_cost": "0" }), ["0.00", "0.00"]),
        ] {
            let product =
                tenant.product_with(sku, json!({ "list_price": "9.00", "costing_method": "fifo" })).await;
            receive(tenant, "2026-01-05", sku, "10", "2.00").await;
            receive(tenant, "2026-01-06", sku, "10", "4.00").await;
            let mut line = line;
            line["sku"] = json!(sku);
            tenant.post(REVALUATIONS, &body(json!([line]))).await.created();
            let path = format!("/v1/stock/levels/{}/{}/layers", tenant.main, product.id);
            let page = tenant.get(&path).await.ok();
            let layers = page["data"].as_array().expect("layers").iter();
            let values: Vec<&str> = layers.map(|layer| layer["value"].as_str().expect("a value")).collect();
            assert_eq!(values, after, "{sku}");
        }
        // The same in a level with an average, and of one lot.
        tenant.tracked("MILK", "lot").await;
        let lots = json!([{ "code": "A", "quantity": "4" }, { "code": "B", "quantity": "6" }]);
        let line = json!({ "sku": "MILK", "quantity": "10", "unit_cost": "2.00", "lots": lots });
        tenant.post("/v1/stock/documents", &json!({ "kind": "receipt", "lines": [line] })).await.created();
        let page = tenant.get("/v1/lots?sku=MILK").await.ok();
        let lots = page["data"].as_array().expect("lots").iter();
        let id = lots.clone().find(|lot| lot["code"] == "A").expect("lot A")["id"].clone();
        let line = json!({ "sku": "MILK", "lot_id": id, "value": "10.00" });
        assert_eq!(tenant.post(REVALUATIONS, &body(json!([line]))).await.created()["value"], "2.00");
        assert_eq!(tenant.level("MILK").await, Level::of("10", "0", "22"));
    });
}

#[test]
fn a_new_value_is_dated_when_the_stock_was_there() {
    with_tenant(async |tenant| {
        tenant.product("BOLT", "2.00").await;
        receive(tenant, "2026-01-05", "BOLT", "10", "1.00").await;
        let mut down = body(json!([{ "sku": "BOLT", "unit_cost": "0.50" }]));
        down["occurred_at"] = json!("2026-01-04T12:00:00Z");
        let early = tenant.post(REVALUATIONS, &down).await;
        early.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        assert!(early.text.contains("had no stock of BOLT at 2026-01-04T12:00:00Z"), "{}", early.text);
        let mut same = down.clone();
        same["lines"][0]["unit_cost"] = json!("1.00");
        tenant.post(REVALUATIONS, &same).await.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        same["occurred_at"] = json!("2026-01-06T12:00:00Z");
        assert_eq!(tenant.post(REVALUATIONS, &same).await.created()["value"], "0.00", "it has that value");
        down["occurred_at"] = json!("2026-01-06T12:00:00Z");
        tenant.post(REVALUATIONS, &down).await.created();
        // All of it is sold, then more comes.
        let sold = json!({ "kind": "adjustment", "reason": "lost", "occurred_at": "2026-01-10T09:00:00Z",
            "lines": [{ "sku": "BOLT", "quantity": "-10" }] });
        tenant.post("/v1/stock/documents", &sold).await.created();
        receive(tenant, "2026-01-12", "BOLT", "10", "3.00").await;
        let used_up = tenant.post(REVALUATIONS, &down).await;
        used_up.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        assert!(used_up.text.contains("At 2026-01-06T12:00:00Z or later"), "{}", used_up.text);
        assert_eq!(worth(tenant, "2026-01-11").await, "0.00");
        assert_eq!(worth(tenant, "2026-01-12").await, "30.00");
    });
}

#[test]
fn a_late_unit_cost_is_that_of_the_units_that_were_there() {
    for method in ["moving_average", "fifo"] {
        with_tenant(async |tenant| {
            tenant.product_with("MUG", json!({ "list_price": "9.00", "costing_method": method })).await;
            receive(tenant, "2026-01-05", "MUG", "10", "7.00").await;
            receive(tenant, "2026-01-15", "MUG", "10", "17.00").await;
            for (unit_cost, change, then, now) in [
                ("10", "30.00", "100.00", "270.00"),
                ("2", "-80.00", "20.00", "190.00"),
                ("0", "-20.00", "0.00", "170.00"),
            ] {
                let mut late = body(json!([{ "sku": "MUG", "unit_cost": unit_cost }]));
                late["occurred_at"] = json!("2026-01-10T12:00:00Z");
                assert_eq!(tenant.post(REVALUATIONS, &late).await.created()["value"], change, "{method}");
                assert_eq!(worth(tenant, "2026-01-09").await, "70.00", "{method}");
                assert_eq!(worth(tenant, "2026-01-10").await, then, "{method}");
                assert_eq!(worth(tenant, "2026-01-14").await, then, "{method}");
                assert_eq!(worth(tenant, "2026-01-15").await, now, "{method}");
                assert_eq!(tenant.check_now().await, Vec::<String>::new(), "{method}");
            }
            assert_eq!(tenant.level("MUG").await, Level::of("20", "0", "170"), "{method}");
        });
    }
}

#[test]
fn a_late_unit_cost_after_an_issue_is_that_of_the_layers_that_were_there() {
    for (method, change, then, now) in
        [("fifo", "18.00", "88.00", "140"), ("moving_average", "38.00", "108.00", "160")]
    {
        with_tenant(async |tenant| {
            tenant.product_with("MUG", json!({ "list_price": "9.00", "costing_method": method })).await;
            receive(tenant, "2026-01-05", "MUG", "10", "7.00").await;
            let lost = async |day: &str, quantity: &str| {
                let line = json!({ "sku": "MUG", "quantity": quantity });
                let at = format!("{day}T09:00:00Z");
                let lost =
                    json!({ "kind": "adjustment", "reason": "lost", "occurred_at": at, "lines": [line] });
                tenant.post("/v1/stock/documents", &lost).await.created();
            };
            lost("2026-01-12", "-4").await;
            receive(tenant, "2026-01-15", "MUG", "10", "8.00").await;
            let mut late = body(json!([{ "sku": "MUG", "unit_cost": "10" }]));
            late["occurred_at"] = json!("2026-01-10T12:00:00Z");
            assert_eq!(tenant.post(REVALUATIONS, &late).await.created()["value"], change, "{method}");
            assert_eq!(worth(tenant, "2026-01-10").await, then, "{method}");
            assert_eq!(tenant.level("MUG").await, Level::of("16", "0", now), "{method}");
            assert_eq!(tenant.check_now().await, Vec::<String>::new(), "{method}");
            // What was there has left; what is on hand came later. Without cost layers that is not known.
            lost("2026-01-20", "-6").await;
            late["occurred_at"] = json!("2026-01-10T13:00:00Z");
            let reply = tenant.post(REVALUATIONS, &late).await;
            if method == "fifo" {
                reply.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
            } else {
                assert_eq!(reply.created()["value"], "0.00");
            }
        });
    }
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.00", ("3", "1.00")).await;
        tenant.product("NUT", "1.00").await;
        tenant.product_with("WORK", json!({ "kind": "service" })).await;
        let before = tenant.footprint().await;
        for (lines, status, code, pointers) in [
            (json!([{ "sku": "NUT", "unit_cost": "1" }]), 409, "invalid_state_transition", vec!["#/lines/0"]),
            (
                json!([{ "sku": "BOLT", "unit_cost": "-1" }]),
                422,
                "validation_failed",
                vec!["#/lines/0/unit_cost"],
            ),
            (json!([{ "sku": "BOLT", "value": "-0.01" }]), 422, "validation_failed", vec!["#/lines/0/value"]),
            (json!([{ "sku": "BOLT", "value": "1.001" }]), 422, "validation_failed", vec!["#/lines/0/value"]),
            (json!([{ "sku": "BOLT" }]), 422, "validation_failed", vec!["#/lines/0"]),
            (
                json!([{ "sku": "BOLT", "value": "1", "unit_cost": "1" }]),
                422,
                "validation_failed",
                vec!["#/lines/0"],
            ),
            (
                json!([{ "sku": "BOLT", "value": "1" }, { "sku": "BOLT", "value": "2" }]),
                422,
                "validation_failed",
                vec!["#/lines/1"],
            ),
            (json!([{ "sku": "WORK", "value": "1" }]), 422, "validation_failed", vec!["#/lines/0/sku"]),
            (json!([{ "sku": "GONE", "value": "1" }]), 404, "not_found", vec!["#/lines/0/sku"]),
            (json!([]), 422, "validation_failed", vec!["#/lines"]),
        ] {
            let reply = tenant.post(REVALUATIONS, &body(lines)).await;
            reply.refused(status, code).names(&pointers);
        }
        let lines = json!([{ "sku": "BOLT", "value": "1" }]);
        let unknown = json!({ "reason": "whim", "lines": lines });
        tenant.post(REVALUATIONS, &unknown).await.refused(422, "validation_failed").names(&["#/reason"]);
        let sideways =
            json!({ "kind": "revaluation", "lines": [{ "sku": "BOLT", "quantity": "1", "unit_cost": "1" }] });
        let reply = tenant.post("/v1/stock/documents", &sideways).await;
        reply.refused(422, "validation_failed").names(&["#/kind"]);
        let after = tenant.footprint().await;
        let changed: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
        assert!(changed.iter().all(|(old, _)| old.0 == "command" || old.0 == "number_series"), "{changed:?}");
    });
}

#[test]
fn a_revaluation_and_a_sale_at_the_same_time_leave_nothing_over() {
    with_tenant(async |tenant| {
        for method in ["moving_average", "fifo"] {
            let sku = method.to_uppercase();
            tenant.product_with(&sku, json!({ "list_price": "9.00", "costing_method": method })).await;
            receive(tenant, "2026-01-01", &sku, "30", "1.11").await;
            receive(tenant, "2026-01-02", &sku, "31", "2.22").await;
            let till = tenant.till().await;
            let sales = (0..30).map(async |_| tenant.sell(&till, &[(&sku, "2")]).await.status);
            let values = (0..30).map(async |number| {
                let lines = json!([{ "sku": sku, "unit_cost": format!("1.{number:02}7") }]);
                tenant.post(REVALUATIONS, &body(lines)).await.status
            });
            let all = futures_util::future::join(
                futures_util::future::join_all(sales),
                futures_util::future::join_all(values),
            );
            assert_eq!(all.await, (vec![201; 30], vec![201; 30]));
            tenant.sell(&till, &[(&sku, "1")]).await.created();
            assert_eq!(tenant.level(&sku).await, Level::of("0", "0", "0"));
        }
        assert_eq!(tenant.balance("1200").await, "0.00");
    });
}
