//! The profit and loss, and the balance sheet.

use reqwest::Method;
use serde_json::json;
use tests::with_tenant;

use super::{books, fold, texts, totals};
use crate::report::stock::{columns, report};

pub(super) const PROFIT: [&str; 5] = ["revenue", "cost", "gross_margin", "expense", "result"];

#[test]
fn a_profit_and_loss_adds_up_by_month_and_by_channel() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let z = "0.00";
        let names = [&["month", "channel", "section", "account_code"][..], &PROFIT].concat();
        for is_folded in [false, true] {
            if is_folded {
                fold(tenant).await;
            }
            let table = report(tenant, "profit_and_loss").await;
            let (january, february) = ("2026-01-01", "2026-02-01");
            let expected = texts(&[
                &[january, "null", "revenue", "4010", "20.00", z, "20.00", z, "20.00"],
                &[january, "null", "cost", "5010", z, "8.00", "-8.00", z, "-8.00"],
                &[february, "null", "revenue", "4000", "30.00", z, "30.00", z, "30.00"],
                &[february, "null", "cost", "5000", z, "12.00", "-12.00", z, "-12.00"],
                &[february, "null", "expense", "5100", z, z, z, "4.00", "-4.00"],
            ]);
            assert_eq!(columns(&table, &names), expected, "folded: {is_folded}");
            assert_eq!(totals(&table, &PROFIT), ["50.00", "20.00", "30.00", "4.00", "26.00"]);
            let table = report(tenant, "profit_and_loss?group_by=channel").await;
            let expected = texts(&[
                &["null", "retail", "revenue", "4010", "20.00", z, "20.00", z, "20.00"],
                &["null", "retail", "cost", "5010", z, "8.00", "-8.00", z, "-8.00"],
                &["null", "wholesale", "revenue", "4000", "30.00", z, "30.00", z, "30.00"],
                &["null", "wholesale", "cost", "5000", z, "12.00", "-12.00", z, "-12.00"],
                &["null", "null", "expense", "5100", z, z, z, "4.00", "-4.00"],
            ]);
            assert_eq!(columns(&table, &names), expected, "folded: {is_folded}");
            let retail = report(tenant, "profit_and_loss?group_by=none&channel=retail").await;
            assert_eq!(totals(&retail, &PROFIT), ["20.00", "8.00", "12.00", z, "12.00"]);
            let part = report(tenant, "profit_and_loss?group_by=year&from=2026-01-16&to=2026-02-25").await;
            assert_eq!(totals(&part, &PROFIT), ["30.00", "12.00", "18.00", z, "18.00"]);
            assert!(
                part["rows"][0]["year"] == "2026-01-01" && part["rows"][0].get("month").is_none(),
                "{part}"
            );
        }
        let margin = report(tenant, "margin?group_by=none").await;
        assert_eq!(totals(&margin, &["net_revenue", "cost", "gross_margin"]), ["50.00", "20.00", "30.00"]);
    });
}

#[test]
fn a_profit_and_loss_is_compared_with_the_month_before() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let path = "profit_and_loss?from=2026-02-01&to=2026-03-01&compare=previous_period";
        let table = report(tenant, path).await;
        let names = [
            "month",
            "account_code",
            "result",
            "result_before",
            "result_difference",
            "result_difference_pct",
        ];
        let (month, z) = ("2026-02-01", "0.00");
        let expected = texts(&[
            &[month, "4000", "30.00", z, "30.00", "null"],
            &[month, "4010", z, "20.00", "-20.00", "-100.0000"],
            &[month, "5000", "-12.00", z, "-12.00", "null"],
            &[month, "5010", z, "-8.00", "8.00", "100.0000"],
            &[month, "5100", "-4.00", z, "-4.00", "null"],
        ]);
        assert_eq!(columns(&table, &names), expected, "January stands at February");
        let names = ["revenue", "revenue_before", "revenue_difference_pct", "result", "result_before"];
        assert_eq!(totals(&table, &names), ["30.00", "20.00", "50.0000", "14.00", "12.00"]);
        let days = "profit_and_loss?group_by=none&from=2026-02-10&to=2026-02-15&compare=previous_period";
        assert_eq!(totals(&report(tenant, days).await, &["revenue", "revenue_before"]), ["30.00", z]);
        let sorted = report(tenant, &format!("{path}&sort=-revenue_before&limit=1")).await;
        assert_eq!(columns(&sorted, &["account_code"]).concat(), ["4010"]);
    });
}

pub(super) const SHEET: [&str; 4] = ["assets", "liabilities", "equity", "balance"];

#[test]
fn a_balance_sheet_balances_with_the_results() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let loss = json!({ "memo": "A debt of before", "occurred_on": "2025-12-31",
            "lines": [{ "account": "6100", "debit": "7.00" }, { "account": "1010", "credit": "7.00" }] });
        tenant.post("/v1/journal-entries", &loss).await.created();
        let z = "0.00";
        let names = [&["section", "account_code", "account_name"][..], &SHEET].concat();
        for is_folded in [false, true] {
            if is_folded {
                fold(tenant).await;
            }
            let table = report(tenant, "balance_sheet?as_of=2026-02-28").await;
            let expected = texts(&[
                &["assets", "1000", "Cash in tills", "24.00", z, z, "24.00"],
                &["assets", "1010", "Bank", "13.00", z, z, "13.00"],
                &["assets", "1100", "Accounts receivable", "16.00", z, z, "16.00"],
                &["assets", "1200", "Inventory", "176.00", z, z, "176.00"],
                &["assets", "1300", "Shipped not invoiced", z, z, z, z],
                &["liabilities", "2200", "Output tax", z, "10.00", z, "-10.00"],
                &["equity", "3000", "Opening balances", z, z, "200.00", "-200.00"],
                &["equity", "null", "Result of earlier years", z, z, "-7.00", "7.00"],
                &["equity", "null", "Result of the year", z, z, "26.00", "-26.00"],
            ]);
            assert_eq!(columns(&table, &names), expected, "folded: {is_folded}");
            assert_eq!(totals(&table, &SHEET), ["229.00", "10.00", "219.00", z]);
            let path = "balance_sheet?as_of=2026-02-28&compare=previous_period";
            let table = report(tenant, path).await;
            let names = ["assets_before", "liabilities_before", "equity_before", "balance_before"];
            assert_eq!(totals(&table, &names), ["209.00", "4.00", "205.00", z], "at the end of January");
            assert_eq!(table["meta"]["compared_with"]["to"], "2026-02-01");
            let later = report(tenant, "balance_sheet?as_of=2027-01-31&compare=previous_year").await;
            let results = columns(&later, &["account_name", "equity", "equity_before"]);
            let expected: [&[&str]; 2] =
                [&["Result of earlier years", "19.00", "-7.00"], &["Result of the year", z, "12.00"]];
            assert_eq!(results[results.len() - 2..], texts(&expected));
        }
        let now = report(tenant, "balance_sheet").await;
        assert_eq!(totals(&now, &SHEET), ["229.00", "10.00", "219.00", z]);
        let query =
            json!({ "query": "{ balanceSheet(asOf: \"2026-01-31\") { totals { assets equity balance } } }" });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        let expected = json!([{ "assets": "209.00", "equity": "205.00", "balance": "0.00" }]);
        assert_eq!(reply["data"]["balanceSheet"]["totals"], expected, "{reply}");
    });
}
