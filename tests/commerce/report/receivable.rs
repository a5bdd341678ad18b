//! Receivable ageing: what customers owe by days after the due date, now and on a past day.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

async fn invoice(tenant: &Tenant, customer: &str, at: &str, pounds: &str) -> Value {
    let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": pounds }]);
    let body =
        json!({ "customer_id": customer, "occurred_at": at, "lines": lines, "advance_to": "invoiced" });
    tenant.post("/v1/orders", &body).await.created()["invoices"][0].clone()
}

/// Makes a customer who pays after 30 days, and work without tax.
async fn worker(tenant: &Tenant) -> String {
    let classes = tenant.get("/v1/tax-classes").await.ok();
    let classes = classes["data"].as_array().expect("tax classes");
    let zero = classes.iter().find(|class| class["code"] == "zero").expect("the zero rate");
    tenant.product_with("WORK", json!({ "kind": "service", "tax_class_id": zero["id"] })).await;
    tenant.customer_with("Nordwind Supply", json!({ "number": "C-1" })).await
}

/// The bands, the receivable, what is unapplied, and what is owed.
const FIGURES: [&str; 8] = [
    "not_due",
    "due_1_to_30_days",
    "due_31_to_60_days",
    "due_61_to_90_days",
    "due_over_90_days",
    "receivable",
    "unapplied",
    "owed",
];

fn figures(row: &Value) -> Vec<&str> {
    FIGURES.iter().map(|name| row[name].as_str().expect("an amount")).collect()
}

async fn ageing(tenant: &Tenant, query: &str) -> Value {
    tenant.get(&format!("/v1/reports/receivable_ageing?{query}")).await.ok()
}

/// Checks that the report of a day agrees with the account of receivables at its end.
async fn ties_to_the_ledger(tenant: &Tenant, report: &Value, day_after: &str) {
    let balances = tenant.get(&format!("/v1/trial-balance?to={day_after}")).await.ok();
    let accounts = balances["accounts"].as_array().expect("accounts");
    let account = accounts.iter().find(|account| account["account"] == "1100").expect("receivables");
    assert_eq!(report["totals"][0]["owed"], account["closing"], "{report}");
}

#[test]
fn receivables_age_by_the_due_date() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        let other = tenant.customer_with("ACME", json!({ "number": "C-2" })).await;
        invoice(tenant, &customer, "2026-01-01T12:00:00Z", "100").await;
        let second = invoice(tenant, &customer, "2026-02-10T12:00:00Z", "50").await;
        invoice(tenant, &customer, "2026-03-20T12:00:00Z", "20").await;
        invoice(tenant, &other, "2025-11-01T12:00:00Z", "7").await;
        let paid = |at: &str, amount: &str| json!({ "customer_id": customer, "method": "bank", "amount": amount, "occurred_at": at });
        tenant.post("/v1/payments", &paid("2026-02-20T12:00:00Z", "30")).await.created();
        let back = json!({ "customer_id": customer, "original_id": second["id"], "occurred_at": "2026-04-01T12:00:00Z",
            "original_lines": [{ "line_no": 1, "quantity": "1" }] });
        tenant.post("/v1/returns", &back).await.created();
        tenant.post("/v1/payments", &paid("2026-04-20T12:00:00Z", "200")).await.created();
        let zero = "0.00";
        for (day, day_after, expected) in [
            ("2025-12-31", "2026-01-01", vec![]),
            ("2026-01-31", "2026-02-01", vec!["100.00", zero, zero, zero, zero, "100.00", zero, "100.00"]),
            ("2026-02-01", "2026-02-02", vec![zero, "100.00", zero, zero, zero, "100.00", zero, "100.00"]),
            ("2026-02-25", "2026-02-26", vec!["50.00", "70.00", zero, zero, zero, "120.00", zero, "120.00"]),
            (
                "2026-03-31",
                "2026-04-01",
                vec!["20.00", "50.00", "70.00", zero, zero, "140.00", zero, "140.00"],
            ),
            ("2026-04-15", "2026-04-16", vec!["20.00", zero, zero, "70.00", zero, "90.00", zero, "90.00"]),
            ("2026-04-20", "2026-04-21", vec![zero, zero, zero, zero, zero, zero, "110.00", "-110.00"]),
        ] {
            let report = ageing(tenant, &format!("as_of={day}")).await;
            let rows = report["rows"].as_array().expect("rows");
            let row =
                rows.iter().find(|row| row["customer_number"] == "C-1").map(figures).unwrap_or_default();
            assert_eq!(row, expected, "{day}");
            ties_to_the_ledger(tenant, &report, day_after).await;
        }
        let now = ageing(tenant, "").await;
        assert_eq!(now["totals"][0]["owed"], json!(tenant.balance("1100").await));
        assert_eq!(now["rows"][0]["customer_number"], "C-2", "the greatest receivable comes first");
        for (number, id) in [("C-1", &customer), ("C-2", &other)] {
            let of_customer = ageing(tenant, &format!("customer={number}")).await;
            let account = tenant.get(&format!("/v1/customers/{id}/account")).await.ok();
            for figure in ["receivable", "unapplied"] {
                assert_eq!(of_customer["rows"][0][figure], account[figure], "{number} {figure}");
                assert_eq!(of_customer["totals"][0][figure], account[figure], "{number} {figure}");
            }
        }
        assert_eq!(ageing(tenant, "limit=1").await["meta"]["truncated"], true);
    });
}

#[test]
fn a_reversed_payment_is_owed_again_from_its_day() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        invoice(tenant, &customer, "2026-01-01T12:00:00Z", "100").await;
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "130", "occurred_at": "2026-01-10T12:00:00Z" });
        let payment = tenant.post("/v1/payments", &payment).await.created();
        let reverse = format!("/v1/payments/{}/reverse", payment["id"].as_str().expect("an id"));
        let body = json!({ "reason": "The bank took it back", "occurred_at": "2026-01-20T12:00:00Z" });
        tenant.post(&reverse, &body).await.created();
        for (day, day_after, receivable, unapplied) in [
            ("2026-01-05", "2026-01-06", "100.00", "0.00"),
            ("2026-01-15", "2026-01-16", "0.00", "30.00"),
            ("2026-01-25", "2026-01-26", "100.00", "0.00"),
        ] {
            let report = ageing(tenant, &format!("as_of={day}")).await;
            let totals = &report["totals"][0];
            assert_eq!(
                (&totals["receivable"], &totals["unapplied"]),
                (&json!(receivable), &json!(unapplied)),
                "{day}"
            );
            ties_to_the_ledger(tenant, &report, day_after).await;
        }
        let quiet = tenant.customer_with("Quiet", json!({ "number": "C-9" })).await;
        assert!(!quiet.is_empty());
        let named = ageing(tenant, "customer=C-9").await;
        assert_eq!(figures(&named["rows"][0]), ["0.00"; 8], "a customer that the filter names has a row");
        for query in ["product=WORK", "location=MAIN", "from=2026-01-01", "group_by=customer"] {
            tenant
                .get(&format!("/v1/reports/receivable_ageing?{query}"))
                .await
                .refused(422, "validation_failed");
        }
        tenant.get("/v1/reports/receivable_ageing?customer=C-404").await.refused(404, "not_found");
    });
}

/// Returns what was receivable and not applied at the end of days.
async fn open_at(tenant: &Tenant, days: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut open = Vec::new();
    for (day, day_after) in days {
        let report = ageing(tenant, &format!("as_of={day}")).await;
        ties_to_the_ledger(tenant, &report, day_after).await;
        let of_customer = ageing(tenant, &format!("as_of={day}&customer=C-1")).await;
        assert_eq!(of_customer["rows"], report["rows"], "the customer alone");
        let text = |name: &str| report["totals"][0][name].as_str().expect("an amount").to_owned();
        open.push((text("receivable"), text("unapplied")));
    }
    open
}

fn amounts(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(receivable, unapplied)| ((*receivable).to_owned(), (*unapplied).to_owned())).collect()
}

#[test]
fn an_undo_that_is_dated_before_what_it_undoes_changes_nothing_before_that() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        // Paid before there is an invoice, so nothing is applied at once.
        let payment = json!({ "customer_id": customer, "method": "bank", "amount": "100", "occurred_at": "2026-01-01T12:00:00Z" });
        let payment = tenant.post("/v1/payments", &payment).await.created();
        let first = invoice(tenant, &customer, "2026-01-02T12:00:00Z", "100").await;
        let second = invoice(tenant, &customer, "2026-01-02T12:00:00Z", "40").await;
        let change = async |kind: &str, invoice: &Value, at: &str, amount: &str| {
            let line = json!({ "payment_id": payment["id"], "invoice_id": invoice["id"], "amount": amount });
            let body = json!({ "customer_id": customer, "kind": kind, "occurred_at": at, "lines": [line] });
            tenant.post("/v1/applications", &body).await.created();
        };
        let days = [
            ("2026-01-03", "2026-01-04"),
            ("2026-01-05", "2026-01-06"),
            ("2026-01-06", "2026-01-07"),
            ("2026-01-10", "2026-01-11"),
        ];
        change("apply", &first, "2026-01-10T12:00:00Z", "100").await;
        change("unapply", &first, "2026-01-10T12:00:00Z", "100").await;
        let nothing = ("140.00", "100.00");
        assert_eq!(open_at(tenant, &days).await, amounts(&[nothing; 4]), "nothing is applied");
        // What is applied again before the first change counts from its own time.
        change("apply", &first, "2026-01-06T12:00:00Z", "30").await;
        let applied = ("110.00", "70.00");
        assert_eq!(open_at(tenant, &days).await, amounts(&[nothing, nothing, applied, applied]));
        change("apply", &second, "2026-01-10T12:00:00Z", "40").await;
        let body = json!({ "reason": "The bank took it back", "occurred_at": "2026-01-05T12:00:00Z" });
        let reverse = format!("/v1/payments/{}/reverse", payment["id"].as_str().expect("an id"));
        tenant.post(&reverse, &body).await.created();
        let reversed = ("140.00", "0.00");
        assert_eq!(open_at(tenant, &days).await, amounts(&[nothing, reversed, reversed, reversed]));
        assert_eq!(tenant.balance("1100").await, "140.00");
    });
}

#[test]
fn a_customer_has_a_row_for_each_currency_of_its_documents() {
    with_tenant(async |tenant| {
        let customer = worker(tenant).await;
        invoice(tenant, &customer, "2026-01-01T12:00:00Z", "100").await;
        let lines = json!([{ "sku": "WORK", "quantity": "1", "unit_price": "1000" }]);
        let body = json!({ "customer_id": customer, "currency": "USD", "exchange_rate": "0.92", "lines": lines,
            "occurred_at": "2026-01-02T12:00:00Z", "advance_to": "invoiced" });
        tenant.post("/v1/orders", &body).await.created();
        for (currency, rate, amount) in [("GBP", Value::Null, "30"), ("USD", json!("0.9"), "200")] {
            let body = json!({ "customer_id": customer, "method": "bank", "currency": currency, "exchange_rate": rate,
                "amount": amount, "allocations": [], "occurred_at": "2026-01-03T12:00:00Z" });
            tenant.post("/v1/payments", &body).await.created();
        }
        let names = [
            "document_currency",
            "receivable",
            "unapplied",
            "owed",
            "foreign_receivable",
            "foreign_unapplied",
        ];
        let expected = [
            ["USD", "920.00", "180.00", "740.00", "1000.00", "200.00"],
            ["GBP", "100.00", "30.00", "70.00", "100.00", "30.00"],
        ];
        for query in ["", "as_of=2026-01-31", "customer=C-1", "customer=C-1&as_of=2026-01-31"] {
            let report = ageing(tenant, query).await;
            let rows = report["rows"].as_array().expect("rows");
            let found: Vec<_> =
                rows.iter().map(|row| names.map(|name| row[name].as_str().expect("a text"))).collect();
            assert_eq!(found, expected, "{query}");
            let totals = &report["totals"][0];
            assert_eq!((&totals["owed"], &totals["foreign_receivable"]), (&json!("810.00"), &Value::Null));
        }
        let body = json!({ "customer_id": customer, "method": "bank", "currency": "USD", "exchange_rate": "0.92", "amount": "1000" });
        tenant.post("/v1/payments", &body).await.created();
        let rows = ageing(tenant, "").await["rows"].clone();
        let found: Vec<_> =
            rows.as_array().expect("rows").iter().map(|row| &row["document_currency"]).collect();
        assert_eq!(found, ["GBP", "USD"], "an unapplied payment has a row");
        assert_eq!(rows[1]["foreign_unapplied"], "200.00");
    });
}
