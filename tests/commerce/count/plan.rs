//! The count plan: what to count next, with every factor.

use chrono::Duration;
use domain::id::ReconcileRunId;
use sea_orm::sqlx;
use serde_json::{Value, json};
use tests::{Tenant, environment, sale, with_tenant};

use super::{enter, posted, sheet, text};

#[test]
fn the_plan_ranks_by_risk_and_shows_every_factor() {
    with_tenant(async |tenant| {
        let now = environment().now().await;
        let opening = json!({ "kind": "opening", "occurred_at": now - Duration::days(10), "lines": [
            { "sku": "GOLD", "quantity": "10", "unit_cost": "100" },
            { "sku": "MUG", "quantity": "1000", "unit_cost": "0.50" },
            { "sku": "NAIL", "quantity": "1000", "unit_cost": "0.01" }] });
        for sku in ["GOLD", "MUG", "NAIL"] {
            tenant.product(sku, "200.00").await;
        }
        tenant.post("/v1/stock/documents", &opening).await.created();
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("MUG", "180")])).await.created();
        let plan = tenant.get("/v1/counts/plan").await.ok();
        let rows = plan["data"].as_array().expect("rows").clone();
        let of = |sku: &str| rows.iter().find(|row| row["sku"] == sku).expect("the product").clone();
        let ranks: Vec<&str> = rows.iter().map(|row| text(row, "sku")).collect();
        // 410.00 × (1 + 180 / 90) × 10 days is more than 1,000.00 × 10 days.
        assert_eq!(ranks, ["MUG", "GOLD", "NAIL"]);
        let mug = of("MUG");
        assert_eq!(text(&mug, "value"), "410.00");
        assert_eq!(text(&mug, "velocity"), "2");
        assert_eq!(text(&mug, "variance_percent"), "0");
        assert_eq!(mug["days"], 10);
        assert_eq!(mug["counted_at"], Value::Null);
        assert_eq!(mug["rank"], 1);
        assert_eq!(text(&mug, "risk"), "12300.00");
        assert_eq!(text(&of("GOLD"), "risk"), "10000.00");
        // Counted two days ago with one of ten missing: half of 2 × 900.00 × 1.1 remains of its risk.
        let count = sheet(tenant, json!({ "plan": 3 })).await;
        assert_eq!(count["lines"].as_array().map(Vec::len), Some(3));
        let at = now - Duration::days(2);
        let entries = json!([{ "sku": "GOLD", "quantity": "9", "counted_at": at },
            { "sku": "MUG", "quantity": "1000", "counted_at": at }, { "sku": "NAIL", "quantity": "1000", "counted_at": at }]);
        enter(tenant, &count, entries).await;
        posted(tenant, &count).await;
        let plan = tenant.get("/v1/counts/plan?limit=2").await.ok();
        let rows = plan["data"].as_array().expect("rows");
        assert_eq!(rows.iter().map(|row| text(row, "sku")).collect::<Vec<_>>(), ["MUG", "GOLD"]);
        let gold = &rows[1];
        assert_eq!(text(gold, "value"), "900.00");
        assert_eq!(text(gold, "variance_percent"), "10");
        assert_eq!(gold["days"], 2);
        assert_eq!(text(gold, "risk"), "1980.00");
        assert_eq!(text(&rows[0], "risk"), "2460.00");
        let elsewhere = tenant.get(&format!("/v1/counts/plan?location_id={}", tenant.shop)).await.ok();
        assert_eq!(elsewhere["data"], json!([]), "nothing was ever there");
        tenant
            .get("/v1/counts/plan?location_id=loc_01h455vb4pex5vsknk084sn02q")
            .await
            .refused(404, "not_found");
        tenant.get("/v1/counts/plan?limit=0").await.refused(400, "invalid_parameter");
    });
}

/// Adds an open episode to a run: a difference of -2 without a cause.
async fn unexplained(tenant: &Tenant, run: &Value, place: &str, sku: &str) {
    let run_id: ReconcileRunId = text(run, "id").parse().expect("an id");
    let statement = "insert into reconcile_episode (tenant_id, run_id, no, id, system, sku, place, class, edge_from, edge_to, \
                                                    opened_at, content) \
         values ($1, $2, $5, gen_random_uuid(), 'webshop', $3, $4, 'unexplained', 'stockwell', 'webshop', now(), \
                 '{\"residual\": \"-2\"}')";
    let query = sqlx::query(statement).bind(tenant.id.0).bind(run_id.0).bind(sku).bind(place);
    let query = query.bind(if sku == "MUG" { 1_000 } else { 1_001 });
    query.execute(&environment().root).await.expect("an episode");
}

#[test]
fn a_difference_from_another_system_without_a_cause_ranks_higher() {
    with_tenant(async |tenant| {
        let now = environment().now().await;
        let opening = json!({ "kind": "opening", "occurred_at": now - Duration::days(10), "lines": [
            { "sku": "GOLD", "quantity": "10", "unit_cost": "100" },
            { "sku": "MUG", "quantity": "10", "unit_cost": "90" }] });
        for sku in ["GOLD", "MUG"] {
            tenant.product(sku, "200.00").await;
        }
        tenant.post("/v1/stock/documents", &opening).await.created();
        let ranked = async || -> Vec<(String, String, String)> {
            let plan = tenant.get("/v1/counts/plan").await.ok();
            let rows = plan["data"].as_array().expect("rows").iter();
            let shown =
                |row: &Value| ["sku", "unexplained_percent", "risk"].map(|name| text(row, name).to_owned());
            rows.map(|row| shown(row).into()).collect()
        };
        let row =
            |sku: &str, percent: &str, risk: &str| (sku.to_owned(), percent.to_owned(), risk.to_owned());
        let alike = [row("GOLD", "0", "10000.00"), row("MUG", "0", "9000.00")];
        assert_eq!(ranked().await, alike);
        let location = tenant.get("/v1/counts/plan").await.ok()["location_id"].clone();
        let locations = tenant.get("/v1/locations").await.ok();
        let of_plan = |place: &&Value| place["id"] == location;
        let place = locations["data"].as_array().expect("places").iter().find(of_plan).expect("the place");
        let run = tenant.post("/v1/reconciliation/runs", &json!({})).await.created();
        unexplained(tenant, &run, text(place, "code"), "MUG").await;
        unexplained(tenant, &run, "elsewhere", "GOLD").await;
        assert_eq!(ranked().await, [row("MUG", "20", "10800.00"), row("GOLD", "0", "10000.00")]);
        tenant.post("/v1/reconciliation/runs", &json!({})).await.created();
        assert_eq!(ranked().await, alike, "the latest run decides");
    });
}
