//! The mapping of accounts: sales are posted to the accounts of its rules, and reports agree with the ledger.

use reqwest::Method;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Reply, Tenant, Till, environment, with_tenant, with_tenants};

const MAPPING: &str = "/v1/account-mapping";

/// Adds accounts of revenue and of expense to the chart.
async fn add_accounts(tenant: &Tenant) {
    let insert = "insert into account (tenant_id, code, name, kind) \
                  select $1, code, 'Account ' || code, case when code < '5' then 'revenue' else 'expense' end \
                  from unnest(array['4020', '4030', '4120', '4220', '5020', '6500']) as code";
    sqlx::query(insert).bind(tenant.id.0).execute(&environment().root).await.expect("the accounts");
}

async fn state(tenant: &Tenant, rules: Value) -> Reply {
    tenant.put(MAPPING, &json!({ "rules": rules })).await
}

/// Makes a category with one below it. Returns the id of the upper one. Mugs (10.00, cost 4.00) are in the lower one, jugs (10.00, cost
/// 3.00) in none.
async fn pottery(tenant: &Tenant) -> String {
    let pottery = tenant.make("/v1/categories", json!({ "code": "pottery", "name": "Pottery" })).await;
    let cups = json!({ "code": "cups", "name": "Cups", "parent_id": pottery });
    let cups = tenant.make("/v1/categories", cups).await;
    tenant.product_with("MUG", json!({ "list_price": "10.00", "category_id": cups })).await;
    tenant.open_stock(&[("MUG", "20", "4.00")]).await;
    tenant.stocked("JUG", "10.00", ("20", "3.00")).await;
    pottery
}

fn rules(pottery: &str) -> Value {
    json!([
        { "purpose": "revenue", "category_id": pottery, "account": "4020" },
        { "purpose": "revenue", "channel": "retail", "account": "4030" },
        { "purpose": "returns", "channel": "retail", "account": "4120" },
        { "purpose": "discount", "account": "4220" },
        { "purpose": "cost_of_goods", "category_id": pottery, "account": "5020" },
        { "purpose": "cash_over_short", "account": "6500" }])
}

async fn check_balances(tenant: &Tenant, expected: &[(&str, &str)]) {
    for (account, balance) in expected {
        assert_eq!(tenant.balance(account).await, *balance, "account {account}");
    }
}

/// Checks that the totals of a report are those of the ledger, and that the mapped accounts are among those that it names.
async fn check_ties(tenant: &Tenant) {
    let report = tenant.get("/v1/reports/margin?group_by=none&ties=true").await.ok();
    let ties = report["meta"]["ties_to"].as_array().expect("ties");
    assert_eq!(ties.len(), 3, "{report}");
    for tie in ties {
        assert_eq!(tie["difference"], "0.00", "{tie}");
    }
    assert_eq!(ties[0]["accounts"], json!(["5000", "5010", "5020"]));
    let revenue = json!(["4000", "4010", "4020", "4030", "4100", "4110", "4120", "4200", "4220"]);
    assert_eq!(ties[1]["accounts"], revenue);
    let books = tenant.get("/v1/integrity").await.ok();
    for fact in books["facts"].as_array().expect("facts") {
        assert_eq!(fact["differences"], 0, "{fact}");
    }
}

async fn refund(tenant: &Tenant, till: &Till, sale: &Value) {
    let back = json!({ "register_id": till.register_id, "original_id": sale["id"],
        "original_lines": [{ "line_no": 1, "quantity": "1" }], "tenders": [{ "kind": "cash" }] });
    tenant.post("/v1/pos/refunds", &back).await.created();
}

#[test]
fn sales_and_returns_are_posted_to_the_accounts_of_the_rules() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let pottery = pottery(tenant).await;
        let till = tenant.till().await;
        let before = tenant.sell(&till, &[("MUG", "1")]).await.created();
        check_balances(tenant, &[("4010", "-10.00"), ("5010", "4.00")]).await;
        let stated = state(tenant, rules(&pottery)).await.ok();
        assert_eq!((&stated["version"], &stated["rules"]), (&json!(1), &rules(&pottery)));
        check_balances(tenant, &[("4010", "-10.00"), ("4020", "0.00")]).await;

        let sale = tests::sale(&till, &[("MUG", "2"), ("JUG", "1")]);
        let sale = tenant.post("/v1/pos/sales", &sale).await.created();
        // Both rules have one condition, and that of the category goes first.
        check_balances(tenant, &[("4020", "-20.00"), ("4030", "-10.00"), ("4010", "-10.00")]).await;
        check_balances(tenant, &[("5020", "8.00"), ("5010", "7.00"), ("1200", "125.00")]).await;

        // A return follows the rules of its own day, also that of a sale of before.
        refund(tenant, &till, &sale).await;
        refund(tenant, &till, &before).await;
        check_balances(tenant, &[("4120", "20.00"), ("4110", "0.00"), ("5020", "0.00"), ("5010", "7.00")])
            .await;

        let customer = tenant.customer("Nordwind Supply").await;
        tenant.order(&customer, &[("MUG", "1"), ("JUG", "1")], "invoiced").await.created();
        check_balances(tenant, &[("4020", "-30.00"), ("4000", "-10.00")]).await;
        check_balances(tenant, &[("5020", "4.00"), ("5000", "3.00")]).await;
        check_ties(tenant).await;

        let result = tenant.get("/v1/reports/profit_and_loss").await.ok();
        let rows = result["rows"].as_array().expect("rows").iter();
        let cost: Vec<&Value> =
            rows.filter(|row| row["section"] == "cost").map(|row| &row["account_code"]).collect();
        assert_eq!(cost, ["5000", "5010", "5020"]);
    });
}

#[test]
fn a_discount_and_cash_that_is_short_have_accounts_of_their_own() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let pottery = pottery(tenant).await;
        state(tenant, rules(&pottery)).await.ok();
        let till = tenant.till().await;
        let mut sale = tests::sale(&till, &[("JUG", "1")]);
        sale["discount"] = json!({ "amount": "1.00" });
        tenant.post("/v1/pos/sales", &sale).await.created();
        check_balances(tenant, &[("4030", "-10.00"), ("4220", "1.00"), ("4200", "0.00")]).await;
        // 10.80 are in the drawer: 9.00 and 20 % tax.
        let count = json!({ "register_id": till.register_id, "counted": "10.00" });
        tenant.post(&format!("/v1/pos/sessions/{}/close", till.session_id), &count).await.ok();
        check_balances(tenant, &[("6500", "0.80"), ("6000", "0.00"), ("1000", "10.00")]).await;
        check_ties(tenant).await;
    });
}

#[test]
fn an_account_of_the_mapping_stays_with_its_purpose_when_the_rule_is_gone() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let pottery = pottery(tenant).await;
        state(tenant, rules(&pottery)).await.ok();
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        assert_eq!(state(tenant, json!([])).await.ok()["version"], 2);
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        check_balances(tenant, &[("4020", "-10.00"), ("4010", "-10.00"), ("5020", "4.00"), ("5010", "4.00")])
            .await;
        check_ties(tenant).await;
        let entry = json!({ "memo": "Correction", "lines": [
            { "account": "4020", "debit": "1.00" }, { "account": "6100", "credit": "1.00" }] });
        tenant
            .post("/v1/journal-entries", &entry)
            .await
            .refused(422, "validation_failed")
            .names(&["#/lines/0/account"]);
        let reason = json!({ "code": "mine", "name": "Mine", "account": "5020" });
        tenant
            .post("/v1/reason-codes", &reason)
            .await
            .refused(422, "validation_failed")
            .names(&["#/account"]);
        let other = json!([{ "purpose": "discount", "account": "4020" }]);
        state(tenant, other).await.refused(422, "validation_failed").names(&["#/rules/0/account"]);
        state(tenant, rules(&pottery)).await.ok();
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        check_balances(tenant, &[("4020", "-20.00"), ("5020", "8.00")]).await;
    });
}

#[test]
fn a_rule_of_a_tax_rate_posts_the_lines_of_that_rate() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        pottery(tenant).await;
        let rules = json!([
            { "purpose": "revenue", "tax_rate": "20.0", "account": "4020" },
            { "purpose": "revenue", "tax_rate": "0", "account": "4030" },
            { "purpose": "returns", "tax_rate": "20", "channel": "retail", "account": "4120" }]);
        let stated = state(tenant, rules).await.ok();
        assert_eq!(stated["rules"][1]["tax_rate"], "0");
        let till = tenant.till().await;
        let sale = tenant.sell(&till, &[("MUG", "2")]).await.created();
        assert_eq!(sale["lines"][0]["tax_rate"], "20");
        check_balances(tenant, &[("4010", "0.00"), ("4020", "-20.00"), ("4030", "0.00")]).await;
        refund(tenant, &till, &sale).await;
        check_balances(tenant, &[("4110", "0.00"), ("4020", "-20.00")]).await;
        assert_ne!(tenant.balance("4120").await, "0.00");
        let found = format!("{MAPPING}/resolve?purpose=revenue&channel=retail&tax_rate=0.00");
        let found = tenant.get(&found).await.ok();
        assert_eq!(
            (&found["account"], &found["reason"]),
            (&json!("4030"), &json!("Rule 1 applies: it names tax_rate."))
        );
        for (purpose, rate) in [("revenue", "101"), ("revenue", "-1"), ("cash_rounding", "20")] {
            let wrong = json!([{ "purpose": purpose, "tax_rate": rate, "account": if purpose == "revenue" { "4020" } else { "6500" } }]);
            state(tenant, wrong).await.refused(422, "validation_failed").names(&["#/rules/0/tax_rate"]);
        }
    });
}

#[test]
fn an_account_without_entries_is_free_a_minute_after_its_rule() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let pottery = pottery(tenant).await;
        state(tenant, rules(&pottery)).await.ok();
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        state(tenant, json!([])).await.ok();
        let chart = async |dropped: &[&str]| -> Reply {
            let read = tenant.get("/v1/accounts?limit=200").await.ok();
            let accounts = read["data"].as_array().expect("accounts").iter();
            let kept = accounts.filter(|account| !dropped.iter().any(|code| account["code"] == *code));
            let stated: Vec<Value> = kept
                .map(|account| json!({ "code": account["code"], "name": account["name"], "kind": account["kind"] }))
                .collect();
            tenant.post("/v1/accounts/import", &json!({ "accounts": stated })).await
        };
        let early = chart(&["4030"]).await;
        early.refused(422, "validation_failed");
        assert!(early.text.contains("4030") && early.text.contains("keeps it for revenue"), "{}", early.text);
        let age =
            "update account_mapping set updated_at = updated_at - interval '2 minutes' where tenant_id = $1";
        sqlx::query(age).bind(tenant.id.0).execute(&environment().root).await.expect("an older mapping");
        chart(&["4030", "4020"]).await.refused(422, "validation_failed");
        let dropped = chart(&["4030", "4120"]).await.ok();
        assert_eq!(dropped["dropped"], json!(["4030", "4120"]));
        let other = json!([{ "purpose": "discount", "account": "4020" }]);
        state(tenant, other).await.refused(422, "validation_failed").names(&["#/rules/0/account"]);
        state(tenant, json!([{ "purpose": "returns", "account": "4220" }])).await.ok();
    });
}

#[test]
fn rules_that_make_no_sense_are_rejected() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let entry = json!({ "memo": "Commission", "lines": [
            { "account": "1010", "debit": "5.00" }, { "account": "4030", "credit": "5.00" }] });
        tenant.post("/v1/journal-entries", &entry).await.created();
        let letters = "01h455vb4pex5vsknk084sn02q";
        for (rule, status, code, pointer) in [
            (json!({ "purpose": "revenue", "account": "9999" }), 404, "not_found", "#/rules/0/account"),
            (
                json!({ "purpose": "revenue", "account": "5020" }),
                422,
                "validation_failed",
                "#/rules/0/account",
            ),
            (
                json!({ "purpose": "revenue", "account": "4200" }),
                422,
                "validation_failed",
                "#/rules/0/account",
            ),
            (
                json!({ "purpose": "revenue", "account": "4030" }),
                422,
                "validation_failed",
                "#/rules/0/account",
            ),
            (
                json!({ "purpose": "cash_rounding", "channel": "retail", "account": "6500" }),
                422,
                "validation_failed",
                "#/rules/0/channel",
            ),
            (
                json!({ "purpose": "revenue", "category_id": format!("cat_{letters}"), "account": "4020" }),
                404,
                "not_found",
                "#/rules/0/category_id",
            ),
            (
                json!({ "purpose": "revenue", "location_id": format!("loc_{letters}"), "account": "4020" }),
                404,
                "not_found",
                "#/rules/0/location_id",
            ),
        ] {
            state(tenant, json!([rule])).await.refused(status, code).names(&[pointer]);
        }
        let twice =
            json!([{ "purpose": "revenue", "account": "4020" }, { "purpose": "revenue", "account": "4020" }]);
        state(tenant, twice).await.refused(422, "validation_failed").names(&["#/rules/1"]);
        let many: Vec<Value> = (0..501).map(|_| json!({ "purpose": "revenue", "account": "4020" })).collect();
        state(tenant, json!(many)).await.refused(422, "validation_failed").names(&["#/rules"]);
        assert_eq!(tenant.get(MAPPING).await.ok()["version"], 0, "nothing was stated");
        // An account that a rule names is not dropped from the chart.
        state(tenant, json!([{ "purpose": "cash_rounding", "account": "6500" }])).await.ok();
        let page = tenant.get("/v1/accounts?limit=200").await.ok();
        let accounts = page["data"].as_array().expect("accounts").iter();
        let stays = accounts.filter(|account| account["code"] != "6500");
        let stays = stays.map(
            |account| json!({ "code": account["code"], "name": account["name"], "kind": account["kind"] }),
        );
        let chart = json!({ "accounts": stays.collect::<Vec<_>>() });
        let dropped = tenant.post("/v1/accounts/import", &chart).await;
        dropped.refused(422, "validation_failed").names(&["#/accounts"]);
        assert!(dropped.text.contains("6500") && dropped.text.contains("mapping"), "{}", dropped.text);
    });
}

#[test]
fn a_dry_run_names_the_account_of_a_posting_and_the_rule() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let pottery = pottery(tenant).await;
        let reply = state(tenant, rules(&pottery)).await;
        let cups = tenant.get("/v1/categories?limit=200").await.ok();
        let cups =
            cups["data"].as_array().expect("categories").iter().find(|category| category["code"] == "cups");
        let cups = cups.expect("a category")["id"].as_str().expect("an id").to_owned();
        let resolve = async |query: &str| tenant.get(&format!("{MAPPING}/resolve?{query}")).await;
        for (query, account, rule, reason) in [
            (
                format!("purpose=revenue&channel=retail&category_id={cups}"),
                "4020",
                json!(0),
                "it names category_id",
            ),
            ("purpose=revenue&channel=retail".to_owned(), "4030", json!(1), "it names channel"),
            ("purpose=discount&channel=wholesale".to_owned(), "4220", json!(3), "it has no conditions"),
            ("purpose=revenue&channel=wholesale".to_owned(), "4000", Value::Null, "No rule applies"),
            ("purpose=price_variance".to_owned(), "5300", Value::Null, "No rule applies"),
        ] {
            let found = resolve(&query).await.ok();
            assert_eq!((&found["account"], &found["rule"]), (&json!(account), &rule), "{query}");
            assert!(found["reason"].as_str().is_some_and(|text| text.contains(reason)), "{found}");
        }
        resolve("purpose=revenue").await.refused(400, "invalid_parameter");
        for unknown in
            ["category_id=cat_01h455vb4pex5vsknk084sn02q", "location_id=loc_01h455vb4pex5vsknk084sn02q"]
        {
            let reply = resolve(&format!("purpose=revenue&channel=retail&{unknown}")).await;
            reply.refused(404, "not_found");
            assert!(reply.text.contains(unknown.split_once('=').expect("a value").1), "{}", reply.text);
        }
        // A change names the version that it replaces.
        let put = async |tag: &str| {
            let call = tenant.call(Method::PUT, MAPPING).header("if-match", tag);
            call.json(&json!({ "rules": [] })).send().await
        };
        let tag = reply.header("etag").expect("an ETag").to_owned();
        put(&tag).await.ok();
        put(&tag).await.refused(412, "version_mismatch");
    });
}

#[test]
fn a_rule_covers_a_category_from_the_moment_at_which_it_is_made_or_moved() {
    with_tenant(async |tenant| {
        add_accounts(tenant).await;
        let pottery = pottery(tenant).await;
        state(tenant, rules(&pottery)).await.ok();
        let till = tenant.till().await;
        tenant.sell(&till, &[("MUG", "1")]).await.created();
        check_balances(tenant, &[("4020", "-10.00"), ("4030", "0.00")]).await;
        let plates = json!({ "code": "plates", "name": "Plates", "parent_id": pottery });
        let plates = tenant.make("/v1/categories", plates).await;
        tenant.product_with("PLATE", json!({ "list_price": "10.00", "category_id": plates })).await;
        tenant.open_stock(&[("PLATE", "5", "4.00")]).await;
        tenant.sell(&till, &[("PLATE", "1")]).await.created();
        check_balances(tenant, &[("4020", "-20.00"), ("4030", "0.00")]).await;
        let moved = json!({ "parent_id": null });
        tenant.patch(&format!("/v1/categories/{plates}"), &moved).await.ok();
        tenant.sell(&till, &[("PLATE", "1")]).await.created();
        check_balances(tenant, &[("4020", "-20.00"), ("4030", "-10.00")]).await;
    });
}

#[test]
fn a_category_of_another_tenant_is_unknown() {
    with_tenants(async |owner, stranger| {
        let theirs = owner.make("/v1/categories", json!({ "code": "pottery", "name": "Pottery" })).await;
        add_accounts(stranger).await;
        let rule = json!([{ "purpose": "revenue", "category_id": theirs, "account": "4020" }]);
        state(stranger, rule).await.refused(404, "not_found").names(&["#/rules/0/category_id"]);
        assert_eq!(stranger.get(MAPPING).await.ok()["rules"], json!([]));
    });
}
