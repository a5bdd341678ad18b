//! Counts of tracked products: by lot, and by serial number.

mod piece;

use chrono::{DateTime, Duration, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Level, Tenant, environment, lines, with_tenant};

use crate::count::{enter, posted, sheet, step};
use crate::lot::{available, day, lot, received, sale_of, tracked};

/// Returns an instant some minutes ago.
async fn ago(minutes: i64) -> DateTime<Utc> {
    environment().now().await - Duration::minutes(minutes)
}

/// Makes opening stock of one lot, an hour ago.
async fn opened(tenant: &Tenant, (sku, code): (&str, &str), (quantity, unit_cost): (&str, &str)) {
    let line =
        json!({ "sku": sku, "quantity": quantity, "unit_cost": unit_cost, "lots": [{ "code": code }] });
    let opening = json!({ "kind": "opening", "occurred_at": ago(60).await, "lines": [line] });
    tenant.post("/v1/stock/documents", &opening).await.created();
}

/// Returns the line of a lot.
fn line<'a>(count: &'a Value, code: &str) -> &'a Value {
    let lines = count["lines"].as_array().expect("lines");
    lines.iter().find(|line| line["lot_code"] == code).expect("the line")
}

fn text<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or("null")
}

fn codes(count: &Value) -> Vec<&str> {
    count["lines"].as_array().expect("lines").iter().map(|line| text(line, "lot_code")).collect()
}

async fn on_hand(tenant: &Tenant, code: &str) -> String {
    text(&lot(tenant, code).await, "on_hand").to_owned()
}

fn counted(sku: &str, code: &str, quantity: &str) -> Value {
    json!({ "sku": sku, "lot_code": code, "quantity": quantity })
}

#[test]
fn each_lot_is_a_line_and_differs_by_itself() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        tenant.stocked("MUG", "10.00", ("5", "1.00")).await;
        received(tenant, "MILK", "LATE", ("5", &day(60).await)).await;
        received(tenant, "MILK", "EARLY", ("10", &day(20).await)).await;
        let count = sheet(tenant, json!({ "with_stock": true })).await;
        assert_eq!(codes(&count), ["EARLY", "LATE", "null"], "by SKU, then what expires first");
        let entries = json!([counted("MILK", "EARLY", "5"), counted("MILK", "LATE", "6"),
            counted("MILK", "EARLY", "3"), { "sku": "MUG", "quantity": "5" }]);
        let seen = enter(tenant, &count, entries).await;
        assert_eq!(text(line(&seen, "EARLY"), "counted"), "8", "figures of one lot add up");
        let again = json!([{ "sku": "MILK", "lot_code": "LATE", "quantity": "7", "replaces": true }]);
        let seen = enter(tenant, &count, again).await;
        assert_eq!(text(line(&seen, "LATE"), "counted"), "7");
        assert_eq!(codes(&seen).len(), 3);
        let count = posted(tenant, &count).await;
        let (early, late) = (line(&count, "EARLY"), line(&count, "LATE"));
        assert_eq!(text(early, "expected"), "10");
        assert_eq!(text(early, "posted_value"), "-8.00");
        assert_eq!(text(late, "variance"), "2");
        assert_eq!(text(late, "posted_value"), "8.00");
        assert_eq!(on_hand(tenant, "EARLY").await, "8");
        assert_eq!(on_hand(tenant, "LATE").await, "7");
        let document = count["document_id"].as_str().expect("the adjustment");
        let shown = tenant.get(&format!("/v1/stock/documents/{document}")).await.ok();
        let of_lots: Vec<_> = shown["lines"].as_array().expect("lines").iter().collect();
        assert_eq!(
            of_lots.iter().map(|line| (text(line, "lot_code"), text(line, "quantity"))).collect::<Vec<_>>(),
            [("EARLY", "-2"), ("LATE", "2")]
        );
        let read = tenant.get(&format!("/v1/counts/{}", text(&count, "id"))).await.ok();
        assert_eq!(read, count);
        let trace = format!("/v1/lots/{}/trace", text(&lot(tenant, "EARLY").await, "id"));
        let trace = tenant.get(&trace).await.ok();
        assert_eq!(trace["sums"]["adjusted"], "-2");
        assert_eq!(trace["sums"]["adds_up"], true);
    });
}

#[test]
fn a_lot_has_an_anchor_of_its_own() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        for code in ["A", "B"] {
            opened(tenant, ("MILK", code), ("10", "4.00")).await;
        }
        let till = tenant.till().await;
        let late = async |code: &str, quantity: &str, minutes: i64| {
            let mut body = sale_of(&till, "MILK", quantity, json!([{ "code": code }]));
            body["occurred_at"] = json!(ago(minutes).await);
            tenant.post("/v1/pos/sales", &body).await
        };
        let count = sheet(tenant, json!({ "skus": ["MILK"] })).await;
        let mut entry = counted("MILK", "A", "7");
        entry["counted_at"] = json!(ago(10).await);
        enter(tenant, &count, json!([entry])).await;
        // One is sold between counting and posting; one that was sold before the counting is recorded late.
        late("A", "1", 5).await.created();
        late("A", "1", 20).await.created();
        tenant.post(&step(&count, "complete"), &json!({})).await.refused(409, "invalid_state_transition");
        let skip = json!({ "skip_uncounted": true });
        tenant.post(&step(&count, "complete"), &skip).await.ok();
        let count = tenant.post(&step(&count, "post"), &json!({})).await.ok();
        assert_eq!(text(line(&count, "A"), "expected"), "9");
        assert_eq!(text(line(&count, "A"), "variance"), "-2");
        assert_eq!(on_hand(tenant, "A").await, "6");
        assert_eq!(on_hand(tenant, "B").await, "10");
        assert_eq!(line(&count, "B")["posted_quantity"], Value::Null, "an uncounted lot stays as it is");
        // The two missing units of A had been sold. B was not counted, so a sale lowers it.
        late("A", "2", 20).await.created();
        late("B", "2", 20).await.created();
        assert_eq!(on_hand(tenant, "A").await, "6");
        assert_eq!(on_hand(tenant, "B").await, "8");
        assert_eq!(tenant.balance("5100").await, "0.00", "the loss became the cost of the sale");
        // The count has seen more leave than there is now. A sale after it needs stock.
        late("A", "7", 15).await.created();
        late("A", "7", 5).await.refused(409, "insufficient_stock");
        assert_eq!(on_hand(tenant, "A").await, "6");
        // A sale that names no lot takes the lot that expires first, even if too little of it is left.
        let mut unnamed = tests::sale(&till, &[("MILK", "20")]);
        unnamed["occurred_at"] = json!(ago(20).await);
        tenant.post("/v1/pos/sales", &unnamed).await.created();
        assert_eq!(on_hand(tenant, "A").await, "6");
        assert_eq!(on_hand(tenant, "B").await, "8");
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_lot_that_nobody_knew_becomes_one_when_it_is_posted() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        opened(tenant, ("MILK", "A"), ("3", "3.00")).await;
        opened(tenant, ("MILK", "B"), ("1", "7.00")).await;
        let until = day(30).await;
        let entries = json!([
            { "sku": "MILK", "lot_code": "NEW", "quantity": "2", "expires_on": day(31).await,
              "counted_at": ago(10).await },
            { "sku": "MILK", "lot_code": "NEW", "quantity": "1", "expires_on": until, "counted_at": ago(10).await },
            { "sku": "MILK", "lot_code": "NONE", "quantity": "0" },
        ]);
        let given_up = sheet(tenant, json!({})).await;
        enter(tenant, &given_up, entries.clone()).await;
        tenant.post(&step(&given_up, "complete"), &json!({})).await.ok();
        tenant.post(&step(&given_up, "cancel"), &json!({})).await.ok();
        assert_eq!(tenant.count("lot").await, 2, "a cancelled sheet leaves no lot");
        let count = sheet(tenant, json!({})).await;
        let seen = enter(tenant, &count, entries).await;
        assert_eq!(text(line(&seen, "NEW"), "expires_on"), until, "the last entry");
        let count = posted(tenant, &count).await;
        assert_eq!(text(line(&count, "NEW"), "expected"), "0");
        assert_eq!(text(line(&count, "NEW"), "posted_value"), "12.00");
        assert_eq!(tenant.count("lot").await, 3, "no lot is made of a count of zero");
        let new = lot(tenant, "NEW").await;
        assert_eq!(text(&new, "on_hand"), "3");
        assert_eq!(text(&new, "expires_on"), until.as_str());
        assert_eq!(new["received_from"], Value::Null);
        assert_eq!(new["supplier_lot"], Value::Null);
        assert_eq!(available(tenant, "MILK").await["available"], "7");
        // Another sheet knows the lot.
        let count = sheet(tenant, json!({ "skus": ["MILK"] })).await;
        assert_eq!(codes(&count), ["NEW", "A", "B"]);
        let other = json!({ "entries": [{ "sku": "MILK", "lot_code": "NEW", "quantity": "3", "expires_on": day(1).await }] });
        let refused = tenant.post(&step(&count, "entries"), &other).await;
        refused.refused(422, "validation_failed").names(&["#/entries/0/expires_on"]);
        let same = json!([{ "sku": "MILK", "lot_code": "NEW", "quantity": "3", "expires_on": until }]);
        enter(tenant, &count, same).await;
    });
}

#[test]
fn two_sheets_that_find_one_unknown_lot_make_one() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let mut sheets = Vec::new();
        for place in [&tenant.main, &tenant.shop].repeat(4) {
            let count = sheet(tenant, json!({ "location_id": place })).await;
            enter(tenant, &count, json!([counted("MILK", "NEW", "2")])).await;
            tenant.post(&step(&count, "complete"), &json!({})).await.ok();
            sheets.push(step(&count, "post"));
        }
        let other = tenant.at(&environment().other_node().await.base_url);
        let post = async |(number, path): (usize, &String)| {
            let client = if number < 4 { &**tenant } else { &other };
            client.post(path, &json!({})).await.ok()
        };
        join_all(sheets.iter().enumerate().map(post)).await;
        assert_eq!(tenant.count("lot").await, 1);
        assert_eq!(on_hand(tenant, "NEW").await, "4", "two in each place, however often they are counted");
    });
}

#[test]
fn a_lot_that_was_never_here_is_found_at_what_it_costs_elsewhere() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        opened(tenant, ("MILK", "A"), ("3", "3.00")).await;
        opened(tenant, ("MILK", "B"), ("1", "7.00")).await;
        let count = sheet(tenant, json!({ "location_id": tenant.shop, "skus": ["MILK"] })).await;
        assert_eq!(codes(&count), [""; 0], "no unit of it is here to list");
        enter(tenant, &count, json!([counted("MILK", "B", "2")])).await;
        let count = posted(tenant, &count).await;
        assert_eq!(text(line(&count, "B"), "posted_value"), "14.00");
        assert_eq!(on_hand(tenant, "B").await, "3");
    });
}

#[test]
fn entries_without_their_lot_are_refused() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        tracked(tenant, "PHONE", "serial").await;
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let count = sheet(tenant, json!({})).await;
        let entries = json!([
            { "sku": "MILK", "quantity": "1" },
            { "sku": "PHONE", "quantity": "1" },
            counted("MUG", "A", "5"),
            counted("MILK", "A", "-1"),
        ]);
        let refused = tenant.post(&step(&count, "entries"), &json!({ "entries": entries })).await;
        refused.refused(422, "validation_failed").names(&[
            "#/entries/0/lot_code",
            "#/entries/1/lot_code",
            "#/entries/2/lot_code",
            "#/entries/3/quantity",
        ]);
        let forms = json!([counted("MILK", " ", "1"),
            { "sku": "MILK", "quantity": "1", "expires_on": day(3).await }]);
        let refused = tenant.post(&step(&count, "entries"), &json!({ "entries": forms })).await;
        refused.refused(422, "validation_failed").names(&[
            "#/entries/0/lot_code",
            "#/entries/1/expires_on",
            "#/entries/1/lot_code",
        ]);
    });
}

#[test]
fn lots_that_differ_too_much_are_counted_again_and_approved() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        for code in ["A", "B"] {
            opened(tenant, ("MILK", code), ("100", "2.00")).await;
        }
        let limits = json!({ "tolerance_percent": "5", "approval_value": "25.00" });
        tenant.put("/v1/counts/settings", &limits).await.ok();
        let clerk = crate::platform::auth::key(tenant, &["counts:read", "counts:write", "stock:write"]).await;
        let clerk = tenant.with_key(&clerk);
        let count = clerk.post("/v1/counts", &json!({ "with_stock": true })).await.created();
        // The sum differs by nothing, but each of them does.
        enter(&clerk, &count, json!([counted("MILK", "A", "90"), counted("MILK", "B", "104")])).await;
        let again = clerk.post(&step(&count, "complete"), &json!({})).await.ok();
        assert_eq!(again["status"], "recount");
        assert_eq!(line(&again, "A")["recount"], true);
        assert_eq!(line(&again, "B")["recount"], false);
        assert_eq!(line(&again, "A")["expected"], Value::Null, "a blind count does not show it");
        for code in ["B", "C"] {
            let other = json!({ "entries": [counted("MILK", code, "1")] });
            let refused = clerk.post(&step(&count, "entries"), &other).await;
            refused.refused(409, "invalid_state_transition").names(&["#/entries/0"]);
        }
        enter(&clerk, &count, json!([counted("MILK", "A", "90")])).await;
        clerk.post(&step(&count, "complete"), &json!({})).await.ok();
        clerk.post(&step(&count, "post"), &json!({})).await.refused(403, "insufficient_scope");
        tenant.post(&step(&count, "post"), &json!({})).await.ok();
        assert_eq!(on_hand(tenant, "A").await, "90");
        assert_eq!(on_hand(tenant, "B").await, "104");
    });
}

#[test]
fn what_is_promised_of_a_lot_may_turn_out_to_be_missing() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "EARLY", ("10", &day(20).await)).await;
        received(tenant, "MILK", "LATE", ("10", &day(60).await)).await;
        let customer = tenant.customer("Hansa Foods").await;
        let order = tenant.order(&customer, &[("MILK", "8")], "confirmed").await.created();
        let count = sheet(tenant, json!({ "skus": ["MILK"] })).await;
        enter(tenant, &count, json!([counted("MILK", "EARLY", "5"), counted("MILK", "LATE", "10")])).await;
        posted(tenant, &count).await;
        assert_eq!(tenant.level("MILK").await, Level::of("15", "8", "60"), "the order keeps its reservation");
        // Three reserved units are missing, so three of the other lot are not available to others.
        assert_eq!(available(tenant, "MILK").await["available"], "7");
        let till = tenant.till().await;
        let refused = tenant.sell(&till, &[("MILK", "8")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "7");
        let id = text(&order, "id");
        tenant.step(id, "ship").await.refused(409, "insufficient_stock").names(&["#/lines/0/quantity"]);
        let swapped = json!({ "lines": [{ "line_no": 1, "quantity": "8",
            "lots": [{ "code": "EARLY", "quantity": "5" }, { "code": "LATE", "quantity": "3" }] }] });
        tenant.post(&format!("/v1/orders/{id}/ship"), &swapped).await.ok();
        assert_eq!(tenant.level("MILK").await, Level::of("7", "0", "28"));
        assert_eq!(on_hand(tenant, "EARLY").await, "0");
        assert_eq!(on_hand(tenant, "LATE").await, "7");
    });
}

#[test]
fn more_that_went_than_was_found_is_counted_again() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        opened(tenant, ("MILK", "A"), ("10", "4.00")).await;
        opened(tenant, ("MILK", "B"), ("10", "4.00")).await;
        let till = tenant.till().await;
        let count = sheet(tenant, json!({})).await;
        let mut entry = counted("MILK", "A", "2");
        entry["counted_at"] = json!(ago(10).await);
        enter(tenant, &count, json!([entry])).await;
        let sold = sale_of(&till, "MILK", "5", json!([{ "code": "A" }]));
        tenant.post("/v1/pos/sales", &sold).await.created();
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        let refused = tenant.post(&step(&count, "post"), &json!({})).await;
        refused.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        tenant.post(&step(&count, "recount"), &json!({ "lines": [1] })).await.ok();
        enter(tenant, &count, json!([counted("MILK", "A", "1")])).await;
        let count = posted(tenant, &count).await;
        assert_eq!(text(line(&count, "A"), "posted_quantity"), "-4");
        assert_eq!(on_hand(tenant, "A").await, "1");
        assert_eq!(on_hand(tenant, "B").await, "10");
    });
}

#[test]
fn a_later_count_of_a_lot_stands() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        opened(tenant, ("MILK", "A"), ("10", "4.00")).await;
        opened(tenant, ("MILK", "B"), ("10", "4.00")).await;
        let at = async |code: &str, quantity: &str, minutes: i64| {
            let mut entry = counted("MILK", code, quantity);
            entry["counted_at"] = json!(ago(minutes).await);
            entry
        };
        let (early, late) = (sheet(tenant, json!({})).await, sheet(tenant, json!({})).await);
        enter(tenant, &late, json!([at("A", "8", 10).await])).await;
        enter(tenant, &early, json!([at("A", "7", 20).await, at("B", "7", 20).await])).await;
        posted(tenant, &late).await;
        let early = posted(tenant, &early).await;
        assert_eq!(line(&early, "A")["superseded"], true);
        assert_eq!(line(&early, "B")["superseded"], false);
        assert_eq!(on_hand(tenant, "A").await, "8");
        assert_eq!(on_hand(tenant, "B").await, "7");
    });
}

#[test]
fn goods_of_a_lot_that_come_back_late_or_move_change_nothing_that_was_counted() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        opened(tenant, ("MILK", "A"), ("10", "4.00")).await;
        let count = sheet(tenant, json!({ "skus": ["MILK"] })).await;
        let mut entry = counted("MILK", "A", "9");
        entry["counted_at"] = json!(ago(10).await);
        enter(tenant, &count, json!([entry])).await;
        posted(tenant, &count).await;
        let at = ago(20).await;
        let receipt = json!({ "kind": "receipt", "occurred_at": at, "lines": [{ "sku": "MILK", "quantity": "4",
            "unit_cost": "4.00", "lots": [{ "code": "A" }] }] });
        tenant.post("/v1/stock/documents", &receipt).await.created();
        let transfer =
            json!({ "to_location_id": tenant.shop, "occurred_at": at, "lines": lines(&[("MILK", "20")]) });
        let move_late = async || {
            let sent = tenant.post("/v1/stock/transfers", &transfer).await.created();
            tenant.post(&format!("/v1/stock/transfers/{}/receive", text(&sent, "id")), &json!({})).await.ok();
        };
        move_late().await;
        let customer = tenant.customer("Hansa Foods").await;
        let order = json!({ "customer_id": customer, "occurred_at": ago(40).await, "advance_to": "confirmed",
            "lines": lines(&[("MILK", "2")]) });
        let order = tenant.post("/v1/orders", &order).await.created();
        let ship = format!("/v1/orders/{}/ship", text(&order, "id"));
        tenant.post(&ship, &json!({ "occurred_at": at })).await.ok();
        assert_eq!(tenant.level("MILK").await, Level::of("9", "0", "36"), "as counted");
        // The same after it is used up, here and in transit.
        let till = tenant.till().await;
        tenant.sell(&till, &[("MILK", "9")]).await.created();
        move_late().await;
        assert_eq!(tenant.check_now().await, Vec::<String>::new());
    });
}

#[test]
fn a_sheet_of_lots_is_not_posted_for_goods_that_have_none_any_more() {
    with_tenant(async |tenant| {
        let product = tenant.product_with("MILK", json!({ "list_price": "10.00", "tracking": "lot" })).await;
        let count = sheet(tenant, json!({})).await;
        enter(tenant, &count, json!([counted("MILK", "A", "5")])).await;
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        tenant.patch(&format!("/v1/products/{}", product.id), &json!({ "tracking": "none" })).await.ok();
        let refused = tenant.post(&step(&count, "post"), &json!({})).await;
        refused.refused(409, "invalid_state_transition").names(&["#/lines/0"]);
        tenant.post(&step(&count, "cancel"), &json!({})).await.ok();
    });
}
