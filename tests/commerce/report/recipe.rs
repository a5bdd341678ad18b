//! The recipes of `docs/bi` as they are printed.

use sea_orm::sqlx::{self, AssertSqlSafe, Executor};
use tests::{Tenant, environment, file_of_repository, sale, with_tenant};

/// Returns the statements that the document runs as the operator, with the tenant in them.
fn statements(tenant: &Tenant) -> Vec<String> {
    let document = std::fs::read_to_string(file_of_repository("docs/bi/README.md")).expect("the recipes");
    let (_, block) = document.split_once("<<'SQL'\n").expect("SQL for the operator");
    let (block, _) = block.split_once("\nSQL\n").expect("an end of it");
    let block = block.replace(":'tenant'", &format!("'{}'", tenant.id.0));
    block
        .split(';')
        .map(|statement| statement.trim().to_owned())
        .filter(|statement| !statement.is_empty())
        .collect()
}

/// Every query of the document returns rows for a tenant that trades today, as the demo does.
#[test]
fn queries_return_rows_as_they_are_printed() {
    with_tenant(async |tenant| {
        tenant.stocked("MUG", "10.00", ("5", "4.00")).await;
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "2")])).await.created();
        let mut operator = environment().connect().await;
        operator.execute("set role stockwell_app").await.expect("a role that sees one tenant");
        let mut queries = 0;
        for statement in statements(tenant) {
            let rows = sqlx::raw_sql(AssertSqlSafe(statement.clone())).fetch_all(&mut operator).await;
            let rows = rows.unwrap_or_else(|error| panic!("{statement}: {error}"));
            if statement.starts_with("select") {
                assert!(!rows.is_empty(), "{statement}");
                queries += 1;
            }
        }
        assert_eq!(queries, 2);
    });
}
