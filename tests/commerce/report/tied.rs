//! Reports beside the ledger: the difference is zero, and there is none where the ledger has no such total.

use reqwest::Method;
use serde_json::{Value, json};
use tests::with_tenant;

use super::stock::report;
use super::{trade, wear};

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
