//! Sales lines, movements and journal lines as files.

use std::time::{Duration, Instant};

use graphql::report::Range;
use graphql::report::rows::{Form, Kind, Piece, Wanted, send_all};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use tests::{Tenant, environment, sale, with_tenant, with_tenant_as, with_tenants};
use tokio::sync::mpsc;

use crate::platform::auth::{key_with, outside};

const KINDS: [&str; 3] = ["sales_lines", "movements", "journal_lines"];

fn path(kind: &str) -> String {
    format!("/v1/reports/rows/{kind}")
}

async fn trade(tenant: &Tenant) {
    tenant.stocked("=8;9", "12.50", ("10", "4.00")).await;
    let till = tenant.till().await;
    tenant.sell(&till, &[("=8;9", "2")]).await.created();
    let customer = tenant.customer("Nordwind Supply").await;
    tenant.order(&customer, &[("=8;9", "3")], "invoiced").await.created();
}

async fn ndjson(tenant: &tests::Client, path: &str) -> Vec<Value> {
    let reply = tenant.call(Method::GET, path).header("accept", "application/x-ndjson").send().await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    let rows: Vec<Value> = reply.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(reply.header("stockwell-row-count"), Some(rows.len().to_string().as_str()), "{path}");
    rows
}

#[test]
fn every_row_is_in_both_forms() {
    with_tenant(async |tenant| {
        trade(tenant).await;
        for kind in KINDS {
            let rows = ndjson(tenant, &path(kind)).await;
            assert!(rows.len() >= 2, "{kind}: {rows:?}");
            let reply = tenant.get(&path(kind)).await;
            assert!(reply.header("content-type").is_some_and(|of| of.starts_with("text/csv")), "{kind}");
            let mut reader = csv::Reader::from_reader(reply.text.as_bytes());
            let header: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
            let records: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
            assert_eq!(records.len(), rows.len(), "{kind}");
            for (record, row) in records.iter().zip(&rows) {
                for (name, cell) in header.iter().zip(record) {
                    let text = match &row[name] {
                        Value::Null => String::new(),
                        Value::String(text) => text.clone(),
                        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                            other.to_string()
                        }
                    };
                    let cell = if name == "sku" { cell.strip_prefix('\'').expect("a mark") } else { cell };
                    assert!(name == "product_name" || cell == text, "{kind} {name}: {cell} and {text}");
                }
            }
        }
        let sold = ndjson(tenant, &path("sales_lines")).await;
        let line = sold.iter().find(|line| line["channel"] == "retail").expect("the sale");
        assert_eq!((&line["quantity"], &line["unit_price"]), (&json!("2"), &json!("12.50")));
        assert_eq!(
            (&line["gross"], &line["cost"], &line["sku"]),
            (&json!("25.00"), &json!("8.00"), &json!("=8;9"))
        );
        assert_eq!(line["tax_rate"], "20", "in percent, as the document has it");
        assert!(line["document_id"].as_str().is_some_and(|id| id.starts_with("sal_")), "{line}");
        let day = line["day"].as_str().expect("a day");
        assert!(line["occurred_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
        let issued = ndjson(tenant, &path("movements")).await;
        let issue =
            issued.iter().find(|row| row["document_id"] == line["document_id"]).expect("its movement");
        assert_eq!((&issue["quantity"], &issue["value"]), (&json!("-2"), &json!("-8.00")));
        let debits = |side: &str, rows: &[Value]| -> Decimal {
            rows.iter()
                .map(|row| {
                    row[side].as_str().and_then(|text| text.parse::<Decimal>().ok()).unwrap_or_default()
                })
                .sum::<Decimal>()
        };
        let entries = ndjson(tenant, &path("journal_lines")).await;
        assert_eq!(debits("debit", &entries), debits("credit", &entries));

        for kind in KINDS {
            assert_eq!(
                ndjson(tenant, &format!("{}?to={day}", path(kind))).await.len(),
                0,
                "{kind} before {day}"
            );
            let all = ndjson(tenant, &path(kind)).await.len();
            assert_eq!(
                ndjson(tenant, &format!("{}?from={day}", path(kind))).await.len(),
                all,
                "{kind} from {day}"
            );
        }
        let german = tenant.get(&format!("{}?locale=de-DE", path("sales_lines"))).await.text;
        assert!(german.starts_with("\u{feff}day;occurred_at;") && german.contains(";25,00;"), "{german}");
    });
}

#[test]
fn costs_and_parameters_are_checked() {
    with_tenants(async |tenant, other| {
        trade(tenant).await;
        let scopes = json!(["reports:read", "stock:read", "ledger:read"]);
        let made = tenant
            .post("/v1/api-keys", &json!({ "name": "Analyst", "mode": "test", "scopes": scopes }))
            .await
            .created();
        let analyst = tenant.with_key(made["secret"].as_str().expect("a key"));
        for (kind, cost) in [("sales_lines", "cost"), ("movements", "value"), ("movements", "unit_cost")] {
            let rows = ndjson(&analyst, &path(kind)).await;
            assert!(!rows.is_empty() && rows.iter().all(|row| row[cost].is_null()), "{kind}: {rows:?}");
        }
        analyst.get(&path("journal_lines")).await.refused(403, "insufficient_scope");
        for kind in KINDS {
            assert!(ndjson(other, &path(kind)).await.is_empty(), "no row of another tenant");
            tenant.get(&format!("{}?format=xlsx", path(kind))).await.refused(406, "not_acceptable");
            for (accepted, media_type) in [
                ("application/x-ndjson;q=0, text/csv", "text/csv"),
                ("text/csv;q=0.1, application/x-ndjson", "application/x-ndjson"),
            ] {
                let reply = tenant.call(Method::GET, &path(kind)).header("accept", accepted).send().await;
                assert!(
                    reply.header("content-type").is_some_and(|found| found.starts_with(media_type)),
                    "{accepted}"
                );
            }
            tenant
                .get(&format!("{}?from=2026-02-01&to=2026-01-01", path(kind)))
                .await
                .refused(422, "validation_failed");
            tenant.get(&format!("{}?locale=xx", path(kind))).await.refused(422, "validation_failed");
            for (bound, status, code) in [
                ("soon", 400, "invalid_parameter"),
                ("2026-02-01T00:00:00", 400, "invalid_parameter"),
                ("2026-02-30", 422, "validation_failed"),
                ("0000-01-01T00:00:00Z", 422, "validation_failed"),
                ("9999-12-31T23:59:59-12:00", 422, "validation_failed"),
            ] {
                let problem = tenant.get(&format!("{}?from={bound}", path(kind))).await.refused(status, code);
                assert_eq!(problem.0["errors"][0]["parameter"], "from", "{bound}");
            }
            for bound in
                ["2026-02-01T00:00:60.5%2B14:00", "2026-02-01t00:00:00z", "0001-01-03", "1320192000000"]
            {
                let reply = tenant.get(&format!("{}?from={bound}", path(kind))).await;
                assert_eq!(reply.status, 200, "{bound}: {}", reply.text);
            }
        }
        let till = tenant.till().await;
        tenant.post("/v1/pos/sales", &sale(&till, &[("=8;9", "1")])).await.created();
    });
}

/// On 13 November 2011 the clocks of Havana showed midnight twice, at 4:00Z and at 5:00Z.
#[test]
fn a_day_begins_at_the_first_of_two_midnights() {
    with_tenant_as(
        |wanted| wanted.time_zone = "America/Havana".to_owned(),
        async |tenant| {
            super::compared::open(tenant, "MUG", "10.00", ("500", "4.00")).await;
            let till = tenant.till().await;
            for (at, quantity) in [("2011-11-13T03:30:00Z", "1"), ("2011-11-13T04:30:00Z", "2")] {
                let mut body = sale(&till, &[("MUG", quantity)]);
                body["occurred_at"] = json!(at);
                tenant.post("/v1/pos/sales", &body).await.created();
            }
            for (kind, sign) in [("sales_lines", ""), ("movements", "-")] {
                for (period, quantity) in
                    [("from=2011-11-12&to=2011-11-13", "1"), ("from=2011-11-13&to=2011-11-14", "2")]
                {
                    let rows = ndjson(tenant, &format!("{}?{period}", path(kind))).await;
                    let shown: Vec<&Value> = rows.iter().map(|row| &row["quantity"]).collect();
                    assert_eq!(shown, [&json!(format!("{sign}{quantity}"))], "{kind} {period}");
                }
            }
        },
    );
}

#[test]
fn csv_of_a_country_has_instants_of_the_time_zone() {
    with_tenant_as(
        |wanted| wanted.time_zone = "Europe/Berlin".to_owned(),
        async |tenant| {
            super::compared::open(tenant, "MUG", "10.00", ("500", "4.00")).await;
            let till = tenant.till().await;
            let mut body = sale(&till, &[("MUG", "1")]);
            body["occurred_at"] = json!("2011-07-31T22:30:05Z");
            tenant.post("/v1/pos/sales", &body).await.created();
            for kind in ["sales_lines", "movements"] {
                let path = format!("{}?from=2011-01-01&to=2012-01-01", path(kind));
                let german = tenant.get(&format!("{path}&locale=de-DE")).await.text;
                assert!(german.contains("\n01.08.2011;01.08.2011 00:30:05;"), "{kind}: {german}");
                let plain = tenant.get(&path).await.text;
                assert!(plain.contains("\n2011-08-01,2011-07-31T22:30:05.000000Z,"), "{kind}: {plain}");
                let rows = ndjson(tenant, &path).await;
                assert_eq!(rows[0]["occurred_at"], "2011-07-31T22:30:05.000000Z", "{kind}");
            }
            let entries = path("journal_lines");
            let german = tenant.get(&format!("{entries}?locale=de-DE")).await.text;
            assert!(german.lines().count() > 1, "{german}");
        },
    );
}

#[test]
fn rows_end_with_their_credential() {
    // A piece of them is longer than what a connection holds, so the server sends the rest while the client reads.
    const MANY: &str = "insert into stock_movement (tenant_id, product_id, location_id, lot_id, id, kind, quantity, value, unit_cost, \
            document_kind, document_id, line_no, reason, occurred_at, recorded_at, entry_mode, command_id) \
         select m.tenant_id, m.product_id, m.location_id, m.lot_id, gen_random_uuid(), m.kind, 0, 0, m.unit_cost, \
            m.document_kind, m.document_id, 1000 + n, repeat('x', 3000), m.occurred_at, m.recorded_at, m.entry_mode, m.command_id \
         from (select * from stock_movement where tenant_id = $1 limit 1) m, generate_series(1, 8000) n";
    with_tenant(async |tenant| {
        trade(tenant).await;
        outside(tenant, MANY).await;
        let (id, secret) = key_with(tenant, json!({ "scopes": ["stock:read", "reports:read"] })).await;
        let reader = tenant.with_key(&secret);
        let whole = reader.call(Method::GET, &path("movements")).open().await.text().await;
        assert!(whole.expect("the whole file").lines().count() > 8_000);
        let begun = reader.call(Method::GET, &path("movements")).open().await;
        assert_eq!(begun.status(), 200);
        assert_eq!(tenant.delete(&format!("/v1/api-keys/{id}")).await.status, 204);
        assert!(begun.bytes().await.is_err(), "rows came after the key was revoked");
        outside(tenant, "delete from stock_movement where tenant_id = $1 and line_no > 1000").await;
    });
}

/// An export whose client takes nothing keeps no place of a report. It is cut off, so the next export has its place.
#[test]
fn a_stalled_export_is_in_no_other_tenants_way() {
    with_tenants(async |one, other| {
        trade(one).await;
        let node = environment().node_with(|config| config.reports_max = Some(1)).await;
        let db = &node.app.db;
        let wanted = Wanted {
            kind: Kind::SalesLines,
            range: Range::default(),
            form: Form::Ndjson,
            sees_costs: true,
            decimals: 2,
        };
        let begun = Instant::now();
        let (to_client, mut pieces) = mpsc::channel(1);
        let stalled = tokio::spawn(send_all(db.clone(), one.id, wanted, to_client));
        // The number of rows is sent before the rows are read, so the export has its place by then.
        assert!(matches!(pieces.recv().await, Some(Ok(Piece::Count(2)))));
        db.report(other.id, async |_| Ok(())).await.expect("a report of another tenant");
        db.report(one.id, async |_| Ok(())).await.expect("a report of the same tenant");

        let (to_client, mut rows) = mpsc::channel(8);
        tokio::spawn(send_all(db.clone(), other.id, wanted, to_client));
        assert!(matches!(rows.recv().await, Some(Ok(Piece::Count(0)))), "the next export gets the place");
        stalled.await.expect("the stalled export ends");
        assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
        assert!(matches!(pieces.recv().await, Some(Ok(Piece::Rows(_)))));
        assert!(pieces.recv().await.is_none(), "an export that was cut off has an end");
    });
}
