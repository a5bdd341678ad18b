//! The entries of a sheet, read back with author and round, and without the expected quantity.

use serde_json::{Value, json};
use tests::{Tenant, with_tenant, with_tenants};

use super::{enter, sheet, step};

async fn entries(tenant: &Tenant, count: &Value, query: &str) -> Value {
    tenant.get(&format!("{}{query}", step(count, "entries"))).await.ok()
}

/// Returns SKU, round, unit, entered quantity and stock units of each figure.
fn figures(page: &Value) -> Vec<String> {
    let text =
        |row: &Value, name: &str| row[name].as_str().map_or_else(|| row[name].to_string(), str::to_owned);
    let rows = page["data"].as_array().expect("figures").iter();
    rows.map(|row| ["sku", "round", "uom", "entered", "quantity"].map(|name| text(row, name)).join(" "))
        .collect()
}

#[test]
fn every_figure_can_be_read_as_it_was_entered() {
    with_tenant(async |tenant| {
        let units = json!({ "list_price": "10.00", "units": [{ "uom": "XBX", "factor": "12" }] });
        tenant.product_with("MUG", units).await;
        tenant.open_stock(&[("MUG", "30", "2.00")]).await;
        let count = sheet(tenant, json!({ "skus": ["MUG"], "tolerance_percent": "1" })).await;
        assert_eq!(entries(tenant, &count, "").await["data"], json!([]));
        let first = json!([{ "sku": "MUG", "uom": "XBX", "quantity": "2" },
            { "sku": "MUG", "quantity": "3", "counted_at": "2026-01-02T09:00:00Z" }]);
        enter(tenant, &count, first).await;
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "20", "replaces": true }])).await;
        let recount = tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        assert_eq!(recount["status"], "recount");
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "29" }])).await;
        let page = entries(tenant, &count, "").await;
        let expected = ["MUG 1 XBX 2 24", "MUG 1 C62 3 3", "MUG 1 C62 20 20", "MUG 2 C62 29 29"];
        assert_eq!(figures(&page), expected);
        let rows = page["data"].as_array().expect("figures");
        assert_eq!(rows[1]["counted_at"], "2026-01-02T09:00:00Z");
        let replaces: Vec<bool> = rows.iter().filter_map(|row| row["replaces"].as_bool()).collect();
        assert_eq!(replaces, vec![false, false, true, false]);
        assert_eq!(rows[0]["factor"], "12");
        let me = tenant.get("/v1/me").await.ok();
        for row in rows {
            assert_eq!(row["caused_by"]["actor_name"], me["actor_name"]);
            assert_eq!(row["caused_by"]["command"], "count.entered");
        }
        assert_eq!(figures(&entries(tenant, &count, "?round=2").await), &expected[3..]);
        assert_eq!(figures(&entries(tenant, &count, "?line_no=2").await), [""; 0]);
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = entries(tenant, &count, &format!("?limit=1&cursor={cursor}")).await;
            seen.extend(figures(&page));
            match page["page"]["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(seen, expected, "page by page");
    });
}

#[test]
fn who_counts_blind_reads_figures_and_not_what_is_expected() {
    with_tenants(async |tenant, stranger| {
        tenant.stocked("MUG", "10.00", ("4711", "2.00")).await;
        let body = json!({ "skus": ["MUG"], "blind": true });
        let count = tenant.post("/v1/counts", &body).await.created();
        enter(tenant, &count, json!([{ "sku": "MUG", "quantity": "30" }])).await;
        tenant.post(&step(&count, "complete"), &json!({})).await.ok();
        let clerk =
            tenant.with_key(&crate::platform::auth::key(tenant, &["counts:read", "counts:write"]).await);
        let seen = clerk.get(&step(&count, "entries")).await;
        assert_eq!(seen.ok()["data"][0]["quantity"], "30");
        assert!(!seen.text.contains("4711") && !seen.text.contains("expected"), "{}", seen.text);
        let other = tenant.with_key(&crate::platform::auth::key(tenant, &["counts:write"]).await);
        other.get(&step(&count, "entries")).await.refused(403, "insufficient_scope");
        stranger.get(&step(&count, "entries")).await.refused(404, "not_found");
    });
}
