//! Lots and serial numbers: receipts, first expired first out, and rejections.

mod allotment;
mod count;
mod expiry;
mod forced;
mod goods_of_others;
mod live;
mod moving;
mod queue;
mod recall;

use chrono::Days;
use serde_json::{Value, json};
use tests::{Problem, Reply, Tenant, Till, environment, sale, with_tenant};

/// Returns the day `days` from today in the tenant's time zone.
pub async fn day(days: i64) -> String {
    let today = environment().today(&chrono_tz::Europe::London).await;
    let span = Days::new(days.unsigned_abs());
    (if days < 0 { today - span } else { today + span }).to_string()
}

/// Makes a product that is tracked.
pub async fn tracked(tenant: &Tenant, sku: &str, tracking: &str) {
    tenant.tracked(sku, tracking).await;
}

/// Posts a stock document with one line in lots.
pub async fn posted(tenant: &Tenant, kind: &str, (sku, quantity): (&str, &str), lots: Value) -> Reply {
    let mut line = json!({ "sku": sku, "quantity": quantity, "lots": lots });
    if kind != "adjustment" {
        line["unit_cost"] = json!("4.00");
    }
    let body = json!({ "kind": kind, "reason": (kind == "adjustment").then_some("found"), "lines": [line] });
    tenant.post("/v1/stock/documents", &body).await
}

/// Receives units of one lot.
pub async fn received(tenant: &Tenant, sku: &str, code: &str, (quantity, expires_on): (&str, &str)) {
    let lots = json!([{ "code": code, "expires_on": expires_on }]);
    posted(tenant, "receipt", (sku, quantity), lots).await.created();
}

/// Returns a sale of one line that names its lots.
pub fn sale_of(till: &Till, sku: &str, quantity: &str, lots: Value) -> Value {
    let mut body = sale(till, &[(sku, quantity)]);
    body["lines"][0]["lots"] = lots;
    body
}

/// Returns code and quantity of each lot of a line.
pub fn lots_of(line: &Value) -> Vec<(String, String)> {
    let text = |lot: &Value, field: &str| lot[field].as_str().expect("a text").to_owned();
    let lots = line["lots"].as_array().cloned().unwrap_or_default();
    lots.iter().map(|lot| (text(lot, "code"), text(lot, "quantity"))).collect()
}

pub fn pairs(lots: &[(&str, &str)]) -> Vec<(String, String)> {
    lots.iter().map(|(code, quantity)| ((*code).to_owned(), (*quantity).to_owned())).collect()
}

/// Returns the one lot with this code.
pub async fn lot(tenant: &Tenant, code: &str) -> Value {
    let page = tenant.get(&format!("/v1/lots?code={code}")).await.ok();
    page["data"][0].clone()
}

pub async fn available(tenant: &Tenant, sku: &str) -> Value {
    tenant.get(&format!("/v1/stock/availability?sku={sku}")).await.ok()["data"][0].clone()
}

fn invalid(reply: &Reply, pointer: &str) -> Problem {
    reply.refused(422, "validation_failed").names(&[pointer])
}

#[test]
fn what_expires_first_is_sold_first() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "LATE", ("10", &day(60).await)).await;
        received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
        posted(tenant, "receipt", ("MILK", "5"), json!([{ "code": "NEVER" }])).await.created();
        let till = tenant.till().await;
        let sold = tenant.sell(&till, &[("MILK", "5")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "3"), ("LATE", "2")]));
        let id = sold["id"].as_str().expect("an id");
        let shown = tenant.get(&format!("/v1/pos/sales/{id}")).await.ok();
        assert_eq!(shown["lines"], sold["lines"], "a read shows the same");
        let sold = tenant.sell(&till, &[("MILK", "9"), ("MILK", "1")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("LATE", "8"), ("NEVER", "1")]));
        assert_eq!(lots_of(&sold["lines"][1]), pairs(&[("NEVER", "1")]));
        let refused = tenant.sell(&till, &[("MILK", "2"), ("MILK", "2")]).await;
        let refused = refused.refused(409, "insufficient_stock").names(&["#/lines/1/quantity"]);
        let params = refused.params("#/lines/1/quantity");
        assert_eq!(params["requested"], "4");
        assert_eq!(params["available"], "3");
    });
}

#[test]
fn a_named_lot_is_taken_and_no_other() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
        received(tenant, "MILK", "LATE", ("10", &day(60).await)).await;
        let till = tenant.till().await;
        let sales = "/v1/pos/sales";
        let body = sale_of(&till, "MILK", "2", json!([{ "code": "LATE" }]));
        let sold = tenant.post(sales, &body).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("LATE", "2")]));
        let both = json!([{ "code": "LATE", "quantity": "1" }, { "code": "EARLY", "quantity": "2" }]);
        let sold = tenant.post(sales, &sale_of(&till, "MILK", "3", both)).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("EARLY", "2"), ("LATE", "1")]));
        let short = tenant.post(sales, &sale_of(&till, "MILK", "2", json!([{ "code": "EARLY" }]))).await;
        let short = short.refused(409, "insufficient_stock").names(&["#/lines/0/lots/0/quantity"]);
        assert_eq!(short.params("#/lines/0/lots/0/quantity")["available"], "1");
        assert_eq!(lot(tenant, "LATE").await["on_hand"], "7");
    });
}

#[test]
fn a_lot_where_none_belongs_and_none_where_one_does_are_refused() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        tracked(tenant, "MILK", "lot").await;
        tracked(tenant, "PHONE", "serial").await;
        let code = json!([{ "code": "L1" }]);
        for kind in ["receipt", "opening", "adjustment"] {
            let at = "#/lines/0/lots";
            invalid(&posted(tenant, kind, ("MUG", "1"), code.clone()).await, at);
            invalid(&posted(tenant, kind, ("MILK", "1"), json!([])).await, at);
            invalid(&posted(tenant, kind, ("PHONE", "1"), json!([])).await, at);
        }
        let till = tenant.till().await;
        let of_mug = tenant.post("/v1/pos/sales", &sale_of(&till, "MUG", "1", code.clone())).await;
        invalid(&of_mug, "#/lines/0/lots");
        // A sale must name the serial number that is sold.
        posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": "S1" }])).await.created();
        invalid(&tenant.sell(&till, &[("PHONE", "1")]).await, "#/lines/0/lots");
        let unknown = sale_of(&till, "MILK", "1", json!([{ "code": "L2" }]));
        let unknown = tenant.post("/v1/pos/sales", &unknown).await;
        unknown.refused(404, "not_found").names(&["#/lines/0/lots/0/code"]);
        // A refund must name the lots too.
        let refund = json!({ "register_id": till.register_id, "tenders": [{ "kind": "cash" }],
            "lines": [{ "sku": "MILK", "quantity": "1" }] });
        invalid(&tenant.post("/v1/pos/refunds", &refund).await, "#/lines/0/lots");
        let customer = tenant.customer("Nordwind Supply").await;
        let back =
            json!({ "customer_id": customer, "lines": [{ "sku": "MILK", "quantity": "1", "lots": code }] });
        tenant.post("/v1/returns", &back).await.refused(404, "not_found").names(&["#/lines/0/lots/0/code"]);
    });
}

#[test]
fn lots_that_do_not_make_up_the_line_are_refused() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        tracked(tenant, "PHONE", "serial").await;
        let two = |one: &str, other: &str| json!([{ "code": "L1", "quantity": one }, { "code": "L2", "quantity": other }]);
        let milk = async |lots: Value| posted(tenant, "receipt", ("MILK", "5"), lots).await;
        invalid(&milk(two("2", "2")).await, "#/lines/0/lots");
        invalid(&milk(two("-1", "6")).await, "#/lines/0/lots/0/quantity");
        invalid(&milk(two("5", "0")).await, "#/lines/0/lots/1/quantity");
        invalid(
            &milk(json!([{ "code": "L1", "quantity": "5" }, { "code": "L2" }])).await,
            "#/lines/0/lots/1/quantity",
        );
        let twice = json!([{ "code": "L1", "quantity": "2" }, { "code": "L1", "quantity": "3" }]);
        invalid(&milk(twice).await, "#/lines/0/lots/1/code");
        invalid(&milk(json!([{ "code": "" }])).await, "#/lines/0/lots/0/code");
        let phone = async |lots: Value| posted(tenant, "receipt", ("PHONE", "2"), lots).await;
        invalid(&phone(two("1", "2")).await, "#/lines/0/lots/1/quantity");
        invalid(&phone(json!([{ "code": "S1" }])).await, "#/lines/0/lots");
        phone(json!([{ "code": "S1" }, { "code": "S2" }])).await.created();
        let half = posted(tenant, "receipt", ("PHONE", "1.5"), json!([{ "code": "S3" }])).await;
        invalid(&half, "#/lines/0/quantity");
        let kilo = json!({ "sku": "GOLD", "name": "Bars", "tracking": "serial", "stock_uom": "KGM" });
        invalid(&tenant.post("/v1/products", &kilo).await, "#/stock_decimals");
    });
}

#[test]
fn a_later_receipt_says_what_the_first_one_said() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        let lots = |expires_on: &str, supplier_lot: &str| json!([{ "code": "L1", "expires_on": expires_on, "supplier_lot": supplier_lot, "received_from": "Hansa" }]);
        let (first, other) = (day(30).await, day(31).await);
        let document = posted(tenant, "receipt", ("MILK", "5"), lots(&first, "B-1")).await.created();
        assert_eq!(document["lines"][0]["lot_code"], "L1");
        let milk = async |lots: Value| posted(tenant, "receipt", ("MILK", "5"), lots).await;
        invalid(&milk(lots(&other, "B-1")).await, "#/lines/0/lots/0/expires_on");
        invalid(&milk(lots(&first, "B-2")).await, "#/lines/0/lots/0/supplier_lot");
        // Two lines of one document must agree too.
        let line = |day: &str| {
            json!({ "sku": "MILK", "quantity": "1", "unit_cost": "4",
                "lots": [{ "code": "L2", "expires_on": day }] })
        };
        let body = json!({ "kind": "receipt", "lines": [line(&first), line(&other)] });
        invalid(&tenant.post("/v1/stock/documents", &body).await, "#/lines/1/lots/0/expires_on");
        milk(lots(&first, "B-1")).await.created();
        milk(json!([{ "code": "L1" }])).await.created();
        let known = lot(tenant, "L1").await;
        assert_eq!(known["on_hand"], "15");
        assert_eq!(known["expires_on"], json!(first));
        // After a correction, the corrected date is the one to agree with.
        let path = format!("/v1/lots/{}", known["id"].as_str().expect("an id"));
        let right = tenant.patch(&path, &json!({ "expires_on": other, "supplier_lot": null })).await.ok();
        assert_eq!(right["expires_on"], json!(other));
        assert_eq!(right["supplier_lot"], Value::Null);
        assert_eq!(right["version"], 2);
        milk(json!([{ "code": "L1", "expires_on": other }])).await.created();
        tenant.patch(&path, &json!({ "code": "L9" })).await.refused(400, "unknown_field");
        invalid(&tenant.patch(&path, &json!({ "supplier_lot": " " })).await, "#/supplier_lot");
    });
}

#[test]
fn an_expired_lot_is_not_sold_but_written_off() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "OLD", ("4", &day(-1).await)).await;
        received(tenant, "MILK", "TODAY", ("2", &day(0).await)).await;
        let till = tenant.till().await;
        assert_eq!(available(tenant, "MILK").await["available"], "2");
        let body = sale_of(&till, "MILK", "1", json!([{ "code": "OLD" }]));
        tenant
            .post("/v1/pos/sales", &body)
            .await
            .refused(409, "lot_expired")
            .names(&["#/lines/0/lots/0/code"]);
        let refused = tenant.sell(&till, &[("MILK", "3")]).await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "2");
        let sold = tenant.sell(&till, &[("MILK", "2")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("TODAY", "2")]));
        let low = tenant.get("/v1/reports/low_stock").await.ok();
        let figures = ["on_hand", "available", "shortage"].map(|name| &low["rows"][0][name]);
        assert_eq!(figures, ["4", "0", "0"], "what has expired is there and can't be sold");
        let expired = tenant.get(&format!("/v1/lots?expires_on[lt]={}", day(0).await)).await.ok();
        assert_eq!(expired["data"][0]["code"], "OLD");
        assert_eq!(expired["data"][0]["sellable"], false);
        let off = json!({ "kind": "adjustment", "reason": "expiry", "lines": [{ "sku": "MILK", "quantity": "-4" }] });
        let document = tenant.post("/v1/stock/documents", &off).await.created();
        assert_eq!(document["lines"][0]["lot_code"], "OLD");
        assert_eq!(lot(tenant, "OLD").await["on_hand"], "0");
    });
}

#[test]
fn goods_last_as_long_as_the_customer_needs_them() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "SHORT", ("5", &day(20).await)).await;
        received(tenant, "MILK", "LONG", ("5", &day(60).await)).await;
        let fussy = tenant.customer_with("Hansa Foods", json!({ "min_remaining_life_days": 30 })).await;
        let till = tenant.till().await;
        let mut body = sale_of(&till, "MILK", "2", json!([]));
        body["customer_id"] = json!(fussy);
        let sold = tenant.post("/v1/pos/sales", &body).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("LONG", "2")]));
        body["lines"][0]["lots"] = json!([{ "code": "SHORT" }]);
        tenant.post("/v1/pos/sales", &body).await.refused(409, "lot_expired");
        let refused =
            tenant.order(&fussy, &[("MILK", "4")], "confirmed").await.refused(409, "insufficient_stock");
        assert_eq!(refused.params("#/lines/0/quantity")["available"], "3");
        let order = tenant.order(&fussy, &[("MILK", "3")], "confirmed").await.created();
        assert_eq!(lots_of(&order["lines"][0]), pairs(&[("LONG", "3")]));
        let sold = tenant.sell(&till, &[("MILK", "5")]).await.created();
        assert_eq!(lots_of(&sold["lines"][0]), pairs(&[("SHORT", "5")]));
        let wrong = json!({ "min_remaining_life_days": -1 });
        let path = format!("/v1/customers/{fussy}");
        invalid(&tenant.patch(&path, &wrong).await, "#/min_remaining_life_days");
    });
}

#[test]
fn a_serial_number_is_one_piece() {
    with_tenant(async |tenant| {
        tracked(tenant, "PHONE", "serial").await;
        let receipt =
            async |code: &str| posted(tenant, "receipt", ("PHONE", "1"), json!([{ "code": code }])).await;
        let found =
            async |code: &str| posted(tenant, "adjustment", ("PHONE", "1"), json!([{ "code": code }])).await;
        receipt("S1").await.created();
        receipt("S2").await.created();
        let at = "#/lines/0/lots/0/code";
        receipt("S1").await.refused(409, "already_exists").names(&[at]);
        found("S1").await.refused(409, "already_exists").names(&[at]);
        let till = tenant.till().await;
        let sell = async |code: &str| {
            tenant.post("/v1/pos/sales", &sale_of(&till, "PHONE", "1", json!([{ "code": code }]))).await
        };
        let sold = sell("S1").await.created();
        sell("S1").await.refused(409, "insufficient_stock").names(&["#/lines/0/lots/0/quantity"]);
        // It was sold: a supplier can't deliver it again, but it can be returned once.
        receipt("S1").await.refused(409, "already_exists").names(&[at]);
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }] });
        let back = tenant.post("/v1/pos/refunds", &refund).await.created();
        assert_eq!(lots_of(&back["lines"][0]), pairs(&[("S1", "-1")]));
        tenant.post("/v1/pos/refunds", &refund).await.refused(422, "return_exceeds_sale");
        let blind = json!({ "register_id": till.register_id, "tenders": [{ "kind": "cash" }],
            "lines": [{ "sku": "PHONE", "quantity": "1", "lots": [{ "code": "S1" }] }] });
        tenant.post("/v1/pos/refunds", &blind).await.refused(409, "already_exists").names(&[at]);
        sell("S1").await.created();
        tenant.post("/v1/pos/refunds", &blind).await.created();
        // A lost unit is found again.
        let lost = json!({ "kind": "adjustment", "reason": "theft",
            "lines": [{ "sku": "PHONE", "quantity": "-1", "lots": [{ "code": "S2" }] }] });
        tenant.post("/v1/stock/documents", &lost).await.created();
        found("S2").await.created();
        assert_eq!(available(tenant, "PHONE").await["available"], "2");
    });
}

#[test]
fn levels_and_availability_list_lots() {
    with_tenant(async |tenant| {
        tracked(tenant, "MILK", "lot").await;
        received(tenant, "MILK", "LATE", ("10", &day(60).await)).await;
        received(tenant, "MILK", "EARLY", ("3", &day(20).await)).await;
        received(tenant, "MILK", "OLD", ("2", &day(-5).await)).await;
        let shown = available(tenant, "MILK").await;
        let place = &shown["locations"][0];
        assert_eq!(place["on_hand"], "15");
        assert_eq!(place["available"], "13");
        let codes: Vec<&Value> =
            place["lots"].as_array().expect("lots").iter().map(|lot| &lot["code"]).collect();
        assert_eq!(codes, ["EARLY", "LATE"]);
        let levels = tenant.get("/v1/stock/levels?sku=MILK").await.ok();
        let mut rows: Vec<(&str, bool)> = levels["data"]
            .as_array()
            .expect("levels")
            .iter()
            .map(|level| (level["lot_code"].as_str().expect("a code"), level["sellable"] == true))
            .collect();
        rows.sort_unstable();
        assert_eq!(rows, [("EARLY", true), ("LATE", true), ("OLD", false)]);
        let id = lot(tenant, "EARLY").await["id"].as_str().expect("an id").to_owned();
        let one = tenant.get(&format!("/v1/lots/{id}")).await.ok();
        assert_eq!(one["levels"][0]["location_code"], "MAIN");
        assert_eq!(one["levels"][0]["on_hand"], "3");
        assert_eq!(
            tenant.get(&format!("/v1/lots?sku=MILK&location_id={}", tenant.shop)).await.ok()["data"],
            json!([])
        );
        let at = tenant.get(&format!("/v1/lots?sku=MILK&status=open&location_id={}", tenant.main)).await.ok();
        assert_eq!(at["data"].as_array().map(Vec::len), Some(3));
        let path = format!(
            "/v1/stock/levels/{}/{}/explain?lot_id={id}",
            tenant.main,
            one["product_id"].as_str().expect("an id")
        );
        let why = tenant.get(&path).await.ok();
        assert_eq!(why["closing"]["on_hand"], "3");
        tenant.get("/v1/lots/lot_01h455vb4pex5vsknk084sn02q").await.refused(404, "not_found");
    });
}
