//! Pages of the general ledger.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Tenant, with_tenant};

use super::statements::books;
use super::stock::report;

/// Returns the rows of all pages.
async fn walked(tenant: &Tenant, query: &str, totals: &Value) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = report(tenant, &format!("general_ledger?{query}{cursor}")).await;
        assert_eq!(page["totals"], *totals, "the totals of a page are those of all");
        rows.extend(page["rows"].as_array().expect("rows").iter().cloned());
        let next = &page["meta"]["next_cursor"];
        assert_eq!(page["meta"]["truncated"], !next.is_null());
        match next.as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

#[test]
fn the_pages_of_a_general_ledger_are_the_whole_of_it() {
    with_tenant(async |tenant| {
        books(tenant).await;
        for filter in
            ["from=2010-01-01", "account=1100,1200", "from=2026-02-01&to=2026-03-01", "channel=retail"]
        {
            let whole = report(tenant, &format!("general_ledger?{filter}")).await;
            assert_eq!(whole["meta"]["next_cursor"], Value::Null);
            let rows = whole["rows"].as_array().expect("rows");
            assert!(rows.len() > 2, "{filter}");
            for limit in [1, 2, rows.len() - 1, rows.len()] {
                let query = format!("{filter}&limit={limit}");
                assert_eq!(walked(tenant, &query, &whole["totals"]).await, *rows, "{query}");
            }
        }
        let csv = tenant.get("/v1/reports/general_ledger?account=1200&limit=3&format=csv").await;
        let next = csv.header("stockwell-report-next-cursor").expect("a cursor").to_owned();
        let rest = tenant
            .get(&format!("/v1/reports/general_ledger?account=1200&limit=3&format=csv&cursor={next}"))
            .await;
        assert_eq!((csv.text.lines().count(), rest.text.lines().count()), (4, 2), "{}", rest.text);
        assert_eq!(rest.header("stockwell-report-next-cursor"), None);
        let query = json!({ "query": "query($cursor: String) { generalLedger(filter: { account: [\"1200\"] }, limit: 3, \
            cursor: $cursor) { rows { balance } meta { nextCursor } } }", "variables": { "cursor": next } });
        let reply = tenant.call(Method::POST, "/graphql").json(&query).send().await.ok();
        let page = &reply["data"]["generalLedger"];
        assert_eq!(page["rows"], json!([{ "balance": "176.00" }]), "{reply}");
        assert_eq!(page["meta"]["nextCursor"], Value::Null);
    });
}

#[test]
fn a_page_that_does_not_exist_is_rejected() {
    with_tenant(async |tenant| {
        let reports = "/v1/reports";
        for cursor in ["x", "~~~", "1~2026-02-30~jnl_01h455vb4pex5vsknk084sn02q~1100"] {
            let reply = tenant.get(&format!("{reports}/general_ledger?cursor={cursor}")).await;
            reply.refused(400, "invalid_cursor");
        }
        let cursor = "cursor=1~2026-02-10~jnl_01h455vb4pex5vsknk084sn02q~1100";
        tenant.get(&format!("{reports}/general_ledger?{cursor}")).await.ok();
        for path in [format!("general_ledger?sort=-debit&{cursor}"), format!("trial_balance?{cursor}")] {
            let reply = tenant.get(&format!("{reports}/{path}")).await;
            assert!(reply.text.contains("\"cursor\""), "{}", reply.text);
            reply.refused(422, "validation_failed");
        }
    });
}
