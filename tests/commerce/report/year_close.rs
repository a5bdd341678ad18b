//! The close of a year: its result moves to retained earnings, and every statement stays as it is.

use futures_util::future::join_all;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use super::stock::{columns, report};
use super::{by_json, by_view, sorted};

const ENTRIES: &str = "/v1/journal-entries";
const CLOSE: &str = "/v1/year-close/2024";

/// Posts a gain of 100.00 in 2024, and a loss of 30.00 in 2025.
async fn results(tenant: &Tenant) {
    for (day, debit, credit, amount) in
        [("2024-06-30", "1010", "6000", "100.00"), ("2025-03-31", "6100", "1010", "30.00")]
    {
        let entry = json!({ "memo": "Result", "occurred_on": day, "lines": [
            { "account": debit, "debit": amount }, { "account": credit, "credit": amount }] });
        tenant.post(ENTRIES, &entry).await.created();
    }
}

/// Returns the accounts of equity and the results of a balance sheet.
async fn equity(tenant: &Tenant, as_of: &str) -> Vec<[String; 2]> {
    let sheet = report(tenant, &format!("balance_sheet?as_of={as_of}")).await;
    assert_eq!(sheet["totals"][0]["balance"], "0.00", "{sheet}");
    let rows = columns(&sheet, &["section", "account_name", "equity"]).into_iter();
    rows.filter(|row| row[0] == "equity").map(|row| [row[1].clone(), row[2].clone()]).collect()
}

fn rows(expected: &[[&str; 2]]) -> Vec<[String; 2]> {
    expected.iter().map(|row| row.map(str::to_owned)).collect()
}

#[test]
fn the_result_of_a_year_moves_to_retained_earnings_once() {
    with_tenant(async |tenant| {
        results(tenant).await;
        let profit = report(tenant, "profit_and_loss?group_by=year").await;
        tenant.dry_run(CLOSE, &json!({})).await.ok();
        let body = json!({});
        let replies = join_all((0..4).map(|_| tenant.post(CLOSE, &body))).await;
        let made: Vec<Value> =
            replies.iter().filter(|reply| reply.status == 201).map(|reply| reply.json()).collect();
        assert_eq!(made.len(), 1, "of several at once one closes it");
        assert_eq!((&made[0]["total"], &made[0]["occurred_on"]), (&json!("100.00"), &json!("2025-01-01")));
        assert_eq!(made[0]["memo"], "Result of 2024");
        let id = made[0]["id"].as_str().expect("an id");
        assert_eq!(
            (tenant.balance("3100").await, tenant.balance("3110").await),
            ("-100.00".into(), "100.00".into())
        );
        let after = report(tenant, "profit_and_loss?group_by=year").await;
        assert_eq!((&after["rows"], &after["totals"]), (&profit["rows"], &profit["totals"]));
        assert_eq!(equity(tenant, "2024-12-31").await, rows(&[["Result of the year", "100.00"]]));
        let closed = rows(&[
            ["Retained earnings", "100.00"],
            ["Result of earlier years", "0.00"],
            ["Result of the year", "-30.00"],
        ]);
        assert_eq!(equity(tenant, "2025-12-31").await, closed);
        let (names, sheet) = by_json(tenant, "/v1/reports/balance_sheet").await;
        assert_eq!(sorted(by_view(tenant, "balance_sheet", &names).await), sorted(sheet));
        let again = tenant.post(CLOSE, &json!({})).await;
        again.refused(409, "invalid_state_transition");
        assert!(again.text.contains(id), "{}", again.text);
        let back = tenant.post(&format!("{ENTRIES}/{id}/reverse"), &json!({})).await.created();
        assert_eq!(back["reverses"], json!(id));
        assert_eq!(tenant.balance("3100").await, "0.00");
        let entry = tenant.post(CLOSE, &json!({ "memo": "Second close" })).await.created();
        assert_eq!((&entry["total"], &entry["memo"]), (&json!("100.00"), &json!("Second close")));
    });
}

/// Makes the account 3110 one of another kind, as a tenant of before may have it.
async fn change(tenant: &Tenant, kind: &str, name: &str) {
    let statement = "update account set kind = $2, name = $3 where tenant_id = $1 and code = '3110'";
    let change = sqlx::query(statement).bind(tenant.id.0).bind(kind).bind(name);
    change.execute(&environment().root).await.expect("the account changes");
}

#[test]
fn a_liability_with_the_code_of_closed_results_is_shown_as_such() {
    with_tenant(async |tenant| {
        results(tenant).await;
        tenant.post(CLOSE, &json!({})).await.created();
        change(tenant, "liability", "City tax").await;
        let shown = report(tenant, "balance_sheet?as_of=2025-12-31").await;
        let listed = columns(&shown, &["section", "account_name", "liabilities"]);
        let tax = listed.iter().find(|row| row[0] == "liabilities").expect("a liability");
        assert_eq!([tax[1].as_str(), tax[2].as_str()], ["City tax", "-100.00"]);
        let (names, sheet) = by_json(tenant, "/v1/reports/balance_sheet").await;
        assert_eq!(sorted(by_view(tenant, "balance_sheet", &names).await), sorted(sheet));
        change(tenant, "equity", "Closed results").await;
    });
}

#[test]
fn a_loss_lowers_retained_earnings() {
    with_tenant(async |tenant| {
        results(tenant).await;
        tenant.post("/v1/year-close/2025", &json!({})).await.created();
        assert_eq!(
            (tenant.balance("3100").await, tenant.balance("3110").await),
            ("30.00".into(), "-30.00".into())
        );
        let closed = rows(&[["Retained earnings", "-30.00"], ["Result of earlier years", "100.00"]]);
        assert_eq!(equity(tenant, "2026-01-31").await, closed, "2024 is not closed");
    });
}

#[test]
fn a_close_of_a_year_that_makes_no_sense_is_rejected() {
    with_tenant(async |tenant| {
        results(tenant).await;
        for year in ["24", "20244", "year", "+024", "-001"] {
            let reply = tenant.post(&format!("/v1/year-close/{year}"), &json!({})).await;
            assert!(reply.text.contains("\"year\""), "{}", reply.text);
            reply.refused(400, "invalid_parameter");
        }
        for (year, cause) in [("2999", "is not over"), ("2023", "has no result"), ("9999", "is not over")] {
            let reply = tenant.post(&format!("/v1/year-close/{year}"), &json!({})).await;
            reply.refused(422, "validation_failed");
            assert!(reply.text.contains(cause), "{}", reply.text);
        }
        let by_hand = json!({ "memo": "By hand", "lines": [
            { "account": "3110", "debit": "1.00" }, { "account": "3100", "credit": "1.00" }] });
        tenant.post(ENTRIES, &by_hand).await.refused(422, "validation_failed").names(&["#/lines/0/account"]);
        assert_eq!(tenant.balance("3110").await, "0.00");
    });
}
