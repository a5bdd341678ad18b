//! The estimates of `explain`, which follow from the values of all tenants.

use serde_json::json;

use super::*;

/// Products of each tenant. A value that this many rows have is among the most common of a column.
const PRODUCTS: usize = 120;

/// Most attempts to plan two queries over the same rows.
const ATTEMPTS: usize = 50;

/// Returns the plan of a query with its estimates, without the value that it looks for.
async fn plan(session: &mut PgConnection, view: &str, condition: &str) -> Vec<String> {
    let query = format!("explain select * from bi.{view} where {condition}");
    let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(session).await;
    let rows = rows.unwrap_or_else(|error| panic!("{view} {condition}: {error}"));
    let line = |row: &sqlx::postgres::PgRow| row.get::<String, _>(0);
    rows.iter().map(line).filter(|line| line.contains("rows=")).collect()
}

/// Many products of the other tenant have one name. The estimates for that name and for one that no tenant has are the same, and so
/// are those below and above its articles.
#[test]
fn an_estimate_says_nothing_about_names_of_other_tenants() {
    with_tenants(async |own, other| {
        let _sessions = SESSIONS.read().await;
        for (tenant, sku, name) in [(own, "OWN", "Own mug"), (other, "SECRET", "Secret mug")] {
            for number in 0..PRODUCTS {
                let product = json!({ "sku": format!("{sku}-{number:03}"), "name": name });
                tenant.post("/v1/products", &product).await.created();
            }
            let customer = json!({ "name": format!("{name} customer"), "kind": "wholesale" });
            tenant.post("/v1/customers", &customer).await.created();
        }
        let login = grant(own, "Metabase").await;
        let mut session = connect(&login).await.expect("the login connects");
        for table in ["product", "customer"] {
            let analyze = AssertSqlSafe(format!("analyze public.{table}"));
            sqlx::query(analyze).execute(&environment().root).await.expect("statistics are made");
        }
        // The statistics have the name: otherwise the test would compare nothing.
        let known = "select exists (select from pg_stats where tablename = 'product' and attname = 'name' \
                     and most_common_vals::text like '%Secret mug%')";
        let is_known: bool =
            sqlx::query_scalar(known).fetch_one(&environment().root).await.expect("statistics");
        assert!(is_known, "the name is not among the most common ones");
        for (view, theirs, absent) in [
            ("products", "product_name = 'Secret mug'", "product_name = 'Absent mug'"),
            ("products", "sku = 'SECRET-001'", "sku = 'ABSENT-001'"),
            ("products", "sku < 'SECRET-119'", "sku < 'A'"),
            (
                "products",
                "product_name between 'Secret mua' and 'Secret muz'",
                "product_name between 'a' and 'b'",
            ),
            ("products", "product_name in ('Secret mug')", "product_name in ('Absent mug')"),
            ("stock_positions", "product_name = 'Secret mug'", "product_name = 'Absent mug'"),
            ("revenue_lines", "product_name = 'Secret mug'", "product_name = 'Absent mug'"),
            ("customers", "customer_name < 'Secret mug z'", "customer_name < 'A'"),
        ] {
            let mut pair = (Vec::new(), Vec::new());
            // Between two plans, another test may add rows.
            for _ in 0..ATTEMPTS {
                pair = (plan(&mut session, view, theirs).await, plan(&mut session, view, absent).await);
                if pair.0 == pair.1 {
                    break;
                }
            }
            assert!(!pair.0.is_empty(), "{view} {theirs}");
            assert_eq!(pair.0, pair.1, "{view}: {theirs}, {absent}");
        }
    });
}
