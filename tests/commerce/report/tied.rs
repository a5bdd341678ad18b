//! Reports beside the ledger: the difference is zero, and there is none where the ledger has no such total.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant};

use super::statements::books;
use super::stock::report;
use super::{by_json, by_view, owe, sorted, trade, wear};

/// Returns the figures that a report puts beside the ledger, and checks that they agree and are not zero.
fn agreed(table: &Value, path: &str) -> Vec<String> {
    let ties = table["meta"]["ties_to"].as_array().unwrap_or_else(|| panic!("{path}: {}", table["meta"]));
    let agreed = ties.iter().map(|tie| {
        let figure = tie["figure"].as_str().expect("a name");
        assert_eq!(tie["difference"], "0.00", "{path}: {tie}");
        assert_eq!(tie["report"], tie["ledger"], "{path}");
        assert_eq!(tie["report"], table["totals"][0][figure], "{path}: the total is the one that is shown");
        assert_ne!(tie["report"], "0.00", "{path}: {figure} says nothing");
        assert!(tie["accounts"].as_array().is_some_and(|accounts| !accounts.is_empty()), "{path}: {tie}");
        figure.to_owned()
    });
    agreed.collect()
}

#[test]
fn every_total_with_an_account_is_that_of_the_ledger() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        wear(tenant).await;
        owe(tenant).await;
        for (path, figures) in [
            ("revenue", vec!["net_revenue", "tax"]),
            ("tax_summary?from=2011-02-01&to=2011-03-01&channel=retail", vec!["tax"]),
            ("margin?group_by=none", vec!["cost", "net_revenue", "tax"]),
            ("margin?group_by=product&from=2011-02-01&to=2011-03-01", vec!["cost", "net_revenue", "tax"]),
            ("margin?group_by=month&channel=wholesale", vec!["cost", "net_revenue", "tax"]),
            ("margin?group_by=month&location=MAIN&limit=1", vec!["cost", "net_revenue", "tax"]),
            (
                "margin?from=2011-02-01&to=2011-03-01&compare=previous_period",
                vec!["cost", "net_revenue", "tax"],
            ),
            ("channel_summary?tz=Europe/London", vec!["cost", "net_revenue", "tax"]),
            ("product_performance", vec!["cost", "net_revenue"]),
            ("abc", vec!["cost", "net_revenue"]),
            ("stock_position", vec!["value"]),
            ("stock_position?location=SHOP", vec!["value"]),
            ("stock_valuation", vec!["value"]),
            ("stock_valuation?as_of=2011-06-30", vec!["value"]),
            ("shrinkage", vec!["shrinkage_value"]),
            ("receivable_ageing", vec!["owed"]),
            ("receivable_ageing?as_of=2011-01-31", vec!["owed"]),
            ("payable_ageing", vec!["payable"]),
            ("payable_ageing?as_of=2011-01-31", vec!["payable"]),
        ] {
            let separator = if path.contains('?') { '&' } else { '?' };
            let path = format!("{path}{separator}ties=true");
            assert_eq!(agreed(&report(tenant, &path).await, &path), figures, "{path}");
        }
        let table = report(tenant, "margin?group_by=none&ties=true").await;
        let accounts = json!(["4000", "4010", "4100", "4110", "4200"]);
        assert_eq!(table["meta"]["ties_to"][1]["accounts"], accounts);
    });
}

#[test]
fn a_report_that_the_ledger_can_not_have_is_beside_nothing() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        for path in [
            "revenue?group_by=none",
            "revenue?ties=true&product=MUG",
            "revenue?ties=true&category=tools",
            "revenue?ties=true&country=DE",
            "revenue?ties=true&currency=EUR",
            "revenue?ties=true&tz=Asia/Tokyo",
            "revenue?ties=true&from=2011-02-01T00:00:00Z",
            "stock_valuation?ties=true&as_of=2011-02-01T00:00:00Z",
        ] {
            assert_eq!(report(tenant, path).await["meta"]["ties_to"], Value::Null, "{path}");
        }
        for name in [
            "customer_value",
            "best_customers",
            "weak_margins",
            "stock_ageing",
            "stock_turnover",
            "slow_stock",
            "low_stock",
            "reorder",
        ] {
            let reply = tenant.get(&format!("/v1/reports/{name}?ties=true")).await;
            assert!(reply.text.contains("\"ties\""), "{name}: {}", reply.text);
            reply.refused(422, "validation_failed");
        }
    });
}

#[test]
fn a_manual_entry_is_no_difference() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let line = |account: &str, side: &str| json!({ "account": account, side: "7.00" });
        let entry =
            json!({ "memo": "Tax of a car", "lines": [line("1010", "debit"), line("2200", "credit")] });
        tenant.post("/v1/journal-entries", &entry).await.created();
        agreed(&report(tenant, "revenue?group_by=none&ties=true").await, "revenue");
    });
}

#[test]
fn graphql_reads_the_ledger_if_it_is_asked_for() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let query = "{ channelSummary { meta { tiesTo { figure difference } } } customerValue { meta { tiesTo { figure } } } }";
        let call = tenant.call(Method::POST, "/graphql").json(&json!({ "query": query }));
        let reply = call.send().await.ok();
        let ties = &reply["data"]["channelSummary"]["meta"]["tiesTo"];
        let difference = |figure: &str| json!({ "figure": figure, "difference": "0.00" });
        assert_eq!(ties, &json!(["cost", "net_revenue", "tax"].map(difference)));
        assert_eq!(reply["data"]["customerValue"]["meta"]["tiesTo"], Value::Null);
    });
}

/// Leaves a balance on every control account, a part of it by hand.
async fn control(tenant: &Tenant) {
    books(tenant).await;
    let class = tenant.make("/v1/tax-classes", json!({ "code": "two", "name": "Two taxes" })).await;
    let rate = json!({ "tax_class_id": class, "taxes": [
        { "code": "city", "name": "City tax", "rate": "2.5", "account": "2210" }] });
    tenant.post("/v1/tax-rates", &rate).await.created();
    let lamp = json!({ "kind": "service", "list_price": "100.00", "tax_class_id": class });
    tenant.product_with("LAMP", lamp).await;
    let customer = tenant.customer("Hotel").await;
    tenant.order(&customer, &[("LAMP", "1")], "invoiced").await.created();
    tenant.order(&customer, &[("MUG", "1")], "shipped").await.created();
    for method in ["bank", "card"] {
        let voucher = json!({ "customer_id": customer, "amount": "15.00", "method": method });
        tenant.post("/v1/vouchers", &voucher).await.created();
    }
    let sent = json!({ "from_location_id": tenant.main, "to_location_id": tenant.shop, "lines": lines(&[("MUG", "1")]) });
    tenant.post("/v1/stock/transfers", &sent).await.created();
    let registers = tenant.get("/v1/registers").await.ok();
    let change = json!({ "register_id": registers["data"][0]["id"], "kind": "paid_in", "amount": "5.00", "reason": "Change" });
    tenant.post("/v1/pos/cash-moves", &change).await.created();
    for (debit, credit) in [("1010", "1020"), ("2210", "1010"), ("2200", "1010")] {
        let entry = json!({ "memo": "Settled", "lines": [
            { "account": debit, "debit": "5.00" }, { "account": credit, "credit": "5.00" }] });
        tenant.post("/v1/journal-entries", &entry).await.created();
    }
}

/// The sum of a tie-out is stated in Rust, for the report and for the close, and in the view of analysts.
#[test]
fn a_tie_out_is_the_same_in_rust_and_in_sql() {
    with_tenant(async |tenant| {
        control(tenant).await;
        owe(tenant).await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let advance =
            json!({ "supplier_id": supplier, "currency": "USD", "exchange_rate": "0.9", "advance": "50" });
        tenant.post("/v1/supplier-payments", &advance).await.created();
        let path = "/v1/reports/tie_out";
        for (by, differing) in [("0", 0), ("1", 1), ("-1", 0)] {
            let change = "update voucher set issued = issued + $2::numeric, balance = balance + $2::numeric \
                          where tenant_id = $1 and method = 'card'";
            let change = sqlx::query(change).bind(tenant.id.0).bind(by);
            change.execute(&environment().root).await.expect("the register changes");
            let (columns, rows) = by_json(tenant, path).await;
            assert!(rows.iter().all(|row| row["ledger"] != "0"), "a control says nothing: {rows:?}");
            let differences = rows.iter().filter(|row| row["difference"] != "0").count();
            assert_eq!(differences, differing, "{rows:?}");
            assert_eq!(sorted(by_view(tenant, "tie_out", &columns).await), sorted(rows));
            let close = tenant.get("/v1/close/2026-03").await.ok();
            let mut items = close["items"].as_array().expect("items").iter();
            let item = items.find(|item| item["item"] == "tie_outs").expect("an item");
            assert_eq!(item["count"], json!(differing), "{close}");
        }
    });
}
