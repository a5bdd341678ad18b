//! The close of a month with open items, its statements, a late sale, and the reopening. The requests and responses of this test are the
//! walk-through in the documentation.

use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{environment, lines, with_tenant};

use crate::walk::{NEW_KEY, OF_TEST, Walk, brief, set_up_own};

const CLOSE: &str = "/v1/close/2026-03";
const PROFIT: &str = "/v1/reports/profit_and_loss?from=2026-03-01&to=2026-04-01";
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
    "seller",
    "rounding",
    "price_source",
    "list_price",
    "gross",
    "discount",
    "unit_price",
    "uom",
    "stock_quantity",
    "tax_class",
    "taxes",
    "factor",
    "entered",
    "over_receipt_percent",
    "cancelled",
    "location_id",
    "product_id",
    "returnable",
    "business_date",
    "actor_name",
    "lead_time_days",
    "supplier_sku",
];

fn told(value: &Value) -> Value {
    brief(value, BESIDE)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The documents that the checklist finds.
struct Left {
    till: String,
    session: String,
    customer: String,
    /// Path of the purchase order whose goods are missing.
    order: String,
}

/// Returns the id of a document.
fn id(made: &Value) -> String {
    text(&made["id"]).to_owned()
}

/// Returns a sale of mugs for cash.
fn sold(till: &str, quantity: &str, occurred_at: &str) -> Value {
    json!({ "register_id": till, "lines": lines(&[("MUG", quantity)]), "tenders": [{ "kind": "cash" }],
        "occurred_at": occurred_at })
}

/// Sells in March at a till and to a wholesale customer, and leaves a session, a payment and a bill open.
async fn trade(walk: &mut Walk<'_>) -> Left {
    walk.say("## The trade of March\n\nThe mugs, a till in the warehouse, and its sale:");
    let mug = json!({ "sku": "MUG", "name": "Stoneware mug", "list_price": "10.00" });
    walk.prepare("MUG", "/v1/products", &mug).await;
    let opening = json!({ "kind": "opening", "occurred_at": "2026-01-01T00:00:00Z",
        "lines": [{ "sku": "MUG", "quantity": "50", "unit_cost": "4.00" }] });
    walk.prepare("OPENING", "/v1/stock/documents", &opening).await;
    let main = walk.find("WAREHOUSE", "/v1/locations?code=MAIN").await;
    let till = json!({ "code": "SHOP1", "name": "Till in the warehouse", "location_id": main });
    let till = id(&walk.prepare("TILL", "/v1/registers", &till).await);
    let session = id(&walk.prepare("SESSION", "/v1/pos/sessions", &json!({ "register_id": till })).await);
    walk.prepare("SALE", "/v1/pos/sales", &sold(&till, "2", "2026-03-10T12:00:00Z")).await;
    walk.say("The customer, its payment and its order:");
    let customer = json!({ "kind": "wholesale", "name": "Nordwind Supply" });
    let customer = id(&walk.prepare("CUSTOMER", "/v1/customers", &customer).await);
    let paid = json!({ "customer_id": customer, "method": "bank", "amount": "60.00", "reference": "Transfer 31",
        "occurred_at": "2026-03-12T12:00:00Z" });
    walk.prepare("PAYMENT", "/v1/payments", &paid).await;
    let order = json!({ "customer_id": customer, "occurred_at": "2026-03-20T12:00:00Z", "advance_to": "invoiced",
        "lines": lines(&[("MUG", "5")]) });
    walk.prepare("SALES_ORDER", "/v1/orders", &order).await;
    let order = buy(walk).await;
    // A session opens when it is requested, which is after the month: the opening is moved into it.
    let earlier = "update pos_session set opened_at = '2026-03-10T08:00:00Z' where tenant_id = $1";
    let earlier = sqlx::query(earlier).bind(walk.tenant.id.0).execute(&environment().root).await;
    assert_eq!(earlier.expect("the session changes").rows_affected(), 1);
    Left { till, session, customer, order }
}

/// Orders mugs from a supplier, whose bill comes before the goods. Returns the path of the order.
async fn buy(walk: &mut Walk<'_>) -> String {
    walk.say("The supplier, the order that is sent to it, and its bill:");
    let pottery = json!({ "code": "POTTERY", "name": "Hill Street Pottery Ltd", "payment_days": 30 });
    let pottery = id(&walk.prepare("SUPPLIER", "/v1/suppliers", &pottery).await);
    let line = json!({ "sku": "MUG", "quantity": "10", "unit_cost": "4.00" });
    let bought = json!({ "supplier_id": pottery, "lines": [line] });
    let bought = id(&walk.prepare("ORDER", "/v1/purchase-orders", &bought).await);
    let path = format!("/v1/purchase-orders/{bought}");
    walk.prepare("ORDER", &format!("{path}/send"), &json!({})).await;
    let line = json!({ "purchase_order_id": bought, "order_line_no": 1, "quantity": "10", "unit_cost": "4.00",
        "tax_value": "8.00" });
    let bill = json!({ "supplier_id": pottery, "supplier_number": "RE-4711", "dated": "2026-03-28", "lines": [line] });
    walk.prepare("BILL", "/v1/bills", &bill).await;
    path
}

/// Names the invoice, and shows numbers as those of 2026.
async fn name(walk: &mut Walk<'_>) {
    let invoices = walk.tenant.get("/v1/invoices").await.ok();
    walk.name("INVOICE", &invoices["data"][0]["id"]);
    let year = environment().now().await.format("%Y").to_string();
    walk.show_as(&format!("-{year}-0000"), "-2026-0000");
}

/// Shows the checklist, and the records behind each open item.
async fn check(walk: &mut Walk<'_>) {
    walk.say(
        "## What is open\n\nThe checklist is computed from the books whenever it is read. Of its items, the page shows those with open \
         records. The session of the test's till opened in March. Yours opens today, which is after March, so your checklist lacks \
         `open_sessions`.",
    );
    let close = walk.get(CLOSE).await;
    assert_eq!((&close["is_ready"], &close["status"]), (&json!(false), &json!("open")), "{close}");
    let open = close["items"].as_array().expect("items").iter().filter(|item| item["count"] != 0);
    let open: Vec<&Value> = open.collect();
    let names: Vec<&str> = open.iter().map(|item| text(&item["item"])).collect();
    assert_eq!(names, ["open_sessions", "unapplied_payments", "bills_without_receipts"]);
    for (item, said) in open.into_iter().zip([
        "Each item has a path to its records. The session of the till is not closed, so its cash is not counted:",
        "A customer paid in advance, and no invoice has used the payment:",
        "A supplier billed goods that have not come:",
    ]) {
        walk.say(said);
        let shown = walk.get(text(&item["href"])).await;
        assert_eq!(shown["data"].as_array().map(Vec::len), Some(1), "{shown}");
    }
    walk.say("A close without a reason for each of them is rejected:");
    let refused = walk.post(CLOSE, &json!({})).await;
    assert_eq!(refused["code"], "validation_failed", "{refused}");
}

/// Mends what is open.
async fn mend(walk: &mut Walk<'_>, left: &Left) {
    walk.say("## Mend it\n\nThe drawer is counted. It has the 24.00 of the sale.");
    let path = format!("/v1/pos/sessions/{}/close", left.session);
    let closed = walk.post(&path, &json!({ "register_id": left.till, "counted": "24.00" })).await;
    assert_eq!(closed["difference"], "0.00", "{closed}");
    walk.say("The payment is applied to the oldest open invoice of the customer.");
    let applied = walk.post("/v1/applications", &json!({ "customer_id": left.customer })).await;
    assert_eq!(applied["amount"], "60.00", "{applied}");
    walk.say("The goods have come meanwhile. They are received, and the bill finds its receipt.");
    let body = json!({ "reference": "Delivery note 8812" });
    walk.make(("RECEIPT", "/receipt_id"), &format!("{}/receive", left.order), &body).await;
    walk.say("Nothing is open now:");
    let close = walk.get(CLOSE).await;
    assert_eq!(close["is_ready"], true, "{close}");
}

/// Closes the month, and reads its statements.
async fn close(walk: &mut Walk<'_>) {
    walk.say(
        "## Close the month\n\nOne request locks the month and all before it. What cannot be mended in time can have a reason instead: \
         `{ \"reasons\": [{ \"item\": \"draft_orders\", \"reason\": \"Two quotes that wait for April\" }] }`.",
    );
    walk.make(("CLOSING", "/id"), CLOSE, &json!({})).await;
    walk.say(
        "## The statements\n\nThe trial balance of March: its totals are zero before and after, and debit equals credit. Rows with zeros \
         only are left out. Goods received not invoiced (2100) has the bill of goods that came later.",
    );
    let balance = walk.get("/v1/reports/trial_balance?from=2026-03-01&to=2026-04-01").await;
    assert_eq!(balance["totals"][0]["closing"], "0.00", "{balance}");
    walk.say("Profit and loss:");
    walk.get(PROFIT).await;
    walk.say("The balance sheet at the end of the month. The total of its balances is zero:");
    let sheet = walk.get("/v1/reports/balance_sheet?as_of=2026-03-31").await;
    assert_eq!(sheet["totals"][0]["balance"], "0.00", "{sheet}");
    walk.say("Tax of the sales:");
    walk.get("/v1/reports/tax_summary?from=2026-03-01&to=2026-04-01").await;
}

/// Records a late sale, and opens the month again.
async fn late(walk: &mut Walk<'_>, till: &str) {
    let tenant = walk.tenant;
    let before = tenant.get(PROFIT).await.ok();
    walk.say(
        "## A late sale\n\nA till was offline, and sends a sale of 30 March after the close. It is recorded as it happened, and posted on \
         the first open day.",
    );
    walk.say("Its session was closed above, so it opens another one, and then sends the sale:");
    walk.prepare("SECOND_SESSION", "/v1/pos/sessions", &json!({ "register_id": till })).await;
    let late = sold(till, "1", "2026-03-30T12:00:00Z");
    let made = walk.make(("LATE_SALE", "/id"), "/v1/pos/sales", &late).await;
    let entries = walk.get(&format!("/v1/journal-entries?document_id={}", text(&made["id"]))).await;
    let entry = &entries["data"][0];
    let days = (&entry["occurred_on"], &entry["posted_on"]);
    assert_eq!(days, (&json!("2026-03-30"), &json!("2026-04-01")), "{entries}");
    let after = tenant.get(PROFIT).await.ok();
    assert_eq!(before["rows"], after["rows"], "statements of a closed month do not change");
    walk.say(
        "The statements of March did not change.\n\n## Open it again\n\nA reopening has a reason. It stands in the history of the month \
         and in the audit log, with the key that made it.",
    );
    let reason = json!({ "reason": "An invoice of March is missing" });
    walk.make(("REOPENING", "/id"), &format!("{CLOSE}/reopen"), &reason).await;
    let reopened = walk.get(CLOSE).await;
    assert_eq!((&reopened["status"], &reopened["history"][0]["kind"]), (&json!("open"), &json!("reopened")));
    let command = tenant.get("/v1/commands?name=period_lock.reopened").await.ok();
    walk.name("KEY_ID", &command["data"][0]["actor_id"]);
    walk.get("/v1/commands?name=period_lock.reopened").await;
}

#[test]
fn the_walk_through_is_what_was_open_mended_and_closed() {
    with_tenant(async |tenant| {
        let mut walk = Walk::new(tenant, told);
        walk.say("# Closing a month");
        walk.say(
            "March is over. What is still open in its books, what do the statements say, and what becomes of a sale that arrives late?\n\n\
             A test made every request and response below (`tests/commerce/close/walk_through.rs`) and fails if the API responds \
             differently; `UPDATE=1 ./run test -p tests walk_through` rewrites this page. Members that the example does not need are left \
             out. `$NAMES` stand for ids, and `…` for instants. [Closing a month](../close.md) and \
             [statements](../statements.md) have the rules and the limits.\n\nIn March of the test's tenant, a till sold 2 mugs at 10.00, a customer paid 60.00 \
             in advance and was then sold 5 mugs, and a supplier billed 10 mugs at 4.00. The tax is 20 percent.",
        );
        walk.say(&set_up_own("march", "March Stores"));
        walk.say(OF_TEST);
        walk.say(NEW_KEY);
        let left = trade(&mut walk).await;
        name(&mut walk).await;
        check(&mut walk).await;
        mend(&mut walk, &left).await;
        close(&mut walk).await;
        late(&mut walk, &left.till).await;
        walk.keep("docs/walkthroughs/close.md");
    });
}
