//! The answer of a run as tables.

use serde_json::{Value, json};
use tests::{with_tenant, with_tenants};

use super::{part, run, text};
use crate::platform::auth::key;
use crate::reconcile::example;

const EXCEPTIONS: &str = "/v1/reports/reconciliation_exceptions";
const HEALTH: &str = "/v1/reports/reconciliation_health";

#[test]
fn exceptions_and_health_are_tables_in_every_format() {
    with_tenant(async |tenant| {
        example::send(tenant).await;
        let made = run(tenant).await;
        let groups = part(tenant, "exceptions").await["data"].clone();
        let groups = groups.as_array().expect("groups");
        let table = tenant.get(EXCEPTIONS).await.ok();
        assert_eq!(table["report"], "reconciliation_exceptions");
        assert_eq!((&table["meta"]["row_count"], &table["totals"]), (&json!(groups.len()), &json!([])));
        let rows = table["rows"].as_array().expect("rows");
        assert_eq!(rows.len(), groups.len());
        for (row, group) in rows.iter().zip(groups) {
            let shown = [
                ("exception_class", &group["class"]),
                ("event_type", &group["type"]),
                ("edge_from", &group["edge"]["from"]),
                ("edge_to", &group["edge"]["to"]),
                ("scope_place", &group["scope"]["place"]),
                ("episodes", &group["episodes"]),
                ("weeks_with_episodes", &group["weeks"]),
                ("difference_units", &group["units"]),
                ("benefit_per_week", &group["benefit"]),
                ("eligible", &group["eligible"]),
                ("why_not", &group["why_not"]),
            ];
            for (column, value) in shown {
                assert_eq!(&row[column], value, "{column}: {row}");
            }
        }
        let csv = tenant.get(&format!("{EXCEPTIONS}?format=csv")).await;
        let columns: Vec<&str> =
            table["columns"].as_array().expect("columns").iter().map(|column| text(column, "name")).collect();
        assert_eq!(csv.text.lines().next(), Some(&*columns.join(",")));
        assert_eq!(csv.text.lines().count(), groups.len() + 1, "{}", csv.text);
        let ndjson = tenant.get(&format!("{EXCEPTIONS}?format=ndjson")).await;
        let lines: Vec<Value> =
            ndjson.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(&lines, rows);
        assert_eq!(tenant.get(&format!("{EXCEPTIONS}?format=xlsx")).await.status, 200);

        let health = part(tenant, "health").await;
        let weeks = health["weeks"].as_array().expect("weeks");
        let table = tenant.get(&format!("{HEALTH}?run={}", text(&made, "id"))).await.ok();
        let rows = table["rows"].as_array().expect("rows");
        assert!(!rows.is_empty());
        let figures = |rows: &[Value], movements: &str| -> Vec<Value> {
            let figures = |row: &Value| {
                json!([row[movements], row["exceptions"], row["exceptions_per_1000"], row["manual_minutes"]])
            };
            rows.iter().map(figures).collect()
        };
        assert_eq!(figures(rows, "compared_movements"), figures(weeks, "movements"));
        let instant = |value: &Value| -> chrono::DateTime<chrono::Utc> {
            value.as_str().expect("an instant").parse().expect("an instant")
        };
        assert_eq!(instant(&rows[0]["week_from"]), instant(&weeks[0]["from"]));
        assert_eq!(instant(&table["meta"]["to"]), instant(&made["through"]));
    });
}

#[test]
fn a_table_needs_a_run_and_both_scopes() {
    with_tenants(async |tenant, stranger| {
        for path in [EXCEPTIONS, HEALTH] {
            tenant.get(path).await.refused(404, "not_found");
        }
        let made = run(tenant).await;
        for path in [EXCEPTIONS, HEALTH] {
            tenant.get(path).await.ok();
            tenant.get(&format!("{path}?format=pdf")).await.refused(406, "not_acceptable");
            stranger.get(&format!("{path}?run={}", text(&made, "id"))).await.refused(404, "not_found");
            for scope in ["reports:read", "reconciliation:read"] {
                let reader = tenant.with_key(&key(tenant, &[scope]).await);
                reader.get(path).await.refused(403, "insufficient_scope");
            }
        }
    });
}
