//! Reports as they were known at an instant: what was recorded later is left out, whenever it happened.

use chrono::{DateTime, SecondsFormat, Utc};
use sea_orm::sqlx::{self, Row as _};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, sale, with_tenant};

use super::stock::{columns, report};

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
fn a_report_that_has_one_state_only_says_so() {
    with_tenant(async |tenant| {
        for (path, parameter, instead) in [
            ("stock_position?known_at=2011-01-01", "known_at", "stock_valuation"),
            ("revenue?as_of=2011-01-01", "as_of", "send to"),
            ("shrinkage?as_of=2011-01-01", "as_of", "send to"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/{path}")).await;
            assert!(reply.text.contains(instead) && reply.text.contains(parameter), "{path}: {}", reply.text);
            reply.refused(422, "validation_failed");
        }
    });
}
