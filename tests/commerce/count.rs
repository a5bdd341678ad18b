//! Counts: what happens while and after stock is counted.

mod anchor;
mod entry;
mod plan;
mod reverse;
mod standing;

use serde_json::{Value, json};
use tests::{Client, Level, Tenant, lines, with_tenant};

const COUNTS: &str = "/v1/counts";

/// Opens a sheet that shows the expected quantities.
pub async fn sheet(tenant: &Tenant, more: Value) -> Value {
    let mut body = json!({ "blind": false });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    tenant.post(COUNTS, &body).await.created()
}

/// Returns the path of a step of a sheet.
pub fn step(count: &Value, step: &str) -> String {
    format!("{COUNTS}/{}/{step}", count["id"].as_str().expect("an id"))
}

/// Enters figures.
pub async fn enter(client: &Client, count: &Value, entries: Value) -> Value {
    client.post(&step(count, "entries"), &json!({ "entries": entries })).await.ok()
}

/// Completes a sheet and posts it.
pub async fn posted(tenant: &Tenant, count: &Value) -> Value {
    let counted = tenant.post(&step(count, "complete"), &json!({})).await.ok();
    assert_eq!(counted["status"], "counted", "{counted}");
    tenant.post(&step(count, "post"), &json!({})).await.ok()
}

fn line<'a>(count: &'a Value, sku: &str) -> &'a Value {
    let lines = count["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["sku"] == sku).expect("the line")
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or("null")
}

#[test]
fn differences_become_one_adjustment_at_cost() {
    with_tenant(async |tenant| {
        let units = json!({ "list_price": "10.00", "units": [{ "uom": "XBX", "factor": "12" }] });
        tenant.product_with("MUG", units).await;
        for sku in ["CUP", "JUG"] {
            tenant.product(sku, "10.00").await;
        }
        tenant.open_stock(&[("MUG", "30", "2.00"), ("CUP", "10", "3.333333"), ("JUG", "4", "5.00")]).await;
        let count = sheet(tenant, json!({ "with_stock": true, "reference": "Aisle 4" })).await;
        let skus: Vec<&str> =
            count["lines"].as_array().expect("lines").iter().map(|line| text(line, "sku")).collect();
        assert_eq!(skus, vec!["CUP", "JUG", "MUG"]);
        assert_eq!(count["status"], "counting");
        // Two boxes on the shelf, three loose mugs beside them, and one more on the counter.
        let entries = json!([{ "sku": "MUG", "uom": "XBX", "quantity": "2" }, { "sku": "MUG", "quantity": "3" },
            { "sku": "CUP", "quantity": "99" }, { "sku": "JUG", "quantity": "4" }]);
        enter(tenant, &count, entries).await;
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "1" }])).await;
        let seen = enter(tenant, &count, json!([{ "sku": "CUP", "quantity": "13", "replaces": true }])).await;
        assert_eq!(text(line(&seen, "MUG"), "counted"), "28");
        assert_eq!(text(line(&seen, "CUP"), "counted"), "13");
        assert_eq!(line(&seen, "MUG")["expected"], Value::Null, "nothing is compared before it is complete");
        let count = posted(tenant, &count).await;
        assert_eq!(count["status"], "posted");
        let mug = line(&count, "MUG");
        assert_eq!(text(mug, "expected"), "30");
        assert_eq!(text(mug, "variance"), "-2");
        assert_eq!(text(mug, "posted_value"), "-4.00");
        assert_eq!(text(line(&count, "CUP"), "posted_value"), "10.00");
        assert_eq!(text(line(&count, "JUG"), "posted_quantity"), "0");
        assert_eq!(tenant.level("MUG").await, Level::of("28", "0", "56"));
        assert_eq!(tenant.level("CUP").await, Level::of("13", "0", "43.33"));
        let document = count["document_id"].as_str().expect("the adjustment");
        assert_eq!(
            tenant.entry(document).await,
            [("1200", "6.00"), ("5100", "-6.00")].map(|(a, b)| (a.into(), b.into()))
        );
        let shown = tenant.get(&format!("/v1/stock/documents/{document}")).await.ok();
        assert_eq!(shown["kind"], "adjustment");
        assert_eq!(shown["reason"], "count");
        assert_eq!(shown["reference"], count["number"]);
        assert_eq!(shown["value"], "6.00");
        assert_eq!(shown["lines"].as_array().map(Vec::len), Some(2), "what agrees is not adjusted");
        let moved = tenant.get("/v1/stock/movements?kind=count").await.ok();
        assert_eq!(moved["data"].as_array().map(Vec::len), Some(2));
        let read = tenant.get(&format!("{COUNTS}/{}", count["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(read, count);
        let page = tenant.get("/v1/counts?status=posted").await.ok();
        assert_eq!(page["data"][0]["number"], count["number"]);
        assert!(page["data"][0]["lines"].is_null());
        for (reference, rows) in [("Aisle%204", 1), ("Aisle%205", 0)] {
            let page = tenant.get(&format!("{COUNTS}?reference={reference}")).await.ok();
            assert_eq!(page["data"].as_array().map(Vec::len), Some(rows), "{reference}: {page}");
        }
    });
}

#[test]
fn what_was_never_there_is_found_at_what_it_costs_elsewhere() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("3", "3.333333")).await;
        tenant.product("CUP", "10.00").await;
        let count = sheet(tenant, json!({ "location_id": tenant.shop })).await;
        let entries = json!([{ "sku": "MUG", "quantity": "2" }, { "sku": "CUP", "quantity": "1" }]);
        enter(tenant, &count, entries).await;
        let count = posted(tenant, &count).await;
        assert_eq!(text(line(&count, "MUG"), "posted_value"), "6.67", "at the warehouse's average");
        assert_eq!(text(line(&count, "CUP"), "posted_value"), "0.00", "no cost is known");
        let shop = format!("/v1/stock/levels?location_id={}", tenant.shop);
        let levels = tenant.get(&shop).await.ok();
        let on_hand: Vec<&str> =
            levels["data"].as_array().expect("levels").iter().map(|level| text(level, "on_hand")).collect();
        assert_eq!(on_hand, ["2", "1"]);
    });
}

#[test]
fn a_sheet_is_opened_for_what_is_chosen() {
    with_tenant(async |tenant| {
        let parent = json!({ "code": "KITCHEN", "name": "Kitchen" });
        let parent = tenant.post("/v1/categories", &parent).await.created();
        let child = json!({ "code": "MUGS", "name": "Mugs", "parent_id": parent["id"] });
        let child = tenant.post("/v1/categories", &child).await.created();
        let mug = tenant.product_with("MUG", json!({ "list_price": "1", "category_id": child["id"] })).await;
        tenant.product("CUP", "1.00").await;
        tenant.product_with("GIFT", json!({ "list_price": "1", "kind": "service" })).await;
        tenant.open_stock(&[("MUG", "1", "1"), ("CUP", "2", "1")]).await;
        let chosen = async |more: Value| -> Vec<String> {
            let count = sheet(tenant, more).await;
            let lines = count["lines"].as_array().expect("lines");
            lines.iter().map(|line| text(line, "sku").to_owned()).collect()
        };
        assert_eq!(chosen(json!({ "category_id": parent["id"] })).await, ["MUG"]);
        assert_eq!(chosen(json!({ "product_ids": [mug.id] })).await, ["MUG"]);
        assert_eq!(chosen(json!({ "skus": ["MUG", "CUP"] })).await, ["CUP", "MUG"]);
        assert_eq!(chosen(json!({ "plan": 5 })).await, ["CUP", "MUG"]);
        assert_eq!(chosen(json!({ "with_stock": true, "location_id": tenant.shop })).await, [""; 0]);
        let refused = async |more: Value, (status, code): (u16, &str), named: &[&str]| {
            tenant.post(COUNTS, &more).await.refused(status, code).names(named);
        };
        let two = json!({ "skus": ["MUG"], "with_stock": true });
        refused(two, (422, "validation_failed"), &["#/with_stock"]).await;
        refused(json!({ "skus": ["MUG", "NONE"] }), (404, "not_found"), &["#/skus/1"]).await;
        refused(json!({ "skus": ["GIFT"] }), (422, "validation_failed"), &["#/skus/0"]).await;
        refused(json!({ "plan": 0 }), (422, "validation_failed"), &["#/plan"]).await;
        refused(json!({ "skus": vec!["NONE"; 2001] }), (422, "validation_failed"), &["#/skus"]).await;
        let far = json!({ "tolerance_percent": "101", "tolerance_value": "-1" });
        let both = ["#/tolerance_percent", "#/tolerance_value"];
        refused(far, (422, "validation_failed"), &both).await;
        let nowhere = json!({ "location_id": "loc_01h455vb4pex5vsknk084sn02q" });
        refused(nowhere, (404, "not_found"), &["#/location_id"]).await;
        let category = json!({ "category_id": "cat_01h455vb4pex5vsknk084sn02q" });
        refused(category, (404, "not_found"), &["#/category_id"]).await;
    });
}

#[test]
fn a_repeat_is_replayed_before_its_names_are_read() {
    with_tenant(async |tenant| {
        let mug = tenant.stocked("MUG", "1.00", ("1", "1")).await;
        let body = json!({ "skus": ["MUG"] });
        let first = tenant.post_as(COUNTS, "sheet-1", &body).await.created();
        let renamed = json!({ "sku": "CUP" });
        tenant.patch(&format!("/v1/products/{}", mug.id), &renamed).await.ok();
        let again = tenant.post_as(COUNTS, "sheet-1", &body).await;
        assert!(again.is_replayed(), "{}", again.text);
        assert_eq!(again.created(), first);
        let other = json!({ "skus": ["NONE"] });
        tenant.post_as(COUNTS, "sheet-1", &other).await.refused(422, "idempotency_key_reused");
        tenant.post(COUNTS, &body).await.refused(404, "not_found").names(&["#/skus/0"]);

        // The command itself reads the names of these.
        let priced = json!([{ "sku": "CUP", "quantity": "2", "unit_cost": "1" }]);
        let receipt = json!({ "kind": "receipt", "lines": priced });
        let moved = json!([{ "sku": "CUP", "quantity": "1" }]);
        let transfer = json!({ "to_location_id": tenant.shop, "lines": moved });
        let writes =
            [("/v1/stock/documents", "receipt-1", receipt), ("/v1/stock/transfers", "transfer-1", transfer)];
        let mut made = Vec::new();
        for (path, key, body) in &writes {
            made.push(tenant.post_as(path, key, body).await.created());
        }
        tenant.patch(&format!("/v1/products/{}", mug.id), &json!({ "sku": "BOWL" })).await.ok();
        for ((path, key, body), first) in writes.iter().zip(made) {
            let again = tenant.post_as(path, key, body).await;
            assert!(again.is_replayed(), "{path}: {}", again.text);
            assert_eq!(again.created(), first, "{path}");
        }
    });
}

#[test]
fn who_counts_blind_does_not_see_what_is_expected() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("30", "2.00")).await;
        let clerk = crate::platform::auth::key(tenant, &["counts:read", "counts:write"]).await;
        let clerk = tenant.with_key(&clerk);
        let count = clerk.post(COUNTS, &json!({ "with_stock": true })).await.created();
        assert_eq!(count["blind"], true, "unless the sheet says otherwise");
        enter(&clerk, &count, json!([{ "sku": "MUG", "quantity": "28" }])).await;
        let counted = clerk.post(&step(&count, "complete"), &json!({})).await.ok();
        assert_eq!(counted["status"], "counted");
        let path = format!("{COUNTS}/{}", count["id"].as_str().expect("an id"));
        let read = clerk.get(&path).await.ok();
        for seen in [&counted, &read] {
            let mug = line(seen, "MUG");
            assert_eq!(mug["expected"], Value::Null);
            assert_eq!(mug["variance"], Value::Null);
            assert_eq!(text(mug, "counted"), "28");
        }
        assert_eq!(text(line(&tenant.get(&path).await.ok(), "MUG"), "variance"), "-2");
        clerk.post(&step(&count, "post"), &json!({})).await.refused(403, "insufficient_scope");
        clerk.get("/v1/stock/levels").await.refused(403, "insufficient_scope");
    });
}

#[test]
fn what_differs_too_much_is_counted_again() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "2.00")).await;
        tenant.stocked("CUP", "10.00", ("100", "50.00")).await;
        tenant.stocked("JUG", "10.00", ("100", "0.01")).await;
        let limits = json!({ "tolerance_percent": "5", "tolerance_value": "40.00" });
        tenant.put("/v1/counts/settings", &limits).await.ok();
        let count = sheet(tenant, json!({ "with_stock": true })).await;
        assert_eq!(text(&count, "tolerance_percent"), "5");
        assert_eq!(text(&count, "tolerance_value"), "40.00");
        // Exactly the tolerance, too much value, too large a share.
        let first = json!([{ "sku": "MUG", "quantity": "95" }, { "sku": "CUP", "quantity": "99" },
            { "sku": "JUG", "quantity": "94" }]);
        enter(tenant, &count, first).await;
        let again = tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        assert_eq!(again["status"], "recount");
        assert_eq!(again["round"], 2);
        let asked = |sku: &str| line(&again, sku)["recount"].as_bool();
        assert_eq!(asked("MUG"), Some(false));
        assert_eq!(asked("CUP"), Some(true));
        assert_eq!(asked("JUG"), Some(true));
        let entries =
            |sku: &str, quantity: &str| json!({ "entries": [{ "sku": sku, "quantity": quantity }] });
        tenant
            .post(&step(&count, "entries"), &entries("MUG", "96"))
            .await
            .refused(409, "invalid_state_transition")
            .names(&["#/entries/0"]);
        tenant.post(&step(&count, "post"), &json!({})).await.refused(409, "invalid_state_transition");
        tenant.post(&step(&count, "entries"), &entries("CUP", "90")).await.ok();
        let skip = json!({ "skip_uncounted": true });
        tenant.post(&step(&count, "complete"), &skip).await.refused(409, "invalid_state_transition");
        tenant.post(&step(&count, "entries"), &entries("CUP", "10")).await.ok();
        tenant.post(&step(&count, "entries"), &entries("JUG", "94")).await.ok();
        let counted = tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        assert_eq!(counted["status"], "counted", "the second count stands, with any difference");
        // A caller who reviews the sheet may still ask for a recount.
        let unknown = json!({ "lines": [9] });
        tenant.post(&step(&count, "recount"), &unknown).await.refused(404, "not_found").names(&["#/lines/0"]);
        tenant
            .post(&step(&count, "recount"), &json!({ "lines": [] }))
            .await
            .refused(422, "validation_failed");
        let mug = line(&counted, "MUG")["line_no"].clone();
        let third = tenant.post(&step(&count, "recount"), &json!({ "lines": [mug] })).await.ok();
        assert_eq!(third["status"], "recount");
        assert_eq!(third["round"], 3);
        tenant.post(&step(&count, "entries"), &entries("MUG", "99")).await.ok();
        let done = posted(tenant, &count).await;
        let of = |sku: &str| text(line(&done, sku), "posted_quantity").to_owned();
        assert_eq!(of("MUG"), "-1");
        assert_eq!(of("CUP"), "0");
        assert_eq!(of("JUG"), "-6");
        assert_eq!(tenant.count("stock_count_entry").await, 7, "every figure is kept");
    });
}

#[test]
fn large_differences_are_posted_by_an_approver() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("100", "2.00")).await;
        tenant.stocked("CUP", "10.00", ("100", "2.00")).await;
        let wrong = json!({ "approval_value": "-1" });
        tenant
            .put("/v1/counts/settings", &wrong)
            .await
            .refused(422, "validation_failed")
            .names(&["#/approval_value"]);
        tenant.put("/v1/counts/settings", &json!({ "approval_value": "11.99" })).await.ok();
        let settings = tenant.get("/v1/counts/settings").await.ok();
        assert_eq!(settings["approval_value"], "11.99");
        assert_eq!(settings["tolerance_value"], Value::Null);
        let clerk = crate::platform::auth::key(tenant, &["counts:read", "counts:write", "stock:write"]).await;
        let clerk = tenant.with_key(&clerk);
        clerk.put("/v1/counts/settings", &json!({})).await.refused(403, "insufficient_scope");
        let count = sheet(tenant, json!({ "with_stock": true })).await;
        // Three lost and three found: the sum is zero, but the absolute values add up to 12.00.
        let entries = json!([{ "sku": "MUG", "quantity": "97" }, { "sku": "CUP", "quantity": "103" }]);
        enter(tenant, &count, entries).await;
        clerk.post(&step(&count, "complete"), &json!({})).await.ok();
        clerk.post(&step(&count, "post"), &json!({})).await.refused(403, "insufficient_scope");
        assert_eq!(tenant.level("MUG").await.on_hand, "100");
        tenant.put("/v1/counts/settings", &json!({ "approval_value": "12.00" })).await.ok();
        clerk.post(&step(&count, "post"), &json!({})).await.ok();
        assert_eq!(tenant.level("MUG").await.on_hand, "97");
    });
}

#[test]
fn each_step_has_its_states() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "2.00")).await;
        let count = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        let refused = async |count: &Value, name: &str, body: Value| {
            tenant.post(&step(count, name), &body).await.refused(409, "invalid_state_transition");
        };
        let entry = json!({ "entries": [{ "sku": "MUG", "quantity": "5" }] });
        let skip = json!({ "skip_uncounted": true });
        refused(&count, "complete", json!({})).await;
        refused(&count, "complete", skip.clone()).await;
        refused(&count, "post", json!({})).await;
        refused(&count, "recount", json!({ "lines": [1] })).await;
        tenant.post(&step(&count, "entries"), &entry).await.ok();
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        for name in ["complete", "entries"] {
            refused(&count, name, if name == "entries" { entry.clone() } else { json!({}) }).await;
        }
        let done = tenant.post(&step(&count, "post"), &json!({})).await.ok();
        assert!(done["document_id"].is_null(), "nothing differed");
        for (name, body) in [
            ("entries", &entry),
            ("complete", &skip),
            ("recount", &json!({ "lines": [1] })),
            ("post", &json!({})),
            ("cancel", &json!({})),
        ] {
            refused(&count, name, body.clone()).await;
        }
        let other = sheet(tenant, json!({ "skus": ["MUG"] })).await;
        tenant
            .post(&step(&other, "entries"), &json!({ "entries": [{ "sku": "MUG", "quantity": "1" }] }))
            .await
            .ok();
        let cancelled = tenant.post(&step(&other, "cancel"), &json!({})).await.ok();
        assert_eq!(cancelled["status"], "cancelled");
        refused(&other, "cancel", json!({})).await;
        refused(&other, "entries", entry).await;
        assert_eq!(tenant.level("MUG").await, Level::of("5", "0", "10"));
        // An uncounted line can be skipped.
        tenant.stocked("CUP", "10.00", ("5", "2.00")).await;
        let part = sheet(tenant, json!({ "with_stock": true })).await;
        enter(tenant, &part, json!([{ "sku": "CUP", "quantity": "4" }])).await;
        refused(&part, "complete", json!({})).await;
        tenant.post(&step(&part, "complete"), &skip).await.ok();
        let done = tenant.post(&step(&part, "post"), &json!({})).await.ok();
        assert_eq!(line(&done, "MUG")["posted_quantity"], Value::Null);
        assert_eq!(tenant.level("MUG").await.on_hand, "5");
        assert_eq!(tenant.level("CUP").await.on_hand, "4");
    });
}

#[test]
fn figures_that_make_no_sense_are_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "2.00")).await;
        tenant.product_with("GIFT", json!({ "list_price": "1", "kind": "service" })).await;
        let count = sheet(tenant, json!({ "id": "cnt_01h455vb4pex5vsknk084sn02q" })).await;
        tenant
            .post(COUNTS, &json!({ "id": count["id"] }))
            .await
            .refused(409, "already_exists")
            .names(&["#/id"]);
        let entries = json!([
            { "sku": "MUG", "quantity": "-1" },
            { "sku": "MUG", "quantity": "1", "counted_at": "2999-01-01T00:00:00Z" },
            { "sku": "MUG", "uom": "XBX", "quantity": "1" },
            { "sku": "NONE", "quantity": "1" },
            { "sku": "GIFT", "quantity": "1" }]);
        let refused = tenant.post(&step(&count, "entries"), &json!({ "entries": entries })).await;
        refused.refused(422, "validation_failed").names(&[
            "#/entries/0/quantity",
            "#/entries/1/counted_at",
            "#/entries/2/uom",
            "#/entries/3/sku",
            "#/entries/4/sku",
        ]);
        let none = json!({ "entries": [] });
        tenant
            .post(&step(&count, "entries"), &none)
            .await
            .refused(422, "validation_failed")
            .names(&["#/entries"]);
        let unnamed = json!({ "entries": [{ "quantity": "1" }] });
        tenant.post(&step(&count, "entries"), &unnamed).await.refused(422, "validation_failed");
        // An adjustment by hand can't use the reason of counts.
        let by_hand = json!({ "kind": "adjustment", "reason": "count", "lines": lines(&[("MUG", "1")]) });
        tenant
            .post("/v1/stock/documents", &by_hand)
            .await
            .refused(422, "validation_failed")
            .names(&["#/reason"]);
        let unknown = json!({ "id": "cnt_01h455vb4pex5vsknk084sn02r" });
        tenant.post(&step(&unknown, "post"), &json!({})).await.refused(404, "not_found");
        // An entry that is sent twice counts once.
        let entry = json!({ "entries": [{ "sku": "MUG", "quantity": "4" }] });
        tenant.post_as(&step(&count, "entries"), "shelf-1", &entry).await.ok();
        let again = tenant.post_as(&step(&count, "entries"), "shelf-1", &entry).await;
        assert!(again.is_replayed());
        assert_eq!(text(line(&again.ok(), "MUG"), "counted"), "4");
    });
}

#[test]
fn what_is_tracked_by_now_is_not_counted_without_its_lots() {
    with_tenant(async |tenant| {
        let product = tenant.product("MILK", "1.00").await;
        let count = sheet(tenant, json!({ "skus": ["MILK"] })).await;
        enter(tenant, &count, json!([{ "sku": "MILK", "quantity": "5" }])).await;
        tenant.patch(&format!("/v1/products/{}", product.id), &json!({ "tracking": "lot" })).await.ok();
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        let refused = tenant.post(&step(&count, "post"), &json!({})).await;
        refused.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        tenant.post(&step(&count, "cancel"), &json!({})).await.ok();
    });
}
