//! From a statement to its documents: the general ledger has the lines behind each row, and each line its document.

use rust_decimal::Decimal;
use serde_json::Value;
use tests::{Tenant, with_tenant};

use super::statements::books;

fn amount(value: &Value) -> Decimal {
    value.as_str().expect("an amount").parse().expect("a number")
}

fn rows(table: &Value) -> impl Iterator<Item = &Value> {
    table["rows"].as_array().expect("rows").iter()
}

/// Returns debits less credits of the lines that a ledger of accounts has, after checking that each line names a document that exists.
async fn drilled(tenant: &Tenant, query: &str) -> Decimal {
    let ledger = tenant.get(&format!("/v1/reports/general_ledger?{query}")).await.ok();
    for line in rows(&ledger) {
        let path = line["document_url"].as_str().unwrap_or_else(|| panic!("no document: {line}"));
        let document = tenant.get(path).await.ok();
        assert_eq!(document["id"], line["document_id"], "{path}");
    }
    let total = &ledger["totals"][0];
    amount(&total["debit"]) - amount(&total["credit"])
}

#[test]
fn the_lines_behind_each_row_come_to_its_figure() {
    with_tenant(async |tenant| {
        books(tenant).await;
        let get = async |path: &str| tenant.get(&format!("/v1/reports/{path}")).await.ok();
        let mut drills = 0;

        let period = "from=2026-02-01&to=2026-03-01";
        let balances = get(&format!("trial_balance?{period}")).await;
        for row in rows(&balances).filter(|row| row["debit"] != row["credit"]) {
            let account = row["account_code"].as_str().expect("a code");
            let moved = drilled(tenant, &format!("account={account}&{period}")).await;
            assert_eq!(moved, amount(&row["debit"]) - amount(&row["credit"]), "{row}");
            drills += 1;
        }

        let results = get("profit_and_loss?group_by=month,channel").await;
        for row in rows(&results) {
            let (account, month) = (row["account_code"].as_str(), row["month"].as_str());
            let (account, month) = account.zip(month).expect("an account and a month");
            let next = if month == "2026-01-01" { "2026-02-01" } else { "2026-03-01" };
            let channel = row["channel"].as_str().map(|channel| format!("&channel={channel}"));
            let query = format!("account={account}&from={month}&to={next}{}", channel.unwrap_or_default());
            assert_eq!(drilled(tenant, &query).await, -amount(&row["result"]), "{row}");
            drills += 1;
        }

        let sheet = get("balance_sheet?as_of=2026-02-28").await;
        for row in rows(&sheet) {
            // A result has no account: the profit and loss has its lines.
            let Some(account) = row["account_code"].as_str() else { continue };
            let left = drilled(tenant, &format!("account={account}&to=2026-03-01")).await;
            assert_eq!(left, amount(&row["balance"]), "{row}");
            drills += 1;
        }
        assert!(drills > 15, "only {drills} rows were looked at");
    });
}
