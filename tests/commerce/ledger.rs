//! The general ledger: entries of documents, entries by hand, and reads.

mod chart;
mod exchange_rate;
mod export;
mod mapping;
mod opening;
mod recurring;
mod reversal;
mod valuation;

use serde_json::{Value, json};
use tests::with_tenant;

const ENTRIES: &str = "/v1/journal-entries";

fn entry(lines: Value) -> Value {
    json!({ "memo": "Allowance for a doubtful receivable", "lines": lines })
}

#[test]
fn an_entry_by_hand_balances() {
    with_tenant(async |tenant| {
        let lines = json!([
            { "account": "6100", "debit": "30.00", "channel": "wholesale" },
            { "account": "6100", "debit": "20.00", "channel": "wholesale" },
            { "account": "1010", "credit": "50.00", "customer_id": tenant.customer("Nordwind Supply").await },
        ]);
        let reply = tenant.post(ENTRIES, &entry(lines)).await;
        let made = reply.created();
        assert_eq!(made["total"], "50.00");
        assert_eq!(made["lines"].as_array().map(Vec::len), Some(2));
        assert_eq!(tenant.balance("6100").await, "50.00");
        let id = made["id"].as_str().expect("an id");
        let read = tenant.get(&format!("{ENTRIES}/{id}")).await.ok();
        assert_eq!(read["document_kind"], "manual");
        assert_eq!(read["memo"], made["memo"]);
        assert_eq!(reply.header("location"), Some(format!("{ENTRIES}/{id}").as_str()));
    });
}

#[test]
fn an_entry_that_makes_no_sense_is_refused() {
    with_tenant(async |tenant| {
        let pair = |one: Value| json!([one, { "account": "1010", "credit": "50.00" }]);
        tenant
            .post(ENTRIES, &entry(pair(json!({ "account": "6100", "debit": "49.99" }))))
            .await
            .refused(422, "unbalanced_entry")
            .names(&["#/lines"]);
        for (line, code, status, pointer) in [
            (json!({ "account": "9999", "debit": "50" }), "not_found", 404, "#/lines/0/account"),
            (json!({ "account": "1200", "debit": "50" }), "validation_failed", 422, "#/lines/0/account"),
            (json!({ "account": "1100", "debit": "50" }), "validation_failed", 422, "#/lines/0/account"),
            (json!({ "account": "1000", "debit": "50" }), "validation_failed", 422, "#/lines/0/account"),
            (
                json!({ "account": "6100", "debit": "50", "credit": "50" }),
                "validation_failed",
                422,
                "#/lines/0",
            ),
            (json!({ "account": "6100" }), "validation_failed", 422, "#/lines/0"),
            (json!({ "account": "6100", "debit": "-50" }), "validation_failed", 422, "#/lines/0"),
            (json!({ "account": "6100", "debit": "0" }), "validation_failed", 422, "#/lines/0"),
            (json!({ "account": "6100", "debit": "0.001" }), "validation_failed", 422, "#/lines/0"),
        ] {
            tenant.post(ENTRIES, &entry(pair(line))).await.refused(status, code).names(&[pointer]);
        }
        let nothing = json!([{ "account": "6100", "debit": "5" }, { "account": "6100", "credit": "5" }]);
        tenant.post(ENTRIES, &entry(nothing)).await.refused(422, "validation_failed").names(&["#/lines"]);
        let mut future = entry(pair(json!({ "account": "6100", "debit": "50.00" })));
        future["occurred_on"] = json!("2999-01-01");
        tenant.post(ENTRIES, &future).await.refused(422, "validation_failed").names(&["#/occurred_on"]);
        future["occurred_on"] = json!("2011-12-31");
        future["memo"] = json!(" ");
        tenant.post(ENTRIES, &future).await.refused(422, "validation_failed").names(&["#/memo"]);
        let unknown = json!([{ "account": "6100", "debit": "50", "customer_id": "cus_01h455vb4pex5vsknk084sn02q" },
            { "account": "1010", "credit": "50" }]);
        tenant
            .post(ENTRIES, &entry(unknown))
            .await
            .refused(404, "not_found")
            .names(&["#/lines/0/customer_id"]);
    });
}

#[test]
fn the_journal_tells_what_each_document_posted() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let till = tenant.till().await;
        let sale = tenant.sell(&till, &[("MUG", "2")]).await.created();
        let id = sale["id"].as_str().expect("an id");
        let page = tenant.get(&format!("{ENTRIES}?document_id={id}")).await.ok();
        let entries = page["data"].as_array().expect("entries");
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["document_kind"], "sale");
        assert_eq!(entries[0]["document_id"], json!(id));
        let accounts: Vec<&Value> =
            entries[0]["lines"].as_array().expect("lines").iter().map(|line| &line["account"]).collect();
        assert_eq!(accounts.len(), 5, "{accounts:?}");
        let command = entries[0]["command_id"].as_str().expect("a command");
        let command = tenant.get(&format!("/v1/commands/{command}")).await.ok();
        assert!(command.to_string().contains("pos_sale.completed"), "{command}");
        let by_account = tenant.get(&format!("{ENTRIES}?account=4010")).await.ok();
        assert_eq!(by_account["data"].as_array().map(Vec::len), Some(1));
        let by_kind = tenant.get(&format!("{ENTRIES}?document_kind=opening")).await.ok();
        assert_eq!(by_kind["data"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn the_trial_balance_is_the_sum_of_everything_and_nothing() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
        let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
        tenant.sell(&till, &[("MUG", "2")]).await.created();
        tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
        let balance = tenant.get("/v1/trial-balance").await.ok();
        let rows = balance["accounts"]
            .as_array()
            .or(balance["data"].as_array())
            .or(balance["lines"].as_array())
            .expect("rows");
        let row = |code: &str| {
            rows.iter().find(|row| row["account"] == code || row["code"] == code).cloned().unwrap_or_default()
        };
        for (code, debit_less_credit) in [
            ("1000", "24.00"),
            ("1100", "36.00"),
            ("1200", "180.00"),
            ("4010", "-20.00"),
            ("4000", "-30.00"),
            ("5000", "12.00"),
        ] {
            assert_eq!(tenant.balance(code).await, debit_less_credit, "account {code}");
            assert!(
                row(code).to_string().contains(debit_less_credit.trim_start_matches('-')),
                "{code}: {}",
                row(code)
            );
        }
    });
}

/// The tie-out of a control account would differ for ever.
#[test]
fn no_reason_voucher_or_tax_names_a_control_account() {
    with_tenant(async |tenant| {
        let class = tenant.make("/v1/tax-classes", json!({ "code": "two", "name": "Two taxes" })).await;
        let tax = |account: &str| {
            json!({ "tax_class_id": class, "taxes": [
                { "code": "city", "name": "City tax", "rate": "1", "account": account }] })
        };
        tenant.post("/v1/tax-rates", &tax("2210")).await.created();
        let controls =
            ["1000", "1010", "1020", "1100", "1200", "1210", "1300", "1400", "2000", "2100", "2300"];
        let sales = ["4000", "4010", "4100", "4110", "4200", "5000", "5010"];
        for account in controls.iter().chain(&sales).chain(&["2200", "2210"]).copied() {
            let reason = json!({ "code": "mine", "name": "Mine", "account": account });
            let refused = tenant.post("/v1/reason-codes", &reason).await;
            refused.refused(422, "validation_failed").names(&["#/account"]);
            assert!(refused.text.contains("name another account"), "{}", refused.text);
            let voucher = json!({ "amount": "1", "account": account });
            let refused = tenant.post("/v1/vouchers", &voucher).await;
            refused.refused(422, "validation_failed").names(&["#/account"]);
            if !["2200", "2210"].contains(&account) {
                let refused = tenant.post("/v1/tax-rates", &tax(account)).await;
                refused.refused(422, "validation_failed").names(&["#/taxes/0/account"]);
            }
        }
        let kept = tenant.get("/v1/reports/tie_out").await.ok();
        assert_eq!(kept["totals"][0]["difference"], "0.00");
    });
}
