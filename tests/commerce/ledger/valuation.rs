//! The valuation of bills and of open items of customers in other currencies at the end of a day.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use crate::platform::auth::key;

const VALUED: &str = "/v1/foreign-valuations/2026-01-31";

async fn billed(
    tenant: &Tenant,
    supplier: &str,
    number: &str,
    (currency, rate, cost): (&str, &str, &str),
) -> Value {
    let body = json!({ "supplier_id": supplier, "supplier_number": number, "dated": "2026-01-02", "currency": currency,
        "exchange_rate": rate, "lines": [{ "account": "5300", "unit_cost": cost }] });
    tenant.post("/v1/bills", &body).await.created()
}

async fn pay(tenant: &Tenant, bill: &Value, amount: &str, at: &str) {
    let body = json!({ "supplier_id": bill["supplier_id"], "exchange_rate": "0.9", "occurred_at": at,
        "bills": [{ "bill_id": bill["id"], "amount": amount }] });
    tenant.post("/v1/supplier-payments", &body).await.created();
}

async fn rated(tenant: &Tenant, currency: &str, rate: &str) {
    let rate = json!({ "currency": currency, "valid_from": "2026-01-30", "rate": rate });
    tenant.post("/v1/exchange-rates", &rate).await.created();
}

/// Returns the number of items that the checklist of January has, after checking its link.
async fn not_valued(tenant: &Tenant) -> i64 {
    let close = tenant.get("/v1/close/2026-01").await.ok();
    let items = close["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["item"] == "foreign_items_not_valued").expect("an item");
    assert_eq!(item["href"], VALUED);
    item["count"].as_i64().expect("a number")
}

/// Records 600.00 USD that are open at the end of January, of which 552.00 are in the books, and smaller bills in dollars and yen.
async fn trade(tenant: &Tenant) {
    let mill = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
    let first = billed(tenant, &mill, "1", ("USD", "0.92", "1000")).await;
    billed(tenant, &mill, "2", ("USD", "0.9", "0.35")).await;
    billed(tenant, &mill, "3", ("JPY", "0.0051", "12345")).await;
    pay(tenant, &first, "400", "2026-01-20T12:00:00Z").await;
    pay(tenant, &first, "100", "2026-02-02T12:00:00Z").await;
}

#[test]
fn open_bills_are_valued_at_the_rates_of_a_day_and_taken_back_on_the_next() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        rated(tenant, "USD", "0.95").await;
        assert_eq!(not_valued(tenant).await, 3);
        let refused = tenant.post(VALUED, &json!({})).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains("JPY on 2026-01-31"), "{}", refused.text);
        rated(tenant, "JPY", "0.005").await;

        let shown = tenant.get(VALUED).await.ok();
        let figures = ["currency", "foreign_open", "open", "rate", "value", "loss"];
        let items: Vec<Vec<&str>> = shown["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| figures.iter().filter_map(|name| item[name].as_str()).collect())
            .collect();
        let expected = [
            ["USD", "600.00", "552.00", "0.95", "570.00", "18.00"],
            ["USD", "0.35", "0.32", "0.95", "0.33", "0.01"],
            ["JPY", "12345", "62.96", "0.005", "61.73", "-1.23"],
        ];
        assert_eq!(items, expected);
        assert_eq!((&shown["loss"], &shown["entry_id"]), (&json!("16.78"), &Value::Null));

        let before = tenant.count("journal_entry").await;
        tenant.dry_run(VALUED, &json!({})).await.ok();
        assert_eq!(tenant.count("journal_entry").await, before);
        let body = json!({});
        let replies = join_all((0..4).map(|_| tenant.post(VALUED, &body))).await;
        let made = replies[0].created();
        assert!(replies.iter().all(|reply| reply.created() == made), "{replies:?}");
        assert_eq!(tenant.count("journal_entry").await, before + 2, "of several at once one values the day");
        let lines = made["lines"].as_array().expect("lines").iter();
        let lines: Vec<[&str; 3]> = lines
            .map(|line| ["account", "debit", "credit"].map(|name| line[name].as_str().expect("a text")))
            .collect();
        assert_eq!(lines, [["6045", "16.78", "0.00"], ["2010", "0.00", "16.78"]]);
        assert_eq!((&made["occurred_on"], &made["total"]), (&json!("2026-01-31"), &json!("16.78")));

        let id = made["id"].as_str().expect("an id");
        let read = tenant.get(&format!("/v1/journal-entries/{id}")).await.ok();
        let back = read["reversed_by"].as_str().expect("a reversal");
        let back = tenant.get(&format!("/v1/journal-entries/{back}")).await.ok();
        assert_eq!((&back["occurred_on"], &back["reverses"]), (&json!("2026-02-01"), &made["id"]));
        for account in ["2010", "6045"] {
            assert_eq!(tenant.balance(account).await, "0.00", "{account}");
        }
        assert_eq!(tenant.get(VALUED).await.ok()["entry_id"], made["id"]);
        assert_eq!(not_valued(tenant).await, 0);
        let again = tenant.post(&format!("/v1/journal-entries/{id}/reverse"), &json!({})).await;
        again.refused(409, "invalid_state_transition");
        rated(tenant, "USD", "0.99").await;
        assert_eq!(tenant.post(VALUED, &json!({ "memo": "Again" })).await.created(), made, "a repeat");
    });
}

#[test]
fn days_that_can_not_be_valued_are_rejected() {
    with_tenant(async |tenant| {
        tenant.post(VALUED, &json!({})).await.refused(422, "validation_failed");
        trade(tenant).await;
        rated(tenant, "USD", "0.95").await;
        rated(tenant, "JPY", "0.005").await;
        let today = environment().today(&chrono_tz::Europe::London).await.to_string();
        for day in [today.as_str(), "2999-01-31"] {
            let refused = tenant.post(&format!("/v1/foreign-valuations/{day}"), &json!({})).await;
            refused.refused(422, "validation_failed");
            assert!(refused.text.contains("is not over"), "{}", refused.text);
        }
        for day in ["2026-1-31", "2026-02-30", "january"] {
            let refused = tenant.post(&format!("/v1/foreign-valuations/{day}"), &json!({})).await;
            refused.refused(400, "invalid_parameter");
        }
        let blind = tenant.with_key(&key(tenant, &["ledger:read", "ledger:write"]).await);
        blind.get(VALUED).await.refused(403, "insufficient_scope");
        blind.post(VALUED, &json!({})).await.refused(403, "insufficient_scope");
        let reason = json!({ "reasons": [{ "item": "foreign_items_not_valued", "reason": "Small" }] });
        tenant.post("/v1/close/2026-01", &json!({})).await.refused(422, "validation_failed");
        tenant.post("/v1/close/2026-01", &reason).await.ok();
        let closed = tenant.post(VALUED, &json!({})).await;
        closed.refused(409, "invalid_state_transition");
        assert!(closed.text.contains("closed through 2026-01-31"), "{}", closed.text);
        assert_eq!(tenant.balance("6045").await, "0.00");
    });
}

/// Makes a customer, and work without tax.
async fn worker(tenant: &Tenant) -> String {
    let classes = tenant.get("/v1/tax-classes").await.ok();
    let classes = classes["data"].as_array().expect("tax classes");
    let zero = classes.iter().find(|class| class["code"] == "zero").expect("the zero rate");
    tenant.product_with("WORK", json!({ "kind": "service", "tax_class_id": zero["id"] })).await;
    tenant.customer("Nordwind Supply").await
}

/// Makes an invoice in dollars on a day of January.
async fn invoiced(tenant: &Tenant, customer: &str, (rate, price, at): (&str, &str, &str)) -> Value {
    let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": price }]);
    let body = json!({ "customer_id": customer, "currency": "USD", "exchange_rate": rate, "occurred_at": at, "lines": lines,
        "advance_to": "invoiced" });
    tenant.post("/v1/orders", &body).await.created()["invoices"][0].clone()
}

/// Records a payment in dollars, which pays an invoice or none.
async fn received(
    tenant: &Tenant,
    customer: &str,
    of: &Value,
    (rate, amount, at): (&str, &str, &str),
) -> Value {
    let part = json!({ "invoice_id": of["id"], "amount": amount });
    let parts = if of.is_null() { json!([]) } else { json!([part]) };
    let body = json!({ "customer_id": customer, "method": "bank", "currency": "USD", "exchange_rate": rate, "amount": amount,
        "allocations": parts, "occurred_at": at });
    tenant.post("/v1/payments", &body).await.created()
}

/// Makes a customer with 400.00 USD open of an invoice, an open credit note of 100.00 USD and an unapplied payment of 50.00 USD at the end
/// of January. Documents of February change all but the credit note.
async fn trade_with_customer(tenant: &Tenant) {
    let customer = worker(tenant).await;
    let first = invoiced(tenant, &customer, ("0.92", "1000", "2026-01-05T12:00:00Z")).await;
    received(tenant, &customer, &first, ("0.9", "600", "2026-01-20T12:00:00Z")).await;
    let advance = received(tenant, &customer, &Value::Null, ("0.9", "50", "2026-01-25T12:00:00Z")).await;
    let second = invoiced(tenant, &customer, ("0.8", "100", "2026-01-06T12:00:00Z")).await;
    received(tenant, &customer, &second, ("0.8", "100", "2026-01-07T12:00:00Z")).await;
    let back = json!({ "customer_id": customer, "original_id": second["id"], "occurred_at": "2026-01-10T12:00:00Z" });
    let note = tenant.post("/v1/returns", &back).await.created();
    assert_eq!((&note["open"], &note["foreign"]["open"]), (&json!("-80.00"), &json!("-100.00")));
    received(tenant, &customer, &first, ("0.9", "100", "2026-02-02T12:00:00Z")).await;
    let line = json!({ "payment_id": advance["id"], "invoice_id": first["id"] });
    let body = json!({ "customer_id": customer, "occurred_at": "2026-02-03T12:00:00Z", "lines": [line] });
    tenant.post("/v1/applications", &body).await.created();
}

/// Returns the balance of an account at the end of January.
fn closing<'a>(balances: &'a Value, account: &str) -> &'a str {
    let accounts = balances["accounts"].as_array().expect("accounts");
    let found = accounts.iter().find(|found| found["account"] == account).expect("an account");
    found["closing"].as_str().expect("an amount")
}

#[test]
fn open_items_of_customers_are_valued_beside_bills() {
    with_tenant(async |tenant| {
        trade_with_customer(tenant).await;
        let mill = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        billed(tenant, &mill, "1", ("USD", "0.92", "100")).await;
        rated(tenant, "USD", "0.95").await;
        let shown = tenant.get(VALUED).await.ok();
        let figures = ["kind", "foreign_open", "open", "value", "loss"];
        let items = shown["items"].as_array().expect("items").iter();
        let mut items: Vec<Vec<&str>> =
            items.map(|item| figures.iter().filter_map(|name| item[name].as_str()).collect()).collect();
        items.sort_unstable();
        let expected = [
            ["bill", "100.00", "92.00", "95.00", "3.00"],
            ["credit_note", "-100.00", "-80.00", "-95.00", "15.00"],
            ["invoice", "400.00", "368.00", "380.00", "-12.00"],
            ["payment", "50.00", "45.00", "47.50", "2.50"],
        ];
        assert_eq!(items, expected);
        assert_eq!(shown["loss"], "8.50");
        assert_eq!(not_valued(tenant).await, 4);

        let made = tenant.post(VALUED, &json!({})).await.created();
        let lines = made["lines"].as_array().expect("lines").iter();
        let lines: Vec<[&str; 3]> = lines
            .map(|line| ["account", "debit", "credit"].map(|name| line[name].as_str().expect("a text")))
            .collect();
        assert_eq!(lines, [["6045", "8.50", "0.00"], ["1105", "0.00", "5.50"], ["2010", "0.00", "3.00"]]);
        let balances = tenant.get("/v1/trial-balance?to=2026-02-01").await.ok();
        let closings = ["1100", "1105", "2010", "6045"].map(|account| closing(&balances, account));
        assert_eq!(closings, ["243.00", "-5.50", "-3.00", "8.50"]);
        for account in ["1105", "2010", "6045"] {
            assert_eq!(tenant.balance(account).await, "0.00", "{account}: taken back on the next day");
        }
        assert_eq!(not_valued(tenant).await, 0);

        let aged = tenant.get("/v1/reports/receivable_ageing?as_of=2026-01-31&ties=true").await.ok();
        let names = [
            "document_currency",
            "receivable",
            "unapplied",
            "owed",
            "foreign_receivable",
            "foreign_unapplied",
        ];
        let rows = aged["rows"].as_array().expect("rows").iter();
        let rows: Vec<_> = rows.map(|row| names.map(|name| row[name].clone())).collect();
        let expected = ["USD", "288.00", "45.00", "243.00", "300.00", "50.00"].map(Value::from);
        assert_eq!(rows, [expected]);
    });
}

#[test]
fn a_reversal_that_is_dated_before_an_application_leaves_the_invoice_open() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let paid = received(tenant, &customer, &Value::Null, ("0.9", "100", "2026-01-01T12:00:00Z")).await;
        let invoice = invoiced(tenant, &customer, ("0.8", "100", "2026-01-02T12:00:00Z")).await;
        let line = json!({ "payment_id": paid["id"], "invoice_id": invoice["id"], "amount": "100" });
        let body = json!({ "customer_id": customer, "kind": "apply", "occurred_at": "2026-01-20T12:00:00Z", "lines": [line] });
        tenant.post("/v1/applications", &body).await.created();
        let reverse = format!("/v1/payments/{}/reverse", paid["id"].as_str().expect("an id"));
        let body = json!({ "reason": "Returned by the bank", "occurred_at": "2026-01-10T12:00:00Z" });
        tenant.post(&reverse, &body).await.created();
        let (owed, held) = (["invoice", "100.00", "80.00"], ["payment", "100.00", "90.00"]);
        let days: [(&str, &[[&str; 3]]); 3] =
            [("2026-01-05", &[owed, held]), ("2026-01-15", &[owed]), ("2026-01-25", &[owed])];
        for (day, expected) in days {
            let shown = tenant.get(&format!("/v1/foreign-valuations/{day}")).await.ok();
            let items = shown["items"].as_array().expect("items").iter();
            let items: Vec<_> = items
                .map(|item| ["kind", "foreign_open", "open"].map(|name| item[name].as_str().expect("a text")))
                .collect();
            assert_eq!(items, expected, "{day}");
        }
    });
}
