//! The export of the journal: its lines, and control totals that a receiver can check.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::{Tenant, with_tenant};

use crate::platform::auth::key;

const EXPORT: &str = "/v1/journal-export?from=2026-01-01&to=2026-02-01";

async fn entered(tenant: &Tenant, day: &str, memo: &str, amount: &str) -> String {
    let entry = json!({ "memo": memo, "occurred_on": day, "lines": [
        { "account": "6100", "debit": amount }, { "account": "1010", "credit": amount }] });
    let made = tenant.post("/v1/journal-entries", &entry).await.created();
    made["id"].as_str().expect("an id").to_owned()
}

#[test]
fn the_journal_of_a_period_is_exported_with_its_totals() {
    with_tenant(async |tenant| {
        entered(tenant, "2025-12-31", "Before", "1.00").await;
        let first = entered(tenant, "2026-01-01", "=1+1", "10.05").await;
        entered(tenant, "2026-02-01", "After", "2.00").await;
        let supplier = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
        let bill = json!({ "supplier_id": supplier, "supplier_number": "1", "dated": "2026-01-31",
            "lines": [{ "account": "6100", "unit_cost": "20" }] });
        let bill = tenant.post("/v1/bills", &bill).await.created();
        for number in 0..250 {
            entered(tenant, "2026-01-15", &format!("Part {number}"), "0.01").await;
        }

        let text = tenant.get(EXPORT).await.text;
        let rows: Vec<&str> = text.split_terminator("\r\n").collect();
        let header = "record,posted_on,entry_id,line_no,account,account_name,debit,credit,currency,document_kind,document_id,\
                      tax_code,partner,text";
        assert_eq!(rows[0], header);
        let of_first =
            format!("line,2026-01-01,{first},1,6100,Bad debts,10.05,0.00,GBP,manual,{first},,,'=1+1");
        assert_eq!(rows[1], of_first);
        let number = bill["id"].as_str().expect("an id");
        let payable =
            rows.iter().find(|row| row.contains(number) && row.contains(",2000,")).expect("a payable");
        assert!(payable.ends_with(&format!("0.00,20.00,GBP,bill,{number},,MILL,")), "{payable}");
        assert!(!text.contains("Before") && !text.contains("After"));

        let last = rows.last().expect("the totals");
        let before = text.len() - last.len() - 2;
        let digest: String =
            Sha256::digest(&text.as_bytes()[..before]).iter().map(|byte| format!("{byte:02x}")).collect();
        // 252 entries of two lines each: 10.05, 20.00, and 250 times 0.01.
        assert_eq!(*last, format!("total,,,504,,,32.55,32.55,GBP,,,,,{digest}"));
        assert_eq!(rows.len(), 506);
        let balance = tenant.get("/v1/trial-balance?from=2026-01-01&to=2026-02-01").await.ok();
        assert_eq!(
            (&balance["totals"]["debit"], &balance["totals"]["credit"]),
            (&json!("32.55"), &json!("32.55"))
        );
        long_entries_are_exported_whole(tenant).await;
    });
}

fn stated(account: &Value) -> Value {
    json!({ "code": account["code"], "name": account["name"], "kind": account["kind"], "parent": account["parent"] })
}

/// A page ends after so many lines, and never within an entry.
async fn long_entries_are_exported_whole(tenant: &Tenant) {
    // An entry has one line for each account.
    let codes: Vec<String> = (0..200).map(|number| format!("9{number:03}")).collect();
    let chart = tenant.get("/v1/accounts?limit=200").await.ok();
    let mut accounts: Vec<Value> = chart["data"].as_array().expect("accounts").iter().map(stated).collect();
    let more = codes.iter().map(|code| json!({ "code": code, "name": "Cost", "kind": "expense" }));
    accounts.extend(more);
    tenant.post("/v1/accounts/import", &json!({ "accounts": accounts })).await.ok();
    let sides = ["debit", "credit"].iter().cycle();
    let line = |(code, side): (&String, &&str)| json!({ "account": code, *side: "0.01" });
    let lines: Vec<Value> = codes.iter().zip(sides).map(line).collect();
    for number in 0..12 {
        let entry = json!({ "memo": format!("Long {number}"), "occurred_on": "2026-03-15", "lines": lines });
        tenant.post("/v1/journal-entries", &entry).await.created();
    }
    let text = tenant.get("/v1/journal-export?from=2026-03-01&to=2026-04-01").await.text;
    for number in 0..12 {
        let of_entry = text.lines().filter(|row| row.ends_with(&format!(",Long {number}")));
        assert_eq!(of_entry.count(), 200, "entry {number}");
    }
    let last = text.lines().last().expect("the totals");
    assert!(last.starts_with("total,,,2400,,,12.00,12.00,"), "{last}");
}

#[test]
fn a_period_without_entries_has_totals_and_one_without_days_is_rejected() {
    with_tenant(async |tenant| {
        let text = tenant.get(EXPORT).await.text;
        let rows: Vec<&str> = text.split_terminator("\r\n").collect();
        assert!(rows.len() == 2 && rows[1].starts_with("total,,,0,,,0.00,0.00,"), "{text}");
        let refused = tenant.get("/v1/journal-export?from=2026-01-01&to=2026-01-01").await;
        refused.refused(422, "validation_failed");
        tenant.get("/v1/journal-export?from=2026-01-01").await.refused(400, "invalid_parameter");
        let blind = tenant.with_key(&key(tenant, &["ledger:read"]).await);
        blind.get(EXPORT).await.refused(403, "insufficient_scope");
    });
}
