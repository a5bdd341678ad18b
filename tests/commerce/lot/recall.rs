//! The trace of a lot over both channels, and its recall. The requests and responses of this test are the
//! walk-through in the documentation.

use serde_json::{Value, json};
use tests::{Reply, Tenant, environment, lines, sale, with_tenant};

use crate::lot::{available, day, lot, lots_of, pairs, posted, received, sale_of, tracked};
use crate::walk::{NEW_KEY, OF_TEST, Walk, brief, set_up_own};

fn id(document: &Value) -> &str {
    document["id"].as_str().expect("an id")
}

async fn trace(tenant: &Tenant, code: &str) -> Value {
    let lot = lot(tenant, code).await;
    tenant.get(&format!("/v1/lots/{}/trace", id(&lot))).await.ok()
}

async fn recall(tenant: &Tenant, code: &str, reason: &str) -> Reply {
    let lot = lot(tenant, code).await;
    tenant.post(&format!("/v1/lots/{}/recall", id(&lot)), &json!({ "reason": reason })).await
}

/// Returns the texts of one field in a list of objects.
fn each<'a>(list: &'a Value, pointer: &str) -> Vec<&'a str> {
    let all = list.as_array().expect("a list").iter();
    all.map(|one| one.pointer(pointer).and_then(Value::as_str).unwrap_or("-")).collect()
}

#[test]
fn a_trace_leads_from_the_supplier_to_every_customer_and_adds_up() {
    with_tenant(async |tenant| {
        tracked(tenant, "JAM", "lot").await;
        received(tenant, "JAM", "L1", ("20", &day(300).await)).await;
        received(tenant, "JAM", "L1", ("10", &day(300).await)).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Hansa Foods").await);
        let walk_in = tenant.sell(&till, &[("JAM", "3")]).await.created();
        let mut known = sale(&till, &[("JAM", "2")]);
        known["customer_id"] = json!(customer);
        tenant.post("/v1/pos/sales", &known).await.created();
        let order = tenant.order(&customer, &[("JAM", "6")], "invoiced").await.created();
        tenant.order(&customer, &[("JAM", "4")], "confirmed").await.created();
        let back = json!({ "customer_id": customer, "original_id": order["invoices"][0]["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post("/v1/returns", &back).await.created();
        let refund = json!({ "register_id": till.register_id, "original_id": walk_in["id"],
            "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        let off = json!({ "kind": "adjustment", "reason": "damage", "lines": [{ "sku": "JAM", "quantity": "-2" }] });
        tenant.post("/v1/stock/documents", &off).await.created();
        posted(tenant, "adjustment", ("JAM", "1"), json!([{ "code": "L1" }])).await.created();
        let transfer = json!({ "to_location_id": tenant.shop, "lines": lines(&[("JAM", "5")]) });
        let transfer = tenant.post("/v1/stock/transfers", &transfer).await.created();
        let arrive = format!("/v1/stock/transfers/{}/receive", id(&transfer));
        tenant.post(&arrive, &json!({ "lines": [{ "line_no": 1, "quantity": "2" }] })).await.ok();

        let trace = trace(tenant, "L1").await;
        assert_eq!(
            trace["sums"],
            json!({ "received": "30", "sold": "11", "returned": "2", "adjusted": "-1", "on_hand": "17",
                "in_transit": "3", "difference": "0", "adds_up": true })
        );
        assert_eq!(each(&trace["received"], "/quantity"), ["20", "10"]);
        assert_eq!(each(&trace["sold"], "/quantity"), ["3", "2", "6"]);
        assert_eq!(each(&trace["sold"], "/returned"), ["1", "0", "1"]);
        assert_eq!(each(&trace["sold"], "/customer/name"), ["-", "Hansa Foods", "Hansa Foods"]);
        assert_eq!(each(&trace["sold"], "/channel"), ["retail", "retail", "wholesale"]);
        assert_eq!(
            each(&trace["sold"], "/order_number"),
            ["-", "-", order["number"].as_str().expect("a number")]
        );
        assert_eq!(each(&trace["returned"], "/channel"), ["wholesale", "retail"]);
        assert_eq!(each(&trace["adjusted"], "/reason"), ["damage", "found"]);
        assert_eq!(each(&trace["waiting"], "/quantity"), ["4"]);
        assert_eq!(trace["complete"], true);
        assert_eq!(trace["lot"]["levels"][0]["location_code"], "MAIN");
        tenant.get("/v1/lots/lot_01h455vb4pex5vsknk084sn02q/trace").await.refused(404, "not_found");
    });
}

#[test]
fn nobody_gets_more_of_a_lot_that_is_recalled() {
    with_tenant(async |tenant| {
        tracked(tenant, "JAM", "lot").await;
        received(tenant, "JAM", "BAD", ("10", &day(100).await)).await;
        received(tenant, "JAM", "GOOD", ("10", &day(200).await)).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Hansa Foods").await);
        let sold = tenant.sell(&till, &[("JAM", "2")]).await.created();
        let order = tenant.order(&customer, &[("JAM", "3")], "confirmed").await.created();
        let transfer = json!({ "to_location_id": tenant.shop, "lines": lines(&[("JAM", "1")]) });
        let transfer = tenant.post("/v1/stock/transfers", &transfer).await.created();
        let bad = lot(tenant, "BAD").await;
        let path = format!("/v1/lots/{}/recall", id(&bad));
        tenant.get(&path).await.refused(404, "not_found");
        let blank = tenant.post(&path, &json!({ "reason": " " })).await;
        blank.refused(422, "validation_failed").names(&["#/reason"]);

        let rehearsed = tenant.dry_run(&path, &json!({ "reason": "Glass in the jar" })).await.ok();
        assert_eq!(rehearsed["document"]["quarantined"][0]["quantity"], "4");
        assert_eq!(lot(tenant, "BAD").await["status"], "open", "a dry_run changes nothing");
        let body = json!({ "reason": "Glass in the jar" });
        let recalled = tenant.post_as(&path, "recall-1", &body).await;
        let again = tenant.post_as(&path, "recall-1", &body).await;
        assert!(again.is_replayed() && again.ok() == recalled.ok());
        let recalled = recalled.ok();
        assert_eq!(each(&recalled["quarantined"], "/quantity"), ["4"]);
        assert_eq!(each(&recalled["waiting"], "/quantity"), vec!["3"]);
        assert_eq!(recalled["in_transit"], "1");
        assert_eq!(each(&recalled["walk_ins"], "/number"), [sold["number"].as_str().expect("a number")]);
        assert_eq!(each(&recalled["walk_ins"], "/register_code"), [till.code.as_str()]);
        let bad = lot(tenant, "BAD").await;
        assert_eq!(bad["status"], "recalled");
        assert_eq!(bad["sellable"], false);
        assert_eq!(bad["reserved"], "7");
        assert_eq!(available(tenant, "JAM").await["available"], "10");

        let named = sale_of(&till, "JAM", "1", json!([{ "code": "BAD" }]));
        tenant
            .post("/v1/pos/sales", &named)
            .await
            .refused(409, "lot_recalled")
            .names(&["#/lines/0/lots/0/code"]);
        let next = tenant.sell(&till, &[("JAM", "1")]).await.created();
        assert_eq!(lots_of(&next["lines"][0]), pairs(&[("GOOD", "1")]));
        // An order that had it reserved is shipped from another lot.
        let shipped = tenant.step(id(&order), "ship").await.ok();
        assert_eq!(lots_of(&shipped["shipments"][0]["lines"][0]), pairs(&[("GOOD", "3")]));
        // What is returned or received later goes into quarantine with the next call.
        let refund = json!({ "register_id": till.register_id, "original_id": sold["id"], "tenders": [{ "kind": "cash" }] });
        tenant.post("/v1/pos/refunds", &refund).await.created();
        tenant.post(&format!("/v1/stock/transfers/{}/receive", id(&transfer)), &json!({})).await.ok();
        assert_eq!(
            available(tenant, "JAM").await["available"],
            "6",
            "it is not sold although it is available"
        );
        let more = recall(tenant, "BAD", "Another reason").await.ok();
        assert_eq!(more["reason"], "Glass in the jar");
        assert_eq!(more["recalled_at"], recalled["recalled_at"]);
        let mut kept = each(&more["quarantined"], "/quantity");
        kept.sort_unstable();
        assert_eq!(kept, vec!["1", "4", "5"]);
        assert_eq!(more["waiting"], json!([]));
        assert_eq!(more["in_transit"], "0");
        assert_eq!(tenant.get(&path).await.ok(), more, "a later read shows the same");
        let all = tenant.get("/v1/lots?sku=JAM&status=recalled").await.ok();
        assert_eq!(each(&all["data"], "/code"), ["BAD"]);
        // From quarantine it is written off.
        let hold = more["quarantined"][0]["hold_id"].as_str().expect("an id").to_owned();
        tenant.post(&format!("/v1/stock/holds/{hold}/release"), &json!({})).await.ok();
        let off = json!({ "kind": "adjustment", "reason": "damage",
            "lines": [{ "sku": "JAM", "quantity": "-4", "lots": [{ "code": "BAD" }] }] });
        tenant.post("/v1/stock/documents", &off).await.created();
        assert_eq!(trace(tenant, "BAD").await["sums"]["adds_up"], true);
    });
}

#[test]
fn a_recall_while_both_channels_sell_lets_nothing_slip() {
    with_tenant(async |tenant| {
        tracked(tenant, "JAM", "lot").await;
        received(tenant, "JAM", "BAD", ("20", &day(100).await)).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Hansa Foods").await);
        let work = futures_util::future::join_all((0..24).map(async |turn: usize| match turn {
            12 => recall(tenant, "BAD", "Glass in the jar").await.ok()["recalled_at"].is_string(),
            _ if turn.is_multiple_of(2) => tenant.sell(&till, &[("JAM", "1")]).await.status == 201,
            _ => tenant.order(&customer, &[("JAM", "1")], "invoiced").await.status == 201,
        }))
        .await;
        let sold = work.iter().filter(|done| **done).count() - 1;
        let sums = trace(tenant, "BAD").await["sums"].clone();
        assert_eq!(sums["sold"], json!(sold.to_string()));
        assert_eq!(sums["adds_up"], true);
        let bad = lot(tenant, "BAD").await;
        assert_eq!(bad["reserved"], bad["on_hand"], "all that was left is in quarantine");
        tenant.sell(&till, &[("JAM", "1")]).await.refused(409, "insufficient_stock");
    });
}

/// Returns the part of a response that the walk-through shows.
fn told(value: &Value) -> Value {
    const BESIDE: [&str; 33] = [
        "object",
        "version",
        "currency",
        "country",
        "business_date",
        "session_id",
        "rounding",
        "tenders",
        "category_id",
        "bundle_id",
        "description",
        "price_source",
        "price_rule_id",
        "list_price",
        "tax_rate",
        "gross",
        "discount",
        "unit_price",
        "uom",
        "stock_quantity",
        "product_id",
        "external_ref",
        "requested_on",
        "hold_reasons",
        "due_on",
        "customer_id",
        "location_id",
        "register_id",
        "supplier_lot",
        "updated_at",
        "request_id",
        "type",
        "document_id",
    ];
    brief(value, &BESIDE)
}

#[test]
fn the_walk_through_is_what_was_asked_and_answered() {
    with_tenant(async |tenant| {
        let expires_on = day(300).await;
        let mut walk = Walk::new(tenant, told);
        walk.show_as(&expires_on, "2027-09-18");
        walk.say("# Recalling a lot");
        walk.say(
            "A jar of jam has glass in it. Which lot is it from, where did the lot go in both channels, and which \
             customers must be called?\n\nA test made every request and response below (`tests/commerce/lot/recall.rs`) and \
             fails if the API responds differently; `UPDATE=1 ./run test -p tests walk_through` rewrites this \
             page. Fields that the example does not need are left out. `$NAMES` stand for ids, and `…` for instants.",
        );
        walk.say(&set_up_own("lot-recall", "Jam Stores"));
        walk.say(OF_TEST);
        walk.say(NEW_KEY);
        wholesale_and_retail(&mut walk, &expires_on).await;
        trace_and_recall(&mut walk).await;
        walk.keep("docs/walkthroughs/lot-recall.md");
    });
}

/// Receives stock and sells it, in the shop and to a wholesale customer.
async fn wholesale_and_retail(walk: &mut Walk<'_>, expires_on: &str) {
    let tenant = walk.tenant;
    walk.say("## The stock is received\n\nThe product is tracked by lot, so its receipts name the lot. It is made first:");
    let jam =
        json!({ "sku": "JAM-340", "name": "Strawberry jam, 340 g", "tracking": "lot", "list_price": "4.50" });
    tenant.post("/v1/products", &jam).await.created();
    walk.say(&format!(
        "```sh\ncurl -X POST \"$URL/v1/products\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Content-Type: application/json\" \
         -d '{}'\n```",
        serde_json::to_string_pretty(&jam).expect("JSON")
    ));
    let lots =
        |code: &str| json!([{ "code": code, "expires_on": expires_on, "received_from": "Hansa Foods" }]);
    let receipt = |code: &str, quantity: &str| {
        json!({ "kind": "receipt", "reference": "Delivery note 8812",
            "lines": [{ "sku": "JAM-340", "quantity": quantity, "unit_cost": "1.80", "lots": lots(code) }] })
    };
    let posted = tenant.post("/v1/stock/documents", &receipt("L-117", "100")).await;
    let lot = lot(tenant, "L-117").await;
    for (name, value) in [("RECEIPT", &posted.created()["id"]), ("LOT", &lot["id"])] {
        walk.name(name, value);
    }
    let request = serde_json::to_string_pretty(&receipt("L-117", "100")).expect("JSON");
    walk.show(
        &format!(
            "curl -X POST \"$URL/v1/stock/documents\" -H \"Authorization: Bearer $KEY\" \\\n  -H \"Idempotency-Key: \
             $(new_key)\" -H \"Content-Type: application/json\" -d '{request}'"
        ),
        &posted,
    );
    walk.say("Another 50 jars are received in lot `L-118`:");
    walk.prepare("SECOND_RECEIPT", "/v1/stock/documents", &receipt("L-118", "50")).await;
    let other = crate::lot::lot(tenant, "L-118").await;
    walk.name("OTHER_LOT", &other["id"]);
    sell(walk).await;
}

/// Sells at a till and to a customer, and sends jars to the shop.
async fn sell(walk: &mut Walk<'_>) {
    walk.say("## Both channels sell it\n\nA till in the warehouse opens:");
    let main = walk.find("WAREHOUSE", "/v1/locations?code=MAIN").await;
    let till = json!({ "code": "SHOP1", "name": "Till in the warehouse", "location_id": main });
    let till = walk.prepare("TILL", "/v1/registers", &till).await;
    walk.prepare("SESSION", "/v1/pos/sessions", &json!({ "register_id": till["id"] })).await;
    walk.say("It sells the lot that expires first; the request need not name one.");
    let sold = json!({ "register_id": till["id"], "lines": lines(&[("JAM-340", "3")]),
        "tenders": [{ "kind": "cash" }] });
    let year = environment().now().await.format("%Y").to_string();
    for prefix in ["SHOP1", "GR", "SO", "SH", "INV"] {
        walk.show_as(&format!("{prefix}-{year}"), &format!("{prefix}-2026"));
    }
    walk.make(("SALE", "/id"), "/v1/pos/sales", &sold).await;
    walk.say("Nordwind Supply orders 40 jars, which are shipped and invoiced, and another 10, which are only reserved.");
    let customer =
        json!({ "kind": "wholesale", "name": "Nordwind Supply", "email": "goods@nordwind.example" });
    let customer = walk.prepare("CUSTOMER", "/v1/customers", &customer).await;
    for (name, quantity, advance_to) in [("FIRST_ORDER", "40", "invoiced"), ("ORDER", "10", "confirmed")] {
        let order = json!({ "customer_id": customer["id"], "lines": lines(&[("JAM-340", quantity)]),
            "advance_to": advance_to });
        walk.prepare(name, "/v1/orders", &order).await;
    }
    walk.say("A transfer sends 12 jars to the shop.");
    let shop = walk.find("SHOP", "/v1/locations?code=SHOP").await;
    let transfer = json!({ "to_location_id": shop, "lines": lines(&[("JAM-340", "12")]) });
    walk.prepare("TRANSFER", "/v1/stock/transfers", &transfer).await;
}

/// Traces and recalls the lot, and ships from another one.
async fn trace_and_recall(walk: &mut Walk<'_>) {
    let tenant = walk.tenant;
    walk.say("## Which lot, and where did it go?\n\nThe code is printed on the jar.");
    walk.get("/v1/lots?code=L-117").await;
    walk.say("The trace shows the receipt and every customer; its quantities add up.");
    let lot = lot(tenant, "L-117").await;
    let trace = tenant.get(&format!("/v1/lots/{}/trace", id(&lot))).await;
    walk.get(&format!("/v1/lots/{}/trace", id(&lot))).await;
    walk.say(
        "## The recall\n\nOne request stops the lot in both channels, puts its available stock into quarantine, and lists \
         the customers to call: wholesale customers by name, walk-in sales by receipt and till.",
    );
    let path = format!("/v1/lots/{}/recall", id(&lot));
    let body = json!({ "reason": "Glass in the jar" });
    let recalled = tenant.post(&path, &body).await;
    walk.name("HOLD", &recalled.ok()["quarantined"][0]["hold_id"]);
    walk.post(&path, &body).await;
    walk.say(
        "The second request, shown here, changed nothing. A recall may be repeated at any time; it then also puts units \
         into quarantine that were returned meanwhile.\n\n## Sales of the lot are rejected",
    );
    let till = tenant.get("/v1/registers?code=SHOP1").await.ok()["data"][0]["id"].clone();
    let named = json!({ "register_id": till, "tenders": [{ "kind": "cash" }],
        "lines": [{ "sku": "JAM-340", "quantity": "1", "lots": [{ "code": "L-117" }] }] });
    walk.post("/v1/pos/sales", &named).await;
    walk.say("The order with 10 reserved jars is shipped from the other lot.");
    let order = trace.ok()["waiting"][0]["order_id"].as_str().expect("an id").to_owned();
    walk.make(("SHIPMENT", "/shipments/0/id"), &format!("/v1/orders/{order}/ship"), &json!({})).await;
    walk.say(
        "To write the quarantined jars off, release the hold and post an adjustment that names the lot.",
    );
}
