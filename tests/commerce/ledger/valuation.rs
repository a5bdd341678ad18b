//! The valuation of bills in other currencies at the end of a day.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Tenant, environment, with_tenant};

use crate::platform::auth::key;

const VALUED: &str = "/v1/foreign-valuations/2026-01-31";

async fn billed(
    tenant: &Tenant,
    supplier: &str,
    number: &str,
    (currency, rate, cost): (&str, &str, &str),
) -> Value {
    let body = json!({ "supplier_id": supplier, "supplier_number": number, "dated": "2026-01-02", "currency": currency,
        "exchange_rate": rate, "lines": [{ "account": "5300", "unit_cost": cost }] });
    tenant.post("/v1/bills", &body).await.created()
}

async fn pay(tenant: &Tenant, bill: &Value, amount: &str, at: &str) {
    let body = json!({ "supplier_id": bill["supplier_id"], "exchange_rate": "0.9", "occurred_at": at,
        "bills": [{ "bill_id": bill["id"], "amount": amount }] });
    tenant.post("/v1/supplier-payments", &body).await.created();
}

async fn rated(tenant: &Tenant, currency: &str, rate: &str) {
    let rate = json!({ "currency": currency, "valid_from": "2026-01-30", "rate": rate });
    tenant.post("/v1/exchange-rates", &rate).await.created();
}

/// Returns the number of items that the checklist of January has, after checking its link.
async fn not_valued(tenant: &Tenant) -> i64 {
    let close = tenant.get("/v1/close/2026-01").await.ok();
    let items = close["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["item"] == "foreign_items_not_valued").expect("an item");
    assert_eq!(item["href"], VALUED);
    item["count"].as_i64().expect("a number")
}

/// Records 600.00 USD that are open at the end of January, of which 552.00 are in the books, and smaller bills in dollars and yen.
async fn trade(tenant: &Tenant) {
    let mill = tenant.make("/v1/suppliers", json!({ "code": "MILL", "name": "Mill" })).await;
    let first = billed(tenant, &mill, "1", ("USD", "0.92", "1000")).await;
    billed(tenant, &mill, "2", ("USD", "0.9", "0.35")).await;
    billed(tenant, &mill, "3", ("JPY", "0.0051", "12345")).await;
    pay(tenant, &first, "400", "2026-01-20T12:00:00Z").await;
    pay(tenant, &first, "100", "2026-02-02T12:00:00Z").await;
}

#[test]
fn open_bills_are_valued_at_the_rates_of_a_day_and_taken_back_on_the_next() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        rated(tenant, "USD", "0.95").await;
        assert_eq!(not_valued(tenant).await, 3);
        let refused = tenant.post(VALUED, &json!({})).await;
        refused.refused(422, "validation_failed");
        assert!(refused.text.contains("JPY on 2026-01-31"), "{}", refused.text);
        rated(tenant, "JPY", "0.005").await;

        let shown = tenant.get(VALUED).await.ok();
        let figures = ["currency", "foreign_open", "open", "rate", "value", "loss"];
        let items: Vec<Vec<&str>> = shown["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|item| figures.iter().filter_map(|name| item[name].as_str()).collect())
            .collect();
        let expected = [
            ["USD", "600.00", "552.00", "0.95", "570.00", "18.00"],
            ["USD", "0.35", "0.32", "0.95", "0.33", "0.01"],
            ["JPY", "12345.00", "62.96", "0.005", "61.73", "-1.23"],
        ];
        assert_eq!(items, expected);
        assert_eq!((&shown["loss"], &shown["entry_id"]), (&json!("16.78"), &Value::Null));

        let before = tenant.count("journal_entry").await;
        tenant.dry_run(VALUED, &json!({})).await.ok();
        assert_eq!(tenant.count("journal_entry").await, before);
        let body = json!({});
        let replies = join_all((0..4).map(|_| tenant.post(VALUED, &body))).await;
        let made = replies[0].created();
        assert!(replies.iter().all(|reply| reply.created() == made), "{replies:?}");
        assert_eq!(tenant.count("journal_entry").await, before + 2, "of several at once one values the day");
        let lines = made["lines"].as_array().expect("lines").iter();
        let lines: Vec<[&str; 3]> = lines
            .map(|line| ["account", "debit", "credit"].map(|name| line[name].as_str().expect("a text")))
            .collect();
        assert_eq!(lines, [["6045", "16.78", "0.00"], ["2010", "0.00", "16.78"]]);
        assert_eq!((&made["occurred_on"], &made["total"]), (&json!("2026-01-31"), &json!("16.78")));

        let id = made["id"].as_str().expect("an id");
        let read = tenant.get(&format!("/v1/journal-entries/{id}")).await.ok();
        let back = read["reversed_by"].as_str().expect("a reversal");
        let back = tenant.get(&format!("/v1/journal-entries/{back}")).await.ok();
        assert_eq!((&back["occurred_on"], &back["reverses"]), (&json!("2026-02-01"), &made["id"]));
        for account in ["2010", "6045"] {
            assert_eq!(tenant.balance(account).await, "0.00", "{account}");
        }
        assert_eq!(tenant.get(VALUED).await.ok()["entry_id"], made["id"]);
        assert_eq!(not_valued(tenant).await, 0);
        let again = tenant.post(&format!("/v1/journal-entries/{id}/reverse"), &json!({})).await;
        again.refused(409, "invalid_state_transition");
        rated(tenant, "USD", "0.99").await;
        assert_eq!(tenant.post(VALUED, &json!({ "memo": "Again" })).await.created(), made, "a repeat");
    });
}

#[test]
fn days_that_can_not_be_valued_are_rejected() {
    with_tenant(async |tenant| {
        tenant.post(VALUED, &json!({})).await.refused(422, "validation_failed");
        trade(tenant).await;
        rated(tenant, "USD", "0.95").await;
        rated(tenant, "JPY", "0.005").await;
        let now = environment().now().await.with_timezone(&chrono_tz::Europe::London);
        let today = now.format("%Y-%m-%d").to_string();
        for day in [today.as_str(), "2999-01-31"] {
            let refused = tenant.post(&format!("/v1/foreign-valuations/{day}"), &json!({})).await;
            refused.refused(422, "validation_failed");
            assert!(refused.text.contains("is not over"), "{}", refused.text);
        }
        for day in ["2026-1-31", "2026-02-30", "january"] {
            let refused = tenant.post(&format!("/v1/foreign-valuations/{day}"), &json!({})).await;
            refused.refused(400, "invalid_parameter");
        }
        let blind = tenant.with_key(&key(tenant, &["ledger:read", "ledger:write"]).await);
        blind.get(VALUED).await.refused(403, "insufficient_scope");
        blind.post(VALUED, &json!({})).await.refused(403, "insufficient_scope");
        let reason = json!({ "reasons": [{ "item": "foreign_items_not_valued", "reason": "Small" }] });
        tenant.post("/v1/close/2026-01", &json!({})).await.refused(422, "validation_failed");
        tenant.post("/v1/close/2026-01", &reason).await.ok();
        let closed = tenant.post(VALUED, &json!({})).await;
        closed.refused(409, "invalid_state_transition");
        assert!(closed.text.contains("closed through 2026-01-31"), "{}", closed.text);
        assert_eq!(tenant.balance("6045").await, "0.00");
    });
}
