//! The way from a suggestion over order, receipts, freight and bills to the payment. The requests and responses of this test are the
//! walk-through in the documentation.

use chrono::SecondsFormat;
use serde_json::{Value, json};
use tests::{environment, lines, with_tenant};

use crate::replenish::Calendar;
use crate::walk::{NEW_KEY, OF_TEST, Walk, brief, set_up_own};

const SUGGESTIONS: &str = "/v1/replenishment/suggestions";
/// Members of responses that the example does not need.
const BESIDE: &[&str] = &[
    "object",
    "version",
    "currency",
    "page",
    "columns",
    "meta",
    "created_at",
    "updated_at",
    "recorded_at",
    "checked_at",
    "as_of",
    "product_name",
    "target",
    "demand",
    "lead_time",
    "position",
    "cover_days",
    "settings",
    "rule_version",
    "min_max",
    "rounding",
    "uom",
    "factor",
    "entered",
    "over_receipt_percent",
    "caused_by",
    "layers",
    "level",
    "reserved",
    "location_id",
    "product_id",
    "href",
];

fn told(value: &Value) -> Value {
    brief(value, BESIDE)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The records that the steps name.
struct Purchase {
    mug: String,
    supplier: String,
    /// Path of the purchase order.
    order: String,
}

/// Sells 70 mugs in each of eight weeks, and leaves 150 in the warehouse, at a cost of 2. Returns the id of the mug.
async fn trade(walk: &mut Walk<'_>, calendar: Calendar) -> String {
    walk.say(
        "## The trade before\n\nA till in the warehouse has sold 70 mugs in each of the last eight weeks, first in, first out. The days are \
         those of the weeks before you read this, so put yours in place of them.",
    );
    let mug =
        json!({ "sku": "MUG", "name": "Stoneware mug", "list_price": "5.00", "costing_method": "fifo" });
    let mug = walk.prepare("MUG", "/v1/products", &mug).await;
    let main = walk.find("WAREHOUSE", "/v1/locations?code=MAIN").await;
    let opened_at = json!(calendar.at(8, 0, 6));
    walk.show_as(text(&opened_at), "2026-01-05T06:00:00Z");
    let opening = json!({ "kind": "opening", "occurred_at": opened_at,
        "lines": [{ "sku": "MUG", "quantity": "710", "unit_cost": "2.00" }] });
    walk.prepare("OPENING", "/v1/stock/documents", &opening).await;
    let till = json!({ "code": "T2", "name": "Till in the warehouse", "location_id": main });
    let till = walk.prepare("TILL", "/v1/registers", &till).await;
    walk.prepare("SESSION", "/v1/pos/sessions", &json!({ "register_id": till["id"] })).await;
    walk.say("The first of the eight sales; the others are a week later each:");
    let sold = |week: u64| {
        json!({ "register_id": till["id"], "lines": lines(&[("MUG", "70")]), "tenders": [{ "kind": "cash" }],
            "occurred_at": calendar.at(week, 0, 12) })
    };
    let first = sold(8);
    walk.show_as(text(&first["occurred_at"]), "2026-01-05T12:00:00Z");
    walk.prepare("SALE", "/v1/pos/sales", &first).await;
    for week in (1..=7).rev() {
        walk.tenant.post("/v1/pos/sales", &sold(week)).await.created();
    }
    text(&mug["id"]).to_owned()
}

/// States the supplier and its prices, and orders what is suggested.
async fn order(walk: &mut Walk<'_>, mug: String) -> Purchase {
    let tenant = walk.tenant;
    walk.say("## The supplier and its prices\n\nThe pottery sells in cartons of 24, at a lower price from 240 mugs on.");
    let pottery = json!({ "code": "POTTERY", "name": "Hill Street Pottery Ltd", "lead_time_days": 14, "payment_days": 30 });
    let made = walk.make(("SUPPLIER", "/id"), "/v1/suppliers", &pottery).await;
    let supplier = text(&made["id"]).to_owned();
    let prices = json!([{ "unit_cost": "2.60" }, { "min_quantity": "240", "unit_cost": "2.40" }]);
    let terms =
        json!({ "preferred": true, "min_order_quantity": "48", "order_multiple": "24", "prices": prices });
    let path = format!("/v1/suppliers/{supplier}/products/{mug}");
    let stated = walk.put(&path, &terms).await;
    assert_eq!(stated["preferred"], true, "{stated}");
    walk.say(
        "## What is to be ordered\n\nA till sells 70 mugs a week, and 150 are left. The suggestion says what to order and why. A path of \
         its own, `GET /v1/replenishment/suggestions/{product}`, has every number behind it.",
    );
    let found = tenant.get(SUGGESTIONS).await.ok();
    let row = &found["data"][0];
    assert_eq!((&row["sku"], &row["need"]), (&json!("MUG"), &json!("480")), "{row}");
    walk.show_as(text(&row["fingerprint"]), "$FINGERPRINT");
    walk.get(SUGGESTIONS).await;
    walk.say(
        "The fingerprint accepts these figures. If others hold when the order is written, it is rejected (409). The result is a draft \
         for each supplier, here one.",
    );
    let line = json!({ "product_id": mug, "location_id": tenant.main, "fingerprint": row["fingerprint"] });
    let body = json!({ "reference": "Week 10", "lines": [line] });
    let made = walk.make(("ORDER", "/results/0/body/id"), "/v1/replenishment/orders", &body).await;
    let order = format!("/v1/purchase-orders/{}", text(&made["results"][0]["body"]["id"]));
    walk.say(
        "## Sent and confirmed\n\nFrom now on the mugs are supply of the day that the supplier confirms.",
    );
    let sent = walk.post(&format!("{order}/send"), &json!({})).await;
    assert_eq!(sent["status"], "sent", "{sent}");
    let day = json!({ "expected_on": Calendar::now().await.ahead(10) });
    let confirmed = walk.post(&format!("{order}/confirm"), &day).await;
    assert_eq!(confirmed["status"], "confirmed", "{confirmed}");
    Purchase { mug, supplier, order }
}

/// Receives the order in two parts, sends a unit back, and spreads the freight.
async fn receive(walk: &mut Walk<'_>, purchase: &Purchase) {
    let path = |verb: &str| format!("{}/{verb}", purchase.order);
    walk.say(
        "## Received in two parts\n\nThe first pallet has 300 mugs. `receipt_id` names the stock document.",
    );
    let first = json!({ "reference": "Delivery note 8812", "lines": [{ "line_no": 1, "quantity": "300" }] });
    let came = walk.make(("RECEIPT", "/receipt_id"), &path("receive"), &first).await;
    let first = came["receipt_id"].clone();
    walk.say("One of them is broken and goes back.");
    let back =
        json!({ "receipt_id": first, "reference": "RMA 118", "lines": [{ "line_no": 1, "quantity": "1" }] });
    walk.make(("RETURN", "/return_id"), &path("return"), &back).await;
    walk.say("The second pallet has the rest: without lines, everything that is open is received.");
    let rest = json!({ "reference": "Delivery note 8835" });
    let came = walk.make(("SECOND_RECEIPT", "/receipt_id"), &path("receive"), &rest).await;
    assert_eq!(came["status"], "received", "{came}");
    walk.get(&path("receipts")).await;
    walk.say(
        "## Freight\n\nThe carrier wants 48.00 for both pallets. The mugs that are held get it as a part of their cost, and account 2110 \
         waits for the carrier's bill.",
    );
    let landed = json!({ "charges": [{ "kind": "freight", "amount": "48.00" }], "spread_by": "quantity",
        "receipts": [{ "stock_document_id": first }, { "stock_document_id": came["receipt_id"] }],
        "reference": "Freight of notes 8812 and 8835" });
    walk.make(("LANDED_COST", "/id"), "/v1/landed-costs", &landed).await;
    assert_eq!(walk.tenant.balance("2110").await, "-48.00");
}

/// Records both bills and pays them.
async fn pay(walk: &mut Walk<'_>, purchase: &Purchase, today: &str) {
    walk.say(
        "## The bill, and the three-way match\n\nThe pottery bills 479 mugs at 2.45, but 2.40 was ordered. The line is compared with its \
         order and its receipts, less the mug that went back: `received` is 479. The line is `mismatched`, and the reason is the price. \
         The bill is recorded all the same. The difference, 23.95, goes to the 479 mugs, which are all held.",
    );
    let order = purchase.order.trim_start_matches("/v1/purchase-orders/");
    let line = json!({ "purchase_order_id": order, "order_line_no": 1, "quantity": "479", "unit_cost": "2.45",
        "tax_value": "234.71" });
    let bill = json!({ "supplier_id": purchase.supplier, "supplier_number": "RE-4711", "dated": today, "lines": [line] });
    let goods = walk.make(("BILL", "/id"), "/v1/bills", &bill).await;
    let line = &goods["lines"][0];
    assert_eq!(
        (&line["reasons"], &line["received"]),
        (&json!(["price_above_order"]), &json!("479")),
        "{goods}"
    );
    assert_eq!(walk.tenant.balance("2100").await, "0.00", "nothing of it is without a bill");
    assert_eq!(walk.tenant.balance("5200").await, "0.00", "no mug of the receipts is gone");
    walk.say("`GET /v1/bills?mismatched=true` lists such bills. The carrier's bill names account 2110.");
    let carrier = json!({ "code": "CARRIER", "name": "Northway Freight Ltd", "payment_days": 14 });
    let carrier = walk.make(("CARRIER", "/id"), "/v1/suppliers", &carrier).await;
    let line = json!({ "account": "2110", "description": "Freight of notes 8812 and 8835", "unit_cost": "48.00",
        "tax_value": "9.60" });
    let bill =
        json!({ "supplier_id": carrier["id"], "supplier_number": "F-77", "dated": today, "lines": [line] });
    let freight = walk.make(("FREIGHT_BILL", "/id"), "/v1/bills", &bill).await;
    walk.say("## What is owed, and its payment");
    walk.get("/v1/reports/payable_ageing").await;
    for (name, bill, reference) in
        [("PAYMENT", &goods, "Transfer 77"), ("FREIGHT_PAYMENT", &freight, "Transfer 78")]
    {
        let part = json!({ "bill_id": bill["id"], "amount": bill["total_value"] });
        let body = json!({ "supplier_id": bill["supplier_id"], "bills": [part], "reference": reference });
        walk.make((name, "/id"), "/v1/supplier-payments", &body).await;
    }
    walk.say("Nothing is owed now:");
    let ageing = walk.get("/v1/reports/payable_ageing").await;
    assert_eq!(ageing["totals"][0]["payable"], "0.00", "{ageing}");
}

/// Shows that the books agree.
async fn prove(walk: &mut Walk<'_>, purchase: &Purchase, since: &str) {
    let tenant = walk.tenant;
    walk.say("## The books agree\n\nEach control account beside its sub-ledger. Rows with zeros only are left out.");
    let ties = walk.get("/v1/reports/tie_out").await;
    let rows = ties["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["difference"] == "0.00"), "{ties}");
    walk.say(
        "The trial balance has every account that moved. Goods received not invoiced (2100), landed cost accrued (2110) and payables \
         (2000) close at zero.",
    );
    let balance = walk.get("/v1/reports/trial_balance").await;
    assert_eq!(balance["totals"][0]["closing"], "0.00", "{balance}");
    for account in ["2000", "2100", "2110"] {
        assert_eq!(tenant.balance(account).await, "0.00", "{account}");
    }
    walk.say(
        "## Where the stock and its value come from\n\nThe explanation of the level has every change since the first receipt: two \
         receipts, the return, the freight and the difference of the bill.",
    );
    let path = format!("/v1/stock/levels/{}/{}/explain?from={since}", tenant.main, purchase.mug);
    let explained = walk.get(&path).await;
    assert_eq!(explained["closing"]["on_hand"], "629", "{explained}");
}

#[test]
fn the_walk_through_is_what_was_ordered_and_paid() {
    with_tenant(async |tenant| {
        let calendar = Calendar::now().await;
        let mut walk = Walk::new(tenant, told);
        walk.say("# From the order to the payment");
        walk.say(
            "Mugs run out. What is to be ordered, what came of it, what did it cost with the freight, and does the bill agree?\n\nA test \
             made every request and response below (`tests/commerce/buying/walk_through.rs`) and fails if the API responds differently; \
             `UPDATE=1 ./run test -p tests walk_through` rewrites this page. Members that the example does not need are left out. `$NAMES` \
             stand for ids, and `…` for instants. Days are counted from 2 March 2026. \
             [Buying](../buying.md) has the rules and the limits.",
        );
        walk.say(&set_up_own("procure-to-pay", "Mug Stores"));
        walk.say(OF_TEST);
        walk.say(NEW_KEY);
        let mug = trade(&mut walk, calendar).await;
        let since = environment().now().await.to_rfc3339_opts(SecondsFormat::Millis, true);
        walk.show_as(&since, "2026-03-02T09:00:00.000Z");
        let days = [(0, "2026-03-02"), (10, "2026-03-12"), (14, "2026-03-16"), (30, "2026-04-01")];
        for (ahead, shown) in days {
            walk.show_as(&calendar.ahead(ahead), shown);
        }
        let year = calendar.ahead(0)[..4].to_owned();
        walk.show_as(&format!("-{year}-0000"), "-2026-0000");
        let purchase = order(&mut walk, mug).await;
        receive(&mut walk, &purchase).await;
        pay(&mut walk, &purchase, &calendar.ahead(0)).await;
        prove(&mut walk, &purchase, &since).await;
        walk.keep("docs/walkthroughs/procure-to-pay.md");
    });
}
