//! Purchase orders: prices, quantities, steps and their rejections.

use chrono::{Days, Utc};
use serde_json::{Value, json};
use tests::{Level, environment, with_tenant, with_tenant_as};

use super::{PURCHASES, of_lines, order, path, sells, step, supplier};

#[test]
fn a_line_has_the_price_of_the_day_and_quantity_in_the_unit_of_the_supplier() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XBX", "factor": "12" }, { "uom": "XPX", "factor": "120" }]);
        let bolt = tenant.product_with("BOLT", json!({ "units": units })).await.id;
        let nordbolt = supplier(tenant, "NORDBOLT", json!({ "over_receipt_percent": "5" })).await;
        let prices = json!([{ "unit_cost": "10.00" }, { "min_quantity": "20", "unit_cost": "9.00" },
            { "min_quantity": "20", "unit_cost": "1.00", "valid_from": "2019-01-01", "valid_until": "2020-12-31" },
            { "min_quantity": "30", "unit_cost": "8.00", "valid_from": "2999-01-01" }]);
        sells(tenant, &nordbolt, &bolt, json!({ "supplier_sku": "NB-8", "uom": "XBX", "prices": prices }))
            .await;
        let lines = json!([{ "sku": "BOLT", "quantity": "19" }, { "sku": "BOLT", "quantity": "20" },
            { "sku": "BOLT", "quantity": "40" }, { "sku": "BOLT", "quantity": "2", "uom": "XPX" },
            { "sku": "BOLT", "quantity": "7", "uom": "C62" }, { "sku": "BOLT", "quantity": "1", "unit_cost": "9.99" }]);
        let body = json!({ "supplier_id": nordbolt, "reference": "Quote 7", "lines": lines });
        let made = order(tenant, body, &[]).await;
        assert_eq!(of_lines(&made, "unit_cost"), ["10.00", "9.00", "9.00", "90.00", "0.833333", "9.99"]);
        assert_eq!(of_lines(&made, "value"), ["190.00", "180.00", "360.00", "180.00", "5.83", "9.99"]);
        assert_eq!(of_lines(&made, "quantity"), ["228", "240", "480", "240", "7", "12"]);
        assert_eq!(of_lines(&made, "uom"), ["XBX", "XBX", "XBX", "XPX", "C62", "XBX"]);
        assert_eq!(made["lines"][0]["supplier_sku"], "NB-8");
        assert_eq!(
            (&made["status"], &made["value"], &made["over_receipt_percent"], &made["sent_at"]),
            (&json!("draft"), &json!("925.82"), &json!("5"), &Value::Null)
        );
        assert!(made["number"].as_str().is_some_and(|number| number.starts_with("PO-")), "{made}");
        assert_eq!(tenant.get(&path(&made)).await.ok(), made);
        assert_eq!(tenant.count("stock_movement").await, 0, "an order moves nothing");
        // A later price changes nothing.
        sells(tenant, &nordbolt, &bolt, json!({ "prices": [{ "unit_cost": "99.00" }] })).await;
        assert_eq!(tenant.get(&path(&made)).await.ok(), made);
        let listed =
            tenant.get(&format!("{PURCHASES}?supplier_id={nordbolt}&product_id={bolt}&status=draft")).await;
        assert_eq!(
            (&listed.ok()["data"][0]["id"], &listed.json()["data"][0]["lines"]),
            (&made["id"], &Value::Null)
        );
        assert_eq!(tenant.get(&format!("{PURCHASES}?status=sent,confirmed")).await.ok()["data"], json!([]));
        assert_eq!(
            tenant.get(&format!("{PURCHASES}?reference=Quote%207")).await.ok()["data"][0]["id"],
            made["id"]
        );
    });
}

#[test]
fn what_the_supplier_does_not_sell_is_refused_unless_it_agrees() {
    with_tenant(async |tenant| {
        let units = json!([{ "uom": "XBX", "factor": "12" }]);
        let bolt = tenant.product_with("BOLT", json!({ "units": units })).await.id;
        tenant.product("NUT", "1.00").await;
        let nordbolt = supplier(tenant, "NORDBOLT", json!({})).await;
        let stated = json!({ "uom": "XBX", "min_order_quantity": "10", "order_multiple": "5", "prices": [{ "unit_cost": "3" }] });
        sells(tenant, &nordbolt, &bolt, stated).await;
        let send = async |line: Value, any: bool| {
            let body = json!({ "supplier_id": nordbolt, "any_quantity": any, "lines": [line] });
            tenant.post(PURCHASES, &body).await
        };
        for (line, text) in [
            (json!({ "sku": "BOLT", "quantity": "9" }), "at least 10 XBX"),
            (json!({ "sku": "BOLT", "quantity": "12" }), "multiples of 5 XBX"),
            (json!({ "sku": "BOLT", "quantity": "119", "uom": "C62" }), "at least 10 XBX"),
            (json!({ "sku": "BOLT", "quantity": "132", "uom": "C62" }), "multiples of 5 XBX"),
        ] {
            let refused = send(line.clone(), false).await;
            refused.refused(422, "validation_failed").names(&["#/lines/0/quantity"]);
            assert!(refused.text.contains(text) && refused.text.contains("NORDBOLT"), "{}", refused.text);
            send(line, true).await.created();
        }
        send(json!({ "sku": "BOLT", "quantity": "15" }), false).await.created();
        send(json!({ "sku": "BOLT", "quantity": "180", "uom": "C62" }), false).await.created();
        let unpriced = send(json!({ "sku": "NUT", "quantity": "1" }), false).await;
        unpriced.refused(422, "price_missing").names(&["#/lines/0/unit_cost"]);
        send(json!({ "sku": "NUT", "quantity": "1", "unit_cost": "0.10" }), false).await.created();
    });
}

#[test]
fn everything_that_is_wrong_with_an_order_is_named() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        tenant.product_with("HELP", json!({ "kind": "service" })).await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = |more: Value| {
            let mut line = json!({ "sku": "MUG", "quantity": "1", "unit_cost": "1" });
            more.as_object().expect("fields").iter().for_each(|(name, value)| line[name] = value.clone());
            line
        };
        let lines = json!([
            line(json!({ "quantity": "0" })),
            line(json!({ "unit_cost": "-1" })),
            line(json!({ "sku": "HELP" })),
            line(json!({ "uom": "XBX" })),
            line(json!({ "expected_on": "2020-01-01" })),
            line(json!({ "quantity": "0.5" })),
            line(json!({ "sku": "NONE" }))
        ]);
        let body = json!({ "supplier_id": pottery, "lines": lines });
        tenant.post(PURCHASES, &body).await.refused(422, "validation_failed").names(&[
            "#/lines/0/quantity",
            "#/lines/1/unit_cost",
            "#/lines/2/sku",
            "#/lines/3/uom",
            "#/lines/4/expected_on",
            "#/lines/5/quantity",
            "#/lines/6/sku",
        ]);
        for (wrong, pointer) in [
            (json!({ "lines": [] }), "#/lines"),
            (json!({ "over_receipt_percent": "101" }), "#/over_receipt_percent"),
            (json!({ "over_receipt_percent": "-1" }), "#/over_receipt_percent"),
            (json!({ "expected_on": "2020-01-01" }), "#/expected_on"),
        ] {
            let mut body = json!({ "supplier_id": pottery, "lines": [line(json!({}))] });
            wrong.as_object().expect("fields").iter().for_each(|(name, value)| body[name] = value.clone());
            tenant.post(PURCHASES, &body).await.refused(422, "validation_failed").names(&[pointer]);
        }
        let unknown = json!({ "supplier_id": "sup_01h455vb4pex5vsknk084sn02q", "lines": [line(json!({}))] });
        tenant.post(PURCHASES, &unknown).await.refused(404, "not_found").names(&["#/supplier_id"]);
        tenant.patch(&format!("/v1/suppliers/{pottery}"), &json!({ "status": "archived" })).await.ok();
        let archived = json!({ "supplier_id": pottery, "lines": [line(json!({}))] });
        let refused = tenant.post(PURCHASES, &archived).await;
        refused.refused(409, "invalid_state_transition").names(&["#/supplier_id"]);
        assert_eq!(tenant.count("purchase_order").await, 0);
    });
}

#[test]
fn an_order_goes_its_way_and_no_other() {
    with_tenant_as(
        |tenant| tenant.time_zone = "UTC".to_owned(),
        async |tenant| {
            tenant.product("MUG", "10.00").await;
            let pottery = supplier(tenant, "POTTERY", json!({ "lead_time_days": 14 })).await;
            let body = json!({ "supplier_id": pottery, "lines": [{ "sku": "MUG", "quantity": "10", "unit_cost": "4" },
            { "sku": "MUG", "quantity": "5", "unit_cost": "4", "expected_on": "2998-01-01" }] });
            let draft = order(tenant, body.clone(), &[]).await;
            for verb in ["confirm", "receive", "close"] {
                step(tenant, &draft, verb, json!({})).await.refused(409, "invalid_state_transition");
            }
            let due = environment().today(&Utc).await + Days::new(14);
            let sent = step(tenant, &draft, "send", json!({})).await.ok();
            assert_eq!(of_lines(&sent, "expected_on"), [json!(due.to_string()), json!("2998-01-01")]);
            assert_eq!((&sent["status"], &sent["version"]), (&json!("sent"), &json!(2)));
            assert!(sent["sent_at"].is_string());
            let again = step(tenant, &draft, "send", json!({})).await;
            again.refused(409, "invalid_state_transition");
            assert!(again.text.contains("is sent already"), "{}", again.text);
            step(tenant, &draft, "close", json!({})).await.refused(409, "invalid_state_transition");

            let days = json!({ "expected_on": "2998-02-01", "lines": [{ "line_no": 2, "expected_on": "2998-02-09" }] });
            let confirmed = step(tenant, &draft, "confirm", days).await.ok();
            assert_eq!(of_lines(&confirmed, "expected_on"), ["2998-02-01", "2998-02-09"]);
            assert_eq!(confirmed["status"], "confirmed");
            for (wrong, pointer) in [
                (json!({ "lines": [{ "line_no": 3, "expected_on": "2998-01-01" }] }), "#/lines/0/line_no"),
                (
                    json!({ "lines": [{ "line_no": 1, "expected_on": "2020-01-01" }] }),
                    "#/lines/0/expected_on",
                ),
                (json!({ "expected_on": "2020-01-01" }), "#/expected_on"),
            ] {
                let refused = step(tenant, &draft, "confirm", wrong).await;
                assert!(matches!(refused.status, 404 | 422), "{}", refused.text);
                assert_eq!(refused.json()["errors"][0]["pointer"], json!(pointer));
            }
            let cancelled = step(tenant, &draft, "cancel", json!({})).await.ok();
            assert_eq!(
                (&cancelled["status"], of_lines(&cancelled, "cancelled")),
                (&json!("cancelled"), vec![json!("10"), json!("5")])
            );
            assert_eq!(of_lines(&cancelled, "open"), ["0", "0"]);
            for verb in ["send", "confirm", "receive", "cancel", "close"] {
                step(tenant, &draft, verb, json!({})).await.refused(409, "invalid_state_transition");
            }
            let kinds: Vec<Value> = tenant
                .events("type=purchase_order.*")
                .await
                .iter()
                .map(|event| event["type"].clone())
                .collect();
            let expected = ["created", "sent", "confirmed", "cancelled"]
                .map(|verb| json!(format!("purchase_order.{verb}")));
            assert_eq!(kinds, expected);
        },
    );
}

#[test]
fn a_confirmation_states_the_day_of_every_line() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let body = json!({ "supplier_id": pottery, "lines": [line, line] });
        let sent = order(tenant, body, &["send"]).await;
        assert_eq!(of_lines(&sent, "expected_on"), [Value::Null, Value::Null], "no lead time is stated");
        let one = json!({ "lines": [{ "line_no": 1, "expected_on": "2998-01-01" }] });
        let refused = step(tenant, &sent, "confirm", one).await;
        refused.refused(422, "validation_failed").names(&["#/lines"]);
        assert!(refused.text.contains("line 2"), "{}", refused.text);
        step(tenant, &sent, "confirm", json!({ "expected_on": "2998-01-01" })).await.ok();
    });
}

#[test]
fn a_dry_run_writes_nothing_and_a_repeat_makes_no_second_order() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4" });
        let body = json!({ "supplier_id": pottery, "lines": [line] });
        let tried = tenant.dry_run(PURCHASES, &body).await.ok();
        assert_eq!(tried["document"]["value"], "40.00");
        assert_eq!(tenant.count("purchase_order").await, 0);
        let first = tenant.post_as(PURCHASES, "order-1", &body).await;
        let again = tenant.post_as(PURCHASES, "order-1", &body).await;
        assert!(again.is_replayed());
        assert_eq!(again.created(), first.created());
        let sent = format!("{}/send", path(&first.json()));
        tenant.post(&sent, &json!({})).await.ok();
        let receive = format!("{}/receive", path(&first.json()));
        let tried = tenant.dry_run(&receive, &json!({})).await.ok();
        assert_eq!(
            (&tried["document"]["status"], &tried["effects"]["totals"]["stock_value"]),
            (&json!("received"), &json!("40.00"))
        );
        assert_eq!(tenant.count("stock_movement").await, 0);
        let came = tenant.post_as(&receive, "receipt-1", &json!({})).await.ok();
        let again = tenant.post_as(&receive, "receipt-1", &json!({})).await;
        assert!(again.is_replayed());
        assert_eq!(again.ok(), came);
        assert_eq!(tenant.count("stock_document").await, 1);
    });
}

#[test]
fn an_order_asks_for_its_scope_and_keeps_to_the_bounds_of_a_key() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let pottery = supplier(tenant, "POTTERY", json!({})).await;
        let line =
            |place: &str| json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4", "location_id": place });
        let at = |places: &[&str]| {
            let lines: Vec<Value> = places.iter().map(|place| line(place)).collect();
            json!({ "supplier_id": pottery, "lines": lines })
        };
        let reader = tenant.with_key(&crate::platform::auth::key(tenant, &["purchasing:read"]).await);
        reader.post(PURCHASES, &at(&[&tenant.main])).await.refused(403, "insufficient_scope");
        let bounds = json!({ "scopes": ["purchasing:read", "purchasing:write"], "locations": [tenant.shop], "amount_max": "50" });
        let bound = tenant.with_key(&crate::platform::auth::key_with(tenant, bounds).await.1);
        bound.post(PURCHASES, &at(&[&tenant.shop])).await.created();
        bound.post(PURCHASES, &at(&[&tenant.shop, &tenant.main])).await.refused(403, "bound_exceeded");
        bound.post(PURCHASES, &at(&[&tenant.shop, &tenant.shop])).await.refused(403, "bound_exceeded");
        let elsewhere = order(tenant, at(&[&tenant.main]), &["send"]).await;
        for verb in ["confirm", "receive", "cancel"] {
            let reply = bound.post(&format!("{}/{verb}", path(&elsewhere)), &json!({})).await;
            reply.refused(403, "bound_exceeded");
        }
    });
}

/// A mug costs 10.00 USD, and 8.00 GBP at 0.8.
#[test]
fn an_order_is_in_the_currency_of_its_supplier() {
    with_tenant(async |tenant| {
        let mug = tenant.product("MUG", "20.00").await.id;
        let steel = supplier(tenant, "STEEL", json!({ "currency": "USD" })).await;
        sells(tenant, &steel, &mug, json!({ "preferred": true, "prices": [{ "unit_cost": "10" }] })).await;
        let line = json!({ "sku": "MUG", "quantity": "5" });
        let body = json!({ "supplier_id": steel, "lines": [line] });
        let unrated = tenant.post(PURCHASES, &body).await;
        unrated.refused(422, "validation_failed").names(&["#/exchange_rate"]);
        let rate = json!({ "currency": "USD", "valid_from": "2026-01-01", "rate": "0.8" });
        tenant.post("/v1/exchange-rates", &rate).await.created();
        let made = tenant.post(PURCHASES, &body).await.created();
        assert_eq!(
            (&made["foreign"]["currency"], &made["foreign"]["exchange_rate"], &made["foreign"]["value"]),
            (&json!("USD"), &json!("0.8"), &json!("50.00"))
        );
        assert_eq!((&made["currency"], &made["value"]), (&json!("GBP"), &json!("40.00")));
        let line = &made["lines"][0];
        assert_eq!((&line["foreign"]["unit_cost"], &line["unit_cost"]), (&json!("10.00"), &json!("8.00")));
        for verb in ["send", "receive"] {
            step(tenant, &made, verb, json!({})).await.ok();
        }
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "40"));

        // The prices do not apply in another currency.
        let mut own = body.clone();
        own["currency"] = json!("GBP");
        let refused = tenant.post(PURCHASES, &own).await;
        refused.refused(422, "price_missing").names(&["#/lines/0/unit_cost"]);
        assert!(refused.text.contains("the prices of STEEL are in USD"), "{}", refused.text);
        own["lines"][0]["unit_cost"] = json!("8.50");
        let stated = tenant.post(PURCHASES, &own).await.created();
        assert_eq!((&stated["foreign"], &stated["value"]), (&Value::Null, &json!("42.50")));
    });
}

/// 10 mugs and 5 jugs are ordered. The supplier has 6 of the mugs and none of the jugs.
#[test]
fn a_supplier_confirms_fewer_units() {
    with_tenant(async |tenant| {
        for sku in ["MUG", "JUG"] {
            tenant.product(sku, "20.00").await;
        }
        let pottery = supplier(tenant, "POTTERY", json!({ "over_receipt_percent": "20" })).await;
        let line = |sku: &str, quantity: &str| json!({ "sku": sku, "quantity": quantity, "unit_cost": "4" });
        let body = json!({ "supplier_id": pottery, "lines": [line("MUG", "10"), line("JUG", "5")] });
        let made = order(tenant, body, &["send"]).await;
        let of = |line_no: i32, open: &str| json!({ "line_no": line_no, "expected_on": "2998-02-01", "open": open });
        for (lines, pointer) in [
            (json!([of(1, "11")]), "#/lines/0/open"),
            (json!([of(1, "-1")]), "#/lines/0/open"),
            (json!([of(1, "5.5")]), "#/lines/0/open"),
            (json!([of(1, "0"), of(2, "0")]), "#/lines"),
        ] {
            let body = json!({ "expected_on": "2998-02-01", "lines": lines });
            let refused = step(tenant, &made, "confirm", body).await;
            refused.refused(422, "validation_failed").names(&[pointer]);
        }
        let confirmed = json!({ "lines": [of(1, "6"), of(2, "0")] });
        let confirmed = step(tenant, &made, "confirm", confirmed).await.ok();
        assert_eq!(confirmed["status"], "confirmed");
        assert_eq!(of_lines(&confirmed, "open"), ["6", "0"]);
        assert_eq!(of_lines(&confirmed, "cancelled"), ["4", "5"]);

        // The tolerance counts from the units that were not cancelled: 7, and not 12.
        let beyond = json!({ "lines": [{ "line_no": 1, "quantity": "8" }] });
        step(tenant, &made, "receive", beyond).await.refused(422, "receipt_exceeds_order");
        let jugs = json!({ "lines": [{ "line_no": 2, "quantity": "1" }] });
        step(tenant, &made, "receive", jugs).await.refused(422, "receipt_exceeds_order");
        let whole = step(tenant, &made, "receive", json!({})).await.ok();
        assert_eq!(
            (&whole["status"], of_lines(&whole, "received")),
            (&json!("received"), vec![json!("6"), json!("0")])
        );
        assert_eq!(tenant.level("MUG").await, Level::of("6", "0", "24"));
    });
}
