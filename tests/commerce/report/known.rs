//! Reports as they were known at an instant: what was recorded later is left out, whenever it happened.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sqlx::{self, Row as _};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale, with_tenant};

use super::compared::open;
use super::past::{sell, shown};
use super::stock::{columns, report};
use super::{by_csv, by_graphql, by_json, sorted};

/// Returns the instant at which the latest document was recorded.
async fn now(tenant: &Tenant) -> String {
    let query =
        sqlx::query("select max(recorded_at) from journal_entry where tenant_id = $1").bind(tenant.id.0);
    let row = query.fetch_one(&environment().root).await.expect("the entries are read");
    row.get::<DateTime<Utc>, _>(0).to_rfc3339_opts(SecondsFormat::Micros, true)
}

async fn total(tenant: &Tenant, path: &str, figure: &str) -> Value {
    report(tenant, path).await["totals"][0][figure].clone()
}

#[test]
fn a_sale_that_came_in_late_was_not_known_before() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let sell = async |quantity: &str| {
            let mut body = sale(&till, &[("MUG", quantity)]);
            body["occurred_at"] = json!("2011-02-03T12:00:00Z");
            tenant.post("/v1/pos/sales", &body).await.created();
        };
        sell("2").await;
        let known_at = now(tenant).await;
        sell("5").await;
        service::rollup::run_all(&environment().db, tenant.id).await.expect("folded");
        for name in [
            "revenue?group_by=day",
            "margin?group_by=product",
            "channel_summary?limit=100",
            "product_performance?limit=100",
            "customer_value?limit=100",
            "abc?limit=100",
        ] {
            let figure = "net_revenue";
            let is_of_customers = name.starts_with("customer");
            let expected = |amount: &str| json!(if is_of_customers { "0.00" } else { amount });
            let then = format!("{name}&known_at={known_at}");
            assert_eq!(total(tenant, &then, figure).await, expected("20.00"), "{then}");
            assert_eq!(total(tenant, name, figure).await, expected("70.00"), "{name}");
            let before = format!("{name}&known_at=2011-02-28");
            assert_eq!(total(tenant, &before, figure).await, expected("0.00"), "{before}");
        }
        // The ledger knew as much.
        let table = report(tenant, &format!("revenue?group_by=none&ties=true&known_at={known_at}")).await;
        assert!(table["meta"]["known_at"].is_string(), "{table}");
        assert_eq!(table["meta"]["ties_to"][0]["ledger"], "20.00");
        assert_eq!(table["meta"]["ties_to"][0]["difference"], "0.00");
        // Both periods of a comparison are as they were known.
        let path = format!(
            "revenue?group_by=none&from=2011-03-01&to=2011-04-01&compare=previous_period&known_at={known_at}"
        );
        assert_eq!(total(tenant, &path, "net_revenue_before").await, "20.00");
    });
}

#[test]
fn what_was_lost_and_owed_was_known_later() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let customer = tenant.customer_with("Nordwind Supply", json!({ "number": "C-1" })).await;
        let lose = async |quantity: &str| {
            let line = json!({ "sku": "MUG", "quantity": quantity });
            let body = json!({ "kind": "adjustment", "reason": "damage", "lines": [line] });
            tenant.post("/v1/stock/documents", &body).await.created();
        };
        let bill = async |quantity: &str| {
            let body = json!({ "customer_id": customer, "lines": lines(&[("MUG", quantity)]), "advance_to": "invoiced" });
            tenant.post("/v1/orders", &body).await.created();
        };
        lose("-1").await;
        bill("3").await;
        let known_at = now(tenant).await;
        lose("-2").await;
        bill("4").await;
        let pay = json!({ "customer_id": customer, "amount": "20.00", "method": "bank" });
        tenant.post("/v1/payments", &pay).await.created();
        assert_eq!(total(tenant, "shrinkage", "shrinkage_value").await, "12.00");
        assert_eq!(total(tenant, &format!("shrinkage?known_at={known_at}"), "shrinkage_value").await, "4.00");
        let owed = report(tenant, &format!("receivable_ageing?known_at={known_at}&ties=true")).await;
        assert_eq!(owed["meta"]["ties_to"][0]["difference"], "0.00", "{owed}");
        let first = columns(&owed, &["customer_number", "unapplied"]);
        assert_eq!(first, [["C-1", "0.00"]]);
        let now = report(tenant, "receivable_ageing?ties=true").await;
        assert_ne!(
            now["totals"][0]["owed"], owed["totals"][0]["owed"],
            "an invoice and a payment came in since"
        );
        // A future instant changes nothing.
        let later = report(tenant, "receivable_ageing?known_at=2999-01-01").await;
        assert_eq!(later["rows"], now["rows"]);
    });
}

#[test]
fn stock_is_as_old_and_as_slow_as_it_was_known_to_be() {
    with_tenant(async |tenant| {
        open(tenant, "MUG", "9.00", ("10", "4.00")).await;
        sell(tenant, "2011-02-01", ("MUG", "2")).await;
        let known_at = now(tenant).await;
        sell(tenant, "2011-03-01", ("MUG", "6")).await;
        let turnover = ["on_hand", "value", "average_value", "units_sold", "turnover", "cover_days"];
        let slow = ["on_hand", "value", "units_sold", "cover_days"];
        let ageing = ["on_hand", "value", "units_over_365_days", "value_over_365_days"];
        for (path, names, then, known_now) in [
            (
                "stock_turnover?days=73&as_of=2011-03-31",
                turnover.as_slice(),
                vec!["8 32.00 36.00 2 1.1111 292"],
                vec!["2 8.00 24.00 8 6.6667 18.3"],
            ),
            (
                "stock_turnover?days=73",
                turnover.as_slice(),
                vec!["8 32.00 32.00 0 0 null"],
                vec!["2 8.00 8.00 0 0 null"],
            ),
            ("slow_stock?days=60&as_of=2011-03-31", slow.as_slice(), vec!["8 32.00 2 240"], vec![]),
            ("slow_stock?days=60", slow.as_slice(), vec!["8 32.00 0 null"], vec!["2 8.00 0 null"]),
            (
                "stock_ageing?as_of=2011-03-31",
                ageing.as_slice(),
                vec!["8 32.00 8 32.00"],
                vec!["2 8.00 2 8.00"],
            ),
            ("stock_ageing?limit=10", ageing.as_slice(), vec!["8 32.00 8 32.00"], vec!["2 8.00 2 8.00"]),
        ] {
            let known = format!("{path}&known_at={known_at}");
            assert_eq!(shown(tenant, &known, names).await, then, "{known}");
            assert_eq!(shown(tenant, path, names).await, known_now, "{path}");
            let nothing = shown(tenant, &format!("{path}&known_at=2011-03-31"), names).await;
            assert_eq!(nothing, [""; 0], "{path}: nothing was recorded by then");
            let valued = report(tenant, &format!("stock_valuation?known_at={known_at}")).await;
            let table = report(tenant, &known).await;
            assert_eq!(table["totals"][0]["value"], valued["totals"][0]["value"], "{known}");
            assert!(table["meta"]["known_at"].is_string(), "{known}");
        }
        for (name, field) in [
            ("stock_turnover?days=73&", "stockTurnover(days: 73, "),
            ("slow_stock?days=60&", "slowStock(days: 60, "),
            ("stock_ageing?", "stockAgeing("),
        ] {
            let path = format!("/v1/reports/{name}as_of=2011-03-31&known_at={known_at}");
            let (columns, rows) = by_json(tenant, &path).await;
            let rows = sorted(rows);
            assert_eq!(sorted(by_csv(tenant, &path).await), rows, "{path} as CSV");
            let field = format!("{field}asOf: \"2011-03-31\", knownAt: \"{known_at}\", limit: 100)");
            assert_eq!(sorted(by_graphql(tenant, &field, &columns).await), rows, "{path} by GraphQL");
        }
    });
}

#[test]
fn a_report_that_has_one_state_only_says_so() {
    with_tenant(async |tenant| {
        for (path, parameter, instead) in [
            ("stock_position?known_at=2011-01-01", "known_at", "stock_valuation"),
            ("low_stock?as_of=2011-01-01", "as_of", "stock_valuation"),
            ("reorder?as_of=2011-01-01", "as_of", "stock_valuation"),
            ("tie_out?known_at=2011-01-01", "known_at", "It shows the present."),
            ("revenue?as_of=2011-01-01", "as_of", "send to"),
            ("shrinkage?as_of=2011-01-01", "as_of", "send to"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/{path}")).await;
            assert!(reply.text.contains(instead) && reply.text.contains(parameter), "{path}: {}", reply.text);
            reply.refused(422, "validation_failed");
        }
    });
}

#[test]
fn the_list_of_reports_states_the_moments_that_each_takes() {
    with_tenant(async |tenant| {
        let list = tenant.get("/v1/reports").await.ok();
        let mut of_the_present = Vec::new();
        for info in list["data"].as_array().expect("reports") {
            let name = info["name"].as_str().expect("a name");
            let bounds =
                if info["has_period"] == true { "from=2026-03-01&to=2026-04-01" } else { "as_of=2026-03-31" };
            let compare = format!("compare=previous_year&{bounds}");
            let flags = [
                ("has_as_of", "as_of=2026-03-31"),
                ("has_known_at", "known_at=2026-03-31"),
                ("has_compare", compare.as_str()),
            ];
            for (flag, query) in flags {
                let reply = tenant.get(&format!("/v1/reports/{name}?{query}")).await;
                let expected = if info[flag] == true { 200 } else { 422 };
                assert_eq!(reply.status, expected, "{name}, {flag}: {}", reply.text);
            }
            if flags.iter().all(|(flag, _)| info[*flag] == false) {
                of_the_present.push(name);
            }
        }
        let expected = ["stock_position", "low_stock", "tie_out", "reorder"];
        assert_eq!(of_the_present, expected, "the documents say why these have one state");
    });
}
