//! Imports of the chart of accounts.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Reply, Tenant, with_tenant};

const ACCOUNTS: &str = "/v1/accounts";
const IMPORT: &str = "/v1/accounts/import";

/// Returns the chart, as an import takes it.
async fn chart(tenant: &Tenant) -> Vec<Value> {
    let page = tenant.get(&format!("{ACCOUNTS}?limit=200")).await.ok();
    let accounts = page["data"].as_array().expect("accounts").iter();
    let stated = |account: &Value| json!({ "code": account["code"], "name": account["name"], "kind": account["kind"], "parent": account["parent"] });
    accounts.map(stated).collect()
}

fn account(code: &str, name: &str, parent: Option<&str>) -> Value {
    json!({ "code": code, "name": name, "kind": "expense", "parent": parent })
}

async fn import(tenant: &Tenant, accounts: &[Value]) -> Reply {
    tenant.post(IMPORT, &json!({ "accounts": accounts })).await
}

async fn import_csv(tenant: &Tenant, text: &str) -> Reply {
    tenant.call(Method::POST, IMPORT).body("text/csv", text.to_owned()).send().await
}

/// Returns the chart as CSV.
fn csv(accounts: &[Value], header: &str) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let row = |account: &Value| {
        ["code", "name", "kind", "parent"].map(|name| format!("\"{}\"", text(&account[name]))).join(",")
    };
    let rows: Vec<String> = accounts.iter().map(row).collect();
    format!("{header}\r\n{}\r\n", rows.join("\r\n"))
}

fn counted(reply: &Value) -> [u64; 3] {
    ["created", "changed", "unchanged"].map(|name| reply[name].as_u64().expect("a number"))
}

#[test]
fn a_chart_is_replaced_and_what_is_not_in_use_is_dropped() {
    with_tenant(async |tenant| {
        let mut accounts = chart(tenant).await;
        let all = accounts.len() as u64;
        assert_eq!(counted(&import(tenant, &accounts).await.ok()), [0, 0, all]);
        accounts.push(account("6200", "Rent", None));
        accounts.push(account("6210", "Rent of the shop", Some("6200")));
        accounts[1]["name"] = json!("Current account");
        let dry = tenant.dry_run(IMPORT, &json!({ "accounts": accounts })).await.ok();
        assert_eq!(counted(&dry), [2, 1, all - 1]);
        assert_eq!(chart(tenant).await.len() as u64, all, "a dry run changes nothing");
        assert_eq!(counted(&import(tenant, &accounts).await.ok()), [2, 1, all - 1]);
        let read = chart(tenant).await;
        assert!(read.contains(&account("6210", "Rent of the shop", Some("6200"))), "{read:?}");
        let rent = json!({ "memo": "Rent", "lines": [
            { "account": "6210", "debit": "5.00" }, { "account": "1010", "credit": "5.00" }] });
        tenant.post("/v1/journal-entries", &rent).await.created();
        let without = |dropped: &str| -> Vec<Value> {
            accounts.iter().filter(|account| account["code"] != dropped).cloned().collect()
        };
        let refused = import(tenant, &without("6210")).await;
        refused.refused(422, "validation_failed").names(&["#/accounts"]);
        assert!(refused.text.contains("6210") && refused.text.contains("it has entries"), "{}", refused.text);
        let mut flat = without("6200");
        flat.last_mut().expect("an account")["parent"] = Value::Null;
        let dropped = import(tenant, &flat).await.ok();
        assert_eq!((counted(&dropped), &dropped["dropped"]), ([0, 1, all], &json!(["6200"])));
        let mut gone = rent.clone();
        gone["lines"][0]["account"] = json!("6200");
        tenant.post("/v1/journal-entries", &gone).await.refused(404, "not_found");
        let balance = tenant.get("/v1/trial-balance").await.ok().to_string();
        assert!(!balance.contains("\"6200\"") && balance.contains("\"6210\""), "{balance}");
        assert_eq!(counted(&import(tenant, &accounts).await.ok()), [1, 1, all], "it can come back");
        tenant.post("/v1/journal-entries", &gone).await.created();
    });
}

#[test]
fn a_chart_is_read_from_csv() {
    with_tenant(async |tenant| {
        let mut accounts = chart(tenant).await;
        let all = accounts.len() as u64;
        accounts.push(account("6200", "Rent, heating", None));
        let text = csv(&accounts, "Code,Name,Type,Parent");
        assert_eq!(counted(&import_csv(tenant, &text).await.ok()), [1, 0, all]);
        assert_eq!(counted(&import_csv(tenant, &text).await.ok()), [0, 0, all + 1], "it is the same");
        assert!(chart(tenant).await.contains(&account("6200", "Rent, heating", None)));
        let refused = import_csv(tenant, &text.replace("\"expense\",\"\"\r\n", "\"cost\",\"\"\r\n")).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains("Expected asset, liability"), "{}", refused.text);
        let unquoted = import_csv(tenant, "code,kind,name\n6200,expense,Rent, heating\n").await;
        unquoted.refused(400, "malformed_csv");
        assert!(unquoted.text.contains("Line 2 has more cells"), "no name is cut: {}", unquoted.text);
        for header in ["code,name,parent", "code,name,kind,color", "code,name,kind,type"] {
            let reply = import_csv(tenant, &csv(&accounts, header)).await;
            assert!(matches!(reply.status, 400 | 422), "{header}: {}", reply.text);
        }
    });
}

#[test]
fn a_chart_that_loses_an_account_in_use_is_rejected() {
    with_tenant(async |tenant| {
        let mut accounts = chart(tenant).await;
        for (code, name) in [("6200", "Rent"), ("6300", "Samples")] {
            accounts.push(account(code, name, None));
        }
        import(tenant, &accounts).await.ok();
        let reason = json!({ "code": "samples", "name": "Samples", "account": "6300" });
        tenant.post("/v1/reason-codes", &reason).await.created();
        let class = tenant.make("/v1/tax-classes", json!({ "code": "two", "name": "Two taxes" })).await;
        let rate = json!({ "tax_class_id": class, "taxes": [
            { "code": "city", "name": "City tax", "rate": "1", "account": "2210" }] });
        tenant.post("/v1/tax-rates", &rate).await.created();
        let rent = json!({ "memo": "Monthly rent", "rhythm": "monthly", "starts_on": "2999-01-31", "lines": [
            { "account": "6200", "debit": "1.00" }, { "account": "1010", "credit": "1.00" }] });
        tenant.post("/v1/recurring-entries", &rent).await.created();
        let accounts = chart(tenant).await;
        for (code, cause) in [
            ("1000", "documents post to it"),
            ("6300", "the reason code samples names it"),
            ("2210", "the tax City tax is posted to it"),
            ("6200", "the recurring entry Monthly rent names it"),
        ] {
            let without: Vec<Value> =
                accounts.iter().filter(|account| account["code"] != code).cloned().collect();
            let refused = import(tenant, &without).await;
            refused.refused(422, "validation_failed").names(&["#/accounts"]);
            let said = format!("Account {code} can't be dropped, because {cause}");
            assert!(refused.text.contains(&said), "{}", refused.text);
        }
        let place = accounts.iter().position(|account| account["code"] == "6300").expect("an account");
        let mut other = accounts.clone();
        other[place]["kind"] = json!("asset");
        let pointer = format!("#/accounts/{place}/kind");
        import(tenant, &other).await.refused(422, "validation_failed").names(&[&pointer]);
        for (parent, field) in [("9999", "parent"), ("1000", "parent"), ("6300", "parent")] {
            let mut other = accounts.clone();
            other[place]["parent"] = json!(parent);
            let pointer = format!("#/accounts/{place}/{field}");
            import(tenant, &other).await.refused(422, "validation_failed").names(&[&pointer]);
        }
        let mut twice = accounts.clone();
        twice.push(accounts[place].clone());
        let pointer = format!("#/accounts/{}/code", accounts.len());
        import(tenant, &twice).await.refused(422, "validation_failed").names(&[&pointer]);
        assert_eq!(chart(tenant).await, accounts, "nothing has changed");
    });
}
