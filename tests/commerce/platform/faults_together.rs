//! Faults that different checks find: of the form, of what fields name, and of the rules for a line. A rejection lists all of them.

use serde_json::{Value, json};
use tests::{Problem, Reply, Tenant, with_tenant};

mod currency;
mod lines;

/// Checks that a rejection names exactly these fields, in any order.
#[track_caller]
fn lists(problem: &Problem, expected: &[&str]) {
    let mut named = problem.pointers();
    named.sort_unstable();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(named, expected, "{}", problem.0);
}

#[track_caller]
fn refused(reply: &Reply, expected: &[&str]) {
    lists(&reply.refused(422, "validation_failed"), expected);
}

/// Lines with a fault each: of the form, of what they name, and of the rules for prices.
fn wrong_lines() -> Value {
    json!([
        { "quantity": "1" },
        { "sku": "MUG", "quantity": "0" },
        { "sku": "NOSUCH", "quantity": "1", "discount": { "percent": "101" } },
        { "sku": "MUG", "quantity": "1", "discount": { "percent": "101" } },
        { "sku": "NOPRICE", "quantity": "1" },
        { "sku": "MUG", "quantity": "1", "unit_price": "-1" },
        { "sku": "MUG", "quantity": "1", "uom": "XPX" },
    ])
}

const OF_WRONG_LINES: [&str; 8] = [
    "#/lines/0",
    "#/lines/1/quantity",
    "#/lines/2/sku",
    "#/lines/2/discount",
    "#/lines/3/discount",
    "#/lines/4/sku",
    "#/lines/5/unit_price",
    "#/lines/6/uom",
];

async fn goods(tenant: &Tenant) {
    tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
    tenant.product_with("NOPRICE", json!({})).await;
}

fn also<'p>(some: &[&'p str], others: &[&'p str]) -> Vec<&'p str> {
    [some, others].concat()
}

fn with(body: &Value, more: &[(&str, Value)]) -> Value {
    let mut body = body.clone();
    for (name, value) in more {
        body[*name] = value.clone();
    }
    body
}

#[test]
fn a_sale_lists_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let till = tenant.till().await;
        let sale = json!({
            "register_id": till.register_id,
            "country": "XX",
            "discount": { "percent": "-1" },
            "lines": wrong_lines(),
            "tenders": [{ "kind": "cash", "amount": "-5" }],
        });
        let of_head = ["#/country", "#/discount", "#/tenders/0/amount"];
        let expected = also(&OF_WRONG_LINES, &of_head);
        refused(&tenant.post("/v1/pos/sales", &sale).await, &expected);
        let item = json!({ "idempotency_key": "wrong", "body": sale });
        let results = tenant.post("/v1/pos/sales/batch", &json!({ "items": [item] })).await.expect(207);
        lists(&Problem(results["results"][0]["body"].clone()), &expected);
        // Without its till the sale has no price lists.
        let elsewhere = with(&sale, &[("register_id", json!("reg_01h455vb4pex5vsknk084sn02q"))]);
        let expected: Vec<&str> =
            expected.iter().copied().filter(|pointer| *pointer != "#/lines/4/sku").collect();
        let expected = also(&expected, &["#/register_id"]);
        refused(&tenant.post("/v1/pos/sales", &elsewhere).await, &expected);
        // The same without a fault of the form.
        let lines = json!([
            { "sku": "NOSUCH", "quantity": "1" },
            { "sku": "MUG", "quantity": "1", "discount": { "percent": "101" } },
            { "sku": "NOPRICE", "quantity": "1" },
            { "barcode": "4006381333931", "quantity": "-1" },
        ]);
        let sound =
            json!({ "register_id": till.register_id, "lines": lines, "tenders": [{ "kind": "cash" }] });
        let expected = [
            "#/lines/0/sku",
            "#/lines/1/discount",
            "#/lines/2/sku",
            "#/lines/3/barcode",
            "#/lines/3/quantity",
        ];
        lists(&tenant.post("/v1/pos/sales", &sound).await.refused(404, "not_found"), &expected);
        let many = json!({ "register_id": till.register_id, "original_id": "sal_01h455vb4pex5vsknk084sn02q",
            "original_lines": vec![json!({ "line_no": 1 }); 2001] });
        refused(&tenant.post("/v1/pos/refunds", &many).await, &["#/original_lines"]);
        assert_eq!(tenant.count("sales_line").await, 0);
    });
}

#[test]
fn an_order_lists_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let customer = tenant.customer("Nordwind Supply").await;
        let order =
            json!({ "customer_id": customer, "country": "XX", "priority": 10, "lines": wrong_lines() });
        let expected = also(&OF_WRONG_LINES, &["#/country", "#/priority"]);
        refused(&tenant.post("/v1/orders", &order).await, &expected);
        // An unknown customer hides only the prices, which it may have of its own.
        let unknown = json!("cus_01h455vb4pex5vsknk084sn02q");
        let place = json!("loc_01h455vb4pex5vsknk084sn02q");
        let unknown_buyer = with(&order, &[("customer_id", unknown), ("location_id", place)]);
        let expected: Vec<&str> =
            expected.into_iter().filter(|pointer| *pointer != "#/lines/4/sku").collect();
        let expected = also(&expected, &["#/customer_id", "#/location_id"]);
        refused(&tenant.post("/v1/orders", &unknown_buyer).await, &expected);
        // What only follows from a fault is left out: neither is there such stock, nor is the order paid.
        let lines = json!([{ "sku": "MUG", "quantity": "1000" }, { "sku": "NOSUCH", "quantity": "1" }]);
        let short = json!({ "customer_id": customer, "advance_to": "invoiced", "lines": lines });
        lists(&tenant.post("/v1/orders", &short).await.refused(404, "not_found"), &["#/lines/1/sku"]);
        let made = tenant.order(&customer, &[("MUG", "1")], "confirmed").await.created();
        let path = format!("/v1/orders/{}/ship", made["id"].as_str().expect("an id"));
        let lines = json!([{ "line_no": 9 }, { "line_no": 1, "quantity": "0" }]);
        let parcel = json!({ "tracking_url": "ftp://carrier.example", "carrier": "", "lines": lines });
        let expected = ["#/tracking_url", "#/carrier", "#/lines/0/line_no", "#/lines/1/quantity"];
        refused(&tenant.post(&path, &parcel).await, &expected);
        let many = json!({ "lines": vec![json!({ "line_no": 9 }); 2001] });
        tenant.post(&path, &many).await.refused(422, "validation_failed").names(&["#/lines"]);
    });
}

#[test]
fn refunds_and_returns_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        goods(tenant).await;
        let till = tenant.till().await;
        let tenders = json!([{ "kind": "cash", "amount": "-5" }, { "kind": "card", "amount": "0" },
            { "kind": "card", "amount": "0.001" }]);
        let of_tenders = ["#/tenders/0/amount", "#/tenders/1/amount", "#/tenders/2/amount"];
        let blind = json!({ "register_id": till.register_id, "lines": wrong_lines(), "tenders": tenders });
        refused(&tenant.post("/v1/pos/refunds", &blind).await, &also(&OF_WRONG_LINES, &of_tenders));
        // The same without a fault of the form.
        let sound = with(&blind, &[("lines", json!([{ "sku": "NOSUCH", "quantity": "1" }]))]);
        refused(&tenant.post("/v1/pos/refunds", &sound).await, &also(&["#/lines/0/sku"], &of_tenders));

        let sold = tenant.sell(&till, &[("MUG", "2")]).await.created();
        let wrong = json!([{ "line_no": 9, "quantity": "0", "lots": [{ "code": "A", "quantity": "0" }] },
            { "line_no": 1, "quantity": "1" }, { "line_no": 1 }]);
        let of_lines = [
            "#/original_lines/0/line_no",
            "#/original_lines/0/quantity",
            "#/original_lines/0/lots/0/quantity",
            "#/original_lines/2/line_no",
        ];
        let back = json!({ "register_id": "reg_01h455vb4pex5vsknk084sn02q", "original_id": sold["id"],
            "original_lines": wrong, "tenders": tenders });
        let problem = tenant.post("/v1/pos/refunds", &back).await.refused(404, "not_found");
        lists(&problem, &also(&also(&of_lines, &of_tenders), &["#/register_id"]));
        // Too many units are a fault of their own. They don't hide the line that is not there.
        let beyond = json!([{ "line_no": 1, "quantity": "5" }, { "line_no": 9 }]);
        let known = json!(till.register_id);
        let beyond = with(&back, &[("register_id", known), ("original_lines", beyond)]);
        let expected = also(&of_tenders, &["#/original_lines/0/quantity", "#/original_lines/1/line_no"]);
        refused(&tenant.post("/v1/pos/refunds", &beyond).await, &expected);

        let customer = tenant.customer("Nordwind Supply").await;
        let ordered = tenant.order(&customer, &[("MUG", "2")], "invoiced").await.created();
        let credit = json!({ "customer_id": customer, "original_id": ordered["invoices"][0]["id"],
            "location_id": "loc_01h455vb4pex5vsknk084sn02q", "original_lines": wrong });
        let problem = tenant.post("/v1/returns", &credit).await.refused(404, "not_found");
        lists(&problem, &also(&of_lines, &["#/location_id"]));
        // The invoices of an unknown customer can't be judged.
        let unknown = with(&credit, &[("customer_id", json!("cus_01h455vb4pex5vsknk084sn02q"))]);
        let problem = tenant.post("/v1/returns", &unknown).await.refused(404, "not_found");
        let of_values = ["#/original_lines/0/quantity", "#/original_lines/0/lots/0/quantity"];
        lists(&problem, &also(&of_values, &["#/customer_id", "#/location_id"]));
    });
}

#[test]
fn documents_of_stock_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let lines = json!([
            { "quantity": "1" },
            { "sku": "NOSUCH", "quantity": "1" },
            { "sku": "MUG", "quantity": "0" },
            { "sku": "MUG", "quantity": "1", "unit_cost": "-1" },
        ]);
        let of_lines = ["#/lines/0", "#/lines/1/sku", "#/lines/2/quantity", "#/lines/3/unit_cost"];
        let moved = json!({ "kind": "adjustment", "reason": "nonsense", "lines": lines });
        refused(&tenant.post("/v1/stock/documents", &moved).await, &also(&of_lines, &["#/reason"]));
        let received = with(&moved, &[("kind", json!("receipt")), ("reference", json!("x".repeat(500)))]);
        let costs = ["#/lines/0/unit_cost", "#/lines/1/unit_cost", "#/lines/2/unit_cost"];
        let expected = also(&also(&of_lines, &costs), &["#/reason", "#/reference"]);
        refused(&tenant.post("/v1/stock/documents", &received).await, &expected);

        let goods: Vec<Value> = lines.as_array().expect("lines").iter().take(3).cloned().collect();
        let nowhere = json!("loc_01h455vb4pex5vsknk084sn02q");
        let sent = json!({ "to_location_id": nowhere, "reference": "x".repeat(500), "lines": goods });
        let expected = also(&of_lines[..3], &["#/reference", "#/to_location_id"]);
        refused(&tenant.post("/v1/stock/transfers", &sent).await, &expected);

        let sound = json!({ "to_location_id": tenant.shop, "lines": [{ "sku": "MUG", "quantity": "1" }] });
        let sound = tenant.make("/v1/stock/transfers", sound).await;
        let came = json!({ "missing_reason": "nonsense", "occurred_at": "2999-01-01T00:00:00Z",
            "lines": [{ "line_no": 9, "quantity": "1" }] });
        let expected = ["#/missing_reason", "#/occurred_at", "#/lines/0/line_no"];
        refused(&tenant.post(&format!("/v1/stock/transfers/{sound}/receive"), &came).await, &expected);

        let held = json!({ "location_id": nowhere, "expires_at": "2020-01-01T00:00:00Z", "lines": goods });
        let expected = also(&of_lines[..3], &["#/expires_at", "#/location_id"]);
        refused(&tenant.post("/v1/stock/holds", &held).await, &expected);

        let awaited = json!({ "location_id": nowhere, "expected_on": "2020-01-01", "lines": goods });
        let expected = also(&of_lines[..3], &["#/expected_on", "#/location_id"]);
        refused(&tenant.post("/v1/stock/expected-receipts", &awaited).await, &expected);

        let revalued = json!({ "reason": "nonsense", "lines": [
            { "unit_cost": "1" },
            { "sku": "NOSUCH", "value": "-1" },
            { "sku": "MUG" },
        ] });
        let expected = ["#/reason", "#/lines/0", "#/lines/1/sku", "#/lines/1/value", "#/lines/2"];
        refused(&tenant.post("/v1/stock/revaluations", &revalued).await, &expected);

        let sheet =
            json!({ "location_id": nowhere, "tolerance_percent": "-1", "skus": ["NOSUCH", "MUG", "NONE"] });
        let expected = ["#/location_id", "#/tolerance_percent", "#/skus/0", "#/skus/2"];
        lists(&tenant.post("/v1/counts", &sheet).await.refused(404, "not_found"), &expected);
        let worded = with(&sheet, &[("reference", json!("x".repeat(500)))]);
        refused(&tenant.post("/v1/counts", &worded).await, &also(&expected, &["#/reference"]));
        let of_category = json!({ "category_id": "cat_01h455vb4pex5vsknk084sn02q", "location_id": nowhere });
        let problem = tenant.post("/v1/counts", &of_category).await.refused(404, "not_found");
        lists(&problem, &["#/category_id", "#/location_id"]);
        let count = tenant.make("/v1/counts", json!({ "skus": ["MUG"] })).await;
        let entries = json!({ "entries": [
            { "quantity": "1" },
            { "sku": "NOSUCH", "quantity": "-1" },
            { "sku": "MUG", "quantity": "1", "counted_at": "2999-01-01T00:00:00Z" },
        ] });
        let expected = ["#/entries/0", "#/entries/1/sku", "#/entries/1/quantity", "#/entries/2/counted_at"];
        refused(&tenant.post(&format!("/v1/counts/{count}/entries"), &entries).await, &expected);
    });
}

#[test]
fn documents_of_buying_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let unknown = "sup_01h455vb4pex5vsknk084sn02q";
        let order = json!({
            "supplier_id": unknown,
            "over_receipt_percent": "101",
            "expected_on": "2020-01-01",
            "lines": [
                { "quantity": "1" },
                { "sku": "NOSUCH", "quantity": "0" },
                { "sku": "MUG", "quantity": "1", "unit_cost": "-1", "expected_on": "2020-01-01" },
            ],
        });
        let expected = [
            "#/lines/0",
            "#/supplier_id",
            "#/over_receipt_percent",
            "#/expected_on",
            "#/lines/1/sku",
            "#/lines/1/quantity",
            "#/lines/2/unit_cost",
            "#/lines/2/expected_on",
        ];
        refused(&tenant.post("/v1/purchase-orders", &order).await, &expected);
        let bill = json!({
            "supplier_id": unknown,
            "supplier_number": "4711",
            "dated": "2999-01-01",
            "reference": "x".repeat(500),
            "lines": [
                { "account": "5100", "quantity": "0", "unit_cost": "1" },
                { "account": "5100", "unit_cost": "-1" },
            ],
        });
        let expected =
            ["#/reference", "#/supplier_id", "#/dated", "#/lines/0/quantity", "#/lines/1/unit_cost"];
        refused(&tenant.post("/v1/bills", &bill).await, &expected);
    });
}

#[test]
fn a_line_of_a_bill_that_bills_nothing_hides_no_fault_of_the_others() {
    with_tenant(async |tenant| {
        // A line that bills nothing, one on an unknown account, and one that names an account and a receipt.
        let lines = json!([
            { "quantity": "0", "unit_cost": "1", "description": "x".repeat(500) },
            { "account": "9999", "unit_cost": "1" },
            { "account": "5100", "receipt_id": "std_01h455vb4pex5vsknk084sn02q", "unit_cost": "-1" },
        ]);
        let bill = json!({ "supplier_id": "sup_01h455vb4pex5vsknk084sn02q", "supplier_number": "4711",
            "dated": "2999-01-01", "due_on": "2998-01-01", "reference": "x".repeat(500), "lines": lines });
        let expected = [
            "#/reference",
            "#/supplier_id",
            "#/dated",
            "#/due_on",
            "#/lines/0",
            "#/lines/0/description",
            "#/lines/0/quantity",
            "#/lines/1/account",
            "#/lines/2",
            "#/lines/2/unit_cost",
        ];
        refused(&tenant.post("/v1/bills", &bill).await, &expected);
        let bill = with(&bill, &[("lines", json!([]))]);
        let expected = ["#/reference", "#/supplier_id", "#/dated", "#/due_on", "#/lines"];
        refused(&tenant.post("/v1/bills", &bill).await, &expected);
    });
}

#[test]
fn documents_of_money_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let unknown_customer = json!("cus_01h455vb4pex5vsknk084sn02q");
        let (till, invoice) = ("reg_01h455vb4pex5vsknk084sn02q", "inv_01h455vb4pex5vsknk084sn02q");
        let (long, future) = ("x".repeat(500), "2999-01-01T00:00:00Z");
        let payment = json!({
            "customer_id": customer,
            "method": "bank",
            "register_id": till,
            "amount": "-5",
            "allocations": [{ "invoice_id": invoice, "amount": "1" }],
            "occurred_at": future,
        });
        let of_head = ["#/register_id", "#/amount", "#/occurred_at"];
        let expected = also(&of_head, &["#/allocations/0/invoice_id"]);
        refused(&tenant.post("/v1/payments", &payment).await, &expected);
        let worded = with(&payment, &[("reference", json!(long))]);
        refused(&tenant.post("/v1/payments", &worded).await, &also(&expected, &["#/reference"]));
        // The invoices of an unknown customer can't be judged.
        let of_unknown = with(&worded, &[("customer_id", unknown_customer.clone())]);
        let expected = also(&of_head, &["#/customer_id", "#/reference"]);
        refused(&tenant.post("/v1/payments", &of_unknown).await, &expected);

        let parts = json!([{ "payment_id": "pay_01h455vb4pex5vsknk084sn02q" }]);
        let paid_out = json!({ "customer_id": customer, "method": "bank", "register_id": till, "amount": "-1",
            "parts": parts, "reference": long, "occurred_at": future });
        let expected = also(&of_head, &["#/parts/0", "#/reference"]);
        refused(&tenant.post("/v1/payouts", &paid_out).await, &expected);
        // The same with a part that names no credit.
        let of_nothing = with(&paid_out, &[("parts", json!([{}]))]);
        refused(&tenant.post("/v1/payouts", &of_nothing).await, &expected);

        let line = json!({ "payment_id": "pay_01h455vb4pex5vsknk084sn02q", "invoice_id": invoice });
        let applied = json!({ "customer_id": customer, "lines": [line], "occurred_at": future });
        let expected = ["#/lines/0/payment_id", "#/lines/0/invoice_id", "#/occurred_at"];
        let problem = tenant.post("/v1/applications", &applied).await.refused(404, "not_found");
        lists(&problem, &expected);
        let lines = json!([applied["lines"][0], { "invoice_id": invoice }]);
        let of_nothing = with(&applied, &[("lines", lines)]);
        let of_lines = also(&expected, &["#/lines/1", "#/lines/1/invoice_id"]);
        refused(&tenant.post("/v1/applications", &of_nothing).await, &of_lines);

        let voucher = json!({ "code": long, "amount": "0", "customer_id": unknown_customer, "method": "bank",
            "register_id": till, "occurred_at": future });
        let expected = also(&of_head, &["#/code", "#/customer_id"]);
        refused(&tenant.post("/v1/vouchers", &voucher).await, &expected);

        let cash = json!({ "register_id": till, "kind": "paid_in", "amount": "0", "reason": "" });
        let problem = tenant.post("/v1/pos/cash-moves", &cash).await.refused(404, "not_found");
        lists(&problem, &["#/register_id", "#/amount", "#/reason"]);
        let session = json!({ "register_id": till, "opening_float": "-1" });
        let problem = tenant.post("/v1/pos/sessions", &session).await.refused(404, "not_found");
        lists(&problem, &["#/register_id", "#/opening_float"]);

        let made = json!({ "customer_id": customer, "method": "bank", "amount": "5" });
        let made = tenant.make("/v1/payments", made).await;
        let bounced = json!({ "reason": "", "reference": long, "register_id": till, "occurred_at": future });
        let expected = ["#/reason", "#/reference", "#/register_id", "#/occurred_at"];
        refused(&tenant.post(&format!("/v1/payments/{made}/reverse"), &bounced).await, &expected);
        assert_eq!(tenant.count("payment").await, 1);
    });
}

#[test]
fn a_part_that_names_nothing_hides_no_fault_of_the_others() {
    with_tenant(async |tenant| {
        let customer = tenant.customer("Nordwind Supply").await;
        let (invoice, future) = ("inv_01h455vb4pex5vsknk084sn02q", "2999-01-01T00:00:00Z");
        let payment = "pay_01h455vb4pex5vsknk084sn02q";
        for kind in ["apply", "unapply"] {
            let lines = json!([{ "invoice_id": invoice }, { "payment_id": payment, "invoice_id": invoice }]);
            let applied =
                json!({ "customer_id": customer, "kind": kind, "lines": lines, "occurred_at": future });
            let expected = [
                "#/lines/0",
                "#/lines/0/invoice_id",
                "#/lines/1/payment_id",
                "#/lines/1/invoice_id",
                "#/occurred_at",
            ];
            refused(&tenant.post("/v1/applications", &applied).await, &expected);
        }
        let paid_out = json!({ "customer_id": customer, "method": "bank", "amount": "-1",
            "parts": [{}, { "payment_id": payment }] });
        let expected = ["#/parts/0", "#/parts/1", "#/amount"];
        refused(&tenant.post("/v1/payouts", &paid_out).await, &expected);

        let unknown_customer = "cus_01h455vb4pex5vsknk084sn02q";
        let voucher = json!({ "code": "x".repeat(500), "amount": "0", "customer_id": unknown_customer,
            "occurred_at": future });
        let expected = ["#/method", "#/amount", "#/occurred_at", "#/code", "#/customer_id"];
        refused(&tenant.post("/v1/vouchers", &voucher).await, &expected);

        let allocation = json!({ "invoice_id": invoice, "amount": "1" });
        let paid = json!({ "customer_id": unknown_customer, "method": "bank", "amount": "-5",
            "allocations": vec![allocation; 501] });
        let expected = ["#/allocations", "#/customer_id", "#/amount"];
        refused(&tenant.post("/v1/payments", &paid).await, &expected);
        for table in ["payment", "voucher"] {
            assert_eq!(tenant.count(table).await, 0, "{table}");
        }
    });
}

#[test]
fn journal_entries_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        let lines = json!([
            { "account": "9999", "debit": "1", "credit": "1" },
            { "account": "6100", "customer_id": "cus_01h455vb4pex5vsknk084sn02q" },
        ]);
        let entry = json!({ "occurred_on": "2999-01-01", "memo": "", "lines": lines });
        let of_lines = ["#/lines/0", "#/lines/0/account", "#/lines/1"];
        let of_head = ["#/memo", "#/occurred_on"];
        let expected = also(&also(&of_lines, &of_head), &["#/lines/1/customer_id"]);
        refused(&tenant.post("/v1/journal-entries", &entry).await, &expected);
        let lines = json!([{ "account": "9999", "debit": "1", "credit": "1" }, { "account": "6000" }]);
        let books = json!({ "occurred_on": "2999-01-01", "memo": "x".repeat(600), "lines": lines });
        let reply = tenant.post("/v1/opening-balances", &books).await;
        let problem = reply.refused(422, "validation_failed");
        for expected in also(&of_lines, &of_head) {
            assert!(problem.pointers().contains(&expected), "{expected}: {}", problem.0);
        }
        let lines = json!([{ "account": "6100", "debit": "1" }, { "account": "6000", "credit": "1" }]);
        let made = tenant.make("/v1/journal-entries", json!({ "memo": "Moved", "lines": lines })).await;
        let back = json!({ "occurred_on": "2999-01-01", "memo": "x".repeat(600) });
        refused(&tenant.post(&format!("/v1/journal-entries/{made}/reverse"), &back).await, &of_head);
    });
}

#[test]
fn payments_to_suppliers_and_returns_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        tenant.product("MUG", "10.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "FORGE", "name": "Forge" })).await;
        let (long, future) = ("x".repeat(500), "2999-01-01T00:00:00Z");
        let bills = json!([{ "bill_id": "bll_01h455vb4pex5vsknk084sn02q", "amount": "1" }]);
        let payment = json!({ "supplier_id": supplier, "bills": bills, "advance": "0", "reference": long });
        let expected = ["#/reference", "#/bills/0/bill_id", "#/advance"];
        refused(&tenant.post("/v1/supplier-payments", &payment).await, &expected);
        let to_unknown = json!({ "supplier_id": "sup_01h455vb4pex5vsknk084sn02q", "occurred_at": future,
            "reference": long });
        let expected = ["#/supplier_id", "#/occurred_at", "#/reference", "#/bills"];
        refused(&tenant.post("/v1/supplier-payments", &to_unknown).await, &expected);

        let advance = json!({ "supplier_id": supplier, "advance": "10" });
        let advance = tenant.make("/v1/supplier-payments", advance).await;
        let applied = json!({ "bills": bills, "reference": long });
        let path = format!("/v1/supplier-payments/{advance}/apply");
        refused(&tenant.post(&path, &applied).await, &["#/bills/0/bill_id", "#/reference"]);
        let reversed = json!({ "reason": "", "occurred_at": future });
        let path = format!("/v1/supplier-payments/{advance}/reverse");
        refused(&tenant.post(&path, &reversed).await, &["#/reason", "#/occurred_at"]);

        let lines = json!([{ "sku": "MUG", "quantity": "5", "unit_cost": "2" }]);
        let order = json!({ "supplier_id": supplier, "lines": lines });
        let order = tenant.make("/v1/purchase-orders", order).await;
        let step = |verb: &str| format!("/v1/purchase-orders/{order}/{verb}");
        tenant.post(&step("send"), &json!({})).await.ok();
        let came = tenant.post(&step("receive"), &json!({})).await.ok();
        let lines = json!([{ "line_no": 9, "quantity": "1" }, { "line_no": 1, "quantity": "0" }]);
        let back = json!({ "receipt_id": came["receipt_id"], "reference": long, "lines": lines });
        let expected = ["#/reference", "#/lines/0/line_no", "#/lines/1/quantity"];
        refused(&tenant.post(&step("return"), &back).await, &expected);
        // The units that an unknown receipt brought can't be judged.
        let unknown = with(
            &back,
            &[
                ("receipt_id", json!("std_01h455vb4pex5vsknk084sn02q")),
                ("location_id", json!("loc_01h455vb4pex5vsknk084sn02q")),
                ("occurred_at", json!(future)),
            ],
        );
        let of_head = ["#/reference", "#/receipt_id", "#/location_id", "#/occurred_at"];
        let expected = also(&of_head, &["#/lines/0/line_no", "#/lines/1/quantity"]);
        refused(&tenant.post(&step("return"), &unknown).await, &expected);
        let again = json!({ "return_id": "std_01h455vb4pex5vsknk084sn02q", "reason": "" });
        refused(&tenant.post(&step("reverse-return"), &again).await, &["#/return_id", "#/reason"]);
        refuse_costs(tenant, &supplier).await;
    });
}

/// Sends landed costs, and credit notes and reversals of a bill, with several faults each.
async fn refuse_costs(tenant: &Tenant, supplier: &str) {
    let (long, future) = ("x".repeat(500), "2999-01-01T00:00:00Z");
    let charge = json!({ "kind": "freight", "amount": "0", "account": "9999" });
    let receipt = json!({ "stock_document_id": "std_01h455vb4pex5vsknk084sn02q" });
    let landed = json!({ "charges": [charge], "spread_by": "value", "receipts": [receipt],
        "reference": long, "occurred_at": future });
    let expected = [
        "#/charges/0/amount",
        "#/charges/0/account",
        "#/receipts/0/stock_document_id",
        "#/reference",
        "#/occurred_at",
    ];
    refused(&tenant.post("/v1/landed-costs", &landed).await, &expected);

    let bill = json!({ "supplier_id": supplier, "supplier_number": "4711", "dated": "2026-01-02",
        "lines": [{ "account": "6100", "unit_cost": "10" }] });
    let bill = tenant.make("/v1/bills", bill).await;
    let lines = json!([{ "line_no": 9, "value": "-1", "tax_value": "0.001" }, { "line_no": 1 }]);
    let credit =
        json!({ "supplier_number": "4711", "dated": "2999-01-01", "reference": long, "lines": lines });
    let expected = [
        "#/supplier_number",
        "#/dated",
        "#/reference",
        "#/lines/0/line_no",
        "#/lines/0/value",
        "#/lines/0/tax_value",
        "#/lines/1/value",
    ];
    refused(&tenant.post(&format!("/v1/bills/{bill}/credit"), &credit).await, &expected);
    let reversed = json!({ "reason": "", "dated": "2999-01-01" });
    refused(&tenant.post(&format!("/v1/bills/{bill}/reverse"), &reversed).await, &["#/reason", "#/dated"]);
}

#[test]
fn records_list_the_faults_of_all_checks() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let user = json!({ "email": "not an email", "name": "", "role": "x" });
        refused(&tenant.post("/v1/users", &user).await, &["#/email", "#/name", "#/password", "#/role"]);
        let customer = json!({ "kind": "x", "name": "", "email": "not an email", "payment_days": "soon" });
        let expected = ["#/email", "#/kind", "#/name", "#/payment_days"];
        refused(&tenant.post("/v1/customers", &customer).await, &expected);
        let asked = json!({
            "channel": "retail",
            "location_id": "loc_01h455vb4pex5vsknk084sn02q",
            "customer_id": "cus_01h455vb4pex5vsknk084sn02q",
            "lines": [
                { "quantity": "1" },
                { "sku": "NOSUCH", "quantity": "0" },
                { "sku": "MUG", "quantity": "1", "uom": "XPX" },
            ],
        });
        let problem = tenant.post("/v1/prices/resolve", &asked).await.refused(404, "not_found");
        let expected = [
            "#/location_id",
            "#/customer_id",
            "#/lines/0",
            "#/lines/1/quantity",
            "#/lines/1/sku",
            "#/lines/2/uom",
        ];
        lists(&problem, &expected);
    });
}
