//! A proof that can't fail proves nothing: each fact is broken by hand, from outside, and must be seen to be broken.

use sea_orm::sqlx::{self, AssertSqlSafe};
use serde_json::{Value, json};
use tests::{Tenant, environment, lines, with_tenant};

/// Trade in both channels, so that every kind of row is there.
async fn trade(tenant: &Tenant) {
    tenant.stocked("MUG", "10.00", ("50", "4.00")).await;
    let (till, customer) = (tenant.till().await, tenant.customer("Nordwind Supply").await);
    tenant.sell(&till, &[("MUG", "2")]).await.created();
    tenant.order(&customer, &[("MUG", "3")], "invoiced").await.created();
    tenant.order(&customer, &[("MUG", "4")], "confirmed").await.created();
    tenant.order(&customer, &[("MUG", "1")], "shipped").await.created();
    tenant.product("JUG", "10.00").await;
    let waits = json!({ "customer_id": customer, "policy": "backorder", "advance_to": "confirmed",
        "lines": lines(&[("JUG", "5")]) });
    tenant.post("/v1/orders", &waits).await.created();
    let payment = json!({ "customer_id": customer, "method": "bank", "amount": "5" });
    tenant.post("/v1/payments", &payment).await.created();
}

async fn change(tenant: &Tenant, statement: &str, by: &str) {
    let statement = statement.replace("BY", by);
    for statement in statement.split(';') {
        let query = sqlx::query(AssertSqlSafe(statement.to_owned())).bind(tenant.id.0);
        let done =
            query.execute(&environment().root).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        assert!(done.rows_affected() > 0, "{statement} changes something");
    }
}

/// The facts that the API says are broken.
async fn broken(tenant: &Tenant) -> Vec<i64> {
    let books = tenant.get("/v1/integrity").await.ok();
    let facts = books["facts"].as_array().expect("facts");
    facts
        .iter()
        .filter(|fact| fact["differences"] != json!(0))
        .filter_map(|fact| fact["fact"].as_i64())
        .collect()
}

#[test]
fn every_broken_fact_is_found() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        assert_eq!(broken(tenant).await, Vec::<i64>::new());
        for (fact, statement) in [
            (1, "update stock_level set on_hand = on_hand BY 1 where tenant_id = $1"),
            (
                1,
                "update stock_movement set quantity = quantity BY 1 where tenant_id = $1 and kind = 'opening'",
            ),
            (2, "update stock_level set reserved = reserved BY 1 where tenant_id = $1 and on_hand > 0"),
            (
                2,
                "update stock_level set backordered = backordered BY 1 where tenant_id = $1 and backordered > 0",
            ),
            (2, "update reservation set quantity = quantity BY 1 where tenant_id = $1"),
            (3, "update journal_line set debit = debit BY 1 where tenant_id = $1 and account_code = '1010'"),
            (
                4,
                "update stock_level set value = value BY 1 where tenant_id = $1 and on_hand > 0; \
                 update stock_movement set value = value BY 1 where tenant_id = $1 and kind = 'opening'",
            ),
            (5, "update invoice set open = open BY -1 where tenant_id = $1"),
            (5, "update tender set amount = amount BY 1 where tenant_id = $1"),
            (6, "update sales_line set cost = cost BY 1 where tenant_id = $1 and channel = 'retail'"),
            (
                6,
                "update sales_line set gross = gross BY 1, discount = discount BY 1 where tenant_id = $1 and channel = 'wholesale'",
            ),
            (6, "update sales_line set tax = tax BY 1 where tenant_id = $1 and channel = 'retail'"),
        ] {
            change(tenant, statement, "+").await;
            let found = broken(tenant).await;
            assert!(found.contains(&fact), "{statement} breaks fact {fact}, found {found:?}");
            assert!(!tenant.check_now().await.is_empty(), "{statement} is seen from outside too");
            change(tenant, statement, "-").await;
            assert_eq!(broken(tenant).await, Vec::<i64>::new(), "{statement} was taken back");
        }
    });
}

#[test]
fn new_books_hold_and_say_what_was_compared() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        let books = tenant.get("/v1/integrity").await.ok();
        assert_eq!(books["holds"], true);
        for fact in books["facts"].as_array().expect("facts") {
            assert!(fact["checked"].as_i64().is_some_and(|checked| checked > 0), "{fact}");
            assert_eq!(
                (&fact["largest_difference"], &fact["examples"]),
                (&json!("0.00"), &Value::Array(Vec::new()))
            );
        }
    });
}
