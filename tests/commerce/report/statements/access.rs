//! Requests for statements that are rejected: parameters, scopes, and the books of other tenants.

use reqwest::Method;
use serde_json::json;
use tests::{with_tenant, with_tenants};

use super::{books, fold, totals};
use crate::platform::auth::key;
use crate::report::stock::report;

#[test]
fn a_statement_that_makes_no_sense_is_rejected() {
    with_tenant(async |tenant| {
        for (query, status, code, parameter) in [
            ("trial_balance?from=2026-01-01T00:00:00Z", 422, "validation_failed", "from"),
            ("general_ledger?to=1767225600000", 422, "validation_failed", "to"),
            ("trial_balance?from=2026-02-01&to=2026-01-01", 422, "validation_failed", "to"),
            ("trial_balance?from=2026-02-30", 422, "validation_failed", "from"),
            ("trial_balance?from=February", 400, "invalid_parameter", "from"),
            ("trial_balance?as_of=2026-01-31", 422, "validation_failed", "as_of"),
            ("trial_balance?tz=Europe/Berlin", 422, "validation_failed", "tz"),
            ("trial_balance?account=1000", 422, "validation_failed", "account"),
            ("trial_balance?product=MUG", 422, "validation_failed", "product"),
            ("trial_balance?group_by=month", 422, "validation_failed", "group_by"),
            ("trial_balance?compare=previous_year", 422, "validation_failed", "compare"),
            (
                "general_ledger?compare=previous_year&from=2026-01-01&to=2026-02-01",
                422,
                "validation_failed",
                "compare",
            ),
            ("general_ledger?ties=true", 422, "validation_failed", "ties"),
            ("general_ledger?sort=account_code", 422, "validation_failed", "sort"),
            ("revenue?account=1000", 422, "validation_failed", "account"),
            ("profit_and_loss?group_by=day", 422, "validation_failed", "group_by"),
            ("profit_and_loss?group_by=month,none", 422, "validation_failed", "group_by"),
            ("profit_and_loss?as_of=2026-01-31", 422, "validation_failed", "as_of"),
            ("profit_and_loss?compare=previous_year&from=2026-01-01", 422, "validation_failed", "compare"),
            ("balance_sheet?from=2026-01-01", 422, "validation_failed", "from"),
            ("balance_sheet?as_of=2026-01-31T00:00:00Z", 422, "validation_failed", "as_of"),
            ("balance_sheet?as_of=2026-02-29", 422, "validation_failed", "as_of"),
            ("balance_sheet?compare=previous_year", 422, "validation_failed", "compare"),
            ("balance_sheet?channel=retail", 422, "validation_failed", "channel"),
        ] {
            let reply = tenant.get(&format!("/v1/reports/{query}")).await;
            assert!(reply.text.contains(&format!("\"{parameter}\"")), "{query}: {}", reply.text);
            reply.refused(status, code);
        }
        let reply = tenant.get("/v1/reports/general_ledger?account=1000,9999").await;
        assert!(reply.text.contains("There is no account 9999."), "{}", reply.text);
        reply.refused(404, "not_found");
    });
}

#[test]
fn statements_need_the_scopes_of_the_ledger_and_of_costs() {
    with_tenant(async |tenant| {
        books(tenant).await;
        for (scopes, missing) in
            [(["reports:read", "costs:read"], "ledger:read"), (["reports:read", "ledger:read"], "costs:read")]
        {
            let client = tenant.with_key(&key(tenant, &scopes).await);
            for (name, field) in [
                ("trial_balance", "trialBalance"),
                ("general_ledger", "generalLedger"),
                ("profit_and_loss", "profitAndLoss"),
                ("balance_sheet", "balanceSheet"),
                ("tie_out", "tieOut"),
            ] {
                let problem =
                    client.get(&format!("/v1/reports/{name}")).await.refused(403, "insufficient_scope");
                assert!(problem.0.to_string().contains(missing), "{name}: {}", problem.0);
                let query = json!({ "query": format!("{{ {field} {{ rows {{ currency }} }} }}") });
                let reply = client.call(Method::POST, "/graphql").json(&query).send().await;
                let error = &reply.json()["errors"][0];
                assert_eq!(error["extensions"]["code"], "insufficient_scope", "{}", reply.text);
                assert!(
                    error["message"].as_str().is_some_and(|text| text.contains(missing)),
                    "{}",
                    reply.text
                );
            }
        }
        let reader = tenant.with_key(&key(tenant, &["reports:read", "costs:read", "ledger:read"]).await);
        reader.get("/v1/reports/trial_balance").await.ok();
    });
}

#[test]
fn a_statement_has_nothing_of_another_tenant() {
    with_tenants(async |one, other| {
        books(one).await;
        fold(one).await;
        assert_eq!(totals(&report(other, "trial_balance").await, &["debit", "closing"]), ["0.00"; 2]);
        for name in ["general_ledger", "profit_and_loss", "balance_sheet"] {
            assert_eq!(report(other, name).await["rows"], json!([]), "{name}");
        }
        books(other).await;
        fold(other).await;
        assert_eq!(totals(&report(one, "trial_balance").await, &["debit"]), ["316.00"]);
    });
}

#[test]
fn the_list_of_reports_states_the_scopes_that_each_needs() {
    with_tenant(async |tenant| {
        let list = tenant.get("/v1/reports").await.ok();
        let reports = list["data"].as_array().expect("reports");
        for held in [
            &["reports:read"][..],
            &["reports:read", "costs:read"],
            &["reports:read", "ledger:read"],
            &["costs:read", "ledger:read"],
            &["reports:read", "costs:read", "ledger:read"],
        ] {
            let reader = tenant.with_key(&key(tenant, held).await);
            for info in reports {
                let name = info["name"].as_str().expect("a name");
                let mut needed = info["scopes"].as_array().expect("scopes").iter();
                let suffices = needed.all(|scope| held.iter().any(|one| scope == one));
                let reply = reader.get(&format!("/v1/reports/{name}?limit=1")).await;
                let expected = if suffices { 200 } else { 403 };
                assert_eq!(reply.status, expected, "{name} with {held:?}: {}", reply.text);
            }
        }
    });
}
