//! Bounds of a key over documents: locations, channels and amounts.

mod keys;

use serde_json::{Value, json};
use tests::{Client, Tenant, environment, lines, sale, with_tenant};

use super::auth::{key_with, outside};

/// Makes a key with all scopes and these bounds.
async fn bound(client: &Client, mut bounds: Value) -> Client {
    bounds["scopes"] = client.get("/v1/me").await.ok()["scopes"].clone();
    client.with_key(&key_with(client, bounds).await.1)
}

#[test]
fn a_key_of_one_location_corrects_no_lot_that_lies_elsewhere() {
    with_tenant(async |tenant| {
        tenant.tracked("MILK", "lot").await;
        let receive = async |location: &str, lot: &str| {
            let lots = json!([{ "code": lot }]);
            let line = json!({ "sku": "MILK", "quantity": "5", "unit_cost": "1", "lots": lots });
            let body = json!({ "kind": "receipt", "location_id": location, "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created();
        };
        receive(&tenant.shop, "HERE").await;
        receive(&tenant.shop, "BOTH").await;
        receive(&tenant.main, "BOTH").await;
        receive(&tenant.main, "THERE").await;
        let client = bound(tenant, json!({ "locations": [tenant.shop] })).await;
        let ended = json!({ "expires_on": "2020-01-01" });
        let path = async |code: &str| {
            let lots = tenant.get(&format!("/v1/lots?code={code}")).await.ok();
            format!("/v1/lots/{}", lots["data"][0]["id"].as_str().expect("an id"))
        };
        for code in ["BOTH", "THERE"] {
            let reply = client.patch(&path(code).await, &ended).await;
            reply.refused(403, "bound_exceeded");
            assert_eq!(tenant.get(&path(code).await).await.ok()["expires_on"], Value::Null);
        }
        assert_eq!(client.patch(&path("HERE").await, &ended).await.ok()["expires_on"], "2020-01-01");
        tenant.patch(&path("BOTH").await, &ended).await.ok();
    });
}

#[test]
fn the_largest_discount_of_a_till_can_be_changed() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("10", "4")).await;
        let till = tenant.till_with(json!({ "discount_max": "5" })).await;
        let path = format!("/v1/registers/{}", till.register_id);
        let sell = async |percent: &str| {
            let mut body = sale(&till, &[("MUG", "1")]);
            body["lines"][0]["discount"] = json!({ "percent": percent });
            tenant.post("/v1/pos/sales", &body).await.status
        };
        assert_eq!((sell("5").await, sell("6").await), (201, 403));
        let changed = tenant.patch(&path, &json!({ "discount_max": "20", "name": "Entrance" })).await.ok();
        let seen = (&changed["discount_max"], &changed["name"], &changed["version"]);
        assert_eq!(seen, (&json!("20"), &json!("Entrance"), &json!(2)));
        assert_eq!((sell("20").await, sell("21").await), (201, 403));
        tenant.patch(&path, &json!({ "discount_max": "101" })).await.refused(422, "validation_failed");
        tenant.patch(&path, &json!({ "code": "X" })).await.refused(400, "unknown_field");
        let low = bound(tenant, json!({ "discount_max": "30" })).await;
        for wider in [json!({ "discount_max": "31" }), json!({ "discount_max": null })] {
            low.patch(&path, &wider).await.refused(403, "bound_exceeded").names(&["#/discount_max"]);
        }
        low.patch(&path, &json!({ "discount_max": "30" })).await.ok();
        tenant.patch(&path, &json!({ "discount_max": null })).await.ok();
        assert_eq!(sell("60").await, 201);
        low.patch(&path, &json!({ "discount_max": "40" })).await.ok();
        let elsewhere = bound(tenant, json!({ "locations": [tenant.shop] })).await;
        elsewhere.patch(&path, &json!({ "discount_max": "1" })).await.refused(403, "bound_exceeded");
        let cashier = tenant.with_key(&key_with(tenant, json!({ "scopes": ["pos:write"] })).await.1);
        cashier.patch(&path, &json!({ "discount_max": "1" })).await.refused(403, "insufficient_scope");
    });
}

/// A tenant with goods at two locations, a till at each, a customer and an order at each.
struct Places {
    here: tests::Till,
    there: tests::Till,
    customer: String,
}

async fn places(tenant: &Tenant) -> Places {
    tenant.stocked("MUG", "10.00", ("100", "4")).await;
    let receipt = json!({ "kind": "receipt", "location_id": tenant.shop, "lines": [{ "sku": "MUG", "quantity": "50", "unit_cost": "4" }] });
    tenant.post("/v1/stock/documents", &receipt).await.created();
    let here = tenant.till_with(json!({ "location_id": tenant.shop })).await;
    let there = tenant.till_with(json!({ "location_id": tenant.main })).await;
    Places { here, there, customer: tenant.customer("Hotel").await }
}

/// Returns the freight of a receipt in the warehouse.
async fn freight(tenant: &Tenant, amount: &str) -> Value {
    tenant.product("ROD", "10.00").await;
    let receipt =
        json!({ "kind": "receipt", "lines": [{ "sku": "ROD", "quantity": "1", "unit_cost": "4" }] });
    let receipt = tenant.make("/v1/stock/documents", receipt).await;
    json!({ "charges": [{ "kind": "freight", "amount": amount }], "spread_by": "value",
        "receipts": [{ "stock_document_id": receipt }] })
}

async fn step(client: &Client, order: &Value, verb: &str) -> tests::Reply {
    let id = order["id"].as_str().expect("an id");
    client.post(&format!("/v1/orders/{id}/{verb}"), &json!({})).await
}

#[track_caller]
fn refused(reply: &tests::Reply, bound: &str) {
    let problem = reply.refused(403, "bound_exceeded").0;
    let named = problem["errors"][0]["params"]["bound"].as_str().or(problem["bound"].as_str());
    assert_eq!(named, Some(bound), "{problem}");
}

#[test]
fn a_key_of_one_location_writes_documents_there_only() {
    with_tenant(async |tenant| {
        let Places { here, there, customer } = places(tenant).await;
        let client = bound(tenant, json!({ "locations": [tenant.shop] })).await;
        client.post("/v1/pos/sales", &sale(&here, &[("MUG", "1")])).await.created();
        let elsewhere = sale(&there, &[("MUG", "1")]);
        refused(&client.post("/v1/pos/sales", &elsewhere).await, "locations");
        refused(&client.dry_run("/v1/pos/sales", &elsewhere).await, "locations");
        let batch = json!({ "items": [{ "idempotency_key": "a", "body": elsewhere }, { "idempotency_key": "b", "body": sale(&here, &[("MUG", "1")]) }] });
        let results = client.post("/v1/pos/sales/batch", &batch).await.expect(207)["results"].clone();
        assert_eq!((&results[0]["status"], &results[1]["status"]), (&json!(403), &json!(201)), "{results}");

        let order = |location: &str| json!({ "customer_id": customer, "location_id": location, "lines": lines(&[("MUG", "1")]) });
        let own = client.post("/v1/orders", &order(&tenant.shop)).await.created();
        step(&client, &own, "confirm").await.ok();
        refused(&client.post("/v1/orders", &order(&tenant.main)).await, "locations");
        let by_default = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
        refused(&client.post("/v1/orders", &by_default).await, "locations");
        let theirs = tenant.post("/v1/orders", &order(&tenant.main)).await.created();
        for verb in ["confirm", "cancel"] {
            refused(&step(&client, &theirs, verb).await, "locations");
        }
        let goods = lines(&[("MUG", "1")]);
        let suggested = json!({ "product_id": "prd_01h455vb4pex5vsknk084sn02q", "location_id": tenant.main,
            "fingerprint": "0".repeat(32) });
        for (path, body) in [
            ("/v1/landed-costs", freight(tenant, "5").await),
            (
                "/v1/stock/documents",
                json!({ "kind": "receipt", "lines": [{ "sku": "MUG", "quantity": "1", "unit_cost": "4" }] }),
            ),
            ("/v1/stock/holds", json!({ "kind": "quarantine", "lines": goods })),
            ("/v1/stock/transfers", json!({ "to_location_id": tenant.shop, "lines": goods })),
            ("/v1/stock/expected-receipts", json!({ "expected_on": "2089-01-01", "lines": goods })),
            (
                "/v1/stock/revaluations",
                json!({ "reason": "damage", "lines": [{ "sku": "MUG", "unit_cost": "1" }] }),
            ),
            ("/v1/counts", json!({})),
            ("/v1/replenishment/orders", json!({ "lines": [suggested] })),
        ] {
            let reply = client.post(path, &body).await;
            refused(&reply, "locations");
        }
        let arriving =
            json!({ "from_location_id": tenant.main, "to_location_id": tenant.shop, "lines": goods });
        let transfer = tenant.make("/v1/stock/transfers", arriving).await;
        client.post(&format!("/v1/stock/transfers/{transfer}/receive"), &json!({})).await.ok();
        let till = json!({ "code": "T99", "name": "Theirs", "location_id": tenant.main });
        refused(&client.post("/v1/registers", &till).await, "locations");
        refused(
            &client.patch(&format!("/v1/locations/{}", tenant.main), &json!({ "name": "Mine" })).await,
            "locations",
        );
    });
}

#[test]
fn a_key_of_one_channel_writes_no_document_of_the_other() {
    with_tenant(async |tenant| {
        let Places { here, customer, .. } = places(tenant).await;
        let order = json!({ "customer_id": customer, "lines": lines(&[("MUG", "1")]) });
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "5" });
        let retail = bound(tenant, json!({ "channels": ["retail"] })).await;
        retail.post("/v1/pos/sales", &sale(&here, &[("MUG", "1")])).await.created();
        refused(&retail.post("/v1/orders", &order).await, "channels");
        refused(&retail.post("/v1/payments", &payment).await, "channels");
        let wholesale = bound(tenant, json!({ "channels": ["wholesale"] })).await;
        wholesale.post("/v1/orders", &order).await.created();
        wholesale.post("/v1/payments", &payment).await.created();
        refused(&wholesale.post("/v1/pos/sales", &sale(&here, &[("MUG", "1")])).await, "channels");
    });
}

#[test]
fn a_document_above_the_amount_is_refused_and_changes_nothing() {
    with_tenant(async |tenant| {
        let Places { here, customer, .. } = places(tenant).await;
        let client = bound(tenant, json!({ "amount_max": "60.00" })).await;
        let before = tenant.level("MUG").await;
        let order = |quantity: &str| json!({ "customer_id": customer, "lines": lines(&[("MUG", quantity)]), "advance_to": "confirmed" });
        // 5 mugs are 50.00 and 20 % tax.
        refused(&client.post("/v1/orders", &order("6")).await, "amount_max");
        for (path, body) in [
            ("/v1/pos/sales", sale(&here, &[("MUG", "6")])),
            ("/v1/payments", json!({ "customer_id": customer, "method": "bank", "amount": "60.01" })),
            ("/v1/landed-costs", freight(tenant, "60.01").await),
            (
                "/v1/stock/documents",
                json!({ "kind": "receipt", "lines": [{ "sku": "MUG", "quantity": "7", "unit_cost": "10" }] }),
            ),
            (
                "/v1/stock/revaluations",
                json!({ "reason": "damage", "lines": [{ "sku": "MUG", "unit_cost": "1" }] }),
            ),
            ("/v1/returns", json!({ "customer_id": customer, "lines": lines(&[("MUG", "6")]) })),
            (
                "/v1/stock/transfers",
                json!({ "to_location_id": tenant.shop, "lines": lines(&[("MUG", "20")]) }),
            ),
        ] {
            let reply = client.post(path, &body).await;
            if reply.status != 422 {
                refused(&reply, "amount_max");
            }
        }
        assert_eq!(tenant.level("MUG").await, before);
        let made = client.post("/v1/orders", &order("5")).await.created();
        assert_eq!(made["status"], "confirmed");
        // An amendment takes away what was ordered, as a cancellation does. Within the amount, both are allowed.
        let large = tenant.post("/v1/orders", &order("6")).await.created();
        let amend = format!("/v1/orders/{}/amend", large["id"].as_str().expect("an id"));
        let one = |line: Value| json!({ "lines": [line] });
        refused(&client.post(&amend, &one(json!({ "line_no": 1, "quantity": "1" }))).await, "amount_max");
        refused(&step(&client, &large, "cancel").await, "amount_max");
        tenant.post(&amend, &one(json!({ "line_no": 1, "quantity": "5" }))).await.ok();
        refused(&client.post(&amend, &one(json!({ "line_no": 1, "quantity": "6" }))).await, "amount_max");
        client.post(&amend, &one(json!({ "line_no": 1, "quantity": "1" }))).await.ok();
        step(&client, &large, "cancel").await.ok();
        client.post("/v1/pos/sales", &sale(&here, &[("MUG", "5")])).await.created();
        // A rejected document leaves the others of its batch as they are.
        let item = |key: &str, quantity: &str| json!({ "idempotency_key": key, "body": sale(&here, &[("MUG", quantity)]) });
        let batch = json!({ "items": [item("a", "1"), item("b", "6"), item("c", "2")] });
        let out = client.post("/v1/pos/sales/batch", &batch).await.expect(207);
        let statuses: Vec<&Value> =
            out["results"].as_array().expect("results").iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [&json!(201), &json!(403), &json!(201)], "{out}");
    });
}

#[test]
fn a_forced_sale_is_as_large_as_its_lines_whatever_was_paid() {
    with_tenant(async |tenant| {
        let Places { here, .. } = places(tenant).await;
        let client = bound(tenant, json!({ "amount_max": "60.00" })).await;
        let forced = async |quantity: &str, paid: &str| {
            let line = json!({ "sku": "MUG", "quantity": quantity, "unit_price": "10.00" });
            let body = json!({ "register_id": here.register_id, "forced": true, "lines": [line],
                "occurred_at": environment().now().await, "tenders": [{ "kind": "card", "amount": paid }] });
            client.post("/v1/pos/sales", &body).await
        };
        // 6 mugs are 60.00 and 20 % tax, 5 are 60.00 with it.
        for (quantity, paid) in [("6", "1.00"), ("6", "60.00"), ("5", "60.01")] {
            refused(&forced(quantity, paid).await, "amount_max");
        }
        let sold = forced("5", "1.00").await.created();
        assert_eq!((&sold["total"], &sold["rounding"]), (&json!("1.00"), &json!("-59.00")));
        // A voucher without an amount takes nothing off what the card paid.
        let mut body = sale(&here, &[("MUG", "1")]);
        body["tenders"] =
            json!([{ "kind": "voucher", "reference": "GIFT-1" }, { "kind": "card", "amount": "60.01" }]);
        client.post("/v1/pos/sales", &body).await.refused(422, "tender_mismatch").names(&["#/tenders/0"]);
        (body["forced"], body["occurred_at"]) = (json!(true), json!(environment().now().await));
        refused(&client.post("/v1/pos/sales", &body).await, "amount_max");
    });
}

#[test]
fn a_key_ends_no_hold_at_another_place_by_a_document_of_its_own() {
    with_tenant(async |tenant| {
        let Places { here, customer, .. } = places(tenant).await;
        let until = (environment().now().await + chrono::Duration::hours(1)).to_rfc3339();
        let hold = |location: &str| {
            json!({ "kind": "hold", "reference": "BASKET", "location_id": location, "expires_at": until,
                "lines": lines(&[("MUG", "2")]) })
        };
        let theirs = tenant.make("/v1/stock/holds", hold(&tenant.main)).await;
        let client = bound(tenant, json!({ "locations": [tenant.shop] })).await;
        let replaced = client.post("/v1/stock/holds", &hold(&tenant.shop)).await;
        refused(&replaced, "locations");
        replaced.refused(403, "bound_exceeded").names(&["#/reference"]);
        let mut sold = sale(&here, &[("MUG", "1")]);
        sold["hold_id"] = json!(theirs);
        let order = json!({ "customer_id": customer, "location_id": tenant.shop, "hold_id": theirs,
            "advance_to": "confirmed", "lines": lines(&[("MUG", "1")]) });
        for (path, body) in [("/v1/pos/sales", &sold), ("/v1/orders", &order)] {
            let reply = client.post(path, body).await;
            refused(&reply, "locations");
            reply.refused(403, "bound_exceeded").names(&["#/hold_id"]);
        }
        assert_eq!(tenant.get(&format!("/v1/stock/holds/{theirs}")).await.ok()["status"], "open");
        let own = tenant.make("/v1/stock/holds", {
            let mut body = hold(&tenant.shop);
            body["reference"] = json!("OWN");
            body
        });
        sold["hold_id"] = json!(own.await);
        client.post("/v1/pos/sales", &sold).await.created();
    });
}

#[test]
fn a_key_of_one_channel_replaces_no_allotment_of_the_other() {
    with_tenant(async |tenant| {
        places(tenant).await;
        let until = (environment().now().await + chrono::Duration::hours(1)).to_rfc3339();
        let allotment = |channel: &str| {
            json!({ "kind": "channel_allotment", "channel": channel, "reference": "FLOOR", "expires_at": until,
                "lines": lines(&[("MUG", "2")]) })
        };
        let theirs = tenant.make("/v1/stock/holds", allotment("wholesale")).await;
        let client = bound(tenant, json!({ "channels": ["retail"] })).await;
        refused(&client.post("/v1/stock/holds", &allotment("retail")).await, "channels");
        assert_eq!(tenant.get(&format!("/v1/stock/holds/{theirs}")).await.ok()["status"], "open");
    });
}

#[test]
fn a_bound_that_can_not_be_read_admits_nothing() {
    with_tenant(async |tenant| {
        let Places { here, .. } = places(tenant).await;
        let client = bound(tenant, json!({ "amount_max": "60.00" })).await;
        outside(
            tenant,
            "update api_key set amount_max = 'NaN' where tenant_id = $1 and amount_max is not null",
        )
        .await;
        refused(&client.post("/v1/pos/sales", &sale(&here, &[("MUG", "1")])).await, "amount_max");
        let client = bound(tenant, json!({ "ip_allowlist": ["127.0.0.1"] })).await;
        outside(
            tenant,
            "update api_key set ip_allowlist = '{nonsense}' where tenant_id = $1 and ip_allowlist <> '{}'",
        )
        .await;
        client.get("/v1/me").await.refused(403, "ip_not_allowed");
    });
}

#[test]
fn notes_and_parcels_are_changed_within_the_bounds() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "1")], "shipped").await.created();
        let path =
            |kind: &str, document: &Value| format!("/v1/{kind}/{}", document["id"].as_str().expect("an id"));
        let changes = [
            (path("orders", &order), json!({ "notes": "Call first." })),
            (path("shipments", &order["shipments"][0]), json!({ "carrier": "Parcel Express" })),
        ];
        for bounds in [json!({ "locations": [tenant.shop] }), json!({ "channels": ["retail"] })] {
            let key = bound(tenant, bounds).await;
            for (path, change) in &changes {
                key.patch(path, change).await.refused(403, "bound_exceeded");
            }
        }
        let key = bound(tenant, json!({ "locations": [tenant.main], "channels": ["wholesale"] })).await;
        for (path, change) in &changes {
            key.patch(path, change).await.ok();
        }
    });
}

#[test]
fn a_key_with_a_largest_amount_states_no_exchange_rate() {
    with_tenant(async |tenant| {
        let Places { customer, .. } = places(tenant).await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let rates = "/v1/exchange-rates";
        let rate = |rate: &str| json!({ "currency": "USD", "valid_from": "2026-01-01", "rate": rate });
        tenant.post(rates, &rate("0.8")).await.created();
        let client = bound(tenant, json!({ "amount_max": "60.00" })).await;
        // 1,000,000 dollars would come to 10.00 at the stated rate.
        let foreign = |mut body: Value| {
            body["currency"] = json!("USD");
            body["exchange_rate"] = json!("0.00001");
            body
        };
        let dear = json!([{ "sku": "MUG", "quantity": "1", "unit_price": "1000000" }]);
        let bought = json!([{ "sku": "MUG", "quantity": "1", "unit_cost": "1000000" }]);
        let billed = json!([{ "account": "5300", "unit_cost": "1000000" }]);
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "1000000" });
        for (path, body) in [
            ("/v1/payments", payment.clone()),
            ("/v1/orders", json!({ "customer_id": customer, "lines": dear })),
            ("/v1/payouts", json!({ "customer_id": customer, "method": "bank", "amount": "1000000" })),
            (
                "/v1/purchase-orders",
                json!({ "supplier_id": supplier, "expected_on": "2089-01-01", "lines": bought }),
            ),
            (
                "/v1/bills",
                json!({ "supplier_id": supplier, "supplier_number": "F-1", "dated": "2026-01-15", "lines": billed }),
            ),
            ("/v1/supplier-payments", json!({ "supplier_id": supplier, "advance": "1000000" })),
        ] {
            let reply = client.post(path, &foreign(body)).await;
            refused(&reply, "amount_max");
            reply.refused(403, "bound_exceeded").names(&["#/exchange_rate"]);
        }
        // Nor does it record a rate that its next document would take.
        refused(&client.post(rates, &rate("0.00001")).await, "amount_max");
        refused(
            &client.post(&format!("{rates}/import"), &json!({ "rates": [rate("0.00001")] })).await,
            "amount_max",
        );
        let at_recorded = |amount: &str| {
            let mut body = payment.clone();
            (body["currency"], body["amount"]) = (json!("USD"), json!(amount));
            body
        };
        refused(&client.post("/v1/payments", &at_recorded("75.02")).await, "amount_max");
        client.post("/v1/payments", &at_recorded("75.00")).await.created();
    });
}

#[test]
fn the_worker_posts_no_entry_above_the_amount_of_the_key_that_asked_for_it() {
    with_tenant(async |tenant| {
        let client = bound(tenant, json!({ "amount_max": "60.00" })).await;
        let template = |amount: &str| {
            json!({ "memo": "Rent", "rhythm": "monthly", "starts_on": "2999-01-31", "lines": [
                { "account": "6100", "debit": amount }, { "account": "1010", "credit": amount }] })
        };
        let path = "/v1/recurring-entries";
        let reply = client.post(path, &template("60.01")).await;
        refused(&reply, "amount_max");
        reply.refused(403, "bound_exceeded").names(&["#/lines"]);
        client.post(path, &template("60.00")).await.created();
        assert_eq!(tenant.get(path).await.ok()["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_key_resolves_exceptions_of_its_own_sales_only() {
    with_tenant(async |tenant| {
        let Places { there, .. } = places(tenant).await;
        let line = json!({ "sku": "MUG", "quantity": "1", "unit_price": "9.00" });
        let body = json!({ "register_id": there.register_id, "forced": true, "lines": [line],
            "occurred_at": environment().now().await, "tenders": [{ "kind": "card", "amount": "1.00" }] });
        tenant.post("/v1/pos/sales", &body).await.created();
        let open = "/v1/pos/exceptions?status=open";
        let found = tenant.get(open).await.ok()["data"][0].clone();
        let path = format!("/v1/pos/exceptions/{}/resolve", found["id"].as_str().expect("an exception"));
        let done = json!({ "resolution": "The receipt was right." });
        for (bounds, named) in [
            (json!({ "locations": [tenant.shop] }), "locations"),
            (json!({ "channels": ["wholesale"] }), "channels"),
        ] {
            refused(&bound(tenant, bounds).await.post(&path, &done).await, named);
        }
        assert_eq!(tenant.get(open).await.ok()["data"][0]["id"], found["id"], "it is still open");
        let own = bound(tenant, json!({ "locations": [tenant.main], "channels": ["retail"] })).await;
        assert_eq!(own.post(&path, &done).await.ok()["status"], "resolved");
    });
}

#[test]
fn files_of_documents_are_changed_within_the_bounds() {
    with_tenant(async |tenant| {
        tenant.stocked("BOLT", "2.50", ("10", "1.00")).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order = tenant.order(&customer, &[("BOLT", "1")], "draft").await.created();
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let bought = json!([{ "sku": "BOLT", "quantity": "1", "unit_cost": "1" }]);
        let bought = json!({ "supplier_id": supplier, "lines": bought });
        let purchase = json!(tenant.make("/v1/purchase-orders", bought).await);
        let add = async |client: &Client, record: &Value| {
            let body = json!({ "record_id": record, "filename": "terms.txt", "content_type": "text/plain", "content": "aGVsbG8=" });
            client.post("/v1/attachments", &body).await
        };
        let shop = json!({ "locations": [tenant.shop] });
        let retail = json!({ "channels": ["retail"] });
        for (record, bounds, named) in [
            (&order["id"], &shop, "locations"),
            (&order["id"], &retail, "channels"),
            (&purchase, &shop, "locations"),
        ] {
            let made = add(tenant, record).await.created();
            let file = format!("/v1/attachments/{}", made["id"].as_str().expect("an id"));
            let key = bound(tenant, bounds.clone()).await;
            refused(&add(&key, record).await, named);
            refused(&key.patch(&file, &json!({ "title": "Terms" })).await, named);
            refused(&key.delete(&file).await, named);
            let own = bound(tenant, json!({ "locations": [tenant.main], "channels": ["wholesale"] })).await;
            own.patch(&file, &json!({ "title": "Terms" })).await.ok();
            own.delete(&file).await.expect(204);
        }
    });
}

#[test]
fn an_advance_is_applied_up_to_the_amount() {
    with_tenant(async |tenant| {
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let advance = json!({ "supplier_id": supplier, "advance": "100.00" });
        let paid = tenant.make("/v1/supplier-payments", advance).await;
        let lines = json!([{ "account": "5300", "unit_cost": "100" }]);
        let bill = json!({ "supplier_id": supplier, "supplier_number": "F-1", "dated": "2026-01-15", "lines": lines });
        let bill = tenant.make("/v1/bills", bill).await;
        let client = bound(tenant, json!({ "amount_max": "60.00" })).await;
        let apply = async |client: &Client, amount: &str| {
            let body = json!({ "bills": [{ "bill_id": bill, "amount": amount }] });
            client.post(&format!("/v1/supplier-payments/{paid}/apply"), &body).await
        };
        refused(&apply(&client, "60.01").await, "amount_max");
        apply(&client, "10.00").await.created();
        let large = apply(tenant, "90.00").await.created();
        let reverse = format!("/v1/supplier-payments/{}/reverse", large["id"].as_str().expect("an id"));
        refused(&client.post(&reverse, &json!({ "reason": "A wrong bill." })).await, "amount_max");
    });
}
